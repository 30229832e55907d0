"""How many people bear the names that a pair shares: counted, where it is multiplied.

Weights treat names as independent. They are not: a surname, a given name and a patronymic
of one people and one sex go together, so a full name that chance should give once in a
country stands a hundred times in one region. Of pairs heavy enough to be merged the bearers
of the shared names are counted, as McDonald and Levitt ("Seeing Double Voting", Election
Law Journal 7, 2008) count them, and what the product underrates is taken off the weight.
"""

import dataclasses

import duckdb
import numpy as np
import polars as pl

from pipeline.linkage.cluster import Ints
from pipeline.linkage.compare import unpack_levels
from pipeline.linkage.estimate import Floats
from pipeline.linkage.frames import store_frame
from pipeline.resolve_persons.encode import NAMES, NODES, PREFIX
from pipeline.resolve_persons.model import COMPARISONS, SURNAME
from pipeline.resolve_persons.weigh import Weighed

DEPENDENCE_BITS = 4.0
"""So far a count may stand above the product before it counts: names are always a little
dependent, which the threshold for a merge allows for."""
NAMES_MIN = 2
PAIRS = f"{PREFIX}_named_pair"
BEARERS = f"{PREFIX}_bearer"


def weigh_namesakes(
    engine: duckdb.DuckDBPyConnection, weighed: Weighed, merge_bits: float
) -> Weighed:
    """The pairs with lower weights where more people bear the shared names.

    Bearers are counted by their different birth dates, those of the pair left out, among
    the rows with the same loose keys of all names that agree (exactly or loosely), where
    at least two do. Pairs whose log2 posterior odds don't reach `merge_bits` stay as they
    are, and so do those whose names nobody else bears or stand in another order.

    Args:
        engine: with the coded records and the frequency tables.
        weighed: scored pairs of nodes.
        merge_bits: log2 posterior odds from which a pair may be merged.
    """
    tiers = _name_tiers(weighed.pattern)
    shared = (tiers > 0) @ (1 << np.arange(len(NAMES)))
    heavy = weighed.weight + weighed.model.prior_bits >= merge_bits
    chosen = np.flatnonzero(heavy & ((tiers > 0).sum(axis=1) >= NAMES_MIN))
    pairs = pl.DataFrame(
        {
            "pair": chosen,
            "left_node": weighed.left[chosen],
            "right_node": weighed.right[chosen],
            "shared": shared[chosen],
            **{name: tiers[chosen, place] for place, name in enumerate(NAMES)},
        }
    )
    store_frame(engine, PAIRS, pairs)
    found = [
        _excess_bits(engine, names, weighed.model.population)
        for names in np.unique(shared[chosen]).tolist()
    ]
    excess = np.zeros(len(weighed.weight), dtype=np.float64)
    for pair, bits in found:
        excess[pair] = np.maximum(bits - DEPENDENCE_BITS, 0.0)
    return dataclasses.replace(
        weighed, weight=weighed.weight - excess, chance_bits=weighed.chance_bits + excess
    )


def _name_tiers(patterns: Ints) -> Ints:
    """Of each pattern and name: 1 where it is exact, 2 where loose, 0 where neither.

    Names in another order are of two rows: nobody bears them as they stand.
    """
    levels = unpack_levels(patterns, len(COMPARISONS))
    place = {comparison.name: at for at, comparison in enumerate(COMPARISONS)}
    surname = np.maximum(*(levels[:, place[name]] for name in SURNAME))
    others = (levels[:, place[name]] for name in NAMES if name != "surname")
    found = np.column_stack([surname, *others])
    as_written = levels[:, place["name_order"]] == 1
    return np.where((found <= 2) & as_written[:, None], found, 0)


def _excess_bits(
    engine: duckdb.DuckDBPyConnection, shared: int, population: int
) -> tuple[Ints, Floats]:
    """Of the pairs that share just these names: log2 of counted bearers over expected."""
    names = [name for at, name in enumerate(NAMES) if shared >> at & 1]
    codes = ", ".join(f"{name}_loose" for name in names)
    held = ", ".join(f"l.{name}_loose" for name in names)
    same = " AND ".join(f"b.{name}_loose = l.{name}_loose" for name in names)
    joins = " ".join(
        f"LEFT JOIN {PREFIX}_freq_{name}_{fold} AS {name}_{fold} "
        f"ON {name}_{fold}.code = l.{name}_{fold} "
        f"CROSS JOIN {PREFIX}_rest_{name}_{fold} AS {name}_{fold}_rest"
        for name in names
        for fold in ("key", "loose")
    )
    expected = " + ".join(
        f"CASE p.{name} WHEN 1 THEN coalesce({name}_key.bits, {name}_key_rest.bits) "
        f"ELSE coalesce({name}_loose.bits, {name}_loose_rest.bits) END"
        for name in names
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {BEARERS} AS
        SELECT {codes}, count(DISTINCT birth_date) AS dates FROM {NODES} SEMI JOIN (
            SELECT DISTINCT {held} FROM {NODES} AS l
            SEMI JOIN {PAIRS} AS p ON p.left_node = l.node AND p.shared = {shared}
        ) USING ({codes}) GROUP BY {codes}
        """
    )
    found = engine.execute(
        f"""
        SELECT pair, log2(others / {population}) - expected AS bits FROM (
            SELECT p.pair, {expected} AS expected, b.dates - CASE
                WHEN l.birth_date IS NOT DISTINCT FROM r.birth_date
                THEN (l.birth_date IS NOT NULL)::INTEGER
                ELSE (l.birth_date IS NOT NULL)::INTEGER
                    + (r.birth_date IS NOT NULL)::INTEGER END AS others
            FROM {PAIRS} AS p
            JOIN {NODES} AS l ON l.node = p.left_node
            JOIN {NODES} AS r ON r.node = p.right_node
            JOIN {BEARERS} AS b ON {same} {joins}
            WHERE p.shared = {shared}
        ) WHERE others > 0
        """
    ).fetchnumpy()
    return (
        np.asarray(found["pair"], dtype=np.int64),
        np.asarray(found["bits"], dtype=np.float64),
    )
