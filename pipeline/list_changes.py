"""Stage 7d: what changed since the previous release, voter by voter, with the reason.

No voter disappears without a REMOVED row that says why.
"""

import duckdb

Relation = duckdb.DuckDBPyRelation

CORRECTED_COLUMNS = (
    "pinfl",
    "surname",
    "given_name",
    "patronymic",
    "sex",
    "birth_date",
    "document_number",
    "mahalla",
    "street",
    "house",
    "building",
    "flat",
)
"""Columns whose change corrects an entry; a change of precinct is a move."""

ADDRESS_COLUMNS = ("mahalla", "street", "house", "building", "flat")


def list_changes(
    engine: duckdb.DuckDBPyConnection,
    voters: Relation,
    lineage: Relation,
    quarantined: Relation,
    previous_voters: Relation,
    previous_lineage: Relation,
) -> Relation:
    """Every addition, removal, move and correction between two releases.

    Args:
        engine: where the tables live.
        voters: VoterListEntry of this release.
        lineage: Lineage of this release.
        quarantined: QuarantinedRow of this release.
        previous_voters: VoterListEntry of the previous release; empty for the first one,
            which then reports no changes at all rather than twenty million additions.
        previous_lineage: Lineage of the previous release.

    Returns:
        ListChange: one row per ADDED, REMOVED or MOVED voter and one per corrected
        column; a voter who moved has corrections of the address beside the move. So
        voters before + ADDED - REMOVED = voters now.
    """
    first = not previous_lineage.limit(1).fetchall()
    if first:
        return engine.sql(
            f"SELECT {_columns()} FROM voters AS now, voters AS before LIMIT 0"
        )
    _find_fates(engine, lineage, quarantined, previous_lineage)
    corrections = " UNION ALL ".join(
        f"""
        SELECT now.voter_id, 'CORRECTED', 'SOURCE_CHANGED', '{column}',
            before.{column}::VARCHAR, now.{column}::VARCHAR, {_places("before", "now")}
        FROM voters AS now JOIN previous_voters AS before USING (voter_id)
        WHERE now.{column} IS DISTINCT FROM before.{column}
        """
        for column in CORRECTED_COLUMNS
    )
    same_address = " AND ".join(
        f"now.{column} IS NOT DISTINCT FROM before.{column}" for column in ADDRESS_COLUMNS
    )
    return engine.sql(
        f"""
        SELECT now.voter_id, 'ADDED' AS change,
            coalesce(fate.reason, 'NEW_IN_REGISTER') AS reason, '' AS field,
            NULL::VARCHAR AS before, NULL::VARCHAR AS after,
            {_places(None, "now", named=True)}
        FROM voters AS now
        ANTI JOIN previous_voters AS before ON before.voter_id = now.voter_id
        LEFT JOIN changes_origin AS fate ON fate.person_id = now.voter_id
        UNION ALL
        SELECT before.voter_id, 'REMOVED', coalesce(fate.reason, 'LEFT_REGISTER'), '',
            NULL, NULL, {_places("before", None)}
        FROM previous_voters AS before
        ANTI JOIN voters AS now ON before.voter_id = now.voter_id
        LEFT JOIN changes_fate AS fate ON fate.person_id = before.voter_id
        UNION ALL
        SELECT now.voter_id, 'MOVED',
            CASE
                WHEN now.basis IN ('ROSTER', 'DECISION', 'TEMPORARY')
                     AND now.basis <> before.basis THEN now.basis
                WHEN {same_address} THEN 'PRECINCTS_CHANGED'
                ELSE 'ADDRESS_CHANGED'
            END, '', NULL, NULL, {_places("before", "now")}
        FROM voters AS now JOIN previous_voters AS before USING (voter_id)
        WHERE (now.region_code, now.precinct_number)
           <> (before.region_code, before.precinct_number)
        UNION ALL
        {corrections}
        """
    )


def _columns() -> str:
    return (
        "now.voter_id, '' AS change, '' AS reason, '' AS field, "
        "NULL::VARCHAR AS before, NULL::VARCHAR AS after, "
        + _places("before", "now", named=True)
    )


def _places(before: str | None, after: str | None, *, named: bool = False) -> str:
    parts = []
    for moment, table in (("before", before), ("after", after)):
        for column in ("region_code", "district_code", "precinct_number"):
            kind = "INTEGER" if column == "precinct_number" else "VARCHAR"
            value = f"{table}.{column}" if table else f"NULL::{kind}"
            parts.append(f"{value} AS {column}_{moment}" if named else value)
    return ", ".join(parts)


def _find_fates(
    engine: duckdb.DuckDBPyConnection,
    lineage: Relation,
    quarantined: Relation,
    previous_lineage: Relation,
) -> None:
    """Why a voter came (changes_origin) and why one went (changes_fate), by number."""
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE changes_origin AS
        SELECT person_id, min(CASE
            WHEN outcome = 'INELIGIBLE' AND reason IN ('UNDER_AGE', 'AGE_UNKNOWN')
                THEN 'CAME_OF_AGE'
            WHEN outcome = 'INELIGIBLE' THEN 'RESTORED'
            WHEN outcome = 'UNPLACED' THEN 'PLACED' END) AS reason
        FROM previous_lineage
        WHERE source = 'mia/persons' AND person_id IS NOT NULL GROUP BY person_id;
        INSERT INTO changes_origin
        SELECT now.person_id, 'SEPARATED'
        FROM lineage AS now
        JOIN previous_lineage AS before USING (source, record_id)
        WHERE source = 'mia/persons' AND now.person_id <> before.person_id
          AND now.person_id NOT IN (SELECT person_id FROM changes_origin)
        GROUP BY now.person_id
        """
    )
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE changes_fate AS
        SELECT person_id, min(CASE WHEN outcome = 'INELIGIBLE' THEN reason
                                   ELSE 'UNPLACED' END) AS reason
        FROM lineage
        WHERE source = 'mia/persons' AND outcome IN ('INELIGIBLE', 'UNPLACED')
        GROUP BY person_id;
        INSERT INTO changes_fate
        SELECT before.person_id, min(CASE
            WHEN now.person_id IS NOT NULL THEN 'MERGED'
            WHEN refused.record_id IS NOT NULL THEN 'QUARANTINED'
            ELSE 'LEFT_REGISTER' END)
        FROM previous_lineage AS before
        LEFT JOIN lineage AS now USING (source, record_id)
        LEFT JOIN (
            SELECT DISTINCT source, record_id FROM quarantined
            WHERE record_id IS NOT NULL
        ) AS refused USING (source, record_id)
        WHERE source = 'mia/persons'
          AND before.person_id NOT IN (SELECT person_id FROM changes_fate)
          AND before.person_id NOT IN (
              SELECT person_id FROM lineage WHERE person_id IS NOT NULL)
        GROUP BY before.person_id
        """
    )
