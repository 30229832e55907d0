"""Stable numbers: the same person keeps the voter_id through every release.

A number is minted once, from the supplier's key of the row that first named the person,
and is carried over afterwards by rows, by PINFL, by full name and birth date. It is not
derived from the PINFL: a number with so little entropy would give the PINFL away to
anybody who tries them all.
"""

import itertools

import duckdb

from pipeline.linkage.frames import row_count

Relation = duckdb.DuckDBPyRelation


def carry_ids(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    person_links: Relation,
    source_persons: Relation,
    previous_lineage: Relation,
    previous_voters: Relation,
) -> Relation:
    """The stable number of every person of this run.

    Args:
        engine: where the tables live.
        persons: Person.
        person_links: PersonLink.
        source_persons: SourcePerson, for record_id and the names as registered.
        previous_lineage: Lineage of the previous release; empty where there is none.
        previous_voters: VoterListEntry of the previous release; empty likewise.

    Returns:
        StableId, one row per person. A number goes to one person and a person has one
        number: PINFL counts most, then the number of shared rows, then the full name with
        the birth date (only where unique on both sides and no two PINFLs differ); ties by
        number, then by person. After a merge the number with most evidence lives on; after
        a split it goes to the person with most evidence and the other gets a new one.
    """
    _find_claims(engine, persons, person_links, source_persons, previous_lineage)
    _find_claims_by_name(engine, persons, source_persons, previous_voters)
    _settle_claims(engine)
    return _mint(engine, persons, source_persons, previous_lineage)


def _find_claims(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    person_links: Relation,
    source_persons: Relation,
    previous_lineage: Relation,
) -> None:
    """carry_claim: person, number, strength by rows shared with the previous release."""
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE carry_claim AS
        SELECT link.person_id, before.person_id AS stable_id,
            count(*)::BIGINT AS strength, 'RECORD' AS origin
        FROM person_links AS link
        JOIN source_persons AS row USING (row_id)
        JOIN (
            SELECT record_id, person_id FROM previous_lineage
            WHERE source = 'mia/persons' AND person_id IS NOT NULL
        ) AS before USING (record_id)
        GROUP BY ALL
        """
    )


def _find_claims_by_name(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    source_persons: Relation,
    previous_voters: Relation,
) -> None:
    """Add claims by PINFL, and by name and birth date where nothing else is left."""
    if not previous_voters.limit(1).fetchall():
        return
    engine.execute(
        """
        INSERT INTO carry_claim
        WITH unique_now AS (
            SELECT pinfl, min(person_id) AS person_id FROM persons
            WHERE pinfl IS NOT NULL GROUP BY pinfl HAVING count(*) = 1
        ), unique_before AS (
            SELECT pinfl, min(voter_id) AS voter_id FROM previous_voters
            WHERE pinfl IS NOT NULL GROUP BY pinfl HAVING count(*) = 1
        )
        SELECT person_id, voter_id, 1000000000, 'PINFL'
        FROM unique_now JOIN unique_before USING (pinfl)
        """
    )
    engine.execute(
        """
        INSERT INTO carry_claim
        WITH now AS (
            SELECT person.person_id, row.surname, row.given_name, row.patronymic,
                person.birth_date, person.pinfl
            FROM persons AS person
            JOIN source_persons AS row ON row.row_id = person.main_row_id
            WHERE person.person_id NOT IN (SELECT person_id FROM carry_claim)
        ), unique_now AS (
            SELECT surname, given_name, patronymic, birth_date,
                min(person_id) AS person_id, min(pinfl) AS pinfl
            FROM now GROUP BY surname, given_name, patronymic, birth_date
            HAVING count(*) = 1
        ), unique_before AS (
            SELECT surname, given_name, patronymic, birth_date, min(voter_id) AS voter_id,
                min(pinfl) AS pinfl
            FROM previous_voters
            WHERE voter_id NOT IN (SELECT stable_id FROM carry_claim)
            GROUP BY surname, given_name, patronymic, birth_date
            HAVING count(*) = 1
        )
        SELECT person_id, voter_id, 0, 'NAME'
        FROM unique_now JOIN unique_before
        USING (surname, given_name, birth_date)
        WHERE unique_now.patronymic IS NOT DISTINCT FROM unique_before.patronymic
          -- Two valid PINFLs that differ are two people, who left and who came.
          AND (unique_now.pinfl = unique_before.pinfl) IS NOT FALSE
        """
    )


def _settle_claims(engine: duckdb.DuckDBPyConnection) -> None:
    """carry_settled: one number per person, one person per number, strongest first.

    Rounds of mutual best claims give the same result as a greedy pass over all claims
    sorted by strength; nearly everybody is settled in the first round.
    """
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE carry_open AS
        SELECT person_id, stable_id, sum(strength)::BIGINT AS strength,
            min(origin) AS origin
        FROM (
            SELECT person_id, stable_id, strength,
                CASE WHEN origin = 'PINFL' THEN '1PINFL' WHEN origin = 'RECORD'
                     THEN '2RECORD' ELSE '3NAME' END AS origin
            FROM carry_claim
        ) GROUP BY person_id, stable_id;
        CREATE OR REPLACE TEMP TABLE carry_settled (
            person_id BIGINT, stable_id VARCHAR, origin VARCHAR
        )
        """
    )
    while engine.sql("SELECT count(*) FROM carry_open").fetchall()[0][0]:
        engine.execute(
            """
            INSERT INTO carry_settled
            SELECT person_id, stable_id, substr(origin, 2) FROM carry_open
            QUALIFY row_number() OVER (
                PARTITION BY person_id ORDER BY strength DESC, stable_id) = 1
            AND row_number() OVER (
                PARTITION BY stable_id ORDER BY strength DESC, person_id) = 1;
            DELETE FROM carry_open
            WHERE person_id IN (SELECT person_id FROM carry_settled)
               OR stable_id IN (SELECT stable_id FROM carry_settled)
            """
        )


def _mint(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    source_persons: Relation,
    previous_lineage: Relation,
) -> Relation:
    """Settled numbers, and new ones for everybody else.

    A new number is 60 bits of SHA-256 of the main row's key in base 36; among 37 million
    people two meet once in two thousand runs, and a number that is or ever was in the
    previous release is not given again: then the key is salted.
    """
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE carry_waiting AS
        SELECT person.person_id, row.record_id
        FROM persons AS person
        JOIN source_persons AS row ON row.row_id = person.main_row_id
        WHERE person.person_id NOT IN (SELECT person_id FROM carry_settled)
        """
    )
    for salt in itertools.count():
        if not row_count(engine, "carry_waiting"):
            break
        engine.execute(
            f"""
            INSERT INTO carry_settled
            SELECT person_id, 'V' || lpad(to_base(number, 36), 13, '0') AS stable_id, 'NEW'
            FROM (
                SELECT number, min(person_id) AS person_id FROM (
                    SELECT person_id,
                        ('0x' || left(sha256('voter/{salt}/' || record_id), 15))::BIGINT
                            AS number
                    FROM carry_waiting
                ) GROUP BY number
            ) WHERE stable_id NOT IN (
                SELECT stable_id FROM carry_settled
                UNION ALL
                SELECT person_id FROM previous_lineage WHERE person_id IS NOT NULL
            );
            CREATE OR REPLACE TEMP TABLE carry_waiting AS
            SELECT * FROM carry_waiting ANTI JOIN carry_settled USING (person_id)
            """
        )
    return engine.sql("SELECT person_id, stable_id, origin FROM carry_settled")
