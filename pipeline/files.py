"""The delivery-reading half of the disk layer: which files came, and what they weigh.

What belongs here: walking a delivery's folders, digests, control files, finding profiles.
The contents of a table's files are read in reading.py. Nothing here writes.
"""

import dataclasses
import datetime
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pipeline.errors import ConfigurationError, SourceError
from pipeline.profiles import Profile, is_source_profile, nearest, read_profile
from schemas.catalogue import REQUIRED_SOURCES, SOURCES

FORMATS = {
    ".csv": "CSV",
    ".tsv": "CSV",
    ".txt": "CSV",
    ".parquet": "PARQUET",
    ".jsonl": "JSONL",
    ".ndjson": "JSONL",
    ".xlsx": "XLSX",
}
Packing = Literal["gzip", "zstd"]
COMPRESSIONS: dict[str, Packing] = {".gz": "gzip", ".zst": "zstd"}
READ_ELSEWHERE = ("cec/boundaries.geojson",)
"""Files of the contracts that are no table: whoever reads them finds them by name."""
DIGEST_BLOCK = 1 << 20


@dataclasses.dataclass(frozen=True)
class DeliveredFile:
    """One file of a table: where it is, how it is packed, and its state when found."""

    source: str
    name: str
    """Path within the delivery, with forward slashes: what reports call the file."""
    path: str
    format: str
    compression: Packing | None
    bytes: int
    modified_ns: int


@dataclasses.dataclass(frozen=True)
class Control:
    """What the supplier says it delivered for a table."""

    name: str
    rows: int | None
    sha256: dict[str, str]
    as_of: datetime.date | None


def discover(delivery: str) -> dict[str, list[DeliveredFile]]:
    """Files of every table of a delivery, in the order of the catalogue, then by name.

    Tables without a file have an empty list.

    Raises:
        SourceError: no such folder; a required table has no file; a link or a special
            file leads out of the delivery.
    """
    found = delivered_files(delivery)
    missing = [source for source in REQUIRED_SOURCES if not found[source]]
    if missing:
        stray = "".join(f"; {note}" for note in unknown_files(delivery))
        raise SourceError(f"delivery lacks {', '.join(missing)}{stray}")
    return found


def delivered_files(delivery: str) -> dict[str, list[DeliveredFile]]:
    """Files of every table of a delivery, whether or not the required ones came.

    Raises:
        SourceError: no such folder; a link or a special file leads out of it.
    """
    found: dict[str, list[DeliveredFile]] = {source: [] for source in SOURCES}
    for path, name in _delivered_paths(delivery):
        source = _source_of(name)
        kind = _format_of(name)
        if source is None or kind is None:
            continue
        state = path.stat()
        found[source].append(
            DeliveredFile(source, name, str(path), *kind, state.st_size, state.st_mtime_ns)
        )
    return found


def unknown_files(delivery: str) -> list[str]:
    """What lies in a delivery and belongs to no table, each with the nearest known name."""
    suppliers = {source.split("/", 1)[0] for source in SOURCES}
    notes = []
    for path in sorted(Path(delivery).iterdir()):
        if path.name not in suppliers and not path.name.startswith("."):
            notes.append(
                f"{path.name} is no supplier's folder{nearest(path.name, suppliers)}"
            )
    for _, name in _delivered_paths(delivery):
        if _is_companion(name) or name in READ_ELSEWHERE:
            continue
        stem = name.split(".", 1)[0]
        if _source_of(name) is None:
            notes.append(f"{name} is no table{nearest(stem, SOURCES)}")
        elif _format_of(name) is None:
            notes.append(f"{name} has no format that can be read")
    return notes


def _delivered_paths(delivery: str) -> Iterator[tuple[Path, str]]:
    """Regular files in the suppliers' folders, two levels deep at most, sorted by name."""
    root = Path(delivery)
    if not root.is_dir():
        raise SourceError("delivery is no folder")
    home = root.resolve()
    for supplier in sorted({source.split("/", 1)[0] for source in SOURCES}):
        for path in sorted((root / supplier).glob("**/*")):
            name = path.relative_to(root).as_posix()
            if any(part.startswith(".") for part in path.relative_to(root).parts):
                continue
            if not path.resolve().is_relative_to(home):
                raise SourceError(f"{name} leads out of the delivery")
            if path.is_dir():
                continue
            if not path.is_file():
                raise SourceError(f"{name} is no regular file")
            yield path, name


def _source_of(name: str) -> str | None:
    """The table that a file belongs to: persons.csv, persons-2.csv, persons/part-1.csv."""
    supplier, _, rest = name.partition("/")
    folder, _, file = rest.rpartition("/")
    for source in SOURCES:
        if not source.startswith(f"{supplier}/"):
            continue
        table = source.split("/", 1)[1]
        if folder == table or (
            not folder and re.fullmatch(rf"{table}([-_.].*)?", file.split(".", 1)[0])
        ):
            return source if not _is_companion(name) else None
    return None


