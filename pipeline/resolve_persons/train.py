"""Parameters of person resolution: fitted on the night's own rows, or frozen in a file.

u comes from value frequencies, m from EM on counted agreement patterns of the blocking
rules, helped by pairs that share a verified PINFL. docs/adr/frozen-parameters.md says
which is used when.
"""

import dataclasses
import math

import duckdb
import numpy as np

from pipeline.errors import ConfigurationError
from pipeline.linkage.block import BlockedRule, collect_pairs, pairs_sql, plan_blocks
from pipeline.linkage.compare import unpack_levels
from pipeline.linkage.estimate import (
    Floats,
    Model,
    PatternCounts,
    count_frequencies,
    count_neighbour_mass,
    count_sparse,
    estimate_m,
    split_patterns,
    u_probabilities,
)
from pipeline.linkage.frames import row_count
from pipeline.linkage.parameters import (
    Parameters,
    collect_frequencies,
    rounded,
    use_frequencies,
)
from pipeline.linkage.score import count_patterns_sql
from pipeline.resolve_persons.encode import (
    NODES,
    OPEN,
    PREFIX,
    encode_records,
    open_rows,
)
from pipeline.resolve_persons.model import (
    BLOCKING,
    COMPARISONS,
    COUNTED,
    COUNTED_NIGHTLY,
    PINFL_FIXES,
    ROWS_OF,
    SPARSE,
    count_rows,
    dictionaries,
    find_neighbours,
    list_values,
)
from pipeline.resolve_persons.rules import (
    BESIDE_THE_FIRST,
    find_same,
    find_shared_pinfls,
)

TRAINING_ROWS = 100_000
"""At most so many rows seek partners for the training of m; more add nothing but time."""
ROWS_MIN = 10
"""Values on fewer rows are not listed in a file of parameters."""
GROWTH_MAX = 1.25
"""Chance grows with the population: parameters of a smaller one would merge too lightly."""


def count_values(
    engine: duckdb.DuckDBPyConnection, parameters: Parameters | None, count: int
) -> int:
    """Make the tables of frequencies and neighbours; the population that chance acts in.

    Args:
        engine: with the coded records.
        parameters: frozen ones, or null to count tonight's rows.
        count: tonight's rows.

    Raises:
        ConfigurationError: tonight has many more rows than the parameters stand for.
    """
    count_rows(engine)
    if parameters is None:
        list_values(engine)
        find_neighbours(engine)
        counted = {column: ROWS_OF[column] for column in COUNTED}
        count_frequencies(
            engine, COMPARISONS, NODES, PREFIX, sparse=SPARSE, counted=counted
        )
        return count
    population = parameters.model.population
    if count > GROWTH_MAX * population:
        raise ConfigurationError(
            f"linkage.parameters: fitted on {population:,} rows, tonight has {count:,}; "
            "chance would be underrated: fit them again with selv train"
        )
    stated = parameters.frequencies
    use_frequencies(engine, stated, dictionaries(), NODES, PREFIX)
    count_sparse(engine, "digits", NODES, PREFIX)
    find_neighbours(engine, stated=stated)
    count_neighbour_mass(engine, COMPARISONS, PREFIX, stated)
    return population


def sample_seekers(engine: duckdb.DuckDBPyConnection) -> tuple[str, int]:
    """SQL that chooses the open rows whose pairs m is trained on; one of how many it is.

    The column row_id is to be read as that of the open rows.
    """
    one_of = max(1, math.ceil(row_count(engine, OPEN) / TRAINING_ROWS))
    return f"row_id % {one_of} = 0", one_of


def fit_model(
    engine: duckdb.DuckDBPyConnection, steps: list[BlockedRule], pairs: str, one_of: int
) -> Model:
    """The model of tonight's rows, from what a share of the open rows meet.

    Args:
        engine: with the tables of count_values and find_same.
        steps: what plan_blocks gave.
        pairs: SQL for (step, l, r): all pairs of the rows that sample_seekers chooses.
        one_of: what sample_seekers gave.
    """
    u = tuple(u_probabilities(engine, c, PREFIX) for c in COMPARISONS)
    open_rows, rows = (row_count(engine, table) for table in (OPEN, NODES))
    seen = engine.execute(count_patterns_sql(pairs, COMPARISONS, PREFIX)).fetchnumpy()
    counts = split_patterns(seen, [step.rule.fixes for step in steps])
    m, found = estimate_m(COMPARISONS, u, [*counts, count_known_pairs(engine)])
    matches = max([*found[:-1], 0.5]) * one_of
    prior = min(float(np.log2(matches / max(float(open_rows) * rows, 2.0))), -1.0)
    return Model(
        COMPARISONS,
        tuple(_rounded(values) for values in m),
        tuple(_rounded(values) for values in u),
        rounded(prior),
        rows,
    )


