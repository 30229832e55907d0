"""A night after another, 0.3 % of rows changed, beside the same night in full.

    python benchmarks/bench_next_night.py [--persons 5000000] [--runs 3] [--folder FOLDER]

Parameters are fitted on the first night, which keeps what the next one needs. Then that is
matched both ways, every run in a process of its own. Medians by part, and whether both ways
gave the same rows. Prints Markdown for docs/benchmarks.md.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import duckdb
from bench_persons import figures_of, population, step_parser
from persons_run import NO_DECISIONS, peak_mib, store

from pipeline.engine import connect
from pipeline.tables import STORED

PARTS = {
    "encode_records": "coding",
    "count_values": "frequencies",
    "link_by_rules": "exact keys",
    "weigh_pairs": "meeting and weighing",
}
REST = "clusters, persons, writing"
ALL = "all"
P = ParamSpec("P")
R = TypeVar("R")
RECORDS, TONIGHT, NIGHT = "records.parquet", "tonight.parquet", "night_{}.parquet"
PARAMETERS = "parameters.json"


def change_rows(folder: Path) -> None:
    """Tonight: one row in a thousand gone, one corrected, one new without its PINFL."""
    if (folder / TONIGHT).exists():
        return
    limits = {"memory_limit": "4GiB", "temp_directory": str(folder / "spill")}
    with duckdb.connect(config=limits) as engine:
        engine.execute("SET enable_progress_bar = false")
        engine.execute(
            f"""
            COPY (
                WITH before AS (
                    SELECT *, hash(record_id) % 1000 AS lot FROM '{folder}/{RECORDS}'
                ), tonight AS (
                    SELECT * EXCLUDE lot REPLACE (
                        if(lot = 1, surname_key[2:], surname_key) AS surname_key,
                        if(lot = 1, surname_loose[2:], surname_loose) AS surname_loose)
                    FROM before WHERE lot <> 0
                    UNION ALL
                    SELECT * EXCLUDE lot REPLACE (
                        NULL AS pinfl, record_id || 'N' AS record_id)
                    FROM before WHERE lot = 2
                )
                SELECT * REPLACE (
                    row_number() OVER (ORDER BY row_id, record_id) - 1 AS row_id)
                FROM tonight ORDER BY row_id
            ) TO '{folder}/{TONIGHT}' ({STORED})
            """
        )


def run_step(step: str, folder: Path, memory_mib: int) -> dict[str, Any]:
    """One run: `fit` parameters, the `first` night, the `next`, or the same in `full`."""
    from pipeline import resolve_persons as stage
    from pipeline.linkage.parameters import read_parameters, write_parameters
    from pipeline.resolve_persons.model import COMPARISONS
    from pipeline.resolve_persons.train import fit_parameters
    from pipeline.run import Linkage

    engine = connect(folder / "spill", f"{memory_mib}MiB", 2)
    name = RECORDS if step in ("fit", "first") else TONIGHT
    records = engine.read_parquet(str(folder / name))
    if step == "fit":
        fitted = fit_parameters(engine, records, "2026-11-01")
        (folder / PARAMETERS).write_text(write_parameters(fitted), encoding="utf-8")
        return {}
    parameters = read_parameters(
        (folder / PARAMETERS).read_text(encoding="utf-8"), PARAMETERS, COMPARISONS
    )
    last_night = None
    if step == "next":
        kept = [
            engine.read_parquet(str(folder / NIGHT.format(k))) for k in ("rows", "pairs")
        ]
        last_night = stage.Night(*kept)
    parts: dict[str, float] = {}
    for function, part in PARTS.items():
        setattr(stage, function, _timed(getattr(stage, function), parts, part))
    began = time.perf_counter()
    found = stage.resolve_persons(
        engine, records, engine.sql(NO_DECISIONS), Linkage(), parameters, last_night
    )
    for relation, file in ((found.person_links, "links"), (found.persons, "persons")):
        store(relation, folder / f"{step}_{file}.parquet")
    total = time.perf_counter() - began
    parts |= {REST: total - sum(parts.values()), ALL: total}
    if step == "first" and found.night:
        found.night.rows.write_parquet(str(folder / NIGHT.format("rows")))
        found.night.pairs.write_parquet(str(folder / NIGHT.format("pairs")))
    return {"parts": parts, "peak_mib": peak_mib(), "notes": found.notes}


def _timed(function: Callable[P, R], parts: dict[str, float], part: str) -> Callable[P, R]:
    def run(*given: P.args, **named: P.kwargs) -> R:
        began = time.perf_counter()
        result = function(*given, **named)
        parts[part] = time.perf_counter() - began
        return result

    return run


def is_same(folder: Path) -> bool:
    """Whether both ways gave the same links and persons."""
    with duckdb.connect(config={"memory_limit": "4GiB", "threads": "2"}) as engine:
        sums = [
            engine.execute(
                f"SELECT count(*), sum(hash(r)) FROM '{folder}/{step}_{file}.parquet' AS r"
            ).fetchall()
            for file in ("links", "persons")
            for step in ("full", "next")
        ]
    return sums[0] == sums[1] and sums[2] == sums[3]


def main() -> None:
    """Print the table, or run one step."""
    chosen = step_parser(__doc__, ("fit", "first", "next", "full")).parse_args()
    if chosen.step:
        print(json.dumps(run_step(chosen.step, chosen.folder, chosen.memory_mib)))
        return
    target = population(chosen.folder, chosen.persons)
    change_rows(target)

    def run(step: str) -> dict[str, Any]:
        return figures_of(
            "bench_next_night.py",
            *("--step", step, "--folder", str(target)),
            *("--memory-mib", str(chosen.memory_mib)),
        )

    for step in ("fit", "first"):
        run(step)
    found = {step: [run(step) for _ in range(chosen.runs)] for step in ("full", "next")}
    if not is_same(target):
        sys.exit("the two ways gave different rows")
    print("| part | full, s | next night, s | share |\n| --- | --- | --- | --- |")
    for part in (*PARTS.values(), REST, ALL):
        full, following = (
            statistics.median([run["parts"][part] for run in runs])
            for runs in found.values()
        )
        print(f"| {part} | {full:.1f} | {following:.1f} | {following / full:.0%} |")
    for step, runs in found.items():
        notes, peak = runs[-1]["notes"], runs[-1]["peak_mib"]
        compared, kept = notes["pairs_compared"], notes["pairs_kept"]
        print(
            f"\n{step}: {notes['rows']:,} rows, {compared:,} pairs compared, "
            f"{kept:,} kept, peak {peak:,} MiB"
        )


if __name__ == "__main__":
    main()
