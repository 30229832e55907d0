"""Stage 6, second half: which residence counts, and the one precinct of each voter.

What belongs here: precedence of decision, roster, temporary and permanent residence. Where
an address lies was decided in locate.py.
"""

import datetime

import duckdb

from pipeline.run import Policy

Relation = duckdb.DuckDBPyRelation

PREFIX = "assign_precincts"


def assign_precincts(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    eligibility: Relation,
    records: Relation,
    address_precincts: Relation,
    roster_links: Relation,
    rosters: Relation,
    decisions: Relation,
    precincts: Relation,
    policy: Policy,
    election_date: datetime.date,
) -> Relation:
    """The one precinct of every eligible person, or the reason why there is none.

    Precedence: ASSIGN_PRECINCT decision; roster valid on election day; temporary residence
    valid on election day where it counts (CONFIRM_TEMPORARY, or the policy `valid`);
    permanent residence. Who has only a valid temporary residence stands there, with the
    warning ONLY_TEMPORARY, unless the policy ignores temporary residences. A permanent
    address that can't be placed never gives way to the temporary one in silence: the voter
    stays unplaced with PERMANENT_UNPLACED. Two rosters in different precincts leave the
    voter at home with ROSTERS_CONFLICT; a roster or decision that names no precinct of
    this election changes nothing but the warning PRECINCT_UNKNOWN.

    Args:
        engine: where the tables live.
        persons: Person.
        eligibility: EligibilityDecision.
        records: PersonRecord, for the address and the validity of each registration.
        address_precincts: AddressPrecinct.
        roster_links: ReferenceLink of the rosters.
        rosters: SourceRoster.
        decisions: DecidedVoter kinds ASSIGN_PRECINCT, CONFIRM_TEMPORARY and
            CONFIRM_PERMANENT: person_id, decision_row_id, kind, region_code,
            precinct_number; the latest per person for assignments and for confirmations.
        precincts: SourcePrecinct.
        policy: `temporary_residence` says which temporary residences count.
        election_date: the qualifying date.

    Returns:
        Placement, one row per eligible person.
    """
    day = election_date.isoformat()
    _tabulate_homes(engine, persons, eligibility, records, address_precincts, day)
    _tabulate_rosters(engine, roster_links, rosters, precincts, day)
    _tabulate_decisions(engine, decisions, precincts)
    _choose(engine, policy)
    return _placements(engine)


def _tabulate_homes(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    eligibility: Relation,
    records: Relation,
    address_precincts: Relation,
    day: str,
) -> None:
    """Make `_home`: permanent and temporary residence of each eligible person.

    Registrations outside their dates don't count. A permanent residence has no end in law;
    one that the source ends before election day is over.
    """
    columns = """
        row.row_id AS {0}_row_id, row.address_id AS {0}_address_id,
        {0}_at.region_code AS {0}_region_code,
        {0}_at.precinct_number AS {0}_precinct_number,
        {0}_at.placement AS {0}_placement,
        {0}_at.confidence AS {0}_confidence,
        coalesce({0}_at.unplaced_reason, 'NO_ADDRESS') AS {0}_reason,
        coalesce({0}_at.warnings, []) AS {0}_warnings
    """
    for kind in ("permanent", "temporary"):
        engine.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {PREFIX}_{kind} AS
            SELECT person.person_id, {columns.format(kind)}
            FROM persons AS person
            JOIN records AS row ON row.row_id = person.{kind}_row_id
            LEFT JOIN address_precincts AS {kind}_at
                ON {kind}_at.address_id = row.address_id
            WHERE coalesce(row.registered_on, DATE '{day}') <= DATE '{day}'
              AND coalesce(row.registered_until, DATE '{day}') >= DATE '{day}'
            """
        )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_home AS
        SELECT verdict.person_id, permanent.* EXCLUDE (person_id),
            temporary.* EXCLUDE (person_id)
        FROM eligibility AS verdict
        LEFT JOIN {PREFIX}_permanent AS permanent USING (person_id)
        LEFT JOIN {PREFIX}_temporary AS temporary USING (person_id)
        WHERE verdict.is_eligible
        """
    )


