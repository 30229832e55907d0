"""One address, asked by itself: its dwelling, its precinct, and why.

What belongs here: reading what the stages left in the engine about a single address, in
words that a clerk can check. Nothing is decided here.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import duckdb
from rapidfuzz.distance import OSA

from pipeline.assign_precincts import locate_addresses
from pipeline.assign_precincts.fits import PREFIX as LOCATE
from pipeline.normalise.addresses import normalise_addresses
from pipeline.place_tables import PlaceTables
from pipeline.resolve_addresses import resolve_addresses
from pipeline.resolve_addresses.place_names import place_fold
from pipeline.resolve_addresses.stage import PREFIX as RESOLVE

Relation = duckdb.DuckDBPyRelation

NEAR_LETTERS = 4
NEAR_SHOWN = 5
FITS = {3: "fits", 2: "fits, unless another has a claim", 1: "may fit"}


@dataclasses.dataclass(frozen=True)
class RuleAnswer:
    """A coverage rule that fits or may fit the address."""

    precinct: str
    """Region and number."""
    text: str
    """What the rule covers, in its own words."""
    source: str
    fit: str
    score: int
    """Specificity: of rules that fit the highest wins."""
    is_in_contention: bool


@dataclasses.dataclass(frozen=True)
class PlaceAnswer:
    """Where one address lies, and why."""

    read_as: dict[str, str]
    """Parts of the address as understood."""
    unread: str | None
    dwelling: dict[str, str]
    """The cadastre's object: address, cadastral number; empty where none was found."""
    dwelling_reason: str
    precinct: str | None
    placement: str | None
    confidence: str | None
    confirmed_by: tuple[str, ...]
    """What else names the same precinct: MAP, NUMBER."""
    unplaced_reason: str | None
    rules: tuple[RuleAnswer, ...]
    near_mahallas: tuple[str, ...]
    near_streets: tuple[str, ...]
    map_precinct: str | None
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The answer for machines."""
        return dataclasses.asdict(self)


def ask_place(
    engine: duckdb.DuckDBPyConnection,
    places: PlaceTables,
    address: str,
    district_code: str,
    cadastral_number: str | None = None,
) -> PlaceAnswer:
    """What a build would make of one address.

    Args:
        engine: that of `places`.
        places: the delivery's places.
        address: one line as a register has it.
        district_code: SOATO code of the district it is registered in.
        cadastral_number: where the registration gives one.
    """
    record = normalise_addresses(
        engine, _row(engine, address, district_code, cadastral_number)
    )[0]
    engine.execute("DROP TABLE IF EXISTS asked_address")
    record.create("asked_address")
    asked = engine.table("asked_address")
    links = resolve_addresses(
        engine, asked, places.dwellings, places.mahallas, places.aliases
    )
    engine.execute("DROP TABLE IF EXISTS asked_link")
    links.create("asked_link")
    placed = (
        locate_addresses(
            engine,
            engine.table("asked_link"),
            places.coverage,
            places.precincts,
            places.dwellings,
            places.mahallas,
            places.aliases,
            places.polygons,
        )
        .pl()
        .row(0, named=True)
    )
    parts = asked.pl().row(0, named=True)
    link = engine.table("asked_link").pl().row(0, named=True)
    return PlaceAnswer(
        read_as=_shown(parts),
        unread=parts["unread"],
        dwelling=_shown(link) if _is_found(link) else {},
        dwelling_reason=link["reason"],
        precinct=_precinct(placed["region_code"], placed["precinct_number"]),
        placement=placed["placement"],
        confidence=placed["confidence"],
        confirmed_by=tuple(placed["confirmed_by"]),
        unplaced_reason=placed["unplaced_reason"],
        rules=_rules(engine, placed["rule_ids"]),
        near_mahallas=_near(engine, "mahalla", parts["mahalla_key"], link),
        near_streets=_near(engine, "street", parts["street_key"], link),
        map_precinct=_on_map(engine) if places.polygons else None,
        warnings=tuple(sorted({*link["warnings"], *placed["warnings"]})),
    )


def _row(
    engine: duckdb.DuckDBPyConnection,
    address: str,
    district_code: str,
    cadastral_number: str | None,
) -> Relation:
    engine.execute(
        """
        CREATE OR REPLACE TEMP TABLE asked_person AS
        SELECT 0::BIGINT AS row_id, left($district, 4) AS region_code,
            $district AS district_code, NULL::VARCHAR AS mahalla,
            NULL::VARCHAR AS street, NULL::VARCHAR AS house, NULL::VARCHAR AS building,
            NULL::VARCHAR AS flat, $address AS address_text,
            $number::VARCHAR AS cadastral_number
        """,
        {"district": district_code, "address": address, "number": cadastral_number},
    )
    return engine.table("asked_person")


def _is_found(link: dict[str, Any]) -> bool:
    return link["dwelling_id"] is not None or link["reason"].endswith("BUILDING")


def _shown(parts: dict[str, Any]) -> dict[str, str]:
    """The parts that are there, in the order of an address."""
    names = ("mahalla", "street", "house", "building", "flat", "cadastral_key")
    return {
        name.removesuffix("_key"): parts[name] for name in names if parts[name] is not None
    }


def _precinct(region_code: str | None, number: int | None) -> str | None:
    return None if number is None else f"{region_code}/{number}"


def _rules(
    engine: duckdb.DuckDBPyConnection, in_contention: Sequence[int]
) -> tuple[RuleAnswer, ...]:
    """Every rule that fits or may fit the address, the most specific first."""
    rows = engine.sql(
        f"""
        SELECT rule.*, fit.fit AS how, fit.score AS weight
        FROM {LOCATE}_asked AS asked
        JOIN {LOCATE}_point AS point
            ON point.site_id = asked.site_id
            AND point.house_number IS NOT DISTINCT FROM asked.house_number
            AND point.prefixes IS NOT DISTINCT FROM asked.prefixes
        JOIN {LOCATE}_point_fit AS fit USING (point_id)
        JOIN {LOCATE}_rule AS rule ON rule.rule_id = fit.rule_id
        WHERE asked.address_id = 0
        ORDER BY fit.score DESC, fit.fit DESC, rule.rule_id
        """
    ).pl()
    names = place_names(engine, LOCATE)
    return tuple(
        RuleAnswer(
            precinct=f"{row['region_code']}/{row['precinct_number']}",
            text=describe_rule(row, names),
            source=row["source"],
            fit=FITS[row["how"]],
            score=row["weight"],
            is_in_contention=row["rule_id"] in in_contention,
        )
        for row in rows.to_dicts()
    )


def place_names(
    engine: duckdb.DuckDBPyConnection, prefix: str
) -> dict[tuple[str, str], str]:
    """How the cadastre spells mahallas, massifs and streets, by column and key."""
    rows = engine.sql(
        f"""
        SELECT 'mahalla_key', mahalla_key, min(mahalla) FROM {prefix}_place GROUP BY ALL
        UNION ALL
        SELECT 'street_key', street_key, min(street) FROM {prefix}_place
        WHERE lane IS NULL AND massif_key IS NULL GROUP BY ALL
        UNION ALL
        SELECT 'massif_key', massif_key, min(street) FROM {prefix}_place
        WHERE lane IS NULL AND street_key IS NULL GROUP BY ALL
        """
    ).fetchall()
    return {(column, key): name for column, key, name in rows if key and name}


def describe_rule(rule: dict[str, Any], names: dict[tuple[str, str], str]) -> str:
    """What a rule covers: its place, houses and side, and what kind of rule it is."""
    parts = [
        names.get((part, rule[part]), rule[part])
        for part in ("mahalla_key", "massif_key", "street_key")
        if rule[part]
    ]
    if rule["lane"]:
        parts.append(f"lane {rule['lane']}")
    if rule["house_from"] is not None or rule["house_to"] is not None:
        parts.append(f"houses {rule['house_from'] or ''}–{rule['house_to'] or ''}")
    if rule["parity"] != "ALL":
        parts.append(f"{rule['parity'].lower()} side")
    if rule["cadastral_prefix"]:
        parts.append(f"cadastral numbers {rule['cadastral_prefix']}…")
    kinds = (
        ("is_exclusion", "except"),
        ("is_remainder", "the rest of"),
        ("is_doubtful", "unread words beside"),
    )
    said = [word for column, word in kinds if rule[column]]
    place = ", ".join(parts) or f"district {rule['district_code']}"
    return " ".join([*said, place])


def _near(
    engine: duckdb.DuckDBPyConnection,
    part: str,
    key: str | None,
    link: dict[str, Any],
) -> tuple[str, ...]:
    """Names near to the one written that the gazetteer has there, nearest first."""
    if key is None:
        return ()
    within = "" if part == "mahalla" else "AND mahalla_key = $mahalla"
    known = link["mahalla_key"]
    if part == "street" and known is None:
        within = ""
    parameters = {"district": link["district_code"]}
    if within:
        parameters["mahalla"] = known
    rows = engine.execute(
        f"""
        SELECT DISTINCT {part}_key FROM {RESOLVE}_place
        WHERE {part}_key IS NOT NULL
          AND (starts_with(district_code, $district)
               OR starts_with($district, district_code)) {within}
        """,
        parameters,
    ).fetchall()
    fold = place_fold(key)
    near = sorted(
        (OSA.distance(fold, place_fold(name)), name) for (name,) in rows if name != key
    )
    names = place_names(engine, LOCATE)
    return tuple(
        names.get((f"{part}_key", name), name)
        for distance, name in near[:NEAR_SHOWN]
        if distance <= NEAR_LETTERS
    )


def _on_map(engine: duckdb.DuckDBPyConnection) -> str | None:
    rows = engine.execute(
        "SELECT region_code, precinct_number FROM compare_polygons_point "
        "WHERE address_id = 0"
    ).fetchall()
    return _precinct(*rows[0]) if rows else None
