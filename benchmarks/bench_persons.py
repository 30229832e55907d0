"""Time, memory and quality of person resolution beside Splink 5, by size of the register.

    python benchmarks/bench_persons.py [--sizes 1000000 5000000 36000000] [--runs 3]
        [--systems ours splink floor] [--folder FOLDER]

Sizes are persons; 3 % of them stand twice. The population is written once, in a process of
its own; every run is one too, with the same rows, threads and memory limit. Medians. All
true pairs count, found by a blocking rule or not. Prints Markdown for docs/benchmarks.md.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

HERE = Path(__file__).resolve().parent
HEADER = (
    "| rows | system | wall s | links after s | CPU s | peak MiB | precision | recall | F1 "
    "| pairs compared | per true pair | million pairs /s /core | pairs capped |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def population(folder: Path, persons: int) -> Path:
    """The folder of a population, written where it is absent."""
    target = folder / str(persons)
    if not (target / "truth.parquet").exists():
        in_process("population.py", "--persons", str(persons), "--output", str(target))
    return target


def step_parser(text: str | None, steps: Iterable[str]) -> argparse.ArgumentParser:
    """Arguments of a benchmark whose steps run in processes of their own."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--persons", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory-mib", type=int, default=4608)
    parser.add_argument("--folder", type=Path, default=Path("data/benchmarks/persons"))
    parser.add_argument("--step", choices=sorted(steps))
    return parser


def in_process(script: str, *arguments: str) -> str:
    """What a script of this folder prints, run in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(HERE / script), *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def figures_of(script: str, *arguments: str) -> dict[str, Any]:
    """The JSON that a script of this folder prints in its last line."""
    figures: dict[str, Any] = json.loads(in_process(script, *arguments).splitlines()[-1])
    return figures


def measure(
    system: str, target: Path, runs: int, memory_mib: int, threads: int
) -> dict[str, Any]:
    """Medians of the runs, and the quality of the last (all give the same links)."""
    found = []
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        links = Path(scratch) / "links.parquet"
        for _ in range(runs):
            found.append(
                figures_of(
                    "persons_run.py",
                    system,
                    str(target),
                    *("--links", str(links)),
                    *("--memory-mib", str(memory_mib), "--threads", str(threads)),
                )
            )
        quality = count_pairs(target / "truth.parquet", links)
    names = ("seconds", "cpu_seconds", "peak_mib")
    medians = {name: statistics.median(run[name] for run in found) for name in names}
    notes = found[-1]["notes"]
    if "links_after" in notes:
        notes["links_after"] = statistics.median(r["notes"]["links_after"] for r in found)
    return {**medians, **quality, "notes": notes}


def count_pairs(truth: Path, links: Path) -> dict[str, int]:
    """Rows, and pairs that are the same person in truth, in the links, and in both."""
    with duckdb.connect(config={"memory_limit": "6GiB", "threads": "2"}) as engine:
        engine.execute(
            f"CREATE TEMP TABLE row AS SELECT person, person_id "
            f"FROM '{truth}' JOIN '{links}' USING (row_id)"
        )

        def pairs(columns: str) -> int:
            return int(
                engine.execute(
                    f"SELECT coalesce(sum(n * (n - 1) // 2), 0) FROM "
                    f"(SELECT count(*) AS n FROM row GROUP BY {columns} HAVING n > 1)"
                ).fetchall()[0][0]
            )

        return {
            "rows": int(engine.execute("SELECT count(*) FROM row").fetchall()[0][0]),
            "true": pairs("person"),
            "said": pairs("person_id"),
            "right": pairs("person, person_id"),
        }


def line(system: str, figures: dict[str, Any], threads: int) -> str:
    """One line of the table."""
    precision = figures["right"] / max(figures["said"], 1)
    recall = figures["right"] / max(figures["true"], 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    notes = figures["notes"]
    pairs = notes.get("pairs_compared")
    cells = [
        f"{figures['rows']:,}",
        system,
        f"{figures['seconds']:.1f}",
        f"{notes.get('links_after', figures['seconds']):.1f}",
        f"{figures['cpu_seconds']:.1f}",
        f"{figures['peak_mib']:,}",
        f"{precision:.6f}",
        f"{recall:.4f}",
        f"{f1:.4f}",
        f"{pairs:,}" if pairs else "",
        f"{pairs / max(figures['true'], 1):.1f}" if pairs else "",
        f"{pairs / figures['seconds'] / threads / 1e6:.3f}" if pairs else "",
        f"{notes['pairs_capped']:,}" if pairs else "",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = [1_000_000, 5_000_000, 36_000_000]
    parser.add_argument("--sizes", type=int, nargs="+", default=sizes)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--systems", nargs="+", default=["ours", "splink", "floor"])
    parser.add_argument("--memory-mib", type=int, default=4608)
    parser.add_argument("--splink-memory-mib", type=int, default=18_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("data/benchmarks/persons"))
    chosen = parser.parse_args()
    print(HEADER, flush=True)
    for persons in chosen.sizes:
        target = population(chosen.folder, persons)
        for system in chosen.systems:
            limit = chosen.splink_memory_mib if system == "splink" else chosen.memory_mib
            figures = measure(system, target, chosen.runs, limit, chosen.threads)
            print(line(system, figures, chosen.threads), flush=True)


if __name__ == "__main__":
    main()
