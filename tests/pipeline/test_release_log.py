"""The log of releases: what is rewritten, cut off, planted or left undone is found."""

import dataclasses
import datetime
import hashlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipeline import publish as publishing
from pipeline.errors import CheckFailed
from pipeline.manifest import file_record, read_inputs, read_manifest, sha256_of
from pipeline.publish import election_folder, make_current, publish
from pipeline.release_log import LOG, log_head, read_log
from pipeline.tables import open_engine
from pipeline.verify import verify_log, verify_release
from tests.release_tables import make_run

PRIVATE = (
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
PUBLIC = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Three nights, the third a candidate that was approved, all signed."""
    folder = tmp_path_factory.mktemp("history")
    run = make_run(folder)
    key = Ed25519PrivateKey.generate()
    (folder / "key.pem").write_bytes(key.private_bytes(*PRIVATE))
    (folder / "pub.pem").write_bytes(key.public_key().public_bytes(*PUBLIC))
    release = None
    for night in range(3):
        release = add_night(
            run, night, str(folder / "key.pem"), previous=release, make_current=night < 2
        ).path
    make_current(
        release, "CEC", "looked at", "2026-11-30T06:00:00", str(folder / "key.pem")
    )
    return run, folder


def one_file(_engine, run, release_dir, *_):
    """A release of one file in place of hundreds: the log is about manifests."""
    path = Path(release_dir, "voters.csv")
    path.write_text(run.as_of.isoformat())
    return {"voters.csv": file_record(path)}


def add_night(run, night, key=None, **options):
    later = dataclasses.replace(run, as_of=run.as_of + datetime.timedelta(days=night))
    with pytest.MonkeyPatch.context() as patch, open_engine(later) as engine:
        patch.setattr(publishing, "write_release", one_file)
        inputs = read_inputs(later.delivery)
        return publish(engine, later, inputs, signing_key=key, **options)


@pytest.fixture
def election(history, tmp_path):
    """A copy that a test may damage."""
    run, folder = history
    shutil.copytree(election_folder(run), tmp_path / "2026-12-27", symlinks=True)
    return tmp_path / "2026-12-27", str(folder / "pub.pem")


def failed(election, key=None):
    return {c.name for c in verify_log(str(election), key).checks if not c.is_passed}


def rewrite(election, change):
    """What a forger does who knows how the log is made, but has no key."""
    entries = change(read_log(election))
    lines, before = [], None
    for number, entry in enumerate(entries, 1):
        entry |= {"sequence": number, "previous": before}
        line = json.dumps(
            entry, sort_keys=True, ensure_ascii=False, separators=(",", ":")
        ).encode()
        before = hashlib.sha256(line).hexdigest()
        lines.append(line + b"\n")
    (election / LOG).write_bytes(b"".join(lines))


def test_every_act_is_logged_with_the_hash_of_the_one_before(election):
    folder, key = election
    entries = read_log(folder)
    assert [(e["action"], e["is_current"]) for e in entries] == [
        ("PUBLISHED", True),
        ("PUBLISHED", True),
        ("PUBLISHED", False),
        ("APPROVED", True),
    ]
    assert entries[3]["by"] == "CEC"
    assert entries[3]["reason"] == "looked at"
    assert failed(folder, key) == set()
    for entry in entries:
        manifest = folder / "releases" / entry["release_id"] / "manifest.json"
        assert entry["manifest_sha256"] == sha256_of(manifest)


def test_a_manifest_names_the_end_of_the_log_before_it(election):
    folder, _ = election
    heads = [
        read_manifest(folder / "releases" / e["release_id"])["log"]
        for e in read_log(folder)[:3]
    ]
    assert heads[0] is None
    assert [head["sequence"] for head in heads[1:]] == [1, 2]


@pytest.mark.parametrize("keep", range(4))
def test_a_log_that_was_cut_is_noticed(election, keep):
    folder, key = election
    lines = (folder / LOG).read_bytes().splitlines(keepends=True)
    (folder / LOG).write_bytes(b"".join(lines[:keep]))
    assert failed(folder, key)


@pytest.mark.parametrize("line", range(4))
def test_an_altered_entry_is_noticed(election, line):
    folder, key = election
    lines = (folder / LOG).read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b'"is_current":', b'"is_current": ')
    (folder / LOG).write_bytes(b"".join(lines))
    assert failed(folder) == {"log readable"}
    lines[line] = (
        lines[line]
        .replace(b'"is_current": ', b'"is_current":')
        .replace(b'"by":', b'"by":"x"', 1)
    )
    (folder / LOG).write_bytes(b"".join(lines))
    assert failed(folder, key)


def test_a_whole_log_written_anew_fits_no_manifest_and_no_key(election):
    folder, key = election

    def other_history(entries):
        entries[0]["reason"] = "another story"
        return entries

    rewrite(folder, other_history)
    assert failed(folder) == {"log holds every entry that a release names"}
    assert failed(folder, key) >= {"log signed"}


def test_an_entry_taken_out_of_the_middle_is_noticed(election):
    folder, key = election
    rewrite(folder, lambda entries: entries[:1] + entries[2:])
    assert "releases are those of the log" in failed(folder)
    assert "log signed" in failed(folder, key)


def test_a_planted_release_is_noticed(election):
    folder, _ = election
    releases = folder / "releases"
    shutil.copytree(sorted(releases.iterdir())[0], releases / "20261231-001-00000000")
    assert "releases are those of the log" in failed(folder)
    assert not verify_release(str(releases / "20261231-001-00000000")).is_valid


def test_a_missing_log_is_noticed_by_log_and_release(election):
    folder, _ = election
    (folder / LOG).unlink()
    assert failed(folder) == {"log readable"}
    report = verify_release(str(folder / "current"))
    assert "log" in [c.name for c in report.checks if not c.is_passed]


def test_a_current_link_set_by_hand_is_noticed(election):
    folder, _ = election
    (folder / "current").unlink()
    (folder / "current").symlink_to(sorted((folder / "releases").iterdir())[0])
    assert failed(folder) == {"current is what the log says"}


def test_old_releases_may_be_removed(election):
    folder, key = election
    shutil.rmtree(sorted((folder / "releases").iterdir())[0])
    assert failed(folder, key) == set()


def test_a_signed_log_takes_no_unsigned_entry(election):
    folder, _ = election
    first = sorted((folder / "releases").iterdir())[0]
    with pytest.raises(CheckFailed, match="signing key"):
        make_current(str(first), "A", "b", "2026-12-01T00:00:00")
    assert len(read_log(folder)) == 4


def test_a_broken_log_stops_a_publication(tmp_path):
    run = make_run(tmp_path)
    first = add_night(run, 0)
    (election_folder(run) / LOG).write_text("{}\n")
    with pytest.raises(CheckFailed, match="no entry"):
        add_night(run, 1, previous=first.path)
    assert (election_folder(run) / "current").resolve() == Path(first.path)


def test_the_same_build_again_adds_no_entry(tmp_path):
    run = make_run(tmp_path)
    add_night(run, 0)
    head = log_head(election_folder(run))
    add_night(run, 0)
    assert log_head(election_folder(run)) == head


def test_equal_histories_have_equal_logs(tmp_path):
    logs = []
    for name in ("a", "b"):
        run = make_run(tmp_path / name)
        first = add_night(run, 0)
        add_night(run, 1, previous=first.path)
        logs.append((election_folder(run) / LOG).read_bytes())
    assert logs[0] == logs[1]


@pytest.mark.parametrize(
    ("dies_in", "then", "actions"),
    [
        ("write_ahead", "same", ["PUBLISHED", "FOUND", "PUBLISHED"]),
        ("_switch", "same", ["PUBLISHED", "PUBLISHED"]),
        ("write_ahead", "other", ["PUBLISHED", "FOUND", "PUBLISHED"]),
        ("_switch", "other", ["PUBLISHED", "PUBLISHED", "PUBLISHED"]),
    ],
)
def test_a_kill_around_the_log_is_mended_by_the_next_build(
    tmp_path, dies_in, then, actions
):
    run = make_run(tmp_path)
    first = add_night(run, 0)
    later = dataclasses.replace(run, as_of=run.as_of + datetime.timedelta(days=1))
    (tmp_path / "run.pickle").write_bytes(pickle.dumps(later))
    killed = textwrap.dedent(
        f"""
        import os, pathlib, pickle, signal
        from pipeline import publish
        from pipeline.manifest import read_inputs
        from pipeline.tables import open_engine
        from tests.pipeline.test_release_log import one_file
        publish.write_release = one_file
        publish.{dies_in} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        run = pickle.loads(pathlib.Path({str(tmp_path / "run.pickle")!r}).read_bytes())
        with open_engine(run) as engine:
            publish.publish(engine, run, read_inputs(run.delivery), {first.path!r})
        """
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", killed],
        check=False,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    assert done.returncode == -signal.SIGKILL
    election = election_folder(run)
    assert (election / "current").resolve() == Path(first.path), "readers see the old one"
    assert failed(election), "and the check says that something was interrupted"
    second = add_night(run, 1 if then == "same" else 2, previous=first.path)
    assert (election / "current").resolve() == Path(second.path)
    assert [entry["action"] for entry in read_log(election)] == actions
    assert failed(election) == set()
