"""Which pairs are worth comparing: blocking rules as integer joins, capped.

A pair is stored as three whole numbers, and both rows are read once for all rules. Only
`open` rows seek partners; a row whose identity is settled is found by others and seeks
nobody.
"""

from dataclasses import dataclass

import duckdb

BLOCK_PAIRS_MAX = 20_000
"""A block with more pairs than this is narrowed by the rule's refinements, or skipped."""


@dataclass(frozen=True)
class BlockingRule:
    """Columns that must agree, and columns that narrow a block that is too large.

    `fixes` names the comparisons that the rule decides beforehand: their levels say
    nothing in its blocks, so parameters are not trained on them there.
    """

    name: str
    columns: tuple[str, ...]
    fixes: tuple[str, ...]
    refinements: tuple[str, ...] = ()
    open_columns: tuple[str, ...] = ()
    """Columns of the open row where they differ from those of the row it finds."""


@dataclass(frozen=True)
class BlockedRule:
    """One step of a rule: its columns and the keys that are left out or alone allowed."""

    rule: BlockingRule
    columns: tuple[str, ...]
    open_columns: tuple[str, ...]
    within: tuple[str, int] | None
    without: str | None


@dataclass(frozen=True)
class Capped:
    """What a rule left out: blocks and pairs that no refinement made small enough."""

    rule: str
    blocks: int
    pairs: int


def plan_blocks(
    engine: duckdb.DuckDBPyConnection,
    rules: tuple[BlockingRule, ...],
    prefix: str,
    open_table: str,
    all_table: str,
    pairs_max: int = BLOCK_PAIRS_MAX,
) -> tuple[list[BlockedRule], list[Capped]]:
    """Steps that together give every pair of the rules, and what had to be left out."""
    steps: list[BlockedRule] = []
    capped: list[Capped] = []
    for rule in rules:
        within: tuple[str, int] | None = None
        columns = rule.columns
        open_columns = rule.open_columns or rule.columns
        for depth in range(len(rule.refinements) + 1):
            large = f"{prefix}_large_{rule.name}_{depth}"
            step = BlockedRule(rule, columns, open_columns, within, None)
            blocks, pairs, is_used = _find_large(
                engine, step, large, open_table, all_table, pairs_max
            )
            without = large if blocks else None
            if is_used:
                steps.append(BlockedRule(rule, columns, open_columns, within, without))
            if not blocks:
                break
            if depth == len(rule.refinements):
                capped.append(Capped(rule.name, blocks, pairs))
                break
            within = (large, len(columns))
            columns = (*columns, rule.refinements[depth])
            open_columns = (*open_columns, rule.refinements[depth])
    return steps, capped


