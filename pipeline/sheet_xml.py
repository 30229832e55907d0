"""Rows of a spreadsheet as the XML that stands in an XLSX file (ECMA-376, part 1, 18.3.1).

What belongs here: one Polars expression that writes whole rows, cells without references,
which the standard allows (`r` is optional) and which halves the file. Characters that XML
can't hold become spaces; what a spreadsheet would read as an escape is escaped.
"""

import datetime
from collections.abc import Sequence

import polars as pl
import pyarrow as pa

FIRST_SERIAL = datetime.date(1900, 3, 1)
"""Excel's calendar is wrong before this day: older dates are written as text."""
EPOCH_DAYS = 25_569
"""Excel's number of 1 January 1970."""

NOT_XML = "[\x00-\x1f\x7f\u0085\u2028\u2029\ufffe\uffff]"
MARKUP = r"[<>&]|^\s|\s$|_x[0-9A-Fa-f]{4}_"
TOUCHED = f"{NOT_XML}|{MARKUP}"


def row_xml(frame: pl.DataFrame, styles: Sequence[str]) -> memoryview:
    """The XML of these rows; cells without a value keep their place as `<c/>`."""
    texts = pl.col(pl.String).str.contains(TOUCHED).any()
    touched = {column.name for column in frame.select(texts) if column.any()}
    pieces: list[pl.Expr] = []
    for (name, dtype), style in zip(frame.schema.items(), styles, strict=True):
        cell = _cell_xml(pl.col(name), cell_kind(dtype), style, name in touched)
        if frame[name].null_count():
            cell = [pl.concat_str(cell).fill_null(f"<c{style}/>")]
        pieces += cell
    row = pl.concat_str([pl.lit("<row>"), *pieces, pl.lit("</row>")])
    rows = frame.select(row.alias("rows"))["rows"].rechunk().to_arrow()
    return memoryview(rows.cast(pa.large_string()).buffers()[2] or b"")


def _cell_xml(value: pl.Expr, kind: str, style: str, is_touched: bool) -> list[pl.Expr]:
    """The pieces that make a cell; null where the value is."""
    if kind == "text":
        text = f'<c t="inlineStr"{style}><is>'
        if is_touched:
            return [pl.lit(text), _text_element(value), pl.lit("</is></c>")]
        return [pl.lit(f"{text}<t>"), value.cast(pl.String), pl.lit("</t></is></c>")]
    if kind == "date":
        text = f'<c t="inlineStr"{style}><is><t>'
        number = (value.cast(pl.Int32) + EPOCH_DAYS).cast(pl.String)
        old = [pl.lit(text), value.dt.strftime("%d.%m.%Y"), pl.lit("</t></is></c>")]
        new = [pl.lit(f"<c{style}><v>"), number, pl.lit("</v></c>")]
        is_old = value < FIRST_SERIAL
        return [pl.when(is_old).then(pl.concat_str(old)).otherwise(pl.concat_str(new))]
    if kind == "boolean":
        number = value.cast(pl.Int8).cast(pl.String)
        return [pl.lit(f'<c t="b"{style}><v>'), number, pl.lit("</v></c>")]
    return [pl.lit(f"<c{style}><v>"), value.cast(pl.String), pl.lit("</v></c>")]


def _text_element(text: pl.Expr) -> pl.Expr:
    """A `<t>` element that a spreadsheet shows as this text, blanks included."""
    inside = (
        text.str.replace_all(NOT_XML, " ")
        .str.replace_all("&", "&amp;", literal=True)
        .str.replace_all("<", "&lt;", literal=True)
        .str.replace_all(">", "&gt;", literal=True)
        # A spreadsheet reads _x0041_ as the letter A; its own underscore is _x005F_.
        .str.replace_all("_(x[0-9A-Fa-f]{4}_)", "_x005F_$1")
    )
    marked = pl.concat_str([pl.lit('<t xml:space="preserve">'), inside, pl.lit("</t>")])
    plain = pl.concat_str([pl.lit("<t>"), text, pl.lit("</t>")])
    return pl.when(text.str.contains(TOUCHED)).then(marked).otherwise(plain)


def cell_kind(dtype: pl.DataType) -> str:
    """Whether a column's cells are text, date, boolean or number."""
    if dtype == pl.Date:
        return "date"
    if dtype == pl.Boolean:
        return "boolean"
    return "number" if dtype.is_numeric() else "text"
