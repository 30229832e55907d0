"""Sites: what is known of a group of addresses as far as coverage rules can ask for it.

What belongs here: the names of address links against the gazetteer and the rules' own
names. A part that was given but not recognised is UNREAD, one that was not given MISSING;
both leave open which rules fit, and are told apart only in the reason.
"""

import duckdb

from pipeline.resolve_addresses.gazetteer import (
    known_names,
    match_names,
    reachable_districts,
)
from pipeline.resolve_addresses.place_names import NameMatching
from pipeline.resolve_addresses.places import other_spellings

Relation = duckdb.DuckDBPyRelation

STATES = "CASE WHEN {0} IS NULL THEN 'MISSING' WHEN {1} THEN 'KNOWN' ELSE 'UNREAD' END"


def tabulate_sites(
    engine: duckdb.DuckDBPyConnection,
    prefix: str,
    links: Relation,
    matching: NameMatching,
) -> None:
    """Make `<prefix>_site` and `<prefix>_at`, the site of each address.

    A site is a distinct (district, mahalla, kind, massif, street, lane) with a state per
    name; is_found says that the cadastre knows the object, so that what is missing is
    missing in fact. Names that nobody knows are left out of the site.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_link AS
        SELECT row_number() OVER () AS link_id, *
        FROM (
            SELECT district_code, mahalla_key, mahalla_kind, massif_key, street_key, lane,
                dwelling_id IS NOT NULL OR reason LIKE '%BUILDING' AS is_found,
                count(*) AS houses
            FROM links GROUP BY ALL
        )
        """
    )
    _extend_names(engine, prefix)
    for part in ("mahalla", "massif"):
        match_names(
            engine,
            f"{prefix}_link_{part}",
            asked=f"""
                SELECT district_code, '' AS scope, {part}_key AS spelling,
                    sum(houses)::BIGINT AS houses
                FROM {prefix}_link WHERE {part}_key IS NOT NULL GROUP BY ALL
            """,
            known=f"""
                SELECT asked_code AS district_code, '' AS scope, name,
                    sum(houses)::BIGINT AS houses
                FROM {prefix}_all_{part} JOIN {prefix}_link_reach USING (district_code)
                GROUP BY ALL
            """,
            spellings=other_spellings(prefix, part, f"{prefix}_link_reach"),
            matching=matching,
        )
    _match_link_streets(engine, prefix, matching)
    _tabulate(engine, prefix)
    _place_links(engine, prefix, links)
    _add_possible_sites(engine, prefix)


def _extend_names(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """The gazetteer's names and those that only rules know, in `_all_<part>`.

    A name of a rule that is near to several known ones stays out: it means none for
    certain.
    """
    for part, source in (("mahalla", "mahalla"), ("massif", "place")):
        engine.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {prefix}_all_{part} AS
            SELECT district_code, {part}_key AS name, sum(houses)::BIGINT AS houses
            FROM {prefix}_{source} WHERE {part}_key IS NOT NULL GROUP BY ALL
            UNION ALL
            SELECT DISTINCT district_code, {part}_key, 0 FROM {prefix}_rule
            WHERE {part}_status = 'UNKNOWN'
            """
        )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_district AS
        SELECT district_code FROM {prefix}_all_mahalla
        UNION SELECT district_code FROM {prefix}_all_massif
        UNION SELECT district_code FROM {prefix}_rule
        UNION SELECT district_code FROM {prefix}_place
        """
    )
    reachable_districts(
        engine, f"{prefix}_link_reach", f"{prefix}_link", f"{prefix}_district"
    )


