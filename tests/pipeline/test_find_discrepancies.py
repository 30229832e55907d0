import dataclasses
import datetime

import polars as pl
import pytest

from pipeline import tables
from pipeline.errors import ContractError
from pipeline.find_discrepancies import Evidence, find_discrepancies
from pipeline.find_discrepancies.owners import questions_of
from pipeline.run import Policy
from pipeline.trace_rows import key_rows
from schemas.catalogue import TABLES
from schemas.codes import Owner
from schemas.discrepancy import Discrepancy
from tests.conftest import AS_OF, ELECTION_DATE

TABLE_OF = {
    "persons": "person",
    "person_links": "person_link",
    "records": "person_record",
    "review_pairs": "review_pair",
    "eligibility": "eligibility_decision",
    "restrictions": "source_restrictions",
    "restriction_links": "restriction_link",
    "rosters": "source_rosters",
    "roster_links": "roster_link",
    "supplementary": "source_supplementary",
    "supplementary_links": "supplementary_link",
    "corrections": "correction",
    "decision_lineage": "lineage",
    "decisions": "decisions",
    "precinct_requests": "precinct_requests",
    "placements": "placement",
    "address_links": "address_link",
    "dwellings": "dwelling_record",
    "precincts": "source_precincts",
    "boundary_readings": "boundary_reading",
    "stable_ids": "stable_id",
    "quarantined": "quarantined_row",
    "previous_voters": "voters",
    "previous_lineage": "lineage",
}
HERE = {"region_code": "1718", "district_code": "1718203"}
OTHER_PRECINCT = {"region_code": "1718", "precinct_number": 2}


def two_voters():
    """Two listed voters, persons 0 and 1, in precinct 1, of rows a and b at address 0."""
    return {
        "persons": [{"person_id": n, "main_row_id": n, "row_count": 1} for n in range(2)],
        "person_links": [{"row_id": n, "person_id": n} for n in range(2)],
        "records": [
            {
                "row_id": n,
                "record_id": "ab"[n],
                "pinfl": f"3170580012345{n}",
                "birth_date": datetime.date(1980, 5, 17),
                "birth_date_precision": "DAY",
                **HERE,
            }
            for n in range(2)
        ],
        "stable_ids": [
            {"person_id": n, "stable_id": f"V{n:013d}", "origin": "NEW"} for n in range(2)
        ],
        "eligibility": [{"person_id": n, "is_eligible": True} for n in range(2)],
        "placements": [
            {
                "person_id": n,
                "region_code": "1718",
                "precinct_number": 1,
                "basis": "PERMANENT",
                "address_id": 0,
            }
            for n in range(2)
        ],
        "precincts": [
            {"row_id": n, "precinct_number": n, "kind": "TERRITORIAL", **HERE}
            for n in (1, 2)
        ],
        "address_links": [
            {"address_id": 0, "dwelling_id": 0, "street_key": "gulyor", **HERE}
        ],
    }


def find(engine, rows, given, *, previous=None, policy=None):
    built = {
        name: rows(TABLES[table], *given[name])
        if given.get(name)
        else tables.empty_table(engine, table)
        for name, table in TABLE_OF.items()
    }
    findings = find_discrepancies(
        engine,
        Evidence(
            **built,
            roster_keys=key_rows(engine, built["rosters"]),
            supplementary_keys=key_rows(engine, built["supplementary"]),
        ),
        tables.reference_table("discrepancies"),
        previous if previous is not None else tables.empty_table(engine, "discrepancies"),
        policy or dataclasses.replace(Policy(), precinct_voters_min=0),
        ELECTION_DATE,
        AS_OF,
    )
    frame = findings.discrepancies.pl().sort("code", "discrepancy_id")
    Discrepancy.validate(frame, cast=True)
    return frame, dict(findings.flags.pl().iter_rows())


def codes(engine, rows, given, **options):
    frame, flags = find(engine, rows, given, **options)
    return frame["code"].to_list(), flags


