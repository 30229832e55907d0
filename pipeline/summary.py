"""summary.json: the figures of a release, for machines and for report.html.

What belongs here: counting, by country, region and district. Aggregates only: nothing
here can name a person, and an area code that the classifier does not know is counted
under no area, for a damaged row may hold anything in that column.
"""

import collections
from collections.abc import Mapping
from typing import Any

import duckdb

from pipeline import summary_queries as queries
from pipeline.run import VERSION, Run, join
from pipeline.summary_areas import (
    AGES,
    HISTORY_FIGURES,
    HISTORY_RELEASES,
    SMALL_CELL,
    Areas,
)
from pipeline.tables import has_file, has_table, read_json, write_json
from schemas.catalogue import REQUIRED_SOURCES, SOURCES
from schemas.codes import Severity

SUMMARY_VERSION = 2
"""Of the layout of summary.json (docs/summary.md): higher where a reader must change."""

PRECINCT_BIN_VOTERS = 250


def write_summary(engine: duckdb.DuckDBPyConnection, run: Run, path: str) -> dict[str, Any]:
    """Count everything that a release's readers ask for, and write it as JSON.

    Args:
        engine: connection of the run.
        run: the build; its tables up to `reconciliation` are written.
        path: where summary.json goes.

    Returns:
        What was written. `areas` holds FIGURES and BREAKDOWNS by area: `UZ`, region
        codes, district codes; rows without a region are `0000`, without a district
        `<region>/none`.
    """
    areas = Areas()
    sources = _count_rows(engine, run, areas)
    _count_persons(engine, run, areas)
    _count_voters(engine, run, areas)
    precincts = _count_precincts(engine, run, areas)
    discrepancies = _count_discrepancies(engine, run, areas)
    _count_resolved(engine, run, areas)
    _count_changes(engine, run, areas)
    withheld = areas.withhold_small_cells()
    summary = {
        "summary_version": SUMMARY_VERSION,
        "election": run.election_name,
        "election_date": run.election_date.isoformat(),
        "as_of": run.as_of.isoformat(),
        "version": VERSION,
        "has_previous": run.previous is not None,
        "limits": {
            "precinct_voters_min": run.policy.precinct_voters_min,
            "precinct_voters_max": run.policy.precinct_voters_max,
            "precinct_bin_voters": PRECINCT_BIN_VOTERS,
            "small_cell": SMALL_CELL,
        },
        "alarms": _read_alarms(run),
        "areas": areas.table(),
        "sources": sources,
        "ages_withheld": withheld,
        "history": {
            "figures": list(HISTORY_FIGURES),
            "releases": _carry_history(run.previous),
        },
        "precincts": {"columns": list(queries.PRECINCT_COLUMNS), "rows": precincts},
        "precincts_outside_limits": _outside(run, precincts),
        "discrepancies": discrepancies,
        "linkage": _count_links(engine, run),
        "flag_rates": queries.flag_rates(engine, run),
        "quality": _read_quality(run),
    }
    write_json(path, summary)
    return summary


def _read_alarms(run: Run) -> list[dict[str, Any]]:
    """Why this release waits for somebody to look; empty where nothing is unusual."""
    path = join(run.work, "alarms.json")
    found: list[dict[str, Any]] = read_json(path) if has_file(path) else []
    return found


def _carry_history(previous: str | None) -> list[dict[str, Any]]:
    """Figures of earlier releases by area, oldest first, at most HISTORY_RELEASES.

    They come from the previous release's own summary.json. One of an earlier layout
    carries none and is where the history begins.
    """
    if previous is None:
        return []
    before = read_json(join(previous, "summary.json"))
    earlier = before.get("history", {})
    kept = earlier.get("releases", []) if _same_figures(earlier) else []
    last = {
        "release_id": previous.rstrip("/").rsplit("/", 1)[-1],
        "as_of": before["as_of"],
        "areas": {
            code: [area.get(name, 0) for name in HISTORY_FIGURES]
            for code, area in before["areas"].items()
        },
    }
    return [*kept, last][-HISTORY_RELEASES:]


def _same_figures(history: Mapping[str, Any]) -> bool:
    return history.get("figures") == list(HISTORY_FIGURES)


