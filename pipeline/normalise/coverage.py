"""Stage 2, coverage: what each precinct's text and territory rows cover.

What belongs here: from the commission's tables to coverage rules. How a text is read
stands in boundary_grammar.py and boundaries.py; which rule wins is for the assignment of
precincts to say.
"""

from typing import Any, NamedTuple

import duckdb
import polars as pl

from pipeline.normalise.address_reading import read_place
from pipeline.normalise.address_values import Place, Reading
from pipeline.normalise.boundaries import BoundaryText, Rule, read_boundary
from pipeline.normalise.identifiers import canonical_cadastral_prefix

UNREAD_CHARACTERS_MAX = 2000

_RULE_COLUMNS = {
    "region_code": pl.String,
    "precinct_number": pl.Int32,
    "district_code": pl.String,
    "source": pl.String,
    "mahalla_key": pl.String,
    "mahalla_kind": pl.String,
    "massif_key": pl.String,
    "street_key": pl.String,
    "lane": pl.String,
    "house_from": pl.Int32,
    "house_to": pl.Int32,
    "parity": pl.String,
    "cadastral_prefix": pl.String,
    "is_exclusion": pl.Boolean,
    "is_remainder": pl.Boolean,
    "is_doubtful": pl.Boolean,
}


class _Precinct(NamedTuple):
    row_id: int
    region_code: str
    precinct_number: int
    district_code: str
    boundary_text: str | None
    address: str | None


def normalise_coverage(
    engine: duckdb.DuckDBPyConnection,
    precincts: duckdb.DuckDBPyRelation,
    territories: duckdb.DuckDBPyRelation | None,
) -> tuple[duckdb.DuckDBPyRelation, duckdb.DuckDBPyRelation]:
    """Coverage rules of all precincts, and how much of their texts was understood.

    A territory row or a part of a text that was not understood gives no rule; its words
    are in the reading. What it may have restricted gives a doubtful rule: the mahalla
    named beside it; where none is, or nothing of a text was understood, the mahalla of the
    polling station. Territory rows of a precinct that is not in `precincts` give
    nothing.

    Args:
        engine: the engine.
        precincts: SourcePrecinct.
        territories: SourceTerritory; null where none was delivered.

    Returns:
        PrecinctCoverage, numbered by precinct row, territory rows first, then the text in
        its order; BoundaryReading, one row per precinct.
    """
    rows = precincts.project(", ".join(_Precinct._fields)).order("row_id").fetchall()
    given = _territory_rows(territories)
    rules: list[tuple[Any, ...]] = []
    readings: list[tuple[Any, ...]] = []
    for row in rows:
        precinct = _Precinct(*row)
        before = len(rules)
        unread: list[str] = []
        restricted: list[Rule] = []
        for territory in given.get((precinct.region_code, precinct.precinct_number), []):
            _territory_rule(precinct, territory, rules, unread, restricted)
        text = read_boundary(precinct.boundary_text)
        rules.extend(_text_rule(precinct, rule) for rule in text.rules)
        count = len(rules) - before
        if text.unread is not None:
            unread.append(text.unread)
        is_open = count == 0 or text.unread is not None
        doubtful = text.doubtful or (_station_rules(precinct) if is_open else ())
        rules.extend(
            _text_rule(precinct, rule, is_doubtful=True)
            for rule in dict.fromkeys((*restricted, *doubtful))
        )
        shown = " ".join(unread)[:UNREAD_CHARACTERS_MAX] or None
        readings.append((*precinct[:4], count, shown))
    coverage = pl.DataFrame(rules, schema=_RULE_COLUMNS, orient="row").with_row_index(
        "rule_id"
    )
    reading = pl.DataFrame(
        readings,
        schema={
            "row_id": pl.Int64,
            "region_code": pl.String,
            "precinct_number": pl.Int32,
            "district_code": pl.String,
            "rule_count": pl.Int64,
            "unread": pl.String,
        },
        orient="row",
    )
    return (
        _temporary(engine, "normalise_coverage_rules", coverage),
        _temporary(engine, "normalise_coverage_readings", reading),
    )


def _temporary(
    engine: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame
) -> duckdb.DuckDBPyRelation:
    engine.register(f"{name}_frame", frame.to_arrow())
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {name}_frame")
    engine.unregister(f"{name}_frame")
    return engine.table(name)


def _territory_rows(
    territories: duckdb.DuckDBPyRelation | None,
) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """Territory rows by precinct, in their order."""
    by_precinct: dict[tuple[str, int], list[dict[str, Any]]] = {}
    if territories is None:
        return by_precinct
    frame: pl.DataFrame = territories.order("row_id").pl()
    frame = frame.with_columns(
        canonical_cadastral_prefix(frame["cadastral_prefix"]).alias("prefix_key")
    )
    for row in frame.iter_rows(named=True):
        key = (row["region_code"], row["precinct_number"])
        by_precinct.setdefault(key, []).append(row)
    return by_precinct