def one_person_twice(*addresses):
    """Person 0 with two permanent rows at these two addresses."""
    given = two_voters()
    given["persons"][0]["row_count"] = 2
    given["records"].append(
        given["records"][0] | {"row_id": 2, "record_id": "c", "address_id": 1}
    )
    given["records"][0]["address_id"] = 0
    given["person_links"].append({"row_id": 2, "person_id": 0})
    given["address_links"] = [
        {"address_id": n, **HERE, **address} for n, address in enumerate(addresses)
    ]
    return given


def test_two_spellings_of_one_dwelling_are_one_residence(engine, rows):
    given = one_person_twice({"dwelling_id": 7}, {"dwelling_id": 7, "street_key": "x"})
    assert codes(engine, rows, given)[0] == []


def test_permanent_registrations_at_two_dwellings_are_a_question(engine, rows):
    given = one_person_twice({"dwelling_id": 7}, {"dwelling_id": 8})
    assert codes(engine, rows, given)[0] == ["SEVERAL_PERMANENT"]


def test_registration_that_has_ended_is_no_residence(engine, rows):
    given = one_person_twice({"dwelling_id": 7}, {"dwelling_id": 8})
    given["records"][0]["registered_until"] = datetime.date(2026, 12, 26)
    assert codes(engine, rows, given)[0] == []


def test_a_good_list_has_no_questions(engine, rows):
    assert codes(engine, rows, two_voters()) == ([], {})


def changed(table, number=0, **values):
    given = two_voters()
    given[table][number] |= values
    return given


def added(table, *more):
    given = two_voters()
    given[table] = [*given.get(table, []), *more]
    return given


def flat(number):
    """A flat of one house."""
    parts = {"mahalla_key": "obod", "street_key": "gulyor", "house_key": "5"}
    return {"address_id": number, "dwelling_id": number, **parts, **HERE}


def spots(own, other):
    """The two voters' street at 66.0 and 39.0, polling places elsewhere."""
    given = two_voters()
    at = {"longitude": 66.0, "latitude": 39.0}
    given["address_links"] = [given["address_links"][0] | at]
    given["precincts"] = [
        precinct | {"longitude": longitude, "latitude": latitude}
        for precinct, (longitude, latitude) in zip(
            given["precincts"], (own, other), strict=True
        )
    ]
    return given


def crowd(**dwelling):
    """Thirteen voters in one dwelling."""
    given = two_voters()
    for table in (
        "persons",
        "person_links",
        "records",
        "stable_ids",
        "eligibility",
        "placements",
    ):
        row = given[table][0]
        keys = [key for key in ("person_id", "row_id", "main_row_id") if key in row]
        given[table] = [row | dict.fromkeys(keys, n) for n in range(13)]
    for n, row in enumerate(given["records"]):
        row |= {"record_id": str(n), "pinfl": f"317058001234{n:02d}"}
    for n, row in enumerate(given["stable_ids"]):
        row |= {"stable_id": f"V{n:013d}"}
    given["dwellings"] = [{"dwelling_id": 0, "object_kind": "HOUSE", **HERE, **dwelling}]
    return given


def mission(constituency, region="1726"):
    """A precinct abroad beside one within Tashkent, of constituency 12."""
    row = {"district_code": "1726262"}
    return added(
        "precincts",
        row
        | {
            "row_id": 3,
            "region_code": "1726",
            "precinct_number": 3,
            "kind": "TERRITORIAL",
            "constituency": "12",
        },
        row
        | {
            "row_id": 4,
            "region_code": region,
            "precinct_number": 4,
            "kind": "ABROAD",
            "constituency": constituency,
        },
    )


