"""Stage 4: every address to the dwelling it means, with the reason."""

import duckdb

from pipeline.resolve_addresses.houses import (
    find_by_number,
    find_by_text,
    tabulate_houses,
)
from pipeline.resolve_addresses.localities import resolve_localities
from pipeline.resolve_addresses.place_names import NameMatching
from pipeline.resolve_addresses.places import tabulate_places

Relation = duckdb.DuckDBPyRelation

PREFIX = "resolve_addresses"
CROSSWALK_DWELLINGS_MIN = 50
CROSSWALK_SHARE_MIN = 0.98
"""A beginning AA:BB of cadastral numbers stands for a district where this share of at
least this many dwellings says so (the cadastre doesn't number by SOATO, domain.md 3.3)."""


def resolve_addresses(
    engine: duckdb.DuckDBPyConnection,
    addresses: Relation,
    dwellings: Relation,
    mahallas: Relation,
    street_aliases: Relation,
    matching: NameMatching | None = None,
) -> Relation:
    """The dwelling that each address means, for placing voters and finding households.

    Cadastral number first, then the text: exact, renamed streets, then names resolved
    inside the district with a margin to the runner-up; house, building, flat and lane are
    always exact. Where number and text name different places, the text's parts are given
    with the warning ADDRESS_CONFLICT and the number's dwelling in `rival_dwelling_id`;
    where they name different districts no dwelling is given (DISTRICT_CONFLICT).

    Args:
        engine: where the tables live.
        addresses: AddressRecord.
        dwellings: DwellingRecord.
        mahallas: SourceMahalla; may be empty.
        street_aliases: district_code, street_key_old, street_key_new; may be empty.
        matching: how far spellings may stand apart; the default where None.

    Returns:
        AddressLink, one row per address. Ties between objects of one address go to the one
        people can live in; between equals to none (a building, not a dwelling).
    """
    limits = matching or NameMatching()
    tabulate_places(engine, PREFIX, dwellings, mahallas, street_aliases, limits)
    resolve_localities(engine, PREFIX, addresses, limits)
    tabulate_houses(engine, PREFIX, dwellings)
    find_by_text(engine, PREFIX, addresses)
    find_by_number(engine, PREFIX, addresses)
    _tabulate_crosswalk(engine)
    _compare(engine, addresses)
    _decide(engine)
    return _links(engine, addresses, dwellings)


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


def _tabulate_crosswalk(engine: duckdb.DuckDBPyConnection) -> None:
    dwellings = engine.table(f"{PREFIX}_dwelling")
    crosswalk = learn_cadastral_districts(engine, dwellings)  # noqa: F841 - read by name
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {PREFIX}_crosswalk AS SELECT * FROM crosswalk"
    )


def _compare(engine: duckdb.DuckDBPyConnection, addresses: Relation) -> None:
    """Make `_compared`: text and number of each address, part by part.

    A part is the same, different, or null where one side doesn't say it for certain. A
    house whose leading number agrees is the same: letters are written differently.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_compared AS
        SELECT address.address_id, text.locality_id,
            text.group_id, text.dwelling_id AS text_dwelling_id,
            text.level AS text_level, text.any_dwelling_id AS text_any_id,
            text.doubt,
            number.dwelling_id AS number_dwelling_id, number.level AS number_level,
            number.any_dwelling_id AS number_any_id,
            object.district_code IS NOT NULL
                AND NOT (starts_with(object.district_code, address.district_code)
                    OR starts_with(address.district_code, object.district_code))
                AS is_number_elsewhere,
            coalesce(crosswalk.is_certain, false)
                AND NOT (starts_with(crosswalk.district_code, address.district_code)
                    OR starts_with(address.district_code, crosswalk.district_code))
                AS is_prefix_elsewhere,
            CASE WHEN place.mahalla_key IS NULL OR locality.mahalla_status = 'MISSING'
                 THEN NULL
                 WHEN place.mahalla_key = locality.mahalla_name THEN true
                 WHEN locality.mahalla_status IN ('EXACT', 'FUZZY') THEN false
            END AS is_mahalla_same,
            CASE WHEN locality.street_status = 'MISSING' THEN NULL
                 WHEN place.street_key = locality.street_name
                     THEN coalesce(place.lane, '') = coalesce(locality.current_lane, '')
                 WHEN locality.street_status IN ('EXACT', 'FUZZY') THEN false
            END AS is_street_same,
            coalesce(object.house_key = address.house_key
                OR object.house_number = address.house_number,
                CASE WHEN object.house_key IS NOT NULL AND address.house_key IS NOT NULL
                     THEN false END) AS is_house_same,
            locality.street_status = 'MISSING' AND address.house_key IS NULL
                AS is_text_short,
            address.house_key IS NULL AS is_house_missing,
            coalesce(address.mahalla_key, address.massif_key, address.street_key) IS NULL
                AS is_text_missing,
            address.unread IS NOT NULL AS has_unread
        FROM addresses AS address
        LEFT JOIN {PREFIX}_text AS text USING (address_id)
        LEFT JOIN {PREFIX}_locality AS locality USING (locality_id)
        LEFT JOIN {PREFIX}_number AS number ON number.address_id = address.address_id
        LEFT JOIN {PREFIX}_dwelling AS object
            ON object.dwelling_id = number.any_dwelling_id
        LEFT JOIN {PREFIX}_place AS place ON place.place_id = object.group_id
        LEFT JOIN {PREFIX}_crosswalk AS crosswalk
            ON crosswalk.cadastral_prefix = left(address.cadastral_key, 5)
        """
    )


