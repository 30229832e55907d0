"""Stage 1: a delivery's files and profiles to one source table per source, and quarantine.

What belongs here: the order of the work. Every data row that came is in the source table
or in quarantine, in one of them once. A row that breaks a rule is refused with the rule's
name; a file whose header, packing or control total is wrong is refused whole, by an
error, before anything is built on it.
"""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import polars as pl

from pipeline.engine import thread_count
from pipeline.errors import SourceError
from pipeline.files import (
    Control,
    DeliveredFile,
    discover,
    read_control,
    read_profiles,
    verify_control_files,
)
from pipeline.profiles import Profile, choose_profile
from pipeline.reading import read_raw
from pipeline.reading.raw_table import RawTable
from pipeline.refusals import (
    FILE_SHIFT,
    KEYS,
    ReadFile,
    content,
    quarantined_rows,
    refuse_by_contract,
    refuse_repeated_keys,
)
from pipeline.source_report import SourceReport, source_report
from pipeline.source_rules import (
    ColumnMap,
    known_areas,
    literal,
    map_columns,
    typed_columns,
    typed_query,
)
from schemas.catalogue import REQUIRED_SOURCES, SOURCES

ORDER: Mapping[str, tuple[str, ...]] = {**KEYS, "cadastre/dwellings": ("cadastral_number",)}
"""Columns by which rows are numbered, then the whole content."""


@dataclasses.dataclass(frozen=True)
class IngestResult:
    """A source's table, its quarantine and its report.

    The relations read from the staging folder: write them before it is removed.
    """

    rows: duckdb.DuckDBPyRelation
    quarantine: duckdb.DuckDBPyRelation
    report: SourceReport


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
    return ingest_files(engine, delivery, source, delivered, profiles, areas, staging)


def ingest_files(
    engine: duckdb.DuckDBPyConnection,
    delivery: str,
    source: str,
    delivered: Sequence[DeliveredFile],
    profiles: str | None,
    areas: pl.DataFrame,
    staging: str,
) -> IngestResult:
    """What `ingest` gives, for files found before: other tables may be missing."""
    control = read_control(delivery, source)
    known = read_profiles(delivery, profiles, source)
    name = "ingest_" + source.replace("/", "_")
    folder = Path(staging) / name
    files = _read_files(engine, source, delivered, known, folder)
    _verify(source, files, control)
    engine.execute(
        f'CREATE OR REPLACE TEMP TABLE "{name}_refused" '
        '(line BIGINT, "column" VARCHAR, rule VARCHAR)'
    )
    area_codes = known_areas(areas)
    for read in files:
        _type_rows(engine, name, source, read, area_codes, folder)
    paths = [str(_typed_path(folder, read)) for read in files if read.raw.header]
    _accept(engine, name, source, paths)
    refuse_by_contract(engine, name, source)
    refuse_repeated_keys(engine, name, source)
    _number_rows(engine, name, source)
    return IngestResult(
        rows=_rows(engine, name, source, files),
        quarantine=quarantined_rows(engine, name, source, files),
        report=source_report(engine, name, source, files, control),
    )


def _read_files(
    engine: duckdb.DuckDBPyConnection,
    source: str,
    delivered: Sequence[DeliveredFile],
    profiles: Sequence[Profile],
    folder: Path,
) -> list[ReadFile]:
    """A table's files as raw tables, their columns mapped, their copies found."""
    files: list[ReadFile] = []
    seen: dict[str, str] = {}
    chosen = [choose_profile(profiles, source, Path(file.name).name) for file in delivered]
    tables = _raw_tables(engine, delivered, chosen, folder)
    for number, (file, profile, raw) in enumerate(
        zip(delivered, chosen, tables, strict=True)
    ):
        columns = ColumnMap({}, (), ())
        if raw.header:
            columns = map_columns(file.name, raw.header, source, profile)
        repeats = seen.get(raw.content_sha256) if raw.rows else None
        seen.setdefault(raw.content_sha256, file.name)
        if file.format in ("PARQUET", "XLSX"):
            profile = _with_native_dates(profile)
        files.append(ReadFile(number, raw, columns, profile, repeats))
    return files


