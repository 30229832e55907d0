"""Stage 1: a delivery's files and profiles to one source table per source, and quarantine.

What belongs here: which rows of a table are kept and which are refused, and the report of
it. Every data row that came is in exactly one of the two. A row that breaks a rule is
refused with the rule's name; a file whose header, packing or control total is wrong is
refused whole, by an error, before anything is built on it.
"""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import polars as pl

from pipeline.errors import SourceError
from pipeline.files import (
    Control,
    discover,
    read_control,
    read_profiles,
    verify_control_files,
)
from pipeline.profiles import Profile, choose_profile
from pipeline.reading import RawTable, read_raw
from pipeline.source_rules import (
    ColumnMap,
    known_areas,
    literal,
    map_columns,
    text_columns,
    typed_columns,
    typed_query,
)
from schemas.catalogue import REQUIRED_SOURCES, SOURCES
from schemas.source import QuarantinedRow

KEYS: Mapping[str, tuple[str, ...]] = {
    "mia/persons": ("record_id",),
    "mia/restrictions": ("record_id",),
    "cec/precincts": ("region_code", "precinct_number"),
    "cec/decisions": ("decision_id",),
}
"""Keys by which a row of a source is one. A cadastral number that two active objects share
is no fault of the row: it becomes a discrepancy later."""

ORDER: Mapping[str, tuple[str, ...]] = {**KEYS, "cadastre/dwellings": ("cadastral_number",)}
LATEST = ("updated_at", "decided_at")
"""Of rows with the same key the last changed is kept."""
BATCH_ROWS = 500_000
_FILE_SHIFT = 40
"""A row's line number within a run: the file's number, then its row, in one integer."""


@dataclasses.dataclass(frozen=True)
class FileReport:
    """What was found in one file."""

    name: str
    format: str
    compression: str | None
    encoding: str | None
    delimiter: str | None
    profile: str
    bytes: int
    sha256: str
    rows: int
    quarantined: int
    columns_absent: tuple[str, ...]
    columns_ignored: tuple[str, ...]
    notes: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class SourceReport:
    """What came for one table, and what became of it; counts, no values."""

    source: str
    present: bool
    as_of: datetime.date | None = None
    files: tuple[FileReport, ...] = ()
    rows: int = 0
    accepted: int = 0
    quarantined: int = 0
    quarantined_by_rule: Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class IngestResult:
    """A source's table, its quarantine and its report.

    The relations read from the staging folder: write them before it is removed.
    """

    rows: duckdb.DuckDBPyRelation
    quarantine: duckdb.DuckDBPyRelation
    report: SourceReport


@dataclasses.dataclass(frozen=True)
class _ReadFile:
    number: int
    raw: RawTable
    columns: ColumnMap
    profile: Profile
    repeats: str | None
    """Name of the file that this one is a copy of."""


