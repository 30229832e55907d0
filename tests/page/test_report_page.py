"""The report as a browser shows it: no error, no request, every number that of the JSON."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from pipeline.report import render_report
from pipeline.summary import write_summary
from pipeline.tables import open_engine
from tests.release_tables import make_run, write_run_tables

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium here: apt-get install chromium"
    ),
]

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=3000",
)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    run = make_run(folder, previous="an earlier release")
    write_run_tables(run)
    with open_engine(run) as engine:
        summary = write_summary(engine, run, str(folder / "summary.json"))
    path = folder / "report.html"
    path.write_text(render_report(summary), encoding="utf-8")
    return path, summary


def _open(path: Path, profile: Path, *flags: str) -> tuple[str, list[str]]:
    """The page's document after its script ran, and what the console said."""
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *flags]
    done = subprocess.run(
        [*command, "--dump-dom", path],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, said


@pytest.fixture(scope="module", params=["UZ ru", "1718 uz", "1718401 en"])
def opened(request, report, tmp_path_factory):
    area, language = request.param.split()
    path, summary = report
    document, console = _open(
        f"{path.as_uri()}#area={area}&lang={language}", tmp_path_factory.mktemp("profile")
    )
    return area, language, document, console, summary


def test_the_console_is_silent(opened):
    assert opened[3] == []


def test_the_page_speaks_the_language_that_was_asked_for(opened):
    title = {
        "uz": "Yagona elektron saylovchilar roʻyxati",
        "ru": "Единый электронный список избирателей",
        "en": "Single Electronic List of Voters",
    }
    assert f'<html lang="{opened[1]}"' in opened[2]
    assert f"<h1>{title[opened[1]]}</h1>" in opened[2]


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
    prefixes = "col|owner|file|rule|script|releases|ledger|date"
    assert re.findall(rf"\b(?:{prefixes})_\w+", shown) == []


def test_links_lead_to_files_of_the_area(opened):
    area, _, document, _, _ = opened
    links = set(re.findall(r'href="([^"#]+)"', document))
    assert "manifest.json" in links
    lists = {link for link in links if link.startswith("voters/")}
    if area == "1718401":
        assert lists == {
            f"voters/region=1718/district=1718401/voters.{form}"
            for form in ("csv", "parquet")
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
    document, _ = _open(
        probe.as_uri(), tmp_path / "profile", "--allow-file-access-from-files"
    )
    width = int(re.search(r"<title>width (\d+)</title>", document).group(1))
    assert width <= 390


def test_the_summary_of_a_country_makes_a_page_under_five_megabytes(report):
    _, summary = report
    district = max((json.dumps(area) for area in summary["areas"].values()), key=len)
    country = summary | {
        "areas": summary["areas"] | {f"99{n:05d}": json.loads(district) for n in range(223)}
    }
    assert len(render_report(country).encode()) < 5_000_000
