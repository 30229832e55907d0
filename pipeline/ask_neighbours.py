"""One address against a release: in which precincts its neighbours are listed.

What belongs here: counting listed voters by house, street and mahalla. A release holds no
rules: who asks why is answered from the delivery (ask_place.py).
"""

import dataclasses
from typing import Any

import duckdb
import polars as pl

from pipeline.normalise.address_shown import shown_addresses

Relation = duckdb.DuckDBPyRelation

LEVELS = (
    ("same house", ("mahalla_key", "massif_key", "street_key", "lane", "house_key")),
    ("same street", ("mahalla_key", "massif_key", "street_key", "lane")),
    ("same mahalla", ("mahalla_key",)),
)


@dataclasses.dataclass(frozen=True)
class NeighbourLevel:
    """Precincts of the voters at one level, most voters first."""

    name: str
    precincts: tuple[tuple[str, int], ...]


@dataclasses.dataclass(frozen=True)
class NeighbourAnswer:
    """Where a release lists the neighbours of an address."""

    read_as: dict[str, str]
    unread: str | None
    levels: tuple[NeighbourLevel, ...]

    def nearest(self) -> tuple[tuple[str, int], ...]:
        """The precincts of the nearest neighbours there are."""
        return next((level.precincts for level in self.levels if level.precincts), ())

    def to_dict(self) -> dict[str, Any]:
        """The answer for machines."""
        return dataclasses.asdict(self)


def ask_neighbours(
    engine: duckdb.DuckDBPyConnection, voters: Relation, address: str, district_code: str
) -> NeighbourAnswer:
    """Where the voters of one house, street and mahalla of a district are listed.

    Args:
        engine: where the release is read.
        voters: Voter rows of a release.
        address: one line.
        district_code: SOATO code; both ways with its parts, as everywhere.
    """
    asked = shown_addresses(_line(address, district_code)).row(0, named=True)
    at = engine.sql(
        """
        SELECT mahalla, street, house, region_code, precinct_number, count(*) AS voters
        FROM voters
        WHERE basis IN ('PERMANENT', 'TEMPORARY')
          AND (starts_with(district_code, $district)
               OR starts_with($district, district_code))
        GROUP BY ALL
        """,
        params={"district": district_code},
    ).pl()
    listed = shown_addresses(
        at.with_columns(
            pl.lit(district_code).alias("district_code"),
            *(
                pl.lit(None, pl.String).alias(name)
                for name in ("building", "flat", "address_text", "cadastral_number")
            ),
        )
    )
    return NeighbourAnswer(
        read_as={
            name: asked[name]
            for name in ("mahalla", "massif", "street", "house", "flat")
            if asked[name] is not None
        },
        unread=asked["unread"],
        levels=tuple(
            NeighbourLevel(name, _count(listed, asked, keys)) for name, keys in LEVELS
        ),
    )


def _line(address: str, district_code: str) -> pl.DataFrame:
    columns = ("mahalla", "street", "house", "building", "flat", "cadastral_number")
    values = {**dict.fromkeys(columns), "address_text": address}
    row = {"district_code": district_code, **values}
    return pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))


def _count(
    listed: pl.DataFrame, asked: dict[str, Any], keys: tuple[str, ...]
) -> tuple[tuple[str, int], ...]:
    """Voters by precinct among those equal in every part that the address gives.

    A level needs its last part; a mahalla that the address leaves out is any.
    """
    if asked[keys[-1]] is None and asked[keys[-2:][0]] is None:
        return ()
    if keys[-1] == "house_key" and asked["house_key"] is None:
        return ()
    same = [
        pl.col(key).eq_missing(pl.lit(asked[key]))
        for key in keys
        if asked[key] is not None or key == "lane"
    ]
    found = (
        listed.filter(*same)
        .group_by("region_code", "precinct_number")
        .agg(pl.col("voters").sum())
        .sort("voters", "precinct_number", descending=[True, False])
    )
    return tuple((f"{region}/{number}", voters) for region, number, voters in found.rows())
