"""Measure a release against the known truth of a simulated delivery.

What belongs here: the one reader of truth. Nothing that builds a release may import this
module or open those files.

A *cluster* is what the release holds to be one person: rows of mia/persons with the same
person_id in lineage. Its *owner* is the human being with most of its rows (of several,
the one with the lowest number): a human being who owns no cluster has lost their entry.
"""

import duckdb

from pipeline.evaluation import (
    DamageRecall,
    EligibilityAccuracy,
    Evaluation,
    FaultRecall,
    PersonAccuracy,
    PlacementAccuracy,
    ReferenceAccuracy,
)
from pipeline.trace_rows import key_rows

UNLINKED = "('POSSIBLE', 'AMBIGUOUS', 'NOT_FOUND')"
"""Lineage reasons of restriction and roster rows that were brought to nobody."""


def evaluate(engine: duckdb.DuckDBPyConnection, release: str, truth: str) -> Evaluation:
    """How right a release is about persons, precincts and eligibility.

    Args:
        engine: where the TEMP tables `evaluate_*` are made.
        release: folder of a release.
        truth: folder with the truth's tables.

    Returns:
        Counts and shares. True pairs are counted over all rows delivered: a row that was
        quarantined is a missed pair, not a forgotten one.
    """
    _read(engine, release, truth)
    _own(engine)
    _place(engine)
    return Evaluation(
        persons=_persons(engine),
        placement=_placement(engine),
        eligibility=_eligibility(engine),
        references=_references(engine),
        faults=_faults(engine),
        damage=_damage(engine),
    )


def _read(engine: duckdb.DuckDBPyConnection, release: str, truth: str) -> None:
    """Release and truth as TEMP tables, missing parts as empty ones."""
    files = {
        "lineage": (
            f"{release}/lineage.parquet",
            "source, record_id, voter_id, person_id, outcome, reason",
        ),
        "entry": (
            f"{release}/voters/*/*/voters.parquet",
            "voter_id, region_code, precinct_number, basis",
        ),
        "flag": (
            f"{release}/discrepancies/*/*/discrepancies.parquet",
            "discrepancy_id, code, record_ids",
        ),
        "reconciliation": (
            f"{release}/reconciliation.parquet",
            "source, outcome, reason, rows",
        ),
        "true_row": (f"{truth}/persons.parquet", "source, record_id, person"),
        "true_voter": (
            f"{truth}/voters.parquet",
            "person, eligible, ground, region_code, precinct_number, basis",
        ),
        "fault": (f"{truth}/faults.parquet", "source, record_id, fault"),
        "damaged": (f"{truth}/rows.parquet", "source, expected_rule"),
    }
    for name, (pattern, columns) in files.items():
        path = pattern.replace("'", "''")
        found = engine.sql(f"SELECT count(*) FROM glob('{path}')").fetchall()[0][0]
        rows = f"SELECT {columns} FROM read_parquet('{path}', hive_partitioning=false)"
        if not found and "*" in pattern:
            # No district has any: the table is there and empty.
            kinds = {"record_ids": "VARCHAR[]", "precinct_number": "INTEGER"}
            nothing = ", ".join(
                f"NULL::{kinds.get(column, 'VARCHAR')} AS {column}"
                for column in columns.split(", ")
            )
            rows = f"SELECT {nothing} WHERE false"
        engine.execute(f"CREATE OR REPLACE TEMP TABLE evaluate_{name} AS {rows}")
    _key_rosters(engine, f"{truth}/rosters.parquet")


