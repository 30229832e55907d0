"""The raw table: a file's rows as text in Parquet, and the lines that are no row.

What belongs here: its form, its writer, and what every format's header must hold to.
"""

import dataclasses
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import SourceError
from pipeline.files import DeliveredFile, file_digest
from pipeline.reading.framing import Framed, Framer, Numbers

COLUMNS_MAX = 500
UNENDED = "last line has no line break: was the file cut?"


@dataclasses.dataclass(frozen=True)
class RawTable:
    """A file as read: where its rows and its faults are, and what was found about it."""

    file: DeliveredFile
    header: tuple[str, ...]
    rows_path: str
    """Parquet: source_row (1-based, in the order of the file), c0, c1, ... all text."""
    rows: int
    """Data rows, faults included."""
    sha256: str
    content_sha256: str
    """Of the unpacked content: equal for a file and its packed copy."""
    faults_path: str | None = None
    """Parquet: source_row, rule, raw_row; null where every line is a row."""
    encoding: str | None = None
    delimiter: str | None = None
    notes: tuple[str, ...] = ()


def empty_table(file: DeliveredFile, folder: Path) -> RawTable:
    """The raw table of a file without a byte."""
    rows_path = folder / "rows.parquet"
    pl.DataFrame(schema={"source_row": pl.Int64}).write_parquet(rows_path)
    digest = file_digest(file.path)
    return RawTable(file, (), str(rows_path), 0, digest, digest, notes=("file is empty",))


def check_header(file: DeliveredFile, names: Sequence[str]) -> tuple[str, ...]:
    """Column names without outer blanks.

    Raises:
        SourceError: too many, or one that repeats.
    """
    header = tuple(name.strip() for name in names)
    if len(header) > COLUMNS_MAX:
        raise SourceError(
            f"{file.name} has {len(header)} columns; at most {COLUMNS_MAX} are read"
        )
    repeated = [
        place for place, name in enumerate(header, 1) if name in header[: place - 1]
    ]
    repeated = [place for place in repeated if header[place - 1]]
    if repeated:
        raise SourceError(f"{file.name}: the name of column {repeated[0]} repeats")
    return header


class RawWriter:
    """Rows and faults of a file, written block by block."""

    def __init__(self, folder: Path, width: int) -> None:
        """Open the two files in a folder; rows have `width` columns of text."""
        self._columns = [f"c{place}" for place in range(width)]
        fields: list[pa.Field[Any]] = [pa.field("source_row", pa.int64())]
        fields += [pa.field(name, pa.large_string()) for name in self._columns]
        self._schema = pa.schema(fields)
        self.rows_path = folder / "rows.parquet"
        self._faults_path = folder / "faults.parquet"
        # Read once and removed: neither dictionaries nor statistics pay.
        self._rows = pq.ParquetWriter(
            self.rows_path,
            self._schema,
            compression="lz4",
            use_dictionary=False,
            write_statistics=False,
        )
        self._faults: pq.ParquetWriter | None = None

    def __enter__(self) -> "RawWriter":
        """The writer, to be closed whatever happens."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish both files."""
        self._rows.close()
        if self._faults is not None:
            self._faults.close()

    @property
    def faults_path(self) -> str | None:
        """Where the faults are; null where there is none."""
        return None if self._faults is None else str(self._faults_path)

    def write_all(self, framer: Framer, head: bytes, blocks: Iterator[bytes]) -> None:
        """Frame and write what remains of a text file."""
        self.write(framer.feed(head))
        for block in blocks:
            self.write(framer.feed(block))
        self.write(framer.feed(b"", last=True))

    def write(self, framed: Framed) -> None:
        """Write the records of one block."""
        for text, separator, numbers in framed.plain:
            frame = pl.read_csv(
                io.BytesIO(text),
                has_header=False,
                separator=separator.decode(),
                quote_char=None,
                infer_schema=False,
                new_columns=self._columns,
            )
            self.write_rows(frame, numbers)
        if framed.parsed:
            frame = pl.DataFrame(
                [columns for _, columns in framed.parsed],
                schema=dict.fromkeys(self._columns, pl.String),
                orient="row",
            )
            self.write_rows(frame, np.array([number for number, _ in framed.parsed]))
        if framed.faults:
            self._write_faults(framed.faults)

    def write_rows(self, frame: pl.DataFrame, numbers: Numbers) -> None:
        """Write rows of text with their numbers."""
        numbered = frame.insert_column(0, pl.Series("source_row", numbers, dtype=pl.Int64))
        self._rows.write_table(numbered.to_arrow().cast(self._schema))

    def _write_faults(self, faults: Sequence[tuple[int, str, str]]) -> None:
        lines = [json.dumps({"line": text}, ensure_ascii=False) for _, _, text in faults]
        table = pa.table(
            {
                "source_row": pa.array([number for number, _, _ in faults], pa.int64()),
                "rule": pa.array([rule for _, rule, _ in faults]),
                "raw_row": pa.array(lines),
            }
        )
        if self._faults is None:
            self._faults = pq.ParquetWriter(self._faults_path, table.schema)
        self._faults.write_table(table)
