"""Golden pairs of names: what is one name, what is two, and by which key."""

import csv
from pathlib import Path

import polars as pl
import pytest

from pipeline.normalise.name_keys import name_keys
from pipeline.normalise.names import (
    candidate_keys,
    exact_keys,
    is_initial,
    is_placeholder,
    loose_keys,
    surname_sex,
)
from pipeline.normalise.patronymics import read_patronymics
from pipeline.normalise.scripts import KARAKALPAK_REGION, latin_words, plain_words
from pipeline.normalise.weak_variants import weak_variants

CASES = Path(__file__).parents[2] / "cases" / "names.csv"


def keys_of(texts: pl.Series, cases: pl.DataFrame) -> pl.DataFrame:
    """Exact, loose and candidate key of each case's text, by its part."""
    is_karakalpak = (cases["region"] == KARAKALPAK_REGION).fill_null(value=False)
    words = latin_words(plain_words(texts), is_karakalpak)
    read = {
        part: (exact_keys(words), exact_keys(words)) for part in ("surname", "given_name")
    }
    father = read_patronymics(words)
    read["patronymic"] = (father["patronymic_key"], father["root_key"])
    chosen: dict[str, pl.Series] = {}
    for part, (exact, root) in read.items():
        loose = loose_keys(root, part)
        keys = {
            "exact": exact,
            "root": root,
            "loose": loose,
            "candidate": candidate_keys(loose),
        }
        for name, values in keys.items():
            chosen[name] = values.zip_with(cases["part"] == part, chosen.get(name, values))
    return pl.DataFrame(chosen)


@pytest.fixture(scope="module")
def read_cases() -> pl.DataFrame:
    cases = pl.read_csv(CASES, infer_schema=False)
    left, right = keys_of(cases["a"], cases), keys_of(cases["b"], cases)
    return pl.concat(
        [
            cases,
            left.rename(lambda name: f"left_{name}"),
            right.rename(lambda name: f"right_{name}"),
            pl.DataFrame({"weak_variant": weak_variants(left["root"], right["root"])}),
        ],
        how="horizontal",
    )


def failing(cases: pl.DataFrame, key: str, *, equal: bool) -> list[tuple[str, ...]]:
    agree = (pl.col(f"left_{key}") == pl.col(f"right_{key}")).fill_null(value=False)
    wrong = cases.filter(agree if not equal else ~agree)
    return wrong.select("a", "b", f"left_{key}", f"right_{key}").rows()


def test_the_golden_file_is_whole():
    with CASES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 800
    assert {row["verdict"] for row in rows} == {"same", "different", "weak"}
    assert {row["part"] for row in rows} == {"surname", "given_name", "patronymic"}
    assert {row["tier"] for row in rows if row["verdict"] == "same"} == {"A", "B"}
    assert {row["tier"] for row in rows if row["verdict"] == "weak"} == {"C"}
    assert all(row["why"] for row in rows)
    assert all(len(row) == 8 for row in rows)
    pairs = [(row["a"], row["b"], row["part"], row["region"]) for row in rows]
    assert len(set(pairs)) == len(pairs)


def test_every_same_pair_shares_a_candidate_key(read_cases):
    same = read_cases.filter(verdict="same")
    assert failing(same, "candidate", equal=True) == []


def test_every_tier_a_pair_shares_the_exact_key(read_cases):
    tier_a = read_cases.filter(verdict="same", tier="A")
    assert failing(tier_a, "exact", equal=True) == []


def test_no_different_and_no_weak_pair_shares_the_exact_key(read_cases):
    others = read_cases.filter(pl.col("verdict") != "same")
    assert failing(others, "exact", equal=False) == []


def test_loose_keys_keep_different_names_apart(read_cases):
    # A son's and a daughter's patronymic have one root; patronymic_sex tells them apart.
    different = read_cases.filter(
        (pl.col("verdict") == "different") & (pl.col("why") != "son and daughter")
    )
    assert failing(different, "loose", equal=False) == []


def test_loose_keys_find_nine_in_ten_lossy_spellings(read_cases):
    tier_b = read_cases.filter(verdict="same", tier="B")
    assert len(failing(tier_b, "loose", equal=True)) <= 0.1 * tier_b.height


