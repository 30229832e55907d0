"""The catalogue of discrepancies, code by code: found, not found, said in every language.

Every code has a case that raises it and a case beside it that does not; a code without
both fails here. Codes that reading a registration raises are tried on the row itself, the
others on the tables that their rule looks at.
"""

import dataclasses
import datetime
import re

import pytest

from pipeline import tables
from pipeline.normalise.persons import normalise_persons
from pipeline.run import Policy
from schemas.source import SourcePerson
from tests.conftest import AS_OF
from tests.pipeline.test_find_discrepancies import (
    ACT,
    CASES,
    HERE,
    added,
    changed,
    codes,
    departed,
    flat,
    mission,
    one_person_twice,
    spots,
    two_voters,
)

CATALOGUE = tables.reference_table("discrepancies").sort("code").to_dicts()
CODES = [entry["code"] for entry in CATALOGUE]
LANGUAGES = ("uz", "ru", "en")
DAY = datetime.date(1980, 5, 17)

PERSON = {
    "pinfl": "31705801234569",
    "surname": "Karimov",
    "given_name": "Anvar",
    "patronymic": "Botir oʻgʻli",
    "sex": "M",
    "birth_date": DAY,
    "document_type": "PASSPORT",
    "document_number": "AA1234567",
}
READ = {
    "PINFL_MISSING": ({"pinfl": None}, {"pinfl": "3170580-1234569"}),
    "PINFL_MALFORMED": ({"pinfl": "3170580123456"}, {"pinfl": " 31705801234569 "}),
    "PINFL_CHECK_DIGIT": ({"pinfl": "31705801234568"}, {}),
    "PINFL_CENTURY": ({"pinfl": "91705801234561"}, {}),
    "PINFL_FUTURE_DATE": (
        {"pinfl": "51705801234563"},
        {"pinfl": "50111261234568", "birth_date": datetime.date(2026, 11, 1)},
    ),
    "PINFL_IMPOSSIBLE_DATE": (
        {"pinfl": "33102801234560"},
        {"pinfl": "32902801234567", "birth_date": datetime.date(1980, 2, 29)},
    ),
    "PINFL_BIRTH_DATE": ({"birth_date": datetime.date(1980, 5, 18)}, {}),
    "PINFL_SEX": (
        {"sex": "F", "surname": "Karimova", "patronymic": "Botir qizi"},
        {"surname": "Karimova"},
    ),
    "DOCUMENT_MALFORMED": (
        {"document_number": "A1234567"},
        {"document_number": "аа 1234567"},
    ),
    "NAME_INITIALS": ({"given_name": "A."}, {"given_name": "Ay"}),
    "NAME_MIXED_SCRIPT": ({"surname": "Каrimov"}, {"surname": "Каримов"}),
    "NAME_PARTS_SWAPPED": (
        {"given_name": "Botir oʻgʻli", "patronymic": "Anvar"},
        {"given_name": "Botir"},
    ),
    "NAME_PLACEHOLDER": ({"given_name": "nomaʼlum"}, {"given_name": "Nomal"}),
    "PATRONYMIC_SEX": ({"patronymic": "Botir qizi"}, {"patronymic": "Botirbek"}),
    "SURNAME_SEX": ({"surname": "Karimova"}, {"surname": "Karim"}),
}
"""Registrations with the fault, and beside it; what is not given is as in PERSON."""


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Warnings of every registration of READ: by code, of the fault and beside it."""
    from pipeline.run import Run
    from tests.conftest import ELECTION_DATE, build_rows

    work = str(tmp_path_factory.mktemp("read"))
    given = [
        PERSON | {"row_id": 2 * number + side} | faults[side]
        for number, faults in enumerate(READ.values())
        for side in range(2)
    ]
    with tables.open_engine(Run("d", "o", ELECTION_DATE, AS_OF, work)) as engine:
        persons = build_rows(engine)(SourcePerson, *given)
        addresses = engine.sql("SELECT row_id, row_id AS address_id FROM persons")
        records = normalise_persons(engine, persons, addresses, AS_OF)
        found = dict(records.project("row_id, warnings").fetchall())
    return {
        code: (found[2 * number], found[2 * number + 1]) for number, code in enumerate(READ)
    }


@pytest.mark.parametrize("code", READ)
def test_fault_of_a_registration_is_seen(read, code):
    assert code in read[code][0]


@pytest.mark.parametrize("code", READ)
def test_registration_beside_the_fault_is_not_blamed(read, code):
    assert code not in read[code][1]


def warned(table, code):
    return changed(table, warnings=[code])


def unplaced(reason):
    return changed(
        "placements", region_code=None, precinct_number=None, unplaced_reason=reason
    )


def pair(cause):
    return added(
        "review_pairs",
        {
            "left_row_id": 0,
            "right_row_id": 1,
            "left_person_id": 0,
            "right_person_id": 1,
            "cause": cause,
        },
    )


def decided(traced, reason, **ledger):
    return added(
        "decision_lineage",
        {
            "source": "cec/decisions",
            "record_id": "B-1",
            "outcome": traced,
            "reason": reason,
            "rule": "EXCLUDE",
        },
    ) | {"decisions": [{"decision_id": "B-1", "kind": "EXCLUDE", **ledger}]}


def roster(outcome, **link):
    return added("rosters", {"row_id": 0, "region_code": "1718", "precinct_number": 2}) | {
        "roster_links": [{"row_id": 0, "outcome": outcome, **link}]
    }


def asked(**request):
    """Person 0 asks for precinct 2 and has no answer yet."""
    return added(
        "precinct_requests",
        {
            "request_id": "A-1",
            "person_id": two_voters()["stable_ids"][0]["stable_id"],
            "region_code": "1718",
            "precinct_number": 2,
            "due_on": datetime.date(2026, 11, 2),
            "problem": None,
            "status": "OPEN",
        }
        | request,
    )


def restricted(outcome, **act):
    return added("restrictions", {"row_id": 0, "kind": "DEATH", **act}) | {
        "restriction_links": [{"row_id": 0, "outcome": outcome}]
    }


def by_hand(outcome, *precincts):
    return added(
        "supplementary",
        *(
            {"row_id": row, "precinct_number": precinct, "region_code": "1718"}
            for row, precinct in enumerate(precincts)
        ),
    ) | {
        "supplementary_links": [
            {
                "row_id": row,
                "outcome": outcome,
                "person_id": 0 if outcome == "LINKED" else None,
            }
            for row in range(len(precincts))
        ]
    }


def born(*days):
    given = one_person_twice({"dwelling_id": 7}, {"dwelling_id": 7})
    for record, day in zip((given["records"][0], given["records"][2]), days, strict=True):
        record["birth_date"] = day
    return given


def ineligible(table, **values):
    """Person 0 may not vote: nothing of the row is a question."""
    return changed(table, **values) | {
        "eligibility": [
            {"person_id": 0, "is_eligible": False, "ground": "DECEASED"},
            {"person_id": 1, "is_eligible": True},
        ]
    }


def uninhabited(code):
    """The warning stands on an address that is nobody's residence."""
    given = changed("address_links")
    given["address_links"].append({"address_id": 9, "warnings": [code], **HERE})
    return given