def ingest(
    engine: duckdb.DuckDBPyConnection,
    delivery: str,
    source: str,
    profiles: str | None,
    areas: pl.DataFrame,
    staging: str,
) -> IngestResult:
    """The rows of one source in the columns of its contract, and those refused.

    `row_id` is dense in the order of the supplier's key (all columns where it has none),
    so it depends neither on the order of rows nor on how they are spread over files. Of
    rows with the same key the last changed stays; ties go to the greater content.

    Args:
        engine: the run's engine, time zone UTC.
        delivery: folder of the delivery.
        source: table of the delivery, as `mia/persons`.
        profiles: folder of source profiles, or one profile.
        areas: data/reference/areas.csv.
        staging: scratch folder; needed until both relations have been written.

    Returns:
        Rows, quarantine and report; empty and not present where an optional table is
        absent.

    Raises:
        SourceError: a required table is absent or empty; a file can't be read, has a
            wrong header, or disagrees with its control file.
        ConfigurationError: a profile is wrong.
    """
    delivered = discover(delivery)[source]
    control = read_control(delivery, source)
    known = read_profiles(delivery, profiles, source)
    name = "ingest_" + source.replace("/", "_")
    _create_refused(engine, name)
    files: list[_ReadFile] = []
    folder = Path(staging) / name
    for number, file in enumerate(delivered):
        profile = choose_profile(known, source, Path(file.name).name)
        raw = read_raw(engine, file, profile, str(folder / str(number)))
        columns = (
            map_columns(file.name, raw.header, source, profile)
            if raw.header
            else ColumnMap({}, (), ())
        )
        repeats = next(
            (
                earlier.raw.file.name
                for earlier in files
                if earlier.raw.content_sha256 == raw.content_sha256 and raw.rows
            ),
            None,
        )
        files.append(_ReadFile(number, raw, columns, profile, repeats))
    _verify(source, files, control)
    area_codes = known_areas(areas)
    for read in files:
        _type_rows(engine, name, source, read, area_codes, folder)
    paths = [str(folder / f"{read.number}.parquet") for read in files if read.raw.header]
    _accept(engine, name, source, paths)
    _refuse_by_contract(engine, name, source)
    _refuse_repeated_keys(engine, name, source)
    _number_rows(engine, name, source)
    return IngestResult(
        rows=_rows(engine, name, source, files),
        quarantine=_quarantine(engine, name, source, files),
        report=_report(engine, name, source, files, control),
    )


def _create_refused(engine: duckdb.DuckDBPyConnection, name: str) -> None:
    engine.execute(
        f'CREATE OR REPLACE TEMP TABLE "{name}_refused" '
        '(line BIGINT, "column" VARCHAR, rule VARCHAR)'
    )


def _verify(source: str, files: Sequence[_ReadFile], control: Control | None) -> None:
    """Compare what came with what had to come, before any row is judged."""
    rows = sum(read.raw.rows for read in files if read.repeats is None)
    if source in REQUIRED_SOURCES and rows == 0:
        raise SourceError(f"{source} has no rows")
    if control is None:
        return
    if not files:
        raise SourceError(f"{control.name} stands alone: the table has no file")
    verify_control_files(control, {read.raw.file.name: read.raw.sha256 for read in files})
    if control.rows is not None and control.rows != rows:
        raise SourceError(f"{control.name} says {control.rows} rows, {rows} came")


def _type_rows(
    engine: duckdb.DuckDBPyConnection,
    name: str,
    source: str,
    read: _ReadFile,
    area_codes: Mapping[str, Sequence[str]],
    folder: Path,
) -> None:
    """Type a file's rows into a Parquet file of the staging folder; note the refused."""
    raw, first = read.raw, read.number << _FILE_SHIFT
    if raw.faults_path is not None:
        rule = "rule" if read.repeats is None else "'file_not_repeated'"
        engine.execute(
            f'INSERT INTO "{name}_refused" SELECT source_row + {first}, NULL, {rule} '
            f"FROM {_parquet(raw.faults_path)}"
        )
    if not raw.header:
        return
    typed = typed_query(
        _parquet(raw.rows_path),
        source,
        read.columns,
        read.profile,
        area_codes,
        may_hold_nul=raw.file.format != "CSV",
    )
    if read.repeats is not None:
        typed = f"SELECT * REPLACE ('|file_not_repeated' AS broken) FROM ({typed})"
    path = str(folder / f"{read.number}.parquet")
    engine.execute(
        f"COPY (SELECT source_row + {first} AS line, * EXCLUDE (source_row) "
        f"FROM ({typed})) TO {literal(path)} (FORMAT parquet, COMPRESSION lz4_raw)"
    )
    engine.execute(
        f"INSERT INTO \"{name}_refused\" SELECT line, nullif(split_part(broken, '|', 1), ''), "
        f"split_part(broken, '|', 2) FROM {_parquet(path)} WHERE broken IS NOT NULL"
    )


