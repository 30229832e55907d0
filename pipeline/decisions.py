"""What commissions and operators have decided, brought to rows and persons of this run.

Decisions outlive nightly rebuilds: a correction stays until withdrawn and comes up again
when the source later moves under it. Of two decisions on one matter the later holds.
"""

import duckdb

Relation = duckdb.DuckDBPyRelation

CORRECTABLE = {
    "pinfl": "VARCHAR",
    "surname": "VARCHAR",
    "given_name": "VARCHAR",
    "patronymic": "VARCHAR",
    "sex": "VARCHAR",
    "birth_date": "DATE",
    "citizenship": "VARCHAR",
    "document_number": "VARCHAR",
    "registration_kind": "VARCHAR",
    "registered_on": "DATE",
    "registered_until": "DATE",
    "mahalla": "VARCHAR",
    "street": "VARCHAR",
    "house": "VARCHAR",
    "building": "VARCHAR",
    "flat": "VARCHAR",
    "address_text": "VARCHAR",
    "cadastral_number": "VARCHAR",
}
"""Columns of mia/persons that a CORRECT decision may set, with their types. District and
region are not among them: a person moves by registration or by ASSIGN_PRECINCT."""

CLOSED = {
    "sex": ("M", "F"),
    "registration_kind": ("PERMANENT", "TEMPORARY", "NONE"),
}
REQUIRED = ("sex", "birth_date", "registration_kind")


def list_corrections(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    decisions: Relation,
    earlier: Relation,
) -> Relation:
    """Every CORRECT decision with its outcome, for the corrected rows and for the files.

    Args:
        engine: where the tables live.
        persons: SourcePerson, as delivered.
        decisions: LedgerDecision that stand (decision_ledger.py).
        earlier: this same table of the previous release (empty where there is none), to
            see a source that moved under its correction.

    Returns:
        One row per CORRECT decision: decision_row_id, decision_id, row_id (null where the
        row is not in this delivery), record_id, field, value, source_value (what the
        source says now, as text), source_value_decided (what it said in the first release
        that had the row), outcome APPLIED or NOT_APPLIED, reason (CORRECTED, SUPERSEDED,
        REPEATED, TARGET_UNKNOWN, FIELD_UNKNOWN, VALUE_REFUSED) and is_source_moved, which
        stays until the source says the same again or the corrected value. Of several on
        one row and field the latest decided_at counts, ties by decision_id; an earlier
        one that sets the same value is REPEATED and no contradiction.
    """
    sources = " ".join(
        f"WHEN '{field}' THEN person.{field}::VARCHAR" for field in CORRECTABLE
    )
    refused = " OR ".join(
        [
            f"(field = '{field}' AND value NOT IN {values})"
            for field, values in CLOSED.items()
        ]
        + [
            f"(field = '{field}' AND value IS NOT NULL AND try_cast(value AS DATE) IS NULL)"
            for field, kind in CORRECTABLE.items()
            if kind == "DATE"
        ]
        + [f"(field = '{field}' AND value IS NULL)" for field in REQUIRED]
        + ["(field = 'citizenship' AND NOT regexp_full_match(value, '[A-Z]{3}'))"]
    )
    fields = ", ".join(f"'{field}'" for field in CORRECTABLE)
    return engine.sql(
        f"""
        WITH correction AS (
            SELECT row_id AS decision_row_id, decision_id, decided_at, record_id,
                trim(field) AS field, nullif(trim(value), '') AS value
            FROM decisions WHERE kind = 'CORRECT'
        ), ranked AS (
            SELECT *, row_number() OVER (
                PARTITION BY record_id, field
                ORDER BY decided_at DESC NULLS LAST, decision_id DESC) AS rank,
                first_value(value) OVER (
                PARTITION BY record_id, field
                ORDER BY decided_at DESC NULLS LAST, decision_id DESC) AS value_held
            FROM correction
        ), judged AS (
            SELECT ranked.*, person.row_id,
                CASE ranked.field {sources} END AS source_value,
                CASE
                    WHEN ranked.field NOT IN ({fields}) THEN 'FIELD_UNKNOWN'
                    WHEN person.row_id IS NULL THEN 'TARGET_UNKNOWN'
                    WHEN rank > 1 AND value IS NOT DISTINCT FROM value_held THEN 'REPEATED'
                    WHEN rank > 1 THEN 'SUPERSEDED'
                    WHEN coalesce({refused}, false) THEN 'VALUE_REFUSED'
                    ELSE 'CORRECTED'
                END AS reason
            FROM ranked LEFT JOIN persons AS person USING (record_id)
        )
        SELECT judged.decision_row_id, decision_id, judged.row_id, judged.record_id,
            judged.field, judged.value, judged.source_value,
            CASE WHEN before.decision_id IS NULL THEN judged.source_value
                 ELSE before.source_value_decided END AS source_value_decided,
            CASE reason WHEN 'CORRECTED' THEN 'APPLIED' ELSE 'NOT_APPLIED' END AS outcome,
            reason,
            reason = 'CORRECTED' AND before.decision_id IS NOT NULL
                AND before.source_value_decided IS DISTINCT FROM judged.source_value
                AND judged.source_value IS DISTINCT FROM judged.value AS is_source_moved
        FROM judged LEFT JOIN (
            SELECT decision_id, record_id, field, source_value_decided FROM earlier
            WHERE row_id IS NOT NULL OR source_value_decided IS NOT NULL
        ) AS before USING (decision_id, record_id, field)
        """
    )


