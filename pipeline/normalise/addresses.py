"""Stage 2, places: addresses of persons and dwellings in parts.

What belongs here: the way of a country's rows. Each row becomes the numbers of its pieces
(address_split.py), each distinct piece is read once (address_dictionaries.py), and the
parts are joined back by these numbers. Rows are streamed: what is kept is what is distinct.
"""

from typing import NamedTuple

import duckdb

from pipeline.normalise.address_dictionaries import (
    read_cadastral_numbers,
    read_number_columns,
    read_pieces,
    read_wholes,
)
from pipeline.normalise.address_split import (
    LINE,
    MAHALLA,
    NUMBERED_STREET,
    STREET,
    split_sql,
)

RAW_COLUMNS = (
    "region_code",
    "district_code",
    "mahalla",
    "street",
    "house",
    "building",
    "flat",
    "address_text",
    "cadastral_number",
)
PIECES = (
    "region_code",
    "district_code",
    "cadastral_number",
    "first_id",
    "second_id",
    "whole_key",
    "number_id",
    "has_tail",
)
"""What an address as delivered consists of."""


class Dictionaries(NamedTuple):
    """Names of the tables that hold what each distinct value was read as."""

    piece: str
    whole: str
    number: str
    cadastral: str


def normalise_addresses(
    engine: duckdb.DuckDBPyConnection, persons: duckdb.DuckDBPyRelation
) -> tuple[duckdb.DuckDBPyRelation, duckdb.DuckDBPyRelation]:
    """The distinct addresses of the population register, and which row has which.

    Addresses are numbered in the order of the first row that has them, so that the
    numbers depend on the supplier's keys alone.

    Args:
        engine: the engine.
        persons: SourcePerson.

    Returns:
        AddressRecord, one row per distinct address as delivered; and the crosswalk
        (row_id, address_id), one row per row of `persons`.
    """
    raw = ", ".join(RAW_COLUMNS)
    source = persons.project(f"row_id AS id, {raw}")
    names = dictionaries("normalise_addresses")
    pieces = in_pieces(engine, source, names)  # noqa: F841 - read by name
    same = ", ".join(PIECES)
    engine.execute(
        f"""CREATE OR REPLACE TEMP TABLE normalise_addresses_distinct AS
        SELECT {same}, min(id) AS first_row, list(id) AS row_ids
        FROM pieces GROUP BY {same}"""
    )
    engine.execute(
        """CREATE OR REPLACE TEMP TABLE normalise_addresses_order AS
        SELECT first_row, row_number() OVER (ORDER BY first_row) - 1 AS address_id
        FROM normalise_addresses_distinct"""
    )
    ordered = (
        "normalise_addresses_distinct JOIN normalise_addresses_order USING (first_row)"
    )
    numbered = engine.sql(f"SELECT address_id AS id, {same} FROM {ordered}")
    crosswalk = engine.sql(f"SELECT unnest(row_ids) AS row_id, address_id FROM {ordered}")
    parts = address_parts(engine, numbered, names)
    return parts.project(
        "* EXCLUDE (id, massif, street_alone), id AS address_id"
    ), crosswalk


def normalise_dwellings(
    engine: duckdb.DuckDBPyConnection, dwellings: duckdb.DuckDBPyRelation
) -> duckdb.DuckDBPyRelation:
    """The cadastre's dwellings with their addresses in parts.

    Args:
        engine: the engine.
        dwellings: SourceDwelling.

    Returns:
        DwellingRecord, one row per row of `dwellings`; owner_pinfl only where it has
        fourteen digits.
    """
    raw = ", ".join(RAW_COLUMNS)
    source = dwellings.project(
        f"""row_id AS id, {raw}, object_kind, status,
        CASE WHEN regexp_full_match(owner_pinfl, '[0-9]{{14}}') THEN owner_pinfl END
            AS owner_pinfl,
        floor_area_m2, rooms, longitude, latitude"""
    )
    names = dictionaries("normalise_dwellings")
    own = "object_kind, status, owner_pinfl, floor_area_m2, rooms, longitude, latitude"
    pieces = in_pieces(engine, source, names, own)  # noqa: F841 - read by name
    engine.execute("CREATE OR REPLACE TEMP TABLE normalise_dwellings_rows AS FROM pieces")
    rows = engine.table("normalise_dwellings_rows")
    parts = address_parts(engine, rows, names, own)
    return parts.project("* EXCLUDE (id, massif, street_alone), id AS dwelling_id")


