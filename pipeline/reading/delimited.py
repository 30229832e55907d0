"""CSV of any delimiter, encoding and packing to a raw table."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.files import DeliveredFile, file_digest
from pipeline.profiles import Profile
from pipeline.reading.decoding import content_digest, find_encoding, text_blocks
from pipeline.reading.framing import RECORD_BYTES_MAX, Framer
from pipeline.reading.raw_table import UNENDED, RawTable, RawWriter, check_header
from pipeline.reading.records import split_strictly

DELIMITERS = (b",", b";", b"\t", b"|")


def read_csv(file: DeliveredFile, profile: Profile, folder: Path) -> RawTable:
    """A CSV file as a raw table.

    Encoding and delimiter are found where the profile doesn't name them; `sep=;` in a
    first line of its own, as spreadsheets write it, is understood.

    Raises:
        SourceError: the header can't be read; the packing is damaged.
    """
    encoding = profile.encoding or find_encoding(file)
    digest = content_digest()
    blocks = text_blocks(file, encoding, digest)
    quoted = profile.quote == '"'
    given = profile.delimiter.encode() if profile.delimiter else None
    line, rest = _first_line(file, b"", blocks)
    if line.startswith(b"sep=") and len(line) == len(b"sep=;"):
        given = given or line[-1:]
        line, rest = _first_line(file, rest, blocks)
    delimiter = given or max(DELIMITERS, key=line.count)
    header = _header(file, line, delimiter, quoted)
    framer = Framer(delimiter, len(header), quoted)
    with RawWriter(folder, len(header)) as writer:
        writer.write_all(framer, rest, blocks)
    return RawTable(
        file=file,
        header=header,
        rows_path=str(writer.rows_path),
        rows=framer.rows,
        sha256=file_digest(file.path) if file.compression else digest.hexdigest(),
        content_sha256=digest.hexdigest(),
        faults_path=writer.faults_path,
        encoding=encoding,
        delimiter=delimiter.decode(),
        notes=() if framer.ended else (UNENDED,),
    )


def _first_line(
    file: DeliveredFile, read: bytes, blocks: Iterator[bytes]
) -> tuple[bytes, bytes]:
    """The first line that is not blank, and what was read beyond it."""
    data = read.lstrip(b"\r\n")
    while b"\n" not in data and len(data) <= RECORD_BYTES_MAX:
        block = next(blocks, b"")
        if not block:
            break
        data = (data + block).lstrip(b"\r\n")
    line, _, rest = data.partition(b"\n")
    if len(line) > RECORD_BYTES_MAX:
        raise SourceError(f"{file.name}: no header within {RECORD_BYTES_MAX} bytes")
    if b"\r" in line.rstrip(b"\r"):
        raise SourceError(f"{file.name}: lines end with CR alone; CR LF or LF is read")
    return line.rstrip(b"\r\x1a"), rest


def _header(
    file: DeliveredFile, line: bytes, delimiter: bytes, quoted: bool
) -> tuple[str, ...]:
    try:
        if quoted:
            columns = split_strictly(line, delimiter)
        else:
            columns = [column.decode() for column in line.split(delimiter)]
    except UnicodeDecodeError:
        raise SourceError(f"{file.name}: header can't be decoded as text") from None
    if columns is None:
        raise SourceError(f"{file.name}: header has a quotation mark without its pair")
    if b"\x00" in line:
        raise SourceError(f"{file.name}: header holds NUL bytes")
    return check_header(file, columns)
