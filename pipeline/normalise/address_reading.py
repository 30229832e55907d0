"""Components of an address -> its parts, with what was not understood.

What belongs here: what a component means by where it stands in the address (the first
bare number after a street is the house, the next one the flat; кв. before the house is a
block, after it a flat). A component whose meaning stays open is unread, never guessed.
"""

import dataclasses
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from pipeline.normalise.address_grammar import CACHED_TEXTS, PLACES, Item, read_items
from pipeline.normalise.address_words import area_names
from pipeline.normalise.houses import HouseNumber, house_number, house_span
from pipeline.normalise.places import join_display, join_key, latin_word, plain_text
from pipeline.normalise.streets import massif_name, street_display, street_name

POSTAL_CODE_DIGITS = 6
_PARTS = ["mahalla", "massif", "settlement", "street", "lane", "house", "building", "flat"]
_COUNTRY = ("o'zbekiston", "uzbekistan", "uzbekiston")

# Cyrillic letters before a village's name; Latin ones are initials as often.
_VILLAGES = {"с": "qishlogʻi", "п": "posyolkasi"}
_SURNAME = re.compile(r"(?:[оеё]ва?|ина?|[иы]й|ск\w+|енко)$")

# A table program's 12.0 is 12.
_DECIMAL = re.compile(r"(?<=^\d)\.0+$|(?<=^\d\d)\.0+$|(?<=^\d\d\d)\.0+$")
# 5-x in the column of flats is x(onadon), no letter of the number.
_FLAT_LETTER = re.compile(r"^(\d+)\s*-?\s*[xх]\.?$")


class Place(NamedTuple):
    """A named component in its standard form."""

    key: str | None
    display: str | None
    kind: str | None = None


@dataclasses.dataclass
class Reading:
    """The parts of an address as far as they are read."""

    mahalla: Place | None = None
    massif: Place | None = None
    settlement: Place | None = None
    street: Place | None = None
    lane: str | None = None
    house: HouseNumber | None = None
    building: HouseNumber | None = None
    flat: HouseNumber | None = None
    is_without_number: bool = False
    ends_unread: bool = False
    unread: list[str] = dataclasses.field(default_factory=list)

    @property
    def has_place(self) -> bool:
        """Whether anything below the district is named, and nothing unread after it."""
        places = (self.mahalla, self.massif, self.settlement, self.street)
        return not self.ends_unread and any(place is not None for place in places)

    def is_only(self, *parts: str) -> bool:
        """Whether nothing but these parts was read, and nothing left unread."""
        return not (self.unread or self.ends_unread) and all(
            part in parts or getattr(self, part) is None for part in _PARTS
        )


@lru_cache(maxsize=CACHED_TEXTS)
def mahalla_place(words: tuple[str, ...], kind: str) -> Place:
    """A mahalla: key without its kind, printed with it."""
    name = join_display(list(words))
    shown = f"{name} {kind}" if name and kind else name
    return Place(join_key(list(words)), shown, kind or None)


@lru_cache(maxsize=CACHED_TEXTS)
def massif_place(words: tuple[str, ...], form: str) -> Place:
    """A massif, block or village: names first, number last in the key."""
    parts = massif_name(words)
    names = [part for part in parts if not part[0].isdigit()]
    numbers = [part for part in parts if part[0].isdigit()]
    shown = join_display(names)
    if numbers and form != "massivi":
        type_word = form.removesuffix("si") if form != "kvartali" else "kvartal"
        type_word = "mikrorayon" if form == "mikrorayoni" else type_word
        block = "-".join(numbers).upper()
        shown = " ".join(filter(None, (shown, f"{block}-{type_word}" if form else block)))
    else:
        shown = " ".join(filter(None, (join_display(parts), form)))
    return Place(join_key(parts), shown or None)


@lru_cache(maxsize=CACHED_TEXTS)
def street_place(item: Item) -> tuple[Place | None, str | None]:
    """A street and its lane; no place where neither is named."""
    parts = street_name(item.words, is_russian=item.is_russian)
    lane = item.number or None
    display = street_display(parts, lane, item.form)
    if display is None:
        return None, None
    return Place(join_key(parts), display), lane


