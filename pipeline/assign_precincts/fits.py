"""Which coverage rules fit a site, and how certainly; houses apart.

What belongs here: the comparison of one rule with one site, part by part, and the pairs of
rules and sites that are worth it. Which rule wins stands in locate.py.
"""

import duckdb
import polars as pl

from pipeline.assign_precincts.rules import RANGE_SCORE
from pipeline.resolve_addresses.place_names import is_near, place_numbers
from pipeline.resolve_addresses.places import place_join

Relation = duckdb.DuckDBPyRelation

PREFIX = "locate_addresses"
PREFIX_LETTERS = (2, 5, 8, 11, 14, 19, 24, 28)
"""Lengths at which a canonical cadastral number may be cut between its parts."""
MAHALLA_FIT = """
    CASE
        WHEN rule.mahalla_key IS NULL THEN 3
        WHEN site.mahalla_state = 'UNREAD' THEN 1
        WHEN site.mahalla_state = 'MISSING' THEN
            CASE WHEN site.street_state = 'KNOWN'
                     THEN (held.street_key IS NOT NULL)::INTEGER
                 WHEN site.massif_state = 'KNOWN'
                     THEN (block.massif_key IS NOT NULL)::INTEGER
                 ELSE 1 END
        WHEN rule.mahalla_key <> site.mahalla_key
            THEN (there.mahalla_key IS NOT NULL)::INTEGER
        WHEN twin.mahalla_key IS NULL OR rule.mahalla_kind = site.mahalla_kind THEN 3
        WHEN site.mahalla_kind IS NULL THEN 1
        WHEN rule.mahalla_kind IS NULL THEN 2
        ELSE 0
    END
"""
MASSIF_FIT = """
    CASE
        WHEN rule.massif_key IS NULL THEN 3
        WHEN site.massif_state = 'KNOWN' THEN
            CASE WHEN around.massif_key IS NOT NULL THEN 1
                 WHEN rule.massif_key <> site.massif_key THEN 0
                 WHEN rule.mahalla_key IS NOT NULL OR coalesce(blocks.mahallas, 1) = 1
                     THEN 3
                 WHEN silent.district_code IS NOT NULL THEN 1
                 ELSE 2 END
        WHEN site.massif_state = 'UNREAD' THEN 1
        WHEN site.is_found OR site.street_state = 'KNOWN' THEN 0
        ELSE 1
    END
"""
STREET_FIT = """
    CASE
        WHEN rule.street_key IS NULL THEN 3
        WHEN site.street_state = 'KNOWN' THEN
            CASE WHEN near.street_key IS NOT NULL THEN 1
                 WHEN rule.street_key <> site.street_key THEN 0
                 WHEN rule.mahalla_key IS NOT NULL OR spread.mahallas = 1 THEN 3
                 WHEN silent.district_code IS NOT NULL THEN 1
                 ELSE 2 END
        WHEN site.street_state = 'MISSING' AND site.is_found THEN 0
        WHEN rule.mahalla_key IS NULL AND site.mahalla_state = 'KNOWN'
            AND spread.mahallas IS NOT NULL AND here.street_key IS NULL THEN 0
        ELSE 1
    END
"""
IS_MAIN_STREET_RANGE = """
    rule.has_range AND rule.street_key IS NOT NULL AND rule.lane IS NULL
    AND site.lane_state <> 'MISSING'
"""
"""Houses of a street are those of the main street; whether its lanes go with them is not
said, and less specific than a rule about the lane."""
IS_UNLISTED = "listed.street_key IS NOT NULL"
"""Who names lanes one by one means by a street's name the street alone. Of its lanes that
nobody names whole, all whose words tell of that street may have been meant: the lane stands
there misspelt, or in a description that could not be read."""
LANE_FIT = f"""
    CASE
        WHEN {IS_MAIN_STREET_RANGE} THEN 1
        WHEN listed.is_torn OR silent.district_code IS NOT NULL AND {IS_UNLISTED} THEN 1
        WHEN {IS_UNLISTED} AND rule.lane IS NULL THEN 2
        WHEN rule.lane IS NULL THEN 3
        WHEN rule.lane = site.lane THEN 3
        WHEN site.street_state = 'KNOWN' AND site.lane_state <> 'UNREAD' THEN 0
        ELSE 1
    END
"""
DOUBT_FIT = "CASE WHEN rule.is_doubtful THEN 1 ELSE 3 END"
IS_NEXT_DISTRICT = """(
    starts_with(site.district_code, rule.district_code)
        AND site.district_code <> rule.district_code AND own.has_rules
    OR starts_with(rule.district_code, site.district_code)
        AND site.district_code <> rule.district_code
        AND site.is_found AND theirs.has_places
)"""
"""A city (seven digits) beside the districts inside it (ten): each has mahallas of its own,
often of one name. Whose code is told as exactly as the other side knows it is meant."""
DISTRICT_FIT = f"""
    CASE
        WHEN {IS_NEXT_DISTRICT} THEN 1
        WHEN site.district_code = rule.district_code
            THEN CASE WHEN own.has_inner AND NOT site.is_found THEN 2 ELSE 3 END
        WHEN starts_with(site.district_code, rule.district_code) THEN 3
        ELSE 1
    END
"""


