"""The precinct whose territory covers an address, by the most specific coverage rule.

A rule fits a site for certain (3), fits it unless somebody else has a claim (2: the rule
leaves open which of several mahallas it means), may fit it, where what is unknown of the
site could make it fit (1), or doesn't (0). A site is placed only where every rule that
could be the most specific one belongs to one precinct: a wrong precinct is far worse than
none.
"""

from collections.abc import Sequence

import duckdb

from pipeline.assign_precincts.confidence import (
    BUILDING_OF_LINK,
    tabulate_buildings,
    weigh_placements,
)
from pipeline.assign_precincts.fits import (
    PREFIX,
    begun_prefixes,
    find_candidates,
    pair_sites,
    tabulate_districts,
    tabulate_listed_streets,
    tabulate_near_names,
    tabulate_streets,
    touch_places,
)
from pipeline.assign_precincts.polygons import PrecinctPolygon, compare_polygons
from pipeline.assign_precincts.rules import tabulate_rules
from pipeline.assign_precincts.sites import tabulate_sites
from pipeline.resolve_addresses.place_names import NameMatching
from pipeline.resolve_addresses.places import place_join

Relation = duckdb.DuckDBPyRelation


HOUSE_FIT = """
    CASE
        WHEN NOT pair.has_range THEN 3
        WHEN point.house_number IS NULL THEN 1
        WHEN point.house_number < coalesce(pair.house_from, 0)
            OR point.house_number > coalesce(pair.house_to, 2147483647) THEN 0
        WHEN pair.parity = 'ODD' THEN 3 * (point.house_number % 2 = 1)::INTEGER
        WHEN pair.parity = 'EVEN' THEN 3 * (point.house_number % 2 = 0)::INTEGER
        ELSE 3
    END
"""
PREFIX_FIT = """
    CASE
        WHEN pair.cadastral_prefix IS NULL THEN 3
        WHEN point.prefixes IS NULL THEN 1
        ELSE 3 * list_contains(point.prefixes, pair.cadastral_prefix)::INTEGER
    END
"""


def locate_addresses(
    engine: duckdb.DuckDBPyConnection,
    links: Relation,
    coverage: Relation,
    precincts: Relation,
    dwellings: Relation,
    mahallas: Relation,
    street_aliases: Relation,
    polygons: Sequence[PrecinctPolygon] = (),
    matching: NameMatching | None = None,
) -> Relation:
    """The precinct of each address by coverage rules, or the reason why there is none.

    Args:
        engine: where the tables live.
        links: AddressLink.
        coverage: PrecinctCoverage.
        precincts: SourcePrecinct; rules of institutions and missions place no home.
        dwellings: DwellingRecord, the gazetteer.
        mahallas: SourceMahalla; may be empty.
        street_aliases: district_code, street_key_old, street_key_new; may be empty.
        polygons: the precincts on the map, where there is one (see polygons.py).
        matching: how far spellings may stand apart; the default where None.

    Returns:
        AddressPrecinct, one row per address. Text and number of an address that contradict
        (`rival_dwelling_id`) are placed only where both stand in one precinct.
    """
    limits = matching or NameMatching()
    tabulate_rules(
        engine, PREFIX, coverage, precincts, dwellings, mahallas, street_aliases, limits
    )
    readings = _readings(engine, links, dwellings)
    tabulate_sites(engine, PREFIX, readings, limits)
    tabulate_streets(engine)
    tabulate_districts(engine)
    tabulate_listed_streets(engine)
    tabulate_near_names(engine, "street")
    tabulate_near_names(engine, "massif")
    touch_places(engine, dwellings)
    find_candidates(engine)
    pair_sites(engine)
    _tabulate_points(engine)
    _judge_points(engine, f"{PREFIX}_point", f"{PREFIX}_verdict")
    _judge_possible_sites(engine)
    _tabulate_judged(engine)
    tabulate_buildings(engine, PREFIX, links, dwellings)
    placed = _address_precincts(engine, links)
    if polygons:
        placed = compare_polygons(
            engine, placed, links, precincts, _claimants(engine), polygons
        )
    else:
        placed = placed.project("*, false AS is_on_map")
    return weigh_placements(placed)


