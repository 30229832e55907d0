"""Type words of addresses: what stands beside a name and says what the name is.

What belongs here: reading data/reference/address_words.csv and finding its words, with
Uzbek plural and case endings, in a row of tokens. Their order in an address stands in
address_grammar.py.
"""

import re
from functools import cache, lru_cache
from typing import NamedTuple

from pipeline.normalise.places import CACHED_WORDS, join_key, plain_text, word_key
from pipeline.tables import reference_table

LONGEST_PHRASE = 5

_CASES = ("gacha", "ning", "dagi", "dan", "da", "ga", "ni")
_PLURALS = (("larining", ""), ("lari", "si"), ("lari", "i"), ("lari", ""), ("lar", ""))
_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*'?|[^\w\s.]|_")


class Marker(NamedTuple):
    """What a type word means, on which side its name stands, and how it is printed."""

    meaning: str
    side: str
    form: str
    is_weak: bool = False
    is_numbered: bool = False
    case: str = ""
    is_plural: bool = False


def word_tokens(text: str) -> list[str]:
    """Plain text cut into words, numbers and single signs; full stops are left out."""
    return _TOKEN.findall(plain_text(text))


def token_key(token: str) -> str:
    """Key of a token: words folded, numbers and signs as they are."""
    return word_key(token) or token


@cache
def type_words(vocabulary: str) -> dict[tuple[str, ...], Marker]:
    """The type words of a vocabulary, by the keys of their tokens.

    Args:
        vocabulary: `address`, or `boundary`: the address words and, before them, those
            that only descriptions of territories have (toq, qolgan, tashqari ...).
    """
    words: dict[tuple[str, ...], Marker] = {}
    if vocabulary == "boundary":
        for row in reference_table("boundary_words").iter_rows(named=True):
            key = tuple(token_key(token) for token in word_tokens(row["word"]))
            words.setdefault(key, Marker(row["meaning"], "WHOLE", ""))
    for row in reference_table("address_words").iter_rows(named=True):
        flags = (row["form"] or "").split()
        form = " ".join(flag for flag in flags if flag not in ("weak", "numbered"))
        key = tuple(token_key(token) for token in word_tokens(row["word"]))
        words.setdefault(
            key,
            Marker(row["meaning"], row["side"], form, "weak" in flags, "numbered" in flags),
        )
    return words


def find_phrase(
    keys: tuple[str, ...], vocabulary: str = "address"
) -> tuple[Marker, int] | None:
    """The longest type word at the beginning of these keys, and its number of tokens."""
    if keys[0] in _phrase_beginnings(vocabulary):
        for length in range(min(LONGEST_PHRASE, len(keys)), 1, -1):
            marker = _marker(keys[:length], vocabulary)
            if marker is not None:
                return marker, length
    marker = _single(keys[0], vocabulary)
    return None if marker is None else (marker, 1)


@cache
def _phrase_beginnings(vocabulary: str) -> frozenset[str]:
    return frozenset(words[0] for words in type_words(vocabulary) if len(words) > 1)


@lru_cache(maxsize=CACHED_WORDS)
def _single(key: str, vocabulary: str) -> Marker | None:
    return _marker((key,), vocabulary)


def _marker(keys: tuple[str, ...], vocabulary: str) -> Marker | None:
    words = type_words(vocabulary)
    marker = words.get(keys)
    if marker is not None or len(keys[-1]) < 5:
        return marker
    return _inflected(words, keys[:-1], keys[-1])


def _inflected(
    words: dict[tuple[str, ...], Marker], before: tuple[str, ...], key: str
) -> Marker | None:
    """The word without its case ending, its plural ending, or both."""
    for case in ("", *_CASES):
        if case and not key.endswith(case):
            continue
        stem = key[: len(key) - len(case)] if case else key
        marker = words.get((*before, stem)) if case else None
        if marker is None:
            marker = _plural(words, before, stem)
        if marker is not None and marker.meaning not in ("AMBIGUOUS", "NO_NUMBER"):
            return marker._replace(case=case, is_weak=False, is_plural=marker.is_plural)
    return None


def _plural(
    words: dict[tuple[str, ...], Marker], before: tuple[str, ...], stem: str
) -> Marker | None:
    for ending, singular in _PLURALS:
        base = stem.removesuffix(ending)
        if base == stem or len(base) < 2:
            continue
        marker = words.get((*before, base + singular))
        if marker is not None:
            return marker._replace(is_plural=True)
    return None


@cache
def area_names() -> dict[str, frozenset[str]]:
    """Names of regions, districts and cities without type words -> their area codes.

    Uzbek and Russian names; a Russian adjective (Ургутский район) stands as it is.
    """
    names: dict[str, set[str]] = {}
    for row in reference_table("areas").iter_rows(named=True):
        for column in ("name_uz", "name_ru"):
            key = _area_key(row[column] or "")
            if key:
                names.setdefault(key, set()).add(row["area_code"])
    return {key: frozenset(codes) for key, codes in names.items()}


def _area_key(name: str) -> str | None:
    kept = [
        token
        for token in word_tokens(name)
        if (found := find_phrase((token_key(token),))) is None
        or found[0].meaning not in ("REGION", "DISTRICT", "CITY")
    ]
    return join_key([token for token in kept if token[0].isalnum()])
