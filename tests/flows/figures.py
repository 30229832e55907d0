"""The figures of a release counted again from its Parquet files alone.

Nothing of the summary's code or queries is used here: what the files give in another way
must be what summary.json says.
"""

import collections
import datetime
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
        for row in _once(read(release, table)).to_dicts():
            place = _places(row, known)
            for name in names_of(row, summary):
                add(place, name)
    balance = read(release, "reconciliation").filter(pl.col("source") == "mia/persons")
    for row in balance.to_dicts():
        place = levels(row["region_code"], row["district_code"], known)
        for name in _of_balance(row):
            add(place, name, row["rows"])
    # A move between districts is in the files of both.
    for row in read(release, "changes").unique(["voter_id", "field"]).to_dicts():
        _add_change(add, row, known)
    for figures in found.values():
        figures["repeated"] = figures["rows"] - figures["quarantined"] - figures["persons"]
    return {
        area: _without_ages(figures) if area in summary["ages_withheld"] else figures
        for area, figures in found.items()
    }


def _once(rows: pl.DataFrame) -> pl.DataFrame:
    """A question about people of two districts is in the files of both."""
    return rows.unique("discrepancy_id") if "discrepancy_id" in rows.columns else rows


def _places(row: dict[str, Any], known: set[str]) -> set[str]:
    """Areas that a row counts for: of such a question those of both, each once."""
    places = set(levels(row["region_code"], row["district_code"], known))
    if row.get("other_district_code"):
        other = levels(row["other_region_code"], row["other_district_code"], known)
        places |= set(other)
    return places


def _without_ages(figures: dict[str, Any]) -> dict[str, Any]:
    return {n: count for n, count in figures.items() if not n.startswith("voters_by_age")}


Row = dict[str, Any]


def _of_balance(row: Row) -> list[str]:
    """Figures of rows by where they are registered; of the listed one row each."""
    if row["outcome"] == "QUARANTINED":
        return ["rows", "quarantined", f"quarantined_by_rule.{row['reason']}"]
    if row["outcome"] == "LISTED":
        return ["rows", "persons", "eligible", "listed"]
    return ["rows"]


def _of_voter(row: Row, summary: Row) -> list[str]:
    sex = "women" if row["sex"] == "F" else "men"
    day, born = datetime.date.fromisoformat(summary["election_date"]), row["birth_date"]
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    group = 18 if age < 20 else 90 if age >= 90 else age - age % 5
    return [
        "voters",
        sex,
        f"voters_by_placement.{row['placement']}",
        f"voters_by_age.{row['sex']}{group:03d}",
    ]


def _of_unlisted(row: Row, _: Row) -> list[str]:
    if row["ground"]:
        return ["persons", "ineligible", f"ineligible_by_ground.{row['ground']}"]
    reason = f"unplaced_by_reason.{row['unplaced_reason']}"
    return ["persons", "eligible", "unplaced", reason]


def _of_precinct(row: Row, summary: Row) -> list[str]:
    limits = summary["limits"]
    small = row["voters"] < limits["precinct_voters_min"]
    large = row["voters"] > limits["precinct_voters_max"]
    if small:
        return ["precincts", "precincts_too_small", "precincts_by_size.under"]
    if large:
        return ["precincts", "precincts_too_large", "precincts_by_size.over"]
    # 0 to 250 voters, 251 to 500 and so on, each named by what it is above.
    above = max(
        b for b in range(0, limits["precinct_voters_max"], 250) if b < max(row["voters"], 1)
    )
    return ["precincts", f"precincts_by_size.{above:05d}"]


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


NOT_IN_FILES = {"listed_elsewhere", "arrived", "listed_by_basis"}
"""By where the listed are registered, which no file of a release names by person. Their
sums are those of the lists: tests/pipeline/test_summary.py and test_release.py."""

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
    said, counted. All but NOT_IN_FILES."""
    counted, said = counted_again(release), told(release)
    compared = [
        (area, name, said[area][name], counted.get(area, {}).get(name, 0))
        for area in said
        for name in sorted({*said[area], *counted.get(area, {})})
        if name.split(".")[0] not in NOT_IN_FILES
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
