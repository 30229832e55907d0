"""The station finder: right answers, nobody's data, worthless without the secret."""

import dataclasses
import datetime
import hashlib
import hmac
import mmap
import re
import subprocess
import sys

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError, ContractError, SourceError
from pipeline.find_station import (
    FINDER,
    KEY_BYTES,
    StationFinder,
    message,
    open_finder,
    read_birth_date,
    read_header,
    read_identifier,
    read_secret,
    release_key,
    section_offsets,
)
from pipeline.manifest import read_inputs, read_manifest
from pipeline.normalise.pinfl import DOCUMENT_LETTERS
from pipeline.publish import publish
from pipeline.station_finder import finder_faults, hash_messages, write_finder
from pipeline.tables import open_engine
from pipeline.verify import verify_release
from schemas.source import SourcePrecinct
from schemas.voter_list import VoterListEntry
from tests.release_tables import make_run, write_rows, write_run_tables

SECRET = bytes(range(32))
FOLDING = duckdb.connect()
BORN = datetime.date(1990, 2, 3)
PRECINCTS = [
    {
        "region_code": "1718",
        "precinct_number": number,
        "district_code": "1718203",
        "name": f"{number}-maktab",
        "address": "Gulyor koʻchasi 4",
        "phone": "+998 66 000 00 00",
    }
    for number in (7, 8)
]


def voter(number, **changes):
    return {
        "voter_id": f"V{number:013d}",
        "region_code": "1718",
        "precinct_number": 7,
        "pinfl": f"3030290{number:07d}",
        "document_number": f"AA{number:07d}",
        "birth_date": BORN,
        **changes,
    }


@pytest.fixture
def finder(engine, rows, tmp_path):
    """Build a table from voters and open it; the counts beside."""

    def build(*voters, secret=SECRET, context="2026-12-27/2026-11-01"):
        folder = tmp_path / f"release-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        counts = write_finder(
            engine,
            rows(VoterListEntry, *voters),
            rows(SourcePrecinct, *PRECINCTS),
            secret,
            context,
            folder / FINDER,
            folder,
        )
        assert [path.name for path in folder.iterdir()] == [FINDER]
        return folder, counts

    return build


def ask(folder, identifier, born="1990-02-03", secret=SECRET):
    with open_finder(str(folder), secret) as table:
        return table.find(identifier, born)


def test_document_or_pinfl_with_the_birth_date_gives_the_station(finder):
    folder, counts = finder(voter(1), voter(2, precinct_number=8))
    assert counts.keys == 4
    assert ask(folder, "AA0000001")["precinct_number"] == 7
    assert ask(folder, "AA0000002")["precinct_number"] == 8
    found = ask(folder, "30302900000002", "03.02.1990")
    assert found == PRECINCTS[1]


@pytest.mark.parametrize(
    "typed", ["aa 0000001", "АА0000001", " AA-0000001 ", "аа№0000001", "AA\u00a00000001"]
)
def test_what_people_type_is_read_as_the_register_is(finder, typed):
    folder, _ = finder(voter(1))
    assert ask(folder, typed) is not None


@pytest.mark.parametrize(
    ("identifier", "born"),
    [
        ("AA0000009", "1990-02-03"),
        ("AA0000001", "1990-02-04"),
        ("30302900000009", "1990-02-03"),
        ("AA000000", "1990-02-03"),
        ("", ""),
        ("AA0000001", "1990-02-31"),
        ("D|AA0000001|1990-02-03", "1990-02-03"),
    ],
)
def test_everybody_else_gets_one_answer(finder, identifier, born):
    folder, _ = finder(voter(1))
    assert ask(folder, identifier, born) is None


def test_a_number_that_two_stations_share_is_answered_as_unknown(finder):
    twin = {"document_number": "AA0000001"}
    folder, counts = finder(voter(1), voter(2, precinct_number=8, **twin))
    assert ask(folder, "AA0000001") is None
    assert counts.shared == 1
    assert ask(folder, "30302900000001")["precinct_number"] == 7


def test_a_number_that_two_voters_of_one_station_share_is_answered(finder):
    folder, counts = finder(voter(1), voter(2, document_number="AA0000001"))
    assert ask(folder, "AA0000001")["precinct_number"] == 7
    assert (counts.keys, counts.shared) == (3, 0)


def test_a_partial_birth_date_is_completed_from_the_pinfl(finder):
    folder, _ = finder(voter(1, birth_date=datetime.date(1990, 1, 1)))
    assert ask(folder, "AA0000001", "1990-02-03") is not None
    assert ask(folder, "AA0000001", "1990-01-01") is None


def test_voters_without_numbers_have_no_key(finder):
    folder, counts = finder(voter(1, pinfl=None, document_number=None))
    assert counts.keys == 0
    assert ask(folder, "AA0000001") is None


def test_a_document_of_another_form_has_no_key(finder):
    _, counts = finder(voter(1, pinfl=None, document_number="I-SM 123456"))
    assert counts.keys == 0


