"""Keys of names in three tiers: exact, loose, candidate; and what a name's form shows.

Tier A, `exact_keys`: a lossless fold over alphabets, marks, case and word breaks. Equal
keys are one spelling; it may serve as an exact key.
Tier B, `loose_keys`: also folds what registers confuse (Russian keyboard, romanisations,
akanie). Equal keys grade a comparison; alone they prove nothing.
Tier B, `candidate_keys`: the consonants that are left. Only says who is worth comparing.
Tier C, weak variants, stands in weak_variants.py; the rules in docs/normalise-names.md.
"""

from functools import cache

import polars as pl

from pipeline.normalise.scripts import latin_words, plain_words
from pipeline.tables import reference_table

CONSONANT = "[bcdfghjklmnpqrstvwxz]"
CONSONANTS = "bcdfghjklmnpqrstvwxz"

LOOSE_STEPS: tuple[tuple[str, str], ...] = (
    # Rule 6: oʻ is u on a Russian keyboard; rules 2, 3, 8: other marks are often lost.
    ("o'", "u"),
    ("'", ""),
    # Rules 3, 7, 8, 9, 13: one letter for each family of romanisations.
    ("shch|sch", "sh"),
    ("dzh|zh|dj", "j"),
    ("ch", "ç"),
    ("c([dklnrt])", "k${1}"),
    ("ts|tz|c", "s"),
    ("kh|x", "h"),
    ("gh", "g"),
    ("q", "k"),
    ("w", "v"),
    # Rules 4, 5, 10: a glide at the beginning or before e is dropped, else и й ы are i.
    ("^[iy]+([aeou])", "${1}"),
    ("([aeou])[iy]+e", "${1}e"),
    ("[iy]+", "i"),
    ("([ae])u", "${1}v"),
    # Rule 12, before vowels and double letters are folded.
    ("[aeiou](?:td|dt|dd|d)in($|ov|ev|j[oa]n|bek)", "idin${1}"),
    ("[aeiou]ll[ao]h?", "ulla"),
    ("m[aou]h[aoe]?m+[aeo]d", "muhamad"),
    # Rule 10: Russian akanie.
    ("o", "a"),
    *((f"{letter}{{2,}}", letter) for letter in CONSONANTS + "aeiuç"),
)

SURNAME_SEX_STEPS: tuple[tuple[str, str], ...] = (
    # Rule 14.
    ("(ov|ev|in)a$", "${1}"),
    ("sk(?:a[iy]?a|[iy]+)$", "ski"),
    ("z[ao]d[aeo]$", "zada"),
)

SURNAME_FEMALE = f"{CONSONANT}'?(?:ova|[iy]?eva)$|[aeiou'][iy]?eva$|skaya$|skaia$"
SURNAME_MALE = f"{CONSONANT}'?(?:ov|[iy]?ev)$|[aeiou'][iy]?ev$|skiy$|skij$|sky$"
NOT_SURNAMES = ("lev", "yakov", "iakov", "yov", "prov", "yeva", "eva", "zamaneva", "asov")


def exact_keys(words: pl.Series) -> pl.Series:
    """Tier A key of Latin words (`latin_words`); null where nothing is left.

    Spaces go (rule 16). A mark between two consonants is ь (Ильдар, Il'dar): tutuq stands
    beside a vowel or in s'h. After a consonant ye and yo become e, except yo before r and
    at the end: there ё is printed е and ь is lost (rules 4 and 18): Семёнов, Ильёс.
    """
    lost = f"({CONSONANT}'?)yo([bcdfghjklmnpqstvwxz])"
    keys = (
        words.str.replace_all("s h", "s'h")
        .str.replace_all(" ", "")
        .str.replace_all("([bdfjlmprtz])'([bdfgjklmnpqrstvwxz])", "${1}${2}")
        .str.replace_all("''+", "'")
        .str.replace_all(f"({CONSONANT}'?)y+e", "${1}e")
        .str.replace_all(lost, "${1}e${2}")
        .str.replace_all(lost, "${1}e${2}")
    )
    return keys.replace("", None)


