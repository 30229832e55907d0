"""A build that dies at any point: the last release stays, the next build succeeds."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.verify import verify_release
from tests.flows.conftest import STAGES, build
from tests.flows.test_release import data_files

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
KILLED = """
import datetime, os, signal, sys
from pathlib import Path
from flows import stages
from prefect.logging import disable_run_logger
from pipeline.start import start_run
from pipeline import tables
from tests.flows.conftest import STAGES

delivery, output, last = sys.argv[1:]
day = datetime.date.fromisoformat
run = start_run(delivery, day("2026-12-27"), output, day("2026-11-01"))
write = tables.write_json

def die_at_marker(path, value):
    if path.endswith(f"stages/{last}.json"):
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, value)

tables.write_json = die_at_marker
with disable_run_logger():
    for stage in STAGES:
        stage.fn(run)
"""


DEATHS = ["normalise_records", "place_voters", "publish_release"]


def test_a_build_killed_three_times_leaves_the_last_release_and_ends_as_any_other(
    built, delivery, tmp_path
):
    """Each start goes on from where the one before was killed."""
    assert set(DEATHS) <= {stage.name for stage in STAGES}
    current = tmp_path / "2026-12-27" / "current"
    for last in DEATHS:
        assert not current.exists()
        dead = subprocess.run(
            [sys.executable, "-c", KILLED, str(delivery), str(tmp_path), last],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert dead.returncode == -signal.SIGKILL, dead.stderr[-2000:]
    again = build(delivery, tmp_path)
    assert current.resolve() == again.release.resolve()
    assert verify_release(str(current)).is_valid
    assert data_files(again.release) == data_files(built.release)
    assert not list((tmp_path / "2026-12-27" / "releases").glob(".*"))
