"""Distinct values read by one process or by several: the same tables."""

import duckdb
import pytest

from pipeline.normalise import address_dictionaries
from pipeline.normalise.address_split import MAHALLA, STREET

VALUES = 400


def tables(threads: int) -> list[list[tuple[object, ...]]]:
    with duckdb.connect(config={"threads": str(threads)}) as engine:
        texts = engine.sql(
            f"""
            SELECT {STREET}::UTINYINT AS kind, 'Navoiy ' || n || '-tor koʻchasi' AS text
            FROM range({VALUES}) AS series(n)
            UNION ALL SELECT {MAHALLA}, 'Obod ' || n || ' MFY' FROM range(3) AS series(n)
            """
        )
        numbers = engine.sql(
            f"""
            SELECT n || '-a' AS house, NULL::VARCHAR AS building, NULL::VARCHAR AS flat,
                NULL::VARCHAR AS tail
            FROM range({VALUES}) AS series(n)
            """
        )
        address_dictionaries.read_pieces(engine, "piece", texts)
        address_dictionaries.read_number_columns(engine, "number", numbers)
        return [
            engine.sql(f"SELECT * FROM {name} ORDER BY ALL").fetchall()
            for name in ("piece", "number")
        ]


@pytest.mark.parametrize("rows_max", [0, VALUES * 2])
def test_processes_change_nothing(monkeypatch, rows_max):
    alone = tables(threads=1)
    assert [len(rows) for rows in alone] == [VALUES + 3, VALUES]
    monkeypatch.setattr(address_dictionaries, "ALONE_ROWS_MAX", rows_max)
    monkeypatch.setattr(address_dictionaries, "BATCH_ROWS", 37)
    assert tables(threads=2) == alone


def test_nothing_to_read_gives_empty_tables():
    with duckdb.connect() as engine:
        texts = engine.sql(f"SELECT {STREET}::UTINYINT AS kind, 'x' AS text LIMIT 0")
        address_dictionaries.read_pieces(engine, "piece", texts)
        assert engine.table("piece").shape[0] == 0