def crowded(people, floor_area):
    """So many voters at dwelling 0."""
    given = {
        "persons": [{"person_id": n, "main_row_id": n, "row_count": 1} for n in people],
        "records": [
            {"row_id": n, "record_id": f"r{n}", "birth_date": DAY, **HERE} for n in people
        ],
        "person_links": [{"row_id": n, "person_id": n} for n in people],
        "stable_ids": [
            {"person_id": n, "stable_id": f"V{n:013d}", "origin": "NEW"} for n in people
        ],
        "eligibility": [{"person_id": n, "is_eligible": True} for n in people],
        "placements": [
            {
                "person_id": n,
                "region_code": "1718",
                "precinct_number": 1,
                "basis": "PERMANENT",
                "address_id": 0,
            }
            for n in people
        ],
        "dwellings": [
            {"dwelling_id": 0, "object_kind": "HOUSE", "floor_area_m2": floor_area, **HERE}
        ],
    }
    return changed("address_links") | given


def jumped(before):
    """Two voters of a mahalla and street that had so many in the previous list."""
    named = {"mahalla": "Obod MFY", "street": "Gulyor koʻchasi"}
    given = changed("address_links", **named)
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
    return given


def numbered(*districts):
    """Dwellings whose cadastral numbers begin alike, in these districts."""
    return added(
        "dwellings",
        *(
            {
                "dwelling_id": n,
                "cadastral_key": f"14:15:{n:02d}",
                "region_code": "1718",
                "district_code": district,
            }
            for n, district in enumerate(districts)
        ),
    )