def _key_rosters(engine: duckdb.DuckDBPyConnection, path: str) -> None:
    """Name roster rows as lineage does: by their content, not by file and row."""
    quoted = path.replace("'", "''")
    if not engine.sql(f"SELECT count(*) FROM glob('{quoted}')").fetchall()[0][0]:
        return
    rosters = engine.read_parquet(path)
    keys = key_rows(engine, rosters)
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE evaluate_key AS
        SELECT roster.record_id, key.record_id AS content_key
        FROM rosters AS roster JOIN keys AS key USING (row_id)
        """
    )
    del rosters, keys
    for table in ("true_row", "fault"):
        engine.execute(
            f"""
            UPDATE evaluate_{table} AS named SET record_id = key.content_key
            FROM evaluate_key AS key
            WHERE named.source = 'cec/rosters' AND named.record_id = key.record_id
            """
        )


def _own(engine: duckdb.DuckDBPyConnection) -> None:
    """Rows with their true person and cluster; owners of clusters."""
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE evaluate_row AS
        SELECT true_row.record_id, true_row.person, lineage.person_id AS cluster,
            lineage.voter_id, lineage.outcome, lineage.reason
        FROM evaluate_true_row AS true_row
        LEFT JOIN evaluate_lineage AS lineage USING (source, record_id)
        WHERE true_row.source = 'mia/persons'
        """
    )
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE evaluate_share AS
        SELECT person, cluster, count(*) AS rows
        FROM evaluate_row WHERE cluster IS NOT NULL GROUP BY ALL
        """
    )
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE evaluate_owner AS
        SELECT cluster, person FROM evaluate_share
        QUALIFY row_number() OVER (PARTITION BY cluster ORDER BY rows DESC, person) = 1
        """
    )


def _place(engine: duckdb.DuckDBPyConnection) -> None:
    """One row per human being: the truth, and what the release made of them."""
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE evaluate_cluster AS
        SELECT row.cluster, max(row.voter_id) AS voter_id,
            bool_or(row.outcome <> 'INELIGIBLE') AS is_eligible,
            min(row.reason) FILTER (row.outcome = 'INELIGIBLE') AS ground,
            min(row.reason) FILTER (row.outcome = 'UNPLACED') AS unplaced_reason
        FROM evaluate_row AS row WHERE row.cluster IS NOT NULL GROUP BY row.cluster
        """
    )
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE evaluate_person AS
        SELECT voter.person, voter.eligible, voter.ground, voter.basis,
            voter.precinct_number IS NOT NULL AS has_precinct,
            count(owner.cluster) > 0 AS has_entry,
            bool_or(part.cluster IS NOT NULL) AS is_delivered,
            coalesce(bool_or(cluster.is_eligible), false) AS held_eligible,
            min(cluster.ground) AS held_ground,
            min(cluster.unplaced_reason) AS unplaced_reason,
            count(DISTINCT entry.voter_id) AS entries,
            min(entry.basis) AS held_basis,
            coalesce(bool_or(
                entry.region_code = voter.region_code
                AND entry.precinct_number = voter.precinct_number
            ), false) AS is_right
        FROM evaluate_true_voter AS voter
        LEFT JOIN evaluate_share AS part USING (person)
        LEFT JOIN evaluate_owner AS owner
            ON owner.person = voter.person AND owner.cluster = part.cluster
        LEFT JOIN evaluate_cluster AS cluster ON cluster.cluster = owner.cluster
        LEFT JOIN evaluate_entry AS entry ON entry.voter_id = cluster.voter_id
        GROUP BY ALL
        """
    )


def _number(engine: duckdb.DuckDBPyConnection, query: str) -> int:
    value = engine.sql(query).fetchall()[0][0]
    return int(value or 0)


