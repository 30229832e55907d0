"""Parts of a name put into their columns, where the forms leave no doubt.

What belongs here: surname, given name and patronymic that stand in one column, or in each
other's. A doubtful row is left as it is; nothing is guessed.
"""

import polars as pl

from pipeline.normalise.names import exact_keys, surname_sex
from pipeline.normalise.patronymics import is_patronymic

PARTS = ("surname", "given_name", "patronymic")
FATHER = (
    r"[^ ]+(?: ?[ou]'? ?g'? ?l[iyu]| ul[iy]| ?[qk][iy]z[iy]| g[iy]z[iy]"
    r"|[oe]v[iy]ch|[oe]vna)"
)
"""A patronymic inside a longer text."""
GIVEN_FATHER = f"^(.+?) ({FATHER})$"
SURNAME_GIVEN_FATHER = f"^([^ ]+) (.+?) ({FATHER})$"
GIVEN_FATHER_SURNAME = f"^(.+?) ({FATHER}) ([^ ]+)$"


def arrange_parts(parts: pl.DataFrame) -> pl.DataFrame:
    """Parts of names in their own columns.

    Args:
        parts: surname, given_name, patronymic as Latin words; null where missing.

    Returns:
        The same columns and `is_rearranged`. A part that the form of the others does not
        tell for certain stays where it was.
    """
    frame = parts.select(PARTS).with_columns(
        *(_forms(parts[part]).alias(f"{part}_form") for part in PARTS)
    )
    frame = frame.with_columns(
        whole=pl.when(pl.col("patronymic").is_null()).then(
            pl.when(pl.col("given_name").is_null())
            .then("surname")
            .when(pl.col("surname").is_null())
            .then("given_name")
        ),
    )
    frame = frame.with_columns(
        _surname_form(frame["whole"].str.extract(GIVEN_FATHER_SURNAME, 3)).alias(
            "last_form"
        ),
        _surname_form(frame["whole"].str.extract(r"^([^ ]+) [^ ]+$")).alias("first_form"),
        _surname_form(frame["whole"].str.extract(r"^[^ ]+ ([^ ]+)$")).alias("second_form"),
        _surname_form(frame["surname"].str.extract(r"^([^ ]+) [^ ]+$")).alias(
            "surname_first_form"
        ),
        _surname_form(frame["whole"].str.extract(GIVEN_FATHER, 1)).alias("head_form"),
    )
    which = pl.coalesce(
        *(
            pl.when(condition.fill_null(value=False)).then(pl.lit(number))
            for number, (condition, *_) in enumerate(READINGS)
        )
    )
    frame = frame.with_columns(which=which)
    chosen = [
        pl.coalesce(
            pl.lit(None, dtype=pl.String),
            *(
                pl.when(pl.col("which") == number).then(reading[1 + position])
                for number, reading in enumerate(READINGS)
            ),
            pl.when(pl.col("which").is_null()).then(pl.col(part)),
        ).alias(part)
        for position, part in enumerate(PARTS)
    ]
    return frame.select(*chosen, is_rearranged=pl.col("which").is_not_null())


def _forms(words: pl.Series) -> pl.Series:
    """SURNAME or PATRONYMIC where the form of the words shows it; else null."""
    single = ~words.str.contains(" ")
    frame = pl.DataFrame(
        {"father": is_patronymic(words), "family": _surname_form(words) & single}
    )
    return frame.select(
        pl.when("father")
        .then(pl.lit("PATRONYMIC"))
        .when("family")
        .then(pl.lit("SURNAME"))
        .alias("form")
    ).to_series()


def _surname_form(words: pl.Series) -> pl.Series:
    return surname_sex(exact_keys(words)).is_not_null()


def _form(part: str, form: str | None) -> pl.Expr:
    column = pl.col(f"{part}_form")
    return pl.col(part).is_not_null() & (
        column.is_null() if form is None else column == form
    )


_NULL = pl.lit(None, dtype=pl.String)
_WHOLE = pl.col("whole")
_S, _G, _P = (pl.col(part) for part in PARTS)

READINGS: tuple[tuple[pl.Expr, pl.Expr, pl.Expr, pl.Expr], ...] = (
    # Everything in one column: condition, then surname, given name, patronymic.
    (
        _WHOLE.str.contains(GIVEN_FATHER_SURNAME) & pl.col("last_form"),
        _WHOLE.str.extract(GIVEN_FATHER_SURNAME, 3),
        _WHOLE.str.extract(GIVEN_FATHER_SURNAME, 1),
        _WHOLE.str.extract(GIVEN_FATHER_SURNAME, 2),
    ),
    (
        _WHOLE.str.contains(SURNAME_GIVEN_FATHER),
        _WHOLE.str.extract(SURNAME_GIVEN_FATHER, 1),
        _WHOLE.str.extract(SURNAME_GIVEN_FATHER, 2),
        _WHOLE.str.extract(SURNAME_GIVEN_FATHER, 3),
    ),
    (
        _WHOLE.str.contains(GIVEN_FATHER) & ~pl.col("head_form"),
        _NULL,
        _WHOLE.str.extract(GIVEN_FATHER, 1),
        _WHOLE.str.extract(GIVEN_FATHER, 2),
    ),
    (
        pl.col("first_form") & ~pl.col("second_form"),
        _WHOLE.str.extract("^([^ ]+) ", 1),
        _WHOLE.str.extract(" ([^ ]+)$", 1),
        _NULL,
    ),
    (
        pl.col("second_form") & ~pl.col("first_form"),
        _WHOLE.str.extract(" ([^ ]+)$", 1),
        _WHOLE.str.extract("^([^ ]+) ", 1),
        _NULL,
    ),
    # Given name and patronymic together in the given name's column.
    (
        _S.is_not_null() & _P.is_null() & _G.str.contains(GIVEN_FATHER),
        _S,
        _G.str.extract(GIVEN_FATHER, 1),
        _G.str.extract(GIVEN_FATHER, 2),
    ),
    # Surname and given name together in the surname's column.
    (
        _G.is_null() & _P.is_not_null() & pl.col("surname_first_form"),
        _S.str.extract("^([^ ]+) ", 1),
        _S.str.extract(" ([^ ]+)$", 1),
        _P,
    ),
    # One part of each form, in each other's columns.
    (
        _form("given_name", "SURNAME")
        & _form("surname", None)
        & (_P.is_null() | _form("patronymic", "PATRONYMIC") | _form("patronymic", None)),
        _G,
        _S,
        _P,
    ),
    (
        _form("given_name", "SURNAME")
        & _form("surname", "PATRONYMIC")
        & _form("patronymic", None),
        _G,
        _P,
        _S,
    ),
    (
        _form("patronymic", "SURNAME")
        & _form("given_name", "PATRONYMIC")
        & _form("surname", None),
        _P,
        _S,
        _G,
    ),
    (
        _form("patronymic", "SURNAME")
        & _form("surname", "PATRONYMIC")
        & _form("given_name", None),
        _P,
        _G,
        _S,
    ),
    (
        _form("given_name", "PATRONYMIC") & _form("patronymic", None) & _S.is_not_null(),
        _S,
        _P,
        _G,
    ),
    (
        _form("given_name", "PATRONYMIC") & _P.is_null() & _form("surname", "SURNAME"),
        _S,
        _NULL,
        _G,
    ),
)
"""Condition, surname, given name, patronymic; the first that holds is taken."""
