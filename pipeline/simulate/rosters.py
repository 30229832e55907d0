"""cec/rosters: voters listed by an institution or by a mission abroad.

What belongs here: who is on a roster in truth and the rows that say so. A roster that
ended before election day moves nobody.
"""

from collections.abc import Sequence

from pipeline.simulate.office import Office, Written
from pipeline.simulate.precincts import INSTITUTIONS, Precinct
from pipeline.simulate.truth import Truth

COLUMNS = (
    "region_code", "precinct_number", "pinfl", "surname", "given_name", "patronymic",
    "birth_date", "document_number", "valid_from", "valid_until",
)  # fmt: skip
FILE = "cec/rosters.csv"
"""A roster row has no key of its own: it is named by file and row."""


def write_rosters(office: Office, truth: Truth, precincts: Sequence[Precinct]) -> Written:
    """The rosters; `truth` holds where the rostered vote."""
    written = Written(COLUMNS)
    special = {
        (precinct.region_code, precinct.kind): number
        for number, precinct in enumerate(precincts)
        if precinct.kind != "TERRITORIAL"
    }
    abroad = next(n for n, p in enumerate(precincts) if p.kind == "ABROAD")
    kinds = [*INSTITUTIONS, "ABROAD"]
    for person in office.take(office.faults.rostered):
        kind = kinds[int(office.rng.integers(len(kinds)))]
        home = precincts[int(truth.permanent[person])].region_code
        place = abroad if kind == "ABROAD" else special[home, kind]
        is_expired = bool(office.rng.random() < office.faults.roster_expired)
        if not is_expired:
            truth.precinct[person] = place
            truth.basis[person] = "ROSTER"
        _add(office, written, person, precincts[place], is_expired)
    return written


def _add(
    office: Office, written: Written, person: int, precinct: Precinct, is_expired: bool
) -> None:
    rng = office.rng
    record_id = f"{FILE}:{len(written.rows) + 1}"
    changed = bool(rng.random() < 0.25)
    names = office.names(person, changed=changed)
    pinfl: str | None = office.pinfl(person)
    if rng.random() < 0.15:
        pinfl = None
        written.notes.append((record_id, "PINFL_MISSING"))
    if changed:
        written.notes.append((record_id, "NAME_CHANGED"))
    if is_expired:
        written.notes.append((record_id, "EXPIRED"))
    document = office.identities.document(person) if rng.random() < 0.8 else None
    start = office.before(20, 300)
    end = office.around_election(-15, 0) if is_expired else office.around_election(0, 300)
    written.rows.append(
        (precinct.region_code, str(precinct.number), pinfl, *names,
         office.birth_date(person), document, start, end)
    )  # fmt: skip
    written.persons.append(person)
