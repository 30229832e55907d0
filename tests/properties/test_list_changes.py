"""Laws of changes: any two lists of any world tie, voter by voter and in sums."""

import collections

import hypothesis
import hypothesis.strategies as st

from pipeline import tables
from pipeline.run import Run
from tests.conftest import AS_OF, ELECTION_DATE, build_rows
from tests.pipeline.test_list_changes import list_all

ROWS = "abcdef"
PLACES = (("1718", "1718203", 1), ("1718", "1718203", 2), ("1718", "1718401", 3))
FATES = (
    *(("LISTED", basis) for basis in ("PERMANENT", "ROSTER", "DECISION")),
    ("INELIGIBLE", "DECEASED"),
    ("INELIGIBLE", "UNDER_AGE"),
    ("UNPLACED", "COVERAGE_GAP"),
)


def number(person):
    return f"V{person:013d}"


@st.composite
def nights(draw):
    """Rows that are delivered or not, tied to persons or not, who are listed or not."""
    persons = draw(
        st.lists(st.none() | st.integers(0, 4), min_size=len(ROWS), max_size=len(ROWS))
    )
    lineage, voters = [], []
    for person in sorted({person for person in persons if person is not None}):
        outcome, reason = draw(st.sampled_from(FATES))
        region, district, precinct = draw(st.sampled_from(PLACES))
        records = [row for row, of in zip(ROWS, persons, strict=True) if of == person]
        for index, record in enumerate(records):
            merged = outcome == "LISTED" and index > 0
            lineage.append(
                {
                    "source": "mia/persons",
                    "record_id": record,
                    "person_id": number(person),
                    "voter_id": number(person) if outcome == "LISTED" else None,
                    "outcome": "MERGED_INTO" if merged else outcome,
                    "reason": "PINFL" if merged else reason,
                }
            )
        if outcome == "LISTED":
            voters.append(
                {
                    "voter_id": number(person),
                    "region_code": region,
                    "district_code": district,
                    "precinct_number": precinct,
                    "basis": reason,
                    "surname": draw(st.sampled_from(["Karimov", "Karimova"])),
                    "house": draw(st.sampled_from([None, "7"])),
                }
            )
    return lineage, voters


def place_of(entry, moment):
    return tuple(
        entry[f"{name}_{moment}"]
        for name in ("region_code", "district_code", "precinct_number")
    )


@hypothesis.settings(max_examples=20)
@hypothesis.given(nights(), nights())
def test_two_nights_tie_whatever_happened_between_them(tmp_path_factory, first, second):
    """list_all validates the contract and runs the check that guards publication."""
    was, before = first
    becomes, now = second
    hypothesis.assume(was)
    run = Run("d", "o", ELECTION_DATE, AS_OF, str(tmp_path_factory.getbasetemp() / "w"))
    with tables.open_engine(run) as engine:
        changes = list_all(
            engine, build_rows(engine), before, now, was=was, becomes=becomes
        )
    told = collections.Counter(entry["change"] for entry in changes)
    gone = {v["voter_id"] for v in before} - {v["voter_id"] for v in now}
    assert {e["voter_id"] for e in changes if e["change"] == "REMOVED"} == gone
    assert len(before) + told["ADDED"] - told["REMOVED"] == len(now)
    precincts = collections.Counter(
        (v["region_code"], v["district_code"], v["precinct_number"]) for v in before
    )
    for entry in changes:
        if entry["change"] != "CORRECTED":
            precincts[place_of(entry, "before")] -= entry["change"] != "ADDED"
            precincts[place_of(entry, "after")] += entry["change"] != "REMOVED"
    assert +precincts == collections.Counter(
        (v["region_code"], v["district_code"], v["precinct_number"]) for v in now
    )
