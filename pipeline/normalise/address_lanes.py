"""Lanes of streets: Nilufar 3-tor koʻchasi, 2-й пр. Навои, a blind lane."""

from pipeline.normalise.address_cursor import Cursor
from pipeline.normalise.address_items import Item, lane_of, words_of
from pipeline.normalise.address_tokens import NUMBER, WORD, Atom
from pipeline.normalise.address_words import Marker


class Lanes(Cursor):
    """Reads lanes, before or behind the street they belong to."""

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
            self._lane_before(lane_of(number, marker.form))
            return
        taken, self.pending = self.pending, []
        is_behind = not taken
        if is_behind:
            taken, number = self._lane_name(number)
        lane = lane_of(number, marker.form)
        last = self.items[-1] if self.items else None
        if not taken and last is not None and last.slot == "STREET" and not last.number:
            self.items[-1] = last._replace(number=lane)
            return
        words = words_of(taken)
        self._emit(Item("STREET", words, lane, "koʻchasi", is_russian=is_behind))

    def _street_ahead(self) -> int:
        """How many words ahead are a street's whole name: 1-tor Navoiy koʻchasi."""
        count = self._words_ahead()
        marker = self._next_marker(count)
        is_street = marker is not None and marker.meaning == "STREET"
        known = any(item.slot == "STREET" for item in self.items)
        return count if is_street and self._claimed(count) and not known else 0

    def _lane_before(self, lane: str) -> None:
        words = words_of(self._take(self._street_ahead()))
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

    def _lane_ahead(self) -> str:
        """The lane after a street's name: ул. Навои 1-й проезд."""
        number, lane = self._next(), self._next_marker(1)
        if number is None or number.kind != NUMBER or lane is None:
            return ""
        if lane.meaning != "LANE" or self._next(2) not in (None,) and self._words_at(2):
            return ""
        self._take(2)
        return lane_of(number.text, lane.form)

    def _lone_lane(self, atom: Atom, marker: Marker) -> None:
        taken, self.pending = self.pending, []
        if marker.form == "name":
            # Ipak yo'li, Qozi guzari: the type word is part of the name.
            taken = [*taken, Atom(WORD, atom.text.removesuffix(marker.case))]
        self._emit(self._item(marker, taken))
