"""Time and bytes of writing a country's lists in every format, beside a floor and peers.

    python benchmarks/bench_release.py --voters 20000000 --districts 208

A country of voters is made in the engine: 208 districts of different sizes, precincts of
about 1,800 voters, names and addresses of ordinary lengths in both scripts, a change and
a notice for 2 % and an open question for 5 % of them. `write_area_table` then writes it as
a release does: sorted, cut by district, as Parquet, CSV and XLSX with their hashes. Each
format is also timed alone, and as floor the bare copy of the sorted rows; XlsxWriter, and
xlsxturbo where it is installed, write a sample as peers. Prints Markdown.
"""

import argparse
import dataclasses
import datetime
import importlib.util
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import xlsxwriter

from pipeline.release_contents import AREA_TABLES
from pipeline.release_files import write_area_table
from pipeline.release_formats import EVERY_FORMAT
from pipeline.run import Resources, Run
from pipeline.tables import open_engine, table_path
from schemas.catalogue import TABLES

PEER_ROWS = 50_000
SURNAMES = "['Karimov','Rahmonova','Жўраев','Oʻktamov','Abdullayeva','Ábdiraxmanov','Tsoy']"
NAMES = "['Anvar','Dilfuza','Жамшид','Gulnora','Shahzod','Malika','Oʻgʻiloy','Bek']"
STREETS = "['Navoiy koʻchasi','Mustaqillik','Amir Temur shoh koʻchasi','Bogʻbon 4-tor']"
PLACES = "['Yangi hayot','Doʻstlik','Bahor','8-mart','Navbahor','Guliston','Oq oltin']"


def pick(values: str, salt: int) -> str:
    """SQL that takes one of the values by the voter's number."""
    return f"{values}[1 + (hash(n * 31 + {salt}) % len({values})::UBIGINT)::INTEGER]"


def make_country(run: Run, voters: int, districts: int) -> None:
    """Write voters, changes, discrepancies and precincts of the run."""
    Path(table_path(run, "voters")).parent.mkdir(parents=True)
    with open_engine(run) as engine:
        engine.execute(
            f"""
            CREATE TEMP VIEW person AS
            SELECT *, printf('%d', 1700000 + district) AS district_code,
                printf('%d', 1701 + district // 15) AS region_code,
                (1 + district * 400 + number // 1800)::INTEGER AS precinct_number,
                'V' || printf('%013d', n) AS voter_id
            FROM (
                SELECT n, (sqrt(n::DOUBLE / {voters}) * {districts})::INTEGER
                    % {districts} AS district, n // {districts} AS number
                FROM range({voters}) AS series(n)
            )
            """
        )
        copy = "COPY ({}) TO '{}' (FORMAT parquet, COMPRESSION zstd)"
        for name, sql in _tables().items():
            given = engine.sql(sql).columns
            absent = [c for c in TABLES[name].column_names() if c not in given]
            empty = "".join(f", NULL::VARCHAR AS {column}" for column in absent)
            whole = f"SELECT *{empty} FROM ({sql})"
            engine.execute(copy.format(whole, table_path(run, name)))


