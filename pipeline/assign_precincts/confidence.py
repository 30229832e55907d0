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

PREFIX = "weigh_placements"


def weigh_placements(
    engine: duckdb.DuckDBPyConnection,
    placed: Relation,
    links: Relation,
    dwellings: Relation,
) -> Relation:
    """Placements with what confirms them.

    Args:
        engine: where the tables live.
        placed: AddressPrecinct without its last two columns, and `is_on_map`.
        links: AddressLink.
        dwellings: DwellingRecord, for the buildings of several objects.

    Returns:
        AddressPrecinct. `confirmed_by` has NUMBER where cadastral number and written
        address name one place, MAP where the dwelling lies in the precinct's outline,
        BUILDING where other addresses of the same cadastral building stand in the same
        precinct and none elsewhere. An exact placement counts two, any other one, each
        confirmation one more: two are HIGH, one is MEDIUM; where map or building contradict
        it is LOW whatever else agrees. Null for addresses that are in no precinct.
    """
    placed.create_view(f"{PREFIX}_placed", replace=True)
    _tabulate_buildings(engine, links, dwellings)
    building = first_parts("link.cadastral_key", BUILDING_PARTS)
    return engine.sql(
        f"""
        SELECT * EXCLUDE (is_on_map, is_number, is_building, is_split),
            CASE WHEN is_on_map OR is_number OR is_building
                 THEN list_filter([CASE WHEN is_building THEN 'BUILDING' END,
                     CASE WHEN is_on_map THEN 'MAP' END,
                     CASE WHEN is_number THEN 'NUMBER' END], lambda way: way IS NOT NULL)
                 ELSE []::VARCHAR[] END AS confirmed_by,
            CASE WHEN precinct_number IS NULL THEN NULL
                 WHEN is_split OR list_contains(warnings, 'POLYGON_CONFLICT') THEN 'LOW'
                 WHEN placement = 'EXACT' OR is_on_map OR is_number OR is_building
                 THEN 'HIGH' ELSE 'MEDIUM' END AS confidence
        FROM (
            SELECT placed.*,
                placed.precinct_number IS NOT NULL AND link.is_confirmed AS is_number,
                coalesce(placed.precinct_number IS NOT NULL AND building.addresses > 1
                    AND NOT building.is_split, false) AS is_building,
                coalesce(placed.precinct_number IS NOT NULL AND building.is_split, false)
                    AS is_split
            FROM {PREFIX}_placed AS placed
            JOIN links AS link USING (address_id)
            LEFT JOIN {PREFIX}_building AS building
                ON building.building = {building}
        )
        """
    )


def _tabulate_buildings(
    engine: duckdb.DuckDBPyConnection, links: Relation, dwellings: Relation
) -> None:
    """Make `_building`: cadastral buildings of several objects, with who stands where."""
    building = first_parts("cadastral_key", BUILDING_PARTS)
    precinct = "placed.region_code::BIGINT * 1000000 + placed.precinct_number"
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_several AS
        SELECT {building} AS building FROM dwellings
        WHERE {parts_of("cadastral_key")} >= {BUILDING_PARTS}
        GROUP BY ALL HAVING count(*) > 1
        """
    )
    of_link = first_parts("link.cadastral_key", BUILDING_PARTS)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_building AS
        SELECT several.building, count(*) AS addresses,
            min({precinct}) < max({precinct}) AS is_split
        FROM links AS link
        JOIN {PREFIX}_several AS several ON several.building = {of_link}
        JOIN {PREFIX}_placed AS placed USING (address_id)
        WHERE placed.precinct_number IS NOT NULL
        GROUP BY several.building
        """
    )
