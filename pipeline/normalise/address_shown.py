"""Addresses in parts, for looking at what is read: `selv normalise addresses`.

What belongs here: the columns that a reader sees. The reading is that of a night.
"""

import polars as pl

from pipeline.engine import passing_engine
from pipeline.normalise.addresses import (
    RAW_COLUMNS,
    address_parts,
    dictionaries,
    in_pieces,
)

PART_NAMES = (
    "mahalla",
    "street",
    "house",
    "building",
    "flat",
    "lane",
    "massif",
    "unread",
    "warnings",
    "mahalla_kind",
)
_SHOWN_COLUMNS = (
    "mahalla",
    "mahalla_kind",
    "massif",
    "street",
    "lane",
    "house",
    "building",
    "flat",
    "mahalla_key",
    "massif_key",
    "street_key",
    "house_key",
    "building_key",
    "flat_key",
    "cadastral_key",
    "unread",
    "warnings",
)


def shown_addresses(frame: pl.DataFrame) -> pl.DataFrame:
    """Each row's address in parts.

    Args:
        frame: district_code and any of mahalla, street, house, building, flat,
            address_text, cadastral_number; other columns are kept as they are.

    Returns:
        The same rows in their order, with mahalla, mahalla_kind, massif, street (without
        its massif), lane, house, building and flat in standard spelling, their keys,
        unread and warnings (separated by spaces). A delivered column of the same name is
        kept as `delivered_<name>`; where that is there already, as in an output of this
        function, it is replaced.
    """
    raw = frame.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("id"),
        *(
            pl.col(column).cast(pl.String)
            if column in frame.columns
            else pl.lit(None, pl.String).alias(column)
            for column in RAW_COLUMNS
        ),
    ).with_columns(pl.col(name).str.strip_chars().replace("", None) for name in RAW_COLUMNS)
    names = dictionaries("normalise_shown")
    with passing_engine() as engine:
        source = engine.from_arrow(raw.to_arrow())
        pieces = in_pieces(engine, source, names)
        pieces.create("normalise_shown_rows")
        rows = engine.table("normalise_shown_rows")
        parts: pl.DataFrame = address_parts(engine, rows, names).pl().sort("id")
    shown = parts.with_columns(
        pl.col("street_alone").alias("street"), pl.col("warnings").list.join(" ")
    )
    delivered = [
        column
        for column in PART_NAMES
        if column in frame.columns and f"delivered_{column}" not in frame.columns
    ]
    kept = frame.rename({column: f"delivered_{column}" for column in delivered})
    kept = kept.drop(_SHOWN_COLUMNS, strict=False)
    return pl.concat([kept, shown.select(_SHOWN_COLUMNS)], how="horizontal")
