"""Decisions over consecutive nights: each kind holds, comes up again, and can be ended.

Four builds of a village of eleven people. Night 1 delivers a decision of every kind; night
2 delivers none, and the register has moved under each; night 3 is as night 2; night 4
takes them back in words, and contradicts one.
"""

import csv
import dataclasses
import io
from pathlib import Path

import polars as pl
import pytest

from pipeline import tables
from tests.delivery_files import PERSON, PRECINCT, as_csv, write_delivery
from tests.flows import figures
from tests.flows.conftest import build

pytestmark = pytest.mark.slow


def pinfl(serial: int) -> str:
    """A verified PINFL of a man born on 3 February 1990."""
    digits = f"3030290{serial:06d}"
    weights = (7, 3, 1) * 5
    return digits + str(sum(int(d) * w for d, w in zip(digits, weights, strict=False)) % 10)


NAMES = {
    "A": ("Karimov", "Alisher"),
    "B": ("Rahmonov", "Bobur"),
    "C": ("Saidov", "Davron"),
    "D": ("Toshmatov", "Elyor"),
    "E": ("Umarov", "Farhod"),
    "F": ("Gʻaniyev", "Hamid"),
    "G": ("Yusupov", "Iskandar"),
    "H": ("Zokirov", "Jamshid"),
}


def person(record: str, **changes: str) -> dict[str, str]:
    """A man of Nur with a PINFL of his own, named by the letter of the record."""
    letter = record[0]
    serial = "ABCDEFGH".index(letter) + 100
    surname, given_name = NAMES[letter]
    return PERSON | {
        "record_id": record,
        "pinfl": pinfl(serial),
        "surname": surname,
        "given_name": given_name,
        "document_number": f"AA{serial:07d}",
        "house": str(serial),
        **changes,
    }


def temporary(record: str, **changes: str) -> dict[str, str]:
    stay = {
        "registration_kind": "TEMPORARY",
        "registered_on": "2026-06-01",
        "registered_until": "2027-06-01",
        "mahalla": "Bogʻ MFY",
    }
    return person(record, **stay, **changes)


UNKNOWN = {"pinfl": "", "document_number": ""}
PERSONS = {
    row["record_id"]: row
    for row in (
        person("A"),
        person("B"),
        person("C"),
        person("D"),
        person("E1"),
        temporary("E2"),
        person("F1", **UNKNOWN),
        person("F2", **UNKNOWN, given_name="Olim", birth_date="1991-02-03", house="7"),
        person("G1", pinfl=""),
        person("G2", pinfl="", house="9"),
        person("H1"),
        temporary("H2"),
    )
}
DEATH = {
    "record_id": "R1",
    "kind": "DEATH",
    "pinfl": pinfl(101),
    "surname": "Rahmonov",
    "given_name": "Bobur",
    "birth_date": "1990-02-03",
    "valid_from": "2026-01-05",
}
MOVED = {
    "A": {"surname": "Kamolov"},
    "C": {"registered_on": "2026-10-30"},
    "D": {"house": "1"},
    "E2": {"registered_until": "2027-08-01"},
    "F2": {"patronymic": "Sodiq oʻgʻli"},
    "G2": {"patronymic": "Sodiq oʻgʻli"},
    "H2": {"registered_until": "2027-08-01"},
}
"""What the register says from the second night on."""

COLUMNS = (
    "decision_id", "kind", "decided_by", "decided_at", "reason", "record_id_a",
    "record_id_b", "record_id", "field", "value", "voter_id", "pinfl", "region_code",
    "precinct_number", "withdraws",
)  # fmt: skip
FIRST = {
    "D-A": {"kind": "CORRECT", "record_id": "A", "field": "surname", "value": "Karim"},
    "D-B": {"kind": "INCLUDE", "pinfl": pinfl(101)},
    "D-C": {"kind": "EXCLUDE", "pinfl": pinfl(102)},
    "D-D": {
        "kind": "ASSIGN_PRECINCT",
        "pinfl": pinfl(103),
        "region_code": "1718",
        "precinct_number": "2",
    },
    "D-E": {"kind": "CONFIRM_TEMPORARY", "pinfl": pinfl(104)},
    "D-F": {"kind": "SAME_PERSON", "record_id_a": "F1", "record_id_b": "F2"},
    "D-G": {"kind": "DIFFERENT_PERSONS", "record_id_a": "G1", "record_id_b": "G2"},
    "D-H": {"kind": "CONFIRM_PERMANENT", "pinfl": pinfl(107)},
}