AGREES = """(
    is_text_short AND is_mahalla_same IS DISTINCT FROM false
    OR is_street_same AND is_house_same IS DISTINCT FROM false
    OR is_house_same AND is_street_same IS DISTINCT FROM false
        AND is_mahalla_same IS DISTINCT FROM false
    OR is_mahalla_same AND is_street_same IS NULL AND is_house_same IS NULL
)"""
"""Whether what the text says allows the dwelling that the number names. Street and house
together outweigh a mahalla whose border moved; a mahalla alone allows only silence."""


def _decide(engine: duckdb.DuckDBPyConnection) -> None:
    """Make `_decided`: dwelling, reason, margin and warnings of each address."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_decided AS
        WITH judged AS (
            SELECT compared.*, locality.is_fuzzy, locality.margin, locality.group_count,
                locality.mahalla_status, locality.massif_status, locality.street_status,
                number_any_id IS NOT NULL AND NOT is_number_elsewhere
                    AND coalesce({AGREES}, false) AS is_number_taken,
                number_any_id IS NOT NULL AND NOT is_number_elsewhere
                    AND NOT coalesce({AGREES}, false) AS is_conflict
            FROM {PREFIX}_compared AS compared
            LEFT JOIN {PREFIX}_locality AS locality USING (locality_id)
        ),
        reasoned AS (
            SELECT *, {_reason()} AS reason FROM judged
        )
        SELECT address_id, locality_id, reason, group_id,
            CASE WHEN reason LIKE 'CADASTRAL%' THEN number_dwelling_id
                 WHEN reason IN ({_found("EXACT", "FUZZY")}) THEN text_dwelling_id
            END AS dwelling_id,
            CASE WHEN reason LIKE 'CADASTRAL%' THEN number_any_id
                 WHEN reason IN ({_found("EXACT", "FUZZY")}) THEN text_any_id
            END AS any_dwelling_id,
            CASE WHEN is_conflict OR is_number_elsewhere THEN number_any_id
            END AS rival_dwelling_id,
            CASE WHEN reason LIKE 'FUZZY%' THEN margin END AS match_margin,
            CASE WHEN is_conflict OR doubt = 'CONFLICT' AND NOT is_number_taken
                 THEN ['ADDRESS_CONFLICT'] ELSE [] END AS warnings
        FROM reasoned
        """
    )


def _found(*reasons: str) -> str:
    return ", ".join(f"'{reason}', '{reason}_BUILDING'" for reason in reasons)