def loose_keys(keys: pl.Series, part: str = "given_name") -> pl.Series:
    """Tier B key of exact keys, for graded comparison; null stays null.

    Args:
        keys: exact keys; for a patronymic, of its root.
        part: surname, given_name or patronymic. Surnames lose their sex ending (rule 14).
    """
    loose = keys.replace(_variants(part))
    if part == "surname":
        loose = _replaced(loose, SURNAME_SEX_STEPS)
    if part == "patronymic":
        # Sergeyevich has lost the y of Sergey.
        loose = loose.str.replace("([aeou'i])y$", "${1}")
    return _replaced(loose, LOOSE_STEPS).replace("", None)


def candidate_keys(loose: pl.Series) -> pl.Series:
    """Consonants of loose keys, the widest net: every spelling of a name shares it.

    A vowel at the beginning counts as a; h at the end is lost with -ulloh, d and t fall
    together in -itdin. Never a reason to link anything.
    """
    return _replaced(
        loose.str.replace("^[aeiou]+", "a")
        .str.replace_all("([^aeiou])[aeiou]+", "${1}")
        .str.replace_all("(.)[eiou]+", "${1}")
        .str.replace_all("td|dt", "d")
        .str.replace("(.)h$", "${1}"),
        tuple((f"{letter}{{2,}}", letter) for letter in CONSONANTS + "ç"),
    )


def _replaced(keys: pl.Series, steps: tuple[tuple[str, str], ...]) -> pl.Series:
    for pattern, replacement in steps:
        keys = keys.str.replace_all(pattern, replacement)
    return keys


@cache
def _variants(part: str) -> dict[str, str]:
    table = reference_table("name_variants").filter(pl.col("part") == part)
    return dict(zip(table["variant"], table["name"], strict=True))


def surname_sex(keys: pl.Series) -> pl.Series:
    """M or F where the ending of a surname says it (-ov, -ova, -skiy, -skaya); else null.

    -in and -ina say nothing: many names of other peoples end so.
    """
    frame = keys.to_frame("key").with_columns(
        own=~pl.col("key").is_in(NOT_SURNAMES) & (pl.col("key").str.len_chars() > 3)
    )
    return frame.select(
        pl.when(pl.col("own") & pl.col("key").str.contains(SURNAME_FEMALE))
        .then(pl.lit("F"))
        .when(pl.col("own") & pl.col("key").str.contains(SURNAME_MALE))
        .then(pl.lit("M"))
        .alias("surname_sex")
    ).to_series()


def is_placeholder(words: pl.Series) -> pl.Series:
    """Whether words stand where a name should be: NOMA'LUM, XXX, a dash, digits alone."""
    key = words.str.replace_all(" ", "")
    frame = pl.DataFrame({"words": words, "key": key}).with_columns(
        first=pl.col("key").str.slice(0, 1)
    )
    known = _placeholders()
    return frame.select(
        (
            pl.col("words").is_in(known)
            | ~pl.col("key").str.contains(r"\p{L}")
            | (
                (pl.col("key").str.len_chars() >= 3)
                & (pl.col("key").str.strip_chars(pl.col("first")) == "")
            )
        ).alias("is_placeholder")
    ).to_series()


@cache
def _placeholders() -> list[str]:
    texts = reference_table("name_placeholders")["text"]
    words = latin_words(plain_words(texts), pl.repeat(False, texts.len(), eager=True))
    return sorted(set(words.to_list()) | set(words.str.replace_all(" ", "").to_list()))


def is_initial(words: pl.Series) -> pl.Series:
    """Whether words are initials only: A, Sh, A K."""
    letter = "(?:sh|ch|ya|yu|yo|ye|ts|[og]'|[a-z])"
    return words.str.contains(f"^{letter}( {letter}){{0,2}}$")
