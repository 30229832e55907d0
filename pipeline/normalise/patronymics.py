"""Patronymics read as a root and a sex (docs/normalise-names.md, rule 15).

What belongs here: the forms X-ovich / X-ovna, X o'g'li / X qizi and their spellings.
Karimovich and Karim o'g'li are one reading; Karimovna and Karim qizi another.
"""

import polars as pl

from pipeline.normalise.names import exact_keys
from pipeline.tables import reference_table

SON = (
    r"(?: ?[ou]'? ?g'? ?l[iyu]| ?o'?g'il| (?:ul[iyu]|uul|uulu)"
    r"| (?:o'g'?|og'|ug'?))$"
)
"""o'g'li, ogli, ugli, ogly, oglu, Karakalpak and Kazakh uly, and the abbreviations o'g'."""
DAUGHTER = r"(?: ?[qk][iy]z[iy]| (?:g[iy]z[iy]|qiz|kiz|q))$"
"""qizi, kizi, qyzy, kyzy, Karakalpak qızı, and the abbreviations qiz and q."""
SON_RUSSIAN = r"[oe]v[iy]ch$"
DAUGHTER_RUSSIAN = r"[oe]vna$"


def read_patronymics(words: pl.Series) -> pl.DataFrame:
    """Root and sex of patronymics, from Latin words (`latin_words`).

    Returns:
        One row per text: `root_key` (exact key of the father's name), `patronymic_sex` (M
        or F; null where the form shows none) and `patronymic_key`: root and sex, so that
        a son's and a daughter's never agree; the root alone where the form shows no sex.
    """
    apart = words.str.replace("([^qk' ])uly$", "${1} uly")
    frame = pl.DataFrame({"words": apart}).with_columns(
        son=_has_root("words", SON), daughter=_has_root("words", DAUGHTER)
    )
    father = frame.select(
        pl.when("son")
        .then(pl.col("words").str.replace(SON, ""))
        .when("daughter")
        .then(pl.col("words").str.replace(DAUGHTER, ""))
        .otherwise("words")
        .alias("father")
    ).to_series()
    irregular = reference_table("patronymic_roots")
    sexes = irregular.filter(pl.col("sex").is_not_null())
    key = exact_keys(father)
    frame = frame.with_columns(
        key=key,
        listed=key.replace_strict(
            sexes["root"], sexes["sex"], default=None, return_dtype=pl.String
        ),
    ).with_columns(
        son_russian=_has_root("key", SON_RUSSIAN),
        daughter_russian=_has_root("key", DAUGHTER_RUSSIAN),
    )
    return _keys(frame, dict(zip(irregular["root"], irregular["name"], strict=True)))


def is_patronymic(words: pl.Series) -> pl.Series:
    """Whether the form of Latin words is a patronymic's; null where words are null."""
    return read_patronymics(words)["patronymic_sex"].is_not_null() & words.is_not_null()


def _has_root(column: str, ending: str) -> pl.Expr:
    """Whether the text has this ending and at least two letters before it."""
    root = pl.col(column).str.replace(ending, "")
    return pl.col(column).str.contains(ending) & (root.str.len_chars() >= 2)


def _keys(frame: pl.DataFrame, irregular: dict[str, str]) -> pl.DataFrame:
    stem = pl.col("key").str.replace(f"{SON_RUSSIAN}|{DAUGHTER_RUSSIAN}", "")
    # Aliyevich: the y belongs to the ending, unless the father is called -boy or -bay.
    stem = (
        pl.when(stem.str.contains(".{3,}b[oa]y$"))
        .then(stem)
        .otherwise(stem.str.replace("([aeiou'])y$", "${1}"))
    )
    root = (
        pl.when(pl.col("son_russian") | pl.col("daughter_russian"))
        .then(stem)
        .otherwise("key")
    )
    sex = (
        pl.when("son")
        .then(pl.lit("M"))
        .when("daughter")
        .then(pl.lit("F"))
        .when("son_russian")
        .then(pl.lit("M"))
        .when("daughter_russian")
        .then(pl.lit("F"))
        .otherwise("listed")
    )
    read = frame.select(root_key=root, patronymic_sex=sex).with_columns(
        pl.when(pl.col("patronymic_sex").is_not_null())
        .then(pl.col("root_key").replace(irregular))
        .otherwise("root_key")
        .alias("root_key")
    )
    return read.with_columns(
        patronymic_key=pl.concat_str(
            ["root_key", pl.col("patronymic_sex").str.to_lowercase()],
            separator=" ",
            ignore_nulls=True,
        ).replace("", None)
    )
