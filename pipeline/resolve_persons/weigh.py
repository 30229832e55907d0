"""Probabilistic links: train on the run's own pairs, then score what the blocks give."""

from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from pipeline.linkage.block import Capped, collect_pairs, pairs_sql, plan_blocks
from pipeline.linkage.estimate import Model
from pipeline.linkage.parameters import Parameters
from pipeline.linkage.score import add_frequencies, score_pairs_sql
from pipeline.resolve_persons.encode import NODES, OPEN, PREFIX
from pipeline.resolve_persons.model import (
    BLOCKING,
    CHANCE,
    COMPARISONS,
    NOT_STRANGERS,
)
from pipeline.resolve_persons.train import NOT_SETTLED, fit_model

SEEKING = f"{PREFIX}_seeking"
"""The open rows with the bits of their values."""
SCORED = f"{PREFIX}_scored"


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


def weigh_pairs(
    engine: duckdb.DuckDBPyConnection,
    posterior_floor_bits: float,
    parameters: Parameters | None,
) -> Weighed:
    """Score every pair of the blocking rules, by frozen parameters or by tonight's fit.

    Args:
        engine: with the coded records, frequencies and neighbours.
        posterior_floor_bits: log2 posterior odds below which a pair is forgotten.
        parameters: frozen ones; null fits the model first.
    """
    steps, capped = plan_blocks(engine, BLOCKING, PREFIX, OPEN, NODES)
    model = fit_model(engine, steps) if parameters is None else parameters.model
    add_frequencies(engine, COMPARISONS, OPEN, SEEKING, PREFIX)
    pairs = f"{PREFIX}_pair"
    condition = f"{NOT_SETTLED} AND {NOT_STRANGERS}"
    compared = collect_pairs(engine, steps, pairs, (SEEKING, NODES), condition)
    query = score_pairs_sql(
        pairs_sql(pairs, SEEKING),
        model,
        PREFIX,
        CHANCE,
        posterior_floor_bits - model.prior_bits,
    )
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {SCORED} AS {query}")
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
