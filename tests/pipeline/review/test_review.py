"""Questions out to clerks and verdicts back: what a sheet shows, what import refuses."""

import csv
import datetime
import io
from typing import Any

import duckdb
import openpyxl
import polars as pl
import pytest

from pipeline.errors import SourceError
from pipeline.review.queue import differing, list_questions
from pipeline.review.sheet import csv_bytes, sheet_bytes
from pipeline.review.verdicts import import_verdicts
from pipeline.review.words import COLUMNS, KEYS, words
from pipeline.tables import empty_table

WHO = {"decided_by": "Commission 12", "decided_at": "2026-11-05", "reason": "visited"}


def entry(question: str, record: str, **changes: Any) -> dict[str, Any]:
    return {
        "discrepancy_id": question,
        "record_id": record,
        "surname": "KARIMOV",
        "given_name": "Alisher",
        "patronymic": None,
        "surname_key": "karimov",
        "given_name_key": "alisher",
        "patronymic_key": None,
        "sex": "M",
        "birth_date": datetime.date(1980, 5, 6),
        "birth_date_precision": "DAY",
        "pinfl": "00000000000000",
        "document_number": None,
        "region_code": "1718",
        "district_code": "1718203",
        "registration_kind": "PERMANENT",
        "address": "=HYPERLINK(1)",
        "voter_id": f"V{record:0>13}",
        "precinct_number": 7,
        "list_number": 1,
        "expected_chance_nearby": 0.25,
        **changes,
    }


def question(number: str, weight: float | None, chance: float, a: str, b: str) -> dict:
    return {
        "discrepancy_id": number,
        "code": "POSSIBLE_DUPLICATE",
        "district_code": "1718203",
        "record_ids": [a, b],
        "field": "NOT_CERTAIN",
        "weight": weight,
        "expected_chance_matches": chance,
    }


QUESTIONS = [
    question("D1", 40.0, 0.0, "1", "2"),
    question("D2", 40.0, 3.0, "3", "4"),
    question("D3", None, 0.0, "5", "6"),
    question("D4", 40.0, 0.0, "7", "8"),
]
ENTRIES = [
    entry("D1", "1"),
    entry("D1", "2", surname="Каримов", given_name="Anvar", given_name_key="anvar"),
    entry("D2", "3"),
    entry("D2", "4"),
    entry("D3", "5"),
    entry("D3", "6", pinfl=None),
    entry("D4", "7"),
    entry("D4", "8", voter_id=None, precinct_number=None, list_number=None),
]


@pytest.fixture(scope="module")
def questions() -> pl.DataFrame:
    with duckdb.connect() as engine:
        for name, table, rows in (
            ("asked", "discrepancies", QUESTIONS),
            ("shown", "review_entry", ENTRIES),
        ):
            columns = empty_table(engine, table).columns
            frame = pl.DataFrame(
                [{c: row.get(c) for c in columns} for row in rows],
                infer_schema_length=None,
            )
            engine.register(name, frame)
        engine.execute(
            "CREATE TABLE model AS SELECT 'prior' AS \"column\", -30.0 AS match_weight"
        )
        return list_questions(
            engine,
            "20261101-001-abcdef12",
            engine.table("asked"),
            engine.table("shown"),
            engine.table("model"),
        )


def test_most_useful_comes_first(questions):
    """Certain and listed twice; then not listed or a rule's; last whom chance explains."""
    assert questions["discrepancy_id"].to_list() == ["D1", "D3", "D4", "D2"]
    assert questions["number"].to_list() == ["1", "2", "3", "4"]
    assert questions["usefulness"].to_list() == ["99.9", "50.0", "50.0", "25.0"]


def test_only_what_differs_is_marked(questions):
    rows = {row["discrepancy_id"]: row for row in questions.to_dicts()}
    assert differing(rows["D1"]) == ["given_name"]
    assert rows["D1"]["spelled"] == "surname patronymic"
    assert differing(rows["D2"]) == []
    assert differing(rows["D3"]) == ["pinfl"]
    assert rows["D1"]["differences"] == "Ism"


