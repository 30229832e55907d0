"""Parameters of the Fellegi-Sunter model, from the data themselves.

u (chance of a level among different people) is counted from value frequencies, exactly:
for independent draws it is a sum of squares. m (chance among the same) comes from EM over
counted agreement patterns (Winkler 2000; Enamorado, Fifield and Imai 2019), so its cost
depends on the number of patterns, not of pairs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.linkage.compare import (
    Comparison,
    Neighbours,
    neighbour_tables,
    unpack_levels,
)
from pipeline.linkage.frames import store_columns
from pipeline.linkage.repeats import find_repeats

Floats = npt.NDArray[np.float64]

U_FLOOR = 1e-12
M_FLOOR = 1e-5
PRIOR_PAIRS = 200.0
"""Weight of the stated m probabilities, in pairs: they hold where data are scarce."""
ITERATIONS = 60


@dataclass(frozen=True)
class Frequencies:
    """How many rows hold each value of one column.

    `total` counts rows that have a value at all; `values` (text, rows) is sorted by text.
    """

    total: int
    rare_rows: int
    values: pl.DataFrame


@dataclass(frozen=True)
class PatternCounts:
    """Agreement patterns of one blocking rule and how many pairs show each."""

    fixes: tuple[str, ...]
    patterns: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    is_match: bool = False
    """All these pairs are known to be the same (they share a verified identifier)."""


def split_patterns(
    found: dict[str, npt.NDArray[np.int64]], fixes: list[tuple[str, ...]]
) -> list[PatternCounts]:
    """Counts (step, pattern, pairs) by step; `fixes` are those of each step's rule."""
    step, pattern, pairs = (
        np.asarray(found[name], dtype=np.int64) for name in ("step", "pattern", "pairs")
    )
    return [
        PatternCounts(fixed, pattern[step == number], pairs[step == number])
        for number, fixed in enumerate(fixes)
    ]


@dataclass(frozen=True)
class Model:
    """m and u by comparison, indexed by level number; index 0 (missing) is unused."""

    comparisons: tuple[Comparison, ...]
    m: tuple[Floats, ...]
    u: tuple[Floats, ...]
    prior_bits: float
    """log2 odds that a random pair of an open row and another row is a match."""
    population: int
    """Rows among which chance acts: tonight's, or those that frozen parameters name."""

    def base_weights(self, place: int) -> Floats:
        """log2(m/u) by level number of the comparison at `place`; 0 for missing."""
        weights = np.log2(self.m[place]) - np.log2(self.u[place])
        weights[0] = 0.0
        cap = self.comparisons[place].weight_cap
        return np.asarray(np.minimum(weights, cap), dtype=np.float64)


def count_frequencies(
    engine: duckdb.DuckDBPyConnection,
    comparisons: tuple[Comparison, ...],
    nodes: str,
    prefix: str,
    person: str = "node",
    sparse: tuple[str, ...] = (),
    counted: Mapping[str, str] | None = None,
) -> None:
    """Make `<prefix>_freq_<column>` (code, rows, bits, is_stated) and neighbours' mass.

    `<prefix>_rest_<column>` (total, bits) beside it holds the rows that have a value, and
    the bits of a value that is not listed: it stands on one row. `bits` is log2 of the
    share of rows with this value; a neighbours table gets the column `bits` (log2 share of
    rows that are neighbours in this grade, larger side).
    `is_stated` is false only for values that frozen parameters do not list.

    Args:
        engine: where the tables are.
        comparisons: whose tiers and neighbours are counted.
        nodes: table of coded rows.
        prefix: for the names of the tables made.
        person: column that tells whose row it is; a value counts once per person.
        sparse: whole-number columns whose values mostly stand on one row each; only the
            others are listed.
        counted: columns whose rows are counted already, and the table (code, rows).
    """
    count_columns(engine, comparisons, nodes, prefix, person, sparse, counted)
    count_neighbour_mass(engine, comparisons, prefix)


