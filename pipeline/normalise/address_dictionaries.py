"""What each distinct piece of a country's addresses was read as, as tables of the engine.

What belongs here: reading distinct values in batches. Which pieces a row has stands in
address_split.py, how one is read in address_reading.py.
"""

import itertools
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import duckdb
import polars as pl

from pipeline.engine import thread_count
from pipeline.normalise.address_reading import (
    read_column,
    read_line_part,
    read_numbers,
    read_place,
)
from pipeline.normalise.address_split import LINE, MAHALLA, NUMBERED_STREET
from pipeline.normalise.address_values import Place, Reading
from pipeline.normalise.identifiers import canonical_cadastral_number

BATCH_ROWS = 20_000
ALONE_ROWS_MAX = 150_000
"""So many distinct values are read by one process: others take a second to start."""
UNREAD_CHARACTERS_MAX = 500
NOT_ALONE = -1
"""Mask of a piece whose meaning depends on what stands beside it."""

_MASKS = {"mahalla": 1, "massif": 2, "settlement": 2, "street": 4}
_PARTS: dict[str, type[pl.DataType]] = {
    "mahalla_key": pl.String,
    "mahalla_kind": pl.String,
    "mahalla_shown": pl.String,
    "massif_key": pl.String,
    "massif_shown": pl.String,
    "street_key": pl.String,
    "lane": pl.String,
    "street_shown": pl.String,
}
_NUMBERS: dict[str, type[pl.DataType]] = {
    "house_number": pl.Int32,
    "house_key": pl.String,
    "house_shown": pl.String,
    "building_key": pl.String,
    "building_shown": pl.String,
    "flat_key": pl.String,
    "flat_shown": pl.String,
    "unread": pl.String,
}
_NOWHERE = Place(None, None)

Engine = duckdb.DuckDBPyConnection
Relation = duckdb.DuckDBPyRelation
Columns = dict[str, type[pl.DataType]]
_Row = tuple[str | int | bool | None, ...]


def read_pieces(engine: Engine, name: str, texts: Relation) -> None:
    """Make the table `name`: piece_id, kind, text, mask and the parts of places.

    Args:
        engine: the engine.
        name: name of the table.
        texts: kind (see address_split), text; distinct.
    """
    keys = ("kind", "text")
    _read(engine, name, texts, "piece_id", keys, {"mask": pl.Int32, **_PARTS}, _piece_rows)


def read_wholes(engine: Engine, name: str, wholes: Relation) -> None:
    """Make the table `name`: whole_id, whole_key, has_place and all parts.

    Args:
        engine: the engine.
        name: name of the table.
        wholes: whole_key (JSON of district_code, mahalla, street, head and has_number, all
            that a place is read from); distinct.
    """
    columns: Columns = {"has_place": pl.Boolean, **_PARTS, **_NUMBERS}
    _read(engine, name, wholes, "whole_id", ("whole_key",), columns, _whole_rows)


def read_number_columns(engine: Engine, name: str, numbers: Relation) -> None:
    """Make the table `name`: number_id, the columns read from, has_place and the numbers.

    The end of a line means something else where no place stands before it: it has a row
    for either.

    Args:
        engine: the engine.
        name: name of the table.
        numbers: house, building, flat, tail; distinct.
    """
    keys = ("house", "building", "flat", "tail")
    columns: Columns = {"has_place": pl.Boolean, **_NUMBERS}
    _read(engine, name, numbers, "number_id", keys, columns, _number_rows)


def read_cadastral_numbers(engine: Engine, name: str, numbers: Relation) -> None:
    """Make the table `name`: cadastral_number, cadastral_key, of numbers of other forms.

    Args:
        engine: the engine.
        name: name of the table.
        numbers: cadastral_number; distinct.
    """
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {name}_raw AS SELECT row_number() OVER "
        f"(ORDER BY cadastral_number) - 1 AS number_id, cadastral_number FROM numbers"
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} "
        "(cadastral_number VARCHAR, cadastral_key VARCHAR)"
    )
    count = engine.table(f"{name}_raw").shape[0]
    for first in range(0, count, BATCH_ROWS):
        texts = engine.sql(
            f"SELECT cadastral_number FROM {name}_raw "
            f"WHERE number_id >= {first} AND number_id < {first + BATCH_ROWS}"
        ).pl()["cadastral_number"]
        keys = canonical_cadastral_number(texts).alias("cadastral_key")
        _insert(engine, name, pl.DataFrame([texts, keys]))
    engine.execute(f"DROP TABLE {name}_raw")


