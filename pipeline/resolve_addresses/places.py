"""The places that the cadastre and the mahalla register know, as tables of the engine.

What belongs here: distinct places under one spelling each. Registers write one street in
three scripts and with slips; here they become one place.
"""

import re

import duckdb
import polars as pl

from pipeline.normalise.places import place_key
from pipeline.resolve_addresses.gazetteer import (
    known_names,
    match_names,
    reachable_districts,
    settle,
)
from pipeline.resolve_addresses.place_names import NameMatching
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
    matching: NameMatching,
) -> None:
    """Make the tables `<prefix>_place`, `_mahalla`, `_alias_name` and those of renames.py.

    `_place` has one row per distinct (district, mahalla, kind, massif, street, lane) as
    the cadastre writes it (`given_*`), with the settled names, streets under the name of
    today, the number of houses, and `group_id`: rows of one group are one place. A massif
    or mahalla that the cadastre left out is taken from the only place otherwise the same.
    `_mahalla` (district_code, mahalla_key, houses) adds the register of mahallas;
    `_alias_name` (district_code, spelling, name) holds its other names.
    """
    tabulate_renames(engine, prefix, street_aliases)
    _tabulate_register(engine, prefix, mahallas)
    _tabulate_given(engine, prefix, dwellings)
    _settle_places(engine, prefix, matching)
    _fill_places(engine, prefix)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_mahalla AS
        SELECT district_code, mahalla_key, sum(houses)::BIGINT AS houses
        FROM (
            SELECT district_code, mahalla_key, houses FROM {prefix}_place
            UNION ALL SELECT district_code, name, 0 FROM {prefix}_register
        )
        WHERE mahalla_key IS NOT NULL GROUP BY ALL
        """
    )


def place_join(prefix: str, row: str) -> str:
    """Joins that bring the place of a row with the cadastre's own spelling, as `place`."""
    given = " AND ".join(
        f"coalesce(place.given_{part}, '') = coalesce({row}.{part}, '')"
        for part in ("mahalla_key", "mahalla_kind", "massif_key")
    )
    return f"""
        {rename_joins(prefix, row)}
        LEFT JOIN {prefix}_place AS place
            ON place.district_code = {row}.district_code AND {given}
            AND coalesce(place.given_street_key, '')
                = coalesce({current_street(row)}, '')
            AND coalesce(place.lane, '') = coalesce({current_lane(row)}, '')
    """


def other_spellings(prefix: str, part: str, reach: str) -> str:
    """Query of (district_code, scope, spelling, name): what else a name is written as.

    The cadastre's own spellings, where one means one name only; other names of mahallas.
    """
    scope = "''" if part == "mahalla" else "unnest(['', mahalla_key])"
    aliases = "UNION ALL SELECT district_code, '', spelling, name FROM"
    return f"""
        SELECT asked_code AS district_code, scope, spelling, min(name) AS name
        FROM (
            SELECT district_code, {scope} AS scope, given_{part}_key AS spelling,
                {part}_key AS name
            FROM {prefix}_place
            {f"{aliases} {prefix}_alias_name" if part == "mahalla" else ""}
        ) JOIN {reach} USING (district_code)
        WHERE scope IS NOT NULL AND spelling <> name
        GROUP BY ALL HAVING count(DISTINCT name) = 1
    """


def match_mahallas(
    engine: duckdb.DuckDBPyConnection,
    prefix: str,
    table: str,
    asked: str,
    matching: NameMatching,
) -> None:
    """Make `table`, as `match_names` does, of a query of mahallas, in their district."""
    reach = f"{table}_reach"
    reachable_districts(engine, reach, f"({asked})", f"{prefix}_mahalla")
    match_names(
        engine,
        table,
        asked=f"""
            SELECT district_code, '' AS scope, mahalla_key AS spelling,
                sum(houses)::BIGINT AS houses
            FROM ({asked}) WHERE mahalla_key IS NOT NULL GROUP BY ALL
        """,
        known=f"""
            SELECT asked_code AS district_code, '' AS scope, mahalla_key AS name,
                sum(houses)::BIGINT AS houses
            FROM {prefix}_mahalla JOIN {reach} USING (district_code)
            WHERE mahalla_key IS NOT NULL GROUP BY ALL
        """,
        spellings=other_spellings(prefix, "mahalla", reach),
        matching=matching,
    )


