"""One Person per cluster, and the crosswalk from rows to persons.

Nearly every row is a person of its own, so only rows of larger clusters are written down;
the others are streamed from the records when somebody reads the result.
"""

import duckdb
import numpy as np

from pipeline.linkage.cluster import Ints
from pipeline.linkage.frames import store_columns
from pipeline.resolve_persons.encode import PREFIX, Encoded

CLUSTERS = f"{PREFIX}_cluster"
RANKS = f"{PREFIX}_rank"
WORD = 32
NODES_MAX = 1 << 31
"""Nodes are INTEGERs."""
YEARS_END = 2_932_897
"""Days from 1970 to the end of the year 9999, the last that a record can have."""


def consolidate(
    engine: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    encoded: Encoded,
) -> tuple[duckdb.DuckDBPyRelation, duckdb.DuckDBPyRelation, int]:
    """Persons, person links, and how many persons there are.

    Precedence as in the docstring of schemas.person.Person; the newest registration of a
    kind is the one that began last, then the one updated last, then the smallest row_id.

    Args:
        engine: with CLUSTERS: node, label, rule, match_weight, pattern of every row that
            shares its cluster.
        records: PersonRecord.
        encoded: how the rows are numbered.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_placed AS
        SELECT c.node, c.label, r.row_id, r.pinfl, r.sex, r.birth_date,
            r.birth_date_precision, r.registration_kind, r.document_key, r.citizenship,
            {_best_first()} AS precedence, {_newest_first()} AS age
        FROM (SELECT *, {encoded.node} AS at FROM {encoded.source} AS t) AS r
        JOIN {CLUSTERS} AS c ON c.node = r.at
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_grouped AS
        SELECT label, count(*) AS row_count, arg_min(node, precedence) AS main_node,
            arg_min(citizenship, precedence) FILTER (citizenship IS NOT NULL)
                AS citizenship,
            arg_min(document_key, age) FILTER (document_key IS NOT NULL) AS document_key,
            arg_min(row_id, age) FILTER (registration_kind = 'PERMANENT')
                AS permanent_row_id,
            arg_min(row_id, age) FILTER (registration_kind = 'TEMPORARY')
                AS temporary_row_id
        FROM {PREFIX}_placed GROUP BY label
        """
    )
    absorbed = _number_persons(engine, encoded.count)
    alone = (
        f"(SELECT *, {encoded.node} AS at FROM {encoded.source} AS t) AS n "
        f"JOIN {RANKS} AS rank ON rank.word = n.at // {WORD} "
        f"WHERE (rank.shared >> (n.at % {WORD})) & 1 = 0"
    )
    persons = engine.sql(
        f"""
        SELECT {person_of("n.at")} AS person_id, row_id AS main_row_id, 1 AS row_count,
            pinfl, sex, birth_date, birth_date_precision, citizenship, document_key,
            if(registration_kind = 'PERMANENT', row_id, NULL) AS permanent_row_id,
            if(registration_kind = 'TEMPORARY', row_id, NULL) AS temporary_row_id
        FROM {alone}
        UNION ALL
        SELECT c.person_id, m.row_id, g.row_count, m.pinfl, m.sex, m.birth_date,
            m.birth_date_precision, g.citizenship, g.document_key, g.permanent_row_id,
            g.temporary_row_id
        FROM {PREFIX}_grouped AS g
        JOIN {PREFIX}_placed AS m ON m.node = g.main_node
        JOIN {CLUSTERS} AS c ON c.node = g.main_node
        """
    )
    links = engine.sql(
        f"""
        SELECT row_id, {person_of("n.at")} AS person_id, 'SINGLE' AS rule,
            NULL::DOUBLE AS match_weight, NULL::VARCHAR AS pattern
        FROM {alone}
        UNION ALL
        SELECT p.row_id, c.person_id, c.rule, c.match_weight, c.pattern
        FROM {CLUSTERS} AS c JOIN {PREFIX}_placed AS p USING (node)
        """
    )
    return persons, links, encoded.count - absorbed


