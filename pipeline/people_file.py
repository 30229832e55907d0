"""A file of people from outside a delivery, read with the care of a delivery.

What belongs here: names added by hand, signature lists, candidates, observers: files that
somebody hands in to be compared with a release. Any format of a delivery is read, columns
that don't matter are passed over, and a bad row is refused by its number, column and rule.
"""

import dataclasses
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb
import polars as pl

from pipeline.errors import SourceError
from pipeline.files import DeliveredFile, delivered_files
from pipeline.ingest import ingest_files
from pipeline.profiles import Profile
from pipeline.reading import read_raw

SOURCE = "cec/supplementary"
PERSON_COLUMNS = (
    "pinfl",
    "surname",
    "given_name",
    "patronymic",
    "birth_date",
    "document_number",
)
HEADINGS = {
    "pinfl": ("jshshir", "jshir", "жшшир", "пинфл", "pinpp"),
    "surname": ("familiya", "familiyasi", "фамилия", "family name", "last name"),
    "given_name": ("ism", "ismi", "имя", "given name", "first name"),
    "patronymic": ("sharif", "sharifi", "otasining ismi", "отчество"),
    "birth_date": ("tugʻilgan sana", "tug'ilgan sana", "tugilgan sana", "дата рождения"),
    "document_number": (
        "hujjat",
        "hujjat raqami",
        "pasport",
        "паспорт",
        "документ",
        "номер документа",
        "document number",
    ),
}
"""What offices call these columns; ours are read as well."""


@dataclasses.dataclass(frozen=True)
class People:
    """Rows of a file in the columns of cec/supplementary, and the rows refused.

    `refused` holds data row (1-based), column (null for rules over several) and rule.
    """

    rows: duckdb.DuckDBPyRelation
    refused: tuple[tuple[int, str | None, str], ...]


def read_people(
    engine: duckdb.DuckDBPyConnection,
    file: str,
    areas: pl.DataFrame,
    scratch: str,
    *,
    is_placed: bool,
) -> People:
    """Read a file of people.

    Args:
        engine: where the rows live.
        file: CSV, XLSX, Parquet or JSON Lines.
        areas: data/reference/areas.csv.
        scratch: an empty folder, needed as long as the rows are.
        is_placed: the file must say region_code and precinct_number of each row; else
            such columns are passed over.

    Raises:
        SourceError: no such file, an unknown format, a damaged file, or no column that
            tells who somebody is. Row, column and rule are named, no value.
    """
    delivery = Path(scratch, "delivery")
    delivered = _copy(Path(file), delivery)
    raw = read_raw(engine, delivered, Profile("none", SOURCE), str(Path(scratch, "raw")))
    _write_profile(delivery, raw.header, Path(file).name, is_placed=is_placed)
    result = ingest_files(
        engine, str(delivery), SOURCE, [delivered], None, areas, str(Path(scratch, "typed"))
    )
    refused = [
        (row["source_row"], row["column"], row["rule"])
        for row in result.quarantine.pl().sort("source_row").to_dicts()
    ]
    return People(result.rows, tuple(refused))


def _copy(file: Path, delivery: Path) -> DeliveredFile:
    """The file as the only one of a delivery."""
    if not file.is_file():
        raise SourceError(f"no file {file}")
    suffixes = "".join(file.suffixes[-2:]) if len(file.suffixes) > 1 else file.suffix
    target = delivery / f"{SOURCE}{suffixes.lower()}"
    target.parent.mkdir(parents=True)
    shutil.copyfile(file, target)
    found = delivered_files(str(delivery))[SOURCE]
    if not found:
        raise SourceError(f"{file.name}: neither CSV, XLSX, Parquet nor JSON Lines")
    return found[0]


def _write_profile(
    delivery: Path, header: Iterable[str], name: str, *, is_placed: bool
) -> None:
    """A source profile for just this header."""
    wanted = (*PERSON_COLUMNS, *(("region_code", "precinct_number") if is_placed else ()))
    columns: dict[str, str] = {}
    for heading in header:
        column = _meaning(heading)
        if column in wanted and column not in columns.values():
            columns[heading] = column
    known = set(columns.values())
    if not ({"pinfl", "document_number", "surname"} & known):
        raise SourceError(f"{name}: no column tells who somebody is: {PERSON_COLUMNS}")
    if is_placed and not {"region_code", "precinct_number"} <= known:
        raise SourceError(f"{name}: needs the columns region_code and precinct_number")
    ignored = [heading for heading in header if heading not in columns]
    lines = [f"source = {json.dumps(SOURCE)}", f"ignored = {json.dumps(ignored)}"]
    lines.append("[columns]")
    lines += [
        f"{json.dumps(heading)} = {json.dumps(column)}"
        for heading, column in columns.items()
        if heading != column
    ]
    if not is_placed:
        # The contract asks for a precinct; nothing reads this one.
        lines += ["[constants]", 'region_code = "1726"', 'precinct_number = "1"']
    profile = delivery / f"{SOURCE}.profile.toml"
    profile.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _meaning(heading: str) -> str:
    folded = " ".join(heading.replace("\ufeff", "").replace("ʼ", "'").lower().split())
    for column, headings in HEADINGS.items():
        if folded in headings or folded.replace(" ", "_") == column:
            return column
    return folded.replace(" ", "_")
