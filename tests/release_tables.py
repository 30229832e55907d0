"""Run tables of an invented country, for the tests of what is made from them.

About 620 people in two regions and four districts; every discrepancy code; people who
moved, merged, are not eligible or have no precinct; names that are formulas and markup.
"""

import datetime
import itertools
from pathlib import Path

import duckdb
import polars as pl

from pipeline.find_discrepancies import owners
from pipeline.run import Run
from pipeline.tables import open_engine, read_table, reference_table, write_table
from schemas.catalogue import TABLES
from schemas.codes import IneligibilityGround, Resolution, UnplacedReason

ELECTION_DATE = datetime.date(2026, 12, 27)
AS_OF = datetime.date(2026, 11, 27)
DISTRICTS = ("1718203", "1718401", "1735204", "1714401365")
SOURCE_FILE = "mia/persons.csv"
SURNAMES = (
    "Karimov",
    "Жўраев",
    "Ábdiraxmanov",
    '=HYPERLINK("x")',
    "<b>Oʻktamov</b>",
    "-Ali",
)
HOUSES = ("12", "12/3", "007", "3E5", "28-A", "8-mart")
GROUNDS = tuple(IneligibilityGround)
UNPLACED = tuple(UnplacedReason)
DAY = datetime.date(2026, 11, 20)


def make_run(folder: Path, **changes: object) -> Run:
    """A run with its folders below `folder`."""
    delivery = folder / "delivery"
    (delivery / "mia").mkdir(parents=True, exist_ok=True)
    (delivery / "mia" / "persons.csv").write_text("record_id\n1\n", encoding="utf-8")
    settings: dict[str, object] = {
        "delivery": str(delivery),
        "output": str(folder / "published"),
        "election_date": ELECTION_DATE,
        "as_of": AS_OF,
        "work": str(folder / "work"),
        **changes,
    }
    return Run(**settings)  # type: ignore[arg-type]


def write_run_tables(run: Run, people: int = 620) -> None:
    """Write every table that a release is made from."""
    persons = [_person(number) for number in range(people)]
    with open_engine(run) as engine:
        for name, rows in _tables(persons).items():
            write_rows(engine, run, name, rows)
        for name in (
            "unlisted",
            "decisions",
            "correction",
            "linkage_model",
            "precinct_requests",
            "number_changes",
            "review_entry",
            "quarantined_row",
        ):
            write_rows(engine, run, name, [])
        questions = read_table(engine, run, "discrepancies")
        for owner in owners.COLUMNS:
            relation = owners.questions_of(engine, questions, owner)
            write_table(engine, run, owners.owner_table(owner), relation)


def write_rows(
    engine: duckdb.DuckDBPyConnection, run: Run, name: str, rows: list[dict[str, object]]
) -> None:
    """Write rows as a table of the run; absent columns are null."""
    contract = TABLES[name]
    frame = pl.DataFrame(
        [{column: row.get(column) for column in contract.column_names()} for row in rows],
        schema={c: _plain(column.dtype) for c, column in contract.columns().items()},
    )
    write_table(engine, run, name, engine.from_arrow(frame.to_arrow()))


def _plain(dtype: pl.DataType) -> pl.DataType:
    return pl.String() if isinstance(dtype, pl.Enum) else dtype


