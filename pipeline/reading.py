"""Delivered files of every format to one form: a raw table in Parquet, all columns text.

What belongs here: reading CSV, JSON Lines, XLSX and Parquet without judging their values.
The raw table has `source_row` (1-based, in the order of the file) and the columns of the
file as c0, c1, ...; lines that are no row are beside it with the rule they break. A part
of the delivery-reading half of the disk layer: it writes to the staging folder only.
"""

import dataclasses
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import fastexcel
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.decoding import (
    BOMB_BYTES,
    content_digest,
    find_encoding,
    text_blocks,
)
from pipeline.errors import SourceError
from pipeline.files import DeliveredFile, assert_file_unchanged, file_digest
from pipeline.framing import RECORD_BYTES_MAX, UNIT, Framed, Framer, split_strictly
from pipeline.profiles import Profile

COLUMNS_MAX = 500
DELIMITERS = (b",", b";", b"\t", b"|")


@dataclasses.dataclass(frozen=True)
class RawTable:
    """A file as read: where its rows and its faults are, and what was found about it."""

    file: DeliveredFile
    header: tuple[str, ...]
    rows_path: str
    """Parquet: source_row, c0, c1, ... all text."""
    faults_path: str | None
    """Parquet: source_row, rule, raw_row; null where every line is a row."""
    rows: int
    """Data rows, faults included."""
    sha256: str
    content_sha256: str
    """Of the unpacked content: equal for a file and its packed copy."""
    encoding: str | None = None
    delimiter: str | None = None
    notes: tuple[str, ...] = ()


def read_raw(
    engine: duckdb.DuckDBPyConnection, file: DeliveredFile, profile: Profile, staging: str
) -> RawTable:
    """A delivered file as a raw table, whatever its format.

    Args:
        engine: reads Parquet and JSON.
        file: the file.
        profile: encoding, delimiter, quoting and sheet, where they are not to be found.
        staging: folder for the raw table; nothing else may be in its names' way.

    Raises:
        SourceError: the file is damaged, cut, a bomb, changed meanwhile, or has no header.
    """
    target = Path(staging)
    target.mkdir(parents=True, exist_ok=True)
    if file.bytes == 0:
        return _empty_table(file, target)
    readers = {"CSV": _read_csv, "JSONL": _read_jsonl, "XLSX": _read_xlsx}
    if file.format == "PARQUET":
        raw = _read_parquet(engine, file, target)
    else:
        raw = readers[file.format](engine, file, profile, target)
    assert_file_unchanged(file)
    return raw


def _empty_table(file: DeliveredFile, target: Path) -> RawTable:
    rows_path = target / "rows.parquet"
    pl.DataFrame(schema={"source_row": pl.Int64}).write_parquet(rows_path)
    digest = file_digest(file.path)
    return RawTable(
        file, (), str(rows_path), None, 0, digest, digest, notes=("file is empty",)
    )


class _RawWriter:
    """Rows and faults of a file, written as they come."""

    def __init__(self, target: Path, width: int) -> None:
        self._columns = [f"c{place}" for place in range(width)]
        schema = pa.schema(
            [
                ("source_row", pa.int64()),
                *((name, pa.large_string()) for name in self._columns),
            ]
        )
        self.rows_path = target / "rows.parquet"
        self._faults_path = target / "faults.parquet"
        self._schema = schema
        self._rows = pq.ParquetWriter(self.rows_path, schema, compression="lz4")
        self._faults: pq.ParquetWriter | None = None

    @property
    def faults_path(self) -> str | None:
        return None if self._faults is None else str(self._faults_path)

    def write(self, framed: Framed) -> None:
        for text, separator, numbers in framed.plain:
            frame = pl.read_csv(
                io.BytesIO(text),
                has_header=False,
                separator=separator.decode(),
                quote_char=None,
                infer_schema=False,
                new_columns=self._columns,
            )
            self.write_frame(frame, numbers)
        if framed.parsed:
            frame = pl.DataFrame(
                [columns for _, columns in framed.parsed],
                schema=dict.fromkeys(self._columns, pl.String),
                orient="row",
            )
            self.write_frame(frame, np.array([number for number, _ in framed.parsed]))
        if framed.faults:
            self.write_faults(framed.faults)

    def write_frame(
        self, frame: pl.DataFrame, numbers: "np.typing.NDArray[np.int64]"
    ) -> None:
        frame = frame.insert_column(0, pl.Series("source_row", numbers, dtype=pl.Int64))
        self._rows.write_table(frame.to_arrow().cast(self._schema))

    def write_faults(self, faults: list[tuple[int, str, str]]) -> None:
        table = pa.table(
            {
                "source_row": pa.array([number for number, _, _ in faults], pa.int64()),
                "rule": [rule for _, rule, _ in faults],
                "raw_row": [
                    json.dumps({"line": text}, ensure_ascii=False) for _, _, text in faults
                ],
            }
        )
        if self._faults is None:
            self._faults = pq.ParquetWriter(self._faults_path, table.schema)
        self._faults.write_table(table)

    def close(self) -> None:
        self._rows.close()
        if self._faults is not None:
            self._faults.close()