class Reader:
    """Reads the components of one address, place first, then numbers."""

    def __init__(self, district_code: str | None, *, has_tail: bool = False) -> None:
        self.reading = Reading()
        self.district_code = district_code
        self.has_tail = has_tail
        self.items: list[Item] = []
        self.contradicted: set[str] = set()

    def column(self, text: str | None, slot: str, *, keeps_number: bool = False) -> None:
        """Read an address column; a name without a type word is what the column says."""
        if not text:
            return
        items = list(read_items(text))
        if keeps_number:
            items = _numbers_of_names(items)
            items = _numbers_of_lanes(items)
        typed = any(item.slot == slot for item in items)
        for index, item in enumerate(items):
            if item.slot == "INITIAL":
                items[index] = item = item._replace(slot="NAME")
            follows = items[index + 1] if index + 1 < len(items) else None
            if item.slot == "NAME" and follows is not None and _is_loose_number(follows):
                items[index] = item._replace(slot="UNREAD")
                items[index + 1] = follows._replace(slot="UNREAD")
            elif item.slot == "NAME" and not typed:
                items[index] = item._replace(slot=slot)
                typed = True
            elif item.slot == "M" and slot == "MAHALLA":
                items[index] = item._replace(slot=slot)
            elif item.slot == "NAME" and (join_key(list(item.words)) or "") in area_names():
                items[index] = item._replace(slot="FILLER")
        self.text_items(items)

    def text_items(self, items: Iterable[Item]) -> None:
        """Read components in their order."""
        self.items = list(items)
        self._settle_numbers()
        self._settle_blocks()
        self._settle_names()
        for index, item in enumerate(self.items):
            read_before = len(self.reading.unread)
            self._place(item)
            self._number(index, item)
            self.reading.ends_unread = len(self.reading.unread) > read_before

    # Open components ----------------------------------------------------------------

    def _has_house_after(self, index: int) -> bool:
        return self.has_tail or any(
            item.slot in ("HOUSE", "NUM") for item in self.items[index + 1 :]
        )

    def _settle_numbers(self) -> None:
        """A block's number after its massif; three bare numbers, of which none is sure."""
        kept: list[Item] = []
        for index, item in enumerate(self.items):
            last = kept[-1] if kept else None
            if (
                last is not None
                and last.slot == "MASSIF"
                and _is_loose_number(item)
                and not any(word[0].isdigit() for word in last.words)
                and self._has_house_after(index)
            ):
                kept[-1] = last._replace(words=(*last.words, item.number))
            else:
                kept.append(item)
        bare = [item for item in kept if item.slot == "NUM"]
        if len(bare) > 2:
            kept = [
                item._replace(slot="UNREAD") if item.slot == "NUM" else item
                for item in kept
            ]
        self.items = kept

    def _settle_blocks(self) -> None:
        """кв. before the house is a block, with the name before it; м. by what is known."""
        slots = {item.slot for item in self.items}
        house_seen = self.reading.house is not None
        for index, item in enumerate(self.items):
            if item.slot in ("HOUSE", "NUM"):
                house_seen = True
            elif item.slot == "KV":
                self._settle_kv(index, item, house_seen=house_seen)
            elif item.slot == "CORPS":
                flat_follows = any(
                    later.slot in ("FLAT", "KV") for later in self.items[index + 1 :]
                )
                known = house_seen and flat_follows
                self.items[index] = item._replace(slot="BUILDING" if known else "UNREAD")
            elif item.slot == "M":
                has_mahalla, has_massif = "MAHALLA" in slots, "MASSIF" in slots
                slot = "UNREAD"
                if has_mahalla != has_massif:
                    slot = "MASSIF" if has_mahalla else "MAHALLA"
                self.items[index] = item._replace(slot=slot)

    def _settle_kv(self, index: int, item: Item, *, house_seen: bool) -> None:
        if house_seen:
            self.items[index] = item._replace(slot="FLAT")
        elif self._has_house_after(index):
            words: tuple[str, ...] = ()
            before = self.items[index - 1] if index else None
            if before is not None and before.slot == "NAME":
                words = before.words
                self.items[index - 1] = before._replace(slot="FILLER")
            self.items[index] = Item("MASSIF", (*words, item.number), form="kvartali")
        else:
            self.items[index] = item._replace(slot="UNREAD", words=("kv",))

    def _settle_names(self) -> None:
        """Names without a type word: the district's own, or the street before a house."""
        slots = {item.slot for item in self.items}
        for index, item in enumerate(self.items):
            is_last = index == len(self.items) - 1 and not self.has_tail
            if item.slot == "NAME" and self._is_own_area(item) and not is_last:
                self.items[index] = item._replace(slot="FILLER")
        names = sum(item.slot in ("NAME", "INITIAL") for item in self.items)
        for index, item in enumerate(self.items):
            if item.slot == "INITIAL":
                slot = "SETTLEMENT" if self._is_village(index) else "UNREAD"
                words = item.words[1:] if slot == "SETTLEMENT" else item.words
                self.items[index] = Item(slot, words, form=_VILLAGES.get(item.words[0], ""))
            if item.slot != "NAME":
                continue
            has_street = "STREET" in slots or self.reading.street is not None
            known = "MAHALLA" in slots or self.reading.mahalla is not None
            if known and not has_street and names == 1 and self._house_is_next(index):
                self.items[index] = item._replace(slot="STREET")
                slots.add("STREET")
            else:
                self.items[index] = item._replace(slot="UNREAD")

    def _is_village(self, index: int) -> bool:
        """с. Акмачит, ул. Школьная: no initial, where the street is named behind it."""
        letter, *name = self.items[index].words
        return (
            letter in _VILLAGES
            and not _SURNAME.search(name[-1])
            and any(item.slot == "STREET" for item in self.items[index + 1 :])
        )

    def _house_is_next(self, index: int) -> bool:
        rest = self.items[index + 1 :]
        if not rest:
            return self.has_tail
        if rest[0].slot == "NUM":
            return not self.has_tail and not any(item.slot == "HOUSE" for item in rest)
        return rest[0].slot in ("HOUSE", "NO_NUMBER")

    def _is_own_area(self, item: Item) -> bool:
        names = area_names()
        codes = names.get(join_key(list(item.words)) or "", frozenset())
        codes |= names.get(join_key(massif_name(item.words)) or "", frozenset())
        if join_key(list(item.words)) in _COUNTRY:
            return True
        code = self.district_code
        return code is not None and any(code.startswith(area) for area in codes)

    # Places -------------------------------------------------------------------------

    def _place(self, item: Item) -> None:
        reading = self.reading
        if item.slot == "MAHALLA":
            place = mahalla_place(item.words, item.form)
            reading.mahalla = self._keep(reading.mahalla, place, item)
        elif item.slot == "SETTLEMENT":
            place = massif_place(item.words, item.form)
            reading.settlement = self._keep(reading.settlement, place, item)
        elif item.slot == "MASSIF":
            self._massif(item)
        elif item.slot == "STREET":
            self._street(item)
        elif item.slot == "UNREAD":
            reading.unread.extend(filter(None, (*item.words, item.number)))

    def _keep(self, known: Place | None, place: Place, item: Item) -> Place | None:
        """The component, unless another one of its kind is known already."""
        if place.key is None:
            return known
        if known is None:
            return None if item.slot in self.contradicted else place
        if known.key == place.key:
            return place if known.kind is None else known
        self._contradict(item, known)
        return None

    def _contradict(self, item: Item, known: Place) -> None:
        """Two values for one part: neither is certain, both are unread."""
        self.contradicted.add(item.slot)
        self.reading.unread.extend(filter(None, (known.display, *item.words, item.number)))

    def _massif(self, item: Item) -> None:
        """A massif; a block's number joins the massif it lies in (Chilonzor, 9-kvartal)."""
        place = massif_place(item.words, item.form)
        known = self.reading.massif
        if known is None or known.key is None:
            self.reading.massif = place
        elif place.key is not None and place.key[0].isdigit() and not _has_digit(known.key):
            shown = f"{known.display} {place.display}"
            self.reading.massif = Place(known.key + place.key, shown)
        elif known.key != place.key:
            self._contradict(item, known)
            self.reading.massif = None

    def _street(self, item: Item) -> None:
        reading = self.reading
        place, lane = street_place(item)
        if place is None:
            return
        if reading.street is None:
            if item.slot not in self.contradicted:
                reading.street, reading.lane = place, lane
        elif place.key is None and reading.lane is None and reading.street.key:
            reading.lane = lane
            shown = (reading.street.display or "").rsplit(" ", 1)[0]
            reading.street = Place(reading.street.key, f"{shown} {place.display}")
        elif (place.key, lane) != (reading.street.key, reading.lane):
            self._contradict(item, reading.street)
            reading.street = reading.lane = None

    # Numbers ------------------------------------------------------------------------

    def _number(self, index: int, item: Item) -> None:
        reading = self.reading
        if item.slot == "NO_NUMBER":
            reading.is_without_number = True
        elif item.slot in ("HOUSE", "BUILDING", "FLAT"):
            has_flat = any(other.slot in ("FLAT", "KV") for other in self.items)
            spans = item.slot == "HOUSE" and (item.form == "plural" or has_flat)
            self.set_number(item.slot.lower(), item.number, spans=spans)
        elif item.slot == "NUM":
            self._bare_number(index, item)

    def _bare_number(self, index: int, item: Item) -> None:
        """The first number after the place is the house, the next one the flat."""
        reading = self.reading
        house_follows = any(other.slot == "HOUSE" for other in self.items[index + 1 :])
        flat_known = reading.flat is not None or any(
            other.slot == "FLAT" for other in self.items
        )
        digits = item.number.isdigit() and len(item.number) == POSTAL_CODE_DIGITS
        if digits and not (reading.has_place or reading.house or reading.unread):
            return
        is_after_unread = index > 0 and self.items[index - 1].slot == "UNREAD"
        closed = house_follows or self.has_tail or not self._opens() or is_after_unread
        if item.form == "ordinal" or closed:
            reading.unread.append(item.number)
        elif reading.house is None and not reading.is_without_number:
            self.set_number("house", item.number, spans=flat_known)
        elif not flat_known:
            self.set_number("flat", item.number)
        else:
            reading.unread.append(item.number)

    def _opens(self) -> bool:
        """Whether a bare number can be a house: a place or a house is known before it."""
        return self.reading.has_place or self.reading.house is not None

    def set_number(self, slot: str, text: str, *, spans: bool = False) -> None:
        """Set house, building or flat; a number of another form is unread."""
        if text.strip("0") == "" and text:
            return
        number = house_number(text) or (_letter(text) if slot == "building" else None)
        if number is None and spans:
            number = house_span(text)
        known = getattr(self.reading, slot)
        if number is None:
            self.reading.unread.append(text)
        elif known is not None and known.key != number.key:
            self.reading.unread.extend((known.display, text))
            setattr(self.reading, slot, None)
        else:
            setattr(self.reading, slot, number)


