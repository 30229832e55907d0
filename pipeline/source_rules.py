"""Text columns of a source to typed ones, and the rule that each refused row breaks.

What belongs here: the SQL that a table's class in schemas/source.py and a profile give.
A rule is named after the fact it asserts: `sex_known`, `birth_date_possible`. Nothing is
mapped to a default and nothing is repaired.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import dataframely as dy
import polars as pl

from pipeline.errors import SourceError
from pipeline.normalise.dates import (
    DEFAULT_FORMS,
    date_day,
    date_parts,
    date_precision,
    date_value,
    timestamp_day,
    timestamp_value,
)
from pipeline.profiles import Profile, nearest, source_columns
from schemas.catalogue import SOURCES

_BLANKS = (9, 10, 13, 32, 160, 65279)
"""Tab, line breaks, space, no-break space and byte order mark, at the ends of a text."""


@dataclasses.dataclass(frozen=True)
class ColumnMap:
    """Where a table's columns stand in one file."""

    places: Mapping[str, int]
    """Our column to its place in the file."""
    absent: tuple[str, ...]
    """Nullable columns that the file doesn't have: they are null."""
    ignored: tuple[str, ...]
    """Columns of the file that the profile leaves out."""


def map_columns(
    file_name: str, header: Sequence[str], source: str, profile: Profile
) -> ColumnMap:
    """Which column of a file is which of ours.

    Raises:
        SourceError: a column is unknown (named with the nearest known one), two are the
            same, or a column that must be there is missing.
    """
    ours = source_columns(source)
    places: dict[str, int] = {}
    ignored, unknown = [], []
    for place, name in enumerate(header):
        column = profile.columns.get(name, name)
        if name in profile.ignored:
            ignored.append(name)
        elif column not in ours:
            unknown.append(f"{name!r}{nearest(name, ours)}")
        elif column in places or column in profile.constants:
            raise SourceError(f"{file_name}: {column} is filled twice")
        else:
            places[column] = place
    filled = places.keys() | profile.constants
    absent = [column for column in ours if column not in filled]
    schema = SOURCES[source].columns()
    missing = [column for column in absent if not schema[column].nullable]
    if len(unknown) > len(places):
        # The names of a file without a header are somebody's: they are not repeated here.
        raise SourceError(
            f"{file_name}: {len(unknown)} of {len(header)} columns are unknown: the first "
            f"line is no header of {source}, or no profile reads the file"
        )
    problems = []
    if missing:
        problems.append(f"column missing: {', '.join(missing)}")
    if unknown:
        problems.append(f"column unknown: {', '.join(unknown)}")
    if problems:
        raise SourceError(f"{file_name}: {'; '.join(problems)}")
    return ColumnMap(places, tuple(absent), tuple(ignored))


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def text_columns(source: str, columns: ColumnMap, profile: Profile) -> dict[str, str]:
    """SQL of every column's text over a raw table: trimmed, codes mapped, null if blank."""
    return {
        column: _text(column, columns.places.get(column), profile)
        for column in source_columns(source)
    }


def _text(column: str, place: int | None, profile: Profile) -> str:
    if column in profile.constants:
        return literal(profile.constants[column])
    if place is None:
        return "CAST(NULL AS VARCHAR)"
    text = _trimmed(f"c{place}")
    if profile.nulls:
        nulls = ", ".join(literal(value) for value in profile.nulls)
        text = f"(CASE WHEN {text} IN ({nulls}) THEN NULL ELSE {text} END)"
    codes = profile.codes.get(column)
    if codes:
        cases = " ".join(f"WHEN {literal(a)} THEN {literal(b)}" for a, b in codes.items())
        text = f"(CASE {text} {cases} ELSE {text} END)"
    return text


