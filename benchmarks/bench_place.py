"""Time and memory of placing a country: addresses to dwellings, addresses to precincts.

    python benchmarks/bench_place.py --addresses 37000000 --dwellings 10000000

A country of 208 districts with 45 mahallas each is made in the engine: streets with lanes
and houses, one precinct for about 900 dwellings (whole mahallas, streets, odd and even
houses). Every registration has an address of its own; 3 % are misspelt, 5 % lack the
mahalla, 3 % name a house that the cadastre doesn't have, half bear a cadastral number. Four
persons of five vote, one in four has a temporary registration besides. Prints wall clock,
processor seconds and peak memory of each stage, beside a floor (one hash join of the same
rows), and the share placed wrong, which must be nought.
"""

import argparse
import datetime
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from pipeline.assign_precincts import assign_precincts, locate_addresses
from pipeline.engine import connect
from pipeline.resolve_addresses import resolve_addresses
from pipeline.run import Policy

DISTRICTS, MAHALLAS = 208, 45
STREETS = 24
HEAD = ("ba", "gu", "na", "do", "mi", "sha", "ta", "yu", "zi", "ho", "qo", "ra")
MIDDLE = ("rqi", "lshan", "vbaho", "stmu", "ngbu", "yxob", "llok", "xtiyo", "mza", "bdul")
TAIL = ("bod", "zor", "lik", "tepa", "soy", "mirzo", "qand", "ariq", "diyor", "iston")


def word(number: str) -> str:
    """SQL of a made-up name; different numbers below 1,200 give names letters apart."""
    parts = [
        f"({list(values)}[1 + ({number}) // {step} % {len(values)}])"
        for values, step in ((HEAD, 1), (MIDDLE, 12), (TAIL, 120))
    ]
    return " || ".join(parts)


