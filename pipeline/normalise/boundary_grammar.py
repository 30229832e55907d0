"""A boundary text -> the territories it names, in the order written.

What belongs here: which names, houses and exceptions belong together. In Uzbek one type
word closes a list of names (Do'stlik, Nayman ko'chalari), in Russian it opens one (улицы
Навои, Бабура). What the territories cover stands in boundaries.py. A segment between
commas in which anything is not understood is doubtful: nothing of it becomes a rule.
"""

import dataclasses
import re
from typing import NamedTuple

from pipeline.normalise.address_tokens import (
    COMMA,
    MARKER,
    NUMBER,
    WORD,
    Atom,
    read_atoms,
)
from pipeline.normalise.address_words import Marker, area_names
from pipeline.normalise.places import join_key, plain_text

_ADJECTIVE = re.compile(r"(?:ск|цк|sk)(?:ий|ого|ому|ая|ой|ую|iy|ogo|aya)$")
NAME_WORDS_MAX = 5
LANES_MAX = 60
TERRITORIES = ("MAHALLA", "SETTLEMENT", "MASSIF", "STREET")
AREAS = ("REGION", "DISTRICT", "CITY", "COUNTRY")
# Nouns of landmarks that are names when a type word follows at once: Maktab ko'chasi.
_LANDMARK_NAMES = frozenset(
    ["maktab", "bozor", "ko'prik", "kanal", "ariq", "chorraha", "sharqiy", "g'arbiy"]
)

_NUM = r"(?:#\s*)?(\d+(?:-?[^\W\d_](?![^\W\d_]))?)"
_HOUSE_WORD = r"(?:\s*-?\s*(?:uy|уй|xonadon|хонадон|raqamli uy|рақамли уй))?"
_SPANS = (
    re.compile(
        rf"{_NUM}{_HOUSE_WORD}\s*-?\s*(?:dan|дан)\s+(?:to\s+|то\s+)?{_NUM}{_HOUSE_WORD}"
        r"\s*-?\s*(?:gacha|гача)(?:\s+(?:bo'lgan|бўлган|булган))?"
    ),
    re.compile(rf"(?<!\w)(?:с|от)\s+{_NUM}\s+(?:по|до)\s+{_NUM}(?!\w)"),
    re.compile(
        r"(?<![\w/-])#?\s*(\d+[^\W\d_]?)\s*(?:-|\.\.\.?|÷)\s*#?\s*(\d+[^\W\d_]?)(?![\w/])"
    ),
)


_BUT_FOR = re.compile(
    r"(?<!\w)(?:bundan|бундан)\s+(?!tashq|ташқ|mustas|мустас)([^,;()]+?)\s+(mustasno|мустасно|istisno|истисно)"
)
"""bundan Navoiy ko'chasi mustasno: what is excepted stands between the two words."""
_HOUSES_FIRST = re.compile(
    r"(?<!\w)(дома?|домов|д\.)\s*(#*\s*\d[\d\s,#/и-]*?)\s+по\s+(ул\.?|улице)\s+([^,;:()]+)"
)
"""дома 1, 3, 5 по улице Навои: the houses of a street stand before it."""
_LIST_NUMBER = re.compile(
    r"(?:(?<=[,;:\n])|^)\s*(\d{1,2})[.)]\s*(?=[^\W\d_])|(?<=\s)(\d{1,2})[.)]\s+(?=[^\W\d_])"
)


SIDE_WORDS = ("tomon", "tomoni", "tomonlari", "storona", "storoni")
"""The side of a street that a parity in brackets means: (juft tomoni), (чётная сторона)."""


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


def read_description(text: str) -> Description:
    """The territories of a boundary text, and the words that were not understood."""
    plain = _without_list_numbers(plain_text(text))
    plain = _BUT_FOR.sub(r"\1 \2", plain)
    for span in _SPANS:
        plain = span.sub(r"\1-\2", plain)
    plain = _HOUSES_FIRST.sub(r"\3 \4 \1 \2", plain)
    return _Reader(read_atoms(plain, "boundary")).read()


def _without_list_numbers(plain: str) -> str:
    """1. Bahor MFY 2. Navbahor MFY: the numbers of a list's lines are no part of names.

    Only where they count 1, 2, 3 ... in this order; any other number stays.
    """
    found = list(_LIST_NUMBER.finditer(plain))
    counted = [int(number[1] or number[2]) for number in found]
    if len(found) < 2 or counted != list(range(1, len(found) + 1)):
        return plain
    return _LIST_NUMBER.sub(", ", plain)


