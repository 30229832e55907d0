"""Decisions brought to the rows and persons of one run."""

import dataframely as dy

from schemas import columns as c
from schemas.codes import DecisionKind, Outcome


class Correction(dy.Schema):
    """Every CORRECT decision: what it set, and what the source says now.

    Kept in the release, so that the next night sees a source that moved under it.
    """

    decision_row_id = c.key("row of cec/decisions")
    decision_id = dy.String(description="number of the decision")
    row_id = c.reference("row of mia/persons it corrects", nullable=True)
    record_id = c.record_id(nullable=True)
    field = c.text("column corrected")
    value = c.text("corrected value; null empties the column")
    source_value = c.text("value of the source, as text")
    outcome = c.code(Outcome, "APPLIED or NOT_APPLIED")
    reason = dy.String(
        regex=r"^(CORRECTED|SUPERSEDED|TARGET_UNKNOWN|FIELD_UNKNOWN|VALUE_REFUSED)$",
        description="closed code",
    )
    is_source_moved = dy.Bool(description="the source changed since the last release")


class DecidedVoter(dy.Schema):
    """Every decision about a voter, with the person it means and whether it holds."""

    decision_row_id = c.key("row of cec/decisions")
    decision_id = dy.String(description="number of the decision")
    kind = c.code(DecisionKind, "what was decided")
    person_id = c.reference("whom it means; null if nobody for certain", nullable=True)
    region_code = c.region_code(nullable=True)
    precinct_number = c.precinct_number(nullable=True)
    is_effective = dy.Bool(description="no later decision of the same matter")
    reason = dy.String(
        regex=r"^(EFFECTIVE|SUPERSEDED|TARGET_UNKNOWN)$", description="closed code"
    )
