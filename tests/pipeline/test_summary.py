"""summary.json: every figure is that of the tables, and areas add up."""

import json

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given

from pipeline import summary as summary_module
from pipeline.summary import write_summary
from pipeline.summary_areas import (
    BREAKDOWNS,
    FIGURES,
    HISTORY_FIGURES,
    HISTORY_RELEASES,
    SMALL_CELL,
    Areas,
)
from pipeline.tables import open_engine, scan_table, write_json
from tests.release_tables import make_run, write_run_tables

RESOLVED = "resolved_discrepancies"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("run"))
    write_run_tables(run)
    return run


@pytest.fixture(scope="module")
def summary(run):
    with open_engine(run) as engine:
        return write_summary(engine, run, f"{run.work}/summary.json")


def _districts(summary, region):
    return [
        area
        for area in summary["areas"].values()
        if area["level"] == "DISTRICT" and area["region"] == region
    ]


def test_what_is_returned_is_what_is_written(run, summary):
    with open(f"{run.work}/summary.json", encoding="utf-8") as file:  # noqa: PTH123
        assert json.load(file) == summary


def test_the_chain_from_rows_to_voters_ties_everywhere(summary):
    for code, area in summary["areas"].items():
        assert area["rows"] == area["quarantined"] + area["repeated"] + area["persons"], (
            code
        )
        assert area["persons"] == area["ineligible"] + area["eligible"], code
        assert area["eligible"] == area["unplaced"] + area["listed"], code
        here = area["listed"] - area["listed_elsewhere"] + area["arrived"]
        assert area["voters"] == here == area["women"] + area["men"], code
        assert area["ineligible"] == sum(area["ineligible_by_ground"].values()), code
        assert area["unplaced"] == sum(area["unplaced_by_reason"].values()), code
        assert area["quarantined"] == sum(area["quarantined_by_rule"].values()), code
        if code not in summary["ages_withheld"]:
            assert area["voters"] == sum(area["voters_by_age"].values()), code
        assert area["precincts"] == sum(area["precincts_by_size"].values()), code


def test_areas_add_up(summary):
    areas = summary["areas"]
    regions = [area for area in areas.values() if area["level"] == "REGION"]
    # Counted twice in parts: who moved, and questions about people of two districts.
    moving = {"listed_elsewhere", "arrived", "moved_in", "moved_out", "moved_within"}
    asked = {"discrepancies", "blocking", "high", "medium", "low", "resolved"}
    for figure in set(FIGURES) - moving - asked:
        assert areas["UZ"][figure] == sum(region[figure] for region in regions), figure
        for region in regions:
            districts = _districts(summary, region["region"])
            assert region[figure] == sum(d[figure] for d in districts), figure


def test_question_of_two_districts_counts_in_both_and_once_in_the_country(run, summary):
    for table, figure in (("discrepancies", "discrepancies"), (RESOLVED, "resolved")):
        questions = scan_table(run, table).collect()
        for code, area in summary["areas"].items():
            if area["level"] != "DISTRICT" or "/" in code:
                continue
            here = pl.lit(code)
            concerned = questions.filter(
                (pl.col("district_code") == here) | (pl.col("other_district_code") == here)
            )
            assert area[figure] == concerned.height > 0
        assert summary["areas"]["UZ"][figure] == questions.height
    far = scan_table(run, "discrepancies").filter(
        pl.col("other_district_code") != pl.col("district_code")
    )
    assert far.collect().height == 1


def test_figures_are_those_of_the_tables(run, summary):
    nation = summary["areas"]["UZ"]
    voters = scan_table(run, "voters").collect()
    assert nation["voters"] == voters.height == 570
    assert nation["women"] == voters.filter(pl.col("sex") == "F").height
    assert nation["persons"] == scan_table(run, "person").collect().height
    reconciliation = scan_table(run, "reconciliation").collect()
    of_persons = reconciliation.filter(pl.col("source") == "mia/persons")
    assert nation["rows"] == of_persons["rows"].sum()
    discrepancies = scan_table(run, "discrepancies").collect()
    assert nation["discrepancies"] == discrepancies.height
    by_code = dict(discrepancies["code"].value_counts().rows())
    assert nation["discrepancies_by_code"] == by_code
    changes = scan_table(run, "changes").collect()
    for change in ("ADDED", "REMOVED", "CORRECTED"):
        assert nation[change.lower()] == changes.filter(pl.col("change") == change).height
    for code, area in summary["areas"].items():
        if area["level"] == "DISTRICT" and "/" not in code:
            of_area = voters.filter(pl.col("district_code") == code)
            assert area["voters"] == of_area.height


