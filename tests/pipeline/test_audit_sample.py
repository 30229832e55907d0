"""Audit samples: everybody draws the same, chances are as told, intervals are exact."""

import collections
import hashlib
import io
import math

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pipeline.audit_form import (
    LIST_ANSWERS,
    address_form,
    form_csv,
    form_xlsx,
    list_form,
    read_form,
)
from pipeline.audit_results import (
    bound_if_all_are_good,
    estimate,
    exact_interval,
    expected_margin,
)
from pipeline.audit_sample import Design, allocate, draw_dwellings, draw_voters
from pipeline.errors import SourceError
from schemas.voter_list import VoterListEntry

REGIONS = ("1718", "1735")


def people(count):
    """Voters of two regions with precincts of unequal size, four to a house."""
    return [
        {
            "voter_id": f"V{n:013d}",
            "list_number": n + 1,
            "region_code": REGIONS[n % 3 == 0],
            "district_code": f"{REGIONS[n % 3 == 0]}203",
            "precinct_number": 1 + int(math.sqrt(n)) % 12,
            "surname": f"=S{n}",
            "given_name": "Anvar",
            "street": "Gulyor koʻchasi",
            "house": str(n // 4),
        }
        for n in range(count)
    ]


@pytest.fixture
def voters(rows):
    return rows(VoterListEntry, *people(900))


def drawn(engine, voters, draw=draw_voters, **design):
    return engine.table(draw(engine, voters, Design(**design))).pl().sort("number")


def ticket(seed, kind, unit):
    """The rule of docs/method.md, written anew."""
    return int(hashlib.sha256(f"{seed}|{kind}|{unit}".encode()).hexdigest()[:15], 16)


def test_an_observer_with_sha_256_draws_the_same(engine, voters):
    found = drawn(engine, voters, seed="3-5-1-6", size=60)
    expected = []
    for region, quota in (("1718", 40), ("1735", 20)):
        here = [row["voter_id"] for row in people(900) if row["region_code"] == region]
        here.sort(key=lambda unit: ticket("3-5-1-6", "list-to-people", unit))
        expected += here[:quota]
    assert sorted(found["voter_id"].to_list()) == sorted(expected)
    assert found["number"].to_list() == list(range(1, 61))


def test_order_of_rows_draws_the_same_and_another_seed_others(engine, rows, voters):
    one = drawn(engine, voters, seed="a", size=50)
    other = drawn(engine, rows(VoterListEntry, *reversed(people(900))), seed="a", size=50)
    assert one.equals(other)
    assert set(drawn(engine, voters, seed="b", size=50)["voter_id"]) != set(one["voter_id"])


def test_a_seed_with_an_apostrophe_is_a_seed(engine, voters):
    assert drawn(engine, voters, seed="Oʻ'zbek", size=10).height == 10


def test_by_precinct_each_gives_equally_many_and_anybody_can_redraw(engine, voters):
    found = drawn(engine, voters, seed="x", size=40, per_precinct=5, intraclass=0.0)
    by_precinct = found.group_by("region_code", "precinct_number").len()
    assert set(by_precinct["len"]) == {5}
    frame = people(900)
    expected = set()
    for region, wanted in (("1718", math.ceil(27 / 5)), ("1735", math.ceil(13 / 5))):
        here = [row for row in frame if row["region_code"] == region]
        sizes = collections.Counter(row["precinct_number"] for row in here)
        order = sorted(
            sizes,
            key=lambda p: (
                ticket("x", "list-to-people-precinct", f"{region}-{p}") / sizes[p]
            ),
        )
        for precinct in order[:wanted]:
            ids = [r["voter_id"] for r in here if r["precinct_number"] == precinct]
            ids.sort(key=lambda unit: ticket("x", "list-to-people", unit))
            expected |= {*ids[:5]}
    assert set(found["voter_id"]) == expected
    assert found.height == 45, "whole precincts: at least as many as asked for"


def test_a_precinct_s_chance_grows_with_its_size(engine, rows):
    sizes = {1: 10, 2: 20, 3: 40, 4: 80}
    frame = rows(
        VoterListEntry,
        *(
            {"voter_id": f"V{p}{n:012d}", "region_code": "1718", "precinct_number": p}
            for p, size in sizes.items()
            for n in range(size)
        ),
    )
    times = collections.Counter()
    for seed in range(75):
        found = drawn(engine, frame, seed=str(seed), size=5, per_precinct=5, intraclass=0.0)
        times[found["precinct_number"][0]] += 1
    for precinct, size in sizes.items():
        expected = 75 * size / 150
        assert abs(times[precinct] - expected) < 4 * math.sqrt(expected) + 1


def test_addresses_are_drawn_whole(engine, voters):
    found = drawn(engine, voters, draw_dwellings, seed="y", size=30)
    assert found.height == 30
    assert not found.select("district_code", "street", "house").is_duplicated().any()
    assert found["voters_listed"].sum() > 30


def test_more_than_there_are_is_everybody(engine, rows):
    frame = rows(VoterListEntry, *people(7))
    assert drawn(engine, frame, seed="z", size=2401).height == 7
    empty = frame.limit(0)
    assert drawn(engine, empty, seed="z", size=10).height == 0
    assert drawn(engine, empty, seed="z", size=10, per_precinct=3).height == 0


@given(
    st.integers(1, 5000),
    st.lists(st.integers(1, 100_000), min_size=1, max_size=30),
)
def test_allocation_is_proportional_and_within_bounds(size, units):
    strata = [(f"{n:03d}", count) for n, count in enumerate(units)]
    quotas = allocate(size, strata)
    total = sum(units)
    assert all(q <= u for q, u in zip(quotas, units, strict=True))
    assert all(q >= min(u, 2) for q, u in zip(quotas, units, strict=True))
    for quota, count in zip(quotas, units, strict=True):
        assert quota <= max(2, math.ceil(min(size, total) * count / total))
    if all(quota > 2 for quota in quotas):
        assert sum(quotas) == min(size, total)


@given(st.integers(0, 300), st.integers(0, 300))
def test_intervals_are_clopper_and_pearson_s(good, bad):
    low, high = exact_interval(good, good + bad)
    if good + bad == 0:
        assert (low, high) == (0, 1)
        return
    oracle = binomtest(good, good + bad).proportion_ci(0.95, method="exact")
    assert low == pytest.approx(oracle.low, abs=1e-9)
    assert high == pytest.approx(oracle.high, abs=1e-9)


def test_what_a_sample_can_say_is_told_beforehand():
    assert expected_margin(2401, 20_000_000) == pytest.approx(0.02, abs=1e-4)
    assert expected_margin(2401, 2401) == 0
    assert bound_if_all_are_good(2401) == pytest.approx(3.69 / 2401, rel=0.01)
    assert Design("s", per_precinct=26, intraclass=0.02).drawn_size == math.ceil(2401 * 1.5)


def test_answers_that_all_agree_within_a_precinct_count_once():
    alike = [(str(p), p % 4 > 0) for p in range(40) for _ in range(10)]
    found = estimate(alike, clustered=True)
    assert found.share == 0.75
    assert 9 < found.design_effect < 12, "ten answers of a precinct are worth one"
    plain = estimate(alike, clustered=False)
    assert found.low < plain.low < 0.75 < plain.high < found.high
    assert (plain.low, plain.high) == exact_interval(300, 400)


def test_silence_never_makes_a_result_better():
    cases = [("p", True)] * 90 + [("p", None)] * 10
    found = estimate(cases, clustered=False)
    assert (found.good, found.answered, found.drawn) == (90, 90, 100)
    assert found.share == 1
    assert found.low_if_silent_are_bad == pytest.approx(exact_interval(90, 100)[0])


def test_forms_come_back_as_they_went(engine, voters):
    form = list_form(drawn(engine, voters, seed="s", size=20))
    for name, content in (
        ("f.csv", form_csv(form)),
        ("f.xlsx", form_xlsx(form, "t", LIST_ANSWERS)),
    ):
        rows = read_form(name, content)
        assert len(rows) == 20
        assert {row["lives_here"] for row in rows} == {""}
        assert [row["number"] for row in rows] == [str(n) for n in range(1, 21)]
    again = form_xlsx(form, "t", LIST_ANSWERS)
    assert again == form_xlsx(form, "t", LIST_ANSWERS)
    book = openpyxl.load_workbook(io.BytesIO(again))
    surnames = [cell.value for cell in book["form"]["H"]][1:]
    assert all(value.startswith("=S") for value in surnames), "text, not a formula"
    assert book["form"].freeze_panes == "B2"


def test_an_address_has_a_line_for_everybody_found(engine, voters):
    form = address_form(drawn(engine, voters, draw_dwellings, seed="s", size=5))
    assert form.height == 30
    assert form["surname"].null_count() == 30


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a;b\n1;2\n", "no form"),
        ("", "no form"),
        ("number;region_code;precinct_number;lives_here\n1;1718;1;yes\n", "row 1: lives"),
    ],
)
def test_a_form_that_can_not_be_used_is_refused(text, told):
    with pytest.raises(SourceError, match=told):
        read_form("f.csv", text.encode())
    with pytest.raises(SourceError, match="workbook"):
        read_form("f.xlsx", b"no workbook")


def test_drawn_rows_keep_their_list(engine, voters):
    found = drawn(engine, voters, seed="s", size=20)
    listed = {row["voter_id"]: row["surname"] for row in people(900)}
    assert all(listed[i] == s for i, s in found.select("voter_id", "surname").iter_rows())
    assert isinstance(found, pl.DataFrame)
