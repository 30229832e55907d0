"""The commands of auditors and commissions, as they meet them on a terminal."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.errors import ConfigurationError
from pipeline.find_station import key_id
from pipeline.manifest import read_inputs
from pipeline.publish import publish
from pipeline.tables import open_engine
from selv import cli
from tests.release_tables import make_run, write_rows, write_run_tables

runner = CliRunner()
SECRET = bytes(range(32))


def selv(*arguments, typed=None):
    return runner.invoke(cli.app, [str(a) for a in arguments], input=typed)


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "finder.key"
    path.write_text(SECRET.hex())
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def release(tmp_path_factory, secret):
    """A published release of an invented country, with a station finder."""
    run = make_run(
        tmp_path_factory.mktemp("audited"),
        finder_key=str(secret),
        finder_key_id=key_id(SECRET),
    )
    write_run_tables(run)
    with open_engine(run) as engine:
        shown = engine.read_parquet(f"{run.work}/tables/precincts.parquet").pl().to_dicts()
        rows = [
            {"row_id": n, "source_file": "cec/precincts.csv", "source_row": n + 1, **row}
            for n, row in enumerate(shown)
        ]
        write_rows(engine, run, "source_precincts", rows)
        return publish(engine, run, read_inputs(run.delivery)).path


def test_log_shows_every_act_and_that_it_is_whole(release):
    result = selv("log", release)
    assert result.exit_code == 0, result.output
    assert "published" in result.output
    assert "FAIL" not in result.output


def test_a_station_is_told_a_line_each(release, secret):
    typed = "AA0000002 1932-03-03\nZZ0000002 1932-03-03\n"
    result = selv("find-station", release, "--key", secret, typed=typed)
    told = result.stdout.splitlines()
    assert "uchastka; 7-maktab" in told[0]
    assert told[1].startswith("No station is known")
    assert result.exit_code == 7
    assert "AA0000002" not in result.output, "nothing that was asked is said again"


def test_a_station_is_told_as_json(release, secret):
    result = selv(
        "find-station", release, "--key", secret, "--json", typed="AA0000002 03.03.1932\n"
    )
    assert result.exit_code == 0, result.output
    assert set(json.loads(result.stdout)) == {
        "region_code",
        "district_code",
        "precinct_number",
        "name",
        "address",
        "phone",
    }


@pytest.mark.parametrize(
    "typed",
    [
        "ZZ0000002 1932-03-03",
        "AA0000002 1932-03-04",
        "AA2 x",
        "",
        "30000000000002",
        "a b c",
    ],
)
def test_whoever_is_not_found_gets_one_answer(release, secret, typed):
    result = selv("find-station", release, "--key", secret, typed=typed + "\n")
    assert result.stdout == (
        "No station is known for this number and birth date. Ask the commission.\n"
    )
    assert result.exit_code == 7


def test_the_secret_may_come_from_the_configuration(release, secret, tmp_path):
    config = tmp_path / "selv.toml"
    config.write_text(f'finder_key = "{secret}"\n')
    result = selv("find-station", release, "--config", config, typed="")
    assert result.exit_code == 0


def test_names_added_by_hand_give_two_files_and_sums_alone(release, tmp_path):
    file = tmp_path / "added.csv"
    file.write_text(
        "region_code,precinct_number,surname,document_number,birth_date\n"
        "1718,101,Ábdiraxmanov,AA0000002,1932-03-03\n"
        "1735,107,Ábdiraxmanov,AA0000002,1932-03-03\n"
        "1718,101,Nobody,AA9999999,1950-01-01\n"
        "1718,101,Nobody,AA9999999,1950-02-31\n"
    )
    out = tmp_path / "out"
    result = selv("supplementary", release, file, "--output", out)
    assert result.exit_code == 5, "a row was refused"
    assert "row 4: birth_date breaks birth_date_possible" in result.output
    assert "biraxmanov" not in result.output
    rows = (out / "supplementary_rows.csv").read_text("utf-8-sig").splitlines()
    assert len(rows) == 4
    assert "LISTED_ELSEWHERE" in rows[1]
    assert "UNKNOWN" in rows[3]
    assert (out / "supplementary_precincts.csv").exists()


def people(tmp_path, *rows):
    file = tmp_path / "people.csv"
    file.write_text("\n".join(("surname,document_number,birth_date", *rows)) + "\n")
    return file


def test_people_who_are_all_found_end_well(release, tmp_path):
    file = people(tmp_path, "Ábdiraxmanov,AA0000002,1932-03-03")
    result = selv("verify-people", release, file, "--purpose", "observer")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == ["source_row,result,reasons", "1,FOUND,"]


def test_people_with_objections_end_with_their_own_code(release, tmp_path):
    file = people(
        tmp_path, "Ábdiraxmanov,AA0000002,1932-03-03", "Nobody,AA9999999,1950-01-01"
    )
    result = selv(
        "verify-people",
        release,
        file,
        "--purpose",
        "candidate",
        "--age-min",
        "99",
        "--output",
        tmp_path / "checked.csv",
    )
    assert result.exit_code == 7
    told = (tmp_path / "checked.csv").read_text("utf-8-sig").splitlines()
    assert told[1:] == ["1;FOUND;TOO_YOUNG", "2;NOT_FOUND;"]
    assert "AA0000002" not in result.output


def test_candidates_need_an_age(release, tmp_path):
    result = selv("verify-people", release, people(tmp_path), "--purpose", "candidate")
    assert isinstance(result.exception, ConfigurationError)


def test_a_sample_is_drawn_filled_in_and_evaluated(release, tmp_path):
    out = tmp_path / "sample"
    result = selv("audit-sample", release, "--seed", "x", "--size", 40, "--output", out)
    assert result.exit_code == 0, result.output
    names = {path.name for path in out.iterdir()}
    assert names == {
        "draw.json",
        *(f"{kind}.{suffix}" for kind in KINDS for suffix in ("csv", "xlsx")),
    }
    said = json.loads((out / "draw.json").read_text())
    assert said["samples"]["list_to_people"]["drawn"] == 40
    assert "nobody is listed can't be drawn" in " ".join(result.output.split())
    assert "only" in said["samples"]["people_to_list"]["drawn_from"]
    head, *lines = (out / "list_to_people.csv").read_text("utf-8-sig").splitlines()
    place = head.split(";").index("lives_here")
    filled = [head]
    for number, line in enumerate(lines):
        cells = line.split(";")
        cells[place] = "" if number < 4 else str(int(number % 9 > 0))
        filled.append(";".join(cells))
    (tmp_path / "back.csv").write_text("\n".join(filled))
    result = selv("audit-sample", release, "--results", tmp_path / "back.csv")
    assert result.exit_code == 0, result.output
    assert "36 of 40" in result.output
    assert "if everybody who did not answer were bad" in result.output
    assert "unknown" in result.output, "nobody answered whether the data are right"


KINDS = ("list_to_people", "people_to_list")


def test_a_sample_needs_a_seed(release, tmp_path):
    result = selv("audit-sample", release, "--output", tmp_path / "sample")
    assert isinstance(result.exception, ConfigurationError)


def test_the_chain_is_printed_for_an_area(release, tmp_path):
    """The invented release has no persons off the list, and reconcile says what differs."""
    result = selv("reconcile", release, "--output", tmp_path / "chain.csv")
    assert "rows of the register" in result.output
    assert "DIFFERS UZ: persons" in result.output
    assert result.exit_code == 5
    assert (tmp_path / "chain.csv").read_text("utf-8-sig").startswith("area;step;reason")
    assert selv("reconcile", release, "--district", "9999999").exit_code != 0


def test_find_station_starts_without_the_engines(release, secret):
    """It must answer at once: of the 800 ms that all commands take, 600 are engines."""
    code = (
        "import sys; from selv.entry import main; "
        "sys.argv = ['selv', 'find-station', *sys.argv[1:]]\n"
        "try:\n    main()\nfinally:\n"
        "    loaded = {'polars', 'duckdb', 'numpy', 'prefect'} & set(sys.modules)\n"
        "    sys.stdout.write(f'loaded {sorted(loaded)}')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, release, "--key", str(secret)],
        input="AA0000002 1932-03-03\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parent.parent,
    )
    assert done.stdout.splitlines()[-1] == "loaded []", done.stderr
    assert "uchastka" in done.stdout
