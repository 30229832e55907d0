"""Frames and arrays to and from the engine."""

from typing import Any

import duckdb
import numpy.typing as npt
import polars as pl


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