def _is_loose_number(item: Item) -> bool:
    return item.slot == "NUM" and item.is_loose


def _has_digit(key: str) -> bool:
    return any(letter.isdigit() for letter in key)


def _numbers_of_names(items: list[Item]) -> list[Item]:
    """A number right after a name belongs to it: mahalla Birlik 1."""
    kept: list[Item] = []
    for item in items:
        last = kept[-1] if kept else None
        if (
            item.slot == "NUM"
            and item.is_loose
            and last is not None
            and last.slot == "NAME"
        ):
            kept[-1] = last._replace(words=(*last.words, item.number))
        else:
            kept.append(item)
    return kept


def _numbers_of_lanes(items: list[Item]) -> list[Item]:
    """Navoiy tor 3, where the house stands elsewhere: the third lane."""
    kept: list[Item] = []
    for item in items:
        last = kept[-1] if kept else None
        if (
            item.slot == "NUM"
            and not item.form
            and last is not None
            and last.slot == "STREET"
            and last.number in ("tor", "berk")
        ):
            kind = "" if last.number == "tor" else f"-{last.number}"
            kept[-1] = last._replace(number=f"{item.number.upper()}{kind}")
        else:
            kept.append(item)
    return kept


def read_place(
    district_code: str | None,
    mahalla: str | None,
    street: str | None,
    text: str | None,
    *,
    has_number: bool,
) -> Reading:
    """The place parts of an address: its columns, then what its one line adds.

    Args:
        district_code: the address's district, whose own name in the line is no place.
        mahalla: the column, as delivered.
        street: the column, as delivered.
        text: the one-line address without the house at its end.
        has_number: whether a house stands in its column or at the end of the line.
    """
    reader = Reader(district_code)
    reader.column(mahalla, "MAHALLA", keeps_number=True)
    reader.column(street, "STREET", keeps_number=has_number)
    if text:
        reader.has_tail = has_number
        reader.text_items(read_items(text))
    return reader.reading


