"""The printed list of a precinct as PDF, in the official order, for signing or inspection.

What belongs here: which rows and words go onto paper; how the page looks stands in
precinct_list/list.typ. Order number, full name, date of birth, address, signature and note
are what the Electoral Code's Article 28 and signing practice need; the official form is
not confirmed. No document number and no PINFL is ever printed, and a copy for inspection
gives the year of birth only.

Names and addresses stand as the release has them, in the letters of their registration:
the choice of letters is one of headings and labels, never of a voter's legal spelling.
"""

import dataclasses
import datetime
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import typst

from pipeline.errors import ConfigurationError, SourceError
from pipeline.manifest import FileRecord, file_record, read_manifest
from pipeline.run import LETTERS, Run
from pipeline.tables import read_text
from pipeline.three_languages import CODES, Words, area_names, number, read_words, same

FORM = Path(__file__).resolve().parent / "precinct_list"
LANGUAGES = dict(zip(LETTERS, CODES, strict=True))
PURPOSES = ("signing", "inspection")
CREATED = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
"""The same in every file: equal rows are an equal file, whatever the night."""
LONG_WORD = re.compile(r"\S{14}(?=\S{4})")
ADDRESS = ("mahalla", "street", "house", "building", "flat")
COLUMNS = ("list_number", "surname", "given_name", "patronymic", "birth_date", *ADDRESS)


@dataclasses.dataclass(frozen=True)
class Form:
    """How a list is printed: `letters` of its headings, and its purpose."""

    letters: str = "latin"
    purpose: str = "signing"

    def __post_init__(self) -> None:
        """Refuse what no form has."""
        if self.letters not in LETTERS:
            raise ConfigurationError(
                f"print: letters {self.letters!r}; known: {', '.join(LETTERS)}"
            )
        if self.purpose not in PURPOSES:
            raise ConfigurationError(
                f"print: purpose {self.purpose!r}; known: {', '.join(PURPOSES)}"
            )


@dataclasses.dataclass(frozen=True)
class PrintedList:
    """A precinct's list on paper."""

    region_code: str
    district_code: str
    precinct_number: int
    voters: int
    content: bytes
    """The PDF."""

    @property
    def file_name(self) -> str:
        """Name of the file: `precinct-1718-0099.pdf`."""
        return f"precinct-{self.region_code}-{self.precinct_number:04d}.pdf"


def print_lists(
    release: str, form: Form, district: str | None = None, precinct: str | None = None
) -> Iterator[PrintedList]:
    """The lists of a release's precincts, one after the other.

    Args:
        release: folder of the release.
        form: letters and purpose.
        district: code of the district whose precincts are printed.
        precinct: one precinct instead, as `1718/1009`.

    Raises:
        ConfigurationError: neither or both were given, or the release has no such
            district or precinct.
        SourceError: the release or a file of it can't be read.
    """
    parameters = read_manifest(release)["parameters"]
    precincts = _chosen(_read(Path(release) / "precincts.parquet"), district, precinct)
    yield from _print_each(Path(release), precincts, parameters, form)


def write_lists(run: Run, release: Path) -> dict[str, FileRecord]:
    """Write the printed list of every precinct into a release whose tables are written.

    Returns:
        Voters, bytes and SHA-256 of each file: `print/region=R/district=D/….pdf`.
    """
    precincts = _read(release / "precincts.parquet").sort("district_code")
    files = {}
    form = Form(run.files.pdf_letters)
    for printed in _print_each(release, precincts, run.parameters(), form):
        area = f"region={printed.region_code}/district={printed.district_code}"
        path = Path("print", area, printed.file_name)
        (release / path).parent.mkdir(parents=True, exist_ok=True)
        (release / path).write_bytes(printed.content)
        files[path.as_posix()] = file_record(release / path, printed.voters)
    return files


def _print_each(
    release: Path, precincts: pl.DataFrame, parameters: dict[str, Any], form: Form
) -> Iterator[PrintedList]:
    folder = ""
    for head in precincts.iter_rows(named=True):
        area = f"region={head['region_code']}/district={head['district_code']}"
        if area != folder:
            folder = area
            voters = _read(release / "voters" / area / "voters.parquet", COLUMNS)
        rows = voters.filter(precinct_number=head["precinct_number"]).sort("list_number")
        yield PrintedList(
            head["region_code"],
            head["district_code"],
            head["precinct_number"],
            rows.height,
            render_list(head, rows, parameters, form),
        )


