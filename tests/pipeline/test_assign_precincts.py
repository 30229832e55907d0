import datetime

import polars as pl
import pytest

from pipeline import tables
from pipeline.assign_precincts import (
    PrecinctPolygon,
    assign_precincts,
    find_coverage_problems,
    locate_addresses,
)
from pipeline.resolve_addresses import resolve_addresses
from pipeline.run import Policy, Run
from schemas.decision import DecidedVoter
from schemas.eligibility import EligibilityDecision
from schemas.linkage import ReferenceLink
from schemas.person import Person
from schemas.place import AddressPrecinct, Placement
from schemas.record import AddressRecord, DwellingRecord, PersonRecord
from schemas.source import SourcePrecinct, SourceRoster
from tests.conftest import ELECTION_DATE, build_rows
from tests.place_worlds import (
    address_row,
    build_world,
    by_address,
    dwelling_rows,
    outcome,
    place_addresses,
    place_worlds,
    read_worlds,
)

WORLDS = read_worlds()
CASES = [
    pytest.param(number, at, id=f"{world['world']}-{case['id']}")
    for number, world in enumerate(WORLDS)
    for at, case in enumerate(world["cases"])
]


@pytest.fixture(scope="module")
def golden(tmp_path_factory):
    """Where every case of every world stands; the worlds lie in regions of their own."""
    work = str(tmp_path_factory.mktemp("golden"))
    run = Run("", "", ELECTION_DATE, ELECTION_DATE, work)
    with tables.open_engine(run) as engine:
        return place_worlds(engine, build_rows(engine), WORLDS)


@pytest.mark.parametrize(("number", "at"), CASES)
def test_golden_case(golden, number, at):
    expected = str(WORLDS[number]["cases"][at]["expected"])
    found = golden[number, at]
    assert (found.rpartition("/")[2] if expected.isdigit() else found) == expected


SQUARE = (
    '{{"type": "Polygon", "coordinates": [[[{0}, 39], [{1}, 39], [{1}, 40], [{0}, 40],'
    " [{0}, 39]]]}}"
)


def map_of(*squares):
    """Polygons one degree wide: region, precinct, western border."""
    return [
        PrecinctPolygon(region, number, SQUARE.format(west, west + 1))
        for region, number, west in squares
    ]


def place_on_map(engine, rows, polygons, *, longitude=66.5, rules=("7 | mahalla=obod",)):
    """One dwelling of obod, navoiy street with coordinates, placed with a map."""
    world = build_world(
        engine, rows, {"dwellings": [], "rules": [*rules, "8 | mahalla=elsewhere"]}
    )
    made = dwelling_rows(["obod / navoiy / 1"])[0] | {
        "longitude": longitude,
        "latitude": 39.5,
    }
    dwellings = rows(DwellingRecord, made)
    address = address_row(0, "mahalla=obod; street=navoiy; house=1")
    links = resolve_addresses(
        engine, rows(AddressRecord, address), dwellings, world.mahallas, world.renames
    )
    placed = locate_addresses(
        engine,
        links,
        world.coverage,
        world.precincts,
        dwellings,
        world.mahallas,
        world.renames,
        polygons,
    )
    return by_address(placed)[0]


def test_map_and_rule_agree(engine, rows):
    placed = place_on_map(engine, rows, map_of(("1718", 7, 66), ("1718", 8, 68)))
    assert (outcome(placed), placed["placement"]) == ("1718/7", "EXACT")
    assert placed["warnings"] == []


def sure(placed):
    return placed["confidence"], placed["confirmed_by"]


def test_agreement_of_the_map_raises_confidence(engine, rows):
    alike = map_of(("1718", 7, 66))
    assert sure(place_on_map(engine, rows, alike)) == ("HIGH", ["MAP"])
    assert sure(place_on_map(engine, rows, ())) == ("HIGH", [])
    other = map_of(("1718", 8, 66))
    assert sure(place_on_map(engine, rows, other)) == ("LOW", [])
    alone = place_on_map(engine, rows, other, rules=())
    assert sure(alone) == ("MEDIUM", []), "the map doesn't confirm itself"


BLOCK = "14:01:02:03:04:0005:0001"
"""A cadastral building; its objects have one part more."""


