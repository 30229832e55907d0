"""One address text -> its components in the order written.

What belongs here: which words belong to which type word. Uzbek names stand before their
type word (Nilufar 3-tor koʻchasi), Russian ones after it (ул. Навои), some on either side.
Words that two type words claim, and abbreviations that position doesn't settle, are
UNREAD: nothing is guessed. What the components mean for the address stands in
address_reading.py.
"""

import re
from collections.abc import Callable
from functools import lru_cache
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
from pipeline.normalise.places import join_key, plain_text, word_key

NAMED = ("REGION", "DISTRICT", "CITY", "SETTLEMENT", "MAHALLA", "MASSIF", "STREET")
AREAS = ("REGION", "DISTRICT", "CITY")
PLACES = ("STREET", "MAHALLA", "MASSIF", "SETTLEMENT")
_FORMERLY = frozenset(
    ["sobiq", "sobik", "avvalgi", "eski", "bivshaya", "bivshiy", "bivsh", "biv", "ranee"]
)
CACHED_TEXTS = 1 << 18
_COMMA = re.compile(r"[,;|]")
_BRACKET = re.compile(r"[()\[\]{}]")
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


class _Segment:
    """Reads the atoms between two commas from left to right."""

    def __init__(self, atoms: list[Atom]) -> None:
        self.atoms = [
            atom for index, atom in enumerate(atoms) if not _is_filler(atoms, index)
        ]
        self.at = 0
        self.pending: list[Atom] = []
        self.items: list[Item] = []
        self.has_house = False

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

    def _emit(self, item: Item) -> None:
        self.items.append(item)
        if item.slot in ("HOUSE", "NUM"):
            self.has_house = True

    # What stands around ------------------------------------------------------------

    def _next(self, ahead: int = 0) -> Atom | None:
        index = self.at + ahead
        return self.atoms[index] if index < len(self.atoms) else None

    def _next_marker(self, ahead: int = 0) -> Marker | None:
        atom = self._next(ahead)
        return atom.marker if atom is not None and atom.kind == MARKER else None

    def _has_words(self) -> bool:
        return any(atom.kind == WORD for atom in self.pending)

    def _words_ahead(self) -> int:
        """How many atoms ahead belong to a name: words, and numbers within it."""
        count = 0
        while (atom := self._next(count)) is not None and atom.kind in (WORD, NUMBER):
            follows = self._next(count + 1)
            is_last = follows is None or follows.kind not in (WORD, NUMBER)
            if atom.kind == NUMBER and (count > 0 or is_last):
                if not (atom.is_joined and count > 0):
                    break
            elif atom.kind == WORD and atom.is_joined and count and not follows:
                pass
            count += 1
        return count

    def _claimed(self, count: int) -> bool:
        """Whether the next type word takes those words as its own name."""
        marker = self._next_marker(count)
        return (
            marker is not None
            and marker.meaning in (*NAMED, "LANE")
            and marker.side == "AFTER"
            and not marker.is_weak
        )

    def _take(self, count: int) -> list[Atom]:
        taken = self.atoms[self.at : self.at + count]
        self.at += count
        return taken

    # Type words --------------------------------------------------------------------

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

    def _is_part_of_name(self, atom: Atom, marker: Marker) -> bool:
        """A bare noun such as mahalla or koʻcha before the real type word, or first."""
        follows = self._next_marker()
        if marker.side == "BEFORE":
            return atom.is_joined and bool(self.pending) and self.pending[-1].kind == WORD
        if marker.meaning in ("SETTLEMENT", "MASSIF") and self._mahalla_ends():
            return True
        if marker.form == "name":
            return self._block_follows() or (
                follows is not None and follows.meaning in ("STREET", "LANE", "MAHALLA")
            )
        return marker.is_weak and self._is_weak_word(follows)

    def _block_follows(self) -> bool:
        """Buyuk Ipak Yo'li-3 mavzesi: the street's word is part of the block's name."""
        ahead, behind = self._next(), self._next_marker(1)
        return (
            ahead is not None
            and ahead.kind == NUMBER
            and ahead.is_joined
            and behind is not None
            and behind.meaning == "MASSIF"
            and behind.side == "AFTER"
        )

    def _mahalla_ends(self) -> bool:
        """Ishchilar shaharchasi MFY: the settlement word is part of the name."""
        follows, behind = self._next_marker(), self._next(1)
        return (
            follows is not None
            and follows.meaning == "MAHALLA"
            and follows.side == "AFTER"
            and bool(self.pending)
            and (behind is None or behind.kind != WORD)
        )

    def _is_weak_word(self, follows: Marker | None) -> bool:
        if follows is not None and follows.meaning in PLACES:
            return follows.side != "BEFORE"
        if follows is not None and follows.meaning == "AMBIGUOUS":
            return follows.form == "k" and self._is_name_before_k()
        ahead = self._next()
        if ahead is not None and ahead.kind == NUMBER and self._has_words():
            behind = self._next_marker(1)
            return behind is not None and behind.meaning == "LANE"
        count = self._words_ahead()
        return not self.pending and count > 0 and self._claimed(count)

    def _is_name_before_k(self) -> bool:
        """Yangi shahar k.: a street; not the city of Toshkent shahar k. 5."""
        behind = self._next(1)
        words = [atom.text for atom in self.pending]
        return (
            self._has_words()
            and join_key(words) not in area_names()
            and (behind is None or behind.kind != NUMBER)
        )

    def _named(self, atom: Atom, marker: Marker) -> None:
        if self._is_numbered_passage(atom):
            self._lane(atom, Marker("LANE", "EITHER", "tor"))
            return
        ahead = self._words_ahead()
        takes_ahead = ahead > 0 and not self._claimed(ahead)
        if marker.side == "BEFORE":
            if ahead and atom.is_joined and self.pending and not self._has_words():
                self._unread(atom)
                self._emit(Item("UNREAD", tuple(part.text for part in self._take(ahead))))
                return
            if ahead:
                self._flush()
                self._before(marker, ahead)
                return
        elif not self.pending and takes_ahead:
            self._emit(self._item(marker, self._take(ahead))._replace(is_russian=True))
            return
        number = self._block_number(marker)
        if not self.pending and not number and not self._repeats(marker):
            self._emit(Item("UNREAD", (atom.text,)))
            return
        self._after(atom, marker, number)

    def _is_numbered_passage(self, atom: Atom) -> bool:
        """Термиз 3-й пр.: an ordinal before пр. makes it проезд, not проспект."""
        return (
            word_key(atom.text) == "pr"
            and bool(self.pending)
            and self.pending[-1].is_ordinal
        )

    def _repeats(self, marker: Marker) -> bool:
        """MFY after mahallasi, koʻchasi after a lane: the same component said twice."""
        if not self.items or self.items[-1].slot != marker.meaning:
            return False
        last = self.items[-1]
        if marker.meaning == "MAHALLA" and marker.form and not last.form:
            self.items[-1] = last._replace(form=marker.form)
        self.pending = []
        return True

    def _block_number(self, marker: Marker) -> list[Atom]:
        """The number after kvartal, mavze, daha where none stands before it."""
        ahead = self._next()
        if (
            not marker.is_numbered
            or ahead is None
            or ahead.kind != NUMBER
            or any(atom.kind == NUMBER for atom in self.pending)
        ):
            return []
        behind = self._next_marker(1)
        if behind is not None and behind.side != "BEFORE":
            return []
        return self._take(1)

    def _before(self, marker: Marker, ahead: int) -> None:
        """A Russian type word with its name behind it."""
        if marker.meaning in AREAS:
            self._take(self._area_length(ahead))
            return
        if self._claimed(ahead):
            words = tuple(atom.text for atom in self._take(ahead))
            self._emit(Item("UNREAD", words))
            self.at += 1
            return
        taken = self._take(ahead)
        lane = self._lane_ahead() if marker.meaning == "STREET" else ""
        if marker.meaning == "MASSIF":
            taken += self._block_number(marker._replace(is_numbered=True))
        self._emit(self._item(marker, taken)._replace(number=lane, is_russian=True))

    def _lane_ahead(self) -> str:
        """The lane after a street's name: ул. Навои 1-й проезд."""
        number, lane = self._next(), self._next_marker(1)
        if number is None or number.kind != NUMBER or lane is None:
            return ""
        if lane.meaning != "LANE" or self._next(2) not in (None,) and self._words_at(2):
            return ""
        self._take(2)
        return _lane(number.text, lane.form)

    def _words_at(self, ahead: int) -> bool:
        atom = self._next(ahead)
        return atom is not None and atom.kind == WORD

    def _area_length(self, ahead: int) -> int:
        """How many words of those ahead name the region, district or city."""
        for length in range(ahead, 0, -1):
            words = [atom.text for atom in self.atoms[self.at : self.at + length]]
            if join_key(words) in area_names():
                return length
        return 1 if self._claimed(ahead) else ahead

    def _after(self, atom: Atom, marker: Marker, number: list[Atom]) -> None:
        """An Uzbek type word with its name before it."""
        if marker.meaning in AREAS:
            self._area_before()
            return
        if marker.meaning == "STREET":
            self._lone_lane(atom, marker)
            return
        taken, self.pending = [*self.pending, *number], []
        if taken:
            self._emit(self._item(marker, taken))

    def _lone_lane(self, atom: Atom, marker: Marker) -> None:
        taken, self.pending = self.pending, []
        if marker.form == "name":
            # Ipak yo'li, Qozi guzari: the type word is part of the name.
            taken = [*taken, Atom(WORD, atom.text.removesuffix(marker.case))]
        self._emit(self._item(marker, taken))

    def _area_before(self) -> None:
        """Drop the region, district or city that the pending words name."""
        pending, self.pending = self.pending, []
        words = [atom.text for atom in pending]
        for start in range(len(words)):
            if join_key(words[start:]) in area_names():
                self._leave(pending[:start])
                return
        if len(words) > 2:
            self._leave(pending[:-1])

    def _leave(self, atoms: list[Atom]) -> None:
        """Words before an area's name: an area themselves, or a name without a type."""
        if atoms and join_key([atom.text for atom in atoms]) not in area_names():
            self.pending = atoms
            self._flush()

    def _item(self, marker: Marker, atoms: list[Atom]) -> Item:
        words = _words(atoms)
        is_russian = marker.side == "BEFORE"
        return Item(marker.meaning, words, form=marker.form, is_russian=is_russian)

    # Lanes -------------------------------------------------------------------------

    def _lane(self, atom: Atom, marker: Marker) -> None:
        """N-tor koʻchasi, N-й проезд, тупик: the lane of the street named beside it."""
        number = ""
        if self.pending and self.pending[-1].kind == NUMBER:
            number = self.pending.pop().text.removesuffix("y")
        if marker.form == "tor" and marker.is_numbered and not number:
            self._emit(Item("UNREAD", (atom.text,)))
            return
        street = self._next_marker()
        if street is not None and street.meaning == "STREET":
            self.at += 1
        elif number and not self.pending and self._street_ahead():
            self._lane_before(_lane(number, marker.form))
            return
        taken, self.pending = self.pending, []
        is_behind = not taken
        if is_behind:
            taken, number = self._lane_name(number)
        lane = _lane(number, marker.form)
        last = self.items[-1] if self.items else None
        if not taken and last is not None and last.slot == "STREET" and not last.number:
            self.items[-1] = last._replace(number=lane)
            return
        words = _words(taken)
        self._emit(Item("STREET", words, lane, "koʻchasi", is_russian=is_behind))

    def _street_ahead(self) -> int:
        """How many words ahead are a street's whole name: 1-tor Navoiy koʻchasi."""
        count = self._words_ahead()
        marker = self._next_marker(count)
        is_street = marker is not None and marker.meaning == "STREET"
        known = any(item.slot == "STREET" for item in self.items)
        return count if is_street and self._claimed(count) and not known else 0

    def _lane_before(self, lane: str) -> None:
        words = _words(self._take(self._street_ahead()))
        self.at += 1
        self._emit(Item("STREET", words, lane, "koʻchasi"))

    def _lane_name(self, number: str) -> tuple[list[Atom], str]:
        """Words behind the lane (1-й проезд Шохимардон), or its number (проезд 3)."""
        ahead = self._words_ahead()
        if ahead and not self._claimed(ahead):
            return self._take(ahead), number
        atom = self._next()
        if not number and atom is not None and atom.kind == NUMBER:
            behind = self._next_marker(1)
            if behind is None or behind.side == "BEFORE" or behind.meaning == "AMBIGUOUS":
                return [], self._take(1)[0].text
        return [], number

    # Numbers -----------------------------------------------------------------------

    def _number_ahead(self) -> bool:
        """Whether a number follows that no later type word claims."""
        atom = self._next()
        if atom is None or atom.kind != NUMBER:
            return False
        marker = self._next_marker(1)
        behind = self._next(1)
        if marker is None:
            return behind is None or behind.kind != WORD
        if self._stands_before_words(marker):
            return False
        return not (marker.side == "AFTER" and marker.meaning in (*NUMBERED, "MASSIF"))

    def _stands_before_words(self, marker: Marker) -> bool:
        """40 kvartira 3 podyezd: each number stands before its own word."""
        own = self.pending[-1] if self.pending else None
        follows = self._next(2)
        return (
            (marker.meaning in NUMBERED or marker.form == "kv")
            and own is not None
            and own.kind == NUMBER
            and (follows is None or follows.kind != NUMBER)
        )

    def _numbered(self, atom: Atom, marker: Marker) -> None:
        """The number of a house, building or flat, before or after its type word."""
        own = self.pending[-1] if self.pending else None
        if marker.meaning == "BUILDING" and self._letter_of_building(own):
            return
        has_own = own is not None and own.kind == NUMBER
        ahead = self._number_ahead()
        prefers_ahead = marker.side == "BEFORE" or (
            marker.meaning != "HOUSE" and has_own and not self.has_house
        )
        joined = atom.is_joined and has_own
        if ahead and not joined and (prefers_ahead or not has_own):
            self._flush()
            self._emit(Item(marker.meaning, number=self._take(1)[0].text))
        elif has_own:
            number = self.pending.pop().text
            self._flush()
            self._emit(
                Item(marker.meaning, number=number, form="plural"[: 6 * marker.is_plural])
            )
        elif not (marker.is_plural or atom.is_dotted):
            self.pending.append(Atom(WORD, atom.text))
        else:
            self._flush()
            self._emit(Item("UNREAD", (atom.text,)))

    def _letter_of_building(self, own: Atom | None) -> bool:
        """А корпус: one letter that belongs to nothing else."""
        is_letter = own is not None and own.kind == WORD and len(own.text) == 1
        if own is None or not is_letter or self._number_ahead():
            return False
        self.pending.pop()
        self._flush()
        self._emit(Item("BUILDING", number=own.text))
        return True

    # Abbreviations of several meanings ----------------------------------------------

    def _ambiguous(self, atom: Atom, marker: Marker) -> None:
        letter = marker.form
        if self._is_initial(letter):
            self.pending.append(Atom(WORD, atom.text, is_dotted=atom.is_dotted))
            return
        _LETTERS[letter](self, atom)

    def _is_initial(self, letter: str) -> bool:
        """A letter that begins a name: T. Malik; not the city of г. Ташкент."""
        ahead = self._next()
        if letter == "kv" or self._has_words() or ahead is None:
            return False
        follows = self._next_marker()
        if not self.pending and follows is not None and follows.meaning == "MASSIF":
            return True
        if ahead.kind != WORD or self.pending:
            return False
        if letter in "gsp" or letter == "sh":
            return not self._area_follows() and (
                letter not in "sp" or self._is_street_name()
            )
        return True

    def _area_follows(self) -> bool:
        ahead = self._words_ahead()
        words = [atom.text for atom in self.atoms[self.at : self.at + ahead]]
        return any(
            join_key(words[:length]) in area_names()
            for length in range(ahead - self._claimed(ahead), 0, -1)
        )

    def _is_street_name(self) -> bool:
        return self._claimed(self._words_ahead())

    def _letter_area(self, atom: Atom) -> None:
        """sh., t., v., g.: a city, district or region that is known by its name."""
        if not self._has_words():
            if word_key(atom.text) == "t" and self._next_is_street() and self.pending:
                self._lane(atom, Marker("LANE", "EITHER", "tor"))
            elif self._area_follows():
                self._take(self._area_length(self._words_ahead()))
            else:
                self._unread(atom)
            return
        words = [part.text for part in self.pending]
        if any(join_key(words[start:]) in area_names() for start in range(len(words))):
            self._area_before()
        else:
            self._unread(atom)

    def _next_is_street(self) -> bool:
        marker = self._next_marker()
        return marker is not None and (marker.meaning == "STREET" or marker.form == "k")

    def _letter_k(self, atom: Atom) -> None:
        if self._has_words():
            self._named(atom, Marker("STREET", "AFTER", "koʻchasi"))
        elif self._number_ahead() and not self.pending:
            self._emit(Item("CORPS", number=self._take(1)[0].text))
        else:
            self._unread(atom)

    def _letter_kv(self, atom: Atom) -> None:
        has_own = bool(self.pending) and self.pending[-1].kind == NUMBER
        if self._number_ahead() and not (atom.is_joined and has_own):
            self._flush()
            self._emit(Item("KV", number=self._take(1)[0].text))
        elif has_own and self._has_words():
            self._named(atom, Marker("MASSIF", "AFTER", "kvartali"))
        elif has_own:
            self._emit(Item("KV", number=self.pending.pop().text))
        else:
            self._unread(atom)

    def _letter_d(self, atom: Atom) -> None:
        if self._number_ahead():
            self._numbered(atom, Marker("HOUSE", "BEFORE", ""))
        else:
            self._unread(atom)

    def _letter_m(self, atom: Atom) -> None:
        if self._has_words():
            words = tuple(part.text for part in self.pending)
            self.pending = []
            self._emit(Item("M", words))
        else:
            self._unread(atom)

    def _letter_village(self, atom: Atom) -> None:
        """Q. after a village's name; s. and p. before one."""
        ahead = self._words_ahead()
        if self._has_words() and word_key(atom.text) == "q":
            self._named(atom, Marker("SETTLEMENT", "AFTER", "qishlogʻi"))
        elif not self.pending and ahead:
            words = tuple(part.text for part in self._take(ahead))
            self._emit(Item("INITIAL", (atom.text, *words)))
        else:
            self._unread(atom)

    def _letter_number(self, atom: Atom) -> None:
        """Read x. (flat), u. (house), b. (building) beside a number."""
        meaning = {"x": "FLAT", "u": "HOUSE", "b": "BUILDING"}[word_key(atom.text)]
        has_own = bool(self.pending) and self.pending[-1].kind == NUMBER
        is_certain = meaning == "HOUSE" or self.has_house or len(self.pending) > 1
        if is_certain and (has_own or self._number_ahead()):
            self._numbered(atom, Marker(meaning, "AFTER", ""))
        else:
            self._unread(atom)

    def _unread(self, atom: Atom) -> None:
        words = (*(part.text for part in self.pending), atom.text)
        self.pending = []
        self._emit(Item("UNREAD", words))

    # What is left -------------------------------------------------------------------

    def _flush(self) -> None:
        """Pending words become a NAME, the numbers after them bare numbers."""
        pending, self.pending = self.pending, []
        numbers: list[Atom] = []
        while pending and pending[-1].kind == NUMBER:
            if pending[-1].is_joined and len(pending) > 1 and pending[-2].kind == WORD:
                break
            numbers.insert(0, pending.pop())
        if pending:
            self._emit(Item("NAME", _words(pending)))
        for atom in numbers:
            self._emit(
                Item(
                    "NUM",
                    number=atom.text,
                    is_loose=bool(self.items),
                    form=_number_form(atom),
                )
            )


