import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.normalise.address_reading import read_numbers, read_place
from pipeline.normalise.addresses import address_parts
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
    read = address_parts(frame)
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
    first = address_parts(
        pl.DataFrame(
            {
                "district_code": [row["district_code"] for row in ADDRESSES],
                "address_text": [row["address_text"] or None for row in ADDRESSES],
            },
            schema_overrides={"address_text": pl.String},
        )
    )
    again = address_parts(
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