def of_one_street(given):
    """The same addresses, both in the first one's street."""
    first, *rest = given["address_links"]
    street = {"street_key": first["street_key"]}
    return given | {"address_links": [first, *(row | street for row in rest)]}


FOUND = CASES | {code: warned("records", code) for code in READ}
FOUND |= {
    "ADDRESS_AMBIGUOUS": unplaced("ADDRESS_AMBIGUOUS"),
    "ADDRESS_CONFLICT": warned("address_links", "ADDRESS_CONFLICT"),
    "ADDRESS_UNREAD": warned("address_links", "ADDRESS_UNREAD"),
    "AGE_UNKNOWN": warned("eligibility", "AGE_UNKNOWN"),
    "ALIVE_AFTER_DEATH": warned("eligibility", "ALIVE_AFTER_DEATH"),
    "BIRTH_DATES_DIFFER": born(DAY, datetime.date(1980, 5, 18)),
    "CITIZENSHIP_CONFLICT": warned("eligibility", "CITIZENSHIP_CONFLICT"),
    "COVERAGE_OVERLAP": unplaced("COVERAGE_OVERLAP"),
    "COVERAGE_UNREAD": unplaced("COVERAGE_UNREAD"),
    "DECISION_ALTERED": decided("APPLIED", "EXCLUDE", is_altered=True, is_delivered=True),
    "DECISION_NOT_DELIVERED": decided("APPLIED", "EXCLUDE", outcome="APPLIED"),
    "DECISION_REFUSED": decided("NOT_APPLIED", "REFUSED", is_delivered=True),
    "DOCUMENT_SHARED": pair("DOCUMENT_SHARED"),
    "DWELLING_CROWDED": crowded(range(13), 77.0),
    "DWELLING_NON_RESIDENTIAL": warned("address_links", "DWELLING_NON_RESIDENTIAL"),
    "DWELLING_UNDER_CONSTRUCTION": warned("address_links", "DWELLING_UNDER_CONSTRUCTION"),
    "LEFT_REGISTER": departed(),
    "NO_ADDRESS": unplaced("NO_ADDRESS"),
    "NO_RESIDENCE": unplaced("NO_RESIDENCE"),
    "PERMANENT_UNPLACED": warned("placements", "PERMANENT_UNPLACED"),
    "POLYGON_CONFLICT": warned("placements", "POLYGON_CONFLICT"),
    "PRECINCT_REQUEST_OPEN": asked(),
    "PRECINCT_REQUEST_OVERDUE": asked(status="OVERDUE"),
    "PRECINCT_REQUEST_UNCLEAR": asked(problem="VOTER_UNKNOWN", person_id=None),
    "PRECINCT_UNKNOWN": warned("placements", "PRECINCT_UNKNOWN"),
    "REGISTRATIONS_JUMPED": jumped(before=1),
    "ROSTERS_CONFLICT": warned("placements", "ROSTERS_CONFLICT"),
    "ROSTER_AMBIGUOUS": roster("AMBIGUOUS", candidate_person_ids=[0, 1]),
    "SEVERAL_PERMANENT": one_person_twice({"dwelling_id": 7}, {"dwelling_id": 8}),
    "SUPPLEMENTARY_REPEATED": by_hand("LINKED", 1, 2),
}
POLICIES = {
    "PRECINCT_TOO_SMALL": {"precinct_voters_min": 3},
    "PRECINCT_TOO_LARGE": {"precinct_voters_min": 0, "precinct_voters_max": 1},
}
FOUND |= {code: changed("persons") for code in POLICIES}
POLICIES["REGISTRATIONS_JUMPED"] = {"jump_voters_min": 1}

