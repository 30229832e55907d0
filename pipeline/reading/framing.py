"""Blocks of UTF-8 text to records: which lines are a row, which are none, and why.

What belongs here: the CSV grammar (RFC 4180) and its recovery. The rule above all others:
a broken row takes no neighbour with it. A quote that never closes costs its own line; a
field over several lines is one only where the whole reads as a row and no line inside it
does by itself. Work is done on whole blocks; only irregular lines are looked at singly.
"""

import dataclasses
import re

import numpy as np
import numpy.typing as npt

from pipeline.reading.decoding import UNREADABLE, is_utf8
from pipeline.reading.records import shown, split_loosely, split_strictly

RECORD_BYTES_MAX = 1 << 20
RECORD_LINES_MAX = 500
UNIT = b"\x1f"
"""Separates the columns of rows whose quotes have been taken off."""

_NEWLINE = 10
_QUOTE = 34
_CONTROL = re.compile(rb"[\x00\x1f]")
_MARK = UNREADABLE.encode()

Numbers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


@dataclasses.dataclass
class Framed:
    """The records of one block; every data row is in exactly one of the three."""

    plain: list[tuple[bytes, bytes, Numbers]] = dataclasses.field(default_factory=list)
    """Lines of full rows without quoting, their separator, their row numbers."""
    parsed: list[tuple[int, list[str]]] = dataclasses.field(default_factory=list)
    """Rows read singly: number and columns."""
    faults: list[tuple[int, str, str]] = dataclasses.field(default_factory=list)
    """Lines that are no row: number, rule, the text as it stood."""


