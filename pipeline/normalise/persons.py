"""People of every source in comparable form: names, identifiers, warnings.

What belongs here: the joins that bring a country's rows to the keys of their distinct
names. Names are read once per distinct text; rows carry whole numbers until the end.
"""

import datetime

import duckdb

from pipeline.normalise.name_keys import read_rows, read_texts
from pipeline.normalise.pinfl import PROBLEM_MARKS, read_identifiers, read_marks
from pipeline.normalise.scripts import KARAKALPAK_REGION

NAME_PARTS = ("surname", "given_name", "patronymic")
PASSED_ON = (
    "record_id",
    "sex",
    "citizenship",
    "registration_kind",
    "registered_on",
    "registered_until",
    "region_code",
    "district_code",
    "updated_at",
)
"""Columns of SourcePerson that PersonRecord keeps as they are."""
OPTIONAL = {
    "sex": "VARCHAR",
    "document_number": "VARCHAR",
    "document_type": "VARCHAR",
    "region_code": "VARCHAR",
}


def normalise_persons(
    engine: duckdb.DuckDBPyConnection,
    persons: duckdb.DuckDBPyRelation,
    addresses: duckdb.DuckDBPyRelation,
    as_of: datetime.date,
) -> duckdb.DuckDBPyRelation:
    """PersonRecord: one row per registration of mia/persons.

    Args:
        engine: where both relations live.
        persons: SourcePerson.
        addresses: row_id, address_id: which distinct address a row was given.
        as_of: the register's day; a PINFL with a later date is wrong.

    Returns:
        The columns of schemas.record.PersonRecord, in no particular order. The relation
        reads temporary tables named `normalise_persons_*` of the engine.
    """
    return _named(engine, persons, as_of, "normalise_persons", PASSED_ON, addresses)


def normalise_named(
    engine: duckdb.DuckDBPyConnection,
    rows: duckdb.DuckDBPyRelation,
    as_of: datetime.date,
    stage: str = "normalise_named",
) -> duckdb.DuckDBPyRelation:
    """NamedRecord of restrictions, rosters or supplementary rows, for finding the person.

    Args:
        engine: where the relation lives.
        rows: row_id, pinfl, surname, given_name, patronymic, birth_date,
            birth_date_precision; document_number, sex and region_code where it has them.
        as_of: the register's day; a PINFL with a later date is wrong.
        stage: beginning of the names of temporary tables; a second call with the same
            name replaces what an unread relation of the first one stands on.

    Returns:
        The columns of schemas.record.NamedRecord, in no particular order.
    """
    return _named(engine, rows, as_of, stage)


def _named(
    engine: duckdb.DuckDBPyConnection,
    rows: duckdb.DuckDBPyRelation,
    as_of: datetime.date,
    stage: str,
    passed_on: tuple[str, ...] = (),
    addresses: duckdb.DuckDBPyRelation | None = None,
) -> duckdb.DuckDBPyRelation:
    missing = [name for name in OPTIONAL if name not in rows.columns]
    nulls = "".join(f", CAST(NULL AS {OPTIONAL[name]}) AS {name}" for name in missing)
    columns = ", ".join(dict.fromkeys((*_READ, *passed_on)))
    passed = "".join(f", {name}" for name in passed_on)
    people = engine.sql(
        f"""
        SELECT {columns},
            coalesce(region_code, '') = '{KARAKALPAK_REGION}' AS is_karakalpak
        FROM (SELECT *{nulls} FROM rows)
        """
    )
    _read_names(engine, people, stage)
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {stage}_warnings AS "
        f"SELECT odd, {_WARNINGS} AS warnings "
        f"FROM range({2 * max(_WARNING_MARKS.values())}) AS every(odd)"
    )
    if addresses is not None:
        # Before the names: the engine then holds the narrow side of the join in memory.
        passed += ", address_id"
        people = engine.sql("FROM people LEFT JOIN addresses USING (row_id)")
    identified = read_identifiers(  # noqa: F841 - read by name
        engine, people, as_of
    )
    return engine.sql(
        f"""
        SELECT row_id,
            CASE WHEN pinfl_marks = 0 THEN pinfl_digits END AS pinfl,
            CASE {_GRAVEST} END AS pinfl_problem,
            CASE WHEN pinfl_marks > 0 THEN pinfl_digits END AS pinfl_digits,
            surname_key, given_name_key, patronymic_key,
            surname_loose, given_name_loose, patronymic_loose, patronymic_sex,
            birth_date,
            CASE WHEN is_birth_date_stand_in THEN 'YEAR' ELSE birth_date_precision END
                AS birth_date_precision,
            document_key, read.warnings{passed}
        FROM (SELECT *, {_ODDITIES} AS odd FROM ({_NAMED_ROWS.format(stage=stage)}))
        LEFT JOIN {stage}_warnings AS read USING (odd)
        """
    )


def _read_names(
    engine: duckdb.DuckDBPyConnection, people: duckdb.DuckDBPyRelation, stage: str
) -> None:
    """Make `<stage>_<part>` (distinct texts with their keys) and `<stage>_moved`.

    The last holds the distinct names whose parts stand in the wrong columns.
    """
    for part in NAME_PARTS:
        distinct = (
            engine.sql(
                f"SELECT DISTINCT {part} AS text, is_karakalpak FROM people "
                f"WHERE {part} IS NOT NULL"
            )
            .pl()
            .sort("text", "is_karakalpak")
        )
        texts = read_texts(distinct, part).with_row_index(  # noqa: F841 - read by name
            "text_id"
        )
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {stage}_{part} AS "
            f"SELECT *, {_MARKS} AS marks FROM texts"
        )
    doubtful = engine.sql(
        f"""
        SELECT s.text_id AS surname_id, g.text_id AS given_name_id,
            p.text_id AS patronymic_id, people.*
        {
            _PART_JOINS.format(
                people=f"(SELECT DISTINCT surname, given_name, patronymic, is_karakalpak "
                f"FROM (FROM people WHERE {_HAS_ODD_PART.format(stage=stage)}) "
                f"WHERE {_MAY_BE_MOVED.format(stage=stage)})",
                stage=stage,
            )
        }
        """
    ).pl()
    moved = read_rows(doubtful).filter("is_rearranged")  # noqa: F841 - read by name
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {stage}_moved AS SELECT * FROM moved")