def _accept(
    engine: duckdb.DuckDBPyConnection, name: str, source: str, paths: Sequence[str]
) -> None:
    """A view of the rows that no rule has refused yet."""
    if paths:
        listed = ", ".join(literal(path) for path in paths)
        rows = (
            f"SELECT * EXCLUDE (broken) FROM read_parquet([{listed}]) WHERE broken IS NULL"
        )
    else:
        # An absent table has the columns of a present one.
        empty = typed_query(
            "(SELECT CAST(NULL AS BIGINT) AS source_row WHERE false)",
            source,
            ColumnMap({}, (), ()),
            Profile("none", source),
            {},
            may_hold_nul=False,
        )
        rows = f"SELECT source_row AS line, * EXCLUDE (source_row, broken) FROM ({empty})"
    engine.execute(
        f'CREATE OR REPLACE TEMP VIEW "{name}_accepted" AS SELECT * FROM ({rows}) '
        f'ANTI JOIN "{name}_refused" USING (line)'
    )


def _refuse_by_contract(engine: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    """Refuse rows by the rules of the table's class that concern several columns."""
    schema = SOURCES[source]
    refused = []
    reader = engine.sql(
        f"SELECT line AS row_id, 'file' AS source_file, CAST(1 AS BIGINT) AS source_row, "
        f'* EXCLUDE (line) FROM "{name}_accepted"'
    ).fetch_arrow_reader(BATCH_ROWS)
    for batch in reader:
        failures = schema.filter(pl.DataFrame(batch), cast=True)[1]
        if len(failures):
            refused.append(_broken_rules(failures.details()))
    if refused:
        found = pl.concat(refused)
        engine.register("found", found)
        engine.execute(
            f'INSERT INTO "{name}_refused" SELECT line, "column", rule FROM found'
        )
        engine.unregister("found")


def _broken_rules(details: pl.DataFrame) -> pl.DataFrame:
    """Line and first broken rule of the rows that a contract refused."""
    rules = [name for name, kind in details.schema.items() if isinstance(kind, pl.Enum)]
    rules = [name for name in rules if "valid" in details.schema[name].categories]  # type: ignore[attr-defined]
    broken = pl.coalesce(
        pl.when(pl.col(rule) == "invalid").then(pl.lit(rule)) for rule in rules
    )
    return details.select(
        pl.col("row_id").alias("line"),
        pl.lit(None, dtype=pl.String).alias("column"),
        broken.alias("rule"),
    )


def _content(source: str) -> str:
    """SQL of a row's whole content as one text, by which ties are broken."""
    columns = (
        f"coalesce(CAST(\"{name}\" AS VARCHAR), '')" for name in typed_columns(source)
    )
    return f"concat_ws(chr(31), {', '.join(columns)})"


def _refuse_repeated_keys(
    engine: duckdb.DuckDBPyConnection, name: str, source: str
) -> None:
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
        f"ORDER BY {latest}{_content(source)} DESC, line) AS place "
        f'FROM "{name}_accepted" SEMI JOIN "{name}_repeated" USING ({keys})) '
        f"WHERE place > 1"
    )


