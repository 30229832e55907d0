"""A boundary text in plain letters, its ranges in one notation.

What belongs here: what can be said of the text before its words are read: from ... to is a
range, the numbers of a list's lines are no names, houses before their street go behind it.
"""

import re

from pipeline.normalise.places import plain_text

_NUM = r"(?:#\s*)?(\d+(?:-?[^\W\d_](?![^\W\d_]))?)"
_HOUSE_WORD = r"(?:\s*-?\s*(?:uy|уй|xonadon|хонадон|raqamli uy|рақамли уй))?"
_SPANS = (
    re.compile(
        rf"{_NUM}{_HOUSE_WORD}\s*-?\s*(?:dan|дан)\s+(?:to\s+|то\s+)?{_NUM}{_HOUSE_WORD}"
        r"\s*-?\s*(?:gacha|гача)(?:\s+(?:bo'lgan|бўлган|булган))?"
    ),
    re.compile(rf"(?<!\w)(?:с|от)\s+{_NUM}\s+(?:по|до)\s+{_NUM}(?!\w)"),
    re.compile(
        r"(?<![\w/-])#?\s*(\d+[^\W\d_]?)\s*(?:-|\.\.\.?|÷)\s*#?\s*(\d+[^\W\d_]?)(?![\w/])"
    ),
)


_BUT_FOR = re.compile(
    r"(?<!\w)(?:bundan|бундан)\s+(?!tashq|ташқ|mustas|мустас)([^,;()]+?)\s+(mustasno|мустасно|istisno|истисно)"
)
"""bundan Navoiy ko'chasi mustasno: what is excepted stands between the two words."""
_HOUSES_FIRST = re.compile(
    r"(?<!\w)(дома?|домов|д\.)\s*(#*\s*\d[\d\s,#/и-]*?)\s+по\s+(ул\.?|улице)\s+([^,;:()]+)"
)
"""дома 1, 3, 5 по улице Навои: the houses of a street stand before it."""
_LIST_NUMBER = re.compile(
    r"(?:(?<=[,;:\n])|^)\s*(\d{1,2})[.)]\s*(?=[^\W\d_])|(?<=\s)(\d{1,2})[.)]\s+(?=[^\W\d_])"
)


def plain_description(text: str) -> str:
    """The text as boundary_grammar.py reads it."""
    plain = _without_list_numbers(plain_text(text))
    plain = _BUT_FOR.sub(r"\1 \2", plain)
    for span in _SPANS:
        plain = span.sub(r"\1-\2", plain)
    return _HOUSES_FIRST.sub(r"\3 \4 \1 \2", plain)


def _without_list_numbers(plain: str) -> str:
    """1. Bahor MFY 2. Navbahor MFY: the numbers of a list's lines are no part of names.

    Only where they count 1, 2, 3 ... in this order; any other number stays.
    """
    found = list(_LIST_NUMBER.finditer(plain))
    counted = [int(number[1] or number[2]) for number in found]
    if len(found) < 2 or counted != list(range(1, len(found) + 1)):
        return plain
    return _LIST_NUMBER.sub(", ", plain)
