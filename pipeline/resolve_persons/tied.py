"""The rows that any link touches: a small part of the register, numbered anew.

Nearly every row is a person of its own that no rule and no weight ties to another. What
decides about links works on the others alone, so its arrays are as long as the links.
"""

import dataclasses

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.linkage.cluster import Ints, Links
from pipeline.linkage.frames import in_order, store_columns
from pipeline.resolve_persons.encode import NODES, PREFIX
from pipeline.resolve_persons.rules import CANNOT, LINKS
from pipeline.resolve_persons.weigh import Weighed

TIED = f"{PREFIX}_tied"


@dataclasses.dataclass(frozen=True)
class Tied:
    """Rows with links; every array but `nodes` counts rows by their place in `nodes`."""

    nodes: Ints
    """Sorted, so that the smallest place is the smallest node."""
    pinfl: Ints
    """Code of the verified PINFL, dense from 0; -1 for none."""
    rule_links: Links
    rules: pl.Series
    cannot: tuple[Ints, Ints]
    weighed: Weighed


def collect_tied(engine: duckdb.DuckDBPyConnection, weighed: Weighed) -> Tied:
    """Rows of rule links, cannot-links and scored pairs, with all these renumbered."""
    links = engine.sql(
        f"SELECT left_node, right_node, weight, rule FROM {LINKS} "
        f"ORDER BY weight DESC, left_node, right_node"
    ).pl()
    cannot = engine.execute(
        f"SELECT left_node, right_node FROM {CANNOT} ORDER BY left_node, right_node"
    ).fetchnumpy()
    sides = ("left_node", "right_node")
    nodes = _distinct(
        *(_ints(links[side]) for side in sides),
        *(_ints(cannot[side]) for side in sides),
        weighed.left,
        weighed.right,
    )

    place = np.empty(int(nodes[-1]) + 1 if len(nodes) else 0, dtype=np.int32)
    place[nodes] = np.arange(len(nodes), dtype=np.int32)

    def places(found: npt.ArrayLike) -> Ints:
        return place[_ints(found)].astype(np.int64)

    return Tied(
        nodes=nodes,
        pinfl=_pinfls(engine, nodes, place),
        rule_links=Links(
            places(links["left_node"]),
            places(links["right_node"]),
            np.asarray(links["weight"], dtype=np.float64),
        ),
        rules=links["rule"],
        cannot=(places(cannot["left_node"]), places(cannot["right_node"])),
        weighed=dataclasses.replace(
            weighed, left=places(weighed.left), right=places(weighed.right)
        ),
    )


def _pinfls(
    engine: duckdb.DuckDBPyConnection, nodes: Ints, place: npt.NDArray[np.int32]
) -> Ints:
    store_columns(engine, TIED, node=nodes)
    found = engine.execute(
        f"SELECT node, pinfl FROM {NODES} SEMI JOIN {TIED} USING (node) "
        f"WHERE pinfl IS NOT NULL"
    ).fetchnumpy()
    codes = np.full(len(nodes), -1, dtype=np.int64)
    known = place[_ints(found["node"])]
    codes[known] = np.unique(_ints(found["pinfl"]), return_inverse=True)[1]
    return codes


def _distinct(*arrays: Ints) -> Ints:
    """Sorted; by a sort, as np.unique takes five times as long for mostly distinct ones."""
    values = in_order(np.concatenate(arrays))
    return values[np.r_[True, values[1:] != values[:-1]]] if len(values) else values


def _ints(found: npt.ArrayLike) -> Ints:
    return np.asarray(found, dtype=np.int64)
