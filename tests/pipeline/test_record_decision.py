"""A decision written down by hand: the checks of the file, whole or not at all, once."""

import csv
import threading

import pytest

from pipeline.decision_words import KnownTables
from pipeline.errors import ConfigurationError, SourceError
from pipeline.record_decision import record_decision
from pipeline.tables import empty_table, open_engine, reference_table
from schemas.decision import Decision, PrecinctRequest
from schemas.voter_list import Lineage, PrecinctSummary, UnlistedPerson, VoterListEntry

VOTER = "V0000000000001"
DEAD = "V0000000000002"
CHILD = "V0000000000003"
PINFL = "30302900000017"


@pytest.fixture
def known(engine, rows):
    return KnownTables(
        voters=rows(
            VoterListEntry,
            {
                "voter_id": VOTER,
                "pinfl": PINFL,
                "region_code": "1718",
                "precinct_number": 7,
            },
        ),
        unlisted=rows(
            UnlistedPerson,
            {"person_id": DEAD, "ground": "DECEASED"},
            {"person_id": CHILD, "ground": "UNDER_AGE"},
        ),
        lineage=rows(
            Lineage,
            *({"source": "mia/persons", "record_id": record} for record in "ab"),
        ),
        precincts=rows(PrecinctSummary, {"region_code": "1718", "precinct_number": 7}),
        decisions=rows(Decision, {"decision_id": "OLD", "kind": "EXCLUDE"}),
        precinct_requests=rows(PrecinctRequest, {"request_id": "A-1"}),
    )


@pytest.fixture
def decide(engine, known, tmp_path):
    numbers = iter(range(100))

    def call(kind, *, file="decisions.csv", trial=False, **said):
        scratch = tmp_path / f"scratch-{next(numbers)}"
        scratch.mkdir()
        words = {
            "kind": kind,
            "decided_by": "12-uchastka",
            "decided_at": "2026-11-01 10:00:00",
            "reason": "Ariza № 5",
            **said,
        }
        return record_decision(
            engine,
            str(tmp_path / file),
            words,
            known,
            reference_table("areas"),
            str(scratch),
            is_trial=trial,
        )

    return call


def stored(tmp_path, file="decisions.csv"):
    with (tmp_path / file).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_decision_becomes_a_row_with_a_number_of_its_own(decide, tmp_path):
    recorded = decide("EXCLUDE", voter_id=VOTER)
    assert recorded.is_new
    assert recorded.decision_id.startswith("S-20261101-")
    (row,) = stored(tmp_path)
    assert row["decision_id"] == recorded.decision_id
    assert (row["kind"], row["voter_id"], row["reason"]) == ("EXCLUDE", VOTER, "Ariza № 5")
    assert recorded.effects == (f"takes voter {VOTER} off the list of precinct 1718-7",)


def test_the_same_words_twice_are_one_decision(decide, tmp_path):
    first = decide("EXCLUDE", voter_id=VOTER)
    again = decide("EXCLUDE", voter_id=VOTER)
    later = decide("EXCLUDE", pinfl=PINFL, decided_at="2026-11-03 10:00:00")
    assert not again.is_new
    assert not later.is_new, "the same person by another identifier, decided the same"
    assert first.decision_id == again.decision_id == later.decision_id
    assert len(stored(tmp_path)) == 1


def test_a_contrary_decision_says_what_it_takes_the_place_of(decide, tmp_path):
    first = decide("EXCLUDE", voter_id=VOTER)
    second = decide("INCLUDE", voter_id=VOTER, decided_at="2026-11-02 10:00:00")
    assert first.decision_id in second.effects[0]
    third = decide("EXCLUDE", voter_id=VOTER, decided_at="2026-11-03 10:00:00")
    assert third.is_new, "the earlier exclusion no longer holds"
    numbers = [row["decision_id"] for row in stored(tmp_path)]
    assert len(set(numbers)) == 3


def test_a_request_is_answered_under_its_number(decide, tmp_path):
    refused = decide("REFUSE_REQUEST", request_id="A-1")
    assert refused.effects == ("closes request A-1; the voter stays in the precinct",)
    granted = decide(
        "ASSIGN_PRECINCT",
        voter_id=VOTER,
        region_code="1718",
        precinct_number="7",
        request_id="A-1",
    )
    assert granted.is_new
    assert [row["request_id"] for row in stored(tmp_path)] == ["A-1", "A-1"]
    with pytest.raises(ConfigurationError, match="no request by that number"):
        decide("REFUSE_REQUEST", request_id="A-2")
    with pytest.raises(ConfigurationError, match="request_named"):
        decide("REFUSE_REQUEST")


