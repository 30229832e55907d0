"""The commands that show what is read: good tables, bad tables, their own output."""

import csv
import io

import pytest
from typer.testing import CliRunner

from pipeline.errors import PipelineError
from selv.cli import app

GOOD = {
    ("normalise", "names"): "record_id,surname,given_name\nr1,Жўраев,Алишер\n",
    ("normalise", "addresses"): 'record_id,address_text\nr1,"Navoiy k., 5-uy"\n',
    ("normalise", "identifiers"): "record_id,pinfl\nr1,30211975910033\n",
    ("boundaries",): "record_id,boundary_text\nr1,Navoiy ko'chasi\n",
}
BAD = {
    "": "empty",
    "\n\n": "empty",
    "foo,bar\n1,2\n": "header",
    "record_id\nr1\n": "header",
    "surname,address_text,pinfl,boundary_text\na,b\n": "row 1 has 2 cells",
    "surname,surname,pinfl,address_text,boundary_text\na,b,c,d,e\n": "twice",
    'surname,address_text,pinfl,boundary_text\n"a,b,c,d\n': "line",
}


def run(command, file, *more):
    return CliRunner().invoke(app, [*command, str(file), *map(str, more)])


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("command", GOOD, ids=" ".join)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_any_delimiter_and_a_byte_order_mark_are_read(tmp_path, command, delimiter):
    table = rows_of(GOOD[command])
    file = tmp_path / "in.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.DictWriter(target, list(table[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(table)
    result = run(command, file)
    assert result.exit_code == 0
    assert [row["record_id"] for row in rows_of(result.stdout)] == ["r1"]


@pytest.mark.parametrize("command", GOOD, ids=" ".join)
def test_a_command_reads_its_own_output(tmp_path, command):
    file, first, second = (tmp_path / name for name in ("in.csv", "1.csv", "2.csv"))
    file.write_text(GOOD[command], encoding="utf-8")
    assert run(command, file, "--output", first).exit_code == 0
    if command == ("boundaries",):
        # The text itself is not in the output: its rules are.
        assert "boundary_text" not in first.read_text(encoding="utf-8")
        return
    assert run(command, first, "--output", second).exit_code == 0
    before, after = (rows_of(path.read_text(encoding="utf-8")) for path in (first, second))
    assert {**after[0], **before[0]} == after[0]


@pytest.mark.parametrize("command", GOOD, ids=" ".join)
@pytest.mark.parametrize(("text", "reason"), BAD.items(), ids=map(repr, BAD))
def test_what_is_no_table_of_this_kind_is_refused(tmp_path, command, text, reason):
    file = tmp_path / "bad.csv"
    file.write_text(text, encoding="utf-8")
    result = run(command, file, "--output", tmp_path / "out.csv")
    assert isinstance(result.exception, PipelineError)
    assert result.exception.exit_code == 3
    assert reason in str(result.exception)
    assert str(result.exception).startswith("bad.csv:")
    assert not (tmp_path / "out.csv").exists()


def test_another_encoding_is_named_by_its_place(tmp_path):
    file = tmp_path / "bad.csv"
    file.write_bytes("surname\nИванов\n".encode("cp1251"))
    result = run(("normalise", "names"), file)
    assert "not UTF-8 (byte 9)" in str(result.exception)


def test_the_nearest_column_is_named(tmp_path):
    file = tmp_path / "bad.csv"
    file.write_text("Surnam\nKarimov\n", encoding="utf-8")
    result = run(("normalise", "names"), file)
    assert "Surnam may be surname" in str(result.exception)
    assert "Karimov" not in str(result.exception)


def test_a_header_alone_gives_a_header_alone(tmp_path):
    file = tmp_path / "in.csv"
    for command, text in GOOD.items():
        file.write_text(text.split("\n")[0] + "\n", encoding="utf-8")
        result = run(command, file)
        assert result.exit_code == 0
        assert len(result.stdout.splitlines()) == 1
