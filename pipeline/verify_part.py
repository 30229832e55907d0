"""Whether the files that an office received are those of the release, told without it.

What belongs here: the checks that a part of a release allows: the manifest's signature,
the hash of every file that is here, contracts, and what must hold within each list. What
only the whole release can show (conservation, that nobody is listed elsewhere too) is said
to be unchecked, never passed in silence.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.data_dictionary import PACKAGE
from pipeline.engine import passing_engine
from pipeline.errors import SourceError
from pipeline.manifest import MANIFEST, SIGNATURE, read_manifest
from pipeline.tables import read_json
from pipeline.verify import (
    VerifyReport,
    altered_files,
    check_signature,
    files_below,
    read_public_key,
)
from pipeline.verify_content import PART_RULES, Check, check_tables, count_check, list_check


def verify_part(folder: str, public_key: str | None = None) -> VerifyReport:
    """Check what `hand_out` gave: signature, hashes, contracts, and each list in itself.

    Args:
        folder: the folder that an office received; any name.
        public_key: as for verify_release.

    Returns:
        The checks in order; the last names what a part can't show. Where files are not
        what the manifest says, their content is not judged.

    Raises:
        ConfigurationError: the public key can't be read.
    """
    path = Path(folder).resolve()
    key = None if public_key is None else read_public_key(public_key)
    try:
        manifest = read_manifest(path)
    except SourceError as error:
        return VerifyReport(path.name, (Check("manifest", False, str(error)),))
    release_id = str(manifest.get("release_id"))
    files: dict[str, dict[str, Any]] = manifest["files"]
    here = files_below(path)
    # The dictionary is cut to these files when they are handed out: the only file whose
    # bytes the manifest doesn't vouch for.
    kept = sorted((here & set(files)) - {PACKAGE})
    unknown = sorted(here - set(files) - {MANIFEST, SIGNATURE})
    links = [name for name in sorted(here) if (path / name).is_symlink()]
    checks = [
        Check("manifest", True, f"{len(kept)} of {len(files)} files of {release_id}"),
        check_signature(path, key),
        list_check("some files are here", [] if kept else [MANIFEST], "nothing but"),
        list_check("no links", links, "a link, not a file"),
        list_check("no other files", unknown, "not in the manifest"),
        list_check("files unaltered", altered_files(path, kept, files), "not as published"),
    ]
    if all(check.is_passed for check in checks):
        checks += _check_content(path, {name: files[name] for name in kept})
    return VerifyReport(release_id, tuple(checks))


def _check_content(folder: Path, files: dict[str, dict[str, Any]]) -> list[Check]:
    checks = check_tables(folder, files)
    if not all(check.is_passed for check in checks):
        return checks
    checks.append(
        list_check(
            "data dictionary", list(_foreign(folder, files)), "describes no file here"
        )
    )
    with passing_engine() as engine:
        for table, rules in PART_RULES.items():
            paths = [str(folder / name) for name in files if _is_table(name, table)]
            if paths:
                engine.read_parquet(paths, hive_partitioning=True).create_view(table)
                checks += [count_check(engine, name, sql) for name, sql in rules]
    whole = "conservation and uniqueness in the country: only the whole release shows them"
    return [*checks, Check("not checked", True, whole)]


def _is_table(path: str, table: str) -> bool:
    return Path(path).name == f"{table}.parquet"


def _foreign(folder: Path, files: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Files that the cut dictionary describes and that are not here."""
    if not (folder / PACKAGE).is_file():
        return
    for resource in read_json(str(folder / PACKAGE))["resources"]:
        if resource["path"] not in files:
            yield str(resource["path"])