def _number_rows(engine: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    """Number the accepted rows densely in the order of the supplier's key."""
    keys = [f'"{key}"' for key in ORDER.get(source, ())]
    order = ", ".join(keys if source in KEYS else [*keys, _content(source)])
    engine.execute(
        f'CREATE OR REPLACE TEMP TABLE "{name}_number" AS SELECT line, '
        f"row_number() OVER (ORDER BY {order}, line) - 1 AS row_id "
        f'FROM "{name}_accepted"'
    )


def _rows(
    engine: duckdb.DuckDBPyConnection, name: str, source: str, files: Sequence[_ReadFile]
) -> duckdb.DuckDBPyRelation:
    columns = ", ".join(
        f'rows."{column}"' if column in typed_columns(source) else column
        for column in SOURCES[source].column_names()
    )
    return engine.sql(
        f"SELECT {columns} FROM (SELECT number.row_id, {_file_name(files)} AS source_file, "
        f"line & {(1 << _FILE_SHIFT) - 1} AS source_row, accepted.* "
        f'FROM "{name}_accepted" AS accepted JOIN "{name}_number" AS number USING (line)) '
        "AS rows"
    )


def _file_name(files: Sequence[_ReadFile]) -> str:
    names = " ".join(
        f"WHEN {read.number} THEN {literal(read.raw.file.name)}" for read in files
    )
    return f"CASE line >> {_FILE_SHIFT} {names} END" if names else "CAST(NULL AS VARCHAR)"


def _quarantine(
    engine: duckdb.DuckDBPyConnection, name: str, source: str, files: Sequence[_ReadFile]
) -> duckdb.DuckDBPyRelation:
    """Refused rows with their place, rule and raw text, one query over all files."""
    shown = [_refused_of_file(name, source, read) for read in files]
    shown = [query for queries in shown for query in queries]
    columns = ", ".join(f'"{column}"' for column in QuarantinedRow.column_names())
    if not shown:
        empty = ", ".join(
            f'CAST(NULL AS {"BIGINT" if column == "source_row" else "VARCHAR"}) AS "{column}"'
            for column in QuarantinedRow.column_names()
        )
        return engine.sql(f"SELECT {empty} WHERE false")
    return engine.sql(f"SELECT {columns} FROM ({' UNION ALL '.join(shown)})")


def _refused_of_file(name: str, source: str, read: _ReadFile) -> list[str]:
    raw, first = read.raw, read.number << _FILE_SHIFT
    place = f"{literal(source)} AS source, {literal(raw.file.name)} AS source_file, raw.source_row"
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
        pairs = ", ".join(f"{literal(each)}, c{at}" for at, each in enumerate(raw.header))
        queries.append(
            f"SELECT {place}, {_identifying(source, read)}, "
            f'refused."column", refused.rule, '
            f"CAST(json_object({pairs}) AS VARCHAR) AS raw_row "
            f"FROM {_parquet(raw.rows_path)} AS raw {join}"
        )
    return queries


def _identifying(source: str, read: _ReadFile) -> str:
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


def _report(
    engine: duckdb.DuckDBPyConnection,
    name: str,
    source: str,
    files: Sequence[_ReadFile],
    control: Control | None,
) -> SourceReport:
    by_rule: dict[str, int] = {}
    by_file: dict[int, int] = {}
    for file, rule, rows in engine.execute(
        f'SELECT line >> {_FILE_SHIFT}, rule, count(*) FROM "{name}_refused" '
        f"GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        by_rule[rule] = by_rule.get(rule, 0) + rows
        by_file[file] = by_file.get(file, 0) + rows
    rows = sum(read.raw.rows for read in files)
    refused = sum(by_rule.values())
    return SourceReport(
        source=source,
        present=bool(files),
        as_of=None if control is None else control.as_of,
        files=tuple(_file_report(read, by_file.get(read.number, 0)) for read in files),
        rows=rows,
        accepted=rows - refused,
        quarantined=refused,
        quarantined_by_rule=dict(sorted(by_rule.items())),
    )


def _file_report(read: _ReadFile, quarantined: int) -> FileReport:
    raw = read.raw
    copies = () if read.repeats is None else (f"is a copy of {read.repeats}",)
    return FileReport(
        name=raw.file.name,
        format=raw.file.format,
        compression=raw.file.compression,
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        profile=read.profile.name,
        bytes=raw.file.bytes,
        sha256=raw.sha256,
        rows=raw.rows,
        quarantined=quarantined,
        columns_absent=read.columns.absent,
        columns_ignored=read.columns.ignored,
        notes=(*raw.notes, *copies),
    )


def _parquet(path: str) -> str:
    return f"read_parquet({literal(path)})"
