"""Blocks: every pair once, large blocks narrowed, what is left out is told."""

import itertools

import duckdb
import polars as pl
import pytest

from pipeline.linkage.block import (
    BlockingRule,
    Capped,
    collect_pairs,
    keep_asked,
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
        for column in ("name", "place"):
            # Values on one row need no line.
            engine.execute(
                f"CREATE TEMP TABLE rows_{column} AS SELECT {column} AS code, "
                f"count(*) AS rows FROM node GROUP BY ALL HAVING count(*) > 1"
            )
        yield engine


def pairs(
    engine: duckdb.DuckDBPyConnection, rule: BlockingRule, pairs_max: int
) -> tuple[list[tuple[int, int]], list[Capped]]:
    """Pairs met and what was capped, which don't depend on what was counted before."""
    plain, counted = (
        _pairs(engine, rule, pairs_max, rows_of)
        for rows_of in ({}, {column: f"rows_{column}" for column in ("name", "place")})
    )
    assert plain == counted
    return plain


def _pairs(
    engine: duckdb.DuckDBPyConnection,
    rule: BlockingRule,
    pairs_max: int,
    rows_of: dict[str, str],
) -> tuple[list[tuple[int, int]], list[Capped]]:
    steps, capped = plan_blocks(
        engine, (rule,), "t", "open", "node", pairs_max, rows_of=rows_of
    )
    collect_pairs(engine, steps, "met", ("open", "node"))
    found = engine.sql(
        "SELECT least(l.node, r.node), greatest(l.node, r.node) FROM "
        + pairs_sql("met", "open")
    ).fetchall()
    assert keep_asked(engine, "met") == len(set(found))
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


def test_open_row_that_nothing_can_narrow_is_told(blocks: duckdb.DuckDBPyConnection):
    """It does not know the value that would make its block small."""
    unknown = pl.when(pl.col("node") != 0).then("place").alias("place")
    blocks.register("node", ROWS.with_columns(unknown))
    blocks.execute("UPDATE open SET place = NULL WHERE node = 0")
    found, capped = pairs(blocks, BlockingRule("r", ("name",), (), ("place",)), 20)
    assert (2, 4) not in found
    assert (4, 6) in found
    assert not any(0 in pair for pair in found)
    assert capped == [Capped("r", 1, 8)]


def test_block_that_stays_large_is_left_out_and_told(blocks: duckdb.DuckDBPyConnection):
    found, capped = pairs(blocks, BlockingRule("r", ("name",), ()), 20)
    assert found == [(8, 9)]
    assert capped == [Capped("r", 1, 32)]


def test_pairs_fulfil_the_condition_of_their_rule(blocks: duckdb.DuckDBPyConnection):
    rule = BlockingRule("r", ("name",), (), condition="l.place = r.place")
    found, _ = pairs(blocks, rule, 1000)
    assert found == expected(("name", "place"))


def test_all_pairs_of_sampled_seekers_are_there(blocks: duckdb.DuckDBPyConnection):
    rule = BlockingRule("r", ("name",), (), condition="l.place = r.place")
    steps, _ = plan_blocks(blocks, (rule,), "t", "open", "node")
    collect_pairs(blocks, steps, "met", ("open", "node"), sampled="o.node = 2")
    sample = pairs_sql("met", "open", "is_sampled")
    met = {node for pair in expected(("name",)) if 2 in pair for node in pair}
    earlier_open = {0}
    found = blocks.sql(f"SELECT l.node, r.node FROM {sample}").fetchall()
    assert sorted(found) == [(2, node) for node in sorted(met - {2} - earlier_open)]
    assert keep_asked(blocks, "met") == len(expected(("name", "place")))


def test_a_rule_that_nobody_seeks_by_makes_no_step(blocks: duckdb.DuckDBPyConnection):
    blocks.execute("UPDATE open SET name = NULL")
    rule = BlockingRule("r", ("name",), ())
    assert plan_blocks(blocks, (rule,), "t", "open", "node") == ([], [])
