"""Workbooks of a release: what a spreadsheet shows is what Parquet says."""

import datetime
import zipfile

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import release_xlsx
from pipeline.release_xlsx import Sheet, cut_sheets, open_xlsx
from pipeline.tables import open_engine, scan_table
from tests.release_tables import DISTRICTS, make_run, write_run_tables

DAY = datetime.date(2000, 1, 1)
DICTIONARY = [["column", "meaning"], ["a", "what it means"]]


def write(path, frame, sheets=None):
    sheets = sheets or cut_sheets("rows", frame.height)
    with open_xlsx(path, dict(frame.schema), sheets, DICTIONARY, "rows") as book:
        book.append(frame)
    return path


def read(path, sheet="rows"):
    return [list(row) for row in openpyxl.load_workbook(path)[sheet].values]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("007", "007"),
        ("30000000000042", "30000000000042"),
        ("=1+1", "=1+1"),
        ("-Ali", "-Ali"),
        ("'apostrophe", "'apostrophe"),
        ("12/3", "12/3"),
        ("<b>Oʻktam & Co</b>", "<b>Oʻktam & Co</b>"),
        ("Ғаниев Ҳ.", "Ғаниев Ҳ."),
        (" two  spaces ", " two  spaces "),
        ("a\tb\nc\x00d\x1be\ufffe", "a b c d e "),
        ("_x0041_", "_x0041_"),
        ("", None),
        (None, None),
    ],
)
def test_a_text_is_shown_as_it_is(tmp_path, text, shown):
    frame = pl.DataFrame({"a": [text, "plain"]}, schema={"a": pl.String})
    path = write(tmp_path / "x.xlsx", frame)
    cell = openpyxl.load_workbook(path)["rows"]["A2"]
    # openpyxl leaves escapes as they stand; a spreadsheet reads _x005F_ as _.
    assert (cell.value or "").replace("_x005F_", "_") == (shown or "")
    assert cell.number_format == "@"
    assert cell.data_type in ("s", "inlineStr", "n")
    assert read(path)[2] == ["plain"]


