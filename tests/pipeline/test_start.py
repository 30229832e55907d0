import datetime
import json
from pathlib import Path

import pytest

from pipeline.errors import CheckFailed, ConfigurationError, SourceError
from pipeline.start import at_work, start_run
from tests.conftest import ELECTION_DATE

TODAY = datetime.date(2026, 11, 20)


@pytest.fixture
def delivery(tmp_path):
    folder = tmp_path / "delivery" / "mia"
    folder.mkdir(parents=True)
    (folder / "persons.csv").write_text("record_id\n1\n")
    return folder.parent


def start(delivery, tmp_path, **options):
    return start_run(
        str(delivery), ELECTION_DATE, str(tmp_path / "published"), TODAY, **options
    )


def control(delivery, content):
    (delivery / "mia" / "persons.control.json").write_text(json.dumps(content))


def test_day_is_asked_for_else_of_the_delivery_else_today(delivery, tmp_path):
    assert start(delivery, tmp_path).as_of == TODAY
    control(delivery, {"rows": 1, "as_of": "2026-11-01"})
    assert start(delivery, tmp_path).as_of == datetime.date(2026, 11, 1)
    asked = datetime.date(2026, 10, 1)
    assert start(delivery, tmp_path, as_of=asked).as_of == asked


def test_control_file_with_an_impossible_day_is_refused(delivery, tmp_path):
    control(delivery, {"rows": 1, "as_of": "2026-02-31"})
    with pytest.raises(SourceError, match="persons.control.json"):
        start(delivery, tmp_path)


def test_same_request_has_the_same_folder_and_another_delivery_another(delivery, tmp_path):
    first = start(delivery, tmp_path).work
    assert start(delivery, tmp_path).work == first
    (delivery / "mia" / "persons.csv").write_text("record_id\n2\n")
    assert start(delivery, tmp_path).work != first


def test_tables_of_a_dead_run_are_removed_and_those_of_a_live_one_are_not(
    delivery, tmp_path
):
    first = start(delivery, tmp_path)
    (delivery / "mia" / "persons.csv").write_text("record_id\n2\n")
    with at_work(first):
        start(delivery, tmp_path)
        assert Path(first.work).exists()
    start(delivery, tmp_path)
    assert not Path(first.work).exists()


def test_the_same_build_can_not_run_twice_at_once(delivery, tmp_path):
    run = start(delivery, tmp_path)
    with (
        at_work(run),
        pytest.raises(CheckFailed, match="another build"),
        at_work(run),
    ):
        pass


def test_missing_folder_and_empty_folder_are_told_apart(tmp_path):
    with pytest.raises(ConfigurationError, match="no folder"):
        start(tmp_path / "nowhere", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no files"):
        start(tmp_path / "empty", tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[policy]\nvoting_age = 16\n", "voting_age is unknown"),
        ("[policy]\nvoting_age_years = 'x'\n", "voting_age_years must be int"),
        ("[politics]\n", "unknown section politics"),
        ("election = 7\n", "election must be text"),
        ("[policy\n", "not valid TOML"),
    ],
)
def test_wrong_configuration_names_what_is_wrong(delivery, tmp_path, text, told):
    config = tmp_path / "config.toml"
    config.write_text(text)
    with pytest.raises(ConfigurationError, match=told):
        start(delivery, tmp_path, config=str(config))


def test_configuration_sets_parameters(delivery, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("election = 'local-2026'\n[policy]\nvoting_age_years = 16\n")
    run = start(delivery, tmp_path, config=str(config))
    assert run.election_name == "local-2026"
    assert run.policy.voting_age_years == 16
