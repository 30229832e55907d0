"""Clusters by weight under cannot-link rules."""

import numpy as np

from pipeline.linkage.cluster import Links, cluster


def links(*triples: tuple[int, int, float]) -> Links:
    left, right, weight = zip(*triples, strict=True) if triples else ((), (), ())
    return Links(
        np.asarray(left, dtype=np.int64),
        np.asarray(right, dtype=np.int64),
        np.asarray(weight, dtype=np.float64),
    )


def pairs(*couples: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    left, right = zip(*couples, strict=True)
    return np.asarray(left), np.asarray(right)


def test_label_is_the_smallest_node():
    assert cluster(5, links((3, 1, 9), (4, 3, 8))).labels.tolist() == [0, 1, 2, 1, 1]


def test_no_links():
    assert cluster(3, links()).labels.tolist() == [0, 1, 2]


def test_no_nodes():
    assert cluster(0, links()).labels.tolist() == []


def test_lighter_link_across_two_codes_is_refused():
    found = cluster(3, links((0, 1, 9), (1, 2, 8)), np.asarray([7, -1, 8]))
    assert found.labels.tolist() == [0, 0, 2]
    assert found.refused.tolist() == [False, True]


def test_equal_codes_may_join():
    found = cluster(3, links((0, 1, 9), (1, 2, 8)), np.asarray([7, -1, 7]))
    assert found.labels.tolist() == [0, 0, 0]


def test_code_is_carried_by_the_cluster_not_the_node():
    """0 has no code of its own, but belongs to code 5 once joined with 1."""
    found = cluster(4, links((0, 1, 9), (2, 3, 8), (0, 2, 7)), np.asarray([-1, 5, -1, 6]))
    assert found.labels.tolist() == [0, 0, 2, 2]


def test_cannot_link_reaches_through_a_chain():
    found = cluster(4, links((0, 1, 9), (1, 2, 8), (2, 3, 7)), cannot=pairs((0, 3)))
    assert found.labels.tolist() == [0, 0, 0, 3]


def test_cannot_link_follows_merged_trees():
    """2 is kept from 0; once 1 and 2 are one, 1 is kept from 0 as well."""
    found = cluster(3, links((1, 2, 9), (0, 1, 8)), cannot=pairs((2, 0)))
    assert found.labels.tolist() == [0, 1, 1]


def test_ties_are_broken_by_node():
    found = cluster(3, links((1, 2, 5), (0, 1, 5)), np.asarray([1, -1, 2]))
    assert found.labels.tolist() == [0, 0, 2]
