"""Quality without labels: decoys, sentinels, drift, parity, and what a flag costs."""

import dataclasses
import datetime
import math
from collections.abc import Iterator

import duckdb
import numpy as np
import polars as pl
import pytest

from pipeline import checks, tables
from pipeline.errors import ContractError
from pipeline.quality.decoys import KINDS, count_decoys
from pipeline.quality.drift import measure_drift
from pipeline.quality.intervals import ratio_interval, share_interval
from pipeline.quality.measure import find_warnings
from pipeline.quality.parity import compare_groups
from pipeline.quality.review_cost import cost_batches
from pipeline.quality.sentinels import check_sentinels
from pipeline.resolve_persons import resolve_persons
from pipeline.resolve_persons.train import collect_parameters
from pipeline.run import Linkage, Run, Safety
from schemas.source import SourceDecision
from tests.conftest import build_rows
from tests.person_worlds import AS_OF, as_records, background

DAY = datetime.date(2026, 12, 27)


@dataclasses.dataclass(frozen=True)
class Night:
    """A matched register with its parameters."""

    engine: duckdb.DuckDBPyConnection
    records: duckdb.DuckDBPyRelation
    parameters: object


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    run = Run("", "", DAY, AS_OF, work=str(tmp_path_factory.mktemp("quality")))
    with tables.open_engine(run) as engine:
        rows = background()
        # Families: every third person has a brother or sister at the same address.
        rows += [
            {
                **row,
                "given_name": rows[place + 1]["given_name"],
                "pinfl": None,
                "document_number": None,
            }
            for place, row in enumerate(rows[:1800])
            if place % 3 == 0 and rows[place + 1]["sex"] == row["sex"]
        ]
        records = as_records(engine, rows)
        decisions = build_rows(engine)(SourceDecision).limit(0)
        found = resolve_persons(engine, records, decisions, Linkage())
        fitted = collect_parameters(engine, found.trained, AS_OF.isoformat())
        yield Night(engine, records, fitted)


# --- intervals -----------------------------------------------------------------------


@pytest.mark.parametrize(("hits", "trials"), [(0, 40), (3, 40), (40, 40), (7, 1000)])
def test_share_interval_leaves_a_tail_of_each_binomial(hits: int, trials: int):
    """At the ends of the interval what was seen has a chance of 2.5 % or less so."""

    def chance(share: float, counts: range) -> float:
        return sum(
            math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in counts
        )

    low, high = share_interval(hits, trials)
    assert low <= hits / trials <= high
    if hits:
        assert chance(low, range(hits, trials + 1)) == pytest.approx(0.025)
    if hits < trials:
        assert chance(high, range(hits + 1)) == pytest.approx(0.025)


def test_share_of_nothing_is_unknown():
    assert share_interval(0, 0) == (0.0, 1.0)


def test_ratio_interval_holds_the_ratio_as_often_as_it_says():
    chance = np.random.default_rng(6)
    within = 0
    for _ in range(400):
        one, two = int(chance.binomial(3000, 0.06)), int(chance.binomial(9000, 0.03))
        _, low, high = ratio_interval(one, 3000, two, 9000, 1.96)
        within += low <= 2.0 <= high
    assert 0.92 <= within / 400 <= 0.98
    assert ratio_interval(0, 10, 3, 10, 1.96) is None


# --- decoys --------------------------------------------------------------------------


def test_decoys_are_nobody(night):
    """No decoy is a real row over again; each kind keeps what it should."""
    count_decoys(night.engine, night.records, night.parameters, Linkage(), 400)
    made = night.engine.table("quality_decoy").pl()
    assert set(made["kind"]) == set(KINDS)
    who = ["surname_key", "given_name_key", "patronymic_key", "birth_date", "sex"]
    family = ["surname_key", "patronymic_key", "address_id"]
    real = night.records.pl()
    assert made.join(real, on=who, how="semi", nulls_equal=True).is_empty()
    kin = made.filter(pl.col("kind") != "stranger")
    assert kin.join(real, on=family, how="semi", nulls_equal=True).height == kin.height
    twins = made.filter(pl.col("kind") == "twin")
    at_home = [*family, "birth_date"]
    assert twins.join(real, on=at_home, how="semi", nulls_equal=True).height == twins.height


