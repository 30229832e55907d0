"""Looking a polling station up in a release's table, which holds nobody's data.

What belongs here: the secret, the keys, the file's layout and one lookup. The table is
made in station_finder.py. Only the standard library is imported: an answer takes less time
than importing a table engine would.

The file, little-endian:

    magic, version, counts, key id, salt          one fixed header
    precinct texts                                JSON, one after the other
    where each precinct's text begins             8 bytes each, and one for the end
    where the keys of each prefix begin           8 bytes each, and one for the end
    keys                                          8 bytes each, ascending
    precinct of each key                          2 bytes each

A key is the first 8 bytes of an HMAC, so keys are spread evenly and the first bits of one
say where it stands: a lookup reads one entry of the prefixes, some five hundred keys, and
one precinct, whether or not it finds anything.
"""

import bisect
import contextlib
import dataclasses
import datetime
import hmac
import json
import mmap
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError, SourceError

FINDER = "stations.finder"
HEADER = struct.Struct("<8sIIQI16s32s4x")
MAGIC = b"SELVSTAT"
VERSION = 1
SECRET_BYTES = 32
KEY_BYTES = 8

LOOK_ALIKE = str.maketrans("АВСЕНКМОРТХ", "ABCEHKMOPTX")
"""Cyrillic letters that look like Latin ones, as in normalise/pinfl.py."""


@dataclasses.dataclass(frozen=True)
class Header:
    """What a table says of itself."""

    precincts: int
    keys: int
    prefix_bits: int
    key_id: str
    salt: bytes


def read_secret(path: str) -> bytes:
    """The secret of a file that holds 64 hexadecimal digits.

    Raises:
        ConfigurationError: there is none, it has another form, or everybody may read it.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="ascii").strip()
        is_open = bool(file.stat().st_mode & 0o007)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("station finder: the secret can't be read") from error
    if is_open:
        raise ConfigurationError("station finder: everybody may read the secret: chmod 600")
    if not re.fullmatch(rf"[0-9a-fA-F]{{{2 * SECRET_BYTES}}}", text):
        raise ConfigurationError(
            f"station finder: the secret must be {2 * SECRET_BYTES} hexadecimal digits"
        )
    return bytes.fromhex(text)


def key_id(secret: bytes) -> str:
    """A name for a secret that gives nothing of it away."""
    return hmac.digest(secret, b"selv station finder: key id", "sha256")[:8].hex()


def release_key(secret: bytes, salt: bytes) -> bytes:
    """The key of one release's table: tables of two releases can't be laid side by side."""
    return hmac.digest(secret, b"selv station finder: release" + salt, "sha256")


def message(identifier: str, birth_date: str) -> str:
    """What is put under the key: kind, identifier in standard form, birth date as ISO."""
    kind = "P" if identifier.isdigit() else "D"
    return f"{kind}|{identifier}|{birth_date}"


def read_identifier(text: str) -> str | None:
    """PINFL or document number in standard form; null where it is neither."""
    folded = re.sub(r"[\W_№]", "", text).upper().translate(LOOK_ALIKE)
    if re.fullmatch(r"[0-9]{14}|[A-Z]{2}[0-9]{7}", folded, re.ASCII):
        return folded
    return None


def read_birth_date(text: str) -> str | None:
    """A birth date as ISO: 1990-02-03 or 03.02.1990; null where it is no date."""
    found = re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)|(\d\d?)[./-](\d\d?)[./-](\d{4})", text)
    if found is None:
        return None
    year, month, day = found.group(1, 2, 3) if found.group(1) else found.group(6, 5, 4)
    try:
        return datetime.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


class StationFinder:
    """A release's table, open for lookups."""

    def __init__(self, table: mmap.mmap, secret: bytes) -> None:
        """Read the header and check that the secret is the one of this table.

        Raises:
            SourceError: no such table.
            ConfigurationError: the table was made with another secret.
        """
        self.header = read_header(table)
        if key_id(secret) != self.header.key_id:
            raise ConfigurationError(
                "station finder: this table was made with another secret"
            )
        self._key = release_key(secret, self.header.salt)
        self._table = table
        sections = section_offsets(self.header, table)
        self._texts, self._prefixes, self._keys, self._values = sections

    def find(self, identifier: str, birth_date: str) -> dict[str, Any] | None:
        """The station of whoever has this identifier and birth date; null if unknown.

        Nobody of that name, somebody who may not vote, a number that two people share and
        a number of no possible form are one answer, after the same work.
        """
        standard = read_identifier(identifier.strip())
        day = read_birth_date(birth_date.strip())
        said = message(standard or "D", day or "")
        mac = hmac.digest(self._key, said.encode(), "sha256")
        wanted = int.from_bytes(mac[:KEY_BYTES], "big")
        is_found, precinct = self._look_up(wanted)
        station = self._precinct(precinct)
        is_well_formed = standard is not None and day is not None
        return station if is_found and is_well_formed else None

    def _look_up(self, wanted: int) -> tuple[bool, int]:
        """Whether a key is there, and its precinct or that of the key in its place."""
        prefix = wanted >> (64 - self.header.prefix_bits) if self.header.prefix_bits else 0
        first, last = struct.unpack_from("<QQ", self._table, self._prefixes + 8 * prefix)
        start = self._keys + KEY_BYTES * first
        bucket = struct.unpack_from(f"<{last - first}Q", self._table, start)
        place = bisect.bisect_left(bucket, wanted)
        is_found = place < len(bucket) and bucket[place] == wanted
        number = min(first + place, self.header.keys - 1)
        if number < 0:
            return False, 0
        (precinct,) = struct.unpack_from("<H", self._table, self._values + 2 * number)
        return is_found, precinct

    def _precinct(self, number: int) -> dict[str, Any]:
        begin, end = struct.unpack_from("<QQ", self._table, self._texts + 8 * number)
        station: dict[str, Any] = json.loads(self._table[begin:end])
        return station