def test_weak_pairs_have_a_level_and_different_pairs_mostly_none(read_cases):
    weak = read_cases.filter(pl.col("weak_variant").is_null(), verdict="weak")
    assert weak.select("a", "b").rows() == []
    found = read_cases.filter(
        (pl.col("verdict") == "different") & pl.col("weak_variant").is_not_null()
    )
    allowed = {"rule 20: f and p are two roots", "rule 20 in Cyrillic", "rule 20"}
    assert set(found["why"]) <= allowed


def test_weak_variants_are_symmetric(read_cases):
    back = weak_variants(read_cases["right_root"], read_cases["left_root"])
    assert back.to_list() == read_cases["weak_variant"].to_list()


NAMES = ("surname", "given_name", "patronymic", "sex", "region_code")


def keyed(*rows: tuple[str | None, ...]) -> list[dict[str, object]]:
    frame = pl.DataFrame(
        [row + (None,) * (5 - len(row)) for row in rows],
        schema=dict.fromkeys(NAMES, pl.String),
        orient="row",
    )
    return name_keys(frame).rows(named=True)


WRONG_COLUMNS = (
    ("Karimov Alisher Olimovich", None, None),
    ("Alisher Olimovich Karimov", None, None),
    (None, "Karimov Alisher Olimovich", None),
    ("Karimov Alisher Olim o'g'li", None, None),
    ("Karimov", "Alisher Olimovich", None),
    ("Karimov", "Alisher Olim o‘g‘li", None),
    ("Karimov Alisher", None, "Olimovich"),
    ("Alisher", "Karimov", "Olimovich"),
    ("Karimov", "Olimovich", "Alisher"),
    ("Alisher", "Olimovich", "Karimov"),
    ("Olimovich", "Alisher", "Karimov"),
    ("Olimovich", "Karimov", "Alisher"),
    ("Каримов", "Алишер Олимович", None),
    ("КАРИМОВ АЛИШЕР ОЛИМОВИЧ", None, None),
)


def test_parts_in_wrong_columns_are_read_where_they_belong():
    parts = ("surname_key", "given_name_key", "patronymic_root", "patronymic_sex")
    read = keyed(*WRONG_COLUMNS)
    assert [tuple(row[part] for part in parts) for row in read] == [
        ("karimov", "alisher", "olim", "M")
    ] * len(WRONG_COLUMNS)
    assert all(row["warnings"] == ["NAME_PARTS_SWAPPED"] for row in read)


DOUBTFUL = (
    ("Karimov", "Alisher", "Olimovich"),
    ("Karim o'g'li", "Alisher", "Olim o'g'li"),
    ("Kim", "Olga", None),
    ("Kim Olga", None, None),
    ("Abramovich", "Roman", "Arkadyevich"),
    ("Abramovich", "Roman", None),
    ("Lev", "Yakov", None),
    ("Tolstoy", "Lev", "Nikolayevich"),
    ("Petrov", "Yakov", "Ivanovich"),
    ("Tsoy", "Eva", None),
    ("Navoiy", "Alisher", "G'iyosiddin o'g'li"),
    ("Mirzo", "Ulug'bek", None),
    ("Alisherova", "Nodira", None),
)


def test_doubtful_or_right_parts_stay_where_they_are():
    read = keyed(*DOUBTFUL)
    assert [row["warnings"] for row in read] == [[]] * len(DOUBTFUL)
    surnames = pl.Series([row[0] for row in DOUBTFUL])
    words = latin_words(plain_words(surnames), surnames == KARAKALPAK_REGION)
    assert [row["surname_key"] for row in read] == exact_keys(words).to_list()


PLACEHOLDERS = """
    NOMA'LUM|Noma’lum|НОМАЪЛУМ|номалум|-|---|...|?|XXX|ххх|YO'Q|йўқ|YO`Q|б/о|Б.О.|нет
    НЕ УКАЗАНО|неизвестно|без отчества|mavjud emas|N/A|null|0|123|ааа|Otasi noma'lum
"""


def test_placeholders_have_no_key_and_a_warning():
    texts = [text.strip() for text in PLACEHOLDERS.strip().replace("\n", "|").split("|")]
    read = keyed(*(("Karimov", "Alisher", text) for text in texts))
    wrong = [
        text
        for text, row in zip(texts, read, strict=True)
        if (row["patronymic_key"], row["patronymic_root"], row["warnings"])
        != (None, None, ["NAME_PLACEHOLDER"])
    ]
    assert wrong == []


