"""Links that need no weighing: decisions, the same PINFL, the same exact keys.

Each gives rows (left_node, right_node, rule, weight); the weight only orders them before
all probabilistic links: decisions first (the latest first), then PINFL, then exact keys.
"""

import duckdb

from pipeline.linkage.repeats import find_repeats, key_hash, store_repeats
from pipeline.resolve_persons.encode import NAMES, NODES, OPEN, PREFIX
from schemas.codes import LinkRule

DECISION_WEIGHT = 1e9
PINFL_WEIGHT = 1e6
EXACT_WEIGHTS = {
    LinkRule.EXACT_DOCUMENT: 3e3,
    LinkRule.EXACT_NAME_ADDRESS: 2e3,
    LinkRule.EXACT_NAME_PLACE: 1e3,
}
FULL_NAME = ("surname_key", "given_name_key", "patronymic_key", "birth_date")
EXACT_KEYS: dict[LinkRule, tuple[tuple[str, ...], str]] = {
    LinkRule.EXACT_DOCUMENT: (("given_name_key", "birth_date"), "document_key"),
    LinkRule.EXACT_NAME_ADDRESS: (FULL_NAME, "address_id"),
    LinkRule.EXACT_NAME_PLACE: (FULL_NAME, "district_code"),
}
"""What must be equal, sex besides: who it is, and the paper or place that ties them."""
CHANCE_MAX = 1e-4
"""Most strangers that chance may put under one exact key."""
EXACT_ROWS_MAX = 20
"""More rows than this under one exact key are default values, not one person."""
SUSPECT_ROWS_MAX = 50

SAME_PINFLS = f"{PREFIX}_same_pinfl"
"""Rows whose verified PINFL stands on another row too: node, pinfl, the first of them, and
the loose keys of the names."""
BESIDE_THE_FIRST = f"""(
    SELECT first AS left_node, node AS right_node
    FROM {SAME_PINFLS} ANTI JOIN {PREFIX}_pinfl_suspect USING (pinfl) WHERE node <> first
)"""
"""Each of them with the first, where no name says that they may be strangers."""
OPEN_DOCUMENTS = f"{PREFIX}_open_document"
"""Rows whose document stands on another row too, and on an open one."""
SAME_NAMES = f"{PREFIX}_same_name"
"""Rows whose full name, birth date and sex, unknown sex among them, come again: node,
these, pinfl, is_open, and the papers and places of the exact keys."""
LINKS = f"{PREFIX}_rule_link"
CANNOT = f"{PREFIX}_cannot"
SHARED = f"{PREFIX}_pinfl_shared"


def link_by_rules(
    engine: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    decisions: duckdb.DuckDBPyRelation,
    population: int,
) -> None:
    """Make the tables of rule links, of cannot-links, and of PINFLs shared by strangers.

    `population` is how many rows chance acts among, as the frequencies are counted.
    """
    _read_decisions(engine, records, decisions)
    find_same(engine)
    find_shared_pinfls(engine)
    keys = "\nUNION ALL\n".join(_exact_key_sql(rule, population) for rule in EXACT_KEYS)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {LINKS} AS
        SELECT left_node, right_node, 'DECISION' AS rule,
            ({DECISION_WEIGHT} + age)::DOUBLE AS weight
        FROM {PREFIX}_decision WHERE is_same
        UNION ALL
        SELECT left_node, right_node, 'PINFL', {PINFL_WEIGHT}
        FROM {BESIDE_THE_FIRST}
        UNION ALL
        SELECT left_node, right_node, 'PINFL', {PINFL_WEIGHT}
        FROM {PREFIX}_pinfl_pair WHERE NOT is_stranger
        UNION ALL
        {keys}
        """
    )
    engine.execute(f"DROP TABLE {OPEN_DOCUMENTS}")
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {CANNOT} AS
        SELECT left_node, right_node FROM {PREFIX}_decision WHERE NOT is_same
        UNION
        SELECT left_node, right_node FROM {SHARED}
        EXCEPT
        SELECT left_node, right_node FROM {PREFIX}_decision WHERE is_same
        """
    )


