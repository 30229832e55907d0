"""Offices that write about people from their own papers: courts, hospitals, commissions.

What belongs here: drawing people nobody has written about yet, and the names, birth dates
and PINFLs as such an office writes them. Nobody is drawn twice, so that the truth needs
no rule of precedence.
"""

import dataclasses
import datetime

import numpy as np
import polars as pl

from pipeline.simulate.arrays import Ints
from pipeline.simulate.faults import Faults
from pipeline.simulate.identifiers import Identities, check_digit
from pipeline.simulate.name_book import NameBook
from pipeline.simulate.noise import misspell
from pipeline.simulate.people import EPOCH, People
from pipeline.simulate.registrations import Registrations
from pipeline.simulate.spelling import Style
from pipeline.simulate.truth import NOWHERE, Truth

STRANGER = -1
_STYLES = np.array([16, 6, 3, 4, 2, 2, 24, 8, 18, 9, 5, 2, 1], dtype=np.float64) / 100
"""Courts and registry offices write Cyrillic and Russian more than the register does."""


@dataclasses.dataclass
class Office:
    """Everything an office knows, and the people it can still write about."""

    rng: np.random.Generator
    people: People
    registrations: Registrations
    identities: Identities
    book: NameBook
    election_date: datetime.date
    as_of: datetime.date
    faults: Faults
    free: list[int] = dataclasses.field(default_factory=list)

    def open(self, truth: Truth) -> None:
        """Everybody who may vote and lives somewhere can be written about."""
        may_vote = np.array([ground is None for ground in truth.ground], dtype=bool)
        pool = np.flatnonzero(may_vote & (truth.precinct != NOWHERE))
        self.free = self.rng.permutation(pool).tolist()

    def take(self, share: float) -> list[int]:
        """So many people, as share of all; at least two where any are due."""
        due = max(round(share * len(self.people)), 2) if share > 0 else 0
        return [self.free.pop() for _ in range(min(due, len(self.free)))]

    def before(self, least: int, most: int) -> str:
        """A day so many days before the delivery."""
        days = int(self.rng.integers(least, most))
        return (self.as_of - datetime.timedelta(days=days)).isoformat()

    def around_election(self, least: int, most: int) -> str:
        """A day so many days after election day; below zero: before it."""
        days = int(self.rng.integers(least, most))
        return (self.election_date + datetime.timedelta(days=days)).isoformat()

    def names(self, person: int, *, changed: bool) -> tuple[str, str, str | None]:
        """Surname, given name, patronymic; a stranger's are nobody's.

        Args:
            person: number of the person, or STRANGER.
            changed: write in the office's own alphabet, perhaps with a slip, perhaps
                without patronymic; otherwise as the register does.
        """
        rng, people, book = self.rng, self.people, self.book
        whom = person if person >= 0 else int(rng.integers(len(people)))
        style = int(rng.choice(len(Style), p=_STYLES))
        if not changed:
            style = int(self.registrations.style[whom, 0])
        female = bool(people.is_female[whom])
        surname = book.surname(int(people.surname[whom]), female, style)
        # A stranger's given name comes from elsewhere, so that nobody is meant.
        given = book.given(int(people.given[self._namesake(whom, person)]), style)
        form = int(people.has_national_patronymic[whom])
        patronymic = book.patronymic(int(people.father_given[whom]), female, style, form)
        if changed and rng.random() < 0.25:
            surname = misspell(rng, surname)
        without = changed and rng.random() < 0.2
        return surname.upper(), given.upper(), None if without else patronymic.upper()

    def _namesake(self, whom: int, person: int) -> int:
        if person >= 0:
            return whom
        same_sex = np.flatnonzero(self.people.is_female == self.people.is_female[whom])
        return int(same_sex[int(self.rng.integers(len(same_sex)))])

    def birth_date(self, person: int) -> str | None:
        """The birth date; a stranger's is any; some papers have none."""
        day = int(self.rng.integers(-12_000, 8_000))
        if person >= 0:
            day = int(self.people.birth_day[person])
        if self.rng.random() < 0.02:
            return None
        return (EPOCH + datetime.timedelta(days=day)).isoformat()

    def pinfl(self, person: int) -> str:
        """The PINFL; a stranger's is of an area that no simulated person is from."""
        if person >= 0:
            return str(self.identities.pinfl[person])
        day, month, year = (int(self.rng.integers(1, n)) for n in (29, 13, 100))
        serial = int(self.rng.integers(1000))
        number = int(f"3{day:02d}{month:02d}{year:02d}999{serial:03d}")
        thirteen: Ints = np.array([number], dtype=np.int64)
        return f"{number}{int(check_digit(thirteen)[0])}"


@dataclasses.dataclass
class Written:
    """Rows that an office wrote, whom each is about, and the faults noted in them."""

    columns: tuple[str, ...]
    rows: list[tuple[str | None, ...]] = dataclasses.field(default_factory=list)
    persons: list[int] = dataclasses.field(default_factory=list)
    notes: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def frame(self) -> pl.DataFrame:
        """The rows as text columns."""
        schema = dict.fromkeys(self.columns, pl.String)
        return pl.DataFrame(self.rows, schema=schema, orient="row")
