"""The data dictionary: it validates, it says what docs/tables.md says, and it can fail."""

import json
import re
import shutil
from pathlib import Path

import frictionless
import pytest

from pipeline.data_dictionary import table_schema
from pipeline.document_tables import tables_page
from pipeline.manifest import read_inputs, read_manifest
from pipeline.publish import publish
from pipeline.release_contents import AREA_TABLES, WHOLE_TABLES
from pipeline.tables import open_engine, read_json
from pipeline.three_languages import column_headings
from schemas.catalogue import TABLES
from tests.release_tables import make_run, write_run_tables

VOTERS = "voters/region=1718/district=1718203/voters.csv"


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("dictionary"))
    write_run_tables(run)
    with open_engine(run) as engine:
        return Path(publish(engine, run, read_inputs(run.delivery)).path)


def validate(folder, path):
    package = frictionless.Package(str(folder / "datapackage.json"))
    resource = next(r for r in package.resources if r.path == path)
    return frictionless.validate(resource).flatten(["type"])


def test_the_whole_release_validates(release):
    report = frictionless.Package(str(release / "datapackage.json")).validate()
    assert report.valid, report.flatten(["name", "type", "message"])
    rows = {
        t.place: t.stats.get("rows", 0) for t in report.tasks if t.place.endswith(".csv")
    }
    files = read_manifest(release)["files"]
    assert rows == {p: record["rows"] for p, record in files.items() if p.endswith(".csv")}


def test_every_file_of_the_release_is_a_resource_with_its_hash(release):
    package = read_json(str(release / "datapackage.json"))
    files = read_manifest(release)["files"]
    described = {r["path"]: r["hash"] for r in package["resources"]}
    own = {"datapackage.json", "index.html"}
    assert described == {
        path: f"sha256:{record['sha256']}"
        for path, record in files.items()
        if path not in own and not path.startswith(("dictionary/", "index/"))
    }
    names = [r["name"] for r in package["resources"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9._-]+", name) for name in names)


def spoil(folder, old, new):
    """Replace the first text in the list and make its size and hash no longer matter."""
    path = folder / VOTERS
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new, 1))
    package = read_json(str(folder / "datapackage.json"))
    for resource in package["resources"]:
        resource.pop("hash")
        resource.pop("bytes")
    (folder / "datapackage.json").write_text(json.dumps(package))


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b"V0000000000004", b"V000000000000x", "constraint-error"),
        (b"TERRITORIAL", b"TERRITORY", "constraint-error"),
        (b"30000000000004\t", b"3000000000004\t", "constraint-error"),
        (b";1718203;99;", b";1718203;x;", "type-error"),
        (b";1718203;", b";;", "constraint-error"),
        (b"list_number", b"number", "incorrect-label"),
    ],
)
def test_what_breaks_the_contract_is_found(release, tmp_path, old, new, error):
    folder = Path(shutil.copytree(release, tmp_path / "r"))
    assert validate(folder, VOTERS) == []
    spoil(folder, old, new)
    assert [error] in validate(folder, VOTERS)


def test_an_altered_byte_is_found_by_its_hash(release, tmp_path):
    folder = Path(shutil.copytree(release, tmp_path / "r"))
    path = folder / VOTERS
    path.write_bytes(path.read_bytes().replace(b"Anvar", b"Anvor", 1))
    assert ["hash-count"] in validate(folder, VOTERS)


def test_dictionary_and_docs_say_the_same():
    page = tables_page()
    for contract in dict.fromkeys(TABLES.values()):
        section = page.split(f"\n## {contract.__name__}\n")[1].split("\n## ")[0]
        told = dict(
            re.findall(r"^\| `(\w+)` \|.*\| (.*?) \|$", section, flags=re.MULTILINE)
        )
        fields = table_schema(contract)["fields"]
        assert {f["name"]: f["description"].replace("|", "\\|") for f in fields} == told
        for field in fields:
            line = re.search(rf"^\| `{field['name']}` \|.*$", section, flags=re.MULTILINE)
            if field.get("constraints", {}).get("required"):
                assert re.search(r"\| (required|key)\b", line.group()), line.group()
            for code in field.get("constraints", {}).get("enum", []):
                assert f"`{code}`" in section


def test_a_column_that_the_policy_hides_is_not_described(release):
    fields = read_json(str(release / "dictionary/voters.csv.json"))["fields"]
    assert "document_number" not in {field["name"] for field in fields}
    fields = read_json(str(release / "dictionary/voters.json"))["fields"]
    assert "document_number" in {field["name"] for field in fields}


def test_every_column_of_an_office_s_table_has_a_heading_in_three_languages():
    offices = [table.name for table in AREA_TABLES]
    offices += [table.name for table in WHOLE_TABLES if table.for_offices]
    columns = {column for name in offices for column in TABLES[name].column_names()}
    headings = column_headings()
    assert columns - set(headings) == set()
    assert all(text.strip() for column in columns for _, text in headings[column])
    assert set(headings) - columns == set(), "a heading that no table needs"
