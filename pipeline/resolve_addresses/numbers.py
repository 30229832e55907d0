"""Cadastral numbers: the object or building that each one names.

What belongs here: whole and partial numbers of the cadastre's objects, and what the
beginning of a number says about the district.
"""

import duckdb

from pipeline.resolve_addresses.cadastral_key import (
    BUILDING_PARTS,
    PARCEL_PARTS,
    first_parts,
    parts_of,
)
from pipeline.resolve_addresses.houses import ANY_ID, BEST_IDS, IS_SINGLE

Relation = duckdb.DuckDBPyRelation

CROSSWALK_DWELLINGS_MIN = 50
CROSSWALK_SHARE_MIN = 0.98
"""A beginning AA:BB of cadastral numbers stands for a district where this share of at
least this many dwellings says so (the cadastre doesn't number by SOATO, domain.md 3.3)."""
PLACE = "hash(district_code, group_id, house_key)"


def learn_cadastral_districts(
    engine: duckdb.DuckDBPyConnection, dwellings: Relation
) -> Relation:
    """The district that each beginning AA:BB of cadastral numbers stands for.

    Returns:
        cadastral_prefix, district_code (the most frequent; ties: the smallest code),
        dwellings, share (of this district among them), is_certain. A share below one is a
        conflict inside the cadastre.
    """
    return engine.sql(
        f"""
        SELECT cadastral_prefix,
            arg_max(district_code, (dwellings, -district_code::BIGINT)) AS district_code,
            sum(dwellings)::BIGINT AS dwellings,
            max(dwellings) / sum(dwellings) AS share,
            sum(dwellings) >= {CROSSWALK_DWELLINGS_MIN}
                AND max(dwellings) / sum(dwellings) >= {CROSSWALK_SHARE_MIN} AS is_certain
        FROM (
            SELECT left(cadastral_key, 5) AS cadastral_prefix, district_code,
                count(*) AS dwellings
            FROM dwellings WHERE cadastral_key IS NOT NULL GROUP BY ALL
        )
        GROUP BY cadastral_prefix
        """
    )


def tabulate_numbers(
    engine: duckdb.DuckDBPyConnection, prefix: str, addresses: Relation
) -> None:
    """Make `_crosswalk`, the view `_whole`, and `_beginning` of the dwellings' numbers.

    `_whole` is keyed by `cadastral_key`, `_beginning` by `beginning` (see `beginning_of`),
    the latter for the numbers that no object bears as a whole. Both have dwelling_id (null
    for a building with several objects), any_dwelling_id and that object's shown_id,
    group_id, house_key and house_number. A number that objects at several places bear says
    nothing and is absent.
    """
    dwellings = engine.table(f"{prefix}_dwelling")
    crosswalk = learn_cadastral_districts(engine, dwellings)  # noqa: F841 - read by name
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {prefix}_crosswalk AS SELECT * FROM crosswalk"
    )
    _tabulate_whole(engine, prefix)
    _tabulate_beginnings(engine, prefix, addresses)


def _tabulate_whole(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """Make `_repeated`, the numbers of several objects, and the view `_whole`.

    Nearly every number is borne once: rows are aggregated only where a hash comes twice.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_repeated AS
        SELECT cadastral_key, {BEST_IDS},
            {IS_SINGLE} OR min({PLACE}) = max({PLACE}) AS is_one_place
        FROM {prefix}_dwelling
        WHERE hash(cadastral_key) IN (
            SELECT hash(cadastral_key) FROM {prefix}_dwelling
            WHERE cadastral_key IS NOT NULL GROUP BY ALL HAVING count(*) > 1)
        GROUP BY cadastral_key HAVING count(*) > 1
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP VIEW {prefix}_whole AS
        SELECT cadastral_key, dwelling_id, dwelling_id AS any_dwelling_id, shown_id,
            group_id, house_key, house_number
        FROM {prefix}_dwelling
        ANTI JOIN {prefix}_repeated USING (cadastral_key)
        WHERE cadastral_key IS NOT NULL
        UNION ALL
        SELECT repeated.cadastral_key, repeated.dwelling_id, repeated.any_dwelling_id,
            object.shown_id, object.group_id, object.house_key, object.house_number
        FROM {prefix}_repeated AS repeated
        JOIN {prefix}_dwelling AS object ON object.dwelling_id = repeated.any_dwelling_id
        WHERE repeated.is_one_place
        """
    )


def _tabulate_beginnings(
    engine: duckdb.DuckDBPyConnection, prefix: str, addresses: Relation
) -> None:
    building = first_parts("cadastral_key", BUILDING_PARTS)
    parcel = first_parts("cadastral_key", PARCEL_PARTS)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_wanted AS
        SELECT DISTINCT {beginning_of("cadastral_key")} AS beginning
        FROM (
            SELECT cadastral_key FROM addresses WHERE cadastral_key IS NOT NULL
        ) ANTI JOIN {prefix}_whole USING (cadastral_key)
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_beginning AS
        WITH beginning AS (
            SELECT dwelling.*, {building} AS beginning, {BUILDING_PARTS} AS parts
            FROM {prefix}_dwelling AS dwelling
            WHERE {parts_of("cadastral_key")} >= {BUILDING_PARTS}
            UNION ALL
            SELECT dwelling.*, {parcel}, {PARCEL_PARTS}
            FROM {prefix}_dwelling AS dwelling
            WHERE {parts_of("cadastral_key")} > {PARCEL_PARTS}
        ),
        found AS (
            SELECT beginning, parts,
                CASE WHEN count(*) = 1 THEN min(dwelling_id) END AS dwelling_id,
                {ANY_ID} AS any_dwelling_id
            FROM beginning
            SEMI JOIN {prefix}_wanted AS wanted USING (beginning)
            GROUP BY beginning, parts
            HAVING min({PLACE}) = max({PLACE})
               AND count(group_id) = count(*) AND count(house_key) = count(*)
        )
        SELECT found.*, object.shown_id, object.group_id, object.house_key,
            object.house_number
        FROM found
        JOIN {prefix}_dwelling AS object ON object.dwelling_id = found.any_dwelling_id
        """
    )


def beginning_of(number: str) -> str:
    """What of a number `_beginning` is asked for, as an expression; null if too short."""
    return f"""
        CASE WHEN {parts_of(number)} >= {BUILDING_PARTS}
             THEN {first_parts(number, BUILDING_PARTS)}
             WHEN {parts_of(number)} = {PARCEL_PARTS} THEN {number} END
    """


def is_within(number: str, parts: str) -> str:
    """Whether a number has no more parts than the beginning found, as an expression."""
    return f"{parts_of(number)} <= {parts}"
