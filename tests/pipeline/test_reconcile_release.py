"""The chain from register to list, on hand-made tables; tests/flows has a built release."""

import polars as pl
import pytest

from pipeline.reconcile_release import STEPS, chain_faults, reconcile_release
from schemas.voter_list import (
    PrecinctSummary,
    Reconciliation,
    UnlistedPerson,
    VoterListEntry,
)

HERE = {"region_code": "1718", "district_code": "1718203"}
THERE = {"region_code": "1735", "district_code": "1735204"}


@pytest.fixture
def chain(rows):
    """Ten rows here: 1 refused, 6 persons, 2 of them listed, 1 of whom votes elsewhere."""

    def went(outcome, reason, count, **where):
        return {
            "source": "mia/persons",
            "outcome": outcome,
            "reason": reason,
            "rows": count,
            **(where or HERE),
        }

    nowhere = {"region_code": "", "district_code": ""}
    reconciliation = rows(
        Reconciliation,
        went("QUARANTINED", "sex_known", 1),
        went("QUARANTINED", "region_code_known", 3, **nowhere),
        went("LISTED", "PERMANENT", 1),
        went("LISTED", "ROSTER", 1),
        went("MERGED_INTO", "PINFL", 3),
        went("INELIGIBLE", "UNDER_AGE", 1),
        went("INELIGIBLE", "DECEASED", 2),
        went("UNPLACED", "COVERAGE_GAP", 1),
        went("APPLIED", "USED", 5) | {"source": "cec/precincts"},
    )
    unlisted = rows(
        UnlistedPerson,
        {"person_id": "a", "ground": "UNDER_AGE", **HERE},
        {"person_id": "b", "ground": "DECEASED", **HERE},
        {"person_id": "c", "ground": "DECEASED", **HERE},
        {"person_id": "d", "unplaced_reason": "COVERAGE_GAP", **HERE},
    )
    voters = rows(VoterListEntry, {"voter_id": "V1", **HERE}, {"voter_id": "V2", **THERE})
    return reconcile_release(reconciliation, unlisted, voters)


def steps(chain, area):
    sums = chain.filter((pl.col("area") == area) & (pl.col("reason") == ""))
    assert sums["step"].to_list() == list(STEPS)
    return dict(sums.select("step", "count").iter_rows())


def test_each_step_follows_from_the_one_before(chain):
    assert steps(chain, "1718203") == {
        "rows": 10,
        "quarantined": 1,
        "repeated": 3,
        "persons": 6,
        "under_age": 1,
        "adults": 5,
        "excluded": 2,
        "eligible": 3,
        "unplaced": 1,
        "listed": 2,
        "elsewhere": -1,
        "voters": 1,
    }
    assert steps(chain, "1735204")["elsewhere"] == 1
    assert steps(chain, "0000")["quarantined"] == 3
    assert steps(chain, "UZ")["rows"] == 13
    assert steps(chain, "UZ")["elsewhere"] == 0


def test_steps_are_broken_down_by_reason(chain):
    here = chain.filter((pl.col("area") == "1718203") & (pl.col("reason") != ""))
    assert here.select("step", "reason", "count").rows() == [
        ("quarantined", "sex_known", 1),
        ("excluded", "DECEASED", 2),
        ("unplaced", "COVERAGE_GAP", 1),
        ("listed", "PERMANENT", 1),
        ("listed", "ROSTER", 1),
    ]


def test_the_sum_of_districts_is_the_country(chain):
    sums = chain.filter(pl.col("reason") == "")
    districts = sums.filter(pl.col("area").str.len_chars() > 4)
    counted = dict(districts.group_by("step").agg(pl.col("count").sum()).iter_rows())
    assert counted == steps(chain, "UZ")


def published(chain):
    return {area: steps(chain, area) for area in chain["area"].unique(maintain_order=True)}


def test_figures_that_agree_are_tied_and_others_named(chain, rows):
    precincts = rows(
        PrecinctSummary,
        {"precinct_number": 1, "voters": 1, **HERE},
        {"precinct_number": 2, "voters": 1, **THERE},
    )
    figures = published(chain)
    assert chain_faults(chain, figures, precincts) == []
    figures["1718203"]["persons"] += 1
    assert chain_faults(chain, figures, precincts) == ["1718203: persons 6, summary.json 7"]
    other = rows(PrecinctSummary, {"precinct_number": 1, "voters": 2, **HERE})
    told = chain_faults(chain, published(chain), other)
    assert "1718203: voters 1, precincts 2" in told
    assert "1735204: voters 1, precincts 0" in told
