"""Parquet files of a release: ordered, compressed, with the data dictionary inside.

What belongs here: from a relation and its contract to one file. Rows are cut into row
groups of one fixed size in the order of the relation, so that the same rows give the same
bytes whatever the number of threads that sorted them.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import ContractError

ROW_GROUP_ROWS = 122_880

ARROW_TYPES: dict[object, pa.DataType] = {
    pl.String: pa.string(),
    pl.Enum: pa.string(),
    pl.Int32: pa.int32(),
    pl.Int64: pa.int64(),
    pl.Float64: pa.float64(),
    pl.Boolean: pa.bool_(),
    pl.Date: pa.date32(),
    pl.Datetime: pa.timestamp("us"),
}


def arrow_schema(contract: type[dy.Schema], title: str) -> pa.Schema:
    """The columns of a contract for a Parquet file, each with its description.

    Args:
        contract: class of the table.
        title: name of the table, kept in the file's own metadata.
    """
    fields = [
        pa.field(
            name,
            _arrow_type(column.dtype),
            nullable=column.nullable,
            metadata={"description": column.description or ""},
        )
        for name, column in contract.columns().items()
    ]
    meaning = (contract.__doc__ or "").strip().splitlines()[0]
    return pa.schema(fields, metadata={"title": title, "description": meaning})


def _arrow_type(dtype: pl.DataType) -> pa.DataType:
    if isinstance(dtype, pl.List):
        return pa.list_(pa.field("element", pa.string(), nullable=False))
    return ARROW_TYPES[dtype.base_type()]


def ordered_batches(
    relation: duckdb.DuckDBPyRelation, schema: pa.Schema
) -> Iterator[pa.Table]:
    """The relation's rows in its own order, in tables of one row group each.

    Raises:
        ContractError: a column is missing or unknown, or a null stands where none may.
    """
    missing = sorted(set(schema.names) - set(relation.columns))
    unknown = sorted(set(relation.columns) - set(schema.names))
    if missing or unknown:
        raise ContractError(f"release: columns missing {missing}, unknown {unknown}")
    rows = RowStream(relation.to_arrow_reader(ROW_GROUP_ROWS))
    while (table := rows.take(ROW_GROUP_ROWS)) is not None:
        yield conform(table, schema)


class RowStream:
    """Rows of ordered batches, handed out in the numbers that are asked for."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = iter(batches)
        self._waiting: list[pa.RecordBatch] = []

    def take(self, rows: int) -> pa.Table | None:
        """The next rows, fewer at the end, null after it."""
        taken: list[pa.RecordBatch] = []
        missing = rows
        while missing:
            batch = self._waiting.pop() if self._waiting else next(self._batches, None)
            if batch is None:
                break
            taken.append(batch.slice(0, missing))
            if batch.num_rows > missing:
                self._waiting.append(batch.slice(missing))
            missing -= taken[-1].num_rows
        return pa.Table.from_batches(taken) if taken else None


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table in the columns and types of the schema.

    Raises:
        ContractError: a null stands where none may.
    """
    try:
        return table.select(schema.names).cast(schema).combine_chunks()
    except (ValueError, pa.ArrowInvalid) as error:
        title = (schema.metadata or {}).get(b"title", b"").decode()
        empty = [
            field.name
            for field in schema
            if not field.nullable and table.column(field.name).null_count
        ]
        raise ContractError(f"{title}: null in columns {empty}") from error


def parquet_writer(path: Path, schema: pa.Schema, order: Sequence[str]) -> pq.ParquetWriter:
    """A writer of one file: zstd, statistics, page index, and the order as metadata.

    Args:
        path: the file; its folder exists.
        schema: columns with their descriptions.
        order: columns by which the rows are ordered, where they are plain columns.
    """
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=3,
        write_statistics=True,
        write_page_index=True,
        sorting_columns=[pq.SortingColumn(schema.names.index(name)) for name in order],
    )
