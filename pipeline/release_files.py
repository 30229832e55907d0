"""The files of a release: from the run's tables to the folder that offices receive.

What belongs here: which rows go into which file, in which order. Lists are written one
district after the other from one sorted copy, which bounds memory where a partitioned
COPY outgrows it and fixes the order of rows; a few districts are written at once.
"""

import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data_dictionary import write_dictionary
from pipeline.errors import ContractError
from pipeline.find_station import FINDER, read_secret
from pipeline.manifest import FileRecord, file_record
from pipeline.print_list import write_lists
from pipeline.release_contents import AREA_TABLES, WHOLE_TABLES, AreaTable, WholeTable
from pipeline.release_formats import (
    EVERY_FORMAT,
    office_output,
    program_output,
    write_formats,
)
from pipeline.release_index import write_index
from pipeline.release_parquet import (
    ROW_GROUP_ROWS,
    RowStream,
    arrow_schema,
    conform,
    ordered_batches,
)
from pipeline.release_xlsx import Sheet, cut_sheets
from pipeline.report import render_report
from pipeline.run import Run
from pipeline.station_finder import write_finder
from pipeline.summary import write_summary
from pipeline.tables import read_json, table_path
from schemas.catalogue import TABLES

ROWS_AT_ONCE = 8 * ROW_GROUP_ROWS
"""Districts up to this size are held in memory and written several at once; a larger one
is streamed alone. The largest city districts have some 300,000 voters."""


