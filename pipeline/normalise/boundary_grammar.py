"""A boundary text -> the territories it names, in the order written.

What belongs here: the words of such texts, exceptions and what is left. Lists of names
stand in boundary_names.py, houses in boundary_houses.py, what the territories cover in
boundaries.py. A segment between commas in which anything is not understood is doubtful:
nothing of it becomes a rule.
"""

import dataclasses
import re

from pipeline.normalise.address_tokens import (
    COMMA,
    MARKER,
    NUMBER,
    WORD,
    Atom,
    read_atoms,
)
from pipeline.normalise.address_words import Marker, area_names
from pipeline.normalise.boundary_description import Description, Territory
from pipeline.normalise.boundary_names import NameReader
from pipeline.normalise.boundary_text import plain_description
from pipeline.normalise.places import join_key

_ADJECTIVE = re.compile(r"(?:ск|цк|sk)(?:ий|ого|ому|ая|ой|ую|iy|ogo|aya)$")
TERRITORIES = ("MAHALLA", "SETTLEMENT", "MASSIF", "STREET")
AREAS = ("REGION", "DISTRICT", "CITY", "COUNTRY")
# Nouns of landmarks that are names when a type word follows at once: Maktab ko'chasi.
_LANDMARK_NAMES = frozenset(
    ["maktab", "bozor", "ko'prik", "kanal", "ariq", "chorraha", "sharqiy", "g'arbiy"]
)


def read_description(text: str) -> Description:
    """The territories of a boundary text, and the words that were not understood."""
    plain = plain_description(text)
    return _Reader(read_atoms(plain, "boundary")).read()