def _best_first() -> str:
    """SQL of a number of r that is smaller, the sooner the row speaks for its person."""
    kind = (
        "CASE r.registration_kind WHEN 'PERMANENT' THEN 0 WHEN 'TEMPORARY' THEN 1 "
        "ELSE 2 END"
    )
    return _number_of(
        ("(r.pinfl IS NULL)::TINYINT", 2),
        (kind, 3),
        _newest_update(),
        _newest_registration(),
        ("c.node", NODES_MAX),
    )


def _newest_first() -> str:
    """SQL of a number of r that is smaller, the newer the registration."""
    return _number_of(_newest_registration(), _newest_update(), ("c.node", NODES_MAX))


def _newest_update() -> tuple[str, int]:
    return _before_end("epoch_us(r.updated_at)", YEARS_END * 86_400_000_000, 1 << 59)


def _newest_registration() -> tuple[str, int]:
    return _before_end("(r.registered_on - DATE '1970-01-01')", YEARS_END, 1 << 22)


def _before_end(since_1970: str, end: int, base: int) -> tuple[str, int]:
    """How long before the end of the years a time is, as a digit; unknown comes last."""
    return (
        f"if({since_1970} IS NULL, {base - 1}, "
        f"least(greatest({end} - {since_1970}, 0), {base - 2}))",
        base,
    )


def _number_of(*digits: tuple[str, int]) -> str:
    """SQL of one number that sorts as its digits do; each is given with its base.

    Groups find their least row by it, and no sort of all rows by five columns is needed.
    """
    number = "0::HUGEINT"
    for digit, base in digits:
        number = f"({number} * {base} + {digit})"
    return number


def person_of(node: str) -> str:
    """SQL of the person of a row that names its person: how many such rows come before.

    `rank` is the row's line of RANKS.
    """
    before = f"rank.absorbed & ((1::BIGINT << ({node} % {WORD})) - 1)"
    return f"({node} - rank.before - bit_count({before}))::BIGINT"


def _number_persons(engine: duckdb.DuckDBPyConnection, count: int) -> int:
    """Number persons by their main rows, without a sort: rank in an array of bits.

    RANKS holds, for each WORD of nodes, how many rows before it are taken into another
    row's person, the bits of those in it, and the bits of all that share a person.
    CLUSTERS gets its person_id.

    Returns:
        How many rows are taken into another row's person.
    """
    found = engine.execute(
        f"SELECT c.node, c.node <> g.main_node AS is_absorbed FROM {CLUSTERS} AS c "
        f"JOIN {PREFIX}_grouped AS g USING (label)"
    ).fetchnumpy()
    node = np.asarray(found["node"], dtype=np.int64)
    absorbed: Ints = node[np.asarray(found["is_absorbed"], dtype=np.bool_)]
    words = count // WORD + 1
    held = np.bincount(absorbed // WORD, minlength=words)
    store_columns(
        engine,
        RANKS,
        word=np.arange(words, dtype=np.int32),
        before=np.r_[0, np.cumsum(held)[:-1]].astype(np.int32),
        absorbed=_bits(absorbed, words),
        shared=_bits(node, words),
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {CLUSTERS} AS "
        f"SELECT c.*, {person_of('g.main_node')} AS person_id FROM {CLUSTERS} AS c "
        f"JOIN {PREFIX}_grouped AS g USING (label) "
        f"JOIN {RANKS} AS rank ON rank.word = g.main_node // {WORD}"
    )
    return len(absorbed)


def _bits(nodes: Ints, words: int) -> Ints:
    """Of each WORD of nodes the bits of those given."""
    bits = np.zeros(words, dtype=np.int64)
    np.bitwise_or.at(bits, nodes // WORD, np.int64(1) << (nodes % WORD))
    return bits
