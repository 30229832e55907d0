"""How fast addresses become parts, beside DuckDB reading and rewriting the same columns.

    python benchmarks/bench_normalise_addresses.py [--rows 10000000] [--persons 0]

Names, streets and spellings are drawn with the skew of a country: few common street names,
many rare ones; two thirds of the rows in columns, one third in one line; three scripts,
abbreviations, lanes, blocks and flats; one row of fifty lacks a letter, so that as many
spellings occur once as a register has. With `--persons` that many registrations live in
these dwellings, four of five written as the dwelling's office writes, and their distinct
addresses are found and read.
"""

import argparse
import tempfile
from pathlib import Path

from apart import Settings, apart, engine_at, ratio

from pipeline.normalise.addresses import normalise_addresses, normalise_dwellings

SYLLABLES = [
    "Nav",
    "Bog",
    "Do'st",
    "Ix",
    "Yan",
    "Ol",
    "Qor",
    "Gul",
    "Tin",
    "Mus",
    "Far",
    "Sam",
]
ENDINGS = ["bahor", "lik", "obod", "zor", "iston", "tepa", "ariq", "soy", "diyor", "xo'ja"]

DWELLINGS = 10_000_000
STREETS = 180_000
"""Names of streets in the state register, October 2023 (domain notes)."""