def make_country(engine: duckdb.DuckDBPyConnection, dwellings: int, folder: str) -> None:
    """Write dwellings, coverage, precincts and empty registers as Parquet."""
    streets = DISTRICTS * MAHALLAS * STREETS
    houses = max(4, dwellings // streets)
    engine.execute(
        f"""
        CREATE TEMP TABLE house AS
        SELECT n AS dwelling_id, n // {houses} AS street_number,
            1 + n % {houses} AS house_number
        FROM range({streets * houses}) AS series(n)
        """
    )
    engine.execute(
        f"""
        COPY (
            SELECT dwelling_id, code[1:4] AS region_code, code AS district_code,
                {word("mahalla * 7 + district")} AS mahalla_key, NULL AS mahalla_kind,
                NULL AS massif_key, {word("street // 2 * 37 + mahalla * 5")} AS street_key,
                CASE WHEN street % 2 = 1 THEN '1' END AS lane,
                house_number::INTEGER AS house_number, house_number::VARCHAR AS house_key,
                NULL AS building_key, NULL AS flat_key,
                printf('%02d:%02d:%02d:01:01:%04d:%04d', 10 + district // 99,
                    district % 99, mahalla, street, house_number) AS cadastral_key,
                'm' AS mahalla, 's' AS street, 'h' AS house, NULL AS building,
                NULL AS flat, NULL AS unread, []::VARCHAR[] AS warnings,
                'HOUSE' AS object_kind, 'ACTIVE' AS status, NULL AS owner_pinfl,
                NULL AS floor_area_m2, NULL AS rooms, NULL::DOUBLE AS longitude,
                NULL::DOUBLE AS latitude
            FROM (
                SELECT *, street_number % {STREETS} AS street,
                    street_number // {STREETS} % {MAHALLAS} AS mahalla,
                    street_number // {STREETS * MAHALLAS} AS district,
                    printf('%d', 1700000 + street_number // {STREETS * MAHALLAS})
                        AS code
                FROM house
            )
        ) TO '{folder}/dwellings.parquet' (FORMAT parquet)
        """
    )


def make_addresses(engine: duckdb.DuckDBPyConnection, addresses: int, folder: str) -> None:
    """Write addresses of the dwellings, every so many with one thing wrong."""
    source = f"read_parquet('{folder}/dwellings.parquet')"
    count = engine.sql(f"SELECT count(*) FROM {source}").fetchall()[0][0]
    engine.execute(
        f"""
        COPY (
            SELECT n AS address_id, row.dwelling_id AS truth, region_code, district_code,
                CASE WHEN n % 20 = 7 THEN NULL ELSE mahalla_key END AS mahalla_key,
                mahalla_kind, massif_key,
                CASE WHEN n % 33 = 5 THEN street_key || 'h' ELSE street_key
                END AS street_key, lane, house_number,
                CASE WHEN n % 33 = 9 THEN house_key || 'A' ELSE house_key END AS house_key,
                building_key, flat_key,
                CASE WHEN n % 2 = 0 THEN cadastral_key END AS cadastral_key,
                mahalla, street, house, building, flat, unread, warnings
            FROM range({addresses}) AS series(n)
            JOIN {source} AS row ON row.dwelling_id = n * 7919 % {count}
        ) TO '{folder}/addresses.parquet' (FORMAT parquet)
        """
    )


def make_precincts(engine: duckdb.DuckDBPyConnection, folder: str) -> None:
    """Write coverage and precincts: every fifth mahalla is split, the others whole."""
    engine.execute(
        f"""
        COPY (
            SELECT row_number() OVER () AS rule_id, region_code,
                precinct_number::INTEGER AS precinct_number, district_code,
                'TEXT' AS source, mahalla_key, NULL AS mahalla_kind, NULL AS massif_key,
                street_key, NULL AS lane, NULL::INTEGER AS house_from,
                NULL::INTEGER AS house_to, parity, NULL AS cadastral_prefix,
                false AS is_exclusion, false AS is_remainder,
                false AS is_doubtful
            FROM (
                SELECT region_code, district_code, mahalla_key, street_key, parity,
                    mahalla_number * 2 + (street_key IS NOT NULL AND parity <> 'ODD')::INT
                        AS precinct_number
                FROM (
                    SELECT *, dense_rank() OVER (ORDER BY district_code, mahalla_key)
                        AS mahalla_number
                    FROM (
                        SELECT DISTINCT region_code, district_code, mahalla_key,
                            street_key, hash(street_key) % 4 AS turn
                        FROM read_parquet('{folder}/dwellings.parquet')
                    )
                ), (VALUES ('ALL'), ('ODD'), ('EVEN')) AS parities(parity)
                WHERE mahalla_number % 5 = 0
                  AND (turn = 0 AND parity <> 'ALL' OR turn = 1 AND parity = 'ALL')
                UNION ALL
                SELECT DISTINCT region_code, district_code, mahalla_key, NULL, 'ALL',
                    dense_rank() OVER (ORDER BY district_code, mahalla_key) * 2
                FROM read_parquet('{folder}/dwellings.parquet')
            )
        ) TO '{folder}/coverage.parquet' (FORMAT parquet)
        """
    )
    engine.execute(
        f"""
        COPY (
            SELECT DISTINCT region_code, precinct_number, district_code,
                'TERRITORIAL' AS kind
            FROM read_parquet('{folder}/coverage.parquet')
        ) TO '{folder}/precincts.parquet' (FORMAT parquet)
        """
    )


def make_persons(engine: duckdb.DuckDBPyConnection, folder: str) -> None:
    """Write persons, verdicts and registrations: every fifth row is a temporary one."""
    source = f"read_parquet('{folder}/addresses.parquet')"
    engine.execute(
        f"""
        COPY (
            SELECT address_id AS row_id, address_id, NULL::DATE AS registered_on,
                NULL::DATE AS registered_until
            FROM {source}
        ) TO '{folder}/records.parquet' (FORMAT parquet)
        """
    )
    engine.execute(
        f"""
        COPY (
            SELECT address_id AS person_id, address_id AS permanent_row_id,
                CASE WHEN address_id % 4 = 0 THEN address_id + 4 - address_id % 5
                END AS temporary_row_id
            FROM {source} WHERE address_id % 5 <> 4
        ) TO '{folder}/persons.parquet' (FORMAT parquet)
        """
    )
    engine.execute(
        f"""
        COPY (SELECT person_id, person_id % 5 <> 1 AS is_eligible
              FROM read_parquet('{folder}/persons.parquet'))
        TO '{folder}/eligibility.parquet' (FORMAT parquet)
        """
    )


def measure(label: str, work: Callable[[], object]) -> None:
    """Print how long a stage took and the most memory the process has had so far."""
    start, busy = time.monotonic(), time.process_time()
    work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{label:<20}{time.monotonic() - start:8.1f} s   "
        f"{time.process_time() - busy:8.1f} s of processors   peak {peak:8.0f} MiB",
        flush=True,
    )


