"""The counts behind summary.json, each one pass over a table of the run.

What belongs here: group-bys that give some thousand rows at most.
"""

import collections
from collections.abc import Iterator
from typing import Any

import duckdb

from pipeline.quality.parity import SCRIPT_SQL
from pipeline.run import Run
from pipeline.tables import has_table, table_path
from schemas.catalogue import SOURCES, TABLES, source_table

PRECINCT_COLUMNS = (
    "region_code",
    "precinct_number",
    "district_code",
    "kind",
    "name",
    "address",
    "voters",
    "added",
    "removed",
    "moved",
    "discrepancies",
)
"""What summary.json tells of every precinct: neither sex nor age."""

CHANGE_COLUMNS = ("updated_at", "decided_at", "added_at")


def _table(run: Run, name: str) -> str:
    path = table_path(run, name).replace("'", "''")
    return f"read_parquet('{path}')"


def _rows(engine: duckdb.DuckDBPyConnection, sql: str) -> Iterator[Any]:
    """Rows of a query as named tuples, in the order of all columns."""
    relation = engine.sql(f"{sql} ORDER BY ALL")
    kind = collections.namedtuple("Row", relation.columns)  # type: ignore[misc]  # noqa: PYI024
    return (kind(*row) for row in relation.fetchall())


def reconciled_rows(engine: duckdb.DuckDBPyConnection, run: Run) -> Iterator[Any]:
    """source, region_code, district_code, outcome, reason, rows."""
    return _rows(
        engine,
        "SELECT source, region_code, district_code, outcome, reason, "
        f"sum(rows)::BIGINT AS rows FROM {_table(run, 'reconciliation')} GROUP BY ALL",
    )


def persons_by_registration(engine: duckdb.DuckDBPyConnection, run: Run) -> Iterator[Any]:
    """Persons by where they are registered, their outcome, and where they vote."""
    return _rows(
        engine,
        f"""
        SELECT
            registered.region_code, registered.district_code,
            CASE WHEN NOT verdict.is_eligible THEN 'INELIGIBLE'
                 WHEN place.precinct_number IS NULL THEN 'UNPLACED'
                 ELSE 'LISTED' END AS outcome,
            CASE WHEN NOT verdict.is_eligible THEN verdict.ground
                 WHEN place.precinct_number IS NULL
                     THEN coalesce(place.unplaced_reason, 'NO_RESIDENCE')
                 ELSE place.basis END AS reason,
            precinct.region_code AS precinct_region_code,
            precinct.district_code AS precinct_district_code,
            count(*) AS count
        FROM {_table(run, "person")} AS person
        JOIN {_table(run, "source_persons")} AS registered
            ON registered.row_id = person.main_row_id
        JOIN {_table(run, "eligibility_decision")} AS verdict
            ON verdict.person_id = person.person_id
        LEFT JOIN {_table(run, "placement")} AS place
            ON place.person_id = person.person_id AND verdict.is_eligible
        LEFT JOIN {_table(run, "precincts")} AS precinct
            ON precinct.region_code = place.region_code
            AND precinct.precinct_number = place.precinct_number
        GROUP BY ALL
        """,
    )


def voters_by_district(engine: duckdb.DuckDBPyConnection, run: Run) -> Iterator[Any]:
    """Voters by district, sex, placement and the first year of their age group."""
    return _rows(
        engine,
        f"""
        SELECT region_code, district_code, sex, placement,
            {_age_from(run)} AS age_from, count(*) AS count
        FROM {_table(run, "voters")} GROUP BY ALL
        """,
    )


def _age_from(run: Run) -> str:
    """Age groups of five years on election day: 18 to 19, 20 to 24 ... 90 and more."""
    day = run.election_date.isoformat()
    youngest = run.policy.voting_age_years
    age = f"date_sub('year', birth_date, DATE '{day}')"
    return f"least(90, greatest({youngest}, {age} // 5 * 5))::INTEGER"


def precinct_rows(engine: duckdb.DuckDBPyConnection, run: Run) -> Iterator[Any]:
    """Every precinct with its figures: PRECINCT_COLUMNS."""
    return _rows(
        engine,
        f"SELECT {', '.join(PRECINCT_COLUMNS)} FROM {_table(run, 'precincts')}",
    )


