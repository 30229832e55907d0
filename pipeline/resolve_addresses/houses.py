"""Houses and flats of the cadastre, by place and by cadastral number.

What belongs here: lookup tables over the dwellings and the exact joins of addresses with
them. House, building and flat are compared exactly; only localities were matched loosely.
"""

import duckdb

from pipeline.resolve_addresses.places import place_join

Relation = duckdb.DuckDBPyRelation

RANK = """
    CASE WHEN status = 'DEMOLISHED' THEN 3
         WHEN object_kind IN ('NON_RESIDENTIAL', 'LAND') THEN 2
         WHEN status = 'UNDER_CONSTRUCTION' THEN 1
         ELSE 0 END
"""
"""Of several objects at one address the one that people can live in is meant."""

ID_OF_RANKED = "({0} & ((1::BIGINT << 40) - 1))"
BUILDING_PARTS = 7
PARCEL_PARTS = 6


def tabulate_houses(
    engine: duckdb.DuckDBPyConnection, prefix: str, dwellings: Relation
) -> None:
    """Make the lookup tables `_unit` (flat), `_flat` (flat, any building) and `_house`.

    Every row holds `dwelling_id`, the one object meant: residential before demolished;
    null where several have equal right.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_dwelling AS
        SELECT dwelling.dwelling_id, place.group_id, dwelling.district_code,
            dwelling.house_key, dwelling.house_number,
            coalesce(dwelling.building_key, '') AS building_key,
            coalesce(dwelling.flat_key, '') AS flat_key,
            dwelling.cadastral_key, dwelling.longitude, dwelling.latitude,
            ({RANK})::TINYINT AS rank
        FROM dwellings AS dwelling
        {place_join(prefix, "dwelling")}
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_unit AS
        SELECT group_id, house_key, building_key, flat_key, {_best()},
            min({_first_parts("cadastral_key", BUILDING_PARTS)}) AS first_number,
            max({_first_parts("cadastral_key", BUILDING_PARTS)}) AS last_number
        FROM {prefix}_dwelling
        WHERE group_id IS NOT NULL AND house_key IS NOT NULL GROUP BY ALL
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_flat AS
        SELECT group_id, house_key, flat_key, min(dwelling_id) AS dwelling_id
        FROM {prefix}_unit WHERE flat_key <> ''
        GROUP BY ALL HAVING count(*) = 1
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_house AS
        SELECT group_id, house_key,
            CASE WHEN count(*) = 1 AND min(flat_key) = '' THEN min(dwelling_id)
            END AS dwelling_id,
            min(any_dwelling_id) AS any_dwelling_id,
            CASE WHEN min(first_number) = max(last_number) THEN min(first_number) END
                AS shared_number
        FROM {prefix}_unit GROUP BY ALL
        """
    )


RANKED = "min((rank::BIGINT << 40) + dwelling_id)"


def _single() -> str:
    """Whether one object of a group ranks before all others, as an aggregate."""
    counts = ", ".join(f"count(*) FILTER (rank = {rank})" for rank in range(4))
    return f"list_extract([{counts}], ({RANKED} >> 40)::INTEGER + 1) = 1"


def _best() -> str:
    return f"""
        CASE WHEN {_single()} THEN {ID_OF_RANKED.format(RANKED)} END AS dwelling_id,
        {ID_OF_RANKED.format(RANKED)} AS any_dwelling_id
    """