def decisions(rows: dict[str, dict[str, str]], day: int) -> bytes:
    head = {"decided_by": "12-uchastka", "decided_at": f"2026-10-{day}", "reason": "Ariza"}
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({"decision_id": number} | head | row for number, row in rows.items())
    return stream.getvalue().encode()


def deliver(folder: Path, *, moved: bool, decided: bytes | None = None) -> Path:
    changes = MOVED if moved else {}
    deaths = [DEATH, DEATH | {"record_id": "R2"}] if moved else [DEATH]
    files = {
        "mia/persons.csv": as_csv(
            [row | changes.get(record, {}) for record, row in PERSONS.items()]
        ),
        "mia/restrictions.csv": as_csv(deaths),
        "cec/precincts.csv": as_csv(
            [PRECINCT | {"precinct_number": number} for number in "12"]
        ),
        "cec/territories.csv": (
            "region_code,precinct_number,mahalla\n1718,1,Nur\n1718,2,Bogʻ\n".encode()
        ),
    }
    if decided is not None:
        files["cec/decisions.csv"] = decided
    return write_delivery(folder, files)


@dataclasses.dataclass(frozen=True)
class Night:
    """What a night's release says, by first record of each person."""

    precincts: dict[str, int]
    voters: dict[str, str]
    surnames: dict[str, str]
    decided: dict[str, tuple[str, str]]
    questions: dict[tuple[str, str], int]
    release: Path


def read(release: Path) -> Night:
    listed = pl.read_parquet(
        sorted(release.glob("voters/*/*/voters.parquet")), hive_partitioning=False
    )
    rows = pl.read_parquet(release / "lineage.parquet").join(
        listed, on="voter_id", how="inner"
    )
    rows = rows.filter(pl.col("source") == "mia/persons").sort("record_id")
    found = pl.read_parquet(
        sorted(release.glob("discrepancies/*/*/discrepancies.parquet")),
        hive_partitioning=False,
    )
    ledger = pl.read_parquet(release / "decisions.parquet")
    by_voter = rows.group_by("record_id").first().sort("record_id").to_dicts()
    return Night(
        precincts={row["record_id"]: row["precinct_number"] for row in by_voter},
        voters={row["record_id"]: row["voter_id"] for row in by_voter},
        surnames={row["record_id"]: row["surname"] for row in by_voter},
        decided={
            row["decision_id"]: (row["outcome"], row["outcome_reason"])
            for row in ledger.to_dicts()
        },
        questions={
            (row["code"], row["field"] or ""): row["release_count"]
            for row in found.filter(pl.col("code").str.starts_with("DECISION_")).to_dicts()
        },
        release=release,
    )


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[Night]:
    folder = tmp_path_factory.mktemp("nights")
    taken_back = {
        f"W-{number}": {"kind": "WITHDRAW", "withdraws": number}
        for number in FIRST
        if number != "D-C"
    }
    last = decisions(
        taken_back | {"D-C2": {"kind": "INCLUDE", "pinfl": pinfl(102)}}, day=20
    )
    deliveries = [
        deliver(folder / "1", moved=False, decided=decisions(FIRST, day=10)),
        deliver(folder / "2", moved=True),
        deliver(folder / "3", moved=True, decided=decisions({}, day=10)),
        deliver(folder / "4", moved=True, decided=last),
    ]
    return [read(build(d, folder / "published").release) for d in deliveries]


APPLIED = {
    number: ("APPLIED", "CORRECTED" if row["kind"] == "CORRECT" else row["kind"])
    for number, row in FIRST.items()
}


