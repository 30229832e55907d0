import datetime

import pytest

from pipeline import tables
from pipeline.decisions import apply_corrections, decide_voters, list_corrections
from schemas.decision import Correction, DecidedVoter, Decision
from schemas.person import PersonLink, StableId
from schemas.record import PersonRecord
from schemas.source import SourceDecision, SourcePerson
from schemas.voter_list import Lineage


def correct(number, field, value, *, record="a", day=1):
    return {
        "row_id": number,
        "decision_id": f"D{number}",
        "kind": "CORRECT",
        "record_id": record,
        "field": field,
        "value": value,
        "decided_at": datetime.datetime(2026, 10, day),
    }


def corrections_of(engine, rows, *decisions, earlier=None):
    persons = rows(
        SourcePerson,
        {"row_id": 0, "record_id": "a", "surname": "Karimov", "sex": "M"},
        {"row_id": 1, "record_id": "b", "surname": "Olimov", "sex": "M"},
    )
    decided = rows(SourceDecision, *decisions)
    before = earlier if earlier is not None else tables.empty_table(engine, "correction")
    found = list_corrections(engine, persons, decided, before)
    frame = found.pl().sort("decision_row_id")
    Correction.validate(frame, cast=True)
    return persons, found, frame.to_dicts()


def test_correction_sets_its_column_and_no_other(engine, rows):
    persons, found, _ = corrections_of(engine, rows, correct(1, "surname", "Karimova"))
    corrected = apply_corrections(engine, persons, found).pl().sort("row_id")
    assert corrected["surname"].to_list() == ["Karimova", "Olimov"]
    before = persons.pl().sort("row_id")
    assert corrected.drop("surname").equals(before.drop("surname"))


def test_correction_of_birth_date_makes_it_a_full_date(engine, rows):
    persons, found, _ = corrections_of(engine, rows, correct(1, "birth_date", "1980-02-03"))
    corrected = apply_corrections(engine, persons, found).pl().sort("row_id")
    assert corrected["birth_date"][0] == datetime.date(1980, 2, 3)
    assert corrected["birth_date_precision"][0] == "DAY"


def test_empty_value_empties_the_column(engine, rows):
    persons, found, _ = corrections_of(engine, rows, correct(1, "surname", None))
    corrected = apply_corrections(engine, persons, found).pl().sort("row_id")
    assert corrected["surname"].to_list() == [None, "Olimov"]


def test_later_correction_wins(engine, rows):
    _, _, found = corrections_of(
        engine,
        rows,
        correct(1, "surname", "Early", day=1),
        correct(2, "surname", "Late", day=2),
    )
    assert [row["reason"] for row in found] == ["SUPERSEDED", "CORRECTED"]


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        (correct(1, "sex", "X"), "VALUE_REFUSED"),
        (correct(1, "sex", None), "VALUE_REFUSED"),
        (correct(1, "birth_date", "1980-02-31"), "VALUE_REFUSED"),
        (correct(1, "citizenship", "uzbek"), "VALUE_REFUSED"),
        (correct(1, "district_code", "1718203"), "FIELD_UNKNOWN"),
        (correct(1, "surname", "x", record="nobody"), "TARGET_UNKNOWN"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["field"],
)
def test_what_cant_be_applied_changes_nothing_and_is_told(engine, rows, decision, reason):
    persons, found, listed = corrections_of(engine, rows, decision)
    assert listed[0]["outcome"] == "NOT_APPLIED"
    assert listed[0]["reason"] == reason
    corrected = apply_corrections(engine, persons, found).pl().sort("row_id")
    assert corrected.equals(persons.pl().sort("row_id"))


def test_source_that_moves_under_a_correction_comes_up(engine, rows):
    def earlier(value):
        return rows(
            Correction,
            {
                "decision_id": "D1",
                "row_id": 0,
                "record_id": "a",
                "field": "surname",
                "source_value_decided": value,
            },
        )

    decision = correct(1, "surname", "Karimova")
    _, _, same = corrections_of(engine, rows, decision, earlier=earlier("Karimov"))
    _, _, moved = corrections_of(engine, rows, decision, earlier=earlier("Kerimov"))
    assert not same[0]["is_source_moved"]
    assert moved[0]["is_source_moved"]
    assert moved[0]["outcome"] == "APPLIED"


def test_a_row_that_was_away_for_a_night_is_held_against_its_first_value(engine, rows):
    away = rows(
        Correction,
        {
            "decision_id": "D1",
            "row_id": None,
            "record_id": "a",
            "field": "surname",
            "source_value_decided": "Kerimov",
        },
    )
    decision = correct(1, "surname", "Karimova")
    _, _, back = corrections_of(engine, rows, decision, earlier=away)
    assert back[0]["is_source_moved"]


