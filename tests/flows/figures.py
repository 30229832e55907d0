"""The figures of a release counted again from its Parquet files alone.

Nothing of the summary's code or queries is used here: what the files give in another way
must be what summary.json says.
"""

import collections
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl

Figures = dict[str, dict[str, Any]]


def read(release: Path, name: str) -> pl.DataFrame:
    """All rows of a table of the release, district files put together."""
    files = sorted(release.rglob(f"{name}.parquet"))
    assert files, name
    return pl.concat([pl.read_parquet(file, hive_partitioning=False) for file in files])


def levels(region: str | None, district: str | None, known: set[str]) -> list[str]:
    """Country, region and district that a row counts for."""
    if district in known:
        return ["UZ", str(district)[:4], str(district)]
    region = region if region in known else "0000"
    return ["UZ", str(region), f"{region}/none"]


def counted_again(release: Path) -> Figures:
    """Figures and breakdowns by area that the files of a release give."""
    summary = json.loads((release / "summary.json").read_text(encoding="utf-8"))
    known = {code for code in summary["areas"] if "/" not in code}
    found: Figures = {}

    def add(areas: Iterable[str], name: str, times: int = 1) -> None:
        for area in areas:
            found.setdefault(area, collections.Counter())[name] += times

    for table, names_of in TABLES.items():
        for row in read(release, table).to_dicts():
            place = levels(row["region_code"], row["district_code"], known)
            for name in names_of(row, summary["limits"]):
                add(place, name)
    balance = read(release, "reconciliation").filter(pl.col("source") == "mia/persons")
    for row in balance.to_dicts():
        place = levels(row["region_code"], row["district_code"], known)
        add(place, "rows", row["rows"])
        if row["outcome"] == "QUARANTINED":
            add(place, "quarantined", row["rows"])
            add(place, f"quarantined_by_rule.{row['reason']}", row["rows"])
    # A move between districts is in the files of both.
    for row in read(release, "changes").unique(["voter_id", "field"]).to_dicts():
        _add_change(add, row, known)
    return found


Row = dict[str, Any]


def _of_voter(row: Row, _: Row) -> list[str]:
    sex = "women" if row["sex"] == "F" else "men"
    return ["voters", sex, f"voters_by_placement.{row['placement']}"]


def _of_unlisted(row: Row, _: Row) -> list[str]:
    if row["ground"]:
        return ["ineligible", f"ineligible_by_ground.{row['ground']}"]
    return ["unplaced", f"unplaced_by_reason.{row['unplaced_reason']}"]


def _of_precinct(row: Row, limits: Row) -> list[str]:
    small = row["voters"] < limits["precinct_voters_min"]
    large = row["voters"] > limits["precinct_voters_max"]
    return ["precincts"] + ["precincts_too_small"] * small + ["precincts_too_large"] * large


def _of_discrepancy(row: Row, _: Row) -> list[str]:
    age = sum(row["release_count"] > limit for limit in (1, 7, 30))
    return [
        "discrepancies",
        row["severity"].lower(),
        f"discrepancies_by_code.{row['code']}",
        f"discrepancies_by_owner.{row['owner']}",
        f"discrepancies_by_age.{row['code']}.{age}",
    ]


def _of_resolved(row: Row, _: Row) -> list[str]:
    return ["resolved", f"resolved_by.{row['resolution']}"]


TABLES: dict[str, Callable[[Row, Row], list[str]]] = {
    "voters": _of_voter,
    "unlisted": _of_unlisted,
    "precincts": _of_precinct,
    "discrepancies": _of_discrepancy,
    "resolved_discrepancies": _of_resolved,
}
"""Table to the figures that each of its rows is one of."""


def _add_change(add: Any, row: dict[str, Any], known: set[str]) -> None:  # noqa: ANN401
    moments = [
        levels(row[f"region_code_{moment}"], row[f"district_code_{moment}"], known)
        for moment in ("before", "after")
    ]
    reason = f"changes_by_reason.{row['change']}:{row['reason']}"
    if row["change"] == "MOVED":
        for old, new in zip(*moments, strict=True):
            if old == new:
                add([old], "moved_within")
            else:
                add([old], "moved_out")
                add([new], "moved_in")
            add({old, new}, reason)
    else:
        areas = moments[0] if row["change"] == "REMOVED" else moments[1]
        add(areas, row["change"].lower())
        add(areas, reason)


def differences(release: Path) -> tuple[int, list[tuple[str, str, int, int]]]:
    """How many figures were compared, and those where summary.json differs: area, name,
    said, counted."""
    counted, said = counted_again(release), told(release)
    names = {name.split(".")[0] for counts in counted.values() for name in counts}
    compared = [
        (area, name, said[area][name], counted.get(area, {}).get(name, 0))
        for area in said
        for name in sorted({*said[area], *counted.get(area, {})})
        if name.split(".")[0] in names
    ]
    return len(compared), [row for row in compared if row[2] != row[3]]


def told(release: Path) -> Figures:
    """What summary.json says of the same figures, zeros left out."""
    summary = json.loads((release / "summary.json").read_text(encoding="utf-8"))
    flat: Figures = {}
    for code, area in summary["areas"].items():
        flat[code] = collections.Counter()
        for name, value in area.items():
            if isinstance(value, int):
                flat[code][name] = value
            elif isinstance(value, dict):
                for key, counts in value.items():
                    parts = counts if isinstance(counts, list) else [counts]
                    for place, part in enumerate(parts):
                        suffix = f".{place}" if isinstance(counts, list) else ""
                        flat[code][f"{name}.{key}{suffix}"] = part
    return flat