def _is_companion(name: str) -> bool:
    return name.endswith((".control.json", ".profile.toml"))


def _format_of(name: str) -> tuple[str, Packing | None] | None:
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    compression = COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    ending = suffixes[:-1] if compression else suffixes
    kind = FORMATS.get(ending[-1]) if ending else None
    if kind is None or (compression and kind not in ("CSV", "JSONL")):
        return None
    return kind, compression


def file_digest(path: str) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        while block := stream.read(DIGEST_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def delivery_fingerprint(delivery: str) -> dict[str, dict[str, int | str]]:
    """Bytes and SHA-256 of every file in the suppliers' folders, for the manifest."""
    return {
        name: {"bytes": path.stat().st_size, "sha256": file_digest(str(path))}
        for path, name in _delivered_paths(delivery)
    }


def assert_unchanged(delivery: str, fingerprint: dict[str, dict[str, int | str]]) -> None:
    """Make sure that a delivery is what it was when its fingerprint was taken.

    Raises:
        SourceError: names the files that came, went or changed meanwhile.
    """
    now = delivery_fingerprint(delivery)
    different = sorted(
        name for name in now.keys() | fingerprint if now.get(name) != fingerprint.get(name)
    )
    if different:
        raise SourceError(f"delivery changed while it was read: {', '.join(different)}")


def assert_file_unchanged(file: DeliveredFile) -> None:
    """Make sure that a file is as long and as old as when it was found.

    Raises:
        SourceError: it changed while it was read.
    """
    state = Path(file.path).stat()
    if (state.st_size, state.st_mtime_ns) != (file.bytes, file.modified_ns):
        raise SourceError(f"{file.name} changed while it was read")


def read_control(delivery: str, source: str) -> Control | None:
    """The control file of a table; null where the supplier wrote none.

    Raises:
        SourceError: it is there and can't be understood.
    """
    path = Path(delivery) / f"{source}.control.json"
    if not path.exists():
        return None
    name = f"{source}.control.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        as_of = content.get("as_of")
        return Control(
            name=name,
            rows=None if content.get("rows") is None else int(content["rows"]),
            sha256={
                str(file): str(digest).lower()
                for file, digest in content.get("sha256", {}).items()
            },
            as_of=None if as_of is None else datetime.date.fromisoformat(as_of),
        )
    except (ValueError, AttributeError, TypeError) as error:
        raise SourceError(f"{name} can't be understood: {type(error).__name__}") from error


def verify_control_files(control: Control, digests: dict[str, str]) -> None:
    """Compare the files that a control file lists with those delivered.

    Args:
        control: its `sha256` may name files from the supplier's folder or from the root.
        digests: SHA-256 of each file of the table by name within the delivery.

    Raises:
        SourceError: a file is listed and missing, delivered and not listed, or differs.
    """
    if not control.sha256:
        return
    supplier = control.name.split("/", 1)[0]
    listed = {
        name if name.startswith(f"{supplier}/") else f"{supplier}/{name}": digest
        for name, digest in control.sha256.items()
    }
    problems = [
        *(f"{name} is listed and missing" for name in sorted(listed.keys() - digests)),
        *(f"{name} is not listed" for name in sorted(digests.keys() - listed)),
        *(
            f"{name} has another SHA-256"
            for name in sorted(listed.keys() & digests)
            if listed[name] != digests[name]
        ),
    ]
    if problems:
        raise SourceError(f"{control.name} disagrees: {'; '.join(problems)}")


def read_profiles(delivery: str, profiles: str | None, source: str) -> list[Profile]:
    """Profiles that may read a table's files.

    The delivery's own `<table>.profile.toml` comes first and alone; otherwise those of the
    folder, or the one file, that the run names.

    Raises:
        ConfigurationError: no such folder; a profile is wrong.
    """
    own = Path(delivery) / f"{source}.profile.toml"
    if own.exists():
        texts = _profile_texts([own])
    elif profiles is None:
        texts = {}
    elif Path(profiles).is_dir():
        texts = _profile_texts(sorted(Path(profiles).glob("*.toml")))
        texts = {name: text for name, text in texts.items() if is_source_profile(text)}
    elif Path(profiles).is_file():
        texts = _profile_texts([Path(profiles)])
    else:
        raise ConfigurationError("profiles: no such folder or file")
    read = [read_profile(text, name) for name, text in texts.items()]
    return [profile for profile in read if profile.source == source]


def _profile_texts(paths: Sequence[Path]) -> dict[str, str]:
    try:
        return {path.name: path.read_text(encoding="utf-8-sig") for path in paths}
    except UnicodeDecodeError:
        raise ConfigurationError("profiles: a file is not UTF-8") from None
