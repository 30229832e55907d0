"""Words of place names: one key for every script, and one standard spelling.

What belongs here: letters and words. Type words (street, house ...) and the order of an
address stand in address_words.py and address_grammar.py.

The key of a place word is lower-case Latin with oʻ and gʻ written o' and g'. It folds
the scripts (Uzbek Latin of 1995 and 2026, Uzbek Cyrillic, Karakalpak, Russian), look-alike
letters, the dozen apostrophes and the tutuq, and joins compounds (Yangi mahalla =
Yangimahalla). It does not fold what Russian spelling loses (у for ў, к for қ): that is
evidence for the matching of addresses inside a district, not identity.
"""

import re
import unicodedata
from functools import cache, lru_cache

APOSTROPHES = "'ʻʼ‘’`´′ʹ＇‛ʽ‚ˈʾʿˊˋˮ‵՚׳ꞌ΄᾽῾\u0313\u0315\u031b"
TURNED_COMMA = "ʻ"
TUTUQ = "ʼ"
CACHED_WORDS = 1 << 18

_ONE_APOSTROPHE = str.maketrans(dict.fromkeys(APOSTROPHES, "'"))
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－", "-"))
_SLASHES = str.maketrans({**dict.fromkeys("\\∕⁄／", "/"), "№": "#"})
_QUOTES = str.maketrans(dict.fromkeys('«»“”„"‟〝〞', " "))
_INVISIBLE = str.maketrans(dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", None))

# Latin letters with marks, as Uzbek Latin of 1995 writes them (drafts of 2018-2026,
# Karakalpak 2016, dotless and dotted i of Turkish keyboards).
_LATIN = {
    "ö": "o'", "õ": "o'", "ō": "o'", "ŏ": "o'", "ó": "o'", "ô": "o'",
    "ğ": "g'", "ḡ": "g'", "ĝ": "g'", "ǵ": "g'", "ġ": "g'",
    "ş": "sh", "ș": "sh", "š": "sh", "ç": "ch", "č": "ch",
    "ı": "i", "í": "i", "á": "a", "ä": "a", "ə": "a", "ú": "u", "ü": "u", "ń": "n",
    "ñ": "n", "ŋ": "n", "é": "e",
}  # fmt: skip

_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "ё": "yo", "ж": "j", "з": "z",
    "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p",
    "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "x", "ц": "ts", "ч": "ch",
    "ш": "sh", "щ": "sh", "ъ": "'", "ы": "i", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    "ў": "o'", "қ": "q", "ғ": "g'", "ҳ": "h", "ң": "n", "ө": "o'", "ү": "u", "ә": "a",
    "ӯ": "o'", "ӣ": "i", "ҷ": "j", "ї": "i", "і": "i", "ј": "j", "ѐ": "e", "ґ": "g",
}  # fmt: skip

_KARAKALPAK = frozenset("әңөү")
_CYRILLIC_LOOKS = str.maketrans("aceopxykmthbiјsј", "асеорхукмтнвијсј")
_LATIN_LOOKS = str.maketrans(
    {"а": "a", "с": "c", "е": "e", "о": "o", "р": "p", "х": "x", "у": "y", "к": "k",
     "м": "m", "т": "t", "н": "h", "в": "b", "і": "i", "ј": "j", "ѕ": "s", "ө": "ö",
     "ң": "ń", "ӯ": "ö"}
)  # fmt: skip
_VOWELS = frozenset("аеёиоуыэюяўъьөүәӯ")
_IS_CYRILLIC = re.compile("[\u0400-\u04ff]")
_IS_LATIN = re.compile("[a-z\u00c0-\u024f\u1e00-\u1eff]")


_ASCII = str.maketrans({"`": "'", '"': " ", "\\": "/"})


@cache
def plain_characters() -> dict[int, str | int | None]:
    """The translation that gives every dash, slash, quote and apostrophe one form."""
    table: dict[int, str | int | None] = {}
    for part in (_ONE_APOSTROPHE, _DASHES, _SLASHES, _QUOTES, _INVISIBLE):
        table.update(part)
    return table


def plain_text(text: str) -> str:
    """Text in lower case with one apostrophe, one dash, plain spaces; any text is taken.

    Upper and lower case give the same result, dotted and dotless capitals included.
    """
    if text.isascii():
        return " ".join(text.translate(_ASCII).lower().split())
    text = unicodedata.normalize("NFKC", text.translate(plain_characters()))
    text = text.translate(plain_characters()).replace("İ", "i").replace("i̇", "i")
    lowered = unicodedata.normalize("NFC", text.upper().lower())
    lowered = lowered.replace("i\u0307", "i")
    return " ".join(lowered.translate(plain_characters()).split())


def latin_word(word: str) -> str:
    """A plain word (see plain_text) in Uzbek Latin, lower case, o' and g' with '.

    Tutuq marks stay. Latin words with single Cyrillic look-alikes, and the reverse,
    are read in the script of most of their letters.
    """
    if word.isascii():
        return word
    if _IS_CYRILLIC.search(word):
        if _IS_LATIN.search(word):
            word = _one_script(word)
        word = _from_cyrillic(word)
    return "".join(_LATIN.get(letter, letter) for letter in word)


