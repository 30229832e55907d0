"""Stage 7c: every open question, with its owner, its age and the voters it concerns.

What belongs here: one function per code (or per table of warnings that another stage has
already coded); meaning, ground, owner and severity of each code stand in
data/reference/discrepancies.csv and nowhere else.

A finding has these columns, in this order: code, subject (what makes the question the
same one in the next release), person_ids, record_ids, region_code, district_code,
precinct_number, field, value_a, value_b, weight, expected_chance_matches.
"""

import dataclasses
import datetime

import duckdb
import polars as pl

from pipeline.errors import ContractError
from pipeline.find_discrepancies import (
    acts,
    departures,
    neighbourhoods,
    persons,
    places,
    rows,
)
from pipeline.run import Policy

Relation = duckdb.DuckDBPyRelation

PAIR_CODES = ("POSSIBLE_DUPLICATE", "PINFL_SHARED", "DOCUMENT_SHARED")
"""Questions about two rows, whose agreement may be chance."""


@dataclasses.dataclass(frozen=True)
class Findings:
    """Open questions, and the codes that each person's entry is flagged with."""

    discrepancies: Relation
    flags: Relation


@dataclasses.dataclass(frozen=True)
class Evidence:
    """The tables that questions are found in; names as in schemas/catalogue.py.

    `roster_keys` and `supplementary_keys` come from trace_rows.key_rows; `previous_*` are
    of the previous release and empty for the first one.
    """

    persons: Relation
    person_links: Relation
    records: Relation
    review_pairs: Relation
    eligibility: Relation
    restrictions: Relation
    restriction_links: Relation
    rosters: Relation
    roster_keys: Relation
    roster_links: Relation
    supplementary: Relation
    supplementary_keys: Relation
    supplementary_links: Relation
    corrections: Relation
    decision_lineage: Relation
    decisions: Relation
    precinct_requests: Relation
    placements: Relation
    address_links: Relation
    dwellings: Relation
    precincts: Relation
    boundary_readings: Relation
    stable_ids: Relation
    quarantined: Relation
    previous_voters: Relation
    previous_lineage: Relation


def find_discrepancies(
    engine: duckdb.DuckDBPyConnection,
    evidence: Evidence,
    catalogue: pl.DataFrame,
    previous: Relation,
    policy: Policy,
    election_date: datetime.date,
    as_of: datetime.date,
) -> Findings:
    """Every open question of this release.

    Args:
        engine: where the tables live.
        evidence: the tables of this run.
        catalogue: data/reference/discrepancies.csv.
        previous: Discrepancy of the previous release, for age; empty for the first one.
        policy: limits that are parameters of the election.
        election_date: the qualifying date.
        as_of: day of this release.

    Returns:
        Discrepancy (one row per code and subject; several findings of one subject are
        one question with all rows), and flags (person_id, flags).

    Raises:
        ContractError: a stage used a code that the catalogue does not have.
    """
    for field in dataclasses.fields(evidence):
        getattr(evidence, field.name).create_view(f"evidence_{field.name}", replace=True)
    previous.create_view("evidence_previous_questions", replace=True)
    _gather_persons(engine)
    day = election_date.isoformat()
    findings = [
        rows.seen_while_reading(),
        rows.birth_date_partial(),
        rows.birth_date_stand_in(),
        rows.row_quarantined(),
        departures.left_register(),
        persons.possible_duplicates(),
        persons.several_permanent(day),
        persons.birth_dates_differ(),
        persons.age_implausible(policy, day),
        persons.seen_in_verdicts(),
        acts.restrictions_without_person(day),
        acts.rosters_without_person(),
        acts.decisions_without_effect(),
        acts.corrections_overtaken(),
        acts.decisions_overtaken(),
        acts.decisions_of_the_ledger(policy),
        acts.requests_unanswered(),
        acts.supplementary_names(),
        places.unplaced(),
        places.seen_while_placing(),
        places.temporary_elsewhere(),
        places.seen_at_addresses(),
        places.dwelling_unknown(),
        places.household_split(),
        places.dwelling_crowded(policy),
        places.cadastral_number_repeated(),
        places.precinct_sizes(policy),
        places.abroad_not_attached(),
        places.boundaries_unread(),
        places.precinct_without_coverage(),
        neighbourhoods.building_split(),
        neighbourhoods.dwelling_contradicted(),
        neighbourhoods.cadastral_districts_differ(),
        neighbourhoods.polling_places(policy),
        neighbourhoods.registrations_jumped(policy),
    ]
    _gather_findings(engine, evidence, findings)
    _refuse_unknown_codes(engine, catalogue)
    return Findings(
        discrepancies=_describe(engine, catalogue, previous, as_of),
        flags=engine.sql(
            """
            SELECT person_id, list_sort(list(DISTINCT code)) AS flags
            FROM (SELECT code, unnest(person_ids) AS person_id FROM discrepancy_finding)
            GROUP BY person_id
            """
        ),
    )


