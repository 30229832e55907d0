"""Source profiles: how one supplier's files read as a table of the contracts.

What belongs here: the TOML form of a profile and its checks. A profile maps; it holds no
logic. The form, every key optional but `source`:

    source = "mia/persons"
    files = ["persons-ru*"]        # which of the table's files; all of them by default
    encoding = "cp1251"            # found by itself where absent
    delimiter = ";"
    quote = ""                     # quotation marks are plain letters in these files
    sheet = "Лист1"                # of a workbook with several
    nulls = ["NULL", "-"]          # what stands for nothing, beside the empty text
    decimal = ","
    two_digit_year_first = 1930    # needed by dd.mm.yy
    ignored = ["служебное поле"]   # columns not read
    [columns]                      # theirs = ours
    "Фамилия" = "surname"
    [constants]                    # ours = value, for columns they don't have
    citizenship = "UZB"
    [dates]                        # ours = forms (pipeline/normalise/dates.py), in order
    birth_date = ["dd.mm.yyyy"]
    [codes.sex]                    # theirs = ours
    "1" = "M"
"""

import dataclasses
import difflib
import fnmatch
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.normalise.dates import FORMS
from schemas.catalogue import SOURCES

ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "cp866")
KEPT_BY_INGEST = {"row_id", "source_file", "source_row"}


@dataclasses.dataclass(frozen=True)
class Profile:
    """How one supplier's files of one table read; the default changes nothing."""

    name: str
    source: str
    files: tuple[str, ...] = ("*",)
    encoding: str | None = None
    delimiter: str | None = None
    quote: str = '"'
    sheet: str | None = None
    nulls: tuple[str, ...] = ()
    decimal: str = "."
    two_digit_year_first: int | None = None
    ignored: tuple[str, ...] = ()
    columns: Mapping[str, str] = dataclasses.field(default_factory=dict)
    constants: Mapping[str, str] = dataclasses.field(default_factory=dict)
    dates: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)

    def covers(self, file_name: str) -> bool:
        """Whether a file of the table is read by this profile."""
        return any(fnmatch.fnmatchcase(file_name, pattern) for pattern in self.files)


def read_profile(text: str, name: str) -> Profile:
    """The profile written in a TOML text, checked against the contracts.

    Args:
        text: TOML, see the head of this module.
        name: what to call the file in an error.

    Raises:
        ConfigurationError: not TOML; an unknown key, table, column, date form or
            encoding, named with the nearest known one; a value of the wrong type.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name}: not valid TOML: {error}") from error
    fields = {field.name for field in dataclasses.fields(Profile)} - {"name"}
    for key in content:
        _known(key, fields, f"{name}: key")
    source = content.get("source")
    if not isinstance(source, str):
        raise ConfigurationError(f"{name}: `source` must name a table: {sorted(SOURCES)}")
    _known(source, SOURCES, f"{name}: source")
    profile = Profile(
        name=name,
        source=source,
        **{
            key: _value(key, value, name)
            for key, value in content.items()
            if key != "source"
        },
    )
    _check(profile)
    return profile


def is_source_profile(text: str) -> bool:
    """Whether a TOML text of a folder is a source profile, by its key `source`.

    Profiles of other kinds (of `selv dedupe`) may stand beside. What is no TOML is taken
    for one, so that reading it says what is wrong.
    """
    try:
        return "source" in tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return True


def _value(key: str, value: Any, name: str) -> Any:  # noqa: ANN401 - any TOML value
    if key in ("files", "nulls", "ignored"):
        return _texts(value, f"{name}: {key}")
    if key in ("columns", "constants"):
        return _table(value, f"{name}: {key}")
    if key == "dates":
        return {
            column: _texts(forms, f"{name}: dates.{column}")
            for column, forms in _is(dict, value, f"{name}: dates").items()
        }
    if key == "codes":
        return {
            column: _table(codes, f"{name}: codes.{column}")
            for column, codes in _is(dict, value, f"{name}: codes").items()
        }
    return _is(int if key == "two_digit_year_first" else str, value, f"{name}: {key}")


def _is(kind: type[Any], value: Any, where: str) -> Any:  # noqa: ANN401 - any TOML value
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ConfigurationError(f"{where} must be {kind.__name__}")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:  # noqa: ANN401 - any TOML value
    return tuple(_is(str, item, where) for item in _is(list, value, where))


def _table(value: Any, where: str) -> dict[str, str]:  # noqa: ANN401 - any TOML value
    return {key: _is(str, item, where) for key, item in _is(dict, value, where).items()}


def _check(profile: Profile) -> None:
    name = profile.name
    ours = source_columns(profile.source)
    used = [*profile.columns.values(), *profile.constants, *profile.dates, *profile.codes]
    for column in used:
        _known(column, ours, f"{name}: column")
    targets = [*profile.columns.values(), *profile.constants]
    twice = sorted({column for column in targets if targets.count(column) > 1})
    if twice:
        raise ConfigurationError(f"{name}: filled more than once: {', '.join(twice)}")
    for column, forms in profile.dates.items():
        for form in forms:
            _known(form, FORMS, f"{name}: dates.{column}")
        short_year = any(
            not form.endswith("yyyy") and form.endswith("yy") for form in forms
        )
        if short_year and profile.two_digit_year_first is None:
            raise ConfigurationError(
                f"{name}: dates.{column}: two-digit years need two_digit_year_first"
            )
    if profile.encoding is not None:
        _known(profile.encoding, ENCODINGS, f"{name}: encoding")
    if profile.delimiter is not None and len(profile.delimiter.encode()) != 1:
        raise ConfigurationError(f"{name}: delimiter must be one ASCII character")
    if profile.quote not in ('"', ""):
        raise ConfigurationError(f'{name}: quote must be "\\"" or empty')
    if profile.decimal not in (".", ","):
        raise ConfigurationError(f"{name}: decimal must be a point or a comma")


def source_columns(source: str) -> list[str]:
    """Columns that a supplier delivers for a table, in the order of the contract."""
    names = SOURCES[source].column_names()
    made = {f"{name}_precision" for name in names}
    return [name for name in names if name not in KEPT_BY_INGEST and name not in made]


def _known(value: str, known: Iterable[str], where: str) -> None:
    choices = list(known)
    if value not in choices:
        hint = nearest(value, choices)
        raise ConfigurationError(f"{where} {value!r} is unknown{hint}")


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for an error message: the known name nearest to an unknown one."""
    folded = name.strip().lower().replace(" ", "_").replace("-", "_")
    found = difflib.get_close_matches(folded, sorted(known), n=1, cutoff=0.5)
    return f"; nearest known: {found[0]}" if found else ""


def choose_profile(profiles: Iterable[Profile], source: str, file_name: str) -> Profile:
    """The profile that reads a file: the only one of its table that covers its name.

    A file that no profile covers is read as it stands.

    Raises:
        ConfigurationError: two profiles cover the file.
    """
    covering = [
        profile
        for profile in profiles
        if profile.source == source and profile.covers(file_name)
    ]
    if len(covering) > 1:
        names = ", ".join(sorted(profile.name for profile in covering))
        raise ConfigurationError(f"{source}: {file_name} is covered by {names}")
    return covering[0] if covering else Profile(name="none", source=source)
