"""Stage 2, places: addresses of persons and dwellings in parts.

What belongs here: the work over a country's rows. Strings are read once per distinct
value (place: mahalla, street and the line without its house; numbers: house, building,
flat and the end of the line) and joined back in the engine; how one of them is read
stands in address_reading.py.
"""

from collections.abc import Callable

import duckdb
import polars as pl

from pipeline.normalise.address_reading import (
    Place,
    Reading,
    read_numbers,
    read_place,
)
from pipeline.normalise.identifiers import canonical_cadastral_number

BATCH_ROWS = 200_000
UNREAD_CHARACTERS_MAX = 500
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

# The end of a one-line address that holds nothing but house, building and flat. Splitting
# it off lets the rest, which repeats over a street's houses, be read once.
_NUMBER = r"\d+(?:-?\p{L}|\s[ABVGАБВГ])?(?:[/\\]\d*\p{L}?)*"
_FLAT_WORD = r"(?:xonadoni?|хонадони?|xon|хон|kvartira|квартира|kv|кв)"
_HOUSE = rf"(?:№?\s*{_NUMBER}\s*-?\s*(?:uyi?|уйи?)|(?:uy|уй|дом|dom|[dд])[.\s№]*{_NUMBER})"
_FLAT = rf"(?:№?\s*{_NUMBER}(?:\s*-?\s*{_FLAT_WORD})?|{_FLAT_WORD}[.\s№]*{_NUMBER})"
_FIRST = rf"(?:(?:^|[\s,;]+){_HOUSE}|[,;]\s*{_NUMBER})"
TAIL = rf"(?i)^(.*?)({_FIRST}(?:[\s,;.]+{_FLAT})*\.?)[\s,;.]*$"
STREET_WITH_NUMBER = r"(?i)((?:chasi|часи|чаcи))\.?\s+(№?\s*\d)"

_PART_COLUMNS: dict[str, type[pl.DataType]] = {
    "mahalla_key": pl.String,
    "mahalla_kind": pl.String,
    "mahalla_shown": pl.String,
    "massif_key": pl.String,
    "massif_shown": pl.String,
    "street_key": pl.String,
    "lane": pl.String,
    "street_shown": pl.String,
    "street_alone": pl.String,
    "house_number": pl.Int32,
    "house_key": pl.String,
    "house_shown": pl.String,
    "building_key": pl.String,
    "building_shown": pl.String,
    "flat_key": pl.String,
    "flat_shown": pl.String,
    "unread": pl.String,
    "has_place": pl.Boolean,
}


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
    engine.execute(
        f"""CREATE OR REPLACE TEMP TABLE normalise_addresses_raw AS
        SELECT row_number() OVER (ORDER BY first_row) - 1 AS id, *
        FROM (SELECT {raw}, min(row_id) AS first_row, list(row_id) AS row_ids
              FROM persons GROUP BY {raw})"""
    )
    crosswalk = engine.sql(
        "SELECT unnest(row_ids) AS row_id, id AS address_id FROM normalise_addresses_raw"
    )
    parts = _read_parts(engine, "normalise_addresses")
    records = parts.project("* EXCLUDE (id, massif, street_alone), id AS address_id")
    return records, crosswalk


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
    engine.execute(
        f"""CREATE OR REPLACE TEMP TABLE normalise_dwellings_raw AS
        SELECT row_id AS id, {raw} FROM dwellings"""
    )
    parts = _read_parts(engine, "normalise_dwellings")  # noqa: F841 - read by name
    return engine.sql(
        """SELECT parts.* EXCLUDE (id, massif, street_alone), parts.id AS dwelling_id,
            object_kind, status,
            CASE WHEN regexp_full_match(owner_pinfl, '[0-9]{14}') THEN owner_pinfl END
                AS owner_pinfl,
            floor_area_m2, rooms, longitude, latitude
        FROM parts JOIN dwellings ON parts.id = dwellings.row_id"""
    )