def workbook(questions: pl.DataFrame) -> Any:
    return openpyxl.load_workbook(io.BytesIO(sheet_bytes(questions, "Title & more")))


def test_workbook_is_ready_to_fill_in(questions):
    book = workbook(questions)
    sheet = book["review"]
    head = [cell.value for cell in sheet[1]]
    assert head[1] == "Xulosa\nХулоса\nЗаключение\n[verdict]"
    assert sheet.freeze_panes == "F2"
    (choice,) = sheet.data_validations.dataValidation
    assert str(choice.sqref) == "B2:B5"
    assert choice.formula1.startswith('"SAME_PERSON: ')
    fills = {
        name: sheet.cell(2, COLUMNS.index(name) + 1).fill.start_color.rgb
        for name in ("given_name_a", "given_name_b", "surname_a", "sex_a")
    }
    assert fills["given_name_a"] == fills["given_name_b"] == "FFF8CBAD"
    assert fills["surname_a"] == "FFFFF2CC"
    assert fills["sex_a"] == "00000000"
    hidden = {
        place
        for dimension in sheet.column_dimensions.values()
        if dimension.hidden
        for place in range(dimension.min, dimension.max + 1)
    }
    assert hidden == {COLUMNS.index(name) + 1 for name in KEYS}
    assert all(len(row) == 3 for row in book["guide"].iter_rows(max_row=5))


def test_formula_in_an_address_is_text(questions):
    cell = workbook(questions)["review"].cell(2, COLUMNS.index("address_a") + 1)
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")
    assert ";'=HYPERLINK(1);" in csv_bytes(questions).decode("utf-8-sig")


def test_equal_questions_are_an_equal_file(questions):
    assert sheet_bytes(questions, "t") == sheet_bytes(questions, "t")
    assert csv_bytes(questions) == csv_bytes(questions)


# --- verdicts ------------------------------------------------------------------------


def filled_xlsx(questions: pl.DataFrame, answers: dict[str, dict[str, Any]]) -> bytes:
    """The workbook with answers typed in, saved by another program."""
    book = workbook(questions)
    sheet = book["review"]
    for row in sheet.iter_rows(min_row=2):
        number = row[COLUMNS.index("discrepancy_id")].value
        for column, value in answers.get(number, {}).items():
            row[COLUMNS.index(column)].value = value
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def filled_csv(questions: pl.DataFrame, answers: dict[str, dict[str, str]]) -> bytes:
    rows = list(
        csv.reader(io.StringIO(csv_bytes(questions).decode("utf-8-sig")), delimiter=";")
    )
    for row in rows[1:]:
        for column, value in answers.get(row[COLUMNS.index("discrepancy_id")], {}).items():
            row[COLUMNS.index(column)] = value
    stream = io.StringIO()
    csv.writer(stream, delimiter=";").writerows(rows)
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


ANSWERS: dict[str, dict[str, Any]] = {
    "D1": {"verdict": "DIFFERENT_PERSONS: turli shaxslar", **WHO},
    "D3": {"verdict": "SAME_PERSON: bitta shaxs", **WHO, "decided_at": "06.11.2026"},
    "D4": {"verdict": "OPEN: hali ma'lum emas"},
}


@pytest.mark.parametrize("with_release", [False, True])
def test_verdicts_come_back_as_decisions(questions, with_release):
    known = questions if with_release else None
    found = import_verdicts([("a.xlsx", filled_xlsx(questions, ANSWERS))], known)
    rows = list(csv.DictReader(io.StringIO(found.text)))
    assert [
        (r["kind"], r["record_id_a"], r["record_id_b"], r["decided_at"]) for r in rows
    ] == [
        ("DIFFERENT_PERSONS", "1", "2", "2026-11-05"),
        ("SAME_PERSON", "5", "6", "2026-11-06"),
    ]
    assert (found.left_open, found.same_person, found.different_persons) == (2, 1, 1)
    assert import_verdicts([("b.csv", filled_csv(questions, ANSWERS))], known) == found