_ALONE = {
    "MAHALLA": ("mahalla", "massif", "settlement"),
    "STREET": ("massif", "street", "lane"),
}


def read_column(text: str, slot: str, *, has_number: bool) -> Reading | None:
    """What a column says whatever stands beside it; null where that is open.

    An address of two such columns or parts that name different things is read as the two
    together (`read_place` gives the same).

    Args:
        text: the column.
        slot: MAHALLA or STREET.
        has_number: whether a house stands elsewhere; a column of mahallas keeps its
            numbers in any case.
    """
    reader = Reader(None)
    reader.column(text, slot, keeps_number=has_number or slot == "MAHALLA")
    return reader.reading if reader.reading.is_only(*_ALONE[slot]) else None


def read_line_part(text: str) -> Reading | None:
    """What a part of a one-line address says whatever stands around it; null if open.

    Args:
        text: one or more whole parts between commas.
    """
    items = read_items(text)
    slots = [item.slot for item in items]
    if len(slots) != len(set(slots)) or not set(slots) <= set(PLACES):
        return None
    reader = Reader(None)
    reader.text_items(items)
    named = ("mahalla", "massif", "settlement", "street", "lane")
    return reader.reading if reader.reading.is_only(*named) else None


def read_numbers(
    house: str | None,
    building: str | None,
    flat: str | None,
    text: str | None,
    *,
    has_place: bool,
) -> Reading:
    """House, building and flat: their columns, then the end of the one-line address.

    Args:
        house: the column, as delivered.
        building: the column, as delivered.
        flat: the column, as delivered.
        text: the house at the end of the one-line address, with all that follows.
        has_place: whether a mahalla, massif or street stands before it.
    """
    reader = Reader(None)
    for slot, value in (("FLAT", flat), ("BUILDING", building), ("HOUSE", house)):
        if value is not None:
            _number_column(reader, slot, value)
    _leave_places_unread(reader.reading)
    _leave_repeated_house_unread(reader.reading)
    if text:
        if has_place:
            reader.reading.settlement = Place("", None)
        reader.text_items(read_items(text))
    return reader.reading


