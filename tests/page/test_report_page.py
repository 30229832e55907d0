"""The report as a browser shows it: no error, no request, every number that of the JSON."""

import csv
import dataclasses
import io
import json
import re
from html import unescape

import polars as pl
import pytest

from pipeline.release_csv import spreadsheet_text
from pipeline.report import PAGE, render_report
from pipeline.summary import write_summary
from pipeline.summary_areas import HISTORY_FIGURES
from pipeline.tables import open_engine, write_json
from tests.browser import needs_browser, open_page
from tests.national_summary import national_summary
from tests.release_tables import make_run, write_run_tables

pytestmark = [pytest.mark.slow, needs_browser]


ALARMS = [
    {"code": "DISTRICT_LOST_VOTERS", "where": "1718203", "before": 200, "now": 141},
    {"code": "FALSE_LINKS", "where": "decoys: twin", "before": 0.001, "now": 0.01},
    {"code": "NEW_ALARM", "where": "elsewhere", "before": 1, "now": 2},
]
QUALITY = {
    "groups": [
        {
            "measure": measure,
            "attribute": attribute,
            "value": value,
            "voters": voters,
            "flagged": flagged,
            "is_uneven": value == "F",
        }
        for measure in ("any", "duplicate")
        for attribute, value, voters, flagged in (
            ("region", "1718", 400, 70),
            ("sex", "F", 350, 90),
            ("sex", "M", 220, 21),
            ("script", "KARAKALPAK", 4, 0),
            ("age", "10", 30, 3),
        )
    ],
    "decoys": [{"kind": "twin", "decoys": 1250, "linked": 1, "flagged": 7}],
    "sentinels": [
        {"case": "twins", "expected": "APART", "outcome": "MERGED", "is_right": False},
        {"case": "married", "expected": "FOUND", "outcome": "FLAGGED", "is_right": True},
    ],
    "false_links": {
        "links": 41,
        "expected": 0.5,
        "expected_low": 0.1,
        "expected_high": 2.25,
    },
}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A page with two earlier releases, alarms, and a matching that was measured."""
    folder = tmp_path_factory.mktemp("page")
    run = make_run(folder)
    write_run_tables(run)
    for name, content in (("alarms", ALARMS), ("quality", QUALITY)):
        write_json(f"{run.work}/{name}.json", content)
    with open_engine(run) as engine:
        for night in ("20261124-001-aaa", "20261125-001-bbb", "."):
            target = folder / night / "summary.json"
            summary = write_summary(engine, run, str(target))
            run = dataclasses.replace(run, previous=str(target.parent))
    path = folder / "report.html"
    path.write_text(render_report(summary), encoding="utf-8")
    return path, summary


@pytest.fixture(scope="module", params=["UZ ru", "UZ uz-Cyrl", "1718 uz", "1718401 en"])
def opened(request, report, tmp_path_factory):
    area, language = request.param.split()
    path, summary = report
    document, console = open_page(
        f"{path.as_uri()}#area={area}&lang={language}", tmp_path_factory.mktemp("profile")
    )
    return area, language, document, console, summary


def test_the_console_is_silent(opened):
    assert opened[3] == []


def test_the_page_speaks_the_language_that_was_asked_for(opened):
    title = {
        "uz": "Yagona elektron saylovchilar roʻyxati",
        "uz-Cyrl": "Ягона электрон сайловчилар рўйхати",
        "ru": "Единый электронный список избирателей",
        "en": "Single Electronic List of Voters",
    }
    assert f'<html lang="{opened[1]}"' in opened[2]
    assert f">{title[opened[1]]}</h1>" in opened[2]


def _figures(document):
    pattern = r'data-figure="([^"]+)" data-value="(-?\d+)"[^>]*>([^<]*)<'
    return [(unescape(p), int(v), unescape(t)) for p, v, t in re.findall(pattern, document)]


def _look_up(summary, path):
    """The value at a dotted path; keys themselves may hold dots."""
    value, rest = summary, path.split(".")
    while rest:
        for length in range(1, len(rest) + 1):
            key = ".".join(rest[:length])
            if isinstance(value, list) and key.isdigit():
                key = int(key)
            elif key not in value:
                continue
            value, rest = value[key], rest[length:]
            break
        else:
            return 0
    return value


def test_every_number_is_that_of_the_summary(opened):
    area, _, document, _, summary = opened
    figures = _figures(document)
    assert len(figures) > 80
    for path, value, shown in figures:
        assert value == _look_up(summary, path), path
        assert re.sub(r"[\u202f,]", "", shown).replace("\u2212", "-") == str(value), path
    shown = {path for path, _, _ in figures}
    for name in ("rows", "persons", "eligible", "listed", "repeated", "unplaced"):
        assert f"areas.{area}.{name}" in shown


def test_no_text_is_missing(opened):
    """A text that nobody wrote shows as its key."""
    shown = re.sub(
        r"<script.*?</script>|<style.*?</style>|<[^>]*>", " ", opened[2], flags=re.S
    )
    prefixes = (
        "col|owner|file|rule|script|releases|ledger|date|nav|h|p|alarm|measure|decoys?"
    )
    assert re.findall(rf"\b(?:{prefixes})_\w+", shown) == []


def test_links_lead_to_files_of_the_area(opened):
    area, _, document, _, _ = opened
    links = set(re.findall(r'href="([^"#]+)"', document))
    assert "manifest.json" in links
    lists = {link for link in links if link.startswith("voters/")}
    if area == "1718401":
        assert lists == {
            f"voters/region=1718/district=1718401/voters.{form}"
            for form in ("csv", "parquet", "xlsx")
        }
    elif area == "UZ":
        assert not lists


def test_nothing_is_cut_off_at_the_width_of_a_phone(report, tmp_path):
    """Wider content scrolls in its own box; the page itself does not."""
    path, _ = report
    probe = path.with_name("probe.html")
    page = path.read_text(encoding="utf-8")
    framed = (
        '<!doctype html><iframe id="f" src="report.html" width="390" height="800"></iframe>'
        '<script>f.onload = () => { document.title = "width " + '
        "f.contentDocument.documentElement.scrollWidth; }</script>"
    )
    assert "report.html" not in page
    probe.write_text(framed, encoding="utf-8")
    document, _ = open_page(
        probe.as_uri(), tmp_path / "profile", "--allow-file-access-from-files"
    )
    width = int(re.search(r"<title>width (\d+)</title>", document).group(1))
    assert width <= 390


def test_history_is_drawn_with_the_figures_that_were_carried(opened):
    area, _, document, _, summary = opened
    shown = {path for path, _, _ in _figures(document)}
    voters = HISTORY_FIGURES.index("voters")
    assert f"history.releases.0.areas.{area}.{voters}" in shown
    assert f"history.releases.1.areas.{area}.{voters}" in shown
    assert len(summary["history"]["releases"]) == 2
    assert 'id="history"' in document


def test_alarms_stand_at_the_top_with_their_figures(opened):
    banner = re.search(r'<div class="alarm".*?</div>', opened[2], re.S).group(0)
    assert banner.count("<li>") == len(ALARMS)
    assert "141" in banner
    assert "NEW_ALARM" in banner


def test_every_section_has_a_link_in_the_contents(opened):
    area, language, document, _, _ = opened
    sections = set(re.findall(r'<section id="(\w+)"', document)) - {"headline"}
    contents = re.search(r'<nav class="contents".*?</nav>', document, re.S).group(0)
    links = re.findall(r'href="#([^"]+)"', contents)
    assert len(links) == len(sections) >= 8
    for link in links:
        parts = dict(part.split("=") for part in unescape(link).split("&"))
        assert parts["at"] in sections
        assert (parts["area"], parts["lang"]) == (area, language)


def test_whoever_cannot_see_is_told(opened):
    document = opened[2]
    for chart in re.findall(r"<svg [^>]*>", document):
        assert re.search(r'role="img" aria-label="[^"]{8,}"', chart), chart
    for control in re.findall(r"<input [^>]*>", document):
        assert "aria-label=" in control
    assert re.search(r'<a class="skip" href="#[^"]+at=first"', document)
    for table in re.findall(r"<table.*?</thead>", document, re.S):
        heads = re.findall(r"<th [^>]*>", table)
        assert heads
        assert all('scope="col"' in head and "aria-sort=" in head for head in heads)


def test_address_of_the_page_opens_area_language_and_section(report, tmp_path):
    """Back and forward of the browser go through areas: following a link is enough."""
    path, _ = report
    probe = path.with_name("walk.html")
    probe.write_text(
        '<!doctype html><iframe id="f" src="report.html" width="1200" height="800">'
        "</iframe><script>f.onload = () => { const there = f.contentWindow; "
        'there.location.hash = "#area=1718401&lang=uz-cyrl&at=precincts"; '
        "setTimeout(() => { const open = there.document.activeElement; "
        "document.title = [there.document.documentElement.lang, open.id, "
        "there.document.title, there.history.length].join('|'); }, 300); }</script>",
        encoding="utf-8",
    )
    document, console = open_page(
        probe.as_uri(), tmp_path / "profile", "--allow-file-access-from-files"
    )
    title = re.search(r"<title>([^<]*)</title>", document).group(1)
    language, focused, name, steps = title.split("|")
    assert (language, focused) == ("uz-Cyrl", "precincts-heading")
    assert name.endswith("Самарқанд шаҳри")
    assert int(steps) >= 2
    assert console == []


WORDS = (
    "=1+1",
    "  @cmd",
    "-5 C",
    "'quoted",
    "8-mart",
    "12/3",
    "007",
    "3E5",
    "10:30",
    "Oʻzbekiston",
    "yanvar 5",
    'a "b"; c',
    "25-maktab",
    "\u2028x",
)


def _probe(report, tmp_path, name, script):
    """What a script finds out about the page in a frame: the title it leaves as JSON."""
    probe = report[0].with_name(f"{name}.html")
    probe.write_text(
        '<!doctype html><meta charset="utf-8">'
        '<iframe id="f" src="report.html" width="1200" height="800"></iframe><script>'
        "const tell = (what) => { document.title = JSON.stringify(what); };"
        f"f.onload = async () => {{ const page = f.contentWindow; {script} }}</script>",
        encoding="utf-8",
    )
    document, _ = open_page(
        probe.as_uri(), tmp_path / "profile", "--allow-file-access-from-files"
    )
    title = re.search(r"<title>(.*?)</title>", document, re.S)
    return json.loads(unescape(title.group(1)))


def test_a_table_is_downloaded_as_it_is_shown(report, tmp_path):
    text = _probe(
        report,
        tmp_path,
        "download",
        "let kept = null;"
        "page.URL.createObjectURL = (blob) => { kept = blob; return '#'; };"
        "const table = page.document.querySelector('#table-areas-UZ');"
        "table.querySelector('.tools button').click();"
        "tell(await kept.text());",
    )
    header, *rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=";"))
    assert header[0] == "Hudud"
    areas = report[1]["areas"]
    regions = [area for area in areas.values() if area["level"] == "REGION"]
    assert len(rows) == len(regions)
    voters = {row[0]: row[1] for row in rows}
    for area in regions:
        if area["name_uz"]:
            assert voters[area["name_uz"]] == str(area["voters"])


def test_cells_are_written_by_the_rules_of_the_releases_own_files(report, tmp_path):
    """The page's script is closed to others, so its rules are tried apart from it."""
    source = (PAGE / "tables.js").read_text(encoding="utf-8")
    rules = source[source.index("const FORMULA") : source.index("function csv(columns")]
    script = f"{rules} tell({json.dumps(WORDS)}.map(csvCell));"
    cells = _probe(report, tmp_path, "cells", script)
    read = [next(csv.reader([cell], delimiter=";"), [""])[0] for cell in cells]
    frame = pl.DataFrame({"word": WORDS}).select(spreadsheet_text(pl.col("word")))
    assert read == frame["word"].to_list()


