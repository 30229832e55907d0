"""Which pairs are worth comparing: blocking rules as integer joins, capped.

A pair is stored as three whole numbers, and both rows are read once for all rules. Only
`open` rows seek partners; a row whose identity is settled is found by others and seeks
nobody.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from pipeline.linkage.frames import row_count

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
    condition: str = "true"
    """SQL on l (open row) and r (row found): what a pair must fulfil to be weighed."""


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
    """What a rule left out: blocks and pairs that no refinement made small enough.

    Either all are used up, or an open row doesn't know the value that the next asks for.
    """

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
    rows_of: Mapping[str, str] | None = None,
) -> tuple[list[BlockedRule], list[Capped]]:
    """Steps that together give every pair of the rules, and what had to be left out.

    Args:
        engine: where the tables are; gets one of large blocks for each step.
        rules: the rules.
        prefix: of the tables made.
        open_table: rows that seek.
        all_table: rows that may be found.
        pairs_max: most pairs of one block.
        rows_of: for columns already counted, the table (code, rows) of how many rows of
            `all_table` and of the open rows, each once, hold a value; one that isn't
            listed stands on one row. No block has more rows than its rarest value, so
            most need no count of their own. An open row may stand in its table twice.
    """
    steps: list[BlockedRule] = []
    capped: list[Capped] = []
    for rule in rules:
        within: tuple[str, int] | None = None
        columns = rule.columns
        open_columns = rule.open_columns or rule.columns
        left_out: list[tuple[int, int]] = []
        for depth, refinement in enumerate((*rule.refinements, None)):
            large = f"{prefix}_large_{rule.name}_{depth}"
            step = BlockedRule(rule, columns, open_columns, within, None)
            if not _is_sought(engine, step, open_table):
                break
            _list_suspects(engine, step, large, open_table, pairs_max, rows_of or {})
            blocks = _keep_large(engine, step, large, all_table, pairs_max)
            without = large if blocks else None
            steps.append(BlockedRule(rule, columns, open_columns, within, without))
            if not blocks:
                break
            left_out.append(_count_left_out(engine, step, large, open_table, refinement))
            if refinement:
                within = (large, len(columns))
                columns = (*columns, refinement)
                open_columns = (*open_columns, refinement)
        pairs = sum(pairs for _, pairs in left_out)
        if pairs:
            capped.append(Capped(rule.name, sum(blocks for blocks, _ in left_out), pairs))
    return steps, capped


def _seekers_sql(step: BlockedRule, open_table: str, limit: str = "true") -> str:
    """SQL of the keys k0, k1, ... that open rows o seek in a step."""
    keys = ", ".join(f"o.{column} AS k{i}" for i, column in enumerate(step.open_columns))
    limits = [limit, *(f"o.{column} IS NOT NULL" for column in step.open_columns)]
    if step.within:
        table, width = step.within
        limits.append(_in_keys("o", step, table, width, negated=False))
    return f"SELECT {keys} FROM {open_table} AS o WHERE {' AND '.join(limits)}"


def _is_sought(
    engine: duckdb.DuckDBPyConnection, step: BlockedRule, open_table: str
) -> bool:
    return bool(engine.execute(f"{_seekers_sql(step, open_table)} LIMIT 1").fetchall())


def _list_suspects(
    engine: duckdb.DuckDBPyConnection,
    step: BlockedRule,
    large: str,
    open_table: str,
    pairs_max: int,
    rows_of: Mapping[str, str],
) -> None:
    """Make the table of keys sought, and by how many rows, whose block may be too large."""
    keys = _keys(step)
    counted = [i for i, column in enumerate(step.columns) if column in rows_of]
    # Of rows with one value at most twice as many seek: each, and its variant.
    rows_min = math.isqrt(pairs_max // 2)
    joins = " ".join(
        f"JOIN {rows_of[step.columns[i]]} AS r{i} ON r{i}.code = k{i} "
        f"AND r{i}.rows > {rows_min}"
        for i in counted
    )
    most = ", ".join(f"min(r{i}.rows)" for i in counted)
    bound = f"HAVING count(*) * least({most}) > {pairs_max}" if counted else ""
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {large} AS SELECT {keys}, count(*) AS seekers "
        f"FROM ({_seekers_sql(step, open_table)}) {joins} GROUP BY {keys} {bound}"
    )


def _keep_large(
    engine: duckdb.DuckDBPyConnection,
    step: BlockedRule,
    large: str,
    all_table: str,
    pairs_max: int,
) -> int:
    """Leave only keys whose blocks are too large, with their rows; how many these are."""
    if not row_count(engine, large):
        return 0
    keys = _keys(step)
    equal = " AND ".join(f"r.{column} = k{i}" for i, column in enumerate(step.columns))
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {large} AS
        SELECT {keys}, count(*) AS rows
        FROM {all_table} AS r JOIN {large} ON {equal}
        GROUP BY {keys}, seekers HAVING seekers * count(*) > {pairs_max}
        """
    )
    return row_count(engine, large)


