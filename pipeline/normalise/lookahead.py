"""A place in a row of atoms, and what stands ahead of it."""

from pipeline.normalise.address_tokens import MARKER, NUMBER, Atom
from pipeline.normalise.address_words import Marker


class Lookahead:
    """What addresses and boundary texts alike are read with, from left to right."""

    def __init__(self, atoms: list[Atom]) -> None:
        self.atoms = atoms
        self.at = 0

    def _next(self, ahead: int = 0) -> Atom | None:
        index = self.at + ahead
        return self.atoms[index] if index < len(self.atoms) else None

    def _next_marker(self, ahead: int = 0) -> Marker | None:
        atom = self._next(ahead)
        return atom.marker if atom is not None and atom.kind == MARKER else None

    def _block_ahead(self) -> Marker | None:
        """Buyuk Ipak Yo'li-3 mavzesi: the block's type word behind a number joined on."""
        ahead, behind = self._next(), self._next_marker(1)
        if ahead is None or ahead.kind != NUMBER or not ahead.is_joined:
            return None
        return behind if behind is not None and behind.meaning == "MASSIF" else None
