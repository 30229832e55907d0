"""Person records of a seeded population with known truth, at any size.

    python benchmarks/population.py --persons 36000000 --output FOLDER

writes records.parquet, sorted by row_id as the night's stage reads them, and
truth.parquet; in a process of its own, so that nobody who measures holds its memory.

Families share surname, address and father's name; some children are twins; some people
have a second row with the faults that registers have. Names are made of syllables and
drawn with a Zipf-like skew. It serves speed and stress; the simulator of the project
makes the realistic deliveries.
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.tables import STORED

SYLLABLES = [c + v for c in "bdfghjklmnqrstvxyz" for v in "aeiou"]
SURNAMES_MAX = 200_000
CHUNK_PERSONS = 1_000_000
FIRST_DAY = -20_000
DAYS = 24_000


@dataclass(frozen=True)
class Population:
    """Records in the columns of PersonRecord, and the true person of each row."""

    records: pl.DataFrame
    person: npt.NDArray[np.int64]


def make_population(
    persons: int,
    seed: int,
    duplicate_share: float = 0.02,
    pinfl_missing_share: float = 0.05,
    fault_share: float = 0.6,
    twin_share: float = 0.02,
    pinfl_kept_share: float = 0.3,
) -> Population:
    """Rows of `persons` people, a share of them twice; few second rows keep the PINFL."""
    shares = (duplicate_share, pinfl_missing_share, fault_share, twin_share)
    rows = _make_rows(
        np.random.default_rng(seed),
        _make_names(np.random.default_rng(seed), persons),
        persons,
        (*shares, pinfl_kept_share),
    ).with_columns(row_id=pl.int_range(pl.len(), dtype=pl.Int64))
    return Population(_as_records(rows), rows["person"].to_numpy())


def write_population(folder: Path, persons: int, seed: int, duplicate_share: float) -> int:
    """Write records.parquet and truth.parquet, chunk by chunk; returns the rows.

    People of different chunks share names, birth dates and districts, never a household.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = _make_names(np.random.default_rng(seed), persons)
    sizes = [
        min(CHUNK_PERSONS, persons - first) for first in range(0, persons, CHUNK_PERSONS)
    ]
    total = sum(size + int(size * duplicate_share) for size in sizes)
    # A step without a common divisor visits every number once.
    step = next(s for s in range(int(total * 0.618), total) if math.gcd(s, total) == 1)
    begun = 0
    for place, size in enumerate(sizes):
        first = place * CHUNK_PERSONS
        random = np.random.default_rng([seed, place])
        rows = _make_rows(random, names, size, (duplicate_share, 0.05, 0.6, 0.02, 0.3))
        numbers = (np.arange(begun, begun + rows.height) * step) % total
        begun += rows.height
        rows = rows.with_columns(
            pl.col("person") + first,
            pl.col("household") + first,
            pl.col("document") + first,
            # The number is made of the person's.
            pinfl=pl.when(pl.col("pinfl").is_not_null()).then(_pinfl("person", first)),
            row_id=pl.Series(numbers, dtype=pl.Int64),
        )
        _as_records(rows).write_parquet(folder / f"chunk_{place:03}.parquet")
        rows.select("row_id", "person").write_parquet(folder / f"people_{place:03}.parquet")
    limits = {"memory_limit": "4GiB", "temp_directory": str(folder / "spill")}
    with duckdb.connect(config=limits) as engine:
        for kind, name in (("chunk", "records"), ("people", "truth")):
            engine.execute(
                f"COPY (SELECT * FROM '{folder}/{kind}_*.parquet' ORDER BY row_id) "
                f"TO '{folder}/{name}.parquet' ({STORED})"
            )
    for file in (*folder.glob("chunk_*"), *folder.glob("people_*")):
        file.unlink()
    return total