def _read_parts(engine: duckdb.DuckDBPyConnection, stage: str) -> duckdb.DuckDBPyRelation:
    """AddressParts with id and massif, of the table `<stage>_raw`."""
    engine.execute(
        f"""CREATE OR REPLACE TEMP TABLE {stage}_split AS
        SELECT id, mahalla, street, house, building, flat,
            CASE WHEN address_text IS NOT NULL THEN district_code END AS text_district,
            CASE WHEN line.tail <> '' THEN line.head ELSE address_text END AS head,
            nullif(line.tail, '') AS tail,
            house IS NOT NULL OR coalesce(line.tail, '') <> '' AS has_number
        FROM (SELECT *, regexp_extract(
                regexp_replace(address_text, $street, '\\1, \\2'),
                $tail, ['head', 'tail']) AS line
              FROM {stage}_raw)""",
        {"street": STREET_WITH_NUMBER, "tail": TAIL},
    )
    place_keys = ["text_district", "mahalla", "street", "head", "has_number"]
    number_keys = ["house", "building", "flat", "tail", "has_place"]
    _dictionary(engine, f"{stage}_place", f"{stage}_split", place_keys, _read_place)
    engine.execute(
        f"""CREATE OR REPLACE TEMP TABLE {stage}_placed AS
        SELECT split.id, place.value_id AS place_id, split.house, split.building,
            split.flat, split.tail, split.tail IS NOT NULL AND place.has_place AS has_place
        FROM {stage}_split AS split JOIN {stage}_place AS place
            ON {_same("split", "place", place_keys)}"""
    )
    engine.execute(f"DROP TABLE {stage}_split")
    _dictionary(engine, f"{stage}_number", f"{stage}_placed", number_keys, _read_numbers)
    engine.execute(
        f"""CREATE OR REPLACE TEMP TABLE {stage}_ids AS
        SELECT placed.id, placed.place_id, number.value_id AS number_id
        FROM {stage}_placed AS placed JOIN {stage}_number AS number
            ON {_same("placed", "number", number_keys)}"""
    )
    engine.execute(f"DROP TABLE {stage}_placed")
    _cadastral_keys(engine, stage)
    agreements = {
        part: f"(number.{part}_key IS NULL OR place.{part}_key IS NULL "
        f"OR number.{part}_key = place.{part}_key)"
        for part in ("house", "building", "flat")
    }
    return engine.sql(_PARTS.format(stage=stage, **agreements))


_PARTS = """
SELECT *, CASE WHEN unread IS NULL THEN []::VARCHAR[] ELSE ['ADDRESS_UNREAD'] END
    AS warnings
FROM (SELECT raw.id, raw.region_code, raw.district_code,
    place.mahalla_key, place.mahalla_kind, place.massif_key, place.street_key, place.lane,
    CASE WHEN {house} THEN coalesce(number.house_number, place.house_number) END
        AS house_number,
    CASE WHEN {house} THEN coalesce(number.house_key, place.house_key) END AS house_key,
    CASE WHEN {building} THEN coalesce(number.building_key, place.building_key) END
        AS building_key,
    CASE WHEN {flat} THEN coalesce(number.flat_key, place.flat_key) END AS flat_key,
    CASE WHEN cadastral.cadastral_number IS NOT NULL THEN cadastral.cadastral_key
        ELSE raw.cadastral_number END AS cadastral_key,
    place.mahalla_shown AS mahalla, place.massif_shown AS massif,
    place.street_shown AS street, place.street_alone,
    CASE WHEN {house} THEN coalesce(number.house_shown, place.house_shown) END AS house,
    CASE WHEN {building} THEN coalesce(number.building_shown, place.building_shown) END
        AS building,
    CASE WHEN {flat} THEN coalesce(number.flat_shown, place.flat_shown) END AS flat,
    nullif(concat_ws(' ', place.unread, number.unread,
        CASE WHEN NOT {house}
            THEN concat_ws(' ', place.house_shown, number.house_shown) END,
        CASE WHEN NOT {building}
            THEN concat_ws(' ', place.building_shown, number.building_shown) END,
        CASE WHEN NOT {flat} THEN concat_ws(' ', place.flat_shown, number.flat_shown) END),
        '')
        AS unread
FROM {stage}_ids AS ids
JOIN {stage}_raw AS raw ON ids.id = raw.id
JOIN {stage}_place AS place ON ids.place_id = place.value_id
JOIN {stage}_number AS number ON ids.number_id = number.value_id
LEFT JOIN {stage}_cadastral AS cadastral
    ON raw.cadastral_number = cadastral.cadastral_number)
"""


