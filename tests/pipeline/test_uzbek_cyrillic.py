"""Our texts and the names of areas in Cyrillic letters, as the country writes them."""

import re

import pytest

from pipeline.report import texts_of_page
from pipeline.tables import reference_table
from pipeline.uzbek_cyrillic import KEPT, in_cyrillic


@pytest.mark.parametrize(
    ("latin", "cyrillic"),
    [
        ("Oʻzbekiston", "Ўзбекистон"),
        ("Qoʻrgʻontepa tumani", "Қўрғонтепа тумани"),
        ("Yangiyoʻl shahri", "Янгийўл шаҳри"),
        ("Yuqori Chirchiq", "Юқори Чирчиқ"),
        ("Ellikqalʼa", "Элликқалъа"),
        ("Amudaryo", "Амударё"),
        ("Toshkent", "Тошкент"),
        ("Kegeyli", "Кегейли"),
        ("reyestr", "реестр"),
        ("obyekt", "объект"),
        ("Yevropa", "Европа"),
        ("eʼtiroz", "эътироз"),
        ("Konstitutsiya", "Конституция"),
        ("layoqatsiz", "лаёқатсиз"),
        ("JSHSHIR", "ЖШШИР"),
        ("MSK", "МСК"),
        ("Sh. Rashidov", "Ш. Рашидов"),
        ("saylov {day}", "сайлов {day}"),
        ("kod PINFL_SHARED", "код PINFL_SHARED"),
        ("Аҳоли 12-uy", "Аҳоли 12-уй"),
        ("o'g'il, qo‘l", "ўғил, қўл"),
        ("JSHSHIRdagi, IIVga", "ЖШШИРдаги, ИИВга"),
        ("YXHT", "ЕХҲТ"),
        ("ID-karta", "ИД-карта"),
        ("qayerda", "қаерда"),
        ("Isʼhoqxon", "Исҳоқхон"),
        ("27-dekabr", "27-декабрь"),
        ("summary.json faylida", "summary.json файлида"),
        ("CSV fayli Excelda", "CSV файли Excelда"),
        ("qaror (INCLUDE)", "қарор (INCLUDE)"),
    ],
)
def test_uzbek_is_spelt_as_in_cyrillic_print(latin, cyrillic):
    assert in_cyrillic(latin) == cyrillic


def test_no_latin_letter_is_left_in_our_texts_but_of_codes_and_programs():
    columns = [
        reference_table("discrepancies")[f"{name}_uz"]
        for name in ("meaning", "action", "ground")
    ]
    columns.append(reference_table("reasons")["meaning_uz"])
    texts = [text for column in columns for text in column]
    for text in [*texts, *(row["uz"] for row in texts_of_page())]:
        written = re.sub(KEPT, "", in_cyrillic(text))
        assert not re.search("[A-Za-zʻʼ]", written), (text, written)


def test_no_latin_letter_is_left_in_the_name_of_an_area():
    for name in reference_table("areas")["name_uz"]:
        assert re.search("[A-Za-zʻʼ']", in_cyrillic(name)) is None, name


def test_russian_names_of_areas_bear_the_uzbek_ones_out():
    names = reference_table("areas").filter(level="REGION").rows_by_key("name_uz")
    assert {in_cyrillic(name).split()[0] for name in names} >= {
        "Андижон",
        "Бухоро",
        "Жиззах",
        "Қашқадарё",
        "Навоий",
        "Наманган",
        "Самарқанд",
        "Сурхондарё",
        "Сирдарё",
        "Фарғона",
        "Хоразм",
        "Қорақалпоғистон",
    }
