"""The pages that are written from the contracts say what the contracts say."""

import re

import pytest

from pipeline.document_tables import DOCS, discrepancies_page, tables_page
from pipeline.tables import reference_table
from schemas.catalogue import SOURCES, TABLES


@pytest.mark.parametrize(
    ("page", "text"),
    [("tables.md", tables_page), ("discrepancies.md", discrepancies_page)],
)
def test_page_is_up_to_date(page, text):
    stands = (DOCS / page).read_text(encoding="utf-8")
    assert stands == text(), f"docs/{page} is out of date: make tables"


def test_every_table_and_column_is_documented():
    sections = re.split(r"^## ", tables_page(), flags=re.MULTILINE)[1:]
    documented = {
        table: set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))
        for section in sections
        for table in re.findall(r"`(\w+)`", section.splitlines()[2])
    }
    assert {name: documented.get(name) for name in TABLES} == {
        name: set(schema.column_names()) for name, schema in TABLES.items()
    }


def test_every_column_says_what_it_means():
    cells = re.findall(r"^\| `(\w+)` \|.*\| (.*?) \|$", tables_page(), flags=re.MULTILINE)
    assert [column for column, meaning in cells if not meaning.strip()] == []


def test_every_source_is_named_with_its_table():
    page = tables_page()
    assert [source for source in SOURCES if f"from `{source}`" not in page] == []


def test_cells_do_not_break_their_rows():
    for page in (tables_page(), discrepancies_page()):
        for table in re.findall(r"(?:^\|.*\n)+", page, flags=re.MULTILINE):
            widths = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
            assert len(widths) == 1, table.splitlines()[0]


def test_every_code_is_told_in_three_languages():
    page = discrepancies_page()
    for row in reference_table("discrepancies").iter_rows(named=True):
        section = page.split(f"\n### {row['code']}\n")[1].split("\n### ")[0]
        for language in ("en", "uz", "ru"):
            assert row[f"meaning_{language}"] in section
            assert row[f"action_{language}"] in section
