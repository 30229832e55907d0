"""Frozen parameters: what a fitted night gives, another night repeats to the bit."""

import dataclasses
import datetime
import json
from collections.abc import Iterator

import duckdb
import polars as pl
import pytest

from pipeline import tables
from pipeline.errors import ConfigurationError
from pipeline.linkage.parameters import Parameters, read_parameters, write_parameters
from pipeline.resolve_persons import PersonResolution, resolve_persons
from pipeline.resolve_persons.model import COMPARISONS
from pipeline.resolve_persons.train import collect_parameters, fit_parameters
from pipeline.run import Linkage, Run
from pipeline.simulate import simulate
from schemas.source import SourceDecision
from selv.train import read_records
from tests.conftest import AS_OF, ELECTION_DATE, build_rows
from tests.person_worlds import as_records, background, golden_pairs, pair_rows

ROWS = [
    row for number, case in enumerate(golden_pairs()) for row in pair_rows(case, number)
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    day = datetime.date(2026, 11, 1)
    run = Run("", "", day, day, work=str(tmp_path_factory.mktemp("train")))
    with tables.open_engine(run) as opened:
        yield opened


def resolve(engine, rows, parameters: Parameters | None = None) -> PersonResolution:
    decisions = build_rows(engine)(SourceDecision).limit(0)
    engine.execute("DROP TABLE IF EXISTS world_records")
    return resolve_persons(
        engine, as_records(engine, rows), decisions, Linkage(), parameters
    )


def outcome(resolution: PersonResolution) -> tuple[pl.DataFrame, pl.DataFrame]:
    return (
        resolution.person_links.pl().sort("row_id"),
        resolution.review_pairs.pl().sort("left_row_id", "right_row_id"),
    )


@pytest.fixture(scope="module")
def fitted(engine):
    """Outcome of a night that fitted its model, and its parameters, rare values and all."""
    resolution = resolve(engine, background() + ROWS)
    found = outcome(resolution)
    day = "2026-11-01"
    return (
        found,
        collect_parameters(engine, resolution.trained, day, rows_min=1),
        collect_parameters(engine, resolution.trained, day),
    )


def test_frozen_night_repeats_the_night_it_was_fitted_on(engine, fitted):
    (links, pairs), parameters, _ = fitted
    again = outcome(resolve(engine, background() + ROWS, parameters))
    assert again[0].equals(links)
    assert again[1].equals(pairs)
    assert pairs.height > 3


def test_other_rows_move_no_pair_of_a_frozen_night(engine, fitted):
    """Half of the background is gone, new names came: golden pairs weigh the same."""
    _, _, parameters = fitted
    everyone = background()
    moved = [
        {**row, "surname": "Zzyzxov" if place % 3 else "Karimof"}
        for place, row in enumerate(everyone[:1500])
    ]
    weights = []
    for others in (everyone, everyone[3000:] + moved):
        rows = [*others, *ROWS]
        first = len(others)
        links, pairs = outcome(resolve(engine, rows, parameters))
        weights.append(
            (
                links.filter(pl.col("row_id") >= first)
                .with_columns(pl.col("row_id") - first)
                .drop("person_id"),
                pairs.filter(pl.col("left_row_id") >= first)
                .with_columns(pl.col("left_row_id") - first, pl.col("right_row_id") - first)
                .drop("left_person_id", "right_person_id"),
            )
        )
    assert weights[0][0].equals(weights[1][0])
    assert weights[0][1].equals(weights[1][1])


def test_training_alone_gives_what_a_fitted_night_used(engine, fitted):
    engine.execute("DROP TABLE IF EXISTS world_records")
    records = as_records(engine, background() + ROWS)
    assert fit_parameters(engine, records, "2026-11-01").sha256 == fitted[2].sha256


def test_file_is_canonical_and_read_back_whole(fitted):
    _, _, parameters = fitted
    text = write_parameters(parameters)
    found = read_parameters(text, "file", COMPARISONS)
    assert write_parameters(found) == text
    assert found.sha256 == parameters.sha256
    assert found.model.prior_bits == parameters.model.prior_bits
    for one, two in zip(found.model.m, parameters.model.m, strict=True):
        assert one.tolist() == two.tolist()


def test_file_lists_no_value_of_few_rows_and_no_document(fitted):
    _, _, parameters = fitted
    content = json.loads(write_parameters(parameters))["frequencies"]
    assert content["document_key"]["values"] == {}
    assert content["address_id"]["values"] == {}
    listed = [rows for row in content.values() for rows in row["values"].values()]
    assert min(listed) >= 10
    assert len(listed) > 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(prior_bits=-3.0), "changed since it was fitted"),
        (lambda c: c.update(format=99), "format"),
    ],
)
def test_changed_file_is_refused(fitted, change, message):
    content = json.loads(write_parameters(fitted[2]))
    change(content)
    with pytest.raises(ConfigurationError, match=message):
        read_parameters(json.dumps(content), "file", COMPARISONS)


def test_parameters_for_other_levels_are_refused(fitted):
    text = write_parameters(fitted[2])
    with pytest.raises(ConfigurationError, match=r"other comparisons or levels \(sex\)"):
        read_parameters(
            text,
            "file",
            tuple(
                dataclasses.replace(c, prior_m={"yes": 1.0}, tiers=())
                if c.name == "sex"
                else c
                for c in COMPARISONS
            ),
        )


def test_parameters_of_a_smaller_population_are_refused(engine, fitted):
    parameters = dataclasses.replace(
        fitted[2], model=dataclasses.replace(fitted[2].model, population=4000)
    )
    with pytest.raises(ConfigurationError, match="chance would be underrated"):
        resolve(engine, background() + ROWS, parameters)


def test_a_delivery_is_fitted_with_the_corrections_that_stand(tmp_path):
    """A corrected birth date counts as corrected; one that was withdrawn, as delivered."""
    simulate(str(tmp_path), 1000, 7, ("1718",), ELECTION_DATE, AS_OF)
    header = "decision_id,kind,decided_by,decided_at,reason,record_id,field,value,withdraws"
    folder = tmp_path / "cec"
    for file in folder.glob("decisions*"):
        file.unlink()
    run = Run(str(tmp_path), "", AS_OF, AS_OF, work=str(tmp_path / "work"))
    with tables.open_engine(run) as engine:
        plain = read_records(engine, run).order("row_id").limit(2).pl()
    first, second = plain["record_id"]
    lines = [
        header,
        f"D1,CORRECT,UIK,2026-10-01,passport,{first},birth_date,1911-05-17,",
        f"D2,CORRECT,UIK,2026-10-01,passport,{second},birth_date,1911-05-17,",
        "D3,WITHDRAW,UIK,2026-10-02,mistaken,,,,D2",
    ]
    (folder / "decisions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with tables.open_engine(run) as engine:
        found = read_records(engine, run).order("row_id").limit(2).pl()
    corrected = datetime.date(1911, 5, 17)
    assert found["birth_date"].to_list() == [corrected, plain["birth_date"][1]]
