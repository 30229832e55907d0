"""Download pages: what an office, a region or the country gets, and how to check it.

What belongs here: what stands on a page. Every page works alone: opened by a double
click, from a shared folder, a web server or object storage, without a script and without
any other page. The page of a district links only to files of that district, so a district
office that is given its folders misses nothing. Aggregates only.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipeline.index_files import Contents, file_table, verification
from pipeline.index_page_parts import (
    TEXTS,
    cards,
    heading,
    link,
    page,
    row,
    say,
    table,
)
from pipeline.manifest import FileRecord, file_record, read_manifest
from pipeline.run import Run
from pipeline.summary_areas import NO_DISTRICT, NO_REGION
from pipeline.summary_queries import precinct_figures
from pipeline.three_languages import (
    Words,
    area_names,
    discrepancy_meanings,
    reasons,
    same,
)
from schemas.codes import Severity

INDEX = "index.html"
AREA = re.compile(r"region=(\w+)(?:/district=(\w+))?/")
FOLDER = "index"
COUNTRY = ("", "")
CHANGES = ("added", "removed", "moved_in", "moved_out", "moved_within", "corrected")


def write_index(
    engine: duckdb.DuckDBPyConnection,
    run: Run,
    release: Path,
    files: Mapping[str, FileRecord],
    summary: Mapping[str, Any],
) -> dict[str, FileRecord]:
    """Write the page of the country and of every region and district that has a file.

    Args:
        engine: connection of the run.
        run: the build.
        release: folder of the release; its other files are written.
        files: those files by their path.
        summary: what summary.json holds.

    Returns:
        The pages by their path: `index.html`, `index/region=R/index.html`,
        `index/region=R/district=D/index.html`.
    """
    contents = Contents(
        run,
        files,
        {} if run.previous is None else read_manifest(run.previous),
        summary["areas"],
        _precincts_by_district(engine, run),
    )
    written = {}
    for path, text in _pages(contents):
        target = release / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
        written[path] = file_record(target)
    return written


def _precincts_by_district(
    engine: duckdb.DuckDBPyConnection, run: Run
) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for precinct in precinct_figures(engine, run):
        found.setdefault(precinct.district_code, []).append(precinct)
    return found


def _pages(contents: Contents) -> Iterator[tuple[str, str]]:
    """Path and text of every page."""
    by_area: dict[tuple[str, str], list[str]] = {}
    for file in contents.files:
        by_area.setdefault(area_of(file) or COUNTRY, []).append(file)
    areas = sorted(by_area.keys() - {COUNTRY})
    regions = sorted({region for region, _ in areas})
    yield INDEX, _country_page(contents, regions, by_area.get(COUNTRY, []))
    for region in regions:
        districts = [d for r, d in areas if r == region and d not in ("", NO_DISTRICT)]
        path = f"{FOLDER}/region={region}/{INDEX}"
        own = [
            file
            for district in ("", NO_DISTRICT)
            for file in by_area.get((region, district), [])
        ]
        yield path, _region_page(contents, path, region, districts, own)
        for district in districts:
            path = f"{FOLDER}/region={region}/district={district}/{INDEX}"
            own = by_area[region, district]
            yield path, _district_page(contents, path, district, own)


def area_of(path: str) -> tuple[str, str] | None:
    """Region and district whose file this is; null for a file of the country."""
    match = AREA.search(path)
    return None if match is None else (match[1], match[2] or "")


def _country_page(contents: Contents, regions: list[str], own: list[str]) -> str:
    rows = [
        _area_row(contents, region, f"{FOLDER}/region={region}/{INDEX}")
        for region in regions
    ]
    return _page(
        contents,
        INDEX,
        (TEXTS["country"], "UZ"),
        [heading("regions"), _area_table(rows)],
        ("of_country", own),
    )


def _region_page(
    contents: Contents, path: str, region: str, districts: list[str], own: list[str]
) -> str:
    rows = [
        _area_row(contents, district, f"district={district}/{INDEX}")
        for district in districts
    ]
    listed = [heading("districts"), _area_table(rows)] if rows else []
    return _page(contents, path, (_name(region), region), listed, ("of_region", own))


def _district_page(contents: Contents, path: str, district: str, own: list[str]) -> str:
    precincts = [
        row(
            str(precinct.precinct_number),
            say(same(precinct.name or "")),
            precinct.voters,
            precinct.added,
            precinct.removed,
            precinct.discrepancies,
        )
        for precinct in contents.precincts.get(district, [])
    ]
    head = ("precinct", "polling_place", "voters", "added", "removed", "discrepancies")
    name = (_name(district), district)
    listed = [heading("precincts"), table(head, precincts)]
    return _page(contents, path, name, [], ("files", own), listed)


def _page(
    contents: Contents,
    path: str,
    area: tuple[Words, str],
    parts: list[str],
    files: tuple[str, list[str]],
    last: Sequence[str] = (),
) -> str:
    """A page: its area in figures, what is below it, its files, how to check them."""
    name, code = area
    figures = contents.areas.get(code, {})
    head = f"<header><p>{say('title')}</p><h1>{say(name)}</h1>{_facts(contents)}</header>"
    body = [
        head,
        "<main>",
        heading("figures"),
        cards(
            (key, figures.get(key, 0)) for key in ("voters", "women", "men", "precincts")
        ),
        *parts,
        *file_table(contents, path, *files),
        *_changes(contents, figures),
        *_discrepancies(figures),
        *last,
        *verification(),
        "</main>",
    ]
    return page(f"{name.uz} · {TEXTS['title'].uz}", "\n".join(body))


def _facts(contents: Contents) -> str:
    run = contents.run
    facts = [
        ("as_of", f"{run.as_of:%d.%m.%Y}"),
        ("election_day", f"{run.election_date:%d.%m.%Y}"),
    ]
    if contents.before:
        facts.append(("previous", str(contents.before["release_id"])))
    items = "".join(f"<li>{say(key)}: <b>{value}</b></li>" for key, value in facts)
    return f'<ul class="facts">{items}</ul>'


def _changes(contents: Contents, figures: Mapping[str, Any]) -> Iterator[str]:
    yield heading("changed")
    if not contents.before:
        yield f"<p>{say('first_release')}</p>"
        return
    yield cards((key, figures.get(key, 0)) for key in CHANGES)
    kinds, why = reasons("change"), reasons("change_reason")
    rows = []
    for code, count in figures.get("changes_by_reason", {}).items():
        kind, _, reason = code.partition(":")
        what = f"{say(kinds[kind])}: {say(why.get(reason, same(reason)))}"
        rows.append(row(what, count))
    if rows:
        yield table(("reason", "count"), rows)


def _discrepancies(figures: Mapping[str, Any]) -> Iterator[str]:
    yield heading("open")
    codes = figures.get("discrepancies_by_code", {})
    if not codes:
        yield f"<p>{say('none_open')}</p>"
        return
    severities = reasons("severity")
    yield cards(
        (severities[severity.value], figures[severity.lower()]) for severity in Severity
    )
    owners = reasons("owner")
    by_owner = figures["discrepancies_by_owner"].items()
    yield table(("by_owner", "count"), (row(say(owners[o]), n) for o, n in by_owner))
    meanings = discrepancy_meanings()
    ordered = sorted(codes.items(), key=lambda item: (-item[1], item[0]))
    yield table(
        ("code", "meaning", "count"),
        (
            row(f"<code>{code}</code>", say(meanings.get(code, same(code))), count)
            for code, count in ordered
        ),
    )


def _name(code: str) -> Words:
    if code == NO_REGION:
        return TEXTS["without_region"]
    return area_names().get(code, same(code))


def _area_row(contents: Contents, code: str, target: str) -> str:
    figures = contents.areas.get(code, {})
    keys = ("voters", "added", "removed", "discrepancies")
    return row(link(target, say(_name(code))), *(figures.get(key, 0) for key in keys))


def _area_table(rows: list[str]) -> str:
    return table(("area", "voters", "added", "removed", "discrepancies"), rows)
