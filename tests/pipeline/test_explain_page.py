"""The page of an explanation: whole, safe, in words, and true to the weights."""

import re
import xml.etree.ElementTree as ET

import duckdb
import polars as pl
import pytest

from pipeline.explain import Explanation, ReleaseTables, explain_person
from pipeline.explain_page import render_explanations, words
from pipeline.resolve_persons.model import COMPARISONS
from pipeline.waterfall_chart import Chart, draw

LINKAGE = {"merge_weight_bits": 16.0, "review_weight_bits": 0.0}


def explanation(**changes) -> Explanation:
    facts = {
        "person_id": "V1",
        "entry": {"voter_id": "V1", "surname": "<b>O'g'li</b>", "flags": ["A", "B"]},
        "unlisted": None,
        "rows": [
            {
                "source": "mia/persons",
                "record_id": "R1",
                "outcome": "LISTED",
                "reason": "PERMANENT",
                "rule": "PROBABILISTIC",
                "weight": 30.0,
            }
        ],
        "waterfalls": {"R1": [("surname", "exact", 20.0), ("document", "other", -4.0)]},
        "discrepancies": [],
        "asked": {},
        "prior_bits": -10.0,
        **changes,
    }
    return Explanation(**facts)


def test_page_stands_alone_and_escapes_what_it_shows():
    page = render_explanations([explanation()], "release", LINKAGE)
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert not re.search(r"https?:|<script|<link|url\(|@import", page)
    assert "prefers-color-scheme" in page or "light-dark(" in page
    assert "@media print" in page


def test_page_says_the_sum_and_its_probability():
    page = render_explanations([explanation()], "release", LINKAGE)
    assert "+6.00" in page
    assert f"{100 / (1 + 2**-6):.4f} %" in page


def test_question_has_a_chart_of_its_own():
    asked = {"D9": [("surname", "near", 3.0)]}
    page = render_explanations([explanation(asked=asked)], "release", LINKAGE)
    assert page.count("<svg") == 2
    assert "D9" in page


def bars(svg: str) -> list[tuple[str, float, float]]:
    root = ET.fromstring(svg)
    return [
        (rect.get("class"), float(rect.get("x")), float(rect.get("width")))
        for rect in root.iter("rect")
    ]


def test_each_bar_begins_where_the_last_one_ended():
    svg = draw(
        Chart(
            bars=(("a", "x", -4.0), ("b", "", 10.0), ("c", "y", -1.0)),
            total="sum",
            limits=(("merge", 16.0),),
            title="<t>",
        )
    )
    (k1, x1, w1), (k2, x2, w2), (k3, x3, w3), (k4, x4, w4) = bars(svg)
    assert (k1, k2, k3, k4) == ("against", "for", "against", "sum")
    assert x2 == pytest.approx(x1)
    assert x3 + w3 == pytest.approx(x2 + w2, abs=0.2)
    assert w2 == pytest.approx(10 * w1 / 4, rel=0.02)
    # The sum runs from nought, where the first bar began, to where the last one ended.
    assert x4 == pytest.approx(x1 + w1, abs=0.2)
    assert x4 + w4 == pytest.approx(x3, abs=0.2)


def test_nothing_weighs_less_than_nothing():
    svg = draw(Chart(bars=(("a", "x", -0.04),), total="sum", limits=(), title="t"))
    assert "+0.0" in svg
    assert "-0.0" not in svg


def test_every_comparison_and_level_has_words():
    known = words()
    for comparison in COMPARISONS:
        assert ("comparison", comparison.name) in known
        assert {("level", level) for level in comparison.levels[1:]} <= set(known)


def test_waterfall_of_a_question_is_rebuilt_from_its_pattern():
    with duckdb.connect() as engine:
        frames = {
            "voters": {"voter_id": ["V1"]},
            "unlisted": {"person_id": ["V2"]},
            "lineage": {
                "source": ["mia/persons"],
                "record_id": ["R1"],
                "person_id": ["V1"],
                "pattern": pl.Series([None], dtype=pl.String),
                "weight": pl.Series([None], dtype=pl.Float64),
            },
            "discrepancies": {
                "discrepancy_id": ["D1", "D2"],
                "code": ["POSSIBLE_DUPLICATE", "SEVERAL_PERMANENT"],
                "voter_id": pl.Series([None, "V1"], dtype=pl.String),
                "record_ids": [["R1", "R2"], ["R1"]],
                "value_a": ["surname=exact sex=exact", "x"],
                "weight": pl.Series([9.5, None], dtype=pl.Float64),
            },
            "linkage_model": {
                "column": ["surname", "sex", "prior"],
                "level": ["exact", "exact", "prior"],
                "match_weight": [7.0, 1.0, -12.0],
            },
        }
        for name, columns in frames.items():
            engine.register(name, pl.DataFrame(columns))
        release = ReleaseTables(*(engine.table(name) for name in frames))
        found = explain_person(release, "V1")
    assert found.prior_bits == -12.0
    assert found.asked == {
        "D1": [
            ("surname", "exact", 7.0),
            ("sex", "exact", 1.0),
            ("value_frequencies", "shared values", 1.5),
        ]
    }
