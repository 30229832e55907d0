"""Stage 7d: what changed since the previous release, voter by voter, with the reason.

No voter disappears without a REMOVED row that says why and on which article of law.
"""

import duckdb

Relation = duckdb.DuckDBPyRelation

ADDRESS_COLUMNS = ("mahalla", "street", "house", "building", "flat")
CORRECTED_COLUMNS = (
    "pinfl",
    "surname",
    "given_name",
    "patronymic",
    "sex",
    "birth_date",
    "document_number",
    *ADDRESS_COLUMNS,
)
"""Columns whose change corrects an entry; a change of precinct is a move."""

ADDRESS_FIELDS = (*ADDRESS_COLUMNS, "address_text", "cadastral_number")
"""Fields of a registration whose correction may change any part of the address."""

REMOVAL_ARTICLES = {
    "MERGED": "ZRU-544, Art. 28",
    "LEFT_REGISTER": "ZRU-544, Art. 28",
    "QUARANTINED": "ZRU-544, Art. 28",
    "UNPLACED": "ZRU-544, Art. 10",
}
"""Removals that are no verdict on the right to vote: the article that the list follows.

The list is formed once for each voter from the data of the authorised bodies and kept
true to them (28), by precincts (10). Whoever goes by the last three keeps the right to
vote and comes back as soon as the source is mended; the articles of the grounds stand in
`unlisted`.
"""

PLACE = ("region_code", "district_code", "precinct_number")


def list_changes(
    engine: duckdb.DuckDBPyConnection,
    voters: Relation,
    lineage: Relation,
    quarantined: Relation,
    unlisted: Relation,
    corrections: Relation,
    previous_voters: Relation,
    previous_lineage: Relation,
    previous_corrections: Relation,
) -> Relation:
    """Every addition, removal, move and correction between two releases.

    Args:
        engine: where the tables live.
        voters: VoterListEntry of this release.
        lineage: Lineage of this release.
        quarantined: QuarantinedRow of this release.
        unlisted: UnlistedPerson of this release, for the article behind a ground.
        corrections: Correction of this release.
        previous_voters: VoterListEntry of the previous release; empty for the first one,
            which then reports no changes at all rather than twenty million additions.
        previous_lineage: Lineage of the previous release.
        previous_corrections: Correction of the previous release.

    Returns:
        ListChange: one row per ADDED, REMOVED or MOVED voter and one per corrected
        column; a voter who moved has corrections of the address beside the move. So, in
        the country, in every district and in every precinct, voters before + ADDED +
        moved in - REMOVED - moved out = voters now. `after` of a MERGED voter and
        `before` of a SEPARATED one is the other voter's number.
    """
    if not previous_lineage.limit(1).fetchall():
        return _no_changes(engine)
    _find_origins(engine, lineage, previous_lineage)
    _find_fates(engine, lineage, quarantined, unlisted, previous_lineage)
    _find_differences(engine, voters, previous_voters)
    _find_corrected(engine, lineage, corrections, previous_lineage, previous_corrections)
    return engine.sql(
        f"""
        SELECT now.voter_id, 'ADDED' AS change,
            coalesce(origin.reason, 'NEW_IN_REGISTER') AS reason, NULL AS article,
            '' AS field, origin.other AS before, NULL::VARCHAR AS after,
            {_places(None, "now")}
        FROM voters AS now
        ANTI JOIN previous_voters AS before ON before.voter_id = now.voter_id
        LEFT JOIN changes_origin AS origin ON origin.person_id = now.voter_id
        UNION ALL
        SELECT before.voter_id, 'REMOVED', fate.reason, fate.article, '',
            NULL, fate.other, {_places("before", None)}
        FROM previous_voters AS before
        ANTI JOIN voters AS now ON before.voter_id = now.voter_id
        LEFT JOIN changes_fate AS fate ON fate.person_id = before.voter_id
        UNION ALL
        SELECT voter_id, 'MOVED', move_reason, NULL, '', NULL, NULL,
            {_places("before", "now", "_")}
        FROM changes_difference WHERE move_reason IS NOT NULL
        UNION ALL
        SELECT * FROM changes_corrected
        """
    )