def placed_in_block(engine, rows, rules, *addresses):
    """Addresses placed in a mahalla with a building of two objects and a house apart."""
    world = build_world(
        engine,
        rows,
        {
            "dwellings": [
                f"obod / navoiy / 1-2 / {BLOCK}",
                "obod / navoiy / 9 / 14:01:02:03:04:0006:0001",
            ],
            "rules": rules,
        },
    )
    given = [address_row(number, text) for number, text in enumerate(addresses)]
    _, placed = place_addresses(engine, rows, world, given)
    return [sure(placed[number]) for number in range(len(given))]


def test_neighbours_of_a_building_raise_confidence_or_take_it(engine, rows):
    texts = [f"mahalla=obod; street=navoiy; house={house}" for house in ("1", "2", "9")]
    together = placed_in_block(engine, rows, ["7 | mahalla=obod"], *texts)
    assert together == [("HIGH", ["BUILDING"]), ("HIGH", ["BUILDING"]), ("HIGH", [])]
    split = placed_in_block(
        engine,
        rows,
        ["7 | mahalla=obod", "8 | mahalla=obod; street=navoiy; houses=2"],
        *texts,
    )
    assert split == [("LOW", []), ("LOW", []), ("HIGH", [])]
    alone = placed_in_block(engine, rows, ["7 | mahalla=obod"], texts[0])
    assert alone == [("HIGH", [])], "the only address of a building confirms nothing"


def test_number_and_text_confirm_each_other(engine, rows):
    number = "14:01:02:03:04:0006:0001:0001"
    found = placed_in_block(
        engine,
        rows,
        ["7 | mahalla=obod"],
        f"mahalla=obod; street=navoiy; house=9; cadastral={number}",
        f"cadastral={number}",
        "mahalla=obod; street=navoiy; house=77",
        "mahalla=nowhere; street=unknown; house=1",
    )
    assert found == [("HIGH", ["NUMBER"]), ("HIGH", []), ("MEDIUM", []), (None, [])]


def test_map_never_wins_against_a_rule(engine, rows):
    placed = place_on_map(engine, rows, map_of(("1718", 8, 66)))
    assert (outcome(placed), placed["placement"]) == ("1718/7", "EXACT")
    assert placed["warnings"] == ["POLYGON_CONFLICT"]


def test_map_alone_places_what_no_rule_covers(engine, rows):
    placed = place_on_map(engine, rows, map_of(("1718", 8, 66)), rules=())
    assert (outcome(placed), placed["placement"]) == ("1718/8", "POLYGON")


@pytest.mark.parametrize(
    "polygons",
    [
        map_of(("1718", 7, 66), ("1718", 8, 66)),
        map_of(("1718", 7, 60)),
        map_of(("1718", 99, 66)),
        map_of(("1703", 8, 66)),
    ],
    ids=["two polygons", "outside", "unknown precinct", "unknown in that region"],
)
def test_map_that_says_nothing(engine, rows, polygons):
    assert outcome(place_on_map(engine, rows, polygons, rules=())) == "COVERAGE_GAP"


def test_map_does_not_settle_an_overlap(engine, rows):
    rules = ("7 | mahalla=obod", "9 | mahalla=obod")
    placed = place_on_map(engine, rows, map_of(("1718", 7, 66)), rules=rules)
    assert outcome(placed) == "COVERAGE_OVERLAP"


def test_map_chooses_among_those_whose_words_may_mean_the_place(engine, rows):
    rules = ("7 | mahalla=obod", "9 | mahalla=obod; doubtful")
    for number in (7, 9):
        placed = place_on_map(engine, rows, map_of(("1718", number, 66)), rules=rules)
        assert (outcome(placed), placed["placement"]) == (f"1718/{number}", "POLYGON")


def test_map_does_not_give_unread_words_to_a_precinct_that_they_are_not_of(engine, rows):
    rules = ("7 | mahalla=obod", "9 | mahalla=obod; doubtful")
    placed = place_on_map(engine, rows, map_of(("1718", 8, 66)), rules=rules)
    assert outcome(placed) == "COVERAGE_UNREAD"


