"""What auditors, observers and commissions ask of a release: commands of `selv`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import ConfigurationError
from selv import show
from selv.exits import CHECK_FAILED, Release

audit_console = Console(highlight=False, markup=False, soft_wrap=True)
REGION_DIGITS = 4

PublicKey = Annotated[str | None, typer.Option(help="Ed25519 key, PEM.")]


def log(
    election: Annotated[str, typer.Argument(help="Folder of an election or a release.")],
    public_key: PublicKey = None,
) -> None:
    """Show and check the log of releases: who made what current, and that it is whole."""
    from pipeline.release_log import read_log
    from pipeline.verify import log_folder, verify_log

    report = verify_log(election, public_key)
    if report.checks[0].is_passed:
        table = Table("no.", "act", "release", "current", "by", "at", "reason")
        for entry in read_log(log_folder(election)):
            table.add_row(
                str(entry["sequence"]),
                entry["action"].lower(),
                entry["release_id"],
                "yes" if entry["is_current"] else "no",
                *(entry[name] or "" for name in ("by", "at", "reason")),
            )
        audit_console.print(table)
    if not show.print_verification(report):
        raise typer.Exit(CHECK_FAILED)


SIGNS = {
    "quarantined": "- ",
    "repeated": "- ",
    "under_age": "- ",
    "excluded": "- ",
    "unplaced": "- ",
    "elsewhere": "± ",
}
WORDS = {
    "rows": "rows of the register",
    "quarantined": "refused rows",
    "repeated": "further rows of the same persons",
    "under_age": "under age on election day",
    "excluded": "may not vote",
    "unplaced": "eligible without a precinct",
    "listed": "listed, where they are registered",
    "elsewhere": "come from elsewhere less gone elsewhere",
    "voters": "voters of the precincts here",
}


def reconcile(
    release: Release,
    district: Annotated[str | None, typer.Option(help="SOATO code, or `all`.")] = None,
    region: Annotated[str | None, typer.Option(help="SOATO code, or `all`.")] = None,
    output: Annotated[str | None, typer.Option(help="CSV file: every area.")] = None,
) -> None:
    """Print the chain from the register to the list, and tie it to what is published."""
    from pipeline import tables
    from pipeline.reconcile_release import chain_faults, reconcile_release
    from selv.tools import scratch_engine

    names = ("reconciliation", "unlisted", "voters", "precincts")
    with scratch_engine() as engine, show.working("counting"):
        reconciliation, unlisted, voters, precincts = (
            tables.read_release_table(engine, release, name) for name in names
        )
        chain = reconcile_release(reconciliation, unlisted, voters)
        summary = tables.read_json(str(Path(release) / "summary.json"))
        faults = chain_faults(chain, summary["areas"], precincts)
    if output is not None:
        write_csv(Path(output), chain.with_columns(pl.col("reason").replace("", None)))
    for area in _areas_asked(chain["area"].unique(maintain_order=True), region, district):
        _print_chain(area, chain.filter(pl.col("area") == area))
    for fault in faults:
        audit_console.print(f"DIFFERS {fault}")
    if faults:
        raise typer.Exit(CHECK_FAILED)
    audit_console.print("Every step equals summary.json and the precincts.")


def _areas_asked(areas: pl.Series, region: str | None, district: str | None) -> list[str]:
    if region is None and district is None:
        return ["UZ"]
    asked = []
    for area in areas.to_list():
        is_district = len(area) > REGION_DIGITS
        wanted = district if is_district else region
        if area != "UZ" and wanted in (area, "all"):
            asked.append(area)
    if not asked:
        raise ConfigurationError("reconcile: the release has no such region or district")
    return asked


def _print_chain(area: str, rows: pl.DataFrame) -> None:
    table = Table(title=f"Area {area}", title_justify="left", show_header=False, box=None)
    table.add_column()
    table.add_column(justify="right")
    for _, step, reason, count in rows.iter_rows():
        sign = SIGNS.get(step, "= " if step != "rows" else "  ")
        if reason:
            table.add_row(f"      {reason}", f"{count:,}", style="dim")
        else:
            table.add_row(f"{sign}{WORDS.get(step, step)}", f"{count:,}")
    audit_console.print(table)


def write_csv(path: Path, rows: pl.DataFrame) -> None:
    """A CSV file as a release's are written: for a double click, whole or not at all."""
    from pipeline.release_csv import append_rows, open_csv

    beside = path.with_name(f".{path.name}.part")
    with open_csv(beside, rows.columns) as file:
        append_rows(file, rows)
    beside.replace(path)


def add_commands(app: typer.Typer) -> None:
    """Register every command of this module."""
    app.command()(log)
    app.command()(reconcile)
