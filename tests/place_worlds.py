"""Small districts in the notation of cases/precincts.yaml, as tables of the contracts."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import duckdb
import yaml

from pipeline.assign_precincts import locate_addresses
from pipeline.resolve_addresses import resolve_addresses
from schemas.record import AddressRecord, DwellingRecord, PrecinctCoverage
from schemas.source import SourceMahalla, SourcePrecinct

CASES = Path(__file__).parent / "cases" / "precincts.yaml"
DISTRICT = "1718236"


@dataclasses.dataclass(frozen=True)
class World:
    """The tables of one world."""

    dwellings: duckdb.DuckDBPyRelation
    coverage: duckdb.DuckDBPyRelation
    precincts: duckdb.DuckDBPyRelation
    mahallas: duckdb.DuckDBPyRelation
    renames: duckdb.DuckDBPyRelation


def read_worlds() -> list[dict[str, Any]]:
    return yaml.safe_load(CASES.read_text(encoding="utf-8"))["worlds"]


def key(name: str | None) -> str | None:
    """Names in the cases have spaces to be readable; keys have none."""
    return name.replace(" ", "") if name and name != "-" else None


def number(house: str | None) -> int | None:
    found = re.match(r"\d+", house or "")
    return int(found.group()) if found else None


def expand(houses: str) -> list[str]:
    """'1-3,28A' as single houses."""
    found: list[str] = []
    for part in houses.split(","):
        first, dash, last = part.strip().partition("-")
        found += [str(n) for n in range(int(first), int(last) + 1)] if dash else [first]
    return found


def fields(text: str) -> dict[str, str]:
    """'mahalla=obod; except' as a dictionary; a bare word is true."""
    pairs = (part.strip().partition("=") for part in text.split(";") if part.strip())
    return {name: value if equals else "yes" for name, equals, value in pairs}


def dwelling_rows(lines: list[str]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for line in lines:
        at = re.match(r"@(\d+) (.*)", line)
        district, text = (at.group(1), at.group(2)) if at else (DISTRICT, line)
        mahalla, street, houses, *parcel = [part.strip() for part in text.split(" / ")]
        mahalla, _, kind = mahalla.partition(".")
        massif, colon, street_of_massif = street.partition(":")
        street = street_of_massif if colon else street
        street, _, lane = street.partition("#")
        for at_parcel, house in enumerate(expand(houses), start=1):
            made.append(
                {
                    "dwelling_id": len(made),
                    "region_code": district[:4],
                    "district_code": district,
                    "mahalla_key": key(mahalla),
                    "mahalla_kind": kind or None,
                    "massif_key": key(massif) if colon else None,
                    "street_key": key(street),
                    "lane": lane or None,
                    "house_key": house,
                    "house_number": number(house),
                    "cadastral_key": f"{parcel[0]}:{at_parcel:04d}" if parcel else None,
                    "mahalla": mahalla,
                    "street": street,
                    "house": house,
                    "object_kind": "HOUSE",
                    "status": "ACTIVE",
                }
            )
    return made


def rule_rows(lines: list[str]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for line in lines:
        precinct, _, text = line.partition("|")
        parts = fields(text)
        region, slash, named = precinct.strip().partition("/")
        named = named if slash else region
        digits, _, kind = named.partition(":")
        district = parts.get("district", DISTRICT)
        first, dash, last = parts.get("houses", "").partition("-")
        made.append(
            {
                "rule_id": len(made),
                "region_code": region if slash else district[:4],
                "precinct_number": int(digits),
                "district_code": district,
                "source": parts.get("source", "TEXT"),
                "mahalla_key": key(parts.get("mahalla")),
                "mahalla_kind": parts.get("kind"),
                "massif_key": key(parts.get("massif")),
                "street_key": key(parts.get("street")),
                "lane": parts.get("lane"),
                "house_from": int(first) if first else None,
                "house_to": int(last)
                if last
                else None
                if dash or not first
                else int(first),
                "parity": parts.get("parity", "ALL"),
                "cadastral_prefix": parts.get("prefix"),
                "is_exclusion": "except" in parts,
                "is_remainder": "remainder" in parts,
                "is_doubtful": "doubtful" in parts,
                "kind": kind or "TERRITORIAL",
            }
        )
    return made


def address_row(address_id: int, text: str) -> dict[str, Any]:
    parts = fields(text)
    district = parts.get("district", DISTRICT)
    house = parts.get("house")
    return {
        "address_id": address_id,
        "region_code": district[:4],
        "district_code": district,
        "mahalla_key": key(parts.get("mahalla")),
        "mahalla_kind": parts.get("kind"),
        "massif_key": key(parts.get("massif")),
        "street_key": key(parts.get("street")),
        "lane": parts.get("lane"),
        "house_key": house,
        "house_number": number(house),
        "building_key": parts.get("building"),
        "flat_key": parts.get("flat"),
        "cadastral_key": parts.get("cadastral"),
        "unread": parts.get("unread"),
    }


def build_world(engine, rows, world) -> World:
    return build_tables(
        engine,
        rows,
        dwelling_rows(world["dwellings"]),
        rule_rows(world["rules"]),
        rename_rows(world),
    )


def rename_rows(world) -> list[tuple[str, str, str]]:
    renames = [rename.split(" -> ") for rename in world.get("renames", [])]
    return [(DISTRICT, str(key(old)), str(key(new))) for old, new in renames]


def build_tables(engine, rows, dwellings, rules, renames) -> World:
    precincts = {
        (rule["region_code"], rule["precinct_number"]): rule
        for rule in rules
        if rule["kind"] != "ABSENT"
    }
    listed = " UNION ALL ".join(
        f"SELECT '{district}', '{old}', '{new}'" for district, old, new in renames
    )
    nothing = "SELECT NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR LIMIT 0"
    return World(
        dwellings=rows(DwellingRecord, *dwellings),
        coverage=rows(
            PrecinctCoverage,
            *[{k: v for k, v in rule.items() if k != "kind"} for rule in rules],
        ),
        precincts=rows(
            SourcePrecinct,
            *[
                {
                    "row_id": index,
                    "region_code": region,
                    "precinct_number": precinct,
                    "district_code": rule["district_code"],
                    "kind": rule["kind"],
                }
                for index, ((region, precinct), rule) in enumerate(precincts.items())
            ],
        ),
        mahallas=rows(SourceMahalla),
        renames=engine.sql(
            f"""
            SELECT * FROM ({listed or nothing})
                AS renames(district_code, street_key_old, street_key_new)
            """
        ),
    )


def link_addresses(engine, rows, world: World, addresses: list[dict[str, Any]]):
    """AddressLink of each address in a world, by address_id."""
    return resolve_addresses(
        engine,
        rows(AddressRecord, *addresses),
        world.dwellings,
        world.mahallas,
        world.renames,
    )


def place_addresses(engine, rows, world: World, addresses: list[dict[str, Any]]):
    """AddressLink and AddressPrecinct of each address in a world, as dictionaries."""
    links = link_addresses(engine, rows, world, addresses)
    engine.execute("CREATE OR REPLACE TEMP TABLE place_links AS SELECT * FROM links")
    links = engine.table("place_links")
    placed = locate_addresses(
        engine,
        links,
        world.coverage,
        world.precincts,
        world.dwellings,
        world.mahallas,
        world.renames,
    )
    return by_address(links), by_address(placed)


def by_address(relation) -> dict[int, dict[str, Any]]:
    return {row["address_id"]: row for row in relation.pl().to_dicts()}


def outcome(placed: dict[str, Any]) -> str:
    """A precinct or a reason, as the cases write it."""
    if placed["unplaced_reason"]:
        return placed["unplaced_reason"]
    return f"{placed['region_code']}/{placed['precinct_number']}"


def place_worlds(engine, rows, worlds) -> dict[tuple[int, int], str]:
    """Outcome of every case by world and position, all worlds placed in one run.

    Each world's regions are renumbered, so that worlds don't share a district.
    """
    dwellings: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []
    renames: list[tuple[str, str, str]] = []
    addresses: list[dict[str, Any]] = []
    cases: list[tuple[int, int]] = []
    original: dict[str, str] = {}
    for number, world in enumerate(worlds):

        def moved(code: str, number: int = number) -> str:
            region = f"{number + 50:02d}{code[2:4]}"
            original[region] = code[:4]
            return region + code[4:]

        for made, into, identity in (
            (dwelling_rows(world["dwellings"]), dwellings, "dwelling_id"),
            (rule_rows(world["rules"]), rules, "rule_id"),
            (
                [address_row(0, case["address"]) for case in world["cases"]],
                addresses,
                "address_id",
            ),
        ):
            for row in made:
                row["district_code"] = moved(row["district_code"])
                row["region_code"] = moved(row["region_code"])
                row[identity] = len(into)
                into.append(row)
        renames += [
            (moved(district), old, new) for district, old, new in rename_rows(world)
        ]
        cases += [(number, at) for at in range(len(world["cases"]))]
    built = build_tables(engine, rows, dwellings, rules, renames)
    _, placed = place_addresses(engine, rows, built, addresses)
    found: dict[tuple[int, int], str] = {}
    for address, case in enumerate(cases):
        region, slash, precinct = outcome(placed[address]).partition("/")
        found[case] = f"{original[region]}/{precinct}" if slash else region
    return found
