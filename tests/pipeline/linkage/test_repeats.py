"""Values that occur more than once."""

from collections import Counter

import duckdb
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.linkage.repeats import find_repeats

DENSE = st.lists(st.none() | st.integers(0, 5), min_size=6)
VALUES = DENSE | st.lists(st.none() | st.integers(-5, 5) | st.integers(-(2**62), 2**62))


@given(values=VALUES, threads=st.integers(1, 3))
def test_repeats_are_those_that_counting_finds(values: list[int | None], threads: int):
    with duckdb.connect(config={"threads": str(threads)}) as engine:
        engine.register("value", pl.DataFrame({"v": values}, schema={"v": pl.Int64}))
        found = find_repeats(engine, "value", "v")
    counted = Counter(value for value in values if value is not None)
    repeated = sorted((value, n) for value, n in counted.items() if n > 1)
    assert list(zip(found.values.tolist(), found.rows.tolist(), strict=True)) == repeated
    assert found.total == counted.total()