def _read_quality(run: Run) -> dict[str, Any] | None:
    """What measure_quality found, keys as in pipeline/quality/measure.py; null without."""
    path = join(run.work, "quality.json")
    found: dict[str, Any] | None = read_json(path) if has_file(path) else None
    return found


def _count_rows(
    engine: duckdb.DuckDBPyConnection, run: Run, areas: Areas
) -> dict[str, dict[str, Any]]:
    """Rows delivered: by source for the country, those of mia/persons by area."""
    outcomes: dict[str, collections.Counter[tuple[str, str]]] = {
        source: collections.Counter() for source in SOURCES
    }
    for source, region, district, outcome, reason, rows in queries.reconciled_rows(
        engine, run
    ):
        outcomes[source][outcome, reason] += rows
        if source != "mia/persons":
            continue
        levels = areas.levels(region, district)
        areas.add(levels, "rows", rows)
        if outcome == "QUARANTINED":
            areas.add(levels, "quarantined", rows)
            areas.add_to(levels, "quarantined_by_rule", reason, rows)
        else:
            # What remains after the persons are counted are further rows of theirs.
            areas.add(levels, "repeated", rows)
    return {
        source: {
            "is_required": source in REQUIRED_SOURCES,
            "is_present": bool(counts.total()),
            "rows": counts.total(),
            "last_change": queries.last_change(engine, run, source),
            "outcomes": [
                {"outcome": outcome, "reason": reason, "rows": rows}
                for (outcome, reason), rows in sorted(counts.items())
            ],
        }
        for source, counts in outcomes.items()
    }


def _count_persons(engine: duckdb.DuckDBPyConnection, run: Run, areas: Areas) -> None:
    for row in queries.persons_by_registration(engine, run):
        home = areas.levels(row.region_code, row.district_code)
        areas.add(home, "persons", row.count)
        areas.add(home, "repeated", -row.count)
        if row.outcome == "INELIGIBLE":
            areas.add(home, "ineligible", row.count)
            areas.add_to(home, "ineligible_by_ground", row.reason, row.count)
            continue
        areas.add(home, "eligible", row.count)
        if row.outcome == "UNPLACED":
            areas.add(home, "unplaced", row.count)
            areas.add_to(home, "unplaced_by_reason", row.reason, row.count)
            continue
        areas.add(home, "listed", row.count)
        areas.add_to(home, "listed_by_basis", row.reason, row.count)
        polls = areas.levels(row.precinct_region_code, row.precinct_district_code)
        left = [area for area, there in zip(home, polls, strict=True) if area != there]
        come = [area for area, here in zip(polls, home, strict=True) if area != here]
        areas.add(left, "listed_elsewhere", row.count)
        areas.add(come, "arrived", row.count)


def _count_voters(engine: duckdb.DuckDBPyConnection, run: Run, areas: Areas) -> None:
    for row in queries.voters_by_district(engine, run):
        levels = areas.levels(row.region_code, row.district_code)
        areas.add(levels, "voters", row.count)
        areas.add(levels, "women" if row.sex == "F" else "men", row.count)
        areas.add_to(levels, "voters_by_placement", row.placement, row.count)
        areas.add_to(levels, "voters_by_age", f"{row.sex}{row.age_from:03d}", row.count)


