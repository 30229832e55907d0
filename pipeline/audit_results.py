"""What a sample can say before it goes out, and what it says when it comes back.

What belongs here: intervals. Shares are told with exact binomial intervals (Clopper and
Pearson 1934), and where precincts were drawn with Korn and Graubard's (1998), which is the
same on the number that a simple random sample of equal precision would have. Nobody who
was not met counts as right: what silence could hide is told beside.
"""

import collections
import dataclasses
import math
from collections.abc import Sequence

from scipy.stats import beta, t

CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A share of a sample with its interval at 95 %."""

    good: int
    answered: int
    drawn: int
    share: float
    low: float
    high: float
    design_effect: float
    low_if_silent_are_bad: float
    """Lower end if every case without an answer were bad."""


def exact_interval(good: float, answered: float) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share; (0, 1) where nobody answered."""
    if answered <= 0:
        return 0.0, 1.0
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if good <= 0 else float(beta.ppf(tail, good, answered - good + 1))
    high = 1.0 if good >= answered else float(beta.ppf(1 - tail, good + 1, answered - good))
    return low, high


def estimate(cases: Sequence[tuple[str, bool | None]], *, clustered: bool) -> Estimate:
    """The share of good cases.

    Args:
        cases: precinct, and whether the case is good; null where there was no answer.
        clustered: the sample was drawn by precinct.
    """
    answers = [(precinct, good) for precinct, good in cases if good is not None]
    good = sum(answer for _, answer in answers)
    share = good / len(answers) if answers else 0.0
    effect = _design_effect(answers, share) if clustered else 1.0
    effective = len(answers) / effect
    low, high = exact_interval(share * effective, effective)
    silent_low, _ = exact_interval(good / effect, len(cases) / effect)
    return Estimate(
        good, len(answers), len(cases), share, low, high, effect, min(silent_low, low)
    )


def _design_effect(answers: Sequence[tuple[str, bool]], share: float) -> float:
    """Variance of the share by precincts over that of a simple sample; at least 1.

    Includes Korn and Graubard's correction for the few degrees of freedom of few
    precincts, which also serves where every answer is the same and no variance is seen.
    """
    size = len(answers)
    sums: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0])
    for precinct, good in answers:
        sums[precinct][0] += good
        sums[precinct][1] += 1
    clusters = len(sums)
    if clusters < 2 or size < 2:
        return 1.0
    residuals = sum((good - share * n) ** 2 for good, n in sums.values())
    variance = clusters / (clusters - 1) * residuals / size**2
    simple = share * (1 - share) / size
    effect = max(variance / simple, 1.0) if simple > 0 else 1.0
    tail = 1 - (1 - CONFIDENCE) / 2
    few = float(t.ppf(tail, clusters - 1) / t.ppf(tail, size - 1)) ** 2
    return effect * few


def expected_margin(size: int, population: int, design_effect: float = 1.0) -> float:
    """Half the width of the interval at 95 % that a share of one half would have."""
    if size <= 0 or population <= 0:
        return 1.0
    rest = max(0.0, (population - size) / max(population - 1, 1))
    return 1.959964 * math.sqrt(0.25 / size * design_effect * rest)


def bound_if_all_are_good(size: int, design_effect: float = 1.0) -> float:
    """The share of bad cases that a sample without one excludes at 95 %."""
    effective = size / design_effect
    return 1 - exact_interval(effective, effective)[0] if effective > 0 else 1.0
