"""The people of the simulated country: households of kin, as arrays of numbers.

What belongs here: who exists, who is whose child, how everybody is called and when they
were born: the truth. Nothing is written down yet, so nothing is misspelt yet.
"""

import dataclasses
import datetime

import numpy as np

from pipeline.simulate.arrays import Flags, Ints
from pipeline.simulate.faults import Faults
from pipeline.simulate.name_book import PEOPLES, NameBook

EPOCH = datetime.date(1970, 1, 1)
ROLES = 6
HEAD, WIFE, FATHER, MOTHER, SIBLING, CHILD = range(ROLES)
PEOPLE_PER_HOUSEHOLD = 3.72
"""What the rules below give on average; with empty dwellings 3.5 in each."""
FOREIGN = ("RUS", "KAZ", "TJK", "KGZ", "TKM", "AFG", "CHN", "TUR", "IND")
UZBEK_CITIZEN = -1


@dataclasses.dataclass(frozen=True)
class People:
    """One entry per human being, households together; the index is the person's number."""

    household: Ints
    role: Ints
    is_female: Flags
    birth_day: Ints
    """Days since 1970-01-01."""
    folk: Ints
    """Index into PEOPLES: whose names."""
    surname: Ints
    maiden_surname: Ints
    """Surname before marriage; the same where it never changed."""
    given: Ints
    father_given: Ints
    father: Ints
    """Number of the father, where he is in the country; -1 elsewhere."""
    has_national_patronymic: Flags
    """Patronymic as `o'g'li`, `qizi`, `uly` instead of -ovich, -ovna."""
    is_twin: Flags
    citizenship: Ints
    """Index into FOREIGN, or UZBEK_CITIZEN."""

    def __len__(self) -> int:
        """Number of people."""
        return len(self.household)


