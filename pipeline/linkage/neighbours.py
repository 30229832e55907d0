"""Which distinct values are near each other: string work once per value, not per pair.

Edit distance one is found exactly by deletion neighbourhoods (Bocek et al. 2007; known
as SymSpell): two strings within one edit share a string that is one deletion away from
each or equal to one of them. The work grows with the number of distinct values, not with
its square.
"""

import duckdb

TYPO_RATIO = 50
"""A value this many times rarer than its neighbour is taken for a slip of it."""
ESTABLISHED_ROWS = 10
ESTABLISHED_SHARE = 1e-5
"""A value on so many rows, and on such a share of them, is a value in its own right."""

EDIT_GRADES = ("typo", "near", "established")
"""Grades of edit_neighbours, in order."""


def edit_neighbours(
    engine: duckdb.DuckDBPyConnection,
    values: str,
    table: str,
    min_length: int = 4,
    total: int | None = None,
) -> None:
    """Make a table of values one edit apart, both directions, in three grades.

    Grade 1 (typo): one of the two is so much rarer that it is likely a slip of the other.
    Grade 2 (near): too few rows to tell.
    Grade 3 (established): both are values in their own right, as Hasan and Husan are.

    Args:
        engine: where the tables are.
        values: table with code, text, rows (how many rows hold it).
        table: name of the table to make (left_code, right_code, grade).
        min_length: shorter values have no neighbours: an edit makes another word.
        total: rows that shares are taken of; by default the rows of these values.
    """
    rows_of_all = "SELECT sum(rows) FROM value" if total is None else f"SELECT {total}"
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {table} AS
        WITH value AS (
            SELECT code, text, rows FROM {values} WHERE length(text) >= {min_length}
        ), cut AS (
            SELECT code, unnest(list_append(list_transform(
                range(1, length(text) + 1),
                lambda i: text[:i - 1] || text[i + 1:]), text)) AS part
            FROM value
        ), met AS (
            SELECT DISTINCT a.code AS left_code, b.code AS right_code
            FROM cut AS a JOIN cut AS b ON a.part = b.part AND a.code < b.code
        ), near AS (
            SELECT left_code, right_code,
                CASE WHEN greatest(a.rows, b.rows) >= {TYPO_RATIO} * least(a.rows, b.rows)
                    THEN 1
                    WHEN least(a.rows, b.rows) >= greatest({ESTABLISHED_ROWS},
                        {ESTABLISHED_SHARE} * ({rows_of_all}))
                    THEN 3 ELSE 2 END::TINYINT AS grade
            FROM met JOIN value AS a ON a.code = left_code
            JOIN value AS b ON b.code = right_code
            WHERE damerau_levenshtein(a.text, b.text) = 1
        )
        SELECT left_code, right_code, grade FROM near
        UNION ALL SELECT right_code, left_code, grade FROM near
        """
    )
