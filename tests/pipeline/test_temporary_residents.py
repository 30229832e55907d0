"""The sheet of voters whom commissions ask where they will vote."""

import datetime

import polars as pl

from pipeline.temporary_residents import list_temporary_residents
from schemas.catalogue import TABLES
from schemas.temporary_resident import TemporaryResident

HERE = {"region_code": "1718", "district_code": "1718203"}


def test_only_who_may_vote_elsewhere_is_asked_with_both_addresses(engine, rows):
    names = [f"V{n:013d}" for n in range(2)]
    until = datetime.date(2027, 5, 1)
    elsewhere = {"temporary_region_code": "1726", "temporary_precinct_number": 9}
    asked = list_temporary_residents(
        engine,
        rows(
            TABLES["voters"],
            *[
                {
                    "voter_id": name,
                    "precinct_number": 1,
                    **HERE,
                    "mahalla": "Obod MFY",
                    "house": "5",
                }
                for name in names
            ],
        ),
        rows(
            TABLES["placement"],
            {"person_id": 0, "temporary_elsewhere": True, **elsewhere},
            {"person_id": 1, "temporary_elsewhere": False},
        ),
        rows(
            TABLES["stable_id"],
            *[{"person_id": n, "stable_id": name} for n, name in enumerate(names)],
        ),
        rows(
            TABLES["person"],
            *[{"person_id": n, "temporary_row_id": 10 + n} for n in range(2)],
        ),
        rows(
            TABLES["person_record"],
            *[
                {"row_id": 10 + n, "address_id": 3, "registered_until": until}
                for n in range(2)
            ],
        ),
        rows(TABLES["address_link"], {"address_id": 3, "street": "Navoiy koʻchasi"}),
        rows(
            TABLES["source_precincts"],
            {"region_code": "1726", "district_code": "1726273", "precinct_number": 9},
        ),
    )
    frame = TemporaryResident.validate(pl.DataFrame(asked.to_arrow_table()), cast=True)
    assert frame.select("voter_id", "address", "temporary_address").rows() == [
        (names[0], "Obod MFY, 5", "Navoiy koʻchasi")
    ]
    assert frame.select(
        "temporary_district_code", "temporary_precinct_number", "temporary_until"
    ).rows() == [("1726273", 9, until)]