def _reason() -> str:
    """The reason code as an expression: the first that holds."""
    return """CASE
        WHEN is_number_elsewhere THEN 'DISTRICT_CONFLICT'
        WHEN is_number_taken AND number_dwelling_id IS NOT NULL
            AND number_level = 'UNIT' THEN 'CADASTRAL_NUMBER'
        WHEN is_number_taken THEN 'CADASTRAL_BUILDING'
        WHEN is_text_missing THEN
            CASE WHEN has_unread THEN 'UNREAD' ELSE 'NO_ADDRESS' END
        WHEN doubt IS NOT NULL THEN 'AMBIGUOUS'
        WHEN text_level = 'UNIT' THEN
            CASE WHEN is_fuzzy THEN 'FUZZY' ELSE 'EXACT' END
        WHEN text_level = 'BUILDING' THEN
            CASE WHEN is_fuzzy THEN 'FUZZY_BUILDING' ELSE 'EXACT_BUILDING' END
        WHEN is_prefix_elsewhere THEN 'DISTRICT_CONFLICT'
        WHEN 'AMBIGUOUS' IN (mahalla_status, massif_status, street_status)
            OR group_count > 1 THEN 'AMBIGUOUS'
        WHEN mahalla_status = 'UNKNOWN' THEN 'UNKNOWN_MAHALLA'
        WHEN group_id IS NULL THEN 'UNKNOWN_STREET'
        WHEN is_house_missing THEN 'NO_HOUSE'
        ELSE 'UNKNOWN_HOUSE'
    END"""


def _links(
    engine: duckdb.DuckDBPyConnection, addresses: Relation, dwellings: Relation
) -> Relation:
    """AddressLink from the decisions: the dwelling's parts where one was found.

    A building of several objects gives its parts without a flat and the part of the
    cadastral number that they share.
    """
    return engine.sql(
        f"""
        SELECT
            address.address_id, decided.dwelling_id, decided.reason,
            decided.match_margin,
            coalesce(dwelling.region_code, address.region_code) AS region_code,
            coalesce(dwelling.district_code, place.district_code,
                address.district_code) AS district_code,
            coalesce(object_place.mahalla_key, place.mahalla_key,
                locality.mahalla_name) AS mahalla_key,
            coalesce(object_place.mahalla_kind, place.mahalla_kind,
                address.mahalla_kind) AS mahalla_kind,
            coalesce(object_place.massif_key, place.massif_key,
                locality.massif_name) AS massif_key,
            CASE WHEN object_place.place_id IS NOT NULL THEN object_place.street_key
                 WHEN locality.street_status = 'AMBIGUOUS' THEN NULL
                 ELSE locality.street_name END AS street_key,
            CASE WHEN object_place.place_id IS NOT NULL THEN object_place.lane
                 ELSE locality.current_lane END AS lane,
            coalesce(dwelling.house_number, address.house_number) AS house_number,
            coalesce(dwelling.house_key, address.house_key) AS house_key,
            CASE WHEN decided.dwelling_id IS NOT NULL THEN dwelling.cadastral_key
                 ELSE building.shared_number END AS cadastral_key,
            coalesce(dwelling.mahalla, place.mahalla, address.mahalla) AS mahalla,
            CASE WHEN dwelling.dwelling_id IS NOT NULL THEN dwelling.street
                 ELSE coalesce(place.street, address.street) END AS street,
            coalesce(dwelling.house, address.house) AS house,
            coalesce(dwelling.building, address.building) AS building,
            coalesce(CASE WHEN decided.dwelling_id IS NOT NULL THEN dwelling.flat END,
                address.flat) AS flat,
            dwelling.longitude, dwelling.latitude,
            list_sort(list_distinct(list_concat(
                address.warnings, decided.warnings,
                CASE WHEN decided.dwelling_id IS NULL THEN []
                     WHEN dwelling.status = 'DEMOLISHED' THEN ['DWELLING_DEMOLISHED']
                     WHEN dwelling.object_kind IN ('NON_RESIDENTIAL', 'LAND')
                     THEN ['DWELLING_NON_RESIDENTIAL']
                     WHEN dwelling.status = 'UNDER_CONSTRUCTION'
                     THEN ['DWELLING_UNDER_CONSTRUCTION'] ELSE [] END
            ))) AS warnings,
            decided.rival_dwelling_id
        FROM addresses AS address
        JOIN {PREFIX}_decided AS decided USING (address_id)
        LEFT JOIN {PREFIX}_locality AS locality USING (locality_id)
        LEFT JOIN {PREFIX}_place AS place ON place.place_id = decided.group_id
        LEFT JOIN dwellings AS dwelling ON dwelling.dwelling_id = decided.any_dwelling_id
        LEFT JOIN {PREFIX}_dwelling AS ours ON ours.dwelling_id = decided.any_dwelling_id
        LEFT JOIN {PREFIX}_place AS object_place ON object_place.place_id = ours.group_id
        LEFT JOIN {PREFIX}_house AS building
            ON building.group_id = ours.group_id AND building.house_key = ours.house_key
        """
    )
