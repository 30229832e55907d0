"""report.html as text: nothing from outside, nothing personal, all languages whole."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from pipeline.report import PAGE, render_report, texts_of_page
from pipeline.summary import write_summary
from pipeline.summary_areas import FIGURES
from pipeline.tables import open_engine, reference_table, scan_table
from schemas import codes
from tests.release_tables import make_run, write_run_tables

LANGUAGES = ("uz", "ru", "en")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("run"))
    write_run_tables(run)
    return run


@pytest.fixture(scope="module")
def summary(run):
    with open_engine(run) as engine:
        return write_summary(engine, run, f"{run.work}/summary.json")


@pytest.fixture(scope="module")
def page(summary):
    return render_report(summary)


def _element(page, name, attributes=""):
    return re.search(f"<{name}{attributes}>(.*?)</{name}>", page, re.DOTALL).group(1)


def test_the_page_holds_the_summary_and_nothing_else_of_the_run(page, summary):
    data = json.loads(_element(page, "script", ' type="application/json" id="data"'))
    assert data["summary"] == summary
    assert set(data) == {"summary", "texts", "reasons", "catalogue", "names"}


def test_the_same_summary_gives_the_same_page(page, summary):
    assert render_report(summary) == page


def test_nothing_is_asked_of_any_network(page):
    outside = re.findall(r"https?://[^\s\"'<)]+|//[a-z0-9.-]+\.[a-z]{2,}/", page)
    assert set(outside) <= {"http://www.w3.org/2000/svg"}
    for loading in ("<link", "<img", "<iframe", "@import", "url(", "fetch(", "XMLHttp"):
        assert loading not in page
    for unsafe in ("eval(", "new Function", "innerHTML", "document.write"):
        assert unsafe not in page


def test_the_policy_lets_only_the_page_s_own_script_and_style_run(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for name in ("style", "script"):
        text = _element(page, name)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


def test_data_can_not_end_its_element(summary):
    hostile = summary | {"election": "</script><script>alert(1)</script>\u2028"}
    data = _element(render_report(hostile), "script", ' type="application/json" id="data"')
    assert "</" not in data
    assert json.loads(data)["summary"]["election"] == hostile["election"]


def test_markers_in_the_data_are_not_replaced(summary):
    hostile = summary | {"election": "[[script]]"}
    data = _element(render_report(hostile), "script", ' type="application/json" id="data"')
    assert json.loads(data)["summary"]["election"] == "[[script]]"


def test_nobody_can_be_found_on_the_page(run, page):
    for row in scan_table(run, "voters").collect().to_dicts():
        for column in ("voter_id", "pinfl", "document_number"):
            assert row[column] is None or row[column] not in page
    assert "Ábdiraxmanov" not in page
    assert "Karimov" not in page


def test_every_text_is_said_in_three_languages():
    rows = texts_of_page()
    assert len({row["key"] for row in rows}) == len(rows)
    for row in rows:
        assert all(row[language] for language in LANGUAGES), row["key"]
        places = [sorted(re.findall(r"\{\w+\}", row[language])) for language in LANGUAGES]
        assert places[0] == places[1] == places[2], row["key"]


def test_every_text_that_the_scripts_name_exists_and_no_other():
    known = {row["key"] for row in texts_of_page()} - {"title", "noscript"}
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in PAGE.glob("*.js"))
    assert set(re.findall(r'text\("(\w+)"', scripts)) <= known | {"title"}
    beginnings = tuple(set(re.findall(r"`(\w+_)\$\{", scripts)))
    quoted = set(re.findall(r'"(\w+)"', scripts))
    unused = {
        key
        for key in known - quoted
        if not key.startswith(beginnings) and key not in summary_keys()
    }
    assert unused == set()


def summary_keys():
    """Texts named by keys of the figures: steps of the chain, links, attributes."""
    return {
        *FIGURES,
        *("rows_by_rule", "persons_by_rows", "review_pairs_by_cause"),
        *("addresses_by_reason", "restriction_links_by_outcome"),
        *("roster_links_by_outcome", "supplementary_links_by_outcome"),
    }


def test_every_alarm_has_its_words():
    source = Path("pipeline/checks.py").read_text(encoding="utf-8")
    alarms = set(re.findall(r'Alarm\(\s*"([A-Z_]+)"', source))
    assert len(alarms) >= 4
    known = {row["key"] for row in texts_of_page()}
    assert {f"alarm_{code}" for code in alarms} <= known


def test_uzbek_is_given_in_both_alphabets(page):
    data = json.loads(_element(page, "script", ' type="application/json" id="data"'))
    latin, cyrillic, russian, english = data["texts"]["print"]
    assert (latin, cyrillic) == ("Chop etish", "Чоп этиш")
    assert (russian, english) == ("Печать", "Print")
    assert data["names"]["1718"] == "Самарқанд вилояти"


CODES = {
    "outcome": codes.Outcome,
    "ground": codes.IneligibilityGround,
    "unplaced": codes.UnplacedReason,
    "source": codes.Source,
    "severity": codes.Severity,
    "owner": codes.Owner,
    "link_rule": codes.LinkRule,
    "link_outcome": codes.ReferenceLinkOutcome,
    "address_reason": codes.AddressMatchReason,
    "basis": codes.Basis,
    "placement": codes.PlacementKind,
    "precinct_kind": codes.PrecinctKind,
    "change": codes.Change,
    "change_reason": codes.ChangeReason,
    "review_cause": codes.ReviewCause,
    "resolution": codes.Resolution,
}


@pytest.mark.parametrize("kind", CODES)
def test_every_code_has_a_meaning_in_three_languages(kind):
    rows = [row for row in reference_table("reasons").to_dicts() if row["kind"] == kind]
    assert {row["code"] for row in rows} == {code.value for code in CODES[kind]}
    for row in rows:
        assert all(row[f"meaning_{language}"] for language in LANGUAGES)


def _reasons_in(module):
    source = Path(f"{PAGE.parent}/{module}.py").read_text(encoding="utf-8")
    return set(re.findall(r"(?:THEN|ELSE)\s+'([A-Z_]+)'", source))


@pytest.mark.parametrize(
    "module", ["list_changes", "trace_rows", "decisions", "precinct_requests"]
)
def test_every_reason_that_a_stage_gives_is_in_the_table(module):
    known = set(reference_table("reasons")["code"])
    internal = {"EFFECTIVE", "DAY"}
    given = _reasons_in(module) - internal
    assert len(given) > 3
    assert given <= known


def test_grounds_of_removal_are_reasons_of_change():
    table = reference_table("reasons")
    of_change = set(table.filter(table["kind"] == "change_reason")["code"])
    assert {ground.value for ground in codes.IneligibilityGround} <= of_change


def test_reasons_stand_once():
    table = reference_table("reasons")
    assert table.select("kind", "code").is_unique().all()