def test_a_missing_patronymic_is_no_placeholder():
    texts = (None, "", " ", "\u00a0", "\u200b")
    read = keyed(*(("Kim", "Olga", text) for text in texts))
    assert [row["patronymic_key"] for row in read] == [None] * len(texts)
    assert [row["warnings"] for row in read] == [[]] * len(texts)


def test_initials_have_no_key_and_a_warning():
    texts = ("A.", "A", "Sh.", "Ш.", "А.О.", "A. O.", "O'.", "X")
    read = keyed(*(("Karimov", text, None) for text in texts))
    assert [row["given_name_key"] for row in read] == [None] * len(texts)
    assert [row["candidate_keys"] for row in read] == [["krmv"]] * len(texts)
    assert [row["warnings"] for row in read] == [["NAME_INITIALS"]] * len(texts)


def test_short_korean_surnames_are_no_initials():
    read = keyed(*((surname, "Olga", None) for surname in ("Ю", "Yu", "О", "Li", "Ли")))
    assert [row["surname_key"] for row in read] == ["yu", "yu", "o", "li", "li"]
    assert all(row["warnings"] == [] for row in read)


FORMS_AND_SEX = (
    (("Karimova", "Nodira", "Olimovna", "F"), []),
    (("Karimov", "Nodira", "Olimovna", "F"), ["SURNAME_SEX"]),
    (("Karimova", "Nodira", "Olim o'g'li", "F"), ["PATRONYMIC_SEX"]),
    (("Karimova", "Alisher", "Olimovna", "M"), ["PATRONYMIC_SEX", "SURNAME_SEX"]),
    (("Kim", "Olga", None, "F"), []),
    (("Yasin", "Madina", "Karim qizi", "F"), []),
    (("Kovalevskaya", "Anna", "Petrovna", "F"), []),
    (("Kovalevskiy", "Anna", "Petrovna", "F"), ["SURNAME_SEX"]),
    (("Karimov", "Мuhammad", None, "M"), ["NAME_MIXED_SCRIPT"]),
)


def test_forms_that_disagree_with_the_sex_are_warned_of():
    read = keyed(*(row for row, _ in FORMS_AND_SEX))
    assert [row["warnings"] for row in read] == [warnings for _, warnings in FORMS_AND_SEX]


def test_the_script_of_a_row():
    read = keyed(
        ("Karimov", "Alisher", None),
        ("Каримов", "Алишер", None),
        ("Karimov", "Алишер", None),
        ("Кarimov", None, None),
        ("김", None, None),
        (None, None, None),
    )
    assert [row["script"] for row in read] == [
        "LATIN",
        "CYRILLIC",
        "MIXED",
        "MIXED",
        "OTHER",
        None,
    ]


def test_columns_that_are_not_names_pass_through_in_order():
    frame = pl.DataFrame(
        {"record_id": ["b", "a"], "surname": ["Жўраев", "Kim"], "note": ["x", "y"]}
    )
    read = name_keys(frame)
    assert read["record_id"].to_list() == ["b", "a"]
    assert read["note"].to_list() == ["x", "y"]
    assert read["surname_key"].to_list() == ["jo'rayev", "kim"]
    assert read.columns[3:] == [
        "surname_key",
        "given_name_key",
        "patronymic_key",
        "candidate_keys",
        "patronymic_root",
        "patronymic_sex",
        "script",
        "warnings",
    ]


def test_no_rows_give_no_rows():
    assert name_keys(pl.DataFrame(schema=dict.fromkeys(NAMES, pl.String))).height == 0


SURNAME_SEXES = {
    "karimova": "F",
    "karimov": "M",
    "jo'rayeva": "F",
    "jo'rayev": "M",
    "solovev": "M",
    "kovalevskaya": "F",
    "kim": None,
    "yakov": None,
    "lev": None,
    "madina": None,
    None: None,
}


def test_the_sex_a_surname_shows():
    sexes = surname_sex(pl.Series(list(SURNAME_SEXES), dtype=pl.String))
    assert sexes.to_list() == list(SURNAME_SEXES.values())


def test_nothing_is_initials_or_placeholder_by_accident():
    words = pl.Series(["ali", "olim", "net'matov", "yoqub", "nomozov", "xon", "oy"])
    assert not is_initial(words).any()
    assert not is_placeholder(words).any()
