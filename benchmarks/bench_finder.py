"""The station finder of a country: time to write its table, time and size of an answer.

Voters are invented: a PINFL and a document number each, 11,000 precincts. Beside the
writing stands its floor, the bare HMACs on one core; beside the answers a peer, a DuckDB
query for one key over a Parquet file of the same keys, sorted, with row-group statistics.

    python benchmarks/bench_finder.py --voters 20000000
"""

import argparse
import hmac
import json
import os
import random
import resource
import statistics
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.find_station import (
    FINDER,
    message,
    open_finder,
    read_header,
    release_key,
    section_offsets,
)
from pipeline.station_finder import write_finder

SECRET = bytes(range(32))
PRECINCTS = 11_000
HASHES = 1_000_000
ANSWERS = 2_000
COLD_ANSWERS = 100


def invent(engine: duckdb.DuckDBPyConnection, voters: int, folder: Path) -> None:
    """Voters and precincts as Parquet files, in the columns that a table is made from."""
    engine.execute(
        f"COPY (SELECT '1718' AS region_code, (hash(i) % {PRECINCTS} + 1)::INTEGER "
        "AS precinct_number, printf('3%02d%02d%02d%07d', i % 28 + 1, i // 28 % 12 + 1, "
        "i // 336 % 80 + 20, i % 10000000) AS pinfl, chr(65 + (i // 10000000 % 26)::INT) "
        "|| 'A' || printf('%07d', i % 10000000) AS document_number, "
        "make_date((1920 + i // 336 % 80)::INT, (i // 28 % 12 + 1)::INT, "
        f"(i % 28 + 1)::INT) AS birth_date FROM range({voters}) AS t(i)) "
        f"TO '{folder}/voters.parquet'"
    )
    engine.execute(
        f"COPY (SELECT '1718' AS region_code, (i + 1)::INTEGER AS precinct_number, "
        "'1718203' AS district_code, (i + 1) || '-maktab' AS name, "
        "'Gulyor koʻchasi ' || i AS address, '+998 66 000 00 00' AS phone "
        f"FROM range({PRECINCTS}) AS t(i)) TO '{folder}/precincts.parquet'"
    )


def identity(number: int) -> tuple[str, str]:
    """Document number and birth date of a voter, as `invent` gives them."""
    day, month, year = number % 28 + 1, number // 28 % 12 + 1, 1920 + number // 336 % 80
    letter = chr(65 + number // 10_000_000 % 26)
    return f"{letter}A{number % 10_000_000:07d}", f"{year}-{month:02d}-{day:02d}"


def cpu_seconds() -> float:
    """Processor time of this process and of those it has waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def floor_seconds() -> float:
    """Processor seconds for the bare HMACs of `HASHES` messages."""
    said = [message(*identity(number)).encode() for number in range(HASHES)]
    began = time.process_time()
    for text in said:
        hmac.digest(SECRET, text, "sha256")
    return time.process_time() - began


def answer_times(
    folder: Path, numbers: list[int], known: bool, cpu: bool = False
) -> list[float]:
    """Milliseconds of each answer from an open table, by the clock or of the processor."""
    times = []
    with open_finder(str(folder), SECRET) as finder:
        for number in numbers:
            document, born = identity(number)
            if not known:
                document = "ZZ" + document[2:]
            began = time.thread_time() if cpu else time.perf_counter()
            found = finder.find(document, born)
            ended = time.thread_time() if cpu else time.perf_counter()
            times.append((ended - began) * 1000)
            assert (found is not None) == known
    return times


def cold_times(folder: Path, numbers: list[int]) -> list[float]:
    """Milliseconds to open the table and answer, the file dropped from memory before."""
    times = []
    for number in numbers:
        with (folder / FINDER).open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        began = time.perf_counter()
        with open_finder(str(folder), SECRET) as finder:
            assert finder.find(*identity(number)) is not None
        times.append((time.perf_counter() - began) * 1000)
    return times


def peer_times(folder: Path, numbers: list[int]) -> list[float]:
    """Milliseconds of a query for one key over the same keys as sorted Parquet."""
    content = (folder / FINDER).read_bytes()
    header = read_header(content)
    _, _, keys, values = section_offsets(header, content)
    table = pa.table(
        {
            "key": np.frombuffer(content[keys:values], "<u8"),
            "precinct": np.frombuffer(content[values:], "<u2"),
        }
    )
    release = release_key(SECRET, header.salt)
    times = []
    with duckdb.connect() as engine:
        pq.write_table(table, folder / "peer.parquet", row_group_size=122_880)
        for number in numbers:
            began = time.perf_counter()
            said = message(*identity(number)).encode()
            wanted = int.from_bytes(hmac.digest(release, said, "sha256")[:8], "big")
            found = engine.execute(
                f"SELECT precinct FROM read_parquet('{folder}/peer.parquet') "
                "WHERE key = ?::UBIGINT",
                [wanted],
            ).fetchall()
            times.append((time.perf_counter() - began) * 1000)
            assert len(found) == 1
    return times


def shown(times: list[float]) -> dict[str, float]:
    """Median, 99th percentile and largest of some times."""
    ordered = sorted(times)
    return {
        "median_ms": round(statistics.median(ordered), 3),
        "p99_ms": round(ordered[int(len(ordered) * 0.99) - 1], 3),
        "max_ms": round(ordered[-1], 3),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--voters", type=int, default=20_000_000)
    parser.add_argument("--processes", type=int, default=2)
    voters = parser.parse_args().voters
    processes = parser.parse_args().processes
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as engine:
        folder = Path(name)
        engine.execute("SET memory_limit = '2GiB'")
        invent(engine, voters, folder)
        floor = floor_seconds()
        began, cpu_began = time.perf_counter(), cpu_seconds()
        counts = write_finder(
            engine,
            engine.read_parquet(f"{folder}/voters.parquet"),
            engine.read_parquet(f"{folder}/precincts.parquet"),
            SECRET,
            "benchmark",
            folder / FINDER,
            folder,
            processes,
        )
        seconds, cpu = time.perf_counter() - began, cpu_seconds() - cpu_began
        numbers = [chance.randrange(voters) for _ in range(ANSWERS)]
        figures = {
            "voters": voters,
            "keys": counts.keys,
            "file_mib": round((folder / FINDER).stat().st_size / 2**20),
            "write_seconds": round(seconds, 1),
            "write_cpu_seconds": round(cpu, 1),
            "floor_cpu_seconds": round(floor * counts.keys / HASHES, 1),
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "answer_known": shown(answer_times(folder, numbers, known=True)),
            "answer_unknown": shown(answer_times(folder, numbers, known=False)),
            "answer_known_cpu": shown(answer_times(folder, numbers, known=True, cpu=True)),
            "answer_cold_with_opening": shown(cold_times(folder, numbers[:COLD_ANSWERS])),
            "peer_duckdb_parquet": shown(peer_times(folder, numbers[:COLD_ANSWERS])),
        }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