def dictionaries(stage: str) -> Dictionaries:
    """Names of the tables that a stage keeps its distinct values in."""
    return Dictionaries(*(f"{stage}_{name}" for name in Dictionaries._fields))


def in_pieces(
    engine: duckdb.DuckDBPyConnection,
    source: duckdb.DuckDBPyRelation,
    names: Dictionaries,
    passed_on: str = "",
) -> duckdb.DuckDBPyRelation:
    """The rows as numbers of their pieces; makes all tables of `names` but the wholes.

    Args:
        engine: the engine.
        source: id, the raw address columns, and the columns to pass on.
        names: tables to make.
        passed_on: columns of the source to keep.

    Returns:
        id, PIECES, and what is passed on. `whole_key` is null but where an address is not
        the sum of its pieces.
    """
    split = engine.sql(split_sql("source"))  # noqa: F841 - read by name
    lines = f"{names.piece}_lines"
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {lines} AS "
        "SELECT * FROM split WHERE address_text IS NOT NULL"
    )
    read_pieces(engine, names.piece, engine.sql(_TEXTS.format(lines=lines)))
    read_number_columns(engine, names.number, engine.sql(_NUMBERS.format(lines=lines)))
    cadastral = engine.sql(
        f"""SELECT DISTINCT cadastral_number FROM source
        WHERE NOT ({is_canonical("cadastral_number")})"""
    )
    read_cadastral_numbers(engine, names.cadastral, cadastral)
    kept = f", {passed_on}" if passed_on else ""
    columns = split_sql("(SELECT * FROM source WHERE address_text IS NULL)")
    return engine.sql(
        _IN_PIECES.format(
            split=f"({columns} UNION ALL BY NAME SELECT * FROM {lines})",
            piece=names.piece,
            number=names.number,
            passed_on=kept,
        )
    )


def is_canonical(column: str) -> str:
    """SQL: the number has the form that canonical_cadastral_number gives."""
    return (
        f"regexp_full_match({column}, "
        "'([0-9]{2}:){5}[0-9]{4}(:[0-9]{4}(:[0-9]{3})?)?') "
        f"AND NOT ends_with({column}, ':0000') AND NOT ends_with({column}, ':000')"
    )


_TEXTS = f"""
    SELECT {MAHALLA}::UTINYINT AS kind, mahalla AS text FROM source
    WHERE address_text IS NULL AND mahalla IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT CASE WHEN house IS NULL THEN {STREET} ELSE {NUMBERED_STREET} END::UTINYINT
        AS kind, street FROM source
    WHERE address_text IS NULL AND street IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT DISTINCT {LINE}::UTINYINT, text FROM (
        SELECT DISTINCT first_text AS text FROM {{lines}}
        UNION ALL SELECT DISTINCT second_text FROM {{lines}}
    ) WHERE text IS NOT NULL
"""

_NUMBERS = """
    SELECT DISTINCT house, building, flat, tail FROM (
        SELECT house, building, flat, NULL::VARCHAR AS tail FROM source
        WHERE address_text IS NULL GROUP BY ALL
        UNION ALL
        SELECT house, building, flat, tail FROM {lines} GROUP BY ALL
    )
"""

_IN_PIECES = """
    SELECT split.id, region_code, district_code, cadastral_number,
        CASE WHEN whole_key IS NULL THEN first_id END AS first_id,
        CASE WHEN whole_key IS NULL THEN second_id END AS second_id,
        whole_key, number.number_id, split.tail IS NOT NULL AS has_tail {passed_on}
    FROM (
        SELECT split.*, first.piece_id AS first_id, second.piece_id AS second_id,
            CASE WHEN is_mixed
                OR (coalesce(first.mask, 0) | coalesce(second.mask, 0)) < 0
                OR (coalesce(first.mask, 0) & coalesce(second.mask, 0)) <> 0
            THEN json_array(CASE WHEN address_text IS NOT NULL THEN district_code END,
                mahalla, street, head, has_number)::VARCHAR END AS whole_key
        FROM {split} AS split
        LEFT JOIN {piece} AS first
            ON first.text = split.first_text AND first.kind = split.first_kind
        LEFT JOIN {piece} AS second
            ON second.text = split.second_text AND second.kind = split.second_kind
    ) AS split
    JOIN (SELECT DISTINCT number_id, house, building, flat, tail FROM {number}) AS number
        ON split.house IS NOT DISTINCT FROM number.house
        AND split.building IS NOT DISTINCT FROM number.building
        AND split.flat IS NOT DISTINCT FROM number.flat
        AND split.tail IS NOT DISTINCT FROM number.tail
"""


