"""Every table's contract: a plain row passes, each rule has a row that breaks it alone.

The cases are made from the declared columns, so that a new column or bound is tested from
the day it is written; rules over several columns have their rows in `BROKEN_RULES`, and a
rule without one fails here.
"""

import datetime
import functools
from collections.abc import Iterator
from typing import Any

import dataframely as dy
import polars as pl
import pytest

from schemas.catalogue import TABLES
from schemas.decision import DecidedVoter
from schemas.person import StableId
from schemas.source import (
    SourceDecision,
    SourceDwelling,
    SourcePerson,
    SourcePrecinct,
    SourceRequest,
    SourceRestriction,
    SourceRoster,
    SourceTerritory,
)
from schemas.voter_list import ListChange, PrecinctSummary, UnlistedPerson

Contract = type[dy.Schema]
Row = dict[str, Any]

DAY = datetime.date(1980, 5, 17)
PLAIN: dict[Any, Any] = {
    pl.String: "x",
    pl.Int32: 1,
    pl.Int64: 1,
    pl.Float64: 0.5,
    pl.Boolean: False,
    pl.Date: DAY,
    pl.Datetime: datetime.datetime(2026, 11, 1, 9),
    pl.List: [],
}
MATCHES = {
    r"^\d{4}$": "1718",
    r"^(\d{7}|\d{10})$": "1718203",
    r"^\d{14}$": "00000000000000",
    r"^\d{1,20}$": "0",
    r"^[A-Z]{3}$": "UZB",
    r"^[A-Z]{2}\d{7}$": "AA0000000",
    r"^V[0-9A-Z]{13}$": "V000000000000A",
    r"^[0-9a-f]{32}$": "0123456789abcdef" * 2,
    r"^(MFY|QFY|SFY|OFY)$": "MFY",
    r"^(NEW|RECORD|PINFL|NAME)$": "NEW",
    r"^(MERGED|SPLIT)$": "MERGED",
    r"^(CORRECTED|SUPERSEDED|REPEATED|TARGET_UNKNOWN|FIELD_UNKNOWN|VALUE_REFUSED)$": (
        "CORRECTED"
    ),
    r"^(EFFECTIVE|SUPERSEDED|REPEATED|TARGET_UNKNOWN)$": "EFFECTIVE",
}
NEAR_MISSES = {
    r"^\d{4}$": ["", "171", "17182"],
    r"^(\d{7}|\d{10})$": ["1718", "171820", "17182034", "1718203\n"],
    r"^\d{14}$": ["0" * 13, "0" * 15, "O" + "0" * 13],
    r"^\d{1,20}$": ["", "0" * 21, "0 0"],
    r"^[A-Z]{3}$": ["UZ", "uzb", "UZBE"],
    r"^[A-Z]{2}\d{7}$": ["AA000000", "A00000000", "aa0000000", "АА0000000"],
    r"^[0-9a-f]{32}$": ["", "0" * 31, "0" * 33, "0123456789ABCDEF" * 2],
    r"^V[0-9A-Z]{13}$": ["", "V000000000000", "v000000000000a", "V00000000000-A"],
}
"""Values just outside a form; the last of a document number has Cyrillic letters."""

SMALLEST: dict[Contract, Row] = {
    SourcePerson: {"given_name": "x"},
    SourceRestriction: {"pinfl": "x"},
    SourceDwelling: {"cadastral_number": "x"},
    SourceRoster: {"pinfl": "x"},
    SourceDecision: {"record_id_a": "a", "record_id_b": "b"},
    SourceRequest: {"pinfl": "x", "station_address": "x"},
    UnlistedPerson: {"ground": "DECEASED"},
    PrecinctSummary: {"women": 0, "temporary": 0, "roster": 0, "decision": 0},
    ListChange: {
        "change": "MOVED",
        "precinct_number_before": 1,
        "precinct_number_after": 2,
    },
}
"""What a row must have besides its required columns."""
FULL: dict[Contract, Row] = {
    UnlistedPerson: {"ground": None, "article": None},
    PrecinctSummary: SMALLEST[PrecinctSummary],
    ListChange: {"change": "REMOVED", "precinct_number_after": None},
}