def _raw_tables(
    engine: duckdb.DuckDBPyConnection,
    delivered: Sequence[DeliveredFile],
    profiles: Sequence[Profile],
    folder: Path,
) -> list[RawTable]:
    """The raw tables of files, several read at once: framing keeps one processor busy."""

    def read(number: int, file: DeliveredFile, profile: Profile) -> RawTable:
        # A connection serves one thread, and its time zone is its own.
        with engine.cursor() as cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            return read_raw(cursor, file, profile, str(folder / str(number)))

    with ThreadPoolExecutor(thread_count(engine)) as pool:
        return list(pool.map(read, itertools.count(), delivered, profiles))


def _with_native_dates(profile: Profile) -> Profile:
    """Typed files hold dates as such, which read as ISO whatever the texts look like."""
    dates = {column: ("yyyy-mm-dd", *forms) for column, forms in profile.dates.items()}
    return dataclasses.replace(profile, dates=dates)


def _verify(source: str, files: Sequence[ReadFile], control: Control | None) -> None:
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


def _typed_path(folder: Path, read: ReadFile) -> Path:
    return folder / f"{read.number}.parquet"


def _type_rows(
    engine: duckdb.DuckDBPyConnection,
    name: str,
    source: str,
    read: ReadFile,
    area_codes: Mapping[str, Sequence[str]],
    folder: Path,
) -> None:
    """Type a file's rows into a Parquet file of the staging folder; note the refused."""
    raw = read.raw
    refused = f'INSERT INTO "{name}_refused"'
    if raw.faults_path is not None:
        rule = "rule" if read.repeats is None else "'file_not_repeated'"
        engine.execute(
            f"{refused} SELECT source_row + {read.first_line}, NULL, {rule} "
            f"FROM read_parquet({literal(raw.faults_path)})"
        )
    if not raw.header:
        return
    typed = typed_query(
        f"read_parquet({literal(raw.rows_path)})",
        source,
        read.columns,
        read.profile,
        area_codes,
        may_hold_nul=raw.file.format != "CSV",
    )
    if read.repeats is not None:
        typed = f"SELECT * REPLACE ('|file_not_repeated' AS broken) FROM ({typed})"
    path = literal(str(_typed_path(folder, read)))
    engine.execute(
        f"COPY (SELECT source_row + {read.first_line} AS line, * EXCLUDE (source_row) "
        f"FROM ({typed})) TO {path} (FORMAT parquet, COMPRESSION lz4_raw)"
    )
    engine.execute(
        f"{refused} SELECT line, nullif(split_part(broken, '|', 1), ''), "
        f"split_part(broken, '|', 2) FROM read_parquet({path}) WHERE broken IS NOT NULL"
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


def _number_rows(engine: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    """Number the accepted rows densely in the order of the supplier's key."""
    keys = [f'"{key}"' for key in ORDER.get(source, ())]
    order = ", ".join(keys if source in KEYS else [*keys, content(source)])
    engine.execute(
        f'CREATE OR REPLACE TEMP TABLE "{name}_number" AS SELECT line, '
        f"row_number() OVER (ORDER BY {order}, line) - 1 AS row_id "
        f'FROM "{name}_accepted"'
    )


def _rows(
    engine: duckdb.DuckDBPyConnection, name: str, source: str, files: Sequence[ReadFile]
) -> duckdb.DuckDBPyRelation:
    columns = ", ".join(
        f'rows."{column}"' if column in typed_columns(source) else column
        for column in SOURCES[source].column_names()
    )
    return engine.sql(
        f"SELECT {columns} FROM (SELECT number.row_id, {_file_name(files)} AS source_file, "
        f"line & {(1 << FILE_SHIFT) - 1} AS source_row, accepted.* "
        f'FROM "{name}_accepted" AS accepted JOIN "{name}_number" AS number USING (line)) '
        "AS rows"
    )


def _file_name(files: Sequence[ReadFile]) -> str:
    names = " ".join(
        f"WHEN {read.number} THEN {literal(read.raw.file.name)}" for read in files
    )
    return f"CASE line >> {FILE_SHIFT} {names} END" if names else "CAST(NULL AS VARCHAR)"
