"""summary.json of a whole country, made up from the classifier of areas.

For tests of the report's size and for the benchmark that opens it: 14 regions, 208
districts and cities, 11,000 precincts, every discrepancy code in every district, 30
earlier releases. Figures are invented but add up.
"""

import collections
import itertools
import random
from typing import Any

from pipeline.summary_areas import (
    AGES,
    BREAKDOWNS,
    FIGURES,
    HISTORY_FIGURES,
    HISTORY_RELEASES,
)
from pipeline.summary_queries import PRECINCT_COLUMNS
from pipeline.tables import reference_table

PRECINCTS = 11_000
Json = dict[str, Any]


def national_summary(base: Json) -> Json:
    """A country's summary with the parts of `base` that don't grow with it."""
    chance = random.Random(1)
    areas = reference_table("areas").to_dicts()
    districts = [area for area in areas if area["level"] == "DISTRICT"]
    precincts = [
        _precinct(chance, number, district)
        for number, district in zip(
            range(PRECINCTS), itertools.cycle(districts), strict=False
        )
    ]
    table: Json = {}
    for district in districts:
        here = [row for row in precincts if row[2] == district["area_code"]]
        table[district["area_code"]] = _district(chance, district, here)
    for region in (area for area in areas if area["level"] == "REGION"):
        code = region["area_code"]
        parts = [area for area in table.values() if area["region"] == code]
        table[code] = _sum(parts) | _title(region, code)
    regions = [area for area in table.values() if area["level"] == "REGION"]
    names = {"level": "COUNTRY", "name_uz": "Oʻzbekiston", "name_ru": "Узбекистан"}
    table["UZ"] = _sum(regions) | names
    return base | {
        "has_previous": True,
        "areas": dict(sorted(table.items())),
        "history": {"figures": list(HISTORY_FIGURES), "releases": _history(chance, table)},
        "precincts": {"columns": list(PRECINCT_COLUMNS), "rows": sorted(precincts)},
        "discrepancies": _codes(table["UZ"]),
    }


def _precinct(chance: random.Random, number: int, district: Json) -> list[Any]:
    code = district["area_code"]
    name = f"{number + 1}-saylov uchastkasi, 25-umumtaʼlim maktabi"
    voters = chance.randint(600, 2990)
    counts = [voters, *(chance.randint(0, 60) for _ in range(4))]
    address = f"{district['name_uz']}, Mustaqillik shoh koʻchasi, {number % 300 + 1}-uy"
    place = [district["region_code"], number + 1, code, "TERRITORIAL", name, address]
    return [*place, *counts]


def _title(area: Json, region: str) -> Json:
    return {
        "level": area["level"],
        "region": region,
        "name_uz": area["name_uz"],
        "name_ru": area["name_ru"],
    }


def _district(chance: random.Random, district: Json, precincts: list[list[Any]]) -> Json:
    voters = sum(row[6] for row in precincts)
    figures = dict.fromkeys(FIGURES, 0) | {
        "rows": 2 * voters,
        "repeated": voters // 2,
        "persons": 2 * voters - voters // 2,
        "ineligible": voters - voters // 2 - 700,
        "eligible": voters + 700,
        "unplaced": 700,
        "listed": voters,
        "voters": voters,
        "women": voters // 2,
        "men": voters - voters // 2,
        "precincts": len(precincts),
        "added": chance.randint(20, 200),
        "removed": chance.randint(10, 100),
        "corrected": chance.randint(10, 300),
        "moved_within": chance.randint(0, 90),
    }
    codes = reference_table("discrepancies")["code"]
    ages = {code: [chance.randint(0, 900) for _ in AGES] for code in codes}
    by_code = {code: sum(counts) for code, counts in ages.items()}
    breakdowns: Json = {name: {} for name in BREAKDOWNS} | {
        "discrepancies_by_code": by_code,
        "unplaced_by_reason": {"COVERAGE_GAP": 700},
        "ineligible_by_ground": {"UNDER_AGE": figures["ineligible"]},
        "voters_by_age": {
            f"{sex}{age:03d}": voters // 32
            for sex in "FM"
            for age in (18, *range(20, 95, 5))
        },
        "precincts_by_size": dict(
            collections.Counter(f"{(row[6] - 1) // 250 * 250:05d}" for row in precincts)
        ),
        "discrepancies_by_owner": {
            owner: counts for owner, counts in _by(by_code, "owner").items()
        },
    }
    severities = {name.lower(): n for name, n in _by(by_code, "severity").items()}
    figures |= {"discrepancies": sum(by_code.values())} | severities
    return {
        **_title(district, district["region_code"]),
        **figures,
        **breakdowns,
        "discrepancies_by_age": ages,
    }


def _by(by_code: dict[str, int], column: str) -> dict[str, int]:
    entries = {
        row["code"]: row[column] for row in reference_table("discrepancies").to_dicts()
    }
    counts: collections.Counter[str] = collections.Counter()
    for code, count in by_code.items():
        counts[entries[code]] += count
    return dict(counts)


def _sum(parts: list[Json]) -> Json:
    """Figures, breakdowns and ages of an area from those of its parts."""
    total: Json = {name: sum(part[name] for part in parts) for name in FIGURES}
    for name in BREAKDOWNS:
        counts: collections.Counter[str] = collections.Counter()
        for part in parts:
            counts.update(part[name])
        total[name] = dict(counts)
    total["discrepancies_by_age"] = {
        code: [sum(column) for column in zip(*rows, strict=True)]
        for code in parts[0]["discrepancies_by_age"]
        if (rows := [part["discrepancies_by_age"][code] for part in parts])
    }
    return total


def _history(chance: random.Random, table: Json) -> list[Json]:
    return [
        {
            "release_id": f"202611{night + 1:02d}-001-0a1b2c3d",
            "as_of": f"2026-11-{night % 30 + 1:02d}",
            "areas": {
                code: [
                    int(area[name] * chance.uniform(0.9, 1.1)) for name in HISTORY_FIGURES
                ]
                for code, area in table.items()
            },
        }
        for night in range(HISTORY_RELEASES)
    ]


def _codes(country: Json) -> list[Json]:
    return [
        {
            "code": row["code"],
            "severity": row["severity"],
            "owner": row["owner"],
            "count": sum(country["discrepancies_by_age"][row["code"]]),
            "releases": dict(
                zip(AGES, country["discrepancies_by_age"][row["code"]], strict=True)
            ),
        }
        for row in reference_table("discrepancies").to_dicts()
    ]
