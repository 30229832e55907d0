"""Identifiers of the simulated country: PINFL, documents, cadastral numbers.

What belongs here: how true identifiers are formed (domain rules: G DDMMYY RRR NNN C with
weights 7-3-1). The simulator has its own copy of the check digit on purpose: a mistake in
the pipeline's must not be repeated here.
"""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

WEIGHTS = np.array([7, 3, 1] * 4 + [7], dtype=np.int64)
SERIES = ("AA", "AB", "AC", "AD", "AE", "BC", "KA")


def check_digit(first_thirteen: Ints) -> Ints:
    """Check digits of the first thirteen digits, given as numbers."""
    total = np.zeros(len(first_thirteen), dtype=np.int64)
    rest = first_thirteen.copy()
    for weight in WEIGHTS[::-1]:
        total += (rest % 10) * weight
        rest //= 10
    return total % 10


def national_ids(birth_day: Ints, is_female: Flags, area: Ints) -> Ints:
    """PINFLs of everybody as numbers of fourteen digits; no two are the same.

    Args:
        birth_day: days since 1970-01-01.
        is_female: sex.
        area: number below 1,000 of the place of issue.
    """
    days = birth_day.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    day = (days - months).astype(np.int64) + 1
    month = months.astype(np.int64) % 12 + 1
    century = np.where(years >= 2000, 5, np.where(years >= 1900, 3, 1)) + is_female
    head = ((century * 100 + day) * 100 + month) * 100 + years % 100
    group = head * 1000 + area
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.r_[True, group[order][1:] != group[order][:-1]])
    rank = np.zeros(len(group), dtype=np.int64)
    sizes = np.diff(np.r_[starts, len(group)])
    rank[order] = np.arange(len(group)) - np.repeat(starts, sizes)
    serial = (area * 37 + rank * 7) % 1000
    thirteen = group * 1000 + serial
    return thirteen * 10 + check_digit(thirteen)


def documents(rng: np.random.Generator, count: int) -> list[str]:
    """Numbers of passports and cards, two letters and seven digits, all different."""
    span = len(SERIES) * 10_000_000
    start = int(rng.integers(0, span))
    numbers = (start + np.arange(count, dtype=np.int64) * 38_183_719) % span
    return [f"{SERIES[n // 10_000_000]}{n % 10_000_000:07d}" for n in numbers.tolist()]
