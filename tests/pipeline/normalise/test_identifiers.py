"""Golden identifiers: their standard form, and a code of its own for each failure."""

import datetime
from pathlib import Path

import polars as pl
import pytest

from pipeline.normalise.identifiers import (
    canonical_cadastral_number,
    canonical_cadastral_prefix,
    identifier_forms,
)
from schemas.codes import PinflProblem

CASES = Path(__file__).parents[2] / "cases" / "identifiers.csv"
AS_OF = datetime.date(2026, 11, 1)
KINDS = ("pinfl", "document_number", "cadastral_number")


@pytest.fixture(scope="module")
def cases() -> pl.DataFrame:
    return pl.read_csv(CASES, infer_schema=False).fill_null("")


def test_the_golden_file_is_whole(cases):
    assert cases.height >= 150
    assert set(cases["kind"]) == set(KINDS)
    assert (cases["why"] != "").all()
    codes = {code for codes in cases["failures"] for code in codes.split()}
    assert {f"PINFL_{problem}" for problem in PinflProblem} <= codes


@pytest.mark.parametrize("kind", KINDS)
def test_golden_identifiers(cases, kind):
    chosen = cases.filter(pl.col("kind") == kind)
    compared = chosen.select("birth_date", "sex", "document_type")
    read = identifier_forms(compared.with_columns(chosen["text"].alias(kind)), as_of=AS_OF)
    found = pl.DataFrame(
        {
            "text": chosen["text"],
            "why": chosen["why"],
            "standard": chosen["standard"],
            "failures": chosen["failures"],
            "read": read[f"{kind}_standard"].fill_null(""),
            "codes": read["failures"].list.join(" "),
        }
    )
    wrong = found.filter(
        (pl.col("standard") != pl.col("read")) | (pl.col("failures") != pl.col("codes"))
    )
    assert wrong.rows() == []
    is_given = chosen["text"].str.strip_chars() != ""
    assert read["valid"].filter(~is_given).is_null().all()
    assert (
        read["valid"].filter(is_given).to_list()
        == (chosen["failures"] == "").filter(is_given).to_list()
    )


def test_without_a_day_no_birth_is_in_the_future():
    frame = pl.DataFrame({"pinfl": ["51506751234561"]})
    codes = set(identifier_forms(frame)["failures"][0])
    assert "PINFL_FUTURE_DATE" not in codes
    assert "PINFL_FUTURE_DATE" in set(identifier_forms(frame, as_of=AS_OF)["failures"][0])


def test_a_birth_date_that_is_no_day_has_its_own_code():
    frame = pl.DataFrame(
        {"pinfl": ["30211975910033"], "birth_date": ["31.02.1997"], "sex": ["M"]}
    )
    assert identifier_forms(frame)["failures"].to_list() == [["BIRTH_DATE_MALFORMED"]]


def test_rows_keep_their_order_and_other_columns():
    frame = pl.DataFrame(
        {"record_id": ["b", "a", "c"], "document_number": ["AA1234567", None, "x"]}
    )
    read = identifier_forms(frame)
    assert read["record_id"].to_list() == ["b", "a", "c"]
    assert read["valid"].to_list() == [True, None, False]
    assert identifier_forms(frame.head(0)).height == 0


def test_every_single_wrong_digit_is_found():
    number = "30211975910033"
    damaged = [
        number[:place] + str(digit) + number[place + 1 :]
        for place in range(14)
        for digit in range(10)
        if str(digit) != number[place]
    ]
    read = identifier_forms(pl.DataFrame({"pinfl": damaged}))
    assert not read["valid"].any()
    assert read["failures"].list.contains("PINFL_CHECK_DIGIT").all()


def test_swapped_neighbours_pass_only_where_they_differ_by_five():
    number = "30211975910033"
    places = [at for at in range(13) if number[at] != number[at + 1]]
    damaged = [
        number[:at] + number[at + 1] + number[at] + number[at + 2 :] for at in places
    ]
    read = identifier_forms(pl.DataFrame({"pinfl": damaged}))
    missed = ~read["failures"].list.contains("PINFL_CHECK_DIGIT")
    assert missed.to_list() == [
        abs(int(number[at]) - int(number[at + 1])) == 5 for at in places
    ]


def test_canonical_numbers_are_canonical_already(cases):
    numbers = cases.filter(pl.col("kind") == "cadastral_number")["text"]
    once = canonical_cadastral_number(numbers)
    assert canonical_cadastral_number(once).equals(once)


def test_prefixes_may_stop_at_any_part():
    prefixes = pl.Series(["10", "10:9", "10-9-3", "10:09:03:01:02:123", "x", "", None])
    assert canonical_cadastral_prefix(prefixes).to_list() == [
        "10",
        "10:09",
        "10:09:03",
        "10:09:03:01:02:0123",
        None,
        None,
        None,
    ]
