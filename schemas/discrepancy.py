"""Open questions, settled ones, and what each owner gets to see of them.

What belongs here: the discrepancy tables of a release. `discrepancies` holds everything and
is for the district office; an owner's file has the columns that settling takes, and no
identifier that the owner does not keep itself.
"""

import dataframely as dy

from schemas import columns as c
from schemas.codes import Owner, Resolution, Severity


class Discrepancy(dy.Schema):
    """discrepancies: one row per open question, with who settles it.

    A question about two people has both places: that of the first who is listed, and in
    `other_*` that of the other, null where it is the same precinct. Of two districts it
    stands in the files of both.
    """

    discrepancy_id = dy.String(
        primary_key=True, description="stable over releases while the cause stands"
    )
    code = dy.String(description="code of the catalogue")
    severity = c.code(Severity, "how urgent")
    owner = c.code(Owner, "who settles it")
    region_code = c.region_code(nullable=True)
    district_code = c.district_code(nullable=True)
    precinct_number = c.precinct_number(nullable=True)
    voter_id = dy.String(nullable=True, description="the voter concerned")
    record_ids = dy.List(dy.String(), description="rows concerned, sorted")
    field = dy.String(nullable=True, description="column concerned")
    value_a = c.text("first value")
    value_b = c.text("second value")
    address = c.text("address that counts for the first voter concerned")
    cadastral_number = c.text("dwelling that this address was found to be")
    weight = c.match_weight()
    expected_chance_matches = dy.Float64(
        nullable=True, description="people whom chance alone would make look the same"
    )
    expected_chance_nearby = dy.Float64(
        nullable=True,
        description="those of them to be expected in the district or both districts",
    )
    message = dy.String(description="what is wrong and what to do, without personal data")
    first_seen = dy.Date(description="day of the release that first had it")
    release_count = dy.Int32(min=1, description="releases that had it, this one included")
    other_region_code = c.region_code(nullable=True)
    other_district_code = c.district_code(nullable=True)
    other_precinct_number = c.precinct_number(nullable=True)


class ResolvedDiscrepancy(dy.Schema):
    """resolved_discrepancies: questions of the previous release that are open no more.

    DECISION: a decision on the voter or a row concerned took effect in this release;
    VOTER_REMOVED: a voter concerned is no longer listed; SOURCE_CHANGED: a row concerned
    is no longer delivered, or the voter's entry changed; CAUSE_GONE: none of these is
    known, the cause was not found again. A question about two people of two districts
    stands in the files of both.
    """

    discrepancy_id = dy.String(
        primary_key=True, description="stable over releases while the cause stands"
    )
    code = dy.String(description="code of the catalogue")
    severity = c.code(Severity, "how urgent")
    owner = c.code(Owner, "who settled it")
    region_code = c.region_code(nullable=True)
    district_code = c.district_code(nullable=True)
    precinct_number = c.precinct_number(nullable=True)
    voter_id = dy.String(nullable=True, description="the voter concerned")
    record_ids = dy.List(dy.String(), description="rows concerned, sorted")
    field = dy.String(nullable=True, description="column concerned")
    first_seen = dy.Date(description="day of the release that first had it")
    release_count = dy.Int32(min=1, description="releases that had it, this one included")
    resolved_on = dy.Date(description="day of the first release without it")
    resolution = c.code(Resolution, "what ended it")
    decision_id = dy.String(nullable=True, description="the decision, where one did")
    other_region_code = c.region_code(nullable=True)
    other_district_code = c.district_code(nullable=True)
    other_precinct_number = c.precinct_number(nullable=True)


