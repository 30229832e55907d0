"""Frames and arrays to and from the engine."""

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

BATCH_ROWS = 1 << 18


def column_batches(
    engine: duckdb.DuckDBPyConnection, query: str
) -> Iterator[tuple[npt.NDArray[Any], ...]]:
    """Columns of a query that gives no nulls, batch by batch: it is never held whole."""
    for batch in engine.sql(query).to_arrow_reader(BATCH_ROWS):
        yield tuple(column.to_numpy() for column in batch.columns)


def in_order(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Numbers in order. Polars sorts on all processors: a third of np.sort's time."""
    return pl.Series(values).sort().to_numpy()


def row_count(engine: duckdb.DuckDBPyConnection, table: str) -> int:
    """How many rows a table of the engine has."""
    return int(engine.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def store_frame(engine: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Make a TEMP table of a frame."""
    engine.register(f"{table}_frame", frame)
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM {table}_frame")
    engine.unregister(f"{table}_frame")


def store_columns(
    engine: duckdb.DuckDBPyConnection, table: str, **columns: npt.NDArray[Any]
) -> None:
    """Make a TEMP table of arrays of one length."""
    store_frame(engine, table, pl.DataFrame(columns))


def drop_tables(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """Drop the TEMP views and tables `<prefix>_*`; what is made of them can't be read."""
    for kind in ("view", "table"):
        names = engine.execute(
            f"SELECT {kind}_name FROM duckdb_{kind}s() "
            f"WHERE temporary AND starts_with({kind}_name, '{prefix}_')"
        ).fetchall()
        for (name,) in names:
            engine.execute(f"DROP {kind} {name}")
