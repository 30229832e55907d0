"""What telling the matching's quality costs beside the matching itself.

    python benchmarks/bench_quality.py [--rows 1000000] [--decoys 10000]

Decoys and sentinels against the time of one resolution on the same rows, in one process.
Quote the ratio: seconds depend on the machine.
"""

import argparse
import datetime
import resource
import tempfile
import time

import duckdb
from persons_run import NO_DECISIONS
from population import make_population

from pipeline import tables
from pipeline.engine import connect
from pipeline.quality.decoys import count_decoys
from pipeline.quality.sentinels import check_sentinels
from pipeline.resolve_persons import resolve_persons
from pipeline.resolve_persons.train import collect_parameters
from pipeline.run import Linkage


def main() -> None:
    """Print seconds of each part, their ratio to the resolution, and what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--decoys", type=int, default=10_000)
    parser.add_argument("--memory-mib", type=int, default=6144)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as spill:
        engine = connect(spill, f"{chosen.memory_mib}MiB", chosen.threads)
        population = make_population(chosen.rows, seed=1)
        engine.register("population", population.records)
        engine.execute("CREATE TEMP TABLE record AS SELECT * FROM population")
        measure(engine, chosen.rows, chosen.decoys)


def measure(engine: duckdb.DuckDBPyConnection, rows: int, decoys: int) -> None:
    """Match the records, freeze the parameters, count decoys, ask the sentinels."""
    decisions = engine.sql(NO_DECISIONS)
    records = engine.table("record")
    began = time.perf_counter()
    found = resolve_persons(engine, records, decisions, Linkage())
    found.person_links.count("*").fetchall()
    matching = time.perf_counter() - began
    print(f"rows {rows:,}  matching {matching:.1f} s")

    began = time.perf_counter()
    parameters = collect_parameters(engine, found.trained, "2026-11-01")
    frozen = time.perf_counter() - began
    print(f"parameters {frozen:.1f} s, ratio {frozen / matching:.3f}")

    began = time.perf_counter()
    for row in count_decoys(engine, records, parameters, Linkage(), decoys):
        print(
            f"decoys {row.kind:9} {row.decoys:>6,}  linked {row.linked}  "
            f"flagged {row.flagged}  95 % below {row.rate_high:.2e}"
        )
    counted = time.perf_counter() - began
    print(f"decoys {counted:.1f} s, ratio {counted / matching:.3f}")

    began = time.perf_counter()
    cases = tables.reference_table("sentinels")
    day = datetime.date(2026, 11, 1)
    results = check_sentinels(engine, cases, parameters, Linkage(), day)
    sentinels = time.perf_counter() - began
    print(
        f"sentinels {sentinels:.1f} s, ratio {sentinels / matching:.3f}, "
        f"right {sum(row.is_right for row in results)} of {len(results)}"
    )
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
