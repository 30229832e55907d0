"""Shared column types: one quantity, one name, one definition, in every table.

What belongs here: functions that return a dataframely column. A table's own columns stand
in its class.
"""

from datetime import date, datetime
from enum import StrEnum

import dataframely as dy

FIRST_BIRTH = date(1890, 1, 1)
LAST_DATE = date(2099, 12, 31)


def key(description: str) -> dy.Int64:
    """A dense whole number that names a row within one run; never published."""
    return dy.Int64(primary_key=True, min=0, description=description)


def reference(description: str, *, nullable: bool = False) -> dy.Int64:
    """The key of a row in another table of the same run."""
    return dy.Int64(nullable=nullable, min=0, description=description)


def record_id(*, primary_key: bool = False, nullable: bool = False) -> dy.String:
    """The supplier's own key of a row."""
    return dy.String(
        primary_key=primary_key,
        nullable=nullable,
        min_length=1,
        max_length=200,
        description="the supplier's own key of the row",
    )


def text(
    description: str, *, nullable: bool = True, primary_key: bool = False
) -> dy.String:
    """Free text as delivered, any script; at most 2,000 bytes of UTF-8."""
    return dy.String(
        nullable=nullable,
        primary_key=primary_key,
        max_length=2000,
        description=description,
    )


def long_text(description: str) -> dy.String:
    """Running text, such as a territory's description; at most 50,000 bytes of UTF-8."""
    return dy.String(nullable=True, max_length=50_000, description=description)


def comparison_key(description: str) -> dy.String:
    """Folded text for comparison, never shown; null where nothing usable was given."""
    return dy.String(nullable=True, min_length=1, description=description)


def pinfl(*, nullable: bool = True) -> dy.String:
    """A national identifier whose form and check digit are right."""
    return dy.String(
        nullable=nullable,
        regex=r"^\d{14}$",
        description="PINFL (JSHSHIR), 14 digits, check digit verified",
    )


def region_code(*, nullable: bool = False, primary_key: bool = False) -> dy.String:
    """SOATO code of a region."""
    return dy.String(
        nullable=nullable,
        primary_key=primary_key,
        regex=r"^\d{4}$",
        description="SOATO code of the region, 4 digits",
    )


def district_code(*, nullable: bool = False, primary_key: bool = False) -> dy.String:
    """SOATO code of a district or city; ten digits for districts of Namangan city."""
    return dy.String(
        nullable=nullable,
        primary_key=primary_key,
        regex=r"^(\d{7}|\d{10})$",
        description="SOATO code of the district or city, 7 digits (10 inside Namangan)",
    )


def precinct_number(*, nullable: bool = False, primary_key: bool = False) -> dy.Int32:
    """Number of a precinct; unique within its region only."""
    return dy.Int32(
        nullable=nullable,
        primary_key=primary_key,
        min=1,
        max=99_999,
        description="number of the precinct, unique within the region",
    )


def code(values: type[StrEnum], description: str, *, nullable: bool = False) -> dy.Enum:
    """A closed vocabulary of codes.py."""
    return dy.Enum(values, nullable=nullable, description=description)


def birth_date(*, nullable: bool = False) -> dy.Date:
    """Date of birth; the first day of the month or year where only that is known."""
    return dy.Date(
        nullable=nullable,
        min=FIRST_BIRTH,
        max=LAST_DATE,
        description="date of birth; first day of the period where it is partial",
    )


def day(description: str, *, nullable: bool = True) -> dy.Date:
    """A calendar day of the register's time."""
    return dy.Date(
        nullable=nullable,
        min=date(1850, 1, 1),
        max=LAST_DATE,
        description=description,
    )


def instant(description: str) -> dy.Datetime:
    """A UTC timestamp, as the source gave it."""
    return dy.Datetime(
        nullable=True,
        min=datetime(1850, 1, 1),  # noqa: DTZ001 - stored as UTC without a zone
        time_unit="us",
        description=description,
    )


def longitude() -> dy.Float64:
    """Degrees east, WGS 84."""
    return dy.Float64(nullable=True, min=-180, max=180, description="degrees east, WGS 84")


def latitude() -> dy.Float64:
    """Degrees north, WGS 84."""
    return dy.Float64(nullable=True, min=-90, max=90, description="degrees north, WGS 84")


def count(description: str) -> dy.Int64:
    """A number of rows or people."""
    return dy.Int64(min=0, description=description)


def match_weight() -> dy.Float64:
    """Log2 Bayes factor of a link, in bits; null where a rule decided."""
    return dy.Float64(
        nullable=True,
        description="match weight in bits (log2 Bayes factor); null where a rule decided",
    )


def codes_list(description: str) -> dy.List:
    """A list of codes, sorted, without repeats; empty where there are none."""
    return dy.List(dy.String(), description=description)
