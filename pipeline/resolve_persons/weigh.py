"""Probabilistic links: train on the run's own pairs, then score what the blocks give."""

import dataclasses

import duckdb
import numpy as np
import numpy.typing as npt

from pipeline.linkage.block import (
    BlockedRule,
    Capped,
    collect_pairs,
    keep_asked,
    pairs_sql,
    plan_blocks,
)
from pipeline.linkage.estimate import Model
from pipeline.linkage.frames import row_count
from pipeline.linkage.parameters import Parameters
from pipeline.linkage.score import add_frequencies, score_pairs_sql
from pipeline.resolve_persons.encode import NODES, OPEN, PREFIX
from pipeline.resolve_persons.model import (
    BLOCKING,
    CHANCE,
    COMPARISONS,
    ROWS_OF,
)
from pipeline.resolve_persons.namesakes import underrated_bits
from pipeline.resolve_persons.remember import (
    CHANGED,
    KEPT,
    Night,
    digest_rows,
    find_changed,
)
from pipeline.resolve_persons.train import fit_model, sample_seekers

SEEKING = f"{PREFIX}_seeking"
"""The open rows with the bits of their values."""
PAIRS = f"{PREFIX}_pair"
SCORED = f"{PREFIX}_scored"
BEST = f"{PREFIX}_best"
"""Scored pairs, each once."""


@dataclasses.dataclass(frozen=True)
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
    pairs_kept: int
    """Pairs whose weight is last night's."""


def weigh_pairs(
    engine: duckdb.DuckDBPyConnection,
    posterior_floor_bits: float,
    parameters: Parameters | None,
    last_night: Night | None = None,
) -> Weighed:
    """Score every pair of the blocking rules, by frozen parameters or by tonight's fit.

    Args:
        engine: with the coded records, frequencies and neighbours.
        posterior_floor_bits: log2 posterior odds below which a pair is forgotten.
        parameters: frozen ones; null fits the model first.
        last_night: what a night with these parameters, settings and program kept; then
            only pairs with a changed row are met.
    """
    steps, capped = plan_blocks(engine, BLOCKING, PREFIX, OPEN, NODES, rows_of=ROWS_OF)
    if parameters is not None:
        digest_rows(engine, steps)
    add_frequencies(engine, COMPARISONS, OPEN, SEEKING, PREFIX)
    model = _fit(engine, steps) if parameters is None else parameters.model
    floor = posterior_floor_bits - model.prior_bits
    if last_night is not None:
        compared, kept = _score_changed(engine, steps, model, floor, last_night)
    else:
        if parameters is not None:
            collect_pairs(engine, steps, PAIRS, (SEEKING, NODES))
        compared, kept = _score(engine, model, floor, SCORED), 0
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {BEST} AS SELECT left_node, right_node, "
        f"max(weight) AS weight, arg_max(pattern, (weight, pattern)) AS pattern, "
        f"arg_max(chance_bits, (weight, pattern)) AS chance_bits "
        f"FROM {SCORED} GROUP BY left_node, right_node"
    )
    # What follows needs their memory.
    for table in (SEEKING, PAIRS, f"{PAIRS}_found", SCORED):
        engine.execute(f"DROP TABLE {table}")
    found = engine.execute(
        f"SELECT * FROM {BEST} ORDER BY left_node, right_node"
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
        kept,
    )


def take_off_underrated(
    engine: duckdb.DuckDBPyConnection, weighed: Weighed, merge_bits: float
) -> Weighed:
    """The pairs with what the shares of their names underrate taken off the weight.

    Only of pairs whose log2 posterior odds reach `merge_bits`; the others are asked about
    or left in any case. Not kept from night to night: any row may bear such a name.
    """
    heavy = np.flatnonzero(weighed.weight + weighed.model.prior_bits >= merge_bits)
    pairs = (weighed.left[heavy], weighed.right[heavy], weighed.pattern[heavy])
    bits = np.zeros(len(weighed.weight), dtype=np.float64)
    bits[heavy] = underrated_bits(engine, pairs, PREFIX, weighed.model.population)
    return dataclasses.replace(
        weighed, weight=weighed.weight - bits, chance_bits=weighed.chance_bits + bits
    )


def _fit(engine: duckdb.DuckDBPyConnection, steps: list[BlockedRule]) -> Model:
    """Make PAIRS, and the model from those of them whose seeker is sampled."""
    chosen, one_of = sample_seekers(engine)
    collect_pairs(engine, steps, PAIRS, (SEEKING, NODES), sampled=f"o.{chosen}")
    return fit_model(engine, steps, pairs_sql(PAIRS, SEEKING, "is_sampled"), one_of)


def _score(
    engine: duckdb.DuckDBPyConnection, model: Model, floor: float, table: str
) -> int:
    """Make the table of those in PAIRS that reach the floor; how many were compared."""
    compared = keep_asked(engine, PAIRS)
    query = score_pairs_sql(pairs_sql(PAIRS, SEEKING), model, PREFIX, CHANCE, floor)
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")
    return compared


def _score_changed(
    engine: duckdb.DuckDBPyConnection,
    steps: list[BlockedRule],
    model: Model,
    floor: float,
    last_night: Night,
) -> tuple[int, int]:
    """Make SCORED of pairs with a changed row, and of those kept; how many of each."""
    find_changed(engine, last_night)
    is_changed = f"o.node IN (SELECT node FROM {CHANGED})"
    collect_pairs(engine, steps, PAIRS, (SEEKING, NODES), open_filter=is_changed)
    seeking = _score(engine, model, floor, SCORED)
    collect_pairs(engine, steps, PAIRS, (SEEKING, CHANGED), open_filter=f"NOT {is_changed}")
    found = f"{SCORED}_found"
    others = _score(engine, model, floor, found)
    engine.execute(f"INSERT INTO {SCORED} SELECT * FROM {found}")
    engine.execute(
        f"INSERT INTO {SCORED} SELECT left_node, right_node, pattern, weight, chance_bits "
        f"FROM {KEPT}"
    )
    return seeking + others, row_count(engine, KEPT)
