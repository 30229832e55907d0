"""The state of a night is read only where everything that decides a weight is the same."""

import dataclasses
import datetime
from types import SimpleNamespace

import duckdb
import pytest

from pipeline import night_state
from pipeline.night_state import read_night, write_night
from pipeline.resolve_persons import Night
from pipeline.run import Linkage, Run

FROZEN = SimpleNamespace(sha256="a" * 64)


@pytest.fixture
def run(tmp_path) -> Run:
    day = datetime.date(2026, 11, 1)
    return Run("", str(tmp_path), day, day, work=str(tmp_path / "work"))


@pytest.fixture
def engine():
    with duckdb.connect() as opened:
        yield opened


@pytest.fixture
def written(engine, run) -> Run:
    rows = engine.sql("SELECT 2::BIGINT AS digest UNION ALL SELECT 4 ORDER BY digest")
    pairs = engine.sql("SELECT 2::BIGINT AS left_digest, 4::BIGINT AS right_digest")
    write_night(run, FROZEN, Night(rows, pairs))
    return run


def test_night_comes_back(engine, written):
    night = read_night(engine, written, FROZEN)
    assert night.rows.fetchall() == [(2,), (4,)]
    assert night.pairs.fetchall() == [(2, 4)]


def test_later_night_takes_its_place(engine, written):
    rows = engine.sql("SELECT 6::BIGINT AS digest")
    write_night(written, FROZEN, Night(rows, engine.sql("SELECT 1 WHERE false")))
    assert read_night(engine, written, FROZEN).rows.fetchall() == [(6,)]


def test_no_night_before_the_first(engine, run):
    assert read_night(engine, run, FROZEN) is None


@pytest.mark.parametrize(
    ("change", "frozen"),
    [
        ({}, SimpleNamespace(sha256="b" * 64)),
        ({}, None),
        ({"linkage": Linkage(review_weight_bits=1.0)}, FROZEN),
        ({"election": "another"}, FROZEN),
    ],
)
def test_other_parameters_or_settings_read_nothing(engine, written, change, frozen):
    assert read_night(engine, dataclasses.replace(written, **change), frozen) is None


def test_other_program_reads_nothing(engine, written, monkeypatch):
    monkeypatch.setattr(night_state, "code_digest", lambda: "other")
    assert read_night(engine, written, FROZEN) is None


@pytest.mark.parametrize("file", ["rows.parquet", "pairs.parquet", "key.json"])
def test_incomplete_state_is_not_read(engine, written, tmp_path, file):
    (tmp_path / ".state" / written.election_name / "linkage" / file).unlink()
    assert read_night(engine, written, FROZEN) is None


def test_without_frozen_parameters_nothing_is_kept(engine, run, tmp_path):
    rows = engine.sql("SELECT 2 AS digest")
    write_night(run, None, Night(rows, rows))
    assert not (tmp_path / ".state").exists()
