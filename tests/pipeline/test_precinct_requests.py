"""Requests for another precinct: due days, whose they are, what answers them."""

import datetime

import polars as pl
import pytest

from pipeline.errors import ConfigurationError
from pipeline.precinct_requests import due_day, judge_requests
from pipeline.run import Policy, read_settings
from schemas.decision import LedgerDecision, PrecinctRequest
from schemas.eligibility import EligibilityDecision
from schemas.person import PersonLink, StableId
from schemas.place import Placement
from schemas.record import PersonRecord
from schemas.source import SourcePrecinct, SourceRequest

AS_OF = datetime.date(2026, 11, 5)
"""A Thursday."""
PINFL, OTHER = "31705800123459", "31705800123460"


def request(number: str = "A-1", **known: object) -> dict[str, object]:
    """A request of Wednesday morning: due on Thursday, the day of the release."""
    return {
        "request_id": number,
        "submitted_at": datetime.datetime(2026, 11, 4, 9, 0),  # noqa: DTZ001
        "voter_id": None,
        "pinfl": PINFL,
        "region_code": "1718",
        "precinct_number": 7,
        "station_address": None,
    } | known


def decision(kind: str = "ASSIGN_PRECINCT", **known: object) -> dict[str, object]:
    return {
        "decision_id": "Q-1",
        "kind": kind,
        "decided_at": datetime.datetime(2026, 11, 4, 15, 0),  # noqa: DTZ001
        "voter_id": None,
        "pinfl": None,
        "region_code": None,
        "precinct_number": None,
        "request_id": "A-1",
        "withdrawn_by": None,
    } | known


def judged(
    engine, rows, requests, decisions=(), recorded=(), policy=None, as_of=AS_OF
) -> dict[str, dict[str, object]]:
    """What became of each request in a country of two people and precincts 7 and 8."""
    relation = judge_requests(
        engine,
        rows(SourceRequest, *requests),
        rows(PrecinctRequest, *recorded),
        rows(LedgerDecision, *decisions),
        rows(
            PersonRecord,
            {"row_id": 0, "pinfl": PINFL},
            {"row_id": 1, "pinfl": PINFL},
            {"row_id": 2, "pinfl": OTHER},
        ),
        rows(
            PersonLink,
            {"row_id": 0, "person_id": 10},
            {"row_id": 1, "person_id": 10},
            {"row_id": 2, "person_id": 20},
        ),
        rows(
            StableId,
            {"person_id": 10, "stable_id": "VA"},
            {"person_id": 20, "stable_id": "VB"},
        ),
        rows(
            EligibilityDecision,
            {"person_id": 10, "is_eligible": True},
            {"person_id": 20, "is_eligible": False},
        ),
        rows(Placement, {"person_id": 10, "region_code": "1718", "precinct_number": 8}),
        rows(
            SourcePrecinct,
            {"region_code": "1718", "precinct_number": 7},
            {"region_code": "1718", "precinct_number": 8},
        ),
        policy or Policy(),
        as_of,
    )
    return {row["request_id"]: row for row in relation.pl().to_dicts()}


@pytest.mark.parametrize(
    ("submitted", "policy", "due"),
    [
        ("2026-11-04", Policy(), "2026-11-05"),
        ("2026-11-06", Policy(), "2026-11-09"),
        ("2026-11-07", Policy(), "2026-11-09"),
        ("2026-11-06", Policy(working_days_per_week=6), "2026-11-07"),
        ("2026-12-07", Policy(holidays=("2026-12-08",)), "2026-12-09"),
        ("2026-12-04", Policy(holidays=("2026-12-07", "2026-12-08")), "2026-12-09"),
        ("2026-11-05", Policy(request_working_days=3), "2026-11-10"),
        ("2026-11-05", Policy(request_working_days=0), "2026-11-05"),
    ],
    ids=[
        "next_day",
        "friday",
        "saturday",
        "six_days_a_week",
        "holiday",
        "long_weekend",
        "three_days",
        "same_day",
    ],
)
def test_the_answer_is_due_on_a_working_day(submitted, policy, due):
    day = due_day(datetime.date.fromisoformat(submitted), policy)
    assert day == datetime.date.fromisoformat(due)


