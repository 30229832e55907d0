"""What the precincts of a delivery cover, seen from the cadastre, before anything is built.

What belongs here: each dwelling against the coverage rules, summed by street and by
precinct; words and names that were not understood. No person comes into it.
"""

import dataclasses
from typing import Any

import duckdb
import polars as pl

from pipeline.ask_place import describe_rule, place_names
from pipeline.assign_precincts import find_coverage_problems, locate_addresses
from pipeline.assign_precincts.fits import PREFIX
from pipeline.place_tables import PlaceTables
from pipeline.resolve_addresses.places import place_join
from schemas.codes import CoverageProblem

Relation = duckdb.DuckDBPyRelation

HOUSES_SHOWN = 30
SPOT_DECIMALS = 6


@dataclasses.dataclass(frozen=True)
class CoverageReport:
    """Precincts, streets and faults of a delivery's coverage.

    precincts: region_code, precinct_number, district_code, kind, address, longitude,
        latitude, rules, dwellings (placed by rule), unread (words), names (faults of names
        in its rules).
    streets: region_code, district_code, mahalla, street, dwellings, outcome (PLACED or the
        reason why not), precincts (numbers: the one, or those in contention), houses (of
        unplaced ones), longitude, latitude.
    problems: what somebody must mend: problem (COVERAGE_GAP, COVERAGE_OVERLAP,
        COVERAGE_UNREAD, ADDRESS_*, WORDS_UNREAD, NAME_UNKNOWN, NAME_AMBIGUOUS,
        NAME_GUESSED, NO_RULE), region_code, district_code, precincts, place, dwellings,
        detail.
    """

    precincts: pl.DataFrame
    streets: pl.DataFrame
    problems: pl.DataFrame

    def figures(self) -> dict[str, int]:
        """Totals: dwellings by outcome, precincts with unread words or without a rule."""
        by_outcome = {
            row["outcome"]: row["dwellings"]
            for row in self.streets.group_by("outcome")
            .agg(pl.col("dwellings").sum())
            .sort("outcome")
            .to_dicts()
        }
        return {
            "precincts": self.precincts.height,
            "precincts_without_rule": self.precincts.filter(pl.col("rules") == 0).height,
            "precincts_with_unread_words": self.precincts.filter(
                pl.col("unread").is_not_null()
            ).height,
            "dwellings": sum(by_outcome.values()),
            **by_outcome,
        }


def check_coverage(
    engine: duckdb.DuckDBPyConnection,
    places: PlaceTables,
    district_code: str | None = None,
) -> CoverageReport:
    """Which dwellings no precinct, one or several precincts cover, and why.

    Every dwelling is asked for as an address written exactly as the cadastre has it, so
    whatever is left open is a fault of the descriptions, not of addresses.

    Args:
        engine: that of `places`.
        places: the delivery's places.
        district_code: precincts of this district only; all where None.
    """
    problems = find_coverage_problems(
        engine,
        places.coverage,
        places.precincts,
        places.dwellings,
        places.mahallas,
        places.aliases,
    )
    engine.execute("DROP TABLE IF EXISTS coverage_name")
    problems.create("coverage_name")
    _tabulate_links(engine, places)
    placed = locate_addresses(
        engine,
        engine.table("coverage_link"),
        places.coverage,
        places.precincts,
        places.dwellings,
        places.mahallas,
        places.aliases,
        places.polygons,
    )
    engine.execute("DROP TABLE IF EXISTS coverage_placed")
    placed.create("coverage_placed")
    streets = _streets(engine)
    precincts = _precincts(engine, places)
    faults = _problems(engine, precincts, streets)
    if district_code is not None:
        precincts, faults = (
            frame.filter(pl.col("district_code") == district_code)
            for frame in (precincts, faults)
        )
    return CoverageReport(precincts, streets, faults)


def _tabulate_links(engine: duckdb.DuckDBPyConnection, places: PlaceTables) -> None:
    """Make `coverage_link`: each dwelling as an address that was found to be it."""
    dwellings = places.dwellings  # noqa: F841 - read by name
    # The gazetteer of find_coverage_problems is that of the same tables.
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE coverage_link AS
        SELECT dwelling.dwelling_id AS address_id, dwelling.dwelling_id,
            'EXACT' AS reason, dwelling.region_code, dwelling.district_code,
            place.mahalla_key, place.mahalla_kind, place.massif_key, place.street_key,
            place.lane, dwelling.house_number, dwelling.house_key, dwelling.cadastral_key,
            place.mahalla, place.street, dwelling.longitude, dwelling.latitude,
            []::VARCHAR[] AS warnings, NULL::BIGINT AS rival_dwelling_id,
            false AS is_confirmed
        FROM dwellings AS dwelling {place_join("coverage_problems", "dwelling")}
        WHERE dwelling.object_kind NOT IN ('LAND', 'NON_RESIDENTIAL')
          AND dwelling.status <> 'DEMOLISHED'
        """
    )


def _streets(engine: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Dwellings by street and outcome, with the precincts they may be of."""
    found: pl.DataFrame = engine.sql(
        f"""
        SELECT region_code, district_code, mahalla, street, count(*) AS dwellings, outcome,
            precincts,
            list_sort(list(DISTINCT house_key) FILTER (outcome <> 'PLACED')) AS houses,
            round(median(longitude), {SPOT_DECIMALS}) AS longitude,
            round(median(latitude), {SPOT_DECIMALS}) AS latitude
        FROM (
            SELECT link.*, coalesce(placed.unplaced_reason, 'PLACED') AS outcome,
                CASE WHEN placed.precinct_number IS NOT NULL THEN [placed.precinct_number]
                     ELSE coalesce(contending.precincts, []) END AS precincts
            FROM coverage_link AS link
            JOIN coverage_placed AS placed USING (address_id)
            LEFT JOIN (
                SELECT placed.address_id,
                    list_sort(list(DISTINCT rule.precinct_number)) AS precincts
                FROM (SELECT address_id, unnest(rule_ids) AS rule_id FROM coverage_placed
                      WHERE unplaced_reason IS NOT NULL) AS placed
                JOIN {PREFIX}_rule AS rule USING (rule_id)
                GROUP BY ALL
            ) AS contending USING (address_id)
        )
        GROUP BY region_code, district_code, mahalla, street, outcome, precincts
        ORDER BY region_code, district_code, mahalla, street, outcome, precincts
        """
    ).pl()
    return found


