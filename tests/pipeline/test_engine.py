"""What leaves an engine that stumbles: the step and the kind, never a value of a row."""

import duckdb
import polars as pl
import pytest

from pipeline.engine import connect, without_values
from pipeline.errors import ConfigurationError, ContractError


def stumble(body):
    """The error that leaves, and what was kept of what the engine said."""
    kept = []

    def keep(said):
        kept.append(said)
        return "the place"

    with (
        pytest.raises((ConfigurationError, ContractError)) as caught,
        without_values("step", keep),
    ):
        body()
    assert caught.value.__suppress_context__
    return caught.value, kept


@pytest.mark.parametrize(
    "body",
    [
        lambda: duckdb.sql("SELECT 'KARIMOV'::INTEGER").fetchall(),
        lambda: pl.Series(["KARIMOV"]).cast(pl.Int32),
    ],
    ids=["duckdb", "polars"],
)
def test_a_value_is_kept_and_not_told(body):
    error, kept = stumble(body)
    assert isinstance(error, ContractError)
    assert "KARIMOV" not in str(error)
    assert "the place" in str(error)
    assert "KARIMOV" in kept[0]


def test_an_engine_without_room_says_that_room_ran_out(tmp_path):
    with connect(tmp_path / "spill", "60MiB", 1) as engine:
        engine.execute("SET max_temp_directory_size = '10MiB'")
        error, kept = stumble(
            lambda: engine.execute(
                "CREATE TEMP TABLE much AS SELECT hash(i) AS h, i FROM range(20000000) r(i)"
            )
        )
    assert isinstance(error, ConfigurationError)
    assert "memory or disk ran out" in str(error)
    assert "OutOfMemory" in kept[0]


def test_what_goes_well_goes_through():
    with without_values("step", str):
        assert duckdb.sql("SELECT 1").fetchall() == [(1,)]
