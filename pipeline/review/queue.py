"""The queue of possible duplicates, most useful first, two rows side by side.

How useful an answer is: the probability that it takes a double entry off the list, in
hundredths. That is the match probability p of the pair, divided by one plus the number of
strangers whom chance alone would make look the same, halved where one of the two is not on
the list and can't vote twice. A pair without a weight (a rule raised it) counts p = 1/2.
"""

import hashlib
from collections.abc import Mapping

import duckdb
import polars as pl

from pipeline.review.entries import CODES
from pipeline.review.words import (
    COLUMNS,
    COMPARED,
    FOLDED,
    NOT_A_DIFFERENCE,
    three,
    words,
)
from pipeline.tables import reference_table
from pipeline.three_languages import reasons

Relation = duckdb.DuckDBPyRelation
UNSIGNED = {
    "number",
    "verdict",
    "decided_by",
    "decided_at",
    "reason",
    "usefulness",
    "check",
}
"""Columns that a clerk fills in, or that say nothing about the two rows."""
WORDS = ("spelled", *COLUMNS, "district_code")


def list_questions(
    engine: duckdb.DuckDBPyConnection,
    release_id: str,
    discrepancies: Relation,
    entries: Relation,
    model: Relation,
) -> pl.DataFrame:
    """Every pair to be asked, one a row, all columns text, in the order of usefulness.

    Args:
        engine: where the tables are.
        release_id: of the release that they are of.
        discrepancies: Discrepancy.
        entries: ReviewEntry.
        model: LinkageModel; its prior turns weights into probabilities.

    Returns:
        The columns of words.COLUMNS, `district_code`, and `spelled` (names that differ in
        spelling only, separated by spaces); numbered within the district, ties by
        discrepancy_id. Answers are empty.
    """
    causes = {
        code: " / ".join(dict.fromkeys(said for _, said in meaning))
        for code, meaning in reasons("review_cause").items()
    }
    found = _pairs(engine, discrepancies, entries, model).to_dicts()
    rows = [_question(row, release_id, causes) for row in found]
    return pl.DataFrame(
        [{name: row[name] for name in WORDS} for row in rows],
        schema=dict.fromkeys(WORDS, pl.String),
    )


def _question(
    found: dict[str, object], release_id: str, causes: Mapping[str, str]
) -> dict[str, str]:
    row = {name: "" if value is None else str(value) for name, value in found.items()}
    spelled = [name for name in FOLDED if row[f"{name}_key_a"] == row[f"{name}_key_b"]]
    for side in "ab":
        row[f"list_place_{side}"] = row[f"list_place_{side}"] or three("state", "UNLISTED")
    row |= {
        "verdict": "",
        "decided_by": "",
        "decided_at": "",
        "reason": "",
        "release_id": release_id,
        "question": causes.get(row["cause"], row["cause"]),
        "document": three("document", row["document"]),
        "spelled": " ".join(spelled),
    }
    row["differences"] = ", ".join(words("column")[name][0] for name in differing(row))
    return {**row, "check": digest(row)}


def differing(row: Mapping[str, str]) -> list[str]:
    """Columns in which the two rows differ, a missing value included."""
    spelled = row["spelled"].split()
    return [
        name
        for name in COMPARED
        if name not in NOT_A_DIFFERENCE
        and name not in spelled
        and row[f"{name}_a"] != row[f"{name}_b"]
    ]


def digest(row: Mapping[str, str]) -> str:
    """Sixteen hexadecimal digits over the words of a row, its question and its pair."""
    said = "\n".join(
        f"{name}={row[name].strip()}" for name in COLUMNS if name not in UNSIGNED
    )
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _pairs(
    engine: duckdb.DuckDBPyConnection,
    discrepancies: Relation,
    entries: Relation,
    model: Relation,
) -> pl.DataFrame:
    prior = model.filter("\"column\" = 'prior'").project("match_weight").fetchall()
    prior_bits = float(prior[0][0]) if prior else 0.0
    areas = reference_table("areas").select("area_code", "name_uz")  # noqa: F841
    codes = ", ".join(f"'{code}'" for code in CODES)
    shown = [*COMPARED, *(f"{name}_key" for name in FOLDED)]
    sides = ", ".join(f"{side}.{name} AS {name}_{side}" for name in shown for side in "ab")
    found: pl.DataFrame = engine.sql(
        f"""
        WITH question AS (
            SELECT discrepancy_id, district_code, field AS cause, record_ids[1] AS id_a,
                record_ids[2] AS id_b, coalesce(expected_chance_matches, 0) AS strangers,
                -- least() and greatest() pass over nulls.
                CASE WHEN weight IS NULL THEN 0.5 ELSE 1 / (1 + pow(2,
                    -greatest(-60, least(60, weight + {prior_bits!r})))) END AS p
            FROM discrepancies WHERE code IN ({codes}) AND len(record_ids) = 2
        ), entry AS (
            SELECT * EXCLUDE (birth_date),
                CASE birth_date_precision WHEN 'YEAR' THEN strftime(birth_date, '%Y')
                    WHEN 'MONTH' THEN strftime(birth_date, '%Y-%m')
                    ELSE strftime(birth_date, '%Y-%m-%d') END AS birth_date,
                coalesce(area.name_uz, district_code) AS district,
                precinct_number || ' / ' || list_number AS list_place
            FROM entries LEFT JOIN areas AS area ON area.area_code = district_code
        ), pair AS (
            SELECT question.*, {sides}, a.expected_chance_nearby AS nearby,
                CASE WHEN a.document_number IS NULL OR b.document_number IS NULL
                     THEN 'MISSING'
                     WHEN a.document_number = b.document_number THEN 'SAME'
                     ELSE 'DIFFERENT' END AS document,
                100 * p / (1 + strangers)
                    / if(a.voter_id IS NULL OR b.voter_id IS NULL, 2, 1) AS useful
            FROM question
            JOIN entry AS a ON a.discrepancy_id = question.discrepancy_id
                AND a.record_id = id_a
            JOIN entry AS b ON b.discrepancy_id = question.discrepancy_id
                AND b.record_id = id_b
        )
        SELECT *, id_a AS record_id_a, id_b AS record_id_b,
            format('{{:.2g}}', strangers) AS chance,
            format('{{:.2g}}', coalesce(nearby, strangers)) AS chance_nearby,
            format('{{:.1f}}', useful) AS usefulness,
            row_number() OVER (PARTITION BY district_code
                ORDER BY useful DESC, discrepancy_id) AS number
        FROM pair ORDER BY district_code, useful DESC, discrepancy_id
        """
    ).pl()
    return found