def _no_changes(engine: duckdb.DuckDBPyConnection) -> Relation:
    columns = ", ".join(
        f"NULL::{'INTEGER' if name.startswith('precinct') else 'VARCHAR'} AS {name}"
        for name in (
            *("voter_id", "change", "reason", "article", "field", "before", "after"),
            *(f"{column}_{moment}" for moment in ("before", "after") for column in PLACE),
        )
    )
    return engine.sql(f"SELECT {columns} LIMIT 0")


def _places(before: str | None, after: str | None, dot: str = ".") -> str:
    """The place before and after as columns; null where there is none."""
    parts = []
    for moment, table in (("before", before), ("after", after)):
        for column in PLACE:
            kind = "INTEGER" if column == "precinct_number" else "VARCHAR"
            value = f"{table}{dot}{column}" if table else f"NULL::{kind}"
            parts.append(f"{value} AS {column}_{moment}")
    return ", ".join(parts)


def _find_origins(
    engine: duckdb.DuckDBPyConnection, lineage: Relation, previous_lineage: Relation
) -> None:
    """changes_origin: why a voter came, by number, and whom they were taken for."""
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE changes_origin AS
        SELECT person_id, min(CASE
            WHEN outcome = 'INELIGIBLE' AND reason IN ('UNDER_AGE', 'AGE_UNKNOWN')
                THEN 'CAME_OF_AGE'
            WHEN outcome = 'INELIGIBLE' THEN 'RESTORED'
            WHEN outcome = 'UNPLACED' THEN 'PLACED' END) AS reason,
            NULL::VARCHAR AS other
        FROM previous_lineage
        WHERE source = 'mia/persons' AND person_id IS NOT NULL GROUP BY person_id;
        INSERT INTO changes_origin
        SELECT now.person_id, 'SEPARATED', min(before.person_id)
        FROM lineage AS now
        JOIN previous_lineage AS before USING (source, record_id)
        WHERE source = 'mia/persons' AND now.person_id <> before.person_id
          AND now.person_id NOT IN (SELECT person_id FROM changes_origin)
        GROUP BY now.person_id
        """
    )


def _find_fates(
    engine: duckdb.DuckDBPyConnection,
    lineage: Relation,
    quarantined: Relation,
    unlisted: Relation,
    previous_lineage: Relation,
) -> None:
    """changes_fate: why a voter went, by number, with the article behind it.

    Rows that now belong to another person who is listed make a merger; if that person may
    not vote or has no precinct, this is why nobody is listed, and it is what is told.
    """
    articles = ", ".join(
        f"('{reason}', '{article}')" for reason, article in REMOVAL_ARTICLES.items()
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE changes_fate AS
        WITH article (reason, article) AS (VALUES {articles}),
        verdict AS (
            SELECT person_id, coalesce(ground, 'UNPLACED') AS reason,
                CASE WHEN ground IS NULL THEN NULL ELSE unlisted.article END AS article
            FROM unlisted
        ), gone AS (
            SELECT before.person_id,
                min(now.person_id) FILTER (now.voter_id IS NOT NULL) AS merged_into,
                min(now.person_id) AS now_part_of, bool_or(refused.record_id IS NOT NULL)
                    AS is_refused
            FROM previous_lineage AS before
            LEFT JOIN lineage AS now USING (source, record_id)
            LEFT JOIN (
                SELECT DISTINCT source, record_id FROM quarantined
                WHERE record_id IS NOT NULL
            ) AS refused USING (source, record_id)
            WHERE source = 'mia/persons'
              AND before.person_id NOT IN (SELECT person_id FROM verdict)
              AND before.person_id NOT IN (
                  SELECT person_id FROM lineage
                  WHERE source = 'mia/persons' AND person_id IS NOT NULL)
            GROUP BY before.person_id
        ), fate AS (
            SELECT person_id, reason, verdict.article, NULL::VARCHAR AS other FROM verdict
            UNION ALL
            SELECT gone.person_id,
                CASE WHEN merged_into IS NOT NULL THEN 'MERGED'
                     WHEN now_part_of IS NOT NULL THEN coalesce(verdict.reason, 'UNPLACED')
                     WHEN is_refused THEN 'QUARANTINED'
                     ELSE 'LEFT_REGISTER' END,
                CASE WHEN merged_into IS NULL THEN verdict.article END, merged_into
            FROM gone LEFT JOIN verdict ON verdict.person_id = gone.now_part_of
        )
        SELECT fate.person_id, fate.reason, fate.other,
            coalesce(fate.article, article.article) AS article
        FROM fate LEFT JOIN article USING (reason)
        """
    )


