"""The only module that touches the disk: the run's tables, and the engine over them.

Stages get an engine and relations from here and give relations back; a table is written
whole or not at all (a temporary name, then one rename), sorted by its key, so that the
same rows give the same bytes whatever the order they came in and the number of threads.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import dataframely as dy
import duckdb
import polars as pl

from pipeline.engine import connect
from pipeline.errors import ContractError, SourceError
from pipeline.run import Run, join
from schemas.catalogue import TABLES

BATCH_ROWS = 500_000
STORED = (
    "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1, "
    "ROW_GROUP_SIZE 122880, DICTIONARY_SIZE_LIMIT 8000"
)
"""How one stage hands a table to the next. Version 2 stores numbers and short texts as
differences: smaller files, written and read in less time."""
REFERENCE = Path(__file__).resolve().parent.parent / "data" / "reference"

DUCKDB_TYPES: dict[Any, str] = {
    pl.String: "VARCHAR",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.Float64: "DOUBLE",
    pl.Boolean: "BOOLEAN",
    pl.Date: "DATE",
    pl.Datetime: "TIMESTAMP",
    pl.Enum: "VARCHAR",
}


@contextlib.contextmanager
def open_engine(
    run: Run, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine bounded by the run's resources; it spills beside the run.

    `threads` are those of the run by default.
    """
    limits = run.resources
    spill = Path(run.work) / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    engine = connect(spill, f"{limits.memory_limit_mib}MiB", threads or limits.threads)
    try:
        yield engine
    finally:
        engine.close()
        shutil.rmtree(spill, ignore_errors=True)


def table_path(run: Run, name: str) -> str:
    """Where a table of the run stands."""
    if name not in TABLES:
        raise ContractError(f"no table is called {name}")
    return join(run.work, "tables", f"{name}.parquet")


def has_table(run: Run, name: str) -> bool:
    """Whether the run has written this table."""
    return Path(table_path(run, name)).exists()


def read_table(
    engine: duckdb.DuckDBPyConnection, run: Run, name: str
) -> duckdb.DuckDBPyRelation:
    """A table of the run as a relation; nothing is loaded yet."""
    return engine.read_parquet(table_path(run, name))


def scan_table(run: Run, name: str) -> pl.LazyFrame:
    """A table of the run as a lazy frame."""
    return pl.scan_parquet(table_path(run, name))


