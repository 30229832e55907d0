"""Stage 5: who may vote on the qualifying date, one function per ground.

What belongs here: the grounds of the Electoral Code (Law ZRU-544), each with its article.
Which person a restriction names was decided before; where somebody votes comes after.
"""

import datetime

import duckdb

from pipeline.run import Policy

Relation = duckdb.DuckDBPyRelation

PRECEDENCE = (
    "DECEASED",
    "CITIZENSHIP_LOST",
    "NOT_CITIZEN",
    "UNDER_AGE",
    "AGE_UNKNOWN",
    "INCAPACITATED",
    "IMPRISONED",
    "EXCLUDED_BY_DECISION",
)
"""The ground that is named where several hold."""

LIFTED_BY_INCLUSION = ("DECEASED", "AGE_UNKNOWN")
"""What a commission can find out at the door. Age, citizenship and court decisions are not
a commission's to set aside (Articles 4 and 5)."""


def determine_eligibility(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    person_links: Relation,
    records: Relation,
    restriction_links: Relation,
    restrictions: Relation,
    decided: Relation,
    policy: Policy,
    election_date: datetime.date,
) -> Relation:
    """One verdict per person, for the list and for whoever asks why not.

    Args:
        engine: where the tables live.
        persons: Person.
        person_links: PersonLink.
        records: PersonRecord.
        restriction_links: ReferenceLink of mia/restrictions.
        restrictions: SourceRestriction.
        decided: effective decisions by person (decisions.py): INCLUDE and EXCLUDE count.
        policy: voting age, citizenship.
        election_date: the qualifying date.

    Returns:
        EligibilityDecision, one row per person. Where several grounds hold the first of
        PRECEDENCE is named, with the restriction of the smallest row number.
    """
    _find_acts_in_force(engine, restriction_links, restrictions, election_date)
    _find_citizenships(engine, person_links, records, policy)
    _find_birth_intervals(engine, persons)
    found = " UNION ALL ".join(
        [
            _deceased(),
            _citizenship_lost(),
            _not_citizen(),
            _under_age(),
            _age_unknown(),
            _incapacitated(),
            _imprisoned(),
            _excluded(),
        ]
    )
    # The last day of birth on which somebody is of age on election day itself: whoever
    # turns 18 that day votes (Article 4).
    cutoff = years_before(election_date, policy.voting_age_years)
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE eligibility_ground AS "
        + found.replace("$cutoff", f"DATE '{cutoff.isoformat()}'")
    )
    lifted = ", ".join(f"'{ground}'" for ground in LIFTED_BY_INCLUSION)
    order = ", ".join(f"'{ground}'" for ground in PRECEDENCE)
    return engine.sql(
        f"""
        WITH included AS (
            SELECT person_id, min(decision_row_id) AS decision_row_id
            FROM decided WHERE kind = 'INCLUDE' GROUP BY person_id
        ), standing AS (
            SELECT ground.*, included.decision_row_id AS inclusion
            FROM eligibility_ground AS ground LEFT JOIN included USING (person_id)
            WHERE NOT (included.person_id IS NOT NULL AND ground IN ({lifted}))
        ), first_ground AS (
            SELECT * FROM standing
            QUALIFY row_number() OVER (
                PARTITION BY person_id
                ORDER BY list_position([{order}], ground), restriction_row_id
            ) = 1
        ), resurrected AS (
            SELECT link.person_id
            FROM eligibility_act AS act
            JOIN person_links AS link USING (person_id)
            JOIN records AS record ON record.row_id = link.row_id
            WHERE act.kind = 'DEATH' AND record.registered_on > act.valid_from
            GROUP BY link.person_id
        )
        SELECT
            person.person_id,
            first_ground.ground IS NULL AS is_eligible,
            first_ground.ground,
            first_ground.article,
            first_ground.restriction_row_id,
            CASE WHEN first_ground.ground IS NULL THEN included.decision_row_id
                 ELSE first_ground.decision_row_id END AS decision_row_id,
            list_sort(list_filter([
                CASE WHEN resurrected.person_id IS NOT NULL
                      AND first_ground.ground = 'DECEASED' THEN 'ALIVE_AFTER_DEATH' END,
                CASE WHEN first_ground.ground = 'AGE_UNKNOWN' THEN 'AGE_UNKNOWN' END,
                CASE WHEN citizenship.is_missing AND first_ground.ground IS NULL
                     THEN 'CITIZENSHIP_MISSING' END,
                CASE WHEN citizenship.is_mixed AND first_ground.ground IS NULL
                     THEN 'CITIZENSHIP_CONFLICT' END,
                CASE WHEN first_ground.inclusion IS NOT NULL
                     THEN 'DECISION_REFUSED' END
            ], lambda code: code IS NOT NULL)) AS warnings
        FROM persons AS person
        LEFT JOIN first_ground USING (person_id)
        LEFT JOIN included USING (person_id)
        LEFT JOIN resurrected USING (person_id)
        LEFT JOIN eligibility_citizenship AS citizenship USING (person_id)
        """
    )


