"""Whether a release is what was published, told from the release alone.

What belongs here: checks that an office, an observer or a court can repeat with nothing
but the folder and the public key. Nothing here repairs or publishes.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from pipeline.errors import ConfigurationError, SourceError
from pipeline.manifest import MANIFEST, SIGNATURE, read_manifest, sha256_of
from pipeline.tables import read_json
from schemas.catalogue import TABLES

BATCH_ROWS = 500_000
FILES_SHOWN = 20
TABLE_FILES = ("voters", "changes", "discrepancies")


@dataclasses.dataclass(frozen=True)
class Check:
    """One thing that was checked; `detail` names files, rules and counts, nobody."""

    name: str
    is_passed: bool
    detail: str


@dataclasses.dataclass(frozen=True)
class VerifyReport:
    """Every check of a release, in the order they were made."""

    release_id: str
    checks: tuple[Check, ...]

    @property
    def is_valid(self) -> bool:
        """Whether every check passed."""
        return all(check.is_passed for check in self.checks)


def verify_release(release: str, public_key: str | None = None) -> VerifyReport:
    """Check signature, manifest, hashes, contracts, uniqueness and conservation.

    Where files are not what the manifest says, their content is not judged: the first
    failed group of checks is the last.

    Args:
        release: folder of the release, or the `current` link.
        public_key: file of an Ed25519 public key (PEM). Given, a missing or wrong
            signature fails; not given, a signature is not checked, and the report says so.

    Raises:
        ConfigurationError: the public key can't be read.
    """
    folder = Path(release).resolve()
    key = None if public_key is None else _public_key(public_key)
    try:
        manifest = read_manifest(folder)
    except SourceError as error:
        return VerifyReport(folder.name, (Check("manifest", False, str(error)),))
    checks = [_check_name(folder, manifest), _check_signature(folder, key)]
    checks += _check_files(folder, manifest["files"])
    if all(check.is_passed for check in checks):
        checks += _check_content(folder, manifest["files"])
    return VerifyReport(str(manifest.get("release_id", folder.name)), tuple(checks))


def _public_key(path: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError("verify: the public key can't be read") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigurationError("verify: the public key is not an Ed25519 key")
    return key


def _check_name(folder: Path, manifest: dict[str, Any]) -> Check:
    named = manifest.get("release_id")
    if named == folder.name:
        return Check("manifest", True, f"{len(manifest['files'])} files listed")
    return Check("manifest", False, f"{MANIFEST} is that of {named}, not {folder.name}")


def _check_signature(folder: Path, key: Ed25519PublicKey | None) -> Check:
    path = folder / SIGNATURE
    if key is None:
        state = "present" if path.is_file() else "absent"
        return Check("signature", True, f"{state}, not checked: no public key was given")
    if not path.is_file():
        return Check("signature", False, f"{SIGNATURE} is missing")
    try:
        key.verify(path.read_bytes(), (folder / MANIFEST).read_bytes())
    except InvalidSignature:
        return Check("signature", False, f"{SIGNATURE} does not fit {MANIFEST}")
    return Check("signature", True, "made with the private key of this public key")


def _check_files(folder: Path, files: dict[str, dict[str, Any]]) -> list[Check]:
    """Missing, additional and altered files, each by its path."""
    own = {MANIFEST, SIGNATURE}
    found = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    } - own
    missing = sorted(set(files) - found)
    unknown = sorted(found - set(files))
    altered = [
        path
        for path in sorted(set(files) & found)
        if not _is_unchanged(folder / path, files[path])
    ]
    return [
        _files_check("files complete", missing, "missing"),
        _files_check("no other files", unknown, "not in the manifest"),
        _files_check("files unaltered", altered, "not as published"),
    ]


def _is_unchanged(path: Path, record: dict[str, Any]) -> bool:
    if path.stat().st_size != record["bytes"]:
        return False
    return sha256_of(path) == str(record["sha256"])


def _files_check(name: str, wrong: list[str], what: str) -> Check:
    if not wrong:
        return Check(name, True, "")
    shown = ", ".join(wrong[:FILES_SHOWN])
    more = f" and {len(wrong) - FILES_SHOWN} more" if len(wrong) > FILES_SHOWN else ""
    return Check(name, False, f"{what}: {shown}{more}")


def _check_content(folder: Path, files: dict[str, dict[str, Any]]) -> list[Check]:
    parquet = sorted(path for path in files if path.endswith(".parquet"))
    broken = [problem for path in parquet for problem in _contract_faults(folder, path)]
    rows = [
        path
        for path in parquet
        if pq.read_metadata(folder / path).num_rows != files[path]["rows"]
    ]
    checks = [
        _files_check("contracts", broken, "rules broken"),
        _files_check("rows", rows, "rows are not those of the manifest"),
    ]
    with duckdb.connect() as engine:
        for name in TABLE_FILES:
            engine.read_parquet(
                str(folder / name / "*" / "*" / f"{name}.parquet"), hive_partitioning=True
            ).create_view(name)
        for name in ("precincts", "reconciliation", "lineage"):
            engine.read_parquet(str(folder / f"{name}.parquet")).create_view(name)
        checks += [_count_check(engine, name, sql) for name, sql in RULES]
        checks.append(_check_figures(engine, folder))
    return checks


def _contract_faults(folder: Path, path: str) -> Iterator[str]:
    """Rules of its contract that a file breaks, as `path: rule`."""
    schema = TABLES[Path(path).stem]
    columns = pq.read_schema(folder / path).names
    if columns != schema.column_names():
        yield f"{path}: columns"
        return
    found: set[str] = set()
    frame = pl.scan_parquet(folder / path, hive_partitioning=False)
    for batch in frame.collect_batches(chunk_size=BATCH_ROWS):
        found |= set(schema.filter(batch, cast=True)[1].counts())
    yield from (f"{path}: {rule}" for rule in sorted(found))


RULES: tuple[tuple[str, str], ...] = (
    (
        "every voter is listed once in the country",
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
    (
        "every voter's precinct is a precinct of that district",
        "SELECT count(*) FROM voters ANTI JOIN precincts "
        "USING (region_code, district_code, precinct_number)",
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
        "every discrepancy stands once",
        "SELECT count(*) - count(DISTINCT discrepancy_id) FROM discrepancies",
    ),
)
"""What must hold, and how many rows break it."""


def _count_check(engine: duckdb.DuckDBPyConnection, name: str, sql: str) -> Check:
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
        "discrepancies": "SELECT count(*) FROM discrepancies",
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
