"""Rows of the population register as numbers: who is registered where, and what is wrong.

What belongs here: which rows a person has (current, earlier, temporary, reissued, entered
twice) and which fault each row gets. How a row is written stands in register_rows.py.
"""

import dataclasses
from enum import IntEnum

import numpy as np

from pipeline.simulate.arrays import Flags, Ints
from pipeline.simulate.country import (
    ACTIVE,
    APARTMENT,
    HOUSE,
    Country,
    district_of_dwelling,
)
from pipeline.simulate.faults import Faults
from pipeline.simulate.people import WIFE, People
from pipeline.simulate.spelling import Style

NO_DAY = -(10**6)
ADULT_DAYS = 18 * 365 + 5


class RowKind(IntEnum):
    """Why a row is in the register."""

    CURRENT = 0
    MOVED = 1
    TEMPORARY = 2
    REISSUED = 3
    DUPLICATE = 4


class PinflFault(IntEnum):
    """What is wrong with the PINFL of a row."""

    NONE = 0
    MISSING = 1
    TYPO = 2
    SHORT = 3
    OF_OTHER = 4


class BirthFault(IntEnum):
    """What is wrong with the birth date of a row."""

    NONE = 0
    SWAPPED = 1
    JANUARY = 2
    YEAR_ONLY = 3


@dataclasses.dataclass(frozen=True)
class Registrations:
    """One entry per row of mia/persons; the index is the order in which rows were made."""

    person: Ints
    kind: Ints
    dwelling: Ints
    """-1 where the row has no residence."""
    registered_on: Ints
    registered_until: Ints
    document: Ints
    """Number of the document; -1: none given."""
    pinfl_fault: Ints
    pinfl_person: Ints
    """Whose PINFL the row bears."""
    birth_fault: Ints
    style: Ints
    """Three columns: alphabet of surname, given name, patronymic."""
    is_upper: Flags
    is_maiden: Flags
    is_national_patronymic: Flags
    faults: dict[str, Flags]
    """Further faults by their code."""

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.person)


def make_registrations(
    rng: np.random.Generator,
    people: People,
    home: Ints,
    country: Country,
    rows: int,
    as_of_day: int,
    election_day: int,
    faults: Faults,
) -> Registrations:
    """Exactly `rows` registrations: one for everybody, the others by the weights.

    Args:
        rng: source of chance.
        people: who exists.
        home: dwelling of each person.
        country: places.
        rows: how many; at least as many as people.
        as_of_day: no row is later.
        election_day: temporary registrations are valid or not on this day.
        faults: weights and shares.
    """
    person, kind = _row_kinds(rng, people, rows, election_day, faults)
    dwelling = home[person].copy()
    _move(rng, dwelling, kind, country)
    on, until = _dates(rng, people, person, kind, as_of_day, election_day, faults)
    homeless = (kind == RowKind.CURRENT) & (rng.random(rows) < faults.no_residence)
    alone = np.bincount(person, minlength=len(people)) == 1
    homeless &= alone[person]
    dwelling[homeless] = -1
    document = _documents(rng, person, kind, len(people))
    pinfl_fault, pinfl_person = _pinfls(rng, people, person, kind, faults)
    old = (people.role == WIFE) & (people.maiden_surname != people.surname)
    earlier = np.isin(kind, (RowKind.MOVED, RowKind.REISSUED))
    maiden = old[person] & earlier & (rng.random(rows) < faults.maiden_surname)
    national = people.has_national_patronymic[person] ^ (
        (kind != RowKind.CURRENT) & (rng.random(rows) < 0.15)
    )
    return Registrations(
        person=person,
        kind=kind,
        dwelling=dwelling,
        registered_on=on,
        registered_until=until,
        document=document,
        pinfl_fault=pinfl_fault,
        pinfl_person=pinfl_person,
        birth_fault=_birth_faults(rng, people, person, faults),
        style=_styles(rng, people, person, kind, election_day, faults),
        is_upper=rng.random(rows) < 0.4,
        is_maiden=maiden,
        is_national_patronymic=national,
        faults=_other_faults(rng, rows, kind, faults),
    )


