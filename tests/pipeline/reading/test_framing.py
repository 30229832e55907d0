import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reading.framing import RECORD_BYTES_MAX, Framer
from pipeline.reading.records import split_loosely, split_strictly


def frame(text, width, delimiter=b",", quoted=True, block=1 << 20):
    """Rows by number, faults by number, and the framer, from text fed in blocks."""
    framer = Framer(delimiter, width, quoted)
    rows, faults = {}, {}
    blocks = [text[at : at + block] for at in range(0, len(text), block)]
    parts = [framer.feed(each) for each in blocks] + [framer.feed(b"", last=True)]
    for framed in parts:
        for lines, separator, numbers in framed.plain:
            split = lines.decode().removesuffix("\n").split("\n")
            for number, line in zip(numbers.tolist(), split, strict=True):
                assert number not in rows
                rows[number] = line.split(separator.decode())
        for number, columns in framed.parsed:
            assert number not in rows
            rows[number] = columns
        for number, rule, _ in framed.faults:
            assert number not in faults
            faults[number] = rule
    assert not rows.keys() & faults.keys()
    assert sorted(rows | faults) == list(range(1, framer.rows + 1))
    return rows, faults


# Text as registers hold it: quotes, delimiters and line breaks inside columns included.
COLUMN = st.text('ab1О"ғ,; \n', max_size=6)


@settings(max_examples=80)
@given(st.lists(st.lists(COLUMN, min_size=3, max_size=3), max_size=12), st.integers(1, 40))
def test_whatever_a_csv_writer_writes_is_read_back(rows, block):
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    found, faults = frame(stream.getvalue().encode(), 3, block=block)
    # A row that stands alone on the second line of another may be held for its own.
    if not faults and len(found) == len(rows):
        assert [found[number] for number in sorted(found)] == rows
    else:
        assert any("\n" in column for row in rows for column in row)


@settings(max_examples=80)
@given(
    st.lists(
        st.lists(st.text('ab1О"ғ, ', max_size=6), min_size=3, max_size=3), max_size=12
    ),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.integers(1, 40),
)
def test_rows_of_one_line_are_read_exactly(rows, quoting, block):
    stream = io.StringIO()
    csv.writer(stream, quoting=quoting, lineterminator="\r\n").writerows(rows)
    found, faults = frame(stream.getvalue().encode(), 3, block=block)
    assert not faults
    assert [found[number] for number in sorted(found)] == rows


@settings(max_examples=80)
@given(st.binary(max_size=80), st.integers(1, 30))
def test_any_bytes_are_framed_and_blocks_dont_matter(noise, block):
    text = noise + b'\n1,2,"3"\n'
    assert frame(text, 3, block=block) == frame(text, 3)


@given(st.text('ab",', max_size=12).filter(lambda text: text.count('"') % 2 == 1))
def test_a_broken_row_takes_no_neighbour_with_it(broken):
    before = b"".join(b"%d,x,y\n" % number for number in range(1, 6))
    after = b"".join(b"%d,x,y\n" % number for number in range(7, 12))
    rows, faults = frame(before + broken.encode() + b"\n" + after, 3)
    assert {int(row[0]) for number, row in rows.items() if number != 6} == {
        *range(1, 6),
        *range(7, 12),
    }
    assert (6 in rows) != (6 in faults)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"1,2,3", ["1", "2", "3"]),
        (b",,", ["", "", ""]),
        (b'1,"2,5",3', ["1", "2,5", "3"]),
        (b'1,"say ""yes""",3', ["1", 'say "yes"', "3"]),
        (b'1,"""",3', ["1", '"', "3"]),
        (b'1,"",3', ["1", "", "3"]),
        (b'1,O"g"li,3', ["1", 'O"g"li', "3"]),
        (b'1,5" pipe,3', ["1", '5" pipe', "3"]),
        (b'1,"Nur" MFY,3', ["1", '"Nur" MFY', "3"]),
        (b"1,2,3\r", ["1", "2", "3"]),
    ],
)
def test_one_row(line, expected):
    rows, faults = frame(line + b"\n4,5,6\n", 3)
    assert not faults
    assert [rows[1], rows[2]] == [expected, ["4", "5", "6"]]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"1,2", "columns_counted"),
        (b"1,2,3,4", "columns_counted"),
        (b"1", "columns_counted"),
        (b'1,"2,3', "quotes_balanced"),
        (b'1,"2,"x",3', "quotes_balanced"),
        (b'1,"a"b,c",3', "quotes_balanced"),
        (b"1,\x00,3", "no_nul_byte"),
        (b"1,\x1f,3", "no_control_byte"),
        (b"1,\xcf\xee,3", "text_decodable"),
        (b"1," + b"x" * (RECORD_BYTES_MAX + 1) + b",3", "row_length"),
        (b'1,"' + b"x" * (3 * RECORD_BYTES_MAX) + b",3", "row_length"),
    ],
)
def test_one_fault(line, rule):
    rows, faults = frame(b"0,0,0\n" + line + b"\n4,5,6\n", 3, block=50_000)
    assert faults == {2: rule}
    assert rows == {1: ["0", "0", "0"], 3: ["4", "5", "6"]}


def test_a_column_over_several_lines_is_one_row():
    rows, faults = frame(b'1,"a\nb\r\nc",3\n4,5,6\n7,8,"x\ny"\n', 3, block=5)
    assert not faults
    assert rows == {1: ["1", "a\nb\nc", "3"], 2: ["4", "5", "6"], 3: ["7", "8", "x\ny"]}


def test_two_broken_rows_are_not_read_as_one():
    rows, faults = frame(b'1,"a,3\n2,b",4\n5,6,7\n', 3)
    assert faults == {1: "quotes_balanced"}
    assert rows == {2: ["2", 'b"', "4"], 3: ["5", "6", "7"]}


def test_rows_between_two_stray_quotes_stay_rows():
    rows, faults = frame(b'1,"a,3\n2,b,4\n3,c,5\n4,"d,6\n', 3)
    assert faults == {1: "quotes_balanced", 4: "quotes_balanced"}
    assert rows == {2: ["2", "b", "4"], 3: ["3", "c", "5"]}


def test_blank_lines_and_the_end_mark_of_dos_are_no_rows():
    rows, faults = frame(b"1,2,3\n\n\r\n4,5,6\r\n\x1a", 3)
    assert not faults
    assert rows == {1: ["1", "2", "3"], 2: ["4", "5", "6"]}


def test_a_line_without_end_costs_no_memory():
    framer = Framer(b",", 3, quoted=True)
    framer.feed(b'1,"')
    for _ in range(64):
        framer.feed(b"x" * (1 << 18))
        assert len(framer._carry) <= RECORD_BYTES_MAX + (1 << 18)
    framed = framer.feed(b"\n4,5,6\n", last=True)
    assert framer.rows == 2
    assert [numbers.tolist() for _, _, numbers in framed.plain] == [[2]]


def test_quotes_are_letters_where_the_profile_says_so():
    rows, faults = frame(b'1,"2,3"\n', 3, quoted=False)
    assert not faults
    assert rows == {1: ["1", '"2', '3"']}


@given(st.binary(max_size=40).map(lambda text: text.replace(b"\n", b"")))
def test_a_loose_reading_agrees_with_the_strict_one(text):
    try:
        strict = split_strictly(text, b",")
        loose = split_loosely(text, b",", 3)
    except UnicodeDecodeError:
        return
    if strict is not None and loose is not None and len(strict) == 3:
        assert strict == loose