def _match_link_streets(
    engine: duckdb.DuckDBPyConnection, prefix: str, matching: NameMatching
) -> None:
    """Streets in their mahalla; where that is missing, in the district."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_all_street AS
        {known_names(prefix, "street", f"{prefix}_link_reach")}
        UNION ALL
        SELECT DISTINCT asked_code, scope, street_key, 0
        FROM (
            SELECT district_code, street_key, unnest(['', mahalla_key]) AS scope
            FROM {prefix}_rule WHERE street_status = 'UNKNOWN'
        ) JOIN {prefix}_link_reach USING (district_code)
        WHERE scope IS NOT NULL
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_scoped_link AS
        SELECT link.*, coalesce(mahalla.name, '') AS scope,
            mahalla.name AS mahalla_name
        FROM {prefix}_link AS link
        LEFT JOIN {prefix}_link_mahalla AS mahalla
            ON mahalla.district_code = link.district_code
            AND mahalla.spelling = link.mahalla_key
        """
    )
    match_names(
        engine,
        f"{prefix}_link_street",
        asked=f"""
            SELECT district_code, scope, street_key AS spelling,
                sum(houses)::BIGINT AS houses
            FROM {prefix}_scoped_link
            WHERE street_key IS NOT NULL AND (mahalla_key IS NULL OR scope <> '')
            GROUP BY ALL
        """,
        known=f"""
            SELECT district_code, scope, name, sum(houses)::BIGINT AS houses
            FROM (
                SELECT * FROM {prefix}_all_street
                UNION ALL
                SELECT DISTINCT asked_code, mahalla.name, rule.street_key, 0
                FROM {prefix}_rule AS rule
                JOIN {prefix}_link_reach AS reach USING (district_code)
                JOIN {prefix}_all_mahalla AS mahalla
                    ON mahalla.district_code = rule.district_code
                WHERE rule.street_status = 'UNKNOWN' AND rule.mahalla_key IS NULL
            ) GROUP BY ALL
        """,
        spellings=other_spellings(prefix, "street", f"{prefix}_link_reach"),
        matching=matching,
    )


def _tabulate(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """Make `_known_link` and `_site`.

    A lane that neither the cadastre nor a rule has in this street may be another, misread.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_lane AS
        SELECT DISTINCT asked_code AS district_code, street_key, lane,
            unnest(['', mahalla_key]) AS mahalla_key
        FROM (
            SELECT district_code, mahalla_key, street_key, lane FROM {prefix}_place
            UNION ALL
            SELECT rule.district_code, coalesce(rule.mahalla_key, held.mahalla_key),
                rule.street_key, rule.lane
            FROM {prefix}_rule AS rule
            LEFT JOIN {prefix}_place AS held
                ON held.district_code = rule.district_code
                AND held.street_key = rule.street_key
        ) JOIN {prefix}_link_reach USING (district_code)
        WHERE lane IS NOT NULL
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_known_link AS
        SELECT link.link_id, link.district_code, link.is_found,
            link.mahalla_name AS mahalla_key,
            CASE WHEN link.mahalla_name IS NOT NULL THEN link.mahalla_kind
            END AS mahalla_kind,
            {STATES.format("link.mahalla_key", "link.mahalla_name IS NOT NULL")}
                AS mahalla_state,
            massif.name AS massif_key,
            {STATES.format("link.massif_key", "massif.name IS NOT NULL")}
                AS massif_state,
            street.name AS street_key,
            {STATES.format("link.street_key", "street.name IS NOT NULL")}
                AS street_state,
            CASE WHEN street.name IS NOT NULL AND lane.lane IS NOT NULL THEN lane.lane
            END AS lane,
            CASE WHEN street.name IS NULL OR link.lane IS NULL THEN 'MISSING'
                 WHEN lane.lane IS NOT NULL THEN 'KNOWN' ELSE 'UNREAD' END AS lane_state
        FROM {prefix}_scoped_link AS link
        LEFT JOIN {prefix}_link_massif AS massif
            ON massif.district_code = link.district_code
            AND massif.spelling = link.massif_key
        LEFT JOIN {prefix}_link_street AS street
            ON street.district_code = link.district_code AND street.scope = link.scope
            AND street.spelling = link.street_key
        LEFT JOIN {prefix}_lane AS lane
            ON lane.district_code = link.district_code AND lane.street_key = street.name
            AND lane.lane = link.lane
            AND (lane.mahalla_key = link.mahalla_name
                 OR lane.mahalla_key = '' AND link.mahalla_key IS NULL)
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_site AS
        SELECT row_number() OVER () AS site_id, *
        FROM (SELECT DISTINCT * EXCLUDE (link_id) FROM {prefix}_known_link)
        """
    )


