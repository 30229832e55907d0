"""What a night keeps for the next: a digest of each row, and its scored pairs.

By frozen parameters a pair's weight is decided by its two rows, by how many rows hold their
document and address, and by which blocks are too large. All of that goes into a row's
digest. So a pair of two rows whose digests were there last night has last night's weight,
and only pairs with a changed row are met and compared again. docs/adr/what-a-night-keeps.md
"""

from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from pipeline.linkage.block import BlockedRule
from pipeline.linkage.cluster import Ints
from pipeline.linkage.frames import column_batches, in_order, row_count, store_columns
from pipeline.resolve_persons.encode import NODES, OPEN, PREFIX

DIGESTS = f"{PREFIX}_digest"
CHANGED = f"{PREFIX}_changed"
KEPT = f"{PREFIX}_kept"
PIECE_ROWS = 1 << 18
SLICES = 8
SLICE = 2**63 // SLICES
MULTIPLIERS = tuple(
    np.uint64(number)
    for number in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Night:
    """Relations of one night: `rows` (digest), sorted; `pairs` by digests of their rows."""

    rows: duckdb.DuckDBPyRelation
    pairs: duckdb.DuckDBPyRelation


def digest_rows(engine: duckdb.DuckDBPyConnection, steps: list[BlockedRule]) -> None:
    """Make DIGESTS (node, digest): all that decides a row's part in a weight.

    Args:
        engine: with the coded records, digests of their values among them, frequencies of
            documents, and the tables of plan_blocks.
        steps: what plan_blocks gave.
    """
    count = row_count(engine, NODES)
    digest = np.empty(count, dtype=np.uint64)
    address = np.empty(count, dtype=np.int32)
    query = f"SELECT node, digest, coalesce(address_id, -1) FROM {PREFIX}_coded"
    for node, values, addresses in column_batches(engine, query):
        digest[node] = values.view(np.uint64)
        address[node] = addresses
    _add_addresses(digest, address, _rows_at(engine, int(address.max(initial=-1)) + 1))
    for place, query in enumerate(_facts(steps), start=1):
        fact = engine.execute(query).fetchnumpy()
        held = np.asarray(fact["node"], dtype=np.int64)
        amount = np.asarray(fact["amount"], dtype=np.int64).view(np.uint64)
        digest[held] = _mixed(digest[held] ^ _mixed(amount + np.uint64(place << 32)))
    digest >>= np.uint64(2)
    # The lowest bit is kept free for find_changed.
    digest <<= np.uint64(1)
    store_columns(
        engine,
        DIGESTS,
        node=np.arange(count, dtype=np.int32),
        digest=digest.view(np.int64),
    )


def _rows_at(engine: duckdb.DuckDBPyConnection, size: int) -> Words:
    """How many rows there are at each address: one, unless count_values listed it."""
    rows = np.ones(size, dtype=np.uint64)
    query = f"SELECT code, rows FROM {PREFIX}_freq_address_id"
    for code, held in column_batches(engine, query):
        rows[code] = held
    return rows


def _add_addresses(digest: Words, address: npt.NDArray[np.int32], rows: Words) -> None:
    """Mix in the digest of the first row at the same address and how many rows it has.

    An address has another number every night, so it is known by who comes first in it.
    In place and piece by piece: the arrays are as long as the register.

    Args:
        digest: of each row's values.
        address: of each row; -1 for none.
        rows: how many there are at each address.
    """
    size = len(rows)
    first = np.zeros(size + 1, dtype=np.int32)
    for begin in reversed(range(0, len(address), PIECE_ROWS)):
        piece = address[begin : begin + PIECE_ROWS][::-1]
        # Of several rows at one address the last one written stays: the first.
        first[piece] = np.arange(begin + len(piece) - 1, begin - 1, -1, dtype=np.int32)
    shared = np.empty(size, dtype=np.uint64)
    for begin in range(0, size, PIECE_ROWS):
        one = slice(begin, min(begin + PIECE_ROWS, size))
        shared[one] = _mixed(_mixed(digest[first[one]] ^ _mixed(rows[one])))
    for begin in range(0, len(address), PIECE_ROWS):
        piece = address[begin : begin + PIECE_ROWS]
        known = np.flatnonzero(piece >= 0)
        digest[begin + known] ^= shared[piece[known]]


def _facts(steps: list[BlockedRule]) -> list[str]:
    """SQL of (node, amount): documents held by several rows, variants, large blocks."""
    facts = [
        f"SELECT n.node, f.rows AS amount FROM {NODES} AS n "
        f"JOIN {PREFIX}_freq_document_key AS f ON f.code = n.document_key "
        f"WHERE f.rows > 1",
        f"SELECT node, 1::BIGINT AS amount FROM {OPEN} WHERE is_variant",
    ]
    for step in steps:
        if step.without:
            equal = " AND ".join(
                f"o.{column} = large.k{place}"
                for place, column in enumerate(step.open_columns)
            )
            facts.append(
                f"SELECT node, sum(1 + is_variant::BIGINT)::BIGINT AS amount FROM "
                f"{OPEN} AS o WHERE EXISTS (SELECT 1 FROM {step.without} AS large "
                f"WHERE {equal}) GROUP BY node"
            )
    return facts


def _mixed(words: Words) -> Words:
    """Each bit of the result depends on all bits of the word (the finish of SplitMix64)."""
    mixed = words + MULTIPLIERS[0]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * MULTIPLIERS[1]
    mixed = (mixed ^ (mixed >> np.uint64(27))) * MULTIPLIERS[2]
    return mixed ^ (mixed >> np.uint64(31))


def find_changed(engine: duckdb.DuckDBPyConnection, night: Night) -> None:
    """Make CHANGED, the nodes whose digest was not there last night, and KEPT pairs.

    Two rows of one digest count as changed: nobody could tell whose pair is whose.
    """
    tonight = engine.table(DIGESTS)
    fresh: list[Ints] = []
    for place in range(SLICES):
        limits = f"digest BETWEEN {place * SLICE} AND {place * SLICE + SLICE - 1}"
        before, now = (
            np.asarray(rows.filter(limits).fetchnumpy()["digest"], dtype=np.int64)
            for rows in (night.rows, tonight)
        )
        fresh.append(_fresh(np.concatenate([before, now | 1])))
    store_columns(engine, f"{PREFIX}_fresh", digest=np.unique(np.concatenate(fresh)))
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {CHANGED} AS SELECT n.* FROM {NODES} AS n "
        f"SEMI JOIN (SELECT node FROM {DIGESTS} SEMI JOIN {PREFIX}_fresh USING (digest)) "
        f"AS fresh USING (node)"
    )
    pairs = night.pairs
    pairs.create_view(f"{PREFIX}_before", replace=True)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {KEPT} AS
        WITH known AS (
            SELECT node, digest FROM {DIGESTS} ANTI JOIN {CHANGED} USING (node)
        ), held AS (
            SELECT node, digest FROM known SEMI JOIN (
                SELECT left_digest AS digest FROM {PREFIX}_before
                UNION SELECT right_digest FROM {PREFIX}_before
            ) USING (digest)
        )
        SELECT least(l.node, r.node) AS left_node, greatest(l.node, r.node) AS right_node,
            pattern, weight, chance_bits
        FROM {PREFIX}_before AS p
        JOIN held AS l ON l.digest = p.left_digest
        JOIN held AS r ON r.digest = p.right_digest
        """
    )


def _fresh(digests: Ints) -> Ints:
    """Those marked by their lowest bit that do not come without it, or come twice."""
    digests = in_order(digests)
    is_known = np.r_[False, digests[1:] - digests[:-1] == 1]
    fresh: Ints = digests[((digests & 1) == 1) & ~is_known]
    return fresh & ~np.int64(1)


def keep_night(engine: duckdb.DuckDBPyConnection, scored: str) -> Night:
    """Tonight's digests and scored pairs, for the next night."""
    return Night(
        rows=engine.sql(f"SELECT digest FROM {DIGESTS} ORDER BY digest"),
        pairs=engine.sql(
            f"SELECT l.digest AS left_digest, r.digest AS right_digest, s.pattern, "
            f"s.weight, s.chance_bits FROM {scored} AS s "
            f"JOIN {DIGESTS} AS l ON l.node = s.left_node "
            f"JOIN {DIGESTS} AS r ON r.node = s.right_node "
            f"ORDER BY left_digest, right_digest"
        ),
    )
