"""`selv audit-sample`: samples for the field, and what they say when they come back."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.errors import ConfigurationError
from selv import show
from selv.audit import audit_console
from selv.exits import Release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.audit_results import Estimate
    from pipeline.audit_sample import Design


class Strata(StrEnum):
    """What the sample is divided by."""

    REGION = "region"
    DISTRICT = "district"
    NONE = "none"


def audit_sample(
    release: Release,
    seed: Annotated[str, typer.Option(help="Made in public after publication.")] = "",
    size: Annotated[int, typer.Option(min=2, help="Of a simple random sample.")] = 2401,
    strata: Annotated[Strata, typer.Option(help="Drawn within each.")] = Strata.REGION,
    per_precinct: Annotated[
        int, typer.Option(min=0, help="Draw precincts first, so many in each; 0: don't.")
    ] = 0,
    intraclass: Annotated[
        float, typer.Option(min=0, max=1, help="Likeness within a precinct.")
    ] = 0.02,
    output: Annotated[str | None, typer.Option(help="Folder for the forms.")] = None,
    results: Annotated[
        str | None, typer.Option(help="A filled form: say what it shows.")
    ] = None,
) -> None:
    """Draw list-to-people and people-to-list samples, or evaluate a filled form."""
    if results is not None:
        _print_results(results)
        return
    if not seed.strip() or output is None:
        raise ConfigurationError("audit-sample: give --seed and --output, or --results")
    from pipeline.audit_sample import Design

    design = Design(seed, size, str(strata), per_precinct, intraclass)
    with show.working("drawing"):
        statement = _draw(release, design, Path(output))
    for line in _lines(statement):
        audit_console.print(line)
    audit_console.print(f"Forms and draw.json are in {output}. They name voters.")


def _draw(release: str, design: Design, folder: Path) -> dict[str, Any]:
    from pipeline import audit_form, tables
    from pipeline.audit_sample import draw_dwellings, draw_voters
    from pipeline.manifest import MANIFEST, read_manifest, sha256_of
    from selv.tools import scratch_engine

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    manifest = read_manifest(release)
    title = f"{manifest['release_id']} {design.seed}"
    statement: dict[str, Any] = {
        "release_id": manifest["release_id"],
        "manifest_sha256": sha256_of(Path(release, MANIFEST)),
        "design": dataclasses.asdict(design),
        "samples": {},
    }
    with scratch_engine() as engine:
        voters = tables.read_release_table(engine, release, "voters")
        for kind, draw, form, answers in (
            ("list_to_people", draw_voters, audit_form.list_form, audit_form.LIST_ANSWERS),
            (
                "people_to_list",
                draw_dwellings,
                audit_form.address_form,
                audit_form.ADDRESS_ANSWERS,
            ),
        ):
            drawn = engine.table(draw(engine, voters, design)).pl()
            units = engine.sql(
                "SELECT count(*) FROM audit_address"
                if kind == "people_to_list"
                else "SELECT count(*) FROM voters"
            ).fetchall()[0][0]
            filled = form(drawn)
            (folder / f"{kind}.csv").write_bytes(audit_form.form_csv(filled))
            (folder / f"{kind}.xlsx").write_bytes(
                audit_form.form_xlsx(filled, title, answers)
            )
            statement["samples"][kind] = _statement(design, units, drawn.height) | {
                "drawn_from": FRAMES[kind],
                "by_stratum": dict(
                    drawn.group_by("stratum").len().sort("stratum").iter_rows()
                ),
            }
    tables.write_json(str(folder / "draw.json"), statement)
    return statement


FRAMES = {
    "list_to_people": "every entry of the list",
    "people_to_list": "every address at which somebody is listed: people who live where "
    "nobody is listed can't be drawn, so completeness is measured at listed addresses only",
}
"""What each sample is drawn from, and so what it can say: a release holds no dwellings
without voters."""


def _statement(design: Design, units: int, drawn: int) -> dict[str, Any]:
    from pipeline.audit_results import bound_if_all_are_good, expected_margin

    effect = design.design_effect
    return {
        "units": units,
        "drawn": drawn,
        "design_effect": round(effect, 3),
        "margin_at_one_half": round(expected_margin(drawn, units, effect), 4),
        "bad_share_excluded_if_none_is_found": round(
            bound_if_all_are_good(drawn, effect), 5
        ),
    }


def _lines(statement: dict[str, Any]) -> Iterator[str]:
    for kind, said in statement["samples"].items():
        yield (
            f"{kind.replace('_', '-')}: {said['drawn']:,} of {said['units']:,} drawn; at "
            f"95 % a share of one half is known within {said['margin_at_one_half']:.1%}, "
            f"and no error found would mean fewer than "
            f"{said['bad_share_excluded_if_none_is_found']:.2%}"
            + (
                f" (design effect {said['design_effect']})"
                if said["design_effect"] > 1
                else ""
            )
            + f". Drawn from {said['drawn_from']}."
        )


QUESTIONS = {
    "lives_here": "accuracy: voters of the list who live there and are alive",
    "data_right": "voters of the list whose name, birth date and address are right",
    "on_list": "completeness at listed addresses: people of age found there who are on a "
    "list",
}


def _print_results(file: str) -> None:
    from pipeline.audit_form import ANSWERS, read_form
    from pipeline.audit_results import estimate
    from pipeline.errors import SourceError

    path = Path(file)
    if not path.is_file():
        raise SourceError(f"no file {file}")
    rows = read_form(path.name, path.read_bytes())
    if "on_list" in rows[0]:
        rows = [row for row in rows if row.get("surname") or row["on_list"]]
    clustered = len({_precinct(row) for row in rows}) * 2 <= len(rows)
    for column, words in QUESTIONS.items():
        if not rows or column not in rows[0]:
            continue
        # People of one address are alike even where addresses were drawn one by one.
        by_address = column == "on_list" and not clustered
        cases = [
            (row["number"] if by_address else _precinct(row), ANSWERS[row[column]])
            for row in rows
        ]
        found = estimate(cases, clustered=clustered or by_address)
        audit_console.print(f"{words}: {_said(found)}")


def _said(found: Estimate) -> str:
    answered = f"{found.answered:,} of {found.drawn:,} answered"
    if found.answered == 0:
        return f"unknown, {answered}"
    effect = f", design effect {found.design_effect:.2f}" if found.design_effect > 1 else ""
    return (
        f"{found.share:.2%} (95 %: {found.low:.2%} to {found.high:.2%}), {answered}{effect}"
        f"; from {found.low_if_silent_are_bad:.2%} if everybody who did not answer were bad"
    )


def _precinct(row: dict[str, str]) -> str:
    return f"{row['region_code']}-{row['precinct_number']}"