def _same(left: str, right: str, columns: list[str]) -> str:
    return " AND ".join(
        f"{left}.{column} IS NOT DISTINCT FROM {right}.raw_{column}" for column in columns
    )


def _dictionary(
    engine: duckdb.DuckDBPyConnection,
    name: str,
    table: str,
    keys: list[str],
    read: Callable[..., Reading],
) -> None:
    """A table of what each distinct combination of the keys was read as.

    Columns: value_id, raw_<key> for each key, and the parts.
    """
    columns = ", ".join(f"{key} AS raw_{key}" for key in keys)
    engine.execute(
        f"""CREATE OR REPLACE TEMP TABLE {name}_raw AS
        SELECT row_number() OVER () - 1 AS value_id, *
        FROM (SELECT DISTINCT {columns} FROM {table})"""
    )
    count = engine.table(f"{name}_raw").shape[0]
    fields = ", ".join(f"raw_{key}" for key in keys)
    for first in range(0, max(count, 1), BATCH_ROWS):
        batch = engine.execute(
            f"SELECT value_id, {fields} FROM {name}_raw "
            f"WHERE value_id >= {first} AND value_id < {first + BATCH_ROWS}"
        ).fetchall()
        rows = [(row[0], *_part_row(read(*row[1:]))) for row in batch]
        schema: dict[str, type[pl.DataType]] = {"value_id": pl.Int64, **_PART_COLUMNS}
        columns_read = zip(*rows, strict=True) if rows else ((),) * len(schema)
        frame = pl.DataFrame(
            [
                pl.Series(column, values, dtype)
                for (column, dtype), values in zip(
                    schema.items(), columns_read, strict=True
                )
            ]
        ).to_arrow()
        engine.register(f"{name}_frame", frame)
        verb = (
            f"INSERT INTO {name}_parts"
            if first
            else (f"CREATE OR REPLACE TEMP TABLE {name}_parts AS")
        )
        engine.execute(f"{verb} FROM {name}_frame")
        engine.unregister(f"{name}_frame")
    engine.execute(
        f"""CREATE OR REPLACE TEMP TABLE {name} AS
        SELECT * FROM {name}_raw JOIN {name}_parts USING (value_id)"""
    )
    engine.execute(f"DROP TABLE {name}_raw; DROP TABLE {name}_parts")


def _read_place(
    district_code: str | None,
    mahalla: str | None,
    street: str | None,
    head: str | None,
    has_number: bool,  # noqa: FBT001 - a column of the engine's row
) -> Reading:
    return read_place(district_code, mahalla, street, head, has_number=has_number)


def _read_numbers(
    house: str | None,
    building: str | None,
    flat: str | None,
    tail: str | None,
    has_place: bool,  # noqa: FBT001 - a column of the engine's row
) -> Reading:
    return read_numbers(house, building, flat, tail, has_place=has_place)


def _part_row(reading: Reading) -> tuple[str | int | bool | None, ...]:
    """The parts in the order of _PART_COLUMNS."""
    mahalla, street = reading.mahalla or _NOWHERE, reading.street or _NOWHERE
    massif = reading.massif or reading.settlement or _NOWHERE
    house, building, flat = reading.house, reading.building, reading.flat
    shown = ", ".join(filter(None, (massif.display, street.display))) or None
    unread = " ".join(reading.unread)[:UNREAD_CHARACTERS_MAX]
    return (
        mahalla.key,
        mahalla.kind,
        mahalla.display,
        massif.key or None,
        massif.display,
        street.key,
        reading.lane,
        shown,
        street.display,
        house.leading if house else None,
        house.key if house else None,
        house.display if house else None,
        building.key if building else None,
        building.display if building else None,
        flat.key if flat else None,
        flat.display if flat else None,
        unread or None,
        reading.has_place,
    )