class MiaDiscrepancy(dy.Schema):
    """discrepancies_mia: what the interior ministry settles, by its own rows."""

    discrepancy_id = dy.String(
        primary_key=True, description="stable over releases while the cause stands"
    )
    code = dy.String(description="code of the catalogue")
    severity = c.code(Severity, "how urgent")
    region_code = c.region_code(nullable=True)
    district_code = c.district_code(nullable=True)
    record_ids = dy.List(dy.String(), description="rows of the ministry, sorted")
    field = dy.String(nullable=True, description="column concerned")
    value_a = c.text("first value")
    value_b = c.text("second value")
    message = dy.String(description="what is wrong and what to do")
    first_seen = dy.Date(description="day of the release that first had it")
    release_count = dy.Int32(min=1, description="releases that had it, this one included")


class CadastreDiscrepancy(dy.Schema):
    """discrepancies_cadastre: what the Cadastre Agency settles: objects, and no person."""

    discrepancy_id = dy.String(
        primary_key=True, description="stable over releases while the cause stands"
    )
    code = dy.String(description="code of the catalogue")
    severity = c.code(Severity, "how urgent")
    region_code = c.region_code(nullable=True)
    district_code = c.district_code(nullable=True)
    cadastral_number = c.text("the object")
    address = c.text("the address")
    field = dy.String(nullable=True, description="column concerned")
    value_a = c.text("first value; of a refused row the rule it breaks")
    value_b = c.text("second value; of a refused row its table")
    message = dy.String(description="what is wrong and what to do")
    first_seen = dy.Date(description="day of the release that first had it")
    release_count = dy.Int32(min=1, description="releases that had it, this one included")


class CecDiscrepancy(dy.Schema):
    """discrepancies_cec: precincts, territories, rosters and supplementary lists.

    Rows are named where they are the commission's own; an address stands without whoever
    lives there.
    """

    discrepancy_id = dy.String(
        primary_key=True, description="stable over releases while the cause stands"
    )
    code = dy.String(description="code of the catalogue")
    severity = c.code(Severity, "how urgent")
    region_code = c.region_code(nullable=True)
    district_code = c.district_code(nullable=True)
    precinct_number = c.precinct_number(nullable=True)
    voter_id = dy.String(nullable=True, description="the voter that a roster or list names")
    record_ids = dy.List(dy.String(), description="rows of rosters and lists, sorted")
    address = c.text("the address in question")
    field = dy.String(nullable=True, description="column concerned")
    value_a = c.text("first value")
    value_b = c.text("second value")
    message = dy.String(description="what is wrong and what to do")
    first_seen = dy.Date(description="day of the release that first had it")
    release_count = dy.Int32(min=1, description="releases that had it, this one included")


class CommissionDiscrepancy(dy.Schema):
    """discrepancies_commission: what the commissions of a district settle at the door.

    A question about two people of two districts stands in the files of both: either door
    may settle it.
    """

    discrepancy_id = dy.String(
        primary_key=True, description="stable over releases while the cause stands"
    )
    code = dy.String(description="code of the catalogue")
    severity = c.code(Severity, "how urgent")
    region_code = c.region_code(nullable=True)
    district_code = c.district_code(nullable=True)
    precinct_number = c.precinct_number(nullable=True)
    voter_id = dy.String(nullable=True, description="the voter concerned")
    record_ids = dy.List(dy.String(), description="rows that a decision can name, sorted")
    address = c.text("the address to visit")
    field = dy.String(nullable=True, description="column concerned")
    value_a = c.text("first value")
    value_b = c.text("second value")
    weight = c.match_weight()
    expected_chance_matches = dy.Float64(
        nullable=True, description="people whom chance alone would make look the same"
    )
    expected_chance_nearby = dy.Float64(
        nullable=True,
        description="those of them to be expected in the district or both districts",
    )
    message = dy.String(description="what is wrong and what to do")
    first_seen = dy.Date(description="day of the release that first had it")
    release_count = dy.Int32(min=1, description="releases that had it, this one included")
    other_region_code = c.region_code(nullable=True)
    other_district_code = c.district_code(nullable=True)
    other_precinct_number = c.precinct_number(nullable=True)
