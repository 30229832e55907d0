"""Builders of tiny deliveries: plain rows that tests change one fact of."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.ingest import IngestResult, ingest
from pipeline.tables import reference_table

PERSON = {
    "record_id": "P1",
    "pinfl": "30101901234567",
    "surname": "Karimov",
    "given_name": "Alisher",
    "patronymic": "Sobir oʻgʻli",
    "sex": "M",
    "birth_date": "1990-02-03",
    "citizenship": "UZB",
    "document_type": "ID_CARD",
    "document_number": "AA1234567",
    "registration_kind": "PERMANENT",
    "registered_on": "2015-03-01",
    "registered_until": "",
    "region_code": "1718",
    "district_code": "1718203",
    "mahalla": "Nur MFY",
    "street": "Navoiy koʻchasi",
    "house": "12",
    "building": "",
    "flat": "3",
    "address_text": "",
    "cadastral_number": "",
    "updated_at": "2024-01-01 10:00:00",
}
DWELLING = {
    "cadastral_number": "14:01:02:03:04:0005",
    "object_kind": "HOUSE",
    "status": "ACTIVE",
    "region_code": "1718",
    "district_code": "1718203",
    "mahalla": "Nur MFY",
    "street": "Navoiy koʻchasi",
    "house": "12",
    "building": "",
    "flat": "",
    "address_text": "",
    "owner_pinfl": "",
    "owner_name": "",
    "floor_area_m2": "80.5",
    "rooms": "4",
    "longitude": "66.9",
    "latitude": "39.6",
    "updated_at": "2024-01-01",
}
PRECINCT = {
    "region_code": "1718",
    "precinct_number": "1",
    "district_code": "1718203",
    "kind": "TERRITORIAL",
    "constituency": "",
    "name": "Maktab",
    "address": "",
    "phone": "",
    "longitude": "",
    "latitude": "",
    "boundary_text": "",
}
Row = dict[str, str]


def people(count: int, **changes: str) -> list[Row]:
    """So many persons with keys P1, P2, ...; `changes` hold for each."""
    return [PERSON | changes | {"record_id": f"P{n}"} for n in range(1, count + 1)]


def as_csv(rows: list[Row], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """Rows as CSV with the header of the first."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode(encoding)


def as_jsonl(rows: list[Row]) -> bytes:
    """Rows as JSON Lines; empty columns are null."""
    lines = (json.dumps({key: row[key] or None for key in row}) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def write_delivery(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    """A delivery with one person, dwelling and precinct, and these files beside or instead.

    A file of mia/persons replaces the plain one.
    """
    files = files or {}
    plain = {
        "mia/persons": as_csv([PERSON]),
        "cadastre/dwellings": as_csv([DWELLING]),
        "cec/precincts": as_csv([PRECINCT]),
    }
    for source, content in plain.items():
        if not any(name.startswith(source) and "control" not in name for name in files):
            files = files | {f"{source}.csv": content}
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def ingest_source(
    engine: duckdb.DuckDBPyConnection,
    delivery: Path,
    source: str = "mia/persons",
    profiles: str | None = None,
) -> IngestResult:
    """Stage 1 on one table of a delivery; staging beside it."""
    staging = str(delivery.parent / f"{delivery.name}-staging")
    areas = reference_table("areas")
    return ingest(engine, str(delivery), source, profiles, areas, staging)


def table_of(result: IngestResult) -> pl.DataFrame:
    """The accepted rows in order."""
    return result.rows.pl().sort("row_id")


def quarantined(result: IngestResult) -> list[dict[str, Any]]:
    """The refused rows by file and number."""
    return result.quarantine.pl().sort("source_file", "source_row").to_dicts()


def rules_of(result: IngestResult) -> dict[int, tuple[str | None, str]]:
    """Number of each refused row to the column and the rule."""
    rows = quarantined(result)
    return {row["source_row"]: (row["column"], row["rule"]) for row in rows}
