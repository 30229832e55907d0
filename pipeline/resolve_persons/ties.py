"""What holds each row in its person: the strongest link, with its rule and its pattern."""

import duckdb
import numpy as np
import polars as pl

from pipeline.linkage.compare import pattern_texts
from pipeline.linkage.frames import store_frame
from pipeline.resolve_persons.consolidate import CLUSTERS
from pipeline.resolve_persons.decide import Decided
from pipeline.resolve_persons.encode import PREFIX
from pipeline.resolve_persons.model import COMPARISONS
from pipeline.resolve_persons.tied import RULES, Tied
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
    links, weighed = tied.rule_links, tied.weighed
    same = decided.labels[links.left] == decided.labels[links.right]
    by_rule = pl.DataFrame(
        {
            "left": links.left[same],
            "right": links.right[same],
            "strength": links.weight[same],
            "rule": tied.rules.filter(pl.Series(same)),
        }
    ).with_columns(match_weight=pl.lit(None, pl.Float64), pattern=pl.lit(None, pl.Int64))
    merged = decided.is_merged
    by_weight = pl.DataFrame(
        {
            "left": weighed.left[merged],
            "right": weighed.right[merged],
            "strength": weighed.weight[merged],
            "match_weight": weighed.weight[merged],
            "pattern": weighed.pattern[merged],
        }
    ).with_columns(rule=pl.lit(LinkRule.PROBABILISTIC.value, RULES))
    both = pl.concat([by_rule, by_weight.select(by_rule.columns)])
    return (
        pl.concat(
            [
                both.rename({"left": "place", "right": "partner"}),
                both.select(
                    pl.col("right").alias("place"),
                    pl.col("left").alias("partner"),
                    *both.columns[2:],
                ),
            ]
        )
        .sort("place", "strength", "partner", descending=[False, True, False])
        .unique("place", keep="first", maintain_order=True)
        .select("place", pl.col("rule").cast(pl.String), "match_weight", "pattern")
    )
