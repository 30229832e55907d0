"""The table from which a voter learns the polling station: precincts under keyed hashes.

What belongs here: making the file; its layout and reading stand in find_station.py. There
are at most some 10^12 document numbers with a birth date, and far fewer PINFLs, so whoever
can compute the hash of a guess finds everybody by trying them all. With a secret that
stands elsewhere nobody can compute it.
"""

import dataclasses
import hmac
import itertools
import json
import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from pipeline.errors import ContractError, SourceError
from pipeline.find_station import (
    HEADER,
    KEY_BYTES,
    MAGIC,
    SECRET_BYTES,
    VERSION,
    key_id,
    read_header,
    release_key,
    section_offsets,
)
from pipeline.normalise.pinfl import DOCUMENT_LETTERS

Relation = duckdb.DuckDBPyRelation
Keys = npt.NDArray[np.uint64]
Precincts = npt.NDArray[np.uint16]

BATCH_ROWS = 100_000
POOL_ROWS = 1_000_000
"""From so many voters on it pays to start further processes."""
PARTS = 16
"""Scratch files by the first bits of a key: a part is sorted in memory."""
KEYS_PER_PREFIX = 512
PREFIX_BITS_MAX = 20
PRECINCTS_MAX = 1 << 16


@dataclasses.dataclass(frozen=True)
class FinderCounts:
    """Keys of a table; `shared` ones, of voters of several precincts, are left out."""

    keys: int
    shared: int


def write_finder(
    engine: duckdb.DuckDBPyConnection,
    voters: Relation,
    precincts: Relation,
    secret: bytes,
    context: str,
    path: Path,
    scratch: Path,
    processes: int = 1,
) -> FinderCounts:
    """Write the table of a release; the same voters and secret give the same bytes.

    Args:
        engine: where the relations live.
        voters: VoterListEntry: pinfl, document_number, birth_date and precinct are read.
        precincts: SourcePrecinct: number, name, address and telephone are shown.
        secret: 32 bytes that stand outside every release.
        context: election and day: another context gives other keys for the same people.
        path: file to write.
        scratch: an empty folder for as much as the table itself.
        processes: how many may compute keys at once.

    Returns:
        The keys written. A voter has up to two: document and PINFL, each with the birth
        date. A partial birth date is completed from a verified PINFL.

    Raises:
        ContractError: a voter stands in no precinct of the table, or there are more
            precincts than the layout can number.
    """
    texts = _number_precincts(engine, precincts)
    salt = hmac.digest(b"selv station finder: salt", context.encode(), "sha256")
    key = release_key(secret, salt)
    rows = _messages(engine, voters)
    parts = [scratch / f"part-{number:02d}" for number in range(PARTS)]
    with _executor(rows, processes) as pool:
        _scatter(_hashed(rows, key, pool, processes), parts)
    counts = [_sort_part(part) for part in parts]
    keys = sum(count for count, _ in counts)
    bits = min(max(keys // KEYS_PER_PREFIX, 1).bit_length() - 1, PREFIX_BITS_MAX)
    with path.open("wb") as file:
        identity = key_id(secret).encode("ascii")
        file.write(HEADER.pack(MAGIC, VERSION, len(texts), keys, bits, identity, salt))
        offsets = [HEADER.size]
        for text in texts:
            offsets.append(offsets[-1] + file.write(text))
        file.write(np.asarray(offsets, dtype="<u8").tobytes())
        file.write(_prefix_starts(parts, bits).tobytes())
        for part in parts:
            file.write(_sorted(part)[0].tobytes())
        for part in parts:
            file.write(_sorted(part)[1].tobytes())
    for part in parts:
        part.unlink()
    return FinderCounts(keys, sum(shared for _, shared in counts))


def _number_precincts(
    engine: duckdb.DuckDBPyConnection, precincts: Relation
) -> list[bytes]:
    """finder_precinct: number of each precinct in the table; what is shown of each."""
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE finder_precinct AS SELECT region_code, "
        "precinct_number, district_code, name, address, phone, "
        "row_number() OVER (ORDER BY region_code, precinct_number) - 1 AS number "
        "FROM precincts"
    )
    rows = engine.sql("SELECT * EXCLUDE (number) FROM finder_precinct ORDER BY number").pl()
    if rows.height > PRECINCTS_MAX:
        raise ContractError(f"station finder: {rows.height} precincts are too many")
    return [
        json.dumps(row, ensure_ascii=False, sort_keys=True).encode()
        for row in rows.to_dicts()
    ]


def _messages(engine: duckdb.DuckDBPyConnection, voters: Relation) -> Relation:
    """Said and precinct: what is put under the key, once per identifier of a voter."""
    lost = engine.sql(
        "SELECT count(*) FROM voters ANTI JOIN finder_precinct "
        "USING (region_code, precinct_number)"
    ).fetchall()[0][0]
    if lost:
        raise ContractError(f"station finder: {lost} voters of unknown precincts")
    return engine.sql(
        f"""
        WITH entry AS (
            SELECT pinfl, {DOCUMENT_LETTERS} AS document, number,
                coalesce(try_cast(
                    (18 + (left(pinfl, 1)::INTEGER - 1) // 2)::VARCHAR
                    || substr(pinfl, 6, 2) || '-' || substr(pinfl, 4, 2)
                    || '-' || substr(pinfl, 2, 2) AS DATE), birth_date)::VARCHAR AS born
            FROM voters JOIN finder_precinct USING (region_code, precinct_number)
        )
        SELECT 'P|' || pinfl || '|' || born AS said, number::USMALLINT AS precinct
        FROM entry WHERE pinfl IS NOT NULL
        UNION ALL
        SELECT 'D|' || document || '|' || born, number::USMALLINT
        FROM entry WHERE regexp_full_match(document, '[A-Z]{{2}}[0-9]{{7}}')
        """
    )


@contextmanager
def _executor(rows: Relation, processes: int) -> Iterator[Executor | None]:
    """Further processes where there is much to do: hashing holds Python's lock."""
    if processes == 1 or rows.limit(POOL_ROWS).count("*").fetchall()[0][0] < POOL_ROWS:
        yield None
        return
    # Started afresh, not forked: the engine's threads would be copied in mid-step.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield pool


def _hashed(
    rows: Relation, key: bytes, pool: Executor | None, processes: int
) -> Iterator[tuple[Keys, Precincts]]:
    """Keys and precincts, batch by batch, in no order."""
    reader = rows.to_arrow_reader(BATCH_ROWS)
    batches = ((b["said"].to_pylist(), b["precinct"].to_numpy()) for b in reader)
    if pool is None:
        for said, precincts in batches:
            yield _read_keys(hash_messages(key, said)), precincts
        return
    # A few batches ahead, so that no process waits and no country stands in memory.
    while chunk := list(itertools.islice(batches, 4 * processes)):
        hashed = pool.map(hash_messages, itertools.repeat(key), [said for said, _ in chunk])
        for keys, (_, precincts) in zip(hashed, chunk, strict=True):
            yield _read_keys(keys), precincts


def hash_messages(key: bytes, messages: Iterable[str]) -> bytes:
    """The first 8 bytes of HMAC-SHA-256 of each message, one after the other."""
    if len(key) != SECRET_BYTES:
        raise ContractError("station finder: a key has 32 bytes")
    digest = hmac.digest
    return b"".join([digest(key, text.encode(), "sha256")[:KEY_BYTES] for text in messages])


def _read_keys(hashed: bytes) -> Keys:
    return np.frombuffer(hashed, dtype=">u8").astype(np.uint64)


_PAIR = np.dtype([("key", "<u8"), ("precinct", "<u2")])


def _scatter(hashed: Iterable[tuple[Keys, Precincts]], parts: list[Path]) -> None:
    """Each key to the scratch file of its first bits."""
    shift = np.uint64(64 - (PARTS - 1).bit_length())
    files = [part.open("wb") for part in parts]
    try:
        for keys, precincts in hashed:
            pairs = np.empty(len(keys), dtype=_PAIR)
            pairs["key"], pairs["precinct"] = keys, precincts
            where = (keys >> shift).astype(np.uint8)
            for number in np.unique(where).tolist():
                files[number].write(pairs[where == number].tobytes())
    finally:
        for file in files:
            file.close()


def _sort_part(part: Path) -> tuple[int, int]:
    """Sort a scratch file, leave out keys of several precincts; keys kept and left out.

    Twins and clerks' errors share document and birth date. If they vote at one station the
    key stays; else nobody is sent to the wrong one.
    """
    pairs = np.fromfile(part, dtype=_PAIR)
    pairs = pairs[np.argsort(pairs["key"])]
    keys, precincts = pairs["key"], pairs["precinct"]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])
    if len(starts) == 0:
        return 0, 0
    is_one = np.minimum.reduceat(precincts, starts) == np.maximum.reduceat(
        precincts, starts
    )
    pairs[starts[is_one]].tofile(part)
    return int(is_one.sum()), int((~is_one).sum())