def test_a_precinct_is_found_from_the_country_by_number_name_or_address(report, tmp_path):
    columns = report[1]["precincts"]["columns"]
    rows = [dict(zip(columns, row, strict=True)) for row in report[1]["precincts"]["rows"]]
    wanted = next(row for row in rows if row["address"])
    told = _probe(
        report,
        tmp_path,
        "search",
        "const type = (asked) => {"
        " const field = page.document.querySelector('.area-search'); field.value = asked;"
        " field.dispatchEvent(new page.Event('input')); };"
        "const offered = () => [...page.document.querySelectorAll('#area-names option')]"
        ".map((option) => option.value).filter((said) => said.includes('\u2116'));"
        "const first = offered();"
        f"type({json.dumps(str(wanted['precinct_number']))}); const byNumber = offered();"
        f"type({json.dumps(wanted['address'])}); const byAddress = offered();"
        "type('zzzz'); const nothing = offered();"
        f"type({json.dumps(wanted['address'])}); type(offered()[0]);"
        "await new Promise((done) => setTimeout(done, 300));"
        "const area = new URLSearchParams(page.location.hash.slice(1)).get('area');"
        "const table = page.document.querySelector(`#table-precincts-${area} tbody`);"
        "tell({first, byNumber, byAddress, nothing, at: page.location.hash,"
        " shown: table.innerText});",
    )
    assert told["first"] == told["nothing"] == []
    assert any(f"\u2116 {wanted['precinct_number']}" in said for said in told["byNumber"])
    assert all(wanted["address"] in said for said in told["byAddress"])
    assert "at=precincts" in told["at"]
    assert wanted["district_code"] in told["at"]
    assert wanted["address"] in told["shown"]


def test_a_country_makes_a_page_under_five_megabytes_without_an_error(report, tmp_path):
    _, summary = report
    page = render_report(national_summary(summary))
    assert len(page.encode()) < 5_000_000
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    document, console = open_page(
        f"{path.as_uri()}#area=1726&lang=ru", tmp_path / "profile"
    )
    assert console == []
    assert document.count("<section") >= 9
