"""Houses of a boundary text: numbers, ranges, odd and even sides, and whose they are.

What belongs here: the state of reading, and what numbers and sides do to it. Which names
belong together stands in boundary_grammar.py.
"""

import dataclasses

from pipeline.normalise.address_tokens import COMMA, NUMBER, WORD, Atom
from pipeline.normalise.address_words import Marker, area_names
from pipeline.normalise.boundary_description import (
    Description,
    Houses,
    Territory,
    house_range,
    of_one_side,
    sides_agree,
)
from pipeline.normalise.lookahead import Lookahead
from pipeline.normalise.places import join_key

SIDE_WORDS = ("tomon", "tomoni", "tomonlari", "storona", "storoni")
"""The side of a street that a parity in brackets means: (juft tomoni), (чётная сторона)."""


class HouseReader(Lookahead):
    """The state of reading a boundary text, and how its numbers are read."""

    def __init__(self, atoms: list[Atom]) -> None:
        super().__init__(atoms)
        self.entries: list[list[Atom]] = [[]]
        self.open: Marker | None = None
        self.segment = 0
        self.parity = ""
        self.has_house_word = False
        self.is_rest = False
        self.is_its = False
        self.is_all = False
        self.has_area = False
        self.is_excepting = False
        self.since_comma = True
        self.last_houses: list[Houses] = []
        self.doubtful: set[int] = set()
        self.result = Description()

    def _last(self) -> Territory | None:
        return self.result.territories[-1] if self.result.territories else None

    def _doubt(self, words: list[str]) -> None:
        self.result.unread.extend(words)
        self.doubtful.add(self.segment)

    def _is_house(self, atom: Atom) -> bool:
        return atom.marker is not None and atom.marker.meaning == "HOUSE"

    def _numbers_only(self, entry: list[Atom]) -> bool:
        return bool(entry) and all(atom.kind == NUMBER for atom in entry)

    def _is_area(self, entry: list[Atom]) -> bool:
        return join_key([atom.text for atom in entry]) in area_names()

    def _close_list(self) -> None:
        """The pending names belong to the type word that opened the list."""
        raise NotImplementedError

    def _rest(self, *, is_part: bool = False, is_house: bool = False) -> None:
        """What qolgan says is left."""
        raise NotImplementedError

    # Sides ------------------------------------------------------------------------------

    def _parity(self, parity: str) -> None:
        if self._bracket_parity(parity) or self._parity_behind(parity):
            return
        self._close_list()
        if self.parity:
            self._close_houses()
        self.parity = parity

    def _parity_behind(self, parity: str) -> bool:
        """дома 1-45, 47-99 нечётные: of the numbers right before it in a Russian list."""
        count, place = 0, self.at - 2
        while place >= 0 and (
            self.atoms[place].kind == NUMBER or self.atoms[place].text == ","
        ):
            count += self.atoms[place].kind == NUMBER
            place -= 1
        if self.open is None or self.parity or not count or not self.entries[-1]:
            return False
        self._close_list()
        last = self._last()
        if last is None:
            return False
        specs = [spec._replace(parity=parity) for spec in last.houses[-count:]]
        last.houses[-count:] = [of_one_side(spec) for spec in specs]
        if not sides_agree(specs):
            self._doubt([self.atoms[self.at - 1].text])
            self.doubtful.add(last.segment)
        self._skip_side()
        return True

    def _skip_side(self) -> None:
        follows = self._next()
        if follows is not None and join_key([follows.text]) in SIDE_WORDS:
            self.at += 1

    def _bracket_parity(self, parity: str) -> bool:
        """1-45 (нечётные), 1-45-uylar (toq tomoni): of the range before the bracket."""
        place = self.at - 2
        if place < 0 or self.atoms[place].kind != COMMA:
            return False
        if self.atoms[place].text != "(":
            return False
        place -= 1
        has_house_word = False
        while place >= 0 and self._is_house(self.atoms[place]):
            has_house_word = True
            place -= 1
        is_given = has_house_word or self.open is not None
        last = self._last()
        if place < 0 or self.atoms[place].kind != NUMBER or not is_given:
            return False
        if last is None or not last.houses:
            return False
        last.houses[-1] = last.houses[-1]._replace(parity=parity)
        self._skip_side()
        return True

    def _close_parity(self) -> None:
        if self.parity:
            parity, self.parity = self.parity, ""
            self._give([Houses(None, None, parity)], [parity.lower()])

    def _parity_ahead(self) -> bool:
        """нечётные дома 1-45: the side is that of the numbers that follow."""
        ahead = self._next()
        return bool(self.parity) and ahead is not None and ahead.kind == NUMBER

    # Numbers ----------------------------------------------------------------------------

    def _bracket_numbers(self) -> None:
        """Navoiy (1-45), Bobur ko'chalari: the houses belong to the name before them."""
        if len(self.entries) < 2 or self.parity or self.open is not None:
            return
        last, before = self.entries[-1], self.entries[-2]
        if self._numbers_only(last) and any(atom.kind == WORD for atom in before):
            if all(atom.is_range for atom in last):
                before.extend(last)
            else:
                self._doubt([atom.text for atom in last])
            self.entries.pop()

    def _close_houses(self) -> None:
        """Pending numbers and an odd or even word belong to what was named last."""
        numbers = [entry for entry in self.entries if self._numbers_only(entry)]
        if numbers and self.open is None:
            self.entries = [e for e in self.entries if not self._numbers_only(e)] or [[]]
            self._add_houses(numbers)
        self._close_parity()
        self.has_house_word = False
        if self.entries[-1]:
            self.entries.append([])

    def _add_houses(self, entries: list[list[Atom]]) -> None:
        atoms = [atom for entry in entries for atom in entry]
        parity, self.parity = self.parity or "ALL", ""
        houses = [house_range(atom.text, parity) for atom in atoms]
        bad = [atom.text for atom, spec in zip(atoms, houses, strict=True) if spec is None]
        if bad:
            self.result.unread.extend(bad)
        known = [spec for spec in houses if spec is not None]
        if not sides_agree([spec._replace(parity=parity) for spec in known]):
            self._doubt([atom.text for atom in atoms])
        if not known and bad:
            self.doubtful.add(self.segment)
        self._give(known, [atom.text for atom in atoms])

    def _give(self, houses: list[Houses], words: list[str]) -> None:
        last = self._last()
        if (
            last is None
            or last.slot == "REST"
            or len(last.names) > 1
            and last.slot != "STREET"
        ):
            self._doubt(words)
        elif last.slot == "MAHALLA" and not self.has_house_word:
            self._doubt(words)
            self.doubtful.add(last.segment)
        elif self.is_excepting and not last.is_exclusion:
            self.result.territories.append(
                dataclasses.replace(last, houses=houses, is_exclusion=True)
            )
        else:
            last.houses.extend(houses)

    def _house_word(self, marker: Marker) -> None:
        self._close_list()
        if self.is_rest:
            self._rest(is_house=True)
            return
        if marker.side == "BEFORE" and not self._parity_ahead():
            self._close_houses()
        self.has_house_word = True
        if any(self._numbers_only(entry) for entry in self.entries):
            last = self._last()
            before = len(last.houses) if last is not None else 0
            self._close_houses()
            if last is not None and marker.case == "dan":
                self.last_houses = last.houses[before:]
