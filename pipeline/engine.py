"""The engine: DuckDB with the settings that all work here needs."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import polars as pl

from pipeline.errors import ConfigurationError, ContractError


def connect(
    spill: str | Path, memory_limit: str | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection for rows in any number, in UTC, that spills into a folder.

    Insertion order isn't kept: whoever writes says the order. Small chunks that a join or
    a filter leaves are not gathered: where DuckDB 2.0 gathers them it may take one
    dictionary for another, notice, and stop ("dict-surviving cache: global dictionary
    column changed identity"), seen from 16 million registrations on, with one thread too.
    To leave it out takes no more time (docs/benchmarks.md).

    Args:
        spill: folder for what doesn't fit into memory.
        memory_limit: as DuckDB reads it, such as 6144MiB; by default most of the machine's.
        threads: by default one a processor.
    """
    config = {
        "temp_directory": str(spill),
        "preserve_insertion_order": "false",
        "memory_limit": memory_limit,
        "threads": threads and str(threads),
    }
    engine = duckdb.connect(
        config={name: value for name, value in config.items() if value is not None}
    )
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute("SET debug_enable_caching_operators = false")
    # In a notebook without ipywidgets the bar is off and can't be set.
    if engine.sql("SELECT current_setting('enable_progress_bar')").fetchall()[0][0]:
        engine.execute("SET enable_progress_bar = false")
    return engine


@contextlib.contextmanager
def passing_engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine for one question outside a run; what it spills goes with it."""
    with tempfile.TemporaryDirectory() as spill, connect(spill) as engine:
        yield engine


@contextlib.contextmanager
def without_values(step: str, keep: Callable[[str], str]) -> Iterator[None]:
    """Keep values of rows out of errors: the engines quote the value they stumble over.

    Args:
        step: what the error that leaves names.
        keep: writes what the engine said beside the data itself, and says where.

    Raises:
        ConfigurationError: memory or disk ran out, or a file can't be used.
        ContractError: an engine stumbled over anything else.
    """
    try:
        yield
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        kind = type(error).__name__
        told = f"{kind}; details in {keep(f'{kind}: {error}')}"
        if isinstance(error, duckdb.OperationalError):
            raise ConfigurationError(
                f"{step}: memory or disk ran out, or a file can't be used: {told}"
            ) from None
        raise ContractError(f"{step}: {told}") from None


def thread_count(engine: duckdb.DuckDBPyConnection) -> int:
    """How many threads the engine has: helpers beside it take as many, no more."""
    query = "SELECT current_setting('threads')::INTEGER"
    return int(engine.execute(query).fetchall()[0][0])