def test_a_request_is_open_until_its_day_is_over(engine, rows):
    found = judged(engine, rows, [request()])["A-1"]
    assert (found["status"], found["is_late"], found["problem"]) == ("OPEN", False, None)
    assert (found["person_id"], found["current_precinct_number"]) == ("VA", 8)
    late = judged(engine, rows, [request()], as_of=AS_OF + datetime.timedelta(days=1))
    assert (late["A-1"]["status"], late["A-1"]["is_late"]) == ("OVERDUE", True)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (decision(), "GRANTED"),
        (decision("REFUSE_REQUEST"), "REFUSED"),
        (
            decision(request_id=None, pinfl=PINFL, region_code="1718", precinct_number=7),
            "GRANTED",
        ),
        (
            decision(request_id=None, pinfl=PINFL, region_code="1718", precinct_number=8),
            "OPEN",
        ),
        (
            decision(
                request_id=None,
                pinfl=PINFL,
                region_code="1718",
                precinct_number=7,
                decided_at=datetime.datetime(2026, 11, 3, 9, 0),  # noqa: DTZ001
            ),
            "OPEN",
        ),
        (decision("CONFIRM_PERMANENT"), "OPEN"),
        (decision(request_id="A-2"), "OPEN"),
    ],
    ids=[
        "granted",
        "refused",
        "granted_without_number",
        "moved_elsewhere",
        "moved_before",
        "other_kind",
        "other_request",
    ],
)
def test_a_decision_answers_the_request_it_names(engine, rows, answer, status):
    assert judged(engine, rows, [request()], [answer])["A-1"]["status"] == status


def test_the_latest_answer_counts_and_a_late_one_is_told(engine, rows):
    grant = decision(
        decision_id="Q-2",
        decided_at=datetime.datetime(2026, 11, 6, 9, 0),  # noqa: DTZ001
    )
    found = judged(engine, rows, [request()], [decision("REFUSE_REQUEST"), grant])["A-1"]
    assert (found["status"], found["answered_by"]) == ("GRANTED", "Q-2")
    assert found["is_late"]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (request(pinfl="31705800999999"), "VOTER_UNKNOWN"),
        (request(voter_id="VB"), "VOTER_UNKNOWN"),
        (request(pinfl=OTHER), "NOT_ELIGIBLE"),
        (request(precinct_number=99), "PRECINCT_UNKNOWN"),
        (
            request(precinct_number=None, station_address="7-maktab"),
            "PRECINCT_UNKNOWN",
        ),
        (request(voter_id="VA"), None),
    ],
    ids=["nobody", "two_people", "no_voter", "no_precinct", "address_only", "both_agree"],
)
def test_what_is_wrong_with_a_request_is_said(engine, rows, asked, problem):
    assert judged(engine, rows, [asked])["A-1"]["problem"] == problem


def test_a_request_that_is_no_longer_delivered_still_waits(engine, rows):
    first = judged(engine, rows, [request(), request("A-2")])
    night = AS_OF + datetime.timedelta(days=4)
    found = judged(engine, rows, [request("A-2")], (), first.values(), as_of=night)
    assert found.keys() == {"A-1", "A-2"}
    assert (found["A-1"]["status"], found["A-1"]["is_delivered"]) == ("OVERDUE", False)
    assert found["A-2"]["is_delivered"]
    assert {row["first_seen"] for row in found.values()} == {AS_OF}
    granted = judged(engine, rows, [], [decision()], first.values(), as_of=night)
    assert granted["A-1"]["status"] == "GRANTED"


def test_the_table_keeps_its_contract(engine, rows):
    requests = [request(), request("A-2", pinfl=None, voter_id="VA")]
    found = judged(engine, rows, requests, [decision()])
    assert PrecinctRequest.validate(pl.DataFrame(list(found.values())), cast=True).height


def test_holidays_are_days():
    settings = read_settings('[policy]\nholidays = [2026-12-08, "2026-12-31"]', "run.toml")
    assert settings["policy"].holidays == ("2026-12-08", "2026-12-31")
    with pytest.raises(ConfigurationError, match="8 December"):
        read_settings('[policy]\nholidays = ["8 December"]', "run.toml")
    with pytest.raises(ConfigurationError, match="working_days_per_week"):
        read_settings("[policy]\nworking_days_per_week = 0", "run.toml")
