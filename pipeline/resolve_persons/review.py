"""Pairs that a commission is asked about: one per two persons, with its cause."""

import duckdb
import numpy as np
import polars as pl

from pipeline.linkage.compare import pattern_texts
from pipeline.linkage.frames import store_frame
from pipeline.resolve_persons.consolidate import CLUSTERS, RANKS, WORD, person_of
from pipeline.resolve_persons.decide import Decided
from pipeline.resolve_persons.encode import NODES, PREFIX
from pipeline.resolve_persons.model import COMPARISONS
from pipeline.resolve_persons.rules import SAME_NAMES, SHARED
from pipeline.resolve_persons.tied import Tied
from schemas.codes import ReviewCause

CONFLICT_ROWS_MAX = 20
"""More rows than this under one key are a placeholder, not one person twice."""


def store_asked(
    engine: duckdb.DuckDBPyConnection, tied: Tied, decided: Decided, population: int
) -> None:
    """Make `_asked` and `_asked_text`: the scored pairs that are asked about."""
    asked = _asked(tied, decided, population)
    store_frame(engine, f"{PREFIX}_asked", asked)
    store_frame(engine, f"{PREFIX}_asked_text", pattern_texts(COMPARISONS, asked["packed"]))


def make_review_pairs(
    engine: duckdb.DuckDBPyConnection, population: int
) -> duckdb.DuckDBPyRelation:
    """ReviewPair rows: asked by weight (store_asked), a shared PINFL, a conflict of PINFLs.

    `expected_chance_matches` is the birthday model that Goel et al. (2020) put beside
    every claim of double registration: with n other people, and names and birth dates
    drawn independently with the frequencies seen in this population, n times the product
    of the shares of the values that agree is how many strangers agree this well. Kin,
    who share names, are not in it. `expected_chance_nearby` is the part of them to be
    expected in the district of the pair, or in both districts.
    """
    names = ("surname_key", "given_name_key", "patronymic_key", "birth_date")
    bits = " + ".join(f"coalesce(f_{name}.bits, 0)" for name in names)
    joins = " ".join(
        f"LEFT JOIN {PREFIX}_freq_{name} AS f_{name} ON f_{name}.code = n.{name}"
        for name in names
    )
    person = f"coalesce(c.person_id, {person_of('n.node')})"
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}_review AS
        WITH rule AS (
            SELECT left_node, right_node, '{ReviewCause.PINFL_SHARED}' AS cause
            FROM {SHARED}
            UNION ALL
            SELECT left_node, right_node, '{ReviewCause.PINFL_CONFLICT}'
            FROM ({_conflicts_sql()})
        ), pair AS (
            SELECT left_node, right_node, cause, match_weight, match_probability,
                expected_chance_matches, text AS pattern, 1 AS place
            FROM {PREFIX}_asked AS a
            LEFT JOIN {PREFIX}_asked_text AS p ON p.pattern = a.packed
            UNION ALL
            SELECT left_node, right_node, cause, NULL, NULL, NULL, NULL, 0 FROM rule
        ), held AS (
            SELECT n.node, n.row_id, {person} AS person_id,
                {population} * pow(2, {bits}) AS chance, n.district_code,
                pow(2, coalesce(f_district.bits, 0)) AS district_share
            FROM {NODES} AS n SEMI JOIN (
                SELECT left_node AS node FROM pair UNION SELECT right_node FROM pair
            ) AS asked ON asked.node = n.node
            JOIN {RANKS} AS rank ON rank.word = n.node // {WORD}
            LEFT JOIN {CLUSTERS} AS c ON c.node = n.node {joins}
            LEFT JOIN {PREFIX}_freq_district_code AS f_district
                ON f_district.code = n.district_code
        ), numbered AS (
            SELECT l.row_id AS left_row_id, r.row_id AS right_row_id,
                l.person_id AS left_person_id, r.person_id AS right_person_id,
                pair.* EXCLUDE (left_node, right_node) REPLACE (
                    if(place = 0, l.chance, expected_chance_matches)
                        AS expected_chance_matches),
                l.district_share + if(l.district_code = r.district_code, 0,
                    r.district_share) AS nearby
            FROM pair
            JOIN held AS l ON l.node = left_node
            JOIN held AS r ON r.node = right_node
            WHERE l.person_id <> r.person_id
        )
        SELECT * EXCLUDE (place, nearby),
            expected_chance_matches * least(nearby, 1) AS expected_chance_nearby
        FROM numbered
        QUALIFY row_number() OVER (
            PARTITION BY least(left_person_id, right_person_id),
                greatest(left_person_id, right_person_id)
            ORDER BY place, match_weight DESC, left_row_id, right_row_id) = 1
        """
    )
    return engine.table(f"{PREFIX}_review")


def _asked(tied: Tied, decided: Decided, population: int) -> pl.DataFrame:
    weighed = tied.weighed
    chosen = np.flatnonzero(decided.is_asked)
    posterior = np.clip(weighed.weight[chosen] + weighed.model.prior_bits, -60, 60)
    return pl.DataFrame(
        {
            "left_node": tied.nodes[weighed.left[chosen]],
            "right_node": tied.nodes[weighed.right[chosen]],
            "packed": weighed.pattern[chosen],
            "match_weight": weighed.weight[chosen],
            "match_probability": 1.0 / (1.0 + np.exp2(-posterior)),
            "expected_chance_matches": population * np.exp2(weighed.chance_bits[chosen]),
            "cause": pl.Series(decided.cause[chosen].tolist(), dtype=pl.String),
        }
    )


def _conflicts_sql() -> str:
    """Rows of two PINFLs that agree on name, birth, sex, and document or address."""
    names = "surname_key, given_name_key, patronymic_key, birth_date, sex"
    known = (
        "pinfl IS NOT NULL AND surname_key IS NOT NULL AND given_name_key IS NOT NULL "
        "AND patronymic_key IS NOT NULL AND birth_date IS NOT NULL"
    )
    parts = [
        f"SELECT min(node) AS left_node, unnest(list_sort(list(node))) AS right_node "
        f"FROM {SAME_NAMES} WHERE {known} AND {column} IS NOT NULL "
        f"GROUP BY {names}, {column} "
        f"HAVING min(pinfl) <> max(pinfl) AND count(*) <= {CONFLICT_ROWS_MAX}"
        for column in ("document_key", "address_id")
    ]
    return (
        "SELECT DISTINCT left_node, right_node FROM ("
        + " UNION ALL ".join(parts)
        + ") WHERE left_node <> right_node"
    )