@pytest.mark.parametrize("night", [0, 1, 2])
def test_every_kind_holds_night_after_night(nights, night):
    now = nights[night]
    assert now.decided == APPLIED
    assert now.surnames["A"] == "Karim", "corrected"
    assert now.precincts["B"] == 1, "included in spite of a death"
    assert "C" not in now.precincts, "excluded"
    assert now.precincts["D"] == 2, "assigned"
    assert now.precincts["E1"] == 2, "temporary residence confirmed"
    assert now.precincts["H1"] == 1, "permanent residence confirmed"


@pytest.mark.parametrize("night", [0, 1, 2])
def test_verdicts_on_pairs_hold_night_after_night(nights, night):
    voters = nights[night].voters
    assert voters["F1"] == voters["F2"]
    assert voters["G1"] != voters["G2"]


def test_the_first_night_has_no_question(nights):
    assert nights[0].questions == {}


MOVED_KINDS = {
    "surname",
    "INCLUDE",
    "EXCLUDE",
    "ASSIGN_PRECINCT",
    "CONFIRM_TEMPORARY",
    "CONFIRM_PERMANENT",
    "SAME_PERSON",
    "DIFFERENT_PERSONS",
}


@pytest.mark.parametrize("night", [1, 2])
def test_a_source_that_moved_comes_up_and_stays_up(nights, night):
    moved = {
        field: age
        for (code, field), age in nights[night].questions.items()
        if code == "DECISION_SOURCE_MOVED"
    }
    assert moved == dict.fromkeys(MOVED_KINDS, night)


def test_a_decision_that_was_not_delivered_again_is_asked_about(nights):
    asked = {field for code, field in nights[1].questions if code.endswith("NOT_DELIVERED")}
    assert asked == {row["kind"] for row in FIRST.values()}


def test_withdrawals_undo_each_kind(nights):
    now = nights[3]
    withdrawn = {number for number, (_, why) in now.decided.items() if why == "WITHDRAWN"}
    assert withdrawn == set(FIRST) - {"D-C"}
    assert now.surnames["A"] == "Kamolov"
    assert "B" not in now.precincts
    assert now.precincts["D"] == now.precincts["E1"] == 1
    assert now.voters["F1"] != now.voters["F2"]
    assert now.voters["G1"] == now.voters["G2"]


def test_a_contradiction_stops_at_the_later_decision_and_is_told(nights):
    now = nights[3]
    assert now.precincts["C"] == 1
    assert now.decided["D-C"] == ("NOT_APPLIED", "SUPERSEDED")
    assert now.decided["D-C2"] == ("APPLIED", "INCLUDE")
    assert {key for key in now.questions if key[0] != "DECISION_NOT_DELIVERED"} == {
        ("DECISION_CONTRADICTED", "EXCLUDE")
    }


@pytest.mark.parametrize("night", [1, 3])
def test_figures_of_a_night_with_changes_are_those_of_its_files(nights, night):
    compared, differing = figures.differences(nights[night].release)
    assert differing == []
    assert compared > 100
    if night == 3:
        nation = figures.told(nights[night].release)["UZ"]
        assert nation["added"] + nation["removed"] + nation["moved_within"] > 0
        assert nation["resolved"] > 0


def test_a_village_is_too_small_to_judge_the_matching_and_says_so(nights):
    quality = tables.read_json(f"{nights[0].release}/summary.json")["quality"]
    assert quality["sentinels"] == []
    assert "TOO_FEW_ROWS" in {warning["code"] for warning in quality["warnings"]}


def test_history_carries_every_earlier_night_as_it_was_told(nights):
    last = tables.read_json(f"{nights[3].release}/summary.json")["history"]
    assert [entry["release_id"] for entry in last["releases"]] == [
        night.release.name for night in nights[:3]
    ]
    for night, entry in zip(nights, last["releases"], strict=False):
        said = tables.read_json(f"{night.release}/summary.json")["areas"]
        assert entry["areas"] == {
            code: [area[name] for name in last["figures"]] for code, area in said.items()
        }