BESIDE = {code: ineligible("records", warnings=[code]) for code in READ}
BESIDE |= {
    code: uninhabited(code)
    for code in (
        "ADDRESS_CONFLICT",
        "ADDRESS_UNREAD",
        "DWELLING_DEMOLISHED",
        "DWELLING_NON_RESIDENTIAL",
        "DWELLING_UNDER_CONSTRUCTION",
    )
}
BESIDE |= {
    "PRECINCT_REQUEST_OPEN": asked(status="GRANTED"),
    "PRECINCT_REQUEST_OVERDUE": asked(status="REFUSED"),
    "PRECINCT_REQUEST_UNCLEAR": asked(problem="VOTER_UNKNOWN", status="REFUSED"),
}
BESIDE |= {
    code: unplaced("NO_ADDRESS")
    for code in (
        "ADDRESS_AMBIGUOUS",
        "COVERAGE_GAP",
        "COVERAGE_OVERLAP",
        "COVERAGE_UNREAD",
        "NO_RESIDENCE",
        "PERMANENT_UNPLACED",
    )
}
BESIDE |= {
    code: warned("placements", "ONLY_TEMPORARY")
    for code in ("POLYGON_CONFLICT", "PRECINCT_UNKNOWN", "ROSTERS_CONFLICT")
}
BESIDE |= {
    "ABROAD_NOT_ATTACHED": mission("12"),
    "AGE_IMPLAUSIBLE": changed("persons", birth_date=datetime.date(1921, 12, 27)),
    "AGE_UNKNOWN": changed("records", birth_date_precision="YEAR"),
    "ALIVE_AFTER_DEATH": changed("eligibility", is_eligible=False, ground="DECEASED"),
    "BIRTH_DATES_DIFFER": born(DAY, DAY),
    "BIRTH_DATE_PARTIAL": ineligible("records", birth_date_precision="YEAR"),
    "BIRTH_DATE_STAND_IN": changed("records", birth_date=datetime.date(1980, 1, 1)),
    "BOUNDARY_UNREAD": added(
        "boundary_readings", {"row_id": 1, "precinct_number": 1, "rule_count": 2, **HERE}
    ),
    "BUILDING_SPLIT": two_voters() | {"address_links": [flat(0), flat(1)]},
    "CADASTRAL_DISTRICT_DIFFERS": numbered(*["1718203", "1718206"] * 50),
    "CADASTRAL_NUMBER_REPEATED": added(
        "dwellings",
        *(
            {"dwelling_id": n, "cadastral_key": "14:15:01", "status": status, **HERE}
            for n, status in ((5, "ACTIVE"), (6, "DEMOLISHED"))
        ),
    ),
    "CITIZENSHIP_CONFLICT": warned("eligibility", "CITIZENSHIP_MISSING"),
    "CITIZENSHIP_MISSING": changed("eligibility", ground="NOT_CITIZEN", is_eligible=False),
    "DECISION_ALTERED": decided("APPLIED", "EXCLUDE", is_delivered=True),
    "DECISION_CONTRADICTED": decided("APPLIED", "EXCLUDE", is_delivered=True),
    "DECISION_NOT_DELIVERED": decided("NOT_APPLIED", "WITHDRAWN", outcome="NOT_APPLIED"),
    "DECISION_REFUSED": decided("APPLIED", "EXCLUDE", is_delivered=True),
    "DECISION_SOURCE_MOVED": added("corrections", {"decision_row_id": 0, "row_id": 0}),
    "DECISION_TARGET_UNKNOWN": decided("NOT_APPLIED", "REFUSED", is_delivered=True),
    "DOCUMENT_SHARED": pair("NOT_CERTAIN"),
    "DWELLING_CONTRADICTED": of_one_street(CASES["DWELLING_CONTRADICTED"]),
    "DWELLING_CROWDED": crowded(range(13), 79.0),
    "DWELLING_UNKNOWN": changed("address_links", dwelling_id=None, reason="FUZZY_BUILDING"),
    "HOUSEHOLD_SPLIT": changed("placements", precinct_number=2, basis="ROSTER"),
    "LEFT_REGISTER": departed(restrictions=[ACT | {"pinfl": "31705801234569"}]),
    "NO_ADDRESS": unplaced("NO_RESIDENCE"),
    "ONLY_TEMPORARY": changed("placements", basis="TEMPORARY"),
    "PINFL_SHARED": pair("DOCUMENT_SHARED"),
    "POLLING_PLACE_FAR": spots(own=(66.01, 39.0), other=(66.0, 39.0)),
    "POLLING_PLACE_NEARER": spots(own=(66.05, 39.0), other=(66.04, 39.0)),
    "POSSIBLE_DUPLICATE": pair("PINFL_SHARED"),
    "PRECINCT_NO_COVERAGE": added(
        "boundary_readings", {"row_id": 1, "precinct_number": 1, "rule_count": 1, **HERE}
    ),
    "PRECINCT_TOO_LARGE": changed("persons"),
    "PRECINCT_TOO_SMALL": changed("persons"),
    "REGISTRATIONS_JUMPED": jumped(before=2),
    "RESTRICTION_AMBIGUOUS": restricted("LINKED"),
    "RESTRICTION_NOT_FOUND": restricted("NOT_FOUND", gravity="ORDINARY"),
    "ROSTER_AMBIGUOUS": roster("LINKED", person_id=0),
    "ROSTER_NOT_FOUND": roster("LINKED", person_id=0),
    "ROW_QUARANTINED": changed("records"),
    "SEVERAL_PERMANENT": one_person_twice({"dwelling_id": 7}, {"dwelling_id": 7}),
    "SUPPLEMENTARY_LISTED_ELSEWHERE": by_hand("LINKED", 1),
    "SUPPLEMENTARY_NOT_FOUND": by_hand("LINKED", 1),
    "SUPPLEMENTARY_REPEATED": by_hand("LINKED", 1, 1),
    "TEMPORARY_ELSEWHERE": changed("placements", temporary_region_code="1718"),
}
AT_THE_LIMIT = {
    "precinct_voters_min": 0,
    "precinct_voters_max": 2,
    "jump_voters_min": 1,
}


