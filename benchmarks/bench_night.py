"""Time, memory and disk of whole nights of a simulated country, stage by stage.

    python benchmarks/bench_night.py [--registrations 8000000] [--folder FOLDER]

The delivery is simulated once. The first night has no release before it; the later one
builds the same delivery against the first one's release, with all that this costs though
nothing changed. Each is a process of its own, whose most memory is told, by stage and in
all; its Prefect server is another. Prints Markdown for docs/benchmarks.md.
"""

import argparse
import datetime
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from bench_persons import figures_of
from persons_run import peak_mib

ELECTION_DATE = datetime.date(2026, 12, 27)
DISK_SECONDS = 2
"""How often the space is looked at that a run takes."""


def simulate_delivery(folder: Path, registrations: int) -> Path:
    """The folder of a delivery of all regions, written where it is absent."""
    target = folder / str(registrations)
    if not (target / "truth").exists():
        subprocess.run(
            [
                *(str(Path(sys.executable).with_name("selv")), "simulate"),
                *("--registrations", str(registrations), "--regions", "all"),
                *("--election-date", ELECTION_DATE.isoformat()),
                *("--seed", "21", "--output", str(target)),
            ],
            check=True,
        )
    return target


def build(delivery: Path, output: Path, previous: str | None) -> dict[str, Any]:
    """Build one release in this process: where it is, its stages' seconds, memory, disk."""
    from flows.build_voter_list import build_voter_list
    from flows.progress import listen

    seconds: dict[str, float] = {}
    memory: dict[str, int] = {}

    def note(stage: str, state: str, _: dict[str, int], took: float) -> None:
        if state == "finished":
            seconds[stage] = took
            memory[stage] = peak_mib()
            # The kernel counts the peak anew, so that the next stage's is its own.
            Path("/proc/self/clear_refs").write_text("5")

    listen(note)
    before = _mib(output)
    largest = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal largest
        while not done.wait(DISK_SECONDS):
            largest = max(largest, _mib(output))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        release = build_voter_list(str(delivery), ELECTION_DATE, str(output), previous)
    finally:
        done.set()
        watcher.join()
    return {
        "release": release,
        "seconds": seconds,
        "memory_mib": memory,
        "peak_mib": max(peak_mib(), *memory.values()),
        "disk_mib": largest - before,
    }


def _mib(folder: Path) -> int:
    """Size of what stands in a folder; files that vanish meanwhile don't count."""
    size = 0
    for path in folder.rglob("*"):
        try:
            size += 0 if path.is_symlink() else path.stat().st_size
        except FileNotFoundError:
            continue
    return size >> 20


def main() -> None:
    """Print the table, or build one night."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registrations", type=int, default=8_000_000)
    parser.add_argument("--folder", type=Path, default=Path("data/benchmarks/night"))
    parser.add_argument("--delivery", type=Path)
    parser.add_argument("--previous")
    chosen = parser.parse_args()
    output = chosen.folder / "published"
    if chosen.delivery:
        print(json.dumps(build(chosen.delivery, output, chosen.previous)))
        return
    delivery = simulate_delivery(chosen.folder, chosen.registrations)
    shutil.rmtree(output, ignore_errors=True)
    common = ("--folder", str(chosen.folder), "--delivery", str(delivery))
    first = figures_of("bench_night.py", *common)
    second = figures_of("bench_night.py", *common, "--previous", first["release"])
    nights = (first, second)
    print("| stage | first night, s | GiB | later night, s | GiB |")
    print("| --- | --- | --- | --- | --- |")
    for stage in first["seconds"]:
        told = (
            f"{night['seconds'][stage]:.0f} | {night['memory_mib'][stage] / 1024:.1f}"
            for night in nights
        )
        print(f"| {stage} | {' | '.join(told)} |")
    told = (
        f"{sum(night['seconds'].values()):.0f} | {night['peak_mib'] / 1024:.1f}"
        for night in nights
    )
    print(f"| all | {' | '.join(told)} |")
    disk = (f" | {night['disk_mib'] / 1024:.1f}" for night in nights)
    print(f"| disk, the release included |{' |'.join(disk)} |")


if __name__ == "__main__":
    main()
