"""Stage 4: every address to the dwelling it means, with the reason."""

import duckdb

from pipeline.resolve_addresses.cadastral_key import BUILDING_PARTS, first_parts
from pipeline.resolve_addresses.houses import (
    is_written_alike,
    tabulate_doubts,
    tabulate_houses,
)
from pipeline.resolve_addresses.localities import resolve_localities
from pipeline.resolve_addresses.numbers import beginning_of, is_within, tabulate_numbers
from pipeline.resolve_addresses.place_names import NameMatching
from pipeline.resolve_addresses.places import tabulate_places

Relation = duckdb.DuckDBPyRelation

PREFIX = "resolve_addresses"


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
        AddressLink, one row per address, read from temporary tables when it is. Ties
        between objects of one address go to the one people can live in; between equals to
        none (a building, not a dwelling).
    """
    limits = matching or NameMatching()
    tabulate_places(engine, PREFIX, dwellings, mahallas, street_aliases, limits)
    resolve_localities(engine, PREFIX, addresses, limits)
    tabulate_houses(engine, PREFIX, dwellings)
    tabulate_doubts(engine, PREFIX, addresses)
    tabulate_numbers(engine, PREFIX, addresses)
    return _links(engine, addresses, dwellings)


IS_PLAIN = "coalesce(address.building_key, '') = '' AND coalesce(address.flat_key, '') = ''"
LOOKED_UP = f"""
    SELECT
        address.address_id, address.region_code, address.district_code,
        address.mahalla_kind, address.house_number, address.house_key,
        address.mahalla, address.street, address.house, address.building, address.flat,
        address.warnings,
        address.house_key IS NULL AS is_house_missing,
        coalesce(address.mahalla_key, address.massif_key, address.street_key) IS NULL
            AS is_text_missing,
        address.unread IS NOT NULL AS has_unread,
        locality.* EXCLUDE (district_code, mahalla_key, mahalla_kind, massif_key,
            street_key, lane, houses),
        CASE WHEN {IS_PLAIN} THEN house.plain_dwelling_id
             ELSE coalesce(unit.dwelling_id, flat.dwelling_id) END AS unit_dwelling_id,
        coalesce(unit_dwelling_id, house.dwelling_id) AS text_dwelling_id,
        house.any_dwelling_id AS text_any_id,
        doubt.doubt,
        coalesce(whole.any_dwelling_id, beginning.any_dwelling_id) AS number_any_id,
        CASE WHEN whole.any_dwelling_id IS NOT NULL THEN whole.dwelling_id
             WHEN {is_within("address.cadastral_key", "beginning.parts")}
             THEN beginning.dwelling_id END AS number_dwelling_id,
        whole.dwelling_id IS NOT NULL AS is_number_whole,
        coalesce(whole.shown_id, beginning.shown_id) AS number_shown_id,
        coalesce(whole.group_id, beginning.group_id) AS number_place_id,
        coalesce(whole.house_key, beginning.house_key) AS number_house_key,
        coalesce(whole.house_number, beginning.house_number) AS number_house_number,
        crosswalk.district_code AS prefix_district
    FROM addresses AS address
    LEFT JOIN {PREFIX}_locality AS locality ON {is_written_alike()}
    LEFT JOIN {PREFIX}_house AS house
        ON house.group_id = locality.group_id AND house.house_key = address.house_key
    LEFT JOIN {PREFIX}_unit AS unit
        ON unit.group_id = CASE WHEN NOT ({IS_PLAIN}) THEN locality.group_id END
        AND unit.house_key = address.house_key
        AND unit.building_key = coalesce(address.building_key, '')
        AND unit.flat_key = coalesce(address.flat_key, '')
    LEFT JOIN {PREFIX}_flat AS flat
        ON flat.group_id = CASE WHEN coalesce(address.building_key, '') = ''
            THEN locality.group_id END
        AND flat.house_key = address.house_key AND flat.flat_key = address.flat_key
    LEFT JOIN {PREFIX}_doubt AS doubt
        ON doubt.locality_id = locality.locality_id
        AND doubt.house_key = address.house_key
    LEFT JOIN {PREFIX}_whole AS whole ON whole.cadastral_key = address.cadastral_key
    LEFT JOIN {PREFIX}_beginning AS beginning
        ON beginning.beginning = CASE WHEN whole.any_dwelling_id IS NULL
            THEN {beginning_of("address.cadastral_key")} END
    LEFT JOIN {PREFIX}_crosswalk AS crosswalk
        ON crosswalk.is_certain
        AND crosswalk.cadastral_prefix = left(address.cadastral_key, 5)