CASES = {
    "ABROAD_NOT_ATTACHED": mission("58"),
    "PINFL_CHECK_DIGIT": changed(
        "records", warnings=["PINFL_CHECK_DIGIT"], pinfl_digits="31705800123458"
    ),
    "BIRTH_DATE_PARTIAL": changed("records", birth_date_precision="YEAR"),
    "BIRTH_DATE_STAND_IN": changed(
        "records", pinfl=None, birth_date=datetime.date(1980, 1, 1)
    ),
    "AGE_IMPLAUSIBLE": changed("persons", birth_date=datetime.date(1910, 5, 17)),
    "CITIZENSHIP_MISSING": changed("eligibility", warnings=["CITIZENSHIP_MISSING"]),
    "ROW_QUARANTINED": added(
        "quarantined",
        {"source": "mia/persons", "record_id": "z", "rule": "sex_known", **HERE},
    ),
    "POSSIBLE_DUPLICATE": added(
        "review_pairs",
        {
            "left_row_id": 0,
            "right_row_id": 1,
            "left_person_id": 0,
            "right_person_id": 1,
            "cause": "SIMILAR",
        },
    ),
    "PINFL_SHARED": added(
        "review_pairs",
        {
            "left_row_id": 0,
            "right_row_id": 1,
            "left_person_id": 0,
            "right_person_id": 1,
            "cause": "PINFL_SHARED",
        },
    ),
    "RESTRICTION_NOT_FOUND": added("restrictions", {"row_id": 0, "kind": "DEATH"})
    | {"restriction_links": [{"row_id": 0, "outcome": "NOT_FOUND"}]},
    "RESTRICTION_AMBIGUOUS": added("restrictions", {"row_id": 0, "kind": "DEATH"})
    | {
        "restriction_links": [
            {"row_id": 0, "outcome": "AMBIGUOUS", "candidate_person_ids": [0, 1]}
        ]
    },
    "ROSTER_NOT_FOUND": added(
        "rosters", {"row_id": 0, "precinct_number": 2, **{"region_code": "1718"}}
    )
    | {"roster_links": [{"row_id": 0, "outcome": "NOT_FOUND"}]},
    "DECISION_TARGET_UNKNOWN": added(
        "decision_lineage",
        {
            "source": "cec/decisions",
            "record_id": "D1",
            "outcome": "NOT_APPLIED",
            "reason": "TARGET_UNKNOWN",
        },
    ),
    "DECISION_CONTRADICTED": added(
        "decision_lineage",
        {
            "source": "cec/decisions",
            "record_id": "D1",
            "outcome": "NOT_APPLIED",
            "reason": "SUPERSEDED",
        },
    ),
    "DECISION_SOURCE_MOVED": added(
        "corrections", {"decision_row_id": 0, "row_id": 0, "is_source_moved": True}
    ),
    "COVERAGE_GAP": changed(
        "placements",
        region_code=None,
        precinct_number=None,
        unplaced_reason="COVERAGE_GAP",
    ),
    "ONLY_TEMPORARY": changed("placements", warnings=["ONLY_TEMPORARY"]),
    "TEMPORARY_ELSEWHERE": changed(
        "placements",
        temporary_elsewhere=True,
        temporary_region_code="1718",
        temporary_precinct_number=2,
    ),
    "DWELLING_DEMOLISHED": changed("address_links", warnings=["DWELLING_DEMOLISHED"]),
    "DWELLING_UNKNOWN": changed("address_links", dwelling_id=None),
    "HOUSEHOLD_SPLIT": changed("placements", **OTHER_PRECINCT),
    "CADASTRAL_NUMBER_REPEATED": added(
        "dwellings",
        *(
            {"dwelling_id": n, "cadastral_key": "14:15:01", "status": "ACTIVE", **HERE}
            for n in (5, 6)
        ),
    ),
    "BUILDING_SPLIT": changed("placements", **OTHER_PRECINCT, address_id=1)
    | {"address_links": [flat(0), flat(1)]},
    "DWELLING_CONTRADICTED": changed("placements", address_id=1)
    | {
        "address_links": [
            {"address_id": 0, "dwelling_id": 5, "street_key": "gulyor", **HERE},
            {
                "address_id": 1,
                "rival_dwelling_id": 5,
                "reason": "EXACT_BUILDING",
                "street_key": "navoiy",
                **HERE,
            },
        ],
        "dwellings": [{"dwelling_id": 5, "cadastral_key": "14:15:01", **HERE}],
    },
    "CADASTRAL_DISTRICT_DIFFERS": added(
        "dwellings",
        *({"dwelling_id": n, "cadastral_key": f"14:15:{n:02d}", **HERE} for n in range(99)),
        {
            "dwelling_id": 99,
            "cadastral_key": "14:15:99",
            "region_code": "1718",
            "district_code": "1718206",
        },
    ),
    "POLLING_PLACE_FAR": spots(own=(66.2, 39.0), other=(66.3, 39.0)),
    "POLLING_PLACE_NEARER": spots(own=(66.03, 39.0), other=(66.001, 39.0)),
    "DWELLING_CROWDED": crowd(floor_area_m2=500.0, rooms=1),
    "BOUNDARY_UNREAD": added(
        "boundary_readings",
        {"row_id": 1, "precinct_number": 1, "unread": "atrofi", **HERE},
    ),
    "PRECINCT_NO_COVERAGE": added(
        "boundary_readings",
        {"row_id": 1, "precinct_number": 1, "rule_count": 0, **HERE},
    ),
    "SUPPLEMENTARY_NOT_FOUND": added(
        "supplementary", {"row_id": 0, "precinct_number": 2, "region_code": "1718"}
    )
    | {"supplementary_links": [{"row_id": 0, "outcome": "NOT_FOUND"}]},
    "SUPPLEMENTARY_LISTED_ELSEWHERE": added(
        "supplementary", {"row_id": 0, "precinct_number": 2, "region_code": "1718"}
    )
    | {"supplementary_links": [{"row_id": 0, "outcome": "LINKED", "person_id": 0}]},
}


