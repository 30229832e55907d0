"""Bytes of a delivered text file to UTF-8, block by block: unpacking and encodings.

What belongs here: gzip and zstd, finding the encoding, re-encoding. Lines and columns are
framing.py's. A part of the delivery-reading half of the disk layer.
"""

import codecs
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.errors import SourceError
from pipeline.files import DeliveredFile

BLOCK = 8 << 20
SAMPLE = 1 << 18
SAMPLES = 16
BOMB_BYTES = 1 << 30
BOMB_RATIO = 200
"""Registers pack 5 to 30 times; beyond both bounds a file is no register."""

BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_LETTERS = set("абвгдеёжзийклмнопрстуфхцчшщъыьэюяўқғҳ") | set(
    "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЎҚҒҲ"
)


def raw_blocks(file: DeliveredFile) -> Iterator[bytes]:
    """Unpacked bytes of a file, at most BLOCK at a time.

    Raises:
        SourceError: the packing is damaged, cut short, or a bomb.
    """
    if file.compression is None:
        with Path(file.path).open("rb") as stream:
            while block := stream.read(BLOCK):
                yield block
        return
    unpacked = 0
    try:
        with pa.CompressedInputStream(
            pa.OSFile(file.path, "rb"), file.compression
        ) as stream:
            while block := stream.read(BLOCK):
                unpacked += len(block)
                if unpacked > max(BOMB_BYTES, BOMB_RATIO * file.bytes):
                    raise SourceError(
                        f"{file.name} unpacks to more than {BOMB_RATIO} times its size"
                    )
                yield block
    except (OSError, EOFError) as error:
        raise SourceError(f"{file.name}: {file.compression} is damaged or cut") from error


def find_encoding(file: DeliveredFile) -> str:
    """The encoding of a text file, from its mark or from samples of its bytes.

    UTF-8 where most lines with other than ASCII letters are UTF-8; else the one of cp1251
    and cp866 in which more of them read as letters.
    """
    samples = _samples(file)
    head = samples[0] if samples else b""
    for bom, encoding in BOMS.items():
        if head.startswith(bom):
            return encoding
    wide = _wide_encoding(head)
    return wide if wide is not None else _byte_encoding(samples)


def _samples(file: DeliveredFile) -> list[bytes]:
    if file.compression is not None:
        return [block for block in [next(raw_blocks(file), b"")] if block]
    step = max(SAMPLE, file.bytes // SAMPLES)
    samples = []
    with Path(file.path).open("rb") as stream:
        for start in range(0, file.bytes, step):
            stream.seek(start)
            samples.append(stream.read(SAMPLE))
    return samples


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: every second byte is the plane of ASCII or of Cyrillic."""
    head = head[: 4096 & ~1]
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        planes = head[start::2]
        if planes and sum(planes.count(byte) for byte in b"\x00\x04") > 0.8 * len(planes):
            return encoding
    return None


def _byte_encoding(samples: Sequence[bytes]) -> str:
    valid = 0
    foreign: list[bytes] = []
    for sample in samples:
        for line in sample.split(b"\n")[:-1] or [sample]:
            if line.isascii():
                continue
            if is_utf8(line):
                valid += 1
            else:
                foreign.append(line)
    if valid >= len(foreign):
        return "utf-8"
    text = b"".join(foreign[:1000])
    return max(("cp1251", "cp866"), key=lambda encoding: _letter_share(text, encoding))


def _letter_share(text: bytes, encoding: str) -> float:
    high = bytes(byte for byte in text if byte >= 0x80)
    decoded = high.decode(encoding, "replace")
    return sum(letter in _LETTERS for letter in decoded) / max(1, len(decoded))


def is_utf8(line: bytes) -> bool:
    """Whether bytes are valid UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


# Bytes of two Cyrillic letters in UTF-8, which no word of cp1251 or cp866 contains.
_FOREIGN_UTF8 = re.compile(rb"[\xd0-\xd2][\x80-\xbf][\xd0-\xd2][\x80-\xbf]")
UNREADABLE = "\ue000"
"""Stands before a line that could not be decoded (a private-use letter)."""


def text_blocks(file: DeliveredFile, encoding: str, digest: Any) -> Iterator[bytes]:  # noqa: ANN401 - hashlib has no public type
    """The text of a file as UTF-8, in blocks cut anywhere; the mark at the head removed.

    Bytes of a UTF-8 file that are no UTF-8 are left for framing to find. In other
    encodings what can't be decoded, or is UTF-8 half-way through the file, becomes
    UNREADABLE, so that its row, and no other, is refused.

    Args:
        file: the file.
        encoding: one of profiles.ENCODINGS.
        digest: a hash that is fed with the unpacked bytes.
    """
    decoder = None
    if encoding != "utf-8":
        decoder = codecs.getincrementaldecoder(encoding)(errors="selv-unreadable")
    first = True
    tail = b""
    for block in raw_blocks(file):
        digest.update(block)
        if decoder is None:
            yield block.removeprefix(codecs.BOM_UTF8) if first else block
        elif encoding.startswith("utf-16"):
            text = decoder.decode(block)
            yield (text.removeprefix("\ufeff") if first else text).encode(
                "utf-8", "replace"
            )
        else:
            block = tail + block
            cut = block.rfind(b"\n") + 1 or len(block)
            tail = block[cut:]
            yield _decode_bytes(block[:cut], decoder)
        first = False
    if tail and decoder is not None:
        yield _decode_bytes(tail, decoder)
    elif decoder is not None:
        yield decoder.decode(b"", final=True).encode()


def _decode_bytes(block: bytes, decoder: codecs.IncrementalDecoder) -> bytes:
    if _FOREIGN_UTF8.search(block):
        lines = block.split(b"\n")
        suspects = [
            UNREADABLE.encode() + line
            if not line.isascii() and is_utf8(line)
            else decoder.decode(line).encode()
            for line in lines
        ]
        return b"\n".join(suspects)
    return decoder.decode(block).encode()


def _unreadable(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return UNREADABLE, error.end
    raise error


codecs.register_error("selv-unreadable", _unreadable)


def content_digest() -> Any:  # noqa: ANN401 - hashlib has no public type
    """A new SHA-256, for the unpacked content of a file."""
    return hashlib.sha256()
