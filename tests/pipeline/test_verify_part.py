"""What an office can tell of the files it received, with no release at hand."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipeline.hand_out import hand_out
from pipeline.manifest import MANIFEST, SIGNATURE, file_record, read_inputs
from pipeline.publish import publish
from pipeline.run import Files
from pipeline.tables import open_engine, read_json, write_json
from pipeline.verify_part import verify_part
from tests.release_tables import make_run, write_run_tables

VOTERS = "voters/region=1718/district=1718203/voters"


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("verify-part"), files=Files())
    write_run_tables(run)
    with open_engine(run) as engine:
        return publish(engine, run, read_inputs(run.delivery)).path


@pytest.fixture
def office(release, tmp_path):
    hand_out(release, "1718203", str(tmp_path / "office"))
    return tmp_path / "office"


def failed(report):
    return [check.name for check in report.checks if not check.is_passed]


def test_what_was_handed_out_is_valid_and_what_it_can_not_show_is_said(office):
    report = verify_part(str(office))
    assert failed(report) == []
    assert report.release_id != office.name
    names = [check.name for check in report.checks]
    assert "every voter is listed once" in names
    assert names[-1] == "not checked"
    assert "only the whole release" in report.checks[-1].detail


@pytest.mark.parametrize("owner", ["MIA", "COMMISSION"])
def test_an_owner_s_questions_are_valid(release, tmp_path, owner):
    area = "1718203" if owner == "COMMISSION" else None
    hand_out(release, area, str(tmp_path / "office"), owner)
    assert verify_part(str(tmp_path / "office")).is_valid


def test_one_altered_byte_is_found(office):
    path = office / f"{VOTERS}.csv"
    path.write_bytes(path.read_bytes() + b"x")
    assert failed(verify_part(str(office))) == ["files unaltered"]


def test_a_file_that_was_never_published_is_found(office):
    shutil.copy(office / f"{VOTERS}.csv", office / "voters.csv")
    report = verify_part(str(office))
    assert failed(report) == ["no other files"]
    assert "voters.csv" in next(c.detail for c in report.checks if not c.is_passed)


def test_a_link_in_a_file_s_place_is_found(office):
    path = office / f"{VOTERS}.csv"
    path.rename(office.parent / "voters.csv")
    path.symlink_to(office.parent / "voters.csv")
    assert failed(verify_part(str(office))) == ["no links"]


def test_a_manifest_alone_is_not_a_part(office):
    for path in office.rglob("*"):
        if path.is_file() and path.name != MANIFEST:
            path.unlink()
    assert failed(verify_part(str(office))) == ["some files are here"]


def test_a_voter_taken_out_of_a_resealed_list_is_found(office):
    path = office / f"{VOTERS}.parquet"
    rows = pl.read_parquet(path, hive_partitioning=False)
    rows.filter(pl.col("list_number") != 1).write_parquet(path)
    manifest = read_json(str(office / MANIFEST))
    left = pl.scan_parquet(path).select(pl.len()).collect().item()
    record = file_record(path)
    manifest["files"][f"{VOTERS}.parquet"] |= {
        "bytes": record.bytes,
        "sha256": record.sha256,
    }
    for kind in ("parquet", "csv", "xlsx"):
        manifest["files"][f"{VOTERS}.{kind}"]["rows"] = left
    write_json(str(office / MANIFEST), manifest)
    (broken,) = failed(verify_part(str(office)))
    assert broken.startswith("list numbers run from 1")


def test_a_dictionary_of_files_that_are_not_here_is_found(release, office):
    shutil.copy(Path(release) / "datapackage.json", office / "datapackage.json")
    assert failed(verify_part(str(office))) == ["data dictionary"]


def test_the_signature_is_checked_with_the_key(office, tmp_path):
    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (tmp_path / "key.pem").write_bytes(pem)
    assert failed(verify_part(str(office), str(tmp_path / "key.pem"))) == ["signature"]
    (office / SIGNATURE).write_bytes(private.sign((office / MANIFEST).read_bytes()))
    assert verify_part(str(office), str(tmp_path / "key.pem")).is_valid


def test_a_folder_without_a_manifest_is_no_part(tmp_path):
    assert failed(verify_part(str(tmp_path))) == ["manifest"]
