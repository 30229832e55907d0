"""What one office receives of a release: its own files, its page, and the manifest.

What belongs here: the choice and the copying. A district office gets the files of its
district, a region's office those of the region and of its districts, an owner of
discrepancies its questions and nothing else; the folders stay as they are in the release,
so that the page's links work and every file can be checked against the manifest.
"""

import shutil
from pathlib import Path

from pipeline.data_dictionary import PACKAGE
from pipeline.errors import CheckFailed, ConfigurationError
from pipeline.find_discrepancies.owners import owner_table
from pipeline.manifest import MANIFEST, SIGNATURE, read_manifest, sha256_of
from pipeline.release_index import area_of
from pipeline.tables import read_json, write_json
from schemas.codes import Owner


def hand_out(
    release: str, area: str | None, output: str, owner: str | None = None
) -> list[str]:
    """Copy the files of an area, or an owner's questions, each checked by its hash.

    Args:
        release: folder of the release.
        area: code of a district or region; null for the country.
        output: folder that is made; it must not exist or be empty.
        owner: of Owner: only its discrepancies, in the columns that settling takes, and
            for a commission those of the area; null for all files of the area.

    Returns:
        Paths of the copied files below the folder, the page first.

    Raises:
        ConfigurationError: neither area nor owner, the release has no such files, or the
            folder is in use.
        CheckFailed: a file is not what the manifest says.
    """
    source, target = Path(release), Path(output)
    files = read_manifest(source)["files"]
    chosen = _choose(sorted(files), area, owner)
    if target.exists() and any(target.iterdir()):
        raise ConfigurationError(f"hand-out: {target.name} is not empty")
    for path in chosen:
        copy = target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, copy)
        if sha256_of(copy) != files[path]["sha256"]:
            raise CheckFailed(f"hand-out: {path} is not as published")
    for name in (MANIFEST, SIGNATURE):
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    _copy_dictionary(source, target, chosen)
    pages = [path for path in chosen if path.startswith("index/")]
    return sorted(pages, key=len) + [path for path in chosen if path not in pages]


def _choose(files: list[str], area: str | None, owner: str | None) -> list[str]:
    if area is None and owner is None:
        raise ConfigurationError("hand-out: an area or an owner must be named")
    if owner is not None and owner not in set(Owner):
        known = ", ".join(Owner)
        raise ConfigurationError(f"hand-out: no owner {owner}; known: {known}")
    if owner == Owner.COMMISSION and area is None:
        raise ConfigurationError("hand-out: a commission gets the questions of its area")
    chosen = files
    if owner is not None:
        name = owner_table(Owner(owner))
        tables = [path for path in chosen if not path.startswith("dictionary/")]
        chosen = [path for path in tables if Path(path).name.split(".")[0] == name]
    if area is not None:
        chosen = [path for path in chosen if area in (area_of(path) or ())]
    if not chosen:
        asked = " in ".join(part for part in (owner, area and f"area {area}") if part)
        raise ConfigurationError(f"hand-out: this release has no files of {asked}")
    return chosen


def _copy_dictionary(source: Path, target: Path, chosen: list[str]) -> None:
    """The release's data dictionary for the chosen files: the same, but for the rest."""
    package = read_json(str(source / PACKAGE))
    package["resources"] = [r for r in package["resources"] if r["path"] in chosen]
    used = {r.get("schema") or r.get("dictionary") for r in package["resources"]} - {None}
    for path in sorted(used):
        (target / path).parent.mkdir(exist_ok=True)
        shutil.copyfile(source / path, target / path)
    write_json(str(target / PACKAGE), package)
