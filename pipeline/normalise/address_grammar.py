"""One address text -> its components in the order written.

What belongs here: which words belong to which type word. Uzbek names stand before their
type word (Nilufar 3-tor koʻchasi), Russian ones after it (ул. Навои), some on either side.
Words that two type words claim, and abbreviations that position doesn't settle, are
UNREAD: nothing is guessed. What the components mean for the address stands in
address_reading.py.
"""

import re
from functools import lru_cache

from pipeline.normalise.address_items import NAMED, NUMBERED, Item
from pipeline.normalise.address_letters import Letters
from pipeline.normalise.address_tokens import COMMA, MARKER, NUMBER, WORD, Atom, read_atoms
from pipeline.normalise.address_words import Marker
from pipeline.normalise.places import join_key, plain_text

_FORMERLY = frozenset(
    ["sobiq", "sobik", "avvalgi", "eski", "bivshaya", "bivshiy", "bivsh", "biv", "ranee"]
)
CACHED_TEXTS = 1 << 18
_COMMA = re.compile(r"[,;|]")
_BRACKET = re.compile(r"[()\[\]{}]")


def read_items(text: str) -> tuple[Item, ...]:
    """The components of an address text; segments between commas are read apart."""
    plain = plain_text(text)
    items: list[Item] = []
    segments = (plain,) if _BRACKET.search(plain) else _COMMA.split(plain)
    for segment in segments:
        has_house = any(item.slot in ("HOUSE", "NUM") for item in items)
        items.extend(_segment_items(segment, has_house))
    return tuple(items)


@lru_cache(maxsize=CACHED_TEXTS)
def _segment_items(text: str, has_house: bool) -> tuple[Item, ...]:  # noqa: FBT001
    """The components between two commas, or of a text with brackets."""
    items: list[Item] = []
    segment: list[Atom] = []
    for atom in [*_without_aliases(read_atoms(text)), Atom(COMMA, ",")]:
        if atom.kind != COMMA:
            segment.append(atom)
        elif segment:
            reader = _Segment(segment)
            reader.has_house = has_house
            items.extend(reader.read())
            has_house = reader.has_house
            segment = []
    return tuple(items)


def _without_aliases(atoms: list[Atom]) -> list[Atom]:
    """The atoms without former and other names in brackets.

    Xoʻjaobod (Xoʻjaoʻldi) MFY, Navoiy koʻchasi (sobiq Lenin koʻchasi): what identifies
    the place stands outside the brackets.
    """
    if all(atom.text != "(" for atom in atoms):
        return atoms
    kept: list[Atom] = []
    index = 0
    while index < len(atoms):
        end = _bracket_end(atoms, index)
        inside = atoms[index + 1 : end]
        behind = atoms[end + 1].marker if end + 1 < len(atoms) else None
        is_alias = bool(inside) and (
            join_key([inside[0].text]) in _FORMERLY
            or (
                behind is not None
                and behind.side == "AFTER"
                and all(atom.kind == WORD for atom in inside)
            )
        )
        if is_alias:
            index = end + 1
        else:
            kept.append(atoms[index])
            index += 1
    return kept


def _bracket_end(atoms: list[Atom], index: int) -> int:
    """Where the bracket that opens here closes; the same place if none does."""
    if atoms[index].text != "(":
        return index
    closing = (at for at in range(index, len(atoms)) if atoms[at].text == ")")
    return next(closing, index)


class _Segment(Letters):
    """Reads the atoms between two commas from left to right."""

    def read(self) -> list[Item]:
        """The components of the segment."""
        while self.at < len(self.atoms):
            atom = self.atoms[self.at]
            self.at += 1
            if atom.kind == MARKER and atom.marker is not None:
                self._marker(atom, atom.marker)
            elif atom.kind in (WORD, NUMBER):
                self.pending.append(atom)
            else:
                self._unread(atom)
        self._flush()
        return self.items

    def _marker(self, atom: Atom, marker: Marker) -> None:
        if marker.meaning == "AMBIGUOUS":
            self._ambiguous(atom, marker)
        elif self._is_part_of_name(atom, marker):
            self.pending.append(Atom(WORD, atom.text, is_joined=atom.is_joined))
        elif marker.meaning == "LANE":
            self._lane(atom, marker)
        elif marker.meaning in NUMBERED:
            self._numbered(atom, marker)
        elif marker.meaning in NAMED:
            self._named(atom, marker)
        elif marker.meaning == "NO_NUMBER":
            self._flush()
            self._emit(Item("NO_NUMBER"))
        elif marker.meaning == "FILLER":
            self.pending.append(Atom(WORD, atom.text))