def test_an_outline_that_the_rules_contradict_places_nobody(engine, rows):
    """Precinct 8 is drawn over precinct 7's street: it can't have the gap beside it."""
    rules = ["7 | mahalla=obod; street=navoiy", "8 | mahalla=elsewhere"]
    world = build_world(engine, rows, {"dwellings": [], "rules": rules})
    spots = {"longitude": 66.5, "latitude": 39.5}
    made = dwelling_rows(["obod / navoiy / 1", "obod / lola / 1"])
    dwellings = rows(DwellingRecord, *[row | spots for row in made])
    addresses = [
        address_row(n, f"mahalla=obod; street={street}; house=1")
        for n, street in enumerate(("navoiy", "lola"))
    ]
    nothing = world.mahallas, world.renames
    links = resolve_addresses(engine, rows(AddressRecord, *addresses), dwellings, *nothing)
    placed = locate_addresses(
        engine,
        links,
        world.coverage,
        world.precincts,
        dwellings,
        *nothing,
        map_of(("1718", 8, 66)),
    )
    assert outcome(by_address(placed)[0]) == "1718/7"
    assert outcome(by_address(placed)[1]) == "COVERAGE_GAP"


def test_broken_geometry_names_its_position(engine, rows):
    with pytest.raises(ValueError, match="boundary 0"):
        place_on_map(engine, rows, [PrecinctPolygon("1718", 7, "{}")])


BEFORE, AFTER = (
    ELECTION_DATE - datetime.timedelta(days=1),
    ELECTION_DATE + datetime.timedelta(days=1),
)
HOME, AWAY, UNPLACED = 0, 1, 2
"""Addresses in precincts 10 and 20, and one that no rule covers."""


def registration(row_id, address, *, since=None, until=None):
    return {
        "row_id": row_id,
        "record_id": f"r{row_id}",
        "address_id": address,
        "registered_on": since,
        "registered_until": until,
    }


def roster(row_id, number, *, since=None, until=None):
    return {
        "row_id": row_id,
        "region_code": "1718",
        "precinct_number": number,
        "valid_from": since,
        "valid_until": until,
    }


def decided(kind, number=None, row_id=0):
    return {
        "decision_row_id": row_id,
        "decision_id": f"D{row_id}",
        "kind": kind,
        "person_id": 0,
        "region_code": "1718" if number else None,
        "precinct_number": number,
        "is_effective": True,
        "reason": "EFFECTIVE",
    }


def place_person(
    engine,
    rows,
    permanent=None,
    temporary=None,
    rosters=(),
    decisions=(),
    policy="confirmed",
    eligible=True,
):
    """Placement of one person with a permanent and a temporary registration."""
    registrations = [row for row in (permanent, temporary) if row]
    placed = assign_precincts(
        engine,
        rows(
            Person,
            {
                "person_id": 0,
                "permanent_row_id": permanent["row_id"] if permanent else None,
                "temporary_row_id": temporary["row_id"] if temporary else None,
            },
        ),
        rows(EligibilityDecision, {"person_id": 0, "is_eligible": eligible}),
        rows(PersonRecord, *registrations),
        rows(
            AddressPrecinct,
            *[
                {
                    "address_id": address,
                    "region_code": "1718",
                    "precinct_number": number,
                    "placement": "EXACT",
                }
                for address, number in ((HOME, 10), (AWAY, 20))
            ],
            {"address_id": UNPLACED, "unplaced_reason": "COVERAGE_GAP"},
        ),
        rows(
            ReferenceLink,
            *[
                {"row_id": row["row_id"], "person_id": 0, "outcome": "LINKED"}
                for row in rosters
            ],
        ),
        rows(SourceRoster, *rosters),
        rows(DecidedVoter, *decisions),
        rows(
            SourcePrecinct,
            *[
                {"row_id": number, "region_code": "1718", "precinct_number": number}
                for number in (10, 20, 30, 40)
            ],
        ),
        Policy(temporary_residence=policy),
        ELECTION_DATE,
    ).pl()
    assert set(placed.columns) == set(Placement.column_names())
    return placed.to_dicts()


def stands(placement):
    """Precinct and basis, or the reason."""
    if placement["precinct_number"]:
        return placement["precinct_number"], placement["basis"]
    return placement["unplaced_reason"]


PERMANENT = registration(0, HOME)
TEMPORARY = registration(1, AWAY, since=BEFORE, until=AFTER)


