"""The commands of `selv`; what they print stands in show.py.

What belongs here: arguments, one call of the pipeline or the flow, and the exit code.
"""

import atexit
import datetime
import logging
import os
import signal
import sys
import tempfile
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from pipeline.engine import without_values
from pipeline.errors import ConfigurationError, SourceError
from selv import audit, normalise, people, show, tools
from selv.decide import decide
from selv.exits import exit_codes
from selv.places import add_place_commands
from selv.printing import hand_out_command, print_command
from selv.review import review_app
from selv.sample import audit_sample
from selv.station import find_station
from selv.train import train

EPILOG = (
    "Exit codes: 0 done; 2 wrong parameter, or memory or disk ran out; 3 the delivery "
    "can't be used; 4 a fault of this program; 5 a check failed or a release doesn't "
    "verify; 6 built, but an alarm keeps the release from becoming current; 7 somebody "
    "asked about was not found."
)
CANDIDATE_EXIT_CODE = 6

app = typer.Typer(
    name="selv",
    help="Single electronic list of voters: from register extracts to published lists.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(normalise.app, name="normalise")
app.command()(normalise.boundaries)
app.add_typer(review_app, name="review")
app.command()(decide)
app.command()(train)
app.command("print")(print_command)
app.command("hand-out")(hand_out_command)
app.command("find-station")(find_station)
app.command("audit-sample")(audit_sample)
audit.add_commands(app)
people.add_commands(app)
add_place_commands(app)

Day = Annotated[datetime.datetime, typer.Option(formats=["%Y-%m-%d"])]
Delivery = Annotated[str, typer.Argument(help="Folder of the delivery.")]
Release = Annotated[str, typer.Argument(help="Folder of a published release.")]


@app.command()
def simulate(
    output: Annotated[str, typer.Option(help="Folder to write; truth/ beside it.")],
    registrations: Annotated[int, typer.Option(min=1000)] = 150_000,
    seed: Annotated[int, typer.Option()] = 7,
    regions: Annotated[str, typer.Option(help="SOATO codes, or `all`.")] = "1718",
    election_date: Day = datetime.datetime(2026, 12, 27),  # noqa: DTZ001
    as_of: Day = datetime.datetime(2026, 11, 1),  # noqa: DTZ001
    mahallas: Annotated[str | None, typer.Option(help="Official mahalla names.")] = None,
    stations: Annotated[str | None, typer.Option(help="Real polling stations.")] = None,
) -> None:
    """Write a delivery of a simulated country, with the known truth in OUTPUT/truth."""
    with show.working("simulating"):
        summary = tools.simulate(
            output,
            registrations,
            seed,
            regions,
            election_date.date(),
            as_of.date(),
            mahallas,
            stations,
        )
    show.print_simulation(summary)


@app.command()
def check(
    delivery: Delivery,
    config: Annotated[str | None, typer.Option(help="TOML file of parameters.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
) -> None:
    """Validate a delivery without building anything."""
    with show.working("reading the delivery"):
        report = tools.check(delivery, config)
    show.print_check(report, as_json=as_json)
    if not report.is_usable:
        raise typer.Exit(SourceError.exit_code)


@app.command()
def build(
    delivery: Delivery,
    election_date: Day,
    output: Annotated[str, typer.Option(help="Folder above all elections.")],
    previous: Annotated[str | None, typer.Option(help="Release to compare with.")] = None,
    config: Annotated[str | None, typer.Option(help="TOML file of parameters.")] = None,
    as_of: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of the release."),
    ] = None,
    keep_work: Annotated[bool, typer.Option(help="Keep the run's own tables.")] = False,
) -> None:
    """Run the nightly flow on a delivery and publish a release."""
    _quiet_prefect()
    from flows.build_voter_list import build_voter_list

    with show.stages():
        release = build_voter_list(
            delivery,
            election_date.date(),
            output,
            previous,
            config,
            as_of.date() if as_of else None,
            keep_work,
        )
    if not show.print_release(release):
        raise typer.Exit(CANDIDATE_EXIT_CODE)


@app.command()
def evaluate(
    release: Release,
    truth: Annotated[str, typer.Option(help="Folder with the known truth.")],
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
) -> None:
    """Compare a release of a simulated delivery with the truth."""
    show.print_evaluation(tools.evaluate(release, truth), as_json=as_json)


@app.command()
def explain(
    release: Release,
    pinfl: Annotated[str | None, typer.Option(help="National identifier.")] = None,
    voter_id: Annotated[str | None, typer.Option(help="Number of the voter.")] = None,
    record_id: Annotated[str | None, typer.Option(help="Key of a source row.")] = None,
    html: Annotated[str | None, typer.Option(help="Page to write, with charts.")] = None,
) -> None:
    """Say why a person is, or is not, on the list, and from which rows."""
    found = tools.explain(release, pinfl, voter_id, record_id)
    if not found:
        raise ConfigurationError("explain: this release knows nobody by that identifier")
    if html is not None:
        tools.write_explanations(found, release, html)
    for explanation in found:
        show.print_explanation(explanation)


@app.command()
def verify(
    release: Release,
    public_key: Annotated[str | None, typer.Option(help="Ed25519 key, PEM.")] = None,
    part: Annotated[
        bool, typer.Option("--part", help="Only what an office received is here.")
    ] = False,
) -> None:
    """Check a release against its manifest, its contracts and itself."""
    with show.working("verifying"):
        report = tools.verify(release, public_key, part)
    if not show.print_verification(report):
        raise typer.Exit(5)


@app.command()
def approve(
    release: Annotated[str, typer.Argument(help="Folder of a release of this election.")],
    by: Annotated[str, typer.Option(help="Who approves.")],
    reason: Annotated[str, typer.Option(help="Why, for the log.")],
    signing_key: Annotated[
        str | None, typer.Option(help="Ed25519 private key, PEM.")
    ] = None,
) -> None:
    """Make a release current: a candidate that somebody has looked at, or a step back."""
    tools.approve(release, by, reason, signing_key)
    show.print_approved(release)


@app.command()
def dedupe(
    file: Annotated[str, typer.Argument(help="Table of persons: CSV or Parquet.")],
    profile: Annotated[str, typer.Option(help="TOML: what the columns are.")],
    output: Annotated[str, typer.Option(help="Folder for person_links.parquet.")],
) -> None:
    """Find which rows of any table of persons are the same person."""
    with show.working("matching"):
        path, counts = tools.dedupe(file, profile, output)
    show.print_dedupe(path, **counts)


def _quiet_prefect() -> None:
    """A build on a terminal shows its own progress; what is wrong is said once, by us."""
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_SERVER_LOGGING_LEVEL", "CRITICAL")


def main() -> None:
    """Entry point of `selv`."""
    logging.getLogger("prefect").setLevel(logging.WARNING)
    # DuckDB 2.0 lists what it thinks leaked when Python ends: pages of noise after the
    # last word of a command. Registered first, so it runs after every other farewell.
    atexit.register(os.dup2, os.open(os.devnull, os.O_WRONLY), 2)
    # Prefect hands the signal back when the flow has ended; by default Python would then
    # die without stopping the run's own server, which would stay for ever.
    signal.signal(signal.SIGTERM, _end)
    with exit_codes(), without_values("selv", _keep_error):
        app()


def _keep_error(said: str) -> str:
    """Put what an engine said into a file that nobody else can read; where it stands."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="selv-error-", suffix=".txt", delete=False
    ) as file:
        file.write(f"{said}\n")
    return file.name


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    """End on a signal as a program does that puts its things away first."""
    Console(stderr=True, markup=False).print(
        "ended by a signal; the same command goes on where it stopped"
    )
    sys.exit(128 + number)
