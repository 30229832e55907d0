"""Restrictions, rosters and supplementary rows to the persons they name.

A row that names nobody for certain names nobody: a death linked to the wrong person takes
a vote away. So a PINFL counts only with a name or birth date beside it, and names and
birth date only where they are near certain and nobody else comes close.
"""

import dataclasses
import itertools
from collections.abc import Mapping

import duckdb
import numpy as np
import polars as pl

from pipeline.linkage.block import (
    Capped,
    collect_pairs,
    keep_asked,
    pairs_sql,
    plan_blocks,
)
from pipeline.linkage.compare import MISSING
from pipeline.linkage.estimate import (
    Model,
    count_columns,
    count_neighbour_mass,
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
    NEAR,
    SPARSE,
    count_rows,
    find_neighbours,
    list_values,
)
from pipeline.resolve_persons.namesakes import underrated_bits
from pipeline.resolve_persons.verdict import judge
from pipeline.run import Linkage
from schemas.codes import LinkRule, ReferenceLinkOutcome

PREFIX = "link_references"
LINKS = f"{PREFIX}_link"
CANDIDATES_MAX = 20
"""A row that could mean more persons than this lists the likeliest."""

_SAME_PINFL = "(l.pinfl IS NULL OR r.pinfl IS NULL OR l.pinfl = r.pinfl)"
"""Two verified PINFLs that differ are two people."""
_RULES = tuple(
    dataclasses.replace(rule, condition=f"({rule.condition}) AND {_SAME_PINFL}")
    for rule in BLOCKING
    if "address_id" not in rule.columns
)
_TEXTS = (
    "pinfl, pinfl_digits, surname_key, given_name_key, patronymic_key, surname_loose, "
    "given_name_loose, patronymic_loose, birth_date, birth_date_precision, document_key"
)


@dataclasses.dataclass(frozen=True)
class ReferenceLinks:
    """What naming rows were tied to, and which pairs were too many to be compared."""

    by_source: dict[str, duckdb.DuckDBPyRelation]
    """ReferenceLink, one row per reference: LINKED with its person; POSSIBLE with the one
    person it may mean, AMBIGUOUS with several, NOT_FOUND with none."""
    capped: tuple[Capped, ...]


def link_references(
    engine: duckdb.DuckDBPyConnection,
    references: Mapping[str, duckdb.DuckDBPyRelation],
    records: duckdb.DuckDBPyRelation,
    person_links: duckdb.DuckDBPyRelation,
    model: duckdb.DuckDBPyRelation,
    settings: Linkage,
) -> ReferenceLinks:
    """The person each row names, or why none.

    Args:
        engine: where the TEMP tables `link_references_*` are made; a second call
            overwrites them, so write the results before.
        references: NamedRecord rows by source. All sources are matched at once, as the
            register's side is nearly all of the work.
        records: PersonRecord.
        person_links: PersonLink of these records.
        model: LinkageModel that resolve_persons trained.
        settings: thresholds in log2 posterior odds.

    Returns:
        By source one row for each of its rows, and what blocks left out.
    """
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {LINKS} (row_id BIGINT, person_id BIGINT, "
        f"outcome VARCHAR, rule VARCHAR, match_weight DOUBLE, "
        f"candidate_person_ids BIGINT[])"
    )
    begins = _begins(records, references)
    capped: list[Capped] = []
    if begins[0] < begins[-1]:
        _encode(engine, references, records, begins)
        trained = _trained(engine, model, _count_persons(engine, person_links))
        capped = _weigh(engine, trained, settings)
        _take_off_underrated(engine, trained, settings)
        _add_pinfl_matches(engine, person_links)
        _judge_patterns(engine)
        _decide(engine, trained, settings, person_links)
    by_source = {
        name: engine.sql(
            f"SELECT * REPLACE (row_id - {begin} AS row_id) FROM {LINKS} "
            f"WHERE row_id >= {begin} AND row_id < {end}"
        )
        for name, begin, end in zip(references, begins, begins[1:], strict=False)
    }
    return ReferenceLinks(by_source, tuple(capped))


def _count_persons(
    engine: duckdb.DuckDBPyConnection, person_links: duckdb.DuckDBPyRelation
) -> int:
    query = "SELECT count(DISTINCT person_id) FROM person_links"
    return int(engine.execute(query).fetchall()[0][0])


def _begins(
    records: duckdb.DuckDBPyRelation, references: Mapping[str, duckdb.DuckDBPyRelation]
) -> list[int]:
    """Where the row numbers of each source begin behind the register's; the end of all."""
    ends = [
        int(rows.aggregate("coalesce(max(row_id), -1) + 1").fetchall()[0][0])
        for rows in (records, *references.values())
    ]
    return list(itertools.accumulate(ends))


def _encode(
    engine: duckdb.DuckDBPyConnection,
    references: Mapping[str, duckdb.DuckDBPyRelation],
    records: duckdb.DuckDBPyRelation,
    begins: list[int],
) -> None:
    """Codes for both sides together; references are the open rows.

    They come behind the register's rows, so the larger node of a pair is the reference.
    """
    columns = f"{_TEXTS}, sex, district_code, region_code, address_id"
    both = records.project(f"row_id, {columns}")
    for begin, rows in zip(begins, references.values(), strict=False):
        both = both.union(
            rows.project(
                f"row_id + {begin} AS row_id, {_TEXTS}, patronymic_sex AS sex, "
                "NULL AS district_code, NULL AS region_code, NULL AS address_id"
            )
        )
    encode_records(engine, both, PREFIX, is_open=f"row_id >= {begins[0]}")
    open_rows(engine, PREFIX)
    engine.execute(
        f"CREATE OR REPLACE TEMP VIEW {PREFIX}_known AS "
        f"SELECT * FROM {PREFIX}_node WHERE NOT is_open"
    )
    count_rows(engine, PREFIX)
    count_columns(engine, COMPARISONS, f"{PREFIX}_known", PREFIX, sparse=SPARSE)
    # No act says what a slip is: a value that only acts hold counts as one row.
    list_values(engine, PREFIX, counted="freq")
    find_neighbours(engine, PREFIX)
    count_neighbour_mass(engine, COMPARISONS, PREFIX)


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


