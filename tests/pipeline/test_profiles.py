from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import ConfigurationError, SourceError
from pipeline.profiles import Profile, choose_profile, read_profile
from pipeline.source_rules import map_columns
from tests.delivery_files import (
    DWELLING,
    PERSON,
    as_csv,
    ingest_source,
    table_of,
    write_delivery,
)

PROFILES = Path(__file__).resolve().parent.parent.parent / "profiles"
RUSSIAN = {
    "№ п/п": "1",
    "ИД записи": "P1",
    "ПИНФЛ": "30101901234567",
    "Фамилия": "Каримов",
    "Имя": "Алишер",
    "Отчество": "-",
    "Пол": "1",
    "Дата рождения": "03.02.1990",
    "Гражданство": "860",
    "Вид документа": "2",
    "Серия и номер": "АА1234567",
    "Вид прописки": "1",
    "Дата прописки": "01.03.2015",
    "Прописан до": "NULL",
    "Код области": "1718",
    "Код района": "1718203",
    "Махалля": "Нур",
    "Улица": "Навоий",
    "Дом": "12",
    "Корпус": "",
    "Квартира": "3",
    "Кадастровый номер": "",
    "Дата изменения": "01.01.2024",
}


@pytest.mark.parametrize("name", ["mia-persons-ru", "cadastre-dwellings-ru"])
def test_committed_profiles_are_right(name):
    profile = read_profile((PROFILES / f"{name}.toml").read_text(encoding="utf-8"), name)
    assert profile.columns


def test_a_russian_extract_reads_as_ours(engine, tmp_path):
    content = as_csv([RUSSIAN], ";", "cp1251")
    delivery = write_delivery(tmp_path / "d", {"mia/persons-ru-2026.csv": content})
    result = ingest_source(engine, delivery, profiles=str(PROFILES))
    found = table_of(result).row(0, named=True)
    assert (found["surname"], found["sex"], found["citizenship"]) == ("Каримов", "M", "UZB")
    assert str(found["birth_date"]) == "1990-02-03"
    assert found["patronymic"] is None
    assert found["registered_until"] is None
    assert result.report.files[0].profile == "mia-persons-ru.toml"
    assert result.report.files[0].columns_ignored == ("№ п/п",)
    assert result.report.files[0].columns_absent == ("address_text",)


def test_codes_that_a_profile_does_not_map_are_refused(engine, tmp_path):
    rows = [RUSSIAN, RUSSIAN | {"ИД записи": "P2", "Пол": "3"}]
    content = as_csv(rows, ";", "cp1251")
    delivery = write_delivery(tmp_path / "d", {"mia/persons-ru.csv": content})
    report = ingest_source(engine, delivery, profiles=str(PROFILES)).report
    assert report.quarantined_by_rule == {"sex_known": 1}


def test_a_profile_in_the_delivery_comes_first(engine, tmp_path):
    own = b'source = "mia/persons"\nignored = ["note"]\n[codes.sex]\nf = "F"\n'
    content = as_csv([PERSON | {"sex": "f", "note": "x"}])
    files = {"mia/persons.csv": content, "mia/persons.profile.toml": own}
    delivery = write_delivery(tmp_path / "d", files)
    result = ingest_source(engine, delivery, profiles=str(PROFILES))
    assert table_of(result)["sex"].to_list() == ["F"]
    assert result.report.files[0].profile == "persons.profile.toml"


def test_constants_decimals_and_two_digit_years(engine, tmp_path):
    profile = tmp_path / "dwellings.toml"
    profile.write_text(
        'source = "cadastre/dwellings"\ndecimal = ","\ntwo_digit_year_first = 1950\n'
        '[constants]\nregion_code = "1718"\n[dates]\nupdated_at = ["dd.mm.yy"]\n',
        encoding="utf-8",
    )
    row = DWELLING | {"floor_area_m2": "80,5", "updated_at": "01.02.24"}
    del row["region_code"]
    content = as_csv([row], ";")
    delivery = write_delivery(tmp_path / "d", {"cadastre/dwellings.csv": content})
    result = ingest_source(engine, delivery, "cadastre/dwellings", str(profile))
    found = table_of(result).row(0, named=True)
    assert (found["floor_area_m2"], found["region_code"]) == (80.5, "1718")
    assert str(found["updated_at"]) == "2024-02-01 00:00:00"