def _gather_persons(engine: duckdb.DuckDBPyConnection) -> None:
    """discrepancy_person: where each person stands, else where the main row is from.

    `precinct_id`, `dwelling_id` and `building_hash` are there to find by whole numbers
    which few dwellings and buildings a question is about, before any text is gathered.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE discrepancy_person AS
        SELECT person.person_id, person.row_count, person.birth_date, stable.stable_id,
            record.record_id, verdict.is_eligible,
            coalesce(precinct.region_code, record.region_code) AS region_code,
            coalesce(precinct.district_code, record.district_code) AS district_code,
            placement.precinct_number, precinct.row_id AS precinct_id, placement.basis,
            placement.address_id AS home_address_id, address.dwelling_id,
            hash({neighbourhoods.BUILDING}) AS building_hash
        FROM evidence_persons AS person
        JOIN evidence_records AS record ON record.row_id = person.main_row_id
        JOIN evidence_stable_ids AS stable USING (person_id)
        JOIN evidence_eligibility AS verdict USING (person_id)
        LEFT JOIN evidence_placements AS placement USING (person_id)
        LEFT JOIN evidence_precincts AS precinct
            ON precinct.region_code = placement.region_code
            AND precinct.precinct_number = placement.precinct_number
        LEFT JOIN evidence_address_links AS address
            ON address.address_id = placement.address_id
        """
    )


def _gather_findings(
    engine: duckdb.DuckDBPyConnection, evidence: Evidence, findings: list[str]
) -> None:
    """discrepancy_finding: one row per code and subject."""
    names = ", ".join(
        f"{field.name} AS (SELECT * FROM evidence_{field.name})"
        for field in dataclasses.fields(evidence)
    )
    names += ", previous_questions AS (SELECT * FROM evidence_previous_questions)"
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE discrepancy_raw (
            code VARCHAR, subject VARCHAR, person_ids BIGINT[], record_ids VARCHAR[],
            region_code VARCHAR, district_code VARCHAR, precinct_number INTEGER,
            field VARCHAR, value_a VARCHAR, value_b VARCHAR, weight DOUBLE,
            expected_chance_matches DOUBLE
        )
        """
    )
    for finding in findings:
        engine.execute(
            f"INSERT INTO discrepancy_raw WITH {names} SELECT * FROM ({finding})"
        )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE discrepancy_nearby AS "
        f"WITH {names} {persons.chance_nearby()}"
    )
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE discrepancy_finding AS
        SELECT code, subject,
            list_sort(list_distinct(flatten(list(person_ids)))) AS person_ids,
            list_sort(list_distinct(flatten(list(record_ids)))) AS record_ids,
            -- One area, not the least region and the least district of several.
            min({
                'region_code': region_code, 'district_code': district_code,
                'precinct_number': precinct_number
            }) AS stated,
            min(field) AS field, min(value_a) AS value_a, min(value_b) AS value_b,
            max(weight) AS weight,
            max(expected_chance_matches) AS expected_chance_matches
        FROM discrepancy_raw GROUP BY code, subject
        """
    )


def _refuse_unknown_codes(
    engine: duckdb.DuckDBPyConnection, catalogue: pl.DataFrame
) -> None:
    known = set(catalogue["code"])
    found = {
        row[0]
        for row in engine.sql("SELECT DISTINCT code FROM discrepancy_finding").fetchall()
    }
    unknown = sorted(code or "(none)" for code in found - known)
    if unknown:
        raise ContractError(f"discrepancies: codes not in the catalogue: {unknown}")