NEAR_SCORE = 950
"""What a rule may have misspelt: above its mahalla, below what is named right."""
LANE_WORD_LETTERS_MAX = 4
"""Of tor with a slip in it, an extra letter at most."""
IS_NEAR = "(near.street_key IS NOT NULL OR around.massif_key IS NOT NULL)"


def begun_prefixes(numbers: str) -> str:
    """Query of `numbers` with each rule's cadastral_prefix that they begin with."""
    return " UNION ALL ".join(
        f"""
        SELECT number.*, prefix.cadastral_prefix FROM {numbers} AS number
        JOIN (SELECT DISTINCT cadastral_prefix FROM {PREFIX}_rule
              WHERE length(cadastral_prefix) = {letters}) AS prefix
            ON left(number.cadastral_key, {letters}) = prefix.cadastral_prefix
        """
        for letters in PREFIX_LETTERS
    )


def tabulate_streets(engine: duckdb.DuckDBPyConnection) -> None:
    """Which mahallas hold a street or a massif, and which mahallas have a twin."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_held AS
        SELECT DISTINCT asked_code AS district_code, street_key, mahalla_key
        FROM (
            SELECT district_code, street_key, mahalla_key FROM {PREFIX}_place
            UNION ALL SELECT district_code, street_key, mahalla_key FROM {PREFIX}_rule
        ) JOIN {PREFIX}_link_reach USING (district_code)
        WHERE street_key IS NOT NULL AND mahalla_key IS NOT NULL
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_spread AS
        SELECT district_code, street_key, count(*) AS mahallas
        FROM {PREFIX}_held GROUP BY ALL
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_block AS
        SELECT DISTINCT asked_code AS district_code, massif_key, mahalla_key
        FROM (
            SELECT district_code, massif_key, mahalla_key FROM {PREFIX}_place
            UNION ALL SELECT district_code, massif_key, mahalla_key FROM {PREFIX}_rule
        ) JOIN {PREFIX}_link_reach USING (district_code)
        WHERE massif_key IS NOT NULL AND mahalla_key IS NOT NULL
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_blocks AS
        SELECT district_code, massif_key, count(*) AS mahallas
        FROM {PREFIX}_block GROUP BY ALL
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_twin AS
        SELECT asked_code AS district_code, mahalla_key
        FROM (
            SELECT district_code, mahalla_key, mahalla_kind FROM {PREFIX}_place
            UNION ALL SELECT district_code, mahalla_key, mahalla_kind FROM {PREFIX}_rule
        ) JOIN {PREFIX}_link_reach USING (district_code)
        WHERE mahalla_key IS NOT NULL
        GROUP BY ALL HAVING count(DISTINCT mahalla_kind) > 1
        """
    )