@pytest.mark.parametrize("code", CASES)
def test_each_question_is_found_once_and_alone(engine, rows, code):
    assert codes(engine, rows, CASES[code])[0] == [code]


def test_pair_flags_both_voters_and_names_neither(engine, rows):
    frame, flags = find(engine, rows, CASES["POSSIBLE_DUPLICATE"])
    assert flags == {0: ["POSSIBLE_DUPLICATE"], 1: ["POSSIBLE_DUPLICATE"]}
    assert frame["voter_id"].to_list() == [None]
    assert frame["record_ids"].to_list() == [["a", "b"]]


def test_pair_carries_the_strangers_that_chance_gives_here_and_everywhere(engine, rows):
    given = CASES["POSSIBLE_DUPLICATE"]
    chance = {"expected_chance_matches": 40.0, "expected_chance_nearby": 0.2}
    given = given | {"review_pairs": [row | chance for row in given["review_pairs"]]}
    frame, _ = find(engine, rows, given)
    assert frame.select(chance.keys()).rows(named=True) == [chance]
    questions = frame.with_columns(pl.col("record_ids").cast(pl.List(pl.String)))
    told = questions_of(engine, engine.from_arrow(questions.to_arrow()), Owner.COMMISSION)
    assert told.select(*chance).fetchall() == [(40.0, 0.2)]


def test_question_about_one_voter_names_voter_and_precinct(engine, rows):
    entry = find(engine, rows, CASES["CITIZENSHIP_MISSING"])[0].to_dicts()[0]
    assert entry["voter_id"] == "V0000000000000"
    assert (entry["district_code"], entry["precinct_number"]) == ("1718203", 1)


THERE = {"region_code": "1735", "district_code": "1735204"}


OTHER = ("other_region_code", "other_district_code", "other_precinct_number")


def copied(code):
    return {name: [dict(row) for row in table] for name, table in CASES[code].items()}


def far_apart(code, *, first_is_listed=True):
    """A case's two voters, the first in precinct 5 of a region whose code is greater."""
    given = copied(code)
    given["records"][0] |= THERE
    given["precincts"].append(
        {"row_id": 5, "precinct_number": 5, "kind": "TERRITORIAL", **THERE}
    )
    given["placements"][0] |= {
        "region_code": "1735",
        "precinct_number": 5 if first_is_listed else None,
        "unplaced_reason": None if first_is_listed else "NO_ADDRESS",
    }
    return given


def areas(frame, code, *more):
    columns = ["region_code", "district_code", "precinct_number", *more]
    return frame.filter(pl.col("code") == code).select(columns).rows()


@pytest.mark.parametrize(
    ("first_is_listed", "area"),
    [
        (True, ("1735", "1735204", 5, "1718", "1718203", 1)),
        (False, ("1718", "1718203", 1, "1735", "1735204", None)),
    ],
)
def test_pair_of_two_regions_names_both_places(engine, rows, first_is_listed, area):
    given = far_apart("POSSIBLE_DUPLICATE", first_is_listed=first_is_listed)
    found = find(engine, rows, given)[0]
    assert areas(found, "POSSIBLE_DUPLICATE", *OTHER) == [area]


