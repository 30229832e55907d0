"""The log of an election's releases: one line an act, each holding the hash of the last.

What belongs here: writing, reading and checking `log.jsonl`. An entry names a release, the
hash of its manifest, whether it became current, and for an approval by whom, when and why.
Whoever rewrites an entry changes every later hash; whoever cuts the tail off leaves
manifests that name an entry which is no longer there.
"""

import base64
import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from pipeline.errors import CheckFailed, SourceError
from pipeline.manifest import MANIFEST, read_manifest, sha256_of

LOG = "log.jsonl"
RELEASES = "releases"
PUBLISHED, APPROVED, FOUND = "PUBLISHED", "APPROVED", "FOUND"
FIELDS = {
    "sequence",
    "action",
    "release_id",
    "manifest_sha256",
    "is_current",
    "by",
    "reason",
    "at",
    "previous",
    "signature",
}


@dataclasses.dataclass(frozen=True)
class Act:
    """What was done with a release."""

    action: str
    """PUBLISHED, APPROVED (made current by a person), or FOUND: whole but not yet logged,
    because the build that wrote it died."""
    release_id: str
    is_current: bool
    by: str | None = None
    reason: str | None = None
    at: str | None = None
    """UTC; null for a build, so that the same builds give the same log."""


def log_head(election: Path) -> dict[str, Any] | None:
    """Sequence and SHA-256 of the last entry, for the next manifest; null if none.

    Raises:
        CheckFailed: the log is broken: nothing may be written after it.
    """
    entries = _sound_entries(election)
    if not entries:
        return None
    return {"sequence": len(entries), "sha256": _digest(_lines(election)[-1])}


def write_ahead(election: Path, act: Act, key: Ed25519PrivateKey | None) -> bool:
    """Log an act before it is done; false where the log says so already.

    The log is written before the switch: a build that dies between the two leaves a log
    that is ahead of `current`, and is mended by the same build or the next act. It never
    leaves a current release that no entry names.

    Raises:
        CheckFailed: the log is broken, or is signed and there is no key.
    """
    entries = _sound_entries(election)
    mine = [entry for entry in entries if entry["release_id"] == act.release_id]
    current = [entry["release_id"] for entry in entries if entry["is_current"]]
    is_done = not act.is_current or current[-1:] == [act.release_id]
    if act.action == PUBLISHED and mine and is_done:
        return False
    if key is None and entries and entries[-1]["signature"] is not None:
        raise CheckFailed(f"{LOG} is signed: this act needs the signing key too")
    manifest = election / RELEASES / act.release_id / MANIFEST
    entry = dataclasses.asdict(act) | {
        "sequence": len(entries) + 1,
        "manifest_sha256": sha256_of(manifest),
        "previous": _digest(_lines(election)[-1]) if entries else None,
    }
    signature = None if key is None else key.sign(_canonical(entry))
    entry["signature"] = signature and base64.b64encode(signature).decode()
    _append(election, _canonical(entry))
    return True


def log_unfinished(election: Path, key: Ed25519PrivateKey | None) -> None:
    """Log the release that a build had written whole when it died, before it was logged.

    Only a release whose manifest names the present end of the log can be that one.
    """
    head = log_head(election)
    logged = {entry["release_id"] for entry in _sound_entries(election)}
    for folder in _releases(election):
        if folder.name not in logged and read_manifest(folder).get("log") == head:
            write_ahead(election, Act(FOUND, folder.name, is_current=False), key)
            return


def read_log(election: Path) -> list[dict[str, Any]]:
    """Every entry, oldest first.

    Raises:
        SourceError: there is no log, or a line is no entry.
    """
    if not (election / LOG).is_file():
        raise SourceError(f"{election.name}: no {LOG}")
    entries = []
    for number, line in enumerate(_lines(election), 1):
        entry = _entry(line)
        if entry is None:
            raise SourceError(f"{LOG}: line {number} is no entry")
        entries.append(entry)
    return entries


def log_faults(election: Path, key: Ed25519PublicKey | None = None) -> dict[str, list[str]]:
    """What is wrong with the log of an election, by check; empty lists where nothing is.

    A release that the log names and that is no longer kept is no fault: old ones are
    removed by law.
    """
    try:
        entries = read_log(election)
    except SourceError as error:
        return {"log readable": [str(error)]}
    return {
        "log readable": [],
        "log unbroken": list(_chain_faults(election, entries)),
        "log signed": [] if key is None else list(_signature_faults(entries, key)),
        "releases are those of the log": list(_release_faults(election, entries)),
        "log holds every entry that a release names": list(_tail_faults(election)),
        "current is what the log says": list(_current_faults(election, entries)),
    }


