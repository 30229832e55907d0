"""PINFL and document numbers of rows: verified, or with the code of what is wrong.

What belongs here: SQL over a country's rows; nearly every row has a number of its own, so
there are no distinct values to work on. Nothing is repaired.
"""

import datetime

import duckdb

PINFL_WEIGHTS = (7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7)
"""Weights of the first 13 digits; the sum's last digit is the 14th (CoM Res. 177, 2022)."""


def read_identifiers(
    engine: duckdb.DuckDBPyConnection,
    identities: duckdb.DuckDBPyRelation,
    as_of: datetime.date,
) -> duckdb.DuckDBPyRelation:
    """PINFL and document number of rows in standard form, with what is wrong with them.

    Args:
        engine: where the relation lives.
        identities: pinfl, document_number (text as delivered), document_type, sex,
            birth_date, birth_date_precision (all nullable), and any other column.
        as_of: a PINFL whose date is later than this day is FUTURE_DATE.

    Returns:
        The same rows with `pinfl_digits`, `pinfl_problems` (PinflProblem codes, gravest
        first; empty where the PINFL is an identifier or none was given), `pinfl_marks`
        (the same as one number, see PROBLEM_MARKS),
        `is_birth_date_stand_in` (1 January, while the PINFL knows another day of that
        year), `document_key` and `is_document_malformed`.
    """
    today = as_of.year * 10000 + as_of.month * 100 + as_of.day
    return engine.sql(
        f"""
        WITH digits AS (
            SELECT *, {_PINFL_DIGITS} AS pinfl_digits, {DOCUMENT_LETTERS} AS letters
            FROM identities
        ), numbers AS (
            SELECT *, CASE WHEN pinfl = pinfl_digits THEN strlen(pinfl_digits) <> 14
                  ELSE pinfl_digits IS NOT NULL AND (strlen(pinfl_digits) <> 14
                      OR regexp_matches(pinfl, '\\p{{L}}')) END AS is_malformed,
                CASE WHEN strlen(pinfl_digits) = 14
                     THEN TRY_CAST(pinfl_digits AS BIGINT) END AS number
            FROM digits
        ), dated AS (
            SELECT *, number // 10000000000000 AS first_digit,
                CASE WHEN first_digit BETWEEN 1 AND 6
                     THEN 1800 + 100 * ((first_digit - 1) // 2) + (number // 10000000) % 100
                END AS pinfl_year,
                (number // 1000000000) % 100 AS pinfl_month,
                (number // 100000000000) % 100 AS pinfl_day,
                ({pinfl_check_sum("number")}) % 10 <> number % 10 AS is_check_digit_wrong,
                {today} AS today,
                {_PASSPORT_LIKE} AS is_passport_like,
                coalesce(regexp_full_match(letters, '[A-Z]{{2}}[0-9]{{7}}'), false)
                  AS is_document_formed
            FROM numbers
        ), judged AS (
            SELECT *, {_PINFL_JUDGEMENTS} FROM dated
        ), marked AS (
            SELECT *, ({_PINFL_MARKS})::UTINYINT AS pinfl_marks FROM judged
        )
        SELECT * EXCLUDE (number, first_digit, pinfl_year, pinfl_month, pinfl_day, today,
                is_malformed, is_check_digit_wrong, is_century_wrong, is_date_impossible,
                is_date_future, is_date_other, is_sex_other, pinfl_digits, letters,
                is_passport_like, is_document_formed),
            left(pinfl_digits, 20) AS pinfl_digits,
            {read_marks("pinfl_marks", PROBLEM_MARKS)} AS pinfl_problems,
            CASE WHEN is_passport_like AND is_document_formed THEN letters END
              AS document_key,
            CASE WHEN is_document_formed OR letters IS NULL THEN false
                 ELSE is_passport_like AND regexp_matches(letters, '[\\p{{L}}\\p{{N}}]')
            END AS is_document_malformed
        FROM marked
        """
    )


def read_marks(marks: str, codes: dict[str, int], prefix: str = "") -> str:
    """SQL of the list of codes whose bits are set in a number, in the codes' order."""
    found = ", ".join(
        f"CASE WHEN {marks} & {mark} > 0 THEN '{prefix}{code}' END"
        for code, mark in codes.items()
    )
    return f"list_filter([{found}], lambda code: code IS NOT NULL)"


