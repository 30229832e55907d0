"""One Person per cluster, and the crosswalk from rows to persons."""

import duckdb

from pipeline.resolve_persons.encode import PREFIX

RANK = """(pinfl IS NULL,
    CASE registration_kind WHEN 'PERMANENT' THEN 0 WHEN 'TEMPORARY' THEN 1 ELSE 2 END,
    -coalesce(epoch_us(updated_at), -9e18::BIGINT),
    -coalesce(registered_on - DATE '1850-01-01', -1), row_id)"""
NEWEST = """(coalesce(registered_on - DATE '1850-01-01', -1),
    coalesce(epoch_us(updated_at), -9e18::BIGINT), -row_id)"""


def consolidate(
    engine: duckdb.DuckDBPyConnection, records: duckdb.DuckDBPyRelation
) -> tuple[duckdb.DuckDBPyRelation, duckdb.DuckDBPyRelation]:
    """Persons and person links from `resolve_persons_cluster` (row_id, label, ...).

    Precedence as in the docstring of schemas.person.Person; the newest registration of a
    kind is the one that began last, then the one updated last, then the smallest row_id.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_grouped AS
        WITH shared AS (
            SELECT label FROM {PREFIX}_cluster GROUP BY label HAVING count(*) > 1
        ), placed AS (
            SELECT c.label, r.row_id, r.pinfl, r.registration_kind, r.updated_at,
                r.registered_on, r.document_key, r.citizenship
            FROM {PREFIX}_cluster AS c SEMI JOIN shared USING (label)
            JOIN records AS r USING (row_id)
        )
        SELECT label, count(*) AS row_count, arg_min(row_id, {RANK}) AS main_row_id,
            arg_min(citizenship, {RANK}) FILTER (citizenship IS NOT NULL) AS citizenship,
            arg_max(document_key, {NEWEST}) FILTER (document_key IS NOT NULL)
                AS document_key,
            arg_max(row_id, {NEWEST}) FILTER (registration_kind = 'PERMANENT')
                AS permanent_row_id,
            arg_max(row_id, {NEWEST}) FILTER (registration_kind = 'TEMPORARY')
                AS temporary_row_id
        FROM placed GROUP BY label
        UNION ALL
        SELECT c.label, 1, r.row_id, r.citizenship, r.document_key,
            CASE registration_kind WHEN 'PERMANENT' THEN r.row_id END,
            CASE registration_kind WHEN 'TEMPORARY' THEN r.row_id END
        FROM {PREFIX}_cluster AS c ANTI JOIN shared USING (label)
        JOIN records AS r USING (row_id)
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_person AS
        SELECT row_number() OVER (ORDER BY g.main_row_id) - 1 AS person_id, g.*,
            r.pinfl, r.sex, r.birth_date, r.birth_date_precision
        FROM {PREFIX}_grouped AS g JOIN records AS r ON r.row_id = g.main_row_id
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_link AS
        SELECT t.row_id, p.person_id, t.rule, t.match_weight, t.pattern
        FROM {PREFIX}_cluster AS t JOIN {PREFIX}_person AS p USING (label)
        """
    )
    persons = engine.sql(
        f"SELECT person_id, main_row_id, row_count, pinfl, sex, birth_date, "
        f"birth_date_precision, citizenship, document_key, permanent_row_id, "
        f"temporary_row_id FROM {PREFIX}_person"
    )
    return persons, engine.table(f"{PREFIX}_link")
