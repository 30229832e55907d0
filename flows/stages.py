"""The stages of the nightly flow: each reads tables, calls the pipeline, writes tables.

No logic here. A stage that has finished leaves a marker with its counts in the run's
folder; a run that is started again goes on after the last marker. Tasks take the Run and
never a table: Prefect hashes what a task is given.
"""

import dataclasses
import functools
import time
from collections.abc import Callable
from typing import Any

import duckdb
from prefect import Task, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows.progress import report_stage
from pipeline import checks, compose_list, decisions, tables
from pipeline import trace_rows as tracing
from pipeline.assign_precincts import (
    PrecinctPolygon,
    assign_precincts,
    locate_addresses,
)
from pipeline.carry_ids import carry_ids
from pipeline.compose_notices import compose_notices
from pipeline.decision_ledger import carry_decisions, standing
from pipeline.decision_outcomes import describe_decisions
from pipeline.determine_eligibility import determine_eligibility
from pipeline.engine import without_values
from pipeline.find_discrepancies import Evidence, find_discrepancies, owners
from pipeline.find_discrepancies.resolved import list_resolved
from pipeline.ingest import ingest
from pipeline.link_references import link_references
from pipeline.linkage.parameters import write_parameters
from pipeline.list_changes import list_changes
from pipeline.night_state import read_night, write_night
from pipeline.normalise.addresses import normalise_addresses, normalise_dwellings
from pipeline.normalise.coverage import normalise_coverage
from pipeline.normalise.persons import normalise_named, normalise_persons
from pipeline.normalise.streets import street_aliases
from pipeline.number_ledger import list_number_changes
from pipeline.precinct_requests import judge_requests
from pipeline.publish import publish
from pipeline.quality.measure import measure, settle_parameters
from pipeline.resolve_addresses import resolve_addresses
from pipeline.resolve_persons import forget_rows, resolve_persons
from pipeline.review.entries import list_entries
from pipeline.run import Run, join
from pipeline.start import PARAMETERS, frozen_parameters, night_parameters, run_inputs
from pipeline.summarise_precincts import summarise_precincts
from pipeline.temporary_residents import list_temporary_residents
from schemas.catalogue import SOURCES, source_table

Engine = duckdb.DuckDBPyConnection
Relation = duckdb.DuckDBPyRelation
Counts = dict[str, int]
STAGE_TIMEOUT_SECONDS = 6 * 3600


def stage(body: Callable[[Engine, Run], Counts]) -> Task[[Run], Counts]:
    """A Prefect task of a stage: opens the engine, skips what is done, tells the counts."""
    name = body.__name__

    @task(
        name=name,
        description=body.__doc__,
        task_run_name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        timeout_seconds=STAGE_TIMEOUT_SECONDS,
    )
    def run_stage(run: Run) -> Counts:
        marker = join(run.work, "stages", f"{name}.json")
        began = time.monotonic()
        if tables.has_file(marker):
            counts: Counts = tables.read_json(marker)
            state = "resumed"
        else:
            report_stage(name, "started", {}, 0.0)
            with without_values(name, functools.partial(_keep_error, run, name)):
                counts = _run_body(body, run)
            tables.write_json(marker, counts)
            state = "finished"
        seconds = time.monotonic() - began
        report_stage(name, state, counts, seconds)
        get_run_logger().info("%s %s in %.1f s: %s", name, state, seconds, counts)
        return counts

    return run_stage


def _run_body(body: Callable[[Engine, Run], Counts], run: Run) -> Counts:
    """The stage on an engine of its own; once more on one thread if the engine fails.

    An internal error is a fault of DuckDB. It closes the engine; the stage gives the same
    bytes on any number of threads.
    """
    try:
        with tables.open_engine(run) as engine:
            return body(engine, run)
    except (duckdb.InternalException, duckdb.FatalException):
        get_run_logger().warning("%s: the engine failed; once more", body.__name__)
        with tables.open_engine(run, threads=1) as engine:
            return body(engine, run)


def _keep_error(run: Run, name: str, said: str) -> str:
    """Put what an engine said into the run's folder, beside the data; where it stands."""
    path = join(run.work, "errors", f"{name}.txt")
    tables.write_text(path, f"{said}\n")
    return path


def _read(engine: Engine, run: Run, *names: str) -> list[Relation]:
    return [tables.read_table(engine, run, name) for name in names]


def _write(engine: Engine, run: Run, **relations: Relation) -> Counts:
    return {
        name: tables.write_table(engine, run, name, relation)
        for name, relation in relations.items()
    }


