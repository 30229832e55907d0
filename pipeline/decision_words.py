"""What a decision's words mean in a release: whom, on what matter, with what effect.

What belongs here: looking the words up in a published release. Nothing is written.
"""

import dataclasses
from collections.abc import Iterator, Mapping

import duckdb
import polars as pl

from pipeline.decision_ledger import UNDATED
from pipeline.decisions import MATTERS
from pipeline.determine_eligibility import LIFTED_BY_INCLUSION
from pipeline.errors import ConfigurationError

Relation = duckdb.DuckDBPyRelation
PAIRS = ("SAME_PERSON", "DIFFERENT_PERSONS")


@dataclasses.dataclass(frozen=True)
class KnownTables:
    """Tables of the release that a decision's words are checked against."""

    voters: Relation
    unlisted: Relation
    lineage: Relation
    precincts: Relation
    decisions: Relation
    precinct_requests: Relation


def check_targets(known: KnownTables, words: Mapping[str, str]) -> None:
    """Every row, voter, precinct that is named must be known to the release."""
    for name in ("record_id", "record_id_a", "record_id_b"):
        if name in words and not is_found(
            known.lineage.filter("source = 'mia/persons'"), "record_id", words[name]
        ):
            raise ConfigurationError(f"decide: the release knows no row by that {name}")
    if "request_id" in words and not is_found(
        known.precinct_requests, "request_id", words["request_id"]
    ):
        raise ConfigurationError("decide: the release knows no request by that number")
    if words.get("kind") == "WITHDRAW":
        return
    if words.get("kind") in MATTERS and not person_named(known, words):
        raise ConfigurationError(
            "decide: the release knows nobody by that voter_id or PINFL, or they are two"
        )
    if words.get("kind") == "ASSIGN_PRECINCT":
        here = known.precincts.filter(
            equals("region_code", words.get("region_code", ""))
            & equals("precinct_number::VARCHAR", words.get("precinct_number", ""))
        )
        if not here.limit(1).fetchall():
            raise ConfigurationError("decide: the release has no such precinct")


def equals(column: str, value: str) -> duckdb.Expression:
    """The condition that a column, or an expression of SQL, has this value."""
    return duckdb.SQLExpression(column) == duckdb.ConstantExpression(value)


def is_found(table: Relation, column: str, value: str) -> bool:
    """Whether a table has a row with this value."""
    return bool(table.filter(equals(column, value)).limit(1).fetchall())


def person_named(known: KnownTables, words: Mapping[str, str]) -> str | None:
    """Stable number of the person that voter_id and PINFL name; null if none or two."""
    found = set()
    if "voter_id" in words:
        found.add(words["voter_id"] if _is_known(known, words["voter_id"]) else None)
    if "pinfl" in words:
        for table, column in ((known.voters, "voter_id"), (known.unlisted, "person_id")):
            same = table.filter(equals("pinfl", words["pinfl"]))
            found |= {number for (number,) in same.project(column).fetchall()}
    return found.pop() if len(found) == 1 else None


def _is_known(known: KnownTables, number: str) -> bool:
    return is_found(known.voters, "voter_id", number) or is_found(
        known.unlisted, "person_id", number
    )


def latest_before(
    known: KnownTables, ledger: pl.DataFrame, number: str, words: Mapping[str, str]
) -> dict[str, object] | None:
    """The latest decision in force on the same matter, this one aside; null if none."""
    matter = _matter(known, words)
    others = [
        row
        for row in ledger.filter(pl.col("decision_id") != number).to_dicts()
        if (row["withdrawn_by"] in (None, number))
        and _kinds_meet(str(row["kind"]), words["kind"])
        and _matter(known, {k: str(v) for k, v in row.items() if v is not None}) == matter
    ]
    others.sort(key=lambda row: (row["decided_at"] or UNDATED, row["decision_id"]))
    return others[-1] if others else None


def _kinds_meet(one: str, other: str) -> bool:
    """Cheap first look, so that only decisions on like matters are compared."""
    return _family(one) == _family(other)


def _family(kind: str) -> str:
    return "pair" if kind in PAIRS else MATTERS.get(kind, kind)


def _matter(known: KnownTables, words: Mapping[str, str]) -> tuple[str | None, ...]:
    """What a decision is about: two of one matter contradict or repeat each other."""
    kind = words["kind"]
    if kind in PAIRS:
        return (
            "pair",
            *sorted((words.get("record_id_a", ""), words.get("record_id_b", ""))),
        )
    if kind == "CORRECT":
        return kind, words.get("record_id"), words.get("field")
    if kind == "WITHDRAW":
        return kind, words.get("withdraws")
    if kind == "REFUSE_REQUEST":
        return kind, words.get("request_id")
    return MATTERS[kind], person_named(known, words)


def says_the_same(before: Mapping[str, object], words: Mapping[str, str]) -> bool:
    """Whether two decisions on one matter decide the same."""
    return all(
        str(before[name] if before[name] is not None else "") == words.get(name, "")
        for name in (
            "kind",
            "value",
            "region_code",
            "precinct_number",
            "withdraws",
            "request_id",
        )
    )


def effects(
    known: KnownTables, words: Mapping[str, str], before: Mapping[str, object] | None
) -> Iterator[str]:
    """What the next build will do, in words; numbers only, no values of persons."""
    if before is not None and words["kind"] != "WITHDRAW":
        yield f"takes the place of decision {before['decision_id']}, which is then told"
    match words["kind"]:
        case "CORRECT":
            yield f"sets {words['field']} of row {words['record_id']}, every night"
        case "SAME_PERSON":
            yield "makes both rows one person, whatever the weights say"
        case "DIFFERENT_PERSONS":
            yield "keeps both rows apart, whatever the weights say"
        case "WITHDRAW":
            yield f"no longer carries out decision {words['withdraws']}"
        case "REFUSE_REQUEST":
            yield f"closes request {words['request_id']}; the voter stays in the precinct"
        case kind:
            yield from _effects_on_voter(known, kind, words)


def _effects_on_voter(
    known: KnownTables, kind: str, words: Mapping[str, str]
) -> Iterator[str]:
    number = str(person_named(known, words))
    listed = known.voters.filter(equals("voter_id", number)).pl().to_dicts()
    off = known.unlisted.filter(equals("person_id", number)).pl().to_dicts()
    where = f"{listed[0]['region_code']}-{listed[0]['precinct_number']}" if listed else ""
    ground = str(off[0]["ground"] or "") if off else ""
    if kind == "EXCLUDE":
        yield (
            f"takes voter {number} off the list of precinct {where}"
            if listed
            else f"changes nothing while {ground or off[0]['unplaced_reason']} holds"
        )
    elif ground in LIFTED_BY_INCLUSION and kind == "INCLUDE":
        yield f"lists {number} in spite of {ground}, if the address can be placed"
    elif ground and not (ground == "EXCLUDED_BY_DECISION" and kind == "INCLUDE"):
        yield f"is refused: {ground} is not a commission's to set aside"
    elif kind == "INCLUDE":
        yield f"keeps {number} on the list, also should a death be registered"
    elif kind == "ASSIGN_PRECINCT":
        target = f"{words['region_code']}-{words['precinct_number']}"
        yield f"lists {number} in precinct {target}" + (f", not {where}" if where else "")
    elif kind == "CONFIRM_TEMPORARY":
        yield f"lists {number} at the temporary residence, if it holds on election day"
    else:
        yield f"lists {number} at the permanent residence"
