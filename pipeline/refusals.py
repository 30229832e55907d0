"""Refused rows: the rules that look at more than one value, and the quarantine itself.

What belongs here: rules of a table's class over several columns, repeated keys, and how a
refused row is shown. The rules on single values are source_rules.py's.

A row is named by its line: the file's number and the row's in one integer.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import duckdb
import polars as pl

from pipeline.profiles import Profile
from pipeline.reading.raw_table import RawTable
from pipeline.reading.records import SHOWN_MAX
from pipeline.source_rules import ColumnMap, literal, text_columns, typed_columns
from schemas.catalogue import SOURCES
from schemas.source import QuarantinedRow

FILE_SHIFT = 40
BATCH_ROWS = 100_000

KEYS: Mapping[str, tuple[str, ...]] = {
    "mia/persons": ("record_id",),
    "mia/restrictions": ("record_id",),
    "cec/precincts": ("region_code", "precinct_number"),
    "cec/decisions": ("decision_id",),
    "cec/requests": ("request_id",),
}
"""Keys by which a row of a source is one. A cadastral number that two active objects share
is no fault of the row: it becomes a discrepancy later."""

LATEST = ("updated_at", "decided_at")
"""Of rows with the same key the last changed is kept."""


@dataclasses.dataclass(frozen=True)
class ReadFile:
    """A file of a table with its raw table, and how its columns read."""

    number: int
    raw: RawTable
    columns: ColumnMap
    profile: Profile
    repeats: str | None
    """Name of the file that this one is a copy of."""

    @property
    def first_line(self) -> int:
        """What is added to a row's number in the file to make its line."""
        return self.number << FILE_SHIFT


def refuse_by_contract(engine: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    """Refuse rows by the rules of the table's class that concern several columns."""
    schema = SOURCES[source]
    refused = []
    reader = engine.sql(
        f"SELECT line AS row_id, 'file' AS source_file, CAST(1 AS BIGINT) AS source_row, "
        f'* EXCLUDE (line) FROM "{name}_accepted"'
    ).to_arrow_reader(BATCH_ROWS)
    for batch in reader:
        failures = schema.filter(pl.DataFrame(batch), cast=True)[1]
        if len(failures):
            refused.append(_broken_rules(failures.details(), schema.column_names()))
    if refused:
        found = pl.concat(refused)
        engine.register("ingest_found", found)
        engine.execute(
            f'INSERT INTO "{name}_refused" SELECT line, "column", rule FROM ingest_found'
        )
        engine.unregister("ingest_found")


def _broken_rules(details: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Line and first broken rule of the rows that a contract refused."""
    rules = [name for name in details.columns if name not in columns]
    broken = pl.coalesce(
        pl.when(pl.col(rule) == "invalid").then(pl.lit(rule)) for rule in rules
    )
    return details.select(
        pl.col("row_id").alias("line"),
        pl.lit(None, dtype=pl.String).alias("column"),
        broken.alias("rule"),
    )


def content(source: str) -> str:
    """SQL of a row's whole content as one text, by which ties are broken."""
    columns = (
        f"coalesce(CAST(\"{name}\" AS VARCHAR), '')" for name in typed_columns(source)
    )
    return f"concat_ws(chr(31), {', '.join(columns)})"


def refuse_repeated_keys(engine: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    """Of the rows that share a key keep the last changed, then the greater content."""
    if source not in KEYS:
        return
    keys = ", ".join(f'"{key}"' for key in KEYS[source])
    latest = "".join(
        f'"{column}" DESC NULLS LAST, '
        for column in LATEST
        if column in typed_columns(source)
    )
    rule = f"{KEYS[source][-1]}_unique"
    column = literal(KEYS[source][0]) if len(KEYS[source]) == 1 else "NULL"
    engine.execute(
        f'CREATE OR REPLACE TEMP TABLE "{name}_repeated" AS SELECT {keys} '
        f'FROM "{name}_accepted" GROUP BY ALL HAVING count(*) > 1'
    )
    engine.execute(
        f'INSERT INTO "{name}_refused" SELECT line, {column}, {literal(rule)} FROM ('
        f"SELECT line, row_number() OVER (PARTITION BY {keys} "
        f"ORDER BY {latest}{content(source)} DESC, line) AS place "
        f'FROM "{name}_accepted" SEMI JOIN "{name}_repeated" USING ({keys})) '
        f"WHERE place > 1"
    )


def quarantined_rows(
    engine: duckdb.DuckDBPyConnection, name: str, source: str, files: Sequence[ReadFile]
) -> duckdb.DuckDBPyRelation:
    """Refused rows with their place, rule and raw text, one query over all files."""
    concerned = engine.execute(
        f'SELECT DISTINCT line >> {FILE_SHIFT} FROM "{name}_refused"'
    ).fetchall()
    shown = [
        query
        for read in files
        if (read.number,) in concerned
        for query in _refused_of_file(name, source, read)
    ]
    columns = ", ".join(f'"{column}"' for column in QuarantinedRow.column_names())
    if not shown:
        nothing = ", ".join(
            f'CAST(NULL AS VARCHAR) AS "{column}"'
            for column in QuarantinedRow.column_names()
        )
        shown = [
            f"SELECT * REPLACE (CAST(source_row AS BIGINT) AS source_row) "
            f"FROM (SELECT {nothing}) WHERE false"
        ]
    return engine.sql(f"SELECT {columns} FROM ({' UNION ALL '.join(shown)})")


def _refused_of_file(name: str, source: str, read: ReadFile) -> list[str]:
    raw, first = read.raw, read.first_line
    place = (
        f"{literal(source)} AS source, {literal(raw.file.name)} AS source_file, "
        "raw.source_row"
    )
    join = f'JOIN "{name}_refused" AS refused ON refused.line = raw.source_row + {first}'
    queries = []
    if raw.faults_path is not None:
        nothing = "CAST(NULL AS VARCHAR)"
        queries.append(
            f"SELECT {place}, {nothing} AS record_id, {nothing} AS region_code, "
            f'{nothing} AS district_code, refused."column", refused.rule, raw.raw_row '
            f"FROM {_parquet(raw.faults_path)} AS raw {join}"
        )
    if raw.header:
        pairs = ", ".join(
            f"{literal(each)}, left(c{at}, {SHOWN_MAX})"
            for at, each in enumerate(raw.header)
        )
        queries.append(
            f"SELECT {place}, {_identifying(source, read)}, "
            f'refused."column", refused.rule, '
            f"CAST(json_object({pairs}) AS VARCHAR) AS raw_row "
            f"FROM {_parquet(raw.rows_path)} AS raw {join}"
        )
    return queries


def _identifying(source: str, read: ReadFile) -> str:
    """SQL of the key and the area of a refused row, as far as they could be read."""
    texts = text_columns(source, read.columns, read.profile)
    keys = ("record_id", "decision_id", "cadastral_number", "mahalla_code")
    key = next((key for key in keys if key in texts), "")
    wanted = {
        "record_id": key,
        "region_code": "region_code",
        "district_code": "district_code",
    }
    return ", ".join(
        f'left({texts.get(column, "CAST(NULL AS VARCHAR)")}, 200) AS "{alias}"'
        for alias, column in wanted.items()
    )


def _parquet(path: str) -> str:
    return f"read_parquet({literal(path)})"
