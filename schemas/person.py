"""Persons and the crosswalk from rows to persons: what stage 3 gives."""

import dataframely as dy

from schemas import columns as c
from schemas.codes import DatePrecision, LinkRule, Sex


class PersonLink(dy.Schema):
    """Crosswalk: every row of mia/persons to exactly one person."""

    row_id = c.key("row of mia/persons")
    person_id = c.reference("the person")
    rule = c.code(LinkRule, "what tied this row to its person")
    match_weight = c.match_weight()
    pattern = dy.String(nullable=True, description="comparison levels, for the waterfall")


class Person(dy.Schema):
    """A human being that rows are resolved to, with the values taken from them.

    Precedence: rows with a verified PINFL first, then PERMANENT before TEMPORARY before
    NONE, then the latest `updated_at`, `registered_on`, and the smallest row_id.
    `main_row_id` is the row whose names, sex and birth date the person has.
    """

    person_id = c.key("number of the person in this run, in the order of main_row_id")
    main_row_id = c.reference("row of mia/persons that names the person")
    row_count = c.count("rows of this person")
    pinfl = c.pinfl()
    sex = c.code(Sex, "sex")
    birth_date = c.birth_date()
    birth_date_precision = c.code(DatePrecision, "how much of it is known")
    citizenship = dy.String(nullable=True, description="ISO 3166-1 alpha-3")
    document_key = dy.String(nullable=True, description="document number, latest")
    permanent_row_id = c.reference("row of the permanent residence", nullable=True)
    temporary_row_id = c.reference("row of the temporary residence", nullable=True)


class StableId(dy.Schema):
    """The number under which a person is known in every release."""

    person_id = c.key("number of the person in this run")
    stable_id = dy.String(
        unique=True, regex=r"^V[0-9A-Z]{13}$", description="stable over releases"
    )
    origin = dy.String(
        regex=r"^(NEW|RECORD|PINFL|NAME)$", description="how it was carried over"
    )


class NumberChange(dy.Schema):
    """number_changes: what became of voter numbers, in this release and all before it.

    MERGED: the number was given up, its rows belong to `number_after`. SPLIT: the number
    lives on, some of its rows belong to `number_after` now.
    """

    number_before = dy.String(
        primary_key=True, regex=r"^V[0-9A-Z]{13}$", description="number the rows had"
    )
    number_after = dy.String(
        primary_key=True, regex=r"^V[0-9A-Z]{13}$", description="number they have now"
    )
    changed_on = dy.Date(primary_key=True, description="day of the release that changed it")
    kind = dy.String(regex=r"^(MERGED|SPLIT)$", description="whether the number lives on")
    rows = c.count("rows of mia/persons that changed their number")
