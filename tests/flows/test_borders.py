"""Borders that move under a register: every stage of two nights of one village.

Streets renamed on the day before and after the night, two precincts described alike, and
between the nights a district split in two and precinct numbers given to other territories.
The register follows none of it at once: nobody may come to stand in a wrong precinct.
"""

from pathlib import Path

import polars as pl
import pytest

from tests.delivery_files import DWELLING, PERSON, PRECINCT, as_csv, write_delivery
from tests.flows.conftest import build
from tests.flows.test_nights import pinfl

pytestmark = pytest.mark.slow

OLD, NEW = "1718203", "1718206"
"""A district, and the one that a part of it belongs to from the second night on."""
PEOPLE = {
    "REST": ("Nur MFY", "Navoiy koʻchasi"),
    "BEHIND": ("Nur MFY", "Lenin koʻchasi"),
    "AHEAD": ("Nur MFY", "Gulyor koʻchasi"),
    "TOMORROW": ("Nur MFY", "Oktabr koʻchasi"),
    "TWICE": ("Bogʻ MFY", "Lola koʻchasi"),
    "SPLIT_BEHIND": ("Tinch MFY", "Uzum koʻchasi"),
    "SPLIT_AHEAD": ("Tinch MFY", "Uzum koʻchasi"),
}
SURNAMES = ("Karimov", "Rahmonov", "Saidov", "Toshmatov", "Umarov", "Yusupov", "Zokirov")
RENAMED = f"""district_code,old_name,new_name,valid_from
{OLD},Lenin koʻchasi,Gulyor koʻchasi,2026-10-31
{OLD},Oktabr koʻchasi,Gulyor koʻchasi,2026-11-02
"""


def deliver(folder: Path, *, is_split: bool, gulyor: int, rest: int) -> Path:
    tinch = NEW if is_split else OLD
    persons, dwellings = [], []
    for number, (record, (mahalla, street)) in enumerate(PEOPLE.items()):
        place = {"mahalla": mahalla, "street": street, "house": str(number + 10)}
        persons.append(
            PERSON
            | place
            | {
                "record_id": record,
                "pinfl": pinfl(number + 100),
                "surname": SURNAMES[number],
                "document_number": f"AA{number:07d}",
                "flat": "",
                "district_code": tinch if record == "SPLIT_AHEAD" else OLD,
            }
        )
        if record != "BEHIND":
            place["district_code"] = tinch if mahalla == "Tinch MFY" else OLD
            dwellings.append(
                DWELLING | place | {"cadastral_number": f"14:01:02:03:04:{number:04d}"}
            )
    gulyor_too = {"house": "11", "street": "Gulyor koʻchasi"}
    dwellings.append(
        dwellings[0] | gulyor_too | {"cadastral_number": "14:01:02:03:04:0099"}
    )
    territory = {
        rest: "Nur MFY,",
        gulyor: "Nur MFY,Gulyor koʻchasi",
        4: "Nur MFY,Oktabr koʻchasi",
        5: "Bogʻ MFY,",
        6: "Bogʻ MFY,",
        7: "Tinch MFY,",
    }
    rows = [f"1718,{number},{words}" for number, words in sorted(territory.items())]
    return write_delivery(
        folder,
        {
            "mia/persons.csv": as_csv(persons),
            "cadastre/dwellings.csv": as_csv(dwellings),
            "cec/precincts.csv": as_csv(
                [
                    PRECINCT
                    | {
                        "precinct_number": str(number),
                        "district_code": tinch if number == 7 else OLD,
                    }
                    for number in territory
                ]
            ),
            "cec/territories.csv": "\n".join(
                ["region_code,precinct_number,mahalla,street", *rows, ""]
            ).encode(),
            "reference/streets.csv": RENAMED.encode(),
        },
    )


def read(release: Path) -> dict[str, tuple[str, int] | str]:
    """District and precinct of each person, or why there is none."""
    rows = pl.read_parquet(release / "lineage.parquet").filter(
        pl.col("source") == "mia/persons"
    )
    files = sorted(release.glob("voters/*/*/voters.parquet"))
    voters = pl.read_parquet(files, hive_partitioning=False).select(
        "voter_id", "district_code", "precinct_number"
    )
    return {
        row["record_id"]: (row["district_code"], row["precinct_number"])
        if row["precinct_number"]
        else row["reason"]
        for row in rows.join(voters, on="voter_id", how="left").to_dicts()
    }


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("borders")
    deliveries = [
        deliver(folder / "1", is_split=False, gulyor=3, rest=1),
        deliver(folder / "2", is_split=True, gulyor=1, rest=3),
    ]
    return [build(d, folder / "published").release for d in deliveries]


def test_a_street_renamed_yesterday_is_found_by_both_names_and_one_of_tomorrow_by_its_own(
    nights,
):
    found = read(nights[0])
    assert found["REST"] == (OLD, 1)
    assert found["BEHIND"] == found["AHEAD"] == (OLD, 3)
    assert found["TOMORROW"] == (OLD, 4)


@pytest.mark.parametrize("night", [0, 1])
def test_two_precincts_described_alike_get_nobody_and_are_told(nights, night):
    assert read(nights[night])["TWICE"] == "COVERAGE_OVERLAP"


def test_a_number_given_to_another_territory_takes_no_voter_along(nights):
    found = read(nights[1])
    assert found["REST"] == (OLD, 3)
    assert found["BEHIND"] == found["AHEAD"] == (OLD, 1)
    changes = pl.read_parquet(
        sorted(nights[1].glob("changes/*/*/changes.parquet")), hive_partitioning=False
    ).unique("voter_id")
    swapped = changes.filter(pl.col("district_code_after") == OLD)
    assert set(swapped["reason"]) == {"PRECINCTS_CHANGED"}
    assert swapped.height == 3


def test_of_a_district_split_in_two_nobody_stands_in_the_wrong_one(nights):
    first, second = read(nights[0]), read(nights[1])
    assert first["SPLIT_BEHIND"] == first["SPLIT_AHEAD"] == (OLD, 7)
    assert second["SPLIT_AHEAD"] == (NEW, 7)
    assert second["SPLIT_BEHIND"] == "ADDRESS_UNREAD", "no such mahalla in what is left"