@stage
def ingest_delivery(engine: Engine, run: Run) -> Counts:
    """Files to source tables; what breaks a rule to quarantine."""
    counts: Counts = {}
    reports: dict[str, Any] = {}
    refused = []
    areas = tables.reference_table("areas")
    for source in SOURCES:
        staging = join(run.work, "staging", source)
        result = ingest(engine, run.delivery, source, run.profiles, areas, staging)
        counts |= _write(engine, run, **{source_table(source): result.rows})
        quarantine = f"quarantine_{source_table(source)}"
        result.quarantine.create(quarantine)
        refused.append(f"SELECT * FROM {quarantine}")
        reports[source] = dataclasses.asdict(result.report)
    counts |= _write(engine, run, quarantined_row=engine.sql(" UNION ALL ".join(refused)))
    tables.write_json(join(run.work, "ingest.json"), reports)
    tables.remove_folder(join(run.work, "staging"))
    return counts


@stage
def correct_records(engine: Engine, run: Run) -> Counts:
    """Every decision that stands, and what those that correct a row do to it."""
    persons, delivered = _read(engine, run, "source_persons", "source_decisions")
    recorded = tables.read_release_table(engine, run.previous, "decisions")
    ledger = carry_decisions(engine, delivered, recorded, run.as_of)
    counts = _write(engine, run, decision_ledger=ledger)
    earlier = tables.read_release_table(engine, run.previous, "correction")
    found = decisions.list_corrections(engine, persons, _standing(engine, run), earlier)
    return counts | _write(engine, run, correction=found)


def _standing(engine: Engine, run: Run) -> Relation:
    return standing(tables.read_table(engine, run, "decision_ledger"))


def _corrected_persons(engine: Engine, run: Run) -> Relation:
    persons, corrections = _read(engine, run, "source_persons", "correction")
    return decisions.apply_corrections(engine, persons, corrections)


@stage
def normalise_records(engine: Engine, run: Run) -> Counts:
    """Source rows to comparable records."""
    persons = _corrected_persons(engine, run)
    addresses, crosswalk = normalise_addresses(engine, persons)
    counts = _write(engine, run, address_record=addresses)
    records = normalise_persons(engine, persons, crosswalk, run.as_of)
    counts |= _write(engine, run, person_record=records)
    for name in ("restriction", "roster", "supplementary"):
        plural = "supplementary" if name == "supplementary" else f"{name}s"
        rows = tables.read_table(engine, run, f"source_{plural}")
        named = normalise_named(engine, rows, run.as_of)
        counts |= _write(engine, run, **{f"{name}_record": named})
    dwellings, precincts, territories = _read(
        engine, run, "source_dwellings", "source_precincts", "source_territories"
    )
    counts |= _write(engine, run, dwelling_record=normalise_dwellings(engine, dwellings))
    coverage, readings = normalise_coverage(engine, precincts, territories)
    return counts | _write(
        engine, run, precinct_coverage=coverage, boundary_reading=readings
    )


@stage
def resolve_records(engine: Engine, run: Run) -> Counts:
    """Records to persons, the persons that acts name, and their stable numbers."""
    records = tables.read_table(engine, run, "person_record")
    decided = _standing(engine, run)
    frozen = frozen_parameters(run)
    last_night = read_night(engine, run, frozen)
    resolution = resolve_persons(engine, records, decided, run.linkage, frozen, last_night)
    counts = _write(
        engine,
        run,
        linkage_model=resolution.model,
        person_link=resolution.person_links,
        person=resolution.persons,
        review_pair=resolution.review_pairs,
    )
    write_night(run, frozen, resolution.night)
    parameters, drift = settle_parameters(engine, resolution.trained, frozen, run.as_of)
    tables.write_text(join(run.work, PARAMETERS), write_parameters(parameters))
    forget_rows(engine)
    links, persons, model = _read(engine, run, "person_link", "person", "linkage_model")
    named = {
        name: tables.read_table(engine, run, f"{name}_record")
        for name in ("restriction", "roster", "supplementary")
    }
    found = link_references(engine, named, records, links, model, run.linkage)
    counts |= _write(
        engine, run, **{f"{name}_link": rows for name, rows in found.by_source.items()}
    )
    tables.write_json(
        join(run.work, "linkage.json"),
        {
            "notes": resolution.notes,
            "drift": drift,
            "is_frozen": frozen is not None,
            "capped": {
                "register": [dataclasses.asdict(one) for one in resolution.capped],
                "references": [dataclasses.asdict(one) for one in found.capped],
            },
        },
    )
    stable = carry_ids(
        engine,
        persons,
        links,
        _corrected_persons(engine, run),
        tables.read_release_table(engine, run.previous, "lineage"),
        tables.read_release_table(engine, run.previous, "voters"),
    )
    counts |= _write(engine, run, stable_id=stable)
    stable_ids = tables.read_table(engine, run, "stable_id")
    changed = list_number_changes(
        engine,
        stable_ids,
        links,
        _corrected_persons(engine, run),
        tables.read_release_table(engine, run.previous, "lineage"),
        tables.read_release_table(engine, run.previous, "number_changes"),
        run.as_of.isoformat(),
    )
    counts |= _write(engine, run, number_changes=changed)
    voters = decisions.decide_voters(
        engine,
        decided,
        records,
        links,
        stable_ids,
        tables.read_release_table(engine, run.previous, "decisions"),
        tables.read_release_table(engine, run.previous, "lineage"),
    )
    return counts | _write(engine, run, decided_voter=voters)


