"""What one office receives of a release: its own files, its page, and the manifest.

What belongs here: the choice and the copying. A district office gets the files of its
district, a region's office those of the region and of its districts; the folders stay as
they are in the release, so that the page's links work and every file can be checked
against the manifest.
"""

import shutil
from pathlib import Path

from pipeline.data_dictionary import PACKAGE
from pipeline.errors import CheckFailed, ConfigurationError
from pipeline.manifest import MANIFEST, SIGNATURE, read_manifest, sha256_of
from pipeline.release_index import area_of
from pipeline.tables import read_json, write_json


def hand_out(release: str, area: str, output: str) -> list[str]:
    """Copy the files of a district or region to a folder, each checked by its hash.

    Args:
        release: folder of the release.
        area: code of a district or region.
        output: folder that is made; it must not exist or be empty.

    Returns:
        Paths of the copied files below the folder, the page first.

    Raises:
        ConfigurationError: the release has no files of that area, or the folder is in use.
        CheckFailed: a file is not what the manifest says.
    """
    source, target = Path(release), Path(output)
    files = read_manifest(source)["files"]
    chosen = [path for path in sorted(files) if area in (area_of(path) or ())]
    if not chosen:
        raise ConfigurationError(f"hand-out: this release has no files of area {area}")
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


def _copy_dictionary(source: Path, target: Path, chosen: list[str]) -> None:
    """The release's data dictionary for the chosen files: the same, but for the rest."""
    package = read_json(str(source / PACKAGE))
    package["resources"] = [r for r in package["resources"] if r["path"] in chosen]
    used = {r.get("schema") or r.get("dictionary") for r in package["resources"]} - {None}
    for path in sorted(used):
        (target / path).parent.mkdir(exist_ok=True)
        shutil.copyfile(source / path, target / path)
    write_json(str(target / PACKAGE), package)