def test_a_move_leaves_one_area_and_enters_another(run, summary):
    areas = summary["areas"]
    moved = scan_table(run, "changes").filter(pl.col("change") == "MOVED").collect()
    assert areas["UZ"]["moved_within"] == moved.height
    assert areas["UZ"]["moved_in"] == areas["UZ"]["moved_out"] == 0
    left = moved.filter(
        (pl.col("district_code_before") == "1735204")
        & (pl.col("district_code_after") != "1735204")
    )
    assert areas["1735204"]["moved_out"] == left.height > 0


def test_what_a_damaged_row_had_as_its_area_is_counted_but_not_told(summary):
    assert summary["areas"]["0000"]["quarantined"] == 3
    assert summary["areas"]["0000/none"]["quarantined"] == 3
    assert "Karimov" not in json.dumps(summary, ensure_ascii=False)


def test_no_voter_can_be_found_in_the_summary(run, summary):
    text = json.dumps(summary, ensure_ascii=False)
    for row in scan_table(run, "voters").collect().to_dicts():
        assert row["voter_id"] not in text
        assert row["pinfl"] is None or row["pinfl"] not in text
        assert row["document_number"] not in text


def test_precincts_outside_the_limits_are_listed(summary):
    assert [row["precinct_number"] for row in summary["precincts_outside_limits"]] == [
        99,
        500,
    ]
    assert [row["voters"] for row in summary["precincts_outside_limits"]] == [3, 0]
    assert summary["areas"]["1718203"]["precincts_too_small"] == 1


def test_precinct_sizes_fall_into_bins_closed_above(run, tmp_path):
    from pipeline import summary as module

    sizes = {0: "under", 19: "under", 20: "00000", 250: "00000", 251: "00250"}
    sizes |= {3000: "02750", 3001: "over"}
    with pytest.MonkeyPatch.context() as patch:
        rows = [_Precinct(voters) for voters in sizes]
        patch.setattr(module.queries, "precinct_rows", lambda *_: rows)
        areas = Areas()
        module._count_precincts(None, run, areas)
    expected = {}
    for size in sizes.values():
        expected[size] = expected.get(size, 0) + 1
    assert areas.breakdowns["UZ"]["precincts_by_size"] == expected


class _Precinct:
    region_code, district_code, precinct_number = "1718", "1718203", 1

    def __init__(self, voters):
        self.voters = voters

    def __iter__(self):
        return iter((self.region_code, self.precinct_number, self.voters))


def test_sources_say_what_is_absent(summary):
    sources = summary["sources"]
    assert len(sources) == 11
    assert sources["mia/persons"]["last_change"] == "2026-11-25"
    assert sources["cadastre/dwellings"]["rows"] == 300
    assert not sources["cec/rosters"]["is_present"]
    outcomes = sources["mia/persons"]["outcomes"]
    assert sum(row["rows"] for row in outcomes) == sources["mia/persons"]["rows"]


def test_discrepancies_are_counted_by_age_most_urgent_first(summary):
    found = summary["discrepancies"]
    assert sum(entry["count"] for entry in found) == summary["areas"]["UZ"]["discrepancies"]
    for entry in found:
        assert sum(entry["releases"].values()) == entry["count"]
        assert entry["releases"] == {"1": 1, "2-7": 0, "8-30": 1, "31+": 1}
    ranks = ["BLOCKING", "HIGH", "MEDIUM", "LOW"]
    severities = [ranks.index(entry["severity"]) for entry in found]
    assert severities == sorted(severities)


def test_flag_rates_count_every_voter_once_per_attribute(summary):
    totals = {}
    for row in summary["flag_rates"]:
        assert 0 <= row["flagged"] <= row["voters"]
        totals[row["attribute"]] = totals.get(row["attribute"], 0) + row["voters"]
    assert set(totals) == {"sex", "age", "script"}
    assert set(totals.values()) == {summary["areas"]["UZ"]["voters"]}
    scripts = {r["value"] for r in summary["flag_rates"] if r["attribute"] == "script"}
    assert scripts == {"LATIN", "CYRILLIC", "KARAKALPAK"}


def test_every_precinct_is_told_with_its_figures(run, summary):
    columns, rows = summary["precincts"]["columns"], summary["precincts"]["rows"]
    table = scan_table(run, "precincts").collect().select(columns)
    assert rows == [list(row) for row in table.sort(columns[:2]).iter_rows()]
    assert not {"women", "men"} & set(columns)


def test_ages_of_questions_sum_to_their_codes(summary):
    for area in summary["areas"].values():
        ages = area["discrepancies_by_age"]
        assert {code: sum(counts) for code, counts in ages.items()} == area[
            "discrepancies_by_code"
        ]


