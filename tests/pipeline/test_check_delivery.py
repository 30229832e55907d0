import json

import pytest

from pipeline.check_delivery import check_delivery
from pipeline.errors import SourceError
from pipeline.tables import reference_table
from schemas.catalogue import SOURCES
from tests.delivery_files import DWELLING, PERSON, as_csv, people, write_delivery


def check(engine, delivery):
    staging = str(delivery.parent / "staging")
    return check_delivery(engine, str(delivery), None, reference_table("areas"), staging)


def test_a_clean_delivery_is_usable(engine, tmp_path):
    report = check(engine, write_delivery(tmp_path / "d"))
    assert report.is_usable
    assert [source.source for source in report.sources] == list(SOURCES)
    assert "mia/persons.csv" in report.to_text()
    assert "not delivered: mia/restrictions" in report.to_text()


def test_every_fault_is_shown_not_only_the_first(engine, tmp_path):
    files = {
        "mia/persons.csv": as_csv([*people(2), PERSON | {"record_id": "P3", "sex": "X"}]),
        "cadastre/dwellings.csv": as_csv([DWELLING | {"shoe_size": "42"}]),
        "mia/persona.csv": b"",
    }
    delivery = write_delivery(tmp_path / "d", files)
    (delivery / "cec/precincts.csv").unlink()
    report = check(engine, delivery)
    assert not report.is_usable
    assert [source for source, _ in report.refused] == [
        "cadastre/dwellings",
        "cec/precincts",
    ]
    text = report.to_text()
    for expected in (
        "REFUSED cadastre/dwellings: cadastre/dwellings.csv: column unknown: 'shoe_size'",
        "REFUSED cec/precincts: required, and has no file",
        "not read: mia/persona.csv is no table; nearest known: mia/persons",
    ):
        assert expected in text
    assert [line.split() for line in text.splitlines() if "sex_known" in line] == [
        ["mia/persons", "sex_known", "1"]
    ]
    assert "Karimov" not in text
    assert json.loads(json.dumps(report.to_dict(), default=str))["refused"].keys() == {
        "cadastre/dwellings",
        "cec/precincts",
    }


def test_files_are_shown_with_what_was_found(engine, tmp_path):
    rows = [row | {"surname": "Каримов", "patronymic": ""} for row in people(2)]
    content = as_csv([row | {"street": "Навоий"} for row in rows], ";", "cp1251")
    report = check(engine, write_delivery(tmp_path / "d", {"mia/persons.csv": content}))
    line = next(line for line in report.to_text().splitlines() if "mia/persons.csv" in line)
    assert line.split() == ["mia/persons.csv", "CSV", "cp1251", ";", "none", "2", "0"]


def test_no_delivery_is_no_report(engine, tmp_path):
    with pytest.raises(SourceError, match="no folder"):
        check(engine, tmp_path / "nowhere")
