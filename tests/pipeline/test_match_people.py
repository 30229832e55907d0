"""Lists of people against a release: added by hand, candidates, signatures, observers."""

import datetime

import pytest

from pipeline import tables
from pipeline.errors import SourceError
from pipeline.match_people import ListTables, match_people
from pipeline.people_file import read_people
from pipeline.run import Linkage, Run
from pipeline.supplementary import check_supplementary
from pipeline.verify_people import Question, verify_people
from schemas.source import SourceSupplementary
from schemas.voter_list import UnlistedPerson, VoterListEntry
from tests.conftest import AS_OF, ELECTION_DATE, build_rows
from tests.person_worlds import background, pinfl

BORN = datetime.date(1999, 2, 22)
YOUNG = {
    "surname": "Mirzayev",
    "given_name": "Sanjar",
    "patronymic": "Olimovich",
    "sex": "M",
    "birth_date": BORN,
    "pinfl": pinfl("M", BORN, 7),
    "document_number": "AB0000007",
}
OTHER = YOUNG | {
    "surname": "Boymurodov",
    "given_name": "Temur",
    "patronymic": "Akmalovich",
    "birth_date": datetime.date(1964, 8, 30),
    "pinfl": pinfl("M", datetime.date(1964, 8, 30), 8),
    "document_number": "AB0000008",
}
WORLD = [YOUNG, OTHER, *background()[:3000]]
OFF_LIST_PINFL = pinfl("M", datetime.date(1980, 1, 1), 9)


def voter(number):
    """A voter of precinct 1 or 2; the first two are YOUNG and OTHER."""
    known = {
        name: value
        for name, value in WORLD[number].items()
        if name not in ("address_id", "district_code")
    }
    return {
        "voter_id": f"V{number:013d}",
        "list_number": number + 1,
        "region_code": "1718",
        "district_code": "1718203",
        "precinct_number": 1 + number % 2,
        **known,
    }


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    work = str(tmp_path_factory.mktemp("lists"))
    run = Run(delivery="", output="", election_date=ELECTION_DATE, as_of=AS_OF, work=work)
    with tables.open_engine(run) as connection:
        yield connection


@pytest.fixture(scope="module")
def rows(engine):
    return build_rows(engine)


@pytest.fixture(scope="module")
def release(engine, rows):
    return ListTables(
        voters=rows(VoterListEntry, *(voter(number) for number in range(len(WORLD)))),
        unlisted=rows(
            UnlistedPerson,
            {"person_id": "V0000000009999", "pinfl": OFF_LIST_PINFL, "ground": "DECEASED"},
        ),
        linkage_model=tables.empty_table(engine, "linkage_model"),
    )


def person(number, *columns, **changes):
    """These columns of voter `number` as somebody wrote them on a list."""
    known = voter(number)
    return {name: known[name] for name in columns} | changes


NAMES = ("surname", "given_name", "patronymic", "birth_date")


def asked(rows, *people):
    return rows(
        SourceSupplementary,
        *(
            {
                "row_id": number,
                "source_row": number + 1,
                "region_code": "1718",
                "precinct_number": 1,
                "birth_date_precision": "DAY" if "birth_date" in row else None,
                **row,
            }
            for number, row in enumerate(people)
        ),
    )


CASES = {
    "PINFL and name": (person(0, "pinfl", "surname"), "LISTED", 0),
    "PINFL and birth date": (person(0, "pinfl", "birth_date"), "LISTED", 0),
    "PINFL alone": (person(0, "pinfl"), "LISTED", 0),
    "PINFL of another name": (
        person(0, "pinfl", surname="Petrova", given_name="Olga"),
        "UNCLEAR",
        None,
    ),
    "document and birth date": (person(1, "document_number", "birth_date"), "LISTED", 1),
    "document, birth date and Cyrillic name": (
        person(1, "document_number", "birth_date", surname="Боймуродов"),
        "LISTED",
        1,
    ),
    "document of another name": (
        person(1, "document_number", "birth_date", surname="Petrov", given_name="Oleg"),
        "UNCLEAR",
        None,
    ),
    "document without birth date": (person(1, "document_number"), "UNKNOWN", None),
    "all names and birth date": (person(0, *NAMES), "LISTED", 0),
    "names in Cyrillic": (
        person(
            0,
            "birth_date",
            surname="Мирзаев",
            given_name="Санжар",
            patronymic="Олимович",
        ),
        "LISTED",
        0,
    ),
    "names without birth date": (
        person(0, "surname", "given_name", "patronymic"),
        "UNCLEAR",
        None,
    ),
    "a stranger": (
        {
            "surname": "Ivanov",
            "given_name": "Pyotr",
            "birth_date": datetime.date(1944, 4, 4),
        },
        "UNKNOWN",
        None,
    ),
    "known to the register, off the list": ({"pinfl": OFF_LIST_PINFL}, "OFF_LIST", None),
    "nothing": ({}, "UNKNOWN", None),
}


def test_who_is_meant(engine, rows, release):
    people = asked(rows, *(row for row, _, _ in CASES.values()))
    found = match_people(engine, people, release, Linkage(), AS_OF).pl().sort("row_id")
    told = dict(zip(CASES, found.select("outcome", "voter_id").rows(), strict=True))
    expected = {
        name: (outcome, None if number is None else f"V{number:013d}")
        for name, (_, outcome, number) in CASES.items()
    }
    assert told == expected


