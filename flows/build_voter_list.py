"""The nightly flow: from a delivery to a published voter list, one line a stage.

Run it as `selv build`, as `python -m flows.build_voter_list DELIVERY --election-date …`,
or by a worker from the deployment in prefect.yaml.
"""

import datetime
from pathlib import Path
from typing import Annotated

import typer
from prefect import flow
from prefect.artifacts import create_link_artifact, create_table_artifact

from flows import stages
from pipeline.run import Run, join
from pipeline.start import at_work, finish_run, start_run
from pipeline.tables import read_json

FLOW_TIMEOUT_SECONDS = 12 * 3600


@flow(
    name="build-voter-list",
    timeout_seconds=FLOW_TIMEOUT_SECONDS,
    persist_result=False,
    validate_parameters=True,
)
def build_voter_list(
    delivery: str,
    election_date: datetime.date,
    output: str = "data/published",
    previous: str | None = None,
    config: str | None = None,
    as_of: datetime.date | None = None,
    keep_work: bool = False,
) -> str:
    """Build, check and publish the voter list of one election from one delivery.

    Args:
        delivery: folder of the delivery.
        election_date: the qualifying date.
        output: folder above all elections.
        previous: release to count changes against; the current one by default.
        config: TOML file of parameters.
        as_of: day of the release; that of the control files by default.
        keep_work: keep the run's own tables, for whoever wants to look at them.

    Returns:
        The folder of the release.
    """
    today = datetime.datetime.now(datetime.UTC).date()
    run = start_run(delivery, election_date, output, today, previous, config, as_of)
    with at_work(run):
        counts = {
            "ingest": stages.ingest_delivery(run),
            "correct": stages.correct_records(run),
            "normalise": stages.normalise_records(run),
            "resolve persons": stages.resolve_records(run),
            "resolve addresses": stages.resolve_places(run),
            "determine eligibility": stages.judge_eligibility(run),
            "assign precincts": stages.place_voters(run),
            "trace rows": stages.trace_rows(run),
            "find discrepancies": stages.raise_discrepancies(run),
            "compare releases": stages.compare_releases(run),
            "measure quality": stages.measure_quality(run),
            "check": stages.check_release(run),
            "publish": stages.publish_release(run),
        }
        release = str(read_json(join(run.work, "release.json"))["path"])
    _create_artifacts(run, release, counts)
    if not keep_work:
        finish_run(run)
    return release


def _create_artifacts(run: Run, release: str, counts: dict[str, dict[str, int]]) -> None:
    """Counts by stage and a link to the report: figures and a path, no personal data."""
    create_table_artifact(
        key="counts-by-stage",
        table=[
            {"stage": stage, "table": table, "rows": rows}
            for stage, tables in counts.items()
            for table, rows in tables.items()
        ],
        description=f"Rows by stage, election {run.election_name}",
    )
    create_link_artifact(
        key="report",
        link=(Path(release) / "report.html").as_uri(),
        link_text="report.html",
        description="Discrepancy report of the release",
    )


def _main(
    delivery: str,
    election_date: Annotated[datetime.datetime, typer.Option(formats=["%Y-%m-%d"])],
    output: Annotated[str, typer.Option()] = "data/published",
    previous: Annotated[str | None, typer.Option()] = None,
    config: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Run the flow once from the command line."""
    build_voter_list(delivery, election_date.date(), output, previous, config)


if __name__ == "__main__":
    typer.run(_main)
