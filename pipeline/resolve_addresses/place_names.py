"""Names of places against the names that stand in one scope: exact, folded, or one slip.

What belongs here: which known name a spelling means, and never a choice between names that
are near-equal. A scope is a district (for mahallas) or a mahalla of a district (for
streets, and for massifs before their district). Only distinct spellings come here, never
rows.
"""

import dataclasses
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

Scope = tuple[str, ...]
Status = Literal["EXACT", "FUZZY", "UNKNOWN", "AMBIGUOUS"]

SPELLINGS = (
    (re.compile(r"o'"), "u"),
    (re.compile(r"dzh|dj|zh"), "j"),
    (re.compile(r"shch|sch|sh"), "s"),
    (re.compile(r"ch"), "c"),
    (re.compile(r"kh|h|x"), "x"),
    (re.compile(r"g'|gh"), "g"),
    (re.compile(r"ts"), "s"),
    (re.compile(r"q"), "k"),
    (re.compile(r"w"), "v"),
    (re.compile(r"^ye|(?<=[aeiou])ye"), "e"),
    (re.compile(r"yo"), "e"),
    (re.compile(r"yu|iu"), "u"),
    (re.compile(r"o"), "a"),
    (re.compile(r"ya|ia"), "a"),
    (re.compile(r"[iy]y|[yj](?=$|[^aeiou])"), "i"),
    (re.compile(r"y"), "i"),
    (re.compile(r"'"), ""),
)
"""Spellings of one sound (domain.md 4.3, rules 1 to 13, tier B): candidates only."""

DOUBLED = re.compile(r"([bcdfgjklmnprstvxz])\1+")
NUMBERS = re.compile(r"\d+")
PART_LETTERS_MIN = 4


@dataclasses.dataclass(frozen=True)
class NameMatching:
    """How far a spelling may stand from the only name it can mean, in letters."""

    one_slip_length_min: int = 5
    two_slips_length_min: int = 10
    margin_letters: int = 2
    """Distance by which the runner-up must be farther than the best."""
    slip_support_max: int = 5
    """A spelling that more houses than this use is a name of its own, not a slip …"""
    slip_support_share_max: float = 0.02
    """… unless it is this rare beside the name it resembles."""


class NameMatch(NamedTuple):
    """What a spelling means in its scope."""

    name: str | None
    status: Status
    margin: float | None


class Gazetteer:
    """The names known in each scope, with the number of houses that bear them.

    `spellings` are other spellings of a name that count as exact, such as the name a street
    had before.
    """

    def __init__(
        self,
        names: Iterable[tuple[Scope, str, int]],
        spellings: Iterable[tuple[Scope, str, str]] = (),
    ) -> None:
        self.names: dict[Scope, dict[str, int]] = {}
        for scope, name, support in names:
            known = self.names.setdefault(scope, {})
            known[name] = known.get(name, 0) + support
        self.folds: dict[Scope, dict[str, set[str]]] = {}
        self.wholes: set[str] = set()
        for scope, known in self.names.items():
            folds = self.folds.setdefault(scope, {})
            for name in known:
                for fold in place_folds(name):
                    folds.setdefault(fold, set()).add(name)
            self.wholes.update(folds)
        self.spellings: dict[tuple[Scope, str], str] = {}
        for scope, spelling, name in spellings:
            if name in self.names.get(scope, {}) and spelling not in self.names[scope]:
                self.spellings[scope, spelling] = name
                for fold in place_folds(spelling):
                    self.folds[scope].setdefault(fold, set()).add(name)

    def is_name(self, spelling: str, meant: str) -> bool:
        """Whether the spelling is, or begins or ends with, a name of its own.

        Ozod for Obod or Yangiozod for Yangiobod is then no slip of the pen.
        """
        fold, meant_fold = place_fold(spelling), place_fold(meant)
        if fold in self.wholes:
            return True
        return any(
            (fold[cut:] in self.wholes and not meant_fold.endswith(fold[cut:]))
            or (fold[:-cut] in self.wholes and not meant_fold.startswith(fold[:-cut]))
            for cut in range(1, len(fold) - PART_LETTERS_MIN + 1)
        )


