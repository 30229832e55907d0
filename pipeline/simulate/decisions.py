"""cec/decisions and cec/requests: what was decided, one of every kind, and asked for.

What belongs here: who is decided on in truth, and the rows that say so.
"""

import dataclasses
import datetime
from collections.abc import Callable, Sequence

import numpy as np

from pipeline.simulate.office import STRANGER, Office, Written
from pipeline.simulate.people import EPOCH
from pipeline.simulate.precincts import Precinct
from pipeline.simulate.registrations import BirthFault, PinflFault, RowKind
from pipeline.simulate.truth import NOWHERE, Truth

COLUMNS = (
    "decision_id", "kind", "decided_by", "decided_at", "reason", "record_id_a",
    "record_id_b", "record_id", "field", "value", "voter_id", "pinfl", "region_code",
    "precinct_number", "withdraws", "request_id",
)  # fmt: skip
REQUEST_COLUMNS = (
    "request_id", "submitted_at", "voter_id", "pinfl", "region_code", "precinct_number",
    "station_address", "reason",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class _About:
    """What a decision is about; what doesn't apply is null."""

    pair: tuple[str | None, str | None] = (None, None)
    correction: tuple[str | None, str | None, str | None] = (None, None, None)
    pinfl: str | None = None
    precinct: tuple[str | None, str | None] = (None, None)
    withdraws: str | None = None
    request: str | None = None


def write_decisions(
    office: Office,
    truth: Truth,
    precincts: Sequence[Precinct],
    record_id: Callable[[int], str],
) -> tuple[Written, Written]:
    """The decisions, and the requests of voters; `truth` holds what they change.

    Args:
        office: who writes.
        truth: changed by exclusions, assignments and confirmed temporary residences.
        precincts: of the election.
        record_id: record id of a registration by its index.
    """
    written, requests = Written(COLUMNS), Written(REQUEST_COLUMNS)
    share = office.faults.decided
    count = max(round(share * len(office.people)), 8) if share > 0 else 0
    sound = office.registrations.pinfl_fault[: len(office.people)] == PinflFault.NONE
    free = np.array(office.free, dtype=np.int64)
    free = free[sound[free]]
    away = truth.temporary[free] != NOWHERE
    _confirm(office, truth, written, free[away][: count // 2].tolist())
    ruled = free[~away][: count // 4].tolist()
    _rule_on_voters(office, truth, written, requests, precincts, ruled)
    _rule_on_rows(office, written, record_id, count // 8)
    others = free[~away][count // 4 :]
    _take_back(office, written, others[: count // 16].tolist())
    waiting = others[count // 16 :][: count // 8].tolist()
    _ask(office, truth, written, requests, precincts, waiting)
    return written, requests


def _ask(
    office: Office,
    truth: Truth,
    written: Written,
    requests: Written,
    precincts: Sequence[Precinct],
    persons: list[int],
) -> None:
    """Requests nobody granted: a third refused, the rest waiting; one names a stranger.

    Whoever asks stays where the register has them.
    """
    for n, person in enumerate([*persons, STRANGER][: len(persons) + bool(persons)]):
        home = int(truth.precinct[person]) if person != STRANGER else 0
        chosen = precincts[_near(office, precincts, home)]
        day = office.before(0, 6)
        number = _request(office, requests, person, chosen, day, by_address=n % 5 == 4)
        if n % 3 == 0 and person != STRANGER:
            about = _About(request=number)
            reason = "Manzil tasdiqlanmadi"
            _add(office, written, "REFUSE_REQUEST", reason, about, f"{day} 17:00:00")


def _request(
    office: Office,
    requests: Written,
    person: int,
    wanted: Precinct,
    day: str,
    *,
    by_address: bool = False,
) -> str:
    """Write a voter's request of a day; its number."""
    number = f"A-{len(requests.rows) + 1:06d}"
    station: tuple[str | None, ...] = (
        wanted.region_code,
        None if by_address else str(wanted.number),
        f"{wanted.number}-maktab" if by_address else None,
    )
    head = (number, f"{day} 08:30:00", None, office.pinfl(person))
    requests.rows.append((*head, *station, "Boshqa manzilda yashayman"))
    return number


def _take_back(office: Office, written: Written, persons: list[int]) -> None:
    """Exclusions of the wrong person, withdrawn the same day: nothing comes of them."""
    for person in persons:
        day = str(written.rows[0][3])[:10]
        about = _About(pinfl=office.pinfl(person))
        number = _add(office, written, "EXCLUDE", "Sud qarori", about, f"{day} 10:00:00")
        back = _About(withdraws=number)
        _add(office, written, "WITHDRAW", "Boshqa shaxs", back, f"{day} 16:00:00")


def _add(
    office: Office,
    written: Written,
    kind: str,
    reason: str,
    about: _About,
    at: str | None = None,
) -> str:
    """Write a decision, of any day of the last three weeks by default; its number."""
    number = f"Q-{len(written.rows) + 1:06d}"
    at = at or f"{office.before(0, 20)} 10:00:00"
    head = (number, kind, "Uchastka saylov komissiyasi", at, reason)
    written.rows.append(
        (
            *head,
            *about.pair,
            *about.correction,
            None,
            about.pinfl,
            *about.precinct,
            about.withdraws,
            about.request,
        )
    )
    return number


def _confirm(office: Office, truth: Truth, written: Written, persons: list[int]) -> None:
    """Door to door: half of the temporary residents asked will vote there."""
    for n, person in enumerate(persons):
        kind = "CONFIRM_PERMANENT" if n % 2 else "CONFIRM_TEMPORARY"
        if kind == "CONFIRM_TEMPORARY":
            truth.precinct[person] = truth.temporary[person]
            truth.basis[person] = "TEMPORARY"
        about = _About(pinfl=office.pinfl(person))
        _add(office, written, kind, "Uyma-uy yurib aniqlandi", about)


def _rule_on_voters(
    office: Office,
    truth: Truth,
    written: Written,
    requests: Written,
    precincts: Sequence[Precinct],
    persons: list[int],
) -> None:
    for n, person in enumerate(persons):
        pinfl = office.pinfl(person)
        if n % 3 == 0:
            truth.ground[person] = "EXCLUDED_BY_DECISION"
            _add(office, written, "EXCLUDE", "Sud qarori", _About(pinfl=pinfl))
        elif n % 3 == 1:
            chosen = _near(office, precincts, int(truth.precinct[person]))
            truth.precinct[person] = chosen
            truth.basis[person] = "DECISION"
            place = (precincts[chosen].region_code, str(precincts[chosen].number))
            day = office.before(0, 20)
            asked = _request(office, requests, person, precincts[chosen], day)
            about = _About(pinfl=pinfl, precinct=place, request=asked)
            reason = "Saylovchining arizasi"
            _add(office, written, "ASSIGN_PRECINCT", reason, about, f"{day} 16:30:00")
        else:
            about = _About(pinfl=pinfl)
            _add(office, written, "INCLUDE", "Saylovchining arizasi", about)


def _near(office: Office, precincts: Sequence[Precinct], home: int) -> int:
    """A territorial precinct of the same district; the same one where it is alone."""
    near = [
        number
        for number, precinct in enumerate(precincts)
        if precinct.kind == "TERRITORIAL"
        and precinct.district_code == precincts[home].district_code
    ]
    return near[int(office.rng.integers(len(near)))]


def _rule_on_rows(
    office: Office, written: Written, record_id: Callable[[int], str], count: int
) -> None:
    """Verdicts on pairs of rows, and corrections of swapped birth dates."""
    rows, people = office.registrations, office.people
    for row in np.flatnonzero(rows.kind == RowKind.DUPLICATE)[:count].tolist():
        about = _About(pair=(record_id(row), record_id(int(rows.person[row]))))
        _add(office, written, "SAME_PERSON", "Hujjatlar solishtirildi", about)
    twins = people.is_twin[:-1] & people.is_twin[1:]
    twins &= people.birth_day[:-1] == people.birth_day[1:]
    for person in np.flatnonzero(twins)[:count].tolist():
        about = _About(pair=(record_id(person), record_id(person + 1)))
        _add(office, written, "DIFFERENT_PERSONS", "Egizaklar", about)
    swapped = np.flatnonzero(rows.birth_fault == BirthFault.SWAPPED)
    for row in swapped[:count].tolist():
        born = EPOCH + datetime.timedelta(days=int(people.birth_day[rows.person[row]]))
        about = _About(correction=(record_id(row), "birth_date", born.isoformat()))
        _add(office, written, "CORRECT", "Pasport bo'yicha", about)
