"""Which person a restriction or a roster row names, and when it names nobody."""

import datetime
from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl
import pytest

from pipeline import tables
from pipeline.link_references import link_references
from pipeline.normalise.persons import normalise_named
from pipeline.resolve_persons import resolve_persons
from pipeline.run import Linkage, Run
from schemas.linkage import ReferenceLink
from schemas.source import SourceDecision
from tests.conftest import build_rows
from tests.person_worlds import AS_OF, as_records, background, pinfl

BORN = datetime.date(1961, 2, 17)
SON_BORN = datetime.date(1988, 6, 9)
FATHER = {
    "surname": "Qosimov",
    "given_name": "Karim",
    "patronymic": "Hasanovich",
    "sex": "M",
    "birth_date": BORN,
    "pinfl": pinfl("M", BORN, 1),
    "document_number": "AA7000001",
    "address_id": 90_000,
    "district_code": "1718203",
}
SON = {
    **FATHER,
    "patronymic": "Karimovich",
    "birth_date": SON_BORN,
    "pinfl": pinfl("M", SON_BORN, 2),
    "document_number": "AA7000002",
}
TWIN_BORN = datetime.date(1995, 3, 8)
HASAN = {
    **FATHER,
    "given_name": "Hasan",
    "birth_date": TWIN_BORN,
    "pinfl": pinfl("M", TWIN_BORN, 3),
    "document_number": "AA7000003",
}
HUSAN = {
    **HASAN,
    "given_name": "Husan",
    "pinfl": pinfl("M", TWIN_BORN, 4),
    "document_number": "AA7000004",
}
NAMESAKES = [
    {
        **FATHER,
        "surname": "Jabborov",
        "given_name": "Zafar",
        "pinfl": pinfl("M", BORN, n),
        "document_number": None,
    }
    for n in (5, 6)
]
PEOPLE = [FATHER, SON, HASAN, HUSAN, *NAMESAKES]

CASES: dict[str, tuple[dict[str, Any], str, int | None]] = {
    "pinfl_and_name": ({**FATHER}, "LINKED", 0),
    "pinfl_and_changed_surname": ({**FATHER, "surname": "Zokirov"}, "LINKED", 0),
    "pinfl_of_a_stranger": (
        {
            **FATHER,
            "surname": "Zokirov",
            "given_name": "Bahrom",
            "birth_date": datetime.date(1990, 1, 2),
        },
        "POSSIBLE",
        0,
    ),
    "pinfl_alone": (
        {"pinfl": FATHER["pinfl"]},
        "LINKED",
        0,
    ),
    "names_and_birth_date": (
        {**FATHER, "pinfl": None, "document_number": None},
        "LINKED",
        0,
    ),
    "the_son_not_the_father": (
        {**SON, "pinfl": None, "document_number": None},
        "LINKED",
        1,
    ),
    "one_twin": ({**HUSAN, "pinfl": None, "document_number": None}, "LINKED", 3),
    "no_patronymic": (
        {**FATHER, "pinfl": None, "document_number": None, "patronymic": None},
        "POSSIBLE",
        0,
    ),
    "two_namesakes": ({**NAMESAKES[0], "pinfl": None}, "AMBIGUOUS", None),
    "names_without_birth_date": (
        {**FATHER, "pinfl": None, "document_number": None, "birth_date": None},
        "POSSIBLE",
        0,
    ),
    "own_pinfl_of_somebody_else": (
        {**FATHER, "pinfl": pinfl("M", BORN, 99), "document_number": None},
        "NOT_FOUND",
        None,
    ),
    "stranger": (
        {
            **FATHER,
            "surname": "Ivanov",
            "given_name": "Pyotr",
            "patronymic": "Petrovich",
            "pinfl": None,
            "document_number": None,
        },
        "NOT_FOUND",
        None,
    ),
    "document_and_typing_error": (
        {**FATHER, "pinfl": None, "surname": "Qozimov"},
        "LINKED",
        0,
    ),
}

Links = dict[str, dict[str, Any]]
TEXTS = (
    "birth_date_precision",
    "document_number",
    "document_type",
    "pinfl",
    "surname",
    "given_name",
    "patronymic",
    "sex",
)
SCHEMA = {"row_id": pl.Int64, "birth_date": pl.Date, **dict.fromkeys(TEXTS, pl.String)}
MISSPELT = {**FATHER, "pinfl": None, "document_number": None, "surname": "Qozimov"}