def _tabulate_rosters(
    engine: duckdb.DuckDBPyConnection,
    roster_links: Relation,
    rosters: Relation,
    precincts: Relation,
    day: str,
) -> None:
    """Make `_roster`: per person the rosters valid on election day.

    Several rows of one precinct are one roster; its smallest row number stands for it.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_roster AS
        SELECT person_id,
            count(DISTINCT (region_code, precinct_number)) FILTER (is_known) AS claims,
            min(region_code) FILTER (is_known) AS region_code,
            min(precinct_number) FILTER (is_known) AS precinct_number,
            min(row_id) FILTER (is_known) AS row_id,
            bool_or(NOT is_known) AS names_unknown
        FROM (
            SELECT link.person_id, roster.row_id, roster.region_code,
                roster.precinct_number, precinct.region_code IS NOT NULL AS is_known
            FROM roster_links AS link
            JOIN rosters AS roster USING (row_id)
            LEFT JOIN precincts AS precinct
                ON precinct.region_code = roster.region_code
                AND precinct.precinct_number = roster.precinct_number
            WHERE link.outcome = 'LINKED'
              AND coalesce(roster.valid_from, DATE '{day}') <= DATE '{day}'
              AND coalesce(roster.valid_until, DATE '{day}') >= DATE '{day}'
        )
        GROUP BY person_id
        """
    )


def _tabulate_decisions(
    engine: duckdb.DuckDBPyConnection, decisions: Relation, precincts: Relation
) -> None:
    """Make `_assigned` and `_confirmed`: one row per person that was decided on."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_assigned AS
        SELECT decision.person_id, decision.decision_row_id, decision.region_code,
            decision.precinct_number, precinct.region_code IS NOT NULL AS is_known
        FROM decisions AS decision
        LEFT JOIN precincts AS precinct
            ON precinct.region_code = decision.region_code
            AND precinct.precinct_number = decision.precinct_number
        WHERE decision.kind = 'ASSIGN_PRECINCT'
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_confirmed AS
        SELECT person_id, decision_row_id, kind FROM decisions
        WHERE kind IN ('CONFIRM_TEMPORARY', 'CONFIRM_PERMANENT')
        """
    )


