import dataclasses
import re

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.normalise.address_reading import (
    read_column,
    read_line_part,
    read_numbers,
    read_place,
)
from pipeline.normalise.address_shown import shown_addresses
from pipeline.normalise.boundaries import read_boundary
from pipeline.normalise.places import join_display, name_parts, place_key, plain_text
from tests.conftest import read_cases

WORDS = [
    "Navoiy", "ko'chasi", "MFY", "12", "uy", "кв.", "д.", "ул.", "tor", "1-й", "проезд",
    ",", "va", "toq", "juft", "qolgan", "tashqari", "кроме", "(", ")", "1-45", "uylar",
    "к.", "sh.", "Тошкент", "tumani", "kvartal", "28-A", "№", "5/1", "berk", "махалля",
    "қишлоғи", ";",
]  # fmt: skip
ANY = st.text(max_size=40)
LIKE_ADDRESS = st.lists(st.sampled_from(WORDS), max_size=10).map(" ".join)
TEXTS = ANY | LIKE_ADDRESS
ADDRESSES = read_cases("addresses.csv")
BOUNDARIES = read_cases("boundaries.csv")


@given(TEXTS, TEXTS, TEXTS)
def test_any_text_is_read_without_failing(mahalla, street, line):
    reading = read_place("1726266", mahalla, street, line, has_number=True)
    assert reading.mahalla is None or reading.mahalla.key
    read_numbers(mahalla, street, line, line, has_place=True)


@given(TEXTS)
def test_any_boundary_is_read_or_reported(text):
    reading = read_boundary(text)
    for rule in reading.rules:
        assert rule.house_from is None or rule.house_from <= rule.house_to
    if text.strip("\0 ") and not reading.rules:
        assert reading.unread is not None or not plain_text(text)


@given(TEXTS)
def test_the_standard_spelling_keeps_its_key(text):
    shown = join_display(name_parts(text))
    if shown is not None and text.isascii():
        assert place_key(shown) == place_key(text)
        assert join_display(name_parts(shown)) == shown


def parts_of(cases, case=str):
    columns = ["mahalla", "street", "house", "building", "flat", "address_text"]
    frame = pl.DataFrame(
        {
            "district_code": [row["district_code"] for row in cases],
            **{column: [case(row[column]) or None for row in cases] for column in columns},
        },
        schema=dict.fromkeys(["district_code", *columns], pl.String),
    )
    read = shown_addresses(frame)
    return read.select(pl.exclude(r"^delivered_.*$", "address_text")).rows()


def test_case_changes_nothing():
    plain = [row for row in ADDRESSES if "ı" not in row["address_text"]]
    assert parts_of(plain, str.upper) == parts_of(plain, str.lower) == parts_of(plain)


def test_boundaries_read_alike_in_any_case():
    for case in BOUNDARIES:
        text = case["boundary_text"]
        assert read_boundary(text.upper()) == read_boundary(text), case["case"]


@settings(max_examples=5)
@given(st.permutations(range(len(ADDRESSES))))
def test_order_of_rows_changes_nothing(order):
    shuffled = parts_of([ADDRESSES[index] for index in order])
    plain = parts_of(ADDRESSES)
    assert shuffled == [plain[index] for index in order]


def test_reading_the_standard_spelling_again_changes_nothing():
    columns = ["mahalla", "massif", "street", "house", "building", "flat"]
    first = shown_addresses(
        pl.DataFrame(
            {
                "district_code": [row["district_code"] for row in ADDRESSES],
                "address_text": [row["address_text"] or None for row in ADDRESSES],
            },
            schema_overrides={"address_text": pl.String},
        )
    )
    again = shown_addresses(
        first.select(
            "district_code",
            "mahalla",
            pl.concat_str("massif", "street", separator=", ", ignore_nulls=True)
            .replace("", None)
            .alias("street"),
            "house",
            "building",
            "flat",
        )
    )
    keys = ["mahalla_key", "massif_key", "street_key", "lane", *columns[3:]]
    # A span of houses is one house only beside a flat; M. stands for several type words.
    known = first.with_row_index().filter(
        ~pl.col("house").fill_null("").str.contains("–"),
        pl.col("massif").fill_null("a b").str.contains(" "),
    )
    rows = known["index"].to_list()
    assert again.select(keys)[rows].rows() == first.select(keys)[rows].rows()


MAHALLAS = sorted({case["mahalla"] for case in ADDRESSES if case["mahalla"]})
STREETS = sorted({case["street"] for case in ADDRESSES if case["street"]})
PARTS = sorted(
    {part for case in ADDRESSES for part in case["address_text"].split(",") if part}
)


def together(first, second):
    """Two readings as one, where they name different things."""
    if first is None or second is None:
        return None
    names = ("mahalla", "massif", "settlement", "street", "lane")
    named = [name for name in names if getattr(first, name) is not None]
    taken = [name for name in names if getattr(second, name) is not None]
    both = {"massif", "settlement"}
    if set(named) & set(taken) or (both & set(named) and both & set(taken)):
        return None
    return dataclasses.replace(
        second,
        **{name: getattr(first, name) for name in named},
        is_without_number=False,
        ends_unread=False,
    )


def found(reading):
    return dataclasses.replace(reading, is_without_number=False, ends_unread=False)


@given(st.sampled_from(MAHALLAS), st.sampled_from(STREETS), st.booleans())
@settings(max_examples=300)
def test_columns_read_apart_give_what_the_whole_gives(mahalla, street, has_number):
    apart = together(
        read_column(mahalla, "MAHALLA", has_number=has_number),
        read_column(street, "STREET", has_number=has_number),
    )
    whole = read_place(None, mahalla, street, None, has_number=has_number)
    assert apart is None or apart == found(whole)


@given(st.lists(st.sampled_from(PARTS), min_size=2, max_size=4), st.booleans())
@settings(max_examples=300)
def test_a_line_read_in_parts_gives_what_the_whole_gives(parts, has_number):
    line = ",".join(parts)
    assume(not re.search(r"[()\[\]{}]", line))
    beginning, last = line.rsplit(",", 1)
    apart = together(read_line_part(beginning), read_line_part(last))
    whole = read_place("1726266", None, None, line, has_number=has_number)
    assert apart is None or apart == found(whole)