class Framer:
    """Frames the blocks of one file in order; holds the unfinished end of each block."""

    def __init__(self, delimiter: bytes, width: int, quoted: bool) -> None:
        """Frame rows of `width` columns; `quoted`: quotation marks enclose columns."""
        self._delimiter = delimiter
        self._width = width
        self._quoted = quoted
        self._carry = b""
        self._overlong = False
        self.rows = 0
        """Data rows met so far, faults included, blank lines not."""
        self.ended = True
        """Whether the last line ended with a line break."""

    def feed(self, block: bytes, last: bool = False) -> Framed:
        """The records that end in this block; with `last` all that remain."""
        framed = Framed()
        data = self._complete_lines(block, last)
        if not data:
            return framed
        lines = _Lines(data)
        rules = _faults_of_bytes(lines)
        for line in np.flatnonzero(lines.lengths > RECORD_BYTES_MAX).tolist():
            rules[line] = "row_length"
        kinds = self._kinds(lines, rules)
        skipped, singles, cut = self._read_singly(lines, kinds, rules, last)
        if cut is not None:
            self._carry = data[lines.starts[cut] :] + self._carry
            lines, kinds = lines.head(cut), kinds[:cut]
        is_record = (lines.lengths > 0) & ~skipped[: lines.count]
        numbers = self.rows + np.cumsum(is_record, dtype=np.int64)
        self.rows = int(numbers[-1]) if lines.count else self.rows
        for line, columns in singles.items():
            framed.parsed.append((int(numbers[line]), columns))
        self._frame_plain(lines, kinds, is_record, numbers, rules, framed)
        for line in sorted(rules):
            if line < lines.count and is_record[line]:
                text = lines.text(line)
                framed.faults.append((int(numbers[line]), rules[line], shown(text)))
        return framed

    def _complete_lines(self, block: bytes, last: bool) -> bytes:
        data = self._carry + block
        self._carry = b""
        if self._overlong:
            end = data.find(b"\n")
            if end < 0:
                return b""
            self._overlong, data = False, data[end + 1 :]
        if b"\r" in data:
            if not last and data.endswith(b"\r"):
                self._carry, data = b"\r", data[:-1]
            data = data.replace(b"\r\n", b"\n")
        if last:
            data = data.removesuffix(b"\x1a")
            self.ended = not data or data.endswith(b"\n")
            return data if self.ended else data + b"\n"
        cut = data.rfind(b"\n") + 1
        rest = data[cut:]
        if len(rest) > RECORD_BYTES_MAX:
            complete, self._carry = data[:cut], b""
            self._overlong = True
            return complete + rest[: RECORD_BYTES_MAX + 1] + b"\n"
        self._carry = rest + self._carry
        return data[:cut]

    def _kinds(self, lines: "_Lines", rules: dict[int, str]) -> npt.NDArray[np.int8]:
        """0 plain, 1 well-quoted, 2 to be read singly, 3 faulty already."""
        kinds = np.zeros(lines.count, dtype=np.int8)
        if self._quoted and b'"' in lines.data:
            self._judge_quotes(lines, kinds)
        kinds[list(rules)] = 3
        return kinds

    def _judge_quotes(self, lines: "_Lines", kinds: npt.NDArray[np.int8]) -> None:
        places = np.flatnonzero(lines.array == _QUOTE)
        line_of = np.searchsorted(lines.ends, places)
        counts = np.bincount(line_of, minlength=lines.count)
        firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        opening = (np.arange(len(places)) - firsts[line_of]) % 2 == 0
        edges = (_NEWLINE, self._delimiter[0])
        padded = np.concatenate([[_NEWLINE], lines.array, [_NEWLINE]])
        before, after = padded[places], padded[places + 2]
        at_start = np.isin(before, edges)
        beside = np.where(opening, before, after)
        is_well = np.isin(beside, edges) | (beside == _QUOTE)
        ill = np.bincount(line_of[~is_well], minlength=lines.count) > 0
        starts = np.bincount(line_of[at_start], minlength=lines.count) > 0
        kinds[counts > 0] = 1
        kinds[ill | (counts % 2 == 1)] = 2
        # No column begins with a quote: they are letters of the text (O"g"li).
        kinds[(counts > 0) & ~starts] = 0

    def _read_singly(
        self,
        lines: "_Lines",
        kinds: npt.NDArray[np.int8],
        rules: dict[int, str],
        last: bool,
    ) -> tuple[Flags, dict[int, list[str]], int | None]:
        """Irregular lines: what is a row, what continues one, where the block must stop."""
        skipped = np.zeros(lines.count, dtype=np.bool_)
        singles: dict[int, list[str]] = {}
        until = 0
        for line in np.flatnonzero(kinds == 2).tolist():
            if line < until:
                continue
            text = lines.text(line)
            if text.count(b'"') % 2 == 0:
                columns = split_loosely(text, self._delimiter, self._width)
                if columns is None:
                    rules[line] = "quotes_balanced"
                else:
                    singles[line] = columns
                continue
            end = self._end_of_record(lines, line)
            if end is None and not last and self._may_continue(lines, line):
                return skipped, singles, line
            record = None if end is None else self._joined(lines, line, end)
            if end is None or record is None:
                rules[line] = "quotes_balanced"
                continue
            singles[line] = record
            skipped[line + 1 : end + 1] = True
            for inside in range(line + 1, end + 1):
                rules.pop(inside, None)
            until = end + 1
        return skipped, singles, None

    def _end_of_record(self, lines: "_Lines", line: int) -> int | None:
        for later in range(line + 1, min(line + RECORD_LINES_MAX, lines.count)):
            if lines.text(later).count(b'"') % 2 == 1:
                return later
        return None

    def _may_continue(self, lines: "_Lines", line: int) -> bool:
        size = len(lines.data) - int(lines.starts[line])
        return size < RECORD_BYTES_MAX and lines.count - line < RECORD_LINES_MAX

    def _joined(self, lines: "_Lines", line: int, end: int) -> list[str] | None:
        """The columns of a row over several lines; null where it's more likely no row."""
        full = self._width - 1
        texts = [lines.text(each) for each in range(line, end + 1)]
        if any(not is_utf8(text) or _CONTROL.search(text) for text in texts):
            return None
        if all(text.count(self._delimiter) >= full for text in (texts[0], texts[-1])):
            return None
        for text in texts[1:-1]:
            columns = split_strictly(text, self._delimiter)
            if columns is not None and len(columns) == self._width:
                return None
        columns = split_strictly(b"\n".join(texts), self._delimiter)
        return columns if columns is not None and len(columns) == self._width else None

    def _frame_plain(
        self,
        lines: "_Lines",
        kinds: npt.NDArray[np.int8],
        is_record: Flags,
        numbers: Numbers,
        rules: dict[int, str],
        framed: Framed,
    ) -> None:
        for kind, separator in ((0, self._delimiter), (1, UNIT)):
            chosen = is_record & (kinds == kind)
            if not chosen.any():
                continue
            array, taken = lines.select(chosen), np.flatnonzero(chosen)
            if kind == 1:
                array = _without_quotes(array, self._delimiter[0])
            counts = _count_by_line(array, separator[0])
            full = counts == self._width - 1
            if not full.all():
                for line in taken[~full].tolist():
                    rules[line] = "columns_counted"
                array = _Lines(array.tobytes()).select(full)
            if full.any():
                framed.plain.append((array.tobytes(), separator, numbers[taken[full]]))


