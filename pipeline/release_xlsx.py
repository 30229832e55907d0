"""XLSX files of a release: a district's list as a workbook that opens ready to work with.

What belongs here: how a workbook is put together. XlsxWriter makes a workbook without
rows (frozen header, widths, filter, formats, print set-up, properties); the rows, which
no library writes fast enough for twenty million voters (docs/adr/0011-fast-xlsx.md), are
made by sheet_xml.py and streamed into the sheet's place in the archive. Nothing in a file
depends on the clock, the threads or the machine.

Texts are text cells in text format: a spreadsheet never runs them, not even when they are
edited, and identifiers keep their zeros. So nothing is marked here as it is in CSV.
"""

import contextlib
import dataclasses
import datetime
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import polars as pl
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from pipeline.sheet_xml import cell_kind, row_xml

SHEET_ROWS = 500_000
"""Excel has 1,048,576 rows; half of that keeps a sheet's XML below the 2 GiB that a plain
ZIP entry may have."""
SLICE_ROWS = 16_384
CREATED = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - XlsxWriter takes no zone
"""The same in every workbook: equal rows are an equal file, whatever the night."""
EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
WIDTHS = {
    "message": 60,
    "address": 40,
    "surname": 20,
    "given_name": 18,
    "patronymic": 22,
    "mahalla": 24,
    "street": 28,
    "cadastral_number": 27,
    "constituency": 18,
    "pinfl": 16,
    "voter_id": 16,
    "house": 8,
    "building": 8,
    "flat": 8,
    "sex": 6,
    "flags": 30,
    "record_ids": 24,
    "reason": 24,
    "code": 30,
    "name": 30,
}
DEFAULT_WIDTH = 14


@dataclasses.dataclass(frozen=True)
class Sheet:
    """A sheet to be filled: its name and how many rows it will get."""

    name: str
    rows: int


def cut_sheets(name: str, rows: int) -> list[Sheet]:
    """One sheet, or as many as the rows need: `voters`, `voters 2` ..."""
    sheets = [Sheet(name, min(rows, SHEET_ROWS))]
    for start in range(SHEET_ROWS, rows, SHEET_ROWS):
        title = f"{name} {len(sheets) + 1}"
        sheets.append(Sheet(title, min(rows - start, SHEET_ROWS)))
    return sheets


class RowWriter:
    """Takes the rows of all sheets in order, and closes the workbook."""

    def __init__(
        self,
        archive: zipfile.ZipFile,
        template: "Template",
        sheets: Sequence[Sheet],
    ) -> None:
        self._archive = archive
        self._template = template
        self._left = [sheet.rows for sheet in sheets]
        self._number = -1
        self._part: IO[bytes] | None = None
        self._next_sheet()

    def append(self, frame: pl.DataFrame) -> None:
        """Write rows to the current sheet, and on to the next one when it is full.

        Raises:
            ValueError: more rows than the sheets were announced with.
        """
        while frame.height:
            while self._left[self._number] == 0:
                self._next_sheet()
            rows = min(self._left[self._number], SLICE_ROWS, frame.height)
            self._open_part().write(row_xml(frame.head(rows), self._template.styles))
            self._left[self._number] -= rows
            frame = frame.slice(rows)

    def finish(self) -> None:
        """Close the last sheet.

        Raises:
            ValueError: fewer rows came than the sheets were announced with.
        """
        while self._number + 1 < len(self._left):
            self._next_sheet()
        if any(self._left):
            raise ValueError("fewer rows than the workbook was announced with")
        self.close()

    def _open_part(self) -> IO[bytes]:
        if self._part is None:
            raise ValueError("more rows than the workbook was announced with")
        return self._part

    def _next_sheet(self) -> None:
        self.close()
        self._number += 1
        if self._number == len(self._left):
            raise ValueError("more rows than the workbook was announced with")
        name, head, _ = self._template.sheets[self._number]
        self._part = self._archive.open(_entry(name), "w")
        self._part.write(head)

    def close(self) -> None:
        """Close the sheet that is being written."""
        if self._part is not None:
            self._part.write(self._template.sheets[self._number][2])
            self._part.close()
            self._part = None


