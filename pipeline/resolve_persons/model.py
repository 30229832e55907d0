"""What is compared between two person records, and where pairs are looked for.

The prior m probabilities are starting values and hold where data are scarce; EM moves
them. What may never be merged, whatever the weight, stands in verdict.py.
"""

import duckdb

from pipeline.linkage.block import BlockingRule
from pipeline.linkage.compare import Comparison, Condition, Neighbours, Tier
from pipeline.linkage.estimate import Frequencies
from pipeline.linkage.neighbours import EDIT_GRADES, edit_neighbours
from pipeline.resolve_persons.encode import NAMES, PREFIX

NAME_LEVELS = {"exact": 0.86, "loose": 0.06, "typo": 0.04, "near": 0.005}
BOTH_WOMEN = "l.sex = 1 AND r.sex = 1"


def _one_digit(column: str) -> str:
    """SQL: two numbers that differ in one digit, or by two neighbours exchanged.

    The difference is then a digit, or nine times a digit, followed by zeros.
    """
    gap = f"abs(l.{column} - r.{column})"

    def is_round(number: str) -> str:
        power = f"pow(10, floor(log10({number})))::BIGINT"
        return f"{number} % {power} = 0"

    return (
        f"(CASE WHEN {gap} = 0 THEN false WHEN {is_round(gap)} THEN true "
        f"WHEN {gap} % 9 = 0 THEN {is_round(f'({gap} // 9)')} ELSE false END)"
    )


def _names(name: str, column: str, m: dict[str, float], applies: str | None) -> Comparison:
    return Comparison(
        name,
        tiers=(Tier("exact", f"{column}_key"), Tier("loose", f"{column}_loose")),
        neighbours=Neighbours(f"near_{column}", f"{column}_loose", EDIT_GRADES),
        prior_m=m,
        applies=applies,
    )


COMPARISONS: tuple[Comparison, ...] = (
    _names(
        "surname",
        "surname",
        {**NAME_LEVELS, "established": 0.002, "other": 0.02},
        f"NOT ({BOTH_WOMEN})",
    ),
    # Women may take their husband's surname: their own chance of `other`.
    _names(
        "surname_of_women",
        "surname",
        {**NAME_LEVELS, "established": 0.002, "other": 0.12},
        BOTH_WOMEN,
    ),
    _names(
        "given_name",
        "given_name",
        {**NAME_LEVELS, "established": 0.002, "other": 0.01},
        None,
    ),
    _names(
        "patronymic",
        "patronymic",
        {**NAME_LEVELS, "established": 0.002, "other": 0.02},
        None,
    ),
    Comparison(
        "birth_date",
        tiers=(Tier("exact", "birth_date"),),
        neighbours=Neighbours(
            "near_birth_date",
            "birth_date",
            ("day_month_swapped", "one_digit", "first_january", "generation"),
        ),
        prior_m={
            "exact": 0.94,
            "day_month_swapped": 0.015,
            "one_digit": 0.019,
            "first_january": 0.015,
            "generation": 0.001,
            "other": 0.01,
        },
    ),
    Comparison(
        "birth_year",
        tiers=(Tier("exact", "birth_year"),),
        applies="l.partial_year IS NOT NULL OR r.partial_year IS NOT NULL",
        prior_m={"exact": 0.96, "other": 0.04},
    ),
    Comparison(
        "sex",
        tiers=(Tier("exact", "sex"),),
        has_frequencies=False,
        prior_m={"exact": 0.995, "other": 0.005},
    ),
    Comparison(
        "document",
        tiers=(Tier("exact", "document_key"),),
        # Series and number are issued in order: kin who applied together hold
        # neighbouring numbers, so near agreement is worth little.
        conditions=(Condition("one_digit", _one_digit("document_digits"), 1e-3),),
        prior_m={"exact": 0.6, "one_digit": 0.02, "other": 0.38},
    ),
    Comparison(
        "identifier",
        # Seven of the digits are sex and birth date, so people who agree on these
        # agree on half of the number: u is that of the other half, set high.
        tiers=(Tier("exact", "digits"),),
        conditions=(Condition("one_digit", _one_digit("digits"), 1e-4),),
        prior_m={"exact": 0.1, "one_digit": 0.5, "other": 0.4},
        has_frequencies=False,
        weight_cap=12.0,
    ),
    Comparison(
        "residence",
        tiers=(
            Tier("address", "address_id"),
            Tier("district", "district_code"),
            Tier("region", "region_code"),
        ),
        prior_m={"address": 0.4, "district": 0.35, "region": 0.1, "other": 0.15},
    ),
    Comparison(
        "name_order",
        tiers=(Tier("as_written", "name_order"),),
        conditions=(Condition("swapped", "l.is_variant", 1.0),),
        has_frequencies=False,
        prior_m={"as_written": 0.993, "swapped": 0.006, "other": 0.001},
    ),
)

SURNAME = ("surname", "surname_of_women")

