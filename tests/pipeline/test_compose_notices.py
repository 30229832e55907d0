"""Notices: one letter to everybody concerned, in three languages, that says what to do."""

import datetime
import re

import polars as pl
import pytest

from pipeline.checks import check_notices
from pipeline.compose_notices import compose_notices
from pipeline.errors import CheckFailed
from schemas.catalogue import TABLES
from schemas.codes import ChangeReason

ELECTION_DATE = datetime.date(2026, 12, 27)
AS_OF = datetime.date(2026, 11, 27)
PLACE = {"region_code": "1718", "district_code": "1718203"}
TELLING = ("salutation", "what", "why", "action")
LANGUAGES = ("uz_latin", "uz_cyrillic", "ru")


def relation(engine, name, rows):
    contract = TABLES[name]
    columns = {
        column: pl.String() if isinstance(c.dtype, pl.Enum) else c.dtype
        for column, c in contract.columns().items()
    }
    frame = pl.DataFrame(
        [{column: row.get(column) for column in columns} for row in rows], schema=columns
    )
    return engine.from_arrow(frame.to_arrow())


def voter(number, precinct=12, **changes):
    return {
        "voter_id": f"V{number:013d}",
        **PLACE,
        "precinct_number": precinct,
        "surname": "Karimova",
        "given_name": "Dilfuza",
        "patronymic": "Anvar qizi",
        "sex": "F",
        "mahalla": "Yangi hayot",
        "street": "Navoiy koʻchasi",
        "house": "5",
        "flat": "12",
        **changes,
    }


def change(number, kind, reason, before=12, after=12, **more):
    row = {"voter_id": f"V{number:013d}", "change": kind, "reason": reason, "field": ""}
    for moment, precinct in (("before", before), ("after", after)):
        if precinct is not None:
            row |= {f"{key}_{moment}": value for key, value in PLACE.items()}
            row[f"precinct_number_{moment}"] = precinct
    return row | more


PRECINCTS = [
    {**PLACE, "precinct_number": number, "name": f"{number}-maktab", "phone": "1234567"}
    for number in (12, 13)
]


@pytest.fixture
def compose(engine):
    def run(changes, voters=(), previous=(), as_of=AS_OF, days=3):
        notices = compose_notices(
            engine,
            relation(engine, "changes", changes),
            relation(engine, "voters", voters),
            relation(engine, "voters", previous),
            relation(engine, "source_precincts", PRECINCTS),
            ELECTION_DATE,
            as_of,
            days,
        )
        frame = pl.DataFrame(notices.to_arrow_table())
        assert TABLES["notices"].is_valid(frame, cast=True)
        return {row["voter_id"]: row for row in frame.to_dicts()}

    return run


def test_everybody_concerned_gets_one_letter(compose):
    changes = [
        change(1, "MOVED", "ADDRESS_CHANGED", before=13),
        change(1, "CORRECTED", "SOURCE_CHANGED", field="house", before="4", after="5"),
        change(2, "ADDED", "NEW_IN_REGISTER", before=None),
        change(3, "REMOVED", "LEFT_REGISTER", after=None, article="ZRU-544, Art. 28"),
        change(4, "CORRECTED", "SOURCE_CHANGED", field="surname"),
        change(4, "CORRECTED", "SOURCE_CHANGED", field="pinfl"),
    ]
    for row in changes:
        row.setdefault("article", None)
    found = compose(changes, [voter(1), voter(2), voter(4)], [voter(3), voter(1, 13)])
    assert sorted(found) == [f"V{number:013d}" for number in (1, 2, 3, 4)]
    kinds = [row["change"] for _, row in sorted(found.items())]
    assert kinds == ["MOVED", "ADDED", "REMOVED", "CORRECTED"]


def test_a_move_says_where_to_vote_now_and_before(compose):
    rows = [
        change(1, "MOVED", "ADDRESS_CHANGED", before=13),
        change(1, "CORRECTED", "SOURCE_CHANGED", field="house")
        | {"before": "4", "after": "5"},
    ]
    letter = compose(rows, [voter(1)])["V0000000000001"]
    assert letter["what_uz_latin"].startswith(
        "Endi siz 12-sonli saylov uchastkasida ovoz berasiz (avval 13-sonli uchastka edi). "
        "Ovoz berish joyi: 12-maktab."
    )
    assert "uy 4 → 5" in letter["what_uz_latin"]
    assert "участке № 12 (прежде – № 13)" in letter["what_ru"]
    assert "12-сонли сайлов участкасида" in letter["what_uz_cyrillic"]
    assert letter["salutation_ru"] == "Уважаемая Dilfuza Anvar qizi!"
    assert letter["address"].endswith("Yangi hayot, Navoiy koʻchasi, 5-uy, 12-xonadon")
    assert letter["precinct_number"] == 12


