"""Size of a country's report.html and how long a browser takes to open it.

The bars: under 5 MB, open in under a second. A frame loads the page from disk, as a double
click does; told are milliseconds from the start of navigation to the end of loading, when
the script has drawn everything, beside those of an empty page in the same browser.

    python benchmarks/bench_report.py [--runs 5]
"""

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline.report import render_report
from pipeline.summary import write_summary
from pipeline.tables import open_engine
from tests.national_summary import national_summary
from tests.release_tables import make_run, write_run_tables

PROBE = (
    '<!doctype html><iframe id="f" width="1280" height="900"></iframe><script>'
    "f.onload = () => { if (f.src) setTimeout(() => { const t = f.contentWindow.performance"
    '.timing; document.title = "ms " + (t.loadEventEnd - t.navigationStart); }, 0); };'
    'f.src = "{page}";</script>'
)


def national_page(folder: Path) -> str:
    """report.html of a country of invented figures."""
    run = make_run(folder)
    write_run_tables(run)
    with open_engine(run) as engine:
        summary = write_summary(engine, run, str(folder / "summary.json"))
    return render_report(national_summary(summary))


def milliseconds(browser: str, folder: Path, page: str) -> float:
    """One opening of a page in a browser of its own."""
    probe = folder / "probe.html"
    probe.write_text(PROBE.replace("{page}", page), encoding="utf-8")
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [
                browser,
                *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--disable-background-networking", "--allow-file-access-from-files"),
                *("--timeout=20000", f"--user-data-dir={profile}", "--dump-dom"),
                probe.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    found = re.search(r"<title>ms (\d+)</title>", done.stdout)
    if found is None:
        sys.exit("the page was not open when the browser gave up")
    return float(found.group(1))


def main() -> None:
    """Print size and times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.exit("no Chromium here: apt-get install chromium")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        page = national_page(folder)
        (folder / "report.html").write_text(page, encoding="utf-8")
        (folder / "empty.html").write_text("<!doctype html><p>empty", encoding="utf-8")
        print(f"size      {len(page.encode()) / 1e6:.2f} MB")
        for label, address in (
            ("empty", "empty.html"),
            ("country", "report.html"),
            ("region", "report.html#area=1718&lang=ru"),
            ("district", "report.html#area=1718203&lang=uz-Cyrl"),
        ):
            times = [milliseconds(browser, folder, address) for _ in range(runs)]
            print(
                f"{label:<9} median {statistics.median(times):.0f} ms, "
                f"worst {max(times):.0f} ms of {runs}"
            )


if __name__ == "__main__":
    main()
