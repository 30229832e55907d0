"""Values that occur more than once: one sorted array, and only they go on.

Whoever looks for equal keys among millions of rows, nearly all of which are alone, needs
no group per row. A sort of whole numbers takes a tenth of a hash table's time and memory.
"""

from concurrent.futures import ThreadPoolExecutor
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


def find_repeats(
    engine: duckdb.DuckDBPyConnection, table: str, expression: str, condition: str = "true"
) -> Repeats:
    """Repeated values of a BIGINT expression over a table; nulls are left out."""
    found, threads = (
        engine.execute(query).fetchnumpy()["value"]
        for query in (
            f"SELECT ({expression})::BIGINT AS value FROM {table} "
            f"WHERE {condition} AND ({expression}) IS NOT NULL",
            "SELECT current_setting('threads')::INTEGER AS value",
        )
    )
    values = np.asarray(found, dtype=np.int64)
    # Equal values end in equal bits, so threads share no value.
    parts = 1 << (int(threads[0]) - 1).bit_length()
    with ThreadPoolExecutor(int(threads[0])) as pool:
        repeated = list(pool.map(lambda k: _repeated(values, parts, k), range(parts)))
    distinct = np.concatenate([part[0] for part in repeated])
    rows = np.concatenate([part[1] for part in repeated])
    order = np.argsort(distinct)
    return Repeats(distinct[order], rows[order], len(values))


def _repeated(values: Ints, parts: int, part: int) -> tuple[Ints, Ints]:
    """Values of a part that stand on two rows or more, sorted, and on how many."""
    chosen = values[values & (parts - 1) == part]
    chosen.sort()
    repeats = chosen[1:][chosen[1:] == chosen[:-1]]
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
