"""Printed lists: everybody once, in order, in registered letters, without identifiers."""

import datetime
import re
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import ConfigurationError, SourceError
from pipeline.manifest import read_inputs
from pipeline.print_list import COLUMNS, Form, print_lists, render_list
from pipeline.publish import publish
from pipeline.run import read_settings
from pipeline.tables import open_engine
from tests.release_tables import DISTRICTS, make_run, write_run_tables

PDFTOTEXT = shutil.which("pdftotext")
needs_poppler = pytest.mark.skipif(
    PDFTOTEXT is None, reason="no pdftotext here: apt-get install poppler-utils"
)
PARAMETERS = {"election_date": "2026-12-27", "as_of": "2026-11-27"}
PRECINCT = {
    "region_code": "1735",
    "district_code": "1735204",
    "precinct_number": 12,
    "name": "7-maktab",
    "address": "Doʻslıq guzarı 3",
    "constituency": "58-Jozmon",
}
LETTERS = "ʻʼЎўҚқҒғҲҳЁёӘәӨөҮүҢңҺһÁáǴǵÍıŃńÓóÚúŞşÇçÖöĞğ"


def voters(count, **fixed):
    rows = [
        {
            "list_number": number + 1,
            "surname": f"Karimov{number}",
            "given_name": "Anvar",
            "birth_date": datetime.date(1960 + number % 40, 3, 5),
            "street": "Navoiy koʻchasi",
            "house": str(number),
            **fixed,
        }
        for number in range(count)
    ]
    types = {name: pl.String for name in COLUMNS}
    types |= {"list_number": pl.Int32, "birth_date": pl.Date}
    return pl.DataFrame([{c: row.get(c) for c in COLUMNS} for row in rows], schema=types)


def text_of(content, tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(content)
    done = subprocess.run(
        [PDFTOTEXT, "-layout", path, "-"], capture_output=True, text=True, check=True
    )
    return done.stdout.replace("\u200b", "")


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("print"))
    write_run_tables(run)
    with open_engine(run) as engine:
        return publish(engine, run, read_inputs(run.delivery)).path


def test_the_same_list_is_the_same_file():
    rows = voters(60)
    first = render_list(PRECINCT, rows, PARAMETERS, Form())
    assert first == render_list(PRECINCT, rows, PARAMETERS, Form())
    assert first.startswith(b"%PDF-")


@needs_poppler
def test_every_voter_stands_once_in_order_and_pages_add_up(tmp_path):
    text = text_of(render_list(PRECINCT, voters(150), PARAMETERS, Form()), tmp_path)
    assert re.findall(r"Karimov(\d+)", text) == [str(number) for number in range(150)]
    totals = [int(n) for n in re.findall(r"sahifada saylovchilar: (\d+)", text)]
    assert sum(totals) == 150
    assert len(totals) > 3
    pages = re.findall(r"(\d+) ?/ ?(\d+)$", text, flags=re.MULTILINE)
    assert pages == [(str(n + 1), str(len(totals))) for n in range(len(totals))]
    assert text.count("Familiyasi, ismi") == len(totals)
    for line in ("komissiyasi raisi", "komissiyasi kotibi", "imzosi", "Izoh"):
        assert line in text


@needs_poppler
@pytest.mark.parametrize(
    ("letters", "title", "label"),
    [
        ("latin", "Saylovchilar roʻyxati", "5-uy"),
        ("cyrillic", "Сайловчилар рўйхати", "5-уй"),
        ("russian", "Список избирателей", "дом 5"),
    ],
)
def test_headings_follow_the_letters_and_names_never_do(tmp_path, letters, title, label):
    rows = voters(1, house="5", surname="Жўраев", patronymic="Salim oʻgʻli")
    text = text_of(render_list(PRECINCT, rows, PARAMETERS, Form(letters)), tmp_path)
    assert title in text
    assert label in text
    assert "Жўраев Anvar Salim oʻgʻli" in text