def _count_precincts(
    engine: duckdb.DuckDBPyConnection, run: Run, areas: Areas
) -> list[list[Any]]:
    """Every precinct, in the order of queries.PRECINCT_COLUMNS, by region and number."""
    least, most = run.policy.precinct_voters_min, run.policy.precinct_voters_max
    precincts = []
    for row in queries.precinct_rows(engine, run):
        levels = areas.levels(row.region_code, row.district_code)
        areas.add(levels, "precincts", 1)
        if row.voters > most:
            size = "over"
            areas.add(levels, "precincts_too_large", 1)
        elif row.voters < least:
            size = "under"
            areas.add(levels, "precincts_too_small", 1)
        else:
            # Bins begin above their lower bound: 2,751 to 3,000 is the last one.
            start = max(0, (row.voters - 1) // PRECINCT_BIN_VOTERS * PRECINCT_BIN_VOTERS)
            size = f"{start:05d}"
        areas.add_to(levels, "precincts_by_size", size, 1)
        precincts.append(list(row))
    return precincts


def _outside(run: Run, precincts: list[list[Any]]) -> list[dict[str, Any]]:
    """Precincts outside the limits of Article 10, the fullest first."""
    least, most = run.policy.precinct_voters_min, run.policy.precinct_voters_max
    rows = [dict(zip(queries.PRECINCT_COLUMNS, row, strict=True)) for row in precincts]
    return sorted(
        (row for row in rows if not least <= row["voters"] <= most),
        key=lambda row: (-row["voters"], row["region_code"], row["precinct_number"]),
    )


def _count_discrepancies(
    engine: duckdb.DuckDBPyConnection, run: Run, areas: Areas
) -> list[dict[str, Any]]:
    """Open discrepancies by code and how many releases old they are."""
    found: dict[str, dict[str, Any]] = {}
    for row in queries.discrepancies_by_district(engine, run):
        levels = _asked_in(areas, row)
        areas.add(levels, "discrepancies", row.count)
        areas.add(levels, row.severity.lower(), row.count)
        areas.add_to(levels, "discrepancies_by_code", row.code, row.count)
        areas.add_to(levels, "discrepancies_by_owner", row.owner, row.count)
        areas.add_age(levels, row.code, row.age, row.count)
        entry = found.setdefault(
            row.code,
            {
                "code": row.code,
                "severity": row.severity,
                "owner": row.owner,
                "count": 0,
                "releases": dict.fromkeys(AGES, 0),
            },
        )
        entry["count"] += row.count
        entry["releases"][row.age] += row.count
    ranks = {severity.value: rank for rank, severity in enumerate(Severity)}
    return sorted(
        found.values(),
        key=lambda entry: (ranks[entry["severity"]], -entry["count"], entry["code"]),
    )


def _asked_in(areas: Areas, row: Any) -> set[str]:  # noqa: ANN401 - a row of a query
    """Areas of a question, each once: that of two districts counts in both of them."""
    levels = set(areas.levels(row.region_code, row.district_code))
    if row.other_district_code is not None:
        levels |= set(areas.levels(row.other_region_code, row.other_district_code))
    return levels


def _count_resolved(engine: duckdb.DuckDBPyConnection, run: Run, areas: Areas) -> None:
    for row in queries.resolved_by_district(engine, run):
        levels = _asked_in(areas, row)
        areas.add(levels, "resolved", row.count)
        areas.add_to(levels, "resolved_by", row.resolution, row.count)


def _count_changes(engine: duckdb.DuckDBPyConnection, run: Run, areas: Areas) -> None:
    for row in queries.changes_by_district(engine, run):
        before = areas.levels(row.region_before, row.district_before)
        after = areas.levels(row.region_after, row.district_after)
        reason = f"{row.change}:{row.reason}"
        if row.change in ("ADDED", "CORRECTED"):
            areas.add(after, row.change.lower(), row.count)
            areas.add_to(after, "changes_by_reason", reason, row.count)
        elif row.change == "REMOVED":
            areas.add(before, "removed", row.count)
            areas.add_to(before, "changes_by_reason", reason, row.count)
        else:
            for old, new in zip(before, after, strict=True):
                if old == new:
                    areas.add([old], "moved_within", row.count)
                else:
                    areas.add([old], "moved_out", row.count)
                    areas.add([new], "moved_in", row.count)
                areas.add_to({old, new}, "changes_by_reason", reason, row.count)


def _count_links(engine: duckdb.DuckDBPyConnection, run: Run) -> Mapping[str, Any]:
    """How rows were tied to persons and addresses to dwellings."""
    counts: dict[str, Any] = {
        "rows_by_rule": queries.count_by(engine, run, "person_link", "rule"),
        "persons_by_rows": queries.persons_by_rows(engine, run),
        "review_pairs_by_cause": queries.count_by(engine, run, "review_pair", "cause"),
        "addresses_by_reason": queries.count_by(engine, run, "address_link", "reason"),
    }
    for name in ("restriction_link", "roster_link", "supplementary_link"):
        if has_table(run, name):
            counts[f"{name}s_by_outcome"] = queries.count_by(engine, run, name, "outcome")
    return counts
