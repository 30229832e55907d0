"""Names of records as codes, whether or not the exact key tells the loose one."""

import itertools

import duckdb
import pytest

from pipeline.resolve_persons.encode import NAMES, encode_records
from schemas.record import PersonRecord
from tests.conftest import build_rows

Names = list[tuple[str | None, str | None]]
TOLD: Names = [("aliyev", "aliyev"), ("aliev", "aliyev"), (None, None)]
UNTOLD: Names = [*TOLD, ("aliyev", "alieva"), (None, "aliyev"), ("vali", None)]


@pytest.mark.parametrize("names", [TOLD, UNTOLD], ids=["told", "untold"])
def test_each_row_gets_the_codes_of_both_its_keys(
    names: Names,
):
    with duckdb.connect() as engine:
        rows = [
            {
                f"{name}_{kind}": text
                for name, pair in zip(NAMES, part, strict=True)
                for kind, text in zip(("key", "loose"), pair, strict=True)
            }
            for part in itertools.product(names, repeat=3)
        ]
        numbered = ({"row_id": n, **row} for n, row in enumerate(rows))
        records = build_rows(engine)(PersonRecord, *numbered)
        encode_records(engine, records)
        code = engine.sql("SELECT code, text FROM resolve_persons_name").pl()
        found = engine.sql("SELECT * FROM resolve_persons_node ORDER BY node").pl()
    texts = dict(code.iter_rows())
    for column in rows[0]:
        assert [texts.get(value) for value in found[column]] == [
            row[column] for row in rows
        ]
