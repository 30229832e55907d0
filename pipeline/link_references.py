"""Restrictions, rosters and supplementary rows to the persons they name.

A row that names nobody for certain names nobody: a death linked to the wrong person takes
a vote away. So a PINFL counts only with a name or birth date beside it, and names and
birth date only where they are near certain and nobody else comes close.
"""

import duckdb
import numpy as np
import polars as pl

from pipeline.linkage.block import collect_pairs, pairs_sql, plan_blocks
from pipeline.linkage.compare import MISSING
from pipeline.linkage.estimate import (
    Model,
    count_frequencies,
    prior_m,
    u_probabilities,
)
from pipeline.linkage.frames import store_frame
from pipeline.linkage.score import add_frequencies, score_pairs_sql
from pipeline.resolve_persons.decide import MARGIN_BITS, levels_of
from pipeline.resolve_persons.encode import encode_records, open_rows
from pipeline.resolve_persons.model import (
    BLOCKING,
    CHANCE,
    COMPARISONS,
    SPARSE,
    count_rows,
    find_neighbours,
    list_values,
)
from pipeline.resolve_persons.verdict import judge
from pipeline.run import Linkage
from schemas.codes import LinkRule, ReferenceLinkOutcome

PREFIX = "link_references"
CANDIDATES_MAX = 20
"""A row that could mean more persons than this lists the likeliest."""

_RULES = tuple(rule for rule in BLOCKING if "address_id" not in rule.columns)
_TEXTS = (
    "pinfl, pinfl_digits, surname_key, given_name_key, patronymic_key, surname_loose, "
    "given_name_loose, patronymic_loose, birth_date, birth_date_precision, document_key"
)


def link_references(
    engine: duckdb.DuckDBPyConnection,
    references: duckdb.DuckDBPyRelation,
    records: duckdb.DuckDBPyRelation,
    person_links: duckdb.DuckDBPyRelation,
    model: duckdb.DuckDBPyRelation,
    settings: Linkage,
) -> duckdb.DuckDBPyRelation:
    """The person each row names, or why none.

    Args:
        engine: where the TEMP tables `link_references_*` are made; a second call
            overwrites them, so write the result before.
        references: NamedRecord rows of one source.
        records: PersonRecord.
        person_links: PersonLink of these records.
        model: LinkageModel that resolve_persons trained.
        settings: thresholds in log2 posterior odds.

    Returns:
        ReferenceLink, one row per reference: LINKED with its person; POSSIBLE with the one
        person it may mean, AMBIGUOUS with several, NOT_FOUND with none.
    """
    _encode(engine, references, records, person_links)
    persons = int(
        engine.sql("SELECT count(DISTINCT person_id) FROM person_links").fetchall()[0][0]
    )
    trained = _trained(engine, model, persons)
    _weigh(engine, trained, settings)
    _add_pinfl_matches(engine)
    _judge_patterns(engine)
    return _decide(engine, trained, settings)


def _encode(
    engine: duckdb.DuckDBPyConnection,
    references: duckdb.DuckDBPyRelation,
    records: duckdb.DuckDBPyRelation,
    person_links: duckdb.DuckDBPyRelation,
) -> None:
    """Codes for both sides together; references are the open rows."""
    count = int(
        engine.sql("SELECT coalesce(max(row_id), -1) + 1 FROM records").fetchall()[0][0]
    )
    both = engine.sql(
        f"""
        SELECT row_id, {_TEXTS}, sex, district_code, region_code, address_id
        FROM records
        UNION ALL
        SELECT row_id + {count}, {_TEXTS}, patronymic_sex, NULL, NULL, NULL
        FROM "references"
        """
    )
    encode_records(engine, both, PREFIX)
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {PREFIX}_owned AS SELECT n.* REPLACE ("
        f"n.row_id >= {count} AS is_open, "
        f"n.row_id - if(n.row_id >= {count}, {count}, 0) AS row_id), p.person_id "
        f"FROM {PREFIX}_node AS n LEFT JOIN person_links AS p ON p.row_id = n.row_id"
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP VIEW {PREFIX}_node AS SELECT * FROM {PREFIX}_owned"
    )
    open_rows(engine, PREFIX)
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {PREFIX}_known AS "
        f"SELECT * FROM {PREFIX}_node WHERE NOT is_open"
    )
    count_rows(engine, PREFIX)
    list_values(engine, PREFIX)
    find_neighbours(engine, PREFIX)
    count_frequencies(engine, COMPARISONS, f"{PREFIX}_known", PREFIX, sparse=SPARSE)