def test_resolved_questions_are_counted_by_what_ended_them(run, summary):
    resolved = scan_table(run, "resolved_discrepancies").collect()
    nation = summary["areas"]["UZ"]
    assert nation["resolved"] == resolved.height == sum(nation["resolved_by"].values())
    assert nation["resolved_by"] == dict(resolved["resolution"].value_counts().rows())


def areas_with(counts):
    """Areas of Samarkand with voters by age group: {district: {group: count}}."""
    areas = Areas()
    for district, groups in counts.items():
        for group, count in groups.items():
            levels = areas.levels("1718", district)
            areas.add(levels, "voters", count)
            areas.add_to(levels, "voters_by_age", group, count)
    return areas


def test_no_group_of_few_people_is_told():
    areas = areas_with(
        {
            "1718203": {"F018": 4, "M018": 900},
            "1718206": {"F018": 50, "M018": 60},
            "1718209": {"F018": 70, "M018": 80},
        }
    )
    # The second smallest goes along: else region minus the others would tell the four.
    assert areas.withhold_small_cells() == ["1718203", "1718206"]
    table = areas.table()
    assert table["1718203"]["voters_by_age"] == {}
    assert table["1718209"]["voters_by_age"] == {"F018": 70, "M018": 80}
    assert table["1718"]["voters_by_age"] == {"F018": 124, "M018": 1040}


@pytest.mark.parametrize("count", [0, 5])
def test_groups_of_nobody_or_of_enough_are_told(count):
    areas = areas_with({"1718203": {"F018": count, "M018": 900}, "1718206": {"F018": 50}})
    assert areas.withhold_small_cells() == []


@given(
    st.dictionaries(
        st.sampled_from(["1718203", "1718206", "1718209", "1718212"]),
        st.dictionaries(st.sampled_from(["F018", "M018", "F090"]), st.integers(1, 20)),
        min_size=1,
    )
)
def test_withheld_areas_can_not_be_worked_out(counts):
    """Whoever takes what is told from the sum of the region is left with two districts."""
    areas = areas_with(counts)
    withheld = set(areas.withhold_small_cells())
    populated = {code for code, groups in counts.items() if groups}
    left = withheld & populated
    assert len(left) != 1 or len(populated) == 1 or "1718" in withheld
    for area in areas.table().values():
        assert all(n >= SMALL_CELL for n in area["voters_by_age"].values())


def earlier(folder, count, **changes):
    """A previous release's summary.json with `count` releases behind it."""
    figures = dict.fromkeys(HISTORY_FIGURES, 3)
    content = {
        "as_of": "2026-11-26",
        "areas": {"UZ": figures | {"women": 1}},
        "history": {
            "figures": list(HISTORY_FIGURES),
            "releases": [{"release_id": f"r{n}"} for n in range(count)],
        },
        **changes,
    }
    folder.mkdir(exist_ok=True)
    (folder / "summary.json").write_text(json.dumps(content))
    return str(folder)


def test_history_begins_with_the_previous_release_and_is_bounded(tmp_path):
    assert summary_module._carry_history(None) == []
    one = summary_module._carry_history(earlier(tmp_path / "20261126-001-abc", 0))
    assert one == [
        {
            "release_id": "20261126-001-abc",
            "as_of": "2026-11-26",
            "areas": {"UZ": [3] * len(HISTORY_FIGURES)},
        }
    ]
    many = summary_module._carry_history(earlier(tmp_path / "x", HISTORY_RELEASES + 5))
    assert len(many) == HISTORY_RELEASES
    assert [many[0]["release_id"], many[-1]["release_id"]] == ["r6", "x"]


def test_history_of_another_layout_begins_anew(tmp_path):
    old = earlier(tmp_path / "x", 9, history={"figures": ["voters"], "releases": [1]})
    assert len(summary_module._carry_history(old)) == 1
    before = earlier(tmp_path / "y", 9, history=None)
    content = json.loads((tmp_path / "y" / "summary.json").read_text())
    del content["history"]
    (tmp_path / "y" / "summary.json").write_text(json.dumps(content))
    assert len(summary_module._carry_history(before)) == 1


def test_alarms_of_the_run_are_told(tmp_path):
    run = make_run(tmp_path)
    assert summary_module._read_alarms(run) == []
    alarm = {"code": "SOURCE_SHRANK", "where": "mia/persons", "before": 9, "now": 5}
    write_json(f"{run.work}/alarms.json", [alarm])
    assert summary_module._read_alarms(run) == [alarm]


def test_a_breakdown_stands_in_every_area(summary):
    for area in summary["areas"].values():
        assert set(BREAKDOWNS) <= set(area)
