"""Person records to persons: who is the same human being, and why.

Order: verified PINFL; exact keys; Fellegi-Sunter on what is left. Three outcomes: merged,
asked (both stay listed, flagged), different. Mechanics stand in pipeline/linkage, what is
compared in model.py, what may never be merged in verdict.py.
"""

import dataclasses

import duckdb
import numpy as np
import polars as pl

from pipeline.linkage.cluster import Links
from pipeline.linkage.compare import pattern_texts
from pipeline.linkage.estimate import Model
from pipeline.linkage.frames import store_frame
from pipeline.linkage.parameters import Parameters
from pipeline.resolve_persons.consolidate import consolidate
from pipeline.resolve_persons.decide import Decided, Ints, decide
from pipeline.resolve_persons.encode import (
    NODES,
    PREFIX,
    encode_records,
    open_rows,
)
from pipeline.resolve_persons.model import COMPARISONS
from pipeline.resolve_persons.review import make_review_pairs
from pipeline.resolve_persons.rules import CANNOT, LINKS, link_by_rules
from pipeline.resolve_persons.train import count_values
from pipeline.resolve_persons.weigh import Weighed, weigh_pairs
from pipeline.run import Linkage
from schemas.codes import LinkRule

__all__ = ["PersonResolution", "resolve_persons", "waterfall"]


@dataclasses.dataclass(frozen=True)
class PersonResolution:
    """What stage 3 gives; relations are backed by TEMP tables of the engine."""

    person_links: duckdb.DuckDBPyRelation
    persons: duckdb.DuckDBPyRelation
    review_pairs: duckdb.DuckDBPyRelation
    model: duckdb.DuckDBPyRelation
    trained: Model
    """The model that weighed the pairs, whether fitted tonight or frozen."""
    notes: dict[str, int | float]
    """Counts for the log and the report: pairs compared, merged by rule, capped blocks."""


def resolve_persons(
    engine: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    decisions: duckdb.DuckDBPyRelation,
    settings: Linkage,
    parameters: Parameters | None = None,
) -> PersonResolution:
    """Persons, and for every row the person it belongs to and what tied it there.

    Args:
        engine: where the TEMP tables `resolve_persons_*` are made.
        records: PersonRecord, one row per registration.
        decisions: SourceDecision; SAME_PERSON and DIFFERENT_PERSONS override the model.
        settings: thresholds in log2 posterior odds.
        parameters: frozen ones; null fits them on these records.

    Returns:
        Every row in exactly one person; the pairs to be asked; the model's parameters.
        Nothing depends on the order of the rows.
    """
    count = encode_records(engine, records)
    open_rows(engine)
    population = count_values(engine, parameters, count)
    link_by_rules(engine, records, decisions, population)
    weighed = weigh_pairs(engine, settings.review_weight_bits, parameters)
    rule_links, rules = _rule_links(engine)
    decided = decide(count, rule_links, _pinfls(engine), _cannot(engine), weighed, settings)
    ties = _ties(count, decided, rule_links, rules, weighed)
    _store_clusters(engine, decided, ties)
    persons, links = consolidate(engine, records)
    reviews = make_review_pairs(engine, weighed, decided, population)
    return PersonResolution(
        person_links=links,
        persons=persons,
        review_pairs=reviews,
        model=_model_relation(engine, weighed.model),
        trained=weighed.model,
        notes=_notes(count, decided, ties, weighed, reviews),
    )


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


def _rule_links(engine: duckdb.DuckDBPyConnection) -> tuple[Links, list[str]]:
    found = engine.sql(
        f"SELECT left_node, right_node, weight, rule FROM {LINKS} "
        f"ORDER BY weight DESC, left_node, right_node"
    ).pl()
    links = Links(
        found["left_node"].cast(pl.Int64).to_numpy(),
        found["right_node"].cast(pl.Int64).to_numpy(),
        found["weight"].to_numpy(),
    )
    return links, found["rule"].to_list()