@pytest.mark.parametrize(
    ("given", "expected", "warnings"),
    [
        pytest.param({"permanent": PERMANENT}, (10, "PERMANENT"), [], id="permanent"),
        pytest.param({}, "NO_RESIDENCE", [], id="nothing registered"),
        pytest.param(
            {"permanent": PERMANENT, "temporary": TEMPORARY},
            (10, "PERMANENT"),
            [],
            id="temporary elsewhere, nobody asked yet",
        ),
        pytest.param(
            {"temporary": TEMPORARY},
            (20, "TEMPORARY"),
            ["ONLY_TEMPORARY"],
            id="only temporary",
        ),
        pytest.param(
            {"temporary": TEMPORARY, "policy": "ignored"},
            "NO_RESIDENCE",
            [],
            id="only temporary, policy ignores it",
        ),
        pytest.param(
            {"permanent": PERMANENT, "temporary": TEMPORARY, "policy": "valid"},
            (20, "TEMPORARY"),
            [],
            id="policy lets valid temporary count",
        ),
        pytest.param(
            {
                "permanent": PERMANENT,
                "temporary": TEMPORARY,
                "policy": "valid",
                "decisions": [decided("CONFIRM_PERMANENT")],
            },
            (10, "PERMANENT"),
            [],
            id="policy valid, permanent confirmed",
        ),
        pytest.param(
            {
                "permanent": PERMANENT,
                "temporary": TEMPORARY,
                "decisions": [decided("CONFIRM_TEMPORARY")],
            },
            (20, "TEMPORARY"),
            [],
            id="temporary confirmed",
        ),
        pytest.param(
            {
                "permanent": PERMANENT,
                "temporary": registration(1, AWAY, until=BEFORE),
                "decisions": [decided("CONFIRM_TEMPORARY")],
            },
            (10, "PERMANENT"),
            [],
            id="confirmed temporary that ran out the day before",
        ),
        pytest.param(
            {
                "permanent": PERMANENT,
                "temporary": registration(1, AWAY, until=ELECTION_DATE),
                "decisions": [decided("CONFIRM_TEMPORARY")],
            },
            (20, "TEMPORARY"),
            [],
            id="temporary that ends on election day",
        ),
        pytest.param(
            {"temporary": registration(1, AWAY, since=AFTER)},
            "NO_RESIDENCE",
            [],
            id="temporary that begins the day after",
        ),
        pytest.param(
            {"permanent": registration(0, UNPLACED), "temporary": TEMPORARY},
            "COVERAGE_GAP",
            ["PERMANENT_UNPLACED"],
            id="permanent can't be placed, temporary could",
        ),
        pytest.param(
            {"permanent": registration(0, UNPLACED)},
            "COVERAGE_GAP",
            [],
            id="permanent can't be placed",
        ),
        pytest.param(
            {"permanent": registration(0, None)}, "NO_ADDRESS", [], id="no address"
        ),
        pytest.param(
            {"permanent": PERMANENT, "rosters": [roster(0, 30)]},
            (30, "ROSTER"),
            [],
            id="roster",
        ),
        pytest.param(
            {"rosters": [roster(0, 30)]}, (30, "ROSTER"), [], id="roster without a home"
        ),
        pytest.param(
            {"permanent": PERMANENT, "rosters": [roster(0, 30, until=BEFORE)]},
            (10, "PERMANENT"),
            [],
            id="roster that ran out",
        ),
        pytest.param(
            {"permanent": PERMANENT, "rosters": [roster(0, 30, since=ELECTION_DATE)]},
            (30, "ROSTER"),
            [],
            id="roster from election day",
        ),
        pytest.param(
            {"permanent": PERMANENT, "rosters": [roster(0, 30), roster(1, 40)]},
            (10, "PERMANENT"),
            ["ROSTERS_CONFLICT"],
            id="two rosters",
        ),
        pytest.param(
            {"permanent": PERMANENT, "rosters": [roster(0, 30), roster(1, 30)]},
            (30, "ROSTER"),
            [],
            id="one roster twice",
        ),
        pytest.param(
            {"permanent": PERMANENT, "rosters": [roster(0, 99)]},
            (10, "PERMANENT"),
            ["PRECINCT_UNKNOWN"],
            id="roster of an unknown precinct",
        ),
        pytest.param(
            {
                "permanent": PERMANENT,
                "rosters": [roster(0, 30)],
                "decisions": [decided("ASSIGN_PRECINCT", 40)],
            },
            (40, "DECISION"),
            [],
            id="decision beats roster",
        ),
        pytest.param(
            {
                "permanent": registration(0, UNPLACED),
                "decisions": [decided("ASSIGN_PRECINCT", 40)],
            },
            (40, "DECISION"),
            [],
            id="decision places the unplaced",
        ),
        pytest.param(
            {"decisions": [decided("ASSIGN_PRECINCT", 40)]},
            (40, "DECISION"),
            [],
            id="decision without any residence",
        ),
        pytest.param(
            {"permanent": PERMANENT, "decisions": [decided("ASSIGN_PRECINCT", 99)]},
            (10, "PERMANENT"),
            ["PRECINCT_UNKNOWN"],
            id="decision for an unknown precinct",
        ),
        pytest.param(
            {
                "permanent": PERMANENT,
                "temporary": TEMPORARY,
                "rosters": [roster(0, 30)],
                "decisions": [decided("CONFIRM_TEMPORARY")],
            },
            (30, "ROSTER"),
            [],
            id="roster beats confirmed temporary",
        ),
    ],
)
def test_which_residence_counts(engine, rows, given, expected, warnings):
    (placement,) = place_person(engine, rows, **given)
    assert (stands(placement), placement["warnings"]) == (expected, warnings)
    Placement.validate(
        place_frame(placement),
        cast=True,
    )


