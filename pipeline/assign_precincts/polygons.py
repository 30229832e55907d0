"""Points in precinct polygons: a second opinion on where a dwelling lies.

What belongs here: which polygon holds a dwelling's coordinates. Where text rules and map
disagree neither wins in silence; the map alone places only what no rule covers, and only
by an outline that the rules around it don't contradict.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import duckdb
import numpy as np
import polars as pl
import shapely

Relation = duckdb.DuckDBPyRelation

PREFIX = "compare_polygons"
BATCH_ROWS = 500_000
BORDER_DEGREES = 0.00004
"""About four metres, the width of a lane: nearer to a border the map says nothing."""
CONTRADICTED_SHARE_MAX = 0.01
"""An outline in which more of the addresses stand by rule in other precincts than this is
drawn wrong, and places nobody."""


class PrecinctPolygon(NamedTuple):
    """The territory of a precinct on the map, WGS 84."""

    region_code: str
    precinct_number: int
    geometry: str | bytes
    """GeoJSON geometry as text, or WKB."""


def compare_polygons(
    engine: duckdb.DuckDBPyConnection,
    address_precincts: Relation,
    links: Relation,
    precincts: Relation,
    claimants: Relation,
    polygons: Sequence[PrecinctPolygon],
) -> Relation:
    """Placements by rule, checked against the map.

    A point in polygons of two precincts, or near a border, says nothing.

    Args:
        engine: where the tables live.
        address_precincts: AddressPrecinct by rules.
        links: AddressLink, for the coordinates of dwellings found.
        precincts: SourcePrecinct; polygons of unknown precincts say nothing.
        claimants: address_id, region_code, precinct_number: of each address unplaced with
            COVERAGE_UNREAD the precincts whose description may mean it.
        polygons: the map; a precinct may have several.

    Returns:
        The columns given, and `is_on_map`: whether the map names the same precinct.
        POLYGON_CONFLICT is added where rule and map differ. An address
        that no rule covers (COVERAGE_GAP), or that the words of a description may mean
        (COVERAGE_UNREAD) whose precinct the map names too, gets the map's precinct,
        placement POLYGON.

    Raises:
        ValueError: a geometry can't be read; its position in the list is named.
    """
    _locate_points(engine, links, polygons)
    _weigh_outlines(engine, address_precincts)
    return engine.sql(
        f"""
        SELECT placed.address_id,
            CASE WHEN is_gap THEN map_region ELSE placed.region_code END AS region_code,
            CASE WHEN is_gap THEN map_number ELSE placed.precinct_number
            END AS precinct_number,
            CASE WHEN is_gap THEN 'POLYGON' ELSE placed.placement END AS placement,
            CASE WHEN NOT is_gap THEN placed.unplaced_reason END AS unplaced_reason,
            placed.rule_ids,
            CASE WHEN placed.region_code <> map_region
                    OR placed.precinct_number <> map_number
                THEN list_sort(list_distinct(
                    list_concat(placed.warnings, ['POLYGON_CONFLICT'])))
                ELSE placed.warnings END AS warnings,
            placed.is_confirmed, placed.is_shared, placed.is_split,
            coalesce(placed.region_code = map_region
                AND placed.precinct_number = map_number, false) AS is_on_map
        FROM (
            SELECT placed.*, on_map.region_code AS map_region,
                on_map.precinct_number AS map_number,
                coalesce(on_map.is_trusted AND (
                    placed.unplaced_reason = 'COVERAGE_GAP'
                    OR placed.unplaced_reason = 'COVERAGE_UNREAD'
                        AND claimant.address_id IS NOT NULL), false) AS is_gap
            FROM address_precincts AS placed
            LEFT JOIN (
                SELECT point.*, outline.is_trusted FROM {PREFIX}_point AS point
                JOIN {PREFIX}_outline AS outline USING (region_code, precinct_number)
                SEMI JOIN precincts AS precinct
                    ON precinct.region_code = point.region_code
                    AND precinct.precinct_number = point.precinct_number
            ) AS on_map ON on_map.address_id = placed.address_id
            LEFT JOIN claimants AS claimant
                ON claimant.address_id = placed.address_id
                AND claimant.region_code = on_map.region_code
                AND claimant.precinct_number = on_map.precinct_number
        ) AS placed
        """
    )


def _weigh_outlines(engine: duckdb.DuckDBPyConnection, address_precincts: Relation) -> None:
    """Make `_outline`: whether the rules bear each precinct's outline out."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_outline AS
        SELECT point.region_code, point.precinct_number,
            count(*) FILTER (
                placed.region_code <> point.region_code
                OR placed.precinct_number <> point.precinct_number
            ) <= {CONTRADICTED_SHARE_MAX} * count(*) AS is_trusted
        FROM {PREFIX}_point AS point
        JOIN address_precincts AS placed USING (address_id)
        GROUP BY ALL
        """
    )


def _locate_points(
    engine: duckdb.DuckDBPyConnection,
    links: Relation,
    polygons: Sequence[PrecinctPolygon],
) -> None:
    """Make `_point`: the one precinct whose polygon holds the address's dwelling."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_point
        (address_id BIGINT, region_code VARCHAR, precinct_number INTEGER)
        """
    )
    shapes = [_geometry(n, p) for n, p in enumerate(polygons)]
    tree = shapely.STRtree(shapely.buffer(shapes, -BORDER_DEGREES))
    codes = sorted({(p.region_code, p.precinct_number) for p in polygons})
    number = {code: n for n, code in enumerate(codes)}
    of_polygon = np.array(
        [number[(p.region_code, p.precinct_number)] for p in polygons], dtype=np.int64
    )
    for address_ids, longitudes, latitudes in _batches(links):
        points = shapely.points(longitudes, latitudes)
        point, polygon = tree.query(points, predicate="intersects")
        located = (
            pl.DataFrame(
                {"address_id": address_ids[point], "precinct": of_polygon[polygon]}
            )
            .group_by("address_id")
            .agg(pl.col("precinct").min(), pl.col("precinct").n_unique().alias("precincts"))
            .filter(pl.col("precincts") == 1)
            .with_columns(
                region_code=pl.col("precinct").replace_strict(
                    {n: code[0] for code, n in number.items()}, return_dtype=pl.String
                ),
                precinct_number=pl.col("precinct").replace_strict(
                    {n: code[1] for code, n in number.items()}, return_dtype=pl.Int32
                ),
            )
            .select("address_id", "region_code", "precinct_number")
        )
        engine.register("located_points", located.to_arrow())
        engine.execute(f"INSERT INTO {PREFIX}_point FROM located_points")
        engine.unregister("located_points")


Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


def _batches(links: Relation) -> Iterator[tuple[Ints, Floats, Floats]]:
    """Addresses with coordinates, by ranges of their dense number."""
    located = links.filter("longitude IS NOT NULL AND latitude IS NOT NULL").project(
        "address_id, longitude, latitude"
    )
    last = links.aggregate("max(address_id)").fetchall()[0][0]
    for start in range(0, (last or 0) + 1, BATCH_ROWS):
        end = start + BATCH_ROWS
        frame = located.filter(f"address_id >= {start} AND address_id < {end}").pl()
        yield (
            frame["address_id"].to_numpy(),
            frame["longitude"].to_numpy(),
            frame["latitude"].to_numpy(),
        )


def _geometry(position: int, polygon: PrecinctPolygon) -> shapely.Geometry:
    try:
        if isinstance(polygon.geometry, bytes):
            return shapely.from_wkb(polygon.geometry)
        return shapely.from_geojson(polygon.geometry)
    except shapely.errors.GEOSException as error:
        raise ValueError(f"boundary {position}: geometry can't be read") from error
