"""A stage whose engine breaks down is run once more, on one thread."""

import duckdb
import pytest
from prefect.logging import disable_run_logger

from flows.stages import _run_body
from pipeline.engine import thread_count
from pipeline.tables import open_engine
from tests.release_tables import make_run


def test_engine_has_the_threads_of_the_run_or_those_asked_for(tmp_path):
    run = make_run(tmp_path)
    with open_engine(run) as engine:
        assert thread_count(engine) == run.resources.threads
    with open_engine(run, threads=1) as engine:
        assert thread_count(engine) == 1


@pytest.mark.parametrize("threads", [None, 1])
def test_no_engine_gathers_small_chunks(tmp_path, threads):
    query = "SELECT current_setting('debug_enable_caching_operators')"
    with open_engine(make_run(tmp_path), threads) as engine:
        assert engine.execute(query).fetchall() == [(False,)]


@pytest.mark.parametrize("fault", [duckdb.InternalException, duckdb.FatalException])
def test_stage_is_run_once_more_on_one_thread(tmp_path, fault):
    seen = []

    def body(engine, run):
        seen.append(thread_count(engine))
        if len(seen) == 1:
            raise fault("dict-surviving cache")
        return {"rows": 1}

    run = make_run(tmp_path)
    with disable_run_logger():
        assert _run_body(body, run) == {"rows": 1}
    assert seen == [run.resources.threads, 1]


def test_stage_that_fails_again_on_one_thread_fails(tmp_path):
    def body(engine, run):
        raise duckdb.FatalException("again")

    with disable_run_logger(), pytest.raises(duckdb.FatalException, match="again"):
        _run_body(body, make_run(tmp_path))
