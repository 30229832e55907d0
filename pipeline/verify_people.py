"""Candidates, signatures, observers: whether people stand on the list of voters.

What belongs here: a result and its reasons for each row, and nothing else of anybody:
whoever may ask learns whether the release has somebody, not where they live.
"""

import dataclasses
import datetime

import duckdb
import polars as pl

from pipeline.determine_eligibility import years_before
from pipeline.match_people import ListTables, match_people
from pipeline.run import Linkage
from schemas.codes import PeopleResult


@dataclasses.dataclass(frozen=True)
class Question:
    """What is asked of each person besides being listed."""

    day: datetime.date
    """On which the age counts: election day, or another."""
    age_min: int | None = None
    area: str | None = None
    """Region or district where the person must vote."""
    is_repetition_wrong: bool = True


def verify_people(
    engine: duckdb.DuckDBPyConnection,
    people: duckdb.DuckDBPyRelation,
    release: ListTables,
    settings: Linkage,
    as_of: datetime.date,
    question: Question,
) -> pl.DataFrame:
    """Look a list of people up in a release.

    Args:
        engine: where the tables live.
        people: rows of people_file.read_people.
        release: its list, those off it, its model.
        settings: thresholds of the build that made the release.
        as_of: day of the release.
        question: what is asked.

    Returns:
        source_row, result (PeopleResult) and reasons (list of PeopleReason, in their
        order), in the order of the file. DATA_DIFFER: the number is somebody's of another
        name, or several people's; SEVERAL: more than one voter fits, or one only perhaps.
        Somebody whom the register knows and the list does not have is NOT_FOUND like a
        stranger: the ground is nobody's business.
    """
    match_people(engine, people, release, settings, as_of)
    voters = release.voters  # noqa: F841 - read by name
    rows: pl.DataFrame = engine.sql(
        f"""
        WITH looked_up AS (
            SELECT people.source_row, found.outcome, found.rule, found.same_as,
                voter.district_code,
                coalesce(try_cast(
                    (18 + (left(voter.pinfl, 1)::INTEGER - 1) // 2)::VARCHAR
                    || substr(voter.pinfl, 6, 2) || '-' || substr(voter.pinfl, 4, 2)
                    || '-' || substr(voter.pinfl, 2, 2) AS DATE), voter.birth_date) AS born,
                people.pinfl IS NULL AND people.document_number IS NULL
                    AND (people.birth_date IS NULL OR people.surname IS NULL) AS is_empty,
                row_number() OVER (PARTITION BY found.same_as
                    ORDER BY people.source_row) > 1 AND found.same_as IS NOT NULL
                    AS is_repeated
            FROM people JOIN match_people_result AS found USING (row_id)
            LEFT JOIN voters AS voter ON voter.voter_id = found.voter_id
        )
        SELECT source_row,
            CASE outcome WHEN 'LISTED' THEN '{PeopleResult.FOUND}'
                 WHEN 'UNCLEAR' THEN '{PeopleResult.AMBIGUOUS}'
                 ELSE '{PeopleResult.NOT_FOUND}' END AS result,
            list_filter([
                CASE WHEN born > $cutoff THEN 'TOO_YOUNG' END,
                CASE WHEN is_repeated AND $repeated THEN 'REPEATED' END,
                CASE WHEN outcome = 'LISTED' AND NOT starts_with(district_code, $area)
                     THEN 'LISTED_ELSEWHERE' END,
                CASE WHEN outcome = 'UNCLEAR' AND rule IS NOT NULL THEN 'DATA_DIFFER' END,
                CASE WHEN outcome = 'UNCLEAR' AND rule IS NULL THEN 'SEVERAL' END,
                CASE WHEN outcome = 'UNKNOWN' AND is_empty THEN 'NOTHING_TO_FIND_BY' END
            ], lambda reason: reason IS NOT NULL) AS reasons
        FROM looked_up ORDER BY source_row
        """,
        params={
            "cutoff": _cutoff(question),
            "repeated": question.is_repetition_wrong,
            "area": question.area or "",
        },
    ).pl()
    return rows


def _cutoff(question: Question) -> datetime.date:
    """The last day of birth of whoever is old enough."""
    if question.age_min is None:
        return datetime.date.max
    return years_before(question.day, question.age_min)
