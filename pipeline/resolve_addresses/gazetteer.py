"""The places that the cadastre and the mahalla register know, as tables of the engine.

What belongs here: distinct places and names, the renames that tie two names to one street,
and the resolution of spellings against them. No address and no dwelling is decided here.
"""

import re
from typing import Any

import duckdb
import polars as pl

from pipeline.normalise.places import place_key
from pipeline.resolve_addresses.place_names import (
    Gazetteer,
    NameMatching,
    Scope,
    match_place_names,
)
from pipeline.resolve_addresses.renames import (
    current_lane,
    current_street,
    rename_joins,
    tabulate_renames,
)

Relation = duckdb.DuckDBPyRelation

MAHALLA_TYPES = re.compile(
    r"\s+(MFY|QFY|OFY|SFY|МФЙ|ҚФЙ|ОФЙ|ШФЙ|mahallasi|mahalla)\.?\s*$", re.IGNORECASE
)
"""Type words at the end of a published mahalla name (domain.md 3.5)."""


def tabulate_places(
    engine: duckdb.DuckDBPyConnection,
    prefix: str,
    dwellings: Relation,
    mahallas: Relation,
    street_aliases: Relation,
) -> None:
    """Make the tables `<prefix>_place`, `_mahalla` and those of renames.py.

    `_place` has one row per distinct (district, mahalla, kind, massif, street, lane)
    of the cadastre, streets under their new name, with its number of houses and `group_id`:
    places that differ only in a massif or mahalla that the cadastre left out, where there
    is one such, are one group. `_mahalla` (district_code, mahalla_key, houses) adds the
    register of mahallas to the cadastre's.
    """
    tabulate_renames(engine, prefix, street_aliases)
    renamed = engine.sql(  # noqa: F841 - read by name
        f"""
        SELECT dwelling.* REPLACE ({current_street("dwelling")} AS street_key,
            {current_lane("dwelling")} AS lane)
        FROM dwellings AS dwelling {rename_joins(prefix, "dwelling")}
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_place AS
        SELECT row_number() OVER (ORDER BY district_code, mahalla_key, mahalla_kind,
                massif_key, street_key, lane) AS place_id, *,
            mahalla_key AS given_mahalla_key, mahalla_kind AS given_mahalla_kind,
            massif_key AS given_massif_key
        FROM (
            SELECT district_code, mahalla_key, mahalla_kind, massif_key, street_key, lane,
                approx_count_distinct(house_key) AS houses,
                min(mahalla) AS mahalla, min(street) AS street
            FROM renamed
            WHERE mahalla_key IS NOT NULL OR massif_key IS NOT NULL
               OR street_key IS NOT NULL
            GROUP BY ALL
        )
        """
    )
    _group_places(engine, prefix)
    _tabulate_mahallas(engine, prefix, mahallas)


def _group_places(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """Join the places that differ only in what the cadastre left out.

    A kind, a massif or a mahalla that is missing is taken from the only place that is
    otherwise the same; where there are several it stays missing.
    """
    for column, same in (
        ("mahalla_kind", "mahalla_key"),
        ("massif_key", "mahalla_key, mahalla_kind, street_key, lane"),
        ("mahalla_key", "massif_key, street_key, lane"),
    ):
        condition = "street_key IS NOT NULL" if column != "mahalla_kind" else "true"
        engine.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {prefix}_place AS
            SELECT * REPLACE (CASE
                WHEN {column} IS NULL AND {condition}
                    AND min({column}) OVER same = max({column}) OVER same
                THEN min({column}) OVER same ELSE {column} END AS {column})
            FROM {prefix}_place
            WINDOW same AS (PARTITION BY district_code, {same})
            """
        )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_place AS
        SELECT *, min(place_id) OVER (PARTITION BY district_code, mahalla_key,
            mahalla_kind, massif_key, street_key, lane) AS group_id
        FROM {prefix}_place
        """
    )