def _trimmed(text: str) -> str:
    """SQL of a text without outer blanks; null where nothing is left.

    Trimming costs five times the look whether there is something to trim.
    """
    ends = " OR ".join(f"suffix({text}, chr({code}))" for code in _BLANKS)
    blanks = " || ".join(f"chr({code})" for code in _BLANKS)
    return (
        f"(CASE WHEN ascii({text}) <= 32 OR ascii({text}) IN (160, 65279) OR {ends} "
        f"THEN nullif(trim({text}, {blanks}), '') ELSE {text} END)"
    )


def typed_query(
    raw: str,
    source: str,
    columns: ColumnMap,
    profile: Profile,
    area_codes: Mapping[str, Sequence[str]],
    may_hold_nul: bool,
) -> str:
    """SQL of a file's rows in the types of the contract, with the first rule each breaks.

    Args:
        raw: SQL of the raw table.
        source: table of the delivery.
        columns: where its columns stand.
        profile: codes, date forms, constants.
        area_codes: known codes by column (region_code, district_code).
        may_hold_nul: whether texts may still hold NUL characters (framing refuses them
            in CSV).

    Returns:
        A query with source_row, the columns of the source, and `broken`: null, or the
        column and the rule with a bar between.
    """
    texts = text_columns(source, columns, profile)
    schema = SOURCES[source].columns()
    days = [name for name in texts if isinstance(schema[name], (dy.Date, dy.Datetime))]
    # A layer a step: an expression that stands in several others is evaluated once.
    layers = [
        [f'{sql} AS "t_{name}"' for name, sql in texts.items()],
        [f'{_day(name, schema[name])} AS "d_{name}"' for name in days],
        [f'{_parts(name, profile)} AS "p_{name}"' for name in days],
        [item for name in texts for item in _values(name, schema, profile)],
    ]
    query = f"SELECT source_row, {', '.join(layers[0])} FROM {raw}"
    for layer in layers[1:]:
        query = f"SELECT {', '.join(['*', *layer])} FROM ({query})"
    kept = ", ".join(f'"{name}"' for name in typed_columns(source))
    broken = _first_broken(texts, schema, area_codes, may_hold_nul)
    return f"SELECT source_row, {kept}, {broken} AS broken FROM ({query})"


def _first_broken(
    texts: Mapping[str, str],
    schema: Mapping[str, dy.Column],
    area_codes: Mapping[str, Sequence[str]],
    may_hold_nul: bool,
) -> str:
    """SQL of the first rule that a row breaks, as column|rule; null if none."""
    rules = []
    if may_hold_nul:
        every = ", ".join(f'"t_{name}"' for name in texts)
        rules.append(("", "no_nul_byte", f"contains(concat({every}), chr(0))"))
    for name in texts:
        rules.extend(_rules(name, schema[name], area_codes))
    cases = " ".join(
        f"WHEN {condition} THEN {literal(f'{name}|{rule}')}"
        for name, rule, condition in rules
    )
    return f"CASE {cases} END"


def typed_columns(source: str) -> list[str]:
    """Columns of a source that come from its rows, in the order of the contract."""
    made = {"row_id", "source_file", "source_row"}
    return [name for name in SOURCES[source].column_names() if name not in made]


def _day(column: str, kind: dy.Column) -> str:
    text = f'"t_{column}"'
    return timestamp_day(text) if isinstance(kind, dy.Datetime) else date_day(text)


def _parts(column: str, profile: Profile) -> str:
    forms = profile.dates.get(column, DEFAULT_FORMS)
    return date_parts(f'"d_{column}"', forms, profile.two_digit_year_first)


