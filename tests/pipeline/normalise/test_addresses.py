import datetime

import polars as pl
import pytest

from pipeline.normalise.address_shown import shown_addresses
from pipeline.normalise.addresses import (
    normalise_addresses,
    normalise_dwellings,
)
from pipeline.normalise.houses import house_number, house_span
from pipeline.normalise.places import place_key
from pipeline.normalise.streets import street_aliases, street_identity
from schemas.record import AddressRecord, DwellingRecord
from schemas.source import SourceDwelling, SourcePerson, SourceStreet
from tests.conftest import read_cases

CASES = read_cases("addresses.csv")
INPUT = [
    "district_code",
    "mahalla",
    "street",
    "house",
    "building",
    "flat",
    "address_text",
]
PARTS = [
    "mahalla",
    "mahalla_kind",
    "massif",
    "street",
    "lane",
    "house",
    "building",
    "flat",
]
RIGHT_MIN = 0.98
WRONG_MAX = 0.005
# Two streets contradict each other: the house after them is left unread with them.
UNPARSED = {"a281"}


def frame_of(cases):
    return pl.DataFrame(
        {column: [case[column] or None for case in cases] for column in ["case", *INPUT]},
        schema=dict.fromkeys(["case", *INPUT], pl.String),
    )


@pytest.fixture(scope="module")
def read():
    return {row["case"]: row for row in shown_addresses(frame_of(CASES)).to_dicts()}


def expected(case):
    return {part: case[f"expected_{part}"] or None for part in PARTS}


def found(row):
    return {part: row[part] for part in PARTS}


def is_right(case, row):
    is_unread = case["expected_unread"] == "yes"
    return found(row) == expected(case) and (row["unread"] is not None) == is_unread


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case["case"] not in UNPARSED],
    ids=lambda c: c["case"],
)
def test_golden_addresses(read, case):
    row = read[case["case"]]
    assert found(row) == expected(case), case["why"]
    assert (row["unread"] is not None) == (case["expected_unread"] == "yes"), case["why"]
    assert (row["warnings"] == "ADDRESS_UNREAD") == (row["unread"] is not None)


def test_shares_of_right_and_wrong_hold_the_bar(read):
    right = sum(is_right(case, read[case["case"]]) for case in CASES)
    wrong = 0
    for case in CASES:
        row, wanted = read[case["case"]], expected(case)
        wrong += any(row[part] not in (None, wanted[part]) for part in PARTS) or (
            found(row) != wanted and row["unread"] is None
        )
    assert len(CASES) >= 400
    assert right >= RIGHT_MIN * len(CASES)
    assert wrong <= WRONG_MAX * len(CASES)


@pytest.mark.parametrize(
    "texts",
    [
        [
            "Navoiy ko'chasi, 12-uy",
            "Навоий кўчаси 12 уй",
            "NAVOIY KOʻCHASI 12",
            "ул. Навои, д. 12",
        ],
        [
            "Gulyor 4-tor ko'chasi, 15",
            "Гулёр 4-тор кўчаси 15-уй",
            "4-й проезд Гулёр, д. 15",
        ],
        ["Katta guzar MFY, 5-uy", "Kattaguzar MFY, 5-uy", "Катта гузар МФЙ, 5"],
    ],
    ids=["street", "lane", "compound"],
)
def test_spellings_of_one_address_have_one_key(texts):
    frame = pl.DataFrame({"district_code": ["1726266"] * len(texts), "address_text": texts})
    keys = shown_addresses(frame).select("mahalla_key", "street_key", "lane", "house_key")
    assert keys.unique().height == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Gulyor ko'chasi 5", "Gulyor 4-tor ko'chasi 5"),
        ("Gulyor 2-tor ko'chasi 5", "Gulyor 2-berk ko'chasi 5"),
        ("Birlik-1 MFY, 5", "Birlik-2 MFY, 5"),
        ("Istiqlol MFY, 5", "Istiqbol MFY, 5"),
        ("Navoiy ko'chasi 28-A", "Navoiy ko'chasi 28"),
        ("O'rik ko'chasi 5", "Orik ko'chasi 5"),
    ],
)
def test_different_addresses_keep_different_keys(left, right):
    frame = pl.DataFrame({"district_code": ["1726266"] * 2, "address_text": [left, right]})
    keys = shown_addresses(frame).select(
        "mahalla_key", "massif_key", "street_key", "lane", "house_key"
    )
    assert keys.unique().height == 2


TASHKENT = {"region_code": "1726", "district_code": "1726266"}


