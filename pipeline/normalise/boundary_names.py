"""Lists of names of a boundary text: which names a type word takes.

What belongs here: in Uzbek one type word closes a list of names (Do'stlik, Nayman
ko'chalari), in Russian it opens one (улицы Навои, Бабура); lanes and blocks within lists.
What the other words mean stands in boundary_grammar.py.
"""

from pipeline.normalise.address_tokens import NUMBER, WORD, Atom
from pipeline.normalise.address_words import Marker
from pipeline.normalise.boundary_description import (
    Name,
    Territory,
    block_names,
    lane_identity,
    lane_numbers,
)
from pipeline.normalise.boundary_houses import HouseReader
from pipeline.normalise.places import join_key

NAME_WORDS_MAX = 5


class NameReader(HouseReader):
    """How the names of a boundary text are read."""

    def _is_numbered_block(self, marker: Marker) -> bool:
        """Mikrorayon-10 mavzesi: the number and a second type word belong to the first."""
        ahead, behind = self._next(), self._next_marker(1)
        return (
            marker.is_numbered
            and not self.entries[-1]
            and ahead is not None
            and ahead.kind == NUMBER
            and ahead.is_joined
            and not ahead.is_range
            and behind is not None
            and behind.meaning == "MASSIF"
            and behind.side != "BEFORE"
        )

    def _numbered_block(self, marker: Marker) -> None:
        self._close_list()
        self._close_houses()
        self._leftover()
        number = self._next()
        if number is not None:
            self.at += 2
            self._add(marker, [Name((number.text,))])

    def _territory(self, atom: Atom, marker: Marker) -> None:
        is_list_over = self.open is not None and not self.entries[-1]
        is_before = marker.side == "BEFORE" or (
            (is_list_over or not any(self.entries)) and self._opens(marker)
        )
        if is_before and marker.meaning != "LANE":
            self._close_list()
            self._close_houses()
            self._leftover()
            self._open(atom, marker)
            return
        if (
            self.open is not None
            and self.open.meaning == "STREET"
            and (marker.meaning == "LANE")
        ):
            self._lane_in_list(atom, marker)
            return
        if self.open is not None:
            self._split_open()
        self._after(atom, marker)

    def _lane_in_list(self, atom: Atom, marker: Marker) -> None:
        """улицы Хамкар, Хамкар 1-й проезд, Лутфий: the list goes on after a lane."""
        opener = self.open
        own = self.entries.pop()
        if self.entries:
            self._close_list()
        self.open = None
        self.entries = [own]
        self._after(atom, marker)
        self.open = opener

    def _opens(self, marker: Marker) -> bool:
        """Whether names follow an Uzbek type word that has none before it."""
        ahead = self._next()
        kinds = (WORD, NUMBER) if marker.meaning == "MASSIF" else (WORD,)
        if ahead is None or ahead.kind not in kinds:
            return False
        if self.is_its or self.is_all or self.is_rest:
            return False
        count = 0
        while (atom := self._next(count)) is not None and atom.kind in (WORD, NUMBER):
            count += 1
        follows = self._next_marker(count)
        return follows is None or follows.side != "AFTER"

    def _open(self, atom: Atom, marker: Marker) -> None:
        if marker.meaning == "STREET":
            follows = self._next()
            if follows is None or follows.kind not in (WORD, NUMBER):
                if not (self.is_all or self.is_rest):
                    self._doubt([atom.text])
                elif self.is_rest:
                    self._rest()
                return
        self.open = marker

    def _split_open(self) -> None:
        """An Uzbek type word ends a Russian list: the last entry is its own name."""
        own = self.entries.pop()
        if self.entries:
            self._close_list()
        else:
            self._doubt([atom.text for atom in own])
            own = []
        self.open = None
        self.entries = [own]

    def _close_list(self) -> None:
        """The pending names belong to the type word that opened the list."""
        marker = self.open
        if marker is None or not any(self.entries):
            return
        entries, self.entries = [entry for entry in self.entries if entry], [[]]
        if marker.meaning == "MASSIF":
            self._close_blocks(marker, entries)
            return
        numbers: list[list[Atom]] = []
        while entries and self._numbers_only(entries[-1]):
            numbers.insert(0, entries.pop())
        for entry in entries:
            if self._numbers_only(entry) and self._last() is not None:
                self._add_houses([entry])
                continue
            words = [atom.text for atom in entry]
            cut = len(entry)
            while cut and entry[cut - 1].kind == NUMBER and not entry[cut - 1].is_joined:
                cut -= 1
            self._add(marker, [Name(tuple(words[:cut]))], is_russian=True)
            if cut < len(entry):
                self._add_houses([entry[cut:]])
        if numbers:
            self._add_houses(numbers)

    def _close_blocks(self, marker: Marker, entries: list[list[Atom]]) -> None:
        """массив Согдиана-3, дома 1-9: numbers behind the word are houses, not massifs."""
        houses = [e for e in entries if self.has_house_word and self._numbers_only(e)]
        names: list[Name] = []
        for entry in entries:
            if entry not in houses:
                names.extend(block_names(entry, names, marker))
        if houses:
            self._add_houses(houses)
        if names:
            self._add(marker, names, is_russian=True)

    def _after(self, atom: Atom, marker: Marker) -> None:
        """An Uzbek type word closes the list of names before it."""
        entries = [entry for entry in self.entries if entry]
        joined = atom.is_joined and bool(entries) and self._numbers_only(entries[-1])
        self.entries = [[]]
        if marker.form == "name" and entries and entries[-1][-1].kind == WORD:
            # Ipak yo'li, Qozi guzari: the type word is part of the name.
            entries[-1].append(Atom(WORD, atom.text.removesuffix(marker.case)))
        entries = self._leading_houses(entries, joined=joined)
        if marker.meaning == "LANE":
            self._lanes(atom, marker, entries)
        elif entries:
            self._names(marker, entries)
        elif marker.meaning == "STREET" and self.is_rest:
            self._rest()
        elif not self.is_all and self._needs_name(marker):
            self._doubt([atom.text])

    def _needs_name(self, marker: Marker) -> bool:
        if marker.meaning == "STREET":
            return not self.is_its
        return marker.meaning == "MAHALLA" and self._last() is None

    def _leading_houses(
        self, entries: list[list[Atom]], *, joined: bool
    ) -> list[list[Atom]]:
        """Numbers before the first name of a list are houses of what was named before."""
        if entries and all(self._numbers_only(entry) for entry in entries):
            if not joined:
                self._add_houses(entries)
                return []
            return entries
        count = 0
        while count < len(entries) and self._numbers_only(entries[count]):
            count += 1
        if count:
            self._add_houses(entries[:count])
        rest = entries[count:]
        if rest and rest[0][0].kind == NUMBER and rest[0][0].is_range and not count:
            self._add_houses([[rest[0][0]]])
            rest[0] = rest[0][1:]
        return rest

    def _names(self, marker: Marker, entries: list[list[Atom]]) -> None:
        names: list[Name] = []
        for entry in entries:
            if marker.meaning == "STREET" and entry[-1].is_range and len(entry) > 1:
                if names:
                    self._add(marker, names)
                self._add(marker, [Name(tuple(atom.text for atom in entry[:-1]))])
                self._add_houses([[entry[-1]]])
                names = []
                continue
            names.extend(block_names(entry, names, marker))
        if names:
            self._add(marker, names)

    def _lanes(self, atom: Atom, marker: Marker, entries: list[list[Atom]]) -> None:
        """Gulyor 1, 2-tor ko'chalari: lanes of the street named before the number."""
        follows = self._next_marker()
        if follows is not None and follows.meaning == "STREET":
            self.at += 1
        words: tuple[str, ...] = ()
        names: list[Name] = []
        streets: list[Name] = []
        last = self._last()
        if self.is_its and last is not None and last.slot == "STREET":
            words = last.names[-1].words
        for entry in entries:
            own = tuple(part.text for part in entry if part.kind == WORD)
            numbers = [part for part in entry if part.kind == NUMBER]
            words = own or words
            is_nameless = not words and (
                len(entries) > 1 or (last is not None and last.slot == "STREET")
            )
            if len(numbers) > 1 or is_nameless:
                self._doubt([part.text for part in entry])
            elif not numbers and len(entries) > 1:
                streets.append(Name(words))
            else:
                lanes = lane_numbers(numbers[0]) if numbers else [""]
                names.extend(
                    Name(words, lane_identity(lane, marker.form)) for lane in lanes
                )
        if streets and not names:
            self._doubt([word for name in streets for word in name.words])
        elif streets or names:
            street = marker._replace(meaning="STREET", form="koʻchasi")
            self._add(street, [*streets, *names])
        elif not (entries or self.is_its or self.is_all or self._follows_with()):
            self._doubt([atom.text])
        self.is_its = False

    def _follows_with(self) -> bool:
        atom = self._next()
        return atom is not None and join_key([atom.text]) in ("bilan", "birga")

    def _add(self, marker: Marker, names: list[Name], *, is_russian: bool = False) -> None:
        self._close_parity()
        words = [word for name in names for word in name.words]
        if any(len(name.words) > NAME_WORDS_MAX for name in names):
            self._doubt(words)
            return
        if marker.meaning == "MAHALLA" and self.result.territories:
            self.is_excepting = (
                self.is_excepting and is_russian and self.since_comma is False
            )
        self.result.territories.append(
            Territory(
                marker.meaning,
                names,
                self.segment,
                form=marker.form,
                case=marker.case,
                is_russian=is_russian or marker.side == "BEFORE",
                is_exclusion=self.is_excepting,
                is_remainder=self.is_rest and marker.meaning == "MAHALLA",
                is_separate=self.since_comma,
                words=words,
            )
        )
        self.is_rest = self.is_rest and marker.meaning != "MAHALLA"
        self.is_its = self.is_all = self.since_comma = self.has_house_word = False

    def _leftover(self) -> None:
        """Names without a type word."""
        entries, self.entries = [entry for entry in self.entries if entry], [[]]
        for entry in entries:
            if not self._is_area(entry):
                self._doubt([atom.text for atom in entry])
