"""A boundary text -> coverage rules, and the words that were not understood.

What belongs here: which territory lies in which. A street after a mahalla restricts it to
that street; a mahalla with nothing below it is covered whole. A rule whose restriction
was not understood is left out, with all that hangs on it: a precinct without a rule is
seen by its commission, a rule too wide is not.
"""

from typing import NamedTuple

from pipeline.normalise.address_items import Item
from pipeline.normalise.address_values import (
    Place,
    mahalla_place,
    massif_place,
    street_place,
)
from pipeline.normalise.boundary_description import (
    Description,
    Houses,
    Name,
    Territory,
)
from pipeline.normalise.boundary_grammar import read_description
from pipeline.normalise.places import plain_text


class Rule(NamedTuple):
    """One coverage rule; null doesn't restrict."""

    mahalla: Place | None = None
    massif: Place | None = None
    street: Place | None = None
    lane: str | None = None
    house_from: int | None = None
    house_to: int | None = None
    parity: str = "ALL"
    is_exclusion: bool = False
    is_remainder: bool = False


class BoundaryText(NamedTuple):
    """The rules of a boundary text and its words that were not understood.

    `doubtful` is what the words not understood may restrict: places of which the text may
    cover some part, so that nobody else can be said to have them.
    """

    rules: tuple[Rule, ...]
    unread: str | None
    doubtful: tuple[Rule, ...] = ()


def read_boundary(text: str | None) -> BoundaryText:
    """The coverage rules of a boundary text, in its order, without repeats."""
    if text is None or not text.strip():
        return BoundaryText((), None)
    description = read_description(text)
    composer = _Composer(description)
    rules = tuple(dict.fromkeys(composer.rules()))
    unread = " ".join(description.unread) or None
    if not rules and unread is None:
        # A text that names no territory (a district alone) is as good as unread.
        unread = plain_text(text) or None
    doubtful = _doubtful_rules(description, rules) if unread else ()
    return BoundaryText(rules, unread, doubtful)


