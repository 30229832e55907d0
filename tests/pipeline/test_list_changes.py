import pytest

from pipeline import tables
from pipeline.checks import check_changes
from pipeline.errors import CheckFailed
from pipeline.list_changes import CORRECTED_COLUMNS, REMOVAL_ARTICLES, list_changes
from schemas.codes import ChangeReason, IneligibilityGround
from schemas.decision import Correction
from schemas.source import QuarantinedRow
from schemas.voter_list import Lineage, ListChange, UnlistedPerson, VoterListEntry

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
    is_listed = outcome in ("LISTED", "MERGED_INTO")
    return {
        "source": "mia/persons",
        "record_id": record,
        "person_id": person,
        "voter_id": person if is_listed else None,
        "outcome": outcome,
        "reason": reason,
    }


def unlisted_of(lineage):
    """Everybody of a lineage without an entry, as compose_list would give them."""
    people = {
        entry["person_id"]: entry
        for entry in lineage
        if entry["outcome"] in ("INELIGIBLE", "UNPLACED")
    }
    return [
        {
            "person_id": person,
            "ground": entry["reason"] if entry["outcome"] == "INELIGIBLE" else None,
            "article": "ZRU-544, Art. 4" if entry["outcome"] == "INELIGIBLE" else None,
            "unplaced_reason": (
                entry["reason"] if entry["outcome"] == "UNPLACED" else None
            ),
        }
        for person, entry in people.items()
    ]


def list_all(engine, rows, before, now, *, was, becomes, quarantined=(), decided=((), ())):
    def table(schema, name, given):
        return rows(schema, *given) if given else tables.empty_table(engine, name)

    voters = table(VoterListEntry, "voters", now)
    previous = table(VoterListEntry, "voters", before)
    changes = list_changes(
        engine,
        voters,
        table(Lineage, "lineage", becomes),
        table(QuarantinedRow, "quarantined_row", quarantined),
        table(UnlistedPerson, "unlisted", unlisted_of(becomes)),
        table(Correction, "correction", decided[1]),
        previous,
        table(Lineage, "lineage", was),
        table(Correction, "correction", decided[0]),
    )
    frame = changes.pl().sort("voter_id", "field")
    ListChange.validate(frame, cast=True)
    check_changes(engine, changes, voters, previous, is_first=not was)
    return frame.to_dicts()


def compare(engine, rows, before, now, **options):
    return [
        (entry["voter_id"], entry["change"], entry["reason"], entry["field"])
        for entry in list_all(engine, rows, before, now, **options)
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


def test_merger_names_the_entry_that_stays_and_both_have_their_article(engine, rows):
    found = list_all(
        engine,
        rows,
        [voter(A), voter(B), voter(C)],
        [voter(A)],
        was=[row("a", A), row("b", B), row("c", C)],
        becomes=[
            row("a", A),
            row("b", A, "MERGED_INTO", "PINFL"),
            row("c", C, "INELIGIBLE", "NOT_CITIZEN"),
        ],
    )
    told = {entry["voter_id"]: entry for entry in found}
    assert (told[B]["after"], told[B]["article"]) == (A, "ZRU-544, Art. 28")
    assert (told[C]["after"], told[C]["article"]) == (None, "ZRU-544, Art. 4")


@pytest.mark.parametrize(
    ("outcome", "why", "reason"),
    [
        ("INELIGIBLE", "DECEASED", "DECEASED"),
        ("UNPLACED", "COVERAGE_GAP", "UNPLACED"),
    ],
)
def test_merger_into_somebody_unlisted_tells_why_nobody_is_listed(
    engine, rows, outcome, why, reason
):
    found = compare(
        engine,
        rows,
        [voter(A), voter(B)],
        [],
        was=[row("a", A), row("b", B)],
        becomes=[row("a", A, outcome, why), row("b", A, outcome, why)],
    )
    assert found == [(A, "REMOVED", reason, ""), (B, "REMOVED", reason, "")]


def test_separated_voter_names_whom_they_were_part_of(engine, rows):
    found = list_all(
        engine,
        rows,
        [voter(A)],
        [voter(A), voter(B)],
        was=[row("a", A), row("b", A, "MERGED_INTO", "PINFL")],
        becomes=[row("a", A), row("b", B)],
    )
    assert [(entry["reason"], entry["before"]) for entry in found] == [("SEPARATED", A)]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ({"basis": "DECISION"}, {"basis": "DECISION"}, "DECISION"),
        ({"basis": "ROSTER"}, {"basis": "PERMANENT"}, "RETURNED_HOME"),
        ({"basis": "TEMPORARY"}, {"basis": "TEMPORARY", "house": "9"}, "ADDRESS_CHANGED"),
        ({}, {"basis": "TEMPORARY"}, "TEMPORARY"),
        ({}, {"district_code": "1718401"}, "ADDRESS_CHANGED"),
    ],
)
def test_move_by_basis(engine, rows, before, after, reason):
    found = compare(
        engine,
        rows,
        [voter(A, **before)],
        [voter(A, precinct_number=2, **after)],
        was=[row("a", A)],
        becomes=[row("a", A)],
    )
    assert (A, "MOVED", reason, "") in found


