"""Why a person is, or is not, on the list: from which rows, by which rules and weights.

What belongs here: reading a published release back into words. Nothing is said that the
release doesn't hold.
"""

import dataclasses
from typing import Any

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.resolve_persons import waterfall
from pipeline.review.entries import CODES as PAIR_CODES

Relation = duckdb.DuckDBPyRelation
Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class ReleaseTables:
    """The tables of a release that an explanation is read from."""

    voters: Relation
    unlisted: Relation
    lineage: Relation
    discrepancies: Relation
    linkage_model: Relation


@dataclasses.dataclass(frozen=True)
class Explanation:
    """One person in one release."""

    person_id: str
    entry: Row | None
    """The list entry; null where there is none."""
    unlisted: Row | None
    """Why there is none; null where there is one."""
    rows: list[Row]
    """Every source row of the person with rule and weight, by source and record_id."""
    waterfalls: dict[str, list[tuple[str, str, float]]]
    """record_id of each row that a model tied: column, level, bits, in order."""
    discrepancies: list[Row]
    """Open questions about the person or one of the rows."""
    asked: dict[str, list[tuple[str, str, float]]]
    """discrepancy_id of each question that a weight raised: column, level, bits."""
    prior_bits: float | None
    """log2 odds before any evidence; weights are added to it. Null without a model."""


def find_persons(
    release: ReleaseTables,
    pinfl: str | None = None,
    voter_id: str | None = None,
    record_id: str | None = None,
) -> list[str]:
    """Stable numbers of the persons that an identifier means: sorted, perhaps empty.

    Raises:
        ConfigurationError: not exactly one identifier was given.
    """
    if sum(value is not None for value in (pinfl, voter_id, record_id)) != 1:
        raise ConfigurationError("explain: give one of --pinfl, --voter-id, --record-id")
    if pinfl is not None:
        listed = _rows(release.voters, "pinfl", pinfl)
        others = _rows(release.unlisted, "pinfl", pinfl)
        return sorted(
            {row["voter_id"] for row in listed} | {row["person_id"] for row in others}
        )
    column, value = (
        ("person_id", voter_id) if voter_id is not None else ("record_id", record_id)
    )
    found = {row["person_id"] for row in _rows(release.lineage, column, str(value))}
    return sorted(found - {None})


def explain_person(release: ReleaseTables, person_id: str) -> Explanation:
    """Everything that a release holds about one person."""
    rows = sorted(
        _rows(release.lineage, "person_id", person_id),
        key=lambda row: (row["source"], row["record_id"]),
    )
    entry = _rows(release.voters, "voter_id", person_id)
    questions = _questions(release, person_id, [row["record_id"] for row in rows])
    prior = _rows(release.linkage_model, "column", "prior")
    unlisted = _rows(release.unlisted, "person_id", person_id)
    return Explanation(
        person_id=person_id,
        entry=entry[0] if entry else None,
        unlisted=unlisted[0] if unlisted else None,
        rows=rows,
        waterfalls={
            row["record_id"]: waterfall(
                row["pattern"], release.linkage_model, row["weight"]
            )
            for row in rows
            if row["pattern"] and row["weight"] is not None
        },
        discrepancies=questions,
        asked={
            row["discrepancy_id"]: waterfall(
                row["value_a"], release.linkage_model, row["weight"]
            )
            for row in questions
            if row["code"] in PAIR_CODES and row["value_a"] and row["weight"] is not None
        },
        prior_bits=prior[0]["match_weight"] if prior else None,
    )


def _questions(release: ReleaseTables, person_id: str, record_ids: list[str]) -> list[Row]:
    condition = duckdb.ColumnExpression("voter_id") == duckdb.ConstantExpression(person_id)
    for record_id in record_ids:
        condition = condition | duckdb.FunctionExpression(
            "list_contains",
            duckdb.ColumnExpression("record_ids"),
            duckdb.ConstantExpression(record_id),
        )
    found = release.discrepancies.filter(condition).pl().to_dicts()
    return sorted(found, key=lambda row: (row["code"], row["discrepancy_id"]))


def _rows(table: Relation, column: str, value: str) -> list[Row]:
    condition = duckdb.ColumnExpression(column) == duckdb.ConstantExpression(value)
    found: list[Row] = table.filter(condition).pl().to_dicts()
    return found
