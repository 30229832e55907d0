"""Slips of the pen and of the keyboard, letter by letter.

What belongs here: what fingers do wrong on the two keyboards in use. Only texts that were
chosen to be wrong come here, so plain loops will do.
"""

import numpy as np

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")
_NEIGHBOURS = {
    letter: "".join(row[max(n - 1, 0) : n] + row[n + 1 : n + 2])
    for row in _ROWS
    for n, letter in enumerate(row)
}
_HEARD = {"h": "x", "x": "h", "o": "a", "i": "e", "u": "o", "q": "k", "d": "t", "b": "p",
          "о": "а", "а": "о", "и": "е", "х": "ҳ", "қ": "к", "у": "ў", "д": "т"}  # fmt: skip
_LOOKS = dict(zip("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ", strict=True))
_LOOKS |= {cyrillic: latin for latin, cyrillic in _LOOKS.items()}


def misspell(rng: np.random.Generator, text: str) -> str:
    """The text with one slip inside a word; the first letter stays as it is.

    Returns the text itself where it is too short to be wrong in.
    """
    places = [n for n in range(1, len(text)) if text[n].isalpha()]
    if not places:
        return text
    at = int(rng.choice(places))
    kind = int(rng.integers(5))
    letter = text[at]
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + letter + text[at:]
    if kind == 2 and at + 1 < len(text) and text[at + 1].isalpha():
        return text[:at] + text[at + 1] + letter + text[at + 2 :]
    table = _HEARD if kind == 3 else _NEIGHBOURS
    options = table.get(letter.lower(), "") or _NEIGHBOURS.get(letter.lower(), "")
    if not options:
        return text[:at] + text[at + 1 :]
    put = options[int(rng.integers(len(options)))]
    return text[:at] + (put.upper() if letter.isupper() else put) + text[at + 1 :]


def look_alike(rng: np.random.Generator, text: str) -> str:
    """The text with one letter of the other alphabet that looks the same."""
    places = [n for n, letter in enumerate(text) if letter in _LOOKS]
    if not places:
        return text
    at = int(rng.choice(places))
    return text[:at] + _LOOKS[text[at]] + text[at + 1 :]


def wrong_digit(rng: np.random.Generator, digits: str) -> str:
    """The number with one digit wrong, or two neighbours swapped."""
    at = int(rng.integers(1, len(digits) - 1))
    if rng.random() < 0.3 and digits[at] != digits[at + 1]:
        return digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
    put = str((int(digits[at]) + int(rng.integers(1, 10))) % 10)
    return digits[:at] + put + digits[at + 1 :]
