"""Which tables a release holds, cut how, in which order.

What belongs here: the list of tables and nothing that writes them. A new table of a
release is one entry here.
"""

import dataclasses

from pipeline.tables import OF_PAIRS
from schemas.codes import Severity

NO_REGION = "0000"
NO_DISTRICT = "none"


@dataclasses.dataclass(frozen=True)
class AreaTable:
    """A table that is split by district: whose rows, in which order."""

    name: str
    rows: str
    """SELECT of every column and of area_region and area_district, FROM `source`."""
    order: tuple[str, ...]
    sorted_by: tuple[str, ...]
    """The part of the order that a reader can rely on as plain columns."""


_SEVERITY = "CASE severity " + "".join(
    f"WHEN '{severity}' THEN {rank} " for rank, severity in enumerate(Severity)
)

AREA_TABLES: tuple[AreaTable, ...] = (
    AreaTable(
        "voters",
        "SELECT *, region_code AS area_region, district_code AS area_district FROM source",
        ("precinct_number", "list_number"),
        ("precinct_number", "list_number"),
    ),
    # A move between districts concerns both offices: the row is in both files.
    AreaTable(
        "changes",
        "SELECT *, region_code_before AS area_region, "
        "district_code_before AS area_district "
        "FROM source WHERE district_code_before IS NOT NULL "
        "UNION ALL "
        "SELECT *, region_code_after, district_code_after "
        "FROM source WHERE district_code_after IS NOT NULL "
        "AND district_code_after IS DISTINCT FROM district_code_before",
        ("voter_id", "field"),
        ("voter_id", "field"),
    ),
    AreaTable(
        "notices",
        "SELECT *, region_code AS area_region, district_code AS area_district FROM source",
        ("precinct_number", "voter_id"),
        ("precinct_number", "voter_id"),
    ),
    # Both commissions ask: where the voter is listed, and where they are registered too.
    AreaTable(
        "temporary_residents",
        "SELECT *, region_code AS area_region, district_code AS area_district FROM source "
        "UNION ALL "
        "SELECT *, temporary_region_code, temporary_district_code FROM source "
        "WHERE temporary_district_code <> district_code",
        ("precinct_number", "temporary_precinct_number", "voter_id"),
        ("precinct_number", "temporary_precinct_number", "voter_id"),
    ),
    # A question about two people of two districts is in both files: each office sees why
    # its voter is flagged.
    *(
        AreaTable(
            name,
            f"SELECT *, coalesce(region_code, '{NO_REGION}') AS area_region, "
            f"coalesce(district_code, '{NO_DISTRICT}') AS area_district FROM source "
            "UNION ALL "
            "SELECT *, other_region_code, other_district_code FROM source "
            "WHERE other_district_code <> district_code",
            (f"{_SEVERITY} END", "code", "precinct_number", "discrepancy_id"),
            (),
        )
        for name in OF_PAIRS
    ),
)


@dataclasses.dataclass(frozen=True)
class WholeTable:
    """A table that is one file for the country."""

    name: str
    order: tuple[str, ...]
    for_offices: bool
    """Whether it is written as CSV and XLSX too."""


WHOLE_TABLES: tuple[WholeTable, ...] = (
    WholeTable("precincts", ("region_code", "precinct_number"), for_offices=True),
    WholeTable(
        "reconciliation",
        ("source", "region_code", "district_code", "outcome", "reason"),
        for_offices=True,
    ),
    *(
        WholeTable(
            f"discrepancies_{owner}",
            ("region_code", "district_code", "code", "discrepancy_id"),
            for_offices=True,
        )
        for owner in ("mia", "cadastre", "cec")
    ),
    WholeTable("lineage", ("source", "record_id"), for_offices=False),
    WholeTable(
        "number_changes", ("number_before", "number_after", "changed_on"), for_offices=False
    ),
    WholeTable("unlisted", ("person_id",), for_offices=False),
    WholeTable("decisions", ("decision_id",), for_offices=False),
    WholeTable("precinct_requests", ("request_id",), for_offices=False),
    WholeTable("correction", ("decision_id",), for_offices=False),
    WholeTable("linkage_model", ("column", "level"), for_offices=False),
    WholeTable("review_entry", ("discrepancy_id", "record_id"), for_offices=False),
    WholeTable(
        "quarantined_row",
        ("source", "source_file", "source_row", "rule"),
        for_offices=False,
    ),
)
