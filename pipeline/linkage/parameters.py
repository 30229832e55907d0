"""Parameters of a model as a file that people review, and their use on another night.

A file fixes everything in a weight that other rows could change: m, u, the prior, how
often each value occurs, and in how large a population. So a pair weighs the same every
night while its two rows stay as they are, whatever happens to the rest of the register.

Values that fewer than `rows_min` rows hold are not listed: each counts as the most it could
be, and so does a value that the file has never seen. So the file names nobody, and a rare
name ties two rows a little less than it might, never more.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import polars as pl

from pipeline.errors import ConfigurationError
from pipeline.linkage.compare import Comparison
from pipeline.linkage.estimate import (
    Floats,
    Frequencies,
    Model,
    count_sparse,
    store_rest,
)
from pipeline.linkage.frames import store_frame

FORMAT = 1
DIGITS = 9
"""Significant digits of a probability in the file."""


@dataclass(frozen=True)
class Parameters:
    """A fitted model with all that its weights depend on.

    `shares` is how often pairs known to be the same reached each level when it was
    fitted, before EM: what drift is measured against. Empty where none were seen.
    """

    fitted_on: str
    fitted_from: dict[str, int]
    """Counts of what it was fitted on; `rows` is the population that chance acts in."""
    model: Model
    shares: tuple[Floats, ...]
    frequencies: dict[str, Frequencies]

    @property
    def sha256(self) -> str:
        """Hash of the canonical content."""
        return _hash(_content(self))


def valued_columns(comparisons: tuple[Comparison, ...]) -> tuple[str, ...]:
    """Columns whose value frequencies enter a weight, sorted."""
    return tuple(
        sorted(
            {
                tier.column
                for comparison in comparisons
                if comparison.has_frequencies
                for tier in (*comparison.tiers, *comparison.coarse)
            }
        )
    )


def write_parameters(parameters: Parameters) -> str:
    """The file's text: JSON, keys sorted, one value a line, its own hash inside."""
    content = _content(parameters)
    content["sha256"] = _hash(content)
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read_parameters(
    text: str, name: str, comparisons: tuple[Comparison, ...]
) -> Parameters:
    """Parameters of a file.

    Args:
        text: what write_parameters gave.
        name: what to call the file in an error.
        comparisons: the comparisons of this program; the file must be about these.

    Raises:
        ConfigurationError: no such file, changed since it was written, or fitted for
            other comparisons or levels.
    """
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{name}: not valid JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ConfigurationError(f"{name}: not linkage parameters of format {FORMAT}")
    stated = content.pop("sha256", None)
    if stated != _hash(content):
        raise ConfigurationError(
            f"{name}: changed since it was fitted: its sha256 does not agree"
        )
    _check_levels(content, name, comparisons)
    return Parameters(
        fitted_on=content["fitted_on"],
        fitted_from=content["fitted_from"],
        model=_model(content, comparisons),
        shares=tuple(_column(content, c, "share", 0.0) for c in comparisons),
        frequencies={
            column: Frequencies(
                row["total"],
                row["rare_rows"],
                pl.DataFrame(
                    {"text": list(row["values"]), "rows": list(row["values"].values())},
                    schema={"text": pl.String, "rows": pl.Int64},
                ).sort("text"),
            )
            for column, row in content["frequencies"].items()
        },
    )


def _check_levels(
    content: dict[str, Any], name: str, comparisons: tuple[Comparison, ...]
) -> None:
    expected = {c.name: sorted(c.levels[1:]) for c in comparisons}
    found = {key: sorted(levels) for key, levels in content["comparisons"].items()}
    if expected != found:
        differing = sorted(
            key for key in {*expected, *found} if expected.get(key) != found.get(key)
        )
        raise ConfigurationError(
            f"{name}: fitted for other comparisons or levels ({', '.join(differing)}); "
            "fit it again with selv train"
        )
    missing = sorted(set(valued_columns(comparisons)) - set(content["frequencies"]))
    if missing:
        raise ConfigurationError(f"{name}: no frequencies of {', '.join(missing)}")


def _model(content: dict[str, Any], comparisons: tuple[Comparison, ...]) -> Model:
    return Model(
        comparisons,
        tuple(_column(content, c, "m", 1.0) for c in comparisons),
        tuple(_column(content, c, "u", 1.0) for c in comparisons),
        float(content["prior_bits"]),
        int(content["fitted_from"]["rows"]),
    )


