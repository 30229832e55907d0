"""Publication: the switch, the lock, what a dead build leaves, and names of releases."""

import dataclasses
import datetime
import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pipeline import publish as publishing_module
from pipeline.errors import CheckFailed, ConfigurationError, SourceError
from pipeline.manifest import file_record, read_inputs, read_manifest
from pipeline.publish import (
    check_order,
    choose_previous,
    current_release,
    election_folder,
    make_current,
    publish,
)
from pipeline.release_lock import publishing
from pipeline.tables import open_engine
from tests.release_tables import make_run, write_run_tables


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """The tables of a run, written once: publishing only reads them."""
    run = make_run(tmp_path_factory.mktemp("tables"))
    write_run_tables(run, people=40)
    return run.work


@pytest.fixture
def run(tmp_path, work):
    return make_run(tmp_path, work=work)


def _publish(run, **options):
    inputs = read_inputs(run.delivery)
    with open_engine(run) as engine:
        return publish(engine, run, inputs, **options)


def _later(run, days=1):
    return dataclasses.replace(run, as_of=run.as_of + datetime.timedelta(days=days))


def _key(tmp_path, key):
    path = tmp_path / "key.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(path)


def test_a_release_is_whole_and_current(run):
    release = _publish(run)
    assert release.is_current
    assert not release.is_reused
    assert release.release_id.startswith("20261127-001-")
    link = election_folder(run) / "current"
    assert link.readlink() == Path("releases", release.release_id)
    manifest = read_manifest(link)
    for path, record in manifest["files"].items():
        assert dataclasses.asdict(file_record(link / path, record["rows"])) == record
    on_disk = {p.relative_to(link).as_posix() for p in link.rglob("*") if p.is_file()}
    assert on_disk == {*manifest["files"], "manifest.json"}
    assert manifest["inputs"][0]["path"] == "mia/persons.csv"
    assert manifest["parameters"]["election_date"] == "2026-12-27"
    assert manifest["release_id"].endswith(manifest["fingerprint"][:8])


def test_the_manifest_names_no_folder_of_the_machine(run, tmp_path):
    release = _publish(run)
    assert str(tmp_path) not in (Path(release.path) / "manifest.json").read_text()


def test_the_same_build_again_is_the_same_release(run):
    first = _publish(run)
    again = _publish(run)
    assert again.is_reused
    assert again.release_id == first.release_id
    assert again.files == first.files
    assert len(list((election_folder(run) / "releases").iterdir())) == 1


def test_the_same_build_with_other_bytes_is_refused(run, tmp_path):
    first = _publish(run)
    other = dataclasses.replace(run, work=str(tmp_path / "work"))
    write_run_tables(other, people=50)
    with pytest.raises(CheckFailed, match="files differ"):
        _publish(other)
    assert current_release(run) == first.path


def test_releases_of_one_day_are_numbered(run):
    first = _publish(run)
    Path(run.delivery, "mia", "persons.csv").write_text("record_id\n2\n")
    second = _publish(run, previous=first.path)
    assert [r.release_id[:13] for r in (first, second)] == [
        "20261127-001-",
        "20261127-002-",
    ]
    assert first.release_id < second.release_id
    manifest = read_manifest(second.path)
    assert manifest["previous"] == first.release_id


def test_a_candidate_does_not_become_current(run):
    first = _publish(run)
    candidate = _publish(
        _later(run), checks=[{"code": "DISTRICT_LOSS"}], make_current=False
    )
    assert not candidate.is_current
    assert current_release(run) == first.path
    assert read_manifest(candidate.path)["checks"] == [{"code": "DISTRICT_LOSS"}]
    make_current(candidate.path, "A", "looked at it", "2026-11-28T08:00:00+00:00")
    assert current_release(run) == candidate.path


def test_switching_to_what_is_no_release_is_refused(run):
    first = _publish(run)
    with pytest.raises(SourceError, match="not a release"):
        make_current(
            str(Path(first.path).with_name("20990101-001-00000000")), "A", "b", "c"
        )
    assert current_release(run) == first.path


def test_an_older_delivery_is_refused_unless_told(run):
    first = _publish(run)
    older = _later(run, days=-1)
    with pytest.raises(SourceError, match="older than the current release"):
        check_order(older)
    with pytest.raises(SourceError, match="older than the current release"):
        _publish(older)
    assert current_release(run) == first.path
    assert _publish(older, allow_older=True).is_current


