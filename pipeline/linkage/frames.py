"""Frames and arrays to and from the engine."""

import duckdb
import polars as pl


def store_frame(engine: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Make a TEMP table of a frame."""
    engine.register(f"{table}_frame", frame)
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM {table}_frame")
    engine.unregister(f"{table}_frame")
