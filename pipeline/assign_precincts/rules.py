"""Coverage rules with their names resolved, their specificity and their precinct.

What belongs here: rules among themselves and against the gazetteer. No address is placed.
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
    tabulate_places,
)
from pipeline.resolve_addresses.renames import (
    current_lane,
    current_street,
    rename_joins,
)

Relation = duckdb.DuckDBPyRelation

HOME_KINDS = ("TERRITORIAL", "REMOTE")
"""Precincts that have a territory; the others list voters by roster (Article 10)."""

RANGE_SCORE = 200
SCORE = f"""
    CASE
        WHEN is_doubtful THEN
            CASE WHEN street_key IS NOT NULL THEN 675 WHEN mahalla_key IS NOT NULL THEN 450
                 ELSE 550 END
        WHEN cadastral_prefix IS NOT NULL THEN 10000 + 10 * length(cadastral_prefix)
        WHEN street_key IS NOT NULL THEN
            600 + 20 * (mahalla_key IS NOT NULL)::INTEGER
            + 40 * (lane IS NOT NULL)::INTEGER
            + {RANGE_SCORE // 2} * has_range::INTEGER
            + 10 * (massif_key IS NOT NULL)::INTEGER
        WHEN massif_key IS NOT NULL THEN
            500 + 40 * has_range::INTEGER + 20 * (mahalla_key IS NOT NULL)::INTEGER
        WHEN mahalla_key IS NOT NULL AND NOT is_remainder THEN
            400 + 40 * has_range::INTEGER
        WHEN mahalla_key IS NOT NULL THEN 300
        WHEN has_range THEN 250
        WHEN is_remainder THEN 200
        ELSE 100
    END * 2 + (source = 'TERRITORY')::INTEGER
"""
"""Specificity: cadastral prefix, houses of a street, lane, street, massif, mahalla, what is
left of the district, whole district; a mahalla named beside them makes them more specific;
at equal specificity a territory row beats a text. A doubtful rule stands between the place
it names and that place's parts: it may mean any of them that nobody names."""


def tabulate_rules(
    engine: duckdb.DuckDBPyConnection,
    prefix: str,
    coverage: Relation,
    precincts: Relation,
    dwellings: Relation,
    mahallas: Relation,
    street_aliases: Relation,
    matching: NameMatching,
) -> None:
    """Make the gazetteer's tables and `<prefix>_rule`, the rules of home precincts.

    `_silent` (region_code, precinct_number, district_code) has the precincts whose
    territory is unknown.
    Columns: those of PrecinctCoverage with mahalla_key, massif_key and street_key in the
    gazetteer's spelling where one is certain, precinct_id, is_precinct_known, has_range,
    score, mahalla_status, massif_status and street_status (EXACT, FUZZY, UNKNOWN,
    AMBIGUOUS; null where the rule names none).
    """
    tabulate_places(engine, prefix, dwellings, mahallas, street_aliases, matching)
    kinds = ", ".join(f"'{kind}'" for kind in HOME_KINDS)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_read AS
        SELECT coverage.*,
            dense_rank() OVER (ORDER BY coverage.region_code, coverage.precinct_number)
                AS precinct_id,
            precinct.kind IS NOT NULL AS is_precinct_known,
            coverage.house_from IS NOT NULL OR coverage.house_to IS NOT NULL
                OR coalesce(coverage.parity, 'ALL') <> 'ALL' AS has_range
        FROM coverage
        LEFT JOIN precincts AS precinct
            ON precinct.region_code = coverage.region_code
            AND precinct.precinct_number = coverage.precinct_number
        WHERE precinct.kind IS NULL OR precinct.kind IN ({kinds})
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_silent AS
        SELECT DISTINCT region_code, precinct_number, district_code
        FROM precincts AS precinct
        ANTI JOIN {prefix}_read AS read
            ON read.region_code = precinct.region_code
            AND read.precinct_number = precinct.precinct_number
            AND NOT read.is_doubtful
        WHERE precinct.kind IN ({kinds})
        """
    )
    _match_rule_names(engine, prefix, matching)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_rule AS
        SELECT *, ({SCORE})::INTEGER AS score
        FROM (
            SELECT read.* EXCLUDE (current_key, current_lane, scope) REPLACE (
                    read.current_lane AS lane,
                    coalesce(mahalla.name, read.mahalla_key) AS mahalla_key,
                    coalesce(massif.name, read.massif_key) AS massif_key,
                    coalesce(street.name, read.current_key) AS street_key
                ),
                mahalla.status AS mahalla_status,
                massif.status AS massif_status,
                street.status AS street_status
            FROM {prefix}_scoped_rule AS read
            LEFT JOIN {prefix}_rule_mahalla AS mahalla
                ON mahalla.district_code = read.district_code
                AND mahalla.spelling = read.mahalla_key
            LEFT JOIN {prefix}_rule_massif AS massif
                ON massif.district_code = read.district_code
                AND massif.scope = read.scope AND massif.spelling = read.massif_key
            LEFT JOIN {prefix}_rule_street AS street
                ON street.district_code = read.district_code
                AND street.scope = read.scope AND street.spelling = read.current_key
        )
        """
    )


