"""Identifiers read strictly: cadastral numbers, PINFL, document numbers.

What belongs here: the standard form of an identifier, or the code of what is wrong with it.
A digit or a letter is never repaired by guess; what can't be read is null with a reason.
"""

import polars as pl

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
    text = number.str.normalize("NFKC").str.strip_chars()
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