def _policy(limits):
    return dataclasses.replace(Policy(), **({"precinct_voters_min": 0} | limits))


def test_every_code_has_a_case_that_raises_it_and_one_beside_it():
    assert sorted(FOUND) == CODES
    assert sorted(BESIDE) == CODES


@pytest.mark.parametrize("code", [code for code in CODES if code not in CASES])
def test_code_is_found(engine, rows, code):
    policy = _policy(POLICIES.get(code, {}))
    assert code in codes(engine, rows, FOUND[code], policy=policy)[0]


@pytest.mark.parametrize("code", CODES)
def test_code_is_not_found_beside_its_cause(engine, rows, code):
    policy = _policy(AT_THE_LIMIT)
    assert code not in codes(engine, rows, BESIDE[code], policy=policy)[0]


@pytest.mark.parametrize("entry", CATALOGUE, ids=CODES)
def test_entry_says_everything_in_every_language(entry):
    for column, value in entry.items():
        assert value, column
        assert value == value.strip()
    texts = {
        f"{kind}_{language}": entry[f"{kind}_{language}"]
        for kind in ("meaning", "action")
        for language in LANGUAGES
    }
    for column, value in texts.items():
        assert value.endswith((".", "?")), column
        if not column.endswith("_ru"):
            assert not re.search("[а-яА-Я]", value), column
        else:
            words = re.sub(r"\b[A-Z]+(?:_[A-Z]+)*\b|ID-", "", value)
            assert not re.search("[a-zA-Z]", words), column
        # oʻ and gʻ have U+02BB and tutuq U+02BC, as the printed list has.
        if column.endswith("_uz"):
            assert not re.search("['`‘’]", value), column
    named = [
        sorted(re.findall(r"\b[A-Z]+_[A-Z_]+\b", texts[f"action_{language}"]))
        for language in LANGUAGES
    ]
    assert named[0] == named[1] == named[2]
