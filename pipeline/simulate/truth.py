"""What is true of every person on election day, and its tables.

What belongs here: eligibility, precinct and kin as they are, whatever the registers say.
Only the evaluator reads these tables.
"""

import dataclasses
import datetime
from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline.simulate.arrays import Ints
from pipeline.simulate.people import UZBEK_CITIZEN, People, day_number
from pipeline.simulate.precincts import Precinct
from pipeline.simulate.registrations import Registrations, RowKind

VOTING_AGE_YEARS = 18
NOWHERE = -1


@dataclasses.dataclass
class Truth:
    """One entry per person; acts and decisions change it."""

    ground: list[str | None]
    """Code of IneligibilityGround; null: may vote."""
    precinct: Ints
    """Index of the precinct where the person votes; NOWHERE without a residence."""
    basis: list[str]
    permanent: Ints
    """Index of the precinct of the permanent residence; NOWHERE without one."""
    temporary: Ints
    """Index of the precinct of a temporary residence that runs on election day."""


def residence_truth(
    people: People,
    rows: Registrations,
    precinct_of_dwelling: Ints,
    election_date: datetime.date,
) -> Truth:
    """The truth before any act: age, citizenship, residences."""
    last_birth = day_number(years_before(election_date, VOTING_AGE_YEARS))
    ground: list[str | None] = [
        "NOT_CITIZEN" if nation != UZBEK_CITIZEN else ("UNDER_AGE" if young else None)
        for nation, young in zip(
            people.citizenship.tolist(),
            (people.birth_day > last_birth).tolist(),
            strict=True,
        )
    ]
    current = rows.dwelling[: len(people)]
    permanent = np.where(current >= 0, precinct_of_dwelling[current], NOWHERE)
    temporary = np.full(len(people), NOWHERE, dtype=np.int64)
    valid = (rows.kind == RowKind.TEMPORARY) & (
        rows.registered_until >= day_number(election_date)
    )
    temporary[rows.person[valid]] = precinct_of_dwelling[rows.dwelling[valid]]
    basis = ["PERMANENT"] * len(people)
    return Truth(ground, permanent.copy(), basis, permanent, temporary)


def years_before(day: datetime.date, years: int) -> datetime.date:
    """The same day so many years before; 28 February for 29 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def voter_table(
    truth: Truth, people: People, precincts: Sequence[Precinct]
) -> pl.DataFrame:
    """truth/voters: one row per person; no precinct where the person doesn't vote."""
    listed = np.array([ground is None for ground in truth.ground], dtype=bool)
    region = [precinct.region_code for precinct in precincts]
    number = [precinct.number for precinct in precincts]
    columns: dict[str, object] = {
        "person": np.arange(len(people)),
        "eligible": listed,
        "ground": pl.Series(truth.ground, dtype=pl.String),
    }
    for name, index in (
        ("", np.where(listed, truth.precinct, NOWHERE)),
        ("permanent_", truth.permanent),
        ("temporary_", truth.temporary),
    ):
        at = index.tolist()
        columns[f"{name}region_code"] = pl.Series(
            [None if n == NOWHERE else region[n] for n in at], dtype=pl.String
        )
        columns[f"{name}precinct_number"] = pl.Series(
            [None if n == NOWHERE else number[n] for n in at], dtype=pl.Int32
        )
    columns["basis"] = truth.basis
    columns["is_twin"] = people.is_twin
    return pl.DataFrame(columns)


def row_table(rows_by_source: dict[str, tuple[list[str], list[int]]]) -> pl.DataFrame:
    """truth/persons: which person each row is about; null for somebody not in here."""
    return pl.concat(
        pl.DataFrame(
            {"record_id": record_ids, "person": persons},
            schema={"record_id": pl.String, "person": pl.Int64},
        ).select(
            pl.lit(source).alias("source"),
            "record_id",
            pl.when(pl.col("person") >= 0).then("person").alias("person"),
        )
        for source, (record_ids, persons) in rows_by_source.items()
    ).sort("source", "record_id")
