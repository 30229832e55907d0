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
        SELECT c.node, c.label, r.row_id, r.registration_kind, r.document_key,
            r.citizenship, row_number() OVER (ORDER BY {BEST_FIRST}) AS precedence,
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
    persons = engine.sql(
        f"""
        SELECT {person_of("n.at")} AS person_id, n.row_id AS main_row_id,
            coalesce(g.row_count, 1) AS row_count, n.pinfl, n.sex, n.birth_date,
            n.birth_date_precision,
            if(g.label IS NULL, n.citizenship, g.citizenship) AS citizenship,
            if(g.label IS NULL, n.document_key, g.document_key) AS document_key,
            if(g.label IS NULL, if(n.registration_kind = 'PERMANENT', n.row_id, NULL),
                g.permanent_row_id) AS permanent_row_id,
            if(g.label IS NULL, if(n.registration_kind = 'TEMPORARY', n.row_id, NULL),
                g.temporary_row_id) AS temporary_row_id
        FROM (SELECT *, {encoded.node} AS at FROM {encoded.source} AS t) AS n
        JOIN {RANKS} AS rank ON rank.word = n.at // {WORD}
        LEFT JOIN {PREFIX}_grouped AS g ON g.main_node = n.at
        WHERE (rank.absorbed >> (n.at % {WORD})) & 1 = 0
        """
    )
    links = engine.sql(
        f"""
        SELECT n.row_id, coalesce(c.person_id, {person_of("n.at")}) AS person_id,
            coalesce(c.rule, 'SINGLE') AS rule, c.match_weight, c.pattern
        FROM (SELECT row_id, {encoded.node} AS at FROM {encoded.source} AS t) AS n
        JOIN {RANKS} AS rank ON rank.word = n.at // {WORD}
        LEFT JOIN {CLUSTERS} AS c ON c.node = n.at
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
    row's person, and the bits of those in it. CLUSTERS gets its person_id.

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
    words = np.zeros(count // WORD + 1, dtype=np.int64)
    np.bitwise_or.at(words, absorbed // WORD, np.int64(1) << (absorbed % WORD))
    held = np.bincount(absorbed // WORD, minlength=len(words))
    store_columns(
        engine,
        RANKS,
        word=np.arange(len(words), dtype=np.int32),
        before=np.r_[0, np.cumsum(held)[:-1]].astype(np.int32),
        absorbed=words,
    )
    person = main - np.searchsorted(absorbed, main)
    store_columns(engine, f"{PREFIX}_number", node=node, person_id=person)
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {CLUSTERS} AS SELECT c.*, p.person_id "
        f"FROM {CLUSTERS} AS c JOIN {PREFIX}_number AS p USING (node)"
    )
    return absorbed
