"""What each command calls: arguments of a terminal to arguments of the pipeline.

A command imports what it needs when it is called: `selv --help` answers at once, and a
fault in one room doesn't close the others.
"""

from __future__ import annotations

import contextlib
import datetime
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pipeline import tables
from pipeline.errors import CheckFailed, ConfigurationError
from pipeline.run import Run, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from pipeline.check_delivery import CheckReport
    from pipeline.evaluation import Evaluation
    from pipeline.explain import Explanation
    from pipeline.simulate import SimulationSummary
    from pipeline.verify import VerifyReport

NO_DAY = datetime.date(2000, 1, 1)


@contextlib.contextmanager
def scratch_engine(run: Run | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine for a command that builds nothing: bounded, its spill removed after."""
    with tempfile.TemporaryDirectory(prefix="selv-") as folder:
        scratch = run or Run(
            delivery="", output="", election_date=NO_DAY, as_of=NO_DAY, work=folder
        )
        with tables.open_engine(scratch) as engine:
            yield engine


def simulate(
    output: str,
    registrations: int,
    seed: int,
    regions: str,
    election_date: datetime.date,
    as_of: datetime.date,
    mahallas: str | None,
    stations: str | None,
) -> SimulationSummary:
    """Write a simulated delivery; `regions` is a list of codes or `all`.

    Raises:
        ConfigurationError: a region is unknown, or OUTPUT holds files already.
    """
    from pipeline.simulate import simulate as simulate_country

    areas = tables.reference_table("areas").filter(pl.col("level") == "REGION")
    known = sorted(areas["area_code"])
    chosen = tuple(known) if regions == "all" else tuple(sorted(regions.split(",")))
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        raise ConfigurationError(f"simulate: unknown regions {unknown}; known: {known}")
    if Path(output).exists() and any(Path(output).iterdir()):
        raise ConfigurationError(f"simulate: {output} is not empty")
    return simulate_country(
        output, registrations, seed, chosen, election_date, as_of, mahallas, stations
    )


def check(delivery: str, config: str | None) -> CheckReport:
    """What `selv check` shows."""
    from pipeline.check_delivery import check_delivery

    settings = {} if config is None else read_settings(tables.read_text(config), config)
    with tempfile.TemporaryDirectory(prefix="selv-") as folder, scratch_engine() as engine:
        return check_delivery(
            engine,
            delivery,
            settings.get("profiles"),
            tables.reference_table("areas"),
            folder,
        )


def evaluate(release: str, truth: str) -> Evaluation:
    """What `selv evaluate` shows."""
    from pipeline.evaluate import evaluate as evaluate_release

    with scratch_engine() as engine:
        return evaluate_release(engine, release, truth)


def explain(
    release: str, pinfl: str | None, voter_id: str | None, record_id: str | None
) -> list[Explanation]:
    """What `selv explain` shows: mostly one person, none or several are possible."""
    from pipeline.explain import ReleaseTables, explain_person, find_persons

    with scratch_engine() as engine:
        held = ReleaseTables(
            *(
                tables.read_release_table(engine, release, name)
                for name in (
                    "voters",
                    "unlisted",
                    "lineage",
                    "discrepancies",
                    "linkage_model",
                )
            )
        )
        found = find_persons(held, pinfl, voter_id, record_id)
        return [explain_person(held, person_id) for person_id in found]


def write_explanations(found: list[Explanation], release: str, path: str) -> None:
    """The page of `selv explain --html`: personal data, for whoever asked."""
    from pipeline.explain_page import render_explanations
    from pipeline.manifest import read_manifest

    manifest = read_manifest(release)
    linkage = manifest["parameters"]["linkage"]
    page = render_explanations(found, manifest["release_id"], linkage)
    tables.write_text(path, page)


def verify(release: str, public_key: str | None, is_part: bool) -> VerifyReport:
    """What `selv verify` shows, of a release or of what an office received of one."""
    from pipeline.verify import verify_release
    from pipeline.verify_part import verify_part

    return (verify_part if is_part else verify_release)(release, public_key)


def approve(release: str, by: str, reason: str, signing_key: str | None) -> None:
    """Make a published release the current one of its election, after verifying it.

    Raises:
        CheckFailed: the release doesn't verify, or another build is publishing.
        ConfigurationError: nobody approves, or for no reason.
        SourceError: it is no release.
    """
    from pipeline.publish import make_current
    from pipeline.verify import verify_release

    if not (by.strip() and reason.strip()):
        raise ConfigurationError("approve: who approves and why must be said")
    if not verify_release(release).is_valid:
        raise CheckFailed(f"approve: {Path(release).name} does not verify; see selv verify")
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    make_current(release, by, reason, at, signing_key)


def dedupe(file: str, profile: str, output: str) -> tuple[str, dict[str, int]]:
    """Match the rows of a table; writes OUTPUT/person_links.parquet.

    Returns:
        The file written, and the counts of dedupe_table.
    """
    from pipeline.dedupe import dedupe_table

    with scratch_engine() as engine:
        counts = dedupe_table(engine, file, profile, output)
    return str(Path(output) / "person_links.parquet"), counts