def test_order_of_rows_changes_no_byte(finder):
    voters = [voter(number, precinct_number=7 + number % 2) for number in range(300)]
    one, _ = finder(*voters)
    other, _ = finder(*reversed(voters))
    assert (one / FINDER).read_bytes() == (other / FINDER).read_bytes()


def test_every_voter_of_many_is_found_and_nobody_else(finder):
    voters = [voter(n, precinct_number=7 + n % 2) for n in range(0, 6000, 2)]
    folder, _ = finder(*voters)
    with open_finder(str(folder), SECRET) as table:
        assert table.header.prefix_bits > 2, "several prefixes are tried"
        for number in range(6000):
            found = table.find(f"AA{number:07d}", "1990-02-03")
            expected = None if number % 2 else 7 + number % 2
            assert (found and found["precinct_number"]) == expected


def test_the_table_holds_nothing_of_a_person(finder):
    folder, _ = finder(
        voter(1, surname="Karimov", given_name="Alisher", document_number="AA0000001")
    )
    content = (folder / FINDER).read_bytes()
    for text in ("Karimov", "Alisher", "AA0000001", "30302900000001", "1990", "V0000"):
        assert text.encode() not in content


def stored_keys(folder):
    content = (folder / FINDER).read_bytes()
    header = read_header(content)
    _, _, keys, values = section_offsets(header, content)
    raw = content[keys:values]
    return {raw[at : at + KEY_BYTES][::-1] for at in range(0, len(raw), KEY_BYTES)}


def guesses():
    """A small part of what a guesser tries: all of one series, on one birthday."""
    return (f"AA{number:07d}" for number in range(20_000))


def test_a_bare_hash_of_these_numbers_is_searched_by_guessing():
    """Why the table is keyed: this attack takes a second here, and hours for everybody.

    There are some 10^7 numbers a series, a few dozen series in use and 30,000 birthdays
    of living voters: some 10^13 guesses, of which a graphics card tries 10^10 a second.
    """
    victim = message("AA0012345", "1990-02-03")
    bare = hashlib.sha256(victim.encode()).digest()[:KEY_BYTES]
    salt = b"public salt of the release"
    salted = hashlib.sha256(salt + victim.encode()).digest()[:KEY_BYTES]
    found = [
        number
        for number in guesses()
        for said in [message(number, "1990-02-03").encode()]
        if hashlib.sha256(said).digest()[:KEY_BYTES] == bare
        and hashlib.sha256(salt + said).digest()[:KEY_BYTES] == salted
    ]
    assert found == ["AA0012345"]


def test_the_same_guessing_finds_nothing_in_the_table(finder):
    """With everything that the file itself says, its salt included, but not the secret."""
    folder, _ = finder(voter(12345, pinfl=None))
    keys = stored_keys(folder)
    header = read_header((folder / FINDER).read_bytes())
    known_to_all = [
        b"",
        header.salt,
        header.key_id.encode(),
        release_key(b"\0" * 32, header.salt),
    ]
    for number in guesses():
        said = message(number, "1990-02-03").encode()
        for known in known_to_all:
            assert hashlib.sha256(known + said).digest()[:KEY_BYTES] not in keys
            assert hmac.digest(known, said, "sha256")[:KEY_BYTES] not in keys
    with_secret = release_key(SECRET, header.salt)
    said = message("AA0012345", "1990-02-03")
    assert hash_messages(with_secret, [said]) in keys, "whoever has the secret finds it"


def test_keys_of_two_releases_or_two_secrets_have_nothing_in_common(finder):
    people = [voter(number) for number in range(50)]
    one, _ = finder(*people)
    night, _ = finder(*people, context="2026-12-27/2026-11-02")
    other, _ = finder(*people, secret=bytes(32))
    assert len(stored_keys(one)) == 100
    assert not stored_keys(one) & stored_keys(night)
    assert not stored_keys(one) & stored_keys(other)


def test_another_secret_is_refused_before_any_question(finder):
    folder, _ = finder(voter(1))
    with pytest.raises(ConfigurationError, match="another secret"):
        ask(folder, "AA0000001", secret=bytes(32))


def test_a_key_is_the_hmac_of_the_standard(finder):
    """RFC 4231's algorithm, so that a service in any language can read the table."""
    folder, _ = finder(voter(1, pinfl=None))
    header = read_header((folder / FINDER).read_bytes())
    inner = hmac.new(SECRET, b"selv station finder: release" + header.salt, "sha256")
    outer = hmac.new(inner.digest(), b"D|AA0000001|1990-02-03", "sha256")
    assert stored_keys(folder) == {outer.digest()[:KEY_BYTES]}


def test_a_voter_of_an_unknown_precinct_stops_the_table(finder):
    with pytest.raises(ContractError, match="1 voters of unknown precincts"):
        finder(voter(1, precinct_number=99))


