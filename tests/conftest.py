"""Builders that every test may use: an engine, and tiny tables of a contract."""

import csv
import datetime
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dataframely as dy
import duckdb
import hypothesis
import polars as pl
import pytest

from pipeline import tables
from pipeline.run import Run

hypothesis.settings.register_profile(
    "selv", derandomize=True, deadline=None, max_examples=100
)
hypothesis.settings.load_profile("selv")

ELECTION_DATE = datetime.date(2026, 12, 27)
AS_OF = datetime.date(2026, 11, 1)
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run in an empty folder."""
    return Run(
        delivery=str(tmp_path / "delivery"),
        output=str(tmp_path / "published"),
        election_date=ELECTION_DATE,
        as_of=AS_OF,
        work=str(tmp_path / "work"),
    )


@pytest.fixture
def engine(run: Run) -> Iterator[duckdb.DuckDBPyConnection]:
    """A bounded engine, as the stages get it."""
    with tables.open_engine(run) as connection:
        yield connection


PLAIN: dict[Any, Any] = {
    pl.String: "x",
    pl.Int32: 1,
    pl.Int64: 1,
    pl.Float64: 1.0,
    pl.Boolean: False,
    pl.Date: datetime.date(1980, 5, 17),
    pl.Datetime: datetime.datetime(1980, 5, 17),  # noqa: DTZ001 - as the tables have it
    pl.List: [],
}


def plain_value(column: dy.Column) -> Any:
    """A value that a test doesn't care about: null where it may be, else a plain one."""
    if column.nullable:
        return None
    if isinstance(column, dy.Enum):
        return column.categories[0]
    return PLAIN[column.dtype.base_type()]


def read_cases(name: str) -> list[dict[str, str]]:
    """Golden cases of tests/cases as dictionaries; every file is UTF-8 CSV."""
    path = Path(__file__).parent / "cases" / name
    return list(csv.DictReader(path.read_text("utf-8").splitlines(keepends=True)))


NUMBERS = itertools.count()
Rows = Callable[..., duckdb.DuckDBPyRelation]


def build_rows(engine: duckdb.DuckDBPyConnection) -> Rows:
    """The builder that the fixture `rows` gives, for tests that open engines themselves."""

    def build(schema: type[dy.Schema], *given: dict[str, Any]) -> duckdb.DuckDBPyRelation:
        columns = schema.columns()
        unknown = {name for row in given for name in row} - set(columns)
        assert not unknown, f"{schema.__name__} has no columns {unknown}"
        types = {
            name: pl.String() if isinstance(column, dy.Enum) else column.dtype
            for name, column in columns.items()
        }
        frame = pl.DataFrame(
            [
                {
                    name: row.get(name, plain_value(column))
                    for name, column in columns.items()
                }
                for row in given
            ],
            schema=types,
        )
        name = f"built_{next(NUMBERS)}"
        engine.register(name, frame.to_arrow())
        return engine.table(name)

    return build


@pytest.fixture
def rows(engine: duckdb.DuckDBPyConnection) -> Rows:
    """Build a table of a contract from the columns a test cares about.

    `rows(Person, {"person_id": 1, "sex": "F"}, ...)`: other columns get plain values; the
    contract is not checked, so that broken rows can be built too.
    """
    return build_rows(engine)