def test_strangers_are_not_linked(night):
    counts = count_decoys(night.engine, night.records, night.parameters, Linkage(), 400)
    by_kind = {row.kind: row for row in counts}
    assert all(row.decoys >= 10 for row in counts)
    assert by_kind["stranger"].decoys >= 200
    assert sum(row.linked for row in counts) == 0
    assert 0 < by_kind["stranger"].rate_high < 0.2


def test_a_matcher_that_links_too_lightly_is_seen(night):
    """Decoys must be able to fail: without thresholds they are linked."""
    loose = Linkage(merge_weight_bits=-10.0, review_weight_bits=-10.0)
    counts = count_decoys(night.engine, night.records, night.parameters, loose, 400)
    assert sum(row.linked + row.flagged for row in counts) > 20


def test_decoys_do_not_depend_on_the_order_of_rows(night):
    one = count_decoys(night.engine, night.records, night.parameters, Linkage(), 100)
    shuffled = night.records.order("surname_key DESC, row_id DESC")
    assert count_decoys(night.engine, shuffled, night.parameters, Linkage(), 100) == one


def test_no_decoys_are_made_of_too_few_rows(night):
    few = night.records.limit(5)
    counts = count_decoys(night.engine, few, night.parameters, Linkage(), 100)
    assert [(row.kind, row.decoys) for row in counts] == [(kind, 0) for kind in KINDS]


# --- sentinels -----------------------------------------------------------------------


def sentinels(night: Night, settings: Linkage) -> dict[str, str]:
    found = check_sentinels(
        night.engine,
        tables.reference_table("sentinels"),
        night.parameters,
        settings,
        AS_OF,
    )
    return {row.case: row.outcome for row in found if not row.is_right}


def test_sentinels_come_out_right(night):
    assert sentinels(night, Linkage()) == {}


def test_a_threshold_set_wrongly_fails_a_sentinel(night):
    severe = Linkage(merge_weight_bits=200.0, review_weight_bits=200.0)
    assert "slip_in_surname" in sentinels(night, severe)


def test_a_case_of_one_row_is_refused(night):
    cases = tables.reference_table("sentinels")[1:]
    with pytest.raises(ContractError, match="two rows"):
        check_sentinels(night.engine, cases, night.parameters, Linkage(), AS_OF)


def test_wrong_sentinel_and_linked_decoys_raise_alarms():
    quality = {
        "sentinels": [
            {"case": "twins", "outcome": "MERGED", "is_right": False},
            {"case": "sisters", "outcome": "LEFT", "is_right": True},
        ],
        "decoys": [
            {"kind": "stranger", "linked": 8, "rate": 0.004, "rate_low": 0.002},
            {"kind": "twin", "linked": 2, "rate": 0.004, "rate_low": 0.0005},
            {"kind": "namesake", "linked": 1, "rate": 0.1, "rate_low": 0.0025},
        ],
    }
    found = checks.find_quality_alarms(quality, Safety())
    assert [(alarm.code, alarm.where) for alarm in found] == [
        ("SENTINEL_WRONG", "twins: MERGED"),
        ("FALSE_LINKS", "decoys: stranger"),
    ]


# --- drift ---------------------------------------------------------------------------


def resolved_again(night: Night, rows: list[dict[str, object]]) -> list[tuple[str, ...]]:
    night.engine.execute("DROP TABLE IF EXISTS world_records")
    records = as_records(night.engine, rows)
    decisions = build_rows(night.engine)(SourceDecision).limit(0)
    resolve_persons(night.engine, records, decisions, Linkage(), night.parameters)
    moved = measure_drift(night.engine, night.parameters)
    return [(row.comparison, row.level, row.among) for row in moved]


