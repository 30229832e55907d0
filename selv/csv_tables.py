"""CSV in, CSV out: files that are looked at by hand, not the deliveries of a night.

What belongs here: reading a table whatever wrote it, refusing it with the reason, and
writing the result whole. What is refused names the file, the row and the column, never a
value.
"""

import csv
import difflib
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from pipeline import tables
from pipeline.errors import SourceError

DELIMITERS = ",;\t"
CELL_CHARACTERS_MAX = 1 << 20


def transform_csv(
    file: str,
    output: str | None,
    columns: Sequence[str],
    function: Callable[[pl.DataFrame], pl.DataFrame],
    required: Sequence[str] = (),
) -> None:
    """Give a CSV table to a function and write what it makes of it.

    Args:
        file: the table; UTF-8 with or without a byte order mark.
        output: file to write; null for standard output.
        columns: what the function reads; one at least must be there.
        function: rows in, rows out.
        required: columns that must be there.

    Raises:
        SourceError: no such file, no table, or not these columns.
    """
    rows = read_csv(file)
    _check_columns(Path(file).name, rows.columns, columns, required)
    text = _flat(function(rows)).write_csv()
    if output is None:
        sys.stdout.write(text)
    else:
        tables.write_bytes(output, text.encode())


def read_csv(file: str) -> pl.DataFrame:
    """The rows of a CSV file, every column text, empty cells null.

    The delimiter is a comma, a semicolon or a tab, whichever the header has most of.

    Raises:
        SourceError: no such file, not UTF-8, no header, a column twice, or a row with
            more or fewer cells than the header.
    """
    path = Path(file)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise SourceError(f"no file {file}") from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path.name}: not UTF-8 (byte {error.start + 1}); save it as CSV UTF-8"
        ) from error
    header_line = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=header_line.count)
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    cells = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [row for row in cells if row]
    except csv.Error as error:
        raise SourceError(f"{path.name}: line {cells.line_num}: {error}") from error
    if not rows:
        raise SourceError(f"{path.name}: empty, not even a header")
    header, *body = rows
    names = [name.strip() for name in header]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(f"{path.name}: columns that stand twice in the header: {twice}")
    for number, row in enumerate(body, start=1):
        if len(row) != len(names):
            raise SourceError(
                f"{path.name}: row {number} has {len(row)} cells, the header {len(names)}"
            )
    return pl.DataFrame(
        {name: [row[place] or None for row in body] for place, name in enumerate(names)},
        schema=dict.fromkeys(names, pl.String),
    )


def _check_columns(
    name: str, found: Sequence[str], known: Sequence[str], required: Sequence[str]
) -> None:
    missing = [column for column in required if column not in found]
    if not missing and any(column in found for column in known):
        return
    wanted = missing or list(known)
    near = {
        column: close[0]
        for column in found
        if (close := difflib.get_close_matches(column.lower(), wanted, n=1))
    }
    hint = "".join(f"; {column} may be {close}" for column, close in near.items())
    reason = f"lacks {missing}" if missing else f"has none of {wanted}"
    raise SourceError(f"{name}: the header {reason}{hint}")


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists as text separated by spaces: CSV has no lists."""
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns(
        pl.col(name).cast(pl.List(pl.String)).list.join(" ").replace("", None)
        for name in lists
    ).with_columns(pl.col(pl.String).replace("", None))
