"""Voter numbers that were given up or shared out stand in the ledger for good."""

import datetime

from pipeline.number_ledger import list_number_changes
from schemas.person import NumberChange, PersonLink, StableId
from schemas.source import SourcePerson
from schemas.voter_list import Lineage

A, B, C = "VAAAAAAAAAAAAA", "VBBBBBBBBBBBBB", "VCCCCCCCCCCCCC"
YESTERDAY, TODAY = datetime.date(2026, 11, 1), datetime.date(2026, 11, 2)


def changes(engine, rows, before, now, ledger=()):
    """Ledger rows, where `before` and `now` are record_id to number."""
    records = sorted(now)
    numbers = sorted(set(now.values()))
    found = list_number_changes(
        engine,
        rows(StableId, *({"person_id": n, "stable_id": v} for n, v in enumerate(numbers))),
        rows(
            PersonLink,
            *(
                {"row_id": n, "person_id": numbers.index(now[record])}
                for n, record in enumerate(records)
            ),
        ),
        rows(
            SourcePerson,
            *({"row_id": n, "record_id": record} for n, record in enumerate(records)),
        ),
        rows(
            Lineage,
            *(
                {"source": "mia/persons", "record_id": record, "person_id": number}
                for record, number in before.items()
            ),
        ),
        rows(NumberChange, *ledger) if ledger else rows(NumberChange).limit(0),
        TODAY.isoformat(),
    )
    return sorted(found.fetchall())


def test_nothing_changed(engine, rows):
    assert changes(engine, rows, {"a": A, "b": B}, {"a": A, "b": B, "c": C}) == []


def test_merged_number_names_the_one_that_lives_on(engine, rows):
    found = changes(engine, rows, {"a": A, "b": B, "c": B}, {"a": A, "b": A, "c": A})
    assert found == [(B, A, TODAY, "MERGED", 2)]


def test_split_number_lives_on(engine, rows):
    found = changes(engine, rows, {"a": A, "b": A}, {"a": A, "b": C})
    assert found == [(A, C, TODAY, "SPLIT", 1)]


def test_earlier_changes_stay_and_a_second_release_of_a_day_adds_none(engine, rows):
    was = {
        "number_before": B,
        "number_after": A,
        "kind": "MERGED",
        "rows": 1,
    }
    ledger = [{**was, "changed_on": YESTERDAY}, {**was, "changed_on": TODAY}]
    found = changes(engine, rows, {"a": A, "b": B}, {"a": A, "b": A}, ledger)
    assert found == [(B, A, YESTERDAY, "MERGED", 1), (B, A, TODAY, "MERGED", 1)]
