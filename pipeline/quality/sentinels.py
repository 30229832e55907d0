"""Pairs of invented rows that must come out right every night.

They are read, normalised and matched as a register of their own by the same functions
and tonight's parameters, so a table of names that was damaged, a fit gone astray or a
threshold set wrongly shows before the list does. Cases: data/reference/sentinels.csv.
"""

import datetime
from dataclasses import dataclass

import duckdb
import polars as pl

from pipeline.errors import ContractError
from pipeline.linkage.frames import store_frame
from pipeline.linkage.parameters import Parameters
from pipeline.normalise.persons import normalise_persons
from pipeline.quality.decoys import no_decisions
from pipeline.resolve_persons import resolve_persons
from pipeline.run import Linkage

HOMES = {"home": 0, "other": 1}
REGION, DISTRICT = "1726", "1726262"


@dataclass(frozen=True)
class SentinelResult:
    """One pair: what it must be, what it was, and whether that is right.

    Outcomes are MERGED, FLAGGED or LEFT; expected are MERGED, FOUND (merged or flagged)
    or APART (flagged or left).
    """

    case: str
    expected: str
    outcome: str
    is_right: bool


RIGHT = {
    "MERGED": ("MERGED",),
    "FOUND": ("MERGED", "FLAGGED"),
    "APART": ("FLAGGED", "LEFT"),
}


def check_sentinels(
    engine: duckdb.DuckDBPyConnection,
    cases: pl.DataFrame,
    parameters: Parameters,
    settings: Linkage,
    as_of: datetime.date,
) -> list[SentinelResult]:
    """Match every pair of sentinels and compare with what it must be.

    Args:
        engine: where TEMP tables of resolve_persons are made; read what stands on earlier
            ones before.
        cases: data/reference/sentinels.csv, two rows a case.
        parameters: those of the night.
        settings: thresholds of the night.
        as_of: the register's day.

    Raises:
        ContractError: a case is not two rows, or has an unknown expectation.
    """
    _check_cases(cases)
    store_frame(engine, "quality_sentinel", _rows(cases))
    store_frame(engine, "quality_sentinel_address", _addresses(cases))
    records = normalise_persons(
        engine,
        engine.table("quality_sentinel"),
        engine.table("quality_sentinel_address"),
        as_of,
    )
    records.create("quality_sentinel_record")
    found = resolve_persons(
        engine,
        engine.table("quality_sentinel_record"),
        no_decisions(engine),
        settings,
        parameters,
    )
    person = dict(found.person_links.project("row_id, person_id").fetchall())
    asked = {
        frozenset(pair)
        for pair in found.review_pairs.project("left_person_id, right_person_id").fetchall()
    }
    engine.execute("DROP TABLE quality_sentinel_record")
    results = []
    for number, (case, expected) in enumerate(
        cases.select("case", "expected").gather_every(2).iter_rows()
    ):
        left, right = person[2 * number], person[2 * number + 1]
        outcome = "LEFT"
        if left == right:
            outcome = "MERGED"
        elif frozenset((left, right)) in asked:
            outcome = "FLAGGED"
        results.append(SentinelResult(case, expected, outcome, outcome in RIGHT[expected]))
    return results


def _check_cases(cases: pl.DataFrame) -> None:
    names = cases["case"].to_list()
    if names[::2] != names[1::2] or len(set(names)) * 2 != len(names):
        raise ContractError("sentinels: a case must be two rows, one after the other")
    unknown = sorted(set(cases["expected"]) - set(RIGHT))
    if unknown:
        raise ContractError(f"sentinels: unknown expectation {', '.join(unknown)}")


def _rows(cases: pl.DataFrame) -> pl.DataFrame:
    """Sentinels as rows of mia/persons."""
    return cases.with_row_index("row_id").select(
        pl.col("row_id").cast(pl.Int64),
        pl.format("sentinel-{}", pl.col("row_id")).alias("record_id"),
        "surname",
        "given_name",
        "patronymic",
        "sex",
        pl.col("birth_date").str.to_date(),
        pl.lit("DAY").alias("birth_date_precision"),
        "pinfl",
        "document_number",
        pl.lit("PASSPORT").alias("document_type"),
        pl.lit("UZB").alias("citizenship"),
        pl.lit("PERMANENT").alias("registration_kind"),
        pl.lit(None, pl.Date).alias("registered_on"),
        pl.lit(None, pl.Date).alias("registered_until"),
        pl.lit(REGION).alias("region_code"),
        pl.lit(DISTRICT).alias("district_code"),
        pl.lit(None, pl.Datetime("us")).alias("updated_at"),
    )


def _addresses(cases: pl.DataFrame) -> pl.DataFrame:
    """Each case has homes of its own."""
    numbered = cases.with_row_index("row_id")
    home = pl.col("address").replace_strict(HOMES, return_dtype=pl.Int64)
    return numbered.select(
        pl.col("row_id").cast(pl.Int64),
        (pl.col("row_id").cast(pl.Int64) // 2 * len(HOMES) + home).alias("address_id"),
    )
