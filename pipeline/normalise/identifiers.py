"""Identifiers in standard form: cadastral numbers, and all three kinds for the terminal.

What belongs here: the standard form of an identifier, or the code of what is wrong with it.
A digit or a letter is never repaired by guess; what can't be read is null with a reason.
PINFL and document numbers of a country's rows are read in pinfl.py.
"""

import datetime

import polars as pl

from pipeline.engine import passing_engine
from pipeline.normalise.dates import (
    DEFAULT_FORMS,
    date_day,
    date_parts,
    date_precision,
    date_value,
)
from pipeline.normalise.pinfl import read_identifiers

CADASTRAL_WIDTHS = (2, 2, 2, 2, 2, 4, 4, 3)
"""AA:BB:CC:DD:EE:FFFF:GGGG:HHH (kadastr.uz, 17.01.2024): region, district, zone, massif,
block, land parcel, building, part of the building."""
CADASTRAL_LAND_PARTS = 6
"""Land numbers stop at FFFF, buildings at GGGG."""


def canonical_cadastral_number(numbers: pl.Series) -> pl.Series:
    """Cadastral numbers as AA:BB:CC:DD:EE:FFFF[:GGGG[:HHH]], for exact comparison.

    Missing leading zeros are added, any punctuation or space separates, 14, 18 or 21
    digits without separators are cut by position, and parts of zeros at the end are left
    out, since they name no building and no part. Null where fewer than six parts are left
    or a part has too many digits or anything but digits stands in it.
    """
    return (
        numbers.to_frame("number")
        .select(cadastral_number(pl.col("number"), CADASTRAL_LAND_PARTS))
        .to_series()
        .rename(numbers.name)
    )


def canonical_cadastral_prefix(prefixes: pl.Series) -> pl.Series:
    """Beginnings of cadastral numbers in the form of `canonical_cadastral_number`.

    One part is enough; for rules that cover every number which begins so. Null where a
    part can't be read.
    """
    return (
        prefixes.to_frame("number")
        .select(cadastral_number(pl.col("number"), 1))
        .to_series()
        .rename(prefixes.name)
    )


def cadastral_number(number: pl.Expr, parts_min: int) -> pl.Expr:
    """The canonical form of `canonical_cadastral_number` as an expression."""
    text = number.str.replace_all("№", " ").str.normalize("NFKC").str.strip_chars()
    readable = ~text.str.contains(r"[\p{L}\p{M}]") & (text.str.len_chars() <= 60)
    digits = text.str.extract_all("[0-9]+")
    joined = digits.list.first()
    unbroken = (digits.list.len() == 1) & joined.str.len_chars().is_in([14, 18, 21])
    starts = [sum(CADASTRAL_WIDTHS[:part]) for part in range(len(CADASTRAL_WIDTHS))]
    parts = [
        pl.when(unbroken)
        .then(joined.str.slice(start, width))
        .otherwise(digits.list.get(part, null_on_oob=True))
        .replace("", None)
        for part, (start, width) in enumerate(zip(starts, CADASTRAL_WIDTHS, strict=True))
    ]
    values = [part.str.strip_chars_start("0") for part in parts]
    padded = [
        value.str.zfill(width)
        for value, width in zip(values, CADASTRAL_WIDTHS, strict=True)
    ]
    fits = pl.all_horizontal(
        value.is_null() | (value.str.len_chars() <= width)
        for value, width in zip(values, CADASTRAL_WIDTHS, strict=True)
    )
    named = pl.sum_horizontal(part.is_not_null() for part in parts)
    whole = pl.concat_str(padded, separator=":", ignore_nulls=True).str.replace(
        r"^((?:\d+:){5}\d{4}(?::\d*[1-9]\d*)?)(?::0+)+$", "$1"
    )
    usable = readable & fits & (named >= parts_min) & (digits.list.len() <= len(parts))
    return pl.when(usable).then(whole)


def identifier_forms(
    identifiers: pl.DataFrame, as_of: datetime.date | None = None
) -> pl.DataFrame:
    """Identifiers with their standard form and failures, for `selv normalise identifiers`.

    Args:
        identifiers: any of pinfl, document_number, cadastral_number, and birth_date, sex,
            document_type to compare with; all text. Other columns are passed through.
        as_of: no birth is later than this day; without it none is held to be future.

    Returns:
        The same rows in the same order with `pinfl_standard`, `document_number_standard`
        and `cadastral_number_standard` (null where they can't be read; a PINFL that only
        disagrees with the row is kept), `valid` (null where the row gives none of the
        three) and `failures`: PINFL_* of PinflProblem, PINFL_MISSING where the text holds
        no number, DOCUMENT_MALFORMED, CADASTRAL_MALFORMED, BIRTH_DATE_MALFORMED.
    """
    given = {
        name: (
            identifiers[name].cast(pl.String).str.strip_chars().replace("", None)
            if name in identifiers.columns
            else pl.Series([None], dtype=pl.String).new_from_index(0, identifiers.height)
        )
        for name in _FORM_COLUMNS
    }
    texts = pl.DataFrame(given).with_row_index("row_id")
    with passing_engine() as engine:
        engine.register("texts", texts.to_arrow())
        dated = engine.sql(_DATED_TEXTS)
        read = read_identifiers(engine, dated, as_of or datetime.date.max).pl()
    read = read.sort("row_id").with_columns(
        cadastral=canonical_cadastral_number(texts["cadastral_number"])
    )
    return identifiers.with_columns(read.select(*_form_columns()))


def _form_columns() -> list[pl.Expr]:
    problems = pl.col("pinfl_problems")
    is_number = problems.list.set_difference(pl.lit(["BIRTH_DATE", "SEX"])).list.len() == 0
    failures = pl.concat_list(
        problems.list.eval("PINFL_" + pl.element()),
        *(
            pl.when(condition)
            .then(pl.lit([code]))
            .otherwise(pl.lit([], pl.List(pl.String)))
            for code, condition in _FORM_FAILURES.items()
        ),
    )
    is_given = pl.any_horizontal(
        pl.col("pinfl", "document_number", "cadastral_number").is_not_null()
    )
    return [
        pl.when(is_number).then("pinfl_digits").alias("pinfl_standard"),
        pl.col("document_key").alias("document_number_standard"),
        pl.col("cadastral").alias("cadastral_number_standard"),
        pl.when(is_given).then(failures.list.len() == 0).alias("valid"),
        failures.alias("failures"),
    ]


_FORM_COLUMNS = (
    "pinfl",
    "document_number",
    "document_type",
    "cadastral_number",
    "birth_date",
    "sex",
)

_FORM_FAILURES = {
    "PINFL_MISSING": pl.col("pinfl").is_not_null() & pl.col("pinfl_digits").is_null(),
    "DOCUMENT_MALFORMED": pl.col("is_document_malformed"),
    "CADASTRAL_MALFORMED": (
        pl.col("cadastral_number").is_not_null() & pl.col("cadastral").is_null()
    ),
    "BIRTH_DATE_MALFORMED": (
        pl.col("birth_date_text").is_not_null() & pl.col("birth_date").is_null()
    ),
}

_DATED_TEXTS = f"""
    SELECT row_id, pinfl, document_number, document_type, cadastral_number, sex,
        birth_date AS birth_date_text, {date_value("parts")} AS birth_date,
        {date_precision("parts")} AS birth_date_precision
    FROM (
        SELECT *, {date_parts("birth_day", DEFAULT_FORMS)} AS parts
        FROM (SELECT *, {date_day("birth_date")} AS birth_day FROM texts)
    )
"""
