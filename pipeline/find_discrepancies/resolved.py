"""Questions of the previous release that are open no more: when, and by what.

What belongs here: comparing two nights' questions. Why a source is different is known to
whoever keeps it; told is what the two releases show.
"""

import datetime

import duckdb

from pipeline.find_discrepancies.owners import OTHER_AREA

Relation = duckdb.DuckDBPyRelation


def list_resolved(
    engine: duckdb.DuckDBPyConnection,
    discrepancies: Relation,
    voters: Relation,
    changes: Relation,
    lineage: Relation,
    previous_discrepancies: Relation,
    previous_lineage: Relation,
    as_of: datetime.date,
) -> Relation:
    """Every question that the previous release had and this one has not.

    Args:
        engine: where the tables live.
        discrepancies: Discrepancy of this release.
        voters: VoterListEntry of this release.
        changes: ListChange of this release.
        lineage: Lineage of this release.
        previous_discrepancies: Discrepancy of the previous release; empty for the first.
        previous_lineage: Lineage of the previous release; empty likewise.
        as_of: day of this release.

    Returns:
        ResolvedDiscrepancy, one row per question. Of several things that ended one, the
        first of Resolution is named; of several decisions the one with the least number.
    """
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE resolved_question AS
        SELECT * FROM previous_discrepancies
        WHERE discrepancy_id NOT IN (SELECT discrepancy_id FROM discrepancies)
        """
    )
    _find_concerned(engine, lineage, previous_lineage)
    _find_endings(engine, voters, changes, lineage, previous_lineage)
    return engine.sql(
        f"""
        SELECT question.discrepancy_id, question.code, question.severity, question.owner,
            question.region_code, question.district_code, question.precinct_number,
            question.voter_id, question.record_ids, question.field, question.first_seen,
            question.release_count, DATE '{as_of.isoformat()}' AS resolved_on,
            CASE WHEN ending.decision_id IS NOT NULL THEN 'DECISION'
                 WHEN ending.is_removed THEN 'VOTER_REMOVED'
                 WHEN ending.is_changed THEN 'SOURCE_CHANGED'
                 ELSE 'CAUSE_GONE' END AS resolution,
            ending.decision_id, {OTHER_AREA}
        FROM resolved_question AS question
        LEFT JOIN resolved_ending AS ending USING (discrepancy_id)
        """
    )


def _find_concerned(
    engine: duckdb.DuckDBPyConnection, lineage: Relation, previous_lineage: Relation
) -> None:
    """resolved_concerned: rows and persons that a question was about, in both nights.

    Rows are those of the register or of the restrictions; a row that is not delivered any
    more has no person_id now.
    """
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE resolved_concerned AS
        WITH row AS (
            SELECT discrepancy_id, unnest(record_ids) AS record_id FROM resolved_question
        ), wanted AS (
            SELECT DISTINCT record_id FROM row
        ), before AS (
            SELECT record_id, source, person_id FROM previous_lineage
            WHERE record_id IN (SELECT record_id FROM wanted)
        ), now AS (
            SELECT record_id, source, person_id, true AS is_delivered FROM lineage
            WHERE record_id IN (SELECT record_id FROM wanted)
        )
        SELECT row.discrepancy_id, before.person_id AS person_before,
            now.person_id AS person_now, coalesce(is_delivered, false) AS is_delivered
        FROM row
        JOIN before USING (record_id)
        LEFT JOIN now ON now.record_id = before.record_id AND now.source = before.source
        UNION ALL
        SELECT discrepancy_id, voter_id, voter_id, true FROM resolved_question
        WHERE voter_id IS NOT NULL
        """
    )


def _find_endings(
    engine: duckdb.DuckDBPyConnection,
    voters: Relation,
    changes: Relation,
    lineage: Relation,
    previous_lineage: Relation,
) -> None:
    """resolved_ending: discrepancy_id, decision_id, is_removed, is_changed."""
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE resolved_ending AS
        WITH decision AS (
            SELECT person_id, min(record_id) AS decision_id
            FROM lineage
            WHERE source = 'cec/decisions' AND outcome = 'APPLIED'
              AND person_id IS NOT NULL
              AND record_id NOT IN (
                  SELECT record_id FROM previous_lineage
                  WHERE source = 'cec/decisions' AND outcome = 'APPLIED')
            GROUP BY person_id
        ), change AS (
            SELECT voter_id, bool_or(change = 'REMOVED') AS is_removed,
                bool_or(change <> 'REMOVED') AS is_changed
            FROM changes
            WHERE voter_id IN (SELECT person_before FROM resolved_concerned)
            GROUP BY voter_id
        )
        SELECT concerned.discrepancy_id,
            min(coalesce(by_now.decision_id, by_before.decision_id)) AS decision_id,
            coalesce(bool_or(change.is_removed), false) AS is_removed,
            coalesce(bool_or(change.is_changed), false)
                OR bool_or(NOT concerned.is_delivered) AS is_changed
        FROM resolved_concerned AS concerned
        LEFT JOIN decision AS by_now ON by_now.person_id = concerned.person_now
        LEFT JOIN decision AS by_before ON by_before.person_id = concerned.person_before
        LEFT JOIN change ON change.voter_id = concerned.person_before
        GROUP BY concerned.discrepancy_id
        """
    )
