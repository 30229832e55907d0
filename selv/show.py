"""What the commands print: progress, tables, a summary. Words for people, no logic.

`explain` prints a person's data: it is asked for by name and writes to the terminal of
whoever may read the release. Everything else prints counts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.progress import listen
from pipeline.tables import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.check_delivery import CheckReport
    from pipeline.evaluation import Evaluation
    from pipeline.explain import Explanation
    from pipeline.simulate import SimulationSummary
    from pipeline.verify import VerifyReport

console = Console(highlight=False)
STAGES = {
    "ingest_delivery": "reading the delivery",
    "correct_records": "applying corrections",
    "normalise_records": "normalising names and addresses",
    "resolve_records": "resolving persons",
    "resolve_places": "finding dwellings",
    "judge_eligibility": "determining eligibility",
    "place_voters": "assigning precincts",
    "trace_rows": "accounting for every row",
    "raise_discrepancies": "composing the list, finding discrepancies",
    "compare_releases": "comparing with the previous release",
    "measure_quality": "measuring the matching without labels",
    "check_release": "checking what must hold",
    "publish_release": "publishing",
}


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[counts]}"),
        console=Console(stderr=True, highlight=False),
    )


@contextlib.contextmanager
def working(what: str) -> Iterator[None]:
    """A moving line while something long is done."""
    with _progress() as progress:
        progress.add_task(what, total=None, counts="")
        yield


@contextlib.contextmanager
def stages() -> Iterator[None]:
    """One line per stage of the flow, with its time and counts."""
    with _progress() as progress:
        lines: dict[str, Any] = {}

        def show(stage: str, state: str, counts: dict[str, int], seconds: float) -> None:
            words = STAGES.get(stage, stage)
            if stage not in lines:
                lines[stage] = progress.add_task(words, total=1, counts="")
            if state != "started":
                shown = "  ".join(f"{name} {rows:,}" for name, rows in counts.items())
                note = "already done  " if state == "resumed" else ""
                progress.update(lines[stage], completed=1, counts=note + shown)

        stop = listen(show)
        try:
            yield
        finally:
            stop()


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    return table


def _print_json(value: object) -> None:
    console.print_json(json.dumps(value, ensure_ascii=False, default=str))


def print_simulation(summary: SimulationSummary) -> None:
    """Rows written by table, and where."""
    counts = _table("Simulated", "what", "count")
    for name, count in dataclasses.asdict(summary).items():
        counts.add_row(name.replace("_", " "), f"{count:,}")
    console.print(counts)


def print_check(report: CheckReport, *, as_json: bool) -> None:
    """Files, encodings, refused columns and quarantined rows by rule."""
    if as_json:
        _print_json(report.to_dict())
    else:
        console.print(report.to_text(), markup=False, soft_wrap=True)


def print_evaluation(evaluation: Evaluation, *, as_json: bool) -> None:
    """Precision and recall of persons, placement, eligibility."""
    if as_json:
        _print_json(evaluation.to_dict())
    else:
        console.print(evaluation.render(), markup=False, soft_wrap=True)


def print_release(release: str) -> bool:
    """The summary of a build; true if the release is current.

    Voters listed, why rows led to no entry, discrepancies by code, and where to look.
    """
    summary = read_json(str(Path(release) / "summary.json"))
    manifest = read_json(str(Path(release) / "manifest.json"))
    for table in _summary_tables(summary):
        console.print(table)
    for line in _quality_lines(summary.get("quality")):
        console.print(line, soft_wrap=True)
    alarms = manifest["checks"]
    for alarm in alarms:
        console.print(
            f"[bold yellow]{alarm['code']}[/] {alarm['where']}: "
            f"{alarm['now']:,} against {alarm['before']:,}"
        )
    current = Path(release).parent.parent / "current"
    is_current = current.exists() and current.resolve() == Path(release).resolve()
    state = "current" if is_current else "a candidate, not current"
    console.print(f"\nRelease [bold]{Path(release).name}[/] is {state}.")
    console.print("  lists   ", str(Path(release) / "voters"), soft_wrap=True)
    console.print("  report  ", str(Path(release) / "report.html"), soft_wrap=True)
    return is_current


def _summary_tables(summary: dict[str, Any]) -> Iterator[Table]:
    rows = _table("Registrations of the register", "ended as", "reason", "rows")
    for row in summary["sources"]["mia/persons"]["outcomes"]:
        rows.add_row(row["outcome"], row["reason"], f"{row['rows']:,}")
    yield rows
    codes = _table("Open discrepancies", "code", "owner", "count")
    for row in summary["discrepancies"]:
        codes.add_row(row["code"], row["owner"], f"{row['count']:,}")
    yield codes
    quality = summary.get("quality")
    if quality and quality["batches"]:
        yield _batches(quality["batches"])


def _batches(rows: list[dict[str, Any]]) -> Table:
    """What acting on a whole batch would do: Goel et al. (2020)."""
    batches = _table(
        "Flags by cause, and merges by weight (PROBABILISTIC)",
        "batch",
        "pairs",
        "duplicates expected",
        "voters at risk",
        "at risk per duplicate",
    )
    for row in rows:
        ratio = row["voters_per_duplicate"]
        batches.add_row(
            row["batch"],
            f"{row['pairs']:,}",
            f"{row['expected_duplicates']:,.1f}",
            f"{row['expected_voters_at_risk']:,.2g}",
            "unweighed" if ratio is None else f"{ratio:.2g}",
        )
    return batches


def _quality_lines(quality: dict[str, Any] | None) -> Iterator[str]:
    """Decoys, sentinels and warnings of the matching, a line each."""
    if quality is None:
        return
    decoys = ", ".join(
        f"{row['kind']} {row['linked']:,} of {row['decoys']:,}" for row in quality["decoys"]
    )
    links = quality["false_links"]
    right = sum(row["is_right"] for row in quality["sentinels"])
    yield f"\nDecoys linked: {decoys}."
    yield (
        f"False links to be expected: {links['expected']:,.1f} (95 %: up to "
        f"{links['expected_high']:,.1f}) of {links['links']:,} without a number."
    )
    yield f"Sentinels right: {right} of {len(quality['sentinels'])}."
    for row in quality["warnings"]:
        yield (
            f"[yellow]{row['code']}[/] {row['where']}: {row['now']:.3g} against "
            f"{row['before']:.3g}"
        )


def print_explanation(explanation: Explanation) -> None:
    """One person: entry or ground, rows with rules and weights, open questions."""
    console.rule(f"person {explanation.person_id}")
    if explanation.entry is not None:
        entry = _table("Listed", "column", "value")
        for column, value in explanation.entry.items():
            entry.add_row(column, _shown(value))
        console.print(entry)
    if explanation.unlisted is not None:
        reasons = _table("Not listed", "column", "value")
        for column, value in explanation.unlisted.items():
            reasons.add_row(column, _shown(value))
        console.print(reasons)
    rows = _table("Source rows", "source", "record_id", "outcome", "reason", "rule", "bits")
    for row in explanation.rows:
        weight = "" if row["weight"] is None else f"{row['weight']:.1f}"
        rows.add_row(
            row["source"],
            row["record_id"],
            row["outcome"],
            row["reason"],
            row["rule"] or "",
            weight,
        )
    console.print(rows)
    for record_id, steps in explanation.waterfalls.items():
        _print_weights(f"Match weight of row {record_id}", steps, explanation.prior_bits)
    for number, steps in explanation.asked.items():
        _print_weights(f"Match weight of question {number}", steps, explanation.prior_bits)
    questions = _table("Open discrepancies", "code", "owner", "since", "message")
    for row in explanation.discrepancies:
        questions.add_row(row["code"], row["owner"], str(row["first_seen"]), row["message"])
    console.print(questions)


def _print_weights(
    title: str, steps: list[tuple[str, str, float]], prior: float | None
) -> None:
    """The waterfall of one link or question: its sum, and what it makes of the odds."""
    bits = _table(title, "comparison", "level", "bits")
    for column, level, part in steps:
        bits.add_row(column, level, f"{part:+z.1f}")
    total = sum(step[2] for step in steps)
    bits.add_row("sum", "", f"{total:+z.1f}")
    if prior is not None:
        odds = max(-60.0, min(60.0, total + prior))
        bits.add_row("prior", "", f"{prior:+z.1f}")
        bits.add_row(
            "posterior", f"{100 / (1 + 2.0**-odds):.4f} %", f"{total + prior:+z.1f}"
        )
    console.print(bits)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " ".join(str(part) for part in value)
    return "" if value is None else str(value)


def print_verification(report: VerifyReport) -> bool:
    """Every check of a release; true if all hold."""
    for check in report.checks:
        mark = "[green]ok[/]  " if check.is_passed else "[bold red]FAIL[/]"
        console.print(mark, check.name, check.detail)
    return report.is_valid


def print_approved(release: str) -> None:
    """Which release is current now."""
    console.print(f"Release [bold]{Path(release).resolve().name}[/] is current.")


def print_dedupe(path: str, rows: int, persons: int, pairs_capped: int) -> None:
    """Rows, persons, file; and what was too much to be compared."""
    console.print(f"{rows:,} rows are {persons:,} persons: {path}", soft_wrap=True)
    if pairs_capped:
        console.print(
            f"{pairs_capped:,} pairs were not compared: too many rows hold one value. Give "
            "the profile narrower blocks.",
            soft_wrap=True,
        )