def _read_csv(
    _: duckdb.DuckDBPyConnection, file: DeliveredFile, profile: Profile, target: Path
) -> RawTable:
    encoding = profile.encoding or find_encoding(file)
    digest = content_digest()
    blocks = text_blocks(file, encoding, digest)
    line, rest = _header_line(file, blocks)
    quoted = profile.quote == '"'
    given = profile.delimiter.encode() if profile.delimiter else None
    if line.startswith(b"sep=") and len(line) == 5:
        given = given or line[4:5]
        line, _, rest = rest.partition(b"\n")
    header, delimiter = _header(file, line, given, quoted)
    framer = Framer(delimiter, len(header), quoted)
    writer = _RawWriter(target, len(header))
    _frame_all(framer, writer, rest, blocks)
    notes = () if framer.ended else ("last line has no line break: was the file cut?",)
    return RawTable(
        file=file,
        header=header,
        rows_path=str(writer.rows_path),
        faults_path=writer.faults_path,
        rows=framer.rows,
        sha256=file_digest(file.path) if file.compression else digest.hexdigest(),
        content_sha256=digest.hexdigest(),
        encoding=encoding,
        delimiter=delimiter.decode(),
        notes=notes,
    )


def _header_line(file: DeliveredFile, blocks: Iterator[bytes]) -> tuple[bytes, bytes]:
    """The first line that is not blank, and what was read beyond it."""
    data = b""
    for block in blocks:
        data = (data + block).lstrip(b"\r\n")
        end = data.find(b"\n")
        if end >= 0:
            return data[:end].rstrip(b"\r"), data[end + 1 :]
        if len(data) > RECORD_BYTES_MAX:
            break
    if len(data) > RECORD_BYTES_MAX:
        raise SourceError(f"{file.name}: no header within {RECORD_BYTES_MAX} bytes")
    return data.rstrip(b"\r\x1a"), b""


def _header(
    file: DeliveredFile, line: bytes, given: bytes | None, quoted: bool
) -> tuple[tuple[str, ...], bytes]:
    """Column names and delimiter: the one that cuts the first line most often."""
    delimiter = given or max(DELIMITERS, key=line.count)
    try:
        if quoted:
            columns = split_strictly(line, delimiter)
        else:
            columns = [column.decode() for column in line.split(delimiter)]
    except UnicodeDecodeError as error:
        raise SourceError(f"{file.name}: header is not readable as text") from error
    if columns is None:
        raise SourceError(f"{file.name}: header has a quotation mark without its pair")
    return check_header(file.name, columns), delimiter


def check_header(name: str, columns: list[str]) -> tuple[str, ...]:
    """Column names without outer blanks.

    Raises:
        SourceError: too many, or one that repeats.
    """
    header = tuple(column.strip() for column in columns)
    if len(header) > COLUMNS_MAX:
        raise SourceError(
            f"{name} has {len(header)} columns; at most {COLUMNS_MAX} are read"
        )
    repeated = sorted({column for column in header if header.count(column) > 1})
    if repeated:
        raise SourceError(f"{name}: columns repeat: {', '.join(map(repr, repeated))}")
    return header


def _frame_all(
    framer: Framer, writer: _RawWriter, head: bytes, blocks: Iterator[bytes]
) -> None:
    try:
        writer.write(framer.feed(head))
        for block in blocks:
            writer.write(framer.feed(block))
        writer.write(framer.feed(b"", last=True))
    finally:
        writer.close()


def _read_jsonl(
    engine: duckdb.DuckDBPyConnection, file: DeliveredFile, profile: Profile, target: Path
) -> RawTable:
    encoding = profile.encoding or find_encoding(file)
    digest = content_digest()
    lines = target / "lines"
    lines.mkdir(exist_ok=True)
    framer = Framer(UNIT, 1, quoted=False)
    writer = _RawWriter(lines, 1)
    _frame_all(framer, writer, b"", text_blocks(file, encoding, digest))
    source = f"read_parquet('{_quoted(writer.rows_path)}')"
    is_object = "CASE WHEN json_valid(c0) THEN json_type(c0) = 'OBJECT' ELSE false END"
    keys = engine.execute(
        f"SELECT DISTINCT unnest(json_keys(c0)) FROM {source} WHERE {is_object} "
        f"ORDER BY 1 LIMIT {COLUMNS_MAX + 1}"
    ).fetchall()
    header = check_header(file.name, [key for (key,) in keys])
    structure = json.dumps(dict.fromkeys(header, "VARCHAR"), ensure_ascii=False)
    fields = "".join(
        f", struct_extract_at(row_of, {place + 1}) AS c{place}"
        for place in range(len(header))
    )
    rows_path = target / "rows.parquet"
    row_of = "NULL" if not header else f"from_json(c0, '{_quoted(structure)}')"
    engine.execute(
        f"COPY (SELECT source_row{fields} FROM (SELECT source_row, {row_of} AS row_of "
        f"FROM {source} WHERE {is_object})) TO '{_quoted(rows_path)}' (FORMAT parquet)"
    )
    faults_path = _json_faults(engine, source, is_object, writer.faults_path, target)
    return RawTable(
        file=file,
        header=header,
        rows_path=str(rows_path),
        faults_path=faults_path,
        rows=framer.rows,
        sha256=file_digest(file.path) if file.compression else digest.hexdigest(),
        content_sha256=digest.hexdigest(),
        encoding=encoding,
        notes=() if framer.ended else ("last line has no line break: was the file cut?",),
    )


