import random

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.delivery_files import (
    PERSON,
    as_csv,
    as_jsonl,
    ingest_source,
    table_of,
    write_delivery,
)


@pytest.fixture(scope="module")
def utc_engine():
    config = {"preserve_insertion_order": "false", "threads": "2"}
    with duckdb.connect(config=config) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


KEY = st.sampled_from(["A", "B", "C", "D", ""])
ROW = st.fixed_dictionaries(
    {
        "record_id": KEY,
        "surname": st.sampled_from(["Karimov", 'O"g"li', "a,b", "a\nb", "", "Каримов"]),
        "sex": st.sampled_from(["M", "F", "X"]),
        "birth_date": st.sampled_from(["1990-02-03", "31.02.1990", "1960", "03.02.1990"]),
        "updated_at": st.sampled_from(["2024-01-01", "2024-01-02", "", "soon"]),
    }
).map(lambda changes: PERSON | changes)


@settings(max_examples=8)
@given(st.lists(ROW, min_size=1, max_size=12), st.integers(0, 2**32))
def test_order_and_files_do_not_change_the_table(utc_engine, tmp_path_factory, rows, seed):
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("deliveries")
    whole = write_delivery(folder / "whole", {"mia/persons.csv": as_csv(rows)})
    mixed = chance.sample(rows, len(rows))
    cut = chance.randint(0, len(mixed))
    files = {
        f"mia/persons-{chance.randint(0, 9)}a.csv": as_csv(mixed[:cut], ";")
        if cut
        else b"",
        f"mia/persons-{chance.randint(0, 9)}b.jsonl": as_jsonl(mixed[cut:]),
    }
    split = write_delivery(folder / "split", files)
    first = ingest_source(utc_engine, whole)
    expected = table_of(first).drop("source_file", "source_row")
    second = ingest_source(utc_engine, split)
    assert table_of(second).drop("source_file", "source_row").equals(expected)
    # Copies may be refused for other reasons, but as many are refused.
    assert second.report.quarantined == first.report.quarantined


@settings(max_examples=12)
@given(
    st.lists(ROW, min_size=1, max_size=8),
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.sampled_from([b"", b"\x00", b"\xff", b'"', b",", b"\n", b"\r"]),
        ),
        max_size=6,
    ),
    st.floats(0.3, 1),
)
def test_every_row_that_came_is_kept_or_quarantined(
    utc_engine, tmp_path_factory, rows, damage, cut
):
    header, body = as_csv([PERSON, *rows]).split(b"\n", 1)
    # The first row stays whole: a required table without any row is refused.
    first, body = body.split(b"\n", 1)
    body = body[: int(len(body) * cut)]
    for place, noise in damage:
        at = int(len(body) * place)
        body = body[:at] + noise + body[at + 1 :]
    content = header + b"\n" + first + b"\n" + body
    folder = tmp_path_factory.mktemp("damaged")
    result = ingest_source(
        utc_engine, write_delivery(folder / "d", {"mia/persons.csv": content})
    )
    kept = result.rows.pl().select("source_file", "source_row").rows()
    refused = result.quarantine.pl().select("source_file", "source_row").rows()
    assert sorted(kept + refused) == [
        ("mia/persons.csv", number) for number in range(1, result.report.rows + 1)
    ]
    assert (len(kept), len(refused)) == (result.report.accepted, result.report.quarantined)
