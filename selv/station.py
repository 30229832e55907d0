"""`selv find-station`: where somebody votes, from a table that holds nobody's data."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.errors import ConfigurationError
from selv.exits import NOT_FOUND, Release, exit_codes


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


def main() -> None:
    """`selv find-station` alone: the other commands' engines are not loaded."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command("find-station")(find_station)
    with exit_codes():
        app(args=sys.argv[2:], prog_name="selv find-station")
