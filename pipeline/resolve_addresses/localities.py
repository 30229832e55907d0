"""Distinct localities of addresses and the one place of the cadastre that each can mean.

A locality is what an address says without its house: district, mahalla, massif, street,
lane. The string work of a country is done here, on distinct values.
"""

import duckdb

from pipeline.resolve_addresses.gazetteer import (
    known_blocks,
    known_names,
    match_names,
    reachable_districts,
)
from pipeline.resolve_addresses.place_names import NameMatching
from pipeline.resolve_addresses.places import (
    match_mahallas,
    match_massifs,
    other_spellings,
)
from pipeline.resolve_addresses.renames import (
    current_lane,
    current_street,
    rename_joins,
)

Relation = duckdb.DuckDBPyRelation


def resolve_localities(
    engine: duckdb.DuckDBPyConnection,
    prefix: str,
    addresses: Relation,
    matching: NameMatching,
) -> None:
    """Make `<prefix>_locality`: every distinct locality with the place that it means.

    Columns: locality_id, the locality as written, mahalla_name, massif_name, street_name
    (the names meant; what was written where none is certain), is_fuzzy, margin, group_id
    (the one place; null where there is none or several), group_count,
    mahalla_status, massif_status, street_status (EXACT, FUZZY, UNKNOWN, AMBIGUOUS,
    MISSING).
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_written AS
        SELECT row_number() OVER (ORDER BY district_code, mahalla_key, mahalla_kind,
            massif_key, street_key, lane) AS locality_id, *
        FROM (
            SELECT district_code, mahalla_key, mahalla_kind, massif_key, street_key, lane,
                count(*) AS houses
            FROM addresses GROUP BY ALL
        )
        """
    )
    reachable_districts(engine, f"{prefix}_reach", f"{prefix}_written", f"{prefix}_place")
    match_mahallas(
        engine,
        prefix,
        f"{prefix}_mahalla_name",
        asked=f"FROM {prefix}_written",
        matching=matching,
    )
    _scope_localities(engine, prefix)
    match_massifs(
        engine,
        prefix,
        f"{prefix}_massif_name",
        asked=f"FROM {prefix}_scoped",
        reach=f"{prefix}_reach",
        matching=matching,
    )
    _match_streets(engine, prefix, matching)
    _join_names(engine, prefix)
    _find_groups(engine, prefix)


def _scope_localities(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """Make `_scoped`: localities with their mahalla as scope and today's street names."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_scoped AS
        SELECT written.*, coalesce(mahalla.name, '') AS scope, block.name AS block_key,
            CASE WHEN block.name IS NULL THEN {current_street("written")}
            END AS current_key,
            {current_lane("written")} AS current_lane
        FROM {prefix}_written AS written
        LEFT JOIN {prefix}_mahalla_name AS mahalla
            ON mahalla.district_code = written.district_code
            AND mahalla.spelling = written.mahalla_key
        {rename_joins(prefix, "written")}
        LEFT JOIN ({known_blocks(prefix, f"{prefix}_reach")}) AS block
            ON block.district_code = written.district_code
            AND block.scope = coalesce(mahalla.name, '')
            AND (written.mahalla_key IS NULL OR mahalla.name IS NOT NULL)
            AND block.name = written.street_key
            AND written.massif_key IS NULL AND written.lane IS NULL
        """
    )


def _match_streets(
    engine: duckdb.DuckDBPyConnection, prefix: str, matching: NameMatching
) -> None:
    """Streets of a known mahalla in that mahalla, of a missing one in the district."""
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {prefix}_street AS "
        + known_names(prefix, "street", f"{prefix}_reach")
    )
    match_names(
        engine,
        f"{prefix}_street_name",
        asked=f"""
            SELECT district_code, scope, current_key AS spelling,
                sum(houses)::BIGINT AS houses
            FROM {prefix}_scoped
            WHERE current_key IS NOT NULL AND (mahalla_key IS NULL OR scope <> '')
            GROUP BY ALL
        """,
        known=f"SELECT district_code, scope, name, houses FROM {prefix}_street",
        spellings=f"""
            {other_spellings(prefix, "street", f"{prefix}_reach")}
            UNION
            SELECT street.district_code, scope, old_key, min(name)
            FROM {prefix}_street AS street JOIN {prefix}_rename AS rename
                ON starts_with(rename.district_code, street.district_code)
                AND rename.new_key = street.name AND rename.is_whole
            GROUP BY ALL HAVING count(DISTINCT name) = 1
        """,
        matching=matching,
    )