def tabulate_districts(engine: duckdb.DuckDBPyConnection) -> None:
    """Make `_coded`: of each district code, who writes it, and who writes longer ones."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_coded AS
        WITH told AS (
            SELECT district_code, true AS by_rule FROM {PREFIX}_rule
            UNION SELECT district_code, true FROM {PREFIX}_silent
            UNION SELECT district_code, false FROM {PREFIX}_place
        )
        SELECT code AS district_code,
            coalesce(bool_or(by_rule) FILTER (told.district_code = code), false)
                AS has_rules,
            coalesce(bool_or(NOT by_rule) FILTER (told.district_code = code), false)
                AS has_places,
            coalesce(bool_or(told.district_code <> code), false) AS has_inner
        FROM (
            SELECT district_code AS code FROM told
            UNION SELECT asked_code FROM {PREFIX}_link_reach
        ) LEFT JOIN told ON starts_with(told.district_code, code)
        GROUP BY code
        """
    )


def tabulate_listed_streets(engine: duckdb.DuckDBPyConnection) -> None:
    """Make `_listed`: streets named by a precinct that names the mahalla's lanes too.

    Columns: district_code, mahalla_key ('' for none), street_key, lanes (those that some
    rule names whole), is_torn (rules of several precincts tell of the street and its
    lanes).
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_listed AS
        SELECT rule.district_code, coalesce(rule.mahalla_key, '') AS mahalla_key,
            rule.street_key,
            coalesce(list(DISTINCT rule.lane)
                FILTER (rule.lane IS NOT NULL AND NOT rule.has_range), []) AS lanes,
            count(DISTINCT rule.precinct_id) > 1
                AND bool_or(rule.lane IS NOT NULL) AS is_torn
        FROM {PREFIX}_rule AS rule
        LEFT JOIN (
            SELECT DISTINCT precinct_id, mahalla_key FROM {PREFIX}_rule
            WHERE lane IS NOT NULL AND NOT is_exclusion
        ) AS listing
            ON listing.precinct_id = rule.precinct_id
            AND listing.mahalla_key IS NOT DISTINCT FROM rule.mahalla_key
        WHERE rule.street_key IS NOT NULL AND NOT rule.is_exclusion
        GROUP BY ALL
        HAVING bool_or(rule.lane IS NULL AND listing.precinct_id IS NOT NULL)
        """
    )


def tabulate_near_names(engine: duckdb.DuckDBPyConnection, part: str) -> None:
    """Make `_near_<part>`: streets or massifs that a rule's unknown name may have meant.

    A misspelt street would else go to whoever has the whole mahalla; one of a misspelt
    mahalla too. Columns: rule_id, district_code, mahalla_key, <part>_key.
    """
    may_mean = _may_be_street if part == "street" else _may_be_massif
    rows = engine.sql(
        f"""
        SELECT DISTINCT rule.rule_id, rule.mahalla_key, rule.{part}_key,
            rule.lane IS NOT NULL, place.district_code, place.mahalla_key,
            place.{part}_key
        FROM {PREFIX}_rule AS rule
        JOIN {PREFIX}_link_reach AS reach ON reach.district_code = rule.district_code
        JOIN {PREFIX}_place AS place ON place.district_code = reach.asked_code
            AND (rule.mahalla_key IS NULL OR place.mahalla_key = rule.mahalla_key
                 OR rule.mahalla_status IN ('UNKNOWN', 'AMBIGUOUS'))
        WHERE rule.{part}_status IN ('UNKNOWN', 'AMBIGUOUS')
          AND (place.{part}_key, place.mahalla_key)
              <> (rule.{part}_key, coalesce(rule.mahalla_key, ''))
          AND place.{part}_key IS NOT NULL AND place.mahalla_key IS NOT NULL
        ORDER BY ALL
        """
    ).fetchall()
    near = [
        (rule_id, district, mahalla, name)
        for rule_id, told, written, has_lane, district, mahalla, name in rows
        if (told is None or is_near(told, mahalla)) and may_mean(written, name, has_lane)
    ]
    columns = ("rule_id", "district_code", "mahalla_key", f"{part}_key")
    frame = pl.DataFrame(
        near,
        schema={name: pl.Int64 if name == "rule_id" else pl.String for name in columns},
        orient="row",
    )
    engine.register("near_names", frame.to_arrow())
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {PREFIX}_near_{part} AS FROM near_names")
    engine.unregister("near_names")


