"""The next night compares only what changed, and gives the bytes of a full run."""

import functools
from collections.abc import Iterator

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.population import make_population
from pipeline.linkage.block import plan_blocks
from pipeline.linkage.parameters import Parameters
from pipeline.resolve_persons import Night, resolve_persons, weigh
from pipeline.resolve_persons.train import fit_parameters
from pipeline.run import Linkage
from schemas.source import SourceDecision
from tests.conftest import build_rows

GROUPS = (
    ("surname_key", "surname_loose"),
    ("given_name_key", "given_name_loose"),
    ("patronymic_key", "patronymic_loose"),
    ("birth_date",),
    ("pinfl", "pinfl_digits"),
    ("document_key",),
    ("address_id",),
    ("sex",),
    ("district_code", "region_code"),
)
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["drop", "copy", "clear", "take"]),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        st.sampled_from(GROUPS),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def records() -> pl.DataFrame:
    return make_population(900, seed=5, duplicate_share=0.25, twin_share=0.1).records


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": "2"}) as opened:
        yield opened


@pytest.fixture(scope="module")
def parameters(engine: duckdb.DuckDBPyConnection, records: pl.DataFrame) -> Parameters:
    engine.register("population", records)
    return fit_parameters(engine, engine.table("population"), "2026-11-01", rows_min=2)


def resolve(engine, records, parameters, last_night=None):
    """Result tables, what the night keeps, and how many pairs were compared."""
    engine.register("population", records)
    decisions = build_rows(engine)(SourceDecision).limit(0)
    found = resolve_persons(
        engine, engine.table("population"), decisions, Linkage(), parameters, last_night
    )
    relations = (found.person_links, found.persons, found.review_pairs, found.model)
    kept = [found.night.rows.pl(), found.night.pairs.pl()]
    return [r.pl().sort(r.columns) for r in relations], kept, found.notes


def as_night(engine, kept) -> Night:
    for name, frame in zip(("rows", "pairs"), kept, strict=True):
        engine.register(f"kept_{name}", frame)
    return Night(engine.table("kept_rows"), engine.table("kept_pairs"))


def changed(records: pl.DataFrame, changes) -> pl.DataFrame:
    """Another night: some rows gone, new or corrected; rows and addresses renumbered."""
    rows = records.to_dicts()
    dropped = set()
    for number, (kind, one, two, group) in enumerate(changes):
        row, other = rows[one % len(rows)], rows[two % len(rows)]
        if kind == "drop":
            dropped.add(row["record_id"])
        elif kind == "copy":
            rows.append(
                {**row, "pinfl": None, "pinfl_digits": None, "record_id": f"N{number}"}
            )
        for column in group:
            if kind == "clear" and column not in ("district_code", "region_code"):
                row[column] = None
            elif kind == "take":
                row[column] = other[column]
    frame = pl.DataFrame(rows, schema=records.schema).filter(
        ~pl.col("record_id").is_in(sorted(dropped))
    )
    places = frame["address_id"].max() + 1
    number = np.random.default_rng(len(changes)).permutation(places)
    return frame.sort("record_id").with_columns(
        row_id=pl.int_range(pl.len(), dtype=pl.Int64),
        address_id=pl.Series(number).gather(frame.sort("record_id")["address_id"]),
    )


@pytest.mark.parametrize("pairs_max", [20_000, 3])
@settings(max_examples=3, deadline=None)
@given(changes=CHANGES)
def test_next_night_equals_a_full_run(engine, records, parameters, pairs_max, changes):
    """Also where blocks are so small that changes open and close them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            weigh, "plan_blocks", functools.partial(plan_blocks, pairs_max=pairs_max)
        )
        _, kept, _ = resolve(engine, changed(records, []), parameters)
        tonight = changed(records, changes)
        full, kept_by_full, notes_of_full = resolve(engine, tonight, parameters)
        found, kept_again, notes = resolve(
            engine, tonight, parameters, as_night(engine, kept)
        )
    for one, two in zip(full, found, strict=True):
        assert one.equals(two)
    for one, two in zip(kept_by_full, kept_again, strict=True):
        assert one.equals(two)
    assert notes_of_full["pairs_kept"] == 0
    assert notes["pairs_kept"] > 100


def test_a_night_without_changes_compares_nothing(engine, records, parameters):
    _, kept, notes = resolve(engine, records, parameters)
    found = resolve(engine, records, parameters, as_night(engine, kept))
    assert notes["pairs_compared"] > 100
    assert found[2]["pairs_compared"] == 0
    assert found[2]["pairs_kept"] == kept[1].height