def test_what_stands_in_the_file_stays_byte_for_byte(decide, tmp_path):
    head = (
        "\ufeffkind;decision_id;decided_by;decided_at;reason;voter_id;pinfl;withdraws;field"
    )
    text = f'{head}\r\nINCLUDE;"7";A;2026-10-01;"x;y";{VOTER};;;'
    (tmp_path / "decisions.csv").write_bytes(text.encode())
    decide("EXCLUDE", voter_id=VOTER)
    after = (tmp_path / "decisions.csv").read_bytes().decode()
    assert after.startswith(text + "\n")
    assert after.removeprefix(text).strip().startswith("EXCLUDE;S-20261101-")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"kind": "EXCLUDE", "voter_id": "V9999999999999"}, "knows nobody"),
        ({"kind": "EXCLUDE", "pinfl": "30302900000024"}, "knows nobody"),
        ({"kind": "EXCLUDE", "voter_id": DEAD, "pinfl": PINFL}, "they are two"),
        ({"kind": "EXCLUDE"}, "knows nobody"),
        ({"kind": "CORRECT", "record_id": "z", "field": "surname"}, "no row by that"),
        ({"kind": "CORRECT", "record_id": "a"}, "correction_complete"),
        ({"kind": "CORRECT", "record_id": "a", "field": "district_code"}, "FIELD_UNKNOWN"),
        (
            {"kind": "CORRECT", "record_id": "a", "field": "sex", "value": "X"},
            "VALUE_REFUSED",
        ),
        ({"kind": "SAME_PERSON", "record_id_a": "a"}, "pair_named"),
        ({"kind": "SAME_PERSON", "record_id_a": "a", "record_id_b": "z"}, "record_id_b"),
        (
            {
                "kind": "ASSIGN_PRECINCT",
                "voter_id": VOTER,
                "region_code": "1718",
                "precinct_number": "9",
            },
            "no such precinct",
        ),
        ({"kind": "WITHDRAW", "withdraws": "NONE"}, "no decision has the number"),
        ({"kind": "WITHDRAW"}, "withdrawn_named"),
        ({"kind": "EXCLUDE", "voter_id": VOTER, "decided_at": "soon"}, "decided_at"),
        ({"kind": "PARDON", "voter_id": VOTER}, "kind_known"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["kind"],
)
def test_what_breaks_a_rule_is_told_and_nothing_is_written(decide, tmp_path, said, told):
    with pytest.raises(ConfigurationError, match=told):
        decide(**said)
    assert not (tmp_path / "decisions.csv").exists()


def test_errors_hold_no_identifier(decide):
    with pytest.raises(ConfigurationError) as told:
        decide("EXCLUDE", pinfl="30302900000024")
    assert "30302900000024" not in str(told.value)


def test_a_recorded_decision_of_the_release_is_withdrawn(decide, tmp_path):
    assert decide("WITHDRAW", withdraws="OLD").is_new
    assert not decide("WITHDRAW", withdraws="OLD", decided_at="2026-11-05").is_new
    assert len(stored(tmp_path)) == 1


@pytest.mark.parametrize(
    ("kind", "who", "told"),
    [
        ("INCLUDE", DEAD, "in spite of DECEASED"),
        ("INCLUDE", CHILD, "is refused: UNDER_AGE"),
        ("EXCLUDE", CHILD, "changes nothing while UNDER_AGE"),
        ("CONFIRM_TEMPORARY", VOTER, "temporary residence"),
    ],
)
def test_the_effect_is_told_beforehand(decide, kind, who, told):
    assert told in decide(kind, voter_id=who).effects[0]


def test_a_trial_writes_nothing(decide, tmp_path):
    assert decide("EXCLUDE", voter_id=VOTER, trial=True).is_new
    assert not (tmp_path / "decisions.csv").exists()


def test_a_file_that_lacks_a_column_or_is_controlled_is_refused(decide, tmp_path):
    (tmp_path / "decisions.csv").write_text("decision_id,kind\n")
    with pytest.raises(SourceError, match="decided_by"):
        decide("EXCLUDE", voter_id=VOTER)
    (tmp_path / "decisions.csv").unlink()
    (tmp_path / "decisions.control.json").write_text("{}")
    with pytest.raises(SourceError, match="control"):
        decide("EXCLUDE", voter_id=VOTER)


def test_two_writers_at_once_lose_nothing(run, rows, tmp_path):
    """Each with an engine of its own, as two operators have."""

    def write(number):
        scratch = tmp_path / f"other-{number}"
        scratch.mkdir()
        words = {
            "kind": "EXCLUDE",
            "decided_by": "A",
            "decided_at": f"2026-11-0{number + 1}",
            "reason": "r",
            "voter_id": f"V000000000000{number}",
        }
        with open_engine(run) as own:
            entries = own.sql(
                f"SELECT 'V000000000000{number}' AS voter_id, NULL::VARCHAR AS pinfl, "
                "'1718' AS region_code, 7 AS precinct_number"
            )
            empty = {
                name: empty_table(own, name)
                for name in (
                    "unlisted",
                    "lineage",
                    "precincts",
                    "decisions",
                    "precinct_requests",
                )
            }
            record_decision(
                own,
                str(tmp_path / "decisions.csv"),
                words,
                KnownTables(voters=entries, **empty),
                reference_table("areas"),
                str(scratch),
            )

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row["voter_id"][-1] for row in stored(tmp_path)) == list("0123")