def _near_join(part: str, alias: str) -> str:
    """JOIN of `_near_<part>` to a rule and a site, whatever its mahalla."""
    return f"""
        LEFT JOIN (
            SELECT DISTINCT rule_id, district_code, {part}_key FROM {PREFIX}_near_{part}
        ) AS {alias}
            ON {alias}.rule_id = rule.rule_id
            AND {alias}.district_code = site.district_code
            AND {alias}.{part}_key = site.{part}_key
    """


def _may_be_street(written: str, name: str, has_lane: bool) -> bool:
    """Near, or with a misspelt word for lane read into its name (Сабо 4-тпр)."""
    behind = len(written) - len(name)
    has_word = has_lane and written.startswith(name)
    return (has_word and 2 <= behind <= LANE_WORD_LETTERS_MAX) or is_near(written, name)


def _may_be_massif(written: str, name: str, _: bool) -> bool:
    """Near, with the same numbers (Yoshlik-4 is not Yoshlik-5).

    A massif may be a number alone (21-mavze), and what a rule writes before it a word for
    massif, misspelt (Микрараён-21).
    """
    numbers = place_numbers(written)
    if numbers != place_numbers(name):
        return False
    return is_near(written, name) or "".join(numbers) in (written, name)


def touch_places(engine: duckdb.DuckDBPyConnection, dwellings: Relation) -> None:
    """Make `_touched`: the streets in which a cadastral prefix of a rule has dwellings.

    An address elsewhere without a cadastral number can't be meant by the prefix.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_touched AS
        SELECT DISTINCT touched.cadastral_prefix, place.mahalla_key,
            coalesce(place.street_key, '') AS street_key
        FROM ({begun_prefixes("dwellings")}) AS touched
        {place_join(PREFIX, "touched")}
        """
    )


