"""What became of voter numbers: which ended in another, and which were split.

A number is carried as carry_ids.py says; this ledger says it to whoever holds an old
number, and keeps saying it in every later release.
"""

import duckdb

Relation = duckdb.DuckDBPyRelation


def list_number_changes(
    engine: duckdb.DuckDBPyConnection,
    stable_ids: Relation,
    person_links: Relation,
    source_persons: Relation,
    previous_lineage: Relation,
    previous_ledger: Relation,
    changed_on: str,
) -> Relation:
    """NumberChange: those of earlier releases, and tonight's.

    Args:
        engine: where the TEMP table `number_change` is made.
        stable_ids: StableId of this run.
        person_links: PersonLink of this run.
        source_persons: SourcePerson, for record_id.
        previous_lineage: Lineage of the previous release; empty where there is none.
        previous_ledger: NumberChange of the previous release; empty likewise.
        changed_on: day of this release, ISO.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE number_change AS
        WITH moved AS (
            SELECT before.person_id AS number_before, s.stable_id AS number_after,
                count(*) AS rows
            FROM previous_lineage AS before
            JOIN source_persons AS row USING (record_id)
            JOIN person_links AS link ON link.row_id = row.row_id
            JOIN stable_ids AS s ON s.person_id = link.person_id
            WHERE before.source = 'mia/persons' AND before.person_id <> s.stable_id
            GROUP BY ALL
        ), tonight AS (
            SELECT number_before, number_after, DATE '{changed_on}' AS changed_on,
                if(number_before IN (SELECT stable_id FROM stable_ids), 'SPLIT', 'MERGED')
                    AS kind,
                rows
            FROM moved
        )
        SELECT * FROM tonight
        UNION ALL
        SELECT number_before, number_after, changed_on, kind, rows FROM previous_ledger
        ANTI JOIN tonight USING (number_before, number_after, changed_on)
        """
    )
    return engine.table("number_change")
