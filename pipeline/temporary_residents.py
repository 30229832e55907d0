"""The sheet of voters whom commissions ask where they will vote.

What belongs here: voters listed at home who have a valid temporary registration in another
precinct. Who they are was decided in assign_precincts/residence.py.
"""

import duckdb

Relation = duckdb.DuckDBPyRelation

PARTS = ("mahalla", "street", "house", "building", "flat")


def _address(row: str) -> str:
    parts = ", ".join(f"{row}.{part}" for part in PARTS)
    return f"nullif(concat_ws(', ', {parts}), '')"


def list_temporary_residents(
    engine: duckdb.DuckDBPyConnection,
    voters: Relation,
    placements: Relation,
    stable_ids: Relation,
    persons: Relation,
    records: Relation,
    address_links: Relation,
    precincts: Relation,
) -> Relation:
    """TemporaryResident: one row per voter to ask, for both commissions.

    Args:
        engine: where the tables live.
        voters: Voter rows of this release.
        placements: Placement; `temporary_elsewhere` says who is asked.
        stable_ids: StableId, from persons to voters.
        persons: Person, for the temporary registration.
        records: PersonRecord, for its address and its last day.
        address_links: AddressLink, for the address in standard spelling.
        precincts: SourcePrecinct, for the district of the temporary precinct.
    """
    return engine.sql(
        f"""
        SELECT voter.voter_id, voter.region_code, voter.district_code,
            voter.precinct_number, voter.surname, voter.given_name, voter.patronymic,
            voter.birth_date, {_address("voter")} AS address,
            placement.temporary_region_code,
            precinct.district_code AS temporary_district_code,
            placement.temporary_precinct_number,
            {_address("address")} AS temporary_address,
            record.registered_until AS temporary_until
        FROM placements AS placement
        JOIN stable_ids AS stable USING (person_id)
        JOIN voters AS voter ON voter.voter_id = stable.stable_id
        JOIN persons AS person USING (person_id)
        JOIN records AS record ON record.row_id = person.temporary_row_id
        JOIN precincts AS precinct
            ON precinct.region_code = placement.temporary_region_code
            AND precinct.precinct_number = placement.temporary_precinct_number
        LEFT JOIN address_links AS address ON address.address_id = record.address_id
        WHERE placement.temporary_elsewhere
        """
    )