def _describe(
    engine: duckdb.DuckDBPyConnection,
    catalogue: pl.DataFrame,
    previous: Relation,
    as_of: datetime.date,
) -> Relation:
    """Findings with severity, owner, place, words and age, as Discrepancy.

    A quarantined row is owned by whoever delivered it. A question about one voter names
    the voter; one about several names their rows. Region, district and precinct are always
    of one place: that of the finding where it names a precinct; else where the first person
    concerned is listed, with preference for the district of the finding; where none is
    listed, the district of the finding, else of the first person. Of a question about two
    people the other's place stands beside it, so that both offices can be told.
    """
    return engine.sql(
        f"""
        WITH ranked AS (
            SELECT finding.code, finding.subject, person.person_id,
                CASE WHEN person.precinct_number IS NULL THEN 4 ELSE 0 END
                + CASE WHEN finding.stated.district_code <> person.district_code
                       THEN 2 ELSE 0 END
                + CASE WHEN person.district_code IS NULL THEN 1 ELSE 0 END AS rank
            FROM (SELECT code, subject, stated, unnest(person_ids) AS person_id
                  FROM discrepancy_finding) AS finding
            JOIN discrepancy_person AS person USING (person_id)
        ), first AS (
            SELECT code, subject, count(*) AS persons,
                arg_min(person_id, (rank::BIGINT << 40) + person_id) AS person_id,
                arg_max(person_id, (rank::BIGINT << 40) + person_id) AS last_person_id
            FROM ranked GROUP BY code, subject
        ), placed AS (
            SELECT first.code, first.subject, person.region_code, person.district_code,
                person.precinct_number, address.cadastral_key AS cadastral_number,
                nullif(concat_ws(', ', address.mahalla, address.street, address.house,
                                 address.building, address.flat), '') AS address,
                CASE WHEN persons = 1 AND person.precinct_number IS NOT NULL
                     THEN person.stable_id END AS voter_id,
                CASE WHEN first.code IN {PAIR_CODES} AND persons = 2
                      AND (other.district_code, other.precinct_number)
                       IS DISTINCT FROM (person.district_code, person.precinct_number)
                     THEN {{
                        'region_code': other.region_code,
                        'district_code': other.district_code,
                        'precinct_number': other.precinct_number
                     }} END AS other_area
            FROM first
            JOIN discrepancy_person AS person USING (person_id)
            JOIN discrepancy_person AS other ON other.person_id = first.last_person_id
            LEFT JOIN evidence_address_links AS address
                ON address.address_id = person.home_address_id
        ), named AS (
            SELECT 'D' || upper(left(sha256(finding.code || '/' || finding.subject), 20))
                AS discrepancy_id, finding.*, placed.address, placed.cadastral_number,
                placed.voter_id, placed.other_area,
                CASE WHEN stated.precinct_number IS NOT NULL THEN stated
                     WHEN placed.precinct_number IS NULL
                      AND coalesce(stated.district_code, stated.region_code) IS NOT NULL
                     THEN stated
                     ELSE {{
                        'region_code': placed.region_code,
                        'district_code': placed.district_code,
                        'precinct_number': placed.precinct_number
                     }} END AS area
            FROM discrepancy_finding AS finding
            LEFT JOIN placed
                ON placed.code = finding.code AND placed.subject = finding.subject
        )
        SELECT named.discrepancy_id, named.code, entry.severity,
            CASE
                WHEN named.code <> 'ROW_QUARANTINED' THEN entry.owner
                WHEN named.value_b LIKE 'mia/%' THEN 'MIA'
                WHEN named.value_b LIKE 'cadastre/%' THEN 'CADASTRE'
                ELSE 'CEC'
            END AS owner,
            named.area.region_code, named.area.district_code, named.area.precinct_number,
            named.voter_id, named.record_ids, named.field, named.value_a,
            named.value_b, named.address, named.cadastral_number, named.weight,
            named.expected_chance_matches,
            CASE WHEN named.code IN {PAIR_CODES} THEN nearby.expected_chance_nearby END
                AS expected_chance_nearby,
            entry.meaning_uz || ' ' || entry.action_uz AS message,
            coalesce(before.first_seen, DATE '{as_of.isoformat()}') AS first_seen,
            coalesce(before.release_count, 0) + 1 AS release_count,
            named.other_area.region_code AS other_region_code,
            named.other_area.district_code AS other_district_code,
            named.other_area.precinct_number AS other_precinct_number
        FROM named
        JOIN catalogue AS entry ON entry.code = named.code
        LEFT JOIN discrepancy_nearby AS nearby ON nearby.subject = named.subject
        LEFT JOIN previous AS before USING (discrepancy_id)
        """
    )
