"""Discrepancies of places: addresses, dwellings, precincts and their territories."""

from pipeline.run import Policy

ADDRESS = """
    concat_ws('|', address.district_code, address.mahalla_key, address.massif_key,
              address.street_key, address.lane, address.house_key,
              address.cadastral_key)
"""
"""What makes an address the same one in the next release."""

AT_HOME = """placement.basis IN ('PERMANENT', 'TEMPORARY')
    AND placement.precinct_number IS NOT NULL"""
"""Voters who stand where they live: rosters and decisions move people on purpose."""

_AT_ADDRESS = """
    list_sort(list(person.person_id)), list_sort(list(person.record_id)),
    min(address.region_code), min(address.district_code), NULL
"""
"""Who stands at an address, and its district. Which precinct that is, the people say."""


def unplaced() -> str:
    """One code per reason why an eligible person stands in no precinct, by address."""
    return f"""
        SELECT placement.unplaced_reason,
            coalesce(CASE WHEN placement.unplaced_reason LIKE 'COVERAGE%'
                          THEN nullif({ADDRESS}, '') END, person.stable_id) AS subject,
            list_sort(list(person.person_id)), list_sort(list(person.record_id)),
            min(coalesce(address.region_code, person.region_code)),
            min(coalesce(address.district_code, person.district_code)), NULL,
            'address_text', NULL, NULL, NULL, NULL
        FROM placements AS placement
        JOIN discrepancy_person AS person USING (person_id)
        LEFT JOIN address_links AS address USING (address_id)
        WHERE placement.precinct_number IS NULL
        GROUP BY placement.unplaced_reason, subject
    """


def seen_while_placing() -> str:
    """Warnings of a placement: only temporary residence, an unknown precinct."""
    return """
        SELECT code, person.stable_id, [person.person_id], [person.record_id],
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM (SELECT person_id, unnest(warnings) AS code FROM placements) AS placement
        JOIN discrepancy_person AS person USING (person_id)
        WHERE code <> 'TEMPORARY_ELSEWHERE'
    """


def temporary_elsewhere() -> str:
    """TEMPORARY_ELSEWHERE: whom the commission asks at the door (2019 rule of the CEC)."""
    return """
        SELECT 'TEMPORARY_ELSEWHERE', person.stable_id, [person.person_id],
            [person.record_id], NULL, NULL, NULL, 'precinct_number',
            placement.region_code || '-' || placement.precinct_number,
            placement.temporary_region_code || '-'
                || placement.temporary_precinct_number, NULL, NULL
        FROM placements AS placement
        JOIN discrepancy_person AS person USING (person_id)
        WHERE placement.temporary_elsewhere
    """


def seen_at_addresses() -> str:
    """Warnings of an address or its dwelling, one question per address."""
    return f"""
        SELECT code, {ADDRESS} AS subject, {_AT_ADDRESS},
            'address_text', NULL, NULL, NULL, NULL
        FROM (SELECT *, unnest(warnings) AS code FROM address_links) AS address
        JOIN placements AS placement USING (address_id)
        JOIN discrepancy_person AS person USING (person_id)
        GROUP BY code, subject
    """


def dwelling_unknown() -> str:
    """DWELLING_UNKNOWN: voters placed by territory whose address the cadastre lacks.

    Where the building is known and only the flat is not, nothing is missing from it.
    """
    return f"""
        SELECT 'DWELLING_UNKNOWN', {ADDRESS} AS subject, {_AT_ADDRESS},
            'cadastral_number', min(address.reason), NULL, NULL, NULL
        FROM address_links AS address
        JOIN placements AS placement USING (address_id)
        JOIN discrepancy_person AS person USING (person_id)
        WHERE address.dwelling_id IS NULL AND placement.precinct_number IS NOT NULL
          AND address.reason NOT LIKE '%BUILDING'
        GROUP BY subject
    """


def household_split() -> str:
    """HOUSEHOLD_SPLIT: voters of one dwelling by territory in different precincts."""
    return f"""
        WITH split AS (
            SELECT dwelling_id FROM discrepancy_person AS placement
            WHERE dwelling_id IS NOT NULL AND {AT_HOME}
            GROUP BY dwelling_id HAVING min(precinct_id) <> max(precinct_id)
        )
        SELECT 'HOUSEHOLD_SPLIT', min({ADDRESS}), {_AT_ADDRESS}, 'precinct_number',
            min(placement.region_code || '-' || placement.precinct_number),
            max(placement.region_code || '-' || placement.precinct_number), NULL, NULL
        FROM split
        JOIN discrepancy_person AS person USING (dwelling_id)
        JOIN placements AS placement USING (person_id)
        JOIN address_links AS address USING (address_id)
        WHERE {AT_HOME}
        GROUP BY split.dwelling_id
    """


