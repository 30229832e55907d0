"""Match weights of pairs, in SQL, with term frequencies; and what they are made of.

A pair's weight is the sum over comparisons of log2(m/u), u taken for the very value the
rows share: agreeing on a rare value says more than agreeing on a common one.
"""

import math

import duckdb

from pipeline.linkage.compare import (
    BITS,
    Comparison,
    neighbour_tables,
)
from pipeline.linkage.estimate import Model


def add_frequencies(
    engine: duckdb.DuckDBPyConnection,
    comparisons: tuple[Comparison, ...],
    table: str,
    with_bits: str,
    prefix: str,
) -> None:
    """Make a copy of the open rows that carries log2 of its values' shares.

    Only tiers with frequencies need them, and only on the open side: at a tier both rows
    hold the same value.
    """
    columns = sorted(
        {t.column for c in comparisons if c.has_frequencies for t in (*c.tiers, *c.coarse)}
    )
    bits = ", ".join(
        f"coalesce(f_{column}.bits, rest_{column}.bits) AS bits_{column}"
        for column in columns
    )
    joins = "\n".join(
        f"LEFT JOIN {prefix}_freq_{column} AS f_{column} ON f_{column}.code = n.{column} "
        f"CROSS JOIN {prefix}_rest_{column} AS rest_{column}"
        for column in columns
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {with_bits} AS SELECT n.*, {bits} "
        f"FROM {table} AS n {joins}"
    )


def neighbours_sql(comparisons: tuple[Comparison, ...], prefix: str) -> str:
    """LEFT JOINs of the neighbour tables, each once."""
    return "\n".join(
        f"LEFT JOIN {prefix}_{near.table} AS {near.table} "
        f"ON {near.table}.left_code = l.{near.column} "
        f"AND {near.table}.right_code = r.{near.column}"
        for near in neighbour_tables(comparisons)
    )


def count_patterns_sql(pairs: str, comparisons: tuple[Comparison, ...], prefix: str) -> str:
    """SQL for (step, pattern, pairs), sorted, of pairs given as SQL for (step, l, r)."""
    packed = " | ".join(
        f"({c.level_sql()}::BIGINT << {BITS * place})"
        for place, c in enumerate(comparisons)
    )
    return (
        f"SELECT step, {packed} AS pattern, count(*) AS pairs FROM {pairs} "
        f"{neighbours_sql(comparisons, prefix)} GROUP BY ALL ORDER BY ALL"
    )


def score_pairs_sql(
    pairs: str, model: Model, prefix: str, chance: tuple[str, ...], weight_floor: float
) -> str:
    """SQL for the pairs that reach the floor, of pairs given as SQL for (step, l, r).

    Columns: left_node, right_node (smaller first), pattern, weight, chance_bits (log2 of
    the share of other rows that agree this well on the comparisons named in `chance`).
    """
    comparisons = model.comparisons
    select = ["l.node AS a", "r.node AS b"]
    for comparison in comparisons:
        select.append(f"{comparison.level_sql()} AS g_{comparison.name}")
        if comparison.has_frequencies:
            select.append(f"{_value_bits(comparison)} AS v_{comparison.name}")
    compared = (
        f"SELECT {', '.join(select)} FROM {pairs} {neighbours_sql(comparisons, prefix)}"
    )
    weight = " + ".join(_weight_sql(model, place) for place in range(len(comparisons)))
    packed = " | ".join(
        f"(g_{c.name}::BIGINT << {BITS * place})" for place, c in enumerate(comparisons)
    )
    shares = " + ".join(f"coalesce(v_{c.name}, 0)" for c in comparisons if c.name in chance)
    return (
        f"SELECT least(a, b) AS left_node, greatest(a, b) AS right_node, "
        f"{packed} AS pattern, weight, {shares or '0'} AS chance_bits "
        f"FROM (SELECT *, ({weight})::REAL AS weight FROM ({compared})) "
        f"WHERE weight >= {weight_floor!r}"
    )


def _value_bits(comparison: Comparison) -> str:
    """log2 share of the rows that reach this level with this value; null elsewhere."""
    column = comparison.missing_column
    missing = f"l.{column} IS NULL OR r.{column} IS NULL"
    if comparison.applies:
        missing = f"{missing} OR NOT ({comparison.applies})"
    branches = [f"WHEN {missing} THEN NULL"]
    branches.extend(
        f"WHEN l.{tier.column} = r.{tier.column} THEN l.bits_{tier.column}"
        for tier in comparison.tiers
    )
    if comparison.neighbours or comparison.coarse:
        branches.extend(f"WHEN {c.sql} THEN NULL" for c in comparison.conditions)
    if comparison.neighbours:
        near = f"{comparison.neighbours.table}.bits"
        branches.append(f"WHEN {near} IS NOT NULL THEN {near}")
    branches.extend(
        f"WHEN l.{tier.column} = r.{tier.column} THEN l.bits_{tier.column}"
        for tier in comparison.coarse
    )
    return f"(CASE {' '.join(branches)} ELSE NULL END)"


def _weight_sql(model: Model, place: int) -> str:
    comparison = model.comparisons[place]
    base = model.base_weights(place)
    level = f"g_{comparison.name}"
    value = f"v_{comparison.name}"
    branches = ["WHEN 0 THEN 0"]
    for number, name in enumerate(comparison.levels[1:], start=1):
        plain = repr(float(base[number]))
        if comparison.has_frequencies and _is_valued(comparison, name):
            m_bits = repr(math.log2(model.m[place][number]))
            cap = comparison.weight_cap
            branches.append(
                f"WHEN {number} THEN least(coalesce({m_bits} - {value}, {plain}), {cap})"
            )
        else:
            branches.append(f"WHEN {number} THEN {plain}")
    return f"(CASE {level} {' '.join(branches)} END)"


def _is_valued(comparison: Comparison, level: str) -> bool:
    near = comparison.neighbours.levels if comparison.neighbours else ()
    tiers = (*comparison.tiers, *comparison.coarse)
    return level in near or level in {tier.level for tier in tiers}
