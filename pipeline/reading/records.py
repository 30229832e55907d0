"""One record of CSV to its columns: by RFC 4180, or as far as is certain."""

import re

from pipeline.reading.decoding import UNREADABLE

SHOWN_MAX = 10_000
_ENCLOSED = re.compile(rb'"((?:[^"]|"")*)"')


def split_strictly(text: bytes, delimiter: bytes) -> list[str] | None:
    """Columns of a record by RFC 4180; null where its quoting is wrong."""
    columns: list[str] = []
    position = 0
    while True:
        if text[position : position + 1] == b'"':
            closing = _ENCLOSED.match(text, position)
            if closing is None:
                return None
            columns.append(closing.group(1).replace(b'""', b'"').decode())
            position = closing.end()
        else:
            end = text.find(delimiter, position)
            end = len(text) if end < 0 else end
            column = text[position:end]
            if b'"' in column or b"\n" in column:
                return None
            columns.append(column.decode())
            position = end
        if position == len(text):
            return columns
        if text[position : position + 1] != delimiter:
            return None
        position += 1


def split_loosely(text: bytes, delimiter: bytes, width: int) -> list[str] | None:
    """Columns of a line whose quotes are partly letters; null where that is in doubt.

    It isn't where splitting at every delimiter gives the right number of columns and no
    column has a quote without its pair: `1,"Nur" MFY,2`.
    """
    columns = text.split(delimiter)
    if len(columns) != width or any(column.count(b'"') % 2 for column in columns):
        return None
    return [_unquoted(column).decode() for column in columns]


def _unquoted(column: bytes) -> bytes:
    whole = _ENCLOSED.fullmatch(column)
    return whole.group(1).replace(b'""', b'"') if whole else column


def shown(text: bytes) -> str:
    """The text of a line that is no row, as far as it can be shown in a report."""
    text = text.removeprefix(UNREADABLE.encode())[: 4 * SHOWN_MAX]
    readable = text.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    return readable[:SHOWN_MAX]
