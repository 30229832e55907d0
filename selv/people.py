"""Lists of people held against a release: `selv supplementary`, `selv verify-people`."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import sys
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import ConfigurationError
from selv import show
from selv.audit import audit_console, write_csv
from selv.exits import CHECK_FAILED, NOT_FOUND, Release

if TYPE_CHECKING:
    import duckdb

    from pipeline.match_people import ListTables
    from pipeline.people_file import People
    from pipeline.run import Linkage

REFUSED_SHOWN = 20


def supplementary(
    release: Release,
    file: Annotated[str, typer.Argument(help="Names added by hand: CSV, XLSX, Parquet.")],
    output: Annotated[str, typer.Option(help="Folder for the two CSV files.")],
) -> None:
    """Find who of those added by hand on election day stood on a list already."""
    from pipeline.supplementary import check_supplementary

    with _people(release, file, is_placed=True) as asked:
        report = check_supplementary(
            asked.engine, asked.people.rows, asked.tables, asked.settings, asked.as_of
        )
        refused = asked.people.refused
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "supplementary_rows.csv", report.rows)
    write_csv(folder / "supplementary_precincts.csv", report.precincts)
    table = Table("status", "rows", title="Added by hand", title_justify="left")
    sums = report.precincts.select(pl.exclude("region_code", "precinct_number").sum())
    for name, count in (sums.to_dicts() or [{}])[0].items():
        table.add_row(name.replace("_", " "), f"{count:,}")
    audit_console.print(table)
    audit_console.print(f"{report.precincts.height:,} precincts; details in {folder}")
    if _print_refused(refused):
        raise typer.Exit(CHECK_FAILED)


class Purpose(StrEnum):
    """What a list of people is for."""

    CANDIDATE = "candidate"
    SIGNATURE = "signature"
    OBSERVER = "observer"


def verify_people(
    release: Release,
    file: Annotated[str, typer.Argument(help="People: CSV, XLSX, Parquet, JSON Lines.")],
    purpose: Annotated[Purpose, typer.Option(help="What the list is for.")],
    age_min: Annotated[
        int | None, typer.Option(min=1, help="Age that must be reached; candidates: give.")
    ] = None,
    as_of: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of the age; else election day."),
    ] = None,
    area: Annotated[
        str | None, typer.Option(help="Region or district where they must vote.")
    ] = None,
    output: Annotated[str | None, typer.Option(help="CSV file; else printed.")] = None,
) -> None:
    """Check people against a release: found, not found, ambiguous, with reasons.

    Nothing else of anybody is given out: row numbers and codes only.
    """
    from pipeline import verify_people as verifying

    if purpose is Purpose.CANDIDATE and age_min is None:
        raise ConfigurationError("verify-people: for candidates give --age-min")
    with _people(release, file, is_placed=False) as asked:
        question = verifying.Question(
            day=as_of.date() if as_of else asked.election_date,
            age_min=age_min,
            area=area,
            is_repetition_wrong=True,
        )
        rows = verifying.verify_people(
            asked.engine,
            asked.people.rows,
            asked.tables,
            asked.settings,
            asked.as_of,
            question,
        )
        refused = asked.people.refused
    flat = rows.with_columns(pl.col("reasons").list.join(" ").replace("", None))
    if output is not None:
        write_csv(Path(output), flat)
    else:
        sys.stdout.write(flat.write_csv())
    good = rows.filter(
        (pl.col("result") == "FOUND") & (pl.col("reasons").list.len() == 0)
    ).height
    counts = dict(rows.group_by("result").len().sort("result").iter_rows())
    said = ", ".join(f"{name.lower()} {count:,}" for name, count in counts.items())
    errors = Console(stderr=True, highlight=False, markup=False)
    errors.print(f"{rows.height:,} people: {said or 'none'}; without objection {good:,}")
    if _print_refused(refused) or good < rows.height:
        raise typer.Exit(NOT_FOUND)


@dataclasses.dataclass(frozen=True)
class _Asked:
    """A list of people, and the release that it is held against."""

    engine: duckdb.DuckDBPyConnection
    people: People
    tables: ListTables
    settings: Linkage
    as_of: datetime.date
    election_date: datetime.date


@contextlib.contextmanager
def _people(release: str, file: str, *, is_placed: bool) -> Iterator[_Asked]:
    from pipeline import tables
    from pipeline.manifest import read_manifest
    from pipeline.match_people import ListTables
    from pipeline.people_file import read_people
    from pipeline.run import Linkage
    from selv.tools import scratch_engine

    said = read_manifest(release)["parameters"]
    known = {field.name for field in dataclasses.fields(Linkage)}
    linkage = {name: value for name, value in said["linkage"].items() if name in known}
    with (
        tempfile.TemporaryDirectory(prefix="selv-") as scratch,
        scratch_engine() as engine,
        show.working("comparing"),
    ):
        areas = tables.reference_table("areas")
        yield _Asked(
            engine,
            read_people(engine, file, areas, scratch, is_placed=is_placed),
            ListTables(
                *(
                    tables.read_release_table(engine, release, name)
                    for name in ("voters", "unlisted", "linkage_model")
                )
            ),
            Linkage(**linkage),
            datetime.date.fromisoformat(said["as_of"]),
            datetime.date.fromisoformat(said["election_date"]),
        )


def _print_refused(refused: tuple[tuple[int, str | None, str], ...]) -> bool:
    """Bad rows by number, column and rule; true if there are any."""
    errors = Console(stderr=True, highlight=False, markup=False)
    for row, column, rule in refused[:REFUSED_SHOWN]:
        errors.print(f"row {row}: {column or 'the row'} breaks {rule}")
    if len(refused) > REFUSED_SHOWN:
        errors.print(f"… and {len(refused) - REFUSED_SHOWN:,} more rows refused")
    return bool(refused)


def add_commands(app: typer.Typer) -> None:
    """Register every command of this module."""
    app.command()(supplementary)
    app.command("verify-people")(verify_people)
