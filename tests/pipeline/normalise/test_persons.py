"""Rows of every source as comparable records: keys, identifiers, warnings."""

import datetime
import itertools

import dataframely as dy
import duckdb
import polars as pl
import pytest

from pipeline.normalise.name_keys import name_keys
from pipeline.normalise.persons import normalise_named, normalise_persons
from schemas.record import NamedRecord, PersonRecord
from schemas.source import (
    SourcePerson,
    SourceRestriction,
    SourceRoster,
    SourceSupplementary,
)

AS_OF = datetime.date(2026, 11, 1)
PINFL = "30211975910033"
BORN = datetime.date(1997, 11, 2)


def person(row_id: int, **known: object) -> dict[str, object]:
    return {
        "row_id": row_id,
        "record_id": f"r{row_id}",
        "surname": "Karimov",
        "given_name": "Alisher",
        "patronymic": "Olimovich",
        "sex": "M",
        "birth_date": BORN,
        "birth_date_precision": "DAY",
        "pinfl": PINFL,
        "document_type": "PASSPORT",
        "document_number": "AA1234567",
        "region_code": "1718",
        "district_code": "1718203",
        **known,
    }


def normalised(
    engine: duckdb.DuckDBPyConnection, rows, *people: dict[str, object]
) -> list[dict[str, object]]:
    addresses = engine.sql("SELECT 0::BIGINT AS row_id, 7::BIGINT AS address_id")
    persons = rows(SourcePerson, *people)
    return checked(PersonRecord, normalise_persons(engine, persons, addresses, AS_OF))


def checked(
    schema: type[dy.Schema], relation: duckdb.DuckDBPyRelation
) -> list[dict[str, object]]:
    frame = relation.pl().sort("row_id")
    assert sorted(frame.columns) == sorted(schema.column_names())
    return schema.validate(frame, cast=True).rows(named=True)


def test_a_faultless_row(engine, rows):
    read = normalised(engine, rows, person(0))[0]
    assert read["pinfl"] == PINFL
    assert read["pinfl_problem"] is None
    assert read["pinfl_digits"] is None
    assert read["surname_key"] == "karimov"
    assert read["given_name_key"] == "alisher"
    assert read["patronymic_key"] == "olim m"
    assert read["patronymic_sex"] == "M"
    assert read["document_key"] == "AA1234567"
    assert read["warnings"] == []
    assert read["address_id"] == 7
    assert read["record_id"] == "r0"


def test_rows_without_an_address_have_none(engine, rows):
    read = normalised(engine, rows, person(0), person(1))
    assert [row["address_id"] for row in read] == [7, None]


