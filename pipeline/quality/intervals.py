"""Confidence intervals of shares and of their ratios."""

import math

from scipy.special import betaincinv


def share_interval(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a share that holds at any size (Clopper and Pearson 1934).

    Without trials nothing is known: (0, 1). Without hits the upper end is about 3.7
    divided by the trials at 95 %.
    """
    if not trials:
        return 0.0, 1.0
    tail = (1.0 - confidence) / 2.0
    low = float(betaincinv(hits, trials - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, trials - hits, 1 - tail)) if hits < trials else 1.0
    return low, high


def ratio_interval(
    hits: int, trials: int, other_hits: int, other_trials: int, deviations: float
) -> tuple[float, float, float] | None:
    """Ratio of two shares with its interval on the log scale (Katz et al. 1978).

    Args:
        hits: of the group.
        trials: of the group.
        other_hits: of everybody else.
        other_trials: of everybody else.
        deviations: half width in standard deviations.

    Returns:
        Ratio, lower and upper end; null where one share is zero or unknown.
    """
    if not (hits and other_hits):
        return None
    ratio = (hits / trials) / (other_hits / other_trials)
    spread = math.sqrt(
        max(1 / hits - 1 / trials, 0.0) + max(1 / other_hits - 1 / other_trials, 0.0)
    )
    factor = math.exp(deviations * spread)
    return ratio, ratio / factor, ratio * factor