def fit_parameters(
    engine: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    fitted_on: str,
    rows_min: int = ROWS_MIN,
) -> Parameters:
    """Parameters fitted on a register, without matching it.

    Args:
        engine: where the TEMP tables `resolve_persons_*` are made.
        records: PersonRecord.
        fitted_on: day of the register, ISO.
        rows_min: values on fewer rows are taken together.
    """
    encoded = encode_records(engine, records)
    open_rows(engine)
    count_values(engine, None, encoded.count)
    find_same(engine)
    find_shared_pinfls(engine)
    steps, _ = plan_blocks(engine, BLOCKING, PREFIX, OPEN, NODES, rows_of=ROWS_OF)
    chosen, one_of = sample_seekers(engine)
    sample = f"{PREFIX}_sample"
    collect_pairs(engine, steps, sample, (OPEN, NODES), "true", f"o.{chosen}")
    model = fit_model(engine, steps, pairs_sql(sample, OPEN), one_of)
    return collect_parameters(engine, model, fitted_on, rows_min)


def count_known_pairs(engine: duckdb.DuckDBPyConnection) -> PatternCounts:
    """Patterns of rows beside the first of their verified PINFL: known to be one person.

    No other pairs: of a number on thousands of rows there are millions.
    """
    one_of = max(1, row_count(engine, NODES) // (2 * TRAINING_ROWS))
    known = f"{PREFIX}_known"
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {known}_pair AS "
        f"SELECT * FROM {BESIDE_THE_FIRST} WHERE right_node % {one_of} = 0"
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {known} AS SELECT * FROM {NODES} SEMI JOIN ("
        f"SELECT left_node AS node FROM {known}_pair UNION "
        f"SELECT right_node FROM {known}_pair) USING (node)"
    )
    pairs = (
        f"(SELECT 0 AS step, l, r FROM {known}_pair AS p "
        f"JOIN {known} AS l ON l.node = left_node JOIN {known} AS r ON r.node = right_node)"
    )
    seen = engine.execute(count_patterns_sql(pairs, COMPARISONS, PREFIX)).fetchnumpy()
    counts = split_patterns(seen, [PINFL_FIXES])[0]
    return dataclasses.replace(counts, is_match=True)


def level_counts(known: PatternCounts) -> tuple[Floats, ...]:
    """Pairs by level number of every comparison; zeros where the rule fixes it."""
    levels = unpack_levels(known.patterns, len(COMPARISONS))
    counts = []
    for place, comparison in enumerate(COMPARISONS):
        found = np.bincount(
            levels[:, place], weights=known.counts, minlength=len(comparison.levels)
        )
        is_told = comparison.name not in known.fixes
        found[0] = 0.0
        counts.append(np.asarray(found if is_told else found * 0, dtype=np.float64))
    return tuple(counts)


def collect_parameters(
    engine: duckdb.DuckDBPyConnection,
    model: Model,
    fitted_on: str,
    rows_min: int = ROWS_MIN,
) -> Parameters:
    """What was fitted tonight, as parameters for other nights.

    Args:
        engine: with the tables of a resolution that fitted its own model.
        model: that model.
        fitted_on: day of the rows, ISO.
        rows_min: values on fewer rows are taken together.
    """
    known = level_counts(count_known_pairs(engine))
    return Parameters(
        fitted_on=fitted_on,
        fitted_from={
            "rows": model.population,
            "open_rows": row_count(engine, OPEN),
            "known_pairs": int(max(counts.sum() for counts in known)),
            "rows_min": rows_min,
        },
        model=model,
        shares=tuple(
            _rounded(counts / counts.sum()) if counts.sum() else counts for counts in known
        ),
        frequencies=collect_frequencies(
            engine, dictionaries(), COUNTED_NIGHTLY, PREFIX, rows_min
        ),
    )


def _rounded(values: Floats) -> Floats:
    return np.asarray([rounded(value) for value in values.tolist()], dtype=np.float64)