class _Lines:
    """A block that ends with a line break, and where its lines stand."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.array: Bytes = np.frombuffer(data, dtype=np.uint8)
        self.ends = np.flatnonzero(self.array == _NEWLINE)
        self.starts = np.concatenate([[0], self.ends + 1])[:-1]
        self.lengths = self.ends - self.starts
        self.count = len(self.ends)

    def text(self, line: int) -> bytes:
        return self.data[self.starts[line] : self.ends[line]]

    def head(self, count: int) -> "_Lines":
        return _Lines(self.data[: self.starts[count]])

    def select(self, chosen: Flags) -> Bytes:
        if chosen.all():
            return self.array
        return self.array[np.repeat(chosen, self.lengths + 1)]


def _faults_of_bytes(lines: _Lines) -> dict[int, str]:
    """Lines that hold what no text holds: line and the rule broken."""
    rules: dict[int, str] = {}
    data = lines.data
    if b"\x00" in data or UNIT in data:
        for found in _CONTROL.finditer(data):
            rule = "no_nul_byte" if found.group() == b"\x00" else "no_control_byte"
            rules.setdefault(lines_at(lines.ends, found.start()), rule)
    if not data.isascii() and _MARK in data:
        for found in re.finditer(re.escape(_MARK), data):
            rules.setdefault(lines_at(lines.ends, found.start()), "text_decodable")
    if not is_utf8(data):
        high = np.unique(np.searchsorted(lines.ends, np.flatnonzero(lines.array >= 0x80)))
        for line in high.tolist():
            if not is_utf8(lines.text(line)):
                rules.setdefault(line, "text_decodable")
    return rules


def lines_at(ends: Numbers, position: int) -> int:
    """The line that a byte stands in."""
    return int(np.searchsorted(ends, position))


def _count_by_line(array: Bytes, byte: int) -> Numbers:
    ends = np.flatnonzero(array == _NEWLINE)
    places = np.flatnonzero(array == byte)
    return np.diff(np.searchsorted(places, ends), prepend=0)


def _without_quotes(array: Bytes, delimiter: int) -> Bytes:
    """Well-quoted lines with UNIT between columns and the enclosing quotes removed."""
    quotes = np.flatnonzero(array == _QUOTE)
    delimiters = np.flatnonzero(array == delimiter)
    outside = np.searchsorted(quotes, delimiters) % 2 == 0
    split = array.copy()
    split[delimiters[outside]] = UNIT[0]
    # The second of a doubled quote opens again right after the first closed: a letter.
    opens = np.arange(len(quotes)) % 2 == 0
    is_letter = opens & (np.diff(quotes, prepend=-2) == 1)
    kept: Flags = np.ones(len(array), dtype=np.bool_)
    kept[quotes[~is_letter]] = False
    without: Bytes = split[kept]
    return without
