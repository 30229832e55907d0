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
    _gather_entries(
        engine,
        persons,
        source_persons,
        placements,
        address_links,
        precincts,
        stable_ids,
    )
    # Reading what the order needs by itself costs less than sorting whole entries.
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE compose_number AS
        SELECT person_id, row_number() OVER (
                PARTITION BY precinct_row_id
                ORDER BY
                    mahalla NULLS LAST, street NULLS LAST,
                    house_number NULLS LAST, house NULLS LAST,
                    {_leading_number("building")} NULLS LAST, building NULLS LAST,
                    {_leading_number("flat")} NULLS LAST, flat NULLS LAST,
                    surname NULLS LAST, given_name NULLS LAST, patronymic NULLS LAST,
                    birth_date, stable_id
            ) AS list_number
        FROM compose_entry
        """
    )
    return engine.sql(
        """
        SELECT
            entry.stable_id AS voter_id, numbered.list_number,
            precinct.region_code, precinct.district_code, precinct.precinct_number,
            precinct.constituency, precinct.kind AS precinct_kind,
            entry.pinfl, entry.surname, entry.given_name, entry.patronymic,
            entry.sex, entry.birth_date, entry.document_number,
            entry.mahalla, entry.street, entry.house, entry.building, entry.flat,
            entry.cadastral_key AS cadastral_number,
            entry.basis, entry.temporary_elsewhere, entry.placement, entry.confidence,
            coalesce(flags.flags, []::VARCHAR[]) AS flags
        FROM compose_entry AS entry
        JOIN compose_number AS numbered USING (person_id)
        JOIN precincts AS precinct ON precinct.row_id = entry.precinct_row_id
        LEFT JOIN flags ON flags.person_id = entry.person_id
        """
    )


def _gather_entries(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    source_persons: Relation,
    placements: Relation,
    address_links: Relation,
    precincts: Relation,
    stable_ids: Relation,
) -> None:
    """Make `compose_entry`: everybody who is listed, with what an entry is made of.

    One large table is joined at a time: the hash tables of a query stand in memory
    together, and with 37 million registrations those of all did not fit.
    """
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE compose_placed AS
        SELECT placement.person_id, placement.address_id, placement.basis,
            placement.temporary_elsewhere, placement.placement, placement.confidence,
            precinct.row_id AS precinct_row_id, person.main_row_id, person.pinfl,
            person.sex, person.birth_date, person.document_key
        FROM placements AS placement
        JOIN persons AS person USING (person_id)
        JOIN precincts AS precinct
            ON precinct.region_code = placement.region_code
            AND precinct.precinct_number = placement.precinct_number
        """
    )
    joins = {
        "compose_known": """
            SELECT placed.*, stable.stable_id
            FROM compose_placed AS placed JOIN stable_ids AS stable USING (person_id)
        """,
        "compose_named": """
            SELECT placed.* EXCLUDE (main_row_id, document_key),
                row.surname, row.given_name, row.patronymic,
                coalesce(row.document_number, placed.document_key) AS document_number
            FROM compose_known AS placed
            JOIN source_persons AS row ON row.row_id = placed.main_row_id
        """,
        "compose_entry": """
            SELECT placed.* EXCLUDE (address_id), address.mahalla, address.street,
                address.house_number, address.house, address.building, address.flat,
                address.cadastral_key
            FROM compose_named AS placed
            LEFT JOIN address_links AS address ON address.address_id = placed.address_id
        """,
    }
    read = "compose_placed"
    for made, query in joins.items():
        engine.execute(f"CREATE OR REPLACE TEMP TABLE {made} AS {query}")
        engine.execute(f"DROP TABLE {read}")
        read = made


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