def _leave_places_unread(reading: Reading) -> None:
    """A street in the column of houses is said somewhere else, or its place is unread."""
    for name in ("mahalla", "massif", "settlement", "street"):
        place = getattr(reading, name)
        if place is not None:
            reading.unread.insert(0, place.display)
            setattr(reading, name, None)
    reading.lane = None


def _leave_repeated_house_unread(reading: Reading) -> None:
    """5/12 in the column of flats beside house 5: a flat's number, or house and flat."""
    house, flat = reading.house, reading.flat
    if house is not None and flat is not None and flat.key.startswith(f"{house.key}/"):
        reading.unread.append(flat.display)
        reading.flat = None


def _whole_number(reading: Reading, slot: str, plain: str) -> HouseNumber | None:
    """A column that holds its number and nothing else."""
    if slot == "FLAT":
        return house_number(_FLAT_LETTER.sub(r"\1", plain))
    if slot == "BUILDING":
        return house_number(plain) or _letter(plain)
    is_span = reading.flat is not None
    return house_number(plain) or (house_span(plain) if is_span else None)


def _number_column(reader: Reader, slot: str, value: str) -> None:
    plain = _DECIMAL.sub("", plain_text(value).strip(" -.#*"))
    number = _whole_number(reader.reading, slot, plain)
    if number is not None:
        if number.key.strip("0"):
            setattr(reader.reading, slot.lower(), number)
        return
    items = list(read_items(plain))
    if sum(item.slot == "NUM" for item in items) > 1:
        items = [Item("UNREAD", item.words, item.number) for item in items]
    for index, item in enumerate(items):
        if item.slot in ("NUM", "KV", "CORPS") and index == 0 and len(items) == 1:
            items[index] = item._replace(slot=slot)
        elif item.slot == "KV" and slot == "HOUSE" and index > 0:
            items[index] = item._replace(slot="FLAT")
        elif item.slot == "NUM" and slot == "HOUSE" and index == 0:
            items[index] = item._replace(slot="HOUSE")
        elif item.slot in ("NUM", "NAME"):
            items[index] = item._replace(slot="UNREAD")
    reader.text_items(items)


def _letter(text: str) -> HouseNumber | None:
    letter = latin_word(text).upper()
    return HouseNumber(letter, letter, 0) if len(letter) == 1 and letter.isalpha() else None
