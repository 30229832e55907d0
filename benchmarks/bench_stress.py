"""Registers that break a matcher, at full size: it ends, in bounded memory, and says so.

    python benchmarks/bench_stress.py [--rows 1000000] [--memory-mib 2048]

Each register has a million rows with one thing wrong: one full name on 50,000 of them, one
birth date on all, no given name at all, no PINFL at all. Each is matched in a process of
its own, beside the register as it was. Prints Markdown; persons should be as many as there,
or more, since nothing here is evidence that two people are one.
"""

import argparse
import tempfile
from pathlib import Path

import polars as pl
from bench_persons import figures_of
from population import write_population

NAMESAKES = 50_000
NAMES = ("surname", "given_name", "patronymic")
TEXT = pl.lit(None, pl.String)


def faults() -> dict[str, list[pl.Expr]]:
    """What each register has wrong, as columns."""
    is_namesake = pl.col("row_id") < NAMESAKES
    shared = {"surname": "karimov", "given_name": "alisher", "patronymic": "karim"}
    return {
        "as it was": [],
        f"one name on {NAMESAKES:,} rows": [
            pl.when(is_namesake)
            .then(pl.lit(shared[name]))
            .otherwise(pl.col(f"{name}_{kind}"))
            .alias(f"{name}_{kind}")
            for name in NAMES
            for kind in ("key", "loose")
        ],
        "one birth date on all rows": [pl.date(1980, 1, 1).alias("birth_date")],
        "no given name": [TEXT.alias("given_name_key"), TEXT.alias("given_name_loose")],
        "no PINFL": [TEXT.alias("pinfl"), TEXT.alias("pinfl_digits")],
    }


def main() -> None:
    """Write the registers one after the other, match each, print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--memory-mib", type=int, default=2048)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    print(
        "| register | rows | persons | wall s | CPU s | peak MiB | pairs compared "
        "| blocks capped | pairs capped |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch, "whole")
        write_population(whole, given.rows, 8, 0.03)
        records = pl.read_parquet(whole / "records.parquet")
        for name, columns in faults().items():
            folder = Path(scratch, "register")
            folder.mkdir(exist_ok=True)
            records.with_columns(columns).write_parquet(folder / "records.parquet")
            run = figures_of(
                "persons_run.py",
                "ours",
                str(folder),
                *("--links", str(Path(scratch, "links.parquet"))),
                *("--memory-mib", str(given.memory_mib), "--threads", str(given.threads)),
            )
            notes = run["notes"]
            print(
                f"| {name} | {notes['rows']:,} | {notes['persons']:,} "
                f"| {run['seconds']:.1f} | {run['cpu_seconds']:.1f} | {run['peak_mib']:,} "
                f"| {notes['pairs_compared']:,} | {notes['blocks_capped']:,} "
                f"| {notes['pairs_capped']:,} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
