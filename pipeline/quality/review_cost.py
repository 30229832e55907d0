"""What a flag costs: legitimate voters at risk for each duplicate that is removed.

Goel et al. (2020) put this ratio beside a programme that removed whoever shared a name
and birth date: about 300 legitimate votes for each double vote. Here each batch carries
it before anybody acts: of pairs with probability p of being one person, removing one
entry of each removes sum(p) duplicates and sum(1 - p) voters who are somebody else.
"""

from dataclasses import dataclass

import duckdb

from schemas.codes import LinkRule

MERGED = LinkRule.PROBABILISTIC.value
"""Batch of the merges that were made by weight; the others are causes of flags."""


@dataclass(frozen=True)
class BatchCost:
    """One batch of pairs and what acting on all of it would do.

    `pairs_unweighed` were flagged by a rule without a probability and count for neither
    figure. `voters_per_duplicate` is null where no duplicate is expected.
    """

    batch: str
    pairs: int
    pairs_unweighed: int
    expected_duplicates: float
    expected_voters_at_risk: float
    expected_chance_matches: float
    """Pairs of strangers that chance alone would give, summed over the batch's names."""
    voters_per_duplicate: float | None


def cost_batches(
    engine: duckdb.DuckDBPyConnection,
    review_pairs: duckdb.DuckDBPyRelation,
    person_links: duckdb.DuckDBPyRelation,
    prior_bits: float,
) -> list[BatchCost]:
    """Cost of every batch: flags by cause, and the merges by weight that were made.

    Args:
        engine: where the tables are.
        review_pairs: ReviewPair of the night.
        person_links: PersonLink of the night.
        prior_bits: log2 prior odds of the night's model.
    """
    counted = engine.sql(
        f"""
        WITH pair AS (
            SELECT cause::VARCHAR AS batch, match_probability AS p,
                coalesce(expected_chance_matches, 0) AS chance
            FROM review_pairs
            UNION ALL
            SELECT '{MERGED}',
                1 / (1 + pow(2, -least(match_weight + {prior_bits}, 60))), 0
            FROM person_links WHERE rule = '{MERGED}' AND match_weight IS NOT NULL
        )
        SELECT batch, count(*), count(*) FILTER (p IS NULL), coalesce(fsum(p), 0),
            coalesce(fsum(1 - p), 0), coalesce(fsum(chance), 0)
        FROM pair GROUP BY batch ORDER BY batch
        """
    ).fetchall()
    return [_cost(*row) for row in counted]


def _cost(
    batch: str,
    pairs: int,
    unweighed: int,
    duplicates: float,
    at_risk: float,
    chance: float,
) -> BatchCost:
    def shown(value: float) -> float:
        return float(f"{value:.6g}")

    ratio = shown(at_risk / duplicates) if duplicates else None
    return BatchCost(
        batch, pairs, unweighed, shown(duplicates), shown(at_risk), shown(chance), ratio
    )
