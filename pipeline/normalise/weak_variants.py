"""Tier C of the name rules: likeness that is evidence in a comparison and never a key.

What belongs here: affixes that come and go (rule 11), consonants that make another root
(rule 20), initials (rule 17). Alisher and Alisherjon may be one person or two brothers;
Yusupov and Yusufov are two surnames unless identifiers say otherwise.
"""

import polars as pl

from pipeline.normalise.names import loose_keys
from schemas.codes import WeakVariant

AFFIX = (
    r"(?:d?j[oa]n|d?zh[oa]n|xon|khon|xan|khan|hon|han|b[oa]y|bek|beg|oy|[oa]xun|[oa]khun"
    r"|mirz[oa])$"
)
CONSONANT_TWINS = {"f": "p", "b": "p", "d": "t"}


def weak_roots(keys: pl.Series) -> pl.DataFrame:
    """What weak variants of a name share, for joins of distinct names.

    Args:
        keys: exact keys; for a patronymic, of its root.

    Returns:
        One row per key: `affix_root` (loose key without up to two of -jon, -xon, -boy,
        -bek and the like, where three letters are left; nor a last d, since Ahmadjan may
        be Ahmad-jan or Ahma-djan) and `consonant_root` (without the affixes, with f and b
        as p, d as t). Null stays null.
    """
    bare = _shorter(_shorter(keys, AFFIX), AFFIX)
    return pl.DataFrame(
        {
            "affix_root": loose_keys(_shorter(bare, "d$")),
            "consonant_root": loose_keys(bare).str.replace_many(CONSONANT_TWINS),
        }
    )


def _shorter(keys: pl.Series, ending: str) -> pl.Series:
    bare = keys.str.replace(ending, "")
    return bare.zip_with((bare.str.len_chars() >= 3).fill_null(value=False), keys)


def weak_variants(left: pl.Series, right: pl.Series) -> pl.Series:
    """How two exact keys resemble each other beyond their loose keys; the best level.

    Symmetric. Null where the loose keys agree (that is stronger), where nothing is alike
    or a key is null.

    Args:
        left: exact keys, or an initial in Latin letters.
        right: the same, row by row.
    """
    frame = pl.DataFrame(
        {
            "left": left,
            "right": right,
            "is_alike": (loose_keys(left) == loose_keys(right)),
            "shorter": left.zip_with(left.str.len_chars() < right.str.len_chars(), right),
            "longer": right.zip_with(left.str.len_chars() < right.str.len_chars(), left),
        }
    ).hstack(
        [
            (weak_roots(left)[root] == weak_roots(right)[root]).alias(root)
            for root in ("affix_root", "consonant_root")
        ]
    )
    is_initial = pl.col("shorter").str.contains(
        "^(?:sh|ch|y[aeou]|ts|[og]'|[a-z])$"
    ) & pl.col("longer").str.starts_with(pl.col("shorter"))
    return frame.select(
        pl.when("is_alike")
        .then(None)
        .when(pl.col("affix_root"))
        .then(pl.lit(WeakVariant.AFFIX.value))
        .when(pl.col("consonant_root"))
        .then(pl.lit(WeakVariant.CONSONANT.value))
        .when(is_initial)
        .then(pl.lit(WeakVariant.INITIAL.value))
        .alias("weak_variant")
    ).to_series()
