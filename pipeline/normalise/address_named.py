"""Names and the type words they belong to: before them, behind them, or on either side."""

from pipeline.normalise.address_items import AREAS, PLACES, Item
from pipeline.normalise.address_lanes import Lanes
from pipeline.normalise.address_tokens import NUMBER, WORD, Atom
from pipeline.normalise.address_words import Marker, area_names
from pipeline.normalise.places import join_key, word_key


class Names(Lanes):
    """Reads named components: areas, mahallas, massifs, streets."""

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
        """The street's word is part of a block's name: not where a name may come after."""
        block = self._block_ahead()
        return block is not None and block.side == "AFTER"

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
