"""The report of `selv check`: whether a delivery can be built from, without building.

What belongs here: running stage 1 on every table, gathering what it refuses instead of
stopping at the first, and the text of the report. Counts, codes and file names only.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import polars as pl

from pipeline.errors import SourceError
from pipeline.files import delivered_files, unknown_files
from pipeline.ingest import ingest_files
from pipeline.source_report import FileReport, SourceReport
from schemas.catalogue import REQUIRED_SOURCES, SOURCES


@dataclasses.dataclass(frozen=True)
class CheckReport:
    """What stage 1 makes of a delivery, table by table."""

    sources: tuple[SourceReport, ...]
    """Tables that can be read, absent optional ones included."""
    refused: tuple[tuple[str, str], ...]
    """Tables that can't, each with the one error that says why."""
    unknown: tuple[str, ...]
    """Files that belong to no table."""

    @property
    def is_usable(self) -> bool:
        """Whether a build would get past its first stage."""
        return not self.refused

    def to_dict(self) -> dict[str, Any]:
        """The report for machines."""
        return {
            "usable": self.is_usable,
            "sources": [dataclasses.asdict(source) for source in self.sources],
            "refused": dict(self.refused),
            "unknown": list(self.unknown),
        }

    def to_text(self) -> str:
        """The report for people: files, then refused rows by rule, then what is wrong."""
        parts = [_table(FILE_COLUMNS, _file_lines(self.sources))]
        rules = [
            (source.source, rule, f"{rows:,}")
            for source in self.sources
            for rule, rows in source.quarantined_by_rule.items()
        ]
        if rules:
            parts.append(_table(("quarantined rows", "rule broken", "rows"), rules))
        notes = [note for source in self.sources for note in _notes(source)]
        absent = [source.source for source in self.sources if not source.present]
        if absent:
            notes.append(f"not delivered: {', '.join(absent)}")
        notes += [f"not read: {note}" for note in self.unknown]
        notes += [f"REFUSED {source}: {error}" for source, error in self.refused]
        if notes:
            parts.append("\n".join(notes))
        return "\n\n".join(parts) + "\n"


def check_delivery(
    engine: duckdb.DuckDBPyConnection,
    delivery: str,
    profiles: str | None,
    areas: pl.DataFrame,
    staging: str,
) -> CheckReport:
    """What stage 1 would make of every table of a delivery.

    Args:
        engine: any engine, time zone UTC.
        delivery: folder of the delivery.
        profiles: folder of source profiles, or one profile.
        areas: data/reference/areas.csv.
        staging: scratch folder.

    Raises:
        SourceError: there is no such folder, or something leads out of it.
        ConfigurationError: a profile is wrong.
    """
    found = delivered_files(delivery)
    sources, refused = [], []
    for source in SOURCES:
        if source in REQUIRED_SOURCES and not found[source]:
            refused.append((source, "required, and has no file"))
            continue
        try:
            result = ingest_files(
                engine, delivery, source, found[source], profiles, areas, staging
            )
        except SourceError as error:
            refused.append((source, str(error)))
        else:
            sources.append(result.report)
    unknown = tuple(unknown_files(delivery))
    return CheckReport(tuple(sources), tuple(refused), unknown)


FILE_COLUMNS = ("file", "format", "encoding", "delimiter", "profile", "rows", "quarantined")


def _file_lines(sources: Iterable[SourceReport]) -> list[Sequence[str]]:
    return [_file_line(file) for source in sources for file in source.files]


def _file_line(file: FileReport) -> Sequence[str]:
    packing = f" ({file.compression})" if file.compression else ""
    delimiter = {"\t": "tab", None: "", " ": "space"}.get(file.delimiter, file.delimiter)
    return (
        file.name,
        file.format + packing,
        file.encoding or "",
        delimiter or "",
        file.profile,
        f"{file.rows:,}",
        f"{file.quarantined:,}",
    )


def _notes(source: SourceReport) -> list[str]:
    notes = []
    for file in source.files:
        if file.columns_absent:
            notes.append(
                f"{file.name}: null, not delivered: {', '.join(file.columns_absent)}"
            )
        if file.columns_ignored:
            notes.append(f"{file.name}: left out: {', '.join(file.columns_ignored)}")
        notes += [f"{file.name}: {note}" for note in file.notes]
    return notes


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their widest text; numbers, which come last, to the right."""
    rows = [head, *lines]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    is_number = [name in ("rows", "quarantined") for name in head]
    return "\n".join(
        "  ".join(
            text.rjust(width) if number else text.ljust(width)
            for text, width, number in zip(row, widths, is_number, strict=True)
        ).rstrip()
        for row in rows
    )
