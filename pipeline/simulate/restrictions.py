"""mia/restrictions: deaths, incapacity, imprisonment, loss of citizenship.

What belongs here: who is restricted in truth, and the acts that say so, under slightly
other names and not always with a PINFL.
"""

from pipeline.simulate.office import STRANGER, Office, Written
from pipeline.simulate.truth import Truth

COLUMNS = (
    "record_id", "kind", "gravity", "pinfl", "surname", "given_name", "patronymic",
    "birth_date", "valid_from", "valid_until", "authority", "reference",
)  # fmt: skip
_GRAVITY = {"ORDINARY": 0.5, "GRAVE": 0.35, "ESPECIALLY_GRAVE": 0.15}
_COURT = "Jinoyat ishlari bo'yicha tuman sudi"


def write_restrictions(office: Office, truth: Truth) -> Written:
    """The acts; `truth` holds the grounds they give."""
    faults = office.faults
    written = Written(COLUMNS)
    for kind, share, ground, authority, longest in (
        ("DEATH", faults.death, "DECEASED", "FHDYo bo'limi", 900),
        ("INCAPACITY", faults.incapacity, "INCAPACITATED", "Fuqarolik sudi", 3000),
        ("CITIZENSHIP_LOSS", faults.citizenship_loss, "CITIZENSHIP_LOST", "IIV", 3000),
    ):
        for person in office.take(share):
            truth.ground[person] = ground
            period = (office.before(5, longest), None)
            _add(office, written, person, (kind, None), period, authority)
    for person in office.take(faults.imprisonment):
        _imprison(office, truth, written, person)
    for _ in range(round(faults.restriction_of_stranger * len(written.rows))):
        period = (office.before(5, 900), None)
        _add(office, written, STRANGER, ("DEATH", None), period, "FHDYo bo'limi")
    order = office.rng.permutation(len(written.rows)).tolist()
    written.rows = [written.rows[n] for n in order]
    written.persons = [written.persons[n] for n in order]
    return written


def _imprison(office: Office, truth: Truth, written: Written, person: int) -> None:
    """A sentence: only a grave one that runs on election day takes the vote (Art. 5)."""
    rng = office.rng
    gravity = str(rng.choice(list(_GRAVITY), p=list(_GRAVITY.values())))
    start = office.before(700, 2500)
    if rng.random() < office.faults.restriction_expired:
        # The last day of the sentence is before election day, sometimes by one day.
        end = office.around_election(-600, 0)
    else:
        end = office.around_election(0, 3000)
        if gravity != "ORDINARY":
            truth.ground[person] = "IMPRISONED"
    _add(office, written, person, ("IMPRISONMENT", gravity), (start, end), _COURT)


def _add(
    office: Office,
    written: Written,
    person: int,
    kind: tuple[str, str | None],
    period: tuple[str, str | None],
    authority: str,
) -> None:
    record_id = f"D{len(written.rows) + 1:07d}"
    changed = bool(office.rng.random() < office.faults.restriction_name_changed)
    names = office.names(person, changed=changed)
    pinfl: str | None = office.pinfl(person)
    if office.rng.random() < office.faults.restriction_pinfl_missing:
        pinfl = None
        written.notes.append((record_id, "PINFL_MISSING"))
    if changed:
        written.notes.append((record_id, "NAME_CHANGED"))
    if person == STRANGER:
        written.notes.append((record_id, "STRANGER"))
    number = f"{int(office.rng.integers(1, 9999))}-{period[0][:4]}"
    birth = office.birth_date(person)
    written.rows.append(
        (record_id, *kind, pinfl, *names, birth, *period, authority, number)
    )
    written.persons.append(person)