def read_header(table: mmap.mmap | bytes | memoryview) -> Header:
    """The header of a table.

    Raises:
        SourceError: these bytes are no table.
    """
    if len(table) < HEADER.size:
        raise SourceError(f"{FINDER}: no table of stations")
    magic, version, precincts, keys, bits, name, salt = HEADER.unpack_from(table)
    if magic != MAGIC or version != VERSION:
        raise SourceError(f"{FINDER}: no table of stations of version {VERSION}")
    return Header(precincts, keys, bits, name.decode("ascii"), salt)


def section_offsets(
    header: Header, table: mmap.mmap | bytes | memoryview
) -> tuple[int, int, int, int]:
    """Where precinct offsets, prefixes, keys and values begin: counted from the end.

    Raises:
        SourceError: the file has another length than its header says.
    """
    values = len(table) - 2 * header.keys
    keys = values - KEY_BYTES * header.keys
    prefixes = keys - 8 * ((1 << header.prefix_bits) + 1)
    texts = prefixes - 8 * (header.precincts + 1)
    if texts < HEADER.size or header.precincts == 0:
        raise SourceError(f"{FINDER}: cut off")
    (begin,) = struct.unpack_from("<Q", table, texts)
    (end,) = struct.unpack_from("<Q", table, texts + 8 * header.precincts)
    if (begin, end) != (HEADER.size, texts):
        raise SourceError(f"{FINDER}: cut off")
    return texts, prefixes, keys, values


@contextlib.contextmanager
def open_finder(release: str, secret: bytes) -> Iterator[StationFinder]:
    """The table of a release.

    Raises:
        SourceError: the release has none: it was built without a secret.
        ConfigurationError: it was made with another secret.
    """
    path = Path(release, FINDER)
    if not path.is_file():
        raise SourceError(f"{Path(release).name}: built without a station finder")
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as table,
    ):
        table.madvise(mmap.MADV_RANDOM)
        yield StationFinder(table, secret)