def _is_filler(atoms: list[Atom], index: int) -> bool:
    """A word that says nothing: имени; N where it stands for № before a number."""
    marker = atoms[index].marker
    if marker is None or marker.meaning != "FILLER":
        return False
    is_number_next = index + 1 < len(atoms) and atoms[index + 1].kind == NUMBER
    return is_number_next or not marker.is_numbered


def _words(atoms: list[Atom]) -> tuple[str, ...]:
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


def _number_form(atom: Atom) -> str:
    return "range" if atom.is_range else "ordinal" if atom.is_ordinal else ""


def _lane(number: str, form: str) -> str:
    """A lane's identity: its number; with `berk` where it is a blind lane."""
    if not number:
        return form
    return number.upper() if form == "tor" else f"{number.upper()}-{form}"


_LETTERS: dict[str, Callable[[_Segment, Atom], None]] = {
    "k": _Segment._letter_k,
    "kv": _Segment._letter_kv,
    "sh": _Segment._letter_area,
    "t": _Segment._letter_area,
    "v": _Segment._letter_area,
    "g": _Segment._letter_area,
    "d": _Segment._letter_d,
    "m": _Segment._letter_m,
    "q": _Segment._letter_village,
    "s": _Segment._letter_village,
    "p": _Segment._letter_village,
    "x": _Segment._letter_number,
    "u": _Segment._letter_number,
    "b": _Segment._letter_number,
}
