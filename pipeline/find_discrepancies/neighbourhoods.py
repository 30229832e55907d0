"""Discrepancies of neighbourhoods: buildings, polling places, jumps, numbers of dwellings.

What belongs here: questions that only show beside other addresses; those of one address or
one precinct stand in places.py.
"""

from pipeline.find_discrepancies.places import ADDRESS, AT_HOME
from pipeline.resolve_addresses.numbers import (
    CROSSWALK_DWELLINGS_MIN,
    CROSSWALK_SHARE_MIN,
)
from pipeline.run import Policy

BUILDING = """
    address.district_code, address.mahalla_key, address.massif_key, address.street_key,
    address.lane, address.house_key
"""
"""What makes two addresses one building."""

NO_PERSONS = "[]::BIGINT[], []::VARCHAR[]"

KILOMETRES = """
    6371 * 2 * asin(sqrt(
        pow(sin(radians(place.latitude - spot.latitude) / 2), 2)
        + cos(radians(spot.latitude)) * cos(radians(place.latitude))
            * pow(sin(radians(place.longitude - spot.longitude) / 2), 2)))
"""
"""Great-circle distance of `spot` and `place`, both in degrees."""


def building_split() -> str:
    """BUILDING_SPLIT: dwellings of one building by territory in different precincts."""
    return f"""
        WITH split AS (
            SELECT building_hash FROM discrepancy_person AS placement
            WHERE {AT_HOME} AND dwelling_id IS NOT NULL
            GROUP BY building_hash
            HAVING min(precinct_id) <> max(precinct_id)
               AND min(dwelling_id) <> max(dwelling_id)
        )
        SELECT 'BUILDING_SPLIT', concat_ws('|', {BUILDING}),
            list_sort(list(person.person_id)), list_sort(list(person.record_id)),
            min(address.region_code), address.district_code, NULL, 'precinct_number',
            min(placement.region_code || '-' || placement.precinct_number),
            max(placement.region_code || '-' || placement.precinct_number), NULL, NULL
        FROM split
        JOIN discrepancy_person AS person USING (building_hash)
        JOIN placements AS placement USING (person_id)
        JOIN address_links AS address USING (address_id)
        WHERE {AT_HOME} AND address.house_key IS NOT NULL
          AND address.dwelling_id IS NOT NULL
          AND (address.street_key IS NOT NULL OR address.massif_key IS NOT NULL)
        GROUP BY {BUILDING}
        HAVING count(DISTINCT person.precinct_id) > 1
           AND count(DISTINCT address.dwelling_id) > 1
    """


def dwelling_contradicted() -> str:
    """DWELLING_CONTRADICTED: one object's number under addresses of two places."""
    return f"""
        WITH rival AS (
            SELECT DISTINCT rival_dwelling_id AS object_id FROM address_links
            WHERE rival_dwelling_id IS NOT NULL
        )
        SELECT 'DWELLING_CONTRADICTED', min(dwelling.cadastral_key),
            list_sort(list(person.person_id)), list_sort(list(person.record_id)),
            min(dwelling.region_code), min(dwelling.district_code),
            NULL, 'cadastral_number',
            min({ADDRESS}), max({ADDRESS}), NULL, NULL
        FROM (
            SELECT *, coalesce(rival_dwelling_id, dwelling_id) AS object_id
            FROM address_links
        ) AS address
        SEMI JOIN rival USING (object_id)
        JOIN dwellings AS dwelling ON dwelling.dwelling_id = address.object_id
        JOIN placements AS placement USING (address_id)
        JOIN discrepancy_person AS person USING (person_id)
        WHERE dwelling.cadastral_key IS NOT NULL
        GROUP BY address.object_id
        HAVING bool_or(address.rival_dwelling_id IS NOT NULL)
           AND count(DISTINCT (address.district_code, address.street_key,
               address.lane)) > 1
    """


def cadastral_districts_differ() -> str:
    """CADASTRAL_DISTRICT_DIFFERS: numbers of one district on objects of another.

    The cadastre's own numbering of districts is learnt from nearly all objects that begin
    alike (domain: AA:BB are no SOATO codes).
    """
    return f"""
        WITH counted AS (
            SELECT left(cadastral_key, 5) AS prefix, region_code, district_code,
                count(*) AS objects
            FROM dwellings WHERE cadastral_key IS NOT NULL GROUP BY ALL
        ),
        learnt AS (
            SELECT prefix, arg_max(district_code, objects) AS district_code
            FROM counted GROUP BY prefix
            HAVING sum(objects) >= {CROSSWALK_DWELLINGS_MIN}
               AND max(objects) >= {CROSSWALK_SHARE_MIN} * sum(objects)
        )
        SELECT 'CADASTRAL_DISTRICT_DIFFERS', counted.prefix || '|' || counted.district_code,
            {NO_PERSONS}, counted.region_code, counted.district_code, NULL,
            'cadastral_number', counted.prefix || ' = ' || learnt.district_code,
            counted.objects::VARCHAR, NULL, NULL
        FROM counted JOIN learnt USING (prefix)
        WHERE NOT starts_with(counted.district_code, learnt.district_code)
          AND NOT starts_with(learnt.district_code, counted.district_code)
    """