def _place_links(engine: duckdb.DuckDBPyConnection, prefix: str, links: Relation) -> None:
    same = " AND ".join(
        f"site.{column} IS NOT DISTINCT FROM link.{column}"
        for column in (
            "is_found",
            "mahalla_key",
            "mahalla_kind",
            "mahalla_state",
            "massif_key",
            "massif_state",
            "street_key",
            "street_state",
            "lane",
            "lane_state",
        )
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_link_site AS
        SELECT link.link_id, site.site_id
        FROM {prefix}_known_link AS link
        JOIN {prefix}_site AS site ON site.district_code = link.district_code AND {same}
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_at AS
        SELECT link.address_id, site.site_id, link.house_number, link.cadastral_key
        FROM links AS link
        JOIN {prefix}_link AS written
            ON written.district_code = link.district_code
            AND coalesce(written.mahalla_key, '') = coalesce(link.mahalla_key, '')
            AND coalesce(written.mahalla_kind, '') = coalesce(link.mahalla_kind, '')
            AND coalesce(written.massif_key, '') = coalesce(link.massif_key, '')
            AND coalesce(written.street_key, '') = coalesce(link.street_key, '')
            AND coalesce(written.lane, '') = coalesce(link.lane, '')
            AND written.is_found
                = (link.dwelling_id IS NOT NULL OR link.reason LIKE '%BUILDING')
        JOIN {prefix}_link_site AS site USING (link_id)
        """
    )


def _add_possible_sites(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """Make `_possible` (open_site_id, site_id): the places that an open site can mean.

    A site is open where mahalla or street is missing and the cadastre didn't find it; the
    places are the cadastre's, added to `_site` as sites of their own.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_opened AS
        SELECT DISTINCT site.site_id AS open_site_id, site.district_code,
            place.mahalla_key, place.mahalla_kind, place.massif_key, place.street_key,
            place.lane
        FROM {prefix}_site AS site
        JOIN {prefix}_link_reach AS reach ON reach.asked_code = site.district_code
        JOIN {prefix}_place AS place
            ON place.district_code = reach.district_code
            AND (site.mahalla_key IS NULL OR place.mahalla_key = site.mahalla_key)
            AND (site.massif_key IS NULL OR place.massif_key = site.massif_key)
            AND (site.street_key IS NULL OR place.street_key = site.street_key
                 AND place.lane IS NOT DISTINCT FROM site.lane)
        WHERE NOT site.is_found
          AND 'UNREAD' NOT IN (site.mahalla_state, site.massif_state, site.street_state,
              site.lane_state)
          AND 'MISSING' IN (site.mahalla_state, site.street_state)
          AND 'KNOWN' IN (site.mahalla_state, site.massif_state, site.street_state)
        """
    )
    state = "CASE WHEN {0} IS NULL THEN 'MISSING' ELSE 'KNOWN' END AS {1}_state"
    states = ", ".join(
        state.format(column, column.removesuffix("_key"))
        for column in ("mahalla_key", "massif_key", "street_key", "lane")
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_opened_site AS
        SELECT row_number() OVER () + (SELECT count(*) FROM {prefix}_site) AS site_id, *,
            true AS is_found, {states}
        FROM (SELECT DISTINCT * EXCLUDE (open_site_id) FROM {prefix}_opened)
        """
    )
    engine.execute(f"INSERT INTO {prefix}_site BY NAME SELECT * FROM {prefix}_opened_site")
    same = " AND ".join(
        f"coalesce(opened.{column}, '') = coalesce(site.{column}, '')"
        for column in ("mahalla_key", "mahalla_kind", "massif_key", "street_key", "lane")
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_possible AS
        SELECT opened.open_site_id, site.site_id
        FROM {prefix}_opened AS opened
        JOIN {prefix}_opened_site AS site
            ON site.district_code = opened.district_code AND {same}
        """
    )
