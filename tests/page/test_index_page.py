"""A district's download page in a browser: silent, one language at a time, on any width."""

import hashlib
import re

import pytest

from pipeline.release_files import write_release
from pipeline.tables import open_engine
from pipeline.three_languages import area_names
from tests.browser import needs_browser, open_page
from tests.release_tables import make_run, write_run_tables

pytestmark = [pytest.mark.slow, needs_browser]

PROBE = """<script>addEventListener("load", () => {
  const seen = (code) => [...document.querySelectorAll("." + code)]
    .some((e) => getComputedStyle(e).display !== "none");
  document.title = ["uz", "cy", "ru"].filter(seen).join(",") + "|"
    + (document.documentElement.scrollWidth <= innerWidth) + "|"
    + document.documentElement.lang;
});</script>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    run = make_run(folder)
    write_run_tables(run)
    release = folder / "release"
    release.mkdir()
    with open_engine(run) as engine:
        write_release(engine, run, str(release))
    return release / "index/region=1718/district=1718203/index.html"


def test_the_console_is_silent(page, tmp_path):
    document, console = open_page(page.as_uri(), tmp_path)
    assert console == []
    assert area_names()["1718203"].cy in document


@pytest.mark.parametrize(
    ("choice", "seen", "tag"),
    [("", "uz", "uz-Latn"), ("#in-cy", "cy", "uz-Cyrl"), ("#in-ru", "ru", "ru")],
)
def test_one_language_is_seen_and_nothing_is_cut_off(page, tmp_path, choice, seen, tag):
    # The page's own policy lets no other script run: the probe looks at a copy without it.
    text = re.sub(r"<meta http-equiv=[^>]*>", "", page.read_text(encoding="utf-8"))
    copy = tmp_path / "probe.html"
    copy.write_text(text.replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    document, _ = open_page(copy.as_uri() + choice, tmp_path / "p", "--window-size=500,900")
    assert re.search(r"<title>(.*?)</title>", document)[1] == f"{seen}|true|{tag}"


PICK = """<script>addEventListener("load", () => {
  const chosen = new DataTransfer();
  chosen.items.add(new File(["WORDS"], "mine.csv"));
  document.getElementById("picker").files = chosen.files;
  document.getElementById("picker").dispatchEvent(new Event("change"));
  setTimeout(() => { document.title = [...document.querySelectorAll("[data-outcome]")]
    .filter((said) => !said.hidden).map((said) => said.dataset.outcome)
    + " " + document.getElementById("checked").textContent; }, 500);
});</script>"""


@pytest.mark.parametrize(
    ("words", "said"),
    [("as published", "same voters/x.csv"), ("altered", "other mine.csv")],
)
def test_the_page_checks_a_file_by_itself(page, tmp_path, words, said):
    text = re.sub(r"<meta http-equiv=[^>]*>", "", page.read_text(encoding="utf-8"))
    sum_ = hashlib.sha256(b"as published").hexdigest()
    row = f'<i data-sha256="{sum_}" data-path="voters/x.csv"></i>'
    copy = tmp_path / "probe.html"
    probe = PICK.replace("WORDS", words)
    copy.write_text(text.replace("</body>", f"{row}{probe}</body>"), encoding="utf-8")
    document, _ = open_page(copy.as_uri(), tmp_path / "p")
    assert re.search(r"<title>(.*?)</title>", document)[1] == said