def place_frame(placement):
    return pl.DataFrame([placement], infer_schema_length=None)


def test_the_ineligible_have_no_placement(engine, rows):
    assert place_person(engine, rows, permanent=PERMANENT, eligible=False) == []


def test_temporary_elsewhere_names_its_precinct(engine, rows):
    (placement,) = place_person(engine, rows, PERMANENT, TEMPORARY)
    assert placement["temporary_elsewhere"]
    assert placement["temporary_region_code"] == "1718"
    assert placement["temporary_precinct_number"] == 20


@pytest.mark.parametrize(
    "given",
    [
        {"temporary": registration(1, HOME, until=AFTER)},
        {"temporary": registration(1, AWAY, until=BEFORE)},
        {"temporary": TEMPORARY, "decisions": [decided("CONFIRM_PERMANENT")]},
        {"temporary": TEMPORARY, "decisions": [decided("CONFIRM_TEMPORARY")]},
        {"temporary": registration(1, UNPLACED, until=AFTER)},
    ],
    ids=[
        "same precinct",
        "ran out",
        "permanent confirmed",
        "temporary confirmed",
        "unplaced",
    ],
)
def test_temporary_residence_that_asks_nothing(engine, rows, given):
    (placement,) = place_person(engine, rows, PERMANENT, **given)
    assert not placement["temporary_elsewhere"]
    assert placement["temporary_precinct_number"] is None


def test_a_confirmation_is_named_as_the_decision(engine, rows):
    (placement,) = place_person(
        engine,
        rows,
        PERMANENT,
        TEMPORARY,
        decisions=[decided("CONFIRM_TEMPORARY", row_id=7)],
    )
    assert placement["decision_row_id"] == 7
    assert placement["row_id"] == TEMPORARY["row_id"]
    assert placement["address_id"] == AWAY


def test_rule_names_that_nobody_knows_are_reported(engine, rows):
    world = build_world(
        engine,
        rows,
        {
            "dwellings": ["istiqlol / navoiy / 1-9", "istiqbol / shohruh mirzo / 1-9"],
            "rules": [
                "1 | mahalla=istiqlol; street=navoiy",
                "2 | mahalla=istiqol",
                "3 | mahalla=istiqbol; street=shohrux mirzo",
                "4 | mahalla=yulduz",
            ],
        },
    )
    found = find_coverage_problems(
        engine,
        world.coverage,
        world.precincts,
        world.dwellings,
        world.mahallas,
        world.renames,
    ).pl()
    assert {
        (row["precinct_number"], row["part"], row["status"], row["taken"])
        for row in found.to_dicts()
    } == {
        (2, "mahalla", "AMBIGUOUS", "istiqol"),
        (3, "street", "FUZZY", "shohruhmirzo"),
        (4, "mahalla", "UNKNOWN", "yulduz"),
    }