def _make_names(random: np.random.Generator, persons: int) -> dict[str, list[str]]:
    return {
        "surname": _names(random, min(max(persons // 40, 300), SURNAMES_MAX), "ov"),
        "given_name": _names(random, 800, ""),
        "father": _names(random, 900, ""),
    }


def _make_rows(
    random: np.random.Generator,
    names: dict[str, list[str]],
    persons: int,
    shares: tuple[float, float, float, float, float],
) -> pl.DataFrame:
    duplicate, missing, fault, twin, kept = shares
    people = _people(random, persons, names, twin)
    chosen = random.choice(persons, int(persons * duplicate), replace=False)
    copies = _damage(random, people[np.sort(chosen)], names, fault)
    people = _without_pinfl(people, random.random(persons) < missing)
    copies = _without_pinfl(copies, random.random(copies.height) >= kept)
    rows = pl.concat([people, copies])
    return rows[random.permutation(rows.height)]


def _pinfl(column: str, first: int = 0) -> pl.Expr:
    return pl.lit("3") + (10**12 + (pl.col(column) + first) * 7).cast(pl.String)


def _without_pinfl(rows: pl.DataFrame, missing: npt.NDArray[np.bool_]) -> pl.DataFrame:
    return rows.with_columns(
        pinfl=pl.when(pl.Series(missing)).then(None).otherwise(pl.col("pinfl"))
    )


def _names(random: np.random.Generator, count: int, ending: str) -> list[str]:
    made: set[str] = set()
    while len(made) < count:
        parts = random.integers(0, len(SYLLABLES), (count, 4))
        lengths = random.integers(2, 5, count)
        made.update(
            "".join(SYLLABLES[p] for p in row[:size]) + ending
            for row, size in zip(parts, lengths, strict=True)
        )
    return random.permutation(sorted(made))[:count].tolist()


def _draw(random: np.random.Generator, count: int, size: int) -> npt.NDArray[np.int64]:
    """Indices 0..count-1 with a skew such as names have."""
    uniform = random.random(size)
    return np.minimum((count * uniform**2.2).astype(np.int64), count - 1)


def _people(
    random: np.random.Generator,
    persons: int,
    names: dict[str, list[str]],
    twin_share: float,
) -> pl.DataFrame:
    household = np.sort(random.integers(0, max(persons // 4, 1), persons))
    families = int(household.max()) + 1
    surname = random.permutation(_draw(random, len(names["surname"]), families))
    father = _draw(random, len(names["father"]), families)
    is_child = np.r_[False, household[1:] == household[:-1]]
    is_child &= random.random(persons) < 0.7
    own_father = _draw(random, len(names["father"]), persons)
    birth = FIRST_DAY + random.integers(0, DAYS, persons)
    january = random.random(persons) < 0.01
    years = birth // 365
    birth = np.where(january, years * 365 + years // 4, birth)
    twins = np.flatnonzero(is_child[1:] & is_child[:-1]) + 1
    twins = twins[random.random(len(twins)) < twin_share * 3]
    birth[twins] = birth[twins - 1]
    sex = random.integers(0, 2, persons)
    given = _draw(random, len(names["given_name"]), persons)
    same = twins[given[twins] == given[twins - 1]]
    # Nobody gives twins one name.
    given[same] = (given[same] + 1) % len(names["given_name"])
    return pl.DataFrame(
        {
            "person": np.arange(persons),
            "household": household,
            "surname": _take(names["surname"], surname[household]),
            "given_name": _take(names["given_name"], given),
            "patronymic": _take(
                names["father"], np.where(is_child, father[household], own_father)
            ),
            "birth": birth,
            "sex": sex,
            "district": household * 200 // families,
            "document": random.permutation(persons),
        }
    ).with_columns(pinfl=_pinfl("person"))


def _take(values: list[str], index: npt.NDArray[np.int64]) -> pl.Series:
    return pl.Series(values, dtype=pl.String).gather(index)


def _damage(
    random: np.random.Generator,
    rows: pl.DataFrame,
    names: dict[str, list[str]],
    fault_share: float,
) -> pl.DataFrame:
    """Second rows of people: each fault on its own share of them."""
    count = rows.height

    def hit(share: float) -> pl.Series:
        return pl.Series(random.random(count) < share * fault_share)

    letter = pl.Series(random.choice(list("abdeiklmnorstu"), count))
    place = random.integers(1, 5, count)

    def slip(column: str) -> pl.Expr:
        at = pl.Series(place)
        text = pl.col(column)
        return text.str.slice(0, at) + letter + text.str.slice(at + 1)

    day = pl.from_epoch(pl.col("birth"), time_unit="d")
    swapped = pl.date(day.dt.year(), day.dt.day(), day.dt.month())
    shifted = pl.col("birth") + 10
    married = _take(names["surname"], _draw(random, len(names["surname"]), count))
    moved = pl.Series(random.integers(0, 200, count))
    rows = rows.with_columns(
        birth=pl.when(hit(0.04) & (day.dt.day() <= 12))
        .then(swapped.to_physical().cast(pl.Int64))
        .when(hit(0.03) & day.dt.day().is_between(1, 18))
        .then(shifted)
        .otherwise(pl.col("birth")),
        surname=pl.when(hit(0.08) & (pl.col("sex") == 1))
        .then(married)
        .when(hit(0.08))
        .then(slip("surname"))
        .otherwise(pl.col("surname")),
        given_name=pl.when(hit(0.05))
        .then(slip("given_name"))
        .otherwise(pl.col("given_name")),
        patronymic=pl.when(hit(0.1))
        .then(None)
        .when(hit(0.06))
        .then(slip("patronymic"))
        .otherwise(pl.col("patronymic")),
        household=pl.when(hit(0.6)).then(None).otherwise(pl.col("household")),
        district=pl.when(hit(0.3)).then(moved).otherwise(pl.col("district")),
        document=pl.when(hit(0.5)).then(None).otherwise(pl.col("document")),
    )
    is_swapped = hit(0.01)
    return rows.with_columns(
        surname=pl.when(is_swapped).then("given_name").otherwise("surname"),
        given_name=pl.when(is_swapped).then("surname").otherwise("given_name"),
    )


def _as_records(rows: pl.DataFrame) -> pl.DataFrame:
    keys = {
        f"{column}_{kind}": pl.col(column)
        for column in ("surname", "given_name", "patronymic")
        for kind in ("key", "loose")
    }
    return rows.select(
        "row_id",
        pl.col("pinfl"),
        pl.lit(None, pl.String).alias("pinfl_problem"),
        pl.lit(None, pl.String).alias("pinfl_digits"),
        **keys,
        patronymic_sex=pl.lit(None, pl.String),
        birth_date=pl.from_epoch(pl.col("birth"), time_unit="d"),
        birth_date_precision=pl.lit("DAY"),
        document_key=pl.lit("A")
        + (pl.col("document") // 10**7).replace_strict(
            range(26), list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), return_dtype=pl.String
        )
        + (pl.col("document") % 10**7).cast(pl.String).str.zfill(7),
        warnings=pl.lit([], pl.List(pl.String)),
        record_id=pl.lit("R") + pl.col("row_id").cast(pl.String),
        sex=pl.when(pl.col("sex") == 1).then(pl.lit("F")).otherwise(pl.lit("M")),
        citizenship=pl.lit("UZB"),
        registration_kind=pl.lit("PERMANENT"),
        registered_on=pl.lit(None, pl.Date),
        registered_until=pl.lit(None, pl.Date),
        region_code=pl.lit("17") + (pl.col("district") % 14 + 10).cast(pl.String),
        district_code=pl.lit("17")
        + (pl.col("district") % 14 + 10).cast(pl.String)
        + (pl.col("district") + 200).cast(pl.String),
        address_id=pl.col("household"),
        updated_at=pl.lit(None, pl.Datetime("us")),
    )


def main() -> None:
    """Write one population."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--duplicate-share", type=float, default=0.03)
    chosen = parser.parse_args()
    rows = write_population(
        chosen.output, chosen.persons, chosen.seed, chosen.duplicate_share
    )
    print(f"{rows:,} rows")


if __name__ == "__main__":
    main()
