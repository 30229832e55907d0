"""How sure a placement is: the other ways that lead to the same precinct.

What belongs here: counting agreement. Nobody is placed or moved; where two ways disagree
the stages before have asked, and the placement is told as unsure.
"""

import duckdb

from pipeline.resolve_addresses.cadastral_key import (
    BUILDING_PARTS,
    first_parts,
    parts_of,
)

Relation = duckdb.DuckDBPyRelation

BUILDING_OF_LINK = first_parts("link.cadastral_key", BUILDING_PARTS)


def tabulate_buildings(
    engine: duckdb.DuckDBPyConnection,
    prefix: str,
    links: Relation,
    dwellings: Relation,
) -> None:
    """Make `_building`: cadastral buildings of several objects, and who stands where.

    Columns: building (what its numbers begin with), is_shared (more than one address of
    it is placed by rules), is_split (in several precincts).
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_several AS
        SELECT {first_parts("cadastral_key", BUILDING_PARTS)} AS building FROM dwellings
        WHERE {parts_of("cadastral_key")} >= {BUILDING_PARTS}
        GROUP BY ALL HAVING count(*) > 1
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_building AS
        SELECT several.building, count(*) > 1 AS is_shared,
            min(judged.precinct_id) < max(judged.precinct_id) AS is_split
        FROM links AS link
        JOIN {prefix}_several AS several ON several.building = {BUILDING_OF_LINK}
        JOIN {prefix}_judged AS judged USING (address_id)
        WHERE judged.unplaced_reason IS NULL
        GROUP BY several.building
        """
    )


def weigh_placements(placed: Relation) -> Relation:
    """Placements with what confirms them.

    Args:
        placed: AddressPrecinct without its last two columns, and whether number and text
            agree (is_confirmed), the map (is_on_map), the building (is_shared, is_split;
            null where it is none of several objects).

    Returns:
        AddressPrecinct. `confirmed_by` has NUMBER where cadastral number and written
        address name one place, MAP where the dwelling lies in the precinct's outline,
        BUILDING where other addresses of the same cadastral building stand in the same
        precinct and none elsewhere. An exact placement counts two, any other one, each
        confirmation one more: two are HIGH, one is MEDIUM; where map or building contradict
        it is LOW whatever else agrees. Null for addresses that are in no precinct.
    """
    ways = {
        "BUILDING": "is_shared IS TRUE AND NOT is_split AND placement <> 'POLYGON'",
        "MAP": "is_on_map",
        "NUMBER": "is_confirmed",
    }
    is_any = " OR ".join(ways.values())
    found = ", ".join(
        f"CASE WHEN {is_way} THEN '{way}' END" for way, is_way in ways.items()
    )
    return placed.project(
        f"""* EXCLUDE (is_confirmed, is_on_map, is_shared, is_split),
        CASE WHEN precinct_number IS NOT NULL AND ({is_any})
             THEN list_filter([{found}], lambda way: way IS NOT NULL)
             ELSE []::VARCHAR[] END AS confirmed_by,
        CASE WHEN precinct_number IS NULL THEN NULL
             WHEN is_split OR list_contains(warnings, 'POLYGON_CONFLICT') THEN 'LOW'
             WHEN placement = 'EXACT' OR {is_any} THEN 'HIGH'
             ELSE 'MEDIUM' END AS confidence"""
    )