@pytest.mark.parametrize(
    ("known", "problem", "warnings"),
    [
        ({"pinfl": None}, None, ["PINFL_MISSING"]),
        ({"pinfl": "YO'Q"}, None, ["PINFL_MISSING"]),
        ({"pinfl": "3021197591003"}, "MALFORMED", ["PINFL_MALFORMED"]),
        ({"pinfl": "30211975910034"}, "CHECK_DIGIT", ["PINFL_CHECK_DIGIT"]),
        ({"sex": "F", "surname": "Kim", "patronymic": None}, "SEX", ["PINFL_SEX"]),
        (
            {"birth_date": datetime.date(1996, 11, 2)},
            "BIRTH_DATE",
            ["PINFL_BIRTH_DATE"],
        ),
        (
            {
                "birth_date": datetime.date(1997, 1, 1),
                "birth_date_precision": "YEAR",
            },
            None,
            [],
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_doubtful_pinfl_is_evidence_and_no_identifier(
    engine, rows, known, problem, warnings
):
    read = normalised(engine, rows, person(0, **known))[0]
    assert read["pinfl_problem"] == problem
    assert read["warnings"] == warnings
    assert (read["pinfl"] is None) == bool(warnings)
    if problem:
        assert read["pinfl_digits"] is not None


def test_a_stand_in_birth_date_is_known_by_its_year_only(engine, rows):
    read = normalised(engine, rows, person(0, birth_date=datetime.date(1997, 1, 1)))[0]
    assert read["pinfl"] == PINFL
    assert read["birth_date"] == datetime.date(1997, 1, 1)
    assert read["birth_date_precision"] == "YEAR"


def test_the_region_decides_how_karakalpak_letters_are_read(engine, rows):
    there = {"region_code": "1735", "district_code": "1735204", "patronymic": None}
    here = {"patronymic": None}
    read = normalised(
        engine,
        rows,
        person(0, given_name="Ўали", **there),
        person(1, given_name="Ўали", **here),
    )
    assert [row["given_name_key"] for row in read] == ["wali", "o'ali"]


def test_moved_parts_placeholders_and_initials(engine, rows):
    read = normalised(
        engine,
        rows,
        person(0, surname="Karimov Alisher Olimovich", given_name=None, patronymic=None),
        person(1, surname="Alisher", given_name="Каримов"),
        person(2, patronymic="-"),
        person(3, given_name="A."),
        person(4, surname="Кarimov"),
        person(5, document_number="??1"),
    )
    keys = ("surname_key", "given_name_key", "patronymic_key")
    assert [tuple(row[key] for key in keys) for row in read] == [
        ("karimov", "alisher", "olim m"),
        ("karimov", "alisher", "olim m"),
        ("karimov", "alisher", None),
        ("karimov", None, "olim m"),
        ("karimov", "alisher", "olim m"),
        ("karimov", "alisher", "olim m"),
    ]
    assert [row["warnings"] for row in read] == [
        ["NAME_PARTS_SWAPPED"],
        ["NAME_PARTS_SWAPPED"],
        ["NAME_PLACEHOLDER"],
        ["NAME_INITIALS"],
        ["NAME_MIXED_SCRIPT"],
        ["DOCUMENT_MALFORMED"],
    ]


TEXTS = (
    None,
    "-",
    "A.",
    "Alisher",
    "Karimov",
    "Каримова",
    "Olimovich",
    "Olim o'g'li",
    "Abdu Rahim",
    "Karimov Alisher",
    "Alisher Olimovich",
    "Karimov Alisher Olimovich",
)


def test_a_country_is_read_as_a_table_is(engine, rows):
    names = [
        dict(zip(("surname", "given_name", "patronymic"), texts, strict=True))
        for texts in itertools.product(TEXTS, repeat=3)
    ]
    people = [person(at, region_code="1718", **name) for at, name in enumerate(names)]
    read = normalised(engine, rows, *people)
    shown = name_keys(pl.DataFrame(people, infer_schema_length=None)).rows(named=True)
    keys = ("surname_key", "given_name_key", "patronymic_key", "patronymic_sex", "warnings")
    assert [[row[key] for key in keys] for row in read] == [
        [row[key] for key in keys] for row in shown
    ]


def test_the_order_of_rows_decides_nothing(engine, rows):
    people = [
        person(0, surname="Алиев"),
        person(1, surname="Alisher", given_name="Karimov"),
        person(2, surname="Karimov Alisher", given_name=None),
    ]
    assert normalised(engine, rows, *people) == normalised(engine, rows, *people[::-1])


@pytest.mark.parametrize("schema", [SourceRestriction, SourceRoster, SourceSupplementary])
def test_rows_of_the_other_sources(engine, rows, schema):
    known = {
        name: value
        for name, value in person(0, document_number="АА 1234567").items()
        if name in schema.column_names()
    }
    read = checked(
        NamedRecord, normalise_named(engine, rows(schema, known), AS_OF, "first")
    )[0]
    assert read["pinfl"] == PINFL
    assert read["surname_key"] == "karimov"
    has_document = "document_number" in schema.column_names()
    assert read["document_key"] == ("AA1234567" if has_document else None)
    assert read["warnings"] == []


def test_no_rows_give_no_rows(engine, rows):
    assert normalised(engine, rows) == []


def test_two_named_relations_stand_side_by_side(engine, rows):
    first = normalise_named(
        engine, rows(SourceRoster, {"row_id": 0, "surname": "Алиев"}), AS_OF, "first"
    )
    second = normalise_named(
        engine, rows(SourceRoster, {"row_id": 0, "surname": "Жўраев"}), AS_OF, "second"
    )
    keys = [
        checked(NamedRecord, relation)[0]["surname_key"] for relation in (first, second)
    ]
    assert keys == ["aliyev", "jo'rayev"]


def test_a_frame_without_rows_has_the_types_of_a_record(engine, rows):
    addresses = engine.sql("SELECT 0::BIGINT AS row_id, 7::BIGINT AS address_id")
    records = normalise_persons(engine, rows(SourcePerson), addresses, AS_OF)
    assert records.pl().schema["warnings"] == pl.List(pl.String)
