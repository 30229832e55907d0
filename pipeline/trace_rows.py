"""Stage 7a: where every source row ended, row by row (lineage) and summed.

What belongs here: reading decisions back onto rows. No decision is taken here.
"""

import duckdb

Relation = duckdb.DuckDBPyRelation


def trace_lineage(
    engine: duckdb.DuckDBPyConnection,
    source_persons: Relation,
    person_links: Relation,
    persons: Relation,
    stable_ids: Relation,
    eligibility: Relation,
    placements: Relation,
) -> Relation:
    """Where every row of mia/persons ended: one Lineage row each.

    The row that names a listed voter is LISTED, the voter's other rows are MERGED_INTO it;
    rows of an ineligible person are INELIGIBLE and rows of one without a precinct UNPLACED.
    """
    return engine.sql(
        """
        SELECT
            'mia/persons' AS source, row.record_id,
            CASE WHEN placement.precinct_number IS NOT NULL
                 THEN stable.stable_id END AS voter_id,
            stable.stable_id AS person_id,
            CASE
                WHEN NOT verdict.is_eligible THEN 'INELIGIBLE'
                WHEN placement.precinct_number IS NULL THEN 'UNPLACED'
                WHEN person.main_row_id = link.row_id THEN 'LISTED'
                ELSE 'MERGED_INTO'
            END AS outcome,
            CASE
                WHEN NOT verdict.is_eligible THEN verdict.ground
                WHEN placement.precinct_number IS NULL THEN placement.unplaced_reason
                WHEN person.main_row_id = link.row_id THEN placement.basis
                ELSE link.rule
            END AS reason,
            link.rule, link.match_weight AS weight, link.pattern
        FROM source_persons AS row
        JOIN person_links AS link USING (row_id)
        JOIN persons AS person USING (person_id)
        JOIN stable_ids AS stable USING (person_id)
        JOIN eligibility AS verdict USING (person_id)
        LEFT JOIN placements AS placement USING (person_id)
        """
    )


def trace_restrictions(
    engine: duckdb.DuckDBPyConnection,
    restrictions: Relation,
    restriction_links: Relation,
    stable_ids: Relation,
    eligibility: Relation,
) -> Relation:
    """What every row of mia/restrictions did: one Lineage row each.

    APPLIED where the person is off the list for the ground this row gives; NOT_APPLIED
    otherwise, with the reason (nobody found, several, not in force on election day …).
    """
    return engine.sql(
        """
        SELECT
            'mia/restrictions' AS source, act.record_id,
            NULL::VARCHAR AS voter_id, stable.stable_id AS person_id,
            CASE WHEN link.outcome = 'LINKED' AND NOT verdict.is_eligible
                      AND verdict.restriction_row_id = act.row_id
                 THEN 'APPLIED' ELSE 'NOT_APPLIED' END AS outcome,
            CASE
                WHEN link.outcome <> 'LINKED' THEN link.outcome
                WHEN NOT verdict.is_eligible AND verdict.restriction_row_id = act.row_id
                    THEN verdict.ground
                WHEN NOT verdict.is_eligible THEN 'OTHER_GROUND'
                ELSE 'NOT_IN_FORCE'
            END AS reason,
            link.rule, link.match_weight AS weight, NULL::VARCHAR AS pattern
        FROM restrictions AS act
        JOIN restriction_links AS link USING (row_id)
        LEFT JOIN stable_ids AS stable USING (person_id)
        LEFT JOIN eligibility AS verdict USING (person_id)
        """
    )


def key_rows(engine: duckdb.DuckDBPyConnection, rows: Relation) -> Relation:
    """row_id and a record_id for rows of rosters and supplementary lists.

    The key is the precinct and 12 digits of a hash of who is named, so that it doesn't
    depend on where the row stands; rows that are the same get #2, #3 …
    """
    return engine.sql(
        """
        WITH hashed AS (
            SELECT row_id, region_code || '-' || precinct_number || '-' || left(sha256(
                concat_ws('|', pinfl, surname, given_name, patronymic,
                          birth_date::VARCHAR, document_number)), 12) AS content
            FROM rows
        ), numbered AS (
            SELECT row_id, content, row_number() OVER (
                PARTITION BY content ORDER BY row_id) AS number
            FROM hashed
        )
        SELECT row_id,
            CASE WHEN number = 1 THEN content ELSE content || '#' || number
            END AS record_id
        FROM numbered
        """
    )