def empty_table(engine: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyRelation:
    """A table of the run without rows, in the columns and types of its contract."""
    columns = ", ".join(
        f'CAST(NULL AS {_duckdb_type(column.dtype)}) AS "{column_name}"'
        for column_name, column in TABLES[name].columns().items()
    )
    return engine.sql(f"SELECT {columns} WHERE false")


BY_DISTRICT = (
    "voters",
    "changes",
    "notices",
    "temporary_residents",
    "discrepancies",
    "resolved_discrepancies",
    "discrepancies_commission",
)
OF_PAIRS = ("discrepancies", "resolved_discrepancies", "discrepancies_commission")
"""Of those, the ones that have a row in the files of both districts of a pair."""


def read_release_table(
    engine: duckdb.DuckDBPyConnection, release: str | None, name: str
) -> duckdb.DuckDBPyRelation:
    """A table of a published release; without rows where there is no release.

    A question that stands in the files of two districts is one row.

    A release built before the table, or a column that may be null, was thought of is read
    as one without: its manifest names no such file.

    Raises:
        SourceError: the release does not hold a table or column that it should.
    """
    if release is None:
        return empty_table(engine, name)
    pattern = f"{name}/*/*/{name}.parquet" if name in BY_DISTRICT else f"{name}.parquet"
    files = sorted(str(path) for path in Path(release).glob(pattern))
    if not files:
        if _is_older_than(release, name):
            return empty_table(engine, name)
        raise SourceError(f"{Path(release).name}: the release holds no table {name}")
    relation = engine.read_parquet(
        files, hive_partitioning=False, filename=name in OF_PAIRS
    )
    relation = _with_new_columns(relation, name)
    return _in_its_own_file(relation) if name in OF_PAIRS else relation


def _in_its_own_file(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The rows of district files without those that are there for the other district."""
    return relation.filter(
        "other_district_code IS NULL "
        "OR contains(filename, '/district=' || coalesce(district_code, 'none') || '/')"
    ).project("* EXCLUDE (filename)")


def _is_older_than(release: str, name: str) -> bool:
    """Whether a whole release says itself that it never had the table."""
    manifest = Path(release, "manifest.json")
    if not manifest.exists():
        return False
    files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
    return not any(Path(file).stem == name for file in files)


def _with_new_columns(
    relation: duckdb.DuckDBPyRelation, name: str
) -> duckdb.DuckDBPyRelation:
    """The table of an older release with the columns that came since, null."""
    lacking = [
        f'CAST(NULL AS {_duckdb_type(column.dtype)}) AS "{column_name}"'
        for column_name, column in TABLES[name].columns().items()
        if column_name not in relation.columns and column.nullable
    ]
    return relation.project(", ".join(["*", *lacking])) if lacking else relation


def write_table(
    engine: duckdb.DuckDBPyConnection,
    run: Run,
    name: str,
    relation: duckdb.DuckDBPyRelation,
) -> int:
    """Write a table whole, sorted by its key, after checking its contract.

    Returns:
        The number of rows.

    Raises:
        ContractError: a column is missing or unknown, a rule is broken, a key repeats.
    """
    path = Path(table_path(run, name))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{name}.parquet.part")
    write_parquet(engine, TABLES[name], relation, beside, stage=name)
    rows = check_contract(name, TABLES[name], beside)
    beside.replace(path)
    return rows


def write_parquet(
    engine: duckdb.DuckDBPyConnection,
    schema: type[dy.Schema],
    relation: duckdb.DuckDBPyRelation,
    path: Path,
    stage: str,
) -> None:
    """Write a relation in the columns, types and key order of its schema.

    It is written once as it comes and then sorted: what the joins of a query hold can't be
    spilled while its sort fills, and both together took more than an engine of 6 GiB has
    with 37 million registrations.
    """
    expected = schema.column_names()
    missing = sorted(set(expected) - set(relation.columns))
    unknown = sorted(set(relation.columns) - set(expected))
    if missing or unknown:
        raise ContractError(f"{stage}: columns missing {missing}, unknown {unknown}")
    columns = ", ".join(
        f'CAST("{name}" AS {_duckdb_type(column.dtype)}) AS "{name}"'
        for name, column in schema.columns().items()
    )
    keys = ", ".join(f'"{key}"' for key in schema.primary_key())
    order = keys or ", ".join(f'"{name}"' for name in expected)
    unsorted = path.with_name(f"{path.name}.unsorted")
    try:
        relation.query(
            "relation",
            f"COPY (SELECT {columns} FROM relation) TO '{_quoted(unsorted)}' "
            f"(FORMAT parquet, COMPRESSION lz4_raw)",
        )
        engine.execute(
            f"COPY (SELECT * FROM read_parquet('{_quoted(unsorted)}') ORDER BY {order}) "
            f"TO '{_quoted(path)}' ({STORED})"
        )
    finally:
        unsorted.unlink(missing_ok=True)


def _duckdb_type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.List):
        return f"{_duckdb_type(dtype.inner)}[]"  # type: ignore[arg-type]
    return DUCKDB_TYPES[dtype.base_type()]


def _quoted(path: Path | str) -> str:
    return str(path).replace("'", "''")


def check_contract(name: str, schema: type[dy.Schema], path: Path) -> int:
    """Check a written table against its class, batch by batch, and the order of its keys.

    Keys that rise from row to row come once each: nothing of the rows is kept for it.

    Returns:
        The number of rows.

    Raises:
        ContractError: names the table, the rule and how many rows break it.
    """
    keys = schema.primary_key()
    rows = 0
    before = None
    for batch in pl.scan_parquet(path).collect_batches(chunk_size=BATCH_ROWS):
        rows += batch.height
        if keys:
            held = batch.select(keys)
            repeated = _not_rising(held if before is None else pl.concat([before, held]))
            if repeated:
                raise ContractError(
                    f"{name}: key ({', '.join(keys)}) repeats or is out of order in "
                    f"{repeated} of the first {rows} rows"
                )
            before = held.tail(1)
        failures = schema.filter(batch, cast=True)[1]
        if len(failures):
            raise ContractError(f"{name}: rules broken {failures.counts()}")
    return rows


def _not_rising(keys: pl.DataFrame) -> int:
    """Rows whose key is not after that of the row before, text by its bytes."""
    rises = pl.lit(value=False)
    for name in reversed(keys.columns):
        before = pl.col(name).shift(1)
        rises = (pl.col(name) > before) | ((pl.col(name) == before) & rises)
    return int(keys.select((~rises).sum()).item())


@cache
def reference_table(name: str) -> pl.DataFrame:
    """A small committed table of data/reference, every column text."""
    return pl.read_csv(REFERENCE / f"{name}.csv", infer_schema=False)


def write_json(path: str, value: object) -> None:
    """Write JSON with sorted keys, whole or not at all."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.part")
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str)
    beside.write_text(text + "\n", encoding="utf-8")
    os.replace(beside, target)  # noqa: PTH105 - atomic on every platform