def _find_differences(
    engine: duckdb.DuckDBPyConnection, voters: Relation, previous_voters: Relation
) -> None:
    """changes_difference: voters of both lists with a difference, in one join.

    Columns: voter_id, the place in both lists, move_reason (null where the precinct is
    the same), corrected: list of field, before, after.
    """
    corrected = ", ".join(
        f"CASE WHEN now.{column} IS DISTINCT FROM before.{column} THEN "
        f"{{field: '{column}', before: before.{column}::VARCHAR, "
        f"after: now.{column}::VARCHAR}} END"
        for column in CORRECTED_COLUMNS
    )
    same_address = " AND ".join(
        f"now.{column} IS NOT DISTINCT FROM before.{column}"
        for column in ("district_code", *ADDRESS_COLUMNS)
    )
    place = ", ".join(
        f"{moment}.{column} AS {moment}_{column}"
        for moment in ("before", "now")
        for column in PLACE
    )
    moved = " OR ".join(f"now.{column} <> before.{column}" for column in PLACE)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE changes_difference AS
        SELECT now.voter_id, {place},
            CASE
                WHEN NOT ({moved}) THEN NULL
                WHEN now.basis IN ('ROSTER', 'DECISION') THEN now.basis
                WHEN now.basis = before.basis AND {same_address} THEN 'PRECINCTS_CHANGED'
                WHEN now.basis = before.basis THEN 'ADDRESS_CHANGED'
                WHEN now.basis = 'TEMPORARY' THEN 'TEMPORARY'
                ELSE 'RETURNED_HOME'
            END AS move_reason,
            list_filter([{corrected}], lambda field: field IS NOT NULL) AS corrected
        FROM voters AS now JOIN previous_voters AS before USING (voter_id)
        WHERE move_reason IS NOT NULL OR len(corrected) > 0
        """
    )


def _find_corrected(
    engine: duckdb.DuckDBPyConnection,
    lineage: Relation,
    corrections: Relation,
    previous_lineage: Relation,
    previous_corrections: Relation,
) -> None:
    """changes_corrected: corrections as ListChange, with who changed the value.

    DECISION: a correction of a commission came, changed or was withdrawn; ROW_CHANGED:
    the values come from another row of the same person; SOURCE_CHANGED: all else.
    """
    decided = "SELECT record_id, field, value FROM {} WHERE outcome = 'APPLIED'"
    now, before = decided.format("corrections"), decided.format("previous_corrections")
    fields = ", ".join(f"'{field}'" for field in ADDRESS_FIELDS)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE changes_corrected AS
        WITH corrected AS (
            SELECT * EXCLUDE (corrected), unnest(corrected, recursive := true)
            FROM changes_difference
        ), main AS (
            SELECT voter_id, record_id FROM lineage
            WHERE source = 'mia/persons' AND outcome = 'LISTED'
              AND voter_id IN (SELECT voter_id FROM corrected)
        ), main_before AS (
            SELECT voter_id, record_id FROM previous_lineage
            WHERE source = 'mia/persons' AND outcome = 'LISTED'
              AND voter_id IN (SELECT voter_id FROM corrected)
        ), decision AS (
            SELECT DISTINCT record_id,
                CASE WHEN field IN ({fields}) THEN 'address' ELSE field END AS field
            FROM (({now} EXCEPT {before}) UNION ALL ({before} EXCEPT {now}))
        )
        SELECT voter_id, 'CORRECTED' AS change,
            CASE WHEN decision.record_id IS NOT NULL THEN 'DECISION'
                 WHEN main.record_id IS DISTINCT FROM main_before.record_id
                     THEN 'ROW_CHANGED'
                 ELSE 'SOURCE_CHANGED' END AS reason,
            NULL AS article, corrected.field, corrected.before, corrected.after,
            {_places("before", "now", "_")}
        FROM corrected
        LEFT JOIN main USING (voter_id)
        LEFT JOIN main_before USING (voter_id)
        LEFT JOIN decision ON decision.record_id = main.record_id
            AND decision.field = CASE WHEN corrected.field IN ({fields}) THEN 'address'
                                      ELSE corrected.field END
        """
    )