SIMULATE = """
CREATE OR REPLACE TABLE names AS
SELECT row_number() OVER () - 1 AS name_id,
    a || b || CASE WHEN c > 0 THEN ' ' || list_extract($endings, 1 + c % 10)
        || list_extract($syllables, 1 + c % 12) ELSE '' END AS name
FROM (SELECT unnest($syllables) AS a), (SELECT unnest($endings) AS b),
    (SELECT unnest(range(60)) AS c);
COPY (
WITH drawn AS (
    SELECT row_id, i, hash(row_id, 1) % 100 AS form_drawn,
        hash(row_id, 11) % 50 = 0 AS slips,
        hash(i, 2) % 100 AS kind,
        floor($streets * power((hash(i, 3) % 1000003) / 1000003.0, 2))::BIGINT AS place,
        1 + (hash(i, 5) % 150) AS house_n, hash(i, 6) % 20 AS house_form,
        1 + (hash(i, 7) % 80) AS flat_n
    FROM (SELECT r AS row_id, r % $dwellings AS i FROM range($rows) t(r))),
placed AS (
    SELECT *, place % 206 AS district, 1 + hash(place, 9) % 5 AS lane,
        -- Four rows of five are written as their district's office writes.
        CASE WHEN form_drawn % 5 = 0 THEN form_drawn ELSE hash(place % 206, 1) % 100 END
            AS form,
        hash(place, 2) % 4 = 0 AS has_lane, hash(place // 19) % 5000 AS mahalla_id,
        floor(7200 * power((hash(place) % 1000003) / 1000003.0, 3))::BIGINT AS street_id
    FROM drawn),
parts AS (
    -- One row of fifty lacks a letter of its street.
    SELECT placed.* EXCLUDE (slips), CASE WHEN slips
            THEN s.name[:1 + row_id % 7] || s.name[3 + row_id % 7:] ELSE s.name END
            AS s_name,
        m.name AS m_name,
        CASE WHEN house_form = 0 THEN house_n || '-A' WHEN house_form = 1
            THEN house_n || '/' || lane ELSE house_n::VARCHAR END AS house_text,
        CASE WHEN kind < 20 THEN flat_n::VARCHAR END AS flat_text,
        s_name || CASE WHEN has_lane THEN ' ' || lane || '-tor' ELSE '' END AS lane_name
    FROM placed JOIN names s ON s.name_id = street_id
    JOIN names m ON m.name_id = mahalla_id)
SELECT row_id, '17' AS source_file, 1::BIGINT AS source_row,
    '1703' AS region_code, (1703200 + district)::VARCHAR AS district_code,
    CASE WHEN form < 66 THEN m_name || CASE form % 4 WHEN 0 THEN ' MFY' WHEN 1
        THEN ' mahallasi' ELSE '' END END AS mahalla,
    CASE WHEN form < 66 THEN CASE form % 5 WHEN 0 THEN lane_name || ' ko''chasi'
        WHEN 1 THEN lane_name || ' k.' WHEN 2 THEN 'ул. ' || s_name ELSE lane_name END
        END AS street,
    CASE WHEN form < 66 THEN CASE WHEN form % 3 = 0 THEN house_text || '-uy'
        ELSE house_text END END AS house,
    NULL::VARCHAR AS building,
    CASE WHEN form < 66 THEN flat_text END AS flat,
    CASE WHEN form >= 66 THEN 'Toshkent sh., ' || m_name || ' MFY, ' ||
        CASE form % 3 WHEN 0 THEN 'ул. ' || s_name || ', д. ' || house_text ||
            coalesce(', кв. ' || flat_text, '')
        WHEN 1 THEN lane_name || ' ko''chasi, ' || house_text || '-uy' ||
            coalesce(', ' || flat_text || '-xonadon', '')
        ELSE lane_name || ' ko''chasi ' || house_text || coalesce(', ' || flat_text, '')
        END END AS address_text,
    printf('10:%02d:%02d:%02d:%02d:%04d:%04d', district % 99, kind, lane, house_form + 1,
        house_n, (i % 9999) + 1) AS cadastral_number,
    'HOUSE' AS object_kind, 'ACTIVE' AS status, NULL::VARCHAR AS owner_pinfl,
    NULL::VARCHAR AS owner_name, 50.0::DOUBLE AS floor_area_m2, 3::INTEGER AS rooms,
    NULL::DOUBLE AS longitude, NULL::DOUBLE AS latitude, NULL::TIMESTAMP AS updated_at
FROM parts
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""
READ_COLUMNS = (
    "row_id, region_code, district_code, mahalla, street, house, building, flat, "
    "address_text, cadastral_number, object_kind, status, owner_pinfl, floor_area_m2, "
    "rooms, longitude, latitude"
)
WRITTEN = "(FORMAT parquet, COMPRESSION zstd)"


def simulate(folder: str, rows: int, settings: Settings) -> dict[str, object]:
    """Write dwellings.parquet, or persons.parquet where more live than there are homes."""
    dwellings = int(str(settings["dwellings"]))
    statement, copy = SIMULATE.split(";", 1)
    with engine_at(folder, settings) as engine:
        engine.execute(statement, {"syllables": SYLLABLES, "endings": ENDINGS})
        engine.execute(
            copy.replace("{path}", f"{folder}/addresses.parquet"),
            {"rows": rows, "streets": STREETS, "dwellings": dwellings},
        )
    return {}


def rewrite(folder: str, rows: int, settings: Settings) -> dict[str, object]:
    """The floor: read the columns of a dwelling and write them again."""
    with engine_at(folder, settings) as engine:
        engine.execute(
            f"COPY (SELECT {READ_COLUMNS} FROM read_parquet('{folder}/addresses.parquet')) "
            f"TO '{folder}/rewritten.parquet' {WRITTEN}"
        )
    return {}


def normalise(folder: str, rows: int, settings: Settings) -> dict[str, object]:
    """The stage: read the same columns of dwellings, write DwellingRecord."""
    with engine_at(folder, settings) as engine:
        dwellings = engine.read_parquet(f"{folder}/addresses.parquet")
        records = normalise_dwellings(engine, dwellings)
        records.query("records", f"COPY records TO '{folder}/records.parquet' {WRITTEN}")
        return {
            f"distinct_{name}s": engine.table(f"normalise_dwellings_{name}").shape[0]
            for name in ("piece", "number", "whole")
        }


def normalise_registrations(
    folder: str, rows: int, settings: Settings
) -> dict[str, object]:
    """The stage: distinct addresses of persons, and which row has which."""
    with engine_at(folder, settings) as engine:
        persons = engine.read_parquet(f"{folder}/addresses.parquet")
        records, crosswalk = normalise_addresses(engine, persons)
        records.query("records", f"COPY records TO '{folder}/records.parquet' {WRITTEN}")
        crosswalk.query("rows", f"COPY rows TO '{folder}/crosswalk.parquet' {WRITTEN}")
        count = engine.table("normalise_addresses_distinct").shape[0]
    return {"distinct_addresses": count}


def main() -> None:
    """Simulate, measure floor and stage, print one line of JSON each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=DWELLINGS)
    parser.add_argument("--persons", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="6GB")
    given = parser.parse_args()
    settings: Settings = {
        "threads": given.threads,
        "memory_limit": given.memory,
        "dwellings": given.rows or DWELLINGS,
    }
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for rows, stage in (
            (given.rows, normalise),
            (given.persons, normalise_registrations),
        ):
            if rows:
                apart(simulate, folder, rows, settings)
                floor = apart(rewrite, folder, rows, settings)
                ratio(apart(stage, folder, rows, settings), floor)


if __name__ == "__main__":
    main()