_READ = (
    "row_id",
    "pinfl",
    "birth_date",
    "birth_date_precision",
    "surname",
    "given_name",
    "patronymic",
    "sex",
    "document_number",
    "document_type",
)

_PART_JOINS = """
    FROM {people} AS people
    LEFT JOIN {stage}_surname AS s
        ON s.text = people.surname AND s.is_karakalpak = people.is_karakalpak
    LEFT JOIN {stage}_given_name AS g
        ON g.text = people.given_name AND g.is_karakalpak = people.is_karakalpak
    LEFT JOIN {stage}_patronymic AS p
        ON p.text = people.patronymic AND p.is_karakalpak = people.is_karakalpak
"""

_HAS_ODD_PART = """
    surname IN (SELECT text FROM {stage}_surname WHERE has_words)
    OR given_name IN (
        SELECT text FROM {stage}_given_name WHERE has_words OR is_other_form)
    OR patronymic IN (SELECT text FROM {stage}_patronymic WHERE is_other_form)
"""

# What arrange_parts can have something to say about; a wider net than its readings, and
# cheap, since few distinct texts have such a form.
_MAY_BE_MOVED = """
    given_name IN (SELECT text FROM {stage}_given_name WHERE is_other_form)
    OR patronymic IN (SELECT text FROM {stage}_patronymic WHERE is_other_form)
    OR (coalesce(given_name IN (SELECT text FROM {stage}_given_name WHERE is_missing), true)
        AND surname IN (SELECT text FROM {stage}_surname WHERE has_words))
    OR (coalesce(surname IN (SELECT text FROM {stage}_surname WHERE is_missing), true)
        AND given_name IN (SELECT text FROM {stage}_given_name WHERE has_words))
    OR (given_name IN (SELECT text FROM {stage}_given_name WHERE has_words)
        AND coalesce(
            patronymic IN (SELECT text FROM {stage}_patronymic WHERE is_missing), true))
"""

_KEYS = {
    "surname_key": "s.surname_key",
    "surname_loose": "s.surname_loose",
    "surname_sex": "s.surname_sex",
    "given_name_key": "g.given_name_key",
    "given_name_loose": "g.given_name_loose",
    "patronymic_key": "p.patronymic_key",
    "patronymic_loose": "p.patronymic_loose",
    "patronymic_sex": "p.patronymic_sex",
}

_NAMED_ROWS = f"""
    SELECT people.*,
        {
    ", ".join(
        f"CASE WHEN moved.is_rearranged THEN moved.{key} ELSE {own} END AS {key}"
        for key, own in _KEYS.items()
    )
},
        coalesce(moved.is_rearranged, false) AS is_rearranged,
        coalesce(s.marks, 0) | coalesce(g.marks, 0) | coalesce(p.marks, 0) AS marks
    {_PART_JOINS.replace("{people}", "identified")}
    LEFT JOIN {{stage}}_moved AS moved
        ON coalesce(moved.surname_id, -1) = coalesce(s.text_id, -1)
        AND coalesce(moved.given_name_id, -1) = coalesce(g.text_id, -1)
        AND coalesce(moved.patronymic_id, -1) = coalesce(p.text_id, -1)
        AND moved.is_karakalpak = people.is_karakalpak
"""

_MARKED = {"is_initials": 1, "is_mixed": 2, "is_placeholder": 4}
_MARKS = " + ".join(f"{mark} * {flag}::UTINYINT" for flag, mark in _MARKED.items())
"""What is odd about a text, as one number: a row's is that of its three names."""

_ROW_MARKED = {
    "is_document_malformed": 8,
    "is_rearranged": 16,
    "coalesce(patronymic_sex <> sex, false)": 32,
    "pinfl_digits IS NULL": 64,
    "coalesce(surname_sex <> sex, false)": 128,
}
_PINFL_MARK = 256
_ODDITIES = f"""(marks + {
    " + ".join(f"{mark} * ({flag})::USMALLINT" for flag, mark in _ROW_MARKED.items())
} + {_PINFL_MARK} * pinfl_marks::USMALLINT)::BIGINT"""
"""What is odd about a row, as one number: its warnings are read from a table of all."""

_WARNING_MARKS = {
    "NAME_INITIALS": 1,
    "NAME_MIXED_SCRIPT": 2,
    "NAME_PLACEHOLDER": 4,
    "DOCUMENT_MALFORMED": 8,
    "NAME_PARTS_SWAPPED": 16,
    "PATRONYMIC_SEX": 32,
    "PINFL_MISSING": 64,
    "SURNAME_SEX": 128,
} | {f"PINFL_{code}": _PINFL_MARK * mark for code, mark in PROBLEM_MARKS.items()}
_WARNINGS = f"list_sort({read_marks('odd', _WARNING_MARKS)})"

_GRAVEST = " ".join(
    f"WHEN pinfl_marks & {mark} > 0 THEN '{code}'" for code, mark in PROBLEM_MARKS.items()
)
