"""Where the reading of an address stands: atoms ahead, words not yet claimed, components.

What belongs here: looking ahead, taking and giving. No type word means anything here.
"""

from pipeline.normalise.address_items import NAMED, Item, is_filler, number_form, words_of
from pipeline.normalise.address_tokens import NUMBER, WORD, Atom
from pipeline.normalise.address_words import Marker, area_names
from pipeline.normalise.lookahead import Lookahead
from pipeline.normalise.places import join_key


class Cursor(Lookahead):
    """The atoms between two commas, read from left to right."""

    def __init__(self, atoms: list[Atom]) -> None:
        super().__init__(
            [atom for index, atom in enumerate(atoms) if not is_filler(atoms, index)]
        )
        self.pending: list[Atom] = []
        self.items: list[Item] = []
        self.has_house = False

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

    def _words_at(self, ahead: int) -> bool:
        atom = self._next(ahead)
        return atom is not None and atom.kind == WORD

    def _claimed(self, count: int) -> bool:
        """Whether the next type word takes those words as its own name."""
        marker = self._next_marker(count)
        return (
            marker is not None
            and marker.meaning in (*NAMED, "LANE")
            and marker.side == "AFTER"
            and not marker.is_weak
        )

    def _area_length(self, ahead: int) -> int:
        """How many words of those ahead name the region, district or city."""
        for length in range(ahead, 0, -1):
            words = [atom.text for atom in self.atoms[self.at : self.at + length]]
            if join_key(words) in area_names():
                return length
        return 1 if self._claimed(ahead) else ahead

    def _take(self, count: int) -> list[Atom]:
        taken = self.atoms[self.at : self.at + count]
        self.at += count
        return taken

    def _emit(self, item: Item) -> None:
        self.items.append(item)
        if item.slot in ("HOUSE", "NUM"):
            self.has_house = True

    def _item(self, marker: Marker, atoms: list[Atom]) -> Item:
        words = words_of(atoms)
        is_russian = marker.side == "BEFORE"
        return Item(marker.meaning, words, form=marker.form, is_russian=is_russian)

    def _unread(self, atom: Atom) -> None:
        words = (*(part.text for part in self.pending), atom.text)
        self.pending = []
        self._emit(Item("UNREAD", words))

    def _flush(self) -> None:
        """Pending words become a NAME, the numbers after them bare numbers."""
        pending, self.pending = self.pending, []
        numbers: list[Atom] = []
        while pending and pending[-1].kind == NUMBER:
            if pending[-1].is_joined and len(pending) > 1 and pending[-2].kind == WORD:
                break
            numbers.insert(0, pending.pop())
        if pending:
            self._emit(Item("NAME", words_of(pending)))
        for atom in numbers:
            self._emit(
                Item(
                    "NUM",
                    number=atom.text,
                    is_loose=bool(self.items),
                    form=number_form(atom),
                )
            )

    def _leave(self, atoms: list[Atom]) -> None:
        """Words before an area's name: an area themselves, or a name without a type."""
        if atoms and join_key([atom.text for atom in atoms]) not in area_names():
            self.pending = atoms
            self._flush()

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
