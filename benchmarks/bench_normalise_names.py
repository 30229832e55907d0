"""How fast people's rows become comparable records, beside reading and rewriting them.

    python benchmarks/bench_normalise_names.py [--rows 2000000] [--folder DIR]

Rows have three names drawn with a skew from as many distinct spellings as a register has
(Latin, Cyrillic, Russian habits), a PINFL and a document. The floor is DuckDB reading the
same columns and writing them again, same compression, same threads.
"""

import argparse
import datetime
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from apart import Settings, apart, engine_at, ratio

from pipeline.normalise.persons import normalise_persons
from pipeline.normalise.pinfl import pinfl_check_sum

AS_OF = datetime.date(2026, 11, 1)
SYLLABLES = [
    consonant + vowel
    for consonant in ("b", "d", "f", "g'", "h", "j", "k", "l", "m", "n", "q", "r", "s")
    for vowel in ("a", "i", "o", "u", "o'")
]
RUSSIAN = {"o'": "u", "g'": "g", "h": "kh", "q": "k", "j": "dj", "o": "a", "x": "kh"}
CYRILLIC = dict(
    zip("abdfghijklmnopqrstuvxyz'", "абдфгҳижклмнопқрстувхйъ", strict=False)
) | {"o'": "ў", "g'": "ғ"}
COLUMNS = (
    "row_id, record_id, pinfl, surname, given_name, patronymic, sex, birth_date, "
    "birth_date_precision, citizenship, document_type, document_number, "
    "registration_kind, registered_on, registered_until, region_code, district_code, "
    "updated_at"
)


def main() -> None:
    """Simulate, measure the floor and the stage, print one line of JSON each."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=2_000_000)
    arguments.add_argument("--folder", type=Path)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--memory", default="6GB")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        settings = {"threads": given.threads, "memory_limit": given.memory}
        apart(simulate, folder, given.rows, settings)
        floor = apart(rewrite, folder, given.rows, settings)
        ratio(apart(normalise, folder, given.rows, settings), floor)


def _spelled(stem: str, way: int) -> str:
    """A stem as one of the registers' habits would write it."""
    tables = ({}, CYRILLIC, RUSSIAN, {"'": "`"}, {"'": "ʻ"})
    text = stem
    for letters, written in tables[way].items():
        text = text.replace(letters, written)
    return text.upper() if way in (1, 3) else text.capitalize()


def _names(random: np.random.Generator, count: int, ending: str) -> pl.DataFrame:
    parts = random.integers(0, len(SYLLABLES), (count, 4))
    sizes = random.integers(2, 5, count)
    ways = random.integers(0, 5, count)
    return pl.DataFrame(
        {
            "number": range(count),
            "text": [
                _spelled("".join(SYLLABLES[part] for part in row[:size]) + ending, way)
                for row, size, way in zip(parts, sizes, ways, strict=True)
            ],
        }
    )


def simulate(folder: str, rows: int, settings: Settings) -> dict[str, object]:
    """Write persons.parquet and addresses.parquet."""
    random = np.random.default_rng(1)
    shares = {
        "surname": (213_553, "ov"),
        "given_name": (119_119, ""),
        "patronymic": (118_795, "ovich"),
    }
    with engine_at(folder, settings) as engine:
        for name, (count, ending) in shares.items():
            engine.register(f"{name}_frame", _names(random, count, ending).to_arrow())
            engine.execute(f"CREATE TABLE {name}s AS SELECT * FROM {name}_frame")
        drawn = ", ".join(
            f"CAST(floor({count} * power((hash(i, '{name}') % 1000003) / 1000003.0, 4)) "
            f"AS BIGINT) AS {name}_number"
            for name, (count, _) in shares.items()
        )
        people = ", ".join(
            f"CAST({first} + hash(i, '{name}') % {count} AS BIGINT) AS {name}"
            for name, first, count in (
                ("sex", 0, 2),
                ("year", 1940, 60),
                ("month", 1, 12),
                ("day", 1, 28),
                ("serial", 0, 1_000_000),
                ("document", 0, 10_000_000),
            )
        )
        engine.execute(
            f"""
            COPY (
                SELECT i AS row_id, 'r' || i AS record_id,
                    CASE WHEN i % 20 > 0 THEN CAST(
                        10 * first + ({pinfl_check_sum("(10 * first)")}) % 10 AS VARCHAR)
                    END AS pinfl,
                    s.text AS surname, g.text AS given_name, p.text AS patronymic,
                    CASE WHEN sex = 0 THEN 'M' ELSE 'F' END AS sex,
                    make_date(year, month, day) AS birth_date,
                    'DAY' AS birth_date_precision, 'UZB' AS citizenship,
                    'PASSPORT' AS document_type,
                    'AA' || lpad(CAST(document AS VARCHAR), 7, '0') AS document_number,
                    'PERMANENT' AS registration_kind, DATE '2020-01-01' AS registered_on,
                    CAST(NULL AS DATE) AS registered_until,
                    CASE WHEN i % 18 = 0 THEN '1735' ELSE '1718' END AS region_code,
                    region_code || '203' AS district_code,
                    TIMESTAMP '2026-01-01 00:00:00' AS updated_at
                FROM (
                    SELECT *, (((3 + sex) * 100 + day) * 100 + month) * 100000000
                        + (year - 1900) * 1000000 + serial AS first
                    FROM (
                        SELECT i, {drawn}, {people} FROM range({rows}) AS counted(i)
                    )
                )
                JOIN surnames AS s ON s.number = surname_number
                JOIN given_names AS g ON g.number = given_name_number
                JOIN patronymics AS p ON p.number = patronymic_number
            ) TO '{folder}/persons.parquet' (FORMAT parquet, COMPRESSION zstd)
            """
        )
        engine.execute(
            f"COPY (SELECT i AS row_id, i // 4 AS address_id FROM range({rows}) AS c(i)) "
            f"TO '{folder}/addresses.parquet' (FORMAT parquet, COMPRESSION zstd)"
        )
    return {}


def rewrite(folder: str, rows: int, settings: Settings) -> dict[str, object]:
    """The floor: read the columns of a person and write them again."""
    with engine_at(folder, settings) as engine:
        engine.execute(
            f"COPY (SELECT {COLUMNS} FROM read_parquet('{folder}/persons.parquet')) "
            f"TO '{folder}/rewritten.parquet' (FORMAT parquet, COMPRESSION zstd)"
        )
    return {}


def normalise(folder: str, rows: int, settings: Settings) -> dict[str, object]:
    """The stage: read the same columns, write PersonRecord."""
    with engine_at(folder, settings) as engine:
        persons = engine.read_parquet(f"{folder}/persons.parquet")
        addresses = engine.read_parquet(f"{folder}/addresses.parquet")
        records = normalise_persons(engine, persons, addresses, AS_OF)
        records.query(
            "records",
            f"COPY records TO '{folder}/records.parquet' "
            "(FORMAT parquet, COMPRESSION zstd)",
        )
        distinct = {
            f"distinct_{part}s": engine.table(f"normalise_persons_{part}").shape[0]
            for part in ("surname", "given_name", "patronymic")
        }
    return dict(distinct)


if __name__ == "__main__":
    main()