def _sorted(part: Path) -> tuple[Keys, Precincts]:
    pairs = np.fromfile(part, dtype=_PAIR)
    return pairs["key"], pairs["precinct"]


def _prefix_starts(parts: list[Path], bits: int) -> npt.NDArray[np.uint64]:
    """Number of the first key of every prefix, and of the end."""
    counts = np.zeros(1 << bits, dtype=np.uint64)
    for part in parts:
        keys = _sorted(part)[0]
        prefixes = (keys >> np.uint64(64 - bits)).astype(np.int64) if bits else keys * 0
        counts += np.bincount(prefixes.astype(np.int64), minlength=len(counts)).astype(
            np.uint64
        )
    return np.concatenate([[0], np.cumsum(counts)]).astype("<u8")


def finder_faults(path: Path) -> list[str]:
    """What is wrong with a table, as far as can be told without the secret.

    A table that verifies has as many keys and precincts as its header says, keys in
    ascending order behind the right prefixes, and only precincts that it describes.
    """
    content = np.memmap(path, dtype=np.uint8, mode="r")
    try:
        header = read_header(content.data)
        texts, prefixes, keys, values = section_offsets(header, content.data)
    except SourceError as error:
        return [str(error)]
    faults = []
    starts = np.frombuffer(content[prefixes:keys], "<u8").astype(np.int64)
    stored = np.frombuffer(content[keys:values], "<u8")
    numbers = np.frombuffer(content[values:], "<u2")
    if (stored[1:] <= stored[:-1]).any():
        faults.append("keys are not in order")
    if len(numbers) and int(numbers.max()) >= header.precincts:
        faults.append("a key has no precinct")
    counts = np.diff(starts)
    wanted = np.arange(1 << header.prefix_bits)
    shift = np.uint64(64 - header.prefix_bits) if header.prefix_bits else None
    prefix = (stored >> shift) if shift is not None else np.zeros(len(stored), np.uint64)
    if (counts < 0).any() or not np.array_equal(np.repeat(wanted, counts), prefix):
        faults.append("prefixes do not fit the keys")
    return faults