@stage
def resolve_places(engine: Engine, run: Run) -> Counts:
    """Addresses to dwellings of the cadastre."""
    addresses, dwellings, mahallas, streets = _read(
        engine,
        run,
        "address_record",
        "dwelling_record",
        "source_mahallas",
        "source_streets",
    )
    aliases = street_aliases(engine, streets, run.as_of)
    links = resolve_addresses(engine, addresses, dwellings, mahallas, aliases)
    return _write(engine, run, address_link=links)


@stage
def judge_eligibility(engine: Engine, run: Run) -> Counts:
    """Persons to verdicts on election day."""
    persons, links, records, act_links, acts, decided = _read(
        engine,
        run,
        "person",
        "person_link",
        "person_record",
        "restriction_link",
        "source_restrictions",
        "decided_voter",
    )
    verdicts = determine_eligibility(
        engine,
        persons,
        links,
        records,
        act_links,
        acts,
        decided.filter("is_effective"),
        run.policy,
        run.election_date,
    )
    return _write(engine, run, eligibility_decision=verdicts)


@stage
def place_voters(engine: Engine, run: Run) -> Counts:
    """Addresses to precincts, eligible persons to one precinct or a reason."""
    links, coverage, precincts, dwellings, mahallas, streets = _read(
        engine,
        run,
        "address_link",
        "precinct_coverage",
        "source_precincts",
        "dwelling_record",
        "source_mahallas",
        "source_streets",
    )
    located = locate_addresses(
        engine,
        links,
        coverage,
        precincts,
        dwellings,
        mahallas,
        street_aliases(engine, streets, run.as_of),
        [
            PrecinctPolygon(*polygon)
            for polygon in tables.read_polygons(
                join(run.delivery, "cec", "boundaries.geojson")
            )
        ],
    )
    counts = _write(engine, run, address_precinct=located)
    persons, verdicts, records, placed, roster_links, rosters, decided = _read(
        engine,
        run,
        "person",
        "eligibility_decision",
        "person_record",
        "address_precinct",
        "roster_link",
        "source_rosters",
        "decided_voter",
    )
    placements = assign_precincts(
        engine,
        persons,
        verdicts,
        records,
        placed,
        roster_links,
        rosters,
        decided.filter("is_effective"),
        precincts,
        run.policy,
        run.election_date,
    )
    counts |= _write(engine, run, placement=placements)
    return counts | _write(engine, run, precinct_requests=_requests(engine, run))


def _requests(engine: Engine, run: Run) -> Relation:
    """What became of every request for another precinct, now that all voters are placed."""
    asked, records, links, stable_ids, verdicts, placements, precincts = _read(
        engine,
        run,
        "source_requests",
        "person_record",
        "person_link",
        "stable_id",
        "eligibility_decision",
        "placement",
        "source_precincts",
    )
    return judge_requests(
        engine,
        asked,
        tables.read_release_table(engine, run.previous, "precinct_requests"),
        _standing(engine, run),
        records,
        links,
        stable_ids,
        verdicts,
        placements,
        precincts,
        run.policy,
        run.as_of,
    )


