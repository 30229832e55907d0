"""The notebooks run from top to bottom, and are committed without outputs."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = ["01_sources", "02_linkage_quality", "03_list_changes"]

pytestmark = [
    pytest.mark.slow,
    # The kernel's client is torn down by the collector; what it leaves is not ours.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Both nights, made once for all notebooks and workers, with a Prefect of their own."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "notebooks"
    home.mkdir(exist_ok=True)
    variables = os.environ | {
        "SELV_NOTEBOOKS": str(home),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "notebooks")]),
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    variables.pop("PREFECT_API_URL", None)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(
            [sys.executable, str(ROOT / "notebooks" / "simulated.py")],
            env=variables,
            capture_output=True,
            check=False,
            text=True,
            timeout=300,
        )
    assert made.returncode == 0, made.stderr[-3000:]
    return variables


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def test_there_are_three():
    assert [path.stem for path in NOTEBOOKS] == NAMES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, environment):
    client = NotebookClient(
        read(path),
        timeout=60,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(env=environment)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_has_no_outputs(path):
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert cells
    assert [number for number, cell in enumerate(cells) if cell.outputs] == []
    assert {cell.execution_count for cell in cells} == {None}
