"""A full name that many bear is no evidence, however rare its parts are by themselves."""

import collections
import datetime
import math

import pytest

from pipeline import tables
from pipeline.resolve_persons import resolve_persons
from pipeline.resolve_persons.encode import PREFIX
from pipeline.resolve_persons.namesakes import DEPENDENCE_BITS
from pipeline.run import Linkage, Run
from schemas.source import SourceDecision
from tests.conftest import build_rows
from tests.person_worlds import AS_OF, DISTRICTS, as_records, background

CLAN = 200
NAME = {
    "surname": "Allambergenov",
    "given_name": "Kenesbay",
    "patronymic": "Berdaqovich",
    "sex": "M",
}
BORN = datetime.date(1950, 1, 1)


def person(birth_date, number, **given):
    return {
        **NAME,
        "birth_date": birth_date,
        "pinfl": None,
        "document_number": None,
        "district_code": DISTRICTS[0],
        "address_id": 900_000 + number,
        **given,
    }


def clan(bearers):
    """So many of one name, born on days of their own."""
    return [
        person(
            BORN + datetime.timedelta(days=97 * number),
            number,
            document_number=f"AC{number:07d}",
        )
        for number in range(bearers)
    ]


def pair():
    """One name and one day, of two districts, with nothing else to tell them by."""
    born = datetime.date(1990, 5, 17)
    here = person(born, CLAN + 1, document_number="AA7654321")
    return [here, person(born, CLAN + 2, district_code=DISTRICTS[4])]


def resolve(tmp_path, rows):
    """Links of the last two rows, their pair for review, and its weight as multiplied."""
    run = Run("", "", AS_OF, AS_OF, work=str(tmp_path))
    with tables.open_engine(run) as engine:
        decisions = build_rows(engine)(SourceDecision).limit(0)
        settings = Linkage(merge_weight_bits=6.0, review_weight_bits=-20.0)
        found = resolve_persons(engine, as_records(engine, rows), decisions, settings)
        last = (len(rows) - 2, len(rows) - 1)
        links = found.person_links.filter(f"row_id IN {last}").order("row_id").fetchall()
        asked = found.review_pairs.filter(
            f"left_row_id = {last[0]} AND right_row_id = {last[1]}"
        )
        weight = engine.execute(
            f"SELECT weight FROM {PREFIX}_best WHERE left_node = {last[0]} "
            f"AND right_node = {last[1]}"
        ).fetchall()[0][0]
        return links, asked.project("match_weight").fetchall(), weight


def test_a_name_of_two_rows_is_merged(tmp_path):
    links, asked, _ = resolve(tmp_path, background() + pair())
    assert links[0][1] == links[1][1]
    assert asked == []


def test_a_name_of_many_is_asked_and_weighs_what_its_bearers_leave(tmp_path):
    rows = background() + clan(CLAN) + pair()
    links, asked, multiplied = resolve(tmp_path, rows)
    assert links[0][1] != links[1][1]
    expected = 0.0
    for part in ("surname", "given_name", "patronymic"):
        count = collections.Counter(row[part] for row in rows if row[part])
        expected += math.log2(count[NAME[part]] / count.total())
    excess = math.log2(CLAN / len(rows)) - expected - DEPENDENCE_BITS
    assert excess > 4
    assert asked[0][0] == pytest.approx(multiplied - excess, abs=1e-3)
