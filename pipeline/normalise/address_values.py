"""Parts of an address: named places in their standard form, and all that is read.

What belongs here: values. What a component means stands in address_reader.py.
"""

import dataclasses
from functools import lru_cache
from typing import NamedTuple

from pipeline.normalise.address_grammar import CACHED_TEXTS
from pipeline.normalise.address_items import Item
from pipeline.normalise.houses import HouseNumber
from pipeline.normalise.places import join_display, join_key
from pipeline.normalise.streets import massif_name, street_display, street_name

_PARTS = ["mahalla", "massif", "settlement", "street", "lane", "house", "building", "flat"]


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
