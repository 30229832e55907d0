"""`selv decide`: one decision written down, with the checks of the file."""

from __future__ import annotations

import datetime
import sys
import tempfile
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipeline import tables
from pipeline.errors import ConfigurationError
from schemas.codes import DecisionKind
from selv.tools import scratch_engine

if TYPE_CHECKING:
    from pipeline.record_decision import Recorded


def decide(
    file: Annotated[str, typer.Argument(help="CSV file of decisions; made if absent.")],
    release: Annotated[str, typer.Option(help="Release that was decided on.")],
    kind: Annotated[DecisionKind, typer.Option(help="What was decided.")],
    by: Annotated[str, typer.Option(help="Who decided: the commission or the office.")],
    reason: Annotated[str, typer.Option(help="Why, with the number of the act.")],
    at: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="When; now, in UTC."),
    ] = None,
    voter_id: Annotated[str, typer.Option(help="Number of the voter.")] = "",
    pinfl: Annotated[str, typer.Option(help="PINFL; `-` asks for it.")] = "",
    record_id: Annotated[str, typer.Option(help="Row of the register to correct.")] = "",
    field: Annotated[str, typer.Option(help="Column to correct.")] = "",
    value: Annotated[str, typer.Option(help="Right value; none empties it.")] = "",
    record_id_a: Annotated[str, typer.Option(help="First row of a pair.")] = "",
    record_id_b: Annotated[str, typer.Option(help="Second row of a pair.")] = "",
    region_code: Annotated[str, typer.Option(help="Region of the precinct.")] = "",
    precinct_number: Annotated[str, typer.Option(help="Number of the precinct.")] = "",
    withdraws: Annotated[str, typer.Option(help="Decision that is withdrawn.")] = "",
    request_id: Annotated[str, typer.Option(help="Request that this answers.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, write nothing.")] = (
        False
    ),
) -> None:
    """Record one decision: checked as the file is, appended whole, never twice."""
    moment = at or datetime.datetime.now(datetime.UTC).replace(tzinfo=None, microsecond=0)
    said = {
        "kind": str(kind),
        "decided_by": by,
        "decided_at": moment.isoformat(sep=" "),
        "reason": reason,
        "record_id_a": record_id_a,
        "record_id_b": record_id_b,
        "record_id": record_id,
        "field": field,
        "value": value,
        "voter_id": voter_id,
        "pinfl": _asked("PINFL") if pinfl == "-" else pinfl,
        "region_code": region_code,
        "precinct_number": precinct_number,
        "withdraws": withdraws,
        "request_id": request_id,
    }
    _print(_record(file, release, said, is_trial=dry_run), file, is_trial=dry_run)


def _asked(name: str) -> str:
    """A value from the terminal or a pipe: it stays out of the shell's history."""
    if sys.stdin.isatty():
        return str(typer.prompt(name, hide_input=True)).strip()
    return sys.stdin.readline().strip()


def _record(file: str, release: str, said: dict[str, str], *, is_trial: bool) -> Recorded:

    from pipeline.decision_words import KnownTables
    from pipeline.record_decision import record_decision

    if not (said["decided_by"].strip() and said["reason"].strip()):
        raise ConfigurationError("decide: who decided and why must be said")
    with tempfile.TemporaryDirectory(prefix="selv-") as scratch, scratch_engine() as engine:
        known = KnownTables(
            *(
                tables.read_release_table(engine, release, name)
                for name in KnownTables.__dataclass_fields__
            )
        )
        areas = tables.reference_table("areas")
        return record_decision(engine, file, said, known, areas, scratch, is_trial=is_trial)


def _print(recorded: Recorded, file: str, *, is_trial: bool) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if not recorded.is_new:
        console.print(f"Decided already as {recorded.decision_id}; {file} is unchanged.")
        return
    state = "would be recorded" if is_trial else "is recorded"
    console.print(f"Decision {recorded.decision_id} {state}. The next build")
    for effect in recorded.effects:
        console.print(f"  - {effect}")