def decide(engine, rows, *decisions, recorded=(), lineage=()):
    found = decide_voters(
        engine,
        rows(SourceDecision, *decisions),
        rows(
            PersonRecord,
            {"row_id": 0, "record_id": "a", "pinfl": "31705800123456"},
            {"row_id": 1, "record_id": "b", "pinfl": "41705800123451"},
            {"row_id": 2, "record_id": "c", "pinfl": "51705800123459"},
            {"row_id": 3, "record_id": "d", "pinfl": "51705800123459"},
        ),
        rows(PersonLink, *({"row_id": n, "person_id": n} for n in range(4))),
        rows(
            StableId,
            *(
                {"person_id": n, "stable_id": f"V{n:013d}", "origin": "NEW"}
                for n in range(4)
            ),
        ),
        rows(Decision, *recorded),
        rows(Lineage, *lineage),
    )
    frame = found.pl().sort("decision_row_id")
    DecidedVoter.validate(frame, cast=True)
    return frame.to_dicts()


def about(number, kind, *, day=1, **who):
    return {
        "row_id": number,
        "decision_id": f"D{number}",
        "kind": kind,
        "decided_at": datetime.datetime(2026, 10, day),
        **who,
    }


def test_voter_is_found_by_number_or_pinfl(engine, rows):
    found = decide(
        engine,
        rows,
        about(1, "EXCLUDE", voter_id="V0000000000000"),
        about(2, "INCLUDE", pinfl="41705800123451"),
    )
    assert [row["person_id"] for row in found] == [0, 1]
    assert all(row["is_effective"] for row in found)


def meant(number, person):
    return {"decision_id": f"D{number}", "person_id": person}


def test_a_pinfl_that_is_nobody_s_any_more_keeps_its_decision(engine, rows):
    found = decide(
        engine,
        rows,
        about(1, "EXCLUDE", pinfl="99999999999999"),
        recorded=[meant(1, "V0000000000002")],
    )
    assert (found[0]["person_id"], found[0]["is_effective"]) == (2, True)


def test_a_pinfl_that_is_somebody_else_s_by_now_brings_them_no_decision(engine, rows):
    found = decide(
        engine,
        rows,
        about(1, "EXCLUDE", pinfl="41705800123451"),
        recorded=[meant(1, "V0000000000000")],
    )
    assert found[0]["person_id"] == 0


def test_a_voter_number_that_ended_in_a_merge_keeps_its_decision(engine, rows):
    gone = "V000000000GONE"
    found = decide(
        engine,
        rows,
        about(1, "EXCLUDE", voter_id=gone),
        recorded=[meant(1, gone)],
        lineage=[{"source": "mia/persons", "record_id": "b", "person_id": gone}],
    )
    assert (found[0]["person_id"], found[0]["reason"]) == (1, "EFFECTIVE")


def test_a_voter_number_whose_rows_went_to_two_people_decides_on_nobody(engine, rows):
    gone = "V000000000GONE"
    found = decide(
        engine,
        rows,
        about(1, "EXCLUDE", voter_id=gone),
        recorded=[meant(1, gone)],
        lineage=[
            {"source": "mia/persons", "record_id": record, "person_id": gone}
            for record in "ab"
        ],
    )
    assert found[0]["reason"] == "TARGET_UNKNOWN"


def test_number_and_pinfl_that_name_two_people_decide_on_nobody(engine, rows):
    found = decide(
        engine,
        rows,
        about(1, "EXCLUDE", voter_id="V0000000000000", pinfl="41705800123451"),
    )
    assert found[0]["reason"] == "TARGET_UNKNOWN"
    assert not found[0]["is_effective"]


def test_pinfl_that_two_people_share_decides_on_nobody(engine, rows):
    found = decide(engine, rows, about(1, "EXCLUDE", pinfl="51705800123459"))
    assert found[0]["reason"] == "TARGET_UNKNOWN"


def test_later_decision_of_one_matter_wins_and_matters_do_not_mix(engine, rows):
    who = {"voter_id": "V0000000000000"}
    found = decide(
        engine,
        rows,
        about(1, "EXCLUDE", day=1, **who),
        about(2, "INCLUDE", day=2, **who),
        about(3, "CONFIRM_TEMPORARY", day=1, **who),
    )
    assert [row["reason"] for row in found] == ["SUPERSEDED", "EFFECTIVE", "EFFECTIVE"]
