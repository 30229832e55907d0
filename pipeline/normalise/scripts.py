"""Alphabets brought to one: every spelling of a word as the letters of Latin 1995.

What belongs here: letters, marks and look-alikes, with no word of what is a surname. The
result is for keys, never shown. Two forms: `plain_words` tidies a text and keeps its
alphabet; `latin_words` reads it in ASCII, where ' after o or g makes oʻ or gʻ, after a, n
or u the Karakalpak letter of 2009, and elsewhere tutuq.
"""

from functools import cache
from itertools import groupby

import polars as pl

from pipeline.tables import reference_table

MARKS = "ʻʼ'‘’`´′ʹ＇‛ʽˈʾʿˊˋˮ‵՚׳ꞌ״„“”\"«»″ʺ*΄᾽῾´｀ʻ\u0312\u0313\u0314\u0315\u031b"
"""Everything seen in place of the mark of oʻ, gʻ and tutuq (rules 1 and 2)."""

KARAKALPAK_REGION = "1735"
CYRILLIC = r"[\u0400-\u052F]"
LATIN = r"[a-zÀ-ɏḀ-ỿ]"
GREEK = dict(zip("αβεζηικμνορτυχ", "abezhikmnoptyx", strict=True))
"""Greek letters stand in these registers only for the Latin ones they look like."""
CYRILLIC_VOWELS = "аеёиоуўэюяыәөүіӣӯ"

LOOK_ALIKES = dict(zip("аеорсухіјѕвнкмтһ", "aeopcyxijsbhkmth", strict=True))
"""Cyrillic letter to the Latin letter that it looks like, in small or in capital."""
LOOK_ALIKES_CYRILLIC = {
    latin: letter for letter, latin in LOOK_ALIKES.items() if letter not in "іјѕһ"
} | {"i": "и"}


@cache
def _letters() -> dict[str, str]:
    table = reference_table("alphabets")
    latin = table["latin"].fill_null("")
    return dict(zip(table["letter"], latin, strict=True))


def plain_words(texts: pl.Series) -> pl.Series:
    """Texts in small letters, one space between words, one kind of apostrophe.

    Invisible characters go, everything but letters, digits and the mark separates words,
    and look-alike letters of the other alphabet inside a word are set right. Null stays
    null; a text without letters or digits becomes empty.
    """
    marks = {mark: "'" for mark in MARKS}
    plain = (
        texts.str.replace_many(marks)
        .str.normalize("NFKC")
        .str.to_uppercase()
        .str.to_lowercase()
        .str.normalize("NFKC")
        .str.replace_many(marks | GREEK | {"ß": "ss", "i̇": "i", "ς": "s"})
        .str.replace_all(r"\p{Cf}|\p{Cc}", "")
        .str.replace_all(r"[^\p{L}\p{N}\p{M}']+", " ")
        .str.replace_all("''+", "'")
        .str.replace_all("([og]) '", "$1'")
        .str.replace_all(r"(^| )'+", "$1")
        .str.replace_all(r"([^og ])'+( |$)", "$1$2")
        .str.strip_chars(" ")
    )
    return _unmixed(plain)


def has_mixed_word(texts: pl.Series) -> pl.Series:
    """Whether Latin and Cyrillic letters stand in one word."""
    return texts.str.to_lowercase().str.contains(
        rf"{CYRILLIC}[\p{{L}}\p{{M}}']*{LATIN}|{LATIN}[\p{{L}}\p{{M}}']*{CYRILLIC}"
    )


def script_of(texts: pl.Series) -> pl.Series:
    """LATIN, CYRILLIC, MIXED or OTHER; null where there is no letter."""
    small = texts.str.to_lowercase()
    frame = pl.DataFrame(
        {
            "latin": small.str.contains(LATIN),
            "cyrillic": small.str.contains(CYRILLIC),
            "letter": small.str.contains(r"\p{L}"),
        }
    )
    return frame.select(
        pl.when(pl.col("latin") & pl.col("cyrillic"))
        .then(pl.lit("MIXED"))
        .when(pl.col("latin"))
        .then(pl.lit("LATIN"))
        .when(pl.col("cyrillic"))
        .then(pl.lit("CYRILLIC"))
        .when(pl.col("letter"))
        .then(pl.lit("OTHER"))
        .alias("script")
    ).to_series()


