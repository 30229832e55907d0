"""The files of a release: who stands in which file, in which order, with which bytes."""

import csv
import dataclasses

import polars as pl
import pyarrow.parquet as pq
import pytest

from pipeline import tables
from pipeline.errors import ContractError
from pipeline.release_csv import append_rows, open_csv, spreadsheet_text
from pipeline.release_files import write_release
from pipeline.release_parquet import ROW_GROUP_ROWS, arrow_schema, ordered_batches
from pipeline.run import Files, Policy
from pipeline.tables import open_engine, scan_table
from schemas.catalogue import TABLES
from tests.release_tables import DISTRICTS, make_run, write_run_tables


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("run"), files=Files(pdf=True))
    write_run_tables(run)
    return run


def _write(run, folder, **resources):
    folder.mkdir(parents=True)
    run = dataclasses.replace(
        run, resources=dataclasses.replace(run.resources, **resources)
    )
    with open_engine(run) as engine:
        return write_release(engine, run, str(folder))


@pytest.fixture(scope="module")
def release(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("release") / "r"
    return folder, _write(run, folder)


def _csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_every_voter_stands_in_the_file_of_the_district(run, release):
    folder, files = release
    seen = []
    for district in DISTRICTS:
        path = f"voters/region={district[:4]}/district={district}/voters.parquet"
        frame = pl.read_parquet(folder / path, hive_partitioning=False)
        assert frame["district_code"].unique().to_list() == [district]
        assert frame.select("precinct_number", "list_number").rows() == sorted(
            frame.select("precinct_number", "list_number").rows()
        )
        assert files[path].rows == frame.height
        seen += frame["voter_id"].to_list()
    assert sorted(seen) == scan_table(run, "voters").collect()["voter_id"].to_list()


def test_a_move_between_districts_is_in_both_files(run, release):
    folder, _ = release
    moved = scan_table(run, "changes").filter(pl.col("change") == "MOVED").collect()
    assert moved.height > 5
    for row in moved.to_dicts():
        for moment in ("before", "after"):
            district = row[f"district_code_{moment}"]
            path = folder / f"changes/region={district[:4]}/district={district}"
            frame = pl.read_parquet(path / "changes.parquet", hive_partitioning=False)
            assert row["voter_id"] in frame["voter_id"]


def test_discrepancies_without_an_area_have_a_place(run, release):
    folder, _ = release
    frame = pl.read_parquet(
        folder / "discrepancies/region=0000/district=none/discrepancies.parquet",
        hive_partitioning=False,
    )
    whole = scan_table(run, "discrepancies").collect()
    expected = whole.filter(pl.col("region_code").is_null())
    assert frame.height == expected.height > 0
    ranks = ["BLOCKING", "HIGH", "MEDIUM", "LOW"]
    severities = [ranks.index(severity) for severity in frame["severity"]]
    assert severities == sorted(severities)


@pytest.mark.parametrize(
    "name", ["discrepancies", "resolved_discrepancies", "discrepancies_commission"]
)
def test_question_of_two_districts_is_in_both_files_and_read_as_one(run, release, name):
    folder, _ = release
    whole = scan_table(run, name).collect()
    files = sorted(folder.glob(f"{name}/*/*/{name}.parquet"))
    stored = pl.read_parquet(files, hive_partitioning=True, try_parse_hive_dates=False)
    for row in whole.to_dicts():
        districts = {row["district_code"] or "none", row["other_district_code"]} - {None}
        there = stored.filter(pl.col("discrepancy_id") == row["discrepancy_id"])
        assert there["district"].cast(pl.String).sort().to_list() == sorted(districts)
    with open_engine(run) as engine:
        read = tables.read_release_table(engine, str(folder), name).pl()
    assert read.columns == whole.columns
    assert read.sort("discrepancy_id").equals(whole.sort("discrepancy_id"))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_tables_give_the_same_bytes(run, release, tmp_path, threads):
    _, files = release
    kinds = {path.rsplit(".", 1)[1] for path in files}
    assert kinds >= {"csv", "html", "json", "parquet", "pdf", "xlsx"}
    assert _write(run, tmp_path / "r", threads=threads) == files


def test_parquet_holds_the_data_dictionary_and_statistics(release):
    folder, _ = release
    path = folder / "voters/region=1718/district=1718203/voters.parquet"
    schema = pq.read_schema(path)
    assert schema.field("pinfl").metadata[b"description"].startswith(b"PINFL (JSHSHIR)")
    assert schema.metadata[b"title"] == b"voters"
    column = pq.read_metadata(path).row_group(0).column(0)
    assert column.statistics.has_min_max
    assert column.compression == "ZSTD"
    order = pq.read_metadata(path).row_group(0).sorting_columns
    assert [schema.names[s.column_index] for s in order] == [
        "precinct_number",
        "list_number",
    ]


def test_every_row_group_but_the_last_is_full(engine):
    schema = arrow_schema(TABLES["reconciliation"], "reconciliation")
    rows = engine.sql(
        "SELECT 'mia/persons' AS source, '1718' AS region_code, '' AS district_code, "
        "'LISTED' AS outcome, 'X' AS reason, range AS rows FROM range(300000) ORDER BY rows"
    )
    batches = list(ordered_batches(rows, schema))
    assert [batch.num_rows for batch in batches] == [
        ROW_GROUP_ROWS,
        ROW_GROUP_ROWS,
        300_000 - 2 * ROW_GROUP_ROWS,
    ]
    numbers = pl.concat(pl.DataFrame(batch) for batch in batches)["rows"]
    assert numbers.to_list() == list(range(300_000))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("'x' AS source", "columns missing"),
        (
            "'mia/persons' AS source, NULL AS region_code, '' AS district_code, "
            "'LISTED' AS outcome, 'X' AS reason, 1 AS rows",
            "null in columns \\['region_code'\\]",
        ),
    ],
)
def test_a_relation_that_breaks_the_contract_is_refused(engine, columns, message):
    schema = arrow_schema(TABLES["reconciliation"], "reconciliation")
    with pytest.raises(ContractError, match=message):
        list(ordered_batches(engine.sql(f"SELECT {columns}"), schema))


