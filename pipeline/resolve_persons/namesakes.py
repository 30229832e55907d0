"""How many people bear the names that a pair shares: counted, where it is multiplied.

Weights treat names as independent. They are not: a surname, a given name and a patronymic
of one people and one sex go together, so a full name that chance should give once in a
country stands a hundred times in one region. Of pairs heavy enough to be merged the bearers
of the shared names are counted, as McDonald and Levitt ("Seeing Double Voting", Election
Law Journal 7, 2008) count them, and what the product underrates is taken off the weight.
"""

import duckdb
import numpy as np
import polars as pl

from pipeline.linkage.cluster import Ints
from pipeline.linkage.compare import unpack_levels
from pipeline.linkage.estimate import Floats
from pipeline.linkage.frames import store_frame
from pipeline.resolve_persons.encode import NAMES
from pipeline.resolve_persons.model import COMPARISONS, SURNAME

DEPENDENCE_BITS = 4.0
"""So far a count may stand above the product before it counts: names are always a little
dependent, which the threshold for a merge allows for."""
NAMES_MIN = 2


def underrated_bits(
    engine: duckdb.DuckDBPyConnection,
    pairs: tuple[Ints, Ints, Ints],
    prefix: str,
    population: int,
) -> Floats:
    """By how many bits each pair weighs too much; zero where nobody else bears its names.

    Bearers are counted by their different birth dates, those of the pair left out, among
    the rows with the same loose keys of all names that agree (exactly or loosely), where
    at least two do. A pair whose names stand in another order gets zero.

    Args:
        engine: with the coded rows `<prefix>_node` and their frequency tables.
        pairs: left nodes, right nodes and patterns.
        prefix: of the tables.
        population: rows among which chance acts.
    """
    left, right, pattern = pairs
    tiers = _name_tiers(pattern)
    shared = (tiers > 0) @ (1 << np.arange(len(NAMES)))
    chosen = np.flatnonzero((tiers > 0).sum(axis=1) >= NAMES_MIN)
    named = pl.DataFrame(
        {
            "pair": chosen,
            "left_node": left[chosen],
            "right_node": right[chosen],
            "shared": shared[chosen],
            **{name: tiers[chosen, place] for place, name in enumerate(NAMES)},
        }
    )
    store_frame(engine, f"{prefix}_named_pair", named)
    _keep_named(engine, prefix)
    bits = np.zeros(len(pattern), dtype=np.float64)
    for names in np.unique(shared[chosen]).tolist():
        pair, excess = _excess(engine, names, prefix, population)
        bits[pair] = np.maximum(excess - DEPENDENCE_BITS, 0.0)
    return bits


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


def _keep_named(engine: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """Make `<prefix>_named`: the rows of the pairs, found in one pass over all rows."""
    folds = ", ".join(f"{name}_{fold}" for name in NAMES for fold in ("key", "loose"))
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_named AS
        SELECT node, birth_date, {folds} FROM {prefix}_node SEMI JOIN (
            SELECT left_node AS node FROM {prefix}_named_pair
            UNION SELECT right_node FROM {prefix}_named_pair
        ) USING (node)
        """
    )


def _excess(
    engine: duckdb.DuckDBPyConnection, shared: int, prefix: str, population: int
) -> tuple[Ints, Floats]:
    """Of the pairs that share just these names: log2 of counted bearers over expected."""
    rows, pairs = f"{prefix}_named", f"{prefix}_named_pair"
    names = [name for at, name in enumerate(NAMES) if shared >> at & 1]
    codes = ", ".join(f"{name}_loose" for name in names)
    held = ", ".join(f"l.{name}_loose" for name in names)
    same = " AND ".join(f"b.{name}_loose = l.{name}_loose" for name in names)
    joins = " ".join(
        f"LEFT JOIN {prefix}_freq_{name}_{fold} AS {name}_{fold} "
        f"ON {name}_{fold}.code = l.{name}_{fold} "
        f"CROSS JOIN {prefix}_rest_{name}_{fold} AS {name}_{fold}_rest"
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
        CREATE OR REPLACE TEMP TABLE {prefix}_bearer AS
        SELECT {codes}, count(DISTINCT birth_date) AS dates FROM {prefix}_node SEMI JOIN (
            SELECT DISTINCT {held} FROM {rows} AS l
            SEMI JOIN {pairs} AS p ON p.left_node = l.node AND p.shared = {shared}
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
            FROM {pairs} AS p
            JOIN {rows} AS l ON l.node = p.left_node
            JOIN {rows} AS r ON r.node = p.right_node
            JOIN {prefix}_bearer AS b ON {same} {joins}
            WHERE p.shared = {shared}
        ) WHERE others > 0
        """
    ).fetchnumpy()
    return (
        np.asarray(found["pair"], dtype=np.int64),
        np.asarray(found["bits"], dtype=np.float64),
    )
