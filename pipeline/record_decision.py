"""One decision written down by hand: checked as the file is, appended whole or not at all.

What belongs here: from the words of a decision to one more row of a decisions file, and
what the next build will make of it. The row goes through the very ingest of a delivery,
and its predecessors through the very ledger of a build.
"""

import contextlib
import csv
import dataclasses
import datetime
import fcntl
import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import polars as pl

from pipeline.decision_ledger import CONTENT, carry_decisions
from pipeline.decision_words import (
    KnownTables,
    check_targets,
    effects,
    equals,
    is_found,
    latest_before,
    says_the_same,
)
from pipeline.decisions import list_corrections
from pipeline.errors import ConfigurationError, SourceError
from pipeline.files import delivered_files
from pipeline.ingest import ingest_files
from pipeline.tables import empty_table

Relation = duckdb.DuckDBPyRelation
COLUMNS = ("decision_id", *CONTENT)
SOURCE = "cec/decisions"


@dataclasses.dataclass(frozen=True)
class Recorded:
    """What became of a decision: its number, and what the next build will do."""

    decision_id: str
    is_new: bool
    effects: tuple[str, ...]


def record_decision(
    engine: duckdb.DuckDBPyConnection,
    file: str,
    said: Mapping[str, str],
    known: KnownTables,
    areas: pl.DataFrame,
    scratch: str,
    *,
    is_trial: bool = False,
) -> Recorded:
    """Append one decision to a decisions file of a delivery.

    Args:
        engine: where the tables live.
        file: CSV file in the columns of cec/decisions; made if it is not there.
        said: columns of the decision but its number; empty texts are left out.
        known: tables of the release that was decided on.
        areas: data/reference/areas.csv.
        scratch: an empty folder.
        is_trial: check and tell, write nothing.

    Returns:
        The number, which depends on the words alone, so that the same words twice are one
        decision; whether it is new; what the next build will do. Where the latest
        decision on the same matter says the same, that one is returned.

    Raises:
        ConfigurationError: a rule of the file is broken, or the release knows no such
            row, voter, precinct or decision. Nothing was written.
        SourceError: the file is no decisions file, or a control file speaks for it.
    """
    words = {name: said[name] for name in CONTENT if said.get(name)}
    row = {"decision_id": decision_number(words), **words}
    check_targets(known, words)
    with _alone(Path(file)):
        if _is_recorded(Path(file), known, row["decision_id"]):
            return Recorded(row["decision_id"], False, ())
        text = _text_with(Path(file), row)
        rows = _ingest(engine, text, row["decision_id"], areas, scratch)
        _check_correction(engine, rows, row["decision_id"], words)
        ledger = carry_decisions(engine, rows, known.decisions, datetime.date.max)
        _check_withdrawal(ledger, row["decision_id"], words)
        before = latest_before(known, ledger.pl(), row["decision_id"], words)
        if before is not None and says_the_same(before, words):
            return Recorded(str(before["decision_id"]), False, ())
        if not is_trial:
            _write(Path(file), text)
    return Recorded(row["decision_id"], True, tuple(effects(known, words, before)))