def _row_kinds(
    rng: np.random.Generator, people: People, rows: int, election_day: int, faults: Faults
) -> tuple[Ints, Ints]:
    extra = rows - len(people)
    weights = np.array([faults.moved, faults.temporary, faults.reissued, faults.duplicate])
    shares = weights / weights.sum() if weights.sum() > 0 else weights
    counts = np.floor(shares * extra).astype(int)
    age = election_day - people.birth_day
    adults = np.flatnonzero(age > ADULT_DAYS)
    persons = [np.arange(len(people))]
    kinds = [np.full(len(people), RowKind.CURRENT)]
    counts[0] += extra - counts.sum() if weights.sum() > 0 else 0
    pools = (adults, adults, np.flatnonzero(age > 26 * 365), np.arange(len(people)))
    for number, (count, pool) in enumerate(zip(counts.tolist(), pools, strict=True)):
        if count:
            repeat = count > len(pool)
            persons.append(rng.choice(pool, count, replace=repeat, shuffle=False))
            kinds.append(np.full(count, number + 1))
    return np.concatenate(persons), np.concatenate(kinds).astype(np.int64)


def _move(rng: np.random.Generator, dwelling: Ints, kind: Ints, country: Country) -> None:
    """Give moved, temporary and some doubled rows a home elsewhere, mostly nearby."""
    places = country.dwellings
    homes = np.flatnonzero(
        np.isin(places.object_kind, (HOUSE, APARTMENT)) & (places.status == ACTIVE)
    )
    district = district_of_dwelling(country)
    regions = [d.region_code for d in country.districts]
    first_of_region = np.array([regions.index(r) for r in regions])
    last_of_region = np.array([len(regions) - 1 - regions[::-1].index(r) for r in regions])
    edges = np.searchsorted(district[homes], np.arange(len(regions) + 1))
    away = np.isin(kind, (RowKind.MOVED, RowKind.TEMPORARY))
    away |= (kind == RowKind.DUPLICATE) & (rng.random(len(kind)) < 0.4)
    where = np.flatnonzero(away)
    here = district[dwelling[where]]
    reach = rng.random(len(where))
    low = np.where(reach < 0.55, here, np.where(reach < 0.92, first_of_region[here], 0))
    high = np.where(reach < 0.55, here, last_of_region[here])
    high = np.where(reach < 0.92, high, len(regions) - 1)
    dwelling[where] = homes[rng.integers(edges[low], edges[high + 1])]


def _dates(
    rng: np.random.Generator,
    people: People,
    person: Ints,
    kind: Ints,
    as_of_day: int,
    election_day: int,
    faults: Faults,
) -> tuple[Ints, Ints]:
    """First and last days; the current row is the latest permanent one."""
    rows = len(person)
    birth = people.birth_day[person]
    grown = np.maximum(as_of_day - people.birth_day, 3)
    since = np.rint(rng.random(len(people)) * np.minimum(grown * 0.8, 7000)).astype(int)
    current = as_of_day - np.maximum(since, 1)
    on = current[person].copy()
    until = np.full(rows, NO_DAY, dtype=np.int64)
    earlier = (kind != RowKind.CURRENT) & (kind != RowKind.TEMPORARY)
    span = np.maximum(on - birth, 2)
    on[earlier] -= (
        1 + np.rint(rng.random(rows) * np.minimum(span, 4000) * 0.9).astype(int)[earlier]
    )
    moved = kind == RowKind.MOVED
    closed = moved & (rng.random(rows) >= faults.moved_open)
    until[closed] = (current[person] - 1)[closed]
    temporary = kind == RowKind.TEMPORARY
    valid = rng.random(rows) < faults.temporary_valid
    on[temporary] = as_of_day - rng.integers(20, 400, rows)[temporary]
    ends = np.where(
        valid,
        election_day + rng.integers(0, 500, rows),
        as_of_day - rng.integers(1, 19, rows),
    )
    until[temporary] = ends[temporary]
    return on, until


def _documents(rng: np.random.Generator, person: Ints, kind: Ints, people: int) -> Ints:
    """Numbers of documents: the person's own, or an earlier one that nobody else has."""
    own = np.arange(len(person)) + people
    document = person.copy()
    chance = rng.random(len(person))
    earlier = np.isin(kind, (RowKind.MOVED, RowKind.REISSUED)) & (chance < 0.7)
    doubled = (kind == RowKind.DUPLICATE) & (chance < 0.5)
    document = np.where(earlier | doubled, own, document)
    none = (kind == RowKind.DUPLICATE) & (chance >= 0.5) & (chance < 0.8)
    none |= (kind == RowKind.CURRENT) & (chance < 0.01)
    document[none] = -1
    return document