def count_columns(
    engine: duckdb.DuckDBPyConnection,
    comparisons: tuple[Comparison, ...],
    nodes: str,
    prefix: str,
    person: str = "node",
    sparse: tuple[str, ...] = (),
    counted: Mapping[str, str] | None = None,
) -> None:
    """The frequency tables of count_frequencies without the mass of neighbours."""
    columns = {
        tier.column
        for comparison in comparisons
        for tier in (*comparison.tiers, *comparison.coarse)
    } | {c.neighbours.column for c in comparisons if c.neighbours}
    for column in sorted(columns):
        if column in sparse:
            count_sparse(engine, column, nodes, prefix)
            continue
        amount = "count(*)" if person == "node" else f"count(DISTINCT {person})"
        rows_of = (counted or {}).get(
            column,
            f"(SELECT {column} AS code, {amount} AS rows FROM {nodes} "
            f"WHERE {column} IS NOT NULL GROUP BY {column})",
        )
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {prefix}_freq_{column} AS "
            f"SELECT code, rows, log2(rows / sum(rows) OVER ())::REAL AS bits, "
            f"true AS is_stated FROM {rows_of}"
        )
        rows = engine.execute(f"SELECT sum(rows) FROM {prefix}_freq_{column}").fetchall()
        store_rest(engine, column, prefix, int(rows[0][0] or 0), 1)


def count_sparse(
    engine: duckdb.DuckDBPyConnection,
    column: str,
    nodes: str,
    prefix: str,
    stated_total: int | None = None,
) -> None:
    """Make the frequency table of a column of which only repeated values are listed.

    Shares are taken of `stated_total` rows, by default of tonight's.
    """
    repeats = find_repeats(engine, nodes, column)
    total = max(repeats.total if stated_total is None else stated_total, 1)
    rows = np.minimum(repeats.rows, total)
    store_columns(
        engine,
        f"{prefix}_freq_{column}",
        code=repeats.values,
        rows=repeats.rows,
        bits=np.log2(rows / total).astype(np.float32),
        is_stated=np.ones(len(rows), dtype=np.bool_),
    )
    known = repeats.total if stated_total is None else stated_total
    store_rest(engine, column, prefix, known, 1)


def store_rest(
    engine: duckdb.DuckDBPyConnection, column: str, prefix: str, total: int, rows: int
) -> None:
    """Make the table of what holds for values that the frequency table does not list."""
    share = min(rows, max(total, 1)) / max(total, 1)
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {prefix}_rest_{column} AS "
        f"SELECT {total}::BIGINT AS total, {float(np.log2(share))!r}::REAL AS bits"
    )


def count_neighbour_mass(
    engine: duckdb.DuckDBPyConnection,
    comparisons: tuple[Comparison, ...],
    prefix: str,
    stated: dict[str, Frequencies] | None = None,
) -> None:
    """Give every neighbours table the column `bits`: log2 of the share of rows like them.

    Args:
        engine: with the frequency and neighbour tables.
        comparisons: those without neighbours are passed over.
        prefix: of the tables.
        stated: frozen frequencies by column; those of the tables by default.
    """
    for near in neighbour_tables(comparisons):
        total, least = f"SELECT sum(rows) FROM {prefix}_freq_{near.column}", 1
        if stated is not None:
            frequencies = stated[near.column]
            total, least = f"SELECT {frequencies.total}", frequencies.rare_rows
        _count_mass(engine, near, prefix, total, least)


