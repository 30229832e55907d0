"""Time and memory of person resolution on a seeded population.

    python benchmarks/bench_persons.py [--rows 1000000] [--memory-mib 6144] [--threads 2]

One run per process: peak memory is the process's own. Quote medians of three, alone on
the machine.
"""

import argparse
import resource
import time

import duckdb
import polars as pl
from population import make_population

from pipeline.resolve_persons import resolve_persons
from pipeline.run import Linkage


def main() -> None:
    """Print counts, seconds, pairs a second and a core, peak memory, right and wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--memory-mib", type=int, default=6144)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pinfl-missing", type=float, default=0.05)
    chosen = parser.parse_args()
    population = make_population(
        chosen.rows, seed=1, pinfl_missing_share=chosen.pinfl_missing
    )
    engine = duckdb.connect(
        config={
            "threads": str(chosen.threads),
            "memory_limit": f"{chosen.memory_mib}MiB",
            "preserve_insertion_order": "false",
        }
    )
    engine.execute("SET enable_progress_bar = false")
    engine.register("population", population.records)
    engine.execute("CREATE TEMP TABLE record AS SELECT * FROM population")
    decisions = engine.sql(
        "SELECT NULL::VARCHAR AS decision_id, NULL::VARCHAR AS kind, "
        "NULL::TIMESTAMP AS decided_at, NULL::VARCHAR AS record_id_a, "
        "NULL::VARCHAR AS record_id_b WHERE false"
    )
    began, spent = time.perf_counter(), time.process_time()
    found = resolve_persons(engine, engine.table("record"), decisions, Linkage())
    seconds, cpu = time.perf_counter() - began, time.process_time() - spent
    links = found.person_links.order("row_id").pl()
    both = pl.DataFrame({"said": links["person_id"], "true": population.person})

    def pairs(*columns: str) -> int:
        sizes = both.group_by(columns).len()["len"].cast(pl.Int64)
        return int((sizes * (sizes - 1) // 2).sum())

    right, said, true = pairs("said", "true"), pairs("said"), pairs("true")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"rows {links.height:,}  wall {seconds:.1f} s  cpu {cpu:.1f} s  peak {peak} MiB")
    print(f"true pairs {true:,}  merged right {right:,}  merged wrong {said - right:,}")
    for name, value in found.notes.items():
        print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
