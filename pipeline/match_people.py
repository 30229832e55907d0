"""Which voters of a release a list of people means: numbers first, then the night's model.

What belongs here: finding. A number is believed only where a name or the birth date agrees
with it; names and birth dates alone only where the same matching as at night would link
them (link_references.py). Whoever is not certain is not found but unclear.
"""

import dataclasses
import datetime

import duckdb

from pipeline.link_references import link_references
from pipeline.normalise.persons import normalise_named
from pipeline.normalise.pinfl import DOCUMENT_LETTERS
from pipeline.run import Linkage

Relation = duckdb.DuckDBPyRelation
PREFIX = "match_people"


@dataclasses.dataclass(frozen=True)
class ListTables:
    """What of a release a list of people is compared with."""

    voters: Relation
    unlisted: Relation
    linkage_model: Relation


def match_people(
    engine: duckdb.DuckDBPyConnection,
    people: Relation,
    release: ListTables,
    settings: Linkage,
    as_of: datetime.date,
) -> Relation:
    """The voter that each row means, or why none.

    Args:
        engine: where the TEMP tables `match_people_*` are made.
        people: row_id, pinfl, surname, given_name, patronymic, birth_date,
            birth_date_precision, document_number.
        release: its list, and its model.
        settings: thresholds of the build that made the release.
        as_of: day of the release; a PINFL with a later date is wrong.

    Returns:
        row_id; outcome LISTED (one voter, for certain), UNCLEAR (perhaps one, or several),
        OFF_LIST (a verified PINFL of somebody of the register without an entry) or
        UNKNOWN; rule PINFL, EXACT_DOCUMENT or PROBABILISTIC; voter_id where LISTED; and
        `same_as`, equal for rows that mean one person, listed or not.
    """
    _number_voters(engine, release.voters)
    _store(engine, f"{PREFIX}_row", normalise_named(engine, people, as_of, PREFIX))
    _match_numbers(engine, as_of)
    _match_names(engine, release.linkage_model, settings, as_of)
    return _decide(engine, release.unlisted)


def _store(engine: duckdb.DuckDBPyConnection, name: str, rows: Relation) -> None:
    rows.query("rows", f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM rows")


def _number_voters(engine: duckdb.DuckDBPyConnection, voters: Relation) -> None:
    """match_people_voter: the list with a dense number, as the matching needs it."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_voter AS
        SELECT row_number() OVER (ORDER BY voter_id) - 1 AS row_id, voter_id, pinfl,
            surname, given_name, patronymic, sex, birth_date,
            'DAY' AS birth_date_precision, document_number, region_code, district_code
        FROM voters
        """
    )