def _tabulate_mahallas(
    engine: duckdb.DuckDBPyConnection, prefix: str, mahallas: Relation
) -> None:
    register = mahallas.pl()
    names = register.select(
        "district_code",
        pl.concat_list(
            pl.col("name"), pl.col("aliases").fill_null("").str.split("|")
        ).alias("name"),
    ).explode("name")
    spellings = names["name"].drop_nulls().unique(maintain_order=True).to_list()
    keys = {name: place_key(_without_type(name)) for name in spellings}
    listed = (  # noqa: F841 - read by name
        names.with_columns(
            mahalla_key=pl.col("name").replace_strict(
                keys, default=None, return_dtype=pl.String
            )
        )
        .select("district_code", "mahalla_key")
        .drop_nulls()
        .unique(maintain_order=True)
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_mahalla AS
        SELECT district_code, mahalla_key, sum(houses)::BIGINT AS houses
        FROM (
            SELECT district_code, mahalla_key, houses FROM {prefix}_place
            UNION ALL SELECT district_code, mahalla_key, 0 FROM listed
        )
        WHERE mahalla_key IS NOT NULL GROUP BY ALL
        """
    )


def _without_type(name: str) -> str:
    return MAHALLA_TYPES.sub("", name)


def reachable_districts(
    engine: duckdb.DuckDBPyConnection, table: str, asked: str, known: str
) -> None:
    """Table of (asked_code, district_code) where one district may mean the other.

    A district is itself; the seven digits of Namangan city also mean the districts inside
    it (ten digits), and the reverse.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {table} AS
        SELECT asked.district_code AS asked_code, known.district_code
        FROM (SELECT DISTINCT district_code FROM {asked}) AS asked
        JOIN (SELECT DISTINCT district_code FROM {known}) AS known
            ON starts_with(asked.district_code, known.district_code)
            OR starts_with(known.district_code, asked.district_code)
        """
    )


def known_streets(prefix: str, reach: str) -> str:
    """Query of (district_code, scope, name, houses): the streets of `_place`.

    A scope is a mahalla, or '' for the whole district.
    """
    return f"""
        SELECT district_code, scope, name, sum(houses)::BIGINT AS houses
        FROM (
            SELECT asked_code AS district_code, unnest(['', mahalla_key]) AS scope,
                street_key AS name, houses
            FROM {prefix}_place JOIN {reach} USING (district_code)
            WHERE street_key IS NOT NULL
        )
        WHERE scope IS NOT NULL GROUP BY ALL
    """


def match_names(
    engine: duckdb.DuckDBPyConnection,
    table: str,
    asked: str,
    known: str,
    matching: NameMatching,
    spellings: str = "",
) -> None:
    """Make `table`: what each distinct spelling means in its scope.

    Args:
        engine: where the tables live.
        table: the table to make: district_code, scope, spelling, name, status, margin.
        asked: query of (district_code, scope, spelling, houses), distinct.
        known: query of (district_code, scope, name, houses).
        matching: limits in letters.
        spellings: query of (district_code, scope, spelling, name), other exact spellings.
    """
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {table}_asked AS {asked}")
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {table}_known AS {known}")
    left = engine.sql(
        f"""
        SELECT district_code, scope, spelling, houses FROM {table}_asked AS asked
        ANTI JOIN {table}_known AS known
            ON known.district_code = asked.district_code AND known.scope = asked.scope
            AND known.name = asked.spelling
        ORDER BY ALL
        """
    ).fetchall()
    gazetteer = Gazetteer(
        _scoped(engine.sql(f"SELECT * FROM {table}_known ORDER BY ALL").fetchall()),
        _scoped(engine.sql(f"{spellings} ORDER BY ALL").fetchall()) if spellings else (),
    )
    asked_rows = _scoped(left)
    found = match_place_names(asked_rows, gazetteer, matching)
    matched = pl.DataFrame(
        {
            "district_code": [row[0] for row in left],
            "scope": [row[1] for row in left],
            "spelling": [row[2] for row in left],
            "name": [match.name for match in found],
            "status": [match.status for match in found],
            "margin": [match.margin for match in found],
        },
        schema={
            "district_code": pl.String,
            "scope": pl.String,
            "spelling": pl.String,
            "name": pl.String,
            "status": pl.String,
            "margin": pl.Float64,
        },
    )
    engine.register("matched_names", matched)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {table} AS
        SELECT * FROM matched_names
        UNION ALL
        SELECT district_code, scope, spelling, spelling, 'EXACT', NULL
        FROM {table}_asked AS asked
        SEMI JOIN {table}_known AS known
            ON known.district_code = asked.district_code AND known.scope = asked.scope
            AND known.name = asked.spelling
        """
    )
    engine.unregister("matched_names")


def _scoped(rows: list[tuple[Any, ...]]) -> list[tuple[Scope, str, Any]]:
    return [((row[0], row[1]), row[2], row[3]) for row in rows]