def pinfl_check_sum(number: str) -> str:
    """SQL of a sum over a 14-digit whole number whose last digit is the 14th.

    A number cut after a digit ends in that digit, so the cut numbers are weighted as they
    are: only the last digit of the sum is used.
    """
    return " + ".join(
        f"{weight} * ({number} // {10 ** (13 - position)})"
        for position, weight in enumerate(PINFL_WEIGHTS)
    )


# Digits of the text; a table program's ".0" is not part of it, and zeros are no number.
_PINFL_DIGITS = r"""
    CASE WHEN regexp_full_match(pinfl, '[1-9][0-9]{13}') THEN pinfl
         ELSE nullif(regexp_replace(regexp_replace(regexp_replace(
             pinfl, '\.0+\s*$', ''), '[^0-9]', '', 'g'), '^0+$', ''), '') END
"""

_PINFL_JUDGEMENTS = """
    number IS NOT NULL AND pinfl_year IS NULL OR pinfl_year < 1900 AS is_century_wrong,
    number IS NOT NULL AND (pinfl_month NOT BETWEEN 1 AND 12 OR pinfl_day = 0
        OR pinfl_day > CASE
            WHEN pinfl_month = 2 AND (pinfl_year IS NULL
                OR pinfl_year % 4 = 0 AND (pinfl_year % 100 <> 0 OR pinfl_year % 400 = 0))
            THEN 29
            WHEN pinfl_month = 2 THEN 28
            WHEN pinfl_month IN (4, 6, 9, 11) THEN 30
            ELSE 31 END) AS is_date_impossible,
    NOT is_date_impossible
        AND pinfl_year * 10000 + pinfl_month * 100 + pinfl_day > today AS is_date_future,
    NOT is_century_wrong AND NOT is_date_impossible AND NOT is_date_future
        AND year(birth_date) = pinfl_year AND month(birth_date) = 1
        AND day(birth_date) = 1 AND birth_date_precision = 'DAY'
        AND (pinfl_month > 1 OR pinfl_day > 1) AND NOT is_check_digit_wrong
        AND NOT is_malformed AS is_birth_date_stand_in,
    NOT is_century_wrong AND NOT is_date_impossible AND NOT is_date_future
        AND birth_date IS NOT NULL AND NOT coalesce(is_birth_date_stand_in, false)
        AND (year(birth_date) <> pinfl_year
            OR month(birth_date) <> pinfl_month AND birth_date_precision <> 'YEAR'
            OR day(birth_date) <> pinfl_day AND birth_date_precision = 'DAY')
        AS is_date_other,
    first_digit BETWEEN 1 AND 6 AND sex IS NOT NULL
        AND (first_digit % 2 = 1) <> (sex = 'M') AS is_sex_other
"""

PROBLEM_MARKS = {
    "MALFORMED": 1,
    "CHECK_DIGIT": 2,
    "CENTURY": 4,
    "IMPOSSIBLE_DATE": 8,
    "FUTURE_DATE": 16,
    "BIRTH_DATE": 32,
    "SEX": 64,
}
"""PinflProblem, gravest first, as bits: most rows have none, and a number is cheaper than a
list."""

_PINFL_MARKS = f"""
    CASE WHEN is_malformed THEN {PROBLEM_MARKS["MALFORMED"]} ELSE {
    " + ".join(
        f"{PROBLEM_MARKS[code]} * coalesce({judgement}, false)::UTINYINT"
        for code, judgement in (
            ("CHECK_DIGIT", "is_check_digit_wrong"),
            ("CENTURY", "is_century_wrong"),
            ("IMPOSSIBLE_DATE", "is_date_impossible"),
            ("FUTURE_DATE", "is_date_future"),
            ("BIRTH_DATE", "is_date_other"),
            ("SEX", "is_sex_other"),
        )
    )
} END
"""

# Birth certificates have numbers of another kind.
_PASSPORT_LIKE = "coalesce(document_type IN ('PASSPORT', 'ID_CARD'), true)"

# Cyrillic letters that look like Latin ones; find_station.py folds what is typed alike.
DOCUMENT_LETTERS = r"""
    CASE WHEN regexp_full_match(document_number, '[A-Z]{2}[0-9]{7}') THEN document_number
         ELSE translate(upper(regexp_replace(
             document_number, '[\s\p{Z}\p{P}\p{Cf}№]', '', 'g')),
             'АВСЕНКМОРТХ', 'ABCEHKMOPTX') END
"""
