"""The ledger: silence takes nothing back, a number keeps its text, withdrawals end it."""

import datetime

import pytest

from pipeline import tables
from pipeline.decision_ledger import carry_decisions, standing
from schemas.decision import Decision, LedgerDecision
from schemas.source import SourceDecision
from tests.conftest import AS_OF

LATER = AS_OF + datetime.timedelta(days=1)


def decision(number, kind="EXCLUDE", day=1, **more):
    return {
        "row_id": 0,
        "decision_id": number,
        "kind": kind,
        "decided_at": datetime.datetime(2026, 10, day),
        "voter_id": "V0000000000000",
        **more,
    }


def take_back(number, withdraws, day=2):
    return decision(number, "WITHDRAW", day, voter_id=None, withdraws=withdraws)


def carry(engine, rows, *delivered, recorded=()):
    before = (
        rows(
            Decision,
            *({k: v for k, v in row.items() if k != "row_id"} for row in recorded),
        )
        if recorded
        else tables.empty_table(engine, "decisions")
    )
    found = carry_decisions(
        engine,
        rows(SourceDecision, *delivered)
        if delivered
        else tables.empty_table(engine, "source_decisions"),
        before,
        LATER,
    )
    frame = found.pl().sort("row_id")
    LedgerDecision.validate(frame, cast=True)
    held = standing(found).pl()["decision_id"].to_list()
    return {row["decision_id"]: row for row in frame.to_dicts()}, sorted(held)


def test_a_decision_that_is_no_longer_delivered_stands(engine, rows):
    found, held = carry(
        engine,
        rows,
        decision("D2"),
        recorded=[decision("D1", first_seen=AS_OF), decision("D2", first_seen=AS_OF)],
    )
    assert held == ["D1", "D2"]
    assert [found[n]["is_delivered"] for n in ("D1", "D2")] == [False, True]
    assert {row["first_seen"] for row in found.values()} == {AS_OF}


def test_a_whole_file_that_is_missing_takes_nothing_back(engine, rows):
    _, held = carry(engine, rows, recorded=[decision("D1"), decision("D2")])
    assert held == ["D1", "D2"]


def test_a_new_decision_is_first_seen_today(engine, rows):
    found, _ = carry(engine, rows, decision("D1"))
    assert found["D1"]["first_seen"] == LATER


def test_a_recorded_text_is_not_rewritten_under_its_number(engine, rows):
    found, _ = carry(
        engine,
        rows,
        decision("D1", "INCLUDE"),
        recorded=[decision("D1", "EXCLUDE", first_seen=AS_OF)],
    )
    assert found["D1"]["kind"] == "EXCLUDE"
    assert found["D1"]["is_altered"]
    assert found["D1"]["is_delivered"]


def test_a_text_that_was_decided_later_amends_the_recorded_one(engine, rows):
    found, _ = carry(
        engine,
        rows,
        decision("D1", "INCLUDE", day=9),
        recorded=[decision("D1", "EXCLUDE", first_seen=AS_OF)],
    )
    assert found["D1"]["kind"] == "INCLUDE"
    assert not found["D1"]["is_altered"]
    assert found["D1"]["first_seen"] == AS_OF


def test_a_withdrawal_ends_a_decision_of_an_earlier_night(engine, rows):
    found, held = carry(
        engine, rows, take_back("W1", "D1"), recorded=[decision("D1"), decision("D2")]
    )
    assert held == ["D2"]
    assert found["D1"]["withdrawn_by"] == "W1"


def test_the_withdrawal_is_carried_too(engine, rows):
    _, held = carry(
        engine,
        rows,
        decision("D1"),
        recorded=[decision("D1"), take_back("W1", "D1")],
    )
    assert held == []


def test_a_withdrawal_that_was_taken_back_takes_nothing_back(engine, rows):
    found, held = carry(
        engine,
        rows,
        decision("D1"),
        take_back("W1", "D1", day=2),
        take_back("W2", "W1", day=3),
    )
    assert held == ["D1"]
    assert found["W1"]["withdrawn_by"] == "W2"


def test_two_withdrawals_of_each_other_leave_the_later_one(engine, rows):
    found, held = carry(
        engine,
        rows,
        decision("D1"),
        take_back("W1", "W2", day=2),
        take_back("W2", "W1", day=2),
    )
    assert held == ["D1"]
    assert [found[n]["withdrawn_by"] for n in ("W1", "W2")] == ["W2", None]


def test_nothing_takes_back_what_was_decided_after_it(engine, rows):
    _, held = carry(engine, rows, decision("D1", day=5), take_back("W1", "D1", day=4))
    assert held == ["D1"]


def test_a_withdrawal_of_the_same_moment_counts(engine, rows):
    _, held = carry(engine, rows, decision("D1", day=5), take_back("W1", "D1", day=5))
    assert held == []


@pytest.mark.parametrize("number", range(2))
def test_order_of_rows_changes_nothing(engine, rows, number):
    given = [decision("D2"), take_back("W1", "D1"), decision("D1")]
    found, _ = carry(engine, rows, *given[:: (1, -1)[number]])
    assert [row["row_id"] for row in found.values()] == [0, 1, 2]
    assert list(found) == ["D1", "D2", "W1"]