"""
"""What the cadastre has under the text and under the number of each address."""

COMPARED = f"""
    SELECT looked_up.*,
        {{elsewhere_number}} AS is_number_elsewhere,
        coalesce({{elsewhere_prefix}}, false) AS is_prefix_elsewhere,
        CASE WHEN place.mahalla_key IS NULL OR mahalla_status = 'MISSING' THEN NULL
             WHEN place.mahalla_key = mahalla_name THEN true
             WHEN mahalla_status IN ('EXACT', 'FUZZY') THEN false
        END AS is_mahalla_same,
        CASE WHEN number_any_id IS NULL OR street_status = 'MISSING' THEN NULL
             WHEN place.street_key = street_name
                 THEN coalesce(place.lane, '') = coalesce(current_lane, '')
             WHEN street_status IN ('EXACT', 'FUZZY') THEN false
        END AS is_street_same,
        coalesce(number_house_key = house_key OR number_house_number = house_number,
            CASE WHEN number_house_key IS NOT NULL AND house_key IS NOT NULL
                 THEN false END) AS is_house_same
    FROM looked_up
    LEFT JOIN {PREFIX}_place AS place ON place.place_id = number_place_id
    LEFT JOIN {PREFIX}_shown AS shown ON shown.shown_id = number_shown_id
"""
"""Text and number of each address, part by part: the same, different, or null where one
side doesn't say it for certain. A house whose leading number agrees is the same: letters
are written differently."""

AGREES = """(
    street_status = 'MISSING' AND is_house_missing
        AND is_mahalla_same IS DISTINCT FROM false
    OR is_street_same AND is_house_same IS DISTINCT FROM false
    OR is_house_same AND is_street_same IS DISTINCT FROM false
        AND is_mahalla_same IS DISTINCT FROM false
    OR is_mahalla_same AND is_street_same IS NULL AND is_house_same IS NULL
)"""
"""Whether what the text says allows the dwelling that the number names. Street and house
together outweigh a mahalla whose border moved; a mahalla alone allows only silence."""

REASON = """
    CASE
        WHEN is_number_elsewhere THEN 'DISTRICT_CONFLICT'
        WHEN is_number_taken AND is_number_whole THEN 'CADASTRAL_NUMBER'
        WHEN is_number_taken THEN 'CADASTRAL_BUILDING'
        WHEN is_text_missing THEN
            CASE WHEN has_unread THEN 'UNREAD' ELSE 'NO_ADDRESS' END
        WHEN doubt IS NOT NULL THEN 'AMBIGUOUS'
        WHEN unit_dwelling_id IS NOT NULL THEN
            CASE WHEN is_fuzzy THEN 'FUZZY' ELSE 'EXACT' END
        WHEN text_any_id IS NOT NULL THEN
            CASE WHEN is_fuzzy THEN 'FUZZY_BUILDING' ELSE 'EXACT_BUILDING' END
        WHEN is_prefix_elsewhere THEN 'DISTRICT_CONFLICT'
        WHEN 'AMBIGUOUS' IN (mahalla_status, massif_status, street_status)
            OR group_count > 1 THEN 'AMBIGUOUS'
        WHEN mahalla_status = 'UNKNOWN' THEN 'UNKNOWN_MAHALLA'
        WHEN group_id IS NULL THEN 'UNKNOWN_STREET'
        WHEN is_house_missing THEN 'NO_HOUSE'
        ELSE 'UNKNOWN_HOUSE'
    END
"""
"""The reason code: the first that holds."""

DECIDED = f"""
    SELECT *, {REASON} AS reason,
        reason[1:9] = 'CADASTRAL' AS is_by_number,
        reason[1:5] IN ('EXACT', 'FUZZY') AS is_by_text,
        CASE WHEN is_by_number THEN number_dwelling_id
             WHEN is_by_text THEN text_dwelling_id END AS dwelling_id,
        CASE WHEN is_by_number THEN number_any_id
             WHEN is_by_text THEN text_any_id END AS any_dwelling_id,
        is_conflict OR doubt = 'CONFLICT' AND NOT is_number_taken AS is_contradictory
    FROM (
        SELECT *,
            number_any_id IS NOT NULL AND NOT is_number_elsewhere
                AND coalesce({AGREES}, false) AS is_number_taken,
            number_any_id IS NOT NULL AND NOT is_number_elsewhere
                AND NOT is_number_taken AS is_conflict
        FROM compared
    )
"""

RANK_WARNING = """
    CASE object.rank WHEN 1 THEN 'DWELLING_UNDER_CONSTRUCTION'
        WHEN 2 THEN 'DWELLING_NON_RESIDENTIAL' WHEN 3 THEN 'DWELLING_DEMOLISHED' END