def _territory_rule(
    precinct: _Precinct,
    territory: dict[str, Any],
    rules: list[tuple[Any, ...]],
    unread: list[str],
    restricted: list[Rule],
) -> None:
    """Add the rule of a territory row; or its unread words, and what they restrict."""
    reading = read_place(
        None, territory["mahalla"], territory["street"], None, has_number=True
    )
    not_read = _not_read(territory, reading)
    if not_read:
        unread.extend(not_read)
        is_told = reading.mahalla is not None and reading.mahalla.key is not None
        station = _station_rules(precinct)
        restricted.extend([Rule(mahalla=reading.mahalla)] if is_told else station)
        return
    mahalla = reading.mahalla or Place(None, None)
    massif = reading.massif or reading.settlement or Place(None, None)
    street = reading.street or Place(None, None)
    rules.append(
        (
            precinct.region_code,
            precinct.precinct_number,
            territory["district_code"] or precinct.district_code,
            "TERRITORY",
            mahalla.key,
            mahalla.kind,
            massif.key,
            street.key,
            reading.lane,
            territory["house_from"],
            territory["house_to"],
            territory["parity"] or "ALL",
            territory["prefix_key"],
            False,
            False,
            False,
        )
    )


def _not_read(territory: dict[str, Any], reading: Reading) -> list[str]:
    """What a territory row says and we could not read: its rule would be too wide."""
    words = list(reading.unread)
    for column, part in (
        ("mahalla", reading.mahalla or reading.massif or reading.settlement),
        ("street", reading.street or reading.massif or reading.settlement),
    ):
        if territory[column] and part is None and not reading.unread:
            words.append(territory[column])
    if territory["cadastral_prefix"] and territory["prefix_key"] is None:
        words.append(territory["cadastral_prefix"])
    if reading.house is not None:
        words.append(reading.house.display)
    return words


def _station_rules(precinct: _Precinct) -> tuple[Rule, ...]:
    """The mahalla where the polling station stands: most precincts lie around theirs."""
    if precinct.address is None:
        return ()
    place = read_place(
        precinct.district_code, None, None, precinct.address, has_number=False
    ).mahalla
    return () if place is None or place.key is None else (Rule(mahalla=place),)


def _text_rule(
    precinct: _Precinct, rule: Rule, *, is_doubtful: bool = False
) -> tuple[Any, ...]:
    mahalla, massif = rule.mahalla or Place(None, None), rule.massif or Place(None, None)
    street = rule.street or Place(None, None)
    return (
        precinct.region_code,
        precinct.precinct_number,
        precinct.district_code,
        "TEXT",
        mahalla.key,
        mahalla.kind,
        massif.key,
        street.key,
        rule.lane,
        rule.house_from,
        rule.house_to,
        rule.parity,
        None,
        rule.is_exclusion,
        rule.is_remainder,
        is_doubtful,
    )


def boundary_rules(frame: pl.DataFrame) -> pl.DataFrame:
    """Each boundary text as rows of cec/territories, for looking at what is read.

    Args:
        frame: region_code, precinct_number, district_code, boundary_text; other columns
            (record_id) are kept, those of the result replaced.

    Returns:
        One row a rule, in the order of the texts: the columns of cec/territories in
        standard spelling, with mahalla_kind, massif, lane, `except` and `remainder`
        (true or false), and unread on every row of its text. A text without a rule has
        one row with its unread words.
    """
    kept = frame.drop("boundary_text", *_SHOWN_COLUMNS, strict=False)
    rows: list[dict[str, Any]] = []
    for index, text in enumerate(frame["boundary_text"]):
        reading = read_boundary(text)
        for rule in reading.rules or (None,):
            rows.append({"index": index, **_shown_rule(rule, reading)})
    shown = pl.DataFrame(rows, schema={"index": pl.Int64, **_SHOWN_COLUMNS})
    numbered = kept.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("index"))
    return shown.join(numbered, on="index", maintain_order="left").select(
        *kept.columns, *_SHOWN_COLUMNS
    )


_SHOWN_COLUMNS: dict[str, type[pl.DataType]] = {
    "mahalla": pl.String,
    "mahalla_kind": pl.String,
    "massif": pl.String,
    "street": pl.String,
    "lane": pl.String,
    "house_from": pl.Int32,
    "house_to": pl.Int32,
    "parity": pl.String,
    "cadastral_prefix": pl.String,
    "except": pl.Boolean,
    "remainder": pl.Boolean,
    "unread": pl.String,
}


def _shown_rule(rule: Rule | None, reading: BoundaryText) -> dict[str, Any]:
    if rule is None:
        return {"unread": reading.unread}
    return {
        "mahalla": rule.mahalla and rule.mahalla.display,
        "mahalla_kind": rule.mahalla and rule.mahalla.kind,
        "massif": rule.massif and rule.massif.display,
        "street": rule.street and rule.street.display,
        "lane": rule.lane,
        "house_from": rule.house_from,
        "house_to": rule.house_to,
        "parity": rule.parity,
        "cadastral_prefix": None,
        "except": rule.is_exclusion,
        "remainder": rule.is_remainder,
        "unread": reading.unread,
    }