def _column(
    content: dict[str, Any], comparison: Comparison, key: str, missing: float
) -> Floats:
    levels = content["comparisons"][comparison.name]
    values = [float(levels[level][key]) for level in comparison.levels[1:]]
    return np.asarray([missing, *values], dtype=np.float64)


def _content(parameters: Parameters) -> dict[str, Any]:
    model = parameters.model
    return {
        "format": FORMAT,
        "fitted_on": parameters.fitted_on,
        "fitted_from": parameters.fitted_from,
        "prior_bits": rounded(model.prior_bits),
        "comparisons": {
            comparison.name: {
                level: {
                    "m": rounded(model.m[place][number]),
                    "u": rounded(model.u[place][number]),
                    "share": rounded(parameters.shares[place][number]),
                }
                for number, level in enumerate(comparison.levels)
                if number
            }
            for place, comparison in enumerate(model.comparisons)
        },
        "frequencies": {
            column: {
                "total": row.total,
                "rare_rows": row.rare_rows,
                "values": dict(row.values.select("text", "rows").iter_rows()),
            }
            for column, row in parameters.frequencies.items()
        },
    }


def rounded(value: float) -> float:
    """A number as it stands in the file."""
    return float(f"{value:.{DIGITS}g}")


def _hash(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def collect_frequencies(
    engine: duckdb.DuckDBPyConnection,
    dictionaries: dict[str, str],
    counted_nightly: tuple[str, ...],
    prefix: str,
    rows_min: int,
) -> dict[str, Frequencies]:
    """Frequencies from the tables of count_frequencies, values as text.

    Args:
        engine: where the tables are.
        dictionaries: column to SQL of (code, text).
        counted_nightly: columns of which only the total is kept.
        prefix: of the frequency tables.
        rows_min: fewer rows make a value rare.
    """
    found = {}
    for column in sorted({*dictionaries, *counted_nightly}):
        freq = f"{prefix}_freq_{column}"
        total = engine.execute(f"SELECT total FROM {prefix}_rest_{column}").fetchall()[0][0]
        values = pl.DataFrame(schema={"text": pl.String, "rows": pl.Int64})
        if column not in counted_nightly:
            values = engine.sql(
                f"SELECT text, rows::BIGINT AS rows FROM {freq} "
                f"JOIN ({dictionaries[column]}) USING (code) "
                f"WHERE rows >= {rows_min} ORDER BY text"
            ).pl()
        found[column] = Frequencies(int(total), max(1, rows_min - 1), values)
    return found


def use_frequencies(
    engine: duckdb.DuckDBPyConnection,
    frequencies: dict[str, Frequencies],
    dictionaries: dict[str, str],
    nodes: str,
    prefix: str,
) -> None:
    """Make `<prefix>_freq_<column>` and `<prefix>_values_<column>` as a file states them.

    Stated values that nobody holds tonight are there too, with codes below zero, so that
    what is near a value does not depend on who else is in the register.
    A column without a dictionary is counted tonight, its shares taken of the stated
    total: such values (a dwelling, a document) are of few rows, so a change of one of
    these rows changes nothing but its neighbours in the same block.
    """
    for column, stated in sorted(frequencies.items()):
        total = max(stated.total, 1)
        freq = f"{prefix}_freq_{column}"
        if column not in dictionaries:
            count_sparse(engine, column, nodes, prefix, total)
            continue
        store_rest(engine, column, prefix, total, stated.rare_rows)
        store_frame(engine, f"{prefix}_stated_{column}", stated.values)
        engine.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {prefix}_values_{column} AS
            WITH tonight AS ({dictionaries[column]})
            SELECT code, text, coalesce(s.rows, {stated.rare_rows})::BIGINT AS rows,
                s.rows IS NOT NULL AS is_stated
            FROM tonight LEFT JOIN {prefix}_stated_{column} AS s USING (text)
            UNION ALL
            SELECT -row_number() OVER (ORDER BY text), text, rows, true
            FROM {prefix}_stated_{column} ANTI JOIN tonight USING (text)
            """
        )
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {freq} AS SELECT code, rows, "
            f"log2(least(rows, {total}) / {total})::REAL AS bits, is_stated "
            f"FROM {prefix}_values_{column}"
        )