def write_release(
    engine: duckdb.DuckDBPyConnection,
    run: Run,
    release_dir: str,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, FileRecord]:
    """Write every file of a release but its manifest; the same tables give the same bytes.

    Every district of a precinct has its voters, changes and discrepancies, with no rows
    where there are none. Discrepancies without a district stand in `district=none` of
    their region, those without a region in `region=0000`.

    Args:
        engine: connection of the run.
        run: the build whose tables are published.
        release_dir: an empty folder.
        progress: called with files done and files to do.

    Returns:
        Rows, bytes and SHA-256 of every file, by its path in the folder.
    """
    release = Path(release_dir)
    files: dict[str, FileRecord] = {}
    scratch = Path(run.work) / "release"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        for number, table in enumerate(AREA_TABLES):
            files |= write_area_table(engine, run, table, release, scratch)
            if progress is not None:
                progress(number + 1, len(AREA_TABLES) + len(WHOLE_TABLES))
        for number, whole in enumerate(WHOLE_TABLES):
            files |= _write_whole_table(engine, run, whole, release)
            if progress is not None:
                progress(
                    len(AREA_TABLES) + number + 1, len(AREA_TABLES) + len(WHOLE_TABLES)
                )
        files |= _write_finder(engine, run, release, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if run.files.pdf:
        files |= write_lists(run, release)
    summary = release / "summary.json"
    write_summary(engine, run, str(summary))
    report = release / "report.html"
    report.write_text(render_report(read_json(str(summary))), encoding="utf-8", newline="")
    for path in (summary, report):
        files[path.name] = file_record(path)
    files |= write_dictionary(run, release, files)
    files |= write_index(engine, run, release, files, read_json(str(summary)))
    return dict(sorted(files.items()))


def _write_finder(
    engine: duckdb.DuckDBPyConnection, run: Run, release: Path, scratch: Path
) -> dict[str, FileRecord]:
    """The table of the station finder, where a secret is configured."""
    if run.finder_key is None:
        return {}
    counts = write_finder(
        engine,
        engine.read_parquet(table_path(run, "voters")),
        engine.read_parquet(table_path(run, "source_precincts")),
        read_secret(run.finder_key),
        f"{run.election_name}/{run.as_of.isoformat()}",
        release / FINDER,
        scratch,
        run.resources.threads,
    )
    return {FINDER: file_record(release / FINDER, counts.keys)}


def write_area_table(
    engine: duckdb.DuckDBPyConnection,
    run: Run,
    table: AreaTable,
    release: Path,
    scratch: Path,
    formats: frozenset[str] = EVERY_FORMAT,
) -> dict[str, FileRecord]:
    """Write a table district by district, several at once, from one sorted copy.

    Args:
        engine: connection of the run.
        run: the build whose table is published.
        table: whose rows, in which order.
        release: folder of the release.
        scratch: folder of the sorted copy, which is removed.
        formats: a part of what the run's parameters ask for.
    """
    ordered = scratch / f"{table.name}.parquet"
    source = engine.read_parquet(table_path(run, table.name))
    order = ", ".join(("area_region", "area_district", *table.order))
    source.query(
        "source",
        f"COPY (SELECT * FROM ({table.rows}) ORDER BY {order}) "
        f"TO '{_quoted(ordered)}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)",
    )
    schema = arrow_schema(TABLES[table.name], table.name)
    output = office_output(run, formats)
    sheets = _precinct_sheets(engine, run, table, ordered)

    def write(
        batches: Iterable[pa.Table], area: tuple[str, str], rows: int
    ) -> dict[str, FileRecord]:
        folder = Path(table.name, f"region={area[0]}", f"district={area[1]}")
        wanted = sheets.get(area) or cut_sheets(table.name, rows)
        return write_formats(
            batches, schema, release, folder, table.sorted_by, output, wanted
        )

    files: dict[str, FileRecord] = {}
    with pq.ParquetFile(ordered) as file, ThreadPoolExecutor(run.resources.threads) as pool:
        stream = RowStream(file.iter_batches(ROW_GROUP_ROWS))
        waiting: deque[Future[dict[str, FileRecord]]] = deque()
        for region, district, rows in _areas(engine, run, ordered):
            area = (region, district)
            batches = _area_batches(stream, schema, area, rows)
            if rows > ROWS_AT_ONCE:
                files |= write(batches, area, rows)
                continue
            waiting.append(pool.submit(write, list(batches), area, rows))
            if len(waiting) > run.resources.threads:
                files |= waiting.popleft().result()
        for writing in waiting:
            files |= writing.result()
    ordered.unlink()
    return files


def _precinct_sheets(
    engine: duckdb.DuckDBPyConnection, run: Run, table: AreaTable, ordered: Path
) -> dict[tuple[str, str], list[Sheet]]:
    """Sheets by district where lists of voters get one a precinct; else none."""
    if table.name != "voters" or not run.files.xlsx_sheet_per_precinct:
        return {}
    sheets: dict[tuple[str, str], list[Sheet]] = {}
    for region, district, precinct, rows in engine.sql(
        "SELECT area_region, area_district, precinct_number, count(*) "
        f"FROM read_parquet('{_quoted(ordered)}') GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        sheets.setdefault((region, district), []).extend(cut_sheets(str(precinct), rows))
    return sheets


def _areas(
    engine: duckdb.DuckDBPyConnection, run: Run, ordered: Path
) -> list[tuple[str, str, int]]:
    """Every district that has a precinct or a row, with its rows, in order."""
    return engine.sql(
        "SELECT region, district, sum(rows)::BIGINT FROM ("
        "SELECT region_code AS region, district_code AS district, 0 AS rows "
        f"FROM read_parquet('{_quoted(table_path(run, 'precincts'))}') "
        "UNION ALL SELECT area_region, area_district, 1 "
        f"FROM read_parquet('{_quoted(ordered)}')) GROUP BY ALL ORDER BY ALL"
    ).fetchall()


def _area_batches(
    stream: RowStream, schema: pa.Schema, area: tuple[str, str], rows: int
) -> Iterator[pa.Table]:
    """The next rows of the sorted copy, which must be those of this area."""
    while rows:
        table = stream.take(min(rows, ROW_GROUP_ROWS))
        if table is None or _ends(table) != [area, area]:
            raise ContractError(f"{schema.metadata[b'title'].decode()}: copy not in order")
        rows -= table.num_rows
        yield conform(table.select(schema.names), schema)


def _ends(table: pa.Table) -> list[tuple[str, str]]:
    """Areas of the first and the last row."""
    return [
        (table["area_region"][row].as_py(), table["area_district"][row].as_py())
        for row in (0, table.num_rows - 1)
    ]


def _write_whole_table(
    engine: duckdb.DuckDBPyConnection, run: Run, table: WholeTable, release: Path
) -> dict[str, FileRecord]:
    rest = [name for name in TABLES[table.name].column_names() if name not in table.order]
    rows = engine.sql(
        f"SELECT * FROM read_parquet('{_quoted(table_path(run, table.name))}') "
        f"ORDER BY {', '.join(_name(column) for column in (*table.order, *rest))}"
    )
    schema = arrow_schema(TABLES[table.name], table.name)
    batches = ordered_batches(rows, schema)
    sheets = cut_sheets(table.name, rows.count("*").fetchall()[0][0])
    output = office_output(run) if table.for_offices else program_output(run)
    return write_formats(batches, schema, release, Path(), table.order, output, sheets)


def _name(column: str) -> str:
    return f'"{column}"'


def _quoted(path: Path | str) -> str:
    return str(path).replace("'", "''")
