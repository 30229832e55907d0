import dataclasses
import datetime

import pytest

from pipeline.determine_eligibility import determine_eligibility
from pipeline.run import Policy
from schemas.eligibility import EligibilityDecision
from schemas.linkage import ReferenceLink
from schemas.person import Person, PersonLink
from schemas.record import PersonRecord
from schemas.source import SourceRestriction
from tests.conftest import read_cases

CASES = read_cases("eligibility.csv")


def day(text):
    return datetime.date.fromisoformat(text) if text else None


def judge(engine, rows, case, policy=None):
    citizenships = [None if code == "-" else code for code in case["citizenships"].split()]
    decided = engine.sql(
        "SELECT 1::BIGINT AS person_id, 7::BIGINT AS decision_row_id, ? AS kind "
        "WHERE ? <> ''",
        params=[case["decision"], case["decision"]],
    )
    acts = [1] if case["act"] else []
    relation = determine_eligibility(
        engine,
        rows(
            Person,
            {
                "person_id": 1,
                "main_row_id": 0,
                "birth_date": day(case["birth_date"]),
                "birth_date_precision": case["precision"],
                "pinfl": case["pinfl"] or None,
            },
        ),
        rows(
            PersonLink,
            *({"row_id": n, "person_id": 1} for n in range(len(citizenships))),
        ),
        rows(
            PersonRecord,
            *({"row_id": n, "citizenship": c} for n, c in enumerate(citizenships)),
        ),
        rows(
            ReferenceLink,
            *({"row_id": 0, "person_id": 1, "outcome": "LINKED"} for _ in acts),
        ),
        rows(
            SourceRestriction,
            *(
                {
                    "row_id": 0,
                    "kind": case["act"],
                    "gravity": case["gravity"] or None,
                    "valid_from": day(case["valid_from"]),
                    "valid_until": day(case["valid_until"]),
                }
                for _ in acts
            ),
        ),
        decided,
        policy or Policy(),
        day(case["election_date"]),
    )
    frame = relation.pl()
    EligibilityDecision.validate(frame, cast=True)
    assert frame.height == 1
    return frame.to_dicts()[0]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_golden_case(engine, rows, case):
    verdict = judge(engine, rows, case)
    assert verdict["ground"] == (case["ground"] or None), case["why"]
    assert verdict["is_eligible"] == (not case["ground"])
    assert (verdict["article"] is None) == verdict["is_eligible"]


def case_named(name, **changes):
    return {**next(case for case in CASES if case["id"] == name), **changes}


def test_missing_citizenship_is_flagged(engine, rows):
    verdict = judge(engine, rows, case_named("no_citizenship_given"))
    assert verdict["warnings"] == ["CITIZENSHIP_MISSING"]


def test_missing_citizenship_can_be_refused_by_policy(engine, rows):
    policy = dataclasses.replace(Policy(), citizenship_missing_is_citizen=False)
    verdict = judge(engine, rows, case_named("no_citizenship_given"), policy)
    assert verdict["ground"] == "NOT_CITIZEN"


def test_mixed_citizenship_is_flagged(engine, rows):
    verdict = judge(engine, rows, case_named("one_row_says_citizen"))
    assert verdict["warnings"] == ["CITIZENSHIP_CONFLICT"]


def test_refused_inclusion_is_told(engine, rows):
    verdict = judge(engine, rows, case_named("under_age_cannot_be_included"))
    assert "DECISION_REFUSED" in verdict["warnings"]


def test_another_country_has_its_own_age(engine, rows):
    case = case_named("adult", birth_date="2010-12-27")
    assert judge(engine, rows, case)["ground"] == "UNDER_AGE"
    policy = dataclasses.replace(Policy(), voting_age_years=16)
    assert judge(engine, rows, case, policy)["ground"] is None


def test_restriction_names_the_smallest_row(engine, rows):
    verdict = judge(engine, rows, case_named("deceased"))
    assert verdict["restriction_row_id"] == 0


def test_unlinked_restriction_removes_nobody(engine, rows):
    relation = determine_eligibility(
        engine,
        rows(Person, {"person_id": 1, "birth_date_precision": "DAY"}),
        rows(PersonLink, {"row_id": 0, "person_id": 1}),
        rows(PersonRecord, {"row_id": 0, "citizenship": "UZB"}),
        rows(
            ReferenceLink,
            {"row_id": 0, "person_id": None, "outcome": "AMBIGUOUS"},
        ),
        rows(SourceRestriction, {"row_id": 0, "kind": "DEATH"}),
        engine.sql("SELECT 1 AS person_id, 1 AS decision_row_id, '' AS kind WHERE false"),
        Policy(),
        datetime.date(2026, 12, 27),
    )
    assert relation.pl()["is_eligible"].to_list() == [True]


def test_registration_after_death_is_an_alarm(engine, rows):
    relation = determine_eligibility(
        engine,
        rows(Person, {"person_id": 1, "birth_date_precision": "DAY"}),
        rows(PersonLink, {"row_id": 0, "person_id": 1}),
        rows(
            PersonRecord,
            {
                "row_id": 0,
                "citizenship": "UZB",
                "registered_on": datetime.date(2024, 1, 1),
            },
        ),
        rows(ReferenceLink, {"row_id": 0, "person_id": 1, "outcome": "LINKED"}),
        rows(
            SourceRestriction,
            {"row_id": 0, "kind": "DEATH", "valid_from": datetime.date(2023, 1, 1)},
        ),
        engine.sql("SELECT 1 AS person_id, 1 AS decision_row_id, '' AS kind WHERE false"),
        Policy(),
        datetime.date(2026, 12, 27),
    )
    verdict = relation.pl().to_dicts()[0]
    assert verdict["ground"] == "DECEASED"
    assert verdict["warnings"] == ["ALIVE_AFTER_DEATH"]
