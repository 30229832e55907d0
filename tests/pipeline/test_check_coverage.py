"""One address asked by itself, and what precincts cover before a build."""

import pytest

from pipeline.ask_neighbours import ask_neighbours
from pipeline.ask_place import ask_place
from pipeline.check_coverage import check_coverage
from pipeline.coverage_page import render_coverage
from pipeline.place_tables import PlaceTables
from schemas.record import BoundaryReading
from schemas.voter_list import VoterListEntry
from tests.place_worlds import DISTRICT, build_tables, dwelling_rows, rule_rows

LINES = [
    "gishtmachit / shohruhmirzo / 1-9",
    "gishtmachit / navoiy / 1-9",
    "oqmachit / bahor / 1-3",
    "tinch / lola / 1-2",
]
RULES = [
    "1010 | mahalla=gishtmachit",
    "1011 | mahalla=gishtmachit; street=shohruhmirzo",
    "1012 | mahalla=tinch",
    "1013 | mahalla=tinch",
]
SQUARE = (
    '{"type": "Polygon", "coordinates": '
    "[[[66, 39], [67, 39], [67, 40], [66, 40], [66, 39]]]}"
)


@pytest.fixture
def places(engine, rows):
    spots = {"longitude": 66.5, "latitude": 39.5}
    dwellings = [row | spots for row in dwelling_rows(LINES)]
    world = build_tables(engine, rows, dwellings, rule_rows(RULES), [])
    readings = [
        {
            "row_id": n,
            "region_code": "1718",
            "precinct_number": 1010 + n,
            "district_code": DISTRICT,
            "rule_count": 1,
            "unread": "orqasi" if n == 2 else None,
        }
        for n in range(4)
    ]
    return PlaceTables(
        dwellings=world.dwellings,
        precincts=world.precincts,
        coverage=world.coverage,
        readings=rows(BoundaryReading, *readings),
        mahallas=world.mahallas,
        aliases=world.renames,
        polygons=[],
    )


def test_an_address_is_answered_with_the_rule_that_won_and_the_one_that_lost(
    engine, places
):
    asked = "Gishtmachit mahallasi, Shohruhmirzo ko'chasi, 3-uy"
    answer = ask_place(engine, places, asked, DISTRICT)
    assert (answer.precinct, answer.placement) == ("1718/1011", "EXACT")
    assert answer.dwelling["house"] == "3"
    assert [(rule.precinct, rule.fit, rule.is_in_contention) for rule in answer.rules] == [
        ("1718/1011", "fits", True),
        ("1718/1010", "fits", False),
    ]


def test_an_unplaced_address_names_who_may_have_it_and_what_is_near(engine, places):
    answer = ask_place(engine, places, "Gishtmachit mahallasi, Navoyyi k., 3", DISTRICT)
    assert answer.precinct == "1718/1010"
    answer = ask_place(engine, places, "Gishtmachit mahallasi, Lola k., 3", DISTRICT)
    assert (answer.precinct, answer.unplaced_reason) == (None, "ADDRESS_UNREAD")
    assert {rule.precinct for rule in answer.rules} == {"1718/1010", "1718/1011"}


def test_near_names_are_those_of_the_place(engine, places):
    answer = ask_place(engine, places, "Oqmachid mahallasi, Bahar k., 3", DISTRICT)
    assert answer.near_mahallas == ("oqmachit",)
    assert answer.near_streets[:1] == ("bahor",)


def test_coverage_shows_gaps_overlaps_and_unread_words(engine, places):
    report = check_coverage(engine, places)
    assert report.figures() == {
        "precincts": 4,
        "precincts_without_rule": 0,
        "precincts_with_unread_words": 1,
        "dwellings": 23,
        "COVERAGE_GAP": 3,
        "COVERAGE_OVERLAP": 2,
        "PLACED": 18,
    }
    found = report.problems.select("problem", "precincts", "place", "detail").rows()
    assert found == [
        ("COVERAGE_GAP", [], "oqmachit, bahor", "houses 1–3"),
        ("COVERAGE_OVERLAP", [1012, 1013], "tinch, lola", "houses 1–2"),
        ("WORDS_UNREAD", [1012], None, "orqasi"),
    ]


def test_the_page_shows_every_fault_and_asks_nothing_of_the_network(engine, places):
    from pipeline.assign_precincts import PrecinctPolygon

    report = check_coverage(engine, places)
    outline = PrecinctPolygon("1718", 1010, SQUARE)
    page = render_coverage(report, [outline], {DISTRICT: "Urgut <tumani>"}, "delivery")
    assert "oqmachit, bahor" in page
    assert "tinch, lola" in page
    assert "Urgut &lt;tumani&gt;" in page
    assert page.count("<circle") == 4
    assert "<title>outline of 1010</title>" in page
    assert "<script" not in page
    assert "http:" not in page.replace("http-equiv", "")


def test_a_release_answers_with_the_neighbours(engine, rows):
    voters = rows(
        VoterListEntry,
        *[
            {
                "voter_id": f"V{n}",
                "region_code": "1718",
                "district_code": DISTRICT,
                "precinct_number": number,
                "mahalla": "Obod MFY",
                "street": "Navoiy koʻchasi",
                "house": house,
                "basis": "PERMANENT",
            }
            for n, (house, number) in enumerate((("1", 5), ("1", 5), ("2", 6)))
        ],
    )
    answer = ask_neighbours(engine, voters, "Обод МФЙ, Навоий кўчаси, 1-уй", DISTRICT)
    assert answer.nearest() == (("1718/5", 2),)
    assert [level.precincts for level in answer.levels][1] == (
        ("1718/5", 2),
        ("1718/6", 1),
    )
