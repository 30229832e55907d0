"""Components of an address text, and how their names and numbers are written.

What belongs here: one component and its words. Which words make one stands in
address_grammar.py and in what it reads with.
"""

from typing import NamedTuple

from pipeline.normalise.address_tokens import NUMBER, WORD, Atom

NAMED = ("REGION", "DISTRICT", "CITY", "SETTLEMENT", "MAHALLA", "MASSIF", "STREET")
AREAS = ("REGION", "DISTRICT", "CITY")
PLACES = ("STREET", "MAHALLA", "MASSIF", "SETTLEMENT")
NUMBERED = ("HOUSE", "BUILDING", "FLAT", "ENTRANCE", "FLOOR")


class Item(NamedTuple):
    """One component: its slot, its name's words, its number, and how it is printed.

    Slots: the meanings of type words, and NAME (words without one), NUM (a number without
    one), KV (flat or block: what stands around decides), M (mahalla or massif), CORPS
    (a number after k.), INITIAL (S. Rahimov: a name, or the village Rahimov), UNREAD.
    """

    slot: str
    words: tuple[str, ...] = ()
    number: str = ""
    form: str = ""
    is_loose: bool = False
    """A bare number that follows its name without a comma: Nilufar 5."""
    is_russian: bool = False
    """The name stands as Russian has it, behind its type word or declined."""


def is_filler(atoms: list[Atom], index: int) -> bool:
    """A word that says nothing: имени; N where it stands for № before a number."""
    marker = atoms[index].marker
    if marker is None or marker.meaning != "FILLER":
        return False
    is_number_next = index + 1 < len(atoms) and atoms[index + 1].kind == NUMBER
    return is_number_next or not marker.is_numbered


def words_of(atoms: list[Atom]) -> tuple[str, ...]:
    """The texts of a name's atoms; hyphens between words stay."""
    words: list[str] = []
    last = ""
    for atom in atoms:
        if atom.kind == WORD and atom.is_joined and last == WORD:
            words[-1] += "-" + atom.text
        else:
            words.append(atom.text)
        last = atom.kind
    return tuple(words)


def number_form(atom: Atom) -> str:
    """How a bare number is written: as a range, an ordinal, or plainly."""
    return "range" if atom.is_range else "ordinal" if atom.is_ordinal else ""


def lane_of(number: str, form: str) -> str:
    """A lane's identity: its number; with `berk` where it is a blind lane."""
    if not number:
        return form
    return number.upper() if form == "tor" else f"{number.upper()}-{form}"
