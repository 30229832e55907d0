"""Steps of a benchmark, each in a process of its own, so that peak memory is its own.

On a machine that others use too, look at ratios by processor seconds: they are of
measurements taken one after the other.
"""

import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import duckdb

from pipeline.engine import connect

Settings = dict[str, object]
Step = Callable[[str, int, Settings], dict[str, object]]


def apart(step: Step, folder: str, rows: int, settings: Settings) -> dict[str, object]:
    """What a step measured in a fresh process, printed as a line of JSON too."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        measured = pool.submit(_measured, step, folder, rows, settings).result()
    print(json.dumps(measured), flush=True)
    return measured


def ratio(stage: dict[str, object], floor: dict[str, object]) -> dict[str, object]:
    """How many times the floor a stage takes, by the clock and by the processor."""
    found: dict[str, object] = {"step": f"{stage['step']} to {floor['step']}"}
    for name in ("seconds", "cpu_seconds"):
        times = float(str(stage[name])) / float(str(floor[name]))
        found[f"times_by_{name}"] = round(times, 2)
    print(json.dumps(found), flush=True)
    return found


def engine_at(folder: str, settings: Settings) -> duckdb.DuckDBPyConnection:
    """An engine as a night's stages have it: bounded, spilling into the folder."""
    memory, threads = str(settings["memory_limit"]), int(str(settings["threads"]))
    return connect(f"{folder}/spill", memory, threads)


WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
"""The step's process and those that it started and waited for."""


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in WHOSE]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _measured(step: Step, folder: str, rows: int, settings: Settings) -> dict[str, object]:
    began, worked = time.perf_counter(), _processor_seconds()
    found = step(folder, rows, settings)
    seconds, work = time.perf_counter() - began, _processor_seconds() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "step": step.__name__,
        "rows": rows,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(work, 1),
        "rows_per_second": round(rows / seconds),
        "peak_rss_mib": peak // 1024,
        **found,
    }
