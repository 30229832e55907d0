"""The verdict on every person on the qualifying date: what stage 5 gives."""

import dataframely as dy

from schemas import columns as c
from schemas.codes import IneligibilityGround


class EligibilityDecision(dy.Schema):
    """One verdict per person."""

    person_id = c.key("the person")
    is_eligible = dy.Bool(description="may vote on the qualifying date")
    ground = c.code(IneligibilityGround, "why not; null if eligible", nullable=True)
    article = dy.String(nullable=True, description="article of law behind the ground")
    restriction_row_id = c.reference("row of mia/restrictions behind it", nullable=True)
    decision_row_id = c.reference("row of cec/decisions behind it", nullable=True)
    warnings = c.codes_list("discrepancy codes of this verdict")