def _tables() -> dict[str, str]:
    place = "region_code, district_code, precinct_number"
    voters = f"""
        SELECT voter_id, (1 + number % 1800)::INTEGER AS list_number, {place},
            '58-Jozmon' AS constituency, 'TERRITORIAL' AS precinct_kind,
            printf('%014d', 30000000000000 + n * 7919) AS pinfl,
            {pick(SURNAMES, 1)} || (n % 97)::VARCHAR AS surname,
            {pick(NAMES, 2)} AS given_name,
            {pick(NAMES, 3)} || ' oʻgʻli' AS patronymic,
            CASE WHEN n % 2 = 0 THEN 'F' ELSE 'M' END AS sex,
            DATE '1935-01-01' + (hash(n) % 26000)::INTEGER AS birth_date,
            'AB' || printf('%07d', n % 9999999) AS document_number,
            {pick(PLACES, 4)} AS mahalla, {pick(STREETS, 5)} AS street,
            (1 + n // 4 % 150)::VARCHAR AS house,
            CASE WHEN n % 20 = 0 THEN (n % 9)::VARCHAR END AS building,
            CASE WHEN n % 3 = 0 THEN (1 + n % 60)::VARCHAR END AS flat,
            printf('10:01:%02d:02:03:%04d:0001:001', n % 99, n % 9999) AS cadastral_number,
            'PERMANENT' AS basis, n % 50 = 0 AS temporary_elsewhere, 'EXACT' AS placement,
            'HIGH' AS confidence,
            CASE WHEN n % 20 = 0 THEN ['PINFL_MISSING'] ELSE []::VARCHAR[] END AS flags
        FROM person"""
    changes = """
        SELECT voter_id, 'CORRECTED' AS change, 'SOURCE_CHANGED' AS reason,
            'surname' AS field, 'Karimov' AS before, 'Karimova' AS after,
            region_code AS region_code_before, district_code AS district_code_before,
            precinct_number AS precinct_number_before, region_code AS region_code_after,
            district_code AS district_code_after, precinct_number AS precinct_number_after
        FROM person WHERE n % 50 = 7"""
    question = f"""
        SELECT 'D' || n AS discrepancy_id, 'PINFL_MISSING' AS code, 'MEDIUM' AS severity,
            {place}, voter_id, ['R' || n] AS record_ids, 'pinfl' AS field,
            'Yangi hayot, Navoiy koʻchasi, 12' AS address,
            NULL::VARCHAR AS value_a, NULL::VARCHAR AS value_b, NULL::DOUBLE AS weight,
            'No PINFL; ask the migration service of the district.' AS message,
            DATE '2026-11-01' AS first_seen, 3 AS release_count"""
    discrepancies = f"""{question}, 'MIA' AS owner, NULL::VARCHAR AS cadastral_number,
            NULL::DOUBLE AS expected_chance_matches FROM person WHERE n % 20 = 0"""
    commission = f"{question} FROM person WHERE n % 60 = 0"
    resolved = f"""{question}, 'MIA' AS owner, DATE '2026-11-27' AS resolved_on,
            'CAUSE_GONE' AS resolution, NULL::VARCHAR AS decision_id
        FROM person WHERE n % 200 = 1"""
    told = ", ".join(
        f"repeat('Siz 12-sonli saylov uchastkasida ovoz berasiz. ', {length}) AS {column}"
        for column in TABLES["notices"].column_names()
        for part, length in (("salutation_", 1), ("what_", 3), ("why_", 3), ("action_", 5))
        if column.startswith(part)
    )
    notices = f"""
        SELECT voter_id, 'CORRECTED' AS change, {place}, 'Karimov' AS surname,
            'Yangi hayot, Navoiy koʻchasi, 12' AS address, {told}
        FROM person WHERE n % 50 = 7"""
    residents = f"""
        SELECT voter_id, {place}, 'Karimov' AS surname, DATE '1980-01-01' AS birth_date,
            region_code AS temporary_region_code,
            district_code AS temporary_district_code,
            precinct_number AS temporary_precinct_number
        FROM person WHERE n % 20 = 3"""
    precincts = f"SELECT {place} FROM person GROUP BY ALL"
    return {
        "voters": voters,
        "changes": changes,
        "notices": notices,
        "temporary_residents": residents,
        "discrepancies": discrepancies,
        "discrepancies_commission": commission,
        "resolved_discrepancies": resolved,
        "precincts": precincts,
    }


@dataclasses.dataclass(frozen=True)
class Took:
    """What a call took; the processor's seconds don't know who else was at work."""

    seconds: float
    processor_seconds: float


def timed(work: Callable[[], object]) -> Took:
    """Seconds on the clock and of the processor that a call takes."""
    start, used = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - start, time.process_time() - used)


