"""Profiles of `selv dedupe`: which columns of a table are evidence, and of what kind.

A profile is TOML:

    record_id = "unique_id"          # column that names the row
    source = "file"                  # optional: link between sources only, one to one
    link_bits = 3.0                  # log2 posterior odds from which a pair is linked
    swapped = [["given_name", "surname"]]   # optional: columns that get exchanged

    [[column]]
    name = "given_name"
    from = ["first_name"]            # several are joined with a space
    kind = "name"                    # name, text, date, code, postcode, category

    [[block]]
    on = ["birth_date", "given_name"]
"""

import tomllib
from dataclasses import dataclass

from pipeline.errors import ConfigurationError

KEYS = {"record_id", "source", "link_bits", "swapped", "column", "block"}
PARTS = {"date": ("year",), "postcode": ("sector", "outward")}
"""Parts of a column that blocks may be made on, as birth_date_year."""
KINDS = ("name", "text", "date", "number", "postcode", "category")


@dataclass(frozen=True)
class ProfileColumn:
    """One piece of evidence: its name, the table's columns it is made of, its kind."""

    name: str
    sources: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class Profile:
    """A table of persons as the linkage mechanics see it."""

    record_id: str
    columns: tuple[ProfileColumn, ...]
    blocks: tuple[tuple[str, ...], ...]
    source: str | None = None
    link_bits: float = 3.0
    swapped: tuple[tuple[str, str], ...] = ()

    def needed_columns(self) -> set[str]:
        """Columns that a table must have."""
        needed = {self.record_id, *(s for c in self.columns for s in c.sources)}
        return needed | ({self.source} if self.source else set())


def read_profile(text: str, name: str) -> Profile:
    """The profile in a TOML text.

    Args:
        text: TOML as in the docstring of this module.
        name: what to call the file in an error.

    Raises:
        ConfigurationError: not TOML, a key missing or unknown, a block of unknown columns.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name}: not valid TOML: {error}") from error
    unknown = set(content) - KEYS
    if unknown:
        raise ConfigurationError(f"{name}: unknown keys {sorted(unknown)}")
    if "record_id" not in content:
        raise ConfigurationError(f"{name}: record_id is missing")
    columns = tuple(_column(row, name) for row in content.get("column", []))
    blocks = tuple(tuple(row.get("on", ())) for row in content.get("block", []))
    if not columns or not blocks:
        raise ConfigurationError(f"{name}: needs at least one column and one block")
    coded = {c.name for c in columns} | {
        f"{c.name}_{part}" for c in columns for part in PARTS.get(c.kind, ())
    }
    for block in blocks:
        strange = sorted(set(block) - coded)
        if strange:
            raise ConfigurationError(
                f"{name}: block on {', '.join(strange)}: no such column"
            )
    return Profile(
        record_id=content["record_id"],
        columns=columns,
        blocks=blocks,
        source=content.get("source"),
        link_bits=float(content.get("link_bits", 3.0)),
        swapped=_swapped(content.get("swapped", []), columns, name),
    )


def _swapped(
    pairs: list[list[str]], columns: tuple[ProfileColumn, ...], name: str
) -> tuple[tuple[str, str], ...]:
    kinds = {column.name: column.kind for column in columns}
    for pair in pairs:
        if len(pair) != 2 or {kinds.get(c) for c in pair} not in ({"name"}, {"text"}):
            raise ConfigurationError(
                f"{name}: swapped takes pairs of columns, both of kind name or text"
            )
    return tuple((one, two) for one, two in pairs)


def _column(row: dict[str, object], name: str) -> ProfileColumn:
    kind = row.get("kind")
    if kind not in KINDS:
        raise ConfigurationError(f"{name}: column kind must be one of {', '.join(KINDS)}")
    column = str(row.get("name", ""))
    sources = row.get("from", [column])
    if not column.isidentifier() or not isinstance(sources, list):
        raise ConfigurationError(f"{name}: a column needs a name, and a list in `from`")
    return ProfileColumn(column, tuple(str(s) for s in sources), str(kind))
