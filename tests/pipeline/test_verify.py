"""Verification: whatever is altered in a release is found, and named."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipeline.errors import ConfigurationError
from pipeline.manifest import file_record, read_inputs
from pipeline.publish import publish
from pipeline.tables import open_engine
from pipeline.verify import verify_release
from tests.release_tables import make_run, write_run_tables

VOTERS = "voters/region=1718/district=1718203/voters.parquet"


def _public(path, key):
    path.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return str(path)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    run = make_run(folder)
    write_run_tables(run)
    key = Ed25519PrivateKey.generate()
    private = folder / "private.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    with open_engine(run) as engine:
        release = publish(engine, run, read_inputs(run.delivery), signing_key=str(private))
    return Path(release.path), _public(folder / "public.pem", key)


@pytest.fixture
def release(published, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(published[0], tmp_path / published[0].name)


def _failed(folder, key=None):
    return {
        c.name: c.detail for c in verify_release(str(folder), key).checks if not c.is_passed
    }


def _reseal(folder, path):
    """What somebody does who alters a file and hides it in the manifest."""
    manifest = json.loads((folder / "manifest.json").read_text())
    record = file_record(folder / path, manifest["files"][path]["rows"])
    manifest["files"][path] |= {"bytes": record.bytes, "sha256": record.sha256}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _alter(folder, path, change):
    frame = pl.read_parquet(folder / path, hive_partitioning=False)
    change(frame).write_parquet(folder / path)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][path]["rows"] = change(frame).height
    (folder / "manifest.json").write_text(json.dumps(manifest))
    _reseal(folder, path)


def test_an_untouched_release_is_valid(published):
    folder, key = published
    report = verify_release(str(folder), key)
    assert report.is_valid
    assert len(report.checks) > 12
    assert report.release_id == folder.name
    assert verify_release(str(folder.parent.parent / "current"), key).is_valid


def test_without_a_key_the_report_says_that_nothing_was_signed_for(published):
    report = verify_release(str(published[0]))
    signature = next(c for c in report.checks if c.name == "signature")
    assert "not checked" in signature.detail


def test_one_altered_byte_is_found_and_its_file_named(release):
    path = release / VOTERS
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    assert _failed(release) == {"files unaltered": f"not as published: {VOTERS}"}


def test_a_missing_and_an_additional_file_are_named(release):
    (release / "precincts.csv").unlink()
    (release / "extra.csv").touch()
    assert _failed(release) == {
        "files complete": "missing: precincts.csv",
        "no other files": "not in the manifest: extra.csv",
    }


def test_every_altered_file_is_named_and_no_other(release):
    files = sorted(json.loads((release / "manifest.json").read_text())["files"])
    assert len(files) > 20
    for path in files:
        content = (release / path).read_bytes()
        (release / path).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert _failed(release) == {"files unaltered": f"not as published: {path}"}
        (release / path).write_bytes(content)
    assert _failed(release) == {}


def test_two_files_that_were_swapped_are_both_named(release):
    one, other = VOTERS, VOTERS.replace("1718203", "1718401")
    (release / one).rename(release / "aside")
    (release / other).rename(release / one)
    (release / "aside").rename(release / other)
    assert _failed(release) == {"files unaltered": f"not as published: {one}, {other}"}


def test_a_link_in_a_file_s_place_is_named(release, tmp_path):
    (release / "precincts.csv").rename(tmp_path / "precincts.csv")
    (release / "precincts.csv").symlink_to(tmp_path / "precincts.csv")
    assert _failed(release) == {"no links": "a link, not a file: precincts.csv"}


@pytest.mark.parametrize("record", [None, {}, {"bytes": 1}, "x"])
def test_a_manifest_without_a_hash_vouches_for_nothing(release, record):
    manifest = json.loads((release / "manifest.json").read_text())
    manifest["files"]["precincts.csv"] = record
    (release / "manifest.json").write_text(json.dumps(manifest))
    assert _failed(release) == {"files unaltered": "not as published: precincts.csv"}


@pytest.mark.parametrize("name", ["precincts.parquet", "notes.parquet"])
def test_a_resealed_file_that_is_no_table_is_named(release, name):
    manifest = json.loads((release / "manifest.json").read_text())
    (release / name).write_bytes(b"no table")
    manifest["files"].setdefault(name, {"rows": 1})
    (release / "manifest.json").write_text(json.dumps(manifest))
    _reseal(release, name)
    assert _failed(release) == {"tables readable": f"no tables: {name}"}


def test_a_resealed_table_of_no_contract_is_named(release):
    shutil.copy(release / "precincts.parquet", release / "notes.parquet")
    manifest = json.loads((release / "manifest.json").read_text())
    manifest["files"]["notes.parquet"] = dict(manifest["files"]["precincts.parquet"])
    (release / "manifest.json").write_text(json.dumps(manifest))
    assert _failed(release) == {"contracts": "rules broken: notes.parquet: no such table"}


def test_an_altered_manifest_does_not_fit_the_signature(release, published):
    manifest = json.loads((release / "manifest.json").read_text())
    manifest["as_of"] = "2026-11-28"
    (release / "manifest.json").write_text(json.dumps(manifest))
    assert "signature" in _failed(release, published[1])
    (release / "manifest.sig").unlink()
    assert _failed(release, published[1]) == {"signature": "manifest.sig is missing"}


def test_another_key_does_not_fit(published, tmp_path):
    other = _public(tmp_path / "other.pem", Ed25519PrivateKey.generate())
    assert "signature" in _failed(published[0], other)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_folder_without_a_manifest_is_no_release(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    assert list(_failed(tmp_path)) == ["manifest"]


def test_a_manifest_of_another_release_is_found(release):
    renamed = release.rename(release.with_name("20260101-001-00000000"))
    assert "manifest" in _failed(renamed)


def test_a_key_that_can_not_be_read_is_an_error_of_the_call(published, tmp_path):
    with pytest.raises(ConfigurationError):
        verify_release(str(published[0]), str(tmp_path / "absent.pem"))


TAMPERED = {
    "a voter twice": (
        VOTERS,
        lambda f: pl.concat(
            [f, f.tail(1).with_columns(list_number=pl.lit(9000, pl.Int32))]
        ),
        "every voter is listed once",
    ),
    "a voter taken out": (
        VOTERS,
        lambda f: f.head(-1),
        "precincts count the voters of their lists",
    ),
    "a list number twice": (
        VOTERS,
        lambda f: f.with_columns(list_number=pl.lit(1, pl.Int32)),
        "list numbers run from 1 to the number of voters in every precinct",
    ),
    "a voter of another district": (
        VOTERS,
        lambda f: f.with_columns(district_code=pl.lit("1718401")),
        "every list stands in the folder of its district",
    ),
    "an unknown precinct": (
        VOTERS,
        lambda f: f.with_columns(precinct_number=pl.lit(777, pl.Int32)),
        "every voter's precinct is a precinct of that district",
    ),
    "a PINFL twice": (
        VOTERS,
        lambda f: f.with_columns(pinfl=pl.lit("30000000000000"), flags=pl.lit([])),
        "no PINFL is listed twice without an open question about it",
    ),
    "a broken contract": (
        VOTERS,
        lambda f: f.with_columns(sex=pl.lit("X")),
        "contracts",
    ),
    "a column renamed": (
        VOTERS,
        lambda f: f.rename({"flat": "apartment"}),
        "contracts",
    ),
    "a row reconciled away": (
        "reconciliation.parquet",
        lambda f: f.with_columns(rows=pl.col("rows") - 1),
        "reconciliation counts the rows of the lineage",
    ),
    "a notice not sent": (
        "notices/region=1714/district=1714401365/notices.parquet",
        lambda f: f.head(-1),
        "every voter whom a change concerns gets one notice, from the right district",
    ),
    "a notice from another district": (
        "notices/region=1714/district=1714401365/notices.parquet",
        lambda f: f.with_columns(district_code=pl.lit("1718401")),
        "every voter whom a change concerns gets one notice, from the right district",
    ),
    "a question of a precinct elsewhere": (
        "discrepancies/region=1714/district=1714401365/discrepancies.parquet",
        lambda f: f.with_columns(district_code=pl.lit("1714401367")),
        "every question about a precinct stands in the district of that precinct",
    ),
    "a question of another region": (
        "discrepancies/region=1714/district=1714401365/discrepancies.parquet",
        lambda f: f.with_columns(region_code=pl.lit("1718")),
        "no question stands in a district of another region",
    ),
    "a question kept from the second district": (
        "discrepancies/region=1718/district=1718203/discrepancies.parquet",
        lambda f: f.filter(pl.col("district_code") == "1718203"),
        "every question about people of two districts stands in the files of both",
    ),
    "a question that has another's number": (
        "discrepancies/region=1718/district=1718401/discrepancies.parquet",
        lambda f: f.with_columns(
            discrepancy_id=pl.when(pl.int_range(pl.len()) == 0)
            .then(pl.lit("D000000"))
            .otherwise(pl.col("discrepancy_id"))
        ),
        "every question about people of two districts stands in the files of both",
    ),
    "a question in a district it is not about": (
        "discrepancies/region=1718/district=1718203/discrepancies.parquet",
        lambda f: f.with_columns(district_code=pl.lit("1718401")),
        "every discrepancy stands in the folder of a district it is about",
    ),
    "a question twice in a file": (
        "discrepancies/region=1718/district=1718203/discrepancies.parquet",
        lambda f: pl.concat([f, f.head(1)]),
        "every discrepancy stands once in the file of a district",
    ),
    "a second precinct elsewhere": (
        "discrepancies/region=1718/district=1718203/discrepancies.parquet",
        lambda f: f.with_columns(
            other_district_code=pl.when(pl.col("other_district_code").is_not_null()).then(
                pl.lit("1718401")
            )
        ),
        "every question about a second precinct names the district of that precinct",
    ),
    "a lineage without a voter": (
        "lineage.parquet",
        lambda f: f.head(-80),
        "every voter comes from exactly one row of the register",
    ),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_what_hashes_can_not_show_the_content_does(release, case):
    path, change, check = TAMPERED[case]
    _alter(release, path, change)
    assert check in _failed(release)


def test_a_list_with_fewer_rows_for_reading_than_for_programs_is_found(release):
    manifest = json.loads((release / "manifest.json").read_text())
    path = VOTERS.replace(".parquet", ".xlsx")
    manifest["files"][path]["rows"] -= 1
    (release / "manifest.json").write_text(json.dumps(manifest))
    assert _failed(release) == {"formats": f"not as many rows as Parquet: {path}"}


def test_figures_that_differ_from_the_files_are_found(release):
    summary = json.loads((release / "summary.json").read_text())
    summary["areas"]["UZ"]["voters"] += 1
    (release / "summary.json").write_text(json.dumps(summary))
    _reseal(release, "summary.json")
    assert _failed(release) == {
        "summary.json counts what the files hold": "differing: voters"
    }