def day_number(day: datetime.date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def make_people(
    rng: np.random.Generator,
    folk_of_household: Ints,
    book: NameBook,
    election_date: datetime.date,
    as_of: datetime.date,
    faults: Faults,
) -> People:
    """Everybody of the households, about PEOPLE_PER_HOUSEHOLD in each.

    Args:
        rng: source of chance.
        folk_of_household: whose names each household bears.
        book: names.
        election_date: ages are as of this day.
        as_of: nobody is born later.
        faults: shares of twins, brothers next door, foreigners.
    """
    kin = _make_households(rng, len(folk_of_household), faults)
    household, role, age_days = kin.household, kin.role, kin.age_days
    is_female = kin.is_female
    birth = day_number(election_date) - age_days
    folk = folk_of_household[household]
    surname, father_given, father = _family_names(rng, kin, folk, book, faults)
    given = _given_names(rng, kin, folk, book, father, father_given)
    known = father >= 0
    father_given[known] = given[father[known]]
    maiden = surname.copy()
    wives = ((role == WIFE) | (role == MOTHER)) & (rng.random(len(role)) < 0.65)
    own = book.draw_surnames(rng, folk)
    maiden[(role == WIFE) | (role == MOTHER)] = own[(role == WIFE) | (role == MOTHER)]
    surname = np.where(((role == WIFE) | (role == MOTHER)) & ~wives, maiden, surname)
    birth = _birthdays(rng, birth, kin.is_twin_second, day_number(election_date), faults)
    birth = np.minimum(birth, day_number(as_of) - 3)
    citizenship = np.full(len(role), UZBEK_CITIZEN, dtype=np.int64)
    foreign = (rng.random(len(folk_of_household)) < faults.foreigner)[household]
    nation = rng.integers(0, len(FOREIGN), len(folk_of_household))
    citizenship[foreign] = nation[household][foreign]
    born_late = birth > day_number(datetime.date(1992, 1, 1))
    national = (rng.random(len(role)) < np.where(born_late, 0.75, 0.12)) & (
        folk != PEOPLES.index("RUSSIAN")
    )
    twin = kin.is_twin_second.copy()
    twin[:-1] |= kin.is_twin_second[1:]
    return People(
        household=household,
        role=role,
        is_female=is_female,
        birth_day=birth,
        folk=folk,
        surname=surname,
        maiden_surname=maiden,
        given=given,
        father_given=father_given,
        father=father,
        has_national_patronymic=national,
        is_twin=twin,
        citizenship=citizenship,
    )


@dataclasses.dataclass(frozen=True)
class _Kin:
    household: Ints
    role: Ints
    age_days: Ints
    is_female: Flags
    is_twin_second: Flags


def _make_households(rng: np.random.Generator, count: int, faults: Faults) -> _Kin:
    """Members of every household by role, households in order."""
    index = np.arange(count)
    head_age = np.rint(rng.triangular(20, 32, 79, count)).astype(np.int64)
    head_female = rng.random(count) < np.where(head_age > 60, 0.3, 0.06)
    wife_age = np.clip(head_age - np.rint(rng.normal(3, 2.5, count)), 18, 85).astype(int)
    married = (rng.random(count) < np.where(head_age > 65, 0.6, 0.92)) & ~head_female
    father = (head_age < 48) & (rng.random(count) < 0.16)
    mother = (head_age < 55) & (rng.random(count) < 0.26)
    sibling = (head_age < 36) & (rng.random(count) < 0.2)
    blocks: list[tuple[Ints, int, Ints, Flags]] = [(index, HEAD, head_age, head_female)]
    blocks.append((index[married], WIFE, wife_age[married], np.ones(married.sum(), bool)))
    for present, role, is_mother in ((father, FATHER, False), (mother, MOTHER, True)):
        count_of = int(present.sum())
        elder = head_age[present] + rng.integers(20, 33, count_of)
        blocks.append((index[present], role, elder, np.full(count_of, is_mother)))
    sibling_age = np.maximum(head_age[sibling] - rng.integers(1, 9, sibling.sum()), 1)
    blocks.append((index[sibling], SIBLING, sibling_age, rng.random(sibling.sum()) < 0.5))
    of_mother = np.where(married, wife_age, np.where(head_female, head_age, 0))
    blocks.append(_children(rng, index, of_mother))
    household = np.concatenate([block[0] for block in blocks])
    roles = np.concatenate([np.full(len(block[0]), block[1]) for block in blocks])
    age = np.concatenate([block[2] for block in blocks])
    female = np.concatenate([block[3] for block in blocks])
    order = np.lexsort((-age, roles, household))
    household, roles, age, female = (x[order] for x in (household, roles, age, female))
    age_days = age * 365 + age // 4 + rng.integers(0, 365, len(age))
    twin = np.zeros(len(age), dtype=bool)
    follows = (roles[1:] == CHILD) & (roles[:-1] == CHILD)
    follows &= household[1:] == household[:-1]
    twin[1:] = follows & (rng.random(len(age) - 1) < faults.twin * 1.6)
    twin[1:] &= ~twin[:-1]
    age_days[1:] = np.where(twin[1:], age_days[:-1], age_days[1:])
    return _Kin(household, roles, age_days, female, twin)


def _children(
    rng: np.random.Generator, index: Ints, mother_age: Ints
) -> tuple[Ints, int, Ints, Flags]:
    """Children who still live at home, eldest first in each household."""
    fertile = np.clip((mother_age - 20) / 13, 0, 1)
    count = np.minimum(rng.poisson(2.85 * fertile), 7)
    household = np.repeat(index, count)
    order = np.arange(len(household)) - np.repeat(np.cumsum(count) - count, count)
    first = np.repeat(mother_age - 20 - rng.integers(0, 4, len(index)), count)
    age = first - order * 3 - rng.integers(0, 2, len(household))
    female = rng.random(len(household)) < 0.49
    stays = np.where(age < 21, 1.0, np.where(female, 0.2, 0.5))
    stays = np.where(age > 30, stays * 0.4, stays)
    kept = (age >= 0) & (rng.random(len(age)) < stays)
    return household[kept], CHILD, age[kept], female[kept]


def _family_names(
    rng: np.random.Generator, kin: _Kin, folk: Ints, book: NameBook, faults: Faults
) -> tuple[Ints, Ints, Ints]:
    """Surname, father's given name and father's number of everybody."""
    household, role = kin.household, kin.role
    count = int(household[-1]) + 1
    household_folk = np.zeros(count, dtype=np.int64)
    household_folk[household] = folk
    family = book.draw_surnames(rng, household_folk)
    grandfather = book.draw_given(rng, household_folk, np.zeros(count, dtype=bool))
    alone = rng.random(count) >= faults.brothers_next_door
    alone[0] = True
    alone[1:] |= household_folk[1:] != household_folk[:-1]
    eldest = np.maximum.accumulate(np.where(alone, np.arange(count), 0))
    family, grandfather = family[eldest], grandfather[eldest]
    surname = family[household]
    father_given = book.draw_given(rng, folk, np.zeros(len(folk), dtype=bool))
    of_line = (role == HEAD) | (role == SIBLING)
    father_given[of_line] = grandfather[household][of_line]
    heads = np.full(count, -1, dtype=np.int64)
    men = (role == HEAD) & ~kin.is_female
    heads[household[men]] = np.flatnonzero(men)
    elders = np.full(count, -1, dtype=np.int64)
    elders[household[role == FATHER]] = np.flatnonzero(role == FATHER)
    father = np.where(role == CHILD, heads[household], -1)
    father = np.where(of_line, elders[household], father)
    return surname, father_given, father


def _given_names(
    rng: np.random.Generator,
    kin: _Kin,
    folk: Ints,
    book: NameBook,
    father: Ints,
    father_given: Ints,
) -> Ints:
    """Given names: siblings differ, twins by tradition, fathers as their line says."""
    given = book.draw_given(rng, folk, kin.is_female)
    sibling_role = np.where(np.isin(kin.role, (HEAD, SIBLING)), HEAD, kin.role)
    for _ in range(6):
        key = (kin.household * ROLES + sibling_role) * 100_000 + given
        order = np.argsort(key, kind="stable")
        repeated = np.zeros(len(key), dtype=bool)
        repeated[order[1:]] = key[order[1:]] == key[order[:-1]]
        if not repeated.any():
            break
        where = np.flatnonzero(repeated)
        given[where] = book.draw_given(rng, folk[where], kin.is_female[where])
    # The grandfather is called what his sons' patronymic says.
    sons = np.flatnonzero((kin.role == HEAD) & (father >= 0))
    given[father[sons]] = father_given[sons]
    second = np.flatnonzero(kin.is_twin_second)
    second = second[book.has_twin_names(folk[second]) & (rng.random(len(second)) < 0.7)]
    first = second - 1
    swap = rng.random(len(second)) < 0.5
    for a, b, flag in ((first, second, ~swap), (second, first, swap)):
        given[a[flag]] = book.twin_name(kin.is_female[a[flag]], elder=True)
        given[b[flag]] = book.twin_name(kin.is_female[b[flag]], elder=False)
    return given


def _birthdays(
    rng: np.random.Generator, birth: Ints, twin: Flags, election_day: int, faults: Faults
) -> Ints:
    """Birth days, with enough people at the very edge of eighteen years."""
    election = EPOCH + datetime.timedelta(days=election_day)
    edge = day_number(election.replace(year=election.year - 18, day=min(election.day, 28)))
    edge += election.day - min(election.day, 28)
    paired = twin.copy()
    paired[:-1] |= twin[1:]
    near = np.abs(birth - edge) < 900
    chosen = near & ~paired & (rng.random(len(birth)) < faults.eighteen_on_the_day * 16)
    moved = birth.copy()
    moved[chosen] = edge + rng.integers(-2, 3, int(chosen.sum()))
    return moved