BROKEN_RULES: list[tuple[Contract, str, Row]] = [
    (SourcePerson, "name_given", {"given_name": None}),
    (SourcePerson, "district_in_region", {"region_code": "1703"}),
    (SourceRestriction, "names_somebody", {"pinfl": None}),
    (SourceRestriction, "names_somebody", {"pinfl": None, "given_name": "x"}),
    (SourceRestriction, "gravity_of_imprisonment_known", {"kind": "IMPRISONMENT"}),
    (
        SourceRestriction,
        "period_in_order",
        {"valid_from": DAY, "valid_until": DAY - datetime.timedelta(days=1)},
    ),
    (SourceDwelling, "cadastral_number_given", {"cadastral_number": None}),
    (SourceDwelling, "district_in_region", {"district_code": "1703203"}),
    (SourcePrecinct, "district_in_region", {"district_code": "1703203"}),
    (SourceTerritory, "range_in_order", {"house_from": 2, "house_to": 1}),
    (SourceRoster, "names_somebody", {"pinfl": None, "given_name": "x"}),
    (SourceDecision, "pair_named", {"record_id_b": None}),
    (SourceDecision, "pair_named", {"kind": "DIFFERENT_PERSONS", "record_id_a": None}),
    (SourceDecision, "correction_complete", {"kind": "CORRECT", "record_id": "a"}),
    (SourceDecision, "correction_complete", {"kind": "CORRECT", "field": "surname"}),
    (SourceDecision, "voter_named", {"kind": "EXCLUDE", "record_id": "a"}),
    (
        SourceDecision,
        "precinct_named",
        {"kind": "ASSIGN_PRECINCT", "pinfl": "x", "region_code": "1718"},
    ),
    (
        SourceDecision,
        "precinct_named",
        {"kind": "ASSIGN_PRECINCT", "pinfl": "x", "precinct_number": 1},
    ),
    (SourceDecision, "withdrawn_named", {"kind": "WITHDRAW"}),
    (SourceDecision, "request_named", {"kind": "REFUSE_REQUEST"}),
    (SourceRequest, "voter_named", {"pinfl": None}),
    (SourceRequest, "station_named", {"station_address": None, "precinct_number": 1}),
    (SourceRequest, "station_named", {"station_address": None, "region_code": "1718"}),
    (UnlistedPerson, "has_one_reason", {"ground": None}),
    (UnlistedPerson, "has_one_reason", {"unplaced_reason": "NO_ADDRESS"}),
    (PrecinctSummary, "sexes_sum_to_voters", {"women": 1}),
    (PrecinctSummary, "bases_sum_to_voters", {"roster": 1}),
    (ListChange, "removal_has_article", {"article": "ZRU-544, Art. 28"}),
    (
        ListChange,
        "removal_has_article",
        {"change": "REMOVED", "precinct_number_after": None},
    ),
    (ListChange, "places_fit_the_change", {"precinct_number_before": None}),
    (ListChange, "places_fit_the_change", {"change": "ADDED"}),
    (
        ListChange,
        "places_fit_the_change",
        {"change": "REMOVED", "article": "ZRU-544, Art. 28"},
    ),
]

TWICE: dict[Contract, Row] = {StableId: {"stable_id": "V000000000000B"}}
"""What the second row with the same key must have of its own."""

CONTRACTS = sorted(set(TABLES.values()), key=lambda schema: schema.__name__)


def plain(column: dy.Column) -> Any:  # noqa: ANN401 - a value of any column type
    """A value inside the column's bounds."""
    if isinstance(column, dy.Enum):
        return column.categories[0]
    if isinstance(column, dy.String) and column.regex is not None:
        return MATCHES[column.regex]
    return PLAIN[column.dtype.base_type()]


