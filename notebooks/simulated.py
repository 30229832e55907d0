"""Two nights of a simulated region, for the notebooks: deliveries, truth, releases.

What belongs here: making what the notebooks look at. SELV_NOTEBOOKS names a folder that is
kept between notebooks; without it each makes its own.
"""

import dataclasses
import datetime
import os
import shutil
import tempfile
from pathlib import Path

import polars as pl

from selv import tools

ELECTION_DATE = datetime.date(2026, 12, 27)
FIRST_NIGHT = datetime.date(2026, 11, 1)
SECOND_NIGHT = datetime.date(2026, 11, 2)
REGISTRATIONS = 2000
DEATHS = 15
MOVES = 10


@dataclasses.dataclass(frozen=True)
class Nights:
    """Where the two nights stand."""

    delivery: Path
    truth: Path
    first: Path
    """The release of the first night."""
    second: Path
    """The release of the second night, counted against the first."""


def two_nights() -> Nights:
    """Simulate a region, build its list, let a night pass, and build it again.

    On the second night deaths have been registered and a commission has moved voters.
    """
    home = Path(os.environ.get("SELV_NOTEBOOKS") or tempfile.mkdtemp(prefix="selv-"))
    delivery, later = home / "delivery", home / "delivery-2"
    if not (home / "releases.txt").exists():
        tools.simulate(
            str(delivery),
            REGISTRATIONS,
            7,
            "1718",
            ELECTION_DATE,
            FIRST_NIGHT,
            None,
            None,
        )
        first = _build(delivery, home, FIRST_NIGHT)
        _let_a_night_pass(delivery, later, first)
        second = _build(later, home, SECOND_NIGHT)
        (home / "releases.txt").write_text(f"{first}\n{second}\n", encoding="utf-8")
    first, second = (home / "releases.txt").read_text(encoding="utf-8").split()
    return Nights(delivery, delivery / "truth", Path(first), Path(second))


def _build(delivery: Path, home: Path, day: datetime.date) -> Path:
    """One release; Prefect starts a server for it and stops it."""
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("PREFECT_SERVER_LOGGING_LEVEL", "CRITICAL")
    from flows.build_voter_list import build_voter_list

    published = str(home / "published")
    return Path(build_voter_list(str(delivery), ELECTION_DATE, published, as_of=day))


def _let_a_night_pass(delivery: Path, later: Path, first: Path) -> None:
    shutil.copytree(
        delivery, later, ignore=shutil.ignore_patterns("*.control.json", "truth")
    )
    voters = pl.read_parquet(first / "voters/**/*.parquet").sort("voter_id")
    known = voters.filter(pl.col("pinfl").is_not_null() & (pl.col("flags").list.len() == 0))
    known.head(DEATHS).select(
        pl.format("N{}", pl.int_range(pl.len())).alias("record_id"),
        pl.lit("DEATH").alias("kind"),
        "pinfl",
        "surname",
        "given_name",
        "patronymic",
        "birth_date",
        pl.lit(FIRST_NIGHT).alias("valid_from"),
    ).write_csv(later / "mia" / "restrictions-2.csv")
    target = known.select("region_code", "precinct_number").row(0)
    known.tail(MOVES).select(
        pl.format("N-{}", pl.int_range(pl.len())).alias("decision_id"),
        pl.lit("ASSIGN_PRECINCT").alias("kind"),
        pl.lit("commission").alias("decided_by"),
        pl.lit(f"{FIRST_NIGHT} 18:00:00").alias("decided_at"),
        "voter_id",
        pl.lit(target[0]).alias("region_code"),
        pl.lit(target[1]).alias("precinct_number"),
    ).write_csv(later / "cec" / "decisions-2.csv")


if __name__ == "__main__":
    two_nights()
