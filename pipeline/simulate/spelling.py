"""Spellings of one name: how clerks of four alphabets and three decades write it.

The rules here are the simulator's own (orthography of 1995, the reform of 2026, Russian
practice, keyboards without the Uzbek letters); they share nothing with the normaliser, so
that what the pipeline folds is not what the simulator unfolded.

A canonical text is Uzbek Latin of 1995 with a plain apostrophe, Karakalpak Latin of 2016,
or Russian Cyrillic, as data/reference/simulation has it.
"""

import re
from enum import IntEnum


class Style(IntEnum):
    """One way of writing; the number is the column of the spelling tables."""

    LATIN = 0
    LATIN_PROPER = 1
    LATIN_CURLY = 2
    LATIN_TICK = 3
    LATIN_BARE = 4
    NEW_LATIN = 5
    CYRILLIC = 6
    CYRILLIC_FALLBACK = 7
    RUSSIAN = 8
    RUSSIAN_PLAIN = 9
    ROMAN = 10
    ROMAN_PLAIN = 11
    LATIN_H_FOR_X = 12


LATIN_STYLES = frozenset((0, 1, 2, 3, 4, 5, 10, 11, 12))

_UZBEK_CYRILLIC = {
    "yo'": "йў", "o'": "ў", "g'": "ғ", "s'h": "сҳ", "sh": "ш", "ch": "ч", "yo": "ё",
    "yu": "ю", "ya": "я", "ye": "е", "ts": "ц", "a": "а", "b": "б", "d": "д", "e": "е",
    "f": "ф", "g": "г", "h": "ҳ", "i": "и", "j": "ж", "k": "к", "l": "л", "m": "м",
    "n": "н", "o": "о", "p": "п", "q": "қ", "r": "р", "s": "с", "t": "т", "u": "у",
    "v": "в", "x": "х", "y": "й", "z": "з", "'": "ъ", "c": "к", "w": "в",
}  # fmt: skip
_RUSSIAN = {
    "yo'": "ю", "o'": "у", "g'": "г", "s'h": "сх", "sh": "ш", "ch": "ч", "yo": "ё",
    "yu": "ю", "ya": "я", "ye": "е", "iy": "ий", "iq": "ык", "qi": "кы", "a": "а",
    "b": "б", "d": "д", "e": "е", "f": "ф", "g": "г", "h": "х", "i": "и", "j": "дж",
    "k": "к", "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "q": "к", "r": "р",
    "s": "с", "t": "т", "u": "у", "v": "в", "x": "х", "y": "й", "z": "з", "'": "",
    "c": "к", "w": "в",
}  # fmt: skip
_KARAKALPAK_CYRILLIC = {
    "sh": "ш", "ya": "я", "yu": "ю", "a": "а", "á": "ә", "b": "б", "c": "ц", "d": "д",
    "e": "е", "f": "ф", "g": "г", "ǵ": "ғ", "h": "ҳ", "i": "и", "ı": "ы", "j": "ж",
    "k": "к", "l": "л", "m": "м", "n": "н", "ń": "ң", "o": "о", "ó": "ө", "p": "п",
    "q": "қ", "r": "р", "s": "с", "t": "т", "u": "у", "ú": "ү", "v": "в", "w": "ў",
    "x": "х", "y": "й", "z": "з", "'": "",
}  # fmt: skip
_RUSSIAN_TO_UZBEK = {
    "ё": "yo", "ж": "j", "х": "x", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch",
    "ы": "i", "э": "e", "ю": "yu", "я": "ya", "й": "y", "ь": "", "ъ": "", "а": "a",
    "б": "b", "в": "v", "г": "g", "д": "d", "з": "z", "и": "i", "к": "k", "л": "l",
    "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
    "ф": "f",
}  # fmt: skip
_ROMAN = {
    "ё": "yo", "дж": "dj", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
    "щ": "shch", "ы": "y", "э": "e", "ю": "yu", "я": "ya", "й": "y", "ь": "", "ъ": "",
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "з": "z", "и": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f",
}  # fmt: skip
_ROMAN_PLAIN = {**_ROMAN, "ё": "e", "дж": "j", "х": "h", "ю": "iu", "я": "ia", "ы": "i"}
_NO_UZBEK_KEYS = str.maketrans("ўқғҳәөүңыЎҚҒҲӘӨҮҢ", "укгхаоунЫУКГХАОУН".replace("Ы", "ы"))
_NEW_LATIN = {"o'": "ö", "g'": "ğ", "sh": "ş", "ch": "ç"}
_KARAKALPAK_OLD = {"á": "a'", "ǵ": "g'", "ń": "n'", "ó": "o'", "ú": "u'"}
_KARAKALPAK_BARE = str.maketrans("áǵńóúıÁǴŃÓÚ", "agnouiAGNOU")
_OWN_SUFFIX = re.compile(r"(ovich|ovna|ova|ov)\b")
_VOWELS = "aeiouаеиоуыэюяё"


