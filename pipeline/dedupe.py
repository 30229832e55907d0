"""Person matching alone, on any table of persons that a profile describes.

The mechanics are those of person resolution; nothing here knows the voter list. Names
that stand for one another (Dick and Richard) are learned from the table itself: pairs of
different names that keep meeting in clusters held together by other evidence.
"""

import duckdb
import numpy as np
import polars as pl

from pipeline.dedupe_columns import coded_columns, comparison, make_neighbours
from pipeline.dedupe_profile import Profile, ProfileColumn, read_profile
from pipeline.errors import ConfigurationError, SourceError
from pipeline.linkage.block import (
    BlockingRule,
    collect_pairs,
    pairs_sql,
    plan_blocks,
)
from pipeline.linkage.cluster import Ints, Links, cluster
from pipeline.linkage.compare import Comparison, Condition, Tier
from pipeline.linkage.estimate import (
    Model,
    count_frequencies,
    estimate_m,
    split_patterns,
    u_probabilities,
)
from pipeline.linkage.frames import row_count, store_frame
from pipeline.linkage.score import (
    add_frequencies,
    count_patterns_sql,
    score_pairs_sql,
)
from pipeline.run import join
from pipeline.tables import has_file, read_rows, read_text, write_rows

PREFIX = "dedupe"
NODES = f"{PREFIX}_node"
CAPPED = f"{PREFIX}_capped"
"""Pairs that were too many to be compared: rule, blocks, pairs."""
COLUMN_ORDER = Comparison(
    "column_order",
    (Tier("as_written", "column_order"),),
    {"as_written": 0.97, "swapped": 0.02, "other": 0.01},
    conditions=(Condition("swapped", "l.is_variant", 1.0),),
    has_frequencies=False,
)
CAPPED_COLUMNS = {"rule": pl.String, "blocks": pl.Int64, "pairs": pl.Int64}
VARIANT_PERSONS_MIN = 2
"""Clusters in which two names must meet before each is taken for the other's variant."""


def dedupe(
    engine: duckdb.DuckDBPyConnection, rows: duckdb.DuckDBPyRelation, profile: Profile
) -> duckdb.DuckDBPyRelation:
    """(record_id, person_id) for every row of a table of persons.

    Args:
        engine: where the TEMP tables `dedupe_*` are made.
        rows: the table; columns as the profile names them.
        profile: what is evidence and where pairs are looked for.

    Returns:
        One row per row; person_id is dense, in the order of record_id. Rows of one
        record_id (which should be unique) stay apart.
    """
    count = _encode(engine, rows, profile)
    for column in profile.columns:
        make_neighbours(engine, column, PREFIX)
    comparisons = tuple(comparison(column) for column in profile.columns)
    if profile.swapped:
        comparisons = (*comparisons, COLUMN_ORDER)
    labels = _match(engine, profile, comparisons, count, "node")
    _store_labels(engine, labels)
    for column in profile.columns:
        if column.kind == "name":
            _learn_variants(engine, column)
    labels = _match(engine, profile, comparisons, count, "label")
    _store_labels(engine, labels)
    return engine.sql(
        f"SELECT record_id, dense_rank() OVER (ORDER BY label) - 1 AS person_id "
        f"FROM {NODES}"
    )


def dedupe_table(
    engine: duckdb.DuckDBPyConnection, file: str, profile: str, output: str
) -> dict[str, int]:
    """Match the persons of a CSV or Parquet file; write `output`/person_links.parquet.

    Args:
        engine: an open engine.
        file: the table.
        profile: TOML file, see pipeline.dedupe_profile.
        output: folder for person_links.parquet (record_id, person_id).

    Returns:
        How many rows and persons there are, and how many pairs were too many to be
        compared.

    Raises:
        SourceError: the file is not there, not readable, or lacks a column.
        ConfigurationError: the profile is wrong.
    """
    if not has_file(profile):
        raise ConfigurationError(f"no profile {profile}")
    wanted = read_profile(read_text(profile), profile)
    rows = read_rows(engine, file)
    missing = sorted(wanted.needed_columns() - set(rows.columns))
    if missing:
        raise SourceError(f"the table lacks the columns {missing} that {profile} names")
    links = dedupe(engine, rows, wanted)
    target = join(output, "person_links.parquet")
    count = write_rows(engine, links, target, "record_id")
    persons = engine.sql(f"SELECT count(DISTINCT label) FROM {NODES}").fetchall()[0][0]
    capped = engine.sql(f"SELECT coalesce(sum(pairs), 0) FROM {CAPPED}").fetchall()[0][0]
    return {"rows": count, "persons": int(persons), "pairs_capped": int(capped)}