def _trained(
    engine: duckdb.DuckDBPyConnection, model: duckdb.DuckDBPyRelation, persons: int
) -> Model:
    """M as trained on the records; u of this population; one person in all is meant."""
    rows = model.project('"column", "level", m_probability').fetchall()
    known = {(column, level): m for column, level, m in rows}
    m = []
    for comparison in COMPARISONS:
        default = prior_m(comparison)
        m.append(
            np.asarray(
                [
                    1.0 if level == MISSING else known.get((comparison.name, level), value)
                    for level, value in zip(comparison.levels, default, strict=True)
                ]
            )
        )
    u = tuple(u_probabilities(engine, c, PREFIX) for c in COMPARISONS)
    return Model(COMPARISONS, tuple(m), u, -float(np.log2(max(persons, 2))), persons)


def _weigh(engine: duckdb.DuckDBPyConnection, model: Model, settings: Linkage) -> None:
    seeking, known = f"{PREFIX}_seeking", f"{PREFIX}_known"
    add_frequencies(engine, COMPARISONS, f"{PREFIX}_open", seeking, PREFIX)
    # Two verified PINFLs that differ are two people.
    condition = "(l.pinfl IS NULL OR r.pinfl IS NULL OR l.pinfl = r.pinfl)"
    steps = plan_blocks(engine, _RULES, PREFIX, seeking, known)[0]
    pairs = f"{PREFIX}_pair"
    collect_pairs(engine, steps, pairs, (seeking, known), condition)
    floor = settings.review_weight_bits - model.prior_bits
    query = score_pairs_sql(pairs_sql(pairs, seeking), model, PREFIX, CHANCE, floor)
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {PREFIX}_scored AS {query}")


def _add_pinfl_matches(engine: duckdb.DuckDBPyConnection) -> None:
    """Same number, whether it is verified, and whether a name or the birth date agrees.

    A number that its own row's birth date or sex contradicts still points at somebody.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_same_pinfl AS
        SELECT l.row_id, r.person_id, bool_or(l.pinfl IS NOT NULL) AS is_verified,
            bool_or(
            coalesce(l.birth_date = r.birth_date, false)
            OR coalesce(l.birth_year = r.birth_year AND l.partial_year IS NOT NULL, false)
            OR coalesce(l.given_name_loose = r.given_name_loose, false)
            OR coalesce(l.surname_loose = r.surname_loose, false)
            OR (l.given_name_loose IS NULL AND l.surname_loose IS NULL
                AND l.birth_year IS NULL)) AS is_confirmed
        FROM {PREFIX}_node AS l JOIN {PREFIX}_node AS r ON l.digits = r.digits
        WHERE l.is_open AND r.person_id IS NOT NULL AND r.pinfl IS NOT NULL
        GROUP BY l.row_id, r.person_id
        """
    )


def _judge_patterns(engine: duckdb.DuckDBPyConnection) -> None:
    patterns = engine.sql(
        f"SELECT DISTINCT pattern FROM {PREFIX}_scored ORDER BY pattern"
    ).pl()
    verdicts = [
        judge(levels_of(COMPARISONS, pattern)) for pattern in patterns["pattern"].to_list()
    ]
    store_frame(
        engine,
        f"{PREFIX}_verdict",
        patterns.with_columns(
            may_link=pl.Series([v.may_merge for v in verdicts], dtype=pl.Boolean),
            may_ask=pl.Series([v.may_ask for v in verdicts], dtype=pl.Boolean),
        ),
    )


