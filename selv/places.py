"""Commands about places: where an address lies, and what precincts cover."""

from __future__ import annotations

import contextlib
import datetime
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from pipeline import tables
from pipeline.errors import ConfigurationError, SourceError
from pipeline.run import read_settings
from selv import show
from selv.tools import scratch_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from pipeline.ask_neighbours import NeighbourAnswer
    from pipeline.ask_place import PlaceAnswer, RuleAnswer
    from pipeline.check_coverage import CoverageReport
    from pipeline.place_tables import PlaceTables

place_console = Console(highlight=False, markup=False, soft_wrap=True)
NOT_PLACED = 7
RULES_SHOWN = 12
PROBLEMS_SHOWN = 40
DETAIL_SHOWN = 60

Config = Annotated[str | None, typer.Option(help="TOML file of parameters.")]
AsOf = Annotated[
    datetime.datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Day whose street names count; today's else."),
]


def add_place_commands(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(place)
    app.command()(coverage)


def place(
    source: Annotated[
        str, typer.Argument(help="Folder of a delivery, or of a published release.")
    ],
    address: Annotated[str, typer.Option(help="One line, as a register has it.")],
    district: Annotated[str, typer.Option(help="SOATO code of the district.")],
    cadastral_number: Annotated[
        str | None, typer.Option(help="Where one is known.")
    ] = None,
    config: Config = None,
    as_of: AsOf = None,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """Say in which precinct an address lies, by which rule, and what else was near."""
    check_district(district)
    if (Path(source) / "manifest.json").is_file():
        _place_in_release(source, address, district, as_json=as_json)
        return
    from pipeline.ask_place import ask_place

    with (
        show.working("reading the places"),
        open_places(source, config, as_of, district) as (engine, places),
    ):
        answer = ask_place(engine, places, address, district, cadastral_number)
    if as_json:
        place_console.print(json.dumps(answer.to_dict(), ensure_ascii=False))
    else:
        print_answer(answer)
    if answer.precinct is None:
        raise typer.Exit(NOT_PLACED)


def _place_in_release(release: str, address: str, district: str, *, as_json: bool) -> None:
    from pipeline.ask_neighbours import ask_neighbours

    with scratch_engine() as engine:
        voters = tables.read_release_table(engine, release, "voters")
        answer = ask_neighbours(engine, voters, address, district)
    if as_json:
        place_console.print(json.dumps(answer.to_dict(), ensure_ascii=False))
    else:
        print_neighbours(answer)
    if len(answer.nearest()) != 1:
        raise typer.Exit(NOT_PLACED)


def print_neighbours(answer: NeighbourAnswer) -> None:
    """Where a release lists voters at this house, street and mahalla."""
    place_console.print(f"  {'read as':<14} {_parts(answer.read_as) or 'nothing'}")
    if answer.unread:
        place_console.print(f"  {'not read':<14} {answer.unread}")
    for level in answer.levels:
        where = ", ".join(f"{name} ({count:,})" for name, count in level.precincts)
        place_console.print(f"  {level.name:<14} {where or 'nobody is listed there'}")


def coverage(
    delivery: Annotated[str, typer.Argument(help="Folder of the delivery.")],
    html: Annotated[str | None, typer.Option(help="File for the page with a map.")] = None,
    output: Annotated[str | None, typer.Option(help="CSV file for what to mend.")] = None,
    district: Annotated[str | None, typer.Option(help="SOATO code: one district.")] = None,
    config: Config = None,
    as_of: AsOf = None,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
) -> None:
    """Show what precincts cover before a build: gaps, overlaps, words not understood."""
    from pipeline.check_coverage import check_coverage
    from pipeline.coverage_page import render_coverage

    if district is not None:
        check_district(district)
    with (
        show.working("reading the places"),
        open_places(delivery, config, as_of, district) as (engine, places),
    ):
        report = check_coverage(engine, places, district)
        polygons = places.polygons
    if output is not None:
        lists = report.problems.with_columns(
            pl.col("precincts").cast(pl.List(pl.String)).list.join(" ")
        )
        tables.write_text(output, "\ufeff" + lists.write_csv(line_terminator="\r\n"))
    if html is not None:
        areas = tables.reference_table("areas")
        names = dict(areas.select("area_code", "name_uz").iter_rows())
        title = Path(delivery).resolve().name
        tables.write_text(html, render_coverage(report, polygons, names, title))
    if as_json:
        place_console.print(json.dumps(report.figures()))
    else:
        print_coverage(report)


def print_coverage(report: CoverageReport) -> None:
    """Figures, then what to mend, the most dwellings first."""
    from pipeline.coverage_page import said

    for name, count in report.figures().items():
        place_console.print(f"  {said(name):<44} {count:>12,}")
    table = Table("problem", "precincts", "place", "dwellings", "detail")
    for row in report.problems.head(PROBLEMS_SHOWN).to_dicts():
        detail = row["detail"] or ""
        table.add_row(
            row["problem"],
            " ".join(str(number) for number in row["precincts"] or ()),
            row["place"] or "",
            f"{row['dwellings']:,}" if row["dwellings"] else "",
            detail if len(detail) <= DETAIL_SHOWN else detail[:DETAIL_SHOWN] + "…",
        )
    if report.problems.height:
        place_console.print(table)
    left = report.problems.height - PROBLEMS_SHOWN
    if left > 0:
        place_console.print(f"… and {left:,} more; --output writes all of them.")


def check_district(code: str) -> None:
    """Refuse a code that is no district.

    Raises:
        ConfigurationError: no such district.
    """
    areas = tables.reference_table("areas")
    known = set(areas.filter(areas["level"] == "DISTRICT")["area_code"])
    if code not in known:
        raise ConfigurationError(f"no district has the code {code[:12]}")


@contextlib.contextmanager
def open_places(
    delivery: str,
    config: str | None,
    as_of: datetime.datetime | None,
    district: str | None = None,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, PlaceTables]]:
    """An engine with the places of a delivery, gone when the block ends."""
    from pipeline.place_tables import read_places

    if not Path(delivery).is_dir():
        raise SourceError(f"{delivery}: no such folder")
    settings = {} if config is None else read_settings(tables.read_text(config), config)
    day = (as_of or datetime.datetime.now(datetime.UTC)).date()
    with tempfile.TemporaryDirectory(prefix="selv-") as folder, scratch_engine() as engine:
        yield (
            engine,
            read_places(
                engine,
                delivery,
                settings.get("profiles"),
                tables.reference_table("areas"),
                folder,
                day,
                district,
            ),
        )


def print_answer(answer: PlaceAnswer) -> None:
    """The answer for a clerk, one fact a line."""
    lines = [
        ("read as", _parts(answer.read_as) or "nothing"),
        ("not read", answer.unread),
        ("dwelling", f"{_parts(answer.dwelling) or 'none'}  [{answer.dwelling_reason}]"),
        ("precinct", _verdict(answer)),
    ]
    lines += [
        ("because" if rule.is_in_contention else "less", _rule_line(rule))
        for rule in answer.rules[:RULES_SHOWN]
        if rule.is_in_contention or rule.fit == "fits"
    ]
    if len(answer.rules) > RULES_SHOWN:
        lines.append(("", f"… and {len(answer.rules) - RULES_SHOWN} more rules"))
    lines += [
        ("on the map", answer.map_precinct),
        ("near mahallas", ", ".join(answer.near_mahallas)),
        ("near streets", ", ".join(answer.near_streets)),
        ("questions", ", ".join(answer.warnings)),
    ]
    for name, text in lines:
        if text:
            place_console.print(f"  {name:<14} {text}")


def _parts(parts: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in parts.items())


def _verdict(answer: PlaceAnswer) -> str:
    if answer.precinct is not None:
        sure = ", ".join([f"confidence {answer.confidence}", *answer.confirmed_by])
        return f"{answer.precinct}  [{answer.placement}; {sure}]"
    meanings = {
        row["code"]: row["meaning_en"]
        for row in tables.reference_table("reasons").iter_rows(named=True)
        if row["kind"] == "unplaced"
    }
    reason = answer.unplaced_reason or ""
    return f"none  [{reason}] {meanings.get(reason, '')}"


def _rule_line(rule: RuleAnswer) -> str:
    return f"{rule.precinct}  {rule.text}  [{rule.source}, {rule.fit}]"