@pytest.fixture(scope="module")
def links(worlds: dict[str, Links]) -> Links:
    return worlds["alone"]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Links]]:
    """Every case's link, without and with a source that names one person 60 times.

    People are numbered as in PEOPLE.
    """
    run = Run(
        delivery="",
        output="",
        election_date=datetime.date(2026, 12, 27),
        as_of=AS_OF,
        work=str(tmp_path_factory.mktemp("references")),
    )
    with tables.open_engine(run) as engine:
        yield _links(engine)


def _links(engine: duckdb.DuckDBPyConnection) -> dict[str, Links]:
    rows = background()
    first = len(rows)
    records = as_records(engine, [*rows, *PEOPLE])
    decisions = build_rows(engine)(SourceDecision).limit(0)
    resolution = resolve_persons(engine, records, decisions, Linkage())
    person = dict(resolution.person_links.pl().select("person_id", "row_id").rows())

    def link(**sources: list[dict[str, Any]]) -> dict[str, pl.DataFrame]:
        found = link_references(
            engine,
            {name: _named(engine, name, rows) for name, rows in sources.items()},
            records,
            resolution.person_links,
            resolution.model,
            Linkage(),
        )
        assert found.capped == ()
        return {name: links.pl() for name, links in found.by_source.items()}

    def of_cases(by_source: dict[str, pl.DataFrame]) -> Links:
        found = pl.concat(
            [
                by_source[source].with_columns(pl.col("row_id") * 2 + place)
                for place, source in enumerate(("even", "odd"))
            ]
        )
        failures = ReferenceLink.filter(
            found.select(ReferenceLink.column_names()), cast=True
        )
        assert not len(failures[1]), failures[1].counts()
        return {
            name: {
                **row,
                "person": None
                if row["person_id"] is None
                else person[row["person_id"]] - first,
                "candidates": [person[p] - first for p in row["candidate_person_ids"]],
            }
            for name, row in zip(CASES, found.sort("row_id").to_dicts(), strict=True)
        }

    cases = [row for row, _, _ in CASES.values()]
    # The cases in turns to two sources, between which another has no rows or many.
    alone = link(even=cases[::2], between=[], odd=cases[1::2])
    flooded = link(even=cases[::2], between=[MISSPELT] * 60, odd=cases[1::2])
    assert alone["between"].is_empty()
    assert flooded["between"].height == 60
    return {"alone": of_cases(alone), "flooded": of_cases(flooded)}


def _named(
    engine: duckdb.DuckDBPyConnection, source: str, rows: list[dict[str, Any]]
) -> duckdb.DuckDBPyRelation:
    names = ("pinfl", "surname", "given_name", "patronymic", "birth_date", "sex")
    frame = pl.DataFrame(
        [
            {
                "row_id": number,
                "birth_date_precision": "DAY" if row.get("birth_date") else None,
                "document_number": row.get("document_number"),
                "document_type": "PASSPORT",
                **{name: row.get(name) for name in names},
            }
            for number, row in enumerate(rows)
        ],
        schema=SCHEMA,
    )
    engine.register(f"{source}_rows", frame.to_arrow())
    return normalise_named(engine, engine.table(f"{source}_rows"), AS_OF, f"named_{source}")


@pytest.mark.parametrize("name", CASES)
def test_reference(links: dict[str, dict[str, Any]], name: str):
    _, outcome, person = CASES[name]
    link = links[name]
    assert link["outcome"] == outcome, link
    if outcome == "LINKED":
        assert link["person"] == person
        assert link["candidates"] == []
    elif outcome == "POSSIBLE":
        assert link["person"] is None
        assert link["candidates"] == [person]


def test_ambiguous_lists_both(links: dict[str, dict[str, Any]]):
    assert links["two_namesakes"]["candidates"] == [4, 5]


def test_rule_says_what_decided(links: dict[str, dict[str, Any]]):
    assert links["pinfl_and_name"]["rule"] == "PINFL"
    assert links["pinfl_and_name"]["match_weight"] is None
    assert links["names_and_birth_date"]["rule"] == "PROBABILISTIC"
    assert links["names_and_birth_date"]["match_weight"] > 0


def test_no_source_decides_about_another(worlds: dict[str, Links]):
    """However often acts repeat a slip, it stays a slip to all others."""
    assert worlds["flooded"] == worlds["alone"]
