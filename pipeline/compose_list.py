"""Stage 7b: the list itself: one entry per placed eligible person, and who has none.

No decision is taken here; all were taken before.
"""

import duckdb

Relation = duckdb.DuckDBPyRelation


def compose_list(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    source_persons: Relation,
    placements: Relation,
    address_links: Relation,
    precincts: Relation,
    stable_ids: Relation,
    flags: Relation,
) -> Relation:
    """The voter list: one entry per placed eligible person.

    Args:
        engine: where the tables live.
        persons: Person.
        source_persons: SourcePerson with corrections applied: names as registered.
        placements: Placement.
        address_links: AddressLink: the address in its standard spelling.
        precincts: SourcePrecinct.
        stable_ids: StableId.
        flags: person_id, flags (codes of open discrepancies, sorted).

    Returns:
        VoterListEntry. list_number counts 1..n in each precinct in the printed order:
        mahalla, street, house, building and flat by number then text, surname, given
        name, patronymic, birth date, voter_id.
    """
    # Reading what the order needs by itself costs less than sorting whole entries.
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE compose_number AS
        SELECT placement.person_id, row_number() OVER (
                PARTITION BY precinct.row_id
                ORDER BY
                    address.mahalla NULLS LAST, address.street NULLS LAST,
                    address.house_number NULLS LAST, address.house NULLS LAST,
                    {_leading_number("address.building")} NULLS LAST,
                    address.building NULLS LAST,
                    {_leading_number("address.flat")} NULLS LAST,
                    address.flat NULLS LAST,
                    row.surname NULLS LAST, row.given_name NULLS LAST,
                    row.patronymic NULLS LAST, person.birth_date, stable.stable_id
            ) AS list_number
        {_ENTRIES}
        """
    )
    return engine.sql(
        f"""
        SELECT
            stable.stable_id AS voter_id, numbered.list_number,
            precinct.region_code, precinct.district_code, precinct.precinct_number,
            precinct.constituency, precinct.kind AS precinct_kind,
            person.pinfl, row.surname, row.given_name, row.patronymic,
            person.sex, person.birth_date,
            coalesce(row.document_number, person.document_key) AS document_number,
            address.mahalla, address.street, address.house, address.building,
            address.flat, address.cadastral_key AS cadastral_number,
            placement.basis, placement.temporary_elsewhere, placement.placement,
            placement.confidence,
            coalesce(flags.flags, []::VARCHAR[]) AS flags
        {_ENTRIES}
        JOIN compose_number AS numbered USING (person_id)
        LEFT JOIN flags ON flags.person_id = placement.person_id
        """
    )


_ENTRIES = """
    FROM (FROM placements WHERE precinct_number IS NOT NULL) AS placement
    JOIN persons AS person USING (person_id)
    JOIN source_persons AS row ON row.row_id = person.main_row_id
    JOIN stable_ids AS stable USING (person_id)
    JOIN precincts AS precinct
        ON precinct.region_code = placement.region_code
        AND precinct.precinct_number = placement.precinct_number
    LEFT JOIN address_links AS address ON address.address_id = placement.address_id
"""
"""Everybody who is listed, with what an entry is made of."""


def list_unlisted(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    records: Relation,
    stable_ids: Relation,
    eligibility: Relation,
    placements: Relation,
    restrictions: Relation,
    decisions: Relation,
) -> Relation:
    """Every person without an entry and why, as UnlistedPerson."""
    return engine.sql(
        """
        SELECT stable.stable_id AS person_id, person.pinfl, record.region_code,
            record.district_code, verdict.ground, verdict.article,
            act.record_id AS restriction_record_id, decision.decision_id,
            placement.unplaced_reason
        FROM persons AS person
        JOIN records AS record ON record.row_id = person.main_row_id
        JOIN stable_ids AS stable USING (person_id)
        JOIN eligibility AS verdict USING (person_id)
        LEFT JOIN placements AS placement USING (person_id)
        LEFT JOIN restrictions AS act ON act.row_id = verdict.restriction_row_id
        LEFT JOIN decisions AS decision ON decision.row_id = verdict.decision_row_id
        WHERE placement.precinct_number IS NULL
        """
    )


def list_unplaced(
    engine: duckdb.DuckDBPyConnection,
    placements: Relation,
    persons: Relation,
    records: Relation,
) -> Relation:
    """Eligible persons without a precinct: person_id and where the main row is from."""
    return engine.sql(
        """
        SELECT placement.person_id, record.region_code, record.district_code
        FROM placements AS placement
        JOIN persons AS person USING (person_id)
        JOIN records AS record ON record.row_id = person.main_row_id
        WHERE placement.precinct_number IS NULL
        """
    )


def _leading_number(column: str) -> str:
    return f"try_cast(regexp_extract({column}, '\\d+') AS INTEGER)"