def write_lists(run: Run, folder: str, formats: frozenset[str]) -> Took:
    """Seconds to write every district's files in these formats."""
    release, scratch = Path(folder, "release"), Path(folder, "scratch")
    release.mkdir()
    scratch.mkdir()

    def write() -> None:
        with open_engine(run) as engine:
            for table in AREA_TABLES:
                write_area_table(engine, run, table, release, scratch, formats)

    return timed(write)


def size_by_format(folder: str) -> dict[str, float]:
    """GiB by the ending of the files."""
    sizes: dict[str, float] = {}
    for path in Path(folder, "release").rglob("*.*"):
        if path.is_file():
            kind = path.suffix[1:]
            sizes[kind] = sizes.get(kind, 0.0) + path.stat().st_size / 2**30
    return sizes


def copy_floor(run: Run, folder: str) -> Took:
    """Seconds to write the tables sorted by district and do nothing else."""

    def write() -> None:
        with open_engine(run) as engine:
            for table in AREA_TABLES:
                source = engine.read_parquet(table_path(run, table.name))
                order = ", ".join(("area_region", "area_district", *table.order))
                source.query(
                    "source",
                    f"COPY (SELECT * FROM ({table.rows}) ORDER BY {order}) TO "
                    f"'{folder}/{table.name}.parquet' (FORMAT parquet, COMPRESSION zstd)",
                )

    return timed(write)


def peers(run: Run, folder: str) -> dict[str, float]:
    """Rows a processor second of other writers of XLSX on a sample of the voters."""
    batch = next(pq.ParquetFile(table_path(run, "voters")).iter_batches(PEER_ROWS))
    frame = pl.DataFrame(batch).with_columns(pl.col("flags").list.join(" "))

    def by_xlsxwriter() -> None:
        options = {"constant_memory": True, "strings_to_numbers": False}
        with xlsxwriter.Workbook(f"{folder}/peer.xlsx", options) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(frame.iter_rows()):
                sheet.write_row(number, 0, [v if v is not None else "" for v in row])

    found = {"XlsxWriter": frame.height / timed(by_xlsxwriter).processor_seconds}
    if importlib.util.find_spec("xlsxturbo") is not None:
        import xlsxturbo

        took = timed(
            lambda: xlsxturbo.df_to_xlsx(frame, f"{folder}/t.xlsx", constant_memory=True)
        )
        found["xlsxturbo"] = frame.height / took.processor_seconds
    return found


def main() -> None:
    """Make the country, write it in every format and in each alone, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voters", type=int, default=2_000_000)
    parser.add_argument("--districts", type=int, default=208)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory-mib", type=int, default=4096)
    parser.add_argument("--all-only", action="store_true", help="no format alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-release-") as folder:
        day = datetime.date(2026, 11, 27)
        run = Run("", folder, day, day, f"{folder}/work")
        run = dataclasses.replace(
            run, resources=Resources(options.memory_mib, options.threads)
        )
        make_country(run, options.voters, options.districts)
        print(f"{options.voters:,} voters, {options.districts} districts\n")
        print("| what | seconds | processor seconds | voters a second | GiB |")
        print("| --- | --- | --- | --- | --- |")
        rows = [("sorted copy alone (floor)", copy_floor(run, folder), 0.0)]
        kinds = [] if options.all_only else [[kind] for kind in sorted(EVERY_FORMAT)]
        for formats in [*kinds, sorted(EVERY_FORMAT)]:
            with tempfile.TemporaryDirectory(dir=folder) as part:
                took = write_lists(run, part, frozenset(formats))
                size = sum(size_by_format(part).values())
                rows.append((" + ".join(formats), took, size))
        for what, took, size in rows:
            print(
                f"| {what} | {took.seconds:.0f} | {took.processor_seconds:.0f} "
                f"| {options.voters / took.seconds:,.0f} | {size:.1f} |"
            )
        for name, speed in peers(run, folder).items():
            print(f"| XLSX by {name}, a second of one processor | | | {speed:,.0f} | |")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"\nPeak memory {peak:.1f} GiB.")


if __name__ == "__main__":
    main()