def _encode(
    engine: duckdb.DuckDBPyConnection, rows: duckdb.DuckDBPyRelation, profile: Profile
) -> int:
    coded = [c for column in profile.columns for c in coded_columns(column)]
    texts = ", ".join(f"{c.sql} AS {c.name}" for c in coded)
    source = f'dense_rank() OVER (ORDER BY "{profile.source}")' if profile.source else "0"
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {PREFIX}_text AS SELECT "
        f'(row_number() OVER (ORDER BY "{profile.record_id}", {_tail(rows)}) - 1)'
        f'::INTEGER AS node, CAST("{profile.record_id}" AS VARCHAR) AS record_id, '
        f"{source} AS source, {texts} FROM rows"
    )
    partner = {a: b for pair in profile.swapped for a, b in (pair, pair[::-1])}
    for column in coded:
        # Columns that are exchanged share their codes.
        texts = " UNION ALL ".join(
            f"SELECT {name} AS text FROM {PREFIX}_text"
            for name in sorted({column.name, partner.get(column.name, column.name)})
        )
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {PREFIX}_value_{column.name} AS SELECT "
            f"(row_number() OVER (ORDER BY text) - 1)::INTEGER AS code, text, rows FROM "
            f"(SELECT text, count(*) AS rows FROM ({texts}) "
            f"WHERE text IS NOT NULL GROUP BY ALL)"
        )
    codes = ", ".join(f"v_{c.name}.code AS {c.name}" for c in coded)
    joins = " ".join(
        f"LEFT JOIN {PREFIX}_value_{c.name} AS v_{c.name} ON v_{c.name}.text = t.{c.name}"
        for c in coded
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {NODES} AS SELECT t.node, t.record_id, t.source, "
        f"t.node AS row_id, true AS is_open, false AS is_variant, 1 AS column_order, "
        f"{codes} "
        f"FROM {PREFIX}_text AS t {joins}"
    )
    return row_count(engine, NODES)


def _tail(rows: duckdb.DuckDBPyRelation) -> str:
    return ", ".join(f'"{column}"' for column in rows.columns)


def _match(
    engine: duckdb.DuckDBPyConnection,
    profile: Profile,
    comparisons: tuple[Comparison, ...],
    count: int,
    person: str,
) -> Ints:
    count_frequencies(engine, comparisons, NODES, PREFIX, person)
    rules = _rules(profile)
    seeking, opening = f"{PREFIX}_seeking", f"{PREFIX}_open"
    _make_open_rows(engine, profile, opening)
    add_frequencies(engine, comparisons, opening, seeking, PREFIX)
    steps, capped = plan_blocks(engine, rules, PREFIX, seeking, NODES)
    store_frame(engine, CAPPED, pl.DataFrame(capped, schema=CAPPED_COLUMNS))
    condition = "l.source <> r.source" if profile.source else "true"
    u = tuple(u_probabilities(engine, c, PREFIX) for c in comparisons)
    met = f"{PREFIX}_pair"
    collect_pairs(engine, steps, met, (seeking, NODES), condition)
    pairs = pairs_sql(met, seeking)
    seen = engine.execute(count_patterns_sql(pairs, comparisons, PREFIX)).fetchnumpy()
    counts = split_patterns(seen, [step.rule.fixes for step in steps])
    m, expected = estimate_m(comparisons, u, counts)
    prior = float(np.log2(max([*expected, 0.5]) / (count * max(count - 1, 1) / 2)))
    model = Model(comparisons, m, u, prior, count)
    scored = f"{PREFIX}_scored"
    query = score_pairs_sql(pairs, model, PREFIX, (), profile.link_bits - prior)
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {scored} AS {query}")
    found = engine.execute(
        f"SELECT left_node, right_node, max(weight) AS weight FROM {scored} "
        f"GROUP BY ALL ORDER BY ALL"
    ).fetchnumpy()
    links = Links(
        np.asarray(found["left_node"], dtype=np.int64),
        np.asarray(found["right_node"], dtype=np.int64),
        np.asarray(found["weight"], dtype=np.float64),
    )
    if profile.source:
        links = _one_to_one(links)
    return cluster(count, links).labels


