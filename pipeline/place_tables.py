"""The tables that placing needs, read from a delivery without building anything.

What belongs here: from the files of a delivery to comparable dwellings, coverage rules and
the map, for the commands that look at places before a build.
"""

import dataclasses
import datetime

import duckdb
import polars as pl

from pipeline import tables
from pipeline.assign_precincts import PrecinctPolygon
from pipeline.ingest import ingest
from pipeline.normalise.addresses import normalise_dwellings
from pipeline.normalise.coverage import normalise_coverage
from pipeline.normalise.streets import street_aliases
from pipeline.run import join

Relation = duckdb.DuckDBPyRelation

SOURCES = (
    "cadastre/dwellings",
    "cec/precincts",
    "cec/territories",
    "reference/mahallas",
    "reference/streets",
)


@dataclasses.dataclass(frozen=True)
class PlaceTables:
    """Dwellings, precincts and what they cover, as the stages take them."""

    dwellings: Relation
    precincts: Relation
    coverage: Relation
    readings: Relation
    mahallas: Relation
    aliases: Relation
    polygons: list[PrecinctPolygon]


def read_places(
    engine: duckdb.DuckDBPyConnection,
    delivery: str,
    profiles: str | None,
    areas: pl.DataFrame,
    staging: str,
    as_of: datetime.date,
    district_code: str | None = None,
) -> PlaceTables:
    """The places of a delivery; rows that break a rule are left out as in a build.

    Args:
        engine: where the tables are made.
        delivery: folder of the delivery.
        profiles: folder of source profiles, or one profile.
        areas: data/reference/areas.csv.
        staging: scratch folder; needed as long as the tables are.
        as_of: day on which streets' names are judged.
        district_code: only dwellings that may lie in this district; all where None.

    Raises:
        SourceError: a required table is absent or can't be read.
        ConfigurationError: a profile is wrong.
    """
    for source in SOURCES:
        rows = ingest(engine, delivery, source, profiles, areas, staging).rows
        name = _table(source)
        if source == "cadastre/dwellings" and district_code is not None:
            rows = rows.filter(
                duckdb.SQLExpression(
                    f"starts_with(district_code, '{district_code}') "
                    f"OR starts_with('{district_code}', district_code)"
                )
            )
        engine.execute(f"DROP TABLE IF EXISTS {name}")
        rows.create(name)
    dwellings = normalise_dwellings(engine, engine.table(_table("cadastre/dwellings")))
    engine.execute("DROP TABLE IF EXISTS place_dwelling")
    dwellings.create("place_dwelling")
    precincts = engine.table(_table("cec/precincts"))
    coverage, readings = normalise_coverage(
        engine, precincts, engine.table(_table("cec/territories"))
    )
    return PlaceTables(
        dwellings=engine.table("place_dwelling"),
        precincts=precincts,
        coverage=coverage,
        readings=readings,
        mahallas=engine.table(_table("reference/mahallas")),
        aliases=street_aliases(engine, engine.table(_table("reference/streets")), as_of),
        polygons=[
            PrecinctPolygon(*polygon)
            for polygon in tables.read_polygons(join(delivery, "cec", "boundaries.geojson"))
        ],
    )


def _table(source: str) -> str:
    return f"place_source_{source.split('/')[1]}"
