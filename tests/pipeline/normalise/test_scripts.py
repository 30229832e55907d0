"""Letters: marks, look-alikes and alphabets."""

import polars as pl

from pipeline.normalise.scripts import (
    MARKS,
    has_mixed_word,
    latin_words,
    plain_words,
    script_of,
)


def words_of(*texts: str | None, karakalpak: bool = False) -> list[str | None]:
    series = pl.Series(list(texts), dtype=pl.String)
    here = pl.Series([karakalpak] * len(texts), dtype=pl.Boolean)
    return latin_words(plain_words(series), here).to_list()


def test_every_mark_after_o_or_g_makes_the_same_letter():
    texts = [f"O{mark}g{mark}il" for mark in MARKS]
    assert set(words_of(*texts)) == {"o'g'il"}


def test_marks_at_the_edges_are_quotes_but_after_o_and_g_letters():
    assert words_of("'Karim'", "«Karim»", "Tog'", "Tog‘ Bog‘", "''") == [
        "karim",
        "karim",
        "tog'",
        "tog' bog'",
        "",
    ]


def test_letters_of_uzbek_cyrillic():
    assert words_of("АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЎҚҒҲ") == [
        "abvgdeyojziyklmnoprstufxtschshshch'ieyuyao'qg'h"
    ]


def test_е_is_ye_at_the_beginning_and_after_vowels_and_signs():
    assert words_of("Елена", "Жўраев", "Алиев", "Эргашев", "Сергеев", "объект", "еее") == [
        "yelena",
        "jo'rayev",
        "aliyev",
        "ergashev",
        "sergeyev",
        "ob'yekt",
        "yeyeye",
    ]


def test_karakalpakstan_has_its_own_ў_and_е():
    names = ("Ўәли", "Даўлет", "Ўктам", "Жўраев", "Ержан")
    assert words_of(*names, karakalpak=True) == [
        "wa'li",
        "dawlet",
        "o'ktam",
        "jo'rayev",
        "erjan",
    ]
    assert words_of("Ўктам", "Ержан", "Дәўлет") == ["o'ktam", "yerjan", "da'wlet"]


def test_a_mixed_word_is_read_in_one_alphabet():
    texts = {
        "Мuhammad": "muhammad",
        "Оlimov": "olimov",
        "Сaidov": "saidov",
        "Сhori": "chori",
        "KARIMОВ": "karimov",
        "Hодира": "nodira",
        "Cаидов": "saidov",
        "Жўраev": "jo'rayev",
    }
    assert words_of(*texts) == list(texts.values())
    assert has_mixed_word(pl.Series([*texts, "Karim Карим"])).to_list() == [
        *([True] * len(texts)),
        False,
    ]


def test_scripts_of_texts():
    texts = pl.Series(["Karim", "Карим", "Karim Карим", "김", "12", "", None])
    assert script_of(texts).to_list() == [
        "LATIN",
        "CYRILLIC",
        "MIXED",
        "OTHER",
        None,
        None,
        None,
    ]


def test_null_stays_null_and_nothing_becomes_empty():
    assert words_of(None, "", "--", "\u200b") == [None, "", "", ""]
