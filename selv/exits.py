"""How a command ends when something is wrong: one line, and the code that means it.

What belongs here: only what every command needs, so that one which answers at once can
start without the others.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from pipeline.errors import PipelineError

CHECK_FAILED = 5
NOT_FOUND = 7

Release = Annotated[str, typer.Argument(help="Folder of a published release.")]


@contextlib.contextmanager
def exit_codes() -> Iterator[None]:
    """Turn the pipeline's errors into one line and the exit code that means them."""
    try:
        yield
    except PipelineError as error:
        Console(stderr=True).print(f"[bold red]{type(error).__name__}[/]: ", end="")
        Console(stderr=True, markup=False, highlight=False).print(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        # Disk full, read-only, no permission: the path and the reason, nothing of a row.
        where = f" {error.filename}" if error.filename else ""
        Console(stderr=True, markup=False, highlight=False).print(
            f"{type(error).__name__}: {error.strerror}{where}"
        )
        sys.exit(2)