class _Reader(NameReader):
    """Reads the atoms of a boundary text from left to right."""

    def read(self) -> Description:
        """All territories; doubtful segments marked."""
        while self.at < len(self.atoms):
            atom = self.atoms[self.at]
            self.at += 1
            self._atom(atom)
        self._close_list()
        self._close_houses()
        self._leftover()
        if self.is_rest:
            self._rest()
        last = self._last()
        self.result.has_loose_end = last is not None and any(
            segment > last.segment for segment in self.doubtful
        )
        for territory in self.result.territories:
            territory.is_doubtful = territory.segment in self.doubtful
        if not self.result.territories and not self.result.unread:
            self.result.is_whole_district = self.has_area and self.is_all
        return self.result

    def _atom(self, atom: Atom) -> None:
        if atom.kind == COMMA:
            self._comma(atom.text)
        elif atom.kind in (WORD, NUMBER):
            self.entries[-1].append(atom)
        elif atom.kind == MARKER and atom.marker is not None:
            self._marker(atom, atom.marker)
        else:
            self._doubt([atom.text])
        if atom.kind != COMMA and not (
            atom.marker is not None and atom.marker.meaning in ("EXCEPT_AFTER", "FILLER")
        ):
            self.last_houses = self.last_houses if self._is_house(atom) else []

    # Separators ---------------------------------------------------------------------

    def _comma(self, sign: str) -> None:
        numbers_only = self._numbers_only(self.entries[-1])
        if sign in "()":
            self._close_list()
        if sign == ")":
            self._bracket_numbers()
            self._close_houses()
            self.is_excepting = False
        elif self.parity and (numbers_only or self.has_house_word):
            if numbers_only:
                self._close_list()
            self._close_houses()
        if self.entries[-1]:
            self.entries.append([])
        if sign != "(":
            self.segment += 1
            self.since_comma = True

    # Words --------------------------------------------------------------------------

    def _marker(self, atom: Atom, marker: Marker) -> None:
        meaning = marker.meaning
        if meaning in ("AND", "ALL", "FILLER", "PART", "SIDE", "ITS"):
            self._small_word(atom, meaning)
        elif meaning in ("ODD", "EVEN"):
            self._parity(meaning)
        elif meaning == "REMAINDER":
            self._close_list()
            self._close_houses()
            self.is_rest = True
        elif meaning.startswith("EXCEPT"):
            self._except(atom, meaning)
        elif meaning == "DOUBT":
            self._landmark(atom)
        elif meaning == "AMBIGUOUS":
            self._letter(atom, marker)
        elif self._is_part_of_name(atom, marker):
            self.entries[-1].append(Atom(WORD, atom.text, is_joined=atom.is_joined))
        else:
            self._type_word(atom, marker)

    def _small_word(self, atom: Atom, meaning: str) -> None:
        if meaning == "AND":
            self._and()
        elif meaning == "ALL":
            self._close_list()
            self.is_all = True
        elif meaning == "ITS":
            self.is_its = True
        elif self.is_rest and meaning in ("PART", "FILLER"):
            self._rest(is_part=meaning == "PART")
        elif meaning == "PART" and not self.is_all or meaning == "SIDE" and not self.parity:
            self._doubt([atom.text])

    def _and(self) -> None:
        follows = self._next_marker()
        if self.parity and follows is not None and follows.meaning in ("ODD", "EVEN"):
            self.parity = ""
            self.at += 1
            return
        if self.parity and (self._numbers_only(self.entries[-1]) or self.has_house_word):
            self._close_houses()
        if self.entries[-1]:
            self.entries.append([])

    def _landmark(self, atom: Atom) -> None:
        follows = self._next_marker()
        if (
            join_key([atom.text]) in _LANDMARK_NAMES
            and follows is not None
            and follows.meaning in TERRITORIES
        ):
            self.entries[-1].append(Atom(WORD, atom.text))
        else:
            self._doubt([atom.text])

    def _letter(self, atom: Atom, marker: Marker) -> None:
        """An initial before a name, к. after one, д. before a house number."""
        ahead = self._next()
        if marker.form == "k" and any(part.kind == WORD for part in self.entries[-1]):
            self._type_word(atom, Marker("STREET", "AFTER", "koʻchasi"))
        elif marker.form == "d" and ahead is not None and ahead.kind == NUMBER:
            self._type_word(atom, Marker("HOUSE", "BEFORE", ""))
        elif ahead is not None and ahead.kind == WORD and not self.entries[-1]:
            self.entries[-1].append(Atom(WORD, atom.text))
        elif marker.form in ("t", "v", "sh") and self._is_area(self.entries[-1]):
            self.entries[-1] = []
            self.has_area = True
        else:
            self._doubt([*(part.text for part in self.entries[-1]), atom.text])
            self.entries[-1] = []

    def _is_part_of_name(self, atom: Atom, marker: Marker) -> bool:
        follows = self._next_marker()
        named = follows is not None and follows.meaning in (*TERRITORIES, "LANE")
        if marker.form == "name":
            return named or self._block_ahead() is not None or self.open is not None
        if marker.is_weak and named and follows is not None and follows.side != "BEFORE":
            return True
        return marker.is_weak and marker.meaning in AREAS and self._is_no_area_before()

    def _is_no_area_before(self) -> bool:
        """Eski shahar, Bobur ko'chalari: shahar is a word of a name no city bears."""
        words = [atom.text for atom in self.entries[-1] if atom.kind == WORD]
        return bool(words) and not any(
            join_key(words[at:]) in area_names() for at in range(len(words))
        )

    # Exceptions and remainders ----------------------------------------------------------

    def _except(self, atom: Atom, meaning: str) -> None:
        if meaning == "EXCEPT_BEFORE":
            self._close_list()
            self._close_houses()
            self.is_excepting = True
            return
        last = self._last()
        if last is None or any(self.entries):
            self._doubt([atom.text])
        elif self.last_houses:
            last.houses = [spec for spec in last.houses if spec not in self.last_houses]
            self.result.territories.append(
                dataclasses.replace(last, houses=self.last_houses, is_exclusion=True)
            )
        elif last.case == "dan" or "mustasno" in atom.text or "мустасно" in atom.text:
            last.is_exclusion = True
        else:
            self._doubt([atom.text])

    def _rest(self, *, is_part: bool = False, is_house: bool = False) -> None:
        """What qolgan says is left: of the street just named, of the mahalla, of all."""
        follows = self._next_marker()
        if (
            follows is not None
            and follows.side == "BEFORE"
            and follows.meaning == "MAHALLA"
        ):
            return
        self.is_rest = False
        last = self._last()
        if last is not None and last.slot == "STREET" and not self.since_comma:
            if is_house or (is_part and last.case in ("", "ning")):
                last.is_remainder = True
                return
        elif is_house and last is not None and last.slot == "STREET":
            self._doubt(["qolgan"])
            return
        self.result.territories.append(
            Territory("REST", [], self.segment, is_remainder=True)
        )

    # Type words ---------------------------------------------------------------------

    def _type_word(self, atom: Atom, marker: Marker) -> None:
        meaning = marker.meaning
        if meaning == "HOUSE":
            self._house_word(marker)
        elif meaning in AREAS:
            self._area(marker)
        elif meaning == "VILLAGE":
            self._close_list()
            if any(self.entries):
                self._after(atom, Marker("SETTLEMENT", "AFTER", "qishlogʻi"))
        elif meaning == "MASSIF" and self._is_numbered_block(marker):
            self._numbered_block(marker)
        elif meaning in (*TERRITORIES, "LANE"):
            self._territory(atom, marker)
        elif meaning == "FLAT" and self.is_all and not any(self.entries):
            pass
        else:
            self._doubt([*self._take_words(), atom.text])

    def _take_words(self) -> list[str]:
        words = [atom.text for entry in self.entries for atom in entry]
        self.entries = [[]]
        return words

    def _area(self, marker: Marker) -> None:
        """The district's own name says nothing about the precinct."""
        if self.open is not None and marker.side == "AFTER":
            self.entries[-1] = self._russian_area(self.entries[-1])
        self._close_list()
        self.has_area = True
        if marker.side == "BEFORE":
            while (atom := self._next()) is not None and atom.kind == WORD:
                self.at += 1
            return
        entry = self.entries.pop()
        words = [atom.text for atom in entry]
        starts = [at for at in range(len(words)) if join_key(words[at:]) in area_names()]
        if starts and starts[0] and join_key(words[: starts[0]]) not in area_names():
            self._doubt(words[: starts[0]])
        self._leftover()
        self.entries = [[]]

    def _russian_area(self, entry: list[Atom]) -> list[Atom]:
        """махалли Дустлик Ургутского района: the adjective is the district's."""
        if entry and _ADJECTIVE.search(entry[-1].text):
            return entry[:-1]
        return entry

    # Houses -------------------------------------------------------------------------