def _pinfls(
    rng: np.random.Generator, people: People, person: Ints, kind: Ints, faults: Faults
) -> tuple[Ints, Ints]:
    rows = len(person)
    missing = np.select(
        [kind == RowKind.CURRENT, kind == RowKind.DUPLICATE, kind == RowKind.TEMPORARY],
        [faults.pinfl_missing, faults.pinfl_missing_duplicate, faults.pinfl_missing],
        faults.pinfl_missing_old,
    )
    fault = np.zeros(rows, dtype=np.int64)
    edges = np.cumsum([faults.pinfl_typo, faults.pinfl_short, faults.pinfl_of_other])
    chance = rng.random(rows)
    for code, edge in zip(
        (PinflFault.OF_OTHER, PinflFault.SHORT, PinflFault.TYPO), edges[::-1], strict=True
    ):
        fault[chance < edge] = code
    fault[rng.random(rows) < missing] = PinflFault.MISSING
    whose = person.copy()
    other = fault == PinflFault.OF_OTHER
    whose[other] = rng.integers(0, len(people), int(other.sum()))
    fault[other & (whose == person)] = PinflFault.NONE
    return fault, whose


def _birth_faults(
    rng: np.random.Generator, people: People, person: Ints, faults: Faults
) -> Ints:
    birth = people.birth_day[person].astype("datetime64[D]")
    month = birth.astype("datetime64[M]")
    day = (birth - month).astype(np.int64) + 1
    month_number = month.astype(np.int64) % 12 + 1
    early = birth < np.datetime64("1975-01-01")
    chance = rng.random(len(person))
    fault = np.zeros(len(person), dtype=np.int64)
    swapped = (chance < faults.birth_swapped * 2.6) & (day <= 12) & (day != month_number)
    fault[swapped] = BirthFault.SWAPPED
    share = max(float(early.mean()), 0.05)
    chance = rng.random(len(person)) * share
    fault[early & (chance < faults.birth_january)] = BirthFault.JANUARY
    only = early & (chance > share - faults.birth_year_only)
    fault[only] = BirthFault.YEAR_ONLY
    return fault


_YOUNG = (0.30, 0.16, 0.06, 0.09, 0.03, 0.05, 0.13, 0.03, 0.02, 0.01, 0.07, 0.03, 0.02)
_OLD = (0.15, 0.08, 0.03, 0.04, 0.02, 0.02, 0.28, 0.10, 0.12, 0.06, 0.06, 0.03, 0.01)


def _styles(
    rng: np.random.Generator,
    people: People,
    person: Ints,
    kind: Ints,
    election_day: int,
    faults: Faults,
) -> Ints:
    """Alphabet of each name of each row: older people are written in older alphabets."""
    edges = np.cumsum(np.array([_YOUNG, _OLD]), axis=1)
    old = (election_day - people.birth_day > 45 * 365).astype(int)

    def draw(age: Ints) -> Ints:
        chance = rng.random(len(age)) * edges[age, -1]
        return np.asarray((chance[:, None] > edges[age]).sum(axis=1), dtype=np.int64)

    own = draw(old)
    row = own[person]
    changed = (kind != RowKind.CURRENT) & (rng.random(len(person)) < faults.style_changed)
    row = np.where(changed, draw(old[person]), row)
    styles = np.repeat(row[:, None], 3, axis=1)
    mixed = rng.random(len(person)) < faults.name_mixed_styles
    for column in (1, 2):
        styles[:, column] = np.where(mixed, draw(old[person]), styles[:, column])
    return np.minimum(styles, len(Style) - 1)


def _other_faults(
    rng: np.random.Generator, rows: int, kind: Ints, faults: Faults
) -> dict[str, Flags]:
    """Faults that come alone, by code."""
    shares = {
        "NAME_TYPO": faults.name_typo,
        "NAME_SWAPPED": faults.name_swapped,
        "NAME_HOMOGLYPH": faults.name_homoglyph,
        "PATRONYMIC_MISSING": faults.patronymic_missing,
        "SEX_WRONG": faults.sex_wrong,
        "CITIZENSHIP_MISSING": faults.citizenship_missing,
        "DOCUMENT_LOOK_ALIKE": faults.document_look_alike,
        "ADDRESS_ONE_LINE": faults.address_one_line,
        "ADDRESS_TYPO": faults.address_typo,
        "MAHALLA_MISSING": faults.mahalla_missing,
        "HOUSE_MISSING": faults.house_missing,
        "STREET_MISSING": faults.street_missing,
        "OLD_STREET_NAME": faults.old_street_name,
        "CADASTRAL_GIVEN": faults.cadastral_given,
        "CADASTRAL_WRONG": faults.cadastral_wrong,
    }
    found = {code: rng.random(rows) < share for code, share in shares.items()}
    doubled = kind == RowKind.DUPLICATE
    found["NAME_TYPO"] |= doubled & (rng.random(rows) < 10 * faults.name_typo)
    return found