def test_added_by_hand_and_listed(engine, rows, release):
    added = asked(
        rows,
        person(0, "pinfl", "surname"),
        person(1, "pinfl", "surname"),
        person(1, "pinfl", "surname", precinct_number=2),
        {"pinfl": OFF_LIST_PINFL},
        {"surname": "Ivanov", "given_name": "Pyotr"},
    )
    report = check_supplementary(engine, added, release, Linkage(), AS_OF)
    assert report.rows["status"].to_list() == [
        "LISTED_HERE",
        "LISTED_ELSEWHERE",
        "LISTED_HERE",
        "OFF_LIST",
        "UNKNOWN",
    ]
    assert report.rows["times"].to_list() == [1, 2, 2, 1, 1]
    assert report.rows["precincts"].to_list() == [1, 2, 2, 1, 1]
    assert report.rows["listed_precinct_number"].to_list()[:3] == [1, 2, 2]
    assert report.precincts.to_dicts()[0] == {
        "region_code": "1718",
        "precinct_number": 1,
        "added": 4,
        "listed_here": 1,
        "listed_elsewhere": 1,
        "off_list": 1,
        "unclear": 0,
        "unknown": 1,
        "repeated": 1,
    }
    columns = {*report.rows.columns, *report.precincts.columns}
    assert not columns & {"surname", "given_name", "pinfl", "birth_date"}


def results(engine, rows, release, *people, **question):
    asking = {"day": ELECTION_DATE, **question}
    found = verify_people(
        engine, asked(rows, *people), release, Linkage(), AS_OF, Question(**asking)
    )
    assert found.columns == ["source_row", "result", "reasons"], "and nothing else"
    return [(row["result"], row["reasons"]) for row in found.to_dicts()]


def test_people_are_found_or_not_with_reasons(engine, rows, release):
    told = results(
        engine,
        rows,
        release,
        person(1, "pinfl", "surname"),
        person(1, *NAMES),
        {"pinfl": OFF_LIST_PINFL},
        person(0, "pinfl", surname="Petrova", given_name="Olga"),
        {},
    )
    assert told == [
        ("FOUND", []),
        ("FOUND", ["REPEATED"]),
        ("NOT_FOUND", []),
        ("AMBIGUOUS", ["DATA_DIFFER"]),
        ("NOT_FOUND", ["NOTHING_TO_FIND_BY"]),
    ]


@pytest.mark.parametrize(
    ("age", "day", "reasons"),
    [
        (27, datetime.date(2026, 12, 27), []),
        (27, datetime.date(2026, 2, 22), []),
        (27, datetime.date(2026, 2, 21), ["TOO_YOUNG"]),
        (35, datetime.date(2026, 12, 27), ["TOO_YOUNG"]),
        (None, datetime.date(1999, 2, 23), []),
    ],
)
def test_age_counts_on_the_day_asked_for(engine, rows, release, age, day, reasons):
    young = person(0, "pinfl", "surname")
    told = results(engine, rows, release, young, age_min=age, day=day)
    assert told == [("FOUND", reasons)]


@pytest.mark.parametrize(
    ("area", "reasons"),
    [("1718", []), ("1718203", []), ("1718401", ["LISTED_ELSEWHERE"])],
)
def test_a_signature_of_another_area_is_told(engine, rows, release, area, reasons):
    told = results(engine, rows, release, person(1, "pinfl", "surname"), area=area)
    assert told == [("FOUND", reasons)]


def read(engine, tmp_path, name, content, *, is_placed=False):
    (tmp_path / name).write_bytes(content)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    areas = tables.reference_table("areas")
    return read_people(
        engine, str(tmp_path / name), areas, str(scratch), is_placed=is_placed
    )


def test_a_file_with_other_headings_and_more_columns_is_read(engine, tmp_path):
    text = "№;Фамилия;Имя;Дата рождения;ПИНФЛ;Партия\n1;Каримов;Алишер;03.02.1990;;X\n"
    people = read(engine, tmp_path, "imzolar.csv", text.encode("cp1251"))
    row = people.rows.pl().to_dicts()[0]
    assert (row["surname"], row["given_name"]) == ("Каримов", "Алишер")
    assert row["birth_date"] == datetime.date(1990, 2, 3)
    assert people.refused == ()


def test_bad_rows_are_named_by_row_and_column(engine, tmp_path):
    text = "surname,given_name,birth_date\nKarimov,A,1990-02-03\nSaidov,B,1990-02-31\n"
    people = read(engine, tmp_path, "list.csv", text.encode())
    assert people.rows.pl().height == 1
    assert people.refused == ((2, "birth_date", "birth_date_possible"),)


@pytest.mark.parametrize(
    ("name", "text", "is_placed", "told"),
    [
        ("list.csv", "party,place\nx,y\n", False, "who somebody is"),
        ("list.csv", "surname\nKarimov\n", True, "region_code"),
        ("list.pdf", "%PDF", False, "neither CSV"),
    ],
)
def test_a_file_that_can_not_be_used_is_refused(
    engine, tmp_path, name, text, is_placed, told
):
    with pytest.raises(SourceError, match=told):
        read(engine, tmp_path, name, text.encode(), is_placed=is_placed)