def _json_faults(
    engine: duckdb.DuckDBPyConnection,
    source: str,
    is_object: str,
    framed_path: str | None,
    target: Path,
) -> str:
    framed = (
        f"UNION ALL SELECT source_row, rule, raw_row FROM read_parquet('{_quoted(framed_path)}')"
        if framed_path
        else ""
    )
    faults_path = target / "faults.parquet"
    engine.execute(
        f"COPY (SELECT source_row, 'json_readable' AS rule, "
        f"CAST(json_object('line', c0) AS VARCHAR) AS raw_row FROM {source} "
        f"WHERE NOT {is_object} {framed}) TO '{_quoted(faults_path)}' (FORMAT parquet)"
    )
    return str(faults_path)


def _read_xlsx(
    _: duckdb.DuckDBPyConnection, file: DeliveredFile, profile: Profile, target: Path
) -> RawTable:
    frame = _sheet(file, profile)
    if frame.width == 0:
        raise SourceError(f"{file.name} has no header")
    header = check_header(file.name, [str(name or "") for name in frame.row(0)])
    rows = frame.slice(1)
    rows.columns = [f"c{place}" for place in range(rows.width)]
    numbers = np.arange(1, rows.height + 1)
    filled = ~rows.select(pl.all_horizontal(pl.all().is_null())).to_series()
    writer = _RawWriter(target, rows.width)
    writer.write_frame(rows.filter(filled), numbers[filled.to_numpy()])
    writer.close()
    digest = file_digest(file.path)
    return RawTable(
        file=file,
        header=header,
        rows_path=str(writer.rows_path),
        faults_path=None,
        rows=int(filled.sum()),
        sha256=digest,
        content_sha256=digest,
    )


def _sheet(file: DeliveredFile, profile: Profile) -> pl.DataFrame:
    """The cells of a workbook's one sheet as text, its first row included."""
    try:
        with zipfile.ZipFile(file.path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > BOMB_BYTES:
            raise SourceError(f"{file.name} unpacks to more than {BOMB_BYTES} bytes")
        reader = fastexcel.read_excel(file.path)
        frames = {
            name: reader.load_sheet(name, header_row=None, dtypes="string").to_polars()
            for name in reader.sheet_names
            if profile.sheet in (None, name)
        }
    except (zipfile.BadZipFile, fastexcel.FastExcelError) as error:
        raise SourceError(f"{file.name} is no readable workbook") from error
    filled = {name: frame for name, frame in frames.items() if frame.height}
    if not filled:
        raise SourceError(f"{file.name} has no filled sheet of that name")
    if len(filled) > 1:
        raise SourceError(
            f"{file.name} has {len(filled)} filled sheets; a profile must name one"
        )
    return next(iter(filled.values()))


def _read_parquet(
    engine: duckdb.DuckDBPyConnection, file: DeliveredFile, target: Path
) -> RawTable:
    try:
        described = pq.read_schema(file.path)
        header = check_header(file.name, list(described.names))
        columns = "".join(
            f', CAST("{name.replace(chr(34), chr(34) * 2)}" AS VARCHAR) AS c{place}'
            for place, name in enumerate(described.names)
        )
        rows_path = target / "rows.parquet"
        engine.execute(
            f"COPY (SELECT file_row_number + 1 AS source_row{columns} FROM read_parquet("
            f"'{_quoted(file.path)}', file_row_number = true)) "
            f"TO '{_quoted(rows_path)}' (FORMAT parquet, COMPRESSION lz4_raw)"
        )
    except (pa.ArrowException, duckdb.Error, OSError) as error:
        raise SourceError(f"{file.name} is no whole Parquet file") from error
    digest = file_digest(file.path)
    return RawTable(
        file=file,
        header=header,
        rows_path=str(rows_path),
        faults_path=None,
        rows=pq.read_metadata(rows_path).num_rows,
        sha256=digest,
        content_sha256=digest,
    )


def _quoted(text: Path | str) -> str:
    return str(text).replace("'", "''")
