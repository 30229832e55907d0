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
BEST_FIRST = """pinfl IS NULL,
    CASE registration_kind WHEN 'PERMANENT' THEN 0 WHEN 'TEMPORARY' THEN 1 ELSE 2 END,
    updated_at DESC NULLS LAST, registered_on DESC NULLS LAST, row_id"""
NEWEST_FIRST = "registered_on DESC NULLS LAST, updated_at DESC NULLS LAST, row_id"


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
            row_number() OVER (ORDER BY {BEST_FIRST}) AS precedence,
            row_number() OVER (ORDER BY {NEWEST_FIRST}) AS age
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
    return persons, links, encoded.count - len(absorbed)


def person_of(node: str) -> str:
    """SQL of the person of a row that names its person: how many such rows come before.

    `rank` is the row's line of RANKS.
    """
    before = f"rank.absorbed & ((1::BIGINT << ({node} % {WORD})) - 1)"
    return f"({node} - rank.before - bit_count({before}))::BIGINT"


def _number_persons(engine: duckdb.DuckDBPyConnection, count: int) -> Ints:
    """Number persons by their main rows, without a sort: rank in an array of bits.

    RANKS holds, for each WORD of nodes, how many rows before it are taken into another
    row's person, the bits of those in it, and the bits of all that share a person.
    CLUSTERS gets its person_id.

    Returns:
        The nodes taken into another row's person, sorted.
    """
    found = engine.execute(
        f"SELECT c.node, g.main_node FROM {CLUSTERS} AS c "
        f"JOIN {PREFIX}_grouped AS g USING (label) ORDER BY c.node"
    ).fetchnumpy()
    node = np.asarray(found["node"], dtype=np.int64)
    main = np.asarray(found["main_node"], dtype=np.int64)
    absorbed: Ints = node[node != main]
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
    person = main - np.searchsorted(absorbed, main)
    store_columns(engine, f"{PREFIX}_number", node=node, person_id=person)
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {CLUSTERS} AS SELECT c.*, p.person_id "
        f"FROM {CLUSTERS} AS c JOIN {PREFIX}_number AS p USING (node)"
    )
    return absorbed


def _bits(nodes: Ints, words: int) -> Ints:
    """Of each WORD of nodes the bits of those given."""
    bits = np.zeros(words, dtype=np.int64)
    np.bitwise_or.at(bits, nodes // WORD, np.int64(1) << (nodes % WORD))
    return bits
