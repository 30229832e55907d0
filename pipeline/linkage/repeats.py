"""Values that occur more than once: one sorted array, and only they go on.

Whoever looks for equal keys among millions of rows, nearly all of which are alone, needs
no group per row. A sort of whole numbers takes a tenth of a hash table's time and memory.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import duckdb
import numpy as np
import numpy.typing as npt

from pipeline.linkage.frames import column_batches, row_count, store_columns

Ints = npt.NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True)
class Repeats:
    """Sorted values on two rows or more, how many rows each, and how many rows in all."""

    values: Ints
    rows: Ints
    total: int


def find_repeats(engine: duckdb.DuckDBPyConnection, table: str, expression: str) -> Repeats:
    """Repeated values of a BIGINT expression over a table; nulls are left out."""
    values, total = np.empty(row_count(engine, table), dtype=np.int64), 0
    query = (
        f"SELECT ({expression})::BIGINT AS value FROM {table} "
        f"WHERE ({expression}) IS NOT NULL"
    )
    for (batch,) in column_batches(engine, query):
        values[total : total + len(batch)] = batch
        total += len(batch)
    values = values[:total]
    if total and values.min() >= 0 and values.max() < total:
        # Numbers as dense as those of addresses are counted without a sort.
        counts = np.bincount(values)
        distinct = np.flatnonzero(counts > 1)
        return Repeats(distinct, counts[distinct], total)
    repeated = in_parts(engine, values, _repeated)
    distinct = np.concatenate([part[0] for part in repeated])
    counts = np.concatenate([part[1] for part in repeated])
    order = np.argsort(distinct)
    return Repeats(distinct[order], counts[order], total)


def in_parts(
    engine: duckdb.DuckDBPyConnection,
    values: Ints,
    work: Callable[[Ints], T],
    first_bit: int = 0,
) -> list[T]:
    """What the work makes of each part of the values, as many at once as engine threads.

    Equal values are in one part: parts differ in bits from `first_bit` on. The work may
    change its part in place.
    """
    threads = int(
        engine.execute("SELECT current_setting('threads')::INTEGER").fetchall()[0][0]
    )
    parts = 1 << (threads - 1).bit_length()

    def run(part: int) -> T:
        return work(values[(values >> first_bit) & (parts - 1) == part])

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(parts)))


def _repeated(values: Ints) -> tuple[Ints, Ints]:
    """Values that stand on two rows or more, sorted, and on how many."""
    values.sort()
    repeats = values[1:][values[1:] == values[:-1]]
    distinct, more = np.unique(repeats, return_counts=True)
    return distinct, more.astype(np.int64) + 1


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
