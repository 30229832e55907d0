"""What holds each row in its person: the strongest link, with its rule and its pattern."""

import duckdb
import numpy as np
import polars as pl

from pipeline.linkage.cluster import Ints
from pipeline.linkage.compare import pattern_texts
from pipeline.linkage.estimate import Floats
from pipeline.linkage.frames import store_frame
from pipeline.resolve_persons.consolidate import CLUSTERS
from pipeline.resolve_persons.decide import Decided
from pipeline.resolve_persons.encode import PREFIX
from pipeline.resolve_persons.model import COMPARISONS
from pipeline.resolve_persons.tied import Tied
from schemas.codes import LinkRule


def store_ties(
    engine: duckdb.DuckDBPyConnection, tied: Tied, decided: Decided
) -> pl.DataFrame:
    """Make CLUSTERS of the rows that share a cluster; returns it with places for nodes."""
    sizes = np.bincount(decided.labels, minlength=len(tied.nodes))
    shared = np.flatnonzero(sizes[decided.labels] > 1)
    ties = (
        pl.DataFrame({"place": shared, "label": decided.labels[shared]})
        .join(_strongest(tied, decided), on="place", how="left", maintain_order="left")
        .with_columns(node=pl.Series(tied.nodes[shared]))
    )
    store_frame(engine, f"{PREFIX}_tie", ties)
    store_frame(engine, f"{PREFIX}_pattern", pattern_texts(COMPARISONS, ties["pattern"]))
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {CLUSTERS} AS "
        f"SELECT t.node, t.label, t.rule, t.match_weight, p.text AS pattern "
        f"FROM {PREFIX}_tie AS t LEFT JOIN {PREFIX}_pattern AS p USING (pattern)"
    )
    return ties


def _strongest(tied: Tied, decided: Decided) -> pl.DataFrame:
    """Of each place the heaviest link that holds, ties to the smallest partner."""
    links, weighed = tied.rule_links, tied.weighed
    same = np.flatnonzero(decided.labels[links.left] == decided.labels[links.right])
    merged = np.flatnonzero(decided.is_merged)
    left = np.concatenate([links.left[same], weighed.left[merged]])
    right = np.concatenate([links.right[same], weighed.right[merged]])
    strength = np.concatenate([links.weight[same], weighed.weight[merged]])
    place, link = heaviest_links(len(tied.nodes), left, right, strength)
    by_rule, by_weight = link < len(same), link >= len(same)
    pair = merged[link[by_weight] - len(same)]
    ruled = {"place": place[by_rule], "rule": tied.rules[same[link[by_rule]]]}
    weighted = {
        "place": place[by_weight],
        "rule": pl.repeat(LinkRule.PROBABILISTIC.value, len(pair), eager=True),
        "match_weight": weighed.weight[pair],
        "pattern": weighed.pattern[pair],
    }
    return pl.concat([pl.DataFrame(ruled), pl.DataFrame(weighted)], how="diagonal")


def heaviest_links(
    count: int, left: Ints, right: Ints, strength: Floats
) -> tuple[Ints, Ints]:
    """Places that have a link, and of each the link; without a sort, as there are millions.

    Ties to the smallest partner, then to the link that comes first.
    """
    ends = ((left, right), (right, left))
    heaviest = np.full(count, -np.inf)
    for place, _ in ends:
        np.maximum.at(heaviest, place, strength)
    partner = np.full(count, count, dtype=np.int64)
    for place, other in ends:
        best = strength == heaviest[place]
        np.minimum.at(partner, place[best], other[best])
    link = np.full(count, len(left), dtype=np.int64)
    for place, other in ends:
        best = np.flatnonzero((strength == heaviest[place]) & (other == partner[place]))
        np.minimum.at(link, place[best], best)
    linked = np.flatnonzero(link < len(left))
    return linked, link[linked]