def test_csv_is_made_for_a_double_click(release):
    folder, files = release
    path = "voters/region=1718/district=1718203/voters.csv"
    text = (folder / path).read_bytes()
    assert text.startswith(b"\xef\xbb\xbfvoter_id;list_number;")
    assert text.count(b"\r\n") == text.count(b"\n") == files[path].rows + 1
    rows = _csv(folder / path)
    assert "document_number" not in rows[0]
    for row in rows:
        assert not row["pinfl"] or row["pinfl"][-1] == "\t" and len(row["pinfl"]) == 15
        assert row["surname"][0] not in "=+-@"
        assert row["house"].rstrip("\t") in ("12", "12/3", "007", "3E5", "28-A", "8-mart")
        assert row["flags"] in ("", "PINFL_MISSING")
    assert '\'=HYPERLINK("x")' in {row["surname"] for row in rows} | {
        row["surname"]
        for row in _csv(folder / "voters/region=1718/district=1718401/voters.csv")
    }


def test_csv_says_what_parquet_says(release):
    folder, _ = release
    for district in DISTRICTS:
        path = folder / f"voters/region={district[:4]}/district={district}"
        frame = pl.read_parquet(path / "voters.parquet", hive_partitioning=False)
        rows = _csv(path / "voters.csv")
        assert len(rows) == frame.height
        for read, row in zip(rows, frame.to_dicts(), strict=True):
            for column in ("voter_id", "pinfl", "surname", "house", "mahalla"):
                said = read[column].removesuffix("\t")
                said = said[1:] if said.startswith("'") else said
                assert said == (row[column] or "")


def test_document_numbers_are_in_the_csv_only_where_the_policy_says(run, tmp_path):
    open_policy = dataclasses.replace(run, policy=Policy(document_number_in_csv=True))
    _write(open_policy, tmp_path / "r")
    rows = _csv(tmp_path / "r/voters/region=1718/district=1718203/voters.csv")
    assert rows[0]["document_number"].startswith("AA")


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("Karimov", "Karimov"),
        (None, None),
        ("=1+1", "'=1+1"),
        ("  =1+1", "'  =1+1"),
        ("+998", "'+998"),
        ("-Ali", "'-Ali"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("\t=1", "' =1"),
        ("\r=1", "' =1"),
        ("'quoted", "''quoted"),
        ("a\x00b\nc", "a b c"),
        ("31234567890123", "31234567890123\t"),
        ("007", "007\t"),
        ("1", "1"),
        ("1718203", "1718203"),
        ("12/3", "12/3\t"),
        ("2-3", "2-3\t"),
        ("3E5", "3E5\t"),
        ("28-A", "28-A"),
        ("8-mart", "8-mart\t"),
        ("8 Март", "8 Март\t"),
        ("Mart 8", "Mart 8\t"),
        ("Istiqlol-2", "Istiqlol-2"),
        ("10:01:02", "10:01:02\t"),
        ("10:01:01:02:03:0001", "10:01:01:02:03:0001"),
        ("Oʻktam", "Oʻktam"),
    ],
)
def test_a_text_cell_shows_what_it_says_and_never_runs(given, written):
    frame = pl.DataFrame({"cell": [given]}, schema={"cell": pl.String})
    assert frame.select(spreadsheet_text(pl.col("cell"))).item() == written


def test_numbers_have_a_decimal_comma_and_no_marks(tmp_path):
    frame = pl.DataFrame({"weight": [-3.25, None], "rows": [-1, 2]})
    with open_csv(tmp_path / "x.csv", ["weight", "rows"]) as file:
        append_rows(file, frame)
    text = (tmp_path / "x.csv").read_bytes().decode("utf-8-sig")
    assert text == "weight;rows\r\n-3,25;-1\r\n;2\r\n"