def _read(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    wanted = None if columns is None else ["precinct_number", *columns]
    try:
        return pl.read_parquet(path, columns=wanted, hive_partitioning=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SourceError(f"print: {path.name} of the release can't be read") from error


def _chosen(
    precincts: pl.DataFrame, district: str | None, precinct: str | None
) -> pl.DataFrame:
    if (district is None) == (precinct is None):
        raise ConfigurationError("print: name a district or a precinct, not both")
    if district is not None:
        found = precincts.filter(district_code=district)
        name = f"district {district}"
    else:
        region, _, number_text = str(precinct).partition("/")
        if not number_text.isdigit():
            raise ConfigurationError("print: a precinct is given as REGION/NUMBER")
        found = precincts.filter(region_code=region, precinct_number=int(number_text))
        name = f"precinct {precinct}"
    if found.is_empty():
        raise ConfigurationError(f"print: this release has no {name}")
    return found.sort("region_code", "district_code", "precinct_number")


def render_list(
    precinct: dict[str, Any], voters: pl.DataFrame, parameters: dict[str, Any], form: Form
) -> bytes:
    """One precinct's list as PDF; equal arguments give equal bytes.

    Args:
        precinct: row of PrecinctSummary.
        voters: COLUMNS in the printed order.
        parameters: those of the release, for its days.
        form: letters and purpose.
    """
    language = LANGUAGES[form.letters]
    texts = read_words(FORM / "texts.csv")
    is_signing = form.purpose == "signing"
    said = {key: words.text(language) for key, words in texts.items()}
    title = texts["precinct"].filled(number=precinct["precinct_number"]).text(language)
    head = _head(precinct, voters.height, parameters, texts)
    columns = ["number", "name", "birth_date", "address", "signature", "note"]
    if not is_signing:
        columns = ["number", "name", "birth_year", "address", "note"]
    data = {
        "texts": said,
        "language": "ru" if language == "ru" else "uz",
        "precinct": title,
        "running": head[1].text(language),
        "head": [line.text(language) for line in head],
        "columns": [said[column] for column in columns],
        "signing": is_signing,
        "count": number(voters.height),
        "rows": [
            _row(row, texts, language, is_signing) for row in voters.iter_rows(named=True)
        ],
    }
    content: bytes = typst.compile(
        read_text(str(FORM / "list.typ")).encode(),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        ignore_system_fonts=True,
        timestamp=CREATED,
        format="pdf",
        pdf_tags=False,
    )
    return content


def _head(
    precinct: dict[str, Any],
    count: int,
    parameters: dict[str, Any],
    texts: dict[str, Words],
) -> list[Words]:
    """Lines below the title; what a precinct doesn't have is left out."""
    names = area_names()
    region = names.get(precinct["region_code"], same(precinct["region_code"]))
    district = names.get(precinct["district_code"], same(precinct["district_code"]))
    place = ", ".join(filter(None, (precinct["name"], precinct["address"])))
    lines = [
        texts["election"].filled(day=_day(parameters["election_date"])),
        same("{region}, {district}").filled(region=region, district=district),
        texts["precinct"].filled(number=precinct["precinct_number"]),
    ]
    if precinct["constituency"]:
        lines.append(texts["constituency"].filled(name=precinct["constituency"]))
    if place:
        lines.append(texts["polling_place"].filled(place=place))
    lines.append(texts["as_of"].filled(day=_day(parameters["as_of"])))
    lines.append(texts["total"].filled(count=number(count)))
    return lines


def _day(iso: str) -> str:
    return f"{datetime.date.fromisoformat(iso):%d.%m.%Y}"


def _row(
    voter: dict[str, Any], texts: dict[str, Words], language: str, is_signing: bool
) -> dict[str, Any]:
    """Cells of a voter; the labels of an address are not broken over lines."""
    names = (voter["surname"], voter["given_name"], voter["patronymic"])
    born = voter["birth_date"]
    place = (voter["mahalla"], voter["street"])
    return {
        "number": str(voter["list_number"]),
        "name": _breakable(" ".join(name for name in names if name)),
        "born": f"{born:%d.%m.%Y}" if is_signing else str(born.year),
        "place": _breakable(", ".join(part for part in place if part)),
        "labels": [
            _breakable(texts[part].filled(value=voter[part]).text(language))
            for part in ("house", "building", "flat")
            if voter[part]
        ],
    }


def _breakable(text: str) -> str:
    """The text with places where a word wider than its column may go on below.

    Zero-width spaces: nothing is added that can be seen, a hyphen would be a spelling.
    """
    return LONG_WORD.sub(lambda match: f"{match.group()}\u200b", text)