def spell(canonical: str, style: Style) -> str:
    """A canonical text as a clerk of this style writes it."""
    if any("а" <= letter <= "я" or letter == "ё" for letter in canonical.lower()):
        return _from_russian(canonical, style)
    if any(letter in "áǵńóúıÁǴŃÓÚ" for letter in canonical):
        return _from_karakalpak(canonical, style)
    return _from_uzbek(canonical, style)


def _from_uzbek(text: str, style: Style) -> str:
    if style in _LATIN_MARKS:
        letter_mark, stop_mark = _LATIN_MARKS[style]
        marked = re.sub(r"(?<=[oOgG])'", letter_mark, text)
        return marked.replace("'", stop_mark)
    if style is Style.NEW_LATIN:
        return _replace(text, _NEW_LATIN)
    if style is Style.LATIN_H_FOR_X:
        return text.replace("h", "x").replace("H", "X") if _has_h(text) else text
    if style is Style.CYRILLIC:
        return _replace(text, _UZBEK_CYRILLIC, initial_e="э")
    if style is Style.CYRILLIC_FALLBACK:
        return _replace(text, _UZBEK_CYRILLIC, initial_e="э").translate(_NO_UZBEK_KEYS)
    russian = _russian_form(text, akanie=style in (Style.RUSSIAN, Style.ROMAN))
    if style in (Style.RUSSIAN, Style.RUSSIAN_PLAIN):
        return russian
    return _replace(russian, _ROMAN if style is Style.ROMAN else _ROMAN_PLAIN)


_LATIN_MARKS = {
    Style.LATIN: ("'", "'"),
    Style.LATIN_PROPER: ("ʻ", "ʼ"),
    Style.LATIN_CURLY: ("‘", "’"),
    Style.LATIN_TICK: ("`", "`"),
    Style.LATIN_BARE: ("", ""),
}


def _has_h(text: str) -> bool:
    """Whether there is an h that is not part of sh or ch."""
    return re.search(r"(?<![sScC'])[hH]", text) is not None and not re.search(
        "[sScC][hH]", text
    )


def _russian_form(text: str, *, akanie: bool) -> str:
    """The Russian form: unstressed o heard as a, the own suffixes untouched."""
    heard = text
    if akanie:
        protected = _OWN_SUFFIX.sub(lambda found: found[1].replace("o", "\0"), text)
        heard = re.sub(r"(?<!y)o(?!')", "a", protected)
        heard = re.sub(r"(?<!Y)O(?!')", "A", heard).replace("\0", "o")
    return _replace(heard, _RUSSIAN, initial_e="э")


def _from_karakalpak(text: str, style: Style) -> str:
    if style in (Style.LATIN, Style.LATIN_PROPER, Style.LATIN_CURLY, Style.NEW_LATIN):
        return text
    if style is Style.LATIN_TICK:
        return _replace(text, _KARAKALPAK_OLD)
    if style in (Style.LATIN_BARE, Style.LATIN_H_FOR_X):
        return text.translate(_KARAKALPAK_BARE)
    cyrillic = _replace(text, _KARAKALPAK_CYRILLIC)
    if style is Style.CYRILLIC:
        return cyrillic
    russian = cyrillic.translate(_NO_UZBEK_KEYS)
    if style in LATIN_STYLES:
        return _replace(russian, _ROMAN if style is Style.ROMAN else _ROMAN_PLAIN)
    return russian


def _from_russian(text: str, style: Style) -> str:
    if style is Style.ROMAN:
        return _replace(text, _ROMAN)
    if style is Style.ROMAN_PLAIN:
        return _replace(text, _ROMAN_PLAIN)
    if style in LATIN_STYLES:
        latin = _replace(text, {**_RUSSIAN_TO_UZBEK, "е": "e"}, initial_e="")
        return latin.replace("shch", "şç") if style is Style.NEW_LATIN else latin
    if style is Style.CYRILLIC_FALLBACK:
        return text.replace("ё", "е").replace("Ё", "Е")
    return text


def _replace(text: str, table: dict[str, str], initial_e: str | None = None) -> str:
    """Replace letters, longest first; a capital gives a capital.

    Args:
        text: what is rewritten.
        table: lower-case letters to letters.
        initial_e: what `e` becomes at the beginning of a word and after a vowel; the
            empty text stands for "ye", as Russian е is read there.
    """
    width = max(map(len, table))
    lower = text.lower()
    parts: list[str] = []
    at = 0
    while at < len(text):
        size = next((n for n in range(width, 0, -1) if lower[at : at + n] in table), 0)
        piece = lower[at : at + size] if size else text[at]
        put = table.get(piece, piece)
        if initial_e is not None and piece in ("e", "е") and _begins(lower, at):
            put = initial_e or "ye"
        parts.append(put[:1].upper() + put[1:] if text[at].isupper() else put)
        at += max(size, 1)
    return "".join(parts)


def _begins(lower: str, at: int) -> bool:
    return at == 0 or lower[at - 1] in " -" + _VOWELS