CHANCE = (*SURNAME, "given_name", "patronymic", "birth_date", "birth_year")
"""Comparisons that the expected number of chance matches is made of."""


def _may_agree(name: str) -> str:
    """SQL: two names may be within one edit, or one is unknown: their letters nearly agree.

    An edit takes away one letter and brings in one, so two bits of the letters differ.
    """
    return f"(bit_count(xor(l.{name}_letters, r.{name}_letters)) > 2) IS NOT TRUE"


def _names_or_number(*names: str) -> str:
    """SQL: one of the names may agree, or the identifiers nearly do.

    For blocks of equal birth date and one equal name. A pair whose other two names
    certainly differ, with neither paper nor number nor address in common, is by verdict.py
    never merged nor asked, and nearly every pair that meets by chance is one of these. An
    equal paper, number or address has a rule of its own, so what is left to ask is this.
    It is null, not false, where what it asks for is unknown.
    """
    agree = " OR ".join(_may_agree(name) for name in names)
    return (
        f"({agree} OR l.digits IS NOT NULL AND r.digits IS NOT NULL "
        f"AND {_one_digit('digits')})"
    )


def _birth_or_number() -> str:
    """SQL: the birth dates may be one slip apart or one is unknown, or the numbers nearly.

    For blocks of three equal names. Whoever bears them and was born on a date that no slip
    turns into the other is by verdict.py neither merged nor asked without paper, number or
    address in common, and those are most of a block. A slip leaves the year, or the day
    and month: whole years apart, which calendars count to within two days.
    """
    days = "(l.birth_date - r.birth_date)"
    return (
        "(l.birth_year IS NULL OR r.birth_year IS NULL OR l.birth_year = r.birth_year "
        f"OR abs({days} - 365.25::DOUBLE * round({days} / 365.25::DOUBLE)) <= 2 "
        f"OR l.digits IS NOT NULL AND r.digits IS NOT NULL AND {_one_digit('digits')})"
    )


BLOCKING: tuple[BlockingRule, ...] = (
    BlockingRule("digits", ("digits",), ("identifier",), ("birth_year", "sex")),
    BlockingRule("document", ("document_key",), ("document",), ("birth_date",)),
    BlockingRule(
        "birth_given_name",
        ("birth_date", "given_name_loose"),
        ("birth_date", "birth_year", "given_name"),
        ("patronymic_loose", "district_code", "surname_loose"),
        condition=_names_or_number("surname", "patronymic"),
    ),
    BlockingRule(
        "birth_surname",
        ("birth_date", "surname_loose"),
        ("birth_date", "birth_year", *SURNAME),
        ("given_name_loose", "district_code", "patronymic_loose"),
        condition=_names_or_number("given_name", "patronymic"),
    ),
    BlockingRule(
        "birth_patronymic",
        ("birth_date", "patronymic_loose"),
        ("birth_date", "birth_year", "patronymic"),
        ("district_code", "surname_loose", "given_name_loose"),
        condition=_names_or_number("surname", "given_name"),
    ),
    BlockingRule(
        "names",
        ("surname_loose", "given_name_loose", "patronymic_loose"),
        (*SURNAME, "given_name", "patronymic"),
        ("birth_year", "district_code"),
        condition=_birth_or_number(),
    ),
    BlockingRule(
        "address_given_name",
        ("address_id", "given_name_loose"),
        ("residence", "given_name"),
        ("birth_year", "surname_loose"),
    ),
    BlockingRule(
        "address_birth",
        ("address_id", "birth_date"),
        ("residence", "birth_date", "birth_year"),
        ("given_name_loose",),
    ),
)

PINFL_FIXES = ("identifier", "birth_date", "birth_year", "sex")
"""What pairs of one verified PINFL say nothing about: by its check it agrees with sex and
birth date."""

COUNTED_NIGHTLY = ("document_key", "address_id")
"""Values of few rows each, which a file of parameters must not list: a document names a
person, and an address has another number every night. Their rows are counted each night."""


SPARSE = (*COUNTED_NIGHTLY, "digits")
"""Columns whose values mostly stand on one row: only repeated values are counted."""


def dictionaries(prefix: str = PREFIX) -> dict[str, str]:
    """SQL of (code, text) for every column whose frequencies a file of parameters lists.

    All values that some row holds tonight, and only these.
    """
    names = {
        f"{name}_{fold}": f"SELECT code, text FROM {prefix}_name "
        f"SEMI JOIN (SELECT {fold} AS code FROM {prefix}_part_{name}) USING (code)"
        for name in NAMES
        for fold in ("key", "loose")
    }
    places = {
        column: f"SELECT code, text FROM {prefix}_value_{column}"
        for column in ("district_code", "region_code")
    }
    return {
        **names,
        **places,
        "birth_date": f"SELECT code, text::VARCHAR AS text FROM {prefix}_birth",
        "birth_year": f"SELECT DISTINCT birth_year AS code, birth_year::VARCHAR AS text "
        f"FROM {prefix}_node WHERE birth_year IS NOT NULL",
    }