def polling_places(policy: Policy) -> str:
    """POLLING_PLACE_FAR, POLLING_PLACE_NEARER: streets far from where they vote.

    One question a street of a precinct; its place is the middle of its dwellings found.
    """
    return f"""
        WITH spot AS (
            SELECT placement.region_code, placement.precinct_number,
                own.district_code, address.mahalla, address.street,
                median(address.longitude) AS longitude,
                median(address.latitude) AS latitude, count(*) AS voters
            FROM placements AS placement
            JOIN address_links AS address USING (address_id)
            JOIN precincts AS own
                ON own.region_code = placement.region_code
                AND own.precinct_number = placement.precinct_number
            WHERE {AT_HOME} AND address.longitude IS NOT NULL
              AND address.latitude IS NOT NULL
            GROUP BY ALL
        ),
        measured AS (
            SELECT spot.*, place.precinct_number AS place_number, {KILOMETRES} AS km
            FROM spot
            JOIN precincts AS place
                ON place.region_code = spot.region_code
                AND place.district_code = spot.district_code
            WHERE place.kind IN ('TERRITORIAL', 'REMOTE')
              AND place.longitude IS NOT NULL AND place.latitude IS NOT NULL
        ),
        compared AS (
            SELECT region_code, precinct_number, district_code, mahalla, street, voters,
                min(km) FILTER (place_number = precinct_number) AS own_km,
                min(km) FILTER (place_number <> precinct_number) AS other_km,
                -- One school may hold several stations.
                arg_min(place_number, (km, place_number))
                    FILTER (place_number <> precinct_number) AS other_number
            FROM measured GROUP BY ALL
        )
        SELECT code, concat_ws('|', region_code, precinct_number, mahalla, street),
            {NO_PERSONS}, region_code, district_code, precinct_number, 'address',
            printf('%.1f km', own_km),
            CASE WHEN other_km < own_km
                 THEN printf('%d: %.1f km', other_number, other_km) END, NULL, NULL
        FROM (
            SELECT *, unnest(list_filter([
                CASE WHEN own_km > {policy.polling_place_km_max}
                     THEN 'POLLING_PLACE_FAR' END,
                CASE WHEN own_km > {policy.polling_place_nearer_km_min}
                      AND other_km < {policy.polling_place_nearer_share} * own_km
                     THEN 'POLLING_PLACE_NEARER' END
            ], lambda x: x IS NOT NULL)) AS code
            FROM compared
        )
    """


def registrations_jumped(policy: Policy) -> str:
    """REGISTRATIONS_JUMPED: a mahalla or street with many more voters than last time.

    A street must have had voters before: a new name is no jump, its mahalla shows one.
    """
    columns = {
        level: f"SELECT region_code, district_code, mahalla, {street} AS street"
        for level, street in (("mahalla", "NULL"), ("street", "street"))
    }
    now = f"""
        SELECT precinct.region_code, precinct.district_code, address.mahalla,
            address.street
        FROM placements AS placement
        JOIN address_links AS address USING (address_id)
        JOIN precincts AS precinct
            ON precinct.region_code = placement.region_code
            AND precinct.precinct_number = placement.precinct_number
        WHERE {AT_HOME} AND address.mahalla IS NOT NULL
    """
    before = """
        SELECT region_code, district_code, mahalla, street FROM previous_voters
        WHERE basis IN ('PERMANENT', 'TEMPORARY') AND mahalla IS NOT NULL
    """
    counted = {
        name: " UNION ALL ".join(
            f"SELECT *, count(*) AS voters FROM ({select} FROM ({rows})"
            f"{' WHERE street IS NOT NULL' * (level == 'street')}) GROUP BY ALL"
            for level, select in columns.items()
        )
        for name, rows in (("now", now), ("before", before))
    }
    return f"""
        SELECT 'REGISTRATIONS_JUMPED',
            concat_ws('|', now.district_code, now.mahalla, now.street), {NO_PERSONS},
            now.region_code, now.district_code, NULL,
            CASE WHEN now.street IS NULL THEN 'mahalla' ELSE 'street' END,
            before.voters::VARCHAR, now.voters::VARCHAR, NULL, NULL
        FROM ({counted["now"]}) AS now
        JOIN ({counted["before"]}) AS before
            ON before.district_code = now.district_code
            AND before.mahalla = now.mahalla
            AND before.street IS NOT DISTINCT FROM now.street
        WHERE now.voters - before.voters >= {policy.jump_voters_min}
          AND now.voters - before.voters > {policy.jump_share} * before.voters
    """
