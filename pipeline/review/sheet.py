"""A queue as a workbook and as CSV, for people who work with spreadsheets."""

import datetime
import io
from typing import Any

import polars as pl
import xlsxwriter

from pipeline.release_csv import BYTE_ORDER_MARK, SEPARATOR, append_rows
from pipeline.review.queue import differing
from pipeline.review.words import (
    ANSWERS,
    COLUMNS,
    COMPARED,
    KEYS,
    header,
    three,
    verdict_choices,
    words,
)

SHEET = "review"
CREATED = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - XlsxWriter takes no zone
"""The same in every workbook: equal questions are an equal file."""
WIDTHS = {
    "number": 5,
    "verdict": 22,
    "decided_by": 15,
    "decided_at": 11,
    "reason": 22,
    "usefulness": 9,
    "question": 24,
    "chance": 11,
    "chance_nearby": 11,
    "differences": 20,
    "sex": 7,
    "birth_date": 11,
    "pinfl": 16,
    "address": 30,
    "list_place": 15,
    "document": 16,
}
DEFAULT_WIDTH = 16
HEADER_HEIGHT = 76
ROW_HEIGHT = 46
GUIDE = "guide"


def sheet_bytes(questions: pl.DataFrame, title: str) -> bytes:
    """The workbook of a queue: `review` to fill in, `guide` in three languages.

    Args:
        questions: what list_questions gave.
        title: for the page's head when it is printed.

    Returns:
        Bytes that depend on the questions and the title alone.
    """
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"title": title, "created": CREATED})
    sheet = book.add_worksheet(SHEET)
    formats = _formats(book)
    _write_header(sheet, formats)
    for number, row in enumerate(questions.to_dicts(), start=1):
        _write_row(sheet, number, row, formats)
    _set_up(sheet, questions.height, title)
    _write_guide(book, formats)
    book.close()
    return stream.getvalue()


def csv_bytes(questions: pl.DataFrame) -> bytes:
    """The same rows as CSV, written as the lists of a release are."""
    stream = io.BytesIO()
    heads = [header(column) for column in COLUMNS]
    stream.write(BYTE_ORDER_MARK + SEPARATOR.join(heads).encode() + b"\r\n")
    append_rows(stream, questions.select(COLUMNS))
    return stream.getvalue()


def _formats(book: Any) -> dict[str, Any]:  # noqa: ANN401 - XlsxWriter has no types
    text = {"num_format": "@", "valign": "top", "text_wrap": True}
    return {
        "head": book.add_format(
            {**text, "bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF"}
        ),
        "plain": book.add_format(text),
        "answer": book.add_format({**text, "bg_color": "#FFF8DC", "border": 1}),
        "differs": book.add_format({**text, "bg_color": "#F8CBAD", "bold": True}),
        "spelled": book.add_format({**text, "bg_color": "#FFF2CC"}),
        "missing": book.add_format({**text, "bg_color": "#E7E6E6"}),
    }


def _write_header(sheet: Any, formats: dict[str, Any]) -> None:  # noqa: ANN401
    sheet.set_row(0, HEADER_HEIGHT)
    for place, column in enumerate(COLUMNS):
        sheet.write_string(0, place, header(column, "\n"), formats["head"])
        name = column[:-2] if column[:-2] in COMPARED else column
        options = {"hidden": 1} if column in KEYS else {}
        sheet.set_column(place, place, WIDTHS.get(name, DEFAULT_WIDTH), None, options)


def _write_row(
    sheet: Any,  # noqa: ANN401
    number: int,
    row: dict[str, Any],
    formats: dict[str, Any],
) -> None:
    """Marked where the two differ, paler where spelling only, grey where one is empty."""
    marked, spelled = set(differing(row)), set(row["spelled"].split())
    sheet.set_row(number, ROW_HEIGHT)
    for place, column in enumerate(COLUMNS):
        look = "answer" if column in ANSWERS else "plain"
        name = column[:-2]
        if name in marked:
            look = "differs" if row[f"{name}_a"] and row[f"{name}_b"] else "missing"
        elif name in spelled and row[f"{name}_a"] != row[f"{name}_b"]:
            look = "spelled"
        sheet.write_string(number, place, row[column], formats[look])


def _set_up(sheet: Any, rows: int, title: str) -> None:  # noqa: ANN401
    last = len(COLUMNS) - 1
    verdict = COLUMNS.index("verdict")
    if rows:
        sheet.data_validation(
            1,
            verdict,
            rows,
            verdict,
            {"validate": "list", "source": verdict_choices(), "ignore_blank": True},
        )
        sheet.autofilter(0, 0, rows, last)
    sheet.freeze_panes(1, COLUMNS.index("reason") + 1)
    sheet.set_landscape()
    sheet.set_paper(8)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&L{title.replace('&', '&&')}&R&P / &N")


def _write_guide(book: Any, formats: dict[str, Any]) -> None:  # noqa: ANN401
    guide = book.add_worksheet(GUIDE)
    guide.set_column(0, 2, 48)
    for row, texts in enumerate(words("guide").values()):
        for place, text in enumerate(texts):
            guide.write_string(row, place, text, formats["plain"])
    start = len(words("guide")) + 1
    for row, code in enumerate(words("verdict")):
        guide.write_string(start + row, 0, code, formats["plain"])
        guide.write_string(start + row, 1, three("verdict", code), formats["plain"])


def file_name(district: str, suffix: str) -> str:
    """Name of a district's file."""
    return f"possible-duplicates-{district}.{suffix}"