def find_by_text(
    engine: duckdb.DuckDBPyConnection, prefix: str, addresses: Relation
) -> None:
    """Make `<prefix>_text`: what the written address means in the cadastre.

    One row per address: locality_id, group_id, dwelling_id, level (UNIT, BUILDING, null),
    any_dwelling_id (some object of the building), doubt (CONFLICT: the text contradicts
    itself; STREET: it could mean a house of another street; null: neither).
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_asked AS
        SELECT address.address_id, locality.locality_id, locality.group_id,
            address.house_key, coalesce(address.building_key, '') AS building_key,
            coalesce(address.flat_key, '') AS flat_key
        FROM addresses AS address
        JOIN {prefix}_locality AS locality
            ON locality.district_code = address.district_code
            AND coalesce(locality.mahalla_key, '') = coalesce(address.mahalla_key, '')
            AND coalesce(locality.mahalla_kind, '') = coalesce(address.mahalla_kind, '')
            AND coalesce(locality.massif_key, '') = coalesce(address.massif_key, '')
            AND coalesce(locality.street_key, '') = coalesce(address.street_key, '')
            AND coalesce(locality.lane, '') = coalesce(address.lane, '')
        """
    )
    _tabulate_doubts(engine, prefix)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_text AS
        SELECT asked.address_id, asked.locality_id, asked.group_id,
            coalesce(unit.dwelling_id, flat.dwelling_id, house.dwelling_id)
                AS dwelling_id,
            house.any_dwelling_id,
            CASE WHEN unit.dwelling_id IS NOT NULL OR flat.dwelling_id IS NOT NULL
                 THEN 'UNIT'
                 WHEN house.group_id IS NOT NULL THEN 'BUILDING' END AS level,
            doubt.doubt
        FROM {prefix}_asked AS asked
        LEFT JOIN {prefix}_unit AS unit
            ON unit.group_id = asked.group_id AND unit.house_key = asked.house_key
            AND unit.building_key = asked.building_key
            AND unit.flat_key = asked.flat_key
        LEFT JOIN {prefix}_flat AS flat
            ON asked.building_key = '' AND flat.group_id = asked.group_id
            AND flat.house_key = asked.house_key AND flat.flat_key = asked.flat_key
        LEFT JOIN {prefix}_house AS house
            ON house.group_id = asked.group_id AND house.house_key = asked.house_key
        LEFT JOIN {prefix}_doubt AS doubt
            ON doubt.locality_id = asked.locality_id
            AND doubt.house_key = asked.house_key
        """
    )


def _tabulate_doubts(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """Localities and houses whose text may mean another street than it says.

    A street that its mahalla doesn't have but another mahalla has, with this very house:
    one of the two is wrong. No street, where a street of the mahalla has the same house.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_rival AS
        SELECT DISTINCT locality.locality_id, place.group_id, 'CONFLICT' AS doubt
        FROM {prefix}_locality AS locality
        JOIN {prefix}_reach AS reach ON reach.asked_code = locality.district_code
        JOIN {prefix}_place AS place
            ON place.district_code = reach.district_code
            AND place.street_key = locality.street_name
            AND coalesce(place.lane, '') = coalesce(locality.current_lane, '')
        WHERE locality.mahalla_status IN ('EXACT', 'FUZZY')
          AND locality.street_status = 'UNKNOWN'
        UNION
        SELECT DISTINCT locality.locality_id, place.group_id, 'STREET'
        FROM {prefix}_locality AS locality
        JOIN {prefix}_place AS own ON own.place_id = locality.group_id
        JOIN {prefix}_place AS place
            ON place.district_code = own.district_code
            AND place.mahalla_key = own.mahalla_key
            AND coalesce(place.mahalla_kind, '') = coalesce(own.mahalla_kind, '')
        WHERE locality.street_status = 'MISSING' AND place.street_key IS NOT NULL
          AND (own.massif_key IS NULL OR place.massif_key = own.massif_key)
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_doubt AS
        SELECT DISTINCT asked.locality_id, asked.house_key, rival.doubt
        FROM (SELECT DISTINCT locality_id, house_key FROM {prefix}_asked) AS asked
        JOIN {prefix}_rival AS rival USING (locality_id)
        JOIN {prefix}_house AS house
            ON house.group_id = rival.group_id AND house.house_key = asked.house_key
        """
    )


def find_by_number(
    engine: duckdb.DuckDBPyConnection, prefix: str, addresses: Relation
) -> None:
    """Make `<prefix>_number`: what the cadastral number of an address means.

    A number that objects at several places bear says nothing. One row per address whose
    number was found: dwelling_id (null for a building with
    several objects), any_dwelling_id, level (UNIT, BUILDING).
    """
    building = _first_parts("cadastral_key", BUILDING_PARTS)
    parcel = _first_parts("cadastral_key", PARCEL_PARTS)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_numbered AS
        SELECT address_id, cadastral_key,
            {_parts("cadastral_key")} AS parts, {building} AS building
        FROM addresses WHERE cadastral_key IS NOT NULL
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_whole AS
        SELECT cadastral_key, {_best()}
        FROM {prefix}_dwelling
        SEMI JOIN {prefix}_numbered USING (cadastral_key)
        GROUP BY cadastral_key
        HAVING {_single()} OR count(DISTINCT (district_code, group_id, house_key)) = 1
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_beginning AS
        WITH beginning AS (
            SELECT dwelling.*, {building} AS beginning, {BUILDING_PARTS} AS parts
            FROM {prefix}_dwelling AS dwelling
            WHERE {_parts("cadastral_key")} >= {BUILDING_PARTS}
            UNION ALL
            SELECT dwelling.*, {parcel}, {PARCEL_PARTS}
            FROM {prefix}_dwelling AS dwelling
            WHERE {_parts("cadastral_key")} > {PARCEL_PARTS}
        )
        SELECT beginning, parts,
            CASE WHEN count(*) = 1 THEN min(dwelling_id) END AS dwelling_id,
            {ID_OF_RANKED.format(RANKED)}
                AS any_dwelling_id
        FROM beginning
        SEMI JOIN (
            SELECT building AS beginning FROM {prefix}_numbered
            WHERE parts >= {BUILDING_PARTS}
            UNION SELECT cadastral_key FROM {prefix}_numbered
            WHERE parts = {PARCEL_PARTS}
        ) AS wanted USING (beginning)
        GROUP BY beginning, parts
        HAVING count(DISTINCT (group_id, house_key)) = 1
           AND count(group_id) = count(*) AND count(house_key) = count(*)
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_number AS
        SELECT numbered.address_id,
            CASE WHEN whole.any_dwelling_id IS NOT NULL THEN whole.dwelling_id
                 WHEN numbered.parts <= beginning.parts THEN beginning.dwelling_id
            END AS dwelling_id,
            coalesce(whole.any_dwelling_id, beginning.any_dwelling_id)
                AS any_dwelling_id,
            CASE WHEN whole.dwelling_id IS NOT NULL THEN 'UNIT' ELSE 'BUILDING' END
                AS level
        FROM {prefix}_numbered AS numbered
        LEFT JOIN {prefix}_whole AS whole USING (cadastral_key)
        LEFT JOIN {prefix}_beginning AS beginning
            ON beginning.beginning = CASE WHEN numbered.parts > {PARCEL_PARTS}
                THEN numbered.building ELSE numbered.cadastral_key END
        WHERE whole.any_dwelling_id IS NOT NULL
           OR beginning.any_dwelling_id IS NOT NULL
        """
    )


def _parts(column: str) -> str:
    return f"(length({column}) - length(replace({column}, ':', '')) + 1)"


def _first_parts(column: str, parts: int) -> str:
    """The first parts of a canonical cadastral number, by position (fixed widths)."""
    widths = (2, 2, 2, 2, 2, 4, 4, 3)
    return f"left({column}, {sum(widths[:parts]) + parts - 1})"