def _join_names(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_named AS
        SELECT
            scoped.* EXCLUDE (scope, current_key, block_key),
            coalesce(mahalla.name, scoped.mahalla_key) AS mahalla_name,
            coalesce(massif.name, block_key, scoped.massif_key) AS massif_name,
            coalesce(street.name, scoped.current_key) AS street_name,
            coalesce(mahalla.status, 'MISSING') AS mahalla_status,
            coalesce(massif.status, CASE WHEN block_key IS NOT NULL THEN 'EXACT' END,
                'MISSING') AS massif_status,
            CASE
                WHEN scoped.street_key IS NULL OR block_key IS NOT NULL THEN 'MISSING'
                WHEN reused.street_key IS NOT NULL THEN 'AMBIGUOUS'
                ELSE coalesce(street.status, 'UNKNOWN')
            END AS street_status,
            least(mahalla.margin, massif.margin, street.margin) AS margin
        FROM {prefix}_scoped AS scoped
        LEFT JOIN {prefix}_mahalla_name AS mahalla
            ON mahalla.district_code = scoped.district_code
            AND mahalla.spelling = scoped.mahalla_key
        LEFT JOIN {prefix}_massif_name AS massif
            ON massif.district_code = scoped.district_code
            AND massif.scope = scoped.scope AND massif.spelling = scoped.massif_key
        LEFT JOIN {prefix}_street_name AS street
            ON street.district_code = scoped.district_code
            AND street.scope = scoped.scope AND street.spelling = scoped.current_key
        LEFT JOIN {prefix}_reused AS reused
            ON reused.district_code = scoped.district_code
            AND reused.street_key = scoped.street_key
        """
    )


def _find_groups(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """The places that a locality can mean: what either side leaves out doesn't restrict.

    Street and lane must be the same, a missing street included. A kind counts only where
    the district has twins (MFY and OFY of one name).
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_candidate AS
        WITH place AS (
            SELECT *, count(DISTINCT mahalla_kind) OVER (
                PARTITION BY district_code, mahalla_key) > 1 AS has_twin
            FROM {prefix}_place
        )
        SELECT DISTINCT named.locality_id, place.group_id
        FROM {prefix}_named AS named
        JOIN {prefix}_reach AS reach ON reach.asked_code = named.district_code
        JOIN place
            ON place.district_code = reach.district_code
            AND coalesce(place.street_key, '') = coalesce(named.street_name, '')
            AND coalesce(place.lane, '') = coalesce(named.current_lane, '')
        WHERE named.mahalla_status IN ('EXACT', 'FUZZY', 'MISSING')
          AND named.massif_status IN ('EXACT', 'FUZZY', 'MISSING')
          AND named.street_status IN ('EXACT', 'FUZZY', 'MISSING')
          AND (named.mahalla_status = 'MISSING'
               OR place.mahalla_key = named.mahalla_name)
          AND (named.mahalla_kind IS NULL OR place.mahalla_kind IS NULL
               OR named.mahalla_kind = place.mahalla_kind OR NOT place.has_twin)
          AND (named.massif_name IS NULL OR place.massif_key IS NULL
               OR named.massif_name = place.massif_key)
          AND coalesce(named.street_name, named.mahalla_name, named.massif_name)
              IS NOT NULL
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_locality AS
        SELECT named.*,
            named.mahalla_status = 'FUZZY' OR named.massif_status = 'FUZZY'
                OR named.street_status = 'FUZZY' AS is_fuzzy,
            coalesce(found.group_count, 0) AS group_count,
            CASE WHEN found.group_count = 1 THEN found.group_id END AS group_id
        FROM {prefix}_named AS named
        LEFT JOIN (
            SELECT locality_id, count(*) AS group_count, min(group_id) AS group_id
            FROM {prefix}_candidate GROUP BY locality_id
        ) AS found USING (locality_id)
        """
    )
