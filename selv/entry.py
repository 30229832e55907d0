"""Entry point of `selv`: the one command that must answer at once starts alone."""

import sys


def main() -> None:
    """Run `selv find-station` by itself, or every other command."""
    if sys.argv[1:2] == ["find-station"]:
        from selv.station import main as run
    else:
        from selv.cli import main as run
    run()