_NOWHERE = Place(None, None)
PART_NAMES = (
    "mahalla",
    "street",
    "house",
    "building",
    "flat",
    "lane",
    "massif",
    "unread",
    "warnings",
    "mahalla_kind",
)
_SHOWN_COLUMNS = (
    "mahalla",
    "mahalla_kind",
    "massif",
    "street",
    "lane",
    "house",
    "building",
    "flat",
    "mahalla_key",
    "massif_key",
    "street_key",
    "house_key",
    "building_key",
    "flat_key",
    "cadastral_key",
    "unread",
    "warnings",
)


def _cadastral_keys(engine: duckdb.DuckDBPyConnection, stage: str) -> None:
    """Canonical forms of the cadastral numbers that are not canonical as delivered."""
    engine.execute(
        f"""CREATE OR REPLACE TEMP TABLE {stage}_other AS
        SELECT row_number() OVER () - 1 AS value_id, cadastral_number
        FROM (SELECT DISTINCT cadastral_number FROM {stage}_raw
              WHERE NOT {_is_canonical("cadastral_number")})"""
    )
    engine.execute(
        f"""CREATE OR REPLACE TEMP TABLE {stage}_cadastral
        (cadastral_number VARCHAR, cadastral_key VARCHAR)"""
    )
    count = engine.table(f"{stage}_other").shape[0]
    for first in range(0, count, BATCH_ROWS):
        numbers = engine.sql(
            f"SELECT cadastral_number FROM {stage}_other "
            f"WHERE value_id >= {first} AND value_id < {first + BATCH_ROWS}"
        ).pl()
        keyed = numbers.with_columns(
            canonical_cadastral_number(numbers["cadastral_number"]).alias("cadastral_key")
        ).to_arrow()
        engine.register(f"{stage}_frame", keyed)
        engine.execute(f"INSERT INTO {stage}_cadastral FROM {stage}_frame")
        engine.unregister(f"{stage}_frame")


def _is_canonical(column: str) -> str:
    """SQL: the number has the form that canonical_cadastral_number gives."""
    return (
        (
            f"regexp_full_match({column}, "
            "'([0-9]{{2}}:){{5}}[0-9]{{4}}(:[0-9]{{4}}(:[0-9]{{3}})?)?') "
            f"AND NOT regexp_matches({column}, ':0+$')"
        )
        .replace("{{", "{")
        .replace("}}", "}")
    )


def address_parts(frame: pl.DataFrame) -> pl.DataFrame:
    """Each row's address in parts, for looking at what is read.

    Args:
        frame: district_code and any of mahalla, street, house, building, flat,
            address_text, cadastral_number; other columns are kept as they are.

    Returns:
        The same rows in their order, with mahalla, mahalla_kind, massif, street (without
        its massif), lane, house, building and flat in standard spelling, their keys,
        unread and warnings (separated by spaces). A delivered column of the same name is
        kept as `delivered_<name>`.
    """
    raw = frame.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("id"),
        *(
            pl.col(column).cast(pl.String)
            if column in frame.columns
            else pl.lit(None, pl.String).alias(column)
            for column in RAW_COLUMNS
        ),
    ).with_columns(pl.col(name).str.strip_chars().replace("", None) for name in RAW_COLUMNS)
    with duckdb.connect() as engine:
        engine.register("normalise_shown_frame", raw.to_arrow())
        engine.execute(
            "CREATE TEMP TABLE normalise_shown_raw AS FROM normalise_shown_frame"
        )
        parts: pl.DataFrame = _read_parts(engine, "normalise_shown").pl().sort("id")
    shown = parts.with_columns(
        pl.col("street_alone").alias("street"), pl.col("warnings").list.join(" ")
    )
    kept = frame.rename(
        {column: f"delivered_{column}" for column in PART_NAMES if column in frame.columns}
    )
    return pl.concat([kept, shown.select(_SHOWN_COLUMNS)], how="horizontal")
