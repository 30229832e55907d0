"""Keys of whole names: what the rows of a table, or its distinct texts, are read as."""

import polars as pl

from pipeline.normalise.name_parts import PARTS, arrange_parts
from pipeline.normalise.names import (
    candidate_keys,
    exact_keys,
    is_initial,
    is_placeholder,
    loose_keys,
    surname_sex,
)
from pipeline.normalise.patronymics import read_patronymics
from pipeline.normalise.scripts import (
    KARAKALPAK_REGION,
    has_mixed_word,
    latin_words,
    plain_words,
    script_of,
)


def name_keys(names: pl.DataFrame) -> pl.DataFrame:
    """Names with their keys beside them, for `selv normalise names` and for notebooks.

    Args:
        names: surname, given_name, patronymic, and where known sex and region_code; other
            columns are passed through.

    Returns:
        The same rows in the same order with surname_key, given_name_key, patronymic_key
        (exact), candidate_keys (sorted; of single parts: block on two of them),
        patronymic_root, patronymic_sex, script and warnings (sorted codes). Parts in the
        wrong columns are read where they belong and warned of; placeholders and initials
        have no exact key.
    """
    known = names.with_columns(
        pl.lit(None, dtype=pl.String).alias(column)
        for column in (*PARTS, "sex", "region_code")
        if column not in names.columns
    )
    parts = known.select(pl.col(*PARTS).cast(pl.String)).with_columns(
        is_karakalpak=(known["region_code"].cast(pl.String) == KARAKALPAK_REGION).fill_null(
            value=False
        )
    )
    read = read_rows(parts)
    candidates = (
        pl.DataFrame({part: candidate_keys(read[f"{part}_loose"]) for part in PARTS})
        .select(pl.concat_list(pl.all()).list.drop_nulls().list.unique().list.sort())
        .to_series()
    )
    return names.with_columns(
        read["surname_key"],
        read["given_name_key"],
        read["patronymic_key"],
        candidates.alias("candidate_keys"),
        read["patronymic_root"],
        read["patronymic_sex"],
        script_of(
            parts.select(pl.concat_str(PARTS, separator=" ", ignore_nulls=True)).to_series()
        ).alias("script"),
        _warnings(read.with_columns(known["sex"].cast(pl.String))).alias("warnings"),
    )


def read_texts(texts: pl.DataFrame, part: str) -> pl.DataFrame:
    """What each distinct text is as a surname, a given name or a patronymic.

    Args:
        texts: text (not null), is_karakalpak; each pair once.
        part: the column that the texts stand in.

    Returns:
        The same rows with the part's key, loose key and sex (a given name has none; null
        where the text is no such part), is_placeholder, is_initials, is_mixed, and what
        makes a row worth a look by `read_rows`: is_other_form (the form of another part),
        is_missing (no usable text) and has_words (more than one).
    """
    words = latin_words(plain_words(texts["text"]), texts["is_karakalpak"])
    kinds = _kinds(words, texts["text"])
    if part == "surname":
        kinds = kinds.with_columns(is_initials=pl.lit(value=False))
    usable = _where(words, ~kinds["is_placeholder"] & ~kinds["is_initials"])
    key = exact_keys(usable)
    sex = surname_sex(key)
    keys: list[pl.Series]
    if part == "surname":
        other = pl.repeat(False, words.len(), dtype=pl.Boolean, eager=True)
        keys = [key.alias("surname_key"), sex.alias("surname_sex")]
        root = key
    else:
        father = read_patronymics(usable)
        root = key if part == "given_name" else father["root_key"]
        other = sex.is_not_null()
        keys = [key.alias("given_name_key")]
        if part == "given_name":
            other |= father["patronymic_sex"].is_not_null()
        else:
            keys = [father["patronymic_key"], father["patronymic_sex"]]
    return texts.with_columns(
        *keys,
        loose_keys(root, part).alias(f"{part}_loose"),
        *kinds,
        other.alias("is_other_form"),
        usable.is_null().alias("is_missing"),
        usable.str.contains(" ").fill_null(value=False).alias("has_words"),
    )


def read_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Whole names, their parts put into their own columns first.

    Args:
        rows: surname, given_name, patronymic, is_karakalpak.

    Returns:
        The same rows with the exact, loose and sex columns of each part, and of any part
        is_rearranged, is_placeholder, is_initials and is_mixed.
    """
    words = {
        part: latin_words(plain_words(rows[part]), rows["is_karakalpak"]) for part in PARTS
    }
    kinds = {part: _kinds(words[part], rows[part]) for part in PARTS}
    # Ю and О are surnames of Koreans, not initials.
    kinds["surname"] = kinds["surname"].with_columns(is_initials=pl.lit(value=False))
    arranged = arrange_parts(
        pl.DataFrame(
            {
                part: _where(
                    words[part],
                    ~kinds[part]["is_placeholder"] & ~kinds[part]["is_initials"],
                )
                for part in PARTS
            }
        )
    )
    surname, given_name = (
        exact_keys(arranged["surname"]),
        exact_keys(arranged["given_name"]),
    )
    father = read_patronymics(arranged["patronymic"])
    return rows.with_columns(
        surname.alias("surname_key"),
        loose_keys(surname, "surname").alias("surname_loose"),
        surname_sex(surname).alias("surname_sex"),
        given_name.alias("given_name_key"),
        loose_keys(given_name, "given_name").alias("given_name_loose"),
        father["patronymic_key"],
        father["root_key"].alias("patronymic_root"),
        loose_keys(father["root_key"], "patronymic").alias("patronymic_loose"),
        father["patronymic_sex"],
        arranged["is_rearranged"],
        *(
            pl.DataFrame([kinds[part][kind].alias(part) for part in PARTS])
            .select(pl.any_horizontal(pl.all()).alias(kind))
            .to_series()
            for kind in ("is_placeholder", "is_initials", "is_mixed")
        ),
    )


def _kinds(words: pl.Series, texts: pl.Series) -> pl.DataFrame:
    """Whether texts are placeholders or initials, and mix alphabets in a word."""
    given = texts.str.contains(r"[^\s\p{Z}\p{Cf}\p{Cc}]").fill_null(value=False)
    placeholder = is_placeholder(words).fill_null(value=False) & given
    initials = is_initial(words).fill_null(value=False) & ~placeholder
    return pl.DataFrame(
        {
            "is_placeholder": placeholder,
            "is_initials": initials,
            "is_mixed": has_mixed_word(texts).fill_null(value=False),
        }
    )


def _where(words: pl.Series, kept: pl.Series) -> pl.Series:
    return words.zip_with(
        kept, pl.repeat(None, words.len(), dtype=pl.String, eager=True)
    ).replace("", None)


def _warnings(read: pl.DataFrame) -> pl.Series:
    codes = {
        "NAME_INITIALS": pl.col("is_initials"),
        "NAME_MIXED_SCRIPT": pl.col("is_mixed"),
        "NAME_PARTS_SWAPPED": pl.col("is_rearranged"),
        "NAME_PLACEHOLDER": pl.col("is_placeholder"),
        "PATRONYMIC_SEX": pl.col("patronymic_sex") != pl.col("sex"),
        "SURNAME_SEX": pl.col("surname_sex") != pl.col("sex"),
    }
    return read.select(
        pl.concat_list(
            pl.when(condition).then(pl.lit(code)) for code, condition in codes.items()
        ).list.drop_nulls()
    ).to_series()