def _choose(engine: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    """Make `_chosen`: which basis counts for each person, and what to warn of."""
    counts = {
        "confirmed": "coalesce(confirmed.kind = 'CONFIRM_TEMPORARY', false)",
        "valid": "coalesce(confirmed.kind <> 'CONFIRM_PERMANENT', true)",
        "ignored": "false",
    }[policy.temporary_residence]
    alone = "false" if policy.temporary_residence == "ignored" else "true"
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_chosen AS
        SELECT home.*,
            assigned.is_known AS is_assignment_known,
            assigned.decision_row_id AS assigned_row_id,
            assigned.region_code AS assigned_region_code,
            assigned.precinct_number AS assigned_precinct_number,
            confirmed.kind AS confirmed_kind,
            confirmed.decision_row_id AS confirmed_row_id,
            roster.region_code AS roster_region_code,
            roster.precinct_number AS roster_precinct_number,
            roster.row_id AS roster_row_id, roster.claims, roster.names_unknown,
            CASE
                WHEN assigned.is_known THEN 'DECISION'
                WHEN roster.claims = 1 THEN 'ROSTER'
                WHEN temporary_row_id IS NOT NULL AND {counts} THEN 'TEMPORARY'
                WHEN permanent_row_id IS NOT NULL THEN 'PERMANENT'
                WHEN temporary_row_id IS NOT NULL AND {alone} THEN 'TEMPORARY'
            END AS basis
        FROM {PREFIX}_home AS home
        LEFT JOIN {PREFIX}_assigned AS assigned USING (person_id)
        LEFT JOIN {PREFIX}_confirmed AS confirmed USING (person_id)
        LEFT JOIN {PREFIX}_roster AS roster USING (person_id)
        """
    )


def _placements(engine: duckdb.DuckDBPyConnection) -> Relation:
    """Placement from the chosen basis."""
    precinct = """CASE basis WHEN 'DECISION' THEN assigned_{0} WHEN 'ROSTER' THEN roster_{0}
        WHEN 'TEMPORARY' THEN temporary_{0} WHEN 'PERMANENT' THEN permanent_{0} END"""
    return engine.sql(
        f"""
        WITH placed AS (
            SELECT *, {precinct.format("region_code")} AS region_code,
                {precinct.format("precinct_number")} AS precinct_number,
                basis = 'TEMPORARY'
                    AND confirmed_kind IS DISTINCT FROM 'CONFIRM_TEMPORARY'
                    AND permanent_row_id IS NULL AS is_only_temporary
            FROM {PREFIX}_chosen
        )
        SELECT person_id, region_code, precinct_number,
            CASE WHEN precinct_number IS NOT NULL THEN basis END AS basis,
            CASE WHEN precinct_number IS NULL THEN NULL
                 WHEN basis IN ('DECISION', 'ROSTER') THEN 'DECISION'
                 WHEN basis = 'TEMPORARY' THEN temporary_placement
                 ELSE permanent_placement END AS placement,
            CASE WHEN precinct_number IS NULL THEN NULL
                 WHEN basis IN ('DECISION', 'ROSTER') THEN 'HIGH'
                 WHEN basis = 'TEMPORARY' THEN temporary_confidence
                 ELSE permanent_confidence END AS confidence,
            CASE WHEN precinct_number IS NOT NULL THEN NULL
                 WHEN basis = 'TEMPORARY' THEN temporary_reason
                 WHEN basis = 'PERMANENT' THEN permanent_reason
                 ELSE 'NO_RESIDENCE' END AS unplaced_reason,
            CASE WHEN basis = 'TEMPORARY' THEN temporary_row_id
                 ELSE coalesce(permanent_row_id, temporary_row_id) END AS row_id,
            CASE WHEN basis = 'TEMPORARY' THEN temporary_address_id
                 WHEN permanent_row_id IS NOT NULL THEN permanent_address_id
                 ELSE temporary_address_id END AS address_id,
            CASE WHEN basis = 'ROSTER' THEN roster_row_id END AS roster_row_id,
            CASE WHEN basis = 'DECISION' THEN assigned_row_id
                 WHEN basis = 'TEMPORARY' AND confirmed_kind = 'CONFIRM_TEMPORARY'
                 OR basis = 'PERMANENT' AND confirmed_kind = 'CONFIRM_PERMANENT'
                 THEN confirmed_row_id END AS decision_row_id,
            {_ELSEWHERE} AS temporary_elsewhere,
            CASE WHEN {_ELSEWHERE} THEN temporary_region_code
            END AS temporary_region_code,
            CASE WHEN {_ELSEWHERE} THEN temporary_precinct_number
            END AS temporary_precinct_number,
            list_sort(list_distinct(list_concat(
                CASE WHEN basis = 'TEMPORARY' THEN temporary_warnings
                     WHEN basis = 'PERMANENT' THEN permanent_warnings ELSE [] END,
                CASE WHEN is_only_temporary THEN ['ONLY_TEMPORARY'] ELSE [] END,
                CASE WHEN basis = 'PERMANENT' AND precinct_number IS NULL
                         AND temporary_precinct_number IS NOT NULL
                     THEN ['PERMANENT_UNPLACED'] ELSE [] END,
                CASE WHEN coalesce(claims, 0) > 1 AND basis <> 'DECISION'
                     THEN ['ROSTERS_CONFLICT'] ELSE [] END,
                CASE WHEN coalesce(names_unknown, false)
                         OR coalesce(NOT is_assignment_known, false)
                     THEN ['PRECINCT_UNKNOWN'] ELSE [] END
            ))) AS warnings
        FROM placed
        """
    )


_ELSEWHERE = """coalesce(
    basis = 'PERMANENT' AND precinct_number IS NOT NULL
    AND confirmed_kind IS DISTINCT FROM 'CONFIRM_PERMANENT'
    AND temporary_precinct_number IS NOT NULL
    AND (temporary_region_code, temporary_precinct_number)
        <> (region_code, precinct_number), false)"""
"""A valid temporary registration in another precinct, of which nobody has decided yet: the
commission asks at the door (rule of the CEC, 2019)."""
