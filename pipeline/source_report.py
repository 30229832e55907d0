"""What came for each table of a delivery, and what became of it: counts, no values."""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence

import duckdb

from pipeline.files import Control
from pipeline.refusals import FILE_SHIFT, ReadFile


@dataclasses.dataclass(frozen=True)
class FileReport:
    """What was found in one file."""

    name: str
    format: str
    compression: str | None
    encoding: str | None
    delimiter: str | None
    profile: str
    bytes: int
    sha256: str
    rows: int
    quarantined: int
    columns_absent: tuple[str, ...]
    columns_ignored: tuple[str, ...]
    notes: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class SourceReport:
    """What came for one table, and what became of it; counts, no values."""

    source: str
    present: bool
    as_of: datetime.date | None = None
    files: tuple[FileReport, ...] = ()
    rows: int = 0
    accepted: int = 0
    quarantined: int = 0
    quarantined_by_rule: Mapping[str, int] = dataclasses.field(default_factory=dict)


def source_report(
    engine: duckdb.DuckDBPyConnection,
    name: str,
    source: str,
    files: Sequence[ReadFile],
    control: Control | None,
) -> SourceReport:
    """The report of one source once its rows have been judged."""
    by_rule: dict[str, int] = {}
    by_file: dict[int, int] = {}
    for file, rule, rows in engine.execute(
        f'SELECT line >> {FILE_SHIFT}, rule, count(*) FROM "{name}_refused" '
        f"GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        by_rule[rule] = by_rule.get(rule, 0) + rows
        by_file[file] = by_file.get(file, 0) + rows
    rows = sum(read.raw.rows for read in files)
    refused = sum(by_rule.values())
    return SourceReport(
        source=source,
        present=bool(files),
        as_of=None if control is None else control.as_of,
        files=tuple(_file_report(read, by_file.get(read.number, 0)) for read in files),
        rows=rows,
        accepted=rows - refused,
        quarantined=refused,
        quarantined_by_rule=dict(sorted(by_rule.items())),
    )


def _file_report(read: ReadFile, quarantined: int) -> FileReport:
    raw = read.raw
    copies = () if read.repeats is None else (f"is a copy of {read.repeats}",)
    return FileReport(
        name=raw.file.name,
        format=raw.file.format,
        compression=raw.file.compression,
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        profile=read.profile.name,
        bytes=raw.file.bytes,
        sha256=raw.sha256,
        rows=raw.rows,
        quarantined=quarantined,
        columns_absent=read.columns.absent,
        columns_ignored=read.columns.ignored,
        notes=(*raw.notes, *copies),
    )