def _one_script(word: str) -> str:
    latin = sum(1 for letter in word if _IS_LATIN.match(letter))
    cyrillic = sum(1 for letter in word if _IS_CYRILLIC.match(letter))
    if latin >= cyrillic:
        return word.translate(_LATIN_LOOKS)
    return word.translate(_CYRILLIC_LOOKS)


def _from_cyrillic(word: str) -> str:
    karakalpak = not _KARAKALPAK.isdisjoint(word)
    letters: list[str] = []
    before = ""
    for letter in word:
        if letter == "е":
            letters.append("ye" if not before or before in _VOWELS else "e")
        elif letter == "ў" and karakalpak:
            letters.append("w")
        elif letter == "ж" and before == "д":
            letters[-1] = "j"
        else:
            letters.append(_CYRILLIC.get(letter, letter))
        before = letter if letter.isalpha() else ""
    return "".join(letters)


_TUTUQ = re.compile("(?<![og])'|^'")
_NOT_KEY = re.compile("[^a-z0-9']")
_OTHER_LETTER = re.compile(r"[\W_]")


@lru_cache(maxsize=CACHED_WORDS)
def word_key(word: str) -> str:
    """Comparison key of one plain word: Latin, without tutuq; empty if nothing is left.

    Letters of other alphabets stay as they are: different words never become equal by
    losing them.
    """
    latin = _TUTUQ.sub("", latin_word(word))
    if latin.isascii():
        return _NOT_KEY.sub("", latin)
    return "".join(
        letter for letter in latin if letter == "'" or not _OTHER_LETTER.match(letter)
    )


_LOWER_WORDS = frozenset(
    [
        "va",
        "yil",
        "yilligi",
        "yillik",
        "yilliklari",
        "kuni",
        "mart",
        "may",
        "aprel",
        "iyun",
        "iyul",
        "avgust",
        "sentyabr",
        "oktyabr",
        "noyabr",
        "dekabr",
        "yanvar",
        "fevral",
        "ming",
        "aprelya",
    ]
)


@lru_cache(maxsize=CACHED_WORDS)
def word_display(word: str) -> str:
    """One plain word in standard Uzbek Latin, capitalised unless it is a small word."""
    latin = latin_word(word)
    parts = [_capital(part) for part in latin.split("-")]
    return "-".join(parts)


def _capital(word: str) -> str:
    word = word.strip("'") + ("'" if re.search("[og]'$", word) else "")
    lower = re.sub("([og])'", rf"\1{TURNED_COMMA}", word).replace("'", TUTUQ)
    if word_key(word) in _LOWER_WORDS:
        return lower
    for digraph in ("sh", "ch"):
        if lower.startswith(digraph):
            return digraph.capitalize() + lower[2:]
    return lower[:1].upper() + lower[1:]


_INITIALS = frozenset(
    [*"abcdefghijklmnopqrstuvwxyz", "o'", "g'", "sh", "ch", "yo", "yu", "ya", "ye", "ts"]
)
_NAME_PART = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*'?")


def name_parts(text: str) -> list[str]:
    """The words and numbers of a name, plain."""
    return _NAME_PART.findall(plain_text(text))


def place_key(text: str) -> str | None:
    """Comparison key of a whole name without type words; null where nothing is left.

    Words are joined (Katta guzar = Kattaguzar = Katta-guzar); numbers stay.
    """
    return join_key(name_parts(text))


def join_key(parts: list[str]) -> str | None:
    """Comparison key of the words and numbers of a name."""
    pieces: list[str] = []
    for part in parts:
        piece = number_key(part) if part[0].isdigit() else word_key(part)
        if pieces and piece and pieces[-1][-1].isdigit() and piece[0].isdigit():
            piece = "-" + piece
        if piece:
            pieces.append(piece)
    return "".join(pieces) or None


def number_key(number: str) -> str:
    """A number of a name without leading zeros: 09 = 9; its letter in upper case."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", number).upper()


def _is_initial(part: str) -> bool:
    return latin_word(part) in _INITIALS


def join_display(parts: list[str]) -> str | None:
    """Words and numbers of a name in standard spelling: 8-mart, Birlik-1, 20 yilligi."""
    shown = ""
    for index, part in enumerate(parts):
        if part[0].isdigit():
            last = index == len(parts) - 1
            gap = "" if not shown else "-" if last and not shown[-1].isdigit() else " "
            shown += gap + number_key(part)
            continue
        word = word_display(part)
        if not word:
            continue
        if _is_initial(part) and index + 1 < len(parts) and parts[index + 1][0].isalpha():
            word += "."
        after_number = bool(shown) and index > 0 and parts[index - 1][0].isdigit()
        counted = word.startswith(("yil", "ming"))
        gap = "" if not shown else "-" if after_number and not counted else " "
        shown += gap + word
    return shown or None