def _pinfls(engine: duckdb.DuckDBPyConnection) -> Ints:
    found = engine.execute(
        f"SELECT coalesce(pinfl, -1) AS pinfl FROM {NODES} ORDER BY node"
    ).fetchnumpy()
    return np.asarray(found["pinfl"], dtype=np.int64)


def _cannot(engine: duckdb.DuckDBPyConnection) -> tuple[Ints, Ints]:
    found = engine.execute(
        f"SELECT left_node, right_node FROM {CANNOT} ORDER BY left_node, right_node"
    ).fetchnumpy()
    return (
        np.asarray(found["left_node"], dtype=np.int64),
        np.asarray(found["right_node"], dtype=np.int64),
    )


def _ties(
    count: int, decided: Decided, rule_links: Links, rules: list[str], weighed: Weighed
) -> pl.DataFrame:
    """Per row the strongest link that holds it in its cluster: rule, weight, pattern."""
    same = decided.labels[rule_links.left] == decided.labels[rule_links.right]
    by_rule = pl.DataFrame(
        {
            "left": rule_links.left[same],
            "right": rule_links.right[same],
            "strength": rule_links.weight[same],
            "rule": pl.Series(rules, dtype=pl.String).filter(pl.Series(same)),
        }
    ).with_columns(match_weight=pl.lit(None, pl.Float64), pattern=pl.lit(None, pl.Int64))
    merged = decided.is_merged
    by_weight = pl.DataFrame(
        {
            "left": weighed.left[merged],
            "right": weighed.right[merged],
            "strength": weighed.weight[merged],
            "match_weight": weighed.weight[merged],
            "pattern": weighed.pattern[merged],
        }
    ).with_columns(rule=pl.lit(LinkRule.PROBABILISTIC.value))
    links = pl.concat([by_rule, by_weight.select(by_rule.columns)])
    both = pl.concat(
        [
            links.rename({"left": "node", "right": "partner"}),
            links.select(
                pl.col("right").alias("node"),
                pl.col("left").alias("partner"),
                *links.columns[2:],
            ),
        ]
    )
    best = (
        both.sort("node", "strength", "partner", descending=[False, True, False])
        .unique("node", keep="first", maintain_order=True)
        .select("node", "rule", "match_weight", "pattern")
    )
    return (
        pl.DataFrame({"node": np.arange(count), "label": decided.labels})
        .join(best, on="node", how="left", maintain_order="left")
        .with_columns(pl.col("rule").fill_null(LinkRule.SINGLE.value))
    )


def _store_clusters(
    engine: duckdb.DuckDBPyConnection, decided: Decided, ties: pl.DataFrame
) -> None:
    store_frame(engine, f"{PREFIX}_tie", ties)
    store_frame(engine, f"{PREFIX}_pattern", pattern_texts(COMPARISONS, ties["pattern"]))
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {PREFIX}_cluster AS "
        f"SELECT n.row_id, t.label, t.rule, t.match_weight, p.text AS pattern "
        f"FROM {PREFIX}_tie AS t JOIN {NODES} AS n USING (node) "
        f"LEFT JOIN {PREFIX}_pattern AS p USING (pattern)"
    )


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


def _notes(
    count: int,
    decided: Decided,
    ties: pl.DataFrame,
    weighed: Weighed,
    reviews: duckdb.DuckDBPyRelation,
) -> dict[str, int | float]:
    notes: dict[str, int | float] = {
        "rows": count,
        "persons": len(np.unique(decided.labels)),
        "pairs_compared": weighed.pairs_compared,
        "pairs_for_review": int(reviews.count("*").fetchall()[0][0]),
        "prior_bits": weighed.model.prior_bits,
        "blocks_capped": sum(capped.blocks for capped in weighed.capped),
        "pairs_capped": sum(capped.pairs for capped in weighed.capped),
    }
    for rule, rows in sorted(ties.group_by("rule").len().rows()):
        notes[f"rows_by_{rule.lower()}"] = rows
    for capped in weighed.capped:
        notes[f"pairs_capped_in_{capped.rule}"] = capped.pairs
    return notes
