"""Is one group of voters flagged out of proportion: by region, script, sex and age.

Matching that reads one script worse, or a register that is worse in one region, asks more
of some voters than of others; programmes that were not watched flagged minorities twice
as often (Huber et al. 2021). A group is uneven where its share of flagged voters is, with
99.9 % confidence, at least 1.25 times that of everybody else: the inverse of the
four-fifths rule of US employment law (29 CFR 1607.4), on the lower end of the interval,
so that small groups do not cry wolf.
"""

import datetime
from dataclasses import dataclass

import duckdb

from pipeline.quality.intervals import ratio_interval

SCRIPT_SQL = """CASE
    WHEN regexp_matches(surname, '[ӘәҢңӨөҮүÁáǴǵŃńÓóÚúÍíı]') THEN 'KARAKALPAK'
    WHEN regexp_matches(surname, '[А-Яа-яЁёЎўҚқҒғҲҳ]') THEN 'CYRILLIC'
    ELSE 'LATIN' END"""
"""Script that a surname is written in; Karakalpak letters count as one."""
RATIO_MIN = 1.25
DEVIATIONS = 3.29
"""Of a normal distribution: 99.9 % of it lie within."""
VOTERS_MIN = 100
FLAGGED_MIN = 10
"""A group with fewer voters, or fewer flagged ones, is shown and not judged."""
DUPLICATES = ("POSSIBLE_DUPLICATE", "PINFL_SHARED", "DOCUMENT_SHARED")


@dataclass(frozen=True)
class GroupRate:
    """Voters of one group that are flagged, against everybody else's share.

    `measure` is any (an open question of any kind) or duplicate (perhaps listed twice).
    Ratio and interval are null where a share is zero or the group is everybody.
    """

    measure: str
    attribute: str
    value: str
    voters: int
    flagged: int
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    is_uneven: bool


def compare_groups(
    engine: duckdb.DuckDBPyConnection,
    voters: duckdb.DuckDBPyRelation,
    election_date: datetime.date,
) -> list[GroupRate]:
    """Flag rates of every group, sorted by measure, attribute and value.

    Args:
        engine: where the voters are.
        voters: VoterListEntry.
        election_date: ages are counted on this day, in decades.
    """
    codes = ", ".join(f"'{code}'" for code in DUPLICATES)
    age = f"date_sub('year', birth_date, DATE '{election_date.isoformat()}') // 10 * 10"
    counted = engine.sql(
        f"""
        WITH voter AS (
            SELECT region_code AS region, sex, greatest(10, {age})::VARCHAR AS age,
                {SCRIPT_SQL} AS script, len(flags) > 0 AS is_flagged,
                list_has_any(flags, [{codes}]) AS is_duplicate
            FROM voters
        ), cell AS (
            SELECT region, sex, age, script, count(*) AS voters,
                count(*) FILTER (is_flagged) AS flagged,
                count(*) FILTER (is_duplicate) AS duplicate
            FROM voter GROUP BY ALL
        ), grouped AS (
            SELECT 'region' AS attribute, region AS value, * FROM cell
            UNION ALL SELECT 'sex', sex, * FROM cell
            UNION ALL SELECT 'age', age, * FROM cell
            UNION ALL SELECT 'script', script, * FROM cell
        )
        SELECT attribute, value, sum(voters)::BIGINT, sum(flagged)::BIGINT,
            sum(duplicate)::BIGINT
        FROM grouped GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    everybody = [
        sum(row[place] for row in counted if row[0] == "sex") for place in (2, 3, 4)
    ]
    return [
        _rate(measure, row[0], row[1], (row[2], row[place]), (everybody[0], total))
        for measure, place, total in (
            ("any", 3, everybody[1]),
            ("duplicate", 4, everybody[2]),
        )
        for row in counted
    ]


def _rate(
    measure: str,
    attribute: str,
    value: str,
    group: tuple[int, int],
    everybody: tuple[int, int],
) -> GroupRate:
    voters, flagged = group
    found = ratio_interval(
        flagged, voters, everybody[1] - flagged, everybody[0] - voters, DEVIATIONS
    )
    ratio, low, high = found or (None, None, None)
    is_uneven = (
        low is not None
        and low >= RATIO_MIN
        and voters >= VOTERS_MIN
        and flagged >= FLAGGED_MIN
    )
    return GroupRate(
        measure, attribute, value, voters, flagged, ratio, low, high, is_uneven
    )