def latin_words(plain: pl.Series, is_karakalpak: pl.Series) -> pl.Series:
    """Plain words in the letters of Latin 1995; spaces between words are kept.

    `is_karakalpak` says that a text was registered in Karakalpakstan; a text with a
    Karakalpak letter is read as Karakalpak wherever it was registered. It decides ў
    (w beside a vowel), е at the beginning (e, not ye), iʻ (ы) and c (ц), nothing else.
    """
    vowel = CYRILLIC_VOWELS
    karakalpak = is_karakalpak.fill_null(value=False) | plain.str.contains(
        "[әөүң]"
    ).fill_null(value=False)
    own = (
        plain.str.replace_all("([аоуиыэәөүе])ў", "${1}w")
        .str.replace_all("ў([аоуиыэәөүе])", "w${1}")
        .str.replace_all("i'", "i")
        .str.replace_all("c([^h]|$)", "ts${1}")
        .str.replace_all("c([^h]|$)", "ts${1}")
        .str.replace_all("(^| )е", "${1}э")
    )
    words = own.zip_with(karakalpak, plain)
    after_vowel = f"(^|[ ъь'{vowel}])е"
    # Twice, because the letter before one е may be another е.
    words = words.str.replace_all(after_vowel, "${1}ye").str.replace_all(
        f"([{vowel}]|ye)е", "${1}ye"
    )
    return (
        words.str.replace_all("сҳ", "с'ҳ")
        .str.replace_many(_letters())
        .str.normalize("NFKD")
        .str.replace_all(r"\p{M}", "")
        .str.replace_all("''+", "'")
        .str.replace_all(r"([^og ])'( |$)", "$1$2")
        .str.replace_all(r"(^| )'", "$1")
        .str.replace_all(" +", " ")
        .str.strip_chars(" ")
    )


def _unmixed(plain: pl.Series) -> pl.Series:
    mixed = has_mixed_word(plain).fill_null(value=False)
    if not mixed.any():
        return plain
    words = plain.filter(mixed).unique().to_list()
    return plain.replace(
        words, [" ".join(map(_one_script, text.split(" "))) for text in words]
    )


def _script(letter: str) -> str:
    if "\u0400" <= letter <= "\u052f":
        return "C"
    if letter.isalpha() and (letter <= "ɏ" or "Ḁ" <= letter <= "ỿ"):
        return "L"
    return ""


def _one_script(word: str) -> str:
    """A word in one alphabet, as a reader of the page would take it.

    Letters that only one alphabet has decide which; at a draw the more frequent does. A
    stretch of the other alphabet is read by its looks (a single letter was taken for its
    twin), but by its sound when it has a letter without a twin or is a surname's ending
    (the layout was switched).
    """
    scripts = [_script(letter) for letter in word]
    if not {"C", "L"} <= set(scripts):
        return word
    own = sum(s == "C" and c not in LOOK_ALIKES for c, s in zip(word, scripts, strict=True))
    other = sum(
        s == "L" and c not in LOOK_ALIKES_CYRILLIC
        for c, s in zip(word, scripts, strict=True)
    )
    if own == other:
        own, other = scripts.count("C"), scripts.count("L")
    target = "C" if own > other else "L"
    runs = ["".join(run) for _, run in groupby(word, key=lambda c: _script(c) or target)]
    read = [
        run if _run_script(run, target) == target else _as_read(run, runs[at + 1 :], target)
        for at, run in enumerate(runs)
    ]
    return "".join(read)


def _run_script(run: str, target: str) -> str:
    return next((s for s in map(_script, run) if s), target)


def _as_read(run: str, following: list[str], target: str) -> str:
    """One stretch of the other alphabet, in the letters of the target alphabet."""
    if target == "L":
        switched = run in ("ов", "ова", "ев", "ева") and not following
        if switched or any(letter not in LOOK_ALIKES for letter in run):
            return "".join(_letters().get(letter, letter) for letter in run)
        if run == "с" and not (following and following[0].startswith("h")):
            return "s"
        return "".join(LOOK_ALIKES[letter] for letter in run)
    if any(letter not in LOOK_ALIKES_CYRILLIC for letter in run):
        return run.translate(_SOUNDS)
    return "".join(LOOK_ALIKES_CYRILLIC[letter] for letter in run)


_SOUNDS = str.maketrans("abdefghijklmnopqrstuvxyz", "абдефгҳижклмнопқрстувхйз")
