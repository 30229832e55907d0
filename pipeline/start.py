"""Stage 0: what is built from what, on which day, in which folder.

What belongs here: turning a request into a frozen Run. The folder of a run is named after
everything that decides its result, so that a build that was killed goes on where it
stopped and another build can't meet its tables.
"""

import contextlib
import dataclasses
import datetime
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError, SourceError
from pipeline.find_station import key_id, read_secret
from pipeline.linkage.parameters import Parameters, read_parameters
from pipeline.manifest import (
    InputFile,
    delivery_fingerprint,
    read_inputs,
    read_manifest,
)
from pipeline.publish import choose_previous
from pipeline.release_lock import holding, is_held
from pipeline.resolve_persons.model import COMPARISONS
from pipeline.run import Linkage, Run, fingerprint, join, read_settings
from pipeline.tables import read_json, read_text, write_json

WORK = ".work"
PARAMETERS = "linkage_parameters.json"
"""Parameters that a night used, in the run's folder: frozen ones, or its own fit."""


def start_run(
    delivery: str,
    election_date: datetime.date,
    output: str,
    today: datetime.date,
    previous: str | None = None,
    config: str | None = None,
    as_of: datetime.date | None = None,
) -> Run:
    """The frozen Run of a request, with its folder made.

    Args:
        delivery: folder of the delivery.
        election_date: the qualifying date.
        output: folder above all elections.
        today: day of the request, used only where neither `as_of` nor a control file
            says of which day the delivery is.
        previous: release to count changes against; the current one by default.
        config: TOML with the sections of pipeline/run.py.
        as_of: day of the release.

    Raises:
        ConfigurationError: a path or a parameter is wrong.
        SourceError: the delivery is not a folder, or holds no files.
    """
    if not Path(delivery).is_dir():
        raise ConfigurationError(f"delivery: no folder {delivery}")
    settings = {} if config is None else read_settings(_config_text(config), config)
    if settings.get("finder_key") is not None:
        settings["finder_key_id"] = key_id(read_secret(settings["finder_key"]))
    inputs = read_inputs(delivery)
    if not inputs:
        raise SourceError("delivery: the folder holds no files")
    day = as_of or _delivery_day(delivery, inputs) or today
    run = Run(
        delivery=str(Path(delivery).resolve()),
        output=str(Path(output).resolve()),
        election_date=election_date,
        as_of=day,
        work="",
        previous=previous,
        **settings,
    )
    run = dataclasses.replace(run, linkage=_pin_parameters(run))
    before = choose_previous(run, inputs)
    identity = fingerprint(
        [
            delivery_fingerprint(run, inputs),
            before and read_manifest(before)["fingerprint"],
            code_digest(),
        ]
    )
    run = dataclasses.replace(
        run, previous=before, work=join(run.output, WORK, identity[:16])
    )
    _remove_stale(run)
    write_json(join(run.work, "inputs.json"), [dataclasses.asdict(f) for f in inputs])
    return run


def _remove_stale(run: Run) -> None:
    """Remove the tables of killed runs that nothing will go on with.

    They hold the whole register. A run at work holds its folder's lock and is left alone.
    """
    for folder in sorted(Path(run.output, WORK).glob("*")):
        if folder.name != Path(run.work).name and not is_held(folder):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def at_work(run: Run) -> Iterator[None]:
    """Hold the run's folder: the same build can't run twice at once.

    Raises:
        CheckFailed: another process builds just this; process and host are named.
    """
    with holding(Path(run.work), "build"):
        yield


def frozen_parameters(run: Run) -> Parameters | None:
    """Parameters of the file that the run names; null where each night fits its own.

    Raises:
        ConfigurationError: no such file, not what was frozen, or for other comparisons.
    """
    path, expected = run.linkage.parameters, run.linkage.parameters_sha256
    if not path:
        if expected:
            raise ConfigurationError("linkage.parameters_sha256 without linkage.parameters")
        return None
    try:
        text = read_text(path)
    except FileNotFoundError as error:
        raise ConfigurationError(f"linkage.parameters: no file {path}") from error
    parameters = read_parameters(text, f"linkage.parameters: {path}", COMPARISONS)
    if expected and expected != parameters.sha256:
        raise ConfigurationError(f"linkage.parameters: {path} is not {expected[:12]}…")
    return parameters


def night_parameters(run: Run) -> Parameters:
    """Parameters that resolve_records used and left in the run's folder."""
    text = read_text(join(run.work, PARAMETERS))
    return read_parameters(text, PARAMETERS, COMPARISONS)


def _pin_parameters(run: Run) -> Linkage:
    """The run's linkage settings with the hash of the parameters it will use."""
    parameters = frozen_parameters(run)
    sha256 = "" if parameters is None else parameters.sha256
    return dataclasses.replace(run.linkage, parameters_sha256=sha256)


def run_inputs(run: Run) -> list[InputFile]:
    """The delivery's files as they were when the run began."""
    return [InputFile(**row) for row in read_json(join(run.work, "inputs.json"))]


def finish_run(run: Run) -> None:
    """Remove the run's own tables: all that matters of them is published."""
    shutil.rmtree(run.work, ignore_errors=True)


def code_digest() -> str:
    """SHA-256 over the program's own files: other code, other tables."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for package in ("schemas", "pipeline", "data/reference"):
        for path in sorted((root / package).rglob("*")):
            if path.suffix in {".py", ".csv", ".toml", ".html", ".css", ".js"}:
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _config_text(path: str) -> str:
    try:
        return read_text(path)
    except FileNotFoundError as error:
        raise ConfigurationError(f"configuration: no file {path}") from error


def _delivery_day(delivery: str, inputs: list[InputFile]) -> datetime.date | None:
    """The latest day that a control file names, null where none does."""
    days = []
    for file in inputs:
        if not file.path.endswith(".control.json"):
            continue
        content: Any = read_json(join(delivery, file.path))
        if isinstance(content, dict) and isinstance(content.get("as_of"), str):
            try:
                days.append(datetime.date.fromisoformat(content["as_of"]))
            except ValueError as error:
                raise SourceError(f"{file.path}: as_of is no date") from error
    return max(days, default=None)
