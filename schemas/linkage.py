"""Pairs, links and their reasons: what stage 3 (resolve persons) works with."""

import dataframely as dy

from schemas import columns as c
from schemas.codes import LinkRule, ReferenceLinkOutcome, ReviewCause


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
    pattern = dy.String(nullable=True, description="comparison levels, column=level")
    cause = c.code(ReviewCause, "why the pair is asked, not decided")


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
