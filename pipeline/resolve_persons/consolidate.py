"""One Person per cluster, and the crosswalk from rows to persons."""

import duckdb

from pipeline.resolve_persons.encode import PREFIX

ORDER = """
    ORDER BY pinfl IS NULL,
        CASE registration_kind WHEN 'PERMANENT' THEN 0 WHEN 'TEMPORARY' THEN 1 ELSE 2 END,
        updated_at DESC NULLS LAST, registered_on DESC NULLS LAST, row_id
"""
NEWEST = """(coalesce(registered_on, DATE '0001-01-01'),
    coalesce(updated_at, TIMESTAMP '0001-01-01'), -row_id)"""


def consolidate(
    engine: duckdb.DuckDBPyConnection, records: duckdb.DuckDBPyRelation
) -> tuple[duckdb.DuckDBPyRelation, duckdb.DuckDBPyRelation]:
    """Persons and person links from `resolve_persons_cluster` (row_id, label, ...).

    Precedence as in the docstring of schemas.person.Person; the newest registration of a
    kind is the one that began last, then the one updated last, then the smallest row_id.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_placed AS
        SELECT c.label, c.rule, c.match_weight, c.pattern, r.row_id, r.pinfl,
            r.registration_kind, r.updated_at, r.registered_on, r.document_key,
            r.citizenship,
            first_value(r.row_id) OVER (PARTITION BY c.label {ORDER}) AS main_row_id
        FROM {PREFIX}_cluster AS c JOIN records AS r USING (row_id)
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_person AS
        WITH grouped AS (
            SELECT main_row_id, count(*) AS row_count,
                first(pinfl {ORDER}) AS pinfl,
                first(citizenship {ORDER}) FILTER (citizenship IS NOT NULL) AS citizenship,
                arg_max(document_key, {NEWEST}) FILTER (document_key IS NOT NULL)
                    AS document_key,
                arg_max(row_id, {NEWEST}) FILTER (registration_kind = 'PERMANENT')
                    AS permanent_row_id,
                arg_max(row_id, {NEWEST}) FILTER (registration_kind = 'TEMPORARY')
                    AS temporary_row_id
            FROM {PREFIX}_placed GROUP BY main_row_id
        )
        SELECT row_number() OVER (ORDER BY g.main_row_id) - 1 AS person_id, g.*,
            r.sex, r.birth_date, r.birth_date_precision
        FROM grouped AS g JOIN records AS r ON r.row_id = g.main_row_id
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_link AS
        SELECT t.row_id, p.person_id, t.rule, t.match_weight, t.pattern
        FROM {PREFIX}_placed AS t JOIN {PREFIX}_person AS p USING (main_row_id)
        """
    )
    persons = engine.sql(
        f"SELECT person_id, main_row_id, row_count, pinfl, sex, birth_date, "
        f"birth_date_precision, citizenship, document_key, permanent_row_id, "
        f"temporary_row_id FROM {PREFIX}_person"
    )
    return persons, engine.table(f"{PREFIX}_link")
