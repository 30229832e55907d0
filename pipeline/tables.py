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

from pipeline.errors import ContractError
from pipeline.run import Run, join
from schemas.catalogue import TABLES

BATCH_ROWS = 500_000
ROW_GROUP_ROWS = 122_880
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
def open_engine(run: Run) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection bounded by the run's resources; it spills beside the run.

    UTC and no insertion order: whoever writes says the order.
    """
    spill = Path(run.work) / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    engine = duckdb.connect(
        config={
            "memory_limit": f"{run.resources.memory_limit_mib}MiB",
            "threads": str(run.resources.threads),
            "temp_directory": str(spill),
            "preserve_insertion_order": "false",
        }
    )
    try:
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute("SET enable_progress_bar = false")
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
    rows = check_contract(engine, name, TABLES[name], beside)
    beside.replace(path)
    return rows


def write_parquet(
    engine: duckdb.DuckDBPyConnection,
    schema: type[dy.Schema],
    relation: duckdb.DuckDBPyRelation,
    path: Path,
    stage: str,
) -> None:
    """Write a relation in the columns, types and key order of its schema."""
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
    relation.query(
        "relation",
        f"COPY (SELECT {columns} FROM relation ORDER BY {order}) TO '{_quoted(path)}' "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS})",
    )


def _duckdb_type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.List):
        return f"{_duckdb_type(dtype.inner)}[]"  # type: ignore[arg-type]
    return DUCKDB_TYPES[dtype.base_type()]


def _quoted(path: Path | str) -> str:
    return str(path).replace("'", "''")


def check_contract(
    engine: duckdb.DuckDBPyConnection, name: str, schema: type[dy.Schema], path: Path
) -> int:
    """Check a written table against its class: rules batch by batch, keys over all rows.

    Returns:
        The number of rows.

    Raises:
        ContractError: names the table, the rule and how many rows break it.
    """
    keys = schema.primary_key()
    if keys:
        columns = ", ".join(f'"{key}"' for key in keys)
        repeated = engine.sql(
            f"SELECT count(*) - count(DISTINCT ({columns})) "
            f"FROM read_parquet('{_quoted(path)}')"
        ).fetchall()[0][0]
        if repeated:
            raise ContractError(f"{name}: key ({columns}) repeats in {repeated} rows")
    rows = 0
    for batch in pl.scan_parquet(path).collect_batches(chunk_size=BATCH_ROWS):
        rows += batch.height
        failures = schema.filter(batch, cast=True)[1]
        if len(failures):
            raise ContractError(f"{name}: rules broken {failures.counts()}")
    return rows


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


def read_json(path: str) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Read JSON."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def read_text(path: str) -> str:
    """Read a UTF-8 text file."""
    return Path(path).read_text(encoding="utf-8")
