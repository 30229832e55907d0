"""Values that occur more than once: one sorted array, and only they go on.

Whoever looks for equal keys among millions of rows, nearly all of which are alone, needs
no group per row. A sort of whole numbers takes a tenth of a hash table's time and memory.
"""

from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from pipeline.linkage.frames import store_columns

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Repeats:
    """Sorted values on two rows or more, how many rows each, and how many rows in all."""

    values: Ints
    rows: Ints
    total: int


def find_repeats(engine: duckdb.DuckDBPyConnection, table: str, expression: str) -> Repeats:
    """Repeated values of a BIGINT expression over a table; nulls are left out."""
    query = (
        f"SELECT ({expression})::BIGINT AS value FROM {table} "
        f"WHERE ({expression}) IS NOT NULL"
    )
    found = engine.sql(query).pl()["value"]
    total = len(found)
    if total and found.is_between(0, total - 1).all():
        # Numbers as dense as those of addresses are counted without a sort.
        counts = np.bincount(found.to_numpy())
        distinct = np.flatnonzero(counts > 1)
        return Repeats(distinct, counts[distinct], total)
    # Not by way of an array, which would copy what the engine gave.
    values = found.sort().to_numpy()
    again = values[1:][values[1:] == values[:-1]]
    distinct, more = np.unique(again, return_counts=True)
    return Repeats(distinct, more.astype(np.int64) + 1, total)


def store_repeats(engine: duckdb.DuckDBPyConnection, repeats: Repeats, table: str) -> None:
    """Make a TEMP table (value, rows) of them."""
    store_columns(engine, table, value=repeats.values, rows=repeats.rows)


def key_hash(columns: tuple[str, ...]) -> str:
    """SQL of one BIGINT for a key of several columns; null where one of them is null.

    Two keys may meet in one number: whoever uses it compares the columns besides.
    """
    known = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    mixed = f"hash({', '.join(columns)}) >> 1"
    return f"CASE WHEN {known} THEN ({mixed})::BIGINT END"
