"""What every decision of the ledger did in this release, and what moved under it.

What belongs here: the digest of what a decision was based on. Which decisions hold was
settled in decision_ledger.py and decisions.py.
"""

import duckdb

Relation = duckdb.DuckDBPyRelation

RESIDENCE = (
    "pinfl",
    "registration_kind",
    "registered_on",
    "registered_until",
    "district_code",
    "mahalla",
    "street",
    "house",
    "building",
    "flat",
    "address_text",
    "cadastral_number",
)
STANDING = (
    "pinfl",
    "registration_kind",
    "registered_on",
    "district_code",
    "birth_date",
    "citizenship",
)
IDENTITY = (
    "pinfl",
    "surname",
    "given_name",
    "patronymic",
    "sex",
    "birth_date",
    "document_number",
)

BASED_ON = {
    "SAME_PERSON": IDENTITY,
    "DIFFERENT_PERSONS": IDENTITY,
    "ASSIGN_PRECINCT": RESIDENCE,
    "CONFIRM_TEMPORARY": RESIDENCE,
    "CONFIRM_PERMANENT": RESIDENCE,
    "INCLUDE": STANDING,
    "EXCLUDE": STANDING,
}
"""Columns of mia/persons, as delivered, that a decision of each kind was based on. An
inclusion or exclusion is based on the person's restrictions besides. A correction has its
own column, compared in `decisions.list_corrections`."""

ACTS = ("INCLUDE", "EXCLUDE")


def describe_decisions(
    engine: duckdb.DuckDBPyConnection,
    ledger: Relation,
    lineage: Relation,
    recorded: Relation,
    decided: Relation,
    corrections: Relation,
    source_persons: Relation,
    person_links: Relation,
    restrictions: Relation,
    restriction_links: Relation,
) -> Relation:
    """Every decision with its outcome, and whether the source has moved under it.

    Args:
        engine: where the tables live.
        ledger: LedgerDecision.
        lineage: Lineage of this release; rows of cec/decisions are read.
        recorded: Decision of the previous release; empty where there is none.
        decided: DecidedVoter.
        corrections: Correction.
        source_persons: SourcePerson as delivered, before corrections.
        person_links: PersonLink.
        restrictions: SourceRestriction.
        restriction_links: ReferenceLink of mia/restrictions.

    Returns:
        Decision. `basis` is kept from the first release in which the decision applied, so
        that a question about a source that moved stays until somebody confirms the
        decision by a new one, or withdraws it.
    """
    _find_targets(engine, ledger, decided, source_persons, person_links)
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE decision_basis AS "
        "SELECT decision_row_id, left(sha256(string_agg(said, '\n' ORDER BY said)), 32) "
        f"AS basis FROM ({_statements()}) GROUP BY decision_row_id"
    )
    return engine.sql(
        """
        SELECT ledger.* EXCLUDE (row_id), trace.outcome, trace.reason AS outcome_reason,
            coalesce(trace.person_id, before.person_id) AS person_id,
            coalesce(before.basis, now.basis) AS basis,
            trace.outcome = 'APPLIED' AND (coalesce(before.basis <> now.basis, false)
                OR coalesce(correction.is_source_moved, false)) AS is_source_moved
        FROM ledger
        JOIN (SELECT * FROM lineage WHERE source = 'cec/decisions') AS trace
            ON trace.record_id = ledger.decision_id
        LEFT JOIN decision_basis AS now ON now.decision_row_id = ledger.row_id
        LEFT JOIN recorded AS before ON before.decision_id = ledger.decision_id
            AND before.kind = ledger.kind
            AND before.decided_at IS NOT DISTINCT FROM ledger.decided_at
        LEFT JOIN corrections AS correction ON correction.decision_row_id = ledger.row_id
        """
    )


def _find_targets(
    engine: duckdb.DuckDBPyConnection,
    ledger: Relation,
    decided: Relation,
    source_persons: Relation,
    person_links: Relation,
) -> None:
    """decision_target: decision and every row of the register it was based on."""
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE decision_target AS
        WITH pair AS (
            SELECT row_id AS decision_row_id, kind,
                unnest([record_id_a, record_id_b]) AS record_id
            FROM ledger WHERE kind IN ('SAME_PERSON', 'DIFFERENT_PERSONS')
        )
        SELECT pair.decision_row_id, pair.kind, row.*
        FROM pair JOIN source_persons AS row USING (record_id)
        UNION ALL
        SELECT decided.decision_row_id, decided.kind, row.*
        FROM decided JOIN person_links AS link USING (person_id)
        JOIN source_persons AS row ON row.row_id = link.row_id
        """
    )


def _statements() -> str:
    """SQL of decision_row_id and one text per row or act that a decision is based on."""
    parts = []
    for kind, columns in BASED_ON.items():
        said = " || '|' || ".join(f"coalesce({column}::VARCHAR, '')" for column in columns)
        parts.append(
            f"SELECT decision_row_id, {said} AS said FROM decision_target "
            f"WHERE kind = '{kind}'"
        )
    kinds = ", ".join(f"'{kind}'" for kind in ACTS)
    act = " || '|' || ".join(
        f"coalesce(act.{column}::VARCHAR, '')"
        for column in ("record_id", "kind", "gravity", "valid_from", "valid_until")
    )
    parts.append(
        f"SELECT decided.decision_row_id, 'act|' || {act} AS said "
        "FROM decided JOIN restriction_links AS link USING (person_id) "
        f"JOIN restrictions AS act USING (row_id) WHERE decided.kind IN ({kinds}) "
        "AND link.outcome = 'LINKED'"
    )
    return " UNION ALL ".join(parts)
