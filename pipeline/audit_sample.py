"""Samples for an audit in the field, drawn so that everybody can draw them again.

What belongs here: who is drawn, from what, with which chance. The draw is a hash, not a
generator: a voter's ticket is SHA-256 of the public seed, the kind of sample and the
voter's number, and in each stratum the smallest tickets are drawn. Whoever has the release
and the seed gets the same sample with any tool that knows SHA-256; a seed that was made in
public after the release was published (dice, a lottery) leaves nobody a choice.
"""

import dataclasses
import math
from collections.abc import Sequence

import duckdb

Relation = duckdb.DuckDBPyRelation

LIST_TO_PEOPLE = "list-to-people"
PEOPLE_TO_LIST = "people-to-list"
SIZE = 2401
"""Two percentage points at 95 % for a share of one half: 1.96² x 0.25 / 0.02²."""
STRATUM_MIN = 2
"""Drawn at least in each stratum, so that its share of errors has a spread."""
TICKET_DIGITS = 15
"""Hexadecimal digits of the hash that make a ticket: 60 bits, a whole number."""


@dataclasses.dataclass(frozen=True)
class Design:
    """How a sample is drawn."""

    seed: str
    """Made in public after the release was published."""
    size: int = SIZE
    """How many a simple random sample would have; `drawn_size` adds what clusters cost."""
    strata: str = "region"
    """`region`, `district` or `none`."""
    per_precinct: int = 0
    """Drawn in each precinct that is drawn; 0: everybody is drawn directly."""
    intraclass: float = 0.02
    """How much more alike the errors of one precinct are than those of two (0 to 1)."""

    @property
    def design_effect(self) -> float:
        """What drawing by precinct costs: 1 + (m - 1) x intraclass (Kish 1965)."""
        if self.per_precinct == 0:
            return 1.0
        return 1 + (self.per_precinct - 1) * self.intraclass

    @property
    def drawn_size(self) -> int:
        """How many are drawn for the precision that `size` means."""
        return math.ceil(self.size * self.design_effect)


STRATUM = {
    "region": "region_code",
    "district": "region_code || '/' || district_code",
    "none": "'UZ'",
}


def draw_voters(engine: duckdb.DuckDBPyConnection, voters: Relation, design: Design) -> str:
    """Draw list entries, to be looked for in the field.

    Args:
        engine: where the TEMP tables `audit_*` are made.
        voters: VoterListEntry.
        design: how.

    Returns:
        Name of a TEMP table: number (1.. in the order of region, precinct, list number),
        stratum, ticket, and every column of the list.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE audit_unit AS
        SELECT {STRATUM[design.strata]} AS stratum, voter_id AS unit, region_code,
            precinct_number, {_ticket(design, LIST_TO_PEOPLE, "voter_id")} AS ticket
        FROM voters
        """
    )
    _draw(engine, design, LIST_TO_PEOPLE)
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE audit_list_to_people AS
        SELECT row_number() OVER (ORDER BY voter.region_code, voter.precinct_number,
            voter.list_number) AS number, drawn.stratum, drawn.ticket, voter.*
        FROM audit_drawn AS drawn JOIN voters AS voter ON voter.voter_id = drawn.unit
        """
    )
    return "audit_list_to_people"


ADDRESS = ("mahalla", "street", "house", "building", "flat")


def draw_dwellings(
    engine: duckdb.DuckDBPyConnection, voters: Relation, design: Design
) -> str:
    """Draw addresses, at which everybody of age is asked and then looked for on the list.

    The frame is every address at which the release lists somebody: who lives where nobody
    is listed can't be drawn from a list. The sampling unit is the address, whatever its
    number of voters.

    Args:
        engine: where the TEMP tables `audit_*` are made.
        voters: VoterListEntry.
        design: how; sizes are addresses.

    Returns:
        Name of a TEMP table: number, stratum, ticket, region_code, district_code,
        precinct_number, mahalla, street, house, building, flat, voters_listed.
    """
    parts = ", ".join(f"coalesce({part}, '')" for part in ADDRESS)
    unit = f"concat_ws('|', district_code, {parts})"
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE audit_address AS
        SELECT {unit} AS unit, region_code, district_code,
            min(precinct_number) AS precinct_number, {", ".join(ADDRESS)},
            count(*) AS voters_listed
        FROM voters WHERE house IS NOT NULL
        GROUP BY unit, region_code, district_code, {", ".join(ADDRESS)};
        CREATE OR REPLACE TEMP TABLE audit_unit AS
        SELECT {STRATUM[design.strata]} AS stratum, unit, region_code, precinct_number,
            {_ticket(design, PEOPLE_TO_LIST, "unit")} AS ticket
        FROM audit_address
        """
    )
    _draw(engine, design, PEOPLE_TO_LIST)
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE audit_people_to_list AS
        SELECT row_number() OVER (ORDER BY region_code, precinct_number, street, house,
            unit) AS number, drawn.stratum, drawn.ticket, address.* EXCLUDE (unit)
        FROM audit_drawn AS drawn JOIN audit_address AS address USING (unit)
        """
    )
    return "audit_people_to_list"


def _ticket(design: Design, kind: str, unit: str) -> str:
    """SQL of a unit's ticket: the first 60 bits of SHA-256 of `seed|kind|unit`."""
    seed = f"{design.seed}|{kind}|".replace("'", "''")
    return f"('0x' || left(sha256('{seed}' || {unit}), {TICKET_DIGITS}))::BIGINT"