class _Reader:
    """Reads the atoms of a boundary text from left to right."""

    def __init__(self, atoms: list[Atom]) -> None:
        self.atoms = atoms
        self.at = 0
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

    def _is_house(self, atom: Atom) -> bool:
        return atom.marker is not None and atom.marker.meaning == "HOUSE"

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

    def _numbers_only(self, entry: list[Atom]) -> bool:
        return bool(entry) and all(atom.kind == NUMBER for atom in entry)

    def _doubt(self, words: list[str]) -> None:
        self.result.unread.extend(words)
        self.doubtful.add(self.segment)

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
        last.houses[-count:] = [_of_one_side(spec) for spec in specs]
        if not _sides_agree(specs):
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

    def _is_area(self, entry: list[Atom]) -> bool:
        return join_key([atom.text for atom in entry]) in area_names()

    def _next(self, ahead: int = 0) -> Atom | None:
        index = self.at + ahead
        return self.atoms[index] if index < len(self.atoms) else None

    def _next_marker(self, ahead: int = 0) -> Marker | None:
        atom = self._next(ahead)
        return atom.marker if atom is not None and atom.kind == MARKER else None

    def _is_part_of_name(self, atom: Atom, marker: Marker) -> bool:
        follows = self._next_marker()
        named = follows is not None and follows.meaning in (*TERRITORIES, "LANE")
        if marker.form == "name":
            return named or self._block_follows() or self.open is not None
        return marker.is_weak and named and follows is not None and follows.side != "BEFORE"

    def _block_follows(self) -> bool:
        """Buyuk Ipak Yo'li-3 mavzesi: the street's word is part of the block's name."""
        ahead, behind = self._next(), self._next_marker(1)
        return (
            ahead is not None
            and ahead.kind == NUMBER
            and ahead.is_joined
            and behind is not None
            and behind.meaning == "MASSIF"
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

    def _last(self) -> Territory | None:
        return self.result.territories[-1] if self.result.territories else None

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

    def _parity_ahead(self) -> bool:
        """нечётные дома 1-45: the side is that of the numbers that follow."""
        ahead = self._next()
        return bool(self.parity) and ahead is not None and ahead.kind == NUMBER

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
                names.extend(_blocks(entry, names, marker))
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
            names.extend(_blocks(entry, names, marker))
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
            if len(numbers) > 1 or (
                not words and last is not None and last.slot == "STREET"
            ):
                self._doubt([part.text for part in entry])
            elif not numbers and len(entries) > 1:
                streets.append(Name(words))
            else:
                lanes = _lane_numbers(numbers[0]) if numbers else [""]
                names.extend(Name(words, _lane(lane, marker.form)) for lane in lanes)
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

    # Houses -------------------------------------------------------------------------

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

    def _close_parity(self) -> None:
        if self.parity:
            parity, self.parity = self.parity, ""
            self._give([Houses(None, None, parity)], [parity.lower()])

    def _add_houses(self, entries: list[list[Atom]]) -> None:
        atoms = [atom for entry in entries for atom in entry]
        parity, self.parity = self.parity or "ALL", ""
        houses = [_houses(atom.text, parity) for atom in atoms]
        bad = [atom.text for atom, spec in zip(atoms, houses, strict=True) if spec is None]
        if bad:
            self.result.unread.extend(bad)
        known = [spec for spec in houses if spec is not None]
        if not _sides_agree([spec._replace(parity=parity) for spec in known]):
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

    def _leftover(self) -> None:
        """Names without a type word."""
        entries, self.entries = [entry for entry in self.entries if entry], [[]]
        for entry in entries:
            if not self._is_area(entry):
                self._doubt([atom.text for atom in entry])


def _blocks(entry: list[Atom], names: list[Name], marker: Marker) -> list[Name]:
    """A name of a list; 9, 10-kvartallar after Chilonzor 9 are blocks of Chilonzor."""
    words = tuple(atom.text for atom in entry)
    if marker.meaning == "MASSIF" and len(entry) == 1 and entry[0].kind == NUMBER:
        before = names[-1].words if names else ()
        stem = tuple(word for word in before if not word[0].isdigit())
        numbers = _lane_numbers(entry[0])
        return [Name((*stem, number)) for number in numbers]
    return [Name(words)]


def _lane_numbers(atom: Atom) -> list[str]:
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


def _lane(number: str, form: str) -> str:
    if not number:
        return form
    return number.upper() if form == "tor" else f"{number.upper()}-{form}"


def _of_one_side(spec: Houses) -> Houses:
    """One house needs no side."""
    return spec._replace(parity="ALL") if spec.first == spec.last else spec


def _sides_agree(specs: list[Houses]) -> bool:
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


def _houses(text: str, parity: str) -> Houses | None:
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
