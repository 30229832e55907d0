"""What each owner gets to see: its own questions, in the columns that settling takes.

What belongs here: which identifiers go to whom. The ministry keeps rows of the register
and gets no voter number; the Cadastre Agency keeps objects and gets no person; the Central
Election Commission keeps precincts, rosters, requests and supplementary lists; a precinct
commission knocks at a door and gets the whole question (docs/adr/0010).
"""

import duckdb

from schemas.codes import Owner

Relation = duckdb.DuckDBPyRelation

_QUESTION = "discrepancy_id, code, severity, region_code, district_code"
_REST = "field, value_a, value_b, message, first_seen, release_count"
CEC_ROWS = (
    "(code = 'ROW_QUARANTINED' "
    "OR starts_with(code, 'ROSTER_') OR starts_with(code, 'SUPPLEMENTARY_') "
    "OR starts_with(code, 'DECISION_') OR starts_with(code, 'PRECINCT_REQUEST_'))"
)
"""Questions whose rows are the Central Election Commission's own."""
CEC_VOTERS = f"({CEC_ROWS} OR code IN ('ROSTERS_CONFLICT', 'PRECINCT_UNKNOWN'))"
"""Questions about what the commission itself says of one voter."""

OTHER_AREA = "other_region_code, other_district_code, other_precinct_number"
"""Where the second of two people stands whom a question is about."""

COLUMNS = {
    Owner.MIA: f"{_QUESTION}, record_ids, {_REST}",
    Owner.CADASTRE: f"{_QUESTION}, cadastral_number, address, {_REST}",
    Owner.CEC: (
        f"{_QUESTION}, precinct_number, "
        f"CASE WHEN {CEC_VOTERS} THEN voter_id END AS voter_id, "
        f"CASE WHEN {CEC_ROWS} THEN record_ids ELSE [] END AS record_ids, "
        f"address, {_REST}"
    ),
    Owner.COMMISSION: (
        f"{_QUESTION}, precinct_number, voter_id, record_ids, address, weight, "
        f"expected_chance_matches, expected_chance_nearby, {_REST}, {OTHER_AREA}"
    ),
}


def owner_table(owner: Owner) -> str:
    """Name of the table that holds an owner's questions."""
    return f"discrepancies_{owner.value.lower()}"


def questions_of(
    engine: duckdb.DuckDBPyConnection, discrepancies: Relation, owner: Owner
) -> Relation:
    """The open questions of an owner, in the columns that the owner gets."""
    return engine.sql(
        f"SELECT {COLUMNS[owner]} FROM discrepancies WHERE owner = '{owner.value}'"
    )