def _find_large(
    engine: duckdb.DuckDBPyConnection,
    step: BlockedRule,
    large: str,
    open_table: str,
    all_table: str,
    pairs_max: int,
) -> tuple[int, int, bool]:
    """Make the table of keys whose blocks are too large.

    Returns:
        How many, with how many pairs, and whether any block holds a pair at all.
    """
    keys = ", ".join(f"k{i}" for i in range(len(step.columns)))
    seeking, found = (
        "SELECT "
        + ", ".join(f"{column} AS k{i}" for i, column in enumerate(columns))
        + f", is_open FROM {table} WHERE "
        + " AND ".join(f"{column} IS NOT NULL" for column in columns)
        for table, columns in (
            (open_table, step.open_columns),
            (all_table, step.columns),
        )
    )
    within = ""
    if step.within:
        table, width = step.within
        within = "WHERE " + _in_keys("o", step, table, width, negated=False, keyed=True)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {large} AS
        WITH o AS MATERIALIZED (
            SELECT {keys}, count(*) AS n FROM ({seeking}) AS o {within} GROUP BY {keys}
        ), a AS (
            SELECT {keys}, count(*) AS n FROM ({found}) SEMI JOIN o USING ({keys})
            GROUP BY {keys} {_others(step)}
        )
        SELECT {keys}, o.n::BIGINT * a.n AS pairs FROM o JOIN a USING ({keys})
        """
    )
    row = engine.execute(
        f"SELECT count(*) FILTER (pairs > {pairs_max}), "
        f"coalesce(sum(pairs) FILTER (pairs > {pairs_max}), 0), count(*) FROM {large}"
    ).fetchall()[0]
    engine.execute(f"DELETE FROM {large} WHERE pairs <= {pairs_max}")
    return int(row[0]), int(row[1]), int(row[2]) > 0


def _others(step: BlockedRule) -> str:
    """SQL that leaves out blocks in which an open row would meet nobody but itself.

    An open row is itself in its block only where it is also a row to be found, and seeks
    in the columns it is found by.
    """
    if step.open_columns != step.columns:
        return ""
    return "HAVING count(*) > 1 OR NOT bool_and(is_open)"


def _in_keys(
    alias: str,
    step: BlockedRule,
    table: str,
    width: int,
    *,
    negated: bool,
    keyed: bool = False,
) -> str:
    matches = " AND ".join(
        f"{alias}.{f'k{i}' if keyed else step.open_columns[i]} = big.k{i}"
        for i in range(width)
    )
    word = "NOT EXISTS" if negated else "EXISTS"
    return f"{word} (SELECT 1 FROM {table} AS big WHERE {matches})"


def collect_pairs(
    engine: duckdb.DuckDBPyConnection,
    steps: list[BlockedRule],
    table: str,
    rows: tuple[str, str],
    condition: str,
    open_filter: str = "true",
) -> int:
    """Make `<table>` of step, seeker, node found; and `<table>_found`.

    A pair of two open rows comes once a step (l before r) unless l is a variant of its
    row. `<table>_found` holds the rows that are found.

    Args:
        engine: with the tables of plan_blocks.
        steps: what plan_blocks gave.
        table: name of the tables made.
        rows: the open rows, in a table (no view), as they are named by their place in it;
            and the rows that may be found.
        condition: SQL on l (open row) and r (row found) that a pair must fulfil.
        open_filter: SQL on o: the open rows that seek.

    Returns:
        How many pairs there are; one that two steps give counts twice.
    """
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} "
        f"(step UTINYINT, seeker INTEGER, node INTEGER)"
    )
    for number, step in enumerate(steps):
        query = _meeting_sql(step, rows, condition, open_filter)
        engine.execute(
            f"INSERT INTO {table} SELECT {number}, l.seeker, r.node FROM {query}"
        )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {table}_found AS "
        f"SELECT * FROM {rows[1]} SEMI JOIN {table} USING (node)"
    )
    return int(engine.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _meeting_sql(
    step: BlockedRule, rows: tuple[str, str], condition: str, open_filter: str
) -> str:
    equal = " AND ".join(
        f"l.{left} = r.{right}"
        for left, right in zip(step.open_columns, step.columns, strict=True)
    )
    limits = [open_filter]
    if step.within:
        table, width = step.within
        limits.append(_in_keys("o", step, table, width, negated=False))
    if step.without:
        limits.append(_in_keys("o", step, step.without, len(step.columns), negated=True))
    source = (
        f"(SELECT rowid::INTEGER AS seeker, * FROM {rows[0]} AS o "
        f"WHERE {' AND '.join(limits)})"
    )
    once = "l.node <> r.node"
    if step.open_columns == step.columns:
        once = "(NOT r.is_open OR l.node < r.node OR l.is_variant) AND " + once
    return f"{source} AS l JOIN {rows[1]} AS r ON {equal} WHERE {once} AND {condition}"


def pairs_sql(table: str, open_table: str) -> str:
    """SQL that streams the pairs of collect_pairs: step, open row l, found row r.

    Both rows travel on as one value each: chained joins of plain columns make DuckDB 2.0
    mix up the dictionaries of two threads ("dict-surviving cache … changed identity") and
    stop.
    """
    return (
        f"(SELECT p.step, l, r FROM {table} AS p "
        f"JOIN (SELECT rowid::INTEGER AS seeker, * FROM {open_table}) AS l USING (seeker) "
        f"JOIN {table}_found AS r ON r.node = p.node)"
    )