def _draw(engine: duckdb.DuckDBPyConnection, design: Design, kind: str) -> None:
    """audit_drawn: in each stratum the units with the smallest tickets, ties by unit."""
    if design.per_precinct:
        _draw_precincts(engine, design, kind)
        return
    strata = engine.sql(
        "SELECT stratum, count(*) FROM audit_unit GROUP BY stratum ORDER BY stratum"
    ).fetchall()
    quotas = allocate(design.drawn_size, strata)
    listed = ", ".join(
        f"('{stratum}', {quota})"
        for (stratum, _), quota in zip(strata, quotas, strict=True)
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE audit_drawn AS
        SELECT unit.stratum, unit.unit, unit.ticket
        FROM audit_unit AS unit
        JOIN (SELECT * FROM (VALUES {listed or "('', 0)"}) AS q(stratum, quota))
            USING (stratum)
        QUALIFY row_number() OVER (
            PARTITION BY unit.stratum ORDER BY unit.ticket, unit.unit) <= quota
        """
    )


def _draw_precincts(engine: duckdb.DuckDBPyConnection, design: Design, kind: str) -> None:
    """audit_drawn: the first `per_precinct` tickets of every precinct that is drawn.

    Precincts are drawn with a chance in proportion to their size, by sequential Poisson
    sampling (Ohlsson 1998): the smallest ticket / size are drawn. Everybody of a stratum
    then has nearly the same chance, since each drawn precinct gives equally many.
    """
    ticket = _ticket(design, f"{kind}-precinct", "region_code || '-' || precinct_number")
    strata = engine.sql(
        "SELECT stratum, count(*) FROM audit_unit GROUP BY stratum ORDER BY stratum"
    ).fetchall()
    quotas = allocate(design.drawn_size, strata)
    wanted = ", ".join(
        f"('{stratum}', {math.ceil(quota / design.per_precinct)})"
        for (stratum, _), quota in zip(strata, quotas, strict=True)
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE audit_drawn AS
        WITH precinct AS (
            SELECT stratum, region_code, precinct_number, count(*) AS units,
                {ticket} AS precinct_ticket
            FROM audit_unit GROUP BY stratum, region_code, precinct_number
        ), drawn AS (
            SELECT stratum, region_code, precinct_number
            FROM precinct JOIN (SELECT * FROM (VALUES {wanted or "('', 0)"})
                AS w(stratum, wanted)) USING (stratum)
            QUALIFY row_number() OVER (PARTITION BY stratum
                ORDER BY precinct_ticket / units, region_code, precinct_number) <= wanted
        )
        SELECT unit.stratum, unit.unit, unit.ticket FROM audit_unit AS unit
        JOIN drawn USING (stratum, region_code, precinct_number)
        QUALIFY row_number() OVER (
            PARTITION BY unit.stratum, region_code, precinct_number
            ORDER BY unit.ticket, unit.unit) <= {design.per_precinct}
        """
    )


def allocate(size: int, strata: Sequence[tuple[str, int]]) -> list[int]:
    """How many of each stratum are drawn: in proportion, by largest remainders.

    At least STRATUM_MIN of each, and never more than it has.
    """
    total = sum(units for _, units in strata)
    if total == 0:
        return [0 for _ in strata]
    shares = [min(size, total) * units / total for _, units in strata]
    quotas = [math.floor(share) for share in shares]
    order = sorted(range(len(strata)), key=lambda i: (quotas[i] - shares[i], strata[i][0]))
    for place in order[: min(size, total) - sum(quotas)]:
        quotas[place] += 1
    return [
        min(units, max(quota, STRATUM_MIN))
        for quota, (_, units) in zip(quotas, strata, strict=True)
    ]
