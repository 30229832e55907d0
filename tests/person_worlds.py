"""A small register around golden pairs: names in Uzbek skew, so that weights are real."""

import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import yaml

from pipeline.normalise.persons import normalise_persons

CASES = Path(__file__).parent / "cases" / "person_pairs.yaml"
AS_OF = datetime.date(2026, 11, 1)
BACKGROUND_ROWS = 6000
DISTRICTS = ("1718203", "1718206", "1718209", "1718212", "1718401")

SURNAMES = [
    "Karimov",
    "Rahimov",
    "Yusupov",
    "Aliyev",
    "Toshmatov",
    "Ergashev",
    "Umarov",
    "Saidov",
    "Nazarov",
    "Qodirov",
    "Xolmatov",
    "Abdullayev",
    "Mirzayev",
    "Ismoilov",
    "Ibragimov",
    "Sultonov",
    "Tursunov",
    "Normatov",
    "Berdiyev",
    "Haydarov",
    "Jo'rayev",
    "Olimov",
    "Rustamov",
    "Sharipov",
    "Usmonov",
    "Valiyev",
    "Yo'ldoshev",
    "Zokirov",
    "Boboyev",
    "Choriyev",
    "Davronov",
    "Eshonqulov",
    "Fayziyev",
    "G'aniyev",
    "Hamidov",
    "Islomov",
    "Jabborov",
    "Komilov",
    "Latipov",
    "Mamatov",
]
MEN = [
    "Alisher",
    "Bahrom",
    "Davron",
    "Elyor",
    "Farhod",
    "Hasan",
    "Husan",
    "Ilhom",
    "Jasur",
    "Kamol",
    "Laziz",
    "Mansur",
    "Nodir",
    "Otabek",
    "Rustam",
    "Sardor",
    "Temur",
    "Ulug'bek",
    "Vali",
    "Xurshid",
    "Yusuf",
    "Zafar",
    "Dilshod",
    "Karim",
    "Abdulla",
]
WOMEN = [
    "Aziza",
    "Barno",
    "Dilnoza",
    "Feruza",
    "Gulnora",
    "Hulkar",
    "Iroda",
    "Kamola",
    "Lola",
    "Malika",
    "Nargiza",
    "Oydin",
    "Ra'no",
    "Saodat",
    "Tamara",
    "Umida",
    "Zulfiya",
    "Fotima",
    "Zuhra",
    "Dilshoda",
    "Karima",
    "Nodira",
    "Muhabbat",
    "Shahlo",
    "Mavluda",
]


def pinfl(sex: str, birth: datetime.date, serial: int) -> str:
    """A PINFL whose sex, century, date and check digit are right."""
    century = 3 if birth.year < 2000 else 5
    first = century + (sex == "F")
    digits = f"{first}{birth:%d%m%y}{serial:06d}"
    weights = (7, 3, 1) * 5
    check = sum(int(d) * w for d, w in zip(digits, weights, strict=False)) % 10
    return f"{digits}{check}"


def patronymic(root: str, sex: str) -> str:
    """The patronymic in -ovich or -ovna."""
    return f"{root}{'ovich' if sex == 'M' else 'ovna'}"


def background() -> list[dict[str, Any]]:
    """Rows of a seeded register, each person once, most with a PINFL."""
    random = np.random.default_rng(4)
    rows = []
    for number in range(BACKGROUND_ROWS):
        sex = "MF"[int(random.integers(2))]
        birth = datetime.date(1945, 1, 1) + datetime.timedelta(
            days=int(random.integers(22_000))
        )
        given = (MEN if sex == "M" else WOMEN)[int(25 * random.random() ** 1.5)]
        surname = SURNAMES[int(40 * random.random() ** 1.5)]
        has_pinfl = random.random() > 0.04
        rows.append(
            {
                "surname": surname + ("a" if sex == "F" else ""),
                "given_name": given,
                "patronymic": patronymic(MEN[int(25 * random.random() ** 1.5)], sex),
                "sex": sex,
                "birth_date": birth,
                "pinfl": pinfl(sex, birth, 100_000 + number) if has_pinfl else None,
                "document_number": f"AA{1_000_000 + 37 * number}",
                "address_id": number // 4,
                "district_code": DISTRICTS[number * 5 // BACKGROUND_ROWS],
            }
        )
    return rows


def golden_pairs() -> list[dict[str, Any]]:
    """The cases of tests/cases/person_pairs.yaml."""
    cases: list[dict[str, Any]] = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    return cases


def pair_rows(case: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """The two rows of a case: b has what a has, unless it says otherwise."""
    first = {
        "patronymic": None,
        "pinfl": None,
        "document": None,
        "address": number,
        "district": DISTRICTS[1],
        **case["a"],
    }
    second = {**first, "pinfl": None, "document": None, **case["b"]}
    return [_row(first, first, number), _row(second, first, number)]


def _row(facts: dict[str, Any], first: dict[str, Any], number: int) -> dict[str, Any]:
    address = facts["address"]
    return {
        "surname": facts["surname"],
        "given_name": facts["given_name"],
        "patronymic": facts["patronymic"],
        "sex": facts["sex"],
        "birth_date": facts["birth_date"],
        "precision": facts.get("precision", "DAY"),
        "pinfl": _golden_pinfl(facts, first, number),
        "document_number": facts["document"],
        "address_id": None if address is None else 50_000 + 100 * number + int(address),
        "district_code": facts["district"],
    }


def _golden_pinfl(facts: dict[str, Any], first: dict[str, Any], number: int) -> str | None:
    """`own n` is right for the row, `of a` is row a's, `slip` that with a wrong digit."""
    said = facts["pinfl"]
    if said is None:
        return None
    owner = facts if str(said).startswith("own") else first
    serial = int(str(said).split()[1]) if str(said).startswith("own") else 1
    right = pinfl(owner["sex"], owner["birth_date"], 1000 * (number + 1) + serial)
    if said == "slip":
        return right[:11] + str((int(right[11]) + 1) % 10) + right[12:]
    return right


def as_records(
    engine: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]
) -> duckdb.DuckDBPyRelation:
    """PersonRecord of such rows, in their order; record_id is R and the row's number."""
    frame = pl.DataFrame(
        [
            {
                "row_id": number,
                "record_id": f"R{number}",
                "birth_date_precision": row.get("precision", "DAY"),
                "document_type": "PASSPORT" if row["document_number"] else None,
                "citizenship": "UZB",
                "registration_kind": row.get("registration_kind", "PERMANENT"),
                "registered_on": row.get("registered_on"),
                "registered_until": None,
                "region_code": "1718",
                "updated_at": None,
                **{
                    name: row[name]
                    for name in (
                        "surname",
                        "given_name",
                        "patronymic",
                        "sex",
                        "birth_date",
                        "pinfl",
                        "document_number",
                        "district_code",
                        "address_id",
                    )
                },
            }
            for number, row in enumerate(rows)
        ],
        infer_schema_length=None,
        schema_overrides={
            "patronymic": pl.String,
            "pinfl": pl.String,
            "document_number": pl.String,
            "document_type": pl.String,
            "birth_date": pl.Date,
            "birth_date_precision": pl.String,
            "registered_on": pl.Date,
            "registered_until": pl.Date,
            "updated_at": pl.Datetime("us"),
            "address_id": pl.Int64,
        },
    )
    engine.register("world_rows", frame.drop("address_id").to_arrow())
    engine.register("world_addresses", frame.select("row_id", "address_id").to_arrow())
    records = normalise_persons(
        engine, engine.table("world_rows"), engine.table("world_addresses"), AS_OF
    )
    records.create("world_records")
    return engine.table("world_records")
