"""One build at a time in a folder: in a run's own, in an election's to publish.

The lock is the kernel's own lock on a file (flock), which falls with the process that
holds it however that process ends: no lock of a dead build is ever left to be judged by
its age, and Prefect's view of a run does not matter. The file says who holds it.
"""

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import CheckFailed

LOCK = ".publish.lock"


@contextlib.contextmanager
def publishing(election: Path) -> Iterator[None]:
    """Hold the election's folder for one publication.

    Raises:
        CheckFailed: another build is publishing there; its process and host are named.
    """
    with holding(election, "publish"):
        yield


def is_held(folder: Path) -> bool:
    """Whether a build is at work in this folder now."""
    try:
        with holding(folder, "look"):
            return False
    except CheckFailed:
        return True


@contextlib.contextmanager
def holding(folder: Path, stage: str) -> Iterator[None]:
    """Hold a folder for one build at a time.

    Raises:
        CheckFailed: another build holds it; its process and host are named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CheckFailed(
                f"{stage}: another build is at work here ({_holder(file.name)})"
            ) from error
        file.truncate(0)
        json.dump({"pid": os.getpid(), "host": socket.gethostname()}, file)
        file.flush()
        yield


def _holder(path: str) -> str:
    text = Path(path).read_text(encoding="utf-8")
    try:
        owner = json.loads(text)
    except json.JSONDecodeError:
        return "process unknown"
    return f"process {owner.get('pid')} on {owner.get('host')}"