def _counts(engine: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    """Counts by code, most frequent first."""
    rows = engine.sql(f"SELECT code, n FROM ({query}) ORDER BY n DESC, code").fetchall()
    return {str(code): int(n) for code, n in rows}


def _persons(engine: duckdb.DuckDBPyConnection) -> PersonAccuracy:
    pairs = "SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM {} GROUP BY {})"
    known = "(SELECT * FROM evaluate_row WHERE cluster IS NOT NULL)"
    # Pairs of clusters that one open question names together.
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE evaluate_flagged AS
        WITH named AS (
            SELECT DISTINCT flag.discrepancy_id, row.cluster
            FROM (
                SELECT discrepancy_id, unnest(record_ids) AS record_id
                FROM evaluate_flag WHERE code = 'POSSIBLE_DUPLICATE'
            ) AS flag
            JOIN evaluate_row AS row USING (record_id)
            WHERE row.cluster IS NOT NULL
        )
        SELECT DISTINCT one.cluster AS cluster_a, two.cluster AS cluster_b
        FROM named AS one
        JOIN named AS two USING (discrepancy_id)
        WHERE one.cluster < two.cluster
        """
    )
    flagged_pairs = _number(
        engine,
        """
        SELECT sum(one.rows * two.rows)
        FROM evaluate_flagged AS flagged
        JOIN evaluate_share AS one ON one.cluster = flagged.cluster_a
        JOIN evaluate_share AS two
            ON two.cluster = flagged.cluster_b AND two.person = one.person
        """,
    )
    right_flags = _number(
        engine,
        """
        SELECT count(*) FROM evaluate_flagged AS flagged
        WHERE EXISTS (
            SELECT 1 FROM evaluate_share AS one
            JOIN evaluate_share AS two USING (person)
            WHERE one.cluster = flagged.cluster_a AND two.cluster = flagged.cluster_b
        )
        """,
    )
    owners = _number(engine, "SELECT count(DISTINCT person) FROM evaluate_owner")
    clusters = _number(engine, "SELECT count(*) FROM evaluate_owner")
    delivered = _number(engine, "SELECT count(DISTINCT person) FROM evaluate_share")
    exact = _number(
        engine,
        """
        SELECT count(*) FROM (
            SELECT part.cluster
            FROM evaluate_share AS part
            JOIN (SELECT person, count(*) AS rows FROM evaluate_row GROUP BY person)
                AS whole USING (person, rows)
            JOIN (SELECT cluster, count(*) AS people FROM evaluate_share GROUP BY cluster)
                AS cluster ON cluster.cluster = part.cluster AND cluster.people = 1
        )
        """,
    )
    return PersonAccuracy(
        rows=_number(engine, "SELECT count(*) FROM evaluate_row"),
        true_pairs=_number(engine, pairs.format("evaluate_row", "person")),
        linked_pairs=_number(engine, pairs.format(known, "cluster")),
        right_pairs=_number(engine, pairs.format(known, "person, cluster")),
        flagged_pairs=flagged_pairs,
        true_persons=_number(engine, "SELECT count(DISTINCT person) FROM evaluate_row"),
        clusters=clusters,
        exact_clusters=exact,
        persons_without_entry=delivered - owners,
        extra_entries=clusters - owners,
        flags=_number(engine, "SELECT count(*) FROM evaluate_flagged"),
        right_flags=right_flags,
    )


def _placement(engine: duckdb.DuckDBPyConnection) -> PlacementAccuracy:
    held = "FROM evaluate_person WHERE eligible AND has_entry AND held_eligible"
    return PlacementAccuracy(
        right=_number(
            engine,
            f"SELECT count(*) {held} AND (is_right OR NOT has_precinct AND entries = 0)",
        ),
        wrong=_number(engine, f"SELECT count(*) {held} AND entries > 0 AND NOT is_right"),
        wrong_by_basis=_counts(
            engine,
            f"SELECT basis || '>' || held_basis AS code, count(*) AS n {held} "
            "AND entries > 0 AND NOT is_right GROUP BY ALL",
        ),
        unplaced_by_reason=_counts(
            engine,
            f"SELECT coalesce(unplaced_reason, 'NO_ENTRY') AS code, count(*) AS n {held} "
            "AND entries = 0 AND has_precinct GROUP BY ALL",
        ),
        listed_twice=_number(engine, f"SELECT count(*) {held} AND entries > 1"),
    )


def _eligibility(engine: duckdb.DuckDBPyConnection) -> EligibilityAccuracy:
    own = "FROM evaluate_person WHERE has_entry"
    lost = "SELECT count(*) FROM evaluate_person WHERE eligible AND NOT has_entry AND"
    return EligibilityAccuracy(
        right=_number(
            engine,
            f"SELECT count(*) {own} AND eligible = held_eligible "
            "AND (eligible OR ground IS NOT DISTINCT FROM held_ground)",
        ),
        wrongly_removed=_counts(
            engine,
            f"SELECT held_ground AS code, count(*) AS n {own} "
            "AND eligible AND NOT held_eligible GROUP BY ALL",
        ),
        wrongly_listed=_counts(
            engine,
            f"SELECT ground AS code, count(*) AS n {own} "
            "AND NOT eligible AND held_eligible GROUP BY ALL",
        ),
        wrong_ground=_counts(
            engine,
            f"SELECT ground || '>' || held_ground AS code, count(*) AS n {own} "
            "AND NOT eligible AND NOT held_eligible AND ground <> held_ground GROUP BY ALL",
        ),
        merged_away=_number(engine, f"{lost} is_delivered"),
        not_delivered=_number(engine, f"{lost} NOT is_delivered"),
    )


def _references(engine: duckdb.DuckDBPyConnection) -> tuple[ReferenceAccuracy, ...]:
    """Restrictions and rosters: right where the person meant has a row in the cluster."""
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE evaluate_reference AS
        SELECT source, record_id, true_row.person,
            lineage.person_id IS NOT NULL AND lineage.reason NOT IN {UNLINKED} AS is_linked,
            lineage.reason IN ('POSSIBLE', 'AMBIGUOUS') AS is_for_review,
            part.person IS NOT NULL AS is_same
        FROM evaluate_true_row AS true_row
        LEFT JOIN evaluate_lineage AS lineage USING (source, record_id)
        LEFT JOIN evaluate_share AS part
            ON part.person = true_row.person AND part.cluster = lineage.person_id
        WHERE source <> 'mia/persons'
        """
    )
    rows = engine.sql(
        """
        SELECT source,
            count(*) FILTER (is_linked AND is_same) AS right_rows,
            count(*) FILTER (is_linked AND NOT is_same) AS wrong_rows,
            count(*) FILTER (NOT coalesce(is_linked, false) AND person IS NOT NULL
                AND coalesce(is_for_review, false)) AS review_rows,
            count(*) FILTER (NOT coalesce(is_linked, false) AND person IS NOT NULL
                AND NOT coalesce(is_for_review, false)) AS missed_rows,
            count(*) FILTER (NOT coalesce(is_linked, false) AND person IS NULL) AS strangers
        FROM evaluate_reference GROUP BY source ORDER BY source
        """
    ).fetchall()
    return tuple(
        ReferenceAccuracy(str(source), *(int(count) for count in counts))
        for source, *counts in rows
    )


