"""CSV files of a release: made to be opened by a double click, and still plain CSV.

What belongs here: how a cell is written. The files are UTF-8 with a byte order mark,
separated by semicolons with decimal commas (what Excel expects under the Uzbek and the
Russian regional settings), CRLF at line ends. Three rules change a cell, and all of them
leave Parquet alone (docs/adr/csv-for-offices.md):

* a text that a spreadsheet would run as a formula, or that begins with an apostrophe,
  gets one apostrophe in front;
* a text that a spreadsheet would turn into another number, a date or a time gets one tab
  behind, which makes it text in Excel and is white space to every other reader;
* control characters become spaces.
"""

from pathlib import Path
from typing import IO

import polars as pl

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
SEPARATOR = ";"

CONTROL = "[\x00-\x1f\x7f\u0085\u2028\u2029]"
FORMULA = r"^\s*[=+\-@＝＋－＠]|^'"
MONTH = (
    "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|yan|fev|iyu|avg|sen|okt|noy|dek"
    "|янв|фев|мар|апр|ма[йя]|ию[нл]|авг|сен|окт|ноя|дек|июн|июл)"
)
MISREAD = (
    r"^(?i:"
    r"0\d+"  # a leading zero would be lost
    r"|\d{12,}"  # shown as 3,02E+13
    r"|\d+e[+-]?\d+"  # house 3E5 is not 300000
    r"|\d{1,4}[-/.]\d{1,4}(?:[-/.]\d{1,4})?"  # house 12/3 is not the 12th of March
    r"|\d{1,4}:\d{1,2}(?::\d{1,2})?"
    rf"|\d{{1,4}}[-/. ]*{MONTH}\p{{L}}*\.?"  # the street 8-mart is not a date
    rf"|{MONTH}\p{{L}}*[-/. ]*\d{{1,4}}"
    r")$"
)
TOUCHED = f"{CONTROL}|{FORMULA}|{MISREAD}"


def open_csv(path: Path, columns: list[str]) -> IO[bytes]:
    """A CSV file with its byte order mark and header written; the caller closes it."""
    file = path.open("wb")
    file.write(BYTE_ORDER_MARK + SEPARATOR.join(columns).encode() + b"\r\n")
    return file


def append_rows(file: IO[bytes], rows: pl.DataFrame) -> None:
    """Write rows in the columns that the file was opened with; lists are joined before."""
    _mark_texts(rows).write_csv(
        file,
        include_header=False,
        separator=SEPARATOR,
        line_terminator="\r\n",
        decimal_comma=True,
        float_scientific=False,
    )


def _mark_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every text as a spreadsheet needs it.

    Few cells need anything: one search finds them, and only they are rewritten.
    """
    touched = frame.select(pl.col(pl.String).str.contains(TOUCHED).fill_null(False))
    for name in touched.columns:
        rows = touched[name].arg_true()
        if rows.len():
            cells = pl.DataFrame(frame[name].gather(rows))
            cells = cells.select(spreadsheet_text(pl.col(name)))
            column = frame[name].clone().scatter(rows, cells[name])
            frame = frame.with_columns(column)
    return frame


def spreadsheet_text(column: pl.Expr) -> pl.Expr:
    """A text cell that a spreadsheet shows as it is and never runs; nulls stay null."""
    plain = column.str.replace_all(CONTROL, " ")
    return (
        pl.when(plain.str.contains(FORMULA))
        .then(pl.concat_str(pl.lit("'"), plain))
        .when(plain.str.contains(MISREAD))
        .then(pl.concat_str(plain, pl.lit("\t")))
        .otherwise(plain)
        .alias(column.meta.output_name())
    )