def _count_left_out(
    engine: duckdb.DuckDBPyConnection,
    step: BlockedRule,
    large: str,
    open_table: str,
    refinement: str | None,
) -> tuple[int, int]:
    """Large blocks, and their pairs, of open rows that the refinement can't narrow.

    These are rows that don't know the value it asks for; all where none is left.
    """
    limit = f"o.{refinement} IS NULL" if refinement else "true"
    keys = _keys(step)
    row = engine.execute(
        f"SELECT count(DISTINCT ({keys})), coalesce(sum(rows), 0) "
        f"FROM ({_seekers_sql(step, open_table, limit)}) JOIN {large} USING ({keys})"
    ).fetchall()[0]
    return int(row[0]), int(row[1])


def _keys(step: BlockedRule) -> str:
    return ", ".join(f"k{i}" for i in range(len(step.columns)))


def _in_keys(
    alias: str,
    step: BlockedRule,
    table: str,
    width: int,
    *,
    negated: bool,
) -> str:
    matches = " AND ".join(
        f"{alias}.{step.open_columns[i]} = big.k{i}" for i in range(width)
    )
    word = "NOT EXISTS" if negated else "EXISTS"
    return f"{word} (SELECT 1 FROM {table} AS big WHERE {matches})"


def collect_pairs(
    engine: duckdb.DuckDBPyConnection,
    steps: list[BlockedRule],
    table: str,
    rows: tuple[str, str],
    condition: str | None = None,
    open_filter: str = "true",
    sampled: str = "false",
) -> None:
    """Make `<table>` of step, seeker, node found, is_asked, is_sampled; and the rows found.

    A pair of two open rows comes once a step (l before r) unless l is a variant of its
    row. `<table>_found` holds the rows that are found. `is_asked` is false for a pair that
    is there only because its seeker is sampled.

    Args:
        engine: with the tables of plan_blocks.
        steps: what plan_blocks gave.
        table: name of the tables made.
        rows: the open rows, in a table (no view), as they are named by their place in it;
            and the rows that may be found.
        condition: SQL on l (open row) and r (row found) that a pair must fulfil; by
            default what its rule asks.
        open_filter: SQL on o: the open rows that seek.
        sampled: SQL on o: the seekers whose pairs are all there, whatever is asked.
    """
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} "
        f"(step UTINYINT, seeker INTEGER, node INTEGER, is_asked BOOLEAN, "
        f"is_sampled BOOLEAN)"
    )
    for number, step in enumerate(steps):
        asked = step.rule.condition if condition is None else condition
        query = _meeting_sql(step, rows, f"(l.is_sampled OR {asked})", open_filter, sampled)
        engine.execute(
            f"INSERT INTO {table} SELECT {number}, l.seeker, r.node, "
            f"coalesce({asked}, false), l.is_sampled FROM {query}"
        )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {table}_found AS "
        f"SELECT * FROM {rows[1]} SEMI JOIN {table} USING (node)"
    )


def keep_asked(engine: duckdb.DuckDBPyConnection, table: str) -> int:
    """Keep only pairs that are asked for, each once, whichever steps gave it; how many."""
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT min(step) AS step, seeker, node "
        f"FROM {table} WHERE is_asked GROUP BY seeker, node"
    )
    return row_count(engine, table)


def _meeting_sql(
    step: BlockedRule,
    rows: tuple[str, str],
    condition: str,
    open_filter: str,
    sampled: str,
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
        f"(SELECT rowid::INTEGER AS seeker, *, {sampled} AS is_sampled "
        f"FROM {rows[0]} AS o WHERE {' AND '.join(limits)})"
    )
    once = "l.node <> r.node"
    if step.open_columns == step.columns:
        once = "(NOT r.is_open OR l.node < r.node OR l.is_variant) AND " + once
    return f"{source} AS l JOIN {rows[1]} AS r ON {equal} WHERE {once} AND {condition}"


def pairs_sql(table: str, open_table: str, chosen: str = "true") -> str:
    """SQL that streams the pairs of collect_pairs: step, open row l, found row r.

    Only those that are chosen, by SQL on the columns of the table of pairs.

    Both rows travel on as one value each: chained joins of plain columns make DuckDB 2.0
    mix up the dictionaries of two threads ("dict-surviving cache … changed identity") and
    stop.
    """
    return (
        f"(SELECT p.step, l, r FROM (SELECT * FROM {table} WHERE {chosen}) AS p "
        f"JOIN (SELECT rowid::INTEGER AS seeker, * FROM {open_table}) AS l USING (seeker) "
        f"JOIN {table}_found AS r ON r.node = p.node)"
    )
