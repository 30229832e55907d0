"""The flow as Prefect's users run it: by command; on a server by a worker and as a module.

After each run everything that left it (output, logs, states, artifacts) is searched for
the people in the delivery: not one name, PINFL or document number may be there.
"""

import csv
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from pipeline.verify import verify_release

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
DAY = "2026-12-27"


@pytest.fixture(scope="module")
def secrets(delivery):
    """Every PINFL, document number and distinctive name of the delivery."""
    found = set()
    for path in sorted(delivery.glob("mia/persons*.csv")):
        raw = path.read_bytes()
        for encoding in ("utf-8-sig", "utf-16", "cp1251"):
            try:
                text = raw.decode(encoding)
                break
            except UnicodeError:
                continue
        delimiter = max(",;\t|", key=text.splitlines()[0].count)
        for row in csv.DictReader(text.splitlines(), delimiter=delimiter):
            for column in ("pinfl", "document_number", "surname", "street"):
                value = (row.get(column) or "").strip()
                if len(value) >= 7:
                    found.add(value.casefold())
    assert len(found) > 1000
    return found


def search(text: str, secrets: set[str]) -> set[str]:
    words = set(re.findall(r"[^\s,;:|\"'()\[\]{}]+", text.casefold()))
    return words & secrets


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT_") and not name.startswith("COV_")
    }
    return kept | {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
        "PREFECT_LOGGING_LEVEL": "DEBUG",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **more,
    }


def database_text(home: Path) -> str:
    """Every value of every table of Prefect's database."""
    parts = []
    connection = sqlite3.connect(home / "prefect.db")
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            parts.extend(str(row) for row in connection.execute(f'SELECT * FROM "{table}"'))
    finally:
        connection.close()
    return "\n".join(parts)


def run(command: list[str], env: dict[str, str], seconds: int = 300) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-3000:]
    return output


def build_command(module: list[str], delivery: Path, output: Path) -> list[str]:
    options = ["--election-date", DAY, "--output", str(output)]
    return [sys.executable, "-m", *module, str(delivery), *options]


def test_the_command_publishes_and_tells_nothing(delivery, secrets, tmp_path):
    published, home = tmp_path / "published", tmp_path / "home"
    command = build_command(["selv", "build"], delivery, published)
    output = run(command, environment(home))
    assert verify_release(str(published / DAY / "current")).is_valid
    assert search(output, secrets) == set()
    assert search(database_text(home), secrets) == set()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, server: subprocess.Popen[bytes], seconds: int = 240) -> None:
    for _ in range(seconds):
        assert server.poll() is None, "the server ended"
        try:
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(1)
    raise AssertionError("the server did not answer")


def test_worker_and_module_build_by_a_server(delivery, secrets, tmp_path):
    port = free_port()
    api = f"http://127.0.0.1:{port}/api"
    env = environment(
        tmp_path / "home",
        PREFECT_API_URL=api,
        SELV_HOME=str(ROOT),
        SELV_DELIVERY=str(delivery),
        SELV_ELECTION_DATE=DAY,
        SELV_OUTPUT=str(tmp_path / "published"),
    )
    prefect = str(Path(sys.executable).parent / "prefect")
    log = (tmp_path / "server.log").open("wb")
    server = subprocess.Popen(
        [prefect, "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        env=env,
        stdout=log,
        stderr=log,
    )
    try:
        wait_for(f"{api}/health", server)
        run([prefect, "work-pool", "create", "selv", "--type", "process"], env)
        run([prefect, "--no-prompt", "deploy", "--all"], env)
        run([prefect, "deployment", "run", "build-voter-list/nightly"], env)
        output = run([prefect, "worker", "start", "--pool", "selv", "--run-once"], env, 500)
        state, artifacts = finished(api)
        by_module = tmp_path / "by-module"
        module = ["flows.build_voter_list"]
        output += run(build_command(module, delivery, by_module), env)
    finally:
        server.terminate()
        server.wait(30)
        log.close()
    assert state == "COMPLETED", output[-3000:]
    assert {artifact["key"] for artifact in artifacts} == {"counts-by-stage", "report"}
    counts = next(a for a in artifacts if a["key"] == "counts-by-stage")
    assert '"table": "voters"' in counts["data"]
    for published in (tmp_path / "published", by_module):
        assert verify_release(str(published / DAY / "current")).is_valid
    said = output + (tmp_path / "server.log").read_text(errors="replace")
    assert search(said, secrets) == set()
    assert search(database_text(tmp_path / "home"), secrets) == set()


def finished(api: str) -> tuple[str, list[dict[str, str]]]:
    """State of the only flow run, once it is final, and the artifacts it left."""
    for _ in range(120):
        runs = httpx.post(f"{api}/flow_runs/filter", json={}, timeout=10).json()
        if runs and runs[0]["state"]["type"] in {"COMPLETED", "FAILED", "CRASHED"}:
            break
        time.sleep(1)
    artifacts = httpx.post(f"{api}/artifacts/filter", json={}, timeout=10).json()
    return runs[0]["state"]["type"], artifacts