@stage
def trace_rows(engine: Engine, run: Run) -> Counts:
    """Where every row of persons, restrictions, rosters and decisions ended."""
    persons, links, stable_ids, verdicts, placements, records = _read(
        engine,
        run,
        "person",
        "person_link",
        "stable_id",
        "eligibility_decision",
        "placement",
        "person_record",
    )
    rows, acts, act_links, rosters, roster_links, decided, corrections, voters = _read(
        engine,
        run,
        "source_persons",
        "source_restrictions",
        "restriction_link",
        "source_rosters",
        "roster_link",
        "decision_ledger",
        "correction",
        "decided_voter",
    )
    requests = tables.read_table(engine, run, "precinct_requests")
    parts = [
        tracing.trace_lineage(
            engine, rows, links, persons, stable_ids, verdicts, placements
        ),
        tracing.trace_restrictions(engine, acts, act_links, stable_ids, verdicts),
        tracing.trace_rosters(
            engine,
            rosters,
            tracing.key_rows(engine, rosters),
            roster_links,
            stable_ids,
            placements,
        ),
        tracing.trace_decisions(
            engine,
            decided,
            corrections,
            voters,
            stable_ids,
            verdicts,
            placements,
            records,
            links,
            requests,
        ),
        tracing.trace_requests(engine, requests),
    ]
    counts = _write(engine, run, lineage=functools.reduce(Relation.union, parts))
    described = describe_decisions(
        engine,
        decided,
        tables.read_table(engine, run, "lineage"),
        tables.read_release_table(engine, run.previous, "decisions"),
        voters,
        corrections,
        rows,
        links,
        acts,
        act_links,
    )
    return counts | _write(engine, run, decisions=described)


EVIDENCE_TABLES = {
    "persons": "person",
    "person_links": "person_link",
    "records": "person_record",
    "review_pairs": "review_pair",
    "eligibility": "eligibility_decision",
    "restrictions": "source_restrictions",
    "restriction_links": "restriction_link",
    "roster_links": "roster_link",
    "supplementary_links": "supplementary_link",
    "corrections": "correction",
    "decisions": "decisions",
    "precinct_requests": "precinct_requests",
    "placements": "placement",
    "address_links": "address_link",
    "dwellings": "dwelling_record",
    "precincts": "source_precincts",
    "boundary_readings": "boundary_reading",
    "stable_ids": "stable_id",
    "quarantined": "quarantined_row",
}


@stage
def raise_discrepancies(engine: Engine, run: Run) -> Counts:
    """Every open question, and the list with its flags."""
    lineage = tables.read_table(engine, run, "lineage")
    rosters, supplementary = _read(engine, run, "source_rosters", "source_supplementary")
    evidence = Evidence(
        previous_voters=tables.read_release_table(engine, run.previous, "voters"),
        previous_lineage=tables.read_release_table(engine, run.previous, "lineage"),
        rosters=rosters,
        roster_keys=tracing.key_rows(engine, rosters),
        supplementary=supplementary,
        supplementary_keys=tracing.key_rows(engine, supplementary),
        decision_lineage=lineage.filter("source = 'cec/decisions'"),
        **{
            name: tables.read_table(engine, run, table)
            for name, table in EVIDENCE_TABLES.items()
        },
    )
    findings = find_discrepancies(
        engine,
        evidence,
        tables.reference_table("discrepancies"),
        tables.read_release_table(engine, run.previous, "discrepancies"),
        run.policy,
        run.election_date,
        run.as_of,
    )
    counts = _write(engine, run, discrepancies=findings.discrepancies)
    questions = tables.read_table(engine, run, "discrepancies")
    counts |= _write(
        engine,
        run,
        **{
            owners.owner_table(owner): owners.questions_of(engine, questions, owner)
            for owner in owners.COLUMNS
        },
    )
    voters = compose_list.compose_list(
        engine,
        evidence.persons,
        _corrected_persons(engine, run),
        evidence.placements,
        evidence.address_links,
        evidence.precincts,
        evidence.stable_ids,
        findings.flags,
    )
    acts, decided = _read(engine, run, "source_restrictions", "decision_ledger")
    unlisted = compose_list.list_unlisted(
        engine,
        evidence.persons,
        evidence.records,
        evidence.stable_ids,
        evidence.eligibility,
        evidence.placements,
        acts,
        decided,
    )
    counts |= _write(engine, run, voters=voters, unlisted=unlisted)
    voters = tables.read_table(engine, run, "voters")
    asked = list_temporary_residents(
        engine,
        voters,
        evidence.placements,
        evidence.stable_ids,
        evidence.persons,
        evidence.records,
        evidence.address_links,
        evidence.precincts,
    )
    counts |= _write(engine, run, temporary_residents=asked)
    entries = list_entries(
        engine,
        questions,
        _corrected_persons(engine, run),
        *_read(
            engine,
            run,
            "person_record",
            "address_record",
            "lineage",
            "voters",
            "review_pair",
        ),
    )
    return counts | _write(engine, run, review_entry=entries)


