"""Requests for another precinct: whose they are, when they are due, what answered them.

What belongs here: reading requests and decisions against each other. A request moves
nobody; the decision that grants it does (ASSIGN_PRECINCT, see assign_precincts).
"""

import datetime

import duckdb
import polars as pl

from pipeline.run import Policy
from schemas.decision import PrecinctRequest

Relation = duckdb.DuckDBPyRelation


def judge_requests(
    engine: duckdb.DuckDBPyConnection,
    delivered: Relation,
    recorded: Relation,
    decisions: Relation,
    records: Relation,
    person_links: Relation,
    stable_ids: Relation,
    eligibility: Relation,
    placements: Relation,
    precincts: Relation,
    policy: Policy,
    as_of: datetime.date,
) -> Relation:
    """Every request of the election, and what became of it.

    Args:
        engine: where the tables live.
        delivered: SourceRequest.
        recorded: PrecinctRequest of the previous release; empty where there is none.
        decisions: LedgerDecision that stand (decision_ledger.py).
        records: PersonRecord, for the PINFLs of all rows.
        person_links: PersonLink.
        stable_ids: StableId.
        eligibility: EligibilityDecision.
        placements: Placement.
        precincts: SourcePrecinct.
        policy: working days for the answer, and which days are.
        as_of: day of this release.

    Returns:
        PrecinctRequest, one row per number ever delivered. A decision answers the request
        whose number it has; without one, an ASSIGN_PRECINCT of this voter into the
        precinct asked for, made since, grants it. Of several answers the latest counts,
        ties by decision_id. A request is OVERDUE from the day after `due_on`.
    """
    requests = _carried(engine, delivered, recorded, as_of)
    requests.create_view("precinct_request", replace=True)
    _tabulate_due_days(engine, policy)
    _tabulate_people(engine, records, person_links, stable_ids)
    _tabulate_answers(engine, decisions)
    columns = ", ".join(PrecinctRequest.column_names())
    return engine.sql(
        f"""
        SELECT {columns} FROM (
            SELECT request.*, due.due_on, stable.stable_id AS person_id,
                CASE answer.kind WHEN 'ASSIGN_PRECINCT' THEN 'GRANTED'
                    WHEN 'REFUSE_REQUEST' THEN 'REFUSED'
                    ELSE CASE WHEN due.due_on < DATE '{as_of.isoformat()}'
                              THEN 'OVERDUE' ELSE 'OPEN' END END AS status,
                answer.decision_id AS answered_by, answer.decided_at AS answered_at,
                due.due_on < CASE WHEN answer.decision_id IS NULL
                    THEN DATE '{as_of.isoformat()}'
                    ELSE coalesce(answer.decided_at::DATE, due.due_on) END AS is_late,
                CASE WHEN asking.person_id IS NULL THEN 'VOTER_UNKNOWN'
                     WHEN NOT verdict.is_eligible THEN 'NOT_ELIGIBLE'
                     WHEN asked.precinct_number IS NULL THEN 'PRECINCT_UNKNOWN'
                END AS problem,
                placement.region_code AS current_region_code,
                placement.precinct_number AS current_precinct_number
            FROM precinct_request AS request
            JOIN precinct_request_due AS due
                ON due.submitted_on = request.submitted_at::DATE
            LEFT JOIN precinct_request_person AS asking USING (request_id)
            LEFT JOIN precinct_request_answer AS answer USING (request_id)
            LEFT JOIN stable_ids AS stable ON stable.person_id = asking.person_id
            LEFT JOIN eligibility AS verdict ON verdict.person_id = asking.person_id
            LEFT JOIN placements AS placement ON placement.person_id = asking.person_id
            LEFT JOIN precincts AS asked
                ON asked.region_code = request.region_code
                AND asked.precinct_number = request.precinct_number
        )
        """
    )


def due_day(submitted: datetime.date, policy: Policy) -> datetime.date:
    """The last day for an answer: so many working days after the day of the request."""
    holidays = {datetime.date.fromisoformat(day) for day in policy.holidays}
    day, left = submitted, policy.request_working_days
    while left > 0:
        day += datetime.timedelta(days=1)
        left -= day.weekday() < policy.working_days_per_week and day not in holidays
    return day


def _carried(
    engine: duckdb.DuckDBPyConnection,
    delivered: Relation,
    recorded: Relation,
    as_of: datetime.date,
) -> Relation:
    """The requests delivered now, and those of earlier nights that no longer are."""
    said = (
        "request_id, submitted_at, voter_id, pinfl, region_code, precinct_number, "
        "station_address, reason"
    )
    return engine.sql(
        f"""
        SELECT {said}, coalesce(before.first_seen, DATE '{as_of.isoformat()}')
                AS first_seen, true AS is_delivered
        FROM delivered
        LEFT JOIN (SELECT request_id, first_seen FROM recorded) AS before
            USING (request_id)
        UNION ALL
        SELECT {said}, first_seen, false
        FROM recorded ANTI JOIN delivered USING (request_id)
        """
    )


def _tabulate_due_days(engine: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    days = [
        day
        for (day,) in engine.sql(
            "SELECT DISTINCT submitted_at::DATE FROM precinct_request"
        ).fetchall()
    ]
    frame = pl.DataFrame(
        {"submitted_on": days, "due_on": [due_day(day, policy) for day in days]},
        schema={"submitted_on": pl.Date, "due_on": pl.Date},
    )
    engine.register("precinct_request_days", frame.to_arrow())
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE precinct_request_due AS FROM precinct_request_days"
    )
    engine.unregister("precinct_request_days")


def _tabulate_people(
    engine: duckdb.DuckDBPyConnection,
    records: Relation,
    person_links: Relation,
    stable_ids: Relation,
) -> None:
    """precinct_request_person: the one person that voter number and PINFL both mean."""
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE precinct_request_person AS
        WITH meant AS (
            SELECT request_id, stable.person_id
            FROM precinct_request
            JOIN stable_ids AS stable ON stable.stable_id = voter_id
            UNION ALL
            SELECT request_id, link.person_id
            FROM precinct_request AS request
            JOIN records AS record ON record.pinfl = request.pinfl
            JOIN person_links AS link ON link.row_id = record.row_id
        )
        SELECT request_id, min(person_id) AS person_id
        FROM meant GROUP BY request_id HAVING count(DISTINCT person_id) = 1
        """
    )


def _tabulate_answers(engine: duckdb.DuckDBPyConnection, decisions: Relation) -> None:
    """precinct_request_answer: the decision that answers each request, if any."""
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE precinct_request_answer AS
        WITH answer AS (
            SELECT request_id, decision_id, kind, decided_at
            FROM decisions
            WHERE request_id IS NOT NULL AND kind IN ('ASSIGN_PRECINCT', 'REFUSE_REQUEST')
            UNION ALL
            SELECT request.request_id, decision.decision_id, decision.kind,
                decision.decided_at
            FROM precinct_request AS request
            JOIN decisions AS decision
                ON (decision.voter_id = request.voter_id OR decision.pinfl = request.pinfl)
                AND decision.region_code = request.region_code
                AND decision.precinct_number = request.precinct_number
                AND decision.decided_at >= request.submitted_at
            WHERE decision.kind = 'ASSIGN_PRECINCT' AND decision.request_id IS NULL
        )
        SELECT DISTINCT ON (request_id) request_id, decision_id, kind, decided_at
        FROM answer ORDER BY request_id, decided_at DESC NULLS LAST, decision_id DESC
        """
    )