def _read(
    engine: Engine,
    name: str,
    values: Relation,
    number: str,
    keys: Sequence[str],
    columns: Columns,
    read: Callable[..., list[_Row]],
) -> None:
    """A table of the distinct values, numbered in their order, with what they mean."""
    chosen = ", ".join(keys)
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {name}_raw AS SELECT row_number() OVER "
        f"(ORDER BY {chosen}) - 1 AS {number}, {chosen} FROM values"
    )
    schema: Columns = {number: pl.Int64, **columns}
    _create(engine, f"{name}_read", _frame((), schema))
    for frame in _meanings(engine, f"{name}_raw", number, chosen, schema, read):
        _insert(engine, f"{name}_read", frame)
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS "
        f"SELECT * FROM {name}_raw JOIN {name}_read USING ({number})"
    )
    engine.execute(f"DROP TABLE {name}_raw; DROP TABLE {name}_read")


def _meanings(
    engine: Engine,
    raw: str,
    number: str,
    chosen: str,
    schema: Columns,
    read: Callable[..., list[_Row]],
) -> Iterator[pl.DataFrame]:
    """What the values of a table mean, in their order, a batch a frame.

    Many are read by as many processes as the engine has threads; no more batches are held
    than are being read.
    """
    count = engine.table(raw).shape[0]
    batches = (
        engine.execute(
            f"SELECT {number}, {chosen} FROM {raw} "
            f"WHERE {number} >= {first} AND {number} < {first + BATCH_ROWS}"
        ).fetchall()
        for first in range(0, count, BATCH_ROWS)
    )
    processes = thread_count(engine)
    if count <= ALONE_ROWS_MAX or processes == 1:
        yield from (_read_batch(batch, schema, read) for batch in batches)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        while some := list(itertools.islice(batches, 2 * processes)):
            yield from pool.map(
                _read_batch, some, itertools.repeat(schema), itertools.repeat(read)
            )


def _read_batch(
    batch: Sequence[tuple[Any, ...]], schema: Columns, read: Callable[..., list[_Row]]
) -> pl.DataFrame:
    rows = (
        (number_of_row, *meaning)
        for number_of_row, *given in batch
        for meaning in read(*given)
    )
    return _frame(rows, schema)


def _frame(rows: Iterable[_Row], schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    values = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pl.DataFrame(
        [
            pl.Series(column, list(column_values), dtype)
            for (column, dtype), column_values in zip(schema.items(), values, strict=True)
        ]
    )


def _create(engine: Engine, name: str, frame: pl.DataFrame) -> None:
    engine.register(f"{name}_frame", frame.to_arrow())
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {name}_frame")
    engine.unregister(f"{name}_frame")


def _insert(engine: Engine, name: str, frame: pl.DataFrame) -> None:
    engine.register(f"{name}_frame", frame.to_arrow())
    engine.execute(f"INSERT INTO {name} FROM {name}_frame")
    engine.unregister(f"{name}_frame")


def _piece_rows(kind: int, text: str) -> list[_Row]:
    if kind == LINE:
        reading = read_line_part(text)
    else:
        slot = "MAHALLA" if kind == MAHALLA else "STREET"
        reading = read_column(text, slot, has_number=kind == NUMBERED_STREET)
    if reading is None:
        return [(NOT_ALONE, *(None for _ in _PARTS))]
    named = {mask for part, mask in _MASKS.items() if getattr(reading, part) is not None}
    return [(sum(named), *_place_row(reading))]


def _whole_rows(key: str) -> list[_Row]:
    *columns, has_number = json.loads(key)
    reading = read_place(*columns, has_number=has_number)
    return [(reading.has_place, *_place_row(reading), *_numbers_row(reading))]


def _number_rows(
    house: str | None, building: str | None, flat: str | None, tail: str | None
) -> list[_Row]:
    places = (False,) if tail is None else (False, True)
    return [
        (
            has_place,
            *_numbers_row(read_numbers(house, building, flat, tail, has_place=has_place)),
        )
        for has_place in places
    ]


def _place_row(reading: Reading) -> _Row:
    """The parts of a place in the order of _PARTS."""
    mahalla, street = reading.mahalla or _NOWHERE, reading.street or _NOWHERE
    massif = reading.massif or reading.settlement or _NOWHERE
    return (
        mahalla.key,
        mahalla.kind,
        mahalla.display,
        massif.key or None,
        massif.display,
        street.key,
        reading.lane,
        street.display,
    )


def _numbers_row(reading: Reading) -> _Row:
    """The numbers of an address in the order of _NUMBERS."""
    house, building, flat = reading.house, reading.building, reading.flat
    return (
        house.leading if house else None,
        house.key if house else None,
        house.display if house else None,
        building.key if building else None,
        building.display if building else None,
        flat.key if flat else None,
        flat.display if flat else None,
        " ".join(reading.unread)[:UNREAD_CHARACTERS_MAX] or None,
    )
