"""Atoms of an address: names' words, numbers with letter and fraction, type words.

What belongs here: from characters to atoms. What atoms mean together stands in
address_grammar.py.
"""

import re
from typing import NamedTuple

from pipeline.normalise.address_words import LONGEST_PHRASE, Marker, find_phrase, token_key
from pipeline.normalise.places import latin_word, plain_text

WORD, NUMBER, MARKER, COMMA, OTHER = "word", "number", "marker", "comma", "other"

_TOKEN = re.compile(r"(\s*)(\d+|[^\W\d_]+(?:'[^\W\d_]+)*'?|[^\w\s]|_)(\.*)")
_ORDINALS = frozenset(
    [
        "й",
        "я",
        "го",
        "ой",
        "ый",
        "ий",
        "ая",
        "ья",
        "ya",
        "chi",
        "nchi",
        "inchi",
        "чи",
        "нчи",
        "инчи",
    ]
)
_SILENT = frozenset(".'№#\"*:")
_SPACED_LETTERS = frozenset("abvg")
"""Letters of houses that mean nothing else behind a space."""


class Atom(NamedTuple):
    """One unit of an address text."""

    kind: str
    text: str
    marker: Marker | None = None
    is_joined: bool = False
    """Joined to the atom before it by a hyphen or by nothing."""
    is_dotted: bool = False
    is_range: bool = False
    """A number of the form 12-34: a range, or house and flat."""
    is_ordinal: bool = False


class _Token(NamedTuple):
    text: str
    key: str
    is_glued: bool
    is_dotted: bool


def read_atoms(text: str, vocabulary: str = "address") -> list[Atom]:
    """The atoms of a text, in order; commas, semicolons and brackets are commas.

    Args:
        text: any text.
        vocabulary: which type words count (see address_words.type_words).
    """
    tokens = _tokens(plain_text(text))
    atoms: list[Atom] = []
    joined = False
    index = 0
    while index < len(tokens):
        token = tokens[index]
        atom, used = _next_atom(tokens, index, vocabulary)
        if atom is None:
            joined = token.text == "-" and (token.is_glued or joined)
            index += used
            continue
        glued = token.is_glued and index > 0 and tokens[index - 1].text != ","
        is_joined = (joined or glued) and bool(atoms)
        atoms.append(atom._replace(is_joined=True) if is_joined else atom)
        joined = False
        index += used
    return atoms


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    after_dot = False
    for found in _TOKEN.finditer(text):
        space, word, dots = found.groups()
        glued = not space and bool(tokens) and not after_dot
        tokens.append(_Token(word, token_key(word), glued, bool(dots)))
        after_dot = bool(dots)
    return tokens


def _next_atom(
    tokens: list[_Token], index: int, vocabulary: str
) -> tuple[Atom | None, int]:
    token = tokens[index]
    if token.text in ",;()[]{}|\n" or _is_dividing_slash(tokens, index):
        return Atom(COMMA, "," if token.text == "/" else token.text), 1
    if token.text.isdigit():
        return _number(tokens, index)
    keys = tuple([other.key for other in tokens[index : index + LONGEST_PHRASE]])
    found = find_phrase(keys, vocabulary)
    if found is not None:
        marker, used = found
        last = tokens[index + used - 1]
        text = " ".join(other.text for other in tokens[index : index + used])
        return Atom(MARKER, text, marker, is_dotted=last.is_dotted), used
    if token.text in _SILENT or token.text == "-":
        return None, 1
    if token.text[0].isalpha():
        return _word(tokens, index, vocabulary)
    return Atom(OTHER, token.text), 1


def _word(tokens: list[_Token], index: int, vocabulary: str) -> tuple[Atom, int]:
    """A word, with the hyphenated words that follow: al-xorazmiy."""
    text = tokens[index].text
    used = 1
    while (
        index + used + 1 < len(tokens)
        and tokens[index + used].text == "-"
        and tokens[index + used].is_glued
        and tokens[index + used + 1].is_glued
        and tokens[index + used + 1].text[0].isalpha()
        and find_phrase((tokens[index + used + 1].key,), vocabulary) is None
    ):
        text += "-" + tokens[index + used + 1].text
        used += 2
    return Atom(WORD, text, is_dotted=tokens[index + used - 1].is_dotted), used


def _number(tokens: list[_Token], index: int) -> tuple[Atom, int]:
    """A number with everything that belongs to it: 28-a, 28/1, 2/3/4, 12-34, 1-й."""
    text = tokens[index].text
    used = 1
    is_range = is_ordinal = False
    while not tokens[index + used - 1].is_dotted:
        step = _number_tail(tokens, index + used)
        if step is None:
            break
        piece, length, kind = step
        text += piece
        used += length
        is_range = is_range or kind == "range"
        is_ordinal = is_ordinal or kind == "ordinal"
        if kind == "ordinal":
            break
    return Atom(NUMBER, text, is_range=is_range, is_ordinal=is_ordinal), used


def _is_dividing_slash(tokens: list[_Token], index: int) -> bool:
    """Do'stlik MFY / Navoiy ko'chasi: not the slash of 28 / 1."""
    if tokens[index].text != "/" or tokens[index].is_glued:
        return False
    around = (tokens[max(index - 1, 0)], tokens[min(index + 1, len(tokens) - 1)])
    return not all(token.text[0].isdigit() for token in around)


def _spaced_letter(tokens: list[_Token], index: int) -> bool:
    """14 A-uy, 107 B at the end: the letter belongs to the number before the space."""
    token = tokens[index]
    if token.is_glued or token.is_dotted or latin_word(token.text) not in _SPACED_LETTERS:
        return False
    rest = [other for other in tokens[index + 1 : index + 3] if other.text != "-"]
    if not rest or rest[0].text in ",;)":
        return True
    found = find_phrase((rest[0].key,))
    return found is not None and found[0].meaning == "HOUSE"


def _number_tail(tokens: list[_Token], index: int) -> tuple[str, int, str] | None:
    rest = tokens[index : index + 3]
    if rest and _spaced_letter(tokens, index):
        return latin_word(rest[0].text), 1, "letter"
    if len(rest) > 1 and rest[0].text == "/" and rest[1].text.isdigit():
        return f"/{rest[1].text}", 2, "fraction"
    if not rest or not rest[0].is_glued:
        return None
    sign = rest[0].text if rest[0].text in "-/" else ""
    body = rest[1:] if sign else rest
    if not body or not body[0].is_glued:
        return None
    token = body[0]
    used = 2 if sign else 1
    if token.text in _ORDINALS and sign != "/":
        return "", used, "ordinal"
    if token.text.isdigit() and sign:
        return sign + token.text, used, "range" if sign == "-" else "fraction"
    if _is_house_letter(tokens, index + used - 1):
        slash = "/" if sign == "/" else ""
        return slash + latin_word(token.text), used, "letter"
    return None


def _is_house_letter(tokens: list[_Token], index: int) -> bool:
    token = tokens[index]
    if not token.text.isalpha() or len(token.text) != 1 or token.is_dotted:
        return False
    # Not the beginning of a longer type word such as k-chasi or m-v.
    keys = tuple([other.key for other in tokens[index : index + LONGEST_PHRASE]])
    found = find_phrase(keys)
    return found is None or found[1] == 1