"""


def _links(
    engine: duckdb.DuckDBPyConnection, addresses: Relation, dwellings: Relation
) -> Relation:
    """AddressLink in one pass over the addresses: looked up, compared, decided.

    The dwelling's parts where one was found. A building of several objects gives its parts
    without a flat and the part of the cadastral number that they share.
    """
    compared = COMPARED.format(
        elsewhere_number="shown.district_code IS NOT NULL AND "
        + _is_other_district("shown.district_code"),
        elsewhere_prefix=_is_other_district("prefix_district"),
    )
    return engine.sql(
        f"""
        WITH looked_up AS ({LOOKED_UP}), compared AS ({compared}),
        decided AS ({DECIDED})
        SELECT
            decided.address_id, decided.dwelling_id, decided.reason,
            CASE WHEN decided.reason LIKE 'FUZZY%' THEN decided.margin END
                AS match_margin,
            coalesce(shown.region_code, decided.region_code) AS region_code,
            coalesce(shown.district_code, place.district_code,
                decided.district_code) AS district_code,
            coalesce(object_place.mahalla_key, place.mahalla_key,
                decided.mahalla_name) AS mahalla_key,
            coalesce(object_place.mahalla_kind, place.mahalla_kind,
                decided.mahalla_kind) AS mahalla_kind,
            coalesce(object_place.massif_key, place.massif_key,
                decided.massif_name) AS massif_key,
            CASE WHEN object_place.place_id IS NOT NULL THEN object_place.street_key
                 WHEN decided.street_status = 'AMBIGUOUS' THEN NULL
                 ELSE decided.street_name END AS street_key,
            CASE WHEN object_place.place_id IS NOT NULL THEN object_place.lane
                 ELSE decided.current_lane END AS lane,
            coalesce(object.house_number, decided.house_number) AS house_number,
            coalesce(object.house_key, decided.house_key) AS house_key,
            CASE WHEN decided.dwelling_id IS NOT NULL THEN object.cadastral_key
                 WHEN shared.group_id IS NOT NULL THEN shared.shared_number
                 WHEN object.group_id IS NOT NULL AND object.house_key IS NOT NULL
                 THEN {first_parts("object.cadastral_key", BUILDING_PARTS)}
            END AS cadastral_key,
            coalesce(shown.mahalla, place.mahalla, decided.mahalla) AS mahalla,
            CASE WHEN object.dwelling_id IS NOT NULL THEN shown.street
                 ELSE coalesce(place.street, decided.street) END AS street,
            coalesce(object.house, decided.house) AS house,
            coalesce(object.building, decided.building) AS building,
            coalesce(CASE WHEN decided.dwelling_id IS NOT NULL THEN object.flat END,
                decided.flat) AS flat,
            object.longitude, object.latitude,
            CASE WHEN len(decided.warnings) = 0 AND coalesce(object.rank, 0) = 0
                    AND decided.is_contradictory IS DISTINCT FROM true
                 THEN decided.warnings
                 ELSE list_sort(list_distinct(list_concat(decided.warnings,
                     CASE WHEN decided.is_contradictory THEN ['ADDRESS_CONFLICT']
                          ELSE [] END,
                     CASE WHEN decided.dwelling_id IS NOT NULL
                              AND object.rank > 0
                          THEN [{RANK_WARNING}] ELSE [] END)))
            END AS warnings,
            CASE WHEN decided.is_conflict OR decided.is_number_elsewhere
                 THEN decided.number_any_id END AS rival_dwelling_id,
            decided.is_number_taken AND NOT decided.is_text_missing
                AND (coalesce(decided.is_mahalla_same, false)
                    OR coalesce(decided.is_street_same, false)) AS is_confirmed
        FROM decided
        LEFT JOIN {PREFIX}_place AS place ON place.place_id = decided.group_id
        LEFT JOIN {PREFIX}_dwelling AS object
            ON object.dwelling_id = decided.any_dwelling_id
        LEFT JOIN {PREFIX}_shown AS shown ON shown.shown_id = object.shown_id
        LEFT JOIN {PREFIX}_place AS object_place
            ON object_place.place_id = object.group_id
        LEFT JOIN {PREFIX}_shared AS shared
            ON shared.house_key = object.house_key AND shared.group_id =
                CASE WHEN decided.dwelling_id IS NULL THEN object.group_id END
        """
    )


def _is_other_district(other: str) -> str:
    """Whether neither of two districts lies in the other, as an expression."""
    return f"""
        NOT (starts_with({other}, looked_up.district_code)
            OR starts_with(looked_up.district_code, {other}))
    """
