"""A stage whose engine breaks down is run once more, and carefully."""

import duckdb
import pytest
from prefect.logging import disable_run_logger

from flows.stages import _run_body
from pipeline.tables import open_engine
from tests.release_tables import make_run

SETTINGS = """
    SELECT current_setting('threads')::INTEGER,
        current_setting('debug_enable_caching_operators')
"""


def settings(engine):
    return engine.execute(SETTINGS).fetchall()[0]


def test_engine_has_the_threads_of_the_run_and_a_careful_one_has_one(tmp_path):
    run = make_run(tmp_path)
    with open_engine(run) as engine:
        assert settings(engine) == (run.resources.threads, True)
    with open_engine(run, is_careful=True) as engine:
        assert settings(engine) == (1, False)


@pytest.mark.parametrize("fault", [duckdb.InternalException, duckdb.FatalException])
def test_stage_is_run_once_more_on_a_careful_engine(tmp_path, fault):
    seen = []

    def body(engine, run):
        seen.append(settings(engine))
        if len(seen) == 1:
            raise fault("dict-surviving cache")
        return {"rows": 1}

    run = make_run(tmp_path)
    with disable_run_logger():
        assert _run_body(body, run) == {"rows": 1}
    assert seen == [(run.resources.threads, True), (1, False)]


def test_stage_whose_careful_engine_fails_too_fails(tmp_path):
    def body(engine, run):
        raise duckdb.FatalException("again")

    with disable_run_logger(), pytest.raises(duckdb.FatalException, match="again"):
        _run_body(body, make_run(tmp_path))
