"""Components of an address -> its parts, with what was not understood.

What belongs here: what a component means by where it stands in the address: the first bare
number after a street is the house, the next one the flat.
"""

from collections.abc import Iterable

from pipeline.normalise.address_grammar import read_items
from pipeline.normalise.address_items import AREAS, Item
from pipeline.normalise.address_settling import Settler, is_loose_number
from pipeline.normalise.address_tokens import WORD, read_atoms
from pipeline.normalise.address_values import (
    Place,
    mahalla_place,
    massif_place,
    street_place,
)
from pipeline.normalise.address_words import area_names
from pipeline.normalise.houses import HouseNumber, house_number, house_span
from pipeline.normalise.places import join_key, latin_word

POSTAL_CODE_DIGITS = 6


class Reader(Settler):
    """Reads the components of one address, place first, then numbers."""

    def column(self, text: str | None, slot: str, *, keeps_number: bool = False) -> None:
        """Read an address column; a name without a type word is what the column says."""
        if not text:
            return
        items = list(read_items(text)) or _name_of_no_city(text)
        if keeps_number:
            items = _numbers_of_names(items)
            items = _numbers_of_lanes(items)
        typed = any(item.slot == slot for item in items)
        for index, item in enumerate(items):
            if item.slot == "INITIAL":
                items[index] = item = item._replace(slot="NAME")
            follows = items[index + 1] if index + 1 < len(items) else None
            if item.slot == "NAME" and follows is not None and is_loose_number(follows):
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
        self.settle()
        for index, item in enumerate(self.items):
            read_before = len(self.reading.unread)
            self._place(item)
            self._number(index, item)
            self.reading.ends_unread = len(self.reading.unread) > read_before

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
        number = house_number(text) or (
            building_letter(text) if slot == "building" else None
        )
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


def _has_digit(key: str) -> bool:
    return any(letter.isdigit() for letter in key)


def _name_of_no_city(text: str) -> list[Item]:
    """Eski shahar, alone in a column: shahar is a word of a name that no city bears."""
    atoms = read_atoms(text)
    marker = atoms[-1].marker if len(atoms) > 1 else None
    if marker is None or not marker.is_weak or marker.meaning not in AREAS:
        return []
    words = [atom.text for atom in atoms]
    is_area = any(join_key(words[at:-1]) in area_names() for at in range(len(words) - 1))
    is_name = all(atom.kind == WORD for atom in atoms[:-1])
    return [Item("NAME", tuple(words))] if is_name and not is_area else []


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


def building_letter(text: str) -> HouseNumber | None:
    """A building that is one letter: А корпус."""
    letter = latin_word(text).upper()
    return HouseNumber(letter, letter, 0) if len(letter) == 1 and letter.isalpha() else None
