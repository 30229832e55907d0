"""What auditors, observers and commissions ask of a release: commands of `selv`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from selv import show

audit_console = Console(highlight=False, markup=False, soft_wrap=True)
CHECK_FAILED = 5

Release = Annotated[str, typer.Argument(help="Folder of a published release.")]
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


def add_commands(app: typer.Typer) -> None:
    """Register every command of this module."""
    app.command()(log)