def entry_faults(folder: Path, key: Ed25519PublicKey | None = None) -> list[str]:
    """What is wrong with the log as far as one release is concerned."""
    faults = log_faults(folder.parent.parent, key)
    whole = ("log readable", "log unbroken", "log signed")
    own = f"{folder.name}:"
    return [
        fault
        for name, found in faults.items()
        for fault in found
        if name in whole or fault.startswith(own)
    ]


def _chain_faults(election: Path, entries: list[dict[str, Any]]) -> Iterator[str]:
    before = None
    for number, (line, entry) in enumerate(zip(_lines(election), entries, strict=True), 1):
        if entry["sequence"] != number:
            yield f"entry {number}: its number is {entry['sequence']}"
        if entry["previous"] != before:
            yield f"entry {number}: does not follow the entry before"
        before = _digest(line)


def _signature_faults(
    entries: list[dict[str, Any]], key: Ed25519PublicKey
) -> Iterator[str]:
    for number, entry in enumerate(entries, 1):
        said = {name: value for name, value in entry.items() if name != "signature"}
        try:
            key.verify(base64.b64decode(entry["signature"] or ""), _canonical(said))
        except (InvalidSignature, ValueError):
            yield f"entry {number}: not signed with this key"


def _release_faults(election: Path, entries: list[dict[str, Any]]) -> Iterator[str]:
    hashes: dict[str, set[str]] = {}
    for entry in entries:
        hashes.setdefault(entry["release_id"], set()).add(entry["manifest_sha256"])
    for folder in _releases(election):
        if folder.name not in hashes:
            yield f"{folder.name}: not in the log"
        elif hashes[folder.name] != {sha256_of(folder / MANIFEST)}:
            yield f"{folder.name}: {MANIFEST} is not the one that was logged"


def _tail_faults(election: Path) -> Iterator[str]:
    """A manifest names the entry before it: if that is gone, the log was cut."""
    digests = [_digest(line) for line in _lines(election)]
    for folder in _releases(election):
        head = read_manifest(folder).get("log")
        if head is None:
            continue
        if digests[head["sequence"] - 1 : head["sequence"]] != [head["sha256"]]:
            yield (
                f"{folder.name}: names entry {head['sequence']}, which the log lacks or "
                "has otherwise"
            )


def _current_faults(election: Path, entries: list[dict[str, Any]]) -> Iterator[str]:
    named = [entry["release_id"] for entry in entries if entry["is_current"]]
    link = election / "current"
    current = link.resolve().name if link.exists() else None
    if current != (named[-1] if named else None):
        yield (
            f"current is {current}, the log's last is {named[-1] if named else None}: a "
            "publication was interrupted, or the link was set by other means"
        )


def _releases(election: Path) -> list[Path]:
    return sorted(
        folder
        for folder in (election / RELEASES).glob("[!.]*")
        if (folder / MANIFEST).is_file()
    )


def _sound_entries(election: Path) -> list[dict[str, Any]]:
    if not (election / LOG).exists():
        return []
    try:
        entries = read_log(election)
    except SourceError as error:
        raise CheckFailed(f"publish: {error}; see docs/operations.md") from error
    faults = list(_chain_faults(election, entries))
    if faults:
        raise CheckFailed(f"publish: {LOG}: {faults[0]}; see docs/operations.md")
    return entries


def _lines(election: Path) -> list[bytes]:
    return (election / LOG).read_bytes().splitlines()


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
    if not isinstance(entry, dict) or set(entry) != FIELDS:
        return None
    # Any other spelling of the same values would be another hash for the same words.
    return entry if _canonical(entry) == line else None


def _canonical(entry: dict[str, Any]) -> bytes:
    text = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _append(election: Path, line: bytes) -> None:
    """One more line, by a whole new file and one rename: no torn line is ever there."""
    path = election / LOG
    before = path.read_bytes() if path.exists() else b""
    beside = election / f".{LOG}.part"
    with beside.open("wb") as file:
        file.write(before + line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    descriptor = os.open(election, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