def address_parts(
    engine: duckdb.DuckDBPyConnection,
    rows: duckdb.DuckDBPyRelation,
    names: Dictionaries,
    passed_on: str = "",
) -> duckdb.DuckDBPyRelation:
    """AddressParts of rows given as numbers of their pieces; makes the table of wholes.

    Args:
        engine: the engine.
        rows: what `in_pieces` gives, in a table: it is read twice.
        names: the tables that it made.
        passed_on: columns of the rows to keep.

    Returns:
        AddressParts with id, massif (in standard spelling) and street_alone (the street
        without its massif), and what is passed on.
    """
    wholes = rows.filter("whole_key IS NOT NULL").project("whole_key").distinct()
    read_wholes(engine, names.whole, wholes)
    agree = {
        part: f"(number.{part}_key IS NULL OR whole.{part}_key IS NULL "
        f"OR number.{part}_key = whole.{part}_key)"
        for part in ("house", "building", "flat")
    }
    numbers = ", ".join(
        f"CASE WHEN {agree[part]} THEN coalesce(number.{column}, whole.{column}) END "
        f"AS {name}"
        for part, column, name in _NUMBER_COLUMNS
    )
    places = ", ".join(
        f"coalesce(first.{column}, second.{column}, whole.{column}) AS {name}"
        for column, name in _PLACE_COLUMNS.items()
    )
    apart = ", ".join(
        f"CASE WHEN NOT {agree[part]} "
        f"THEN concat_ws(' ', whole.{part}_shown, number.{part}_shown) END"
        for part in agree
    )
    kept = f", {passed_on}" if passed_on else ""
    return engine.sql(
        f"""
        SELECT *, nullif(concat_ws(', ', massif, street_alone), '') AS street,
            CASE WHEN unread IS NULL THEN []::VARCHAR[] ELSE ['ADDRESS_UNREAD'] END
                AS warnings
        FROM (
            SELECT pieces.id, region_code, district_code, {places}, {numbers},
                CASE WHEN cadastral.cadastral_number IS NOT NULL
                    THEN cadastral.cadastral_key ELSE pieces.cadastral_number END
                    AS cadastral_key,
                nullif(concat_ws(' ', whole.unread, number.unread, {apart}), '') AS unread
                {kept}
            FROM rows AS pieces
            LEFT JOIN {names.piece} AS first ON first.piece_id = pieces.first_id
            LEFT JOIN {names.piece} AS second ON second.piece_id = pieces.second_id
            LEFT JOIN {names.whole} AS whole ON whole.whole_key = pieces.whole_key
            JOIN {names.number} AS number ON number.number_id = pieces.number_id
                AND number.has_place = (has_tail AND CASE WHEN pieces.whole_key IS NULL
                    THEN coalesce(first.mask, 0) + coalesce(second.mask, 0) > 0
                    ELSE whole.has_place END)
            LEFT JOIN {names.cadastral} AS cadastral
                ON cadastral.cadastral_number = pieces.cadastral_number
        )"""
    )


_PLACE_COLUMNS = {
    "mahalla_key": "mahalla_key",
    "mahalla_kind": "mahalla_kind",
    "mahalla_shown": "mahalla",
    "massif_key": "massif_key",
    "massif_shown": "massif",
    "street_key": "street_key",
    "lane": "lane",
    "street_shown": "street_alone",
}
_NUMBER_COLUMNS = (
    ("house", "house_number", "house_number"),
    *(
        (part, f"{part}_{form}", name)
        for part in ("house", "building", "flat")
        for form, name in (("key", f"{part}_key"), ("shown", part))
    ),
)
