"""The rows behind every question of one person or two, as registered, for clerks to see.

A list holds whoever has an entry; a duplicate often has none, because its address is as
damaged as its name. So what a commission is asked about is kept beside the question.
"""

import duckdb

Relation = duckdb.DuckDBPyRelation
CODES = ("POSSIBLE_DUPLICATE", "PINFL_SHARED", "DOCUMENT_SHARED")
"""Questions of whether two rows are one person."""


def list_entries(
    engine: duckdb.DuckDBPyConnection,
    discrepancies: Relation,
    persons: Relation,
    records: Relation,
    addresses: Relation,
    lineage: Relation,
    voters: Relation,
    review_pairs: Relation,
) -> Relation:
    """ReviewEntry: two rows a question.

    Args:
        engine: where the tables are.
        discrepancies: Discrepancy.
        persons: SourcePerson, corrected.
        records: PersonRecord.
        addresses: AddressRecord.
        lineage: Lineage.
        voters: VoterListEntry.
        review_pairs: ReviewPair.
    """
    codes = ", ".join(f"'{code}'" for code in CODES)
    return engine.sql(
        f"""
        WITH asked AS (
            SELECT discrepancy_id, unnest(record_ids) AS record_id
            FROM discrepancies WHERE code IN ({codes}) AND len(record_ids) = 2
        ), pair AS (
            SELECT list_sort([a.record_id, b.record_id]) AS record_ids,
                max(expected_chance_nearby) AS nearby
            FROM review_pairs JOIN records AS a ON a.row_id = left_row_id
            JOIN records AS b ON b.row_id = right_row_id GROUP BY ALL
        ), nearby AS (
            SELECT discrepancy_id, nearby FROM discrepancies JOIN pair USING (record_ids)
        )
        SELECT asked.discrepancy_id, asked.record_id, person.surname, person.given_name,
            person.patronymic, record.surname_key, record.given_name_key,
            record.patronymic_key, person.sex, person.birth_date,
            person.birth_date_precision, person.pinfl, person.document_number,
            record.region_code, record.district_code, record.registration_kind,
            concat_ws(', ', address.mahalla, address.street, address.house,
                address.building, address.flat) AS address,
            trace.voter_id, voter.precinct_number, voter.list_number,
            nearby.nearby AS expected_chance_nearby
        FROM asked
        JOIN persons AS person USING (record_id)
        JOIN records AS record ON record.row_id = person.row_id
        LEFT JOIN nearby ON nearby.discrepancy_id = asked.discrepancy_id
        LEFT JOIN addresses AS address ON address.address_id = record.address_id
        LEFT JOIN lineage AS trace
            ON trace.source = 'mia/persons' AND trace.record_id = asked.record_id
        LEFT JOIN voters AS voter ON voter.voter_id = trace.voter_id
        """
    )
