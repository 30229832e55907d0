"""Patronymics: one root and one sex for every way to write the father's name."""

import polars as pl

from pipeline.normalise.patronymics import is_patronymic, read_patronymics
from pipeline.normalise.scripts import latin_words, plain_words


def read(*texts: str | None) -> list[tuple[str | None, str | None]]:
    words = plain_words(pl.Series(list(texts), dtype=pl.String))
    here = pl.Series([False] * len(texts), dtype=pl.Boolean)
    frame = read_patronymics(latin_words(words, here))
    return frame.select("root_key", "patronymic_sex").rows()


SONS = (
    "Karimovich",
    "Каримович",
    "Karim o'g'li",
    "Karim o‘g‘li",
    "Karim öğli",
    "Karim ogli",
    "Karim ugli",
    "Karim ug'li",
    "Karim og'li",
    "Karim o'gli",
    "Karim ogly",
    "Karim oglu",
    "Karim uly",
    "Karim ulı",
    "Karimuly",
    "Karim o'g'il",
    "Karim-o'g'li",
    "KARIM O`G`LI",
    "Karimo'g'li",
    "Карим ўғли",
    "Карим угли",
    "Карим ўгли",
    "Карим оглы",
    "Карим улы",
    "Karim o'g'.",
)

DAUGHTERS = (
    "Karimovna",
    "Каримовна",
    "Karim qizi",
    "Karim kizi",
    "Karim qyzy",
    "Karim kyzy",
    "Karim qızı",
    "Karimqizi",
    "KARIM QIZI",
    "Карим қизи",
    "Карим кизи",
    "Карим кызы",
    "Карим гызы",
    "Karim qiz",
    "Karim q.",
)


def test_every_form_of_a_son():
    assert read(*SONS) == [("karim", "M")] * len(SONS)


def test_every_form_of_a_daughter():
    assert read(*DAUGHTERS) == [("karim", "F")] * len(DAUGHTERS)


def test_roots_that_end_in_a_vowel():
    assert read("Aliyevich", "Alievna", "Ali o'g'li", "Jo'rayevich", "Жўраевна") == [
        ("ali", "M"),
        ("ali", "F"),
        ("ali", "M"),
        ("jo'ra", "M"),
        ("jo'ra", "F"),
    ]


def test_fathers_called_boy_keep_their_y():
    assert read("Tursunboyevich", "Tursunboy o'g'li", "Boboyevich") == [
        ("tursunboy", "M"),
        ("tursunboy", "M"),
        ("bobo", "M"),
    ]


def test_irregular_russian_patronymics():
    assert read("Ильич", "Ильинична", "Фомич", "Юрьевна", "Павлович", "Львович") == [
        ("ilya", "M"),
        ("ilya", "F"),
        ("foma", "M"),
        ("yuriy", "F"),
        ("pavel", "M"),
        ("lev", "M"),
    ]


def test_names_without_a_form_show_no_sex():
    texts = ("Karim", "Imomquli", "Allaquli", "Shirin", "Qizlargul", "Bashir", None)
    assert [sex for _, sex in read(*texts)] == [None] * len(texts)


def test_a_form_alone_is_no_patronymic():
    assert [sex for _, sex in read("o'g'li", "qizi", "ovich", "ovna")] == [None] * 4


def test_null_is_no_patronymic():
    words = pl.Series(["karimovich", "karim", None])
    assert is_patronymic(words).to_list() == [True, False, False]


def test_sons_and_daughters_have_different_keys():
    words = pl.Series(["karimovich", "karim o'g'li", "karimovna", "karim qizi", "karim"])
    keys = read_patronymics(words)["patronymic_key"].to_list()
    assert keys == ["karim m", "karim m", "karim f", "karim f", "karim"]
