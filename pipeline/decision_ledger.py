"""The ledger of decisions: what was ever decided stands until it is taken back in words.

What belongs here: which decisions there are and which of them stand. What each of them
does to rows and voters is decided in decisions.py.

A night's delivery may lack a decision of the night before: a file cut off, an office that
sends only what is new. Silence takes nothing back, so the previous release carries every
decision on; only a WITHDRAW, with its own author, day and reason, ends one.
"""

import datetime

import duckdb
import polars as pl

from schemas.decision import LedgerDecision

Relation = duckdb.DuckDBPyRelation

CONTENT = (
    "kind",
    "decided_by",
    "decided_at",
    "reason",
    "record_id_a",
    "record_id_b",
    "record_id",
    "field",
    "value",
    "voter_id",
    "pinfl",
    "region_code",
    "precinct_number",
    "withdraws",
    "request_id",
)
"""What a decision says, without its number."""


def carry_decisions(
    engine: duckdb.DuckDBPyConnection,
    delivered: Relation,
    recorded: Relation,
    as_of: datetime.date,
) -> Relation:
    """Every decision of this election: those delivered now and those of earlier nights.

    Args:
        engine: where the tables live.
        delivered: SourceDecision of this delivery.
        recorded: Decision of the previous release; empty where there is none.
        as_of: day of this release.

    Returns:
        LedgerDecision, dense row_id in the order of decision_id. Under one number the
        recorded text holds, unless the delivered one was decided later: then it is
        amended. A text that changed without a later day is kept as recorded and
        `is_altered`. `withdrawn_by` names the withdrawal that took a decision back.
    """
    _gather(engine, delivered, recorded, as_of)
    _withdraw(engine)
    columns = ", ".join(LedgerDecision.column_names())
    return engine.sql(
        f"""
        SELECT {columns} FROM (
            SELECT row_number() OVER (ORDER BY decision_id) - 1 AS row_id, *
            FROM decision_ledger_row LEFT JOIN decision_ledger_end USING (decision_id)
        )
        """
    )


def standing(ledger: Relation) -> Relation:
    """The decisions that hold: neither withdrawn nor themselves a withdrawal."""
    return ledger.filter("withdrawn_by IS NULL AND kind <> 'WITHDRAW'")


def _gather(
    engine: duckdb.DuckDBPyConnection,
    delivered: Relation,
    recorded: Relation,
    as_of: datetime.date,
) -> None:
    """decision_ledger_row: one row per number, of the two texts the one that holds."""
    differs = " OR ".join(f"now.{c} IS DISTINCT FROM before.{c}" for c in CONTENT)
    later = "coalesce(now.decided_at > before.decided_at, before.decided_at IS NULL)"
    holds = "(before.decision_id IS NULL OR is_amended)"
    texts = ", ".join(
        f"CASE WHEN {holds} THEN now.{c} ELSE before.{c} END AS {c}"
        for c in (*CONTENT, "source_file", "source_row")
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE decision_ledger_row AS
        SELECT coalesce(now.decision_id, before.decision_id) AS decision_id, {texts},
            coalesce(before.first_seen, DATE '{as_of.isoformat()}') AS first_seen,
            now.decision_id IS NOT NULL AS is_delivered,
            now.decision_id IS NOT NULL AND before.decision_id IS NOT NULL
                AND ({differs}) AND NOT is_amended AS is_altered
        FROM delivered AS now
        FULL JOIN recorded AS before ON now.decision_id = before.decision_id
        CROSS JOIN LATERAL (SELECT now.decision_id IS NOT NULL AND {later} AS is_amended)
        """
    )


def _withdraw(engine: duckdb.DuckDBPyConnection) -> None:
    """decision_ledger_end: number and the withdrawal that took it back.

    The latest withdrawal is judged first, so that one which was itself taken back takes
    nothing back. Nothing can take back what was decided after it.
    """
    found = engine.sql(
        """
        SELECT taking.decision_id, taking.decided_at, taking.withdraws,
            taken.kind, taken.decided_at
        FROM decision_ledger_row AS taking
        JOIN decision_ledger_row AS taken ON taken.decision_id = taking.withdraws
        WHERE taking.kind = 'WITHDRAW'
        """
    ).fetchall()
    ended: dict[str, str] = {}
    for number, at, withdraws, kind, taken_at in sorted(found, key=_age, reverse=True):
        if number not in ended and _may_take_back(
            (at, number), (taken_at, withdraws), kind
        ):
            ended.setdefault(withdraws, number)
    frame = pl.DataFrame(
        {"decision_id": list(ended), "withdrawn_by": list(ended.values())},
        schema={"decision_id": pl.String, "withdrawn_by": pl.String},
    )
    engine.register("decision_ledger_ended", frame.to_arrow())
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE decision_ledger_end AS "
        "SELECT * FROM decision_ledger_ended"
    )
    engine.unregister("decision_ledger_ended")


Moment = tuple[datetime.datetime | None, str]
UNDATED = datetime.datetime(1, 1, 1)  # noqa: DTZ001 - UTC without a zone, as in the tables
"""Stands in for a decision without a moment: every dated one is later."""


def _age(row: tuple[str, datetime.datetime | None, str, str, object]) -> tuple[object, str]:
    return row[1] or UNDATED, row[0]


def _may_take_back(taking: Moment, taken: Moment, kind: str) -> bool:
    """Whether a withdrawal is not older than what it takes back.

    Files often give the day alone, so the same moment is late enough; between two
    withdrawals of one moment the number decides, or each could take back the other.
    """
    if kind == "WITHDRAW":
        return (taking[0] or UNDATED, taking[1]) > (taken[0] or UNDATED, taken[1])
    return taking[0] is None or taken[0] is None or taking[0] >= taken[0]
