"""Chromium without a window: a page as it stands after its scripts ran."""

import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: apt-get install chromium"
)
"""Pages are tried where there is a browser: no package of PyPI brings one along."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=3000",
)
STARTS = 4
SECONDS = 40
"""A page takes two; a browser that takes longer hangs in its own start or virtual clock."""


def open_page(url: str, profile: Path, *flags: str) -> tuple[str, list[str]]:
    """The page's document after its scripts ran, and what the console said.

    A headless browser now and then hangs, whatever the page: it is started anew, with a
    profile of its own. A page that hangs it hangs it every time, and fails.
    """
    for start in range(1, STARTS + 1):
        folder = profile / f"start-{start}"
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", *flags]
        try:
            done = subprocess.run(
                [*command, "--dump-dom", url],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=True,
            )
        except subprocess.TimeoutExpired:
            continue
        said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return done.stdout, said
    raise AssertionError(f"the browser hung {STARTS} times")