@given(st.lists(st.text(max_size=12), min_size=1, max_size=6))
def test_any_text_comes_back_but_for_what_xml_can_not_hold(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("x") / "x.xlsx"
    write(path, pl.DataFrame({"a": texts}, schema={"a": pl.String}))
    blanked = [
        "".join(
            " " if ord(c) < 32 or c in "\x7f\x85\u2028\u2029\ufffe\uffff" else c for c in t
        )
        for t in texts
    ]
    shown = [(row[0] or "").replace("_x005F_", "_") for row in read(path)[1:]]
    assert shown == blanked


def test_numbers_dates_and_truth_have_their_types(tmp_path):
    frame = pl.DataFrame(
        {
            "n": pl.Series([1, None, -3], dtype=pl.Int32),
            "w": [0.5, None, -2.25],
            "d": [datetime.date(2001, 2, 3), datetime.date(1899, 5, 6), None],
            "b": [True, False, None],
        }
    )
    rows = read(write(tmp_path / "x.xlsx", frame))
    assert rows[1] == [1, 0.5, datetime.datetime(2001, 2, 3), True]
    assert rows[2] == [None, None, "06.05.1899", False]
    assert rows[3] == [-3, -2.25, None, None]


@pytest.mark.parametrize(
    "day",
    [datetime.date(1900, 3, 1), datetime.date(1900, 2, 28), datetime.date(2008, 2, 29)],
)
def test_days_around_the_fault_of_the_calendar(tmp_path, day):
    value = read(write(tmp_path / "x.xlsx", pl.DataFrame({"d": [day]})))[1][0]
    if isinstance(value, datetime.datetime):
        assert value.date() == day
    else:
        assert value == day.strftime("%d.%m.%Y")


def test_a_sheet_is_laid_out_for_work(tmp_path):
    frame = pl.DataFrame({"voter_id": ["V1", "V2"], "surname": ["A", "B"]})
    sheet = openpyxl.load_workbook(write(tmp_path / "x.xlsx", frame))["rows"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B3"
    assert sheet.column_dimensions["B"].width > 15
    assert sheet.print_title_rows == "$1:$1"
    assert sheet["A1"].font.bold


def test_what_the_columns_mean_stands_in_the_last_sheet(tmp_path):
    path = write(tmp_path / "x.xlsx", pl.DataFrame({"a": ["x"]}))
    assert openpyxl.load_workbook(path).sheetnames == ["rows", "columns"]
    assert read(path, "columns") == DICTIONARY


def test_properties_know_no_clock(tmp_path):
    frame = pl.DataFrame({"a": ["x"]})
    first, second = write(tmp_path / "1.xlsx", frame), write(tmp_path / "2.xlsx", frame)
    assert first.read_bytes() == second.read_bytes()
    assert openpyxl.load_workbook(first).properties.created.date() == DAY
    with zipfile.ZipFile(first) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
        assert archive.testzip() is None


def test_rows_run_over_sheets_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(release_xlsx, "SHEET_ROWS", 3)
    monkeypatch.setattr(release_xlsx, "SLICE_ROWS", 2)
    frame = pl.DataFrame({"a": range(8)})
    sheets = cut_sheets("rows", 8)
    assert sheets == [Sheet("rows", 3), Sheet("rows 2", 3), Sheet("rows 3", 2)]
    path = write(tmp_path / "x.xlsx", frame, sheets)
    assert [len(read(path, sheet.name)) - 1 for sheet in sheets] == [3, 3, 2]
    assert [row[0] for sheet in sheets for row in read(path, sheet.name)[1:]] == list(
        range(8)
    )


def test_an_empty_table_has_its_header(tmp_path):
    frame = pl.DataFrame(schema={"a": pl.String, "b": pl.Int32})
    assert read(write(tmp_path / "x.xlsx", frame)) == [["a", "b"]]


@pytest.mark.parametrize("announced", [1, 3])
def test_other_numbers_of_rows_than_announced_are_refused(tmp_path, announced):
    with pytest.raises(ValueError, match="announced"):
        write(tmp_path / "x.xlsx", pl.DataFrame({"a": ["x", "y"]}), [Sheet("r", announced)])


@pytest.fixture(scope="module")
def by_precinct(tmp_path_factory):
    from pipeline.release_files import write_release
    from pipeline.run import Files

    folder = tmp_path_factory.mktemp("run")
    run = make_run(folder, files=Files(xlsx_sheet_per_precinct=True))
    write_run_tables(run)
    release = folder / "r"
    release.mkdir()
    with open_engine(run) as engine:
        return run, release, write_release(engine, run, str(release))


def test_a_district_may_have_one_sheet_a_precinct(by_precinct):
    run, release, files = by_precinct
    listed = 0
    for district in DISTRICTS:
        path = f"voters/region={district[:4]}/district={district}/voters.xlsx"
        book = openpyxl.load_workbook(release / path)
        frame = pl.read_parquet(
            (release / path).with_suffix(".parquet"), hive_partitioning=False
        )
        counts = frame.group_by("precinct_number").len().sort("precinct_number").rows()
        assert book.sheetnames == [*(str(number) for number, _ in counts), "columns"]
        for number, rows in counts:
            sheet = list(book[str(number)].values)
            numbers = [row[sheet[0].index("precinct_number")] for row in sheet[1:]]
            assert numbers == [number] * rows
        assert files[path].rows == frame.height
        listed += frame.height
    assert listed == scan_table(run, "voters").collect().height


def test_a_workbook_says_what_parquet_says(by_precinct):
    _, release, _ = by_precinct
    paths = sorted(release.rglob("*.xlsx"))
    assert {path.stem for path in paths} >= {"changes", "discrepancies", "precincts"}
    for path in paths:
        if path.stem == "voters":
            continue
        frame = pl.read_parquet(path.with_suffix(".parquet"), hive_partitioning=False)
        head, *rows = list(openpyxl.load_workbook(path)[path.stem].values)
        assert list(head) == [c for c in frame.columns if c != "document_number"]
        assert len(rows) == frame.height
        for column in ("voter_id", "code", "message", "district_code", "name"):
            if column in head:
                shown = [row[head.index(column)] for row in rows]
                assert shown == frame[column].to_list()
