import csv

import polars as pl
import pytest

from pipeline.normalise.boundaries import read_boundary
from pipeline.normalise.coverage import boundary_rules, normalise_coverage
from schemas.record import BoundaryReading, PrecinctCoverage
from schemas.source import SourcePrecinct, SourceTerritory
from tests.conftest import SHARED, read_cases

CASES = read_cases("boundaries.csv")
RIGHT_MIN = 0.95


def shown(rule):
    """A rule in the notation of the cases."""
    facts = [
        f"{name}={place.display}"
        for name, place in (
            ("mahalla", rule.mahalla),
            ("massif", rule.massif),
            ("street", rule.street),
        )
        if place is not None
    ]
    if rule.lane is not None:
        facts.append(f"lane={rule.lane}")
    if rule.house_from is not None:
        last = "" if rule.house_to == rule.house_from else f"-{rule.house_to}"
        facts.append(f"houses={rule.house_from}{last}")
    if rule.parity != "ALL":
        facts.append(f"parity={rule.parity}")
    facts += ["except"] * rule.is_exclusion + ["remainder"] * rule.is_remainder
    return "; ".join(facts) or "everything"


def outcome(case):
    reading = read_boundary(case["boundary_text"])
    rules = sorted(shown(rule) for rule in reading.rules)
    return rules, reading.unread is not None


def wanted(case):
    rules = sorted(filter(None, case["expected_rules"].split(" | ")))
    return rules, case["expected_unread"] == "yes"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_golden_boundaries(case):
    assert outcome(case) == wanted(case), case["why"]


def test_shares_hold_the_bar():
    right = sum(outcome(case) == wanted(case) for case in CASES)
    silent = [
        case["case"]
        for case in CASES
        if outcome(case)[0] != wanted(case)[0] and not outcome(case)[1]
    ]
    assert len(CASES) >= 150
    assert right >= RIGHT_MIN * len(CASES)
    assert not silent


def test_official_texts_are_understood_whole():
    path = SHARED / "data" / "boundary_examples.tsv"
    if not path.exists():
        pytest.skip("../shared/data/boundary_examples.tsv is not there")
    with path.open(encoding="utf-8") as lines:
        texts = [row["boundary"] for row in csv.DictReader(lines, delimiter="\t")]
    readings = [read_boundary(text) for text in texts]
    assert [reading.unread for reading in readings] == [None] * 6
    assert [len(reading.rules) for reading in readings] == [3, 1, 2, 1, 6, 4]


def precinct(row_id, number, text):
    return {
        "row_id": row_id,
        "region_code": "1718",
        "precinct_number": number,
        "district_code": "1718203",
        "kind": "TERRITORIAL",
        "boundary_text": text,
    }


def territory(row_id, number, **columns):
    return {
        "row_id": row_id,
        "region_code": "1718",
        "precinct_number": number,
        "district_code": None,
        **columns,
    }


def test_territory_rows_and_texts_become_rules(engine, rows):
    precincts = rows(
        SourcePrecinct, precinct(0, 1, "Oqmachit mahallasi"), precinct(1, 2, None)
    )
    territories = rows(
        SourceTerritory,
        territory(
            0,
            1,
            mahalla="Do'stlik MFY",
            street="Navoiy 2-tor",
            house_from=1,
            house_to=9,
            parity="ODD",
            cadastral_prefix="14:1",
        ),
        territory(1, 9, mahalla="Navbahor MFY"),
    )
    coverage, readings = normalise_coverage(engine, precincts, territories)
    rules = PrecinctCoverage.validate(coverage.pl(), cast=True).sort("rule_id")
    assert rules.select("source", "mahalla_key", "street_key", "lane").rows() == [
        ("TERRITORY", "do'stlik", "navoiy", "2"),
        ("TEXT", "oqmachit", None, None),
    ]
    assert rules["cadastral_prefix"].to_list() == ["14:01", None]
    counts = BoundaryReading.validate(readings.pl(), cast=True).sort("row_id")
    assert counts.select("rule_count", "unread").rows() == [(2, None), (0, None)]


@pytest.mark.parametrize(
    "columns",
    [
        {"mahalla": "???"},
        {"mahalla": "Do'stlik MFY", "street": "Navoiy ko'chasi, Bobur ko'chasi"},
        {"street": "Navoiy ko'chasi", "cadastral_prefix": "xyz"},
        {"street": "Navoiy ko'chasi 5-uy"},
    ],
    ids=["mahalla", "two streets", "prefix", "house in the street's column"],
)
def test_a_territory_row_that_is_not_understood_places_nobody(engine, rows, columns):
    precincts = rows(SourcePrecinct, precinct(0, 1, None))
    territories = rows(SourceTerritory, territory(0, 1, **columns))
    coverage, readings = normalise_coverage(engine, precincts, territories)
    assert coverage.filter("NOT is_doubtful").fetchall() == []
    assert readings.project("unread").fetchall()[0][0] is not None


@pytest.mark.parametrize(
    ("columns", "mahalla"),
    [
        ({"mahalla": "Do'stlik MFY", "street": "Navoiy ko'chasi 5-uy"}, "do'stlik"),
        ({"street": "Navoiy ko'chasi 5-uy"}, "obod"),
    ],
    ids=["its mahalla", "the station's"],
)
def test_a_territory_row_that_is_not_understood_leaves_a_mahalla_in_doubt(
    engine, rows, columns, mahalla
):
    given = precinct(0, 1, None) | {"address": "Obod mahallasi 3-maktab binosi"}
    territories = rows(
        SourceTerritory,
        territory(0, 1, mahalla="Oqmachit MFY", street="Bahor"),
        territory(1, 1, **columns),
        territory(2, 1, **columns),
    )
    coverage, _ = normalise_coverage(engine, rows(SourcePrecinct, given), territories)
    found = coverage.order("rule_id").project("mahalla_key, street_key, is_doubtful")
    assert found.fetchall() == [("oqmachit", "bahor", False), (mahalla, None, True)]


def test_boundary_rules_give_a_row_a_rule_and_a_row_for_a_silent_text():
    frame = pl.DataFrame(
        {
            "record_id": ["a", "b"],
            "region_code": ["1718"] * 2,
            "precinct_number": [1, 2],
            "district_code": ["1718203"] * 2,
            "boundary_text": ["Navoiy, Bobur ko'chalari", "lorem"],
        }
    )
    found = boundary_rules(frame)
    assert found["record_id"].to_list() == ["a", "a", "b"]
    assert found["street"].to_list() == ["Navoiy koʻchasi", "Bobur koʻchasi", None]
    assert found["unread"].to_list() == [None, None, "lorem"]


def test_words_not_understood_and_no_mahalla_mean_the_station_s(engine, rows):
    """A text that names streets only may mean more streets around its station."""
    text = "Navoiy ko'chasi, maktab atrofi"
    given = precinct(0, 1, text) | {"address": "Obod mahallasi 3-maktab binosi"}
    coverage, _ = normalise_coverage(engine, rows(SourcePrecinct, given), None)
    found = coverage.order("rule_id").project("mahalla_key, street_key, is_doubtful")
    assert found.fetchall() == [(None, "navoiy", False), ("obod", None, True)]