GENERATION_YEARS = 14
"""From here on one wrong digit of the year may be another person's birth: a father's or a
grandfather's, whose name and birthday the child was given."""

NEAR = ("surname_loose", "given_name_loose", "patronymic_loose", "birth_date")
"""Columns that have neighbours."""


COUNTED = (*(f"{name}_key" for name in NAMES), *NEAR)
"""Columns whose values come counted from the coding of the records."""

ROWS_OF = {
    **{column: f"{PREFIX}_rows_{column}" for column in COUNTED},
    **{column: f"{PREFIX}_freq_{column}" for column in SPARSE},
}
"""Where it stands how many of tonight's rows hold a value."""


def count_rows(engine: duckdb.DuckDBPyConnection, prefix: str = PREFIX) -> None:
    """Make `<prefix>_rows_<column>` (code, rows) of tonight's rows, for COUNTED columns."""
    counts = {
        f"{name}_{fold}": f"SELECT {fold} AS code, sum(rows)::BIGINT AS rows "
        f"FROM {prefix}_part_{name} WHERE {fold} IS NOT NULL GROUP BY {fold}"
        for name in NAMES
        for fold in ("key", "loose")
    } | {"birth_date": f"SELECT code, rows FROM {prefix}_birth"}
    for column in COUNTED:
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {prefix}_rows_{column} AS {counts[column]}"
        )


def list_values(
    engine: duckdb.DuckDBPyConnection, prefix: str = PREFIX, counted: str = "rows"
) -> None:
    """Make `<prefix>_values_<column>` (code, text, rows) of the values in count_rows.

    `rows` are those of `<prefix>_<counted>_<column>`; a value it does not list has one.
    """
    texts = dictionaries(prefix)
    for column in NEAR:
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {prefix}_values_{column} AS "
            f"SELECT code, text, coalesce(c.rows, 1) AS rows "
            f"FROM {prefix}_rows_{column} JOIN ({texts[column]}) USING (code) "
            f"LEFT JOIN {prefix}_{counted}_{column} AS c USING (code)"
        )


def find_neighbours(
    engine: duckdb.DuckDBPyConnection,
    prefix: str = PREFIX,
    stated: dict[str, Frequencies] | None = None,
) -> None:
    """Make the tables of near names and near birth dates that COMPARISONS refer to.

    Args:
        engine: with `<prefix>_values_<column>` of every column in NEAR.
        prefix: of the tables.
        stated: frozen frequencies; what is established is then told by their totals.
    """
    for column in NAMES:
        total = None if stated is None else stated[f"{column}_loose"].total
        edit_neighbours(
            engine,
            f"{prefix}_values_{column}_loose",
            f"{prefix}_near_{column}",
            total=total,
        )
    _find_birth_neighbours(engine, prefix)


def _find_birth_neighbours(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """Dates that a slip turns into one another: grade 1 to 4 as in COMPARISONS."""
    digit = "(a.{0} // 10 = b.{0} // 10 OR a.{0} % 10 = b.{0} % 10)".format
    year = (
        "((a.y // 10 = b.y // 10) OR (a.y % 10 = b.y % 10 AND a.y // 100 = b.y // 100)"
        " OR a.y % 100 = b.y % 100)"
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_near_birth_date AS
        WITH part AS (
            SELECT code, year(text::DATE)::INTEGER AS y, month(text::DATE)::INTEGER AS m,
                day(text::DATE)::INTEGER AS d
            FROM {prefix}_values_birth_date
        ), found AS (
            SELECT a.code AS left_code, b.code AS right_code, 1 AS grade
            FROM part AS a JOIN part AS b ON a.y = b.y AND a.m = b.d AND a.d = b.m
            UNION ALL
            SELECT a.code, b.code, 2 FROM part AS a
            JOIN part AS b ON a.y = b.y AND a.m = b.m AND {digit("d")}
            UNION ALL
            SELECT a.code, b.code, 2 FROM part AS a
            JOIN part AS b ON a.y = b.y AND a.d = b.d AND {digit("m")}
            UNION ALL
            SELECT a.code, b.code, CASE WHEN abs(a.y - b.y) < {GENERATION_YEARS}
                THEN 2 ELSE 4 END
            FROM part AS a JOIN part AS b ON a.m = b.m AND a.d = b.d AND {year}
            UNION ALL
            SELECT a.code, b.code, 3 FROM part AS a
            JOIN part AS b ON a.y = b.y AND a.m = 1 AND a.d = 1
            UNION ALL
            SELECT b.code, a.code, 3 FROM part AS a
            JOIN part AS b ON a.y = b.y AND a.m = 1 AND a.d = 1
        )
        SELECT left_code, right_code, min(grade)::TINYINT AS grade
        FROM found WHERE left_code <> right_code GROUP BY left_code, right_code
        """
    )
