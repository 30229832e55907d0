"""What an office receives: everything of its own, nothing of another, all of it checked."""

import re
from pathlib import Path

import frictionless
import pytest

from pipeline.errors import CheckFailed, ConfigurationError
from pipeline.hand_out import hand_out
from pipeline.manifest import read_inputs, read_manifest
from pipeline.publish import publish
from pipeline.run import Files
from pipeline.tables import open_engine, scan_table
from tests.release_tables import make_run, write_run_tables


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("hand-out"), files=Files(pdf=True))
    write_run_tables(run)
    return run


@pytest.fixture(scope="module")
def release(run):
    with open_engine(run) as engine:
        return publish(engine, run, read_inputs(run.delivery)).path


def test_a_district_gets_its_files_and_no_other_district_s(run, release, tmp_path):
    copied = hand_out(release, "1718203", str(tmp_path / "office"))
    assert copied[0] == "index/region=1718/district=1718203/index.html"
    here = {
        path.relative_to(tmp_path / "office").as_posix()
        for path in (tmp_path / "office").rglob("*.*")
        if path.is_file()
    }
    assert {path for path in here - set(copied) if "dictionary/" not in path} == {
        "manifest.json",
        "datapackage.json",
    }
    assert all("/district=1718203/" in path for path in copied)
    tables = {path.split("/")[0] for path in copied}
    assert tables >= {"voters", "changes", "discrepancies", "print", "index"}
    ours = scan_table(run, "voters").collect().filter(district_code="1718203")
    assert (
        sum(path.endswith(".pdf") for path in copied) >= ours["precinct_number"].n_unique()
    )


def test_every_link_of_the_page_works_in_the_copy(release, tmp_path):
    copied = hand_out(release, "1718203", str(tmp_path / "office"))
    page = tmp_path / "office" / copied[0]
    targets = re.findall(r'href="([^"]+)"', page.read_text(encoding="utf-8"))
    assert len(targets) == len(copied) - 1
    assert all((page.parent / target).resolve().is_file() for target in targets)


def test_the_copy_s_data_dictionary_describes_the_copy(release, tmp_path):
    copied = hand_out(release, "1718203", str(tmp_path / "office"))
    package = frictionless.Package(str(tmp_path / "office" / "datapackage.json"))
    described = {resource.path for resource in package.resources}
    assert described == {path for path in copied if not path.endswith("index.html")}
    report = package.validate()
    assert report.valid, report.flatten(["name", "message"])


def test_a_region_gets_its_districts(release, tmp_path):
    copied = hand_out(release, "1718", str(tmp_path / "office"))
    assert copied[0] == "index/region=1718/index.html"
    assert {"1718203", "1718401"} == {
        found for path in copied for found in re.findall(r"district=(\d+)", path)
    }
    expected = {p for p in read_manifest(release)["files"] if "region=1718/" in p}
    assert set(copied) == expected


def test_a_file_that_was_altered_is_not_handed_out(release, tmp_path):
    import shutil

    copy = Path(shutil.copytree(release, tmp_path / Path(release).name))
    path = copy / "voters/region=1718/district=1718203/voters.csv"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(CheckFailed, match=r"voters\.csv is not as published"):
        hand_out(str(copy), "1718203", str(tmp_path / "office"))


def test_unknown_areas_and_folders_in_use_are_refused(release, tmp_path):
    with pytest.raises(ConfigurationError, match="no files of area 1703202"):
        hand_out(release, "1703202", str(tmp_path / "office"))
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "x").touch()
    with pytest.raises(ConfigurationError, match="not empty"):
        hand_out(release, "1718203", str(tmp_path / "used"))


@pytest.mark.parametrize("owner", ["MIA", "CADASTRE", "CEC"])
def test_an_owner_gets_its_questions_and_nothing_else(release, tmp_path, owner):
    copied = hand_out(release, None, str(tmp_path / "office"), owner)
    name = f"discrepancies_{owner.lower()}"
    assert copied == [f"{name}.csv", f"{name}.parquet", f"{name}.xlsx"]


def test_a_commission_gets_the_questions_of_its_district(release, tmp_path):
    copied = hand_out(release, "1718203", str(tmp_path / "office"), "COMMISSION")
    folder = "discrepancies_commission/region=1718/district=1718203"
    assert {Path(path).parent.as_posix() for path in copied} == {folder}


@pytest.mark.parametrize(
    ("area", "owner", "what"),
    [
        (None, None, "must be named"),
        (None, "COMMISSION", "of its area"),
        (None, "NOBODY", "no owner NOBODY"),
        ("1718203", "MIA", "no files of MIA in area 1718203"),
    ],
)
def test_nothing_is_handed_out_for_an_unclear_wish(release, tmp_path, area, owner, what):
    with pytest.raises(ConfigurationError, match=what):
        hand_out(release, area, str(tmp_path / "office"), owner)
