"""Records that can match nobody: whoever they are linked to, the link is false.

Decoys are put together from whole parts of real rows (a full name, a birth date, a
home), so they are as dirty, as skewed and as related as the register itself and know
nothing of the model's levels or independence (Robach, Hof and van de Wiel 2025). Each
kind is a person who might exist beside real ones: a stranger, an unborn sister or
brother, a twin, a namesake of another generation.

They are matched by the same function and the same parameters as the night's rows, in a
register of their own: the decoys and every real row that shares a name and birth date,
a full name, a document or an address with one.
"""

from dataclasses import dataclass

import duckdb
import polars as pl

from pipeline.linkage.frames import store_frame
from pipeline.linkage.parameters import Parameters
from pipeline.quality.intervals import share_interval
from pipeline.resolve_persons import resolve_persons
from pipeline.run import Linkage
from schemas.record import PersonRecord

SHARES = {"stranger": 7, "sibling": 1, "twin": 1, "namesake": 1}
"""Tenths of the decoys by kind: the rate of false links is told by the strangers."""
KINDS = tuple(SHARES)
DRAWN_PER_DECOY = 8
"""Rows drawn for each decoy: some combinations are no person of their own."""
SHARE_MAX = 0.1
"""Decoys are at most this share of the register's rows."""
SIBLING_DAYS_MIN = 300
GENERATION_YEARS = (16, 60)

MEETING = (
    ("birth_date", "given_name_loose"),
    ("birth_date", "surname_loose"),
    ("birth_date", "patronymic_loose"),
    ("surname_loose", "given_name_loose", "patronymic_loose"),
    ("document_key",),
    ("address_id",),
)
"""What a decoy must share with a real row for the two ever to be compared."""
FAMILY = ("surname_key", "surname_loose", "patronymic_key", "patronymic_loose")
GIVEN = ("given_name_key", "given_name_loose")
BIRTH = ("birth_date", "birth_date_precision")
PLACE = ("address_id", "district_code", "region_code", "registration_kind")
TAKEN = {
    "stranger": (*BIRTH, *PLACE),
    "sibling": (*GIVEN, *BIRTH),
    "twin": GIVEN,
    "namesake": BIRTH,
}
"""What a decoy has from others than its base row, each part from another person: two
parts of one person would make the decoy look like that person by construction."""


DONATED = (GIVEN, BIRTH, PLACE)


@dataclass(frozen=True)
class DecoyCount:
    """Decoys of one kind, and what became of them.

    `rate` is the share linked to anybody, with its 95 % interval.
    """

    kind: str
    decoys: int
    linked: int
    flagged: int
    rate: float
    rate_low: float
    rate_high: float


def count_decoys(
    engine: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    parameters: Parameters,
    settings: Linkage,
    decoys: int,
) -> list[DecoyCount]:
    """Make decoys, match them, and count the links to them, by kind.

    Args:
        engine: where the TEMP tables `quality_*` and those of resolve_persons are made;
            nothing that stood on the latter may be read afterwards.
        records: PersonRecord of the night.
        parameters: those of the night.
        settings: thresholds and seed of the night.
        decoys: how many to try, all kinds together; fewer where rows are few.
    """
    rows = int(records.count("*").fetchall()[0][0])
    wanted = min(decoys, int(rows * SHARE_MAX))
    made = make_decoys(_draw(engine, records, rows, wanted, settings.seed), wanted)
    if not made.height:
        return [_count(kind, 0, 0, 0) for kind in KINDS]
    store_frame(engine, "quality_decoy", made)
    _gather_neighbours(engine, records)
    _drop_namesakes_at_home(engine)
    found = resolve_persons(
        engine, engine.table("quality_record"), no_decisions(engine), settings, parameters
    )
    links, pairs = found.person_links, found.review_pairs  # noqa: F841 - read by name
    counted = engine.sql(
        """
        WITH person AS (
            SELECT person_id, bool_or(row_id % 2 = 0) AS is_linked
            FROM links GROUP BY person_id
        ), asked AS (
            SELECT left_person_id AS person_id FROM pairs
            UNION SELECT right_person_id FROM pairs
        )
        SELECT d.kind, count(*), count(*) FILTER (p.is_linked),
            count(*) FILTER (NOT p.is_linked AND a.person_id IS NOT NULL)
        FROM quality_decoy AS d JOIN links AS l ON l.row_id = d.row_id * 2 + 1
        JOIN person AS p ON p.person_id = l.person_id
        LEFT JOIN asked AS a ON a.person_id = l.person_id
        GROUP BY d.kind
        """
    ).fetchall()
    by_kind = {kind: counts for kind, *counts in counted}
    return [_count(kind, *by_kind.get(kind, (0, 0, 0))) for kind in KINDS]


def _count(kind: str, decoys: int, linked: int, flagged: int) -> DecoyCount:
    low, high = share_interval(linked, decoys)
    return DecoyCount(
        kind, decoys, linked, flagged, linked / decoys if decoys else 0.0, low, high
    )