@stage
def compare_releases(engine: Engine, run: Run) -> Counts:
    """Changes since the previous release, precincts in figures, rows accounted for."""
    voters, lineage, quarantined, precincts, placements, questions = _read(
        engine,
        run,
        "voters",
        "lineage",
        "quarantined_row",
        "source_precincts",
        "placement",
        "discrepancies",
    )
    unlisted, corrections = _read(engine, run, "unlisted", "correction")
    before = [
        tables.read_release_table(engine, run.previous, name)
        for name in ("voters", "lineage", "correction")
    ]
    found = list_changes(
        engine, voters, lineage, quarantined, unlisted, corrections, *before
    )
    counts = _write(engine, run, changes=found)
    changes, persons, records = _read(engine, run, "changes", "person", "person_record")
    notices = compose_notices(
        engine,
        changes,
        voters,
        before[0],
        precincts,
        run.election_date,
        run.as_of,
        run.files.notice_days_before_election,
    )
    counts |= _write(engine, run, notices=notices)
    resolved = list_resolved(
        engine,
        questions,
        voters,
        changes,
        lineage,
        tables.read_release_table(engine, run.previous, "discrepancies"),
        before[1],
        run.as_of,
    )
    counts |= _write(engine, run, resolved_discrepancies=resolved)
    nowhere = compose_list.list_unplaced(engine, placements, persons, records)
    counts |= _write(
        engine,
        run,
        precincts=summarise_precincts(
            engine, precincts, voters, changes, questions, nowhere
        ),
    )
    sources = {
        source: tables.read_table(engine, run, source_table(source)) for source in SOURCES
    }
    sources["cec/decisions"] = tables.read_table(engine, run, "decision_ledger")
    keys = tracing.key_rows(engine, sources["cec/rosters"])
    balance = tracing.reconcile(engine, lineage, quarantined, sources, keys)
    return counts | _write(engine, run, reconciliation=balance)


@stage
def measure_quality(engine: Engine, run: Run) -> Counts:
    """How good the matching is, told without labels: decoys, sentinels, drift, parity."""
    records, links, pairs, voters, model = _read(
        engine,
        run,
        "person_record",
        "person_link",
        "review_pair",
        "voters",
        "linkage_model",
    )
    quality = measure(
        engine,
        records,
        links,
        pairs,
        voters,
        model,
        night_parameters(run),
        tables.read_json(join(run.work, "linkage.json")),
        tables.reference_table("sentinels"),
        run,
    )
    tables.write_json(join(run.work, "quality.json"), quality)
    return {
        "decoys": sum(row["decoys"] for row in quality["decoys"]),
        "decoys_linked": sum(row["linked"] for row in quality["decoys"]),
        "sentinels_wrong": sum(not row["is_right"] for row in quality["sentinels"]),
        "warnings": len(quality["warnings"]),
    }


@stage
def check_release(engine: Engine, run: Run) -> Counts:
    """What must hold before anything is published; alarms make the release a candidate."""
    reports = tables.read_json(join(run.work, "ingest.json"))
    delivered = {source: int(report["rows"]) for source, report in reports.items()}
    refused = {source: int(report["quarantined"]) for source, report in reports.items()}
    ledger = tables.read_table(engine, run, "decision_ledger")
    carried = ledger.filter("NOT is_delivered").count("*").fetchall()[0][0]
    delivered["cec/decisions"] += int(carried)
    balance, persons, verdicts, placements, voters, lineage, changes, records = _read(
        engine,
        run,
        "reconciliation",
        "person",
        "eligibility_decision",
        "placement",
        "voters",
        "lineage",
        "changes",
        "person_record",
    )
    before = tables.read_release_table(engine, run.previous, "voters")
    checks.check_conservation(engine, balance, delivered)
    checks.check_persons(engine, persons, verdicts, placements, voters, lineage)
    checks.check_changes(engine, changes, voters, before, is_first=run.previous is None)
    checks.check_notices(engine, tables.read_table(engine, run, "notices"), changes)
    alarms = checks.find_alarms(
        engine,
        voters,
        before,
        records,
        delivered,
        refused,
        tables.delivered_before(run.previous),
        run.safety,
    )
    quality = tables.read_json(join(run.work, "quality.json"))
    alarms.extend(checks.find_quality_alarms(quality, run.safety))
    tables.write_json(
        join(run.work, "alarms.json"), [dataclasses.asdict(alarm) for alarm in alarms]
    )
    return {"alarms": len(alarms)}


@stage
def publish_release(engine: Engine, run: Run) -> Counts:
    """The run's tables to a release, and the one atomic switch to it."""
    alarms = tables.read_json(join(run.work, "alarms.json"))
    release = publish(
        engine,
        run,
        run_inputs(run),
        run.previous,
        checks=alarms,
        signing_key=run.signing_key,
        make_current=not alarms,
    )
    tables.write_json(join(run.work, "release.json"), dataclasses.asdict(release))
    return {"files": len(release.files), "current": int(release.is_current)}