def _claimants(engine: duckdb.DuckDBPyConnection) -> Relation:
    """Of each address that unread words may mean: the precincts that may mean it.

    Those in contention, and those of its district whose description gave no rule at all.
    """
    return engine.sql(
        f"""
        SELECT judged.address_id, rule.region_code, rule.precinct_number
        FROM (
            SELECT address_id, unnest(rule_ids) AS rule_id FROM {PREFIX}_judged
            WHERE unplaced_reason = 'COVERAGE_UNREAD'
        ) AS judged
        JOIN {PREFIX}_rule AS rule USING (rule_id)
        UNION
        SELECT asked.address_id, silent.region_code, silent.precinct_number
        FROM {PREFIX}_judged AS judged
        JOIN {PREFIX}_asked AS asked USING (address_id)
        JOIN {PREFIX}_site AS site USING (site_id)
        JOIN {PREFIX}_silent AS silent
            ON starts_with(site.district_code, silent.district_code)
            OR starts_with(silent.district_code, site.district_code)
        WHERE judged.unplaced_reason = 'COVERAGE_UNREAD'
        """
    )


def _readings(
    engine: duckdb.DuckDBPyConnection, links: Relation, dwellings: Relation
) -> Relation:
    """Every address as its link says, and again as the dwelling that contradicts it.

    The second reading has the negative number of its address, less one.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_reading AS
        SELECT address_id, dwelling_id, reason, district_code, mahalla_key,
            mahalla_kind, massif_key, street_key, lane, house_number, cadastral_key
        FROM links
        UNION ALL
        SELECT -link.address_id - 1, dwelling.dwelling_id, 'CADASTRAL_NUMBER',
            dwelling.district_code, place.mahalla_key, place.mahalla_kind,
            place.massif_key, place.street_key, place.lane, dwelling.house_number,
            dwelling.cadastral_key
        FROM links AS link
        JOIN dwellings AS dwelling ON dwelling.dwelling_id = link.rival_dwelling_id
        {place_join(PREFIX, "dwelling")}
        WHERE link.reason <> 'DISTRICT_CONFLICT'
        """
    )
    return engine.table(f"{PREFIX}_reading")


def _tabulate_points(engine: duckdb.DuckDBPyConnection) -> None:
    """Make `_point`: distinct (site, house number, prefixes) as far as rules ask for them.

    `prefixes` are the rules' prefixes that the cadastral number begins with; null where
    the number is unknown.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_begins AS
        SELECT cadastral_key, list_sort(list(cadastral_prefix)) AS prefixes
        FROM ({begun_prefixes(f"(SELECT DISTINCT cadastral_key FROM {PREFIX}_at)")})
        GROUP BY cadastral_key
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_asked AS
        SELECT standing.address_id, standing.site_id,
            CASE WHEN asks.by_house THEN standing.house_number END AS house_number,
            CASE WHEN asks.by_prefix AND standing.cadastral_key IS NOT NULL
                 THEN coalesce(begins.prefixes, []) END AS prefixes
        FROM {PREFIX}_at AS standing
        LEFT JOIN (
            SELECT site_id, bool_or(has_range) AS by_house,
                bool_or(cadastral_prefix IS NOT NULL) AS by_prefix
            FROM {PREFIX}_pair GROUP BY site_id
        ) AS asks USING (site_id)
        LEFT JOIN {PREFIX}_begins AS begins
            ON asks.by_prefix AND begins.cadastral_key = standing.cadastral_key
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_point AS
        SELECT row_number() OVER () AS point_id, *
        FROM (SELECT DISTINCT site_id, house_number, prefixes FROM {PREFIX}_asked)
        """
    )