def _match_rule_names(
    engine: duckdb.DuckDBPyConnection, prefix: str, matching: NameMatching
) -> None:
    reach = f"{prefix}_place_reach"
    reachable_districts(engine, reach, f"{prefix}_read", f"{prefix}_place")
    match_mahallas(
        engine,
        prefix,
        f"{prefix}_rule_mahalla",
        asked=f"SELECT *, 0 AS houses FROM {prefix}_read",
        matching=matching,
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_scoped_rule AS
        SELECT read.* REPLACE (coalesce(read.massif_key, block.name) AS massif_key),
            coalesce(mahalla.name, read.mahalla_key, '') AS scope,
            CASE WHEN block.name IS NULL THEN {current_street("read")} END AS current_key,
            {current_lane("read")} AS current_lane
        FROM {prefix}_read AS read
        LEFT JOIN {prefix}_rule_mahalla AS mahalla
            ON mahalla.district_code = read.district_code
            AND mahalla.spelling = read.mahalla_key
        {rename_joins(prefix, "read")}
        LEFT JOIN ({known_blocks(prefix, reach)}) AS block
            ON block.district_code = read.district_code
            AND block.scope = coalesce(mahalla.name, read.mahalla_key, '')
            AND block.name = read.street_key
            AND read.massif_key IS NULL AND read.lane IS NULL
        """
    )
    match_massifs(
        engine,
        prefix,
        f"{prefix}_rule_massif",
        asked=f"SELECT *, 0 AS houses FROM {prefix}_scoped_rule",
        reach=reach,
        matching=matching,
    )
    match_names(
        engine,
        f"{prefix}_rule_street",
        asked=f"""
            SELECT district_code, scope, current_key AS spelling, 0 AS houses
            FROM {prefix}_scoped_rule WHERE current_key IS NOT NULL GROUP BY ALL
        """,
        known=known_names(prefix, "street", reach),
        spellings=other_spellings(prefix, "street", reach),
        matching=matching,
    )


def find_coverage_problems(
    engine: duckdb.DuckDBPyConnection,
    coverage: Relation,
    precincts: Relation,
    dwellings: Relation,
    mahallas: Relation,
    street_aliases: Relation,
    matching: NameMatching | None = None,
) -> Relation:
    """Rules whose names the gazetteer doesn't know for certain, for the commission.

    Returns:
        rule_id, region_code, precinct_number, district_code, part (mahalla, massif,
        street), status (UNKNOWN: no such name; AMBIGUOUS: near to several; FUZZY: taken
        for the only name near), written (key as read), taken (key it was taken for).
        Such a rule still covers addresses that are spelt exactly alike.
    """
    prefix = "coverage_problems"
    tabulate_rules(
        engine,
        prefix,
        coverage,
        precincts,
        dwellings,
        mahallas,
        street_aliases,
        matching or NameMatching(),
    )
    return engine.sql(
        " UNION ALL ".join(
            f"""
            SELECT rule.rule_id, rule.region_code, rule.precinct_number,
                rule.district_code, '{part}' AS part, rule.{part}_status AS status,
                read.{part}_key AS written, rule.{part}_key AS taken
            FROM {prefix}_rule AS rule JOIN {prefix}_read AS read USING (rule_id)
            WHERE rule.{part}_status <> 'EXACT'
            """
            for part in ("mahalla", "massif", "street")
        )
    )