@cache
def place_fold(key: str) -> str:
    """The key of a place with all that registers confuse taken out. Not a name."""
    for pattern, letters in SPELLINGS:
        key = pattern.sub(letters, key)
    return DOUBLED.sub(r"\1", key)


def place_folds(key: str) -> tuple[str, ...]:
    """The folds of a key as it is and without its apostrophes, which are often lost.

    Navro'z is Navruz to a Russian clerk and Navroz to a hurried one.
    """
    return tuple(dict.fromkeys((place_fold(key), place_fold(key.replace("'", "")))))


def place_numbers(key: str) -> tuple[str, ...]:
    """Numbers in a name: part of its identity (Birlik-1 is not Birlik-2)."""
    return tuple(NUMBERS.findall(key))


def is_near(spelling: str, name: str) -> bool:
    """Whether a spelling that is no name could be a slip for this one, however bad.

    Wider than what is ever taken for a match: only for stepping back.
    """
    letters = min(len(place_fold(spelling)), len(place_fold(name)))
    limit = 1 if letters < PART_LETTERS_MIN else max(2, letters // 3)
    return any(
        OSA.distance(one, other, score_cutoff=limit) <= limit
        for one in place_folds(spelling)
        for other in place_folds(name)
    )


def match_place_names(
    spellings: Sequence[tuple[Scope, str, int]],
    gazetteer: Gazetteer,
    matching: NameMatching,
) -> list[NameMatch]:
    """What each spelling means among the names of its scope.

    Args:
        spellings: scope, spelling, number of distinct houses that use it.
        gazetteer: the known names.
        matching: limits in letters.

    Returns:
        One match per spelling, in their order. EXACT: the name itself. FUZZY: the only name
        with the same fold and numbers, or the only one within the limit whose runner-up is
        farther by the margin, where the spelling is not a name elsewhere. AMBIGUOUS: near
        to several. UNKNOWN: near to none.
    """
    matches: dict[int, NameMatch] = {}
    slips: dict[Scope, list[int]] = {}
    for index, (scope, spelling, _) in enumerate(spellings):
        known = gazetteer.names.get(scope)
        if known is None:
            matches[index] = NameMatch(None, "UNKNOWN", None)
        elif spelling in known or (scope, spelling) in gazetteer.spellings:
            name = gazetteer.spellings.get((scope, spelling), spelling)
            matches[index] = NameMatch(name, "EXACT", None)
        else:
            slips.setdefault(scope, []).append(index)
    for scope, indices in slips.items():
        matches.update(
            _match_slips(
                {index: spellings[index][1:] for index in indices},
                scope,
                gazetteer,
                matching,
            )
        )
    return [matches[index] for index in range(len(spellings))]


def _match_slips(
    spellings: Mapping[int, tuple[str, int]],
    scope: Scope,
    gazetteer: Gazetteer,
    matching: NameMatching,
) -> dict[int, NameMatch]:
    folds = sorted(gazetteer.folds[scope])
    queries = [
        (index, fold)
        for index, (spelling, _) in spellings.items()
        for fold in place_folds(spelling)
    ]
    limit = 2 + matching.margin_letters
    distances = process.cdist(
        [fold for _, fold in queries],
        folds,
        scorer=OSA.distance,
        score_cutoff=limit,
        dtype=np.uint8,
    )
    nearest: dict[int, np.ndarray[tuple[int], np.dtype[np.uint8]]] = {}
    for (index, _), row in zip(queries, distances, strict=True):
        nearest[index] = np.minimum(nearest[index], row) if index in nearest else row
    return {
        index: _judge(*spellings[index], row, folds, scope, gazetteer, matching)
        for index, row in nearest.items()
    }


def _judge(
    spelling: str,
    support: int,
    distances: np.ndarray[tuple[int], np.dtype[np.uint8]],
    folds: Sequence[str],
    scope: Scope,
    gazetteer: Gazetteer,
    matching: NameMatching,
) -> NameMatch:
    """The match of one spelling from its distances to every fold of the scope."""
    numbers = place_numbers(spelling)
    nearest: dict[str, int] = {}
    for column in np.flatnonzero(distances <= 2 + matching.margin_letters).tolist():
        for name in gazetteer.folds[scope][folds[column]]:
            if place_numbers(name) == numbers:
                distance = int(distances[column])
                nearest[name] = min(distance, nearest.get(name, distance))
    near = sorted((distance, name) for name, distance in nearest.items())
    if not near:
        return NameMatch(None, "UNKNOWN", None)
    distance, name = near[0]
    runner_up = near[1][0] if len(near) > 1 else 3 + matching.margin_letters
    margin = runner_up - distance
    if distance == 0:
        return (
            NameMatch(name, "FUZZY", margin)
            if margin > 0
            else NameMatch(None, "AMBIGUOUS", margin)
        )
    if distance > _slips_allowed(spelling, name, matching):
        return NameMatch(None, "UNKNOWN", None)
    if margin < matching.margin_letters:
        return NameMatch(None, "AMBIGUOUS", margin)
    rare = max(
        matching.slip_support_max,
        matching.slip_support_share_max * gazetteer.names[scope][name],
    )
    if support > rare or gazetteer.is_name(spelling, name):
        return NameMatch(None, "UNKNOWN", None)
    return NameMatch(name, "FUZZY", margin)


def _slips_allowed(spelling: str, name: str, matching: NameMatching) -> int:
    letters = min(
        sum(letter.isalpha() for letter in place_fold(key)) for key in (spelling, name)
    )
    return (letters >= matching.one_slip_length_min) + (
        letters >= matching.two_slips_length_min
    )


def settle_names(
    names: Sequence[tuple[Scope, str, int]],
    register: Container[tuple[Scope, str]],
    matching: NameMatching,
) -> dict[tuple[Scope, str], str]:
    """One spelling for every name that a source writes in several.

    Spellings with the same fold are one name, under the register's spelling, else under
    the most frequent (ties: the first in the alphabet); two of the register stay two. What
    only a few houses have is a slip of a name near it, by the rules of
    `match_place_names`, and a name of its own otherwise.

    Args:
        names: scope, spelling, number of houses; distinct.
        register: spellings that stand as they are.
        matching: limits in letters.

    Returns:
        The settled spelling of each.
    """
    settled: dict[tuple[Scope, str], str] = {}
    support: dict[tuple[Scope, str], int] = {}
    leaders: dict[tuple[Scope, str], set[str]] = {}
    for scope, name, houses in sorted(
        names, key=lambda entry: ((entry[0], entry[1]) not in register, -entry[2], entry[1])
    ):
        folds = place_folds(name)
        alike = set().union(*(leaders.get((scope, fold), ()) for fold in folds))
        is_alike = len(alike) == 1 and (scope, name) not in register
        leader = next(iter(alike)) if is_alike else name
        settled[scope, name] = leader
        support[scope, leader] = support.get((scope, leader), 0) + houses
        for fold in folds:
            leaders.setdefault((scope, fold), set()).add(leader)
    few = [
        (scope, name, houses)
        for (scope, name), houses in support.items()
        if houses <= matching.slip_support_max and (scope, name) not in register
    ]
    rare = {(scope, name) for scope, name, _ in few}
    gazetteer = Gazetteer(
        (scope, name, houses)
        for (scope, name), houses in support.items()
        if (scope, name) not in rare
    )
    found = match_place_names(few, gazetteer, matching)
    slips = {
        (scope, name): match.name
        for (scope, name, _), match in zip(few, found, strict=True)
        if match.name is not None
    }
    return {
        (scope, name): slips.get((scope, meant), meant)
        for (scope, name), meant in settled.items()
    }
