"""Probabilistic links: train on the run's own pairs, then score what the blocks give."""

from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from pipeline.linkage.block import BlockedRule, Capped, plan_blocks
from pipeline.linkage.estimate import (
    Model,
    PatternCounts,
    estimate_m,
    u_probabilities,
)
from pipeline.linkage.score import (
    add_frequencies,
    count_patterns_sql,
    score_pairs_sql,
)
from pipeline.resolve_persons.encode import NODES, OPEN, PREFIX
from pipeline.resolve_persons.model import (
    BLOCKING,
    CHANCE,
    COMPARISONS,
    SAME_PINFL,
)

TRAINING_ROWS = 200_000
"""Rows that seek partners for the training of m; more rows add nothing but time."""
SEEKING = f"{PREFIX}_seeking"
SCORED = f"{PREFIX}_scored"
NOT_SETTLED = "(l.pinfl IS NULL OR r.pinfl IS NULL)"


@dataclass(frozen=True)
class Weighed:
    """The model, and scored pairs as arrays sorted by (left, right), one per pair."""

    model: Model
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    pattern: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]
    chance_bits: npt.NDArray[np.float64]
    capped: tuple[Capped, ...]
    pairs_compared: int


def weigh_pairs(engine: duckdb.DuckDBPyConnection, posterior_floor_bits: float) -> Weighed:
    """Train the model and score every pair of the blocking rules.

    Args:
        engine: with the coded records, frequencies and neighbours.
        posterior_floor_bits: log2 posterior odds below which a pair is forgotten.
    """
    add_frequencies(engine, COMPARISONS, OPEN, SEEKING, PREFIX)
    steps, capped = plan_blocks(engine, BLOCKING, PREFIX, OPEN, NODES)
    model, compared = _train(engine, steps)
    floor = posterior_floor_bits - model.prior_bits
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {SCORED} (left_node INTEGER, right_node INTEGER, "
        f"pattern BIGINT, weight REAL, chance_bits REAL)"
    )
    for step in steps:
        query = score_pairs_sql(
            step, model, PREFIX, (SEEKING, NODES), NOT_SETTLED, CHANCE, floor
        )
        engine.execute(f"INSERT INTO {SCORED} {query}")
    found = engine.execute(
        f"SELECT left_node, right_node, max(weight) AS weight, "
        f"arg_max(pattern, (weight, pattern)) AS pattern, "
        f"arg_max(chance_bits, (weight, pattern)) AS chance_bits "
        f"FROM {SCORED} GROUP BY left_node, right_node ORDER BY left_node, right_node"
    ).fetchnumpy()
    return Weighed(
        model,
        np.asarray(found["left_node"], dtype=np.int64),
        np.asarray(found["right_node"], dtype=np.int64),
        np.asarray(found["pattern"], dtype=np.int64),
        np.asarray(found["weight"], dtype=np.float64),
        np.asarray(found["chance_bits"], dtype=np.float64),
        tuple(capped),
        compared,
    )


def _train(
    engine: duckdb.DuckDBPyConnection, steps: list[BlockedRule]
) -> tuple[Model, int]:
    u = tuple(u_probabilities(engine, c, PREFIX) for c in COMPARISONS)
    open_rows, rows = (
        int(engine.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
        for table in (OPEN, NODES)
    )
    stride = max(1, open_rows // TRAINING_ROWS)
    counts = [
        _count(engine, step, (OPEN, NODES), NOT_SETTLED, f"o.row_id % {stride} = 0")
        for step in steps
    ]
    known_stride = max(1, rows // TRAINING_ROWS)
    known = _count(
        engine,
        BlockedRule(SAME_PINFL, SAME_PINFL.columns, SAME_PINFL.columns, None, None),
        (NODES, NODES),
        "true",
        f"o.row_id % {known_stride} = 0 AND "
        f"o.pinfl NOT IN (SELECT pinfl FROM {PREFIX}_pinfl_suspect)",
        is_match=True,
    )
    m, found = estimate_m(COMPARISONS, u, [*counts, known])
    matches = max([*found[:-1], 0.5]) * stride
    pairs = max(float(open_rows) * rows, 2.0)
    prior = float(np.log2(matches / pairs))
    compared = sum(int(count.counts.sum()) for count in counts) * stride
    return Model(COMPARISONS, m, u, min(prior, -1.0)), compared


def _count(
    engine: duckdb.DuckDBPyConnection,
    step: BlockedRule,
    tables: tuple[str, str],
    condition: str,
    open_filter: str,
    *,
    is_match: bool = False,
) -> PatternCounts:
    found = engine.execute(
        count_patterns_sql(step, COMPARISONS, PREFIX, tables, condition, open_filter)
        + " ORDER BY pattern"
    ).fetchnumpy()
    return PatternCounts(
        step.rule.fixes,
        np.asarray(found["pattern"], dtype=np.int64),
        np.asarray(found["pairs"], dtype=np.int64),
        is_match,
    )