def test_a_delivery_that_changed_while_it_was_read_is_refused(run):
    inputs = read_inputs(run.delivery)
    Path(run.delivery, "mia", "persons.csv").write_text("record_id\n1\n2\n")
    with open_engine(run) as engine, pytest.raises(SourceError, match=r"mia/persons\.csv"):
        publish(engine, run, inputs)
    assert current_release(run) is None


def test_the_previous_release_is_the_current_one(run):
    inputs = read_inputs(run.delivery)
    assert choose_previous(run, inputs) is None
    first = _publish(run)
    assert choose_previous(run, inputs) is None, "the same build: its own predecessor"
    assert choose_previous(_later(run), inputs) == first.path
    second = _publish(_later(run), previous=first.path)
    assert choose_previous(_later(run), inputs) == first.path
    assert choose_previous(_later(run, 2), inputs) == second.path
    named = dataclasses.replace(_later(run, 2), previous=first.path)
    assert choose_previous(named, inputs) == first.path


def test_two_builds_can_not_publish_at_once(run):
    with (
        publishing(election_folder(run)),
        pytest.raises(CheckFailed, match=str(os.getpid())),
    ):
        _publish(run)
    assert _publish(run).is_current


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    holder = textwrap.dedent(
        f"""
        import pathlib, time
        from pipeline.release_lock import publishing
        with publishing(pathlib.Path({str(tmp_path)!r})):
            pathlib.Path({str(tmp_path / "held")!r}).touch()
            time.sleep(60)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", holder])
    try:
        for _ in range(200):
            if (tmp_path / "held").exists():
                break
            time.sleep(0.05)
        with (
            pytest.raises(CheckFailed, match=f"process {process.pid}"),
            publishing(tmp_path),
        ):
            pass
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    with publishing(tmp_path):
        pass


@pytest.mark.parametrize(
    "step",
    ["write_release", "_seal", "_switch", "build_manifest", "_sync", "write_ahead"],
)
def test_a_death_at_any_step_leaves_the_last_release_current(run, monkeypatch, step):
    first = _publish(run)

    def die(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(publishing_module, step, die)
        with pytest.raises(KeyboardInterrupt):
            _publish(_later(run))
    assert current_release(run) == first.path
    second = _publish(_later(run))
    assert second.is_current
    left = [path.name for path in election_folder(run).rglob(".*.part")]
    assert left == []
    assert not list(election_folder(run).glob(".current*"))


@pytest.mark.parametrize("step", ["_seal", "write_ahead", "_switch"])
def test_a_killed_process_leaves_the_last_release_current(run, tmp_path, step):
    first = _publish(run)
    (tmp_path / "run.pickle").write_bytes(pickle.dumps(_later(run)))
    killed = textwrap.dedent(
        f"""
        import os, pathlib, pickle, signal
        from pipeline import publish
        from pipeline.manifest import read_inputs
        from pipeline.tables import open_engine
        publish.{step} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        run = pickle.loads(pathlib.Path({str(tmp_path / "run.pickle")!r}).read_bytes())
        with open_engine(run) as engine:
            publish.publish(engine, run, read_inputs(run.delivery))
        """
    )
    done = subprocess.run([sys.executable, "-c", killed], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert current_release(run) == first.path
    second = _publish(_later(run))
    assert current_release(run) == second.path
    assert len(list((election_folder(run) / "releases").iterdir())) == 2


def test_a_signature_fits_the_manifest(run, tmp_path):
    key = Ed25519PrivateKey.generate()
    release = _publish(run, signing_key=_key(tmp_path, key))
    signature = Path(release.path, "manifest.sig").read_bytes()
    key.public_key().verify(signature, Path(release.path, "manifest.json").read_bytes())


def test_a_key_that_can_not_sign_stops_before_anything_is_written(run, tmp_path):
    with pytest.raises(ConfigurationError, match="not an Ed25519 key"):
        _publish(run, signing_key=_key(tmp_path, X25519PrivateKey.generate()))
    with pytest.raises(ConfigurationError, match="can't be read"):
        _publish(run, signing_key=str(tmp_path / "absent.pem"))
    assert not election_folder(run).exists()


def test_equal_builds_elsewhere_have_equal_manifests(run, tmp_path):
    first = _publish(run)
    elsewhere = dataclasses.replace(run, output=str(tmp_path / "elsewhere"))
    second = _publish(elsewhere)
    read = [json.loads(Path(r.path, "manifest.json").read_text()) for r in (first, second)]
    assert read[0] == read[1]