def resolved_by_district(engine: duckdb.DuckDBPyConnection, run: Run) -> Iterator[Any]:
    """Discrepancies that are open no more, by district and what ended them."""
    return _rows(
        engine,
        "SELECT region_code, district_code, other_region_code, other_district_code, "
        "resolution, count(*) AS count "
        f"FROM {_table(run, 'resolved_discrepancies')} GROUP BY ALL",
    )


def precinct_figures(engine: duckdb.DuckDBPyConnection, run: Run) -> Iterator[Any]:
    """Every precinct with what a download page says of it."""
    return _rows(
        engine,
        "SELECT region_code, precinct_number, district_code, name, voters, added, removed, "
        f"discrepancies FROM {_table(run, 'precincts')}",
    )


def discrepancies_by_district(engine: duckdb.DuckDBPyConnection, run: Run) -> Iterator[Any]:
    """Open discrepancies by district, code, and how many releases had them."""
    return _rows(
        engine,
        f"""
        SELECT region_code, district_code, other_region_code, other_district_code,
            code, severity, owner,
            CASE WHEN release_count = 1 THEN '1' WHEN release_count <= 7 THEN '2-7'
                 WHEN release_count <= 30 THEN '8-30' ELSE '31+' END AS age,
            count(*) AS count
        FROM {_table(run, "discrepancies")} GROUP BY ALL
        """,
    )


def changes_by_district(engine: duckdb.DuckDBPyConnection, run: Run) -> Iterator[Any]:
    """Changes by kind, reason, and the districts before and after."""
    return _rows(
        engine,
        f"""
        SELECT change, reason,
            region_code_before AS region_before, district_code_before AS district_before,
            region_code_after AS region_after, district_code_after AS district_after,
            count(*) AS count
        FROM {_table(run, "changes")} GROUP BY ALL
        """,
    )


def flag_rates(engine: duckdb.DuckDBPyConnection, run: Run) -> list[dict[str, Any]]:
    """Share of voters with an open discrepancy, by sex, age and script of the surname.

    A rate that differs between groups says that the pipeline or a source treats people
    differently by how their name is written; Karakalpak letters count as a script.
    """
    rows = _rows(
        engine,
        f"""
        WITH voter AS (
            SELECT sex, {_age_from(run)} // 10 * 10 AS decade, len(flags) > 0 AS is_flagged,
                {SCRIPT_SQL} AS script
            FROM {_table(run, "voters")}
        ), counted AS (
            SELECT sex, decade, script, is_flagged, count(*) AS voters
            FROM voter GROUP BY ALL
        ), grouped AS (
            SELECT 'sex' AS attribute, sex AS value, is_flagged, voters FROM counted
            UNION ALL SELECT 'age', decade::VARCHAR, is_flagged, voters FROM counted
            UNION ALL SELECT 'script', script, is_flagged, voters FROM counted
        )
        SELECT attribute, value, sum(voters)::BIGINT AS voters,
            coalesce(sum(voters) FILTER (is_flagged), 0)::BIGINT AS flagged
        FROM grouped GROUP BY ALL
        """,
    )
    return [row._asdict() for row in rows]


def count_by(
    engine: duckdb.DuckDBPyConnection, run: Run, name: str, column: str
) -> dict[str, int]:
    """Rows of a table by a closed code; empty where the run has no such table."""
    if not has_table(run, name):
        return {}
    sql = (
        f"SELECT {column} AS code, count(*) AS count FROM {_table(run, name)} GROUP BY ALL"
    )
    return {row.code: row.count for row in _rows(engine, sql)}


def persons_by_rows(engine: duckdb.DuckDBPyConnection, run: Run) -> dict[str, int]:
    """Persons by the number of their rows, 5 meaning five and more."""
    sql = (
        "SELECT least(row_count, 5)::VARCHAR AS code, count(*) AS count "
        f"FROM {_table(run, 'person')} GROUP BY ALL"
    )
    return {row.code: row.count for row in _rows(engine, sql)}


def last_change(engine: duckdb.DuckDBPyConnection, run: Run, source: str) -> str | None:
    """Day of the latest change in a source: how fresh it is; null where it says none."""
    name = source_table(source)
    columns = [c for c in CHANGE_COLUMNS if c in TABLES[name].column_names()]
    if not columns or source not in SOURCES or not has_table(run, name):
        return None
    (day,) = engine.sql(
        f"SELECT strftime(max({columns[0]}), '%Y-%m-%d') FROM {_table(run, name)}"
    ).fetchall()[0]
    return None if day is None else str(day)