def _draw(
    engine: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    rows: int,
    wanted: int,
    seed: int,
) -> pl.DataFrame:
    """Rows with a full identity, in an order that the seed and their numbers decide."""
    drawn = max(wanted * DRAWN_PER_DECOY, 1)
    stride = max(1, rows // (2 * drawn))
    drawing: pl.DataFrame = engine.sql(
        f"""
        SELECT row_id, sex, document_key, patronymic_sex, citizenship,
            {", ".join((*FAMILY, *GIVEN, *BIRTH, *PLACE))}
        FROM records
        WHERE hash(row_id * 1000003 + {int(seed)}) % {stride} = 0
            AND surname_key IS NOT NULL AND given_name_key IS NOT NULL
            AND surname_loose IS NOT NULL AND given_name_loose IS NOT NULL
            AND birth_date IS NOT NULL AND sex IS NOT NULL
        ORDER BY hash(row_id * 7919 + {int(seed)}), row_id LIMIT {drawn}
        """
    ).pl()
    return drawing


def make_decoys(drawn: pl.DataFrame, wanted: int) -> pl.DataFrame:
    """Decoys from drawn rows: a base row, with parts of others of the same sex.

    Returns:
        Columns of PersonRecord and `kind`, at most `wanted` rows, shared out by SHARES.
    """
    parts = []
    # A person drawn twice would be a twin of itself twice over.
    drawn = drawn.unique((*FAMILY, *GIVEN, *BIRTH), keep="first", maintain_order=True)
    for (_,), people in drawn.sort("sex", maintain_order=True).group_by(
        "sex", maintain_order=True
    ):
        size = people.height // (len(DONATED) + 1)
        donors = [
            people.slice(size * number, size).select(pl.col(columns).name.prefix("other_"))
            for number, columns in enumerate(DONATED, start=1)
        ]
        parts.append(pl.concat([people.head(size), *donors], how="horizontal"))
    if not parts or not sum(part.height for part in parts):
        return pl.DataFrame()
    pairs = pl.concat(parts).with_row_index("place")
    kinds, start = [], 0
    for kind, tenths in SHARES.items():
        mine = (pl.col("place") % 10).is_between(start, start + tenths - 1)
        kinds.append(_kind(pairs.filter(mine), kind).head(wanted * tenths // 10))
        start += tenths
    made = pl.concat(kinds).drop("row_id").with_row_index("row_id")
    return made.with_columns(pl.col("row_id").cast(pl.Int64))


def _kind(pairs: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Decoys of one kind; a pair whose decoy could be the base person gives none."""
    initial = pl.col("given_name_key").str.head(1) != pl.col(
        "other_given_name_key"
    ).str.head(1)
    days = (pl.col("other_birth_date") - pl.col("birth_date")).dt.total_days().abs()
    years = (pl.col("other_birth_date").dt.year() - pl.col("birth_date").dt.year()).abs()
    other_person = {
        "stranger": (pl.col("birth_date") != pl.col("other_birth_date")) & (years > 0),
        "sibling": initial & (days >= SIBLING_DAYS_MIN),
        "twin": initial,
        "namesake": years.is_between(*GENERATION_YEARS),
    }[kind]
    taken = {name: pl.col(f"other_{name}") for name in TAKEN[kind]}
    document = pl.lit(None, pl.String)
    if kind in ("twin", "sibling"):
        # Twins fetch their documents together: the next number of one series.
        last = pl.col("document_key").str.tail(1).cast(pl.Int64, strict=False)
        document = pl.col("document_key").str.head(8) + ((last + 1) % 10).cast(pl.String)
    return pairs.filter(other_person).select(
        pl.lit(kind).alias("kind"),
        "row_id",
        "sex",
        "patronymic_sex",
        "citizenship",
        document.alias("document_key"),
        *(
            taken.get(name, pl.col(name)).alias(name)
            for name in (*FAMILY, *GIVEN, *BIRTH, *PLACE)
        ),
    )


def _gather_neighbours(
    engine: duckdb.DuckDBPyConnection, records: duckdb.DuckDBPyRelation
) -> None:
    """quality_record: the decoys, and real rows that one of them could be compared with.

    Real rows get even numbers, decoys odd ones.
    """
    found = "\nUNION\n".join(
        f"SELECT row_id FROM records SEMI JOIN (SELECT DISTINCT {', '.join(columns)} "
        f"FROM quality_decoy) USING ({', '.join(columns)})"
        for columns in MEETING
    )
    engine.execute(f"CREATE OR REPLACE TEMP TABLE quality_near AS {found}")
    columns = PersonRecord.column_names()
    held = set(engine.table("quality_decoy").columns)
    decoy = {
        "row_id": "row_id * 2 + 1",
        "record_id": "'decoy'",
        "warnings": "[]::VARCHAR[]",
    }
    real = ", ".join("row_id * 2 AS row_id" if c == "row_id" else c for c in columns)
    made = ", ".join(
        f"{decoy[c]} AS {c}" if c in decoy else c if c in held else f"NULL AS {c}"
        for c in columns
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE quality_record AS "
        f"SELECT {real} FROM records SEMI JOIN quality_near USING (row_id) "
        f"UNION ALL SELECT {made} FROM quality_decoy"
    )


def _drop_namesakes_at_home(engine: duckdb.DuckDBPyConnection) -> None:
    """Drop sisters, brothers and twins whose given name somebody at home has already.

    No family does that, so such a decoy would be a real person over again.
    """
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE quality_namesake AS
        SELECT d.row_id FROM quality_decoy AS d JOIN quality_record AS r
            ON r.address_id = d.address_id AND r.given_name_key = d.given_name_key
        WHERE d.kind IN ('sibling', 'twin') AND r.row_id % 2 = 0
        """
    )
    engine.execute(
        "DELETE FROM quality_record WHERE row_id % 2 = 1 "
        "AND row_id // 2 IN (FROM quality_namesake)"
    )
    engine.execute("DELETE FROM quality_decoy WHERE row_id IN (FROM quality_namesake)")


def no_decisions(engine: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """What resolve_persons takes where no commission has decided anything."""
    return engine.sql(
        "SELECT ''::VARCHAR AS record_id_a, ''::VARCHAR AS record_id_b, "
        "''::VARCHAR AS kind, "
        "NULL::TIMESTAMP AS decided_at, ''::VARCHAR AS decision_id WHERE false"
    )
