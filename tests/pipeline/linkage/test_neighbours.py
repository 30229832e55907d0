"""Values one edit apart: complete, symmetric, graded by how common the two are."""

import duckdb
import numpy as np
import polars as pl
import pytest
from rapidfuzz.distance import OSA

from pipeline.linkage.neighbours import EDIT_GRADES, edit_neighbours


@pytest.fixture
def plain_engine():
    with duckdb.connect() as engine:
        yield engine


def neighbours(
    engine: duckdb.DuckDBPyConnection, counts: dict[str, int]
) -> dict[tuple[str, str], str]:
    texts = sorted(counts)
    engine.register(
        "value",
        pl.DataFrame(
            {
                "code": range(len(texts)),
                "text": texts,
                "rows": [counts[text] for text in texts],
            }
        ),
    )
    edit_neighbours(engine, "value", "near")
    return {
        (texts[left], texts[right]): EDIT_GRADES[grade - 1]
        for left, right, grade in engine.sql("FROM near").fetchall()
    }


def test_every_pair_within_one_edit_is_found(plain_engine: duckdb.DuckDBPyConnection):
    random = np.random.default_rng(3)
    words = {
        "".join(random.choice(list("abc"), int(size)))
        for size in random.integers(3, 8, 300)
    }
    found = neighbours(plain_engine, dict.fromkeys(words, 1))
    expected = {
        (one, two)
        for one in words
        for two in words
        if one != two and min(len(one), len(two)) >= 4 and OSA.distance(one, two) == 1
    }
    assert set(found) == expected
    assert expected


@pytest.mark.parametrize(
    ("common", "rare", "grade"),
    [(5000, 3, "typo"), (5000, 4000, "established"), (3, 2, "near")],
)
def test_grade(plain_engine: duckdb.DuckDBPyConnection, common: int, rare: int, grade: str):
    found = neighbours(plain_engine, {"hasan": common, "husan": rare})
    assert found == {("hasan", "husan"): grade, ("husan", "hasan"): grade}


def test_short_values_have_none(plain_engine: duckdb.DuckDBPyConnection):
    assert neighbours(plain_engine, {"oy": 5, "ay": 5, "lee": 5, "lea": 5}) == {}
