"""Download pages: every file once, on the right page, reachable, with its true hash."""

import dataclasses
import datetime
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipeline.index_page_parts import TEXTS, say, size
from pipeline.manifest import read_inputs, read_manifest
from pipeline.publish import publish
from pipeline.release_contents import AREA_TABLES, WHOLE_TABLES
from pipeline.release_index import INDEX, area_of
from pipeline.tables import open_engine, read_json, scan_table
from pipeline.three_languages import number
from tests.release_tables import AS_OF, DISTRICTS, make_run, write_run_tables


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A second release, so that pages have something to compare with."""
    run = make_run(tmp_path_factory.mktemp("index"))
    write_run_tables(run)
    with open_engine(run) as engine:
        first = publish(engine, run, read_inputs(run.delivery))
        again = dataclasses.replace(
            run, previous=first.path, as_of=AS_OF + datetime.timedelta(1)
        )
        second = publish(engine, again, read_inputs(run.delivery), first.path)
    return run, Path(second.path), Path(first.path)


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.targets, self.sums = [], {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "a":
            self.targets.append(found["href"])
        if "data-sha256" in found:
            self.sums[found["data-path"]] = found["data-sha256"]


def pages(folder):
    return {
        path.relative_to(folder).as_posix(): Links(path.read_text(encoding="utf-8"))
        for path in folder.rglob(INDEX)
    }


def test_there_is_a_page_for_the_country_every_region_and_every_district(release):
    _, folder, _ = release
    expected = {INDEX, "index/region=0000/index.html"}
    for district in DISTRICTS:
        region = f"index/region={district[:4]}"
        expected |= {f"{region}/{INDEX}", f"{region}/district={district}/{INDEX}"}
    assert set(pages(folder)) == expected


def test_every_file_is_on_exactly_one_page_with_its_hash(release):
    _, folder, _ = release
    manifest = read_manifest(folder)["files"]
    listed = [item for page in pages(folder).values() for item in page.sums.items()]
    assert sorted(listed) == sorted(
        (path, record["sha256"])
        for path, record in manifest.items()
        if not path.endswith(INDEX)
    )
    for path, sum_ in listed:
        assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == sum_


def test_every_link_is_relative_and_leads_to_a_file(release):
    _, folder, _ = release
    for path, page in pages(folder).items():
        assert page.targets
        for target in page.targets:
            assert not target.startswith(("/", "http", "file"))
            assert ((folder / path).parent / target).resolve().is_file(), target


def test_a_district_s_page_needs_nothing_but_the_district_s_files(release):
    _, folder, _ = release
    district = "1718203"
    path = f"index/region=1718/district={district}/{INDEX}"
    for target in pages(folder)[path].targets:
        linked = ((folder / path).parent / target).resolve().relative_to(folder.resolve())
        assert area_of(linked.as_posix()) == ("1718", district)


def test_pages_hold_aggregates_only(release):
    run, folder, _ = release
    voters = scan_table(run, "voters").collect()
    for path in folder.rglob(INDEX):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"(?<!\w)V\d{13}", text) == []
        assert set(re.findall(r"(?<!\w)\d{14}(?!\w)", text)) & set(voters["pinfl"]) == set()
        assert "Karimov" not in text


def test_figures_are_those_of_the_summary(release):
    _, folder, _ = release
    areas = read_json(str(folder / "summary.json"))["areas"]
    for path in pages(folder):
        area = area_of(path) or ("", "")
        figures = areas.get(area[1] or area[0] or "UZ")
        text = (folder / path).read_text(encoding="utf-8")
        for key in ("voters", "removed", "precincts"):
            assert f"<b>{number(figures[key])}</b>" in text
        for code, count in figures["discrepancies_by_code"].items():
            line = re.search(rf"<code>{code}</code></th>.*?</tr>", text)
            assert line.group().endswith(f'<td class="number">{count}</td></tr>')


def test_a_page_says_which_files_changed_since_the_previous_release(release):
    _, folder, first = release
    before = read_manifest(first)["files"]
    text = (folder / INDEX).read_text(encoding="utf-8")
    for path, words in (("summary.json", "state_changed"), ("precincts.csv", "state_same")):
        line = re.search(rf'data-path="{path}">.*?</tr>', text).group()
        assert TEXTS[words].ru in line
        is_same = before[path]["sha256"] in line
        assert is_same == (words == "state_same")
    assert TEXTS["first_release"].ru in (first / INDEX).read_text(encoding="utf-8")
    assert TEXTS["first_release"].ru not in text


def test_every_text_stands_in_three_languages(release):
    for path in release[1].rglob(INDEX):
        text = path.read_text(encoding="utf-8")
        counts = [text.count(f'<span class="{code}" lang="') for code in ("uz", "cy", "ru")]
        assert len(set(counts)) == 1
        assert counts[0] > 30
        assert re.findall(r"\{\w+\}", text.split("<script>")[0].split("</style>")[1]) == []


def test_pages_ask_no_network_and_run_no_other_script(release):
    text = (release[1] / INDEX).read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", text) == []


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 "), (1023, "1023 "), (1024, "1,0 "), (5 * 2**20, "5,0 "), (3 * 2**29, "1,5 ")],
)
def test_sizes_are_told_in_the_largest_unit(count, shown):
    assert size(count).startswith(shown)


def test_what_is_said_is_escaped():
    from pipeline.three_languages import same

    assert say(same("<b>&")) == "&lt;b&gt;&amp;"


def test_every_table_and_file_has_a_name_in_words(release):
    tables = {table.name for table in (*AREA_TABLES, *WHOLE_TABLES)}
    assert {name for name in tables if f"file_{name}" not in TEXTS} == set()
    for path in read_manifest(release[1])["files"]:
        if not path.startswith(("dictionary/", "index")):
            stem = path.rsplit("/", 1)[-1].split(".")[0].split("-")[0]
            assert f"file_{stem}" in TEXTS, path