def find_same(engine: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of rows that share a key with another; nearly all rows share none.

    Of PINFLs and documents count_values has listed those that come more than once.
    """
    loose = ", ".join(f"{name}_loose" for name in NAMES)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {SAME_PINFLS} AS
        WITH held AS (
            SELECT n.node, n.pinfl, {loose} FROM {NODES} AS n
            SEMI JOIN {PREFIX}_freq_digits AS f ON f.code = n.digits
            WHERE n.pinfl IS NOT NULL
        )
        SELECT held.*, first FROM held JOIN (
            SELECT pinfl, min(node) AS first FROM held GROUP BY pinfl HAVING count(*) > 1
        ) USING (pinfl)
        """
    )
    who, paper = EXACT_KEYS[LinkRule.EXACT_DOCUMENT]
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {OPEN_DOCUMENTS} AS
        SELECT n.node, {", ".join(who)}, n.sex, n.{paper}, n.pinfl, n.is_open
        FROM {NODES} AS n SEMI JOIN (
            SELECT o.{paper} FROM {OPEN} AS o
            SEMI JOIN {PREFIX}_freq_{paper} AS f ON f.code = o.{paper}
        ) AS held ON held.{paper} = n.{paper}
        """
    )
    names = key_hash((*FULL_NAME, "coalesce(sex, -1)"))
    store_repeats(engine, find_repeats(engine, NODES, names), f"{SAME_NAMES}_value")
    ties = ", ".join(tie for _, tie in EXACT_KEYS.values())
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {SAME_NAMES} AS "
        f"SELECT n.node, {', '.join(FULL_NAME)}, n.sex, n.pinfl, n.is_open, {ties} "
        f"FROM {NODES} AS n SEMI JOIN {SAME_NAMES}_value AS v ON v.value = {names}"
    )


def _read_decisions(
    engine: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    decisions: duckdb.DuckDBPyRelation,
) -> None:
    """SAME_PERSON and DIFFERENT_PERSONS by pair; of two, the later; ties by its number."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_record AS
        SELECT n.node, r.record_id FROM records AS r JOIN {NODES} AS n USING (row_id)
        WHERE r.record_id IN (
            SELECT record_id_a FROM decisions UNION SELECT record_id_b FROM decisions)
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_decision AS
        WITH pair AS (
            SELECT least(a.node, b.node) AS left_node,
                greatest(a.node, b.node) AS right_node,
                d.kind = 'SAME_PERSON' AS is_same, d.decided_at, d.decision_id
            FROM decisions AS d
            JOIN {PREFIX}_record AS a ON a.record_id = d.record_id_a
            JOIN {PREFIX}_record AS b ON b.record_id = d.record_id_b
            WHERE d.kind IN ('SAME_PERSON', 'DIFFERENT_PERSONS') AND a.node <> b.node
        ), latest AS (
            SELECT *, row_number() OVER (PARTITION BY left_node, right_node
                ORDER BY decided_at DESC NULLS LAST, decision_id DESC) AS place
            FROM pair
        )
        SELECT left_node, right_node, is_same,
            row_number() OVER (ORDER BY decided_at NULLS FIRST, decision_id) AS age
        FROM latest WHERE place = 1
        """
    )


def find_shared_pinfls(engine: duckdb.DuckDBPyConnection) -> None:
    """Rows of one PINFL that are clearly different people: no name in common.

    The check of the PINFL ties it to sex and birth date already, so names are what is
    left to tell. Groups of more than a few rows are compared with their first row only.
    """
    differs = " AND ".join(
        f"(l.{column} IS DISTINCT FROM r.{column} AND NOT EXISTS (SELECT 1 FROM "
        f"{PREFIX}_near_{name} AS n WHERE n.left_code = l.{column} "
        f"AND n.right_code = r.{column}))"
        for name, column in (
            ("surname", "surname_loose"),
            ("given_name", "given_name_loose"),
            ("patronymic", "patronymic_loose"),
        )
    )
    swapped = (
        "l.surname_loose IS NOT DISTINCT FROM r.given_name_loose "
        "OR l.given_name_loose IS NOT DISTINCT FROM r.surname_loose"
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_pinfl_suspect AS
        SELECT pinfl, count(*) AS rows FROM {SAME_PINFLS}
        GROUP BY pinfl
        HAVING min(surname_loose) <> max(surname_loose)
            AND min(given_name_loose) <> max(given_name_loose)
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_pinfl_pair AS
        SELECT l.node AS left_node, r.node AS right_node,
            ({differs}) AND NOT ({swapped}) AS is_stranger
        FROM {PREFIX}_pinfl_suspect AS s
        JOIN {SAME_PINFLS} AS l ON l.pinfl = s.pinfl
        JOIN {SAME_PINFLS} AS r ON r.pinfl = s.pinfl AND l.node < r.node
        WHERE s.rows <= {SUSPECT_ROWS_MAX} OR l.node = l.first
        """
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {SHARED} AS "
        f"SELECT left_node, right_node FROM {PREFIX}_pinfl_pair WHERE is_stranger"
    )


def _exact_key_sql(rule: LinkRule, population: int) -> str:
    """Links of rows with equal keys to the first of them, where one of them is open.

    Left out are groups that hold two PINFLs (the rows without one could be either's), and
    values so common outside the group that chance may put a stranger in it: names shared
    by thousands, a placeholder for a document number, a default birth date. The chance is
    the rows of the paper or place times the shares of the other values.
    """
    who, tie = EXACT_KEYS[rule]
    columns = (*who, "sex", tie)
    known = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    key = ", ".join(columns)
    table = OPEN_DOCUMENTS if rule is LinkRule.EXACT_DOCUMENT else SAME_NAMES
    joins = " ".join(
        f"LEFT JOIN {PREFIX}_freq_{column} AS f_{column} ON f_{column}.code = {column}"
        for column in (*who, tie)
    )
    strangers = " * ".join(
        [
            f"coalesce(f_{tie}.rows, 1)",
            *(f"(greatest(f_{c}.rows - len(nodes), 0) / {population})" for c in who),
        ]
    )
    return f"""
        SELECT left_node, right_node, '{rule}' AS rule, {EXACT_WEIGHTS[rule]} AS weight
        FROM (
            SELECT nodes[1] AS left_node, unnest(nodes) AS right_node
            FROM (
                SELECT {key}, list_sort(list(node)) AS nodes
                FROM {table} SEMI JOIN (
                    SELECT {key} FROM {table} WHERE is_open AND {known}
                ) USING ({key})
                GROUP BY {key}
                HAVING count(*) BETWEEN 2 AND {EXACT_ROWS_MAX}
                    AND min(pinfl) IS NOT DISTINCT FROM max(pinfl)
            ) {joins}
            WHERE {strangers} <= {CHANCE_MAX}
        )
        WHERE left_node <> right_node
    """
