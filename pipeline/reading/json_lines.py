"""JSON Lines to a raw table: one object a line, any keys in any order."""

import json
from pathlib import Path

import duckdb

from pipeline.files import DeliveredFile, file_digest
from pipeline.profiles import Profile
from pipeline.reading.decoding import content_digest, find_encoding, text_blocks
from pipeline.reading.framing import UNIT, Framer
from pipeline.reading.raw_table import (
    COLUMNS_MAX,
    UNENDED,
    RawTable,
    RawWriter,
    check_header,
)

_IS_OBJECT = "CASE WHEN json_valid(c0) THEN json_type(c0) = 'OBJECT' ELSE false END"


def read_jsonl(
    engine: duckdb.DuckDBPyConnection, file: DeliveredFile, profile: Profile, folder: Path
) -> RawTable:
    """A JSON Lines file as a raw table; its header is every key of every line, sorted.

    A line that is no object is a fault (`json_readable`); a key that a line lacks is null.
    """
    encoding = profile.encoding or find_encoding(file)
    digest = content_digest()
    lines = folder / "lines"
    lines.mkdir(exist_ok=True)
    framer = Framer(UNIT, 1, quoted=False)
    with RawWriter(lines, 1) as writer:
        writer.write_all(framer, b"", text_blocks(file, encoding, digest))
    source = f"read_parquet('{_quoted(writer.rows_path)}')"
    header = check_header(file, _keys(engine, source))
    rows_path = folder / "rows.parquet"
    engine.execute(
        f"COPY ({_rows_query(source, header)}) TO '{_quoted(rows_path)}' (FORMAT parquet)"
    )
    return RawTable(
        file=file,
        header=header,
        rows_path=str(rows_path),
        rows=framer.rows,
        sha256=file_digest(file.path) if file.compression else digest.hexdigest(),
        content_sha256=digest.hexdigest(),
        faults_path=_write_faults(engine, source, writer.faults_path, folder),
        encoding=encoding,
        notes=() if framer.ended else (UNENDED,),
    )


def _keys(engine: duckdb.DuckDBPyConnection, source: str) -> list[str]:
    # One key too many is enough to refuse the file.
    rows = engine.execute(
        f"SELECT DISTINCT unnest(json_keys(c0)) AS key FROM {source} "
        f"WHERE {_IS_OBJECT} ORDER BY key LIMIT {COLUMNS_MAX + 1}"
    ).fetchall()
    return [key for (key,) in rows]


def _rows_query(source: str, header: tuple[str, ...]) -> str:
    if not header:
        return f"SELECT source_row FROM {source} WHERE false"
    structure = json.dumps(dict.fromkeys(header, "VARCHAR"), ensure_ascii=False)
    columns = ", ".join(
        f"struct_extract_at(fields, {place}) AS c{place - 1}"
        for place in range(1, len(header) + 1)
    )
    return (
        f"SELECT source_row, {columns} FROM (SELECT source_row, "
        f"from_json(c0, '{_quoted(structure)}') AS fields FROM {source} WHERE {_IS_OBJECT})"
    )


def _write_faults(
    engine: duckdb.DuckDBPyConnection, source: str, framed: str | None, folder: Path
) -> str:
    unreadable = (
        "SELECT source_row, 'json_readable' AS rule, "
        f"CAST(json_object('line', c0) AS VARCHAR) AS raw_row FROM {source} "
        f"WHERE NOT {_IS_OBJECT}"
    )
    if framed is not None:
        unreadable += (
            " UNION ALL SELECT source_row, rule, raw_row "
            f"FROM read_parquet('{_quoted(framed)}')"
        )
    path = folder / "faults.parquet"
    engine.execute(f"COPY ({unreadable}) TO '{_quoted(path)}' (FORMAT parquet)")
    return str(path)


def _quoted(text: Path | str) -> str:
    return str(text).replace("'", "''")
