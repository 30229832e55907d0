"""expected_chance_matches against counting every pair of a small population."""

import collections
import datetime
import itertools

import numpy as np
import pytest

from pipeline import tables
from pipeline.resolve_persons import resolve_persons
from pipeline.run import Linkage, Run
from schemas.source import SourceDecision
from tests.conftest import build_rows
from tests.person_worlds import AS_OF, DISTRICTS, MEN, SURNAMES, as_records, patronymic

ROWS = 2400
WHO = ("surname", "given_name", "patronymic", "birth_date")


def skewed(random: np.random.Generator, count: int) -> int:
    return int(count * random.random() ** 2)


def population() -> list[dict[str, object]]:
    """Different people all; names and birth dates drawn independently, some common."""
    random = np.random.default_rng(12)
    dates = [datetime.date(1970, 1, 1) + datetime.timedelta(days=37 * d) for d in range(40)]
    return [
        {
            "surname": SURNAMES[skewed(random, 12)],
            "given_name": MEN[skewed(random, 10)],
            "patronymic": patronymic(MEN[10 + skewed(random, 5)], "M"),
            "sex": "M",
            "birth_date": dates[skewed(random, 40)],
            "pinfl": None,
            "document_number": None,
            "district_code": DISTRICTS[skewed(random, 5)],
            "address_id": number,
        }
        for number in range(ROWS)
    ]


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Rows, and of every pair that agrees in full: expected in all, expected nearby."""
    rows = population()
    run = Run("", "", AS_OF, AS_OF, work=str(tmp_path_factory.mktemp("chance")))
    with tables.open_engine(run) as engine:
        records = as_records(engine, rows)
        decisions = build_rows(engine)(SourceDecision).limit(0)
        settings = Linkage(merge_weight_bits=100.0, review_weight_bits=-40.0)
        pairs = resolve_persons(engine, records, decisions, settings).review_pairs.pl()
    found = {(row["left_row_id"], row["right_row_id"]): row for row in pairs.to_dicts()}
    same = collections.defaultdict(list)
    for number, row in enumerate(rows):
        same[tuple(row[name] for name in WHO)].append(number)
    agreeing = [
        pair for group in same.values() for pair in itertools.combinations(group, 2)
    ]
    return rows, found, agreeing


def test_every_pair_that_agrees_is_asked_about(asked):
    _, found, agreeing = asked
    assert len(agreeing) > 400
    assert set(agreeing) <= set(found)


def test_expectation_is_population_times_shares_counted_by_hand(asked):
    rows, found, agreeing = asked
    counts = {name: collections.Counter(row[name] for row in rows) for name in WHO}
    for pair in agreeing:
        row = rows[pair[0]]
        by_hand = ROWS * np.prod([counts[name][row[name]] / ROWS for name in WHO])
        assert found[pair]["expected_chance_matches"] == pytest.approx(by_hand, rel=1e-4)


def test_expectation_foretells_how_many_pairs_agree(asked):
    """With e expected and c seen of each combination, c(c-1)/2e sums to half the rows.

    It would be 2 N/2 if expectations were half of what they are, and so on: every factor
    by which the formula may be wrong is a factor of this sum.
    """
    _, found, agreeing = asked
    total = sum(1 / found[pair]["expected_chance_matches"] for pair in agreeing)
    assert total == pytest.approx(ROWS / 2, rel=0.12)


def test_nearby_is_the_part_of_the_districts_of_the_pair(asked):
    rows, found, agreeing = asked
    homes = collections.Counter(row["district_code"] for row in rows)
    for pair in agreeing:
        districts = {rows[number]["district_code"] for number in pair}
        share = sum(homes[district] for district in districts) / ROWS
        row = found[pair]
        assert row["expected_chance_nearby"] == pytest.approx(
            row["expected_chance_matches"] * share, rel=1e-4
        )
