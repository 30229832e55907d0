"""Pairs, links and their reasons: what stage 3 (resolve persons) works with."""

import dataframely as dy

from schemas import columns as c
from schemas.codes import (
    DatePrecision,
    LinkRule,
    ReferenceLinkOutcome,
    RegistrationKind,
    ReviewCause,
    Sex,
)


class Link(dy.Schema):
    """An accepted link between two rows of mia/persons, with what made it."""

    left_row_id = dy.Int64(primary_key=True, description="row with the smaller number")
    right_row_id = dy.Int64(primary_key=True, description="row with the larger number")
    rule = c.code(LinkRule, "what made the link")
    match_weight = c.match_weight()
    pattern = dy.String(
        nullable=True, description="comparison levels, column=level, for the waterfall"
    )


class ReviewPair(dy.Schema):
    """A possible link: both persons stay listed, flagged, until a commission decides."""

    left_row_id = dy.Int64(primary_key=True, description="row with the smaller number")
    right_row_id = dy.Int64(primary_key=True, description="row with the larger number")
    left_person_id = c.reference("person of the left row")
    right_person_id = c.reference("person of the right row")
    match_weight = c.match_weight()
    match_probability = dy.Float64(
        nullable=True, min=0, max=1, description="posterior probability of a match"
    )
    expected_chance_matches = dy.Float64(
        nullable=True,
        min=0,
        description="different people with this name and birth date that chance alone "
        "would give in this population (Goel et al. 2020)",
    )
    expected_chance_nearby = dy.Float64(
        nullable=True,
        min=0,
        description="those of them to be expected in the district of the two rows",
    )
    pattern = dy.String(nullable=True, description="comparison levels, column=level")
    cause = c.code(ReviewCause, "why the pair is asked, not decided")


class ReviewEntry(dy.Schema):
    """A row that a commission is asked about, as registered; two a question.

    Kept in the release for `selv review export`: a duplicate often has no list entry.
    """

    discrepancy_id = dy.String(primary_key=True, description="the question")
    record_id = c.record_id(primary_key=True)
    surname = c.text("surname as registered")
    given_name = c.text("given name as registered")
    patronymic = c.text("patronymic as registered")
    surname_key = c.comparison_key("surname, lossless fold")
    given_name_key = c.comparison_key("given name, lossless fold")
    patronymic_key = c.comparison_key("patronymic, lossless fold")
    sex = c.code(Sex, "sex as registered")
    birth_date = c.birth_date()
    birth_date_precision = c.code(DatePrecision, "how much of the birth date is known")
    pinfl = c.text("PINFL as delivered")
    document_number = c.text("document number as delivered")
    region_code = c.region_code()
    district_code = c.district_code()
    registration_kind = c.code(RegistrationKind, "kind of registered residence")
    address = c.text("address in standard spelling, one line")
    voter_id = dy.String(nullable=True, description="its entry; null: it has none")
    precinct_number = c.precinct_number(nullable=True)
    list_number = dy.Int32(nullable=True, min=1, description="number in the precinct")
    expected_chance_nearby = dy.Float64(
        nullable=True,
        min=0,
        description="people whom chance would make look like the pair in its district",
    )


class ReferenceLink(dy.Schema):
    """Which person a row of restrictions, rosters or supplementary names; one a row."""

    row_id = c.key("row of the source table")
    person_id = c.reference("the person; null unless linked", nullable=True)
    outcome = c.code(ReferenceLinkOutcome, "one person, perhaps one, several, none")
    rule = c.code(LinkRule, "what made the link", nullable=True)
    match_weight = c.match_weight()
    candidate_person_ids = dy.List(
        dy.Int64(), description="persons that it may mean, sorted; empty where linked"
    )


class LinkageModel(dy.Schema):
    """Parameters of the Fellegi-Sunter model: one row per column and level."""

    column = dy.String(primary_key=True, description="comparison")
    level = dy.String(primary_key=True, description="comparison level")
    m_probability = dy.Float64(min=0, max=1, description="chance among matches")
    u_probability = dy.Float64(min=0, max=1, description="chance among non-matches")
    match_weight = dy.Float64(description="log2(m/u), bits")
