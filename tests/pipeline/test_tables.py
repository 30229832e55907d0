"""A table that breaks its contract is not written."""

import dataframely as dy
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import tables
from pipeline.errors import ContractError


class Pair(dy.Schema):
    """A table whose key is a text and a number."""

    place = dy.String(primary_key=True)
    number = dy.Int64(primary_key=True)
    share = dy.Float64(nullable=True, min=0)


KEYS = st.lists(
    st.tuples(st.sampled_from(["", "a", "b", "ʼ", "я", "ё"]), st.integers(0, 3)),
    min_size=1,
    max_size=9,
)


@pytest.fixture(params=[1, 2, 3, 500_000])
def batch_rows(request, monkeypatch):
    monkeypatch.setattr(tables, "BATCH_ROWS", request.param)


def written(path, keys, share=None):
    frame = pl.DataFrame(keys, {"place": pl.String, "number": pl.Int64}, orient="row")
    # Small row groups, so that batches may be as small as asked for.
    frame.with_columns(share=pl.lit(share, pl.Float64)).write_parquet(
        path, row_group_size=2
    )
    return path


@pytest.mark.usefixtures("batch_rows")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(KEYS)
def test_keys_that_rise_from_row_to_row_pass_and_no_others(tmp_path, keys):
    path = written(tmp_path / "pair.parquet", keys)
    as_bytes = [(place.encode(), number) for place, number in keys]
    if as_bytes == sorted(set(as_bytes)):
        assert tables.check_contract("pair", Pair, path) == len(keys)
    else:
        with pytest.raises(ContractError, match=r"pair: key \(place, number\) repeats"):
            tables.check_contract("pair", Pair, path)


@pytest.mark.usefixtures("batch_rows")
def test_sorted_keys_pass_whatever_their_number(tmp_path):
    keys = [(place, number) for place in "abc" for number in range(40)]
    assert tables.check_contract("pair", Pair, written(tmp_path / "p", keys)) == 120


@pytest.mark.usefixtures("batch_rows")
def test_a_broken_rule_is_told(tmp_path):
    path = written(tmp_path / "pair.parquet", [("a", 1), ("a", 2)], share=-0.5)
    with pytest.raises(ContractError, match="pair: rules broken .*share"):
        tables.check_contract("pair", Pair, path)


def test_an_empty_table_passes(tmp_path):
    assert tables.check_contract("pair", Pair, written(tmp_path / "p", [])) == 0