def test_pair_of_one_precinct_names_no_second_place(engine, rows):
    found = find(engine, rows, CASES["POSSIBLE_DUPLICATE"])[0]
    assert areas(found, "POSSIBLE_DUPLICATE", *OTHER) == [
        ("1718", "1718203", 1, None, None, None)
    ]


def test_pair_of_two_precincts_of_a_district_names_both(engine, rows):
    given = copied("POSSIBLE_DUPLICATE")
    given["precincts"].append(given["precincts"][0] | {"row_id": 5, "precinct_number": 5})
    given["placements"][1] |= {"precinct_number": 5}
    found = find(engine, rows, given)[0]
    assert areas(found, "POSSIBLE_DUPLICATE", *OTHER) == [
        ("1718", "1718203", 1, "1718", "1718203", 5)
    ]


def test_question_about_one_place_names_no_other(engine, rows):
    # Both live at one address, and a roster moved the first to another region.
    found = find(engine, rows, far_apart("DWELLING_DEMOLISHED"))[0]
    assert found.select(OTHER).unique().rows() == [(None, None, None)]


def test_question_about_an_address_is_for_the_commission_there(engine, rows):
    # Both live at one address, and a roster moved the first to another region.
    frame, _ = find(engine, rows, far_apart("DWELLING_DEMOLISHED"))
    assert areas(frame, "DWELLING_DEMOLISHED") == [("1718", "1718203", 1)]


def test_question_about_an_address_of_nobody_listed_is_for_its_district(engine, rows):
    given = far_apart("DWELLING_DEMOLISHED", first_is_listed=False)
    given["placements"][1] |= {"precinct_number": None, "unplaced_reason": "NO_ADDRESS"}
    frame, _ = find(engine, rows, given)
    assert areas(frame, "DWELLING_DEMOLISHED") == [("1718", "1718203", None)]


def test_refused_row_whose_district_is_of_another_region_is_for_the_region(engine, rows):
    given = copied("ROW_QUARANTINED")
    given["quarantined"][0] |= {"region_code": "1718", "district_code": "1735204"}
    frame, _ = find(engine, rows, given)
    assert areas(frame, "ROW_QUARANTINED") == [("1718", None, None)]


def test_pair_of_whom_one_may_not_vote_is_no_question(engine, rows):
    given = CASES["POSSIBLE_DUPLICATE"] | {
        "eligibility": [
            {"person_id": 0, "is_eligible": True},
            {"person_id": 1, "is_eligible": False, "ground": "UNDER_AGE"},
        ]
    }
    assert codes(engine, rows, given)[0] == []


def test_expired_or_ordinary_restriction_is_no_question(engine, rows):
    given = added(
        "restrictions",
        {"row_id": 0, "kind": "IMPRISONMENT", "gravity": "ORDINARY"},
        {"row_id": 1, "kind": "INCAPACITY", "valid_until": datetime.date(2026, 12, 26)},
        {"row_id": 2, "kind": "DEATH", "valid_from": datetime.date(2026, 12, 28)},
    ) | {"restriction_links": [{"row_id": n, "outcome": "NOT_FOUND"} for n in range(3)]}
    assert codes(engine, rows, given)[0] == []


def test_supplementary_voter_of_this_precinct_is_no_question(engine, rows):
    given = added(
        "supplementary", {"row_id": 0, "precinct_number": 1, "region_code": "1718"}
    ) | {"supplementary_links": [{"row_id": 0, "outcome": "LINKED", "person_id": 0}]}
    assert codes(engine, rows, given)[0] == []


