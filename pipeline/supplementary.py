"""Names added by hand on election day, held against the lists: who stood elsewhere?

What belongs here: one status a row, and their sums by precinct. ODIHR (2024) asks for
safeguards against the misuse of supplementary lists; nobody is accused here, every row is
a question for its commission.
"""

import dataclasses
import datetime

import duckdb
import polars as pl

from pipeline.match_people import ListTables, match_people
from pipeline.run import Linkage
from schemas.codes import SupplementaryStatus


@dataclasses.dataclass(frozen=True)
class SupplementaryReport:
    """One row per name in `rows`, one per precinct in `precincts`; no names in either."""

    rows: pl.DataFrame
    precincts: pl.DataFrame


def check_supplementary(
    engine: duckdb.DuckDBPyConnection,
    added: duckdb.DuckDBPyRelation,
    release: ListTables,
    settings: Linkage,
    as_of: datetime.date,
) -> SupplementaryReport:
    """Hold the names added by hand against a release.

    Args:
        engine: where the tables live.
        added: SourceSupplementary.
        release: its list, those off it, its model.
        settings: thresholds of the build that made the release.
        as_of: day of the release.

    Returns:
        rows, in the order of the file: source_row, region_code, precinct_number; status
        (SupplementaryStatus: listed at the precinct that added the name; at another;
        known to the register without an entry; perhaps one or more voters; nobody of the
        release); times (rows of the file that name this person, anywhere); precincts (in
        how many precincts); matched_by; and of a listed voter voter_id,
        listed_region_code, listed_precinct_number, list_number.
        precincts: region_code, precinct_number, added, one column per status in small
        letters, and repeated (rows whose person was added more than once).
    """
    match_people(engine, added, release, settings, as_of)
    voters = release.voters  # noqa: F841 - read by name
    rows = engine.sql(
        """
        SELECT added.source_row, added.region_code, added.precinct_number,
            CASE WHEN found.outcome <> 'LISTED' THEN found.outcome
                 WHEN voter.region_code = added.region_code
                      AND voter.precinct_number = added.precinct_number
                 THEN 'LISTED_HERE' ELSE 'LISTED_ELSEWHERE' END AS status,
            CASE WHEN found.same_as IS NULL THEN 1
                 ELSE count(*) OVER (PARTITION BY found.same_as) END AS times,
            CASE WHEN found.same_as IS NULL THEN 1 ELSE count(DISTINCT
                (added.region_code, added.precinct_number)) OVER (
                PARTITION BY found.same_as) END AS precincts,
            found.rule AS matched_by, found.voter_id,
            voter.region_code AS listed_region_code,
            voter.precinct_number AS listed_precinct_number, voter.list_number
        FROM added JOIN match_people_result AS found USING (row_id)
        LEFT JOIN voters AS voter ON voter.voter_id = found.voter_id
        ORDER BY added.source_row
        """
    ).pl()
    is_status = [
        (pl.col("status") == status).sum().alias(status.lower())
        for status in SupplementaryStatus
    ]
    precincts = (
        rows.group_by("region_code", "precinct_number")
        .agg(
            pl.len().alias("added"),
            *is_status,
            (pl.col("times") > 1).sum().alias("repeated"),
        )
        .sort("region_code", "precinct_number")
    )
    return SupplementaryReport(rows, precincts)
