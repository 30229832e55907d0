"""Questions that are open no more, and what each owner gets to see."""

import datetime

import pytest

from pipeline import tables
from pipeline.find_discrepancies.owners import owner_table, questions_of
from pipeline.find_discrepancies.resolved import list_resolved
from schemas.catalogue import TABLES
from schemas.codes import Owner
from schemas.discrepancy import Discrepancy, ResolvedDiscrepancy
from schemas.voter_list import Lineage, ListChange, VoterListEntry
from tests.conftest import AS_OF

A, B = "VAAAAAAAAAAAAA", "VBBBBBBBBBBBBB"
FIRST = datetime.date(2026, 10, 1)


def question(number="D1", **values):
    return {
        "discrepancy_id": number,
        "code": "PINFL_MISSING",
        "record_ids": ["a"],
        "voter_id": A,
        "first_seen": FIRST,
        "release_count": 7,
        **values,
    }


def row(record, person, source="mia/persons", outcome="LISTED"):
    return {
        "source": source,
        "record_id": record,
        "person_id": person,
        "voter_id": person,
        "outcome": outcome,
        "reason": "x",
    }


def decision(number, person, outcome="APPLIED"):
    return row(number, person, "cec/decisions", outcome)


def resolve(engine, rows, before, now=(), *, was=(), becomes=(), changes=(), listed=(A,)):
    def table(schema, name, given):
        return rows(schema, *given) if given else tables.empty_table(engine, name)

    found = list_resolved(
        engine,
        table(Discrepancy, "discrepancies", now),
        table(VoterListEntry, "voters", [{"voter_id": number} for number in listed]),
        table(ListChange, "changes", changes),
        table(Lineage, "lineage", becomes),
        table(Discrepancy, "discrepancies", before),
        table(Lineage, "lineage", was),
        AS_OF,
    )
    frame = found.pl().sort("discrepancy_id")
    ResolvedDiscrepancy.validate(frame, cast=True)
    return {
        entry["discrepancy_id"]: (entry["resolution"], entry["decision_id"])
        for entry in frame.to_dicts()
    }


def test_question_that_stands_is_not_resolved(engine, rows):
    assert resolve(engine, rows, [question()], [question(release_count=8)]) == {}


def test_first_release_resolves_nothing(engine, rows):
    assert resolve(engine, rows, [], [question()]) == {}


CAUSES = {
    "nothing known": ({}, ("CAUSE_GONE", None)),
    "row gone": ({"becomes": []}, ("SOURCE_CHANGED", None)),
    "entry corrected": (
        {"changes": [{"voter_id": A, "change": "CORRECTED", "field": "pinfl"}]},
        ("SOURCE_CHANGED", None),
    ),
    "another voter corrected": (
        {"changes": [{"voter_id": B, "change": "CORRECTED", "field": "pinfl"}]},
        ("CAUSE_GONE", None),
    ),
    "voter removed": (
        {"changes": [{"voter_id": A, "change": "REMOVED"}]},
        ("VOTER_REMOVED", None),
    ),
    "decision": (
        {"becomes": [row("a", A), decision("B-2", A), decision("B-1", A)]},
        ("DECISION", "B-1"),
    ),
    "decision removed the voter": (
        {
            "becomes": [row("a", A), decision("B-1", A)],
            "changes": [{"voter_id": A, "change": "REMOVED"}],
        },
        ("DECISION", "B-1"),
    ),
    "decision that held before": (
        {
            "was": [row("a", A), decision("B-1", A)],
            "becomes": [row("a", A), decision("B-1", A)],
        },
        ("CAUSE_GONE", None),
    ),
    "decision refused": (
        {"becomes": [row("a", A), decision("B-1", A, "NOT_APPLIED")]},
        ("CAUSE_GONE", None),
    ),
    "decision about somebody else": (
        {"becomes": [row("a", A), decision("B-1", B)]},
        ("CAUSE_GONE", None),
    ),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_what_ended_a_question(engine, rows, cause):
    given, expected = CAUSES[cause]
    given = {"was": [row("a", A)], "becomes": [row("a", A)]} | given
    assert resolve(engine, rows, [question()], **given) == {"D1": expected}


def test_pair_made_one_by_a_decision(engine, rows):
    """The question named two rows and no voter; their persons are one now."""
    pair = question(record_ids=["a", "b"], voter_id=None)
    found = resolve(
        engine,
        rows,
        [pair],
        was=[row("a", A), row("b", B)],
        becomes=[row("a", A), row("b", A), decision("B-1", A)],
    )
    assert found == {"D1": ("DECISION", "B-1")}


def test_question_about_a_precinct_names_nobody(engine, rows):
    large = question(code="PRECINCT_TOO_LARGE", record_ids=[], voter_id=None)
    assert resolve(engine, rows, [large]) == {"D1": ("CAUSE_GONE", None)}


@pytest.mark.parametrize("owner", Owner)
def test_owner_gets_its_own_questions_in_its_own_columns(engine, rows, owner):
    questions = rows(Discrepancy, *(question(f"D-{of}", owner=of.value) for of in Owner))
    frame = questions_of(engine, questions, owner).pl()
    assert frame["discrepancy_id"].to_list() == [f"D-{owner}"]
    TABLES[owner_table(owner)].validate(frame, cast=True)


PERSONAL = {
    Owner.MIA: {"voter_id", "precinct_number", "address"},
    Owner.CADASTRE: {"voter_id", "record_ids", "precinct_number"},
    Owner.CEC: {"weight"},
    Owner.COMMISSION: set(),
}


@pytest.mark.parametrize("owner", Owner)
def test_owner_gets_no_identifier_of_others(owner):
    columns = set(TABLES[owner_table(owner)].column_names())
    assert not columns & PERSONAL[owner]
    assert {"discrepancy_id", "code", "message", "release_count"} <= columns


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("COVERAGE_GAP", (None, [])),
        ("HOUSEHOLD_SPLIT", (None, [])),
        ("PRECINCT_UNKNOWN", (A, [])),
        ("ROSTER_NOT_FOUND", (A, ["a"])),
        ("ROSTERS_CONFLICT", (A, [])),
        ("SUPPLEMENTARY_REPEATED", (A, ["a"])),
        ("ROW_QUARANTINED", (A, ["a"])),
    ],
)
def test_election_commission_sees_rows_that_are_its_own(engine, rows, code, seen):
    questions = rows(Discrepancy, question(owner="CEC", code=code))
    entry = questions_of(engine, questions, Owner.CEC).pl().to_dicts()[0]
    assert (entry["voter_id"], entry["record_ids"]) == seen
