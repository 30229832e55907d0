"""Who is one person: golden pairs, decisions, consolidation, stress."""

import datetime
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from pipeline import tables
from pipeline.resolve_persons import (
    PersonResolution,
    forget_rows,
    resolve_persons,
    waterfall,
)
from pipeline.run import Linkage, Run
from schemas.linkage import LinkageModel, ReviewPair
from schemas.person import Person, PersonLink
from schemas.source import SourceDecision
from tests.conftest import build_rows
from tests.person_worlds import as_records, background, golden_pairs, pair_rows, pinfl

PAIRS = golden_pairs()


class World:
    """A resolved register: what became of rows by number."""

    def __init__(self, resolution: PersonResolution) -> None:
        self.resolution = resolution
        links = resolution.person_links.pl()
        self.person = dict(links.select("row_id", "person_id").rows())
        self.rule = dict(links.select("row_id", "rule").rows())
        self.asked = {
            frozenset(row[:2]): row[2]
            for row in resolution.review_pairs.pl()
            .select("left_person_id", "right_person_id", "cause")
            .rows()
        }

    def verdict(self, left: int, right: int) -> tuple[str, str | None]:
        """(merge, rule) or (review, cause) or (different, None)."""
        one, two = self.person[left], self.person[right]
        if one == two:
            rules = {self.rule[left], self.rule[right]}
            return "merge", rules.pop() if len(rules) == 1 else str(sorted(rules))
        cause = self.asked.get(frozenset((one, two)))
        return ("review", cause) if cause else ("different", None)


def no_decisions(engine: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    return build_rows(engine)(SourceDecision).limit(0)


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All golden pairs in one register, after the background's rows."""
    folder = tmp_path_factory.mktemp("golden")
    run = Run(
        delivery="",
        output="",
        election_date=datetime.date(2026, 12, 27),
        as_of=datetime.date(2026, 11, 1),
        work=str(folder),
    )
    rows = background()
    for number, case in enumerate(PAIRS):
        rows.extend(pair_rows(case, number))
    with tables.open_engine(run) as engine:
        records = as_records(engine, rows)
        yield World(resolve_persons(engine, records, no_decisions(engine), Linkage()))


@pytest.mark.parametrize("number", range(len(PAIRS)), ids=[p["case"] for p in PAIRS])
def test_golden_pair(golden: World, number: int):
    left = len(golden.person) - 2 * (len(PAIRS) - number)
    case = PAIRS[number]
    assert golden.verdict(left, left + 1) == (case["expected"], case.get("reason"))


def test_background_persons_stay_apart(golden: World):
    rows = len(golden.person) - 2 * len(PAIRS)
    assert len({golden.person[row] for row in range(rows)}) == rows


def test_relations_keep_their_contracts(golden: World):
    resolution = golden.resolution
    for schema, relation in (
        (PersonLink, resolution.person_links),
        (Person, resolution.persons),
        (ReviewPair, resolution.review_pairs),
        (LinkageModel, resolution.model),
    ):
        frame = relation.pl().select(schema.column_names())
        failures = schema.filter(frame, cast=True)[1]
        assert not len(failures), failures.counts()


def test_waterfall_sums_to_the_weight_of_the_link(golden: World):
    links = golden.resolution.person_links.pl()
    link = links.filter(links["pattern"].is_not_null()).row(0, named=True)
    steps = waterfall(link["pattern"], golden.resolution.model, link["match_weight"])
    assert sum(bits for _, _, bits in steps) == pytest.approx(link["match_weight"])
    assert steps[0][:2] == tuple(link["pattern"].split()[0].split("="))
    assert all(bits != 0 for _, level, bits in steps if level == "exact")


def test_chance_matches_grow_with_common_names(golden: World):
    pairs = golden.resolution.review_pairs.pl()
    assert pairs["expected_chance_matches"].null_count() == 0
    assert pairs["expected_chance_matches"].min() > 0


BIRTH = datetime.date(1980, 4, 5)
PLAIN: dict[str, Any] = {
    "surname": "Karimov",
    "given_name": "Alisher",
    "patronymic": "Rustamovich",
    "sex": "M",
    "birth_date": BIRTH,
    "pinfl": None,
    "document_number": None,
    "address_id": 1,
    "district_code": "1718203",
}


def resolve(
    engine: duckdb.DuckDBPyConnection,
    rows: list[dict[str, Any]],
    *decisions: dict[str, Any],
) -> World:
    records = as_records(engine, [{**PLAIN, **row} for row in rows])
    decided = (
        build_rows(engine)(SourceDecision, *decisions)
        if decisions
        else no_decisions(engine)
    )
    return World(resolve_persons(engine, records, decided, Linkage()))


def decision(number: int, kind: str, left: int, right: int) -> dict[str, Any]:
    return {
        "decision_id": f"D{number}",
        "kind": kind,
        "decided_at": datetime.datetime(2026, 10, number),  # noqa: DTZ001 - UTC
        "record_id_a": f"R{left}",
        "record_id_b": f"R{right}",
    }


ONE, TWO = pinfl("M", BIRTH, 1), pinfl("M", BIRTH, 2)


def test_decision_joins_two_pinfls(engine: duckdb.DuckDBPyConnection):
    world = resolve(
        engine,
        [{"pinfl": ONE}, {"pinfl": TWO, "surname": "Valiyev"}],
        decision(1, "SAME_PERSON", 0, 1),
    )
    assert world.verdict(0, 1) == ("merge", "DECISION")


def test_decision_parts_rows_of_one_pinfl(engine: duckdb.DuckDBPyConnection):
    world = resolve(
        engine,
        [{"pinfl": ONE}, {"pinfl": ONE}],
        decision(1, "DIFFERENT_PERSONS", 1, 0),
    )
    assert world.verdict(0, 1) == ("different", None)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("SAME_PERSON", "DIFFERENT_PERSONS", "different"),
        ("DIFFERENT_PERSONS", "SAME_PERSON", "merge"),
    ],
)
def test_later_of_two_decisions_wins(
    engine: duckdb.DuckDBPyConnection, first: str, second: str, expected: str
):
    world = resolve(
        engine,
        [{"pinfl": ONE}, {"pinfl": ONE}],
        decision(2, second, 0, 1),
        decision(1, first, 1, 0),
    )
    assert world.verdict(0, 1)[0] == expected


