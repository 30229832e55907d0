"""What a boundary text says: territories with their names and houses.

What belongs here: the values that boundary_grammar.py reads and boundaries.py makes rules
of, and what is true of one number or one list of names alone.
"""

import dataclasses
from typing import NamedTuple

from pipeline.normalise.address_tokens import NUMBER, Atom
from pipeline.normalise.address_words import Marker

LANES_MAX = 60


class Name(NamedTuple):
    """A name of a list: its words, and the lane where it is one."""

    words: tuple[str, ...]
    lane: str = ""


class Houses(NamedTuple):
    """Houses of a street or block: a range, an odd or even side, or both."""

    first: int | None
    last: int | None
    parity: str = "ALL"


@dataclasses.dataclass
class Territory:
    """Names that share one type word, and the houses given for them."""

    slot: str
    names: list[Name]
    segment: int
    form: str = ""
    case: str = ""
    is_russian: bool = False
    is_exclusion: bool = False
    is_remainder: bool = False
    is_separate: bool = False
    """A comma stands before it."""
    houses: list[Houses] = dataclasses.field(default_factory=list)
    is_doubtful: bool = False
    words: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Description:
    """What a boundary text says."""

    territories: list[Territory] = dataclasses.field(default_factory=list)
    unread: list[str] = dataclasses.field(default_factory=list)
    is_whole_district: bool = False
    has_loose_end: bool = False
    """Words that were not understood stand after the last territory."""


def block_names(entry: list[Atom], names: list[Name], marker: Marker) -> list[Name]:
    """A name of a list; 9, 10-kvartallar after Chilonzor 9 are blocks of Chilonzor."""
    words = tuple(atom.text for atom in entry)
    if marker.meaning == "MASSIF" and len(entry) == 1 and entry[0].kind == NUMBER:
        before = names[-1].words if names else ()
        stem = tuple(word for word in before if not word[0].isdigit())
        numbers = lane_numbers(entry[0])
        return [Name((*stem, number)) for number in numbers]
    return [Name(words)]


def lane_numbers(atom: Atom) -> list[str]:
    """The numbers of 4 or of 1-5."""
    if not atom.is_range:
        return [atom.text]
    first, _, last = atom.text.partition("-")
    if not (first.isdigit() and last.isdigit()):
        return [atom.text]
    low, high = int(first), int(last)
    if not 0 < high - low < LANES_MAX:
        return [atom.text]
    return [str(number) for number in range(low, high + 1)]


def lane_identity(number: str, form: str) -> str:
    """A lane's identity: its number; with `berk` where it is a blind lane."""
    if not number:
        return form
    return number.upper() if form == "tor" else f"{number.upper()}-{form}"


def of_one_side(spec: Houses) -> Houses:
    """One house needs no side."""
    return spec._replace(parity="ALL") if spec.first == spec.last else spec


def sides_agree(specs: list[Houses]) -> bool:
    """Whether a side said for several numbers can hold for each of them.

    1-45 va 2-60 juft uylar: whether the first range is the odd one is not certain.
    """
    return len(specs) < 2 or not any(
        spec.parity != "ALL"
        and all(
            number is not None and (number % 2 == 1) != (spec.parity == "ODD")
            for number in (spec.first, spec.last)
        )
        for spec in specs
    )


def house_range(text: str, parity: str) -> Houses | None:
    """A house or a range of houses; null where the columns of a rule can't hold it."""
    first, dash, last = text.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()) or len(text) > 11:
        return None
    low, high = int(first), int(last or first)
    if high < low or (dash and high == low):
        return None
    if low == high and parity != "ALL" and (low % 2 == 1) != (parity == "ODD"):
        return None
    return Houses(low, high, "ALL" if low == high else parity)