def smallest(schema: Contract) -> Row:
    """A row with the required columns alone; every other is null."""
    required = {
        name: None if column.nullable else plain(column)
        for name, column in schema.columns().items()
    }
    return required | SMALLEST.get(schema, {})


def full(schema: Contract) -> Row:
    """A row with a value in every column."""
    given = {name: plain(column) for name, column in schema.columns().items()}
    return given | FULL.get(schema, {})


def check(schema: Contract, rows: list[Row]) -> dy.FailureInfo:
    """The rules that the rows break, as the pipeline checks its tables: with a cast."""
    types = {
        name: pl.String() if isinstance(column, dy.Enum) else column.dtype
        for name, column in schema.columns().items()
    }
    return schema.filter(pl.DataFrame(rows, schema=types), cast=True)[1]


def broken(schema: Contract, *rows: Row) -> dict[str, int]:
    """How many of the rows break each rule."""
    return check(schema, list(rows)).counts()


def bad_values(column: dy.Column) -> Iterator[tuple[set[str], Any]]:
    """Values that break a rule of the column, with every rule each of them breaks."""
    rules = set(column.validation_rules(pl.col(column.name)))
    if isinstance(column, dy.Enum):
        yield {"dtype"}, "NO_SUCH_CODE"
    if "nullability" in rules:
        yield {"nullability"}, None
    if "inner_nullability" in rules:
        yield {"inner_nullability"}, [None]
    if isinstance(column, dy.String):
        yield from bad_texts(column, rules)
    else:
        yield from values_beyond(column, rules)


def bad_texts(column: dy.String, rules: set[str]) -> Iterator[tuple[set[str], str]]:
    if "regex" in rules:
        for value in NEAR_MISSES.get(column.regex, ["?"]):
            yield {"regex"}, value
    if "min_length" in rules:
        yield {"min_length"}, "x" * (column.min_length - 1)
    if "max_length" in rules:
        yield {"max_length"}, "x" * (column.max_length + 1)


def values_beyond(column: dy.Column, rules: set[str]) -> Iterator[tuple[set[str], Any]]:
    if "min" in rules:
        yield {"min"}, column.min - step(column.min)
    if "max" in rules:
        yield {"max"}, column.max + step(column.max)
    if "nan" in rules:
        yield {"nan"} | rules & {"max"}, float("nan")
        yield {"inf"} | rules & {"max"}, float("inf")
        yield {"inf"} | rules & {"min"}, float("-inf")


def step(bound: Any) -> Any:  # noqa: ANN401 - a number or a span of time
    return (
        datetime.timedelta(days=1) if isinstance(bound, datetime.date) else type(bound)(1)
    )


COLUMN_CASES = {
    schema: [
        (name, value, frozenset(rules))
        for name, column in schema.columns().items()
        for rules, value in bad_values(column)
    ]
    for schema in CONTRACTS
}


@functools.cache
def broken_by_column_cases(schema: Contract) -> list[set[str]]:
    """The rules that each column case breaks; all cases of a table are checked at once."""
    rows = [
        smallest(schema) | unlike_others(schema, number) | {name: value}
        for number, (name, value, _) in enumerate(COLUMN_CASES[schema])
    ]
    found = check(schema, rows).details()
    if found.height < len(rows):
        return [set(broken(schema, row)) for row in rows]
    return [
        {rule for rule, verdict in row.items() if verdict == "invalid"}
        for row in found.iter_rows(named=True)
    ]


def unlike_others(schema: Contract, number: int) -> Row:
    """A key of its own for each row, so that no case breaks the key as well."""
    names = [*schema.primary_key()[-1:], *TWICE.get(schema, {})]
    return {
        name: (
            number + 1
            if not isinstance(column := schema.columns()[name], dy.String)
            else f"V{number:013}"
            if column.regex
            else f"x{number}"
        )
        for name in names
    }


# A precinct with a negative count can't have its sums right as well.
SUMS = {"sexes_sum_to_voters", "bases_sum_to_voters"}
IN_SUMS = {"voters", "women", "men", "permanent", "temporary", "roster", "decision"}


