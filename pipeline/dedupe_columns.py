"""Kinds of profile columns: how each is coded, and how two values of it compare."""

from dataclasses import dataclass

import duckdb

from pipeline.dedupe_profile import ProfileColumn
from pipeline.linkage.compare import Comparison, Neighbours, Tier

NAME_GRADES = ("variant", "edit", "similar", "initial", "alike")
TEXT_GRADES = ("edit", "similar")
DATE_GRADES = ("swapped", "edit")
CODE_GRADES = ("edit",)


@dataclass(frozen=True)
class Coded:
    """A coded column of the table: its name and the SQL that makes its text."""

    name: str
    sql: str


def source_text(column: ProfileColumn) -> str:
    """SQL: the column's text in lower case without accents and marks; null if empty."""
    joined = ", ".join(f'CAST("{source}" AS VARCHAR)' for source in column.sources)
    plain = f"lower(strip_accents(concat_ws(' ', {joined})))"
    kept = "[^a-z0-9 ]" if column.kind in ("name", "text") else "[^a-z0-9]"
    filled = f"regexp_replace({plain}, '{kept}', '', 'g')"
    return f"nullif(trim(regexp_replace({filled}, ' +', ' ', 'g')), '')"


def coded_columns(column: ProfileColumn) -> tuple[Coded, ...]:
    """The coded columns that a profile column becomes, the whole value first."""
    name, text = column.name, source_text(column)
    if column.kind == "date":
        return (Coded(name, text), Coded(f"{name}_year", f"left({text}, 4)"))
    if column.kind == "postcode":
        # British postcodes: the last three characters are the inward half.
        return (
            Coded(name, text),
            Coded(f"{name}_sector", f"left({text}, greatest(length({text}) - 2, 1))"),
            Coded(f"{name}_outward", f"left({text}, greatest(length({text}) - 3, 1))"),
        )
    return (Coded(name, text),)


def comparison(column: ProfileColumn) -> Comparison:
    """The comparison of a profile column, with m probabilities to start from."""
    name, exact = column.name, (Tier("exact", column.name),)
    if column.kind == "name":
        return Comparison(
            name,
            exact,
            {
                "exact": 0.65,
                "variant": 0.1,
                "edit": 0.1,
                "similar": 0.04,
                "initial": 0.03,
                "alike": 0.02,
                "other": 0.06,
            },
            Neighbours(f"near_{name}", name, NAME_GRADES),
        )
    if column.kind == "text":
        return Comparison(
            name,
            exact,
            {"exact": 0.7, "edit": 0.05, "similar": 0.05, "other": 0.2},
            Neighbours(f"near_{name}", name, TEXT_GRADES),
        )
    if column.kind == "date":
        return Comparison(
            name,
            exact,
            {"exact": 0.7, "swapped": 0.02, "edit": 0.15, "year": 0.03, "other": 0.1},
            Neighbours(f"near_{name}", name, DATE_GRADES),
            coarse=(Tier("year", f"{name}_year"),),
        )
    if column.kind == "postcode":
        return Comparison(
            name,
            exact,
            {"exact": 0.6, "edit": 0.05, "sector": 0.05, "outward": 0.1, "other": 0.2},
            Neighbours(f"near_{name}", name, CODE_GRADES),
            coarse=(
                Tier("sector", f"{name}_sector"),
                Tier("outward", f"{name}_outward"),
            ),
        )
    if column.kind == "number":
        return Comparison(
            name,
            exact,
            {"exact": 0.8, "edit": 0.1, "other": 0.1},
            Neighbours(f"near_{name}", name, CODE_GRADES),
        )
    return Comparison(name, exact, {"exact": 0.9, "other": 0.1})


def make_neighbours(
    engine: duckdb.DuckDBPyConnection, column: ProfileColumn, prefix: str
) -> None:
    """Make the neighbour table of a profile column, with grades as in its comparison."""
    grades = {
        "name": _name_grade(),
        "text": "CASE WHEN e = 1 THEN 1 WHEN j >= 0.92 THEN 2 END",
        "date": (
            "CASE WHEN length(a) = 8 AND length(b) = 8 AND a[:4] = b[:4] "
            "AND a[5:6] = b[7:8] AND a[7:8] = b[5:6] THEN 1 WHEN e = 1 THEN 2 END"
        ),
        "postcode": "CASE WHEN e = 1 THEN 1 END",
        "number": "CASE WHEN e = 1 THEN 1 END",
    }
    if column.kind not in grades:
        return
    values, table = f"{prefix}_value_{column.name}", f"{prefix}_near_{column.name}"
    begins = 2 if column.kind in ("name", "text") else 4
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {table} AS
        WITH cut AS (
            SELECT code, unnest(list_append(list_transform(range(1, length(text) + 1),
                lambda i: text[:i - 1] || text[i + 1:]), text)) AS part
            FROM {values} WHERE length(text) >= 3
        ), met AS (
            SELECT a.code AS left_code, b.code AS right_code
            FROM cut AS a JOIN cut AS b ON a.part = b.part AND a.code < b.code
            UNION
            SELECT a.code, b.code FROM {values} AS a JOIN {values} AS b
            ON a.text[:{begins}] = b.text[:{begins}] AND a.code < b.code
            UNION
            SELECT least(a.code, b.code), greatest(a.code, b.code)
            FROM {values} AS a JOIN {values} AS b
            ON a.text = b.text[:1] AND length(b.text) > 1
        ), compared AS (
            SELECT left_code, right_code, x.text AS a, y.text AS b,
                damerau_levenshtein(x.text, y.text) AS e,
                jaro_winkler_similarity(x.text, y.text) AS j
            FROM met JOIN {values} AS x ON x.code = left_code
            JOIN {values} AS y ON y.code = right_code
        ), graded AS (
            SELECT left_code, right_code, ({grades[column.kind]})::TINYINT AS grade
            FROM compared
        )
        SELECT * FROM graded WHERE grade IS NOT NULL
        UNION ALL
        SELECT right_code, left_code, grade FROM graded WHERE grade IS NOT NULL
        """
    )


def _name_grade() -> str:
    return (
        "CASE WHEN length(least(a, b)) = 1 OR length(greatest(a, b)) = 1 "
        "THEN CASE WHEN a[:1] = b[:1] THEN 4 END "
        "WHEN e = 1 THEN 2 WHEN j >= 0.92 THEN 3 WHEN j >= 0.84 THEN 5 END"
    )
