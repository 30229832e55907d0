"""Addresses as delivered -> their parts: columns, the one line, or both.

What belongs here: which text is read as what. How components become parts stands in
address_reader.py, from text to components in address_grammar.py.
"""

import re

from pipeline.normalise.address_grammar import read_items
from pipeline.normalise.address_items import PLACES, Item
from pipeline.normalise.address_reader import Reader, building_letter
from pipeline.normalise.address_values import Place, Reading
from pipeline.normalise.houses import HouseNumber, house_number, house_span
from pipeline.normalise.places import plain_text

# A table program's 12.0 is 12.
_DECIMAL = re.compile(r"(?<=^\d)\.0+$|(?<=^\d\d)\.0+$|(?<=^\d\d\d)\.0+$")
# 5-x in the column of flats is x(onadon), no letter of the number.
_FLAT_LETTER = re.compile(r"^(\d+)\s*-?\s*[xх]\.?$")

_ALONE = {
    "MAHALLA": ("mahalla", "massif", "settlement"),
    "STREET": ("massif", "street", "lane"),
}


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
        return house_number(plain) or building_letter(plain)
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
