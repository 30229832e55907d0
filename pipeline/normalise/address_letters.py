"""Single letters that stand for several type words (k., kv., sh., t., d.), by position.

What belongs here: what a letter means where it stands; UNREAD where that is not settled.
"""

from collections.abc import Callable

from pipeline.normalise.address_items import Item
from pipeline.normalise.address_named import Names
from pipeline.normalise.address_numbered import Numbers
from pipeline.normalise.address_tokens import NUMBER, WORD, Atom
from pipeline.normalise.address_words import Marker, area_names
from pipeline.normalise.places import join_key, word_key


class Letters(Names, Numbers):
    """Reads components whose type word is one letter."""

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


_LETTERS: dict[str, Callable[[Letters, Atom], None]] = {
    "k": Letters._letter_k,
    "kv": Letters._letter_kv,
    "sh": Letters._letter_area,
    "t": Letters._letter_area,
    "v": Letters._letter_area,
    "g": Letters._letter_area,
    "d": Letters._letter_d,
    "m": Letters._letter_m,
    "q": Letters._letter_village,
    "s": Letters._letter_village,
    "p": Letters._letter_village,
    "x": Letters._letter_number,
    "u": Letters._letter_number,
    "b": Letters._letter_number,
}