@pytest.mark.parametrize("schema", CONTRACTS)
@pytest.mark.parametrize("build", [smallest, full])
def test_plain_row_passes(schema, build):
    assert broken(schema, build(schema)) == {}


@pytest.mark.parametrize(
    ("schema", "number"),
    [
        pytest.param(
            schema, number, id=f"{schema.__name__}.{name}-{'+'.join(sorted(rules))}"
        )
        for schema, cases in COLUMN_CASES.items()
        for number, (name, _, rules) in enumerate(cases)
    ],
)
def test_bad_value_breaks_its_rule_alone(schema, number):
    name, _, rules = COLUMN_CASES[schema][number]
    found = broken_by_column_cases(schema)[number]
    if schema is PrecinctSummary and name in IN_SUMS:
        found = found - SUMS
    assert found == {f"{name}|{rule}" for rule in rules}


@pytest.mark.parametrize(
    ("schema", "rule", "row"),
    BROKEN_RULES,
    ids=[f"{schema.__name__}-{rule}" for schema, rule, _ in BROKEN_RULES],
)
def test_broken_rule_is_named_alone(schema, rule, row):
    assert broken(schema, smallest(schema) | row) == {rule: 1}


def test_every_rule_has_a_row_that_breaks_it():
    declared = {
        (schema, rule)
        for schema in CONTRACTS
        for ancestor in schema.__mro__
        for rule, member in vars(ancestor).items()
        if hasattr(member, "validation_fn")
    }
    assert declared == {(schema, rule) for schema, rule, _ in BROKEN_RULES}


def test_every_column_rule_has_a_value_that_breaks_it():
    declared = {
        (schema.__name__, name, rule)
        for schema in CONTRACTS
        for name, column in schema.columns().items()
        for rule in column.validation_rules(pl.col(name))
        if rule != "unique"
    }
    tried = {
        (schema.__name__, name, rule)
        for schema, cases in COLUMN_CASES.items()
        for name, _, rules in cases
        for rule in rules
        if rule != "dtype"
    }
    assert declared == tried


@pytest.mark.parametrize("schema", [s for s in CONTRACTS if s.primary_key()])
def test_repeated_key_is_refused(schema):
    row = smallest(schema)
    assert broken(schema, row, row | TWICE.get(schema, {})) == {"primary_key": 2}


@pytest.mark.parametrize("schema", [s for s in CONTRACTS if len(s.primary_key()) > 1])
def test_rows_that_share_part_of_a_key_pass(schema):
    row = smallest(schema)
    last = schema.primary_key()[-1]
    step = {str: "y", datetime.date: datetime.timedelta(days=1)}
    other = row[last] + step.get(type(row[last]), 1)
    assert broken(schema, row, row | {last: other}) == {}


def test_stable_number_belongs_to_one_person():
    row = smallest(StableId)
    twin = row | {"person_id": row["person_id"] + 1}
    assert broken(StableId, row, twin) == {"stable_id|unique": 2}


def test_every_table_has_a_key_or_is_a_ledger():
    keyless = {name for name, schema in TABLES.items() if not schema.primary_key()}
    assert keyless == {"quarantined_row", "lineage", "reconciliation"}


@pytest.mark.parametrize("kind", ["INCLUDE", "EXCLUDE", "CONFIRM_TEMPORARY"])
@pytest.mark.parametrize("identifier", ["pinfl", "voter_id"])
def test_decision_names_the_voter_either_way(kind, identifier):
    row = smallest(SourceDecision) | {"record_id_a": None, "record_id_b": None}
    assert broken(SourceDecision, row | {"kind": kind, identifier: "x"}) == {}


def test_district_of_namangan_city_has_ten_digits():
    row = smallest(SourcePerson)
    inside = {"region_code": "1714", "district_code": "1714401365"}
    assert broken(SourcePerson, row | inside) == {}


def test_decision_that_means_nobody_is_kept():
    assert broken(DecidedVoter, smallest(DecidedVoter) | {"person_id": None}) == {}