def _one_to_one(links: Links) -> Links:
    """Heaviest links first, each row at most once; ties by (left, right)."""
    order = np.lexsort((links.right, links.left, -links.weight))
    taken: set[int] = set()
    kept = []
    for place, left, right in zip(
        order.tolist(),
        links.left[order].tolist(),
        links.right[order].tolist(),
        strict=True,
    ):
        if left not in taken and right not in taken:
            taken |= {left, right}
            kept.append(place)
    return Links(links.left[kept], links.right[kept], links.weight[kept])


def _make_open_rows(
    engine: duckdb.DuckDBPyConnection, profile: Profile, table: str
) -> None:
    """All rows, and for each pair of columns that get exchanged a variant of each row."""
    variants = [
        f"SELECT * REPLACE ({two} AS {one}, {one} AS {two}, true AS is_variant, "
        f"2 AS column_order) FROM {NODES} WHERE {one} IS NOT NULL OR {two} IS NOT NULL"
        for one, two in profile.swapped
    ]
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS "
        + " UNION ALL BY NAME ".join([f"SELECT * FROM {NODES}", *variants])
    )


def _rules(profile: Profile) -> tuple[BlockingRule, ...]:
    return tuple(BlockingRule("_".join(on), on, on) for on in profile.blocks)


def _store_labels(engine: duckdb.DuckDBPyConnection, labels: Ints) -> None:
    store_frame(
        engine,
        f"{PREFIX}_label",
        pl.DataFrame({"node": np.arange(len(labels)), "label": labels}),
    )
    kept = ", ".join(f"n.{c}" for c in engine.table(NODES).columns if c != "label")
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {NODES} AS SELECT {kept}, t.label "
        f"FROM {NODES} AS n JOIN {PREFIX}_label AS t USING (node)"
    )


def _learn_variants(engine: duckdb.DuckDBPyConnection, column: ProfileColumn) -> None:
    """Names that meet in clusters much more often than chance: grade 1 of the kind."""
    table = f"{PREFIX}_near_{column.name}"
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {table} AS
        WITH held AS (
            SELECT DISTINCT label, {column.name} AS code FROM {NODES}
            WHERE {column.name} IS NOT NULL
        ), persons AS (
            SELECT code, count(*) AS n FROM held GROUP BY code
        ), together AS (
            SELECT a.code AS left_code, b.code AS right_code, count(*) AS n
            FROM held AS a JOIN held AS b ON a.label = b.label AND a.code <> b.code
            GROUP BY ALL HAVING count(*) >= {VARIANT_PERSONS_MIN}
        ), variant AS (
            SELECT left_code, right_code, 1::TINYINT AS grade FROM together
            JOIN persons AS p ON p.code = left_code
            JOIN persons AS q ON q.code = right_code
            WHERE together.n >= 0.05 * least(p.n, q.n)
        )
        SELECT * FROM variant
        UNION ALL
        SELECT left_code, right_code, grade FROM {table} AS n
        WHERE NOT EXISTS (SELECT 1 FROM variant AS v
            WHERE v.left_code = n.left_code AND v.right_code = n.right_code)
        """
    )
