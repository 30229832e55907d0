"""Merge, ask or leave: from scored pairs to clusters and the pairs for review."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.linkage.cluster import Clusters, Links, cluster, components
from pipeline.linkage.compare import BITS, Comparison
from pipeline.resolve_persons.rules import DECISION_WEIGHT
from pipeline.resolve_persons.tied import Tied
from pipeline.resolve_persons.verdict import Verdict, judge
from pipeline.resolve_persons.weigh import Weighed
from pipeline.run import Linkage
from schemas.codes import ReviewCause

CHANCE_MAX = 0.01
"""A merge may leave at most this many strangers to chance in the whole population."""
MARGIN_BITS = 10.0
"""A merge needs this lead over the next person who could be meant."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Decided:
    """Clusters of the tied rows, by place; what became of every scored pair, and why."""

    labels: Ints
    is_merged: npt.NDArray[np.bool_]
    is_asked: npt.NDArray[np.bool_]
    cause: npt.NDArray[np.object_]


def levels_of(comparisons: tuple[Comparison, ...], pattern: int) -> dict[str, str]:
    """Comparison to level of a packed pattern, missing ones left out."""
    levels = {}
    for place, comparison in enumerate(comparisons):
        number = (pattern >> (BITS * place)) & ((1 << BITS) - 1)
        if number:
            levels[comparison.name] = comparison.levels[number]
    return levels


def decide(tied: Tied, settings: Linkage) -> Decided:
    """Cluster the rows and say what becomes of every scored pair.

    Args:
        tied: rows with links, these links, and pairs that are different persons by
            decision.
        settings: thresholds, log2 posterior odds.
    """
    count, rule_links, cannot = len(tied.nodes), tied.rule_links, tied.cannot
    weighed = tied.weighed
    pinfl = _unite_decided(count, rule_links, tied.pinfl)
    units = cluster(count, rule_links, pinfl, cannot).labels
    verdicts, number = _judge_all(weighed)
    may_merge = np.asarray([v.may_merge for v in verdicts], dtype=np.bool_)[number]
    may_ask = np.asarray([v.may_ask for v in verdicts], dtype=np.bool_)[number]
    cause = np.asarray([v.cause.value for v in verdicts], dtype=np.object_)[number]
    posterior = weighed.weight + weighed.model.prior_bits
    certain = (
        may_merge
        & (posterior >= settings.merge_weight_bits)
        & (
            weighed.chance_bits + np.log2(max(weighed.model.population, 1))
            <= np.log2(CHANCE_MAX)
        )
    )
    possible = may_ask & (posterior >= settings.review_weight_bits)
    has_rival = _has_rival(units, pinfl, weighed, possible)
    certain &= ~has_rival
    cause[has_rival & may_merge] = ReviewCause.SEVERAL_CANDIDATES.value
    kept_apart = _kept_apart(weighed, units, may_ask, cannot)
    clusters = _join(count, rule_links, pinfl, kept_apart, weighed, certain)
    same = clusters.labels[weighed.left] == clusters.labels[weighed.right]
    cause[certain & ~same] = ReviewCause.LINK_REFUSED.value
    forbidden = _is_forbidden(clusters.labels, cannot, weighed)
    asked = (possible | certain) & ~same & ~forbidden
    return Decided(clusters.labels, certain & same, asked, cause)


def _unite_decided(count: int, rule_links: Links, pinfl: Ints) -> Ints:
    """PINFL codes where a decision says that two numbers are one person's."""
    decided = rule_links.weight >= DECISION_WEIGHT
    left, right = rule_links.left[decided], rule_links.right[decided]
    if not len(left):
        return pinfl
    rows = components(count, left, right)
    touched = np.unique(np.concatenate([left, right]))
    touched = touched[pinfl[touched] >= 0]
    codes = int(pinfl.max(initial=-1)) + 1
    first = np.full(count, -1, dtype=np.int64)
    first[rows[touched][::-1]] = pinfl[touched][::-1]
    united = components(codes, first[rows[touched]], pinfl[touched])
    return np.where(pinfl >= 0, united[np.maximum(pinfl, 0)], -1) if codes else pinfl