def test_every_reason_is_told_once_and_that_of_the_main_change_first(compose):
    rows = [
        change(1, "CORRECTED", "SOURCE_CHANGED", field="house", before="4", after="5"),
        change(1, "CORRECTED", "DECISION", field="surname"),
        change(1, "CORRECTED", "SOURCE_CHANGED", field="street"),
        change(1, "MOVED", "ADDRESS_CHANGED", before=13),
    ]
    for row in rows:
        row.setdefault("article", None)
    letter = compose(rows, [voter(1)])["V0000000000001"]
    assert letter["change"] == "MOVED"
    assert letter["why_ru"].startswith(
        "Причина: Изменился адрес; Изменено в источнике; По решению комиссии. "
    )
    assert letter["why_uz_latin"].startswith("Sababi: Manzili oʻzgargan; Manbada oʻzgargan")
    assert letter["why_uz_cyrillic"].startswith("Сабаби: Манзили ўзгарган; Манбада")


def test_a_removal_says_why_on_which_article_and_how_to_come_back(compose):
    gone = change(1, "REMOVED", "INCAPACITATED", after=None, article="ZRU-544, Art. 5")
    letter = compose([gone], previous=[voter(1)])["V0000000000001"]
    assert "Saylov kodeksining (OʻRQ-544) 5-moddasi" in letter["why_uz_latin"]
    assert "статья 5 Избирательного кодекса (ЗРУ-544)" in letter["why_ru"]
    assert "Declared" not in letter["why_ru"]
    assert "24.12.2026" in letter["action_ru"]
    assert "12-maktab, 1234567" in letter["action_uz_latin"]
    assert "sudga shikoyat" in letter["action_uz_latin"]
    assert letter["precinct_number"] == 12


def test_the_dead_are_not_addressed(compose):
    gone = change(1, "REMOVED", "DECEASED", after=None, article="ZRU-544, Art. 28")
    letter = compose([gone], previous=[voter(1)])["V0000000000001"]
    assert letter["salutation_ru"] == "Уважаемые члены семьи!"
    assert "Karimova Dilfuza Anvar qizi" in letter["what_ru"]
    assert "Вы исключены" not in letter["what_ru"]
    assert "Если это ошибка, сообщите" in letter["action_ru"]


def test_a_corrected_identifier_is_told_without_its_values(compose):
    rows = [
        change(1, "CORRECTED", "SOURCE_CHANGED", field="pinfl")
        | {"before": "30000000000011", "after": "30000000000022"},
        change(1, "CORRECTED", "SOURCE_CHANGED", field="birth_date")
        | {"before": "1960-01-01", "after": "1960-03-05"},
    ]
    letter = compose(rows, [voter(1)])["V0000000000001"]
    for language in LANGUAGES:
        text = letter[f"what_{language}"]
        assert "3000000" not in text
        assert "01.01.1960 → 05.03.1960" in text
    assert "ПИНФЛ" in letter["what_ru"]


@pytest.mark.parametrize("reason", list(ChangeReason))
@pytest.mark.parametrize("kind", ["ADDED", "REMOVED", "MOVED", "CORRECTED"])
def test_no_letter_has_a_gap(compose, kind, reason):
    row = change(
        1,
        kind,
        str(reason),
        before=None if kind == "ADDED" else 99,
        after=None if kind == "REMOVED" else 77,
        field="flat" if kind == "CORRECTED" else "",
        article="ZRU-544, Art. 28" if kind == "REMOVED" else None,
    )
    letter = compose([row], [voter(1, given_name=None)] if kind != "REMOVED" else [])
    (letter,) = letter.values()
    for part in TELLING:
        for language in LANGUAGES:
            text = letter[f"{part}_{language}"]
            assert len(text) > 8
            assert not re.search(r"[{}]|\bNone\b|\bnull\b|: \.|: ,|№ \.|\\\\", text), text
        said = [letter[f"{part}_{language}"] for language in LANGUAGES]
        assert len(set(said)) == 3


@pytest.mark.parametrize(
    ("as_of", "days", "deadline"),
    [
        (AS_OF, 3, "24.12.2026"),
        (AS_OF, 15, "12.12.2026"),
        (datetime.date(2026, 12, 25), 3, "26.12.2026"),
        (ELECTION_DATE, 3, "27.12.2026"),
    ],
)
def test_the_day_to_answer_by_has_not_gone_by(compose, as_of, days, deadline):
    rows = [change(1, "ADDED", "NEW_IN_REGISTER", before=None)]
    letter = compose(rows, [voter(1)], as_of=as_of, days=days)["V0000000000001"]
    assert f"до {deadline}" in letter["action_ru"]


def test_no_changes_no_letters(compose):
    assert compose([]) == {}


@pytest.mark.parametrize(
    ("told", "says"), [([1], "1 voters have"), ([1, 2, 3], "1 a notice")]
)
def test_a_missing_or_needless_letter_stops_the_release(engine, told, says):
    changes = [change(n, "ADDED", "NEW_IN_REGISTER", before=None) for n in (1, 2)]
    notices = [{"voter_id": f"V{n:013d}"} for n in told]
    with pytest.raises(CheckFailed, match=says):
        check_notices(
            engine,
            relation(engine, "notices", notices),
            relation(engine, "changes", changes),
        )