def test_date_cell_of_a_spreadsheet_is_a_date(questions):
    day = datetime.datetime(2026, 11, 7)
    answers = {"D1": {**ANSWERS["D1"], "decided_at": day}}
    found = import_verdicts([("a.xlsx", filled_xlsx(questions, answers))])
    assert "2026-11-07" in found.text


def test_equal_verdicts_of_two_clerks_are_one_decision(questions):
    later = {"D1": {**ANSWERS["D1"], "decided_at": "2026-11-09"}}
    files = [
        ("a.xlsx", filled_xlsx(questions, later)),
        ("b.xlsx", filled_xlsx(questions, {"D1": ANSWERS["D1"]})),
    ]
    found = import_verdicts(files)
    assert (found.decisions, found.repeated) == (1, 1)
    assert "2026-11-05" in found.text
    assert import_verdicts(files[::-1]).text == found.text


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ({"D1": {**ANSWERS["D1"], "reason": ""}}, "row 2: reason: empty beside a verdict"),
        ({"D1": {**ANSWERS["D1"], "decided_at": "soon"}}, "row 2: decided_at: no date"),
        ({"D1": {"verdict": "yes"}}, "row 2: verdict: not one of the list"),
        ({"D1": {"surname_a": "Rahimov"}}, "row 2: altered"),
        ({"D1": {"record_id_b": "4"}}, "row 2: altered"),
    ],
)
def test_faulty_row_is_named_and_nothing_is_taken(questions, answers, fault):
    with pytest.raises(SourceError, match=fault):
        import_verdicts([("a.xlsx", filled_xlsx(questions, {**ANSWERS, **answers}))])


def test_altered_column_is_named_beside_the_release(questions):
    answers = {"D1": {"surname_a": "Rahimov"}}
    with pytest.raises(SourceError, match="altered: surname_a") as caught:
        import_verdicts([("a.xlsx", filled_xlsx(questions, answers))], questions)
    assert "Rahimov" not in str(caught.value)


def test_pair_that_the_release_does_not_ask_is_refused(questions):
    rest = questions.filter(pl.col("discrepancy_id") != "D1")
    with pytest.raises(SourceError, match="row 2: unknown pair"):
        import_verdicts([("a.xlsx", filled_xlsx(questions, ANSWERS))], rest)


def test_contradicting_verdicts_are_refused(questions):
    other = {"D1": {**ANSWERS["D1"], "verdict": "SAME_PERSON"}}
    files = [
        ("a.xlsx", filled_xlsx(questions, ANSWERS)),
        ("b.csv", filled_csv(questions, other)),
    ]
    with pytest.raises(SourceError, match=r"b\.csv, row 2: contradicts a\.xlsx, row 2"):
        import_verdicts(files)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("a.xlsx", b"PK", "no workbook"),
        ("a.csv", b"\xff\xfe", "not UTF-8"),
        ("a.csv", b"x;y\n1;2\n", "columns missing"),
    ],
)
def test_file_that_is_no_sheet_is_refused(name, content, fault):
    with pytest.raises(SourceError, match=fault):
        import_verdicts([(name, content)])


def test_every_column_has_words_in_three_languages():
    known = words("column")
    plain = {c[:-2] if c[:-2] in known else c for c in COLUMNS}
    assert plain <= set(known)
    assert all(text.strip() for texts in known.values() for text in texts)


def test_what_is_asked_stands_in_three_scripts(questions):
    assert set(questions["question"]) == {
        "Dalillar yetarli emas / Далиллар етарли эмас / Признаков недостаточно"
    }