def _judge_all(weighed: Weighed) -> tuple[list[Verdict], Ints]:
    patterns, number = np.unique(weighed.pattern, return_inverse=True)
    verdicts = [
        judge(levels_of(weighed.model.comparisons, int(pattern))) for pattern in patterns
    ]
    return verdicts or [judge({})], np.asarray(number, dtype=np.int64)


def _has_rival(
    units: Ints, pinfl: Ints, weighed: Weighed, possible: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Pairs of a unit that another unit, with another PINFL, could claim almost as well."""
    pinfl_of_unit = np.full(len(units), -1, dtype=np.int64)
    known = np.flatnonzero(pinfl >= 0)
    pinfl_of_unit[units[known]] = pinfl[known]
    chosen = np.flatnonzero(possible)
    left, right = units[weighed.left[chosen]], units[weighed.right[chosen]]
    weight = weighed.weight[chosen]
    seeker = np.concatenate([left, right])
    found = np.concatenate([right, left])
    both = np.concatenate([weight, weight])
    pair = np.concatenate([chosen, chosen])
    claims = (pinfl_of_unit[seeker] < 0) & (pinfl_of_unit[found] >= 0)
    seeker, found, both, pair = seeker[claims], found[claims], both[claims], pair[claims]
    rival = np.zeros(len(weighed.left), dtype=np.bool_)
    if not len(seeker):
        return rival
    order = np.lexsort((found, -both, seeker))
    seeker, found, both, pair = seeker[order], found[order], both[order], pair[order]
    first = np.r_[True, seeker[1:] != seeker[:-1]]
    group = np.cumsum(first) - 1
    best_found, best_weight = found[first][group], both[first][group]
    other = found != best_found
    runner_up = np.full(int(group[-1]) + 1, -np.inf)
    np.maximum.at(runner_up, group[other], both[other])
    is_close = best_weight - runner_up[group] < MARGIN_BITS
    # Below the runner-up's own reach nothing but the best may be merged at all.
    rival[pair[is_close | other]] = True
    return rival


def _kept_apart(
    weighed: Weighed,
    units: Ints,
    may_ask: npt.NDArray[np.bool_],
    cannot: tuple[Ints, Ints],
) -> tuple[Ints, Ints]:
    """Decisions, and scored pairs that look like kin and no rule holds together."""
    kin = ~may_ask & (units[weighed.left] != units[weighed.right])
    return (
        np.concatenate([cannot[0], weighed.left[kin]]),
        np.concatenate([cannot[1], weighed.right[kin]]),
    )


def _join(
    count: int,
    rule_links: Links,
    pinfl: Ints,
    kept_apart: tuple[Ints, Ints],
    weighed: Weighed,
    certain: npt.NDArray[np.bool_],
) -> Clusters:
    links = Links(
        np.concatenate([rule_links.left, weighed.left[certain]]),
        np.concatenate([rule_links.right, weighed.right[certain]]),
        np.concatenate([rule_links.weight, weighed.weight[certain]]),
    )
    return cluster(count, links, pinfl, kept_apart)


def _is_forbidden(
    labels: Ints, cannot: tuple[Ints, Ints], weighed: Weighed
) -> npt.NDArray[np.bool_]:
    """Pairs of persons that a decision has already called different."""
    if not len(cannot[0]):
        return np.zeros(len(weighed.left), dtype=np.bool_)
    size = len(labels)
    one, two = labels[cannot[0]], labels[cannot[1]]
    closed = np.minimum(one, two) * size + np.maximum(one, two)
    one, two = labels[weighed.left], labels[weighed.right]
    pairs = np.minimum(one, two) * size + np.maximum(one, two)
    return np.asarray(np.isin(pairs, closed), dtype=np.bool_)