def match_massifs(
    engine: duckdb.DuckDBPyConnection,
    prefix: str,
    table: str,
    asked: str,
    reach: str,
    matching: NameMatching,
) -> None:
    """Make `table`, as `match_names` does, of massifs: in their mahalla, then wider.

    A mahalla has few massifs, a district may have five that one spelling is near to. What
    the mahalla knows nothing like is looked for in the whole district: massifs reach over
    the borders of mahallas.
    """
    match_names(
        engine,
        f"{table}_tried",
        asked=f"""
            SELECT district_code, scope, spelling, sum(houses)::BIGINT AS houses
            FROM (
                SELECT district_code, unnest(list_distinct(['', scope])) AS scope,
                    massif_key AS spelling, houses
                FROM ({asked}) WHERE massif_key IS NOT NULL
            ) GROUP BY ALL
        """,
        known=known_names(prefix, "massif", reach),
        spellings=other_spellings(prefix, "massif", reach),
        matching=matching,
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {table} AS
        SELECT own.district_code, own.scope, own.spelling, meant.name, meant.status,
            meant.margin
        FROM {table}_tried AS own
        JOIN {table}_tried AS meant
            ON meant.district_code = own.district_code AND meant.spelling = own.spelling
            AND meant.scope = CASE WHEN own.status = 'UNKNOWN' THEN '' ELSE own.scope END
        """
    )


def _tabulate_register(
    engine: duckdb.DuckDBPyConnection, prefix: str, mahallas: Relation
) -> None:
    """Make `_register` (district_code, name) and `_alias_name` from the register.

    An alias that is also a name, or that two mahallas bear, is none.
    """
    register = mahallas.pl()
    names: set[tuple[str, str]] = set()
    meant: dict[tuple[str, str], set[str]] = {}
    for district, name, aliases in register.select(
        "district_code", "name", "aliases"
    ).iter_rows():
        key = _mahalla_key(name)
        if key is None:
            continue
        names.add((district, key))
        for alias in (aliases or "").split("|"):
            spelling = _mahalla_key(alias)
            if spelling is not None:
                meant.setdefault((district, spelling), set()).add(key)
    aliases = [
        (district, spelling, next(iter(keys)))
        for (district, spelling), keys in sorted(meant.items())
        if len(keys) == 1 and (district, spelling) not in names
    ]
    for table, columns, rows in (
        ("register", ("district_code", "name"), sorted(names)),
        ("alias_name", ("district_code", "spelling", "name"), aliases),
    ):
        frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
        engine.register("register_names", frame.to_arrow())
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {prefix}_{table} AS FROM register_names"
        )
        engine.unregister("register_names")


def _mahalla_key(name: str | None) -> str | None:
    return place_key(MAHALLA_TYPES.sub("", name.strip())) if name else None


def _tabulate_given(
    engine: duckdb.DuckDBPyConnection, prefix: str, dwellings: Relation
) -> None:
    renamed = engine.sql(  # noqa: F841 - read by name
        f"""
        SELECT dwelling.* REPLACE ({current_street("dwelling")} AS street_key,
            {current_lane("dwelling")} AS lane)
        FROM dwellings AS dwelling {rename_joins(prefix, "dwelling")}
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_given AS
        SELECT district_code, mahalla_key AS given_mahalla_key,
            mahalla_kind AS given_mahalla_kind, massif_key AS given_massif_key,
            street_key AS given_street_key, lane,
            approx_count_distinct(house_key)::BIGINT AS houses,
            min(mahalla) AS mahalla, min(street) AS street
        FROM renamed
        WHERE mahalla_key IS NOT NULL OR massif_key IS NOT NULL OR street_key IS NOT NULL
        GROUP BY ALL
        """
    )


def _settle_places(
    engine: duckdb.DuckDBPyConnection, prefix: str, matching: NameMatching
) -> None:
    """Make `_place` with mahalla, then massif, then street (in its mahalla) settled."""
    source = f"{prefix}_given"
    for part, scope, register in (
        ("mahalla", "''", f"SELECT district_code, '', name FROM {prefix}_register"),
        ("massif", "''", "SELECT NULL, NULL, NULL LIMIT 0"),
        ("street", "coalesce(mahalla_key, '')", "SELECT NULL, NULL, NULL LIMIT 0"),
    ):
        settle(
            engine,
            f"{prefix}_settled",
            names=f"""
                SELECT district_code, {scope} AS scope, given_{part}_key AS name,
                    sum(houses)::BIGINT AS houses
                FROM {source} WHERE given_{part}_key IS NOT NULL GROUP BY ALL
            """,
            register=register,
            matching=matching,
        )
        engine.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {prefix}_place AS
            SELECT given.*, coalesce(
                {"alias.name, " if part == "mahalla" else ""}
                settled.settled, given.given_{part}_key) AS {part}_key
            FROM {source} AS given
            LEFT JOIN {prefix}_settled AS settled
                ON settled.district_code = given.district_code
                AND settled.scope = {scope.replace("mahalla_key", "given.mahalla_key")}
                AND settled.name = given.given_{part}_key
            LEFT JOIN {prefix}_alias_name AS alias
                ON alias.district_code = given.district_code
                AND alias.spelling = given.given_{part}_key
            """
        )
        source = f"{prefix}_place"


def _fill_places(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """Number the places and join those that differ only in what the cadastre left out.

    A kind, a massif or a mahalla that is missing is taken from the only place that is
    otherwise the same; where there are several it stays missing.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_place AS
        SELECT row_number() OVER (ORDER BY district_code, given_mahalla_key,
                given_mahalla_kind, given_massif_key, given_street_key, lane) AS place_id,
            *, given_mahalla_kind AS mahalla_kind
        FROM {prefix}_place
        """
    )
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
        SELECT * REPLACE (
                first_value(mahalla) OVER most AS mahalla,
                first_value(street) OVER most AS street),
            min(place_id) OVER same AS group_id
        FROM {prefix}_place
        WINDOW same AS (PARTITION BY district_code, mahalla_key, mahalla_kind, massif_key,
                street_key, lane),
            most AS (PARTITION BY district_code, mahalla_key, mahalla_kind, massif_key,
                street_key, lane ORDER BY houses DESC, place_id)
        """
    )
