"""A release is written aside, sealed by its manifest, and switched to in one step.

What belongs here: folders, names and the switch; the files themselves are made in
release_files.py. A reader of `current` sees the last whole release at every moment: until
the switch nothing it points to is touched, and a build that dies leaves a folder that the
next one removes.
"""

import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pipeline.errors import CheckFailed, ConfigurationError, SourceError
from pipeline.manifest import (
    MANIFEST,
    SIGNATURE,
    FileRecord,
    InputFile,
    build_manifest,
    check_unchanged,
    delivery_fingerprint,
    read_manifest,
    release_fingerprint,
)
from pipeline.release_files import write_release
from pipeline.release_lock import publishing
from pipeline.release_log import (
    APPROVED,
    LOG,
    PUBLISHED,
    Act,
    log_head,
    log_unfinished,
    write_ahead,
)
from pipeline.run import Run

CURRENT = "current"
RELEASES = "releases"


@dataclasses.dataclass(frozen=True)
class Release:
    """A published release."""

    release_id: str
    path: str
    files: dict[str, FileRecord]
    is_current: bool
    is_reused: bool
    """An equal build had published it before; its files were found byte-identical."""


def election_folder(run: Run) -> Path:
    """Where the releases of the run's election stand."""
    return Path(run.output) / run.election_name


def current_release(run: Run) -> str | None:
    """Folder of the release that is current, or null before the first."""
    link = election_folder(run) / CURRENT
    return str(link.resolve()) if link.exists() else None


def choose_previous(run: Run, inputs: Sequence[InputFile]) -> str | None:
    """Folder of the release that this build's changes are counted against.

    The one the run names, else the current one. Where the current release was made from
    the same inputs, parameters and version, its own predecessor: the same build again
    gives the same release, not an empty list of changes.

    Raises:
        SourceError: what should be a release has no readable manifest.
    """
    if run.previous is not None:
        read_manifest(run.previous)
        return str(Path(run.previous).resolve())
    current = current_release(run)
    if current is None:
        return None
    manifest = read_manifest(current)
    if manifest["delivery_fingerprint"] != delivery_fingerprint(run, inputs):
        return current
    if manifest["previous"] is None:
        return None
    return str(Path(current).with_name(manifest["previous"]))


def check_order(run: Run, *, allow_older: bool = False) -> None:
    """Refuse a build whose day lies before that of the current release.

    Raises:
        SourceError: the delivery is older than what is published.
    """
    current = current_release(run)
    if current is None or allow_older:
        return
    day = read_manifest(current)["as_of"]
    if run.as_of.isoformat() < day:
        raise SourceError(
            f"publish: this delivery is of {run.as_of.isoformat()}, older than the current "
            f"release of {day}; publishing it would take the list back"
        )