def find_candidates(engine: duckdb.DuckDBPyConnection) -> None:
    """Make `_candidate` (site_id, rule_id): rules that are about a site at all.

    Most sites name their mahalla: they meet its rules and those without a mahalla. A site
    that lacks it meets the rules of the mahallas that hold its street, else all of its
    district.
    """
    about = f"""
        JOIN {PREFIX}_link_reach AS reach ON reach.asked_code = site.district_code
        JOIN {PREFIX}_rule AS rule ON rule.district_code = reach.district_code
            AND (rule.street_key IS NULL OR site.street_state <> 'KNOWN'
                 OR rule.street_key = site.street_key)
    """
    is_by_street = "site.mahalla_state = 'MISSING' AND site.street_state = 'KNOWN'"
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_candidate AS
        SELECT site.site_id, rule.rule_id
        FROM {PREFIX}_site AS site {about} AND rule.mahalla_key = site.mahalla_key
        WHERE site.mahalla_state = 'KNOWN'
        UNION ALL
        SELECT site.site_id, rule.rule_id
        FROM {PREFIX}_site AS site {about} AND rule.mahalla_key IS NULL
        UNION ALL
        SELECT site.site_id, rule.rule_id
        FROM {PREFIX}_site AS site
        JOIN {PREFIX}_held AS held
            ON held.district_code = site.district_code
            AND held.street_key = site.street_key
        {about} AND rule.mahalla_key = held.mahalla_key
        WHERE {is_by_street}
        UNION ALL
        SELECT site.site_id, rule.rule_id
        FROM {PREFIX}_site AS site {about} AND rule.mahalla_key IS NOT NULL
        WHERE site.mahalla_state <> 'KNOWN' AND NOT ({is_by_street})
        UNION
        SELECT site.site_id, near.rule_id
        FROM {PREFIX}_site AS site
        JOIN {PREFIX}_near_street AS near
            ON near.district_code = site.district_code
            AND near.street_key = site.street_key
            AND (near.mahalla_key = site.mahalla_key OR site.mahalla_state = 'MISSING')
        WHERE site.street_state = 'KNOWN'
        """
    )


def pair_sites(engine: duckdb.DuckDBPyConnection) -> None:
    """Make `_pair`: every rule that fits or may fit a site, houses apart."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_pair AS
        SELECT * FROM (
            SELECT site.site_id, rule.rule_id, rule.precinct_id,
                CASE WHEN {IS_NEXT_DISTRICT} THEN rule.score // 1000
                    WHEN {IS_NEAR} THEN {NEAR_SCORE}
                    ELSE rule.score - {RANGE_SCORE} * ({IS_MAIN_STREET_RANGE})::INTEGER
                END AS score,
                rule.is_exclusion, rule.has_range, rule.house_from, rule.house_to,
                rule.parity, rule.cadastral_prefix, rule.is_precinct_known,
                rule.is_doubtful OR {IS_NEAR} OR {IS_UNLISTED} AS is_doubtful,
                least({DISTRICT_FIT}, {MAHALLA_FIT}, {MASSIF_FIT}, {STREET_FIT},
                    {LANE_FIT}, {DOUBT_FIT}) AS fit
            FROM {PREFIX}_candidate AS candidate
            JOIN {PREFIX}_site AS site USING (site_id)
            JOIN {PREFIX}_rule AS rule USING (rule_id)
            JOIN {PREFIX}_coded AS own ON own.district_code = site.district_code
            JOIN {PREFIX}_coded AS theirs ON theirs.district_code = rule.district_code
            LEFT JOIN {PREFIX}_held AS held
                ON held.district_code = site.district_code
                AND held.street_key = site.street_key
                AND held.mahalla_key = rule.mahalla_key
            {_near_join("street", "near")}
            {_near_join("massif", "around")}
            LEFT JOIN {PREFIX}_near_street AS there
                ON there.rule_id = rule.rule_id
                AND there.district_code = site.district_code
                AND there.mahalla_key = site.mahalla_key
                AND there.street_key = site.street_key
            LEFT JOIN {PREFIX}_listed AS listed
                ON NOT rule.is_exclusion
                AND listed.district_code = rule.district_code
                AND listed.mahalla_key = coalesce(rule.mahalla_key, '')
                AND listed.street_key = rule.street_key
                AND NOT list_contains(listed.lanes, site.lane)
            LEFT JOIN {PREFIX}_block AS block
                ON block.district_code = site.district_code
                AND block.massif_key = site.massif_key
                AND block.mahalla_key = rule.mahalla_key
            LEFT JOIN {PREFIX}_blocks AS blocks
                ON blocks.district_code = site.district_code
                AND blocks.massif_key = rule.massif_key
            LEFT JOIN {PREFIX}_twin AS twin
                ON twin.district_code = site.district_code
                AND twin.mahalla_key = rule.mahalla_key
            LEFT JOIN {PREFIX}_spread AS spread
                ON spread.district_code = site.district_code
                AND spread.street_key = rule.street_key
            LEFT JOIN {PREFIX}_held AS here
                ON here.district_code = site.district_code
                AND here.street_key = rule.street_key
                AND here.mahalla_key = site.mahalla_key
            LEFT JOIN (SELECT DISTINCT district_code FROM {PREFIX}_silent) AS silent
                ON silent.district_code = rule.district_code
            LEFT JOIN {PREFIX}_touched AS touched
                ON touched.cadastral_prefix = rule.cadastral_prefix
                AND touched.mahalla_key = site.mahalla_key
                AND touched.street_key = coalesce(site.street_key, '')
            WHERE rule.cadastral_prefix IS NULL OR touched.cadastral_prefix IS NOT NULL
                OR site.mahalla_state <> 'KNOWN' OR site.street_state = 'UNREAD'
                OR site.street_state = 'MISSING' AND NOT site.is_found
        ) WHERE fit > 0
        """
    )
