"""Persons made of rows in any grouping: all there, and each value by precedence."""

import datetime
from typing import Any

import duckdb
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.linkage.frames import store_frame
from pipeline.resolve_persons.consolidate import CLUSTERS, consolidate
from pipeline.resolve_persons.encode import Encoded

DAYS = [
    None,
    datetime.date(1, 1, 1),
    datetime.date(1969, 12, 31),
    datetime.date(2024, 2, 29),
    datetime.date(2024, 3, 1),
    datetime.date(9999, 12, 31),
]
MOMENTS = [
    None,
    datetime.datetime.min,
    datetime.datetime(2024, 2, 29, 23, 59, 59, 999_999),
    datetime.datetime(2024, 3, 1),
    datetime.datetime.max,
]
ROW = st.fixed_dictionaries(
    {
        "person": st.integers(0, 6),
        "pinfl": st.sampled_from([None, "30101900010018"]),
        "registration_kind": st.sampled_from(["PERMANENT", "TEMPORARY", "NONE"]),
        "updated_at": st.sampled_from(MOMENTS),
        "registered_on": st.sampled_from(DAYS),
        "document_key": st.sampled_from([None, "AA0000001", "AB0000002"]),
        "citizenship": st.sampled_from([None, "UZB", "KAZ"]),
    }
)
TYPES = {
    "row_id": pl.Int64,
    "person": pl.Int64,
    "pinfl": pl.String,
    "registration_kind": pl.String,
    "updated_at": pl.Datetime("us"),
    "registered_on": pl.Date,
    "document_key": pl.String,
    "citizenship": pl.String,
}


def newest_first(row: dict[str, Any]) -> tuple[Any, ...]:
    """Sorts rows by when their registration began, the newest first, unknown last."""
    return (*latest(row["registered_on"]), *latest(row["updated_at"]), row["row_id"])


def best_first(row: dict[str, Any]) -> tuple[Any, ...]:
    """Sorts rows by who speaks for the person (docstring of schemas.person.Person)."""
    return (
        row["pinfl"] is None,
        ["PERMANENT", "TEMPORARY", "NONE"].index(row["registration_kind"]),
        *latest(row["updated_at"]),
        *latest(row["registered_on"]),
        row["row_id"],
    )


def latest(when: datetime.date | None) -> tuple[bool, float]:
    """Sorts times, the latest first and unknown ones last."""
    if when is None:
        return True, 0
    if isinstance(when, datetime.datetime):
        return False, (datetime.datetime.max - when) // datetime.timedelta(microseconds=1)
    return False, (datetime.date.max - when).days


def first(rows: list[dict[str, Any]], column: str, **limits: str) -> Any:
    """The first value of the rows that is known, of those that have what `limits` says."""
    for row in rows:
        known = row[column] is not None
        if known and all(row[name] == value for name, value in limits.items()):
            return row[column]
    return None


def expected_persons(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the rows of each person make, in the order of their main rows."""
    groups: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["person"], []).append(row)
    persons = []
    for group in groups.values():
        best, newest = sorted(group, key=best_first), sorted(group, key=newest_first)
        persons.append(
            {
                "main_row_id": best[0]["row_id"],
                "row_count": len(group),
                "pinfl": best[0]["pinfl"],
                "citizenship": first(best, "citizenship"),
                "document_key": first(newest, "document_key"),
                "permanent_row_id": first(newest, "row_id", registration_kind="PERMANENT"),
                "temporary_row_id": first(newest, "row_id", registration_kind="TEMPORARY"),
            }
        )
    return sorted(persons, key=lambda person: person["main_row_id"])


@given(st.lists(ROW, min_size=1, max_size=80), st.sampled_from([0, 31, 64]))
def test_every_value_of_a_person_comes_from_the_row_that_goes_before(some, alone):
    rows = [{**row, "row_id": number} for number, row in enumerate(some)]
    # Rows that are a person of their own, before and after a word of the ranks is full.
    rows += [
        {**some[0], "person": 100 + number, "row_id": len(some) + number}
        for number in range(alone)
    ]
    sizes = pl.Series([row["person"] for row in rows]).value_counts()
    shared = {person for person, size in sizes.rows() if size > 1}
    clusters = [
        {"node": row["row_id"], "label": row["person"], "rule": "PINFL"}
        for row in rows
        if row["person"] in shared
    ]
    with duckdb.connect() as engine:
        store_frame(
            engine,
            CLUSTERS,
            pl.DataFrame(
                clusters,
                {
                    "node": pl.Int64,
                    "label": pl.Int64,
                    "rule": pl.String,
                    "match_weight": pl.Float64,
                    "pattern": pl.String,
                },
            ),
        )
        frame = pl.DataFrame(rows, TYPES)
        records = engine.sql(
            "SELECT *, 'M' AS sex, DATE '1990-01-01' AS birth_date, "
            "'DAY' AS birth_date_precision FROM frame"
        )
        encoded = Encoded(len(frame), "records", "t.row_id::INTEGER", "node::BIGINT", "")
        persons, links, count = consolidate(engine, records, encoded)
        found = persons.order("person_id").pl()
        person_of = dict(links.project("row_id, person_id").fetchall())
        rules = dict(links.project("row_id, rule").fetchall())

    expected = expected_persons(rows)
    assert found["person_id"].to_list() == list(range(count)) == list(range(len(expected)))
    assert found.select(expected[0].keys()).to_dicts() == expected
    assert sorted(person_of) == list(range(len(rows)))
    main_row = found["main_row_id"].to_list()
    by_person = {row["row_id"]: row["person"] for row in rows}
    for row in rows:
        assert by_person[main_row[person_of[row["row_id"]]]] == row["person"]
        is_shared = row["person"] in shared
        assert rules[row["row_id"]] == ("PINFL" if is_shared else "SINGLE")