def main() -> None:
    """Make the country and place it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--addresses", type=int, default=1_000_000)
    parser.add_argument("--dwellings", type=int, default=1_000_000)
    parser.add_argument("--memory", default="6GiB")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with duckdb.connect() as maker:
            make_country(maker, given.dwellings, folder)
            make_addresses(maker, given.addresses, folder)
            make_precincts(maker, folder)
            make_persons(maker, folder)
        run(connect(Path(folder) / "spill", given.memory, given.threads), folder)


def _nothing(engine: duckdb.DuckDBPyConnection) -> list[duckdb.DuckDBPyRelation]:
    """Roster links, rosters and decisions of a country that has none."""
    return [
        engine.sql(f"SELECT {columns} LIMIT 0")
        for columns in (
            "0::BIGINT AS row_id, 0::BIGINT AS person_id, '' AS outcome",
            "0::BIGINT AS row_id, '' AS region_code, 0 AS precinct_number, "
            "NULL::DATE AS valid_from, NULL::DATE AS valid_until",
            "0::BIGINT AS person_id, 0::BIGINT AS decision_row_id, '' AS kind, "
            "'' AS region_code, 0 AS precinct_number",
        )
    ]


def run(engine: duckdb.DuckDBPyConnection, folder: str) -> None:
    """Both stages over the tables of a folder, and what came of them."""
    read = {
        name: engine.read_parquet(f"{folder}/{name}.parquet")
        for name in (
            "addresses",
            "dwellings",
            "coverage",
            "precincts",
            "records",
            "persons",
            "eligibility",
        )
    }
    mahallas = engine.sql(
        """SELECT NULL::VARCHAR AS district_code, NULL::VARCHAR AS name,
        NULL::VARCHAR AS aliases LIMIT 0"""
    )
    renames = engine.sql(
        """SELECT NULL::VARCHAR AS district_code, NULL::VARCHAR AS street_key_old,
        NULL::VARCHAR AS street_key_new LIMIT 0"""
    )

    def resolve() -> None:
        links = resolve_addresses(
            engine, read["addresses"], read["dwellings"], mahallas, renames
        )
        links.write_parquet(f"{folder}/links.parquet")

    def locate() -> None:
        placed = locate_addresses(
            engine,
            engine.read_parquet(f"{folder}/links.parquet"),
            read["coverage"],
            read["precincts"],
            read["dwellings"],
            mahallas,
            renames,
        )
        placed.write_parquet(f"{folder}/placed.parquet")

    def assign() -> None:
        placements = assign_precincts(
            engine,
            read["persons"],
            read["eligibility"],
            read["records"],
            engine.read_parquet(f"{folder}/placed.parquet"),
            *_nothing(engine),
            read["precincts"],
            Policy(),
            datetime.date(2026, 12, 27),
        )
        placements.write_parquet(f"{folder}/placements.parquet")

    def floor() -> None:
        engine.sql(
            f"""
            SELECT address.address_id, dwelling.dwelling_id
            FROM '{folder}/addresses.parquet' AS address
            LEFT JOIN '{folder}/dwellings.parquet' AS dwelling
                USING (district_code, mahalla_key, street_key, house_key)
            """
        ).write_parquet(f"{folder}/floor.parquet")

    measure("floor: one join", floor)
    measure("resolve_addresses", resolve)
    measure("locate_addresses", locate)
    measure("assign_precincts", assign)
    links, placed = f"'{folder}/links.parquet'", f"'{folder}/placed.parquet'"
    print(engine.sql(f"SELECT reason, count(*) FROM {links} GROUP BY ALL ORDER BY ALL"))
    print(
        engine.sql(
            f"""SELECT unplaced_reason, placement, count(*) FROM {placed}
            GROUP BY ALL ORDER BY ALL"""
        )
    )
    print(
        engine.sql(
            f"""SELECT count(*) AS wrong_dwellings
            FROM {links} AS link JOIN '{folder}/addresses.parquet' AS given
                USING (address_id)
            WHERE link.dwelling_id <> given.truth"""
        )
    )


if __name__ == "__main__":
    main()
