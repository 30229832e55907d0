"""One simulated delivery and one release of it, shared by every test of a whole run."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.logging import disable_run_logger
from prefect.testing.utilities import prefect_test_harness

from flows import stages
from pipeline.run import Run, join
from pipeline.simulate import simulate
from pipeline.start import start_run
from pipeline.tables import read_json
from tests.conftest import AS_OF, ELECTION_DATE

REGISTRATIONS = 4000
STAGES = (
    stages.ingest_delivery,
    stages.correct_records,
    stages.normalise_records,
    stages.resolve_records,
    stages.resolve_places,
    stages.judge_eligibility,
    stages.place_voters,
    stages.trace_rows,
    stages.raise_discrepancies,
    stages.compare_releases,
    stages.measure_quality,
    stages.check_release,
    stages.publish_release,
)


@dataclasses.dataclass(frozen=True)
class Built:
    """A release, the run that made it, and the delivery with its truth."""

    run: Run
    release: Path
    delivery: Path
    truth: Path


def build(delivery: Path, output: Path, **options: object) -> Built:
    """Run every stage on a delivery, as the flow does, without a server."""
    run = start_run(str(delivery), ELECTION_DATE, str(output), AS_OF)
    run = dataclasses.replace(run, **options)
    with disable_run_logger():
        for stage in STAGES:
            stage.fn(run)
    release = Path(read_json(join(run.work, "release.json"))["path"])
    return Built(run, release, delivery, delivery.with_name("truth"))


@pytest.fixture(scope="session")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated delivery of one region; its truth is moved beside it."""
    folder = tmp_path_factory.mktemp("simulated") / "delivery"
    simulate(str(folder), REGISTRATIONS, 11, ("1718",), ELECTION_DATE, AS_OF)
    (folder / "truth").rename(folder.with_name("truth"))
    return folder


@pytest.fixture(scope="session")
def built(delivery: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The delivery's first release."""
    return build(delivery, tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """Prefect's own test server on a database of its own."""
    with prefect_test_harness(server_startup_timeout=180):
        yield