@dataclasses.dataclass(frozen=True)
class Template:
    """A workbook without rows, taken apart."""

    parts: list[tuple[str, bytes]]
    """Every part but the sheets to be filled."""
    sheets: list[tuple[str, bytes, bytes]]
    """Part, what stands before the rows, what stands after them."""
    styles: list[str]
    """The style attribute of each column."""


@contextlib.contextmanager
def open_xlsx(
    path: Path,
    columns: dict[str, pl.DataType],
    sheets: Sequence[Sheet],
    dictionary: Sequence[Sequence[str]],
    title: str,
) -> Iterator[RowWriter]:
    """A workbook with these sheets, each with the same header; rows are appended.

    Args:
        path: the file; its folder exists.
        columns: names and types; lists are joined before.
        sheets: names and numbers of rows, in the order in which rows will come.
        dictionary: rows of the last sheet, which says what the columns mean; the first
            one is its header.
        title: the title that the file's properties name.
    """
    template = _make_template(columns, sheets, dictionary, title)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in template.parts:
            archive.writestr(_entry(name), content)
        writer = RowWriter(archive, template, sheets)
        try:
            yield writer
            writer.finish()
        finally:
            writer.close()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EARLIEST_ZIP_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry._compresslevel = 1  # type: ignore[attr-defined]  # ZipFile.open takes none
    entry.create_system = 0
    return entry


def _make_template(
    columns: dict[str, pl.DataType],
    sheets: Sequence[Sheet],
    dictionary: Sequence[Sequence[str]],
    title: str,
) -> Template:
    """Let XlsxWriter write header and one row of samples, then cut the samples out."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"title": title, "created": CREATED})
        formats = {
            "header": book.add_format({"bold": True, "bg_color": "#D9E7F5", "border": 1}),
            "text": book.add_format({"num_format": "@"}),
            "date": book.add_format({"num_format": "dd.mm.yyyy"}),
            "number": book.add_format({"num_format": "General"}),
            "wrapped": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        for sheet in sheets:
            _lay_out(book.add_worksheet(sheet.name), columns, sheet.rows, formats)
        _write_dictionary(book.add_worksheet("columns"), dictionary, formats)
    parts, filled, styles = [], [], [""] * len(columns)
    with zipfile.ZipFile(buffer) as archive:
        to_fill = {f"xl/worksheets/sheet{n + 1}.xml" for n in range(len(sheets))}
        for entry in archive.infolist():
            content = archive.read(entry)
            if entry.filename in to_fill:
                head, sample, tail = _split(content)
                filled.append((entry.filename, head, tail))
                styles = re.findall(r'<c r="[A-Z]+2"((?: s="\d+")?)', sample.decode())
            else:
                parts.append((entry.filename, content))
    ordered = sorted(filled, key=lambda sheet: int(re.findall(r"\d+", sheet[0])[0]))
    return Template(parts, ordered, styles)


def _split(sheet: bytes) -> tuple[bytes, bytes, bytes]:
    """A sheet's XML before its second row, that row, and what follows."""
    start = sheet.index(b'<row r="2"')
    end = sheet.index(b"</sheetData>")
    return sheet[:start], sheet[start:end], sheet[end:]


def _lay_out(
    sheet: Worksheet,
    columns: dict[str, pl.DataType],
    rows: int,
    formats: dict[str, object],
) -> None:
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(rows, 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&R&P / &N")
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    for number, (name, dtype) in enumerate(columns.items()):
        kind = cell_kind(dtype)
        sheet.set_column(
            number, number, WIDTHS.get(name, DEFAULT_WIDTH), formats[_style(kind)]
        )
        sheet.write_string(0, number, name, formats["header"])
        sheet.write_blank(1, number, None, formats[_style(kind)])


def _write_dictionary(
    sheet: Worksheet, dictionary: Sequence[Sequence[str]], formats: dict[str, object]
) -> None:
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, max(1, len(dictionary[0]) - 1), 44)
    for row, cells in enumerate(dictionary):
        for column, cell in enumerate(cells):
            style = formats["wrapped"] if row else formats["header"]
            sheet.write_string(row, column, cell, style)


def _style(kind: str) -> str:
    return kind if kind in ("date", "text") else "number"
