"""Registers that break a matcher: it ends, in little memory, and says what it left out."""

import duckdb
import polars as pl
import pytest

from benchmarks.population import make_population
from pipeline.link_references import link_references
from pipeline.resolve_persons import PersonResolution, resolve_persons
from pipeline.run import Linkage
from schemas.source import SourceDecision
from tests.conftest import build_rows

ROWS = 3000


@pytest.fixture
def engine(tmp_path):
    limits = {"threads": "2", "memory_limit": "400MiB", "temp_directory": str(tmp_path)}
    with duckdb.connect(config=limits) as opened:
        yield opened


def resolve(engine, records: pl.DataFrame) -> PersonResolution:
    engine.register("population", records)
    decisions = build_rows(engine)(SourceDecision).limit(0)
    return resolve_persons(engine, engine.table("population"), decisions, Linkage())


def population(**columns: pl.Expr) -> pl.DataFrame:
    return make_population(ROWS, seed=8, duplicate_share=0.1).records.with_columns(
        **columns
    )


NO_PINFL = {
    "pinfl": pl.lit(None, pl.String),
    "pinfl_digits": pl.lit(None, pl.String),
}
ONE_NAME = {
    f"{name}_{kind}": pl.lit(text)
    for name, text in (
        ("surname", "karimov"),
        ("given_name", "alisher"),
        ("patronymic", "karim"),
    )
    for kind in ("key", "loose")
}


ONE_PERSON = {
    **NO_PINFL,
    **ONE_NAME,
    "birth_date": pl.date(1980, 1, 1),
    "document_key": pl.lit(None, pl.String),
    "address_id": pl.lit(None, pl.Int64),
    "district_code": pl.lit("1718203"),
    "region_code": pl.lit("1718"),
}


def test_name_and_birth_date_shared_by_thousands(engine):
    """One full name, one birth date and no PINFL: nobody is merged by them alone."""
    records = population(**ONE_PERSON)
    found = resolve(engine, records)
    assert found.notes["persons"] == records.height
    assert found.notes["pairs_capped_in_names"] > ROWS**2
    assert found.notes["blocks_capped"] >= 2
    assert found.notes["pairs_compared"] < 20_000


def test_number_on_thousands_of_rows(engine):
    """All rows of one number are compared with the first of them, not with each other."""
    records = make_population(30_000, seed=8).records.with_columns(
        **ONE_NAME,
        pinfl=pl.lit("30101800010011"),
        pinfl_digits=pl.lit(None, pl.String),
        birth_date=pl.date(1980, 1, 1),
        sex=pl.lit("M"),
    )
    assert resolve(engine, records).notes["persons"] == 1


def test_references_to_a_name_shared_by_thousands(engine):
    """They name nobody, and which rules gave too many pairs is told."""
    records = population(**ONE_PERSON)
    found = resolve(engine, records)
    engine.register("named", records.filter(pl.col("row_id") < 50))
    links = link_references(
        engine,
        {"restriction": engine.table("named")},
        engine.table("population"),
        found.person_links,
        found.model,
        Linkage(),
    )
    assert {"names", "birth_surname"} <= {capped.rule for capped in links.capped}
    assert sum(capped.pairs for capped in links.capped) > 50 * ROWS
    outcomes = links.by_source["restriction"].pl()["outcome"]
    assert outcomes.to_list() == ["NOT_FOUND"] * 50


def test_one_birth_date_for_all_is_narrowed(engine):
    """The names still tell people apart, and true duplicates are still found."""
    found = resolve(engine, population(birth_date=pl.date(1980, 1, 1)))
    assert found.notes["persons"] < ROWS * 1.04
    assert found.notes["persons"] >= ROWS


def test_no_pinfl_at_all(engine):
    found = resolve(engine, population(**NO_PINFL))
    assert ROWS <= found.notes["persons"] < ROWS * 1.01
    assert found.notes["pairs_capped"] == 0


def test_nothing_known_of_anybody(engine):
    """Every column of evidence is empty: nobody is anybody else."""
    empty = {
        column: pl.lit(None, dtype)
        for column, dtype in population().schema.items()
        if column not in ("row_id", "record_id", "warnings", "registration_kind")
    }
    found = resolve(engine, population(**empty))
    assert found.notes["persons"] == population().height
    assert found.notes["pairs_compared"] == 0