def publish(
    engine: duckdb.DuckDBPyConnection,
    run: Run,
    inputs: Sequence[InputFile],
    previous: str | None = None,
    checks: Sequence[Mapping[str, Any]] = (),
    signing_key: str | None = None,
    *,
    make_current: bool = True,
    allow_older: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Release:
    """Publish the run's tables as a release, and switch to it.

    Args:
        engine: connection of the run.
        run: the build; its tables of a release are written.
        inputs: the delivery's files as read_inputs found them before the build.
        previous: folder of the release that changes were counted against.
        checks: outcomes of the checks that guard publication, for the manifest.
        signing_key: file of an Ed25519 private key (PEM, unencrypted), or null.
        make_current: false for a candidate: published, but `current` stays.
        allow_older: publish although the current release is of a later day.
        progress: called with tables written and tables to write.

    Raises:
        SourceError: the delivery changed while it was read, or is older than the current
            release.
        CheckFailed: another build is publishing, or the same build gave other bytes.
        ConfigurationError: the signing key can't be used.
    """
    key = None if signing_key is None else _signing_key(signing_key)
    election = election_folder(run)
    with publishing(election):
        check_order(run, allow_older=allow_older)
        check_unchanged(run.delivery, inputs)
        _clean_leftovers(election)
        log_unfinished(election, key)
        before = None if previous is None else read_manifest(previous)
        fingerprint = release_fingerprint(run, inputs, before)
        release_id = _release_id(election, run, fingerprint)
        part = election / RELEASES / f".{release_id}.part"
        part.mkdir(parents=True)
        build = dataclasses.replace(run, previous=previous)
        files = write_release(engine, build, str(part), progress)
        manifest = build_manifest(
            run, inputs, release_id, before, files, [dict(check) for check in checks]
        )
        manifest["log"] = log_head(election)
        is_reused = (election / RELEASES / release_id).exists()
        if is_reused:
            _check_identical(read_manifest(election / RELEASES / release_id), manifest)
            shutil.rmtree(part)
        else:
            _seal(part, manifest, key)
            part.rename(election / RELEASES / release_id)
            _sync(election / RELEASES)
        write_ahead(election, Act(PUBLISHED, release_id, make_current), key)
        if make_current:
            _switch(election, release_id)
        now = current_release(run)
    return Release(
        release_id=release_id,
        path=str(election / RELEASES / release_id),
        files=files,
        is_current=now is not None and Path(now).name == release_id,
        is_reused=is_reused,
    )


def make_current(
    release: str, by: str, reason: str, at: str, signing_key: str | None = None
) -> None:
    """Make a published release current: a candidate approved, or a step back.

    Args:
        release: its folder.
        by: who approves, for the log.
        reason: why.
        at: when, UTC.
        signing_key: file of the key that signs the entry of the log, or null.

    Raises:
        SourceError: no such release.
        CheckFailed: another build is publishing.
    """
    folder = Path(release).resolve()
    read_manifest(folder)
    key = None if signing_key is None else _signing_key(signing_key)
    election = folder.parent.parent
    with publishing(election):
        log_unfinished(election, key)
        act = Act(APPROVED, folder.name, is_current=True, by=by, reason=reason, at=at)
        write_ahead(election, act, key)
        _switch(election, folder.name)


def _release_id(election: Path, run: Run, fingerprint: str) -> str:
    """Day, running number of that day, and eight digits of the fingerprint.

    The id of an equal build that is already published is taken again.
    """
    day = run.as_of.strftime("%Y%m%d")
    last = 0
    for path in sorted((election / RELEASES).glob(f"{day}-*-*")):
        if read_manifest(path)["fingerprint"] == fingerprint:
            return path.name
        last = max(last, int(path.name.split("-")[1]))
    return f"{day}-{last + 1:03d}-{fingerprint[:8]}"


def _clean_leftovers(election: Path) -> None:
    """Remove what builds that died left aside; the lock says that none is at work."""
    for path in sorted((election / RELEASES).glob(".*.part")):
        shutil.rmtree(path)
    for pattern in (f".{CURRENT}.*", f".{LOG}.part"):
        for path in sorted(election.glob(pattern)):
            path.unlink()


def _check_identical(published: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    names = sorted(set(published["files"]) | set(manifest["files"]))
    differing = [
        name
        for name in names
        if published["files"].get(name) != manifest["files"].get(name)
    ]
    if differing:
        raise CheckFailed(
            f"publish: {published['release_id']} was made from the same inputs, parameters "
            f"and version, but {len(differing)} files differ, first {differing[0]}"
        )


def _seal(part: Path, manifest: Mapping[str, Any], key: Ed25519PrivateKey | None) -> None:
    """Write manifest and signature, and force everything to the disk."""
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (part / MANIFEST).write_bytes(text.encode())
    if key is not None:
        (part / SIGNATURE).write_bytes(key.sign(text.encode()))
    for folder, _, names in os.walk(part):
        for name in names:
            _sync(Path(folder) / name)
        _sync(Path(folder))


def _signing_key(path: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(Path(path).read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError("publish: the signing key can't be read") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError("publish: the signing key is not an Ed25519 key")
    return key


def _switch(election: Path, release_id: str) -> None:
    """Point `current` elsewhere in one step: readers see the old release or the new."""
    link = election / f".{CURRENT}.{release_id}"
    with contextlib.suppress(FileNotFoundError):
        link.unlink()
    link.symlink_to(Path(RELEASES, release_id), target_is_directory=True)
    link.replace(election / CURRENT)
    _sync(election)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