def test_decision_about_an_unknown_record_changes_nothing(
    engine: duckdb.DuckDBPyConnection,
):
    world = resolve(
        engine, [{"pinfl": ONE}, {"pinfl": TWO}], decision(1, "SAME_PERSON", 0, 77)
    )
    assert world.verdict(0, 1)[0] != "merge"


def test_row_between_two_pinfls_joins_neither_and_is_asked(
    engine: duckdb.DuckDBPyConnection,
):
    """One row without number fits two people: guessing would move a vote."""
    world = resolve(engine, [*background(), {"pinfl": ONE}, {"pinfl": TWO}, {}])
    first = len(world.person) - 3
    assert world.verdict(first, first + 2) == ("review", "SEVERAL_CANDIDATES")
    assert world.verdict(first + 1, first + 2) == ("review", "SEVERAL_CANDIDATES")


def test_person_takes_values_by_precedence(engine: duckdb.DuckDBPyConnection):
    day = datetime.date
    world = resolve(
        engine,
        [
            {"document_number": "AA1111111", "surname": "Karimof"},
            {
                "pinfl": ONE,
                "document_number": "AA1111111",
                "registration_kind": "TEMPORARY",
                "registered_on": day(2026, 1, 1),
            },
            {"pinfl": ONE, "registered_on": day(2010, 1, 1)},
            {
                "pinfl": ONE,
                "registered_on": day(2020, 1, 1),
                "document_number": "AB2222222",
            },
            *background(),
        ],
    )
    assert {world.person[row] for row in range(4)} == {world.person[0]}
    persons = {p["person_id"]: p for p in world.resolution.persons.pl().to_dicts()}
    person = persons[world.person[0]]
    assert person["main_row_id"] == 3
    assert person["permanent_row_id"] == 3
    assert person["temporary_row_id"] == 1
    assert person["pinfl"] == ONE
    assert person["row_count"] == 4
    assert person["document_key"] == "AA1111111"


def test_no_rows_give_no_persons(engine: duckdb.DuckDBPyConnection):
    records = as_records(engine, [PLAIN]).limit(0)
    resolution = resolve_persons(engine, records, no_decisions(engine), Linkage())
    assert resolution.persons.pl().is_empty()
    assert resolution.review_pairs.pl().is_empty()


def test_forgotten_rows_leave_the_engine_as_it_was(engine: duckdb.DuckDBPyConnection):
    engine.execute("CREATE TEMP TABLE resolve_persons AS SELECT 1 AS kept")
    records, decided = as_records(engine, background()[:50]), no_decisions(engine)

    def held() -> list[tuple[str]]:
        return engine.execute(
            "SELECT table_name FROM duckdb_tables() UNION ALL "
            "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
        ).fetchall()

    before = held()
    resolve_persons(engine, records, decided, Linkage())
    assert len(held()) > len(before)
    forget_rows(engine)
    assert held() == before


@pytest.mark.parametrize("column", ["patronymic", "birth_date", "document_number"])
def test_empty_column(engine: duckdb.DuckDBPyConnection, column: str):
    rows = [{**row, column: None} for row in background()[:300]]
    if column == "birth_date":
        rows = [{**row, "precision": None, "pinfl": None} for row in rows]
    world = resolve(engine, rows)
    assert len(set(world.person.values())) == 300


def test_name_and_placeholders_shared_by_a_thousand_merge_nobody(
    engine: duckdb.DuckDBPyConnection,
):
    """One name, one default birth date, one placeholder document: no evidence at all."""
    default = {"birth_date": datetime.date(1970, 6, 6), "document_number": "AA0000001"}
    world = resolve(engine, [{**default, "address_id": n // 3} for n in range(1000)])
    assert len(set(world.person.values())) == 1000
    assert world.resolution.notes["pairs_capped"] > 0