def apply_corrections(
    engine: duckdb.DuckDBPyConnection, persons: Relation, corrections: Relation
) -> Relation:
    """mia/persons with every applied correction in place; same rows, same columns."""
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE decision_correction AS
        SELECT row_id, field, value FROM corrections WHERE outcome = 'APPLIED'
        """
    )
    pivot = ", ".join(
        f"max(value) FILTER (field = '{field}') AS new_{field}, "
        f"bool_or(field = '{field}') AS has_{field}"
        for field in CORRECTABLE
    )
    columns = []
    for name in persons.columns:
        if name == "birth_date_precision":
            columns.append(
                "CASE WHEN has_birth_date THEN 'DAY' ELSE birth_date_precision END "
                "AS birth_date_precision"
            )
        elif name in CORRECTABLE:
            columns.append(
                f"CASE WHEN has_{name} THEN new_{name}::{CORRECTABLE[name]} "
                f"ELSE {name} END AS {name}"
            )
        else:
            columns.append(name)
    return engine.sql(
        f"""
        WITH corrected AS (
            SELECT row_id, {pivot} FROM decision_correction GROUP BY row_id
        )
        SELECT {", ".join(columns)} FROM persons LEFT JOIN corrected USING (row_id)
        """
    )


MATTERS = {
    "INCLUDE": "membership",
    "EXCLUDE": "membership",
    "ASSIGN_PRECINCT": "residence",
    "CONFIRM_TEMPORARY": "residence",
    "CONFIRM_PERMANENT": "residence",
}
"""Two decisions contradict each other where they are of one matter and one voter."""


def decide_voters(
    engine: duckdb.DuckDBPyConnection,
    decisions: Relation,
    records: Relation,
    person_links: Relation,
    stable_ids: Relation,
    recorded: Relation,
    previous_lineage: Relation,
) -> Relation:
    """Every decision about a voter, with the person it means and whether it holds.

    Whom a decision meant in the release before it means now, whatever has become of the
    number it named: a PINFL that was corrected, or is somebody else's by now, or a voter
    number that ended in a merge, takes no decision off a person and brings none to
    another.

    Args:
        engine: where the tables live.
        decisions: LedgerDecision that stand (decision_ledger.py).
        records: PersonRecord, for the PINFLs of all rows.
        person_links: PersonLink.
        stable_ids: StableId.
        recorded: Decision of the previous release; empty where there is none.
        previous_lineage: Lineage of the previous release; empty likewise.

    Returns:
        decision_row_id, decision_id, kind, person_id (null where nobody is meant for
        certain), region_code, precinct_number, is_effective, and reason: EFFECTIVE,
        SUPERSEDED (a later decision of the same matter holds), REPEATED (a later one
        says the same) or TARGET_UNKNOWN (no person, or voter_id and PINFL name two). The
        latest decided_at wins, ties by decision_id.
    """
    matters = " ".join(f"WHEN '{kind}' THEN '{m}'" for kind, m in MATTERS.items())
    kinds = ", ".join(f"'{kind}'" for kind in MATTERS)
    _find_meant_before(
        engine, person_links, records, stable_ids, recorded, previous_lineage
    )
    return engine.sql(
        f"""
        WITH by_pinfl AS (
            SELECT pinfl, min(person_id) AS person_id
            FROM records JOIN person_links USING (row_id)
            WHERE pinfl IS NOT NULL
            GROUP BY pinfl HAVING count(DISTINCT person_id) = 1
        ), meant AS (
            SELECT decision.row_id AS decision_row_id, decision.decision_id,
                decision.kind, decision.decided_at, decision.region_code,
                decision.precinct_number,
                CASE decision.kind {matters} END AS matter,
                CASE
                    WHEN before.person_id IS NOT NULL THEN before.person_id
                    WHEN decision.voter_id IS NULL THEN by_pinfl.person_id
                    WHEN decision.pinfl IS NULL THEN stable.person_id
                    WHEN stable.person_id = by_pinfl.person_id THEN stable.person_id
                END AS person_id
            FROM decisions AS decision
            LEFT JOIN stable_ids AS stable ON stable.stable_id = decision.voter_id
            LEFT JOIN by_pinfl ON by_pinfl.pinfl = decision.pinfl
            LEFT JOIN decision_meant_before AS before USING (decision_id)
            WHERE decision.kind IN ({kinds})
        ), ranked AS (
            SELECT *, row_number() OVER (
                PARTITION BY person_id, matter
                ORDER BY decided_at DESC NULLS LAST, decision_id DESC) AS rank,
                first_value((kind, region_code, precinct_number)) OVER (
                PARTITION BY person_id, matter
                ORDER BY decided_at DESC NULLS LAST, decision_id DESC) AS held
            FROM meant
        )
        SELECT decision_row_id, decision_id, kind, person_id, region_code,
            precinct_number,
            person_id IS NOT NULL AND rank = 1 AS is_effective,
            CASE WHEN person_id IS NULL THEN 'TARGET_UNKNOWN'
                 WHEN rank > 1 AND (kind, region_code, precinct_number)
                     IS NOT DISTINCT FROM held THEN 'REPEATED'
                 WHEN rank > 1 THEN 'SUPERSEDED' ELSE 'EFFECTIVE' END AS reason
        FROM ranked
        """
    )


def _find_meant_before(
    engine: duckdb.DuckDBPyConnection,
    person_links: Relation,
    records: Relation,
    stable_ids: Relation,
    recorded: Relation,
    previous_lineage: Relation,
) -> None:
    """decision_meant_before: whom each recorded decision meant, as a person of this run.

    By the stable number; where that has ended, by the rows the person had, if they are
    one person now.
    """
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE decision_meant_before AS
        WITH meant AS (
            SELECT decision_id, person_id AS stable_id FROM recorded
            WHERE person_id IS NOT NULL
        ), lost AS (
            SELECT meant.* FROM meant ANTI JOIN stable_ids USING (stable_id)
        ), by_rows AS (
            SELECT lost.decision_id, min(link.person_id) AS person_id
            FROM lost
            JOIN previous_lineage AS row
                ON row.person_id = lost.stable_id AND row.source = 'mia/persons'
            JOIN records AS record ON record.record_id = row.record_id
            JOIN person_links AS link ON link.row_id = record.row_id
            GROUP BY lost.decision_id HAVING count(DISTINCT link.person_id) = 1
        )
        SELECT meant.decision_id, stable.person_id
        FROM meant JOIN stable_ids AS stable USING (stable_id)
        UNION ALL
        SELECT decision_id, person_id FROM by_rows
        """
    )
