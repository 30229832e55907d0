"""Everything that is told about a night's matching without labels, as one JSON value.

Keys of `summary.json` under `quality`: parameters, decoys, false_links, sentinels, drift,
capped, groups, batches, warnings. Figures only; nothing here can name a person.
"""

import dataclasses
import datetime
from typing import Any

import duckdb

from pipeline.linkage.estimate import Model
from pipeline.linkage.parameters import Parameters
from pipeline.quality.decoys import DecoyCount, count_decoys
from pipeline.quality.drift import measure_drift
from pipeline.quality.parity import compare_groups
from pipeline.quality.review_cost import cost_batches
from pipeline.quality.sentinels import check_sentinels
from pipeline.resolve_persons.train import collect_parameters
from pipeline.run import Run
from schemas.codes import LinkRule

Relation = duckdb.DuckDBPyRelation
Json = dict[str, Any]
CERTAIN_RULES = (LinkRule.DECISION, LinkRule.PINFL, LinkRule.SINGLE)
"""Links that decoys can't test: they have no number and nobody decided about them."""

JUDGED_ROWS_MIN = 1_000
"""Parameters fitted on fewer rows say nothing of other pairs: a village's list is checked
for everything but sentinels, and the warning TOO_FEW_ROWS says so."""


def settle_parameters(
    engine: duckdb.DuckDBPyConnection,
    trained: Model,
    frozen: Parameters | None,
    as_of: datetime.date,
) -> tuple[Parameters, list[Json]]:
    """The night's parameters, and how far the register has drifted from frozen ones.

    Args:
        engine: with the tables of tonight's resolution.
        trained: its model.
        frozen: the parameters that it used; null where it fitted its own.
        as_of: day of the register.
    """
    if frozen is None:
        return collect_parameters(engine, trained, as_of.isoformat()), []
    return frozen, [dataclasses.asdict(moved) for moved in measure_drift(engine, frozen)]


def measure(
    engine: duckdb.DuckDBPyConnection,
    records: Relation,
    person_links: Relation,
    review_pairs: Relation,
    voters: Relation,
    model: Relation,
    parameters: Parameters,
    linkage: Json,
    sentinels: Any,  # noqa: ANN401 - a Polars frame, read in sentinels.py
    run: Run,
) -> Json:
    """Decoys, sentinels, drift, parity and cost of one night.

    Args:
        engine: where TEMP tables are made.
        records: PersonRecord.
        person_links: PersonLink.
        review_pairs: ReviewPair.
        voters: VoterListEntry.
        model: LinkageModel.
        parameters: those of the night.
        linkage: `drift`, `is_frozen` and `capped`, as resolve_records left them.
        sentinels: data/reference/sentinels.csv.
        run: thresholds, seed, limits and days.
    """
    prior = model.filter("\"column\" = 'prior'").project("match_weight").fetchall()[0][0]
    quality: Json = {
        "parameters": {
            "sha256": parameters.sha256,
            "fitted_on": parameters.fitted_on,
            "fitted_from": parameters.fitted_from,
            "is_frozen": linkage["is_frozen"],
        },
        "batches": _dicts(cost_batches(engine, review_pairs, person_links, prior)),
        "groups": _dicts(compare_groups(engine, voters, run.election_date)),
        "drift": linkage["drift"],
        "capped": [
            {"among": among, **row}
            for among, rows in linkage["capped"].items()
            for row in rows
        ],
    }
    at_stake = _links_at_stake(engine, records, person_links)
    decoys = count_decoys(engine, records, parameters, run.linkage, run.safety.decoys_count)
    quality["decoys"] = _dicts(decoys)
    quality["false_links"] = _false_links(decoys, *at_stake)
    population = parameters.model.population
    quality["sentinels"] = (
        _dicts(check_sentinels(engine, sentinels, parameters, run.linkage, run.as_of))
        if population >= JUDGED_ROWS_MIN
        else []
    )
    quality["warnings"] = find_warnings(quality)
    if population < JUDGED_ROWS_MIN:
        where = "mia/persons"
        quality["warnings"].append(
            _warning("TOO_FEW_ROWS", where, JUDGED_ROWS_MIN, population)
        )
    return quality


def _dicts(rows: list[Any]) -> list[Json]:
    return [dataclasses.asdict(row) for row in rows]


def _links_at_stake(
    engine: duckdb.DuckDBPyConnection, records: Relation, person_links: Relation
) -> tuple[int, int]:
    """Rows without a verified PINFL, and those of them tied by anything but a number."""
    certain = ", ".join(f"'{rule}'" for rule in CERTAIN_RULES)
    row = engine.sql(
        f"""
        SELECT count(*), count(*) FILTER (link.rule NOT IN ({certain}))
        FROM records JOIN person_links AS link USING (row_id)
        WHERE records.pinfl IS NULL
        """
    ).fetchall()[0]
    return int(row[0]), int(row[1])


def _false_links(decoys: list[DecoyCount], open_rows: int, linked: int) -> Json:
    """Links of the night that are false by the strangers among the decoys.

    Every row without a number is at most once a stranger who is linked wrongly; so the
    rate among strangers times those rows is what to expect, and the interval carries over.
    `expected_flagged` is how many of those rows are asked about though they are strangers.
    """
    strangers = next(row for row in decoys if row.kind == "stranger")
    return {
        "open_rows": open_rows,
        "links": linked,
        "expected": round(strangers.rate * open_rows, 3),
        "expected_low": round(strangers.rate_low * open_rows, 3),
        "expected_high": round(strangers.rate_high * open_rows, 3),
        "expected_flagged": round(
            open_rows * strangers.flagged / max(strangers.decoys, 1), 3
        ),
    }


def find_warnings(quality: Json) -> list[Json]:
    """What somebody should look at, though it stops nothing: code, where, before, now."""
    warnings = [
        _warning(
            "LINKAGE_DRIFT",
            f"{row['comparison']}={row['level']} among {row['among']}",
            row["before"],
            row["now"],
        )
        for row in quality["drift"]
    ]
    warnings.extend(
        _warning(
            "PAIRS_NOT_COMPARED", f"{row['rule']} among {row['among']}", 0, row["pairs"]
        )
        for row in quality["capped"]
    )
    warnings.extend(
        _warning(
            "FLAGS_UNEVEN",
            f"{row['measure']} by {row['attribute']}: {row['value']}",
            1.0,
            row["ratio"],
        )
        for row in quality["groups"]
        if row["is_uneven"]
    )
    return warnings


def _warning(code: str, where: str, before: float, now: float) -> Json:
    return {"code": code, "where": where, "before": before, "now": now}