def _doubtful_rules(description: Description, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The mahallas of a text with unread words, as far as it doesn't cover them whole.

    Where it names no mahalla, the streets and massifs whose segment was not understood.
    """
    wholly = {
        rule.mahalla.key
        for rule in rules
        if rule.mahalla and not (rule.massif or rule.street or rule.is_exclusion)
    }
    kept = [part for part in description.territories if not part.is_exclusion]
    mahallas = [part for part in kept if part.slot == "MAHALLA"]
    parts = mahallas or [part for part in kept if part.is_doubtful]
    found: list[Rule] = []
    for part in parts:
        for name in part.names:
            place, lane = _place(part, name)
            if place is None or (part.slot == "MAHALLA" and place.key in wholly):
                continue
            if part.slot == "MAHALLA":
                found.append(Rule(mahalla=place))
            elif part.slot == "STREET":
                found.append(Rule(street=place, lane=lane))
            else:
                found.append(Rule(massif=place))
    return tuple(dict.fromkeys(found))


class _Composer:
    """Walks the territories, keeping the mahalla and massif that hold the next ones."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.mahallas: Territory | None = None
        self.massifs: Territory | None = None
        self.has_parts = False
        self.has_massif_parts = False
        self.written: list[Rule] = []
        self.exclusions: list[Territory] = []

    def rules(self) -> list[Rule]:
        """All rules of the description."""
        if self.description.is_whole_district:
            return [Rule()]
        unknown_after = self._segments_unknown()
        for territory in self.description.territories:
            self._territory(territory)
        self._close_mahalla(is_certain=not unknown_after)
        for territory in self.exclusions:
            self.description.unread.extend(territory.words)
        return self.written

    def _segments_unknown(self) -> bool:
        """Words after the last territory that may have restricted it."""
        return self.description.has_loose_end

    def _territory(self, territory: Territory) -> None:
        if territory.is_doubtful:
            self._drop(territory)
        elif territory.is_exclusion:
            self._exclude(territory)
        elif territory.slot == "MAHALLA":
            if not territory.is_separate and not self.has_massif_parts:
                self._leave_settlement()
            self._close_mahalla()
            self.mahallas = territory
            self._pending_exclusions()
        elif territory.slot in ("MASSIF", "SETTLEMENT"):
            self._massif(territory)
        elif territory.slot == "STREET":
            self._street(territory)
        else:
            self.has_parts = True
            self._write(None, None, [Houses(None, None)], territory)

    def _leave_settlement(self) -> None:
        """A settlement right before a mahalla only says where the mahalla is."""
        if self.massifs is not None and self.massifs.slot == "SETTLEMENT":
            self.massifs = None

    def _drop(self, territory: Territory) -> None:
        """A doubtful territory: no rule, and none for what it may have restricted."""
        self.description.unread.extend(territory.words)
        if territory.slot == "MAHALLA":
            self._close_mahalla()
            self.mahallas = territory
        self.has_parts = self.has_massif_parts = True

    def _exclude(self, territory: Territory) -> None:
        if territory.slot == "MAHALLA" or (self.mahallas is None and not self.written):
            self.exclusions.append(territory)
            return
        self._names(territory)

    def _pending_exclusions(self) -> None:
        waiting, self.exclusions = self.exclusions, []
        for territory in waiting:
            if territory.slot == "MAHALLA":
                self.exclusions.append(territory)
            else:
                self._names(territory)

    def _massif(self, territory: Territory) -> None:
        self._close_massif()
        is_numbered = all(
            name.words[:1] and name.words[0][0].isdigit() for name in territory.names
        )
        # махалля Обод, массив Согдиана: Russian lists narrow with every comma.
        is_within = (
            territory.is_russian and self.mahallas is not None and self.mahallas.is_russian
        )
        if territory.is_separate and not is_numbered and not is_within:
            self._close_mahalla()
        self.has_parts = True
        self.massifs = territory
        self.has_massif_parts = False

    def _street(self, territory: Territory) -> None:
        self.has_parts = self.has_massif_parts = True
        self._names(territory)

    def _close_massif(self) -> None:
        territory, self.massifs = self.massifs, None
        if territory is not None and not self.has_massif_parts:
            self._names(territory)
        self.has_massif_parts = False

    def _close_mahalla(self, *, is_certain: bool = True) -> None:
        """Write the mahalla, and the massif in it, that nothing restricted."""
        if not is_certain and self.massifs is not None and not self.has_massif_parts:
            self.description.unread.extend(self.massifs.words)
            self.massifs = None
        self._close_massif()
        territory, self.mahallas = self.mahallas, None
        if territory is not None and not self.has_parts and not territory.is_doubtful:
            if is_certain:
                self._names(territory)
            else:
                self.description.unread.extend(territory.words)
        self.has_parts = False

    def _names(self, territory: Territory) -> None:
        houses = territory.houses or [Houses(None, None)]
        for name in territory.names:
            place, lane = _place(territory, name)
            if place is None:
                self.description.unread.extend(name.words)
                continue
            self._write(place, lane, houses, territory)

    def _write(
        self,
        place: Place | None,
        lane: str | None,
        houses: list[Houses],
        territory: Territory,
    ) -> None:
        if self.mahallas is not None and self.mahallas.is_doubtful:
            self.description.unread.extend(territory.words)
            return
        slot = territory.slot
        mahallas: list[Place | None] = [place] if slot == "MAHALLA" else self._mahallas()
        massifs: list[Place | None] = (
            [None]
            if slot == "MAHALLA"
            else [place]
            if slot in ("MASSIF", "SETTLEMENT")
            else self._massifs()
        )
        base = Rule(
            street=place if slot == "STREET" else None,
            lane=lane,
            is_exclusion=territory.is_exclusion,
            is_remainder=territory.is_remainder,
        )
        self.written.extend(
            base._replace(
                mahalla=mahalla,
                massif=massif,
                house_from=spec.first,
                house_to=spec.last,
                parity=spec.parity,
            )
            for mahalla in mahallas
            for massif in massifs
            for spec in houses
        )

    def _mahallas(self) -> list[Place | None]:
        if self.mahallas is None:
            return [None]
        return [_place(self.mahallas, name)[0] for name in self.mahallas.names]

    def _massifs(self) -> list[Place | None]:
        if self.massifs is None:
            return [None]
        return [_place(self.massifs, name)[0] for name in self.massifs.names]


def _place(territory: Territory, name: Name) -> tuple[Place | None, str | None]:
    """The standard form of a name; no place where nothing usable is left of it."""
    if territory.slot == "MAHALLA":
        place = mahalla_place(name.words, territory.form)
    elif territory.slot in ("MASSIF", "SETTLEMENT"):
        place = massif_place(name.words, territory.form)
    else:
        item = Item(
            "STREET", name.words, name.lane, territory.form, is_russian=territory.is_russian
        )
        street, lane = street_place(item)
        return street, lane
    return (place, None) if place.key is not None else (None, None)
