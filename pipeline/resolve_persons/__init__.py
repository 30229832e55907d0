"""Person records to persons: who is the same human being, and why.

Order: verified PINFL; exact keys; Fellegi-Sunter on what is left. Three outcomes: merged,
asked (both stay listed, flagged), different. Mechanics stand in pipeline/linkage, what is
compared in model.py, what may never be merged in verdict.py.
"""

import dataclasses

import duckdb
import polars as pl

from pipeline.linkage.block import Capped
from pipeline.linkage.estimate import Model
from pipeline.linkage.frames import drop_tables, store_frame
from pipeline.linkage.parameters import Parameters
from pipeline.resolve_persons.consolidate import consolidate
from pipeline.resolve_persons.decide import decide
from pipeline.resolve_persons.encode import PREFIX, encode_records, open_rows
from pipeline.resolve_persons.remember import Night, keep_night
from pipeline.resolve_persons.review import make_review_pairs, store_asked
from pipeline.resolve_persons.rules import link_by_rules
from pipeline.resolve_persons.tied import collect_tied
from pipeline.resolve_persons.ties import store_ties
from pipeline.resolve_persons.train import count_values
from pipeline.resolve_persons.weigh import (
    BEST,
    Weighed,
    take_off_underrated,
    weigh_pairs,
)
from pipeline.run import Linkage

__all__ = ["Night", "PersonResolution", "forget_rows", "resolve_persons", "waterfall"]


@dataclasses.dataclass(frozen=True)
class PersonResolution:
    """What stage 3 gives; relations are backed by TEMP tables of the engine."""

    person_links: duckdb.DuckDBPyRelation
    persons: duckdb.DuckDBPyRelation
    review_pairs: duckdb.DuckDBPyRelation
    model: duckdb.DuckDBPyRelation
    trained: Model
    """The model that weighed the pairs, whether fitted tonight or frozen."""
    night: Night | None
    """What the next night needs to compare only what changed; null without parameters."""
    capped: tuple[Capped, ...]
    """Pairs that were too many to be compared, by blocking rule."""
    notes: dict[str, int | float]
    """Counts for the log and the report: pairs compared, merged by rule, capped blocks."""


def resolve_persons(
    engine: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    decisions: duckdb.DuckDBPyRelation,
    settings: Linkage,
    parameters: Parameters | None = None,
    last_night: Night | None = None,
) -> PersonResolution:
    """Persons, and for every row the person it belongs to and what tied it there.

    Args:
        engine: where the TEMP tables `resolve_persons_*` are made.
        records: PersonRecord, one row per registration.
        decisions: SourceDecision; SAME_PERSON and DIFFERENT_PERSONS override the model.
        settings: thresholds in log2 posterior odds.
        parameters: frozen ones; null fits them on these records.
        last_night: what a night with these parameters, settings and this program kept;
            then only what changed is compared again, and the result is the same.

    Returns:
        Every row in exactly one person; the pairs to be asked; the model's parameters.
        Nothing depends on the order of the rows.
    """
    is_frozen = parameters is not None
    encoded = encode_records(engine, records, with_digests=is_frozen)
    open_rows(engine)
    population = count_values(engine, parameters, encoded.count)
    link_by_rules(engine, records, decisions, population)
    found = weigh_pairs(engine, settings.review_weight_bits, parameters, last_night)
    weighed = take_off_underrated(engine, found, settings.merge_weight_bits)
    tied = collect_tied(engine, weighed)
    decided = decide(tied, settings)
    ties = store_ties(engine, tied, decided)
    store_asked(engine, tied, decided, population)
    notes = _notes(encoded.count, ties, weighed)
    model, capped = weighed.model, weighed.capped
    # What follows needs their memory.
    del found, weighed, tied, decided, ties
    persons, links, person_count = consolidate(engine, records, encoded)
    reviews = make_review_pairs(engine, population)
    return PersonResolution(
        person_links=links,
        persons=persons,
        review_pairs=reviews,
        model=_model_relation(engine, model),
        trained=model,
        night=keep_night(engine, BEST) if is_frozen else None,
        capped=capped,
        notes={
            "persons": person_count,
            "pairs_for_review": int(reviews.count("*").fetchall()[0][0]),
            **notes,
        },
    )


def forget_rows(engine: duckdb.DuckDBPyConnection) -> None:
    """Drop what a resolution holds in the engine, once its result is written.

    Of 37 million rows it is some 5 GiB, which what follows would have to do without.
    """
    drop_tables(engine, PREFIX)


def waterfall(
    pattern: str, model: duckdb.DuckDBPyRelation, match_weight: float | None = None
) -> list[tuple[str, str, float]]:
    """(column, level, bits) for each comparison of a pattern, in the pattern's order.

    The model's weights are averages; how rare the shared values are makes the rest. With
    `match_weight` a last step `value_frequencies` brings the sum to it.
    """
    rows = model.project('"column", "level", match_weight').fetchall()
    weights = {(column, level): bits for column, level, bits in rows}
    steps = []
    for part in pattern.split():
        column, _, level = part.partition("=")
        steps.append((column, level, float(weights.get((column, level), 0.0))))
    if match_weight is not None:
        rest = match_weight - sum(bits for _, _, bits in steps)
        steps.append(("value_frequencies", "shared values", rest))
    return steps


def _model_relation(
    engine: duckdb.DuckDBPyConnection, model: Model
) -> duckdb.DuckDBPyRelation:
    rows = []
    for place, comparison in enumerate(model.comparisons):
        weights = model.base_weights(place)
        for number, level in enumerate(comparison.levels[1:], start=1):
            rows.append(
                {
                    "column": comparison.name,
                    "level": level,
                    "m_probability": float(model.m[place][number]),
                    "u_probability": float(model.u[place][number]),
                    "match_weight": float(weights[number]),
                }
            )
    rows.append(
        {
            "column": "prior",
            "level": "prior",
            "m_probability": float(2.0**model.prior_bits),
            "u_probability": 1.0,
            "match_weight": model.prior_bits,
        }
    )
    store_frame(engine, f"{PREFIX}_model", pl.DataFrame(rows))
    return engine.table(f"{PREFIX}_model")


def _notes(count: int, ties: pl.DataFrame, weighed: Weighed) -> dict[str, int | float]:
    notes: dict[str, int | float] = {
        "rows": count,
        "pairs_compared": weighed.pairs_compared,
        "pairs_kept": weighed.pairs_kept,
        "prior_bits": weighed.model.prior_bits,
        "blocks_capped": sum(capped.blocks for capped in weighed.capped),
        "pairs_capped": sum(capped.pairs for capped in weighed.capped),
    }
    for rule, rows in sorted(ties.group_by("rule").len().rows()):
        notes[f"rows_by_{rule.lower()}"] = rows
    notes["rows_by_single"] = count - ties.height
    for capped in weighed.capped:
        notes[f"pairs_capped_in_{capped.rule}"] = capped.pairs
    return notes
