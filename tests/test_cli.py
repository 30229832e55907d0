"""The command as a person at a terminal meets it: words, files, exit codes."""

import csv
import signal
import subprocess
import sys

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from selv import cli

runner = CliRunner()


def selv(*arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["selv", *map(str, arguments)])
        patch.setattr(cli.os, "dup2", lambda *_: None)
        return runner.invoke(cli.app, [str(argument) for argument in arguments])


def exit_code(arguments, capsys):
    """Exit code and error text of the entry point, which turns errors into codes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["selv", *map(str, arguments)])
        patch.setattr(cli.atexit, "register", lambda *_: None)
        with pytest.raises(SystemExit) as ended:
            cli.main()
    return ended.value.code, capsys.readouterr().err


def test_help_names_every_command_and_the_exit_codes():
    shown = selv("--help").output
    for command in (
        "simulate",
        "check",
        "build",
        "evaluate",
        "explain",
        "verify",
        "approve",
        "decide",
        "log",
        "find-station",
        "supplementary",
        "verify-people",
        "reconcile",
        "audit-sample",
        "dedupe",
        "train",
        "review",
        "normalise",
        "boundaries",
    ):
        assert command in shown
    assert "Exit codes" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (
            ["build", "nowhere", "--election-date", "2026-12-27", "--output", "o"],
            2,
            "nowhere",
        ),
        (["simulate", "--output", "o", "--regions", "9999"], 2, "9999"),
        (
            ["dedupe", "nobody.csv", "--profile", "none.toml", "--output", "o"],
            2,
            "none.toml",
        ),
        (["normalise", "names", "nobody.csv"], 3, "nobody.csv"),
        (["review", "export", "nowhere", "--output", "o"], 3, "nowhere"),
        (["review", "export", "nowhere", "--output", "o", "--format", "pdf"], 2, "pdf"),
        (["review", "import", "nobody.xlsx", "--output", "o"], 3, "nobody.xlsx"),
        (
            ["train", "nowhere", "--output", "o", "--fitted-on", "2026-11-01"],
            3,
            "nowhere",
        ),
        (["explain", "nowhere", "--voter-id", "V"], 3, "nowhere"),
        (["approve", "nowhere", "--by", "x", "--reason", "y"], 5, "nowhere"),
        (["approve", "nowhere", "--by", " ", "--reason", "y"], 2, "who approves"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_wrong_words_end_in_one_line_and_the_code_that_means_them(
    arguments, code, told, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    ended, error = exit_code(arguments, capsys)
    assert ended == code
    assert told in error


def test_an_engine_that_stumbles_ends_in_one_line_without_values(
    capsys, monkeypatch, tmp_path
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def stumble(*_):
        return duckdb.sql("SELECT 'KARIMOV'::INTEGER").fetchall()

    monkeypatch.setattr(cli.tools, "verify", stumble)
    ended, error = exit_code(["verify", "release"], capsys)
    (kept,) = tmp_path.iterdir()
    assert ended == 4
    assert "KARIMOV" not in error
    assert str(kept) in error.replace("\n", "")
    assert "KARIMOV" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


def test_check_of_a_delivery_that_lacks_a_table_says_so_and_fails(tmp_path):
    (tmp_path / "mia").mkdir()
    (tmp_path / "mia" / "persons.csv").write_text("record_id\n1\n")
    result = selv("check", tmp_path)
    assert result.exit_code == 3
    assert "cadastre/dwellings" in result.output


def test_names_come_back_with_their_keys(tmp_path):
    file = tmp_path / "names.csv"
    file.write_text(
        "record_id,surname,given_name,patronymic,sex,region_code\n"
        "1,Жўраев,Алишер,Каримович,M,1718\n"
        "2,Jo`rayev,Alisher,Karim o`g`li,M,1718\n",
        encoding="utf-8",
    )
    rows = list(csv.DictReader(selv("normalise", "names", file).stdout.splitlines()))
    assert [row["record_id"] for row in rows] == ["1", "2"]
    for column in ("surname_key", "given_name_key", "patronymic_key"):
        assert rows[0][column] == rows[1][column] != ""


def test_output_goes_to_the_file_that_is_named(tmp_path):
    file = tmp_path / "i.csv"
    file.write_text(
        "record_id,pinfl,document_number,cadastral_number,birth_date,sex\n"
        "1,30211975910033,,,1997-11-02,M\n"
    )
    out = tmp_path / "out.csv"
    result = selv("normalise", "identifiers", file, "--output", out)
    assert result.stdout == ""
    row = pl.read_csv(out, infer_schema=False).to_dicts()[0]
    assert row["pinfl_standard"] == "30211975910033"


def test_a_signal_ends_a_command_with_its_farewells(tmp_path):
    mark = tmp_path / "stopped"
    waiting = (
        "import atexit, sys, time\n"
        "from selv import cli\n"
        "atexit.register(open, sys.argv.pop(), 'w')\n"
        "cli.app = lambda: (print('ready', flush=True), time.sleep(60))\n"
        "cli.main()\n"
    )
    command = [sys.executable, "-c", waiting, str(mark)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert b"goes on" in told
    assert mark.exists()