def _person(number: int) -> dict[str, object]:
    """Every 20th is not eligible, every 31st has no precinct, every 11th has two rows."""
    district = DISTRICTS[number % len(DISTRICTS)]
    ground = GROUNDS[number // 20 % len(GROUNDS)] if number % 20 == 0 else None
    unplaced = UNPLACED[number // 31 % len(UNPLACED)] if number % 31 == 1 else None
    elsewhere = number % 37 == 5
    return {
        "number": number,
        "voter_id": f"V{number:013d}",
        "record_ids": [f"R{number:05d}"] + ([f"S{number:05d}"] if number % 11 == 0 else []),
        "district": district,
        "ground": ground,
        "unplaced": None if ground else unplaced,
        "precinct_district": DISTRICTS[(number + 1) % 4] if elsewhere else district,
        "basis": "TEMPORARY" if elsewhere else "PERMANENT",
        "sex": "F" if number % 5 < 3 else "M",
        "birth_date": datetime.date(1930 + number % 78, 1 + number % 12, 1 + number % 28),
    }


def _listed(person: dict[str, object]) -> bool:
    return person["ground"] is None and person["unplaced"] is None


def _region(district: object) -> str:
    return str(district)[:4]


def _precinct(person: dict[str, object]) -> int:
    """Two precincts a district, and one of five voters or fewer in the first district."""
    index = DISTRICTS.index(str(person["precinct_district"]))
    if index == 0 and person["number"] in (4, 8, 12):
        return 99
    return 101 + 2 * index + (int(str(person["number"])) // 8) % 2


def _tables(persons: list[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    voters = _voters([person for person in persons if _listed(person)])
    lineage = _lineage(persons)
    discrepancies = _discrepancies(voters)
    changes = _changes(voters)
    return {
        "source_persons": [_source_row(person) for person in persons],
        "person": [_person_row(person) for person in persons],
        "person_link": [
            {"row_id": row, "person_id": row % len(persons), "rule": "PINFL"}
            for row in range(len(persons))
        ],
        "eligibility_decision": [
            {
                "person_id": person["number"],
                "is_eligible": person["ground"] is None,
                "ground": person["ground"],
                "warnings": [],
            }
            for person in persons
        ],
        "placement": [_placement(person) for person in persons if not person["ground"]],
        "voters": voters,
        "changes": changes,
        "notices": _notices(changes),
        "temporary_residents": _temporary_residents(voters),
        "discrepancies": discrepancies,
        "resolved_discrepancies": _resolved(discrepancies),
        "precincts": _precincts(voters, discrepancies),
        "lineage": lineage,
        "reconciliation": _reconciliation(persons, lineage),
    }


def _source_row(person: dict[str, object]) -> dict[str, object]:
    return {
        "row_id": person["number"],
        "source_file": SOURCE_FILE,
        "source_row": int(str(person["number"])) + 1,
        "record_id": person["record_ids"][0],  # type: ignore[index]
        "surname": "Karimov",
        "sex": person["sex"],
        "birth_date": person["birth_date"],
        "birth_date_precision": "DAY",
        "registration_kind": "PERMANENT",
        "region_code": _region(person["district"]),
        "district_code": person["district"],
        "updated_at": datetime.datetime(2026, 11, 25),  # noqa: DTZ001
    }


def _person_row(person: dict[str, object]) -> dict[str, object]:
    return {
        "person_id": person["number"],
        "main_row_id": person["number"],
        "row_count": len(person["record_ids"]),  # type: ignore[arg-type]
        "sex": person["sex"],
        "birth_date": person["birth_date"],
        "birth_date_precision": "DAY",
    }


def _placement(person: dict[str, object]) -> dict[str, object]:
    row: dict[str, object] = {
        "person_id": person["number"],
        "unplaced_reason": person["unplaced"],
        "temporary_elsewhere": False,
        "warnings": [],
    }
    if person["unplaced"] is None:
        row |= {
            "region_code": _region(person["precinct_district"]),
            "precinct_number": _precinct(person),
            "basis": person["basis"],
            "placement": "EXACT",
        }
    return row


def _voters(persons: list[dict[str, object]]) -> list[dict[str, object]]:
    places = {
        id(person): (_region(person["precinct_district"]), _precinct(person))
        for person in persons
    }
    persons = sorted(persons, key=lambda person: (places[id(person)], person["voter_id"]))
    voters = []
    for place, group in itertools.groupby(persons, key=lambda p: places[id(p)]):
        for list_number, person in enumerate(group, 1):
            number = int(str(person["number"]))
            voters.append(
                {
                    "voter_id": person["voter_id"],
                    "list_number": list_number,
                    "region_code": place[0],
                    "district_code": person["precinct_district"],
                    "precinct_number": place[1],
                    "constituency": "58-Jozmon",
                    "precinct_kind": "TERRITORIAL",
                    "pinfl": None if number % 9 == 0 else f"{30000000000000 + number}",
                    "surname": SURNAMES[number % len(SURNAMES)],
                    "given_name": "Anvar\tbek" if number % 50 == 3 else "Anvar",
                    "sex": person["sex"],
                    "birth_date": person["birth_date"],
                    "document_number": f"AA{number:07d}",
                    "mahalla": "8-mart",
                    "street": "Gulyor 4-tor",
                    "house": HOUSES[number % len(HOUSES)],
                    "basis": person["basis"],
                    "temporary_elsewhere": number % 41 == 0,
                    "placement": "FUZZY" if number % 6 == 0 else "EXACT",
                    "confidence": "MEDIUM" if number % 6 == 0 else "HIGH",
                    "flags": ["PINFL_MISSING"] if number % 9 == 0 else [],
                }
            )
    return voters


def _lineage(persons: list[dict[str, object]]) -> list[dict[str, object]]:
    rows = []
    for person in persons:
        for index, record in enumerate(person["record_ids"]):  # type: ignore[call-overload]
            if person["ground"]:
                outcome, reason = "INELIGIBLE", str(person["ground"])
            elif person["unplaced"]:
                outcome, reason = "UNPLACED", str(person["unplaced"])
            elif index:
                outcome, reason = "MERGED_INTO", "PINFL"
            else:
                outcome, reason = "LISTED", str(person["basis"])
            rows.append(
                {
                    "source": "mia/persons",
                    "record_id": record,
                    "voter_id": person["voter_id"] if _listed(person) else None,
                    "person_id": person["voter_id"],
                    "outcome": outcome,
                    "reason": reason,
                    "rule": "PINFL" if len(person["record_ids"]) > 1 else "SINGLE",  # type: ignore[arg-type]
                }
            )
    return rows


def _reconciliation(
    persons: list[dict[str, object]], lineage: list[dict[str, object]]
) -> list[dict[str, object]]:
    home = {person["voter_id"]: person["district"] for person in persons}
    counts: dict[tuple[str, ...], int] = {}
    for row in lineage:
        district = str(home[row["person_id"]])
        key = (_region(district), district, str(row["outcome"]), str(row["reason"]))
        counts[key] = counts.get(key, 0) + 1
    counts["1718", "1718203", "QUARANTINED", "birth_date|format"] = 5
    counts["", "", "QUARANTINED", "region_code|regex"] = 2
    # What a damaged row had in the columns of the area; it must not reach the report.
    counts["Karimov", "Anvar", "QUARANTINED", "region_code|regex"] = 1
    rows: list[dict[str, object]] = [
        {
            "source": "mia/persons",
            "region_code": region,
            "district_code": district,
            "outcome": outcome,
            "reason": reason,
            "rows": count,
        }
        for (region, district, outcome, reason), count in counts.items()
    ]
    for source, count in (("cadastre/dwellings", 300), ("cec/precincts", 10)):
        rows.append(
            {
                "source": source,
                "region_code": "",
                "district_code": "",
                "outcome": "APPLIED",
                "reason": "USED",
                "rows": count,
            }
        )
    return rows


def _discrepancies(voters: list[dict[str, object]]) -> list[dict[str, object]]:
    """Three of every code of the catalogue, one of them without a district.

    The first possible duplicate is one with a voter of another district.
    """
    rows = []
    catalogue = reference_table("discrepancies").sort("code").to_dicts()
    for index, (entry, copy) in enumerate(itertools.product(catalogue, range(3))):
        voter = voters[index * 7 % len(voters)]
        region = [voter["region_code"], voter["region_code"], None][copy]
        other = next(v for v in voters if v["district_code"] != voter["district_code"])
        is_pair = entry["code"] == "POSSIBLE_DUPLICATE" and copy == 0
        rows.append(
            {
                "discrepancy_id": f"D{index:06d}",
                "code": entry["code"],
                "severity": entry["severity"],
                "owner": entry["owner"],
                "region_code": region,
                "district_code": voter["district_code"] if copy == 0 else None,
                "precinct_number": voter["precinct_number"] if copy == 0 else None,
                "voter_id": voter["voter_id"] if copy == 0 else None,
                "record_ids": ["R00001", "R00002"] if copy == 1 else [],
                "field": "surname",
                "value_a": "=1+1",
                "weight": -3.25 if copy == 1 else None,
                "message": str(entry["meaning_en"]),
                "first_seen": DAY,
                "release_count": 1 + 15 * copy,
                **{
                    f"other_{name}": other[name] if is_pair else None
                    for name in ("region_code", "district_code", "precinct_number")
                },
            }
        )
    return rows


def _resolved(discrepancies: list[dict[str, object]]) -> list[dict[str, object]]:
    """Questions that only the previous release had: another number for each."""
    ways = tuple(Resolution)
    return [
        row
        | {
            "discrepancy_id": f"E{index:06d}",
            "resolved_on": AS_OF,
            "resolution": ways[index % len(ways)],
            "decision_id": "B-1" if ways[index % len(ways)] == "DECISION" else None,
        }
        for index, row in enumerate(discrepancies[::4])
    ]


def _changes(voters: list[dict[str, object]]) -> list[dict[str, object]]:
    rows = []
    for index, voter in enumerate(voters[:40]):
        after = {
            "region_code_after": voter["region_code"],
            "district_code_after": voter["district_code"],
            "precinct_number_after": voter["precinct_number"],
        }
        before = {
            "region_code_before": "1735",
            "district_code_before": "1735204",
            "precinct_number_before": 105,
        }
        kind = ("ADDED", "REMOVED", "MOVED", "CORRECTED")[index % 4]
        reason = ("NEW_IN_REGISTER", "DECEASED", "ADDRESS_CHANGED", "SOURCE_CHANGED")
        row: dict[str, object] = {
            "voter_id": f"V{9_000_000 + index:013d}"
            if kind == "REMOVED"
            else voter["voter_id"],
            "change": kind,
            "reason": reason[index % 4],
            "field": "surname" if kind == "CORRECTED" else "",
            "article": "ZRU-544, Art. 28" if kind == "REMOVED" else None,
        }
        if kind == "CORRECTED":
            row |= {"before": "Karimov", "after": "Karimova"} | after
            row |= {key.replace("after", "before"): value for key, value in after.items()}
        else:
            row |= before if kind in ("REMOVED", "MOVED") else {}
            row |= after if kind in ("ADDED", "MOVED") else {}
        rows.append(row)
    return rows


def _temporary_residents(voters: list[dict[str, object]]) -> list[dict[str, object]]:
    """Every fifth voter is registered in the next voter's precinct too."""
    return [
        {
            **{
                name: voter.get(name)
                for name in (
                    "voter_id",
                    "region_code",
                    "district_code",
                    "precinct_number",
                    "surname",
                    "given_name",
                    "patronymic",
                    "birth_date",
                )
            },
            "temporary_region_code": other["region_code"],
            "temporary_district_code": other["district_code"],
            "temporary_precinct_number": other["precinct_number"],
        }
        for voter, other in zip(voters[::5], voters[1::5], strict=False)
    ]


def _notices(changes: list[dict[str, object]]) -> list[dict[str, object]]:
    """A letter to every voter of the changes."""
    texts = [name for name in TABLES["notices"].column_names() if "_uz_" in name]
    texts += ["salutation_ru", "what_ru", "why_ru", "action_ru"]
    rows = {}
    for change in changes:
        moment = "before" if change["change"] == "REMOVED" else "after"
        rows[change["voter_id"]] = {
            "voter_id": change["voter_id"],
            "change": change["change"],
            "region_code": change[f"region_code_{moment}"],
            "district_code": change[f"district_code_{moment}"],
            "precinct_number": change[f"precinct_number_{moment}"],
            "surname": "Karimov",
        } | dict.fromkeys(texts, "…")
    return list(rows.values())


def _precincts(
    voters: list[dict[str, object]], discrepancies: list[dict[str, object]]
) -> list[dict[str, object]]:
    rows: dict[tuple[object, object], dict[str, object]] = {}
    for voter in voters:
        key = (voter["region_code"], voter["precinct_number"])
        row = rows.setdefault(
            key,
            {
                "region_code": key[0],
                "precinct_number": key[1],
                "district_code": voter["district_code"],
                "kind": "TERRITORIAL",
                "name": f"{key[1]}-uchastka",
                "address": "7-maktab",
            }
            | dict.fromkeys(
                (
                    "voters",
                    "women",
                    "men",
                    "permanent",
                    "temporary",
                    "roster",
                    "decision",
                    "added",
                    "removed",
                    "moved",
                    "discrepancies",
                    "unplaced_nearby",
                ),
                0,
            ),
        )
        row["voters"] += 1  # type: ignore[operator]
        row["women" if voter["sex"] == "F" else "men"] += 1  # type: ignore[operator]
        row[str(voter["basis"]).lower()] += 1  # type: ignore[operator]
    for found in discrepancies:
        for which in ("", "other_"):
            place = found[f"{which}region_code"], found[f"{which}precinct_number"]
            if None not in place:
                rows[place]["discrepancies"] += 1  # type: ignore[operator]
    empty = next(iter(rows.values())) | {"precinct_number": 500, "name": "500-uchastka"}
    empty |= dict.fromkeys(
        ("voters", "women", "men", "permanent", "temporary", "discrepancies"), 0
    )
    rows[empty["region_code"], 500] = empty
    return list(rows.values())