@pytest.mark.parametrize("keep", [0, 10, 100, -1])
def test_a_table_that_was_cut_is_refused(finder, keep):
    folder, _ = finder(voter(1), voter(2))
    content = (folder / FINDER).read_bytes()
    (folder / FINDER).write_bytes(content[:keep] or b"\0")
    with pytest.raises((SourceError, ConfigurationError)):
        ask(folder, "AA0000001")


@given(st.text(max_size=14) | st.from_regex(r"[A-ZАВСЕ]{2}[ -]?\d{7}", fullmatch=True))
def test_typed_numbers_fold_as_registered_ones_do(text):
    folded = FOLDING.execute(
        f"SELECT {DOCUMENT_LETTERS} FROM (SELECT ? AS document_number)", [text]
    ).fetchall()[0][0]
    if folded is not None and re.fullmatch("[A-Z]{2}[0-9]{7}", folded):
        assert read_identifier(text) == folded


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("1990-02-03", "1990-02-03"),
        ("3.2.1990", "1990-02-03"),
        ("03/02/1990", "1990-02-03"),
        ("1990-13-03", None),
        ("03.02.90", None),
        ("soon", None),
    ],
)
def test_birth_dates_are_read_day_first(typed, day):
    assert read_birth_date(typed) == day


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "finder.key"
    path.write_text(SECRET.hex() + "\n")
    path.chmod(0o600)
    return path


def test_a_secret_is_64_digits_that_others_can_not_read(secret_file):
    assert read_secret(str(secret_file)) == SECRET
    secret_file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod"):
        read_secret(str(secret_file))
    secret_file.chmod(0o600)
    secret_file.write_text("x" * 64)
    with pytest.raises(ConfigurationError, match="hexadecimal") as told:
        read_secret(str(secret_file))
    assert "xxx" not in str(told.value)
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_secret(str(secret_file.with_name("absent")))


def test_a_release_holds_the_table_only_where_a_secret_is_configured(tmp_path, secret_file):
    run = make_run(tmp_path)
    write_run_tables(run, people=60)
    with open_engine(run) as engine:
        shown = engine.read_parquet(f"{run.work}/tables/precincts.parquet").pl().to_dicts()
        write_rows(
            engine,
            run,
            "source_precincts",
            [
                {
                    "row_id": n,
                    "source_file": "cec/precincts.csv",
                    "source_row": n + 1,
                    **row,
                }
                for n, row in enumerate(shown)
            ],
        )
        inputs = read_inputs(run.delivery)
        plain = publish(engine, run, inputs)
        keyed = dataclasses.replace(
            run, finder_key=str(secret_file), finder_key_id="00" * 8
        )
        with_table = publish(engine, keyed, inputs, previous=plain.path)
    assert FINDER not in plain.files
    assert read_manifest(plain.path)["parameters"]["station_finder"] is None
    assert read_manifest(with_table.path)["parameters"]["station_finder"] == "00" * 8
    assert with_table.files[FINDER].rows > 60
    assert verify_release(with_table.path).is_valid
    with open_finder(with_table.path, SECRET) as table:
        assert isinstance(table, StationFinder)
    with (
        pytest.raises(SourceError, match="without a station finder"),
        open_finder(plain.path, SECRET),
    ):
        pass


def test_further_processes_give_the_same_bytes(engine, rows, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.station_finder.POOL_ROWS", 10)
    monkeypatch.setattr("pipeline.station_finder.BATCH_ROWS", 64)
    voters = rows(VoterListEntry, *(voter(number) for number in range(200)))
    precincts = rows(SourcePrecinct, *PRECINCTS)
    files = []
    for processes in (1, 2):
        path = tmp_path / f"{processes}.finder"
        write_finder(engine, voters, precincts, SECRET, "x", path, tmp_path, processes)
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_a_table_is_checked_without_the_secret(finder):
    folder, _ = finder(*(voter(n, precinct_number=7 + n % 2) for n in range(2000)))
    path = folder / FINDER
    good = path.read_bytes()
    assert finder_faults(path) == []
    header = read_header(good)
    _, prefixes, keys, values = section_offsets(header, good)
    swapped = good[keys + 8 : keys + 16] + good[keys : keys + 8]
    for begin, wrong, told in (
        (keys, swapped, "keys are not in order"),
        (values, b"\xff\xff", "a key has no precinct"),
        (prefixes + 8, b"\0" * 8, "prefixes do not fit the keys"),
        (0, b"X", "no table of stations"),
    ):
        path.write_bytes(good[:begin] + wrong + good[begin + len(wrong) :])
        assert any(told in fault for fault in finder_faults(path)), told
    path.write_bytes(good[:-3])
    assert any("cut off" in fault for fault in finder_faults(path))


def test_an_answer_needs_no_engine():
    """The command must answer at once: a lookup imports the standard library alone."""
    heavy = ("numpy", "duckdb", "polars", "pyarrow", "prefect")
    code = (
        "import sys, pipeline.find_station; "
        f"sys.exit(any(name in sys.modules for name in {heavy!r}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_header_of_other_bytes_is_refused():
    with mmap.mmap(-1, 4096) as empty, pytest.raises(SourceError):
        read_header(empty)
