import datetime

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.normalise.dates import (
    DEFAULT_FORMS,
    date_day,
    date_parts,
    date_precision,
    date_value,
    timestamp_day,
    timestamp_value,
)
from tests.conftest import read_cases

CASES = read_cases("dates.csv")


def read(engine, text, forms=DEFAULT_FORMS, first_year=None):
    day = f"SELECT {date_day('text')} AS day FROM (SELECT CAST(? AS VARCHAR) AS text)"
    parts = f"SELECT {date_parts('day', forms, first_year)} AS parts FROM ({day})"
    query = f"SELECT {date_value('parts')}, {date_precision('parts')} FROM ({parts})"
    value, precision = engine.execute(query, [text]).fetchall()[0]
    return value, precision if value is not None else None


def read_timestamp(engine, text):
    query = (
        f"SELECT {timestamp_value('text', 'parts')} FROM (SELECT *, "
        f"{date_parts('day')} AS parts FROM (SELECT *, {timestamp_day('text')} AS day "
        "FROM (SELECT CAST(? AS VARCHAR) AS text)))"
    )
    return engine.execute(query, [text]).fetchall()[0][0]


@pytest.fixture(scope="module")
def utc_engine():
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['text']} {case['forms']}")
def test_golden_dates(utc_engine, case):
    forms = tuple(case["forms"].split()) or DEFAULT_FORMS
    first_year = int(case["first_year"]) if case["first_year"] else None
    value, precision = read(utc_engine, case["text"], forms, first_year)
    found = "" if value is None else value.isoformat()
    assert (found, precision or "") == (case["date"], case["precision"]), case["why"]


def test_there_are_enough_cases():
    assert len(CASES) >= 60


def test_null_gives_null(utc_engine):
    assert read(utc_engine, None) == (None, None)
    assert read_timestamp(utc_engine, None) is None


@settings(max_examples=20)
@given(st.dates(datetime.date(1000, 1, 1), datetime.date(9999, 12, 31)))
def test_every_day_reads_back_in_every_form(utc_engine, day):
    year, month, date = f"{day.year:04}", f"{day.month:02}", f"{day.day:02}"
    for text in (
        day.isoformat(),
        f"{date}.{month}.{year}",
        f"{day.day}.{day.month}.{year}",
        f"{date}/{month}/{year}",
        f"{year}{month}{date}",
    ):
        assert read(utc_engine, text) == (day, "DAY")


NUMBER = st.integers(0, 99).map(str) | st.integers(0, 99).map("{:02}".format)


@settings(max_examples=60)
@given(st.integers(1000, 9999), NUMBER, NUMBER)
def test_a_day_is_read_only_where_the_calendar_has_it(utc_engine, year, month, day):
    try:
        expected = datetime.date(year, int(month), int(day)), "DAY"
    except ValueError:
        expected = None, None
    if int(day) == 0 and int(month) == 0:
        expected = datetime.date(year, 1, 1), "YEAR"
    elif int(day) == 0 and 1 <= int(month) <= 12:
        expected = datetime.date(year, int(month), 1), "MONTH"
    assert read(utc_engine, f"{day}.{month}.{year}") == expected


@settings(max_examples=30)
@given(st.text("0123456789.-/ T:Z+", max_size=24))
def test_no_text_makes_the_engine_fail(utc_engine, text):
    read(utc_engine, text)
    read(utc_engine, text, ("excel", "ddmmyyyy", "dd.mm.yy"), 1930)
    read_timestamp(utc_engine, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-02", "2024-01-02 00:00:00"),
        ("20240102", "2024-01-02 00:00:00"),
        ("2024-01-02 10:11:12", "2024-01-02 10:11:12"),
        ("2024-01-02T03:04:05Z", "2024-01-02 03:04:05"),
        ("2024-01-02T03:04:05+05:00", "2024-01-01 22:04:05"),
        ("2024-01-02 03:04:05+05", "2024-01-01 22:04:05"),
        ("02.01.2024 8:30", "2024-01-02 08:30:00"),
        ("2024-01-02T10:11:12,5", "2024-01-02 10:11:12.500000"),
        ("2024-01-02 25:00", None),
        ("2024-02-30 10:00:00", None),
        ("2024-02-30", None),
        ("2024", None),
        ("2024-01", None),
        ("10:00", None),
        ("yesterday 10:00", None),
    ],
)
def test_timestamps(utc_engine, text, expected):
    found = read_timestamp(utc_engine, text)
    assert (None if found is None else str(found)) == expected
