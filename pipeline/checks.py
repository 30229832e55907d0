"""Invariants that guard publication: what must hold, and what makes a release wait.

`check_*` raise: a list that does not balance is not published at all. `find_alarms`
reports: the release is built but stays a candidate until somebody has looked.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import duckdb

from pipeline.errors import CheckFailed
from pipeline.run import Safety

Relation = duckdb.DuckDBPyRelation


def check_conservation(
    engine: duckdb.DuckDBPyConnection,
    reconciliation: Relation,
    delivered: dict[str, int],
) -> None:
    """Every delivered row ended in exactly one place.

    Args:
        engine: where the tables live.
        reconciliation: Reconciliation.
        delivered: rows delivered by source, counted by ingest in the files.

    Raises:
        CheckFailed: a source's outcomes do not sum to what was delivered.
    """
    found = dict(
        engine.sql(
            "SELECT source, sum(rows)::BIGINT FROM reconciliation GROUP BY source"
        ).fetchall()
    )
    wrong = {
        source: f"{found.get(source, 0)} of {rows}"
        for source, rows in sorted(delivered.items())
        if found.get(source, 0) != rows
    }
    if wrong:
        raise CheckFailed(f"reconciliation: rows accounted for: {wrong}")


def check_persons(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    eligibility: Relation,
    placements: Relation,
    voters: Relation,
    lineage: Relation,
) -> None:
    """One verdict a person; each eligible person listed once or unplaced once.

    Raises:
        CheckFailed: names every rule that does not hold and how many rows break it.
    """
    broken = engine.sql(
        """
        SELECT 'persons without exactly one verdict' AS rule, count(*) AS rows
        FROM persons FULL JOIN eligibility AS verdict USING (person_id)
        WHERE persons.person_id IS NULL OR verdict.person_id IS NULL
        UNION ALL
        SELECT 'eligible persons without exactly one placement', count(*)
        FROM (SELECT person_id FROM eligibility WHERE is_eligible) AS verdict
        FULL JOIN placements AS placement USING (person_id)
        WHERE verdict.person_id IS NULL OR placement.person_id IS NULL
        UNION ALL
        SELECT 'placements that are neither a precinct nor a reason', count(*)
        FROM placements
        WHERE (precinct_number IS NULL) = (unplaced_reason IS NULL)
        UNION ALL
        SELECT 'placed persons without a list entry', abs(
            (SELECT count(*) FROM placements WHERE precinct_number IS NOT NULL)
            - (SELECT count(*) FROM voters))
        UNION ALL
        SELECT 'voters listed more than once',
            (SELECT count(*) - count(DISTINCT voter_id) FROM voters)
        UNION ALL
        SELECT 'PINFLs listed more than once without a question about it',
            (SELECT count(*) FROM (
                SELECT pinfl FROM voters WHERE pinfl IS NOT NULL
                GROUP BY pinfl
                HAVING count(*) > 1
                   AND NOT bool_and(list_contains(flags, 'PINFL_SHARED'))))
        UNION ALL
        SELECT 'list entries without a LISTED source row', abs(
            (SELECT count(*) FROM voters)
            - (SELECT count(*) FROM lineage
               WHERE source = 'mia/persons' AND outcome = 'LISTED'))
        """
    ).fetchall()
    failed = {rule: rows for rule, rows in broken if rows}
    if failed:
        raise CheckFailed(f"voter list: {failed}")


def check_changes(
    engine: duckdb.DuckDBPyConnection,
    changes: Relation,
    voters: Relation,
    previous_voters: Relation,
    *,
    is_first: bool,
) -> None:
    """Changes tell the whole difference between two lists, voter by voter and in sums.

    In every precinct and so in every district: voters before + ADDED + moved in - REMOVED
    - moved out = voters now. Everybody who is no longer listed has one REMOVED row with
    its article, and nobody else has one; likewise ADDED.

    Args:
        engine: where the tables live.
        changes: ListChange.
        voters: VoterListEntry of this release.
        previous_voters: VoterListEntry of the previous release.
        is_first: there is no previous release; then there are no changes.

    Raises:
        CheckFailed: names every rule that does not hold and how many rows break it.
    """
    if is_first:
        rules = "SELECT 'changes in a first release' AS rule, count(*) AS rows FROM changes"
    else:
        rules = f"""
        SELECT 'precincts whose changes do not sum' AS rule, count(*) AS rows
        FROM ({_precinct_sums()})
        UNION ALL
        SELECT 'voters without the row of their coming or going', count(*) FROM (
            SELECT coalesce(now.voter_id, before.voter_id) AS voter_id,
                CASE WHEN before.voter_id IS NULL THEN 'ADDED' ELSE 'REMOVED' END AS change
            FROM voters AS now
            FULL JOIN previous_voters AS before ON before.voter_id = now.voter_id
            WHERE now.voter_id IS NULL OR before.voter_id IS NULL
        ) AS due
        FULL JOIN (
            SELECT voter_id, change FROM changes WHERE change IN ('ADDED', 'REMOVED')
        ) AS told ON told.voter_id = due.voter_id AND told.change = due.change
        WHERE told.voter_id IS NULL OR due.voter_id IS NULL
        UNION ALL
        SELECT 'removals without an article of law', count(*)
        FROM changes WHERE change = 'REMOVED' AND article IS NULL
        """
    failed = {rule: rows for rule, rows in engine.sql(rules).fetchall() if rows}
    if failed:
        raise CheckFailed(f"changes: {failed}")


def check_notices(
    engine: duckdb.DuckDBPyConnection, notices: Relation, changes: Relation
) -> None:
    """Everybody whom a change concerns gets one notice, and nobody else gets one.

    Args:
        engine: where the tables live.
        notices: Notice.
        changes: ListChange.

    Raises:
        CheckFailed: says how many voters are told nothing, or of nothing.
    """
    untold, unmeant = engine.sql(
        """
        SELECT count(*) FILTER (notice.voter_id IS NULL),
            count(*) FILTER (meant.voter_id IS NULL)
        FROM (SELECT DISTINCT voter_id FROM changes) AS meant
        FULL JOIN notices AS notice ON notice.voter_id = meant.voter_id
        """
    ).fetchall()[0]
    if untold or unmeant:
        raise CheckFailed(
            f"notices: {untold} voters have changes and no notice, {unmeant} a notice only"
        )


def _precinct_sums() -> str:
    """Precincts where voters before and changes don't give voters now."""
    place = "region_code, district_code, precinct_number"
    before = "region_code_before, district_code_before, precinct_number_before"
    after = "region_code_after, district_code_after, precinct_number_after"
    return f"""
        SELECT {place} FROM (
            SELECT {place}, count(*) AS voters FROM previous_voters GROUP BY ALL
            UNION ALL SELECT {after}, count(*) FROM changes
            WHERE change IN ('ADDED', 'MOVED') GROUP BY ALL
            UNION ALL SELECT {before}, -count(*) FROM changes
            WHERE change IN ('REMOVED', 'MOVED') GROUP BY ALL
            UNION ALL SELECT {place}, -count(*) FROM voters GROUP BY ALL
        ) GROUP BY {place} HAVING sum(voters) <> 0
    """


