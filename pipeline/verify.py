"""Whether a release is what was published, told from the release alone.

What belongs here: checks that an office, an observer or a court can repeat with nothing
but the folder and the public key. Nothing here repairs or publishes.
"""

import dataclasses
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from pipeline.errors import ConfigurationError, SourceError
from pipeline.manifest import MANIFEST, SIGNATURE, read_manifest, sha256_of
from pipeline.release_log import LOG, RELEASES, entry_faults, log_faults
from pipeline.verify_content import Check, check_content, list_check

__all__ = ["Check", "VerifyReport", "log_folder", "verify_log", "verify_release"]


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
    key = None if public_key is None else read_public_key(public_key)
    try:
        manifest = read_manifest(folder)
    except SourceError as error:
        return VerifyReport(folder.name, (Check("manifest", False, str(error)),))
    checks = [
        _check_name(folder, manifest),
        check_signature(folder, key),
        _check_log(folder, key),
    ]
    checks += _check_files(folder, manifest["files"])
    if all(check.is_passed for check in checks):
        checks += check_content(folder, manifest["files"])
    return VerifyReport(str(manifest.get("release_id", folder.name)), tuple(checks))


def verify_log(election: str, public_key: str | None = None) -> VerifyReport:
    """Check the log of an election's releases against itself and the releases kept.

    Args:
        election: folder of the election, or of one of its releases.
        public_key: as for verify_release; given, every entry must be signed.

    Raises:
        ConfigurationError: the public key can't be read.
    """
    folder = log_folder(election)
    key = None if public_key is None else read_public_key(public_key)
    checks = [
        list_check(name, faults, "wrong")
        for name, faults in log_faults(folder, key).items()
    ]
    return VerifyReport(folder.name, tuple(checks))


def log_folder(path: str) -> Path:
    """The folder of the election that a release, or the folder itself, belongs to."""
    folder = Path(path).resolve()
    return folder.parent.parent if folder.parent.name == RELEASES else folder


def read_public_key(path: str) -> Ed25519PublicKey:
    """The key of a PEM file.

    Raises:
        ConfigurationError: it can't be read, or is of another kind.
    """
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


def check_signature(folder: Path, key: Ed25519PublicKey | None) -> Check:
    """Whether the manifest was signed; with no key the report says that nobody looked."""
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


def _check_log(folder: Path, key: Ed25519PublicKey | None) -> Check:
    if folder.parent.name != RELEASES:
        return Check(
            "log", True, f"not checked: no {LOG} beside a release that stands alone"
        )
    return list_check("log", entry_faults(folder, key), "wrong")


def _check_files(folder: Path, files: dict[str, dict[str, Any]]) -> list[Check]:
    """Missing, additional and altered files, each by its path."""
    found = files_below(folder) - {MANIFEST, SIGNATURE}
    missing = sorted(set(files) - found)
    unknown = sorted(found - set(files))
    links = sorted(path for path in found if (folder / path).is_symlink())
    kept = sorted((set(files) & found) - set(links))
    return [
        list_check("no links", links, "a link, not a file"),
        list_check("files complete", missing, "missing"),
        list_check("no other files", unknown, "not in the manifest"),
        list_check(
            "files unaltered", altered_files(folder, kept, files), "not as published"
        ),
    ]


def files_below(folder: Path) -> set[str]:
    """Paths of all files and links of a folder, as a manifest writes them."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() or path.is_symlink()
    }


def altered_files(
    folder: Path, paths: list[str], files: dict[str, dict[str, Any]]
) -> list[str]:
    """Those of the paths whose bytes are not what the manifest's `files` say."""
    return [path for path in paths if not _is_unchanged(folder / path, files[path])]


def _is_unchanged(path: Path, record: dict[str, Any]) -> bool:
    if not isinstance(record, dict) or not {"bytes", "sha256"} <= set(record):
        return False
    if path.stat().st_size != record["bytes"]:
        return False
    return sha256_of(path) == str(record["sha256"])