def _precincts(engine: duckdb.DuckDBPyConnection, places: PlaceTables) -> pl.DataFrame:
    readings, precincts = places.readings, places.precincts  # noqa: F841 - read by name
    found: pl.DataFrame = engine.sql(
        """
        SELECT precinct.region_code, precinct.precinct_number, precinct.district_code,
            precinct.kind, precinct.address, precinct.longitude, precinct.latitude,
            reading.rule_count AS rules, coalesce(placed.dwellings, 0) AS dwellings,
            reading.unread, coalesce(name.faults, 0) AS names
        FROM precincts AS precinct
        JOIN readings AS reading USING (row_id)
        LEFT JOIN (
            SELECT region_code, precinct_number, count(*) AS dwellings
            FROM coverage_placed WHERE precinct_number IS NOT NULL GROUP BY ALL
        ) AS placed
            ON placed.region_code = precinct.region_code
            AND placed.precinct_number = precinct.precinct_number
        LEFT JOIN (
            SELECT region_code, precinct_number, count(*) AS faults
            FROM coverage_name GROUP BY ALL
        ) AS name
            ON name.region_code = precinct.region_code
            AND name.precinct_number = precinct.precinct_number
        WHERE precinct.kind IN ('TERRITORIAL', 'REMOTE')
        ORDER BY precinct.region_code, precinct.precinct_number
        """
    ).pl()
    return found


NAME_PROBLEMS = {
    "UNKNOWN": CoverageProblem.NAME_UNKNOWN,
    "AMBIGUOUS": CoverageProblem.NAME_AMBIGUOUS,
    "FUZZY": CoverageProblem.NAME_GUESSED,
}


def _problems(
    engine: duckdb.DuckDBPyConnection, precincts: pl.DataFrame, streets: pl.DataFrame
) -> pl.DataFrame:
    """Everything to mend, the most dwellings first."""
    names = place_names(engine, PREFIX)
    rules = {
        row["rule_id"]: describe_rule(row, names)
        for row in engine.sql(f"SELECT * FROM {PREFIX}_rule").pl().to_dicts()
    }
    rows: list[dict[str, Any]] = [
        {
            **_area(street),
            "problem": street["outcome"],
            "precincts": street["precincts"],
            "place": ", ".join(filter(None, (street["mahalla"], street["street"]))),
            "dwellings": street["dwellings"],
            "detail": _houses(street["houses"]),
        }
        for street in streets.filter(pl.col("outcome") != "PLACED").to_dicts()
    ]
    for precinct in precincts.to_dicts():
        own = {**_area(precinct), "precincts": [precinct["precinct_number"]]}
        if precinct["rules"] == 0:
            rows.append(
                {**own, "problem": CoverageProblem.NO_RULE, "detail": precinct["unread"]}
            )
        elif precinct["unread"]:
            rows.append(
                {
                    **own,
                    "problem": CoverageProblem.WORDS_UNREAD,
                    "detail": precinct["unread"],
                }
            )
    for name in (
        engine.sql(
            """
        SELECT min(rule_id) AS rule_id, region_code, precinct_number, district_code, part,
            status, written, taken
        FROM coverage_name GROUP BY ALL
        """
        )
        .pl()
        .to_dicts()
    ):
        taken = f" taken for {name['taken']}" if name["status"] == "FUZZY" else ""
        rows.append(
            {
                **_area(name),
                "problem": NAME_PROBLEMS[name["status"]],
                "precincts": [name["precinct_number"]],
                "place": rules.get(name["rule_id"]),
                "detail": f"{name['part']} {name['written']}{taken}",
            }
        )
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "problem": pl.String,
        "region_code": pl.String,
        "district_code": pl.String,
        "precincts": pl.List(pl.Int32),
        "place": pl.String,
        "dwellings": pl.Int64,
        "detail": pl.String,
    }
    order = pl.Enum([str(problem) for problem in CoverageProblem])
    return pl.DataFrame(rows, schema=schema).sort(
        pl.col("dwellings").fill_null(0),
        pl.col("problem").cast(order, strict=False),
        "region_code",
        pl.col("precincts").list.first(),
        "place",
        "detail",
        descending=[True, False, False, False, False, False],
    )


def _houses(houses: list[str] | None) -> str:
    """Houses as a clerk reads them: 1–8, 10, 28A; numbers that follow on as one range."""
    known = sorted(houses or [], key=lambda house: (len(house), house))
    spans: list[tuple[str, str]] = []
    for house in known:
        last = spans[-1][1] if spans else ""
        if house.isdigit() and last.isdigit() and int(house) == int(last) + 1:
            spans[-1] = (spans[-1][0], house)
        else:
            spans.append((house, house))
    shown = [first if first == last else f"{first}–{last}" for first, last in spans]
    more = f" … and {len(shown) - HOUSES_SHOWN} more" if len(shown) > HOUSES_SHOWN else ""
    return "houses " + ", ".join(shown[:HOUSES_SHOWN]) + more if shown else ""


def _area(row: dict[str, Any]) -> dict[str, str]:
    return {"region_code": row["region_code"], "district_code": row["district_code"]}
