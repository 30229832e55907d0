"""Names of one scope from the engine to the matching of place_names.py, and back.

What belongs here: distinct names out of tables, what they mean into tables. No place, no
address and no rule is decided here.
"""

from typing import Any

import duckdb
import polars as pl

from pipeline.resolve_addresses.place_names import (
    Gazetteer,
    NameMatching,
    Scope,
    match_place_names,
    settle_names,
)

Relation = duckdb.DuckDBPyRelation


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


def known_names(prefix: str, part: str, reach: str) -> str:
    """Query of (district_code, scope, name, houses): streets or massifs of `_place`.

    A scope is a mahalla, or '' for the whole district.
    """
    return f"""
        SELECT district_code, scope, name, sum(houses)::BIGINT AS houses
        FROM (
            SELECT asked_code AS district_code, unnest(['', mahalla_key]) AS scope,
                {part}_key AS name, houses
            FROM {prefix}_place JOIN {reach} USING (district_code)
            WHERE {part}_key IS NOT NULL
        )
        WHERE scope IS NOT NULL GROUP BY ALL
    """


def known_blocks(prefix: str, reach: str) -> str:
    """Query of (district_code, scope, name): massifs that are no street's name there.

    Paxtakor-12 without a type word is a massif where the cadastre has such a one. A scope
    is a mahalla, or '' for the whole district.
    """
    return f"""
        SELECT district_code, scope, name FROM ({known_names(prefix, "massif", reach)})
        EXCEPT
        SELECT district_code, scope, name FROM ({known_names(prefix, "street", reach)})
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
    engine.register("matched_names", matched.to_arrow())
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


def settle(
    engine: duckdb.DuckDBPyConnection,
    table: str,
    names: str,
    register: str,
    matching: NameMatching,
) -> None:
    """Make `table` (district_code, scope, name, settled): one spelling for each name.

    Args:
        engine: where the tables live.
        table: the table to make.
        names: query of (district_code, scope, name, houses), distinct.
        register: query of (district_code, scope, name): spellings that stand as they are.
        matching: limits in letters.
    """
    rows = engine.sql(f"{names} ORDER BY ALL").fetchall()
    listed = {((row[0], row[1]), row[2]) for row in engine.sql(register).fetchall()}
    settled = settle_names(_scoped(rows), listed, matching)
    frame = pl.DataFrame(
        [(*scope, name, meant) for (scope, name), meant in settled.items()],
        schema=["district_code", "scope", "name", "settled"],
        orient="row",
        schema_overrides=dict.fromkeys(
            ("district_code", "scope", "name", "settled"), pl.String
        ),
    )
    engine.register("settled_names", frame.to_arrow())
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM settled_names")
    engine.unregister("settled_names")


def _scoped(rows: list[tuple[Any, ...]]) -> list[tuple[Scope, str, Any]]:
    return [((row[0], row[1]), row[2], row[3]) for row in rows]