def test_persons_addresses_are_distinct_and_numbered_by_first_row(engine, rows):
    persons = rows(
        SourcePerson,
        {**TASHKENT, "row_id": 0, "street": "Navoiy", "house": "5"},
        {**TASHKENT, "row_id": 1, "street": "Bobur", "house": "5"},
        {**TASHKENT, "row_id": 2, "street": "Navoiy", "house": "5"},
    )
    records, crosswalk = normalise_addresses(engine, persons)
    found = AddressRecord.validate(
        records.pl().select(AddressRecord.column_names()), cast=True
    ).sort("address_id")
    assert found["street_key"].to_list() == ["navoiy", "bobur"]
    assert sorted(crosswalk.fetchall()) == [(0, 0), (1, 1), (2, 0)]


def test_dwellings_keep_their_rows_and_canonical_cadastral_numbers(engine, rows):
    dwellings = rows(
        SourceDwelling,
        {**TASHKENT, "row_id": 0, "cadastral_number": "10:1:1:1:1:1:5", "street": "Navoiy"},
        {
            **TASHKENT,
            "row_id": 1,
            "cadastral_number": "10:01:01:01:01:0001:0005",
            "street": None,
        },
        {**TASHKENT, "row_id": 2, "cadastral_number": "nomalum", "street": "Navoiy"},
    )
    records = normalise_dwellings(engine, dwellings).pl()
    found = DwellingRecord.validate(
        records.select(DwellingRecord.column_names()), cast=True
    ).sort("dwelling_id")
    number = "10:01:01:01:01:0001:0005"
    assert found["cadastral_key"].to_list() == [number, number, None]


def test_columns_of_the_delivery_are_kept_under_their_own_name():
    frame = pl.DataFrame(
        {"record_id": ["r1"], "district_code": ["1726266"], "street": ["навоий к."]}
    )
    row = shown_addresses(frame).row(0, named=True)
    assert row["record_id"] == "r1"
    assert row["delivered_street"] == "навоий к."
    assert row["street"] == "Navoiy koʻchasi"


@pytest.mark.parametrize(
    ("text", "key", "display"),
    [("28a", "28A", "28-A"), ("28/1", "28/1", "28/1"), ("2/3/4", "2/3/4", "2/3/4")],
)
def test_house_numbers(text, key, display):
    number = house_number(text)
    assert (number.key, number.display) == (key, display)


@pytest.mark.parametrize("text", ["", "a", "12-14", "5 12", "123456", "12/", "1a2b"])
def test_what_is_no_single_house_gives_null(text):
    assert house_number(text) is None


def test_a_span_of_houses_runs_forward():
    assert house_span("12-14").key == "12-14"
    assert house_span("14-12") is None


STREET_DAY = datetime.date(2026, 1, 1)


def street(old, new, since, district="1726266"):
    return {
        "district_code": district,
        "old_name": old,
        "new_name": new,
        "valid_from": since,
    }


def aliases(engine, rows, *streets, as_of=STREET_DAY):
    return sorted(street_aliases(engine, rows(SourceStreet, *streets), as_of).fetchall())


def test_renamed_streets_lead_to_the_name_that_holds(engine, rows):
    found = aliases(
        engine,
        rows,
        street("Lenin ko'chasi", "Mustaqillik ko'chasi", datetime.date(1992, 9, 1)),
        street("Mustaqillik ko'chasi", "Istiqlol ko'chasi", datetime.date(2025, 7, 30)),
        street("Gulyor 1-tor", "Bahor ko'chasi", None),
        street("Ertaga", "Keyin", datetime.date(2026, 7, 1)),
    )
    assert found == [
        ("1726266", "gulyor", "1", "bahor", None),
        ("1726266", "lenin", None, "istiqlol", None),
        ("1726266", "mustaqillik", None, "istiqlol", None),
    ]


def test_contradicting_and_circular_renames_give_no_alias(engine, rows):
    day = datetime.date(2020, 1, 1)
    assert not aliases(engine, rows, street("A", "Bahor", day), street("A", "Kuz", day))
    assert not aliases(engine, rows, street("Bir", "Ikki", day), street("Ikki", "Bir", day))


def test_a_name_taken_by_another_street_later_is_no_alias(engine, rows):
    found = aliases(
        engine,
        rows,
        street("Bahor", "Kuz", datetime.date(2000, 1, 1)),
        street("Lenin", "Bahor", datetime.date(2020, 1, 1)),
    )
    assert found == [("1726266", "lenin", None, "bahor", None)]


def test_street_identity_reads_a_register_name():
    assert street_identity("Gulyor 4-tor ko'chasi") == ("gulyor", "4")
    assert street_identity("ул. Бабура") == ("bobur", None)
    assert street_identity(None) == (None, None)
    assert place_key("Bobur") == "bobur"
