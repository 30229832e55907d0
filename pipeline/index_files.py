"""The part of a download page that lists files, and says how to check them.

What belongs here: files with rows, size, hash and whether they changed.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from pipeline.index_page_parts import TEXTS, heading, link, say, size, table
from pipeline.manifest import FileRecord
from pipeline.run import Run
from pipeline.three_languages import number, same


@dataclasses.dataclass(frozen=True)
class Contents:
    """What all pages of a release are made from."""

    run: Run
    files: Mapping[str, FileRecord]
    before: Mapping[str, Any]
    """Manifest of the previous release; empty where there is none."""
    areas: Mapping[str, Mapping[str, Any]]
    precincts: Mapping[str, list[Any]]
    """Precincts by district."""


def file_table(
    contents: Contents, page_path: str, key: str, paths: list[str]
) -> Iterator[str]:
    """The files of a page, grouped by what they hold.

    Args:
        contents: what all pages are made from.
        page_path: where the page stands; links are relative to it.
        key: heading of the part.
        paths: the files.
    """
    yield heading(key)
    if any(contents.files[path].rows is not None for path in paths):
        yield f'<p class="warning">{say("files_note")}</p>'
        yield f"<p>{say('formats', xlsx='XLSX', csv='CSV', parquet='Parquet')}</p>"
    head = ("file", "rows", "size", "date", "state", "sum")
    rows: list[str] = []
    group = ""
    for path in sorted(paths, key=lambda path: (_kind(path) != "voters", path)):
        if _kind(path) != group:
            group = _kind(path)
            what = TEXTS.get(f"file_{group}", same(group))
            rows.append(
                f'<tr class="group"><th colspan="6" scope="rowgroup">{say(what)}</th></tr>'
            )
        rows.append(_file_row(contents, page_path, path))
    yield table(head, rows, "files")


def _kind(path: str) -> str:
    """What a file is, told by its name: `precinct-0012.pdf` is a `precinct`."""
    return PurePosixPath(path).name.split(".")[0].split("-")[0]


def _file_row(contents: Contents, page_path: str, path: str) -> str:
    record = contents.files[path]
    upwards = "../" * page_path.count("/")
    shown = PurePosixPath(path).name
    unit = f'<span class="narrow"> {say("rows")}</span>'
    count = "" if record.rows is None else number(record.rows) + unit
    return (
        f'<tr data-sha256="{record.sha256}" data-path="{path}">'
        f"<td>{link(upwards + path, shown)}</td>"
        f'<td class="number">{count}</td><td class="number">{size(record.bytes)}</td>'
        f"<td>{contents.run.as_of:%d.%m.%Y}</td><td>{_state(contents, path)}</td>"
        f'<td class="hash"><code>{record.sha256}</code></td></tr>'
    )


def _state(contents: Contents, path: str) -> str:
    """Whether the previous release had the same file."""
    if not contents.before:
        return ""
    earlier = contents.before["files"].get(path)
    if earlier is None:
        return f'<span class="changed">{say("state_new")}</span>'
    if earlier["sha256"] == contents.files[path].sha256:
        return say("state_same")
    return f'<span class="changed">{say("state_changed")}</span>'


def verification() -> Iterator[str]:
    """How to check a file: by the page itself, by a command, by the signature."""
    yield heading("verify")
    yield f"<p>{say('verify_1', sha='SHA-256')}</p>"
    yield (
        f'<div class="check" id="check" hidden><p><label for="picker">{say("verify_pick")}'
        '</label></p><input type="file" id="picker"><p role="status" aria-live="polite">'
        f'<span class="good" data-outcome="same" hidden>{say("verify_same")}</span>'
        f'<span class="bad" data-outcome="other" hidden>{say("verify_other")}</span>'
        f'<span class="bad" data-outcome="unable" hidden>{say("verify_unable")}</span> '
        '<code id="checked"></code></p></div>'
    )
    yield f"<p>{say('verify_windows', windows='Windows')}</p>"
    yield '<code class="command">certutil -hashfile voters.xlsx SHA256</code>'
    yield f"<p>{say('verify_linux', linux='Linux, macOS')}</p>"
    yield '<code class="command">shasum -a 256 voters.xlsx</code>'
    yield f"<p>{say('verify_page', manifest='manifest.json')}</p>"
    yield '<code class="command">selv verify RELEASE --public-key selv.pub.pem</code>'
    yield f"<p>{say('verify_part')}</p>"
    yield '<code class="command">selv verify FOLDER --part --public-key selv.pub.pem</code>'