def write_text(path: str, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all."""
    write_bytes(path, text.encode())


def write_bytes(path: str, content: bytes) -> None:
    """Write a file whole or not at all."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.part")
    beside.write_bytes(content)
    beside.replace(target)


def read_json(path: str) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Read JSON."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def read_rows(engine: duckdb.DuckDBPyConnection, path: str) -> duckdb.DuckDBPyRelation:
    """Any table of a CSV or Parquet file; every column of a CSV as text.

    Raises:
        SourceError: no such file, or neither CSV nor Parquet.
    """
    if not has_file(path):
        raise SourceError(f"no file {path}")
    if path.endswith(".parquet"):
        return engine.read_parquet(path)
    if path.endswith((".csv", ".csv.gz", ".tsv")):
        return engine.read_csv(path, all_varchar=True)
    raise SourceError(f"{Path(path).name}: neither .csv nor .parquet")


def write_rows(
    engine: duckdb.DuckDBPyConnection,
    rows: duckdb.DuckDBPyRelation,
    path: str,
    order_by: str,
) -> int:
    """Write a relation to one Parquet file, sorted, whole or not at all; its rows."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.part")
    rows.order(f'"{order_by}"').write_parquet(str(beside), compression="zstd")
    beside.replace(target)
    return int(engine.read_parquet(path).count("*").fetchall()[0][0])


def has_file(path: str) -> bool:
    """Whether a file is there."""
    return Path(path).is_file()


def remove_folder(path: str) -> None:
    """Remove a folder of the run with all that is in it; none is fine too."""
    shutil.rmtree(path, ignore_errors=True)


def delivered_before(release: str | None) -> dict[str, int]:
    """Rows delivered by source in a published release; empty where there is none."""
    if release is None:
        return {}
    summed = (
        pl.scan_parquet(Path(release) / "reconciliation.parquet")
        .group_by("source")
        .agg(pl.col("rows").sum())
        .sort("source")
        .collect()
    )
    return dict(summed.iter_rows())


def read_polygons(path: str) -> list[tuple[str, int, str]]:
    """Precinct polygons of a GeoJSON file: region_code, precinct_number, geometry as text.

    Returns:
        One entry per feature, in the order of the file; none where there is no file.

    Raises:
        SourceError: no GeoJSON, or a feature without the two properties; the feature's
            number is named.
    """
    if not has_file(path):
        return []
    name = Path(path).name
    try:
        content = read_json(path)
        features = content["features"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise SourceError(f"{name}: not a GeoJSON feature collection") from error
    polygons = []
    for number, feature in enumerate(features, start=1):
        try:
            properties = feature["properties"]
            polygons.append(
                (
                    str(properties["region_code"]),
                    int(properties["precinct_number"]),
                    json.dumps(dict(feature["geometry"])),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SourceError(
                f"{name}: feature {number} lacks region_code, precinct_number or geometry"
            ) from error
    return polygons


def read_text(path: str) -> str:
    """Read a UTF-8 text file."""
    return Path(path).read_text(encoding="utf-8")
