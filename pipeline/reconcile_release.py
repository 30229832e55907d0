"""The chain from the register to the list, so that any two published figures can be tied.

What belongs here: reading the steps from a release's own tables, by country, region and
district, and holding them against the figures that the release publishes elsewhere.

    rows of the register
      - quarantined, by rule
      - further rows of the same persons
    = persons
      - under age on election day
    = adults
      - may not vote, by ground
    = eligible
      - without a precinct, by reason
    = listed, by where they are registered
      + or - those who vote elsewhere than they are registered
    = voters of the area's precincts
"""

import collections
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import polars as pl

from pipeline.summary_areas import Areas

Relation = duckdb.DuckDBPyRelation
UNDER_AGE = "UNDER_AGE"

STEPS = (
    "rows",
    "quarantined",
    "repeated",
    "persons",
    "under_age",
    "adults",
    "excluded",
    "eligible",
    "unplaced",
    "listed",
    "elsewhere",
    "voters",
)
"""In the order of the chain; `elsewhere` may be negative."""

TIED = {
    "rows": "rows",
    "quarantined": "quarantined",
    "repeated": "repeated",
    "persons": "persons",
    "eligible": "eligible",
    "unplaced": "unplaced",
    "listed": "listed",
    "voters": "voters",
}
"""Steps that summary.json publishes as figures of every area."""

Counts = collections.Counter[tuple[str, str, str]]


def reconcile_release(
    reconciliation: Relation, unlisted: Relation, voters: Relation
) -> pl.DataFrame:
    """Every step of the chain for every area.

    Args:
        reconciliation: Reconciliation of the release.
        unlisted: UnlistedPerson.
        voters: VoterListEntry.

    Returns:
        area (`UZ`, region, district; `0000` and `<region>/none` where a damaged row gave
        no area), step (STEPS), reason (rule, ground or reason that a step is broken down
        by; empty for its sum) and count, in the order of areas, steps and reasons.
        Quarantined rows count where they say they are from, persons where the row that
        names them is registered, voters where they vote.
    """
    counts: Counts = collections.Counter()
    areas = Areas()
    _count_rows(counts, areas, reconciliation)
    _count_unlisted(counts, areas, unlisted)
    _count_voters(counts, areas, voters)
    _add_sums(counts)
    order = {step: number for number, step in enumerate(STEPS)}
    keys = sorted(counts, key=lambda key: (key[0] != "UZ", key[0], order[key[1]], key[2]))
    return pl.DataFrame(
        [(*key, counts[key]) for key in keys],
        schema={
            "area": pl.String,
            "step": pl.String,
            "reason": pl.String,
            "count": pl.Int64,
        },
        orient="row",
    )


def chain_faults(
    chain: pl.DataFrame, figures: Mapping[str, Mapping[str, Any]], precincts: Relation
) -> list[str]:
    """Figures of the release that differ from the chain; empty where all are tied.

    Args:
        chain: what reconcile_release gave.
        figures: `areas` of summary.json.
        precincts: PrecinctSummary.
    """
    sums = {
        (area, step): count
        for area, step, reason, count in chain.iter_rows()
        if reason == ""
    }
    counted: collections.Counter[str] = collections.Counter()
    areas = Areas()
    grouped = precincts.aggregate("region_code, district_code, sum(voters)::BIGINT")
    for region, district, voters in grouped.fetchall():
        counted.update(dict.fromkeys(areas.levels(region, district), voters))
    faults = []
    for area in sorted({area for area, _ in sums} | set(figures)):
        published = figures.get(area, {})
        faults += [
            f"{area}: {step} {sums.get((area, step), 0):,}, summary.json "
            f"{published.get(figure, 0):,}"
            for step, figure in TIED.items()
            if sums.get((area, step), 0) != published.get(figure, 0)
        ]
        if counted[area] != sums.get((area, "voters"), 0):
            faults.append(
                f"{area}: voters {sums.get((area, 'voters'), 0):,}, precincts "
                f"{counted[area]:,}"
            )
        faults += [
            f"{area}: {step} is below nothing"
            for step in STEPS
            if step != "elsewhere" and sums.get((area, step), 0) < 0
        ]
    return faults


def _add(
    counts: Counts, areas: Iterable[str], step: str, count: int, reason: str = ""
) -> None:
    for area in areas:
        counts[area, step, ""] += count
        if reason:
            counts[area, step, reason] += count


def _count_rows(counts: Counts, areas: Areas, reconciliation: Relation) -> None:
    rows = reconciliation.filter("source = 'mia/persons'").aggregate(
        "region_code, district_code, outcome, reason, sum(rows)::BIGINT"
    )
    for region, district, outcome, reason, count in rows.fetchall():
        where = areas.levels(region, district)
        _add(counts, where, "rows", count)
        if outcome == "QUARANTINED":
            _add(counts, where, "quarantined", count, reason)
            continue
        # What is left once the persons are known are further rows of theirs.
        _add(counts, where, "repeated", count)
        if outcome == "LISTED":
            _add(counts, where, "listed", count, reason)
            _add(counts, where, "persons", count)


def _count_unlisted(counts: Counts, areas: Areas, unlisted: Relation) -> None:
    persons = unlisted.aggregate(
        "region_code, district_code, ground, unplaced_reason, count(*)"
    )
    for region, district, ground, unplaced, count in persons.fetchall():
        where = areas.levels(region, district)
        _add(counts, where, "persons", count)
        if ground == UNDER_AGE:
            _add(counts, where, "under_age", count)
        elif ground is not None:
            _add(counts, where, "excluded", count, ground)
        else:
            _add(counts, where, "unplaced", count, unplaced)


def _count_voters(counts: Counts, areas: Areas, voters: Relation) -> None:
    for region, district, count in voters.aggregate(
        "region_code, district_code, count(*)"
    ).fetchall():
        _add(counts, areas.levels(region, district), "voters", count)


def _add_sums(counts: Counts) -> None:
    for area in {area for area, _, _ in counts}:

        def of(step: str, area: str = area) -> int:
            return counts[area, step, ""]

        counts[area, "repeated", ""] -= of("persons")
        counts[area, "adults", ""] = of("persons") - of("under_age")
        counts[area, "eligible", ""] = of("adults") - of("excluded")
        counts[area, "elsewhere", ""] = of("voters") - of("listed")
        for step in STEPS:
            counts[area, step, ""] += 0
