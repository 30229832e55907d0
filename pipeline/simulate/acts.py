"""What authorities and commissions wrote about people: restrictions, rosters, decisions.

What belongs here: who is restricted, rostered or decided on in truth, and the rows that
say so, under names as those offices write them. Nobody gets two of these, so that the
truth needs no rule of precedence.
"""

import dataclasses
import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.simulate.faults import Faults
from pipeline.simulate.identifiers import check_digit
from pipeline.simulate.name_book import NameBook
from pipeline.simulate.noise import misspell
from pipeline.simulate.people import EPOCH, UZBEK_CITIZEN, People
from pipeline.simulate.precincts import INSTITUTIONS, Precinct
from pipeline.simulate.register_rows import Identities
from pipeline.simulate.registrations import BirthFault, PinflFault, Registrations, RowKind
from pipeline.simulate.spelling import Style

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Columns = dict[str, list[str | None]]

RESTRICTION_COLUMNS = (
    "record_id", "kind", "gravity", "pinfl", "surname", "given_name", "patronymic",
    "birth_date", "valid_from", "valid_until", "authority", "reference",
)  # fmt: skip
ROSTER_COLUMNS = (
    "region_code", "precinct_number", "pinfl", "surname", "given_name", "patronymic",
    "birth_date", "document_number", "valid_from", "valid_until",
)  # fmt: skip
DECISION_COLUMNS = (
    "decision_id", "kind", "decided_by", "decided_at", "reason", "record_id_a",
    "record_id_b", "record_id", "field", "value", "voter_id", "pinfl", "region_code",
    "precinct_number",
)  # fmt: skip
_COURT = "Jinoyat ishlari bo'yicha sud"


@dataclasses.dataclass
class Truth:
    """What holds for each person on election day; filled by the acts."""

    ground: list[str | None]
    precinct: Ints
    """Index of the precinct where the person votes; -1: none."""
    basis: list[str]


@dataclasses.dataclass
class Acts:
    """Rows of the three tables, and which person each is about (-1: a stranger)."""

    restrictions: pl.DataFrame
    restriction_person: list[int]
    rosters: pl.DataFrame
    roster_person: list[int]
    decisions: pl.DataFrame
    faults: list[tuple[str, str, str]]
    """(source, record, fault)."""


