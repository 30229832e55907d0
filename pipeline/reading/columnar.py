"""Parquet to a raw table: every column as text."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import SourceError
from pipeline.files import DeliveredFile, file_digest
from pipeline.reading.raw_table import RawTable, check_header


def read_parquet(
    engine: duckdb.DuckDBPyConnection, file: DeliveredFile, folder: Path
) -> RawTable:
    """A Parquet file as a raw table; dates and times become ISO text.

    Raises:
        SourceError: the file is cut or damaged, or its texts are no UTF-8.
    """
    rows_path = folder / "rows.parquet"
    try:
        names = pq.read_schema(file.path).names
        header = check_header(file, names)
        columns = "".join(
            f', CAST("{name.replace(chr(34), chr(34) * 2)}" AS VARCHAR) AS c{place}'
            for place, name in enumerate(names)
        )
        engine.execute(
            f"COPY (SELECT file_row_number + 1 AS source_row{columns} FROM read_parquet("
            f"'{_quoted(file.path)}', file_row_number = true, binary_as_string = true)) "
            f"TO '{_quoted(rows_path)}' (FORMAT parquet, COMPRESSION lz4_raw)"
        )
    except (pa.ArrowException, duckdb.Error):
        # The engine's message may quote a value.
        raise SourceError(f"{file.name} is no whole Parquet file of texts") from None
    digest = file_digest(file.path)
    return RawTable(
        file=file,
        header=header,
        rows_path=str(rows_path),
        rows=pq.read_metadata(rows_path).num_rows,
        sha256=digest,
        content_sha256=digest,
    )


def _quoted(text: Path | str) -> str:
    return str(text).replace("'", "''")
