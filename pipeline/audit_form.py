"""The forms that go into the field with a sample, and the answers that come back on them.

What belongs here: columns, workbooks, and reading a filled form. What is asked in the
field is answered by 1 (yes), 0 (no) or left empty (nobody was met).
"""

import csv
import io
from collections.abc import Sequence
from typing import Any

import fastexcel
import polars as pl
import xlsxwriter

from pipeline.errors import SourceError
from pipeline.release_csv import BYTE_ORDER_MARK, SEPARATOR, append_rows
from pipeline.release_xlsx import CREATED

PERSONS_PER_ADDRESS = 6
LIST_COLUMNS = (
    "number", "stratum", "region_code", "district_code", "precinct_number", "list_number",
    "voter_id", "surname", "given_name", "patronymic", "birth_date", "mahalla", "street",
    "house", "building", "flat",
)  # fmt: skip
LIST_ANSWERS = ("lives_here", "data_right", "met_on", "met_by", "remark")
ADDRESS_COLUMNS = (
    "number", "line", "stratum", "region_code", "district_code", "precinct_number",
    "mahalla", "street", "house", "building", "flat",
)  # fmt: skip
ADDRESS_ANSWERS = (
    "surname", "given_name", "patronymic", "birth_date", "document_number", "on_list",
    "met_on", "met_by", "remark",
)  # fmt: skip
GUIDE = {
    "lives_here": "1: this person lives here and is alive; 0: not; empty: nobody was met",
    "data_right": "1: name, birth date and address are right; 0: not; empty: not asked",
    "on_list": "1: on the list of this precinct; 0: on no list; empty: not looked up yet",
    "surname": "one line for everybody who lives here and is 18 on election day",
}
ANSWERS = {"1": True, "0": False, "": None}


def list_form(drawn: pl.DataFrame) -> pl.DataFrame:
    """One line per voter drawn, with empty columns to fill in."""
    form = drawn.sort("number").select(LIST_COLUMNS)
    return form.with_columns(pl.lit(None, pl.String).alias(name) for name in LIST_ANSWERS)


def address_form(drawn: pl.DataFrame) -> pl.DataFrame:
    """Several lines per address drawn, one for each person found there."""
    lines = pl.DataFrame({"line": range(1, PERSONS_PER_ADDRESS + 1)})
    form = drawn.join(lines, how="cross").sort("number", "line").select(ADDRESS_COLUMNS)
    return form.with_columns(
        pl.lit(None, pl.String).alias(name) for name in ADDRESS_ANSWERS
    )


def form_csv(form: pl.DataFrame) -> bytes:
    """A form as CSV, written as the lists of a release are."""
    stream = io.BytesIO()
    stream.write(BYTE_ORDER_MARK + SEPARATOR.join(form.columns).encode() + b"\r\n")
    append_rows(stream, form)
    return stream.getvalue()


def form_xlsx(form: pl.DataFrame, title: str, answers: Sequence[str]) -> bytes:
    """A form as a workbook: frozen head, answers by list, ready to print on A4."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"title": title, "created": CREATED})
    head = book.add_format({"bold": True, "text_wrap": True, "border": 1, "valign": "top"})
    plain = book.add_format({"num_format": "@", "border": 1, "text_wrap": True})
    asked = book.add_format({"num_format": "@", "border": 1, "bg_color": "#FFF8DC"})
    sheet = book.add_worksheet("form")
    for place, name in enumerate(form.columns):
        sheet.write_string(0, place, name.replace("_", " "), head)
        sheet.set_column(place, place, 9 if name in ("number", "line") else 14)
        if name in GUIDE:
            sheet.write_comment(0, place, GUIDE[name])
        if name in ("lives_here", "data_right", "on_list"):
            sheet.data_validation(
                1,
                place,
                max(form.height, 1),
                place,
                {"validate": "list", "source": ["1", "0"]},
            )
    for number, row in enumerate(form.iter_rows(), start=1):
        for place, (name, value) in enumerate(zip(form.columns, row, strict=True)):
            text = "" if value is None else str(value)
            sheet.write_string(number, place, text, asked if name in answers else plain)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, form.height, len(form.columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L" + title.replace("&", "&&") + "&R&P / &N")
    book.close()
    return stream.getvalue()


def read_form(name: str, content: bytes) -> list[dict[str, str]]:
    """The rows of a filled form, every cell as text.

    Args:
        name: what to call the file in an error; .xlsx is a workbook, else CSV.
        content: its bytes.

    Raises:
        SourceError: not a form, or an answer is neither 1, 0 nor empty; the row and the
            column are named.
    """
    rows = (
        _workbook(name, content) if name.lower().endswith(".xlsx") else _csv(name, content)
    )
    asked = [
        column
        for column in ("lives_here", "data_right", "on_list")
        if rows and column in rows[0]
    ]
    if not asked or "number" not in rows[0]:
        raise SourceError(f"{name}: no form of an audit sample")
    for number, row in enumerate(rows, start=1):
        for column in asked:
            if row[column] not in ANSWERS:
                raise SourceError(
                    f"{name}: row {number}: {column} is neither 1, 0 nor empty"
                )
    return rows


def _csv(name: str, content: bytes) -> list[dict[str, str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{name}: not UTF-8") from error
    head = text.splitlines()[0] if text.strip() else ""
    separator = max(";,\t", key=head.count)
    return [
        {key: (value or "").strip() for key, value in row.items() if key}
        for row in csv.DictReader(io.StringIO(text), delimiter=separator)
    ]


def _workbook(name: str, content: bytes) -> list[dict[str, str]]:
    try:
        frame = pl.read_excel(content, infer_schema_length=0, engine="calamine")
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError) as error:
        raise SourceError(f"{name}: not a workbook that can be read") from error
    return [
        {key.replace(" ", "_"): _cell(value) for key, value in row.items()}
        for row in frame.to_dicts()
    ]


def _cell(value: Any) -> str:  # noqa: ANN401 - a cell is anything
    text = "" if value is None else str(value).strip()
    return text.removesuffix(".0")