def _values(column: str, schema: Mapping[str, dy.Column], profile: Profile) -> list[str]:
    """SQL of a column's typed value, and of its precision where the contract has one."""
    text, parts, kind = f'"t_{column}"', f'"p_{column}"', schema[column]
    if isinstance(kind, dy.Date):
        value = date_value(parts)
        if f"{column}_precision" in schema:
            precision = f'{date_precision(parts)} AS "{column}_precision"'
            return [f'{value} AS "{column}"', precision]
        # Only a birth date may be partial: the contract has no word for it elsewhere.
        return [f'CASE WHEN {parts}.d > 0 THEN {value} END AS "{column}"']
    if isinstance(kind, dy.Datetime):
        value = timestamp_value(text, parts)
    elif isinstance(kind, (dy.Int32, dy.Int64, dy.Float64)):
        value = _number(text, kind, profile.decimal)
    else:
        value = text
    return [f'{value} AS "{column}"']


def _number(text: str, kind: dy.Column, decimal: str) -> str:
    if decimal == ",":
        text = f"replace({text}, ',', '.')"
    if isinstance(kind, dy.Float64):
        shape, sql_type = r"-?\d{1,15}(\.\d+)?", "DOUBLE"
    else:
        # A whole number may have passed through a spreadsheet or a float column: 2.0.
        shape, sql_type = r"-?\d{1,15}(\.0+)?", "BIGINT"
    return (
        f"CASE WHEN regexp_full_match({text}, '{shape}') "
        f"THEN TRY_CAST({text} AS {sql_type}) END"
    )


def _rules(
    column: str, kind: dy.Column, area_codes: Mapping[str, Sequence[str]]
) -> list[tuple[str, str, str]]:
    """Column, rule and the SQL condition under which a row breaks it."""
    text, value = f'"t_{column}"', f'"{column}"'
    rules = []
    if not kind.nullable:
        rules.append((column, f"{column}_given", f"{text} IS NULL"))
    if isinstance(kind, dy.Enum):
        known = ", ".join(literal(str(code)) for code in kind.categories)
        rules.append((column, f"{column}_known", f"{text} NOT IN ({known})"))
    elif isinstance(kind, dy.String):
        rules.extend(_text_rules(column, kind, area_codes))
    elif isinstance(kind, (dy.Date, dy.Datetime)):
        bounds = _outside(value, kind.min, kind.max)
        possible = f"{text} IS NOT NULL AND ({value} IS NULL{bounds})"
        rules.append((column, f"{column}_possible", possible))
    elif isinstance(kind, (dy.Int32, dy.Int64, dy.Float64)):
        is_number = f"{text} IS NOT NULL AND {value} IS NULL"
        rules.append((column, f"{column}_is_number", is_number))
        bounds = _outside(value, kind.min, kind.max)
        if bounds:
            rules.append((column, f"{column}_in_range", bounds.removeprefix(" OR ")))
    return rules


def _text_rules(
    column: str, kind: dy.String, area_codes: Mapping[str, Sequence[str]]
) -> list[tuple[str, str, str]]:
    text = f'"t_{column}"'
    rules = []
    if kind.max_length is not None:
        rules.append((column, "field_length", f"strlen({text}) > {kind.max_length}"))
    if column in area_codes:
        known = ", ".join(literal(code) for code in area_codes[column])
        rules.append((column, f"{column}_known", f"{text} NOT IN ({known})"))
    elif kind.regex is not None:
        shape = literal(kind.regex.removeprefix("^").removesuffix("$"))
        well_formed = f"NOT regexp_full_match({text}, {shape})"
        rules.append((column, f"{column}_well_formed", well_formed))
    return rules


def _outside(value: str, least: object, most: object) -> str:
    conditions = ""
    if least is not None:
        conditions += f" OR {value} < {literal(str(least))}"
    if most is not None:
        conditions += f" OR {value} > {literal(str(most))}"
    return conditions


def known_areas(areas: pl.DataFrame) -> dict[str, list[str]]:
    """Codes that region_code and district_code may hold, from the table of areas."""
    is_region = pl.col("level") == "REGION"
    return {
        "region_code": sorted(areas.filter(is_region)["area_code"].to_list()),
        "district_code": sorted(areas.filter(~is_region)["area_code"].to_list()),
    }