def trace_rosters(
    engine: duckdb.DuckDBPyConnection,
    rosters: Relation,
    keys: Relation,
    roster_links: Relation,
    stable_ids: Relation,
    placements: Relation,
) -> Relation:
    """What every row of cec/rosters did: one Lineage row each.

    A roster row has no key of its own: `keys` (key_rows) makes one from its content.
    """
    return engine.sql(
        """
        SELECT
            'cec/rosters' AS source,
            named.record_id,
            CASE WHEN placement.roster_row_id = roster.row_id
                 THEN stable.stable_id END AS voter_id,
            stable.stable_id AS person_id,
            CASE WHEN placement.roster_row_id = roster.row_id THEN 'APPLIED'
                 ELSE 'NOT_APPLIED' END AS outcome,
            CASE
                WHEN link.outcome <> 'LINKED' THEN link.outcome
                WHEN placement.roster_row_id = roster.row_id THEN 'MOVED_BY_ROSTER'
                WHEN placement.person_id IS NULL THEN 'NOT_ELIGIBLE'
                ELSE 'OTHER_BASIS'
            END AS reason,
            link.rule, link.match_weight AS weight, NULL::VARCHAR AS pattern
        FROM rosters AS roster
        JOIN roster_links AS link USING (row_id)
        JOIN keys AS named USING (row_id)
        LEFT JOIN stable_ids AS stable USING (person_id)
        LEFT JOIN placements AS placement USING (person_id)
        """
    )


def trace_decisions(
    engine: duckdb.DuckDBPyConnection,
    decisions: Relation,
    corrections: Relation,
    decided: Relation,
    stable_ids: Relation,
    eligibility: Relation,
    placements: Relation,
    records: Relation,
    person_links: Relation,
    requests: Relation,
) -> Relation:
    """What every decision of the ledger did: one Lineage row each.

    `decisions` are all of the ledger; corrections and decided voters those that stand. A
    decision that was taken back is NOT_APPLIED with WITHDRAWN, which is no question.
    """
    return engine.sql(
        """
        WITH pair AS (
            SELECT decision.row_id AS decision_row_id, decision.kind,
                left_link.person_id AS left_person, right_link.person_id AS right_person
            FROM decisions AS decision
            LEFT JOIN records AS left_row ON left_row.record_id = decision.record_id_a
            LEFT JOIN records AS right_row ON right_row.record_id = decision.record_id_b
            LEFT JOIN person_links AS left_link ON left_link.row_id = left_row.row_id
            LEFT JOIN person_links AS right_link ON right_link.row_id = right_row.row_id
            WHERE decision.kind IN ('SAME_PERSON', 'DIFFERENT_PERSONS')
              AND decision.withdrawn_by IS NULL
        ), verdict AS (
            SELECT row_id AS decision_row_id, NULL::BIGINT AS person_id,
                'WITHDRAWN' AS reason
            FROM decisions WHERE withdrawn_by IS NOT NULL
            UNION ALL
            SELECT taking.row_id, NULL,
                CASE WHEN taken.decision_id IS NULL THEN 'TARGET_UNKNOWN'
                     WHEN taken.withdrawn_by IS NULL THEN 'REFUSED'
                     WHEN taken.withdrawn_by <> taking.decision_id THEN 'REPEATED'
                     ELSE 'WITHDRAW' END
            FROM decisions AS taking
            LEFT JOIN decisions AS taken ON taken.decision_id = taking.withdraws
            WHERE taking.kind = 'WITHDRAW' AND taking.withdrawn_by IS NULL
            UNION ALL
            SELECT refusal.row_id, NULL,
                CASE WHEN request.request_id IS NULL THEN 'TARGET_UNKNOWN'
                     WHEN request.answered_by = refusal.decision_id THEN 'REFUSE_REQUEST'
                     ELSE 'SUPERSEDED' END
            FROM decisions AS refusal
            LEFT JOIN requests AS request USING (request_id)
            WHERE refusal.kind = 'REFUSE_REQUEST' AND refusal.withdrawn_by IS NULL
            UNION ALL
            SELECT decision_row_id, NULL::BIGINT AS person_id,
                CASE
                    WHEN left_person IS NULL OR right_person IS NULL
                        THEN 'TARGET_UNKNOWN'
                    WHEN (kind = 'SAME_PERSON') = (left_person = right_person)
                        THEN kind
                    ELSE 'SUPERSEDED'
                END AS reason
            FROM pair
            UNION ALL
            SELECT decision_row_id, link.person_id, reason
            FROM corrections LEFT JOIN person_links AS link USING (row_id)
            UNION ALL
            SELECT decided.decision_row_id, decided.person_id,
                CASE
                    WHEN NOT decided.is_effective THEN decided.reason
                    WHEN decided.kind = 'EXCLUDE'
                        THEN CASE WHEN eligibility.is_eligible THEN 'REFUSED'
                                  ELSE 'EXCLUDE' END
                    WHEN NOT eligibility.is_eligible THEN 'NOT_ELIGIBLE'
                    WHEN decided.kind = 'INCLUDE' THEN 'INCLUDE'
                    WHEN placement.decision_row_id = decided.decision_row_id
                         OR decided.kind = 'CONFIRM_PERMANENT' THEN decided.kind
                    ELSE 'REFUSED'
                END
            FROM decided
            LEFT JOIN eligibility USING (person_id)
            LEFT JOIN placements AS placement USING (person_id)
        )
        SELECT
            'cec/decisions' AS source, decision.decision_id AS record_id,
            CASE WHEN placement.precinct_number IS NOT NULL THEN stable.stable_id
            END AS voter_id,
            stable.stable_id AS person_id,
            CASE WHEN verdict.reason IN (decision.kind, 'CORRECTED')
                 THEN 'APPLIED' ELSE 'NOT_APPLIED' END AS outcome,
            verdict.reason,
            decision.kind AS rule, NULL::DOUBLE AS weight, NULL::VARCHAR AS pattern
        FROM decisions AS decision
        JOIN verdict ON verdict.decision_row_id = decision.row_id
        LEFT JOIN stable_ids AS stable USING (person_id)
        LEFT JOIN placements AS placement USING (person_id)
        """
    )


