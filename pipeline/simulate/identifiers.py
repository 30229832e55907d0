"""Identifiers of the simulated country: PINFLs and documents.

What belongs here: how true identifiers are formed (domain rules: G DDMMYY RRR NNN C with
weights 7-3-1). The simulator has its own copy of the check digit on purpose: a mistake in
the pipeline's must not be repeated here.
"""

import dataclasses

import numpy as np

from pipeline.simulate.arrays import Flags, Ints

WEIGHTS = (7, 3, 1) * 4 + (7,)
SERIES = ("AA", "AB", "AC", "AD", "AE", "BC", "KA")
_PER_SERIES = 10_000_000
_STRIDE = 38_183_719
"""Without a common divisor with the count of numbers, so that none comes twice."""


@dataclasses.dataclass(frozen=True)
class Identities:
    """What identifies people: the PINFL of each, and documents by their index."""

    pinfl: Ints
    first_document: int

    def document(self, index: int) -> str:
        """Number of a passport or card: two letters and seven digits; none comes twice."""
        number = (self.first_document + index * _STRIDE) % (len(SERIES) * _PER_SERIES)
        return f"{SERIES[number // _PER_SERIES]}{number % _PER_SERIES:07d}"


def check_digit(first_thirteen: Ints) -> Ints:
    """Check digits of the first thirteen digits, given as numbers."""
    total = np.zeros(len(first_thirteen), dtype=np.int64)
    rest = first_thirteen.copy()
    for weight in reversed(WEIGHTS):
        total += (rest % 10) * weight
        rest //= 10
    return np.asarray(total % 10, dtype=np.int64)


def national_ids(birth_day: Ints, is_female: Flags, area: Ints) -> Ints:
    """PINFLs of everybody as numbers of fourteen digits; no two are the same.

    Args:
        birth_day: days since 1970-01-01.
        is_female: sex.
        area: number below 1,000 of the place of issue; no more than 1,000 people of one
            sex may be born on a day in one.
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
    if int(rank.max(initial=0)) >= 1000:
        raise ValueError("too many people were born in one area on one day")
    serial = (area * 37 + rank * 7) % 1000
    thirteen = group * 1000 + serial
    return np.asarray(thirteen * 10 + check_digit(thirteen), dtype=np.int64)