def years_before(day: datetime.date, years: int) -> datetime.date:
    """The same day so many years before: who was born by then has reached that age."""
    # Somebody born on 29 February comes of age on 1 March of a common year.
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _find_acts_in_force(
    engine: duckdb.DuckDBPyConnection,
    restriction_links: Relation,
    restrictions: Relation,
    election_date: datetime.date,
) -> None:
    """Restrictions tied to one person that hold on election day, first and last day in."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE eligibility_act AS
        SELECT link.person_id, act.row_id, act.kind, act.gravity, act.valid_from
        FROM restriction_links AS link JOIN restrictions AS act USING (row_id)
        WHERE link.outcome = 'LINKED'
          AND coalesce(act.valid_from, DATE '1850-01-01') <= DATE '{election_date}'
          AND (act.kind IN ('DEATH', 'CITIZENSHIP_LOSS')
               OR coalesce(act.valid_until, DATE '9999-12-31') >= DATE '{election_date}')
        """
    )


def _find_citizenships(
    engine: duckdb.DuckDBPyConnection,
    person_links: Relation,
    records: Relation,
    policy: Policy,
) -> None:
    """Per person: a citizen by any of the rows; nobody loses the vote by one wrong row."""
    assumed = "true" if policy.citizenship_missing_is_citizen else "false"
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE eligibility_citizenship AS
        SELECT person_id,
            bool_or(citizenship IS NULL) AND count(citizenship) = 0 AS is_missing,
            coalesce(bool_or(citizenship = $country), {assumed}) AS is_citizen,
            coalesce(bool_or(citizenship = $country), false)
                AND coalesce(bool_or(citizenship <> $country), false) AS is_mixed
        FROM person_links JOIN records USING (row_id)
        GROUP BY person_id
        """,
        {"country": policy.citizenship},
    )


def _find_birth_intervals(engine: duckdb.DuckDBPyConnection, persons: Relation) -> None:
    """First and last possible day of birth; a verified PINFL completes a partial date."""
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE eligibility_birth AS
        WITH dated AS (
            SELECT person_id, birth_date, birth_date_precision,
                CASE WHEN birth_date_precision <> 'DAY' AND pinfl IS NOT NULL THEN
                    try_cast(
                        (18 + (left(pinfl, 1)::INTEGER - 1) // 2)::VARCHAR
                        || substr(pinfl, 6, 2) || '-' || substr(pinfl, 4, 2)
                        || '-' || substr(pinfl, 2, 2) AS DATE) END AS pinfl_date
            FROM persons
        )
        SELECT person_id,
            coalesce(pinfl_date, birth_date) AS first_day,
            coalesce(pinfl_date, CASE birth_date_precision
                WHEN 'DAY' THEN birth_date
                WHEN 'MONTH' THEN last_day(birth_date)
                ELSE make_date(year(birth_date), 12, 31) END) AS last_day
        FROM dated
        """
    )


def _ground(ground: str, article: str, tables: str, act: str = "NULL") -> str:
    decision = "decision_row_id" if ground == "EXCLUDED_BY_DECISION" else "NULL"
    return (
        f"SELECT DISTINCT person_id, '{ground}' AS ground, '{article}' AS article, "
        f"{act}::BIGINT AS restriction_row_id, {decision}::BIGINT AS decision_row_id "
        f"FROM {tables}"
    )


def _deceased() -> str:
    """A registered death ends the right to vote; Article 28: the register is kept true."""
    return _ground(
        "DECEASED", "ZRU-544, Art. 28", "eligibility_act WHERE kind = 'DEATH'", "row_id"
    )


def _citizenship_lost() -> str:
    """Only citizens vote; Article 4."""
    return _ground(
        "CITIZENSHIP_LOST",
        "ZRU-544, Art. 4",
        "eligibility_act WHERE kind = 'CITIZENSHIP_LOSS'",
        "row_id",
    )


def _not_citizen() -> str:
    """Only citizens vote; Article 4. A PINFL proves nothing: foreigners have one too."""
    return _ground(
        "NOT_CITIZEN", "ZRU-544, Art. 4", "eligibility_citizenship WHERE NOT is_citizen"
    )


def _under_age() -> str:
    """Under 18 on election day whatever day of a partial birth date is true; Article 4."""
    return _ground(
        "UNDER_AGE", "ZRU-544, Art. 4", "eligibility_birth WHERE first_day > $cutoff"
    )


def _age_unknown() -> str:
    """A partial birth date that may or may not make 18 years; Article 4."""
    return _ground(
        "AGE_UNKNOWN",
        "ZRU-544, Art. 4",
        "eligibility_birth WHERE first_day <= $cutoff AND last_day > $cutoff",
    )


def _incapacitated() -> str:
    """Declared legally incapable by a court; Article 5."""
    return _ground(
        "INCAPACITATED",
        "ZRU-544, Art. 5",
        "eligibility_act WHERE kind = 'INCAPACITY'",
        "row_id",
    )


def _imprisoned() -> str:
    """In prison under a sentence for a grave or especially grave crime; Article 5.

    Others in prison and everybody in pre-trial detention vote.
    """
    return _ground(
        "IMPRISONED",
        "ZRU-544, Art. 5",
        "eligibility_act WHERE kind = 'IMPRISONMENT' "
        "AND gravity IN ('GRAVE', 'ESPECIALLY_GRAVE')",
        "row_id",
    )


def _excluded() -> str:
    """A commission's reasoned decision; Article 28."""
    return _ground(
        "EXCLUDED_BY_DECISION", "ZRU-544, Art. 28", "decided WHERE kind = 'EXCLUDE'"
    )
