"""Clusters from weighted links, by weight, never against a cannot-link.

Connected components are taken whole where nothing inside them contradicts; elsewhere the
links are taken one by one, heaviest first, and a link that would join two that cannot be
the same is refused. So a chain of doubtful links can never join what a rule keeps apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Links:
    """Weighted links between nodes 0..count-1; parallel arrays."""

    left: Ints
    right: Ints
    weight: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Clusters:
    """Label of every node (the smallest node of its cluster) and the links refused."""

    labels: Ints
    refused: npt.NDArray[np.bool_]


def components(count: int, left: Ints, right: Ints) -> Ints:
    """Connected component of every node, labelled by its smallest node."""
    ones = np.ones(len(left), dtype=np.int8)
    graph = coo_array((ones, (left, right)), shape=(count, count))
    found = connected_components(graph, directed=False)[1]
    smallest = np.full(int(found.max()) + 1 if count else 0, count, dtype=np.int64)
    np.minimum.at(smallest, found, np.arange(count))
    return np.asarray(smallest[found], dtype=np.int64)


def cluster(
    count: int,
    links: Links,
    exclusive: Ints | None = None,
    cannot: tuple[Ints, Ints] | None = None,
) -> Clusters:
    """Join nodes by links, heaviest first, under the cannot-link rules.

    Args:
        count: number of nodes.
        links: the links; ties are broken by (left, right).
        exclusive: a code per node, -1 for none; no cluster holds two different codes.
        cannot: pairs of nodes that may not be in one cluster.

    Returns:
        Labels that do not depend on the order of the links.
    """
    labels = components(count, links.left, links.right)
    contested = _contested(labels, exclusive, cannot)
    refused = np.zeros(len(links.left), dtype=np.bool_)
    if not contested.any():
        return Clusters(labels, refused)
    chosen = np.flatnonzero(contested[links.left])
    order = np.lexsort((links.right[chosen], links.left[chosen], -links.weight[chosen]))
    chosen = chosen[order]
    nodes = np.flatnonzero(contested)
    forest = _Forest(nodes.tolist(), exclusive, cannot, contested)
    accepted = [
        forest.join(left, right)
        for left, right in zip(
            links.left[chosen].tolist(), links.right[chosen].tolist(), strict=True
        )
    ]
    refused[chosen] = ~np.asarray(accepted, dtype=np.bool_)
    labels = labels.copy()
    labels[nodes] = forest.labels(nodes.tolist())
    return Clusters(labels, refused)


def _contested(
    labels: Ints, exclusive: Ints | None, cannot: tuple[Ints, Ints] | None
) -> npt.NDArray[np.bool_]:
    """Nodes in components that hold a contradiction."""
    bad = np.zeros(len(labels), dtype=np.bool_)
    if exclusive is not None:
        known = np.flatnonzero(exclusive >= 0)
        smallest = np.full(len(labels), np.iinfo(np.int64).max, dtype=np.int64)
        largest = np.full(len(labels), -1, dtype=np.int64)
        np.minimum.at(smallest, labels[known], exclusive[known])
        np.maximum.at(largest, labels[known], exclusive[known])
        bad |= largest > smallest
    if cannot is not None:
        together = labels[cannot[0]] == labels[cannot[1]]
        bad[labels[cannot[0][together]]] = True
    return np.asarray(bad[labels], dtype=np.bool_)


class _Forest:
    """Union-find that knows which trees may not be joined."""

    def __init__(
        self,
        nodes: list[int],
        exclusive: Ints | None,
        cannot: tuple[Ints, Ints] | None,
        inside: npt.NDArray[np.bool_],
    ) -> None:
        self._parent = {node: node for node in nodes}
        self._code: dict[int, int] = {}
        if exclusive is not None:
            codes = exclusive[nodes].tolist()
            self._code = {
                node: code for node, code in zip(nodes, codes, strict=True) if code >= 0
            }
        self._enemies: dict[int, set[int]] = {}
        for left, right in _pairs(cannot, inside):
            self._enemies.setdefault(left, set()).add(right)
            self._enemies.setdefault(right, set()).add(left)

    def _root(self, node: int) -> int:
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def join(self, left: int, right: int) -> bool:
        """Join two trees unless they are kept apart; whether they are one now."""
        left, right = self._root(left), self._root(right)
        if left == right:
            return True
        left, right = min(left, right), max(left, right)
        codes = {self._code[root] for root in (left, right) if root in self._code}
        if len(codes) > 1 or right in self._enemies.get(left, ()):
            return False
        self._parent[right] = left
        if codes:
            self._code[left] = codes.pop()
        for enemy in self._enemies.pop(right, ()):
            self._enemies[enemy].discard(right)
            self._enemies[enemy].add(left)
            self._enemies.setdefault(left, set()).add(enemy)
        return True

    def labels(self, nodes: list[int]) -> list[int]:
        """Smallest node of each node's tree: roots are the smaller side of every join."""
        return [self._root(node) for node in nodes]


def _pairs(
    cannot: tuple[Ints, Ints] | None, inside: npt.NDArray[np.bool_]
) -> Iterable[tuple[int, int]]:
    if cannot is None:
        return []
    kept = inside[cannot[0]] & inside[cannot[1]] & (cannot[0] != cannot[1])
    return zip(cannot[0][kept].tolist(), cannot[1][kept].tolist(), strict=True)