def dwelling_crowded(policy: Policy) -> str:
    """DWELLING_CROWDED: more registered adults than rooms and floor area allow."""
    return f"""
        WITH crowd AS (
            SELECT dwelling_id, count(*) AS adults FROM discrepancy_person
            WHERE dwelling_id IS NOT NULL AND precinct_number IS NOT NULL
            GROUP BY dwelling_id HAVING adults > {policy.crowded_adults_min}
        )
        SELECT 'DWELLING_CROWDED', min({ADDRESS}), {_AT_ADDRESS}, 'cadastral_number',
            count(*)::VARCHAR, min(dwelling.floor_area_m2)::VARCHAR, NULL, NULL
        FROM crowd
        JOIN dwellings AS dwelling USING (dwelling_id)
        JOIN discrepancy_person AS person USING (dwelling_id)
        JOIN placements AS placement USING (person_id)
        JOIN address_links AS address USING (address_id)
        WHERE dwelling.object_kind IN ('HOUSE', 'APARTMENT')
          AND placement.precinct_number IS NOT NULL
          AND (crowd.adults > coalesce(
               dwelling.floor_area_m2 / {policy.crowded_m2_per_adult}, 0)
             OR crowd.adults > dwelling.rooms * {policy.crowded_adults_per_room})
        GROUP BY crowd.dwelling_id
    """


def cadastral_number_repeated() -> str:
    """CADASTRAL_NUMBER_REPEATED: one number on several ACTIVE objects."""
    return """
        SELECT 'CADASTRAL_NUMBER_REPEATED', cadastral_key, []::BIGINT[], []::VARCHAR[],
            min(region_code), min(district_code), NULL, 'cadastral_number',
            cadastral_key, count(*)::VARCHAR, NULL, NULL
        FROM dwellings WHERE status = 'ACTIVE' AND cadastral_key IS NOT NULL
        GROUP BY cadastral_key HAVING count(*) > 1
    """


def precinct_sizes(policy: Policy) -> str:
    """PRECINCT_TOO_SMALL, PRECINCT_TOO_LARGE: outside 20 to 3,000 voters (Article 10)."""
    return f"""
        SELECT
            CASE WHEN count(placement.person_id) < {policy.precinct_voters_min}
                 THEN 'PRECINCT_TOO_SMALL' ELSE 'PRECINCT_TOO_LARGE' END,
            precinct.region_code || '-' || precinct.precinct_number, []::BIGINT[],
            []::VARCHAR[], precinct.region_code, any_value(precinct.district_code),
            precinct.precinct_number, 'voters', count(placement.person_id)::VARCHAR,
            NULL, NULL, NULL
        FROM precincts AS precinct
        LEFT JOIN placements AS placement
            ON placement.region_code = precinct.region_code
            AND placement.precinct_number = precinct.precinct_number
        GROUP BY precinct.region_code, precinct.precinct_number
        HAVING count(placement.person_id) < {policy.precinct_voters_min}
            OR count(placement.person_id) > {policy.precinct_voters_max}
    """


TASHKENT_CITY = "1726"
"""Precincts abroad belong to a constituency of the city of Tashkent (Article 27-1)."""


def abroad_not_attached() -> str:
    """ABROAD_NOT_ATTACHED: a precinct abroad that no constituency of Tashkent has.

    One in another region, or in a constituency that no precinct within the city is of.
    Elections without constituencies leave both empty, and only the region is asked about.
    """
    return f"""
        WITH within AS (
            SELECT DISTINCT trim(constituency) AS constituency FROM precincts
            WHERE region_code = '{TASHKENT_CITY}' AND kind <> 'ABROAD'
              AND trim(constituency) <> ''
        )
        SELECT 'ABROAD_NOT_ATTACHED', abroad.region_code || '-' || abroad.precinct_number,
            []::BIGINT[], []::VARCHAR[], any_value(abroad.region_code),
            any_value(abroad.district_code), any_value(abroad.precinct_number),
            'constituency', any_value(abroad.constituency),
            count(placement.person_id)::VARCHAR, NULL, NULL
        FROM precincts AS abroad
        LEFT JOIN placements AS placement
            ON placement.region_code = abroad.region_code
            AND placement.precinct_number = abroad.precinct_number
        WHERE abroad.kind = 'ABROAD' AND (abroad.region_code <> '{TASHKENT_CITY}'
            OR (EXISTS (FROM within) AND coalesce(trim(abroad.constituency), '')
                NOT IN (SELECT constituency FROM within)))
        GROUP BY abroad.region_code, abroad.precinct_number
    """


def boundaries_unread() -> str:
    """BOUNDARY_UNREAD, with the words that nobody understood."""
    return """
        SELECT 'BOUNDARY_UNREAD', region_code || '-' || precinct_number, []::BIGINT[],
            []::VARCHAR[], region_code, district_code, precinct_number,
            'boundary_text', unread, NULL, NULL, NULL
        FROM boundary_readings WHERE unread IS NOT NULL
    """


def precinct_without_coverage() -> str:
    """PRECINCT_NO_COVERAGE: a territorial precinct without one readable rule."""
    return """
        SELECT 'PRECINCT_NO_COVERAGE', reading.region_code || '-'
                || reading.precinct_number, []::BIGINT[], []::VARCHAR[],
            reading.region_code, reading.district_code, reading.precinct_number,
            'boundary_text', NULL, NULL, NULL, NULL
        FROM boundary_readings AS reading JOIN precincts AS precinct USING (row_id)
        WHERE reading.rule_count = 0 AND precinct.kind IN ('TERRITORIAL', 'REMOTE')
    """
