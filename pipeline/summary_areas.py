"""Counts by country, region and district, and the areas they belong to.

What belongs here: adding up, and which codes are areas. What is counted stands in
summary.py.
"""

import collections
from collections.abc import Iterable
from typing import Any

from pipeline.tables import reference_table
from schemas.codes import Severity

NO_REGION = "0000"
NO_DISTRICT = "none"

FIGURES = (
    "rows",
    "quarantined",
    "repeated",
    "persons",
    "ineligible",
    "eligible",
    "unplaced",
    "listed",
    "listed_elsewhere",
    "arrived",
    "voters",
    "women",
    "men",
    "precincts",
    "precincts_too_small",
    "precincts_too_large",
    "discrepancies",
    *(severity.lower() for severity in Severity),
    "added",
    "removed",
    "moved_in",
    "moved_out",
    "moved_within",
    "corrected",
    "resolved",
)
"""Counts that every area has. rows = quarantined + repeated + persons, persons =
ineligible + eligible, eligible = unplaced + listed (all by where people are registered),
voters = listed - listed_elsewhere + arrived (by where they vote)."""

BREAKDOWNS = (
    "ineligible_by_ground",
    "unplaced_by_reason",
    "quarantined_by_rule",
    "listed_by_basis",
    "voters_by_placement",
    "voters_by_age",
    "discrepancies_by_code",
    "discrepancies_by_owner",
    "resolved_by",
    "changes_by_reason",
    "precincts_by_size",
)


AGES = ("1", "2-7", "8-30", "31+")
"""For how many releases a discrepancy has been open."""

HISTORY_FIGURES = (
    "voters",
    "added",
    "removed",
    "moved_in",
    "moved_out",
    "corrected",
    "unplaced",
    "discrepancies",
    "blocking",
    "high",
    "resolved",
)
"""Figures that are carried from release to release, in the order of their lists."""

HISTORY_RELEASES = 30
"""So many earlier releases are carried along: a month of nights."""

SMALL_CELL = 5
"""A group of fewer people by sex and age is not told; see withhold_small_cells."""


class Areas:
    """Counts of the country, its regions and its districts, added up as they come."""

    def __init__(self) -> None:
        names = reference_table("areas").sort("area_code").to_dicts()
        self._names = {row["area_code"]: row for row in names}
        self.figures: dict[str, collections.Counter[str]] = {}
        self.breakdowns: dict[str, dict[str, collections.Counter[str]]] = {}
        self.code_ages: dict[str, dict[str, list[int]]] = {}

    def levels(self, region: str | None, district: str | None) -> tuple[str, str, str]:
        """Country, region and district that a pair of codes counts for."""
        known = self._names.get(district or "")
        if known is not None and known["level"] == "DISTRICT":
            return "UZ", known["region_code"], known["area_code"]
        known = self._names.get(region or "")
        code = known["area_code"] if known and known["level"] == "REGION" else NO_REGION
        return "UZ", code, f"{code}/{NO_DISTRICT}"

    def add(self, areas: Iterable[str], figure: str, count: int) -> None:
        """Add to a figure of these areas."""
        for area in areas:
            self.figures.setdefault(area, collections.Counter())[figure] += count

    def add_to(self, areas: Iterable[str], breakdown: str, code: str, count: int) -> None:
        """Add to one code of a breakdown of these areas."""
        for area in areas:
            parts = self.breakdowns.setdefault(area, {})
            parts.setdefault(breakdown, collections.Counter())[code] += count

    def add_age(self, areas: Iterable[str], code: str, age: str, count: int) -> None:
        """Add to the discrepancies of a code that are this old, in these areas."""
        for area in areas:
            ages = self.code_ages.setdefault(area, {}).setdefault(code, [0] * len(AGES))
            ages[AGES.index(age)] += count

    def table(self) -> dict[str, dict[str, Any]]:
        """Every area that has a count, with its names, figures and breakdowns."""
        return {
            area: {
                **self._title(area),
                **{name: self.figures[area][name] for name in FIGURES},
                **{
                    name: dict(sorted(self.breakdowns.get(area, {}).get(name, {}).items()))
                    for name in BREAKDOWNS
                },
                "discrepancies_by_age": dict(sorted(self.code_ages.get(area, {}).items())),
            }
            for area in sorted(self.figures)
        }

    def withhold_small_cells(self) -> list[str]:
        """Take back age and sex of areas where a group is so small that it names people.

        A region is the sum of its districts and the country of its regions: where one
        area alone is withheld, its figures are what is left of the sum, so the smallest
        of its neighbours goes with it.

        Returns:
            The areas whose `voters_by_age` is empty for this reason, sorted.
        """
        withheld = {
            area
            for area in self.figures
            if any(
                0 < count < SMALL_CELL
                for count in self.breakdowns.get(area, {})
                .get("voters_by_age", collections.Counter())
                .values()
            )
        }
        withheld |= {
            companion
            for siblings in self._siblings()
            if len(withheld & set(siblings)) == 1
            and (companion := self._smallest(set(siblings) - withheld))
        }
        for area in withheld:
            self.breakdowns[area]["voters_by_age"] = collections.Counter()
        return sorted(withheld)

    def _siblings(self) -> list[list[str]]:
        """The districts of each region, and the regions of the country."""
        groups: dict[str, list[str]] = {}
        for area in self.figures:
            title = self._title(area)
            if title["level"] != "COUNTRY":
                parent = "UZ" if title["level"] == "REGION" else str(title["region"])
                groups.setdefault(parent, []).append(area)
        return list(groups.values())

    def _smallest(self, areas: set[str]) -> str | None:
        """The area with fewest voters that has any; ties by code."""
        populated = [area for area in areas if self.figures[area]["voters"] > 0]
        return min(
            populated, key=lambda area: (self.figures[area]["voters"], area), default=None
        )

    def _title(self, area: str) -> dict[str, Any]:
        if area == "UZ":
            return {"level": "COUNTRY", "name_uz": "Oʻzbekiston", "name_ru": "Узбекистан"}
        row = self._names.get(area)
        if row is None:
            region = area.split("/")[0]
            level = "DISTRICT" if "/" in area else "REGION"
            return {"level": level, "region": region, "name_uz": None, "name_ru": None}
        return {
            "level": row["level"],
            "region": row["region_code"] or row["area_code"],
            "name_uz": row["name_uz"],
            "name_ru": row["name_ru"],
        }
