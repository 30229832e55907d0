"""Blocks: every pair once, large blocks narrowed, what is left out is told."""

import itertools

import duckdb
import polars as pl
import pytest

from pipeline.linkage.block import (
    BlockingRule,
    Capped,
    collect_pairs,
    pairs_sql,
    plan_blocks,
)

ROWS = pl.DataFrame(
    {
        "node": range(12),
        "name": [1] * 8 + [2, 2, None, None],
        "place": [1, 1, 1, 2, 2, 2, 2, None, 1, 2, 1, 1],
        "is_open": [True, False] * 6,
        "is_variant": [False] * 12,
    }
)


@pytest.fixture
def blocks():
    with duckdb.connect() as engine:
        engine.register("node", ROWS)
        engine.execute("CREATE TEMP TABLE open AS SELECT * FROM node WHERE is_open")
        yield engine


def pairs(
    engine: duckdb.DuckDBPyConnection, rule: BlockingRule, pairs_max: int
) -> tuple[list[tuple[int, int]], list[Capped]]:
    steps, capped = plan_blocks(engine, (rule,), "t", "open", "node", pairs_max)
    count = collect_pairs(engine, steps, "met", ("open", "node"), "true")
    found = engine.sql(
        "SELECT least(l.node, r.node), greatest(l.node, r.node) FROM "
        + pairs_sql("met", "open")
    ).fetchall()
    assert count == len(found)
    return sorted(found), capped


def expected(columns: tuple[str, ...]) -> list[tuple[int, int]]:
    rows = ROWS.to_dicts()
    return [
        (one["node"], two["node"])
        for one, two in itertools.combinations(rows, 2)
        if (one["is_open"] or two["is_open"])
        and all(one[c] is not None and one[c] == two[c] for c in columns)
    ]


def test_each_pair_with_an_open_row_comes_once(blocks: duckdb.DuckDBPyConnection):
    found, capped = pairs(blocks, BlockingRule("r", ("name",), ()), 1000)
    assert found == expected(("name",))
    assert capped == []


def test_large_block_is_narrowed(blocks: duckdb.DuckDBPyConnection):
    found, capped = pairs(blocks, BlockingRule("r", ("name",), (), ("place",)), 20)
    narrow = {p for p in expected(("name", "place")) if p[1] < 8}
    assert set(found) == narrow | {(8, 9)}
    assert capped == []


def test_block_that_stays_large_is_left_out_and_told(blocks: duckdb.DuckDBPyConnection):
    found, capped = pairs(blocks, BlockingRule("r", ("name",), ()), 20)
    assert found == [(8, 9)]
    assert capped == [Capped("r", 1, 32)]