def _judge_points(engine: duckdb.DuckDBPyConnection, points: str, verdicts: str) -> None:
    """Make `verdicts` of `points`: the rules in contention and their precincts.

    An exclusion takes its own precinct's rules out that are as general or more general
    than it; where it may fit, they may.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {points}_fit AS
        SELECT * FROM (
            SELECT point.point_id, pair.rule_id, pair.precinct_id, pair.score,
                pair.is_exclusion, pair.is_precinct_known, pair.is_doubtful,
                least(pair.fit, {HOUSE_FIT}, {PREFIX_FIT}) AS fit
            FROM {points} AS point JOIN {PREFIX}_pair AS pair USING (site_id)
        ) WHERE fit > 0
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {verdicts} AS
        WITH excluded AS (
            SELECT point_id, precinct_id, max(score) FILTER (fit = 3) AS surely,
                max(score) AS perhaps
            FROM {points}_fit WHERE is_exclusion GROUP BY ALL
        ),
        standing AS (
            SELECT fit.* REPLACE (
                CASE WHEN fit.score <= excluded.perhaps THEN 1 ELSE fit.fit END AS fit),
                coalesce(fit.score <= excluded.perhaps, false) AS is_perhaps_excluded
            FROM {points}_fit AS fit LEFT JOIN excluded USING (point_id, precinct_id)
            WHERE NOT fit.is_exclusion
              AND (excluded.surely IS NULL OR fit.score > excluded.surely)
        ),
        best AS (
            SELECT point_id, max(score) FILTER (fit = 3) AS score
            FROM standing GROUP BY point_id
        )
        SELECT standing.point_id,
            min(precinct_id) AS precinct_id,
            count(DISTINCT precinct_id) AS precincts,
            count(DISTINCT precinct_id) FILTER (fit = 3) AS sure_precincts,
            bool_or(fit >= 2) AS is_settled,
            bool_and(is_precinct_known) AS is_precinct_known,
            bool_or(is_perhaps_excluded) AS is_perhaps_excluded,
            bool_or(is_doubtful) AS is_doubtful,
            list_sort(list(rule_id)) AS rule_ids
        FROM standing JOIN best USING (point_id)
        WHERE standing.score >= coalesce(best.score, 0)
        GROUP BY standing.point_id
        """
    )


