"""Dates as text to calendar days: SQL expressions for DuckDB, one definition for all.

What belongs here: which written forms of a date are read, and how much of it is known.
Nothing is repaired: 31.02.1990 is no day, so it reads as null and whoever asked decides.

Two-form ambiguity (03/04/1990) is read day first, as the register writes; a source that
writes month first, or two-digit years, must say so by naming its forms.
"""

from collections.abc import Sequence

DAY_FORMS = {
    "yyyy-mm-dd": r"\d{4}-\d{1,2}-\d{1,2}",
    "dd.mm.yyyy": r"\d{1,2}\.\d{1,2}\.\d{4}",
    "dd/mm/yyyy": r"\d{1,2}/\d{1,2}/\d{4}",
    "dd-mm-yyyy": r"\d{1,2}-\d{1,2}-\d{4}",
    "yyyymmdd": r"\d{8}",
    "yyyy.mm.dd": r"\d{4}\.\d{1,2}\.\d{1,2}",
    "yyyy/mm/dd": r"\d{4}/\d{1,2}/\d{1,2}",
    "mm/dd/yyyy": r"\d{1,2}/\d{1,2}/\d{4}",
    "ddmmyyyy": r"\d{8}",
    "dd.mm.yy": r"\d{1,2}\.\d{1,2}\.\d{2}",
    "dd/mm/yy": r"\d{1,2}/\d{1,2}/\d{2}",
    "excel": r"\d{1,5}(\.\d+)?",
}
"""Written forms of a day and what they look like; the name says the order of parts."""

PARTIAL_FORMS = {
    "yyyy": r"\d{4}",
    "yyyy-mm": r"\d{4}-\d{1,2}",
    "mm.yyyy": r"\d{1,2}\.\d{4}",
}
"""Forms that name a month or a year only; zeros for day or month mean the same."""

DEFAULT_FORMS = (
    "yyyy-mm-dd",
    "dd.mm.yyyy",
    "dd/mm/yyyy",
    "dd-mm-yyyy",
    "yyyymmdd",
    "yyyy.mm.dd",
    "yyyy/mm/dd",
    *PARTIAL_FORMS,
)
"""Forms that can be told apart without being told."""

FORMS = {**DAY_FORMS, **PARTIAL_FORMS}

# A time of day after the day; a zone moves the day unless the time is midnight there.
_TIME = r"[T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?"
_ZONE = r"(Z|[+-]\d{2}(:?\d{2})?)"
_MIDNIGHT = r"[T ]0{1,2}:00(:00([.,]0+)?)?"

_ISO_TIMESTAMP = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?"

EARLIEST_YEAR = 1000
"""Four digits that begin with a zero are a slip of the pen, not a year."""


def date_day(text: str) -> str:
    """SQL of a text without its time of day, for a column of days.

    A time without a zone is dropped. One with a zone is dropped where it is midnight
    there; otherwise the text stays whole and reads as no date: the day of 19:00Z is the
    next one in Tashkent, and nobody said which was meant.
    """
    plain = f"regexp_full_match({text}, '[^T ]+{_TIME}')"
    midnight = f"regexp_full_match({text}, '[^T ]+{_MIDNIGHT}{_ZONE}')"
    return (
        f"CASE WHEN strlen({text}) > 10 AND ({plain} OR {midnight}) "
        f"THEN {timestamp_day(text)} ELSE {text} END"
    )


def timestamp_day(text: str) -> str:
    """SQL of the part of a text that names the day, before any blank or T."""
    return f"split_part(split_part({text}, 'T', 1), ' ', 1)"


def date_parts(
    day: str,
    forms: Sequence[str] = DEFAULT_FORMS,
    two_digit_year_first: int | None = None,
) -> str:
    """SQL of the year, month and day that a text names, as a struct of small integers.

    Args:
        day: SQL of the text, without outer blanks and time; evaluated many times, so a
            column rather than an expression.
        forms: names from FORMS, tried in this order.
        two_digit_year_first: the first of the hundred years that two digits can mean;
            needed by the forms that end in `yy`.

    Returns:
        SQL of STRUCT(y, m, d); m and d are 0 where unknown. Null: no known form. The
        parts may still name no day of the calendar.
    """
    branches = [
        f"WHEN regexp_full_match({day}, '{FORMS[form]}') "
        f"THEN {_parts_of(form, day, two_digit_year_first)}"
        for form in forms
    ]
    return f"CASE {' '.join(branches)} END"