@dataclasses.dataclass(frozen=True)
class Alarm:
    """A reason why a release waits for a human: closed code, where, and the figures."""

    code: str
    where: str
    before: float
    now: float


def find_alarms(
    engine: duckdb.DuckDBPyConnection,
    voters: Relation,
    previous_voters: Relation,
    records: Relation,
    delivered: dict[str, int],
    refused: dict[str, int],
    previous_delivered: dict[str, int],
    safety: Safety,
) -> list[Alarm]:
    """What stops a finished release from becoming current by itself.

    Args:
        engine: where the tables live.
        voters: VoterListEntry of this release.
        previous_voters: VoterListEntry of the previous one; empty for the first.
        records: PersonRecord.
        delivered: rows delivered by source.
        refused: rows quarantined by source.
        previous_delivered: rows delivered by source the last time; empty for the first.
        safety: limits as shares.

    Returns:
        SOURCE_SHRANK, QUARANTINE_LARGE, PINFL_MISSING_SHARE and DISTRICT_LOST_VOTERS, in
        this order; empty where all is as usual.
    """
    alarms = []
    for source, before in sorted(previous_delivered.items()):
        now = delivered.get(source, 0)
        if before > 0 and now < before * (1 - safety.source_shrink_share_max):
            alarms.append(Alarm("SOURCE_SHRANK", source, before, now))
    for source, rows in sorted(delivered.items()):
        if rows and refused.get(source, 0) > rows * safety.quarantine_share_max:
            alarms.append(Alarm("QUARANTINE_LARGE", source, rows, refused[source]))
    total, missing = engine.sql(
        "SELECT count(*), count(*) FILTER (pinfl IS NULL) FROM records"
    ).fetchall()[0]
    if total and missing > total * safety.pinfl_missing_share_max:
        alarms.append(Alarm("PINFL_MISSING_SHARE", "mia/persons", total, missing))
    lost = engine.execute(
        """
        SELECT before.district_code, before.voters, coalesce(now.voters, 0)
        FROM (SELECT district_code, count(*) AS voters FROM previous_voters
              GROUP BY district_code) AS before
        LEFT JOIN (SELECT district_code, count(*) AS voters FROM voters
                   GROUP BY district_code) AS now USING (district_code)
        WHERE before.voters - coalesce(now.voters, 0)
              > greatest($floor, before.voters * $share)
        ORDER BY before.district_code
        """,
        {
            "floor": safety.removals_floor_count,
            "share": safety.district_loss_share_max,
        },
    ).fetchall()
    alarms.extend(Alarm("DISTRICT_LOST_VOTERS", *row) for row in lost)
    return alarms


def find_quality_alarms(quality: Mapping[str, Any], safety: Safety) -> list[Alarm]:
    """SENTINEL_WRONG and FALSE_LINKS: the matching itself can't be trusted tonight.

    Args:
        quality: what pipeline.quality.measure found.
        safety: limits as shares.
    """
    alarms = [
        Alarm("SENTINEL_WRONG", f"{row['case']}: {row['outcome']}", 1, 0)
        for row in quality["sentinels"]
        if not row["is_right"]
    ]
    limit = safety.false_link_share_max
    alarms.extend(
        Alarm("FALSE_LINKS", f"decoys: {row['kind']}", limit, row["rate"])
        for row in quality["decoys"]
        # One link among a handful may be chance, however the interval comes out.
        if row["linked"] > 1 and row["rate_low"] > limit
    )
    return alarms
