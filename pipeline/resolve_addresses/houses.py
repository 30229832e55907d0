"""Houses and flats of the cadastre under the places they stand at.

What belongs here: lookup tables over the dwellings. House, building and flat are compared
exactly; only localities were matched loosely.
"""

import duckdb

from pipeline.resolve_addresses.cadastral_key import BUILDING_PARTS, first_parts
from pipeline.resolve_addresses.places import place_join

Relation = duckdb.DuckDBPyRelation

RANK = """
    CASE WHEN status = 'DEMOLISHED' THEN 3
         WHEN object_kind IN ('NON_RESIDENTIAL', 'LAND') THEN 2
         WHEN status = 'UNDER_CONSTRUCTION' THEN 1
         ELSE 0 END
"""
"""Of several objects at one address the one that people can live in is meant."""

RANKED = "min((rank::BIGINT << 40) + dwelling_id)"
IS_SINGLE = f"""
    CASE {RANKED} >> 40
        WHEN 0 THEN count(*) FILTER (rank = 0) WHEN 1 THEN count(*) FILTER (rank = 1)
        WHEN 2 THEN count(*) FILTER (rank = 2) ELSE count(*) FILTER (rank = 3)
    END = 1
"""
"""Whether one object of a group ranks before all others, as an aggregate."""

ANY_ID = f"({RANKED} & ((1::BIGINT << 40) - 1))"
BEST_IDS = f"""
    CASE WHEN {IS_SINGLE} THEN {ANY_ID} END AS dwelling_id, {ANY_ID} AS any_dwelling_id
"""
"""The one object meant, null where several have equal right, and one of those meant."""


def tabulate_houses(
    engine: duckdb.DuckDBPyConnection, prefix: str, dwellings: Relation
) -> None:
    """Make `_shown`, `_dwelling`, and the lookup tables `_unit`, `_flat` and `_house`.

    `_dwelling` has every object with its place (`group_id`) and rank; its region, district
    and the texts of mahalla and street, which many share, stand in `_shown`. A lookup row
    holds `dwelling_id`, the one object meant: residential before demolished; null where
    several have equal right. `_house` also holds `plain_dwelling_id`, the object written
    without building and flat; `_unit` has the others, `_flat` those of any building.
    `_shared` has what the cadastral numbers of a house's several objects begin with.
    """
    shown = ("region_code", "district_code", "mahalla", "street")
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_shown AS
        SELECT row_number() OVER ()::INTEGER AS shown_id, *
        FROM (SELECT DISTINCT {", ".join(shown)} FROM dwellings)
        """
    )
    same = " AND ".join(
        f"shown.{column} IS NOT DISTINCT FROM dwelling.{column}" for column in shown
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_dwelling AS
        SELECT dwelling.dwelling_id, place.group_id, shown.shown_id,
            dwelling.district_code, dwelling.house_key, dwelling.house_number,
            coalesce(dwelling.building_key, '') AS building_key,
            coalesce(dwelling.flat_key, '') AS flat_key,
            dwelling.cadastral_key, dwelling.house, dwelling.building, dwelling.flat,
            dwelling.longitude, dwelling.latitude, ({RANK})::TINYINT AS rank
        FROM dwellings AS dwelling
        JOIN {prefix}_shown AS shown ON {same}
        {place_join(prefix, "dwelling")}
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_object AS
        SELECT group_id, house_key, building_key, flat_key, {BEST_IDS},
            count(*) AS objects
        FROM {prefix}_dwelling
        WHERE group_id IS NOT NULL AND house_key IS NOT NULL GROUP BY ALL
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_unit AS
        SELECT * EXCLUDE (any_dwelling_id, objects) FROM {prefix}_object
        WHERE building_key <> '' OR flat_key <> ''
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
            min(dwelling_id) FILTER (building_key = '' AND flat_key = '')
                AS plain_dwelling_id,
            CASE WHEN count(*) = 1 AND min(flat_key) = '' THEN min(dwelling_id)
            END AS dwelling_id,
            min(any_dwelling_id) AS any_dwelling_id,
            sum(objects) > 1 AS is_shared
        FROM {prefix}_object GROUP BY ALL
        """
    )
    building = first_parts("cadastral_key", BUILDING_PARTS)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_shared AS
        SELECT group_id, house_key,
            CASE WHEN min({building}) = max({building}) THEN min({building}) END
                AS shared_number
        FROM {prefix}_dwelling
        SEMI JOIN (SELECT group_id, house_key FROM {prefix}_house WHERE is_shared)
            USING (group_id, house_key)
        GROUP BY ALL
        """
    )
    engine.execute(f"DROP TABLE {prefix}_object")


def tabulate_doubts(
    engine: duckdb.DuckDBPyConnection, prefix: str, addresses: Relation
) -> None:
    """Make `_doubt`: localities and houses whose text may mean another street.

    CONFLICT: a street that its mahalla doesn't have but another mahalla has, with this
    very house: one of the two is wrong. STREET: no street, where a street of the mahalla
    has the same house.
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
        FROM (
            SELECT DISTINCT locality.locality_id, address.house_key
            FROM addresses AS address
            JOIN {prefix}_locality AS locality ON {is_written_alike()}
            SEMI JOIN {prefix}_rival AS rival
                ON rival.locality_id = locality.locality_id
        ) AS asked
        JOIN {prefix}_rival AS rival USING (locality_id)
        JOIN {prefix}_house AS house
            ON house.group_id = rival.group_id AND house.house_key = asked.house_key
        """
    )


def is_written_alike() -> str:
    """Join condition of `address` with the `locality` it is written as."""
    return "locality.district_code = address.district_code AND " + " AND ".join(
        f"locality.{part} IS NOT DISTINCT FROM address.{part}"
        for part in ("mahalla_key", "mahalla_kind", "massif_key", "street_key", "lane")
    )
