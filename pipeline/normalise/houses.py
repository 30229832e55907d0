"""House, building and flat numbers: key, standard spelling, leading number.

28a, 28-A and 28 А are one house (key 28A, printed 28-A); 28/1 and 2/3/4 keep their
fractions; zeros in front go. Letters are Latin whatever was typed: the Cyrillic А, Б, В
become A, B, V.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from pipeline.normalise.places import latin_word, plain_text

# A house number of more digits is a postal code, a telephone or a cadastral fragment.
MAX_DIGITS = 5

CACHED_NUMBERS = 1 << 16

_FORM = re.compile(r"^\d+([^\W\d_]'?)?(/(\d+([^\W\d_]'?)?|[^\W\d_]'?))*$")
_RANGE = re.compile(r"^(\d+[a-z]?)-(\d+[a-z]?)$")


class HouseNumber(NamedTuple):
    """A number as it is compared, printed, and ordered."""

    key: str
    display: str
    leading: int


@lru_cache(maxsize=CACHED_NUMBERS)
def house_number(text: str) -> HouseNumber | None:
    """The number in its standard form; null where it isn't one house.

    A range (12-14) is no single house and gives null: it may as well be house and flat.
    """
    plain = latin_word(plain_text(text))
    if re.search(r"\d\s+\d", plain):
        return None
    joined = re.sub(r"\s+", "", plain)
    joined = re.sub(r"(?<=\d)-(?=[^\W\d_])", "", joined).replace("-/", "/")
    if not _FORM.match(joined):
        return None
    digits = re.findall(r"\d+", joined)
    if any(len(part.lstrip("0")) > MAX_DIGITS for part in digits):
        return None
    key = re.sub(r"\d+", lambda found: str(int(found[0])), joined).upper()
    display = re.sub(r"(?<=\d)(?=[^\W\d_])", "-", key).replace("'", "ʻ")
    return HouseNumber(key, display, int(digits[0]))


def house_span(text: str) -> HouseNumber | None:
    """Several houses written as one address: 12-14; null where it is no such span."""
    found = _RANGE.match(latin_word(plain_text(text)))
    if found is None:
        return None
    first, last = house_number(found[1]), house_number(found[2])
    if first is None or last is None or last.leading <= first.leading:
        return None
    return HouseNumber(
        f"{first.key}-{last.key}", f"{first.display}–{last.display}", first.leading
    )
