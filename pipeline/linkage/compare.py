"""How two rows compare: graded levels on integer codes, packed into one number.

A comparison looks at columns that were dictionary-encoded before, so a pair costs a few
integer operations. Strings are compared once per distinct value, in neighbours.py.
Nothing here knows what the columns mean.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

BITS = 4
"""Bits a comparison takes in a packed pattern; sixteen comparisons fit."""
MISSING = "missing"
OTHER = "other"

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tier:
    """A level that two rows reach by equal codes in one column."""

    level: str
    column: str


@dataclass(frozen=True)
class Neighbours:
    """Levels that two rows reach by codes that stand in a table of neighbours.

    `table` is named without the prefix of whoever made it. It has left_code, right_code
    and grade, both directions, grade 1 for the first of `levels`, no equal codes.
    """

    table: str
    column: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Condition:
    """A level told by integer arithmetic on both rows, aliases l and r; u is stated."""

    level: str
    sql: str
    u_probability: float


@dataclass(frozen=True)
class Comparison:
    """One column of evidence, from the finest level to `other`.

    `prior_m` says how often matches reach each level before any data speak; EM moves it.
    `applies` (SQL on l and r) limits the comparison; elsewhere its level is `missing`.
    """

    name: str
    tiers: tuple[Tier, ...]
    prior_m: dict[str, float]
    neighbours: Neighbours | None = None
    conditions: tuple[Condition, ...] = ()
    coarse: tuple[Tier, ...] = ()
    """Tiers that come after the neighbours."""
    applies: str | None = None
    has_frequencies: bool = True
    weight_cap: float = field(default=40.0)

    @property
    def levels(self) -> tuple[str, ...]:
        """Level names by number: 0 missing, then finest to coarsest, `other` last."""
        graded = self.neighbours.levels if self.neighbours else ()
        return (
            MISSING,
            *(tier.level for tier in self.tiers),
            *(condition.level for condition in self.conditions),
            *graded,
            *(tier.level for tier in self.coarse),
            OTHER,
        )

    @property
    def missing_column(self) -> str:
        """Column whose null makes the comparison missing: the coarsest one."""
        return (*self.tiers, *self.coarse)[-1].column

    def level_sql(self) -> str:
        """SQL for the level's number; neighbours are joined under their table's name."""
        column = self.missing_column
        missing = f"l.{column} IS NULL OR r.{column} IS NULL"
        if self.applies:
            missing = f"{missing} OR NOT ({self.applies})"
        branches = [f"WHEN {missing} THEN 0"]
        number = 0
        for tier in self.tiers:
            number += 1
            branches.append(f"WHEN l.{tier.column} = r.{tier.column} THEN {number}")
        for condition in self.conditions:
            number += 1
            branches.append(f"WHEN {condition.sql} THEN {number}")
        if self.neighbours:
            grade = f"{self.neighbours.table}.grade"
            branches.append(f"WHEN {grade} IS NOT NULL THEN {number} + {grade}")
            number += len(self.neighbours.levels)
        for tier in self.coarse:
            number += 1
            branches.append(f"WHEN l.{tier.column} = r.{tier.column} THEN {number}")
        return f"(CASE {' '.join(branches)} ELSE {number + 1} END)"


def neighbour_tables(comparisons: tuple[Comparison, ...]) -> tuple[Neighbours, ...]:
    """What the comparisons have for neighbours; several that share a table, once."""
    tables = {c.neighbours.table: c.neighbours for c in comparisons if c.neighbours}
    return tuple(tables.values())


def unpack_levels(patterns: Codes, count: int) -> npt.NDArray[np.int64]:
    """Level numbers, one row per pattern, one column per comparison."""
    shifts = BITS * np.arange(count, dtype=np.int64)
    return (patterns[:, None] >> shifts) & ((1 << BITS) - 1)


def pattern_text(comparisons: tuple[Comparison, ...], pattern: int) -> str:
    """`column=level ...` of one packed pattern, missing levels left out."""
    parts = []
    for place, comparison in enumerate(comparisons):
        level = (pattern >> (BITS * place)) & ((1 << BITS) - 1)
        if level:
            parts.append(f"{comparison.name}={comparison.levels[level]}")
    return " ".join(parts)


def pattern_texts(comparisons: tuple[Comparison, ...], patterns: pl.Series) -> pl.DataFrame:
    """Text of each distinct packed pattern; nulls are left out."""
    distinct = patterns.drop_nulls().unique().sort().cast(pl.Int64)
    texts = [pattern_text(comparisons, pattern) for pattern in distinct.to_list()]
    return pl.DataFrame({"pattern": distinct, "text": pl.Series(texts, dtype=pl.String)})