def test_drift_names_what_moved_and_nothing_else(night):
    rows = background()
    kept = night.engine.table("world_records").pl()
    try:
        assert resolved_again(night, rows) == []
        same_name = [{**row, "given_name": "Alisher", "sex": "M"} for row in rows]
        found = resolved_again(night, same_name)
        assert ("given_name", "exact", "strangers") in found
        assert "surname" not in {comparison for comparison, _, _ in found}
    finally:
        night.engine.execute("DROP TABLE world_records")
        night.engine.register("kept_rows", kept)
        night.engine.execute("CREATE TABLE world_records AS SELECT * FROM kept_rows")


# --- parity --------------------------------------------------------------------------


def group(region: str, surname: str, sex: str, flagged: int, voters: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "region_code": [region] * voters,
            "surname": surname,
            "sex": sex,
            "birth_date": datetime.date(1980, 1, 1),
            "flags": [["POSSIBLE_DUPLICATE"]] * flagged + [[]] * (voters - flagged),
        },
        schema_overrides={"flags": pl.List(pl.String)},
    )


def uneven(*groups: pl.DataFrame) -> set[tuple[str, str]]:
    with duckdb.connect() as engine:
        engine.register("voter_rows", pl.concat(groups))
        found = compare_groups(engine, engine.table("voter_rows"), DAY)
    assert {row.voters for row in found if row.attribute == "age"} == {
        sum(part.height for part in groups)
    }
    return {(row.attribute, row.value) for row in found if row.is_uneven}


def test_group_flagged_out_of_proportion_is_named():
    latin = group("1718", "Karimov", "M", 100, 2000)
    assert uneven(latin, group("1718", "Каримов", "M", 200, 2000)) == {
        ("script", "CYRILLIC")
    }


def test_small_difference_and_small_group_are_not_named():
    latin = group("1718", "Karimov", "M", 500, 20000)
    assert uneven(latin, group("1718", "Каримов", "M", 60, 2000)) == set()
    assert uneven(latin, group("1718", "Каримов", "M", 9, 60)) == set()


def test_pairs_that_were_too_many_are_told():
    capped = {"among": "references", "rule": "names", "blocks": 2, "pairs": 90_000}
    assert find_warnings({"drift": [], "groups": [], "capped": [capped]}) == [
        {
            "code": "PAIRS_NOT_COMPARED",
            "where": "names among references",
            "before": 0,
            "now": 90_000,
        }
    ]


def test_karakalpak_letters_are_a_script():
    plain = group("1735", "Karimov", "F", 20, 2000)
    assert uneven(plain, group("1735", "Ábdimuratov", "F", 90, 1000)) == {
        ("script", "KARAKALPAK")
    }


# --- what a flag costs ---------------------------------------------------------------


def test_cost_of_a_batch_is_voters_at_risk_per_duplicate():
    pairs = pl.DataFrame(
        {
            "cause": ["NOT_CERTAIN", "NOT_CERTAIN", "PINFL_SHARED"],
            "match_probability": [0.75, 0.25, None],
            "expected_chance_matches": [0.5, 2.0, None],
        }
    )
    links = pl.DataFrame(
        {"rule": ["PROBABILISTIC", "PINFL"], "match_weight": [30.0, None]},
        schema_overrides={"match_weight": pl.Float64},
    )
    with duckdb.connect() as engine:
        engine.register("pair_rows", pairs)
        engine.register("link_rows", links)
        found = cost_batches(
            engine, engine.table("pair_rows"), engine.table("link_rows"), -27.0
        )
    by_batch = {row.batch: row for row in found}
    flagged = by_batch["NOT_CERTAIN"]
    assert flagged.voters_per_duplicate == 1.0
    assert flagged.expected_chance_matches == 2.5
    merged = by_batch["PROBABILISTIC"]
    assert merged.voters_per_duplicate == pytest.approx(1 / 8)
    assert by_batch["PINFL_SHARED"].pairs_unweighed == 1
    assert by_batch["PINFL_SHARED"].voters_per_duplicate is None
