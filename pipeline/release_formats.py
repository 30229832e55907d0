"""One table in every format of a release: the same rows, written together.

What belongs here: which columns a format has and which formats a table gets. How a format
is written stands in release_parquet.py, release_csv.py and release_xlsx.py.
"""

import contextlib
import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa

from pipeline.manifest import FileRecord, file_record
from pipeline.release_csv import append_rows, open_csv
from pipeline.release_parquet import parquet_writer
from pipeline.release_xlsx import Sheet, open_xlsx
from pipeline.run import Run
from pipeline.three_languages import column_headings, same

EVERY_FORMAT = frozenset({"parquet", "csv", "xlsx"})
FOR_PROGRAMS = frozenset({"parquet"})


@dataclasses.dataclass(frozen=True)
class Output:
    """How a table is written: its formats and what they share."""

    formats: frozenset[str]
    has_document_number: bool
    """Whether CSV and XLSX give document numbers; Parquet always does."""


def office_output(run: Run, formats: frozenset[str] = EVERY_FORMAT) -> Output:
    """What offices get of these formats, as the run's parameters say."""
    formats = formats if run.files.xlsx else formats - {"xlsx"}
    return Output(formats, run.policy.document_number_in_csv)


def program_output(run: Run) -> Output:
    """What only programs read: Parquet."""
    return Output(FOR_PROGRAMS, run.policy.document_number_in_csv)


def write_formats(
    batches: Iterable[pa.Table],
    schema: pa.Schema,
    release: Path,
    folder: Path,
    order: Sequence[str],
    output: Output,
    sheets: Sequence[Sheet],
) -> dict[str, FileRecord]:
    """Write a table's rows to one file a format.

    Args:
        batches: the rows in order, in tables of one row group each.
        schema: columns with their descriptions; its title names the files.
        release: folder of the release.
        folder: folder below it, made where it is absent.
        order: plain columns by which the rows are ordered.
        output: formats and columns.
        sheets: sheets of the workbook with their numbers of rows.

    Returns:
        Rows, bytes and SHA-256 of each file by its path in the release.
    """
    (release / folder).mkdir(parents=True, exist_ok=True)
    title = (schema.metadata or {})[b"title"].decode()
    paths = {kind: folder / f"{title}.{kind}" for kind in sorted(output.formats)}
    columns = office_columns(schema, output)
    count = 0
    with contextlib.ExitStack() as stack:
        parquet = text = book = None
        if "parquet" in paths:
            parquet = stack.enter_context(
                parquet_writer(release / paths["parquet"], schema, order)
            )
        if "csv" in paths:
            text = stack.enter_context(open_csv(release / paths["csv"], columns))
        if "xlsx" in paths:
            book = stack.enter_context(
                open_xlsx(
                    release / paths["xlsx"],
                    dict(_office_rows(schema.empty_table(), columns).schema),
                    sheets,
                    _dictionary(schema, columns),
                    title,
                )
            )
        for batch in batches:
            if parquet is not None:
                parquet.write_table(batch, row_group_size=batch.num_rows)
            count += batch.num_rows
            rows = _office_rows(batch, columns)
            if text is not None:
                append_rows(text, rows)
            if book is not None:
                book.append(rows)
    return {path.as_posix(): file_record(release / path, count) for path in paths.values()}


def office_columns(schema: pa.Schema, output: Output) -> list[str]:
    """Columns of CSV and XLSX: all but the document number, unless the policy gives it."""
    return [
        name
        for name in schema.names
        if name != "document_number" or output.has_document_number
    ]


def _office_rows(table: pa.Table, columns: Sequence[str]) -> pl.DataFrame:
    """The table in these columns; lists become texts separated by spaces."""
    frame = pl.DataFrame(table.select(list(columns)))
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    return frame.with_columns(
        pl.col(name).list.join(" ").replace("", None) for name in lists
    )


def _dictionary(schema: pa.Schema, columns: Sequence[str]) -> list[list[str]]:
    """What the columns mean in four languages, for the workbook's last sheet."""
    headings = column_headings()
    rows = []
    for name in columns:
        meaning = (schema.field(name).metadata or {})[b"description"].decode()
        told = headings.get(name, same(""))
        rows.append([name, told.uz, told.cy, told.ru, meaning])
    return [["column", "Oʻzbekcha", "Ўзбекча", "Русский", "English"], *rows]
