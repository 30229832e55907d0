"""What auditors, observers and commissions ask of a release: commands of `selv`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import ConfigurationError
from selv import show

audit_console = Console(highlight=False, markup=False, soft_wrap=True)
CHECK_FAILED = 5
NOT_FOUND = 7

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


def find_station(
    release: Release,
    key: Annotated[
        str | None, typer.Option(help="File of the secret; else that of --config.")
    ] = None,
    config: Annotated[str | None, typer.Option(help="TOML file of parameters.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line each.")] = False,
) -> None:
    """Say where somebody votes; number and birth date are asked for, or read a line each.

    A line holds a document number or PINFL and the birth date. They are never arguments:
    those stay in the shell's history and in the list of processes.
    """
    from pipeline.find_station import open_finder, read_secret

    lost = 0
    with open_finder(release, read_secret(_secret_file(key, config))) as finder:
        for identifier, birth_date in _asked():
            station = finder.find(identifier, birth_date)
            lost += station is None
            sys.stdout.write(_station_line(station, as_json=as_json) + "\n")
            sys.stdout.flush()
    if lost:
        raise typer.Exit(NOT_FOUND)


def _secret_file(key: str | None, config: str | None) -> str:
    if key is not None:
        return key
    settings = {}
    if config is not None:
        from pipeline.run import read_settings

        settings = read_settings(Path(config).read_text(encoding="utf-8"), config)
    if "finder_key" not in settings:
        raise ConfigurationError("find-station: give --key, or finder_key in --config")
    return str(settings["finder_key"])


def _asked() -> Iterator[tuple[str, str]]:
    """Number and birth date: asked for on a terminal, else one pair a line."""
    if sys.stdin.isatty():
        number = typer.prompt("Document number or PINFL", hide_input=True)
        yield str(number), str(typer.prompt("Birth date (YYYY-MM-DD)", hide_input=True))
        return
    for line in sys.stdin:
        number, _, birth_date = line.strip().rpartition(" ")
        yield number, birth_date


def _station_line(station: dict[str, Any] | None, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(station, ensure_ascii=False)
    if station is None:
        return "No station is known for this number and birth date. Ask the commission."
    place = f"{station['region_code']}-{station['precinct_number']}"
    shown = [place, station["name"], station["address"], station["phone"]]
    return "; ".join(str(part) for part in shown if part)


def add_commands(app: typer.Typer) -> None:
    """Register every command of this module."""
    app.command()(log)
    app.command("find-station")(find_station)
