"""Numbers and their type words: house, building, flat, entrance, floor."""

from pipeline.normalise.address_cursor import Cursor
from pipeline.normalise.address_items import NUMBERED, Item
from pipeline.normalise.address_tokens import NUMBER, WORD, Atom
from pipeline.normalise.address_words import Marker


class Numbers(Cursor):
    """Reads numbered components."""

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

    def _letter_of_building(self, own: Atom | None) -> bool:
        """А корпус: one letter that belongs to nothing else."""
        is_letter = own is not None and own.kind == WORD and len(own.text) == 1
        if own is None or not is_letter or self._number_ahead():
            return False
        self.pending.pop()
        self._flush()
        self._emit(Item("BUILDING", number=own.text))
        return True
