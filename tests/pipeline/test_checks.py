import dataclasses

import pytest

from pipeline import tables
from pipeline.checks import check_conservation, check_persons, find_alarms
from pipeline.errors import CheckFailed
from pipeline.run import Safety
from schemas.eligibility import EligibilityDecision
from schemas.person import Person
from schemas.place import Placement
from schemas.record import PersonRecord
from schemas.voter_list import Lineage, Reconciliation, VoterListEntry

A, B = "VAAAAAAAAAAAAA", "VBBBBBBBBBBBBB"


def test_balance_holds(engine, rows):
    balance = rows(
        Reconciliation,
        {"source": "mia/persons", "outcome": "LISTED", "rows": 3},
        {"source": "mia/persons", "outcome": "QUARANTINED", "rows": 1},
    )
    check_conservation(engine, balance, {"mia/persons": 4})


@pytest.mark.parametrize("delivered", [3, 5])
def test_a_row_too_many_or_too_few_stops(engine, rows, delivered):
    balance = rows(
        Reconciliation, {"source": "mia/persons", "outcome": "LISTED", "rows": 4}
    )
    with pytest.raises(CheckFailed, match=f"4 of {delivered}"):
        check_conservation(engine, balance, {"mia/persons": delivered})


def good(rows):
    return {
        "persons": rows(Person, {"person_id": 1}, {"person_id": 2}, {"person_id": 3}),
        "eligibility": rows(
            EligibilityDecision,
            {"person_id": 1, "is_eligible": True},
            {"person_id": 2, "is_eligible": True},
            {"person_id": 3, "is_eligible": False},
        ),
        "placements": rows(
            Placement,
            {"person_id": 1, "precinct_number": 1},
            {"person_id": 2, "unplaced_reason": "COVERAGE_GAP"},
        ),
        "voters": rows(VoterListEntry, {"voter_id": A, "pinfl": "31705800123456"}),
        "lineage": rows(
            Lineage, {"source": "mia/persons", "outcome": "LISTED", "record_id": "a"}
        ),
    }


def test_a_good_list_passes(engine, rows):
    check_persons(engine, **good(rows))


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ({"persons": (Person, {"person_id": 1}, {"person_id": 2})}, "one verdict"),
        (
            {
                "eligibility": (
                    EligibilityDecision,
                    *({"person_id": n, "is_eligible": True} for n in (1, 2, 3)),
                )
            },
            "one placement",
        ),
        (
            {
                "placements": (
                    Placement,
                    {"person_id": 1, "precinct_number": 1},
                    {"person_id": 2},
                )
            },
            "neither a precinct nor a reason",
        ),
        (
            {"voters": (VoterListEntry, {"voter_id": A}, {"voter_id": B})},
            "without a list entry",
        ),
        (
            {"voters": (VoterListEntry, {"voter_id": A}, {"voter_id": A})},
            "more than once",
        ),
        (
            {
                "voters": (
                    VoterListEntry,
                    {"voter_id": A, "pinfl": "31705800123456"},
                    {"voter_id": B, "pinfl": "31705800123456"},
                )
            },
            "PINFLs listed more than once",
        ),
        (
            {
                "lineage": (
                    Lineage,
                    {"source": "mia/persons", "outcome": "MERGED_INTO"},
                )
            },
            "without a LISTED source row",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_rule_stops_what_breaks_it(engine, rows, broken, rule):
    changed = {name: rows(schema, *given) for name, (schema, *given) in broken.items()}
    with pytest.raises(CheckFailed, match=rule):
        check_persons(engine, **(good(rows) | changed))


def test_shared_pinfl_with_a_question_passes(engine, rows):
    flagged = {"pinfl": "31705800123456", "flags": ["PINFL_SHARED"]}
    tables_of = good(rows) | {
        "placements": rows(
            Placement,
            {"person_id": 1, "precinct_number": 1},
            {"person_id": 2, "precinct_number": 1},
        ),
        "voters": rows(
            VoterListEntry, {"voter_id": A, **flagged}, {"voter_id": B, **flagged}
        ),
        "lineage": rows(
            Lineage,
            {"source": "mia/persons", "outcome": "LISTED", "record_id": "a"},
            {"source": "mia/persons", "outcome": "LISTED", "record_id": "b"},
        ),
    }
    check_persons(engine, **tables_of)


def alarms(engine, rows, **changes):
    before = [{"voter_id": f"V{n:013d}", "district_code": "1718203"} for n in range(100)]
    given = {
        "voters": rows(VoterListEntry, *before),
        "previous_voters": rows(VoterListEntry, *before),
        "records": rows(PersonRecord, {"row_id": 0, "pinfl": "31705800123456"}),
        "delivered": {"mia/persons": 100},
        "refused": {"mia/persons": 0},
        "previous_delivered": {"mia/persons": 100},
        "safety": dataclasses.replace(Safety(), removals_floor_count=5),
    }
    return [(alarm.code, alarm.where) for alarm in find_alarms(engine, **(given | changes))]


def test_a_usual_night_raises_no_alarm(engine, rows):
    assert alarms(engine, rows) == []


def test_first_release_raises_no_alarm(engine, rows):
    none = tables.empty_table(engine, "voters")
    assert alarms(engine, rows, previous_voters=none, previous_delivered={}) == []


def test_source_that_shrinks_by_a_third(engine, rows):
    found = alarms(engine, rows, delivered={"mia/persons": 66})
    assert found == [("SOURCE_SHRANK", "mia/persons")]


def test_source_that_is_gone(engine, rows):
    found = alarms(engine, rows, previous_delivered={"mia/persons": 99, "x": 7})
    assert found == [("SOURCE_SHRANK", "x")]


def test_district_that_loses_voters(engine, rows):
    left = [{"voter_id": f"V{n:013d}", "district_code": "1718203"} for n in range(94)]
    found = alarms(engine, rows, voters=rows(VoterListEntry, *left))
    assert found == [("DISTRICT_LOST_VOTERS", "1718203")]


def test_large_quarantine(engine, rows):
    found = alarms(engine, rows, refused={"mia/persons": 6})
    assert found == [("QUARANTINE_LARGE", "mia/persons")]


def test_pinfls_half_missing(engine, rows):
    found = alarms(engine, rows, records=rows(PersonRecord, {"row_id": 0}))
    assert found == [("PINFL_MISSING_SHARE", "mia/persons")]