def _judge_possible_sites(engine: duckdb.DuckDBPyConnection) -> None:
    """Make `_covered`: points without a certain rule whose every possible site has it.

    An address that leaves its mahalla or street open is placed only where each place that
    it can mean is covered, and by the same precinct; else it may lie in a gap.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_open AS
        SELECT row_number() OVER () AS point_id, point.point_id AS open_id,
            verdict.precinct_id, possible.site_id, point.house_number, point.prefixes
        FROM {PREFIX}_verdict AS verdict
        JOIN {PREFIX}_point AS point USING (point_id)
        JOIN {PREFIX}_possible AS possible ON possible.open_site_id = point.site_id
        WHERE verdict.precincts = 1 AND NOT verdict.is_settled
        """
    )
    _judge_points(engine, f"{PREFIX}_open", f"{PREFIX}_open_verdict")
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_covered AS
        SELECT point.open_id AS point_id
        FROM {PREFIX}_open AS point
        LEFT JOIN {PREFIX}_open_verdict AS verdict USING (point_id)
        GROUP BY point.open_id
        HAVING bool_and(coalesce(verdict.is_settled AND verdict.precincts = 1
            AND verdict.precinct_id = point.precinct_id, false))
        """
    )


def _tabulate_judged(engine: duckdb.DuckDBPyConnection) -> None:
    """Make `_judged`: precinct of each reading, or why none, by the rules alone."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_judged AS
        SELECT asked.address_id, verdict.precinct_id, verdict.rule_ids,
            CASE
                WHEN verdict.precincts = 1 AND (verdict.is_settled
                    OR covered.point_id IS NOT NULL AND NOT verdict.is_perhaps_excluded)
                THEN CASE WHEN NOT verdict.is_precinct_known THEN 'PRECINCT_UNKNOWN' END
                WHEN is_nothing THEN 'NO_ADDRESS'
                WHEN verdict.precincts IS NULL AND is_mahalla_unread AND has_rules
                    THEN 'ADDRESS_UNREAD'
                WHEN verdict.precincts IS NULL AND is_silent THEN 'COVERAGE_UNREAD'
                WHEN verdict.precincts IS NULL THEN 'COVERAGE_GAP'
                WHEN verdict.sure_precincts > 1 THEN 'COVERAGE_OVERLAP'
                WHEN verdict.is_doubtful THEN 'COVERAGE_UNREAD'
                WHEN is_unread THEN 'ADDRESS_UNREAD'
                ELSE 'ADDRESS_AMBIGUOUS'
            END AS unplaced_reason
        FROM (
            SELECT asked.*,
                'UNREAD' IN (site.mahalla_state, site.massif_state, site.street_state,
                    site.lane_state) AS is_unread,
                site.mahalla_state = 'UNREAD' AS is_mahalla_unread,
                site.mahalla_state = 'MISSING' AND site.massif_state = 'MISSING'
                    AND site.street_state = 'MISSING' AND NOT site.is_found AS is_nothing,
                ruled.district_code IS NOT NULL AS has_rules,
                silent.district_code IS NOT NULL AS is_silent
            FROM {PREFIX}_asked AS asked JOIN {PREFIX}_site AS site USING (site_id)
            LEFT JOIN (
                SELECT DISTINCT asked_code AS district_code FROM {PREFIX}_link_reach
                SEMI JOIN {PREFIX}_rule USING (district_code)
            ) AS ruled ON ruled.district_code = site.district_code
            LEFT JOIN (
                SELECT DISTINCT asked_code AS district_code FROM {PREFIX}_link_reach
                SEMI JOIN {PREFIX}_silent USING (district_code)
            ) AS silent ON silent.district_code = site.district_code
        ) AS asked
        LEFT JOIN {PREFIX}_point AS point
            ON point.site_id = asked.site_id
            AND point.house_number IS NOT DISTINCT FROM asked.house_number
            AND point.prefixes IS NOT DISTINCT FROM asked.prefixes
        LEFT JOIN {PREFIX}_verdict AS verdict USING (point_id)
        LEFT JOIN {PREFIX}_covered AS covered USING (point_id)
        """
    )


def _address_precincts(engine: duckdb.DuckDBPyConnection, links: Relation) -> Relation:
    """The verdicts on both readings of an address together, and on its building."""
    return engine.sql(
        f"""
        SELECT address_id,
            CASE WHEN reason IS NULL THEN region_code END AS region_code,
            CASE WHEN reason IS NULL THEN precinct_number END AS precinct_number,
            CASE WHEN reason IS NULL THEN found END AS placement,
            reason AS unplaced_reason, rule_ids, []::VARCHAR[] AS warnings,
            is_confirmed, is_shared, is_split
        FROM (
            SELECT link.address_id, precinct.region_code, precinct.precinct_number,
                CASE
                    WHEN link.reason = 'DISTRICT_CONFLICT' THEN 'ADDRESS_AMBIGUOUS'
                    WHEN judged.unplaced_reason IS NOT NULL THEN judged.unplaced_reason
                    WHEN list_contains(link.warnings, 'ADDRESS_CONFLICT')
                        AND (rival.precinct_id IS NULL
                             OR rival.unplaced_reason IS NOT NULL
                             OR rival.precinct_id <> judged.precinct_id)
                    THEN 'ADDRESS_AMBIGUOUS'
                END AS reason,
                CASE
                    WHEN link.reason LIKE 'FUZZY%' THEN 'FUZZY'
                    WHEN link.dwelling_id IS NOT NULL OR link.reason LIKE '%BUILDING'
                    THEN 'EXACT' ELSE 'TERRITORY_ONLY'
                END AS found,
                coalesce(judged.rule_ids, []) AS rule_ids,
                link.is_confirmed, building.is_shared, building.is_split
            FROM links AS link
            JOIN {PREFIX}_judged AS judged ON judged.address_id = link.address_id
            LEFT JOIN {PREFIX}_judged AS rival ON rival.address_id = -link.address_id - 1
            LEFT JOIN (
                SELECT DISTINCT precinct_id, region_code, precinct_number
                FROM {PREFIX}_rule
            ) AS precinct ON precinct.precinct_id = judged.precinct_id
            LEFT JOIN {PREFIX}_building AS building
                ON building.building = {BUILDING_OF_LINK}
        )
        """
    )
