"""Texts in the three languages of what offices and voters get.

What belongs here: a text in Uzbek (Latin and Cyrillic letters) and Russian, where texts
come from, and how numbers are written in all three. Uzbek is written once, in Latin.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import polars as pl

from pipeline.tables import read_text, reference_table
from pipeline.uzbek_cyrillic import in_cyrillic

CODES = ("uz", "cy", "ru")
TAGS = {"uz": "uz-Latn", "cy": "uz-Cyrl", "ru": "ru"}
NARROW_SPACE = "\u202f"


@dataclasses.dataclass(frozen=True)
class Words:
    """One text in Uzbek Latin, Uzbek Cyrillic and Russian."""

    uz: str
    cy: str
    ru: str

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Code of each language and the text in it."""
        return iter((code, self.text(code)) for code in CODES)

    def text(self, code: str) -> str:
        """The text in a language."""
        return str(getattr(self, code))

    def filled(self, **values: object) -> "Words":
        """The text with its placeholders filled; a value may be Words itself."""
        return Words(
            **{
                code: text.format(
                    **{
                        name: value.text(code) if isinstance(value, Words) else value
                        for name, value in values.items()
                    }
                )
                for code, text in self
            }
        )


def words(uz: str, ru: str) -> Words:
    """Words of an Uzbek text in Latin letters and a Russian one."""
    return Words(uz, in_cyrillic(uz), ru)


def same(text: str) -> Words:
    """A text that is the same in all languages: a number, a code, a name."""
    return Words(text, text, text)


def read_words(path: Path) -> dict[str, Words]:
    """Texts by key of a CSV file with the columns key, uz and ru."""
    rows = pl.read_csv(read_text(str(path)).encode(), infer_schema=False)
    return {row["key"]: words(row["uz"], row["ru"]) for row in rows.to_dicts()}


@cache
def reasons(kind: str) -> Mapping[str, Words]:
    """What the codes of a kind mean."""
    rows = reference_table("reasons").filter(pl.col("kind") == kind).to_dicts()
    return {row["code"]: words(row["meaning_uz"], row["meaning_ru"]) for row in rows}


@cache
def area_names() -> Mapping[str, Words]:
    """Names of regions and districts by code."""
    rows = reference_table("areas").to_dicts()
    return {row["area_code"]: words(row["name_uz"], row["name_ru"]) for row in rows}


@cache
def column_headings() -> Mapping[str, Words]:
    """What the columns of the tables for offices are called."""
    rows = reference_table("columns").to_dicts()
    return {row["column"]: words(row["heading_uz"], row["heading_ru"]) for row in rows}


@cache
def discrepancy_meanings() -> Mapping[str, Words]:
    """What each code of the discrepancy catalogue says."""
    rows = reference_table("discrepancies").to_dicts()
    return {row["code"]: words(row["meaning_uz"], row["meaning_ru"]) for row in rows}


def number(value: int) -> str:
    """A whole number in groups of three."""
    return f"{value:,}".replace(",", NARROW_SPACE)
