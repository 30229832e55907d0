"""u against counting all pairs; m against a mixture whose parameters are known."""

import duckdb
import numpy as np
import polars as pl
import pytest

from pipeline.linkage.compare import (
    BITS,
    Comparison,
    Neighbours,
    Tier,
    pattern_text,
    unpack_levels,
)
from pipeline.linkage.estimate import (
    Model,
    PatternCounts,
    count_frequencies,
    estimate_m,
    u_probabilities,
)
from pipeline.linkage.frames import store_frame

NAME = Comparison(
    "name",
    (Tier("exact", "key"), Tier("loose", "loose")),
    {"exact": 0.8, "loose": 0.1, "near": 0.05, "other": 0.05},
    Neighbours("near", "loose", ("near",)),
)


def plain(name: str) -> Comparison:
    return Comparison(name, (Tier("exact", name),), {"exact": 0.7, "other": 0.3})


def test_levels_run_from_missing_to_other():
    assert NAME.levels == ("missing", "exact", "loose", "near", "other")


def test_pattern_names_levels_and_leaves_out_missing():
    comparisons = (plain("a"), plain("b"), plain("c"))
    pattern = 1 | 0 << BITS | 2 << (2 * BITS)
    assert pattern_text(comparisons, pattern) == "a=exact c=other"
    assert unpack_levels(np.asarray([pattern]), 3).tolist() == [[1, 0, 2]]


def test_u_is_what_counting_all_pairs_gives():
    random = np.random.default_rng(5)
    loose = random.integers(0, 12, 400)
    rows = pl.DataFrame(
        {"node": range(400), "key": loose * 3 + random.integers(0, 3, 400), "loose": loose}
    )
    near = [(one, two, 1) for one in range(12) for two in range(12) if abs(one - two) == 1]
    with duckdb.connect() as engine:
        engine.register("node", rows)
        columns = ["left_code", "right_code", "grade"]
        store_frame(engine, "p_near", pl.DataFrame(near, schema=columns, orient="row"))
        count_frequencies(engine, (NAME,), "node", "p")
        u = u_probabilities(engine, NAME, "p")
        level = NAME.level_sql()
        counted = dict(
            engine.sql(
                f"SELECT {level}, count(*) / (400 * 399) FROM node AS l JOIN node AS r "
                "ON l.node <> r.node LEFT JOIN p_near AS near "
                "ON near.left_code = l.loose AND near.right_code = r.loose "
                "GROUP BY ALL"
            ).fetchall()
        )
    assert u[1:] == pytest.approx([counted[n] for n in range(1, 5)], rel=0.01)


def mixture(m: list[float], u: list[float], share: float, pairs: int) -> PatternCounts:
    """Expected counts of every pattern of independent exact-or-other comparisons."""
    patterns, counts = [], []
    for bits in np.ndindex(*(2,) * len(m)):
        match = np.prod([p if b == 0 else 1 - p for p, b in zip(m, bits, strict=True)])
        other = np.prod([p if b == 0 else 1 - p for p, b in zip(u, bits, strict=True)])
        patterns.append(sum((b + 1) << (BITS * i) for i, b in enumerate(bits)))
        counts.append(round(pairs * (share * match + (1 - share) * other)))
    return PatternCounts((), np.asarray(patterns), np.asarray(counts))


def test_em_finds_the_parameters_of_a_mixture():
    comparisons = tuple(plain(name) for name in "abcd")
    m, u = [0.95, 0.9, 0.8, 0.6], [0.01, 0.05, 0.1, 0.3]
    given = tuple(np.asarray([1.0, p, 1 - p]) for p in u)
    found, matches = estimate_m(comparisons, given, [mixture(m, u, 0.03, 10_000_000)])
    assert [values[1] for values in found] == pytest.approx(m, abs=0.01)
    assert matches[0] == pytest.approx(300_000, rel=0.02)


def test_em_without_pairs_keeps_the_stated_m():
    comparisons = (plain("a"),)
    empty = np.asarray([], dtype=np.int64)
    found, matches = estimate_m(
        comparisons, (np.asarray([1.0, 0.1, 0.9]),), [PatternCounts((), empty, empty)]
    )
    assert found[0][1] == pytest.approx(0.7)
    assert matches == [0.0]


def test_rule_does_not_train_what_it_fixes():
    comparisons = (plain("a"), plain("b"))
    known = PatternCounts(("a",), np.asarray([2 | 1 << BITS]), np.asarray([10**6]), True)
    found, _ = estimate_m(comparisons, (np.asarray([1.0, 0.1, 0.9]),) * 2, [known])
    assert found[0][1] == pytest.approx(0.7)
    assert found[1][1] > 0.99


def test_weight_is_the_log_of_m_over_u():
    model = Model(
        (plain("a"),),
        (np.asarray([1.0, 0.8, 0.2]),),
        (np.asarray([1.0, 0.1, 0.9]),),
        -9,
        10,
    )
    assert model.base_weights(0) == pytest.approx([0, 3, np.log2(0.2 / 0.9)])
