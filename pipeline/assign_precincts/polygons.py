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
    """Make `_point`: the one precinct whose polygon holds the address's dwelling.

    Many addresses are one dwelling, so a spot is looked up once, whoever lives there.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_spot AS
        SELECT row_number() OVER () AS spot_id, longitude, latitude
        FROM (SELECT DISTINCT longitude, latitude FROM links
              WHERE longitude IS NOT NULL AND latitude IS NOT NULL);
        CREATE OR REPLACE TEMP TABLE {PREFIX}_located
        (spot_id BIGINT, region_code VARCHAR, precinct_number INTEGER)
        """
    )
    shapes = [_geometry(n, p) for n, p in enumerate(polygons)]
    tree = shapely.STRtree(shapely.buffer(shapes, -BORDER_DEGREES))
    codes = sorted({(p.region_code, p.precinct_number) for p in polygons})
    number = {code: n for n, code in enumerate(codes)}
    of_polygon = np.array(
        [number[(p.region_code, p.precinct_number)] for p in polygons], dtype=np.int64
    )
    for spot_ids, longitudes, latitudes in _batches(engine):
        points = shapely.points(longitudes, latitudes)
        point, polygon = tree.query(points, predicate="intersects")
        located = (
            pl.DataFrame({"spot_id": spot_ids[point], "precinct": of_polygon[polygon]})
            .group_by("spot_id")
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
            .select("spot_id", "region_code", "precinct_number")
        )
        engine.register("located_spots", located.to_arrow())
        engine.execute(f"INSERT INTO {PREFIX}_located FROM located_spots")
        engine.unregister("located_spots")
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_point AS
        SELECT link.address_id, located.region_code, located.precinct_number
        FROM links AS link
        JOIN {PREFIX}_spot USING (longitude, latitude)
        JOIN {PREFIX}_located AS located USING (spot_id)
        """
    )


Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


def _batches(engine: duckdb.DuckDBPyConnection) -> Iterator[tuple[Ints, Floats, Floats]]:
    """Spots and their coordinates, by ranges of their dense number."""
    spots = engine.table(f"{PREFIX}_spot")
    count = spots.count("*").fetchall()[0][0]
    for start in range(1, count + 1, BATCH_ROWS):
        end = start + BATCH_ROWS
        frame = spots.filter(f"spot_id >= {start} AND spot_id < {end}").pl()
        yield (
            frame["spot_id"].to_numpy(),
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
