import pytest

from pipeline import tables
from pipeline.checks import check_changes
from pipeline.errors import CheckFailed
from pipeline.list_changes import list_changes
from schemas.source import QuarantinedRow
from schemas.voter_list import Lineage, ListChange, VoterListEntry

A, B, C = "VAAAAAAAAAAAAA", "VBBBBBBBBBBBBB", "VCCCCCCCCCCCCC"


def voter(number, **changes):
    return {
        "voter_id": number,
        "region_code": "1718",
        "district_code": "1718203",
        "precinct_number": 1,
        "basis": "PERMANENT",
        "surname": "Karimov",
        **changes,
    }


def row(record, person, outcome="LISTED", reason="PERMANENT"):
    return {
        "source": "mia/persons",
        "record_id": record,
        "person_id": person,
        "outcome": outcome,
        "reason": reason,
    }


def compare(engine, rows, before, now, *, was, becomes, quarantined=()):
    def table(schema, name, given):
        return rows(schema, *given) if given else tables.empty_table(engine, name)

    voters = table(VoterListEntry, "voters", now)
    previous = table(VoterListEntry, "voters", before)
    changes = list_changes(
        engine,
        voters,
        table(Lineage, "lineage", becomes),
        table(QuarantinedRow, "quarantined_row", quarantined),
        previous,
        table(Lineage, "lineage", was),
    )
    frame = changes.pl().sort("voter_id", "field")
    ListChange.validate(frame, cast=True)
    check_changes(engine, changes, voters, previous)
    return [
        (entry["voter_id"], entry["change"], entry["reason"], entry["field"])
        for entry in frame.to_dicts()
    ]


def test_first_release_has_no_changes(engine, rows):
    found = compare(engine, rows, [], [voter(A)], was=[], becomes=[row("a", A)])
    assert found == []


def test_nothing_changed(engine, rows):
    found = compare(
        engine, rows, [voter(A)], [voter(A)], was=[row("a", A)], becomes=[row("a", A)]
    )
    assert found == []


@pytest.mark.parametrize(
    ("was", "reason"),
    [
        ([row("x", A)], "NEW_IN_REGISTER"),
        ([row("x", A), row("b", B, "INELIGIBLE", "UNDER_AGE")], "CAME_OF_AGE"),
        ([row("x", A), row("b", B, "INELIGIBLE", "DECEASED")], "RESTORED"),
        ([row("x", A), row("b", B, "UNPLACED", "COVERAGE_GAP")], "PLACED"),
        ([row("x", A), row("b", A)], "SEPARATED"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_addition_has_its_reason(engine, rows, was, reason):
    found = compare(
        engine,
        rows,
        [voter(A)],
        [voter(A), voter(B)],
        was=was,
        becomes=[row("x", A), row("b", B)],
    )
    assert found == [(B, "ADDED", reason, "")]


@pytest.mark.parametrize(
    ("becomes", "quarantined", "reason"),
    [
        ([row("x", A)], [], "LEFT_REGISTER"),
        ([row("x", A), row("b", B, "INELIGIBLE", "DECEASED")], [], "DECEASED"),
        ([row("x", A), row("b", B, "UNPLACED", "COVERAGE_GAP")], [], "UNPLACED"),
        ([row("x", A), row("b", A, "MERGED_INTO", "PINFL")], [], "MERGED"),
        (
            [row("x", A)],
            [{"source": "mia/persons", "record_id": "b", "rule": "sex_known"}],
            "QUARANTINED",
        ),
    ],
    ids=["left", "deceased", "unplaced", "merged", "quarantined"],
)
def test_nobody_disappears_without_a_reason(engine, rows, becomes, quarantined, reason):
    found = compare(
        engine,
        rows,
        [voter(A), voter(B)],
        [voter(A)],
        was=[row("x", A), row("b", B)],
        becomes=becomes,
        quarantined=quarantined,
    )
    assert found == [(B, "REMOVED", reason, "")]


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ({"precinct_number": 2}, "PRECINCTS_CHANGED"),
        ({"precinct_number": 2, "street": "Gulyor"}, "ADDRESS_CHANGED"),
        ({"precinct_number": 2, "basis": "ROSTER"}, "ROSTER"),
        ({"precinct_number": 2, "basis": "DECISION"}, "DECISION"),
        ({"region_code": "1726"}, "PRECINCTS_CHANGED"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_move_has_its_reason(engine, rows, after, reason):
    found = compare(
        engine,
        rows,
        [voter(A)],
        [voter(A, **after)],
        was=[row("a", A)],
        becomes=[row("a", A)],
    )
    assert (A, "MOVED", reason, "") in found


def test_correction_names_column_and_values(engine, rows):
    found = compare(
        engine,
        rows,
        [voter(A)],
        [voter(A, surname="Karimova", pinfl="31705800123456")],
        was=[row("a", A)],
        becomes=[row("a", A)],
    )
    assert found == [
        (A, "CORRECTED", "SOURCE_CHANGED", "pinfl"),
        (A, "CORRECTED", "SOURCE_CHANGED", "surname"),
    ]


def test_figures_that_do_not_tie_are_refused(engine, rows):
    before = rows(VoterListEntry, voter(A), voter(B))
    now = rows(VoterListEntry, voter(A))
    with pytest.raises(CheckFailed, match="2 voters"):
        check_changes(engine, tables.empty_table(engine, "changes"), now, before)
