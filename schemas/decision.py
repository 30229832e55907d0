"""Decisions: the ledger of all that ever were, and what they did in one run."""

import dataframely as dy

from schemas import columns as c
from schemas.codes import DecisionKind, Outcome, RequestProblem, RequestStatus
from schemas.source import DecisionColumns, RequestColumns, SourceRow


class LedgerColumns(dy.Schema):
    """What the ledger knows about a decision besides what it says."""

    first_seen = dy.Date(description="day of the first release that held the decision")
    is_delivered = dy.Bool(description="it stands in this delivery; else carried over")
    is_altered = dy.Bool(
        description="this delivery says something else under its number, not decided later"
    )
    withdrawn_by = dy.String(nullable=True, description="withdrawal that took it back")


class LedgerDecision(SourceRow, DecisionColumns, LedgerColumns):
    """Every decision ever delivered for this election, numbered by decision_id.

    The previous release's decisions and this delivery's together: a decision that the
    next delivery no longer holds stands until it is withdrawn.
    """


class Decision(DecisionColumns, LedgerColumns):
    """decisions: every decision of the election, and what it did in this release."""

    decision_id = dy.String(primary_key=True, description="number of the decision")
    source_file = c.text("file it was last delivered in", nullable=False)
    source_row = dy.Int64(min=1, description="1-based data row in that file")
    outcome = c.code(Outcome, "APPLIED or NOT_APPLIED")
    outcome_reason = dy.String(description="closed code: what it did, or why nothing")
    person_id = dy.String(
        nullable=True, description="stable number of the person it meant, here or before"
    )
    basis = dy.String(
        nullable=True,
        regex=r"^[0-9a-f]{32}$",
        description="digest of what the source said when the decision first applied",
    )
    is_source_moved = dy.Bool(description="the source says something else since then")


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
    source_value_decided = c.text("value of the source when the decision was first seen")
    outcome = c.code(Outcome, "APPLIED or NOT_APPLIED")
    reason = dy.String(
        regex=r"^(CORRECTED|SUPERSEDED|REPEATED|TARGET_UNKNOWN|FIELD_UNKNOWN|VALUE_REFUSED)$",
        description="closed code",
    )
    is_source_moved = dy.Bool(description="the source changed since the decision")


class PrecinctRequest(RequestColumns):
    """precinct_requests: every request of the election, and what became of it.

    A request that a later delivery no longer holds is carried on until it is answered, and
    stays with its answer.
    """

    request_id = dy.String(primary_key=True, description="number of the request")
    first_seen = dy.Date(description="day of the first release that held the request")
    is_delivered = dy.Bool(description="it stands in this delivery; else carried over")
    due_on = dy.Date(description="last day for the answer")
    status = c.code(RequestStatus, "what became of it")
    answered_by = dy.String(nullable=True, description="decision that answers it")
    answered_at = c.instant("when it was answered")
    is_late = dy.Bool(description="it was answered, or still is open, after that day")
    problem = c.code(RequestProblem, "why it can't be granted as it stands", nullable=True)
    person_id = dy.String(nullable=True, description="stable number of the person asking")
    current_region_code = c.region_code(nullable=True)
    current_precinct_number = c.precinct_number(nullable=True)


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
        regex=r"^(EFFECTIVE|SUPERSEDED|REPEATED|TARGET_UNKNOWN)$", description="closed code"
    )