def _faults(engine: duckdb.DuckDBPyConnection) -> tuple[FaultRecall, ...]:
    rows = engine.sql(
        """
        WITH whole AS (
            SELECT person, count(*) AS rows FROM evaluate_row GROUP BY person
        ), by_row AS (
            SELECT row.record_id, row.person, whole.rows - 1 AS pairs,
                coalesce(part.rows - 1, 0) AS right_pairs
            FROM evaluate_row AS row
            JOIN whole USING (person)
            LEFT JOIN evaluate_share AS part
                ON part.person = row.person AND part.cluster = row.cluster
        ), faulty_persons AS (
            SELECT fault.source, fault.fault, row.person, count(*) AS rows,
                sum(row.pairs) AS pairs, sum(row.right_pairs) AS right_pairs
            FROM evaluate_fault AS fault
            JOIN by_row AS row USING (record_id)
            WHERE fault.source = 'mia/persons' GROUP BY ALL
        )
        SELECT source, fault, sum(faulty.rows), sum(pairs), sum(right_pairs),
            count(*) FILTER (person.eligible AND person.has_precinct),
            count(*) FILTER (person.eligible AND person.has_precinct AND person.is_right)
        FROM faulty_persons AS faulty JOIN evaluate_person AS person USING (person)
        GROUP BY source, fault
        UNION ALL
        SELECT source, fault, count(*), count(*),
            count(*) FILTER (reference.is_linked AND reference.is_same), 0, 0
        FROM evaluate_fault AS fault JOIN evaluate_reference AS reference
            USING (source, record_id)
        WHERE reference.person IS NOT NULL
        GROUP BY source, fault
        ORDER BY 1, 2
        """
    ).fetchall()
    return tuple(
        FaultRecall(str(source), str(fault), *(int(count) for count in counts))
        for source, fault, *counts in rows
    )


def _damage(engine: duckdb.DuckDBPyConnection) -> tuple[DamageRecall, ...]:
    """By rule: the reconciliation says how many rows each refused."""
    rows = engine.sql(
        """
        SELECT rule, coalesce(damaged, 0),
            least(coalesce(damaged, 0), coalesce(refused, 0)),
            greatest(coalesce(refused, 0) - coalesce(damaged, 0), 0)
        FROM (
            SELECT expected_rule AS rule, count(*) AS damaged
            FROM evaluate_damaged WHERE source = 'mia/persons' GROUP BY ALL
        ) FULL JOIN (
            SELECT reason AS rule, sum(rows)::BIGINT AS refused FROM evaluate_reconciliation
            WHERE source = 'mia/persons' AND outcome = 'QUARANTINED' GROUP BY ALL
        ) USING (rule)
        ORDER BY rule
        """
    ).fetchall()
    return tuple(
        DamageRecall(str(rule), int(damaged), int(found), int(beyond))
        for rule, damaged, found, beyond in rows
    )