@needs_poppler
def test_every_letter_is_printed_from_an_embedded_font(tmp_path):
    rows = voters(1, surname=LETTERS)
    content = render_list(PRECINCT, rows, PARAMETERS, Form())
    text = text_of(content, tmp_path)
    assert set(LETTERS) - set(text) == set()
    fonts = subprocess.run(
        ["pdffonts", tmp_path / "x.pdf"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[2:]
    assert fonts
    assert all(line.split()[-5] == "yes" for line in fonts), "a font is not embedded"
    assert {line.split("+")[1].split("-")[0] for line in fonts} == {"LibertinusSerif"}


@needs_poppler
def test_long_words_stay_in_their_column(tmp_path):
    rows = voters(1, surname="Abdu" * 20, street="Mustaqillik" * 9)
    path = tmp_path / "x.pdf"
    path.write_bytes(render_list(PRECINCT, rows, PARAMETERS, Form()))
    boxes = subprocess.run(
        ["pdftotext", "-bbox", path, "-"], capture_output=True, text=True, check=True
    ).stdout
    for word in re.findall(r"<word [^>]*>Abdu.*?</word>", boxes):
        width = re.search(r'xMin="([\d.]+)".*xMax="([\d.]+)"', word)
        assert float(width[2]) - float(width[1]) < 150


@needs_poppler
def test_a_copy_for_inspection_gives_the_year_of_birth_only(tmp_path):
    rows = voters(3)
    form = Form("latin", "inspection")
    text = text_of(render_list(PRECINCT, rows, PARAMETERS, form), tmp_path)
    assert "05.03." not in text
    assert "1961" in text
    assert "Tanishish uchun nusxa" in text
    assert "imzosi" not in text


@needs_poppler
def test_an_empty_precinct_says_so(tmp_path):
    text = text_of(render_list(PRECINCT, voters(0), PARAMETERS, Form()), tmp_path)
    assert "saylovchi yoʻq" in text


@needs_poppler
def test_lists_of_a_district_are_the_released_lists_without_identifiers(release, tmp_path):
    district = DISTRICTS[0]
    folder = f"voters/region={district[:4]}/district={district}"
    listed = pl.read_parquet(
        Path(release) / folder / "voters.parquet", hive_partitioning=False
    )
    printed = list(print_lists(release, Form(), district=district))
    counts = dict(listed.group_by("precinct_number").len().iter_rows())
    assert {p.precinct_number: p.voters for p in printed if p.voters} == counts
    assert sum(p.voters for p in printed) == listed.height
    text = "".join(text_of(p.content, tmp_path) for p in printed)
    for column in ("document_number", "pinfl", "voter_id"):
        assert not any(value in text for value in listed[column].drop_nulls())


def test_one_precinct_is_chosen_by_region_and_number(release):
    (printed,) = print_lists(release, Form(), precinct="1718/99")
    assert (printed.voters, printed.file_name) == (3, "precinct-1718-0099.pdf")


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"district": "1718203", "precinct": "1718/99"},
        {"district": "1703202"},
        {"precinct": "1718/9999"},
        {"precinct": "1718"},
        {"precinct": "1718/x"},
    ],
)
def test_what_the_release_does_not_have_is_an_error_of_the_call(release, choice):
    with pytest.raises(ConfigurationError, match="print: "):
        list(print_lists(release, Form(), **choice))


def test_unknown_forms_are_refused():
    with pytest.raises(ConfigurationError, match="known: latin, cyrillic, russian"):
        Form("greek")
    with pytest.raises(ConfigurationError, match="known: signing, inspection"):
        Form("latin", "posting")


def test_a_folder_that_is_no_release_is_refused(tmp_path):
    with pytest.raises(SourceError):
        list(print_lists(str(tmp_path), Form(), precinct="1718/99"))


def test_letters_that_nobody_prints_are_refused_before_the_night_s_work():
    with pytest.raises(ConfigurationError, match=r"files\.pdf_letters 'greek'"):
        read_settings('[files]\npdf_letters = "greek"\n', "selv.toml")
