"""Our own Uzbek texts and the names of areas, from Latin to Cyrillic letters.

What belongs here: headings, labels and official area names, which exist in Latin only and
which forms, notices and pages show in Cyrillic too. Never a person's name: a name stands
as it is registered, whatever the page around it is written in.

The rules are those of the Uzbek Cyrillic alphabet of 1940 (as in data/reference/
alphabets.csv, the other way round). What Latin no longer tells (ц, ь) stands in EXCEPTIONS.
"""

import re
from functools import cache

EXCEPTIONS = {
    "tsiya": "ция",
    "sentabr": "сентябрь",
    "oktabr": "октябрь",
    "noyabr": "ноябрь",
    "dekabr": "декабрь",
    "yanvar": "январь",
    "fevral": "февраль",
    "aprel": "апрель",
    "iyun": "июнь",
    "iyul": "июль",
    "isʼhoq": "исҳоқ",
    "sirk": "цирк",
    "markaziy": "марказий",
    "yxht": "ехҳт",
}
PAIRS = {
    "oʻ": "ў",
    "gʻ": "ғ",
    "sh": "ш",
    "ch": "ч",
    "yoʻ": "йў",
    "yo": "ё",
    "yu": "ю",
    "ya": "я",
    "ye": "е",
}
LETTERS = dict(zip("abdfghijklmnopqrstuvxyz", "абдфгҳижклмнопқрстувхйз", strict=True))
LETTERS |= {"ʼ": "ъ", "c": "с", "w": "в"}
VOWELS = "aeiouʻ"
KEPT = (
    r"\{\w+\}"  # placeholders
    r"|\b[\w-]+\.[a-z]{2,7}\b"  # file names
    r"|\b[A-Z]+_[A-Z_]+"  # codes
    r"|\b(?:INCLUDE|EXCLUDE|CSV|XLSX|PDF|JSON|SHA-256|Parquet|Excel|JavaScript)"
)
"""What is no Uzbek, with the ending it may bear: Excelda."""
APOSTROPHES = re.compile("['`‘’ʹ´]")
PIECE = re.compile(
    "|".join([*EXCEPTIONS, *sorted(PAIRS, key=len, reverse=True), "e", "[a-zʼ]"])
)


@cache
def in_cyrillic(text: str) -> str:
    """An Uzbek text in Cyrillic letters; what isn't Latin stays as it is.

    Placeholders in braces, codes, names of files and of programs are no Uzbek and stay.
    """
    marked = APOSTROPHES.sub("ʼ", re.sub("([oOgG])['`‘’ʹ´]", r"\1ʻ", text))
    return re.sub(
        rf"({KEPT})|([A-Za-zʻʼ]+)",
        lambda part: part.group(1) or _word(part.group(2)),
        marked,
    )


def _word(word: str) -> str:
    lower = word.lower()
    found: list[str] = []
    for match in PIECE.finditer(lower):
        piece, start = match.group(), match.start()
        if piece == "ye" and start and lower[start - 1] not in VOWELS:
            cyrillic = "ъе"
        elif piece == "e":
            cyrillic = "э" if start == 0 or lower[start - 1] in VOWELS else "е"
        else:
            cyrillic = EXCEPTIONS.get(piece) or PAIRS.get(piece) or LETTERS[piece]
        source = word[start : match.end()]
        found.append(_same_case(source, cyrillic, word))
    return "".join(found)


def _same_case(source: str, cyrillic: str, word: str) -> str:
    if not source[0].isupper():
        return cyrillic
    if len(word) > 1 and word.isupper():
        return cyrillic.upper()
    return cyrillic[0].upper() + cyrillic[1:]
