"""What blocking rules ask of a pair leaves out nothing that could be merged or asked."""

import dataclasses

import duckdb
import polars as pl
import pytest

from benchmarks.population import make_population
from pipeline.resolve_persons import resolve_persons, weigh
from pipeline.run import Linkage
from schemas.source import SourceDecision
from tests.conftest import build_rows

DAYS = 60
FEW_NAMES = 40


def few_birth_dates(rows: pl.DataFrame) -> pl.DataFrame:
    """People born on few days: most pairs of one name and birth date meet by chance."""
    day = pl.duration(days=pl.col("birth_date").to_physical() % DAYS)
    return rows.with_columns(birth_date=pl.date(1980, 1, 1) + day)


def few_full_names(rows: pl.DataFrame) -> pl.DataFrame:
    """People of few full names and any birth date, and slips in the dates of some rows."""
    names = [name for name in rows.columns if name.endswith(("_key", "_loose", "_sex"))]
    names.remove("document_key")
    first = rows.unique("person", keep="first", maintain_order=True).head(FEW_NAMES)
    lent = first.select(*names, "sex", lender=pl.int_range(pl.len()))
    day, order = pl.col("birth_date"), pl.int_range(pl.len())
    slip = (
        pl.when(order % 7 == 1)
        .then(day.dt.offset_by("10y"))
        .when((order % 7 == 2) & (day.dt.day() <= 12))
        .then(pl.date(day.dt.year(), day.dt.day(), day.dt.month()))
        .when(order % 7 == 3)
        .then(day.dt.truncate("1y"))
        .when(order % 7 == 4)
        .then(day.dt.offset_by("-30y"))
        .when(order % 7 == 6)
        .then(None)
        .otherwise(day)
    )
    return (
        rows.drop(*names, "sex")
        .with_columns(
            lender=pl.col("person") % FEW_NAMES,
            birth_date=slip,
            birth_date_precision=pl.when(order % 7 == 5)
            .then(pl.lit("YEAR"))
            .otherwise("birth_date_precision"),
        )
        .join(lent, on="lender", maintain_order="left")
        .select(rows.columns)
    )


@pytest.fixture(scope="module", params=[few_birth_dates, few_full_names])
def records(request: pytest.FixtureRequest) -> pl.DataFrame:
    """People alike in one way or another; some numbers misread."""
    made = make_population(4000, seed=6, duplicate_share=0.2, twin_share=0.1)
    rows = request.param(made.records.with_columns(person=pl.Series(made.person)))
    number = pl.col("pinfl").drop_nulls().first().over("person")
    misread = number.str.slice(0, 13) + ((number.str.slice(13, 1).cast(int) + 3) % 10).cast(
        pl.String
    )
    return rows.with_columns(
        pinfl_digits=pl.when(pl.col("pinfl").is_null() & (pl.col("person") % 2 == 0))
        .then(misread)
        .otherwise(pl.col("pinfl_digits"))
    ).drop("person")


def resolve(records: pl.DataFrame) -> tuple[list[pl.DataFrame], int]:
    """Links and pairs to be asked, and how many pairs were compared."""
    with duckdb.connect(config={"threads": "2"}) as engine:
        engine.register("population", records)
        found = resolve_persons(
            engine,
            engine.table("population"),
            build_rows(engine)(SourceDecision).limit(0),
            Linkage(review_weight_bits=-10.0),
        )
        relations = (found.person_links, found.review_pairs)
        tables = [r.pl().sort(r.columns) for r in relations]
        return tables, int(found.notes["pairs_compared"])


def test_conditions_leave_out_no_pair_that_could_be_linked_or_asked(
    records: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
):
    asked, compared = resolve(records)
    rules = tuple(dataclasses.replace(r, condition="true") for r in weigh.BLOCKING)
    monkeypatch.setattr(weigh, "BLOCKING", rules)
    everything, compared_of_all = resolve(records)
    for one, two in zip(asked, everything, strict=True):
        assert one.equals(two)
    assert asked[1].height > 50
    assert compared < compared_of_all / 2