def decision_number(words: Mapping[str, str]) -> str:
    """A decision's number: its day and a digest of its words, so equal words are one."""
    said = "\n".join(f"{name}={words[name]}" for name in sorted(words))
    digest = hashlib.sha256(said.encode()).hexdigest()[:10].upper()
    return f"S-{words.get('decided_at', '')[:10].replace('-', '')}-{digest}"


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """One writer at a time; the lock falls with its process."""
    if not file.parent.is_dir():
        raise ConfigurationError(f"decide: no folder {file.parent}")
    with (file.parent / f".{file.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_recorded(file: Path, known: KnownTables, number: str) -> bool:
    """Whether the very same words were recorded before, here or in an earlier delivery."""
    if file.exists() and number.encode() in file.read_bytes():
        return True
    return is_found(known.decisions, "decision_id", number)


def _text_with(file: Path, row: Mapping[str, str]) -> str:
    """The file's text with one more line; what stands there stays byte for byte."""
    control = file.with_name("decisions.control.json")
    if control.exists():
        raise SourceError(f"{control.name} states this table's rows; renew or remove it")
    if not file.exists():
        return _line(COLUMNS, ",") + _line([row.get(name, "") for name in COLUMNS], ",")
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"{file.name}: not UTF-8") from error
    head = text.removeprefix("\ufeff").splitlines()[0] if text else ""
    separator = max(",;\t|", key=head.count)
    columns = next(csv.reader([head], delimiter=separator), [])
    lacking = [name for name in row if name not in columns]
    if lacking:
        raise SourceError(f"{file.name}: the header lacks {', '.join(lacking)}")
    end = "" if text.endswith("\n") else "\n"
    return text + end + _line([row.get(name, "") for name in columns], separator)


def _line(values: object, separator: str) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator="\n").writerow(values)  # type: ignore[arg-type]
    return stream.getvalue()


def _ingest(
    engine: duckdb.DuckDBPyConnection,
    text: str,
    number: str,
    areas: pl.DataFrame,
    scratch: str,
) -> Relation:
    """The file with its new row as a delivery's ingest reads it.

    Raises:
        ConfigurationError: the new row breaks a rule; column and rule are named.
    """
    delivery = Path(scratch, "delivery")
    (delivery / "cec").mkdir(parents=True)
    (delivery / "cec" / "decisions.csv").write_text(text, encoding="utf-8", newline="")
    files = delivered_files(str(delivery))[SOURCE]
    result = ingest_files(
        engine, str(delivery), SOURCE, files, None, areas, str(Path(scratch, "staging"))
    )
    refused = result.quarantine.filter(equals("record_id", number)).fetchall()
    rows = result.rows
    if refused or not is_found(rows, "decision_id", number):
        broken = result.quarantine.order("source_row DESC").limit(1).pl().to_dicts()
        what = broken[0] if broken else {"column": None, "rule": "unreadable"}
        raise ConfigurationError(
            f"decide: the decision breaks rule {what['rule']}"
            + (f" of {what['column']}" if what["column"] else "")
        )
    return rows


def _check_correction(
    engine: duckdb.DuckDBPyConnection,
    rows: Relation,
    number: str,
    words: Mapping[str, str],
) -> None:
    """A correction must name a column that may be corrected, and a value it may hold."""
    if words.get("kind") != "CORRECT":
        return
    person = empty_table(engine, "source_persons")
    columns = ", ".join(
        {"record_id": "$record AS record_id", "row_id": "0::BIGINT AS row_id"}.get(
            name, f"NULL::{kind} AS {name}"
        )
        for name, kind in zip(person.columns, person.types, strict=True)
    )
    target = engine.sql(f"SELECT {columns}", params={"record": words["record_id"]})
    judged = list_corrections(
        engine,
        target,
        rows.filter(equals("decision_id", number)),
        empty_table(engine, "correction"),
    )
    reason = judged.project("reason").fetchall()[0][0]
    if reason != "CORRECTED":
        raise ConfigurationError(f"decide: the correction would not be applied: {reason}")


def _check_withdrawal(ledger: Relation, number: str, words: Mapping[str, str]) -> None:
    """A withdrawal must take something back."""
    if words["kind"] != "WITHDRAW":
        return
    ended = ledger.filter(equals("decision_id", words["withdraws"]))
    found = ended.project("withdrawn_by").fetchall()
    if not found:
        raise ConfigurationError("decide: no decision has the number that is withdrawn")
    if found[0][0] is None:
        raise ConfigurationError("decide: a withdrawal can't lie before what it ends")


def _write(file: Path, text: str) -> None:
    """Write the file beside and rename: a reader sees the old one or the new one."""
    beside = file.with_name(f".{file.name}.part")
    with beside.open("w", encoding="utf-8", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(file)
