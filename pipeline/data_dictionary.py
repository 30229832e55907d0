"""The data dictionary of a release, for programs: a Data Package that validates.

What belongs here: contracts as Table Schema (specs.frictionlessdata.io) and files as
resources. Everything comes from the classes in schemas/, as docs/tables.md does. Schemas
stand once each in `dictionary/`, and `datapackage.json` refers to them.

CSV resources are described as they are written (docs/adr/csv-for-offices.md): semicolon,
decimal comma, one tab behind what a spreadsheet would misread. Parquet and XLSX files of
the same rows are listed with their hashes, and the schema they share.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import dataframely as dy
import polars as pl

from pipeline.manifest import FileRecord, file_record
from pipeline.run import Run
from pipeline.three_languages import TAGS, column_headings
from schemas.catalogue import TABLES

PACKAGE = "datapackage.json"
FOLDER = "dictionary"
TYPES: dict[object, str] = {
    pl.String: "string",
    pl.Enum: "string",
    pl.List: "string",
    pl.Int32: "integer",
    pl.Int64: "integer",
    pl.Float64: "number",
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Datetime: "string",
}
MEDIA_TYPES = {
    "csv": "text/csv",
    "finder": "application/octet-stream",
    "html": "text/html",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
DIALECT = {
    "delimiter": ";",
    "lineTerminator": "\r\n",
    "quoteChar": '"',
    "doubleQuote": True,
    "header": True,
}


def write_dictionary(
    run: Run, release: Path, files: Mapping[str, FileRecord]
) -> dict[str, FileRecord]:
    """Write `datapackage.json` and the schemas it refers to.

    Args:
        run: the build.
        release: folder of the release.
        files: its other files by path.

    Returns:
        What was written, by path.
    """
    texts = {
        f"{FOLDER}/{name}.json": table_schema(TABLES[name], bears_marks=False)
        for name in sorted({_table(path) for path in files} & set(TABLES))
    }
    texts |= {
        f"{FOLDER}/{name}.csv.json": table_schema(TABLES[name], _csv_columns(run, name))
        for name in sorted({_table(path) for path in files if path.endswith(".csv")})
        if name in TABLES
    }
    texts[PACKAGE] = _package(run, files)
    (release / FOLDER).mkdir(exist_ok=True)
    for path, value in texts.items():
        text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        (release / path).write_text(text, encoding="utf-8", newline="")
    return {path: file_record(release / path) for path in texts}


def _table(path: str) -> str:
    return PurePosixPath(path).name.split(".")[0]


def _csv_columns(run: Run, name: str) -> list[str]:
    hidden = set() if run.policy.document_number_in_csv else {"document_number"}
    return [column for column in TABLES[name].column_names() if column not in hidden]


def _package(run: Run, files: Mapping[str, FileRecord]) -> dict[str, Any]:
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"selv-{re.sub('[^a-z0-9._-]', '-', run.election_name.lower())}",
        "title": "Single Electronic List of Voters",
        "description": (
            "Voter lists by district, what changed in them, open questions about them, "
            "and where every source row went. Holds personal data."
        ),
        "version": run.as_of.isoformat(),
        "created": f"{run.as_of.isoformat()}T00:00:00Z",
        "resources": [_resource(path, record) for path, record in sorted(files.items())],
    }


def _resource(path: str, record: FileRecord) -> dict[str, Any]:
    kind = PurePosixPath(path).suffix[1:]
    resource: dict[str, Any] = {
        "name": re.sub("[^a-z0-9._-]+", "-", path.lower()),
        "type": "file",
        "path": path,
        "format": kind,
        "mediatype": MEDIA_TYPES[kind],
        "hash": f"sha256:{record.sha256}",
        "bytes": record.bytes,
    }
    table = _table(path)
    if table not in TABLES:
        return resource
    resource["rowCount"] = record.rows
    if kind == "csv":
        resource |= {
            "type": "table",
            "encoding": "utf-8-sig",
            "dialect": DIALECT,
            "schema": f"{FOLDER}/{table}.csv.json",
        }
    else:
        resource["dictionary"] = f"{FOLDER}/{table}.json"
    return resource


def table_schema(
    contract: type[dy.Schema],
    columns: list[str] | None = None,
    *,
    bears_marks: bool = True,
) -> dict[str, Any]:
    """A contract as Table Schema.

    Args:
        contract: class of the table.
        columns: those that the file has; all by default.
        bears_marks: whether texts may bear the marks of our CSV.
    """
    columns = contract.column_names() if columns is None else columns
    schema: dict[str, Any] = {
        "title": contract.__name__,
        "description": (contract.__doc__ or "").strip().splitlines()[0],
        "missingValues": [""],
        "fields": [
            _field(name, column, bears_marks=bears_marks)
            for name, column in contract.columns().items()
            if name in columns
        ],
    }
    keys = [key for key in contract.primary_key() if key in columns]
    if keys:
        schema["primaryKey"] = keys
    return schema


def _field(name: str, column: dy.Column, *, bears_marks: bool) -> dict[str, Any]:
    kind = TYPES[column.dtype.base_type()]
    field: dict[str, Any] = {
        "name": name,
        "type": kind,
        "description": column.description or "",
    }
    if name in (headings := column_headings()):
        field["titles"] = {TAGS[code]: text for code, text in headings[name]}
    if kind == "number" and bears_marks:
        field["decimalChar"] = ","
    if kind == "boolean":
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    constraints = _constraints(column, bears_marks=bears_marks)
    if constraints:
        field["constraints"] = constraints
    return field


def _constraints(column: dy.Column, *, bears_marks: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not column.nullable and not _may_be_empty(column):
        found["required"] = True
    if isinstance(column, dy.Enum):
        found["enum"] = list(column.categories)
    if isinstance(column, dy.String) and column.regex is not None:
        inner = column.regex.removeprefix("^").removesuffix("$")
        found["pattern"] = rf"(?:{inner})\t?" if bears_marks else f"(?:{inner})"
    for bound, word in (("min", "minimum"), ("max", "maximum")):
        value = getattr(column, bound, None)
        if value is not None and not isinstance(column, dy.Datetime):
            found[word] = value if isinstance(value, int | float) else value.isoformat()
    return found


def _may_be_empty(column: dy.Column) -> bool:
    """Whether a value that is no null may be written as nothing: an empty text or list."""
    if isinstance(column, dy.List):
        return True
    if not isinstance(column, dy.String):
        return False
    return column.regex is None and not column.min_length