def test_native_dates_read_whatever_the_texts_look_like(engine, tmp_path):
    profile = tmp_path / "p.toml"
    profile.write_text(
        'source = "mia/persons"\n[dates]\nbirth_date = ["dd.mm.yyyy"]\n', encoding="utf-8"
    )
    frame = pl.DataFrame([PERSON]).with_columns(pl.col("birth_date").str.to_date())
    for name, write in (
        ("persons.parquet", frame.write_parquet),
        ("persons.xlsx", frame.write_excel),
    ):
        folder = tmp_path / name / "d"
        (folder / "mia").mkdir(parents=True)
        write(folder / "mia" / name)
        delivery = write_delivery(
            folder, {f"mia/{name}": (folder / "mia" / name).read_bytes()}
        )
        result = ingest_source(engine, delivery, profiles=str(profile))
        assert str(table_of(result)["birth_date"][0]) == "1990-02-03"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source =", "not valid TOML"),
        ("", "`source` must name a table"),
        (
            'source = "mia/person"',
            "source 'mia/person' is unknown; nearest known: mia/persons",
        ),
        (
            'source = "mia/persons"\ndelimeter = ";"',
            "'delimeter' is unknown; .*: delimiter",
        ),
        ('source = "mia/persons"\ndelimiter = "::"', "one ASCII character"),
        ('source = "mia/persons"\ndelimiter = 5', "delimiter must be str"),
        ('source = "mia/persons"\nencoding = "koi8"', "encoding 'koi8' is unknown"),
        ('source = "mia/persons"\nnulls = "-"', "nulls must be list"),
        ('source = "mia/persons"\nquote = "x"', "quote must be"),
        ('source = "mia/persons"\ndecimal = ";"', "decimal must be"),
        ('source = "mia/persons"\n[columns]\na = "surnam"', "'surnam' .*: surname"),
        ('source = "mia/persons"\n[columns]\na = "row_id"', "'row_id' is unknown"),
        ('source = "mia/persons"\n[columns]\na = "sex"\nb = "sex"', "more than once: sex"),
        ('source = "mia/persons"\n[columns]\na = 1', "columns must be str"),
        ('source = "mia/persons"\n[codes.sexx]\n1 = "M"', "'sexx' is unknown"),
        ('source = "mia/persons"\n[codes]\nsex = "M"', "codes.sex must be dict"),
        ('source = "mia/persons"\n[dates]\nbirth_date = ["dd.mm"]', "'dd.mm' is unknown"),
        (
            'source = "mia/persons"\n[dates]\nbirth_date = ["dd.mm.yy"]',
            "two_digit_year_first",
        ),
        ('source = "mia/persons"\ntwo_digit_year_first = true', "must be int"),
    ],
)
def test_a_wrong_profile_says_what_is_wrong(text, message):
    with pytest.raises(ConfigurationError, match=f"^p.toml: .*{message}"):
        read_profile(text, "p.toml")


def test_the_profile_is_chosen_by_file_name():
    old = Profile("old", "mia/persons", files=("persons-20*",))
    new = Profile("new", "mia/persons", files=("persons-new*",))
    assert choose_profile([old, new], "mia/persons", "persons-new-1.csv") is new
    assert choose_profile([old, new], "mia/persons", "persons.csv").name == "none"
    assert choose_profile([old, new], "mia/restrictions", "persons-new.csv").name == "none"
    with pytest.raises(ConfigurationError, match="covered by new, old"):
        both = Profile("old", "mia/persons", files=("*",))
        choose_profile([both, new], "mia/persons", "persons-new.csv")


def test_a_column_filled_twice_is_refused():
    profile = Profile("p", "mia/persons", columns={"Пол": "sex"})
    with pytest.raises(SourceError, match="sex is filled twice"):
        map_columns("f.csv", ["sex", "Пол", *PERSON], "mia/persons", profile)
