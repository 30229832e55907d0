"""Filled-in review sheets back to rows of cec/decisions, or to a list of what is wrong.

Nothing is taken from files with a fault: a verdict that is read wrongly takes somebody off
a list, and a clerk can mend a row in a minute.
"""

import csv
import dataclasses
import datetime
import io
import re
import zipfile
from collections.abc import Iterator, Sequence

import fastexcel
import polars as pl

from pipeline.errors import SourceError
from pipeline.reading.decoding import BOMB_BYTES
from pipeline.record_decision import COLUMNS as DECISION_COLUMNS
from pipeline.record_decision import decision_number
from pipeline.release_csv import SEPARATOR
from pipeline.review.queue import UNSIGNED, digest
from pipeline.review.sheet import SHEET
from pipeline.review.words import COLUMNS, words

NAME = re.compile(r"\[(\w+)\]\s*$")
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y")
FAULTS_SHOWN = 20
OPEN = "OPEN"

Row = dict[str, str]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One filled-in row: where it stood and what it decides."""

    where: str
    pair: tuple[str, str]
    words: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Imported:
    """Decisions as CSV of cec/decisions, and what became of the rows."""

    text: str
    decisions: int
    same_person: int
    different_persons: int
    left_open: int
    repeated: int
    """Verdicts that another row had given already; the earlier day is kept."""


def import_verdicts(
    files: Sequence[tuple[str, bytes]], questions: pl.DataFrame | None = None
) -> Imported:
    """Decisions of all filled-in files.

    Args:
        files: name and bytes of each XLSX or CSV.
        questions: list_questions of the release that they were exported from; with it
            a row is compared with its question, without it with its own digest only.

    Raises:
        SourceError: a file can't be read, or rows were altered, name an unknown pair, lack
            who, when or why, or contradict each other. Every fault is named with file,
            row and column; values are not.
    """
    known = None
    if questions is not None:
        known = {row["discrepancy_id"]: row for row in questions.to_dicts()}
    faults: list[str] = []
    verdicts: list[Verdict] = []
    left_open = 0
    for name, content in files:
        for number, row in enumerate(_read(name, content), start=2):
            where = f"{name}, row {number}"
            wrong = _faults_of(row, known)
            verdict = _code(row["verdict"])
            faults.extend(f"{where}: {fault}" for fault in wrong)
            if verdict in ("", OPEN):
                left_open += 1
            elif not wrong:
                verdicts.append(_verdict(where, row, verdict))
    faults.extend(_contradictions(verdicts))
    if faults:
        more = len(faults) - FAULTS_SHOWN
        rest = [f"and {more} more"] if more > 0 else []
        raise SourceError("review: " + "; ".join([*faults[:FAULTS_SHOWN], *rest]))
    return _imported(verdicts, left_open)


def _read(name: str, content: bytes) -> Iterator[Row]:
    rows = _workbook(name, content) if name.lower().endswith(".xlsx") else None
    if rows is None:
        rows = _csv(name, content)
    header, *body = rows or [[]]
    names = [found.group(1) if (found := NAME.search(head)) else "" for head in header]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise SourceError(f"review: {name}: columns missing: {', '.join(missing)}")
    for cells in body:
        if any(cells):
            # A spreadsheet leaves out empty cells at the end of a row.
            padded = [*cells, *[""] * (len(names) - len(cells))]
            yield dict(zip(names, padded, strict=False))


def _workbook(name: str, content: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > BOMB_BYTES:
                raise SourceError(f"review: {name} unpacks to more than {BOMB_BYTES} bytes")
        book = fastexcel.read_excel(content)
        frame = book.load_sheet(SHEET, header_row=None, dtypes="string").to_polars()
    except (zipfile.BadZipFile, fastexcel.FastExcelError):
        raise SourceError(f"review: {name} is no workbook with a sheet {SHEET}") from None
    return [[(cell or "").strip() for cell in row] for row in frame.iter_rows()]


def _csv(name: str, content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceError(f"review: {name} is not UTF-8; fill in the XLSX") from None
    head = text.split("\n", 1)[0]
    separator = max((SEPARATOR, ",", "\t"), key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [[_unmarked(cell) for cell in row] for row in rows]


def _unmarked(cell: str) -> str:
    """The cell without what release_csv puts before formulas and behind misread texts."""
    cell = cell.strip()
    return cell[1:] if re.match(r"'\s*[=+\-@＝＋－＠']", cell) else cell


def _code(cell: str) -> str:
    """Code of a verdict, whatever stands behind it; empty where nothing was chosen."""
    return cell.split(":", 1)[0].strip().upper()


def _faults_of(row: Row, known: dict[str, Row] | None) -> list[str]:
    faults = []
    if known is not None and row["discrepancy_id"] not in known:
        faults.append("unknown pair: the release asks no such question")
    elif known is not None:
        asked = known[row["discrepancy_id"]]
        altered = [
            column
            for column in COLUMNS
            if column not in UNSIGNED | {"release_id"} and row[column] != asked[column]
        ]
        if altered:
            faults.append(f"altered: {', '.join(altered)}")
    elif row["check"] != digest(row):
        faults.append("altered: the row is not as it was exported")
    code = _code(row["verdict"])
    if code and code not in words("verdict"):
        return [*faults, "verdict: not one of the list"]
    if code in ("", OPEN):
        return faults
    faults.extend(
        f"{column}: empty beside a verdict"
        for column in ("decided_by", "decided_at", "reason")
        if not row[column]
    )
    if row["decided_at"] and _day(row["decided_at"]) is None:
        faults.append("decided_at: no date; write 2026-11-05 or 05.11.2026")
    return faults


def _day(cell: str) -> datetime.date | None:
    for pattern in DATES:
        try:
            return datetime.datetime.strptime(cell[:10], pattern).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _verdict(where: str, row: Row, code: str) -> Verdict:
    one, two = sorted((row["record_id_a"], row["record_id_b"]))
    day = _day(row["decided_at"])
    said = {
        "kind": code,
        "decided_by": row["decided_by"],
        "decided_at": "" if day is None else day.isoformat(),
        "reason": row["reason"],
        "record_id_a": one,
        "record_id_b": two,
    }
    return Verdict(where, (one, two), said)


def _contradictions(verdicts: list[Verdict]) -> list[str]:
    first: dict[tuple[str, str], Verdict] = {}
    faults = []
    for verdict in verdicts:
        other = first.setdefault(verdict.pair, verdict)
        if other.words["kind"] != verdict.words["kind"]:
            faults.append(f"{verdict.where}: contradicts {other.where}")
    return faults


def _imported(verdicts: list[Verdict], left_open: int) -> Imported:
    """Of equal verdicts on one pair the earliest is the decision."""
    kept: dict[tuple[str, str], dict[str, str]] = {}
    for verdict in sorted(verdicts, key=lambda v: sorted(v.words.items())):
        earlier = kept.get(verdict.pair)
        if earlier is None or verdict.words["decided_at"] < earlier["decided_at"]:
            kept[verdict.pair] = verdict.words
    rows = sorted(
        ({"decision_id": decision_number(said), **said} for said in kept.values()),
        key=lambda row: row["decision_id"],
    )
    stream = io.StringIO()
    writer = csv.DictWriter(stream, DECISION_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    same = sum(row["kind"] == "SAME_PERSON" for row in rows)
    return Imported(
        stream.getvalue(),
        len(rows),
        same,
        len(rows) - same,
        left_open,
        len(verdicts) - len(rows),
    )
