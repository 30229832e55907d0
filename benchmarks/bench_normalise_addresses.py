"""How fast addresses become parts: rows/s, distinct values, memory, ratio to the floor.

The floor is the time DuckDB takes to read and rewrite the same columns. Names, streets and
spellings are drawn with the skew of a country: few common street names, many rare ones;
two thirds of the rows in columns, one third in one line; three scripts, abbreviations,
lanes, blocks and flats.

    python benchmarks/bench_normalise_addresses.py --rows 10000000
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import duckdb

from pipeline.normalise.addresses import normalise_dwellings

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
    SELECT i AS row_id,
        hash(i, 1) % 100 AS form_drawn, hash(i, 2) % 100 AS kind,
        floor($streets * power((hash(i, 3) % 1000003) / 1000003.0, 2))::BIGINT AS place,
        1 + (hash(i, 5) % 150) AS house_n, hash(i, 6) % 20 AS house_form,
        1 + (hash(i, 7) % 80) AS flat_n
    FROM range($rows) t(i)),
placed AS (
    SELECT *, place % 206 AS district, 1 + hash(place, 9) % 5 AS lane,
        -- Four rows of five are written as their district's office writes.
        CASE WHEN form_drawn % 5 = 0 THEN form_drawn ELSE hash(place % 206, 1) % 100 END
            AS form,
        hash(place, 2) % 4 = 0 AS has_lane, hash(place // 19) % 5000 AS mahalla_id,
        floor(7200 * power((hash(place) % 1000003) / 1000003.0, 3))::BIGINT AS street_id
    FROM drawn),
parts AS (
    SELECT placed.*, s.name AS s_name, m.name AS m_name,
        CASE WHEN house_form = 0 THEN house_n || '-A' WHEN house_form = 1
            THEN house_n || '/' || lane ELSE house_n::VARCHAR END AS house_text,
        CASE WHEN kind < 20 THEN flat_n::VARCHAR END AS flat_text,
        s.name || CASE WHEN has_lane THEN ' ' || lane || '-tor' ELSE '' END AS lane_name
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
        house_n, (row_id % 9999) + 1) AS cadastral_number,
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


def engine_at(folder: Path) -> duckdb.DuckDBPyConnection:
    """Two threads, six gibibytes, spilling into the folder."""
    return duckdb.connect(
        config={
            "memory_limit": "6144MiB",
            "threads": "2",
            "temp_directory": str(folder / "spill"),
            "preserve_insertion_order": "false",
        }
    )


def measure(rows: int, folder: Path) -> dict[str, object]:
    """Simulate, take the floor, normalise; the figures."""
    source, target = folder / "dwellings.parquet", folder / "out.parquet"
    with engine_at(folder) as engine:
        statement, copy = SIMULATE.split(";", 1)
        engine.execute(statement, {"syllables": SYLLABLES, "endings": ENDINGS})
        engine.execute(
            copy.replace("{path}", str(source)), {"rows": rows, "streets": STREETS}
        )
    with engine_at(folder) as engine:
        start = time.perf_counter()
        engine.execute(
            f"COPY (SELECT {READ_COLUMNS} FROM read_parquet('{source}') ORDER BY row_id) "
            f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )
        floor = time.perf_counter() - start
    with engine_at(folder) as engine:
        start = time.perf_counter()
        dwellings = engine.read_parquet(str(source))
        records = normalise_dwellings(engine, dwellings)
        read = time.perf_counter() - start
        records.query(
            "records",
            f"COPY (SELECT * FROM records ORDER BY dwelling_id) TO '{target}' "
            "(FORMAT parquet, COMPRESSION zstd)",
        )
        total = time.perf_counter() - start
        places = engine.table("normalise_dwellings_place").shape[0]
        numbers = engine.table("normalise_dwellings_number").shape[0]
        unread = engine.sql(
            f"SELECT count(*) FROM read_parquet('{target}') WHERE unread IS NOT NULL"
        ).fetchall()[0][0]
    return {
        "rows": rows,
        "floor_seconds": round(floor, 1),
        "dictionaries_seconds": round(read, 1),
        "total_seconds": round(total, 1),
        "ratio_to_floor": round(total / floor, 1),
        "rows_per_second": round(rows / total),
        "distinct_places": places,
        "distinct_numbers": numbers,
        "unread_rows": unread,
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(arguments.rows, Path(folder)), indent=2))


if __name__ == "__main__":
    main()