def _count_mass(
    engine: duckdb.DuckDBPyConnection,
    near: Neighbours,
    prefix: str,
    total: str,
    least: int,
) -> None:
    """Only stated values add mass: a value new tonight must not move other pairs."""
    freq = f"{prefix}_freq_{near.column}"
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_{near.table} AS
        WITH mass AS (
            SELECT left_code AS code, grade, sum(f.rows) AS rows
            FROM {prefix}_{near.table} JOIN {freq} AS f ON f.code = right_code
            WHERE f.is_stated GROUP BY left_code, grade
        )
        SELECT n.left_code, n.right_code, n.grade,
            log2(greatest(a.rows, b.rows, {least}) / greatest(({total}), 1))::REAL AS bits
        FROM {prefix}_{near.table} AS n
        LEFT JOIN mass AS a ON a.code = n.left_code AND a.grade = n.grade
        LEFT JOIN mass AS b ON b.code = n.right_code AND b.grade = n.grade
        """
    )


def u_probabilities(
    engine: duckdb.DuckDBPyConnection, comparison: Comparison, prefix: str
) -> Floats:
    """U by level number, counted from the frequency tables of count_frequencies."""
    values = [1.0]
    for tier in comparison.tiers:
        values.append(_u_of_tier(engine, tier.column, prefix) - sum(values[1:]))
    values.extend(condition.u_probability for condition in comparison.conditions)
    if comparison.neighbours:
        values.extend(_u_of_neighbours(engine, comparison, prefix))
    for tier in comparison.coarse:
        share = _u_of_tier(engine, tier.column, prefix)
        # Neighbours lie only partly inside the tier.
        values.append(max(share - sum(values[1:]), share / 4))
    values.append(max(1.0 - sum(values[1:]), 1e-3))
    return np.asarray(np.maximum(values, U_FLOOR), dtype=np.float64)


def _u_of_tier(engine: duckdb.DuckDBPyConnection, column: str, prefix: str) -> float:
    """Chance that two different rows hold one value; finer levels are taken off it."""
    row = engine.execute(
        f"SELECT sum(rows * (rows - 1)::DOUBLE), "
        f"(SELECT total FROM {prefix}_rest_{column}) FROM {prefix}_freq_{column}"
    ).fetchall()[0]
    same, rows = float(row[0] or 0), float(row[1] or 0)
    return same / max(rows * (rows - 1), 1.0)


def _u_of_neighbours(
    engine: duckdb.DuckDBPyConnection, comparison: Comparison, prefix: str
) -> list[float]:
    near = comparison.neighbours
    if near is None:
        return []
    freq = f"{prefix}_freq_{near.column}"
    rows = engine.execute(
        f"""
        SELECT grade, sum(a.rows * b.rows::DOUBLE)
            / greatest((SELECT sum(rows)::DOUBLE ** 2 FROM {freq}), 1)
        FROM {prefix}_{near.table}
        JOIN {freq} AS a ON a.code = left_code JOIN {freq} AS b ON b.code = right_code
        GROUP BY grade ORDER BY grade
        """
    ).fetchall()
    by_grade = {int(grade): float(u) for grade, u in rows}
    return [
        max(by_grade.get(grade, 0.0), U_FLOOR) for grade in range(1, len(near.levels) + 1)
    ]


def prior_m(comparison: Comparison) -> Floats:
    """Stated m probabilities by level number, made to sum to one."""
    values = np.asarray([comparison.prior_m[level] for level in comparison.levels[1:]])
    return np.concatenate([[1.0], values / values.sum()])


def estimate_m(
    comparisons: tuple[Comparison, ...],
    u: tuple[Floats, ...],
    rules: list[PatternCounts],
) -> tuple[tuple[Floats, ...], list[float]]:
    """M by EM with u held, shared by all rules, each rule with its own share of matches.

    Returns:
        m by comparison, and for each rule the expected number of matching pairs.
    """
    m = [prior_m(comparison) for comparison in comparisons]
    levels = [unpack_levels(rule.patterns, len(comparisons)) for rule in rules]
    shares = [1.0 if rule.is_match else 0.1 for rule in rules]
    posteriors: list[Floats] = [np.zeros(len(rule.patterns)) for rule in rules]
    for _ in range(ITERATIONS):
        sums = [PRIOR_PAIRS * prior_m(comparison) for comparison in comparisons]
        for number, rule in enumerate(rules):
            posteriors[number] = _posterior(
                comparisons, m, u, rule, levels[number], shares[number]
            )
            expected = posteriors[number] * rule.counts
            if not rule.is_match and rule.counts.sum():
                share = (expected.sum() + 1e-3) / (rule.counts.sum() + 1.0)
                shares[number] = float(np.clip(share, 1e-9, 1 - 1e-9))
            _add_expected(comparisons, rule, levels[number], expected, sums)
        m = [_normalised(values) for values in sums]
    found = [
        float((posterior * rule.counts).sum())
        for posterior, rule in zip(posteriors, rules, strict=True)
    ]
    return tuple(m), found


def _posterior(
    comparisons: tuple[Comparison, ...],
    m: list[Floats],
    u: tuple[Floats, ...],
    rule: PatternCounts,
    levels: npt.NDArray[np.int64],
    share: float,
) -> Floats:
    if rule.is_match:
        return np.ones(len(rule.patterns))
    logit = np.full(len(rule.patterns), np.log(share) - np.log1p(-share))
    for place, comparison in enumerate(comparisons):
        if comparison.name in rule.fixes:
            continue
        ratio = np.log(m[place]) - np.log(u[place])
        ratio[0] = 0.0
        logit += ratio[levels[:, place]]
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -60, 60))))


def _add_expected(
    comparisons: tuple[Comparison, ...],
    rule: PatternCounts,
    levels: npt.NDArray[np.int64],
    expected: Floats,
    sums: list[Floats],
) -> None:
    for place, comparison in enumerate(comparisons):
        if comparison.name not in rule.fixes:
            sums[place] = sums[place] + np.bincount(
                levels[:, place], weights=expected, minlength=len(sums[place])
            )


def _normalised(sums: Floats) -> Floats:
    values = np.maximum(sums[1:], 1e-12)
    values = np.maximum(values / values.sum(), M_FLOOR)
    return np.concatenate([[1.0], values / values.sum()])