def _match_numbers(engine: duckdb.DuckDBPyConnection, as_of: datetime.date) -> None:
    """match_people_number: rows whose PINFL, or document and birth date, a voter has."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_hit AS
        SELECT asked.row_id AS asked_id, voter.row_id AS voter_row, 'PINFL' AS rule
        FROM {PREFIX}_row AS asked JOIN {PREFIX}_voter AS voter USING (pinfl)
        UNION ALL
        SELECT asked.row_id, voter.row_id, 'EXACT_DOCUMENT'
        FROM {PREFIX}_row AS asked JOIN (
            SELECT row_id, birth_date, {DOCUMENT_LETTERS} AS document
            FROM {PREFIX}_voter WHERE document_number IS NOT NULL
        ) AS voter ON voter.document = asked.document_key
            AND voter.birth_date = asked.birth_date
        WHERE asked.birth_date_precision = 'DAY'
        """
    )
    hit = engine.sql(
        f"SELECT * FROM {PREFIX}_voter WHERE row_id IN (SELECT voter_row FROM {PREFIX}_hit)"
    )
    _store(
        engine, f"{PREFIX}_near", normalise_named(engine, hit, as_of, f"{PREFIX}_of_voter")
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_number AS
        WITH judged AS (
            SELECT hit.asked_id, hit.voter_row, hit.rule,
                coalesce(asked.given_name_loose = voter.given_name_loose, false)
                OR coalesce(asked.surname_loose = voter.surname_loose, false)
                OR coalesce(hit.rule = 'PINFL' AND asked.birth_date = voter.birth_date,
                    false)
                OR (asked.given_name_loose IS NULL AND asked.surname_loose IS NULL
                    AND (hit.rule <> 'PINFL' OR asked.birth_date IS NULL)) AS is_confirmed
            FROM {PREFIX}_hit AS hit
            JOIN {PREFIX}_row AS asked ON asked.row_id = hit.asked_id
            JOIN {PREFIX}_near AS voter ON voter.row_id = hit.voter_row
        ), counted AS (
            SELECT asked_id, rule, count(DISTINCT voter_row) FILTER (is_confirmed) AS sure,
                min(voter_row) FILTER (is_confirmed) AS voter_row
            FROM judged GROUP BY asked_id, rule
        )
        SELECT asked_id AS row_id, rule, sure = 1 AS is_certain,
            CASE WHEN sure = 1 THEN voter_row END AS voter_row
        FROM counted
        QUALIFY row_number() OVER (PARTITION BY asked_id ORDER BY rule DESC) = 1
        """
    )


def _match_names(
    engine: duckdb.DuckDBPyConnection,
    model: Relation,
    settings: Linkage,
    as_of: datetime.date,
) -> None:
    """match_people_name: what the night's matching says of rows that no number settles."""
    left = engine.sql(
        f"SELECT * FROM {PREFIX}_row ANTI JOIN {PREFIX}_number USING (row_id) "
        "WHERE surname_key IS NOT NULL OR given_name_key IS NOT NULL"
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {PREFIX}_name "
        "(row_id BIGINT, person_id BIGINT, outcome VARCHAR)"
    )
    if not left.limit(1).fetchall():
        return
    _store(engine, f"{PREFIX}_left", left)
    voters = engine.table(f"{PREFIX}_voter")
    named = normalise_named(engine, voters, as_of, f"{PREFIX}_all")
    _store(engine, f"{PREFIX}_known", named)
    records = engine.sql(
        f"SELECT known.*, voter.sex, voter.region_code, voter.district_code, "
        f"NULL::BIGINT AS address_id FROM {PREFIX}_known AS known "
        f"JOIN {PREFIX}_voter AS voter USING (row_id)"
    )
    links = engine.sql(f"SELECT row_id, row_id AS person_id FROM {PREFIX}_voter")
    found = link_references(
        engine, {"left": engine.table(f"{PREFIX}_left")}, records, links, model, settings
    ).by_source["left"]
    found.query(
        "found",
        f"INSERT INTO {PREFIX}_name SELECT row_id, person_id, outcome FROM found",
    )


def _decide(engine: duckdb.DuckDBPyConnection, unlisted: Relation) -> Relation:
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_result AS
        WITH off_list AS (
            SELECT asked.row_id, min(unlisted.person_id) AS person_id
            FROM {PREFIX}_row AS asked JOIN unlisted USING (pinfl)
            GROUP BY asked.row_id HAVING count(DISTINCT unlisted.person_id) = 1
        ), decided AS (
            SELECT asked.row_id,
                CASE WHEN number.is_certain OR name.outcome = 'LINKED' THEN 'LISTED'
                     WHEN number.row_id IS NOT NULL THEN 'UNCLEAR'
                     WHEN off_list.row_id IS NOT NULL THEN 'OFF_LIST'
                     WHEN name.outcome IN ('POSSIBLE', 'AMBIGUOUS') THEN 'UNCLEAR'
                     ELSE 'UNKNOWN' END AS outcome,
                CASE WHEN number.row_id IS NOT NULL THEN number.rule
                     WHEN name.outcome = 'LINKED' THEN 'PROBABILISTIC'
                     WHEN off_list.row_id IS NOT NULL THEN 'PINFL' END AS rule,
                coalesce(number.voter_row, name.person_id) AS voter_row,
                off_list.person_id AS off_list_person,
                asked.pinfl, asked.document_key, asked.birth_date,
                asked.surname_key, asked.given_name_key
            FROM {PREFIX}_row AS asked
            LEFT JOIN {PREFIX}_number AS number USING (row_id)
            LEFT JOIN {PREFIX}_name AS name USING (row_id)
            LEFT JOIN off_list USING (row_id)
        )
        SELECT decided.row_id, decided.outcome, decided.rule,
            CASE WHEN decided.outcome = 'LISTED' THEN voter.voter_id END AS voter_id,
            CASE WHEN decided.outcome = 'LISTED' THEN voter.voter_id
                 WHEN decided.outcome = 'OFF_LIST' THEN off_list_person
                 WHEN decided.pinfl IS NOT NULL THEN 'P' || decided.pinfl
                 WHEN decided.document_key IS NOT NULL
                     THEN 'D' || decided.document_key || decided.birth_date::VARCHAR
                 ELSE 'N' || decided.surname_key || '|' || decided.given_name_key
                     || '|' || decided.birth_date::VARCHAR END AS same_as
        FROM decided LEFT JOIN {PREFIX}_voter AS voter ON voter.row_id = decided.voter_row
        """
    )
    return engine.table(f"{PREFIX}_result")
