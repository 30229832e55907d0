"""The manifest: what a release was made from, and every file of it by its SHA-256.

What belongs here: the records of files and their reading and writing. No policy.
"""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError
from pipeline.run import VERSION, Run, fingerprint

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"


@dataclasses.dataclass(frozen=True)
class FileRecord:
    """A file of a release; `rows` is null where the file is no table."""

    rows: int | None
    bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True)
class InputFile:
    """A file of the delivery as it was when the build began to read it."""

    path: str
    bytes: int
    sha256: str
    modified_ns: int


def file_record(path: Path, rows: int | None = None) -> FileRecord:
    """Size and SHA-256 of a file as it stands."""
    return FileRecord(rows, path.stat().st_size, sha256_of(path))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in bounded memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_inputs(delivery: str) -> list[InputFile]:
    """Every file of a delivery with its hash, in the order of their paths.

    Call it before anything is read: `check_unchanged` compares against it.
    """
    root = Path(delivery)
    found = []
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        if any(part.startswith(".") for part in path.relative_to(root).parts):
            continue
        status = path.stat()
        found.append(
            InputFile(
                path=path.relative_to(root).as_posix(),
                bytes=status.st_size,
                sha256=sha256_of(path),
                modified_ns=status.st_mtime_ns,
            )
        )
    return found


def check_unchanged(delivery: str, inputs: Sequence[InputFile]) -> None:
    """Refuse a delivery that changed while it was read.

    Raises:
        SourceError: names the files that are gone or have another size or time.
    """
    changed = []
    for file in inputs:
        path = Path(delivery) / file.path
        if not path.is_file():
            changed.append(file.path)
            continue
        status = path.stat()
        if (status.st_size, status.st_mtime_ns) != (file.bytes, file.modified_ns):
            changed.append(file.path)
    if changed:
        raise SourceError(
            f"publish: the delivery changed while it was read: {', '.join(changed)}"
        )


def delivery_fingerprint(run: Run, inputs: Sequence[InputFile]) -> str:
    """One number for inputs, parameters and version: equal builds have it equal."""
    return fingerprint({"inputs": _input_rows(inputs), "parameters": run.parameters()})


def build_manifest(
    run: Run,
    inputs: Sequence[InputFile],
    release_id: str,
    previous: dict[str, Any] | None,
    files: dict[str, FileRecord],
    checks: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """The manifest of a release, without a clock: equal builds have equal manifests.

    Args:
        run: the build.
        inputs: files of the delivery, as read_inputs found them.
        release_id: name of the release's folder.
        previous: manifest of the release that changes were counted against.
        files: files of the release by their path in its folder.
        checks: outcome of every check that guards publication.
    """
    return {
        "release_id": release_id,
        "election": run.election_name,
        "as_of": run.as_of.isoformat(),
        "fingerprint": release_fingerprint(run, inputs, previous),
        "delivery_fingerprint": delivery_fingerprint(run, inputs),
        "previous": previous and previous["release_id"],
        "version": VERSION,
        "parameters": run.parameters(),
        "inputs": _input_rows(inputs),
        "checks": list(checks),
        "files": {path: dataclasses.asdict(record) for path, record in files.items()},
    }


def release_fingerprint(
    run: Run, inputs: Sequence[InputFile], previous: dict[str, Any] | None
) -> str:
    """One number for everything that decides the release's bytes.

    Changes and the age of discrepancies depend on the previous release: its fingerprint
    is part of this one.
    """
    before = previous and previous["fingerprint"]
    return fingerprint([delivery_fingerprint(run, inputs), before])


def _input_rows(inputs: Sequence[InputFile]) -> list[dict[str, Any]]:
    return [
        {"path": file.path, "bytes": file.bytes, "sha256": file.sha256} for file in inputs
    ]


def read_manifest(release: str | Path) -> dict[str, Any]:
    """The manifest of a release.

    Raises:
        SourceError: there is none, or it is no manifest.
    """
    path = Path(release) / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SourceError(f"{Path(release).name}: no {MANIFEST}: not a release") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{Path(release).name}: {MANIFEST} can't be read") from error
    if not isinstance(manifest, dict) or "files" not in manifest:
        raise SourceError(f"{Path(release).name}: {MANIFEST} lists no files")
    return manifest