def _weigh(
    engine: duckdb.DuckDBPyConnection, model: Model, settings: Linkage
) -> list[Capped]:
    """Score the pairs that any rule gives; what was too many to be compared."""
    seeking, known = f"{PREFIX}_seeking", f"{PREFIX}_known"
    add_frequencies(engine, COMPARISONS, f"{PREFIX}_open", seeking, PREFIX)
    rows_of = {column: f"{PREFIX}_rows_{column}" for column in NEAR}
    steps, capped = plan_blocks(engine, _RULES, PREFIX, seeking, known, rows_of=rows_of)
    pairs = f"{PREFIX}_pair"
    collect_pairs(engine, steps, pairs, (seeking, known))
    keep_asked(engine, pairs)
    floor = settings.review_weight_bits - model.prior_bits
    query = score_pairs_sql(pairs_sql(pairs, seeking), model, PREFIX, CHANCE, floor)
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {PREFIX}_scored AS {query}")
    return capped


def _take_off_underrated(
    engine: duckdb.DuckDBPyConnection, model: Model, settings: Linkage
) -> None:
    """Take off the weight of near certain pairs what their names' shares underrate."""
    merge = settings.merge_weight_bits - model.prior_bits
    heavy = engine.sql(
        f"SELECT left_node, right_node, pattern FROM {PREFIX}_scored "
        f"WHERE weight >= {merge} ORDER BY ALL"
    ).pl()
    left, right, pattern = (
        np.asarray(heavy[name], dtype=np.int64) for name in heavy.columns
    )
    bits = underrated_bits(engine, (left, right, pattern), PREFIX, model.population)
    store_frame(
        engine, f"{PREFIX}_underrated", heavy.with_columns(bits=bits).filter(bits > 0)
    )
    engine.execute(
        f"UPDATE {PREFIX}_scored AS s SET weight = s.weight - u.bits "
        f"FROM {PREFIX}_underrated AS u WHERE u.left_node = s.left_node "
        f"AND u.right_node = s.right_node AND u.pattern = s.pattern"
    )


def _add_pinfl_matches(
    engine: duckdb.DuckDBPyConnection, person_links: duckdb.DuckDBPyRelation
) -> None:
    """Same number, whether it is verified, and whether a name or the birth date agrees.

    A number that its own row's birth date or sex contradicts still points at somebody.
    """
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_same_pinfl AS
        WITH met AS (
            SELECT l.row_id, r.row_id AS known_row_id, l.pinfl IS NOT NULL AS is_verified,
                coalesce(l.birth_date = r.birth_date, false)
                OR coalesce(l.birth_year = r.birth_year AND l.partial_year IS NOT NULL,
                    false)
                OR coalesce(l.given_name_loose = r.given_name_loose, false)
                OR coalesce(l.surname_loose = r.surname_loose, false)
                OR (l.given_name_loose IS NULL AND l.surname_loose IS NULL
                    AND l.birth_year IS NULL) AS is_confirmed
            FROM {PREFIX}_open AS l JOIN {PREFIX}_known AS r ON l.digits = r.digits
            WHERE NOT l.is_variant AND r.pinfl IS NOT NULL
        )
        SELECT met.row_id, p.person_id, bool_or(is_verified) AS is_verified,
            bool_or(is_confirmed) AS is_confirmed
        FROM met JOIN person_links AS p ON p.row_id = met.known_row_id
        GROUP BY met.row_id, p.person_id
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
    engine: duckdb.DuckDBPyConnection,
    model: Model,
    settings: Linkage,
    person_links: duckdb.DuckDBPyRelation,
) -> None:
    """Fill LINKS: for each reference the persons its number and its names point at."""
    merge = settings.merge_weight_bits - model.prior_bits
    outcome, rule = ReferenceLinkOutcome, LinkRule
    engine.execute(
        f"""
        INSERT INTO {LINKS}
        WITH owner AS (
            SELECT found.node, p.person_id
            FROM {PREFIX}_pair_found AS found JOIN person_links AS p USING (row_id)
        ), claim AS (
            SELECT row_id, person_id, is_verified AND is_confirmed AS is_certain,
                is_verified AS by_pinfl,
                CASE WHEN NOT is_verified THEN {merge} END::DOUBLE AS weight
            FROM {PREFIX}_same_pinfl
            UNION ALL
            SELECT o.row_id, k.person_id, bool_or(v.may_link AND s.weight >= {merge}),
                false, max(s.weight)::DOUBLE
            FROM {PREFIX}_scored AS s
            JOIN {PREFIX}_verdict AS v USING (pattern)
            JOIN {PREFIX}_open AS o ON o.node = s.right_node AND NOT o.is_variant
            JOIN owner AS k ON k.node = s.left_node
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
        FROM (SELECT row_id FROM {PREFIX}_open WHERE NOT is_variant) AS t
        LEFT JOIN decided USING (row_id) LEFT JOIN candidates AS c USING (row_id)
        """
    )
