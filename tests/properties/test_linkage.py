"""What must hold for any links and any order of rows."""

import itertools
from pathlib import Path

import duckdb
import networkx
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.population import make_population
from pipeline.linkage.cluster import Links, cluster
from pipeline.resolve_persons import resolve_persons
from pipeline.resolve_persons.ties import heaviest_links
from pipeline.run import Linkage
from schemas.source import SourceDecision
from tests.conftest import build_rows

NODES = 12
EDGES = st.lists(
    st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1), st.integers(1, 4)),
    max_size=30,
)
CODES = st.lists(st.integers(-1, 2), min_size=NODES, max_size=NODES)
CANNOT = st.lists(
    st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)), max_size=6
)


def as_links(edges: list[tuple[int, int, int]]) -> Links:
    array = np.asarray(edges, dtype=np.int64).reshape(-1, 3)
    return Links(array[:, 0], array[:, 1], array[:, 2].astype(np.float64))


def as_pairs(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    array = np.asarray([p for p in pairs if p[0] != p[1]], dtype=np.int64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def groups(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == x).tolist()) for x in set(labels.tolist())}


@given(EDGES)
def test_clusters_are_components_where_nothing_forbids(edges):
    graph = networkx.Graph()
    graph.add_nodes_from(range(NODES))
    graph.add_edges_from(edge[:2] for edge in edges)
    expected = {frozenset(c) for c in networkx.connected_components(graph)}
    assert groups(cluster(NODES, as_links(edges)).labels) == expected


@given(EDGES, CODES, CANNOT)
def test_no_cluster_breaks_a_cannot_link(edges, codes, cannot):
    labels = cluster(NODES, as_links(edges), np.asarray(codes), as_pairs(cannot)).labels
    for group in groups(labels):
        assert len({codes[node] for node in group if codes[node] >= 0}) <= 1
        assert not any(a != b and {a, b} <= group for a, b in cannot)


@given(EDGES, CODES, CANNOT)
def test_every_cluster_is_connected_by_accepted_links(edges, codes, cannot):
    found = cluster(NODES, as_links(edges), np.asarray(codes), as_pairs(cannot))
    kept = [edge for edge, no in zip(edges, found.refused, strict=True) if not no]
    graph = networkx.Graph()
    graph.add_nodes_from(range(NODES))
    graph.add_edges_from(edge[:2] for edge in kept)
    assert groups(found.labels) == {
        frozenset(c) for c in networkx.connected_components(graph)
    }


@given(EDGES, CODES, CANNOT, st.randoms(use_true_random=False))
def test_order_of_links_changes_nothing(edges, codes, cannot, random):
    shuffled = edges.copy()
    random.shuffle(shuffled)
    codes_ = np.asarray(codes)
    one = cluster(NODES, as_links(edges), codes_, as_pairs(cannot)).labels
    two = cluster(NODES, as_links(shuffled), codes_, as_pairs(cannot[::-1])).labels
    assert one.tolist() == two.tolist()


@given(EDGES)
def test_each_node_is_held_by_its_heaviest_link(edges):
    edges = [edge for edge in edges if edge[0] != edge[1]]
    links = as_links(edges)
    places, found = heaviest_links(NODES, links.left, links.right, links.weight)
    expected = {}
    for node in range(NODES):
        held = [
            (-weight, right if left == node else left, number)
            for number, (left, right, weight) in enumerate(edges)
            if node in (left, right)
        ]
        if held:
            expected[node] = min(held)[-1]
    assert dict(zip(places.tolist(), found.tolist(), strict=True)) == expected


def resolved(records: pl.DataFrame, threads: int) -> list[pl.DataFrame]:
    with duckdb.connect(
        config={"threads": str(threads), "preserve_insertion_order": "false"}
    ) as engine:
        engine.register("population", records)
        return resolved_by(engine, engine.table("population"))


def resolved_by(
    engine: duckdb.DuckDBPyConnection, records: duckdb.DuckDBPyRelation
) -> list[pl.DataFrame]:
    decisions = build_rows(engine)(SourceDecision).limit(0)
    found = resolve_persons(engine, records, decisions, Linkage())
    return [
        relation.pl().sort(relation.columns)
        for relation in (found.person_links, found.persons, found.review_pairs, found.model)
    ]


@pytest.fixture(scope="module")
def population() -> pl.DataFrame:
    return make_population(4000, seed=3, duplicate_share=0.05).records


@pytest.fixture(scope="module")
def reference(population: pl.DataFrame) -> list[pl.DataFrame]:
    return resolved(population, threads=2)


@pytest.mark.parametrize(("seed", "threads"), [(1, 1), (2, 2), (3, 4)])
def test_order_of_rows_and_threads_change_nothing(
    population: pl.DataFrame, reference: list[pl.DataFrame], seed: int, threads: int
):
    shuffled = population.sample(fraction=1, shuffle=True, seed=seed)
    for one, two in zip(reference, resolved(shuffled, threads), strict=True):
        assert one.equals(two)


def test_partitions_change_nothing(
    population: pl.DataFrame, reference: list[pl.DataFrame], tmp_path: Path
):
    """One register in files of several lengths, not in their rows' order, or in one."""
    cuts = [0, 5, 1300, 1301, 3900, population.height]
    for number, (start, end) in enumerate(itertools.pairwise(cuts)):
        part = population.slice(start, end - start).sample(fraction=1, shuffle=True, seed=7)
        part.write_parquet(tmp_path / f"{9 - number}.parquet", row_group_size=300)
    with duckdb.connect(config={"threads": "3"}) as engine:
        files = engine.read_parquet(str(tmp_path / "*.parquet"))
        for one, two in zip(reference, resolved_by(engine, files), strict=True):
            assert one.equals(two)


def test_a_row_without_any_evidence_changes_no_link(
    population: pl.DataFrame, reference: list[pl.DataFrame]
):
    """An unrelated row moves frequencies by 1 in 4,000, so weights move, links do not."""
    stranger = population.head(1).with_columns(
        row_id=pl.lit(population.height, pl.Int64),
        record_id=pl.lit("X"),
        pinfl=pl.lit(None, pl.String),
        pinfl_digits=pl.lit(None, pl.String),
        document_key=pl.lit(None, pl.String),
        address_id=pl.lit(None, pl.Int64),
        **{
            f"{part}_{kind}": pl.lit(f"zz{part}")
            for part in ("surname", "given_name", "patronymic")
            for kind in ("key", "loose")
        },
    )
    links = resolved(pl.concat([population, stranger]), threads=2)[0]
    before = reference[0].select("row_id", "person_id").rows()
    after = links.filter(pl.col("row_id") < population.height)
    persons = dict(after.select("row_id", "person_id").rows())
    same = {}
    for row, person in before:
        assert same.setdefault(person, persons[row]) == persons[row]
    assert len(set(same.values())) == len(same)