def test_precinct_that_goes_to_another_district_takes_its_voters_along(engine, rows):
    """The precinct's number is the same, and both districts' sums must tie."""
    found = compare(
        engine,
        rows,
        [voter(A)],
        [voter(A, district_code="1718401")],
        was=[row("a", A)],
        becomes=[row("a", A)],
    )
    assert found == [(A, "MOVED", "ADDRESS_CHANGED", "")]


def corrected(record, field, value, outcome="APPLIED"):
    return {
        "decision_row_id": 0,
        "record_id": record,
        "field": field,
        "value": value,
        "outcome": outcome,
    }


@pytest.mark.parametrize(
    ("earlier", "now", "reason"),
    [
        ([], [corrected("a", "surname", "Karimova")], "DECISION"),
        ([corrected("a", "surname", "Karimov")], [], "DECISION"),
        ([], [corrected("a", "surname", "Karimova", "NOT_APPLIED")], "SOURCE_CHANGED"),
        ([], [corrected("a", "sex", "F")], "SOURCE_CHANGED"),
        ([], [corrected("z", "surname", "Karimova")], "SOURCE_CHANGED"),
        (
            [corrected("a", "surname", "Karimova")],
            [corrected("a", "surname", "Karimova")],
            "SOURCE_CHANGED",
        ),
    ],
    ids=["made", "withdrawn", "refused", "other field", "other row", "as before"],
)
def test_correction_says_whether_a_commission_made_it(engine, rows, earlier, now, reason):
    found = compare(
        engine,
        rows,
        [voter(A)],
        [voter(A, surname="Karimova")],
        was=[row("a", A)],
        becomes=[row("a", A)],
        decided=(earlier, now),
    )
    assert found == [(A, "CORRECTED", reason, "surname")]


def test_values_of_another_row_of_the_person_are_no_change_of_the_source(engine, rows):
    found = compare(
        engine,
        rows,
        [voter(A)],
        [voter(A, surname="Karimova")],
        was=[row("a", A), row("b", A, "MERGED_INTO", "PINFL")],
        becomes=[row("a", A, "MERGED_INTO", "PINFL"), row("b", A)],
    )
    assert found == [(A, "CORRECTED", "ROW_CHANGED", "surname")]


def test_every_removal_that_is_no_verdict_has_an_article():
    grounds = {ground.value for ground in IneligibilityGround}
    removals = set(REMOVAL_ARTICLES) | grounds
    assert removals <= {reason.value for reason in ChangeReason}
    assert not set(REMOVAL_ARTICLES) & grounds


def test_voter_gone_without_a_row_is_refused(engine, rows):
    before = rows(VoterListEntry, voter(A), voter(B))
    now = rows(VoterListEntry, voter(A))
    none = tables.empty_table(engine, "changes")
    with pytest.raises(CheckFailed, match="voters without the row of their coming or"):
        check_changes(engine, none, now, before, is_first=False)


def test_one_voter_in_place_of_another_is_refused_though_the_sums_tie(engine, rows):
    """The totals of the precinct are right; who is on the list is not told."""
    with pytest.raises(CheckFailed, match="'voters without the row of their .*': 2}"):
        check_changes(
            engine,
            tables.empty_table(engine, "changes"),
            rows(VoterListEntry, voter(A)),
            rows(VoterListEntry, voter(B)),
            is_first=False,
        )


def test_move_that_is_not_told_is_refused(engine, rows):
    with pytest.raises(CheckFailed, match="'precincts whose changes do not sum': 2}"):
        check_changes(
            engine,
            tables.empty_table(engine, "changes"),
            rows(VoterListEntry, voter(A, precinct_number=2)),
            rows(VoterListEntry, voter(A)),
            is_first=False,
        )


def test_removal_without_an_article_is_refused(engine, rows):
    removed = {
        "voter_id": B,
        "change": "REMOVED",
        "region_code_before": "1718",
        "district_code_before": "1718203",
        "precinct_number_before": 1,
    }
    with pytest.raises(CheckFailed, match="'removals without an article of law': 1}"):
        check_changes(
            engine,
            rows(ListChange, removed),
            rows(VoterListEntry, voter(A)),
            rows(VoterListEntry, voter(A), voter(B)),
            is_first=False,
        )


def test_list_that_was_empty_is_no_first_release(engine, rows):
    with pytest.raises(CheckFailed):
        check_changes(
            engine,
            tables.empty_table(engine, "changes"),
            rows(VoterListEntry, voter(A)),
            tables.empty_table(engine, "voters"),
            is_first=False,
        )


def test_first_release_with_changes_is_refused(engine, rows):
    added = {"voter_id": A, "change": "ADDED"}
    with pytest.raises(CheckFailed, match="first release"):
        check_changes(
            engine,
            rows(ListChange, added),
            rows(VoterListEntry, voter(A)),
            tables.empty_table(engine, "voters"),
            is_first=True,
        )


def test_columns_that_are_compared_are_columns_of_the_list():
    assert set(CORRECTED_COLUMNS) <= set(VoterListEntry.column_names())