def _parts_of(form: str, day: str, two_digit_year_first: int | None) -> str:
    if form == "excel":
        return _excel_parts(day)
    if form in ("yyyymmdd", "ddmmyyyy"):
        first = form.startswith("yyyy")
        spans = ((1, 4), (5, 6), (7, 8)) if first else ((5, 8), (3, 4), (1, 2))
        return _struct(*(f"{day}[{start}:{end}]" for start, end in spans))
    separator = next((sign for sign in ".-/" if sign in form), "-")
    places = {name[0]: place for place, name in enumerate(form.split(separator), 1)}
    year, month, day_of_month = (
        f"split_part({day}, '{separator}', {places[name]})" if name in places else "'0'"
        for name in "ymd"
    )
    if form.endswith("yy") and not form.endswith("yyyy"):
        year = _full_year(year, two_digit_year_first)
    return _struct(year, month, day_of_month)


def _struct(year: str, month: str, day: str) -> str:
    return (
        f"{{'y': CAST({year} AS SMALLINT), 'm': CAST({month} AS SMALLINT), "
        f"'d': CAST({day} AS SMALLINT)}}"
    )


def _full_year(year: str, first: int | None) -> str:
    if first is None:
        return "'0'"
    return f"({first} + (CAST({year} AS INTEGER) - {first % 100} + 100) % 100)"


def _excel_parts(day: str) -> str:
    # Excel counts 29 February 1900, which never was: serials below 60 are a day less.
    serial = f"CAST(floor(CAST({day} AS DOUBLE)) AS INTEGER)"
    date = f"(DATE '1899-12-30' + {serial} + CAST({serial} < 60 AS INTEGER))"
    return _struct(f"year({date})", f"month({date})", f"day({date})")


def date_value(parts: str) -> str:
    """SQL of the day that parts name; first day of the period where they are partial.

    Null where they name no day of the calendar.
    """
    month = f"CASE WHEN {parts}.m = 0 AND {parts}.d = 0 THEN 1 ELSE {parts}.m END"
    iso = f"concat({parts}.y, '-', {month}, '-', greatest({parts}.d, 1))"
    return f"CASE WHEN {parts}.y >= {EARLIEST_YEAR} THEN TRY_CAST({iso} AS DATE) END"


def date_precision(parts: str) -> str:
    """SQL of DAY, MONTH or YEAR: how much of a date its parts name; null for no parts."""
    return (
        f"CASE WHEN {parts} IS NULL THEN NULL WHEN {parts}.d > 0 THEN 'DAY' "
        f"WHEN {parts}.m > 0 THEN 'MONTH' ELSE 'YEAR' END"
    )


def timestamp_value(text: str, parts: str) -> str:
    """SQL of the UTC timestamp that a text names; midnight where it has no time.

    A text without a zone is taken as it stands. Null where day or time don't exist, or
    the day is partial. The engine's time zone must be UTC.

    Args:
        text: SQL of the whole text.
        parts: SQL of the parts of its day (date_parts of timestamp_day).
    """
    day = f"CAST(TRY_CAST({_iso(parts)} AS DATE) AS VARCHAR)"
    # 05.02.1990 8:30 is written so by spreadsheets; the engine wants two digits.
    time = (
        f"regexp_replace(replace(regexp_extract({text}, '[T ].*$'), ',', '.'), "
        r"'^([T ])(\d):', '\10\2:')"
    )
    plain = f"regexp_full_match({text}, '{_ISO_TIMESTAMP}')"
    shaped = f"regexp_full_match({text}, '[^T ]+({_TIME}{_ZONE}?)?')"
    zoned = f"TRY_CAST({day} || {time} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    return (
        f"CASE WHEN {parts} IS NULL OR {parts}.d = 0 THEN NULL "
        f"WHEN {plain} THEN TRY_CAST({text} AS TIMESTAMP) "
        f"WHEN {shaped} THEN CAST({zoned} AS TIMESTAMP) END"
    )


def _iso(parts: str) -> str:
    return f"concat({parts}.y, '-', {parts}.m, '-', {parts}.d)"