def test_added_by_hand_in_two_precincts(engine, rows):
    given = added(
        "supplementary",
        {"row_id": 0, "precinct_number": 1, "region_code": "1718"},
        {"row_id": 1, "precinct_number": 2, "region_code": "1718"},
    ) | {
        "supplementary_links": [
            {"row_id": n, "outcome": "LINKED", "person_id": 0} for n in range(2)
        ]
    }
    assert codes(engine, rows, given)[0] == ["SUPPLEMENTARY_REPEATED"] * 2


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1)])
def test_of_two_stations_in_one_school_the_first_is_named(engine, rows, order):
    given = CASES["POLLING_PLACE_NEARER"]
    own, near = given["precincts"]
    precincts = {1: own, 2: near, 3: near | {"row_id": 3, "precinct_number": 3}}
    given = given | {"precincts": [precincts[number] for number in order]}
    asked = find(engine, rows, given)[0].filter(pl.col("code") == "POLLING_PLACE_NEARER")
    assert [value.partition(":")[0] for value in asked["value_b"]] == ["2"]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"precinct_voters_min": 3}, ["PRECINCT_TOO_SMALL"] * 2),
        (
            {"precinct_voters_min": 0, "precinct_voters_max": 1},
            ["PRECINCT_TOO_LARGE"],
        ),
    ],
)
def test_precincts_outside_the_limits(engine, rows, limits, code):
    policy = dataclasses.replace(Policy(), **limits)
    assert codes(engine, rows, two_voters(), policy=policy)[0] == code


def test_age_of_a_question_grows_and_its_number_stays(engine, rows):
    first, _ = find(engine, rows, CASES["DWELLING_DEMOLISHED"])
    before = rows(
        Discrepancy,
        {
            "discrepancy_id": first["discrepancy_id"][0],
            "first_seen": datetime.date(2026, 10, 1),
            "release_count": 4,
        },
    )
    again, _ = find(engine, rows, CASES["DWELLING_DEMOLISHED"], previous=before)
    assert again["discrepancy_id"].to_list() == first["discrepancy_id"].to_list()
    assert again["first_seen"].to_list() == [datetime.date(2026, 10, 1)]
    assert again["release_count"].to_list() == [5]


def departed(**changes):
    """A third voter of the previous list, of row z, whom the register no longer has."""
    return (
        two_voters()
        | {
            "previous_voters": [
                {
                    "voter_id": "V000000000000Z",
                    "pinfl": "31705801234569",
                    "birth_date": datetime.date(1980, 5, 17),
                    "precinct_number": 2,
                    **HERE,
                }
            ],
            "previous_lineage": [
                {
                    "source": "mia/persons",
                    "record_id": "z",
                    "voter_id": "V000000000000Z",
                    "outcome": "LISTED",
                }
            ],
        }
        | changes
    )


ACT = {"row_id": 0, "kind": "DEATH", "birth_date": datetime.date(1980, 5, 17)}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ["LEFT_REGISTER"]),
        ({"restrictions": [ACT | {"pinfl": "31705801234569"}]}, []),
        ({"restrictions": [ACT | {"pinfl": "41705801234566"}]}, ["LEFT_REGISTER"]),
        (
            {
                "restrictions": [
                    ACT
                    | {
                        "pinfl": "31705801234569",
                        "birth_date": datetime.date(1999, 1, 1),
                    }
                ]
            },
            ["LEFT_REGISTER"],
        ),
        (
            {
                "quarantined": [
                    {"source": "mia/persons", "record_id": "z", "rule": "x", **HERE}
                ]
            },
            ["ROW_QUARANTINED"],
        ),
    ],
    ids=["nobody says why", "act", "act on another", "act by another date", "refused"],
)
def test_voter_who_left_the_register_is_asked_about(engine, rows, changes, found):
    assert codes(engine, rows, departed(**changes))[0] == found


def test_row_that_is_delivered_under_another_number_has_not_left(engine, rows):
    given = departed()
    given["previous_lineage"][0]["record_id"] = "a"
    assert codes(engine, rows, given)[0] == []


def test_question_about_who_left_stands_until_they_are_back(engine, rows):
    first, _ = find(engine, rows, departed())
    entry = first.to_dicts()[0]
    before = rows(
        Discrepancy,
        {name: entry[name] for name in ("code", "discrepancy_id", "first_seen")}
        | {name: entry[name] for name in ("value_a", "value_b", "record_ids")}
        | {"release_count": 1, **HERE},
    )
    # The night after, the voter is in neither of the two lists that are compared.
    again, _ = find(engine, rows, two_voters(), previous=before)
    assert again["discrepancy_id"].to_list() == [entry["discrepancy_id"]]
    assert again["release_count"].to_list() == [2]
    back = two_voters()
    back["stable_ids"][1]["stable_id"] = entry["value_a"]
    assert codes(engine, rows, back, previous=before)[0] == []
    act = two_voters() | {"restrictions": [ACT | {"pinfl": entry["value_b"]}]}
    assert codes(engine, rows, act, previous=before)[0] == []


