"""How far tonight's register has moved from the frozen parameters.

Nothing is refitted in silence: a level whose share doubled or halved is told, and whoever
runs the list decides whether to train again.
"""

from dataclasses import dataclass

import duckdb
import numpy as np

from pipeline.linkage.estimate import count_columns, u_probabilities
from pipeline.linkage.parameters import Parameters
from pipeline.resolve_persons.encode import NODES, PREFIX
from pipeline.resolve_persons.model import COUNTED, ROWS_OF, SPARSE
from pipeline.resolve_persons.train import count_known_pairs, level_counts

BITS_MAX = 1.0
"""A share twice or half of the stated one moves a weight by a bit."""
PAIRS_MIN = 200
"""Fewer pairs known to be the same say nothing about shares among them."""
SHARE_MIN = 1e-9
"""Levels rarer than this among strangers are chance themselves."""
DEVIATIONS = 4.0


@dataclass(frozen=True)
class Drift:
    """One level whose share moved: among pairs of strangers or of the same person."""

    comparison: str
    level: str
    among: str
    """`strangers` (u, from value frequencies) or `same_person` (pairs of one PINFL)."""
    before: float
    now: float
    bits: float
    """log2(now / before)."""


def measure_drift(engine: duckdb.DuckDBPyConnection, parameters: Parameters) -> list[Drift]:
    """Levels that moved by more than BITS_MAX, the farthest first.

    Args:
        engine: with the tables of tonight's resolution by these parameters.
        parameters: the frozen ones.
    """
    found = [*_among_strangers(engine, parameters), *_among_same(engine, parameters)]
    return sorted(found, key=lambda d: (-abs(d.bits), d.comparison, d.level, d.among))


def _among_strangers(
    engine: duckdb.DuckDBPyConnection, parameters: Parameters
) -> list[Drift]:
    now = f"{PREFIX}_now"
    comparisons = parameters.model.comparisons
    counted = {column: ROWS_OF[column] for column in COUNTED}
    count_columns(engine, comparisons, NODES, now, sparse=SPARSE, counted=counted)
    found = []
    for place, comparison in enumerate(comparisons):
        if comparison.neighbours:
            table = comparison.neighbours.table
            engine.execute(
                f"CREATE OR REPLACE TEMP VIEW {now}_{table} AS "
                f"SELECT * FROM {PREFIX}_{table}"
            )
        shares = u_probabilities(engine, comparison, now)
        # Stated, not counted; and neighbours, whose grades depend on how rare values are
        # listed: they move with the values that they are neighbours of.
        near = comparison.neighbours.levels if comparison.neighbours else ()
        stated = {*near, *(condition.level for condition in comparison.conditions)}
        for number, level in enumerate(comparison.levels):
            before, tonight = parameters.model.u[place][number], shares[number]
            if not number or level in stated or max(before, tonight) < SHARE_MIN:
                continue
            bits = float(np.log2(tonight / before))
            if abs(bits) > BITS_MAX:
                found.append(
                    Drift(comparison.name, level, "strangers", before, tonight, bits)
                )
    return found


def _among_same(engine: duckdb.DuckDBPyConnection, parameters: Parameters) -> list[Drift]:
    found = []
    counts = level_counts(count_known_pairs(engine))
    for place, comparison in enumerate(parameters.model.comparisons):
        pairs = float(counts[place].sum())
        before = parameters.shares[place]
        if pairs < PAIRS_MIN or not before.sum():
            continue
        shares = counts[place] / pairs
        for number, level in enumerate(comparison.levels):
            if number and _has_moved(before[number], shares[number], pairs):
                # A level that nobody reaches counts as half a pair.
                least = 0.5 / pairs
                then, now = max(before[number], least), max(shares[number], least)
                bits = float(np.log2(now / then))
                if abs(bits) > BITS_MAX:
                    found.append(
                        Drift(comparison.name, level, "same_person", then, now, bits)
                    )
    return found


def _has_moved(before: float, now: float, pairs: float) -> bool:
    """Whether sampling alone would hardly give this difference."""
    share = max(before, now)
    return abs(now - before) > DEVIATIONS * float(np.sqrt(share * (1 - share) / pairs))
