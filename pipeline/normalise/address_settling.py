"""Components of an address that only their neighbours settle.

What belongs here: кв. before the house is a block, after it a flat; м. is a mahalla or a
massif; a name without a type word is the district's own, or the street before a house. A
component whose meaning stays open is unread, never guessed.
"""

import re

from pipeline.normalise.address_items import Item
from pipeline.normalise.address_values import Reading
from pipeline.normalise.address_words import area_names
from pipeline.normalise.places import join_key
from pipeline.normalise.streets import massif_name

_COUNTRY = ("o'zbekiston", "uzbekistan", "uzbekiston")
# Cyrillic letters before a village's name; Latin ones are initials as often.
_VILLAGES = {"с": "qishlogʻi", "п": "posyolkasi"}
_SURNAME = re.compile(r"(?:[оеё]ва?|ина?|[иы]й|ск\w+|енко)$")


class Settler:
    """The state of reading one address, and its open components."""

    def __init__(self, district_code: str | None, *, has_tail: bool = False) -> None:
        self.reading = Reading()
        self.district_code = district_code
        self.has_tail = has_tail
        self.items: list[Item] = []
        self.contradicted: set[str] = set()

    def settle(self) -> None:
        """Give every open component its meaning, or none."""
        self._settle_numbers()
        self._settle_blocks()
        self._settle_names()

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
                and is_loose_number(item)
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


def is_loose_number(item: Item) -> bool:
    """Whether a component is a bare number behind a name without a comma."""
    return item.slot == "NUM" and item.is_loose
