"""Properties of the name folds: total, idempotent, stable under case, order-free."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.normalise.identifiers import canonical_cadastral_number, identifier_forms
from pipeline.normalise.name_keys import name_keys
from pipeline.normalise.names import candidate_keys, exact_keys, loose_keys
from pipeline.normalise.patronymics import read_patronymics
from pipeline.normalise.scripts import latin_words, plain_words

few = settings(max_examples=15)
ANY_TEXT = st.one_of(st.none(), st.text(max_size=30))
NAME_LETTERS = (
    "abcdefghijklmnopqrstuvwxyzабвгдеёжзийклмнопрстуфхцчшщъыьэюяўқғҳәөүңӯҷ"
    "öõōóğǵşçáńúí'ʻ’`- "
)
NAME_TEXT = st.text(alphabet=NAME_LETTERS, max_size=14)


def words_of(texts: list[str | None], *, karakalpak: bool) -> pl.Series:
    series = pl.Series(texts, dtype=pl.String)
    here = pl.Series([karakalpak] * len(texts), dtype=pl.Boolean)
    return latin_words(plain_words(series), here)


@few
@given(st.lists(ANY_TEXT, max_size=40), st.booleans())
def test_exact_keys_are_total_and_idempotent(texts, karakalpak):
    keys = exact_keys(words_of(texts, karakalpak=karakalpak))
    assert keys.len() == len(texts)
    again = exact_keys(words_of(keys.to_list(), karakalpak=karakalpak))
    assert again.to_list() == keys.to_list()


@few
@given(st.lists(NAME_TEXT, max_size=40), st.booleans())
def test_exact_keys_of_names_are_idempotent_and_plain(texts, karakalpak):
    keys = exact_keys(words_of(texts, karakalpak=karakalpak))
    assert keys.drop_nulls().str.contains("^[a-z']+$").all()
    again = exact_keys(words_of(keys.to_list(), karakalpak=karakalpak))
    assert again.to_list() == keys.to_list()


@few
@given(st.lists(NAME_TEXT, max_size=40))
def test_case_decides_nothing(texts):
    plain = exact_keys(words_of(texts, karakalpak=False))
    for change in (str.upper, str.lower, str.title):
        changed = exact_keys(words_of([change(text) for text in texts], karakalpak=False))
        assert changed.to_list() == plain.to_list()


@few
@given(st.lists(ANY_TEXT, max_size=40), st.sampled_from(["surname", "given_name"]))
def test_every_exact_key_has_a_loose_and_a_candidate_key(texts, part):
    exact = exact_keys(words_of(texts, karakalpak=False))
    loose = loose_keys(exact, part)
    assert loose.is_null().to_list() == exact.is_null().to_list()
    assert candidate_keys(loose).is_null().to_list() == exact.is_null().to_list()


@few
@given(st.lists(ANY_TEXT, max_size=40))
def test_patronymics_are_total(texts):
    read = read_patronymics(words_of(texts, karakalpak=False))
    assert read.height == len(texts)
    assert set(read["patronymic_sex"].drop_nulls()) <= {"M", "F"}


ROW = st.fixed_dictionaries(
    {
        "surname": ANY_TEXT,
        "given_name": ANY_TEXT,
        "patronymic": ANY_TEXT,
        "sex": st.sampled_from(["M", "F", None]),
        "region_code": st.sampled_from(["1735", "1718", None]),
    }
)
SCHEMA = dict.fromkeys(
    ("surname", "given_name", "patronymic", "sex", "region_code"), pl.String
)


@few
@given(st.lists(ROW, max_size=20), st.randoms(use_true_random=False))
def test_a_row_is_read_the_same_wherever_it_stands(rows, random):
    read = name_keys(pl.DataFrame(rows, schema=SCHEMA))
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = name_keys(pl.DataFrame([rows[place] for place in order], schema=SCHEMA))
    assert shuffled.equals(read[order])


@few
@given(st.lists(ANY_TEXT, max_size=20))
def test_identifiers_are_total(texts):
    frame = pl.DataFrame(
        {
            name: pl.Series(texts, dtype=pl.String)
            for name in (
                "pinfl",
                "document_number",
                "cadastral_number",
                "birth_date",
                "sex",
            )
        }
    )
    read = identifier_forms(frame)
    assert read.height == len(texts)
    numbers = read["cadastral_number_standard"]
    assert canonical_cadastral_number(numbers).to_list() == numbers.to_list()
