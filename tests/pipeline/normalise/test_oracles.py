"""Where packages for Uzbek and we differ, and who is right: tests/cases/oracles.csv.

Golden names in Uzbek and Russian Cyrillic are brought to Latin by each package and by us;
what the file does not list must agree. A new golden name that a package reads otherwise
fails here until somebody has judged it.
"""

import re
from pathlib import Path

import alifbe
import alifbo
import polars as pl
import pytest
from UzTransliterator import UzTransliterator

from pipeline.normalise.names import exact_keys
from pipeline.normalise.scripts import latin_words, plain_words
from tests.conftest import read_cases

NAMES = read_cases("names.csv")
DIFFERENCES = read_cases("oracles.csv")
DOCUMENT = Path(__file__).parents[3] / "docs" / "normalise-names.md"
CYRILLIC = re.compile(r"[А-Яа-яЁёЎўҚқҒғҲҳ][А-Яа-яЁёЎўҚқҒғҲҳ' -]*")
LETTER_LEFT = re.compile("[\u0400-\u04ff]")

_transliterator = UzTransliterator()
PACKAGES = {
    "alifbo": lambda name: alifbo.from_cyrillic(name).text,
    "alifbe": lambda name: alifbe.cyrillic_to_latin(name).text,
    "UzTransliterator": lambda name: _transliterator.transliterate(
        name, from_="cyr", to="lat"
    ),
}
FOLDS = {"alifbo": alifbo.fold_search_key, "alifbe": alifbe.fold_search_key}


def keys(texts):
    words = plain_words(pl.Series(texts, dtype=pl.String))
    return exact_keys(latin_words(words, words == "none")).to_list()


def cyrillic_names():
    texts = (text for row in NAMES if not row["region"] for text in (row["a"], row["b"]))
    own = (row["name"] for row in DIFFERENCES)
    return sorted({text for text in (*texts, *own) if CYRILLIC.fullmatch(text)})


@pytest.mark.parametrize("package", PACKAGES)
def test_the_list_of_differences_is_whole_and_ours_is_right(package):
    names = cyrillic_names()
    latin = [PACKAGES[package](name) for name in names]
    rows = zip(names, latin, keys(latin), keys(names), strict=True)
    found = {
        name: (theirs, our_key)
        for name, theirs, their_key, our_key in rows
        if their_key != our_key or LETTER_LEFT.search(theirs)
    }
    listed = {
        row["name"]: (row["theirs"], row["our_key"])
        for row in DIFFERENCES
        if row["package"] == package
    }
    assert len(names) > 250
    assert found == listed
    assert all(row["right"] in ("ours", "theirs") and row["why"] for row in DIFFERENCES)
    # Where a package turns out to be right, our table of letters is to be mended.
    assert {row["right"] for row in DIFFERENCES} == {"ours"}


def pairs(verdict, tier=None):
    return [
        (row["a"], row["b"])
        for row in NAMES
        if row["verdict"] == verdict
        and row["part"] != "patronymic"
        and (tier is None or row["tier"] == tier)
    ]


@pytest.mark.parametrize(("package", "missed"), [("alifbo", 106), ("alifbe", 123)])
def test_their_folds_join_fewer_spellings_and_no_two_names(package, missed):
    fold = FOLDS[package]
    same = pairs("same", "A")
    assert sum(fold(left) != fold(right) for left, right in same) == missed
    assert not [pair for pair in pairs("different") if fold(pair[0]) == fold(pair[1])]


def test_the_document_names_every_difference():
    section = DOCUMENT.read_text(encoding="utf-8").split("## Where packages differ")[1]
    text = " ".join(section.split())
    assert not [row["name"] for row in DIFFERENCES if row["name"] not in text]
    same = len(pairs("same", "A"))
    assert f"{same - 106} of {same}" in text
    assert f"{same - 123} of {same}" in text