def trace_requests(engine: duckdb.DuckDBPyConnection, requests: Relation) -> Relation:
    """What became of every delivered row of cec/requests: one Lineage row each.

    APPLIED where it was granted; the reason is the request's status, or what is wrong.
    """
    return engine.sql(
        """
        SELECT 'cec/requests' AS source, request_id AS record_id,
            CASE WHEN current_precinct_number IS NOT NULL THEN person_id END AS voter_id,
            person_id,
            CASE WHEN status = 'GRANTED' THEN 'APPLIED' ELSE 'NOT_APPLIED' END AS outcome,
            CASE WHEN status IN ('OPEN', 'OVERDUE') THEN coalesce(problem, status)
                 ELSE status END AS reason,
            answered_by AS rule, NULL::DOUBLE AS weight, NULL::VARCHAR AS pattern
        FROM requests WHERE is_delivered
        """
    )


def reconcile(
    engine: duckdb.DuckDBPyConnection,
    lineage: Relation,
    quarantined: Relation,
    sources: dict[str, Relation],
    roster_keys: Relation,
) -> Relation:
    """Where every input row went, summed: the chain that ties any two published figures.

    Args:
        engine: where the tables live.
        lineage: Lineage of persons, restrictions, rosters, decisions and requests.
        quarantined: QuarantinedRow of every source.
        sources: accepted rows by source. Sources without lineage (dwellings, precincts …)
            count as APPLIED.
        roster_keys: key_rows of cec/rosters.

    Returns:
        Reconciliation. Region and district are those of the row as delivered; empty where
        a source has none or they could not be read.
    """
    parts = [
        # A damaged row may hold anything in these columns, a name included.
        "SELECT source, CASE WHEN regexp_full_match(region_code, '\\d{4}') "
        "THEN region_code ELSE '' END AS region_code, "
        "CASE WHEN regexp_full_match(district_code, '\\d{7}(\\d{3})?') "
        "THEN district_code ELSE '' END AS district_code, 'QUARANTINED' AS outcome, "
        "rule AS reason, count(*) AS rows FROM quarantined GROUP BY ALL"
    ]
    traced = {
        "mia/persons": "row.record_id",
        "mia/restrictions": "row.record_id",
        "cec/rosters": "row.record_id",
        "cec/decisions": "row.decision_id",
        "cec/requests": "row.request_id",
    }
    for source, relation in sources.items():
        view = "reconcile_" + source.replace("/", "_")
        relation.create_view(view, replace=True)
        if source == "cec/rosters":
            roster_keys.create_view("reconcile_key", replace=True)
            view = f"(SELECT * FROM {view} JOIN reconcile_key USING (row_id))"
        places = [
            f"coalesce(row.{column}, '')" if column in relation.columns else "''"
            for column in ("region_code", "district_code")
        ]
        head = f"SELECT '{source}', {places[0]}, {places[1]}, "
        if source in traced:
            parts.append(
                f"{head} trace.outcome, trace.reason, count(*) FROM {view} AS row "
                f"JOIN (SELECT * FROM lineage WHERE source = '{source}') AS trace "
                f"ON trace.record_id = {traced[source]} GROUP BY ALL"
            )
        else:
            parts.append(
                f"{head} 'APPLIED', 'USED', count(*) FROM {view} AS row GROUP BY ALL"
            )
    return engine.sql(" UNION ALL ".join(parts))