def _decide(
    engine: duckdb.DuckDBPyConnection, model: Model, settings: Linkage
) -> duckdb.DuckDBPyRelation:
    merge = settings.merge_weight_bits - model.prior_bits
    outcome, rule = ReferenceLinkOutcome, LinkRule
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_link AS
        WITH claim AS (
            SELECT row_id, person_id, is_verified AND is_confirmed AS is_certain,
                is_verified AS by_pinfl,
                CASE WHEN NOT is_verified THEN {merge} END::DOUBLE AS weight
            FROM {PREFIX}_same_pinfl
            UNION ALL
            SELECT o.row_id, k.person_id, bool_or(v.may_link AND s.weight >= {merge}),
                false, max(s.weight)::DOUBLE
            FROM {PREFIX}_scored AS s
            JOIN {PREFIX}_verdict AS v USING (pattern)
            JOIN {PREFIX}_node AS x ON x.node = s.left_node
            JOIN {PREFIX}_node AS y ON y.node = s.right_node
            JOIN {PREFIX}_node AS o ON o.node = if(x.is_open, x.node, y.node)
            JOIN {PREFIX}_node AS k ON k.node = if(x.is_open, y.node, x.node)
            WHERE v.may_ask GROUP BY o.row_id, k.person_id
        ), person AS (
            SELECT row_id, person_id, bool_or(is_certain) AS is_certain,
                bool_or(by_pinfl) AS by_pinfl, max(weight) AS weight
            FROM claim GROUP BY row_id, person_id
        ), ranked AS (
            SELECT *, count(*) OVER same AS persons,
                count(*) FILTER (by_pinfl) OVER same AS pinfl_persons,
                row_number() OVER (PARTITION BY row_id ORDER BY by_pinfl DESC,
                    weight DESC NULLS LAST, person_id) AS place,
                lead(weight) OVER (PARTITION BY row_id ORDER BY by_pinfl DESC,
                    weight DESC NULLS LAST, person_id) AS next_weight
            FROM person WINDOW same AS (PARTITION BY row_id)
        ), decided AS (
            SELECT row_id,
                CASE WHEN by_pinfl AND is_certain AND pinfl_persons = 1
                    THEN '{outcome.LINKED}'
                    WHEN NOT by_pinfl AND is_certain
                        AND weight - coalesce(next_weight, -1000) >= {MARGIN_BITS}
                    THEN '{outcome.LINKED}'
                    WHEN persons = 1 THEN '{outcome.POSSIBLE}'
                    ELSE '{outcome.AMBIGUOUS}' END AS outcome,
                person_id, by_pinfl, weight
            FROM ranked WHERE place = 1
        ), candidates AS (
            SELECT row_id, list_sort(list(person_id)) AS persons
            FROM ranked WHERE place <= {CANDIDATES_MAX} GROUP BY row_id
        )
        SELECT t.row_id,
            CASE WHEN outcome = '{outcome.LINKED}' THEN person_id END AS person_id,
            coalesce(outcome, '{outcome.NOT_FOUND}') AS outcome,
            CASE WHEN outcome = '{outcome.LINKED}' THEN
                if(by_pinfl, '{rule.PINFL}', '{rule.PROBABILISTIC}') END AS rule,
            CASE WHEN outcome = '{outcome.LINKED}' AND NOT by_pinfl THEN weight END
                AS match_weight,
            CASE WHEN outcome IS NULL OR outcome = '{outcome.LINKED}' THEN []::BIGINT[]
                ELSE c.persons END AS candidate_person_ids
        FROM (SELECT row_id FROM {PREFIX}_node WHERE is_open) AS t
        LEFT JOIN decided USING (row_id) LEFT JOIN candidates AS c USING (row_id)
        """
    )
    return engine.table(f"{PREFIX}_link")