class ActWriter:
    """Draws people for acts and writes the rows; the truth changes as it goes."""

    def __init__(
        self,
        rng: np.random.Generator,
        people: People,
        registrations: Registrations,
        identities: Identities,
        book: NameBook,
        election_date: datetime.date,
        faults: Faults,
    ) -> None:
        """Take the people and who of them can still be drawn."""
        self._rng = rng
        self._people = people
        self._rows = registrations
        self._identities = identities
        self._book = book
        self._election = election_date
        self._faults = faults
        self._restrictions: list[tuple[str | None, ...]] = []
        self._restriction_person: list[int] = []
        self._rosters: list[tuple[str | None, ...]] = []
        self._roster_person: list[int] = []
        self._decisions: list[tuple[str | None, ...]] = []
        self._notes: list[tuple[str, str, str]] = []
        self._free: list[int] = []

    def write(
        self,
        truth: Truth,
        precincts: list[Precinct],
        region_of_person: list[str],
        temporary_precinct: Ints,
        record_ids: list[str],
    ) -> Acts:
        """All acts; `truth` holds what they change."""
        adults = np.array([ground is None for ground in truth.ground], dtype=bool)
        adults &= truth.precinct >= 0
        pool = self._rng.permutation(np.flatnonzero(adults))
        self._free = pool.tolist()[::-1]
        self._restrict(truth, len(adults))
        self._roster(truth, precincts, region_of_person, len(adults))
        self._decide(truth, precincts, temporary_precinct, record_ids, len(adults))
        return Acts(
            _frame(RESTRICTION_COLUMNS, self._restrictions),
            self._restriction_person,
            _frame(ROSTER_COLUMNS, self._rosters),
            self._roster_person,
            _frame(DECISION_COLUMNS, self._decisions),
            self._notes,
        )

    def _take(self, share: float, people: int) -> list[int]:
        """So many people nobody has written about yet; at least two where any are due."""
        count = min(max(round(share * people), 2 if share > 0 else 0), len(self._free))
        return [self._free.pop() for _ in range(count)]

    def _day(self, days: int) -> str:
        return (self._election + datetime.timedelta(days=days)).isoformat()

    # Restrictions

    def _restrict(self, truth: Truth, people: int) -> None:
        faults, rng = self._faults, self._rng
        for person in self._take(faults.death, people):
            truth.ground[person] = "DECEASED"
            start = self._day(-int(rng.integers(5, 900)))
            self._restriction(person, "DEATH", None, start, None, "FHDYo bo'limi")
        for person in self._take(faults.incapacity, people):
            truth.ground[person] = "INCAPACITATED"
            start = self._day(-int(rng.integers(60, 3000)))
            self._restriction(person, "INCAPACITY", None, start, None, "Fuqarolik sudi")
        for person in self._take(faults.citizenship_loss, people):
            truth.ground[person] = "CITIZENSHIP_LOST"
            start = self._day(-int(rng.integers(60, 3000)))
            self._restriction(person, "CITIZENSHIP_LOSS", None, start, None, "IIV")
        for person in self._take(faults.imprisonment, people):
            gravity = str(rng.choice(["ORDINARY", "GRAVE", "ESPECIALLY_GRAVE"], p=_GRAVITY))
            start = self._day(-int(rng.integers(700, 2500)))
            expired = rng.random() < faults.restriction_expired
            days = -int(rng.integers(1, 600)) if expired else int(rng.integers(0, 3000))
            if gravity != "ORDINARY" and not expired:
                truth.ground[person] = "IMPRISONED"
            self._restriction(
                person, "IMPRISONMENT", gravity, start, self._day(days), _COURT
            )
        strangers = round(faults.restriction_of_stranger * len(self._restrictions))
        for _ in range(strangers):
            self._restriction(-1, "DEATH", None, self._day(-30), None, "FHDYo bo'limi")
        self._shuffle_restrictions()

    def _restriction(
        self,
        person: int,
        kind: str,
        gravity: str | None,
        start: str,
        end: str | None,
        authority: str,
    ) -> None:
        record = f"D{len(self._restrictions):07d}"
        rng = self._rng
        changed = rng.random() < self._faults.restriction_name_changed
        names = self._names(person, changed=changed)
        birth = self._birth(person)
        pinfl = self._pinfl(person)
        if rng.random() < self._faults.restriction_pinfl_missing:
            pinfl = None
            self._notes.append(("mia/restrictions", record, "PINFL_MISSING"))
        if changed:
            self._notes.append(("mia/restrictions", record, "NAME_CHANGED"))
        if person < 0:
            self._notes.append(("mia/restrictions", record, "STRANGER"))
        number = f"{int(rng.integers(1, 9999))}-{start[:4]}"
        self._restrictions.append(
            (record, kind, gravity, pinfl, *names, birth, start, end, authority, number)
        )
        self._restriction_person.append(person)

    def _shuffle_restrictions(self) -> None:
        order = self._rng.permutation(len(self._restrictions)).tolist()
        self._restrictions = [self._restrictions[n] for n in order]
        self._restriction_person = [self._restriction_person[n] for n in order]

    def _names(self, person: int, *, changed: bool) -> tuple[str, str, str | None]:
        rng, people, book = self._rng, self._people, self._book
        whom = person if person >= 0 else int(rng.integers(len(people)))
        style = int(rng.choice(len(Style), p=_OFFICE_STYLES))
        if not changed:
            style = int(self._rows.style[whom, 0])
        female = bool(people.is_female[whom])
        form = int(people.has_national_patronymic[whom])
        surname = book.surname(int(people.surname[whom]), female, style)
        given = book.given(int(people.given[whom]), style)
        if person < 0:
            given = book.given(int(people.father_given[whom]), style)
        patronymic: str | None = book.patronymic(
            int(people.father_given[whom]), female, style, form
        )
        if changed and rng.random() < 0.25:
            surname = misspell(rng, surname)
        if changed and rng.random() < 0.2:
            patronymic = None
        return surname.upper(), given.upper(), patronymic and patronymic.upper()

    def _birth(self, person: int) -> str | None:
        day = int(self._people.birth_day[person]) if person >= 0 else int(
            self._rng.integers(-12_000, 8_000)
        )
        if self._rng.random() < 0.02:
            return None
        return (EPOCH + datetime.timedelta(days=day)).isoformat()

    def _pinfl(self, person: int) -> str | None:
        if person >= 0:
            return self._identities.pinfl[person]
        number = int(self._rng.integers(3_01_01_60_998_000 // 10, 3_28_12_99_999_999 // 10))
        digit = int(check_digit(np.array([number], dtype=np.int64))[0])
        return f"{number}{digit}"

    # Rosters

    def _roster(
        self, truth: Truth, precincts: list[Precinct], region: list[str], people: int
    ) -> None:
        special: dict[tuple[str, str], int] = {
            (p.region_code, p.kind): n
            for n, p in enumerate(precincts)
            if p.kind != "TERRITORIAL"
        }
        abroad = next(n for n, p in enumerate(precincts) if p.kind == "ABROAD")
        kinds = [*INSTITUTIONS, "ABROAD"]
        for person in self._take(self._faults.rostered, people):
            kind = kinds[int(self._rng.integers(len(kinds)))]
            place = abroad if kind == "ABROAD" else special[region[person], kind]
            expired = self._rng.random() < self._faults.roster_expired
            if not expired:
                truth.precinct[person] = place
                truth.basis[person] = "ROSTER"
            self._roster_row(person, precincts[place], expired)

    def _roster_row(self, person: int, precinct: Precinct, expired: bool) -> None:
        rng = self._rng
        row = f"cec/rosters.csv:{len(self._rosters) + 1}"
        changed = rng.random() < 0.25
        names = self._names(person, changed=changed)
        pinfl = self._pinfl(person)
        if rng.random() < 0.15:
            pinfl = None
            self._notes.append(("cec/rosters", row, "PINFL_MISSING"))
        if changed:
            self._notes.append(("cec/rosters", row, "NAME_CHANGED"))
        document = self._identities.documents[person] if rng.random() < 0.8 else None
        start = self._day(-int(rng.integers(20, 300)))
        end = self._day(-int(rng.integers(1, 15)) if expired else int(rng.integers(0, 300)))
        birth = self._birth(person)
        self._rosters.append(
            (precinct.region_code, str(precinct.number), pinfl, *names, birth, document,
             start, end)
        )  # fmt: skip
        self._roster_person.append(person)

    # Decisions

    def _decide(
        self,
        truth: Truth,
        precincts: list[Precinct],
        temporary: Ints,
        record_ids: list[str],
        people: int,
    ) -> None:
        sound = self._rows.pinfl_fault[: len(self._people)] == PinflFault.NONE
        count = max(round(self._faults.decided * people), 4)
        count = count if self._faults.decided > 0 else 0
        with_temporary = [p for p in self._free if temporary[p] >= 0 and sound[p]]
        for n, person in enumerate(with_temporary[: count // 2]):
            kind = "CONFIRM_TEMPORARY" if n % 2 == 0 else "CONFIRM_PERMANENT"
            if n % 2 == 0:
                truth.precinct[person] = temporary[person]
                truth.basis[person] = "TEMPORARY"
            self._decision(kind, "Uyma-uy yurib aniqlandi", person=person)
        used = set(with_temporary[: count // 2])
        others = [p for p in self._free if p not in used and sound[p] and temporary[p] < 0]
        for n, person in enumerate(others[: count // 4]):
            if n % 3 == 0:
                truth.ground[person] = "EXCLUDED_BY_DECISION"
                self._decision("EXCLUDE", "Sud qarori", person=person)
            elif n % 3 == 1:
                home = precincts[int(truth.precinct[person])]
                near = [
                    k for k, p in enumerate(precincts)
                    if p.kind == "TERRITORIAL" and p.district_code == home.district_code
                ]  # fmt: skip
                chosen = near[int(self._rng.integers(len(near)))]
                truth.precinct[person] = chosen
                truth.basis[person] = "DECISION"
                self._decision(
                    "ASSIGN_PRECINCT", "Ariza", person=person, precinct=precincts[chosen]
                )
            else:
                self._decision("INCLUDE", "Ariza", person=person)
        self._decide_on_rows(record_ids, max(count // 4, 2) if count else 0)

    def _decide_on_rows(self, record_ids: list[str], count: int) -> None:
        rows = self._rows
        doubled = np.flatnonzero(rows.kind == RowKind.DUPLICATE)[:count].tolist()
        for row in doubled:
            pair = (record_ids[row], record_ids[int(rows.person[row])])
            self._decision("SAME_PERSON", "Hujjatlar solishtirildi", pair=pair)
        twins = np.flatnonzero(self._people.is_twin[:-1] & self._people.is_twin[1:])
        birth = self._people.birth_day
        twins = twins[birth[twins] == birth[twins + 1]][:count]
        for person in twins.tolist():
            pair = (record_ids[person], record_ids[person + 1])
            self._decision("DIFFERENT_PERSONS", "Egizaklar", pair=pair)
        swapped = np.flatnonzero(rows.birth_fault == BirthFault.SWAPPED)[:count].tolist()
        for row in swapped:
            day = int(birth[rows.person[row]])
            value = (EPOCH + datetime.timedelta(days=day)).isoformat()
            self._decision(
                "CORRECT", "Pasport", correction=(record_ids[row], "birth_date", value)
            )

    def _decision(
        self,
        kind: str,
        reason: str,
        person: int | None = None,
        precinct: Precinct | None = None,
        pair: tuple[str | None, str | None] = (None, None),
        correction: tuple[str | None, str | None, str | None] = (None, None, None),
    ) -> None:
        number = len(self._decisions) + 1
        at = self._day(-int(self._rng.integers(20, 50))) + " 10:00:00"
        self._decisions.append(
            (f"Q-{number:05d}", kind, "Uchastka saylov komissiyasi", at, reason, *pair,
             *correction, None, None if person is None else self._identities.pinfl[person],
             precinct and precinct.region_code, precinct and str(precinct.number))
        )  # fmt: skip


_GRAVITY = (0.5, 0.35, 0.15)
_OFFICE_STYLES = np.array([16, 6, 3, 4, 2, 2, 24, 8, 18, 9, 5, 2, 1], dtype=np.float64) / 100


def _frame(columns: tuple[str, ...], rows: list[tuple[str | None, ...]]) -> pl.DataFrame:
    schema = dict.fromkeys(columns, pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")
