"""What a release's files must say together: contracts, conservation, uniqueness.

What belongs here: checks of content, made once the hashes agree. They find what a forger
who also rewrote the manifest has changed, and what a fault of ours has.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.engine import passing_engine
from pipeline.find_station import FINDER
from pipeline.station_finder import finder_faults
from pipeline.tables import read_json
from schemas.catalogue import TABLES

BATCH_ROWS = 500_000
FILES_SHOWN = 20
TABLE_FILES = ("voters", "changes", "notices", "discrepancies")
UNREADABLE = "tables readable"


@dataclasses.dataclass(frozen=True)
class Check:
    """One thing that was checked; `detail` names files, rules and counts, nobody."""

    name: str
    is_passed: bool
    detail: str


def list_check(name: str, wrong: list[str], what: str) -> Check:
    """A check that names everything that is wrong, up to a limit."""
    if not wrong:
        return Check(name, True, "")
    shown = ", ".join(wrong[:FILES_SHOWN])
    more = f" and {len(wrong) - FILES_SHOWN} more" if len(wrong) > FILES_SHOWN else ""
    return Check(name, False, f"{what}: {shown}{more}")


def check_content(folder: Path, files: dict[str, dict[str, Any]]) -> list[Check]:
    """Contracts of every table, then what the tables must say together."""
    checks = check_tables(folder, files)
    if checks[0].name == UNREADABLE:
        return checks
    with passing_engine() as engine:
        for name in TABLE_FILES:
            engine.read_parquet(
                str(folder / name / "*" / "*" / f"{name}.parquet"), hive_partitioning=True
            ).create_view(name)
        for name in ("precincts", "reconciliation", "lineage"):
            engine.read_parquet(str(folder / f"{name}.parquet")).create_view(name)
        rules = [*PART_RULES["voters"], *RULES, *PART_RULES["discrepancies"]]
        checks += [count_check(engine, name, sql) for name, sql in rules]
        checks.append(_check_figures(engine, folder))
    if FINDER in files:
        faults = finder_faults(folder / FINDER)
        checks.append(list_check("station finder is in order", faults, FINDER))
    return checks


def check_tables(folder: Path, files: dict[str, dict[str, Any]]) -> list[Check]:
    """Whether each Parquet file can be read, keeps its contract, and has its rows."""
    parquet = sorted(path for path in files if path.endswith(".parquet"))
    unread = [path for path in parquet if not _can_be_read(folder / path)]
    if unread:
        return [list_check(UNREADABLE, unread, "no tables")]
    broken = [problem for path in parquet for problem in _contract_faults(folder, path)]
    rows = [
        path
        for path in parquet
        if pq.read_metadata(folder / path).num_rows != files[path]["rows"]
    ]
    return [
        list_check("contracts", broken, "rules broken"),
        list_check("rows", rows, "rows are not those of the manifest"),
        list_check("formats", _uneven(files), "not as many rows as Parquet"),
    ]


def _uneven(files: dict[str, dict[str, Any]]) -> list[str]:
    """Files of a table that the manifest gives other rows than the Parquet file."""
    return [
        path
        for path, record in sorted(files.items())
        if (table := files.get(str(Path(path).with_suffix(".parquet")))) is not None
        and record["rows"] != table["rows"]
    ]


def _can_be_read(path: Path) -> bool:
    try:
        pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        return False
    return True


def _contract_faults(folder: Path, path: str) -> Iterator[str]:
    """Rules of its contract that a file breaks, as `path: rule`."""
    schema = TABLES.get(Path(path).stem)
    if schema is None:
        yield f"{path}: no such table"
        return
    columns = pq.read_schema(folder / path).names
    if columns != schema.column_names():
        yield f"{path}: columns"
        return
    found: set[str] = set()
    frame = pl.scan_parquet(folder / path, hive_partitioning=False)
    for batch in frame.collect_batches(chunk_size=BATCH_ROWS):
        found |= set(schema.filter(batch, cast=True)[1].counts())
    yield from (f"{path}: {rule}" for rule in sorted(found))


PART_RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "voters": (
        (
            "every voter is listed once",
            "SELECT count(*) - count(DISTINCT voter_id) FROM voters",
        ),
        (
            "no PINFL is listed twice without an open question about it",
            "SELECT count(*) FROM (SELECT pinfl FROM voters WHERE pinfl IS NOT NULL "
            "GROUP BY pinfl HAVING count(*) > 1 "
            "AND NOT bool_and(list_contains(flags, 'PINFL_SHARED')))",
        ),
        (
            "list numbers run from 1 to the number of voters in every precinct",
            "SELECT count(*) FROM (SELECT count(*) AS n, min(list_number) AS first, "
            "max(list_number) AS last, count(DISTINCT list_number) AS numbers FROM voters "
            "GROUP BY region_code, precinct_number) WHERE first <> 1 OR last <> n OR "
            "numbers <> n",
        ),
        (
            "every list stands in the folder of its district",
            "SELECT count(*) FROM voters WHERE region::VARCHAR <> region_code "
            "OR district::VARCHAR <> district_code",
        ),
    ),
    "discrepancies": (
        (
            "every discrepancy stands once in the file of a district",
            "SELECT count(*) - count(DISTINCT (discrepancy_id, district)) "
            "FROM discrepancies",
        ),
        (
            "every discrepancy stands in the folder of a district it is about",
            "SELECT count(*) FROM discrepancies WHERE "
            # A folder of no region, 0000, is read as a number.
            "(lpad(region::VARCHAR, 4, '0'), district::VARCHAR) "
            "<> (coalesce(region_code, '0000'), coalesce(district_code, 'none')) "
            "AND (other_district_code IS NULL "
            "OR (region::VARCHAR, district::VARCHAR) "
            "<> (other_region_code, other_district_code))",
        ),
    ),
}
"""What must hold within the files of a table, whichever are here; as RULES."""

RULES: tuple[tuple[str, str], ...] = (
    (
        "every voter's precinct is a precinct of that district",
        "SELECT count(*) FROM voters ANTI JOIN precincts "
        "USING (region_code, district_code, precinct_number)",
    ),
    (
        "every question about a precinct stands in the district of that precinct",
        # Who left the register is asked about where the previous list had them.
        "SELECT count(*) FROM discrepancies AS asked JOIN precincts "
        "USING (region_code, precinct_number) WHERE asked.code <> 'LEFT_REGISTER' "
        "AND asked.district_code IS DISTINCT FROM precincts.district_code",
    ),
    (
        "every question about a second precinct names the district of that precinct",
        "SELECT count(*) FROM discrepancies AS asked JOIN precincts "
        "ON precincts.region_code = asked.other_region_code "
        "AND precincts.precinct_number = asked.other_precinct_number "
        "WHERE asked.other_district_code IS DISTINCT FROM precincts.district_code",
    ),
    (
        "every question about people of two districts stands in the files of both",
        # And every other question once in the country.
        "SELECT count(*) FROM (SELECT count(*) AS n, max(CASE WHEN "
        "other_district_code <> district_code THEN 2 ELSE 1 END) AS meant "
        "FROM discrepancies GROUP BY discrepancy_id) WHERE n <> meant",
    ),
    (
        "no question stands in a district of another region",
        "SELECT count(*) FROM discrepancies AS asked "
        "JOIN (SELECT DISTINCT region_code, district_code FROM precincts) AS known "
        "USING (district_code) WHERE asked.region_code IS DISTINCT FROM known.region_code",
    ),
    (
        "precincts count the voters of their lists",
        "SELECT count(*) FROM precincts LEFT JOIN (SELECT region_code, precinct_number, "
        "count(*) AS listed FROM voters GROUP BY ALL) USING (region_code, precinct_number) "
        "WHERE voters <> coalesce(listed, 0)",
    ),
    (
        "every voter comes from exactly one row of the register",
        "SELECT count(*) FROM (SELECT voter_id, count(*) AS n FROM lineage "
        "WHERE source = 'mia/persons' AND outcome = 'LISTED' GROUP BY ALL) AS row "
        "FULL JOIN voters USING (voter_id) "
        "WHERE row.voter_id IS NULL OR voters.voter_id IS NULL OR n <> 1",
    ),
    (
        "reconciliation counts the rows of the lineage",
        "SELECT count(*) FROM (SELECT source, outcome, reason, sum(rows) AS n "
        "FROM reconciliation WHERE outcome <> 'QUARANTINED' "
        "AND source IN (SELECT DISTINCT source FROM lineage) GROUP BY ALL) AS summed "
        "FULL JOIN (SELECT source, outcome, reason, count(*) AS n FROM lineage "
        "WHERE outcome <> 'QUARANTINED' GROUP BY ALL) AS traced "
        "USING (source, outcome, reason) "
        "WHERE summed.n IS DISTINCT FROM traced.n",
    ),
    (
        "every voter whom a change concerns gets one notice, from the right district",
        "SELECT count(*) FROM (SELECT voter_id, any_value(coalesce(district_code_after, "
        "district_code_before)) AS district_code FROM changes GROUP BY voter_id) AS meant "
        "FULL JOIN (SELECT voter_id, count(*) AS n, any_value(district_code) AS "
        "district_code, any_value(district::VARCHAR) AS folder FROM notices GROUP BY ALL) "
        "AS told USING (voter_id) WHERE n IS DISTINCT FROM 1 "
        "OR told.district_code IS DISTINCT FROM meant.district_code "
        "OR folder IS DISTINCT FROM told.district_code",
    ),
)
"""What must hold of a whole release, and how many rows break it."""


def count_check(engine: duckdb.DuckDBPyConnection, name: str, sql: str) -> Check:
    """A rule as a query that counts the rows which break it."""
    broken = engine.sql(sql).fetchall()[0][0]
    return Check(name, broken == 0, "" if broken == 0 else f"{broken} rows break it")


def _check_figures(engine: duckdb.DuckDBPyConnection, folder: Path) -> Check:
    """The figures of summary.json are those of the files."""
    figures = read_json(str(folder / "summary.json"))["areas"].get("UZ", {})
    counted = {
        "voters": "SELECT count(*) FROM voters",
        "women": "SELECT count(*) FROM voters WHERE sex = 'F'",
        "persons": "SELECT count(DISTINCT person_id) FROM lineage "
        "WHERE source = 'mia/persons'",
        "rows": "SELECT coalesce(sum(rows), 0)::BIGINT FROM reconciliation "
        "WHERE source = 'mia/persons'",
        "precincts": "SELECT count(*) FROM precincts",
        "discrepancies": "SELECT count(DISTINCT discrepancy_id) FROM discrepancies",
        "added": "SELECT count(DISTINCT voter_id) FROM changes WHERE change = 'ADDED'",
        "removed": "SELECT count(DISTINCT voter_id) FROM changes WHERE change = 'REMOVED'",
    }
    differing = [
        name
        for name, sql in counted.items()
        if engine.sql(sql).fetchall()[0][0] != figures.get(name, 0)
    ]
    return Check(
        "summary.json counts what the files hold",
        not differing,
        f"differing: {', '.join(differing)}" if differing else "",
    )