@pytest.mark.parametrize(
    ("constituency", "region", "found"),
    [
        ("12", "1726", []),
        (" 12 ", "1726", []),
        (None, "1726", ["ABROAD_NOT_ATTACHED"]),
        ("12", "1718", ["ABROAD_NOT_ATTACHED"]),
    ],
)
def test_voters_abroad_are_of_a_constituency_of_tashkent(
    engine, rows, constituency, region, found
):
    assert codes(engine, rows, mission(constituency, region))[0] == found


def test_without_constituencies_only_the_region_of_a_mission_is_asked_about(engine, rows):
    given = mission(None)
    for row in given["precincts"]:
        row["constituency"] = None
    assert codes(engine, rows, given)[0] == []
    given["placements"][0] |= {"precinct_number": 4, "basis": "ROSTER"}
    given["precincts"][-1] |= {"region_code": "1718"}
    frame, flags = find(engine, rows, given)
    assert frame["value_b"].to_list() == ["1"], "voters who stand there"
    assert frame["precinct_number"].to_list() == [4]
    assert flags == {}


def test_unknown_code_is_our_fault(engine, rows):
    given = changed("address_links", warnings=["NO_SUCH_CODE"])
    with pytest.raises(ContractError, match="NO_SUCH_CODE"):
        find(engine, rows, given)


def test_catalogue_is_complete_in_three_languages():
    catalogue = tables.reference_table("discrepancies")
    assert catalogue["code"].is_unique().all()
    assert catalogue.height >= 40
    for column in catalogue.columns:
        empty = catalogue.filter(pl.col(column).fill_null("").str.strip_chars() == "")
        assert empty.height == 0, f"{column} is empty for {empty['code'].to_list()}"


@pytest.mark.parametrize(
    "given",
    [
        changed("placements", **OTHER_PRECINCT, address_id=1, basis="ROSTER")
        | {"address_links": [flat(0), flat(1)]},
        two_voters() | {"address_links": [flat(0), flat(1)]},
        spots(own=(66.01, 39.0), other=(66.0, 39.0)),
        spots(own=(66.05, 39.0), other=(66.04, 39.0)),
        crowd(floor_area_m2=500.0, rooms=8),
        added(
            "dwellings",
            *(
                {
                    "dwelling_id": n,
                    "cadastral_key": f"14:15:{n:02d}",
                    "region_code": "1718",
                    "district_code": f"17182{n % 2:02d}",
                }
                for n in range(99)
            ),
        ),
    ],
    ids=[
        "a roster splits no building",
        "a building in one precinct",
        "its polling place is near enough",
        "the other polling place is not much nearer",
        "rooms and floor area for thirteen",
        "a beginning of two districts says nothing",
    ],
)
def test_what_is_in_order_is_no_question(engine, rows, given):
    assert codes(engine, rows, given)[0] == []


@pytest.mark.parametrize(
    ("before", "found"), [(1, ["REGISTRATIONS_JUMPED"] * 2), (2, []), (0, [])]
)
def test_a_mahalla_and_its_street_that_jumped(engine, rows, before, found):
    """From one voter to two is a jump where one more is enough; a new name is none."""
    given = two_voters()
    named = {"mahalla": "Obod MFY", "street": "Gulyor koʻchasi"}
    given["address_links"] = [given["address_links"][0] | named]
    given["previous_voters"] = [
        {
            "voter_id": f"V{n:013d}",
            "basis": "PERMANENT",
            "precinct_number": 1,
            **HERE,
            **named,
        }
        for n in range(before)
    ]
    policy = dataclasses.replace(Policy(), precinct_voters_min=0, jump_voters_min=1)
    given["previous_lineage"] = []
    frame, _ = find(engine, rows, given, policy=policy)
    jumped = frame.filter(pl.col("code") == "REGISTRATIONS_JUMPED")["code"].to_list()
    assert jumped == found
