"""A verdict given on a sheet holds in the next build, and the pair is asked no more."""

import io
import json
import shutil

import openpyxl
import polars as pl
import pytest

from pipeline.review.words import COLUMNS
from selv.review import export, import_files, list_all
from tests.flows.conftest import build

pytestmark = pytest.mark.slow


def test_round_trip_through_a_workbook(built, tmp_path):
    asked = list_all(str(built.release))
    assert asked.height >= 4
    written = export(str(built.release), str(tmp_path / "out"), [], ["xlsx"])
    assert sum(questions for _, questions in written) == asked.height
    verdicts = dict(
        zip(
            asked["discrepancy_id"].to_list()[:4],
            ("SAME_PERSON", "DIFFERENT_PERSONS") * 2,
            strict=True,
        )
    )
    filled = []
    for path, _ in written:
        book = openpyxl.load_workbook(path)
        for row in book["review"].iter_rows(min_row=2):
            verdict = verdicts.get(row[COLUMNS.index("discrepancy_id")].value)
            if verdict:
                for column, value in (
                    ("verdict", verdict),
                    ("decided_by", "Commission"),
                    ("decided_at", "2026-10-30"),
                    ("reason", "visited"),
                ):
                    row[COLUMNS.index(column)].value = value
        stream = io.BytesIO()
        book.save(stream)
        (tmp_path / "filled" / path.rsplit("/", 1)[1]).parent.mkdir(exist_ok=True)
        (tmp_path / "filled" / path.rsplit("/", 1)[1]).write_bytes(stream.getvalue())
        filled.append(str(tmp_path / "filled" / path.rsplit("/", 1)[1]))
    delivery = shutil.copytree(built.delivery, tmp_path / "delivery")
    for control in (delivery / "cec").glob("decisions*.control.json"):
        control.unlink()
    target = delivery / "cec" / "decisions-review.csv"
    found = import_files(filled, str(target), str(built.release))
    assert (found.decisions, found.left_open) == (4, asked.height - 4)

    # A reviewed pair must not come back: the second night asks for none of the four.
    again = build(delivery, tmp_path / "published")
    still = set(list_all(str(again.release))["discrepancy_id"])
    assert not still & set(verdicts)
    lineage = pl.read_parquet(again.release / "lineage.parquet").filter(
        pl.col("source") == "mia/persons"
    )
    person = dict(lineage.select("record_id", "person_id").iter_rows())
    for row in asked.head(4).to_dicts():
        is_same = person[row["record_id_a"]] == person[row["record_id_b"]]
        assert is_same == (verdicts[row["discrepancy_id"]] == "SAME_PERSON")
    quality = json.loads((again.release / "summary.json").read_text())["quality"]
    assert all(sentinel["is_right"] for sentinel in quality["sentinels"])
