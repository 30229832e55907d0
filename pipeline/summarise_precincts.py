"""Stage 7e: one line per precinct, for the district office and the report."""

import duckdb

Relation = duckdb.DuckDBPyRelation


def summarise_precincts(
    engine: duckdb.DuckDBPyConnection,
    precincts: Relation,
    voters: Relation,
    changes: Relation,
    discrepancies: Relation,
    unplaced: Relation,
) -> Relation:
    """Voters by sex and basis, changes and open questions of every precinct.

    Args:
        engine: where the tables live.
        precincts: SourcePrecinct.
        voters: VoterListEntry.
        changes: ListChange.
        discrepancies: Discrepancy.
        unplaced: region_code, district_code of each eligible person without a precinct.

    Returns:
        PrecinctSummary, one row per precinct, empty ones included. `moved` counts voters
        who came from another precinct; `unplaced_nearby` is a figure of the district and
        so repeats in each of its precincts; a question about voters of two precincts
        counts in both.
    """
    return engine.sql(
        """
        WITH listed AS (
            SELECT region_code, precinct_number, count(*) AS voters,
                count(*) FILTER (sex = 'F') AS women,
                count(*) FILTER (sex = 'M') AS men,
                count(*) FILTER (basis = 'PERMANENT') AS permanent,
                count(*) FILTER (basis = 'TEMPORARY') AS temporary,
                count(*) FILTER (basis = 'ROSTER') AS roster,
                count(*) FILTER (basis = 'DECISION') AS decision
            FROM voters GROUP BY ALL
        ), arrivals AS (
            SELECT region_code_after AS region_code,
                precinct_number_after AS precinct_number,
                count(*) FILTER (change = 'ADDED') AS added,
                count(*) FILTER (change = 'MOVED') AS moved
            FROM changes GROUP BY ALL
        ), departures AS (
            SELECT region_code_before AS region_code,
                precinct_number_before AS precinct_number, count(*) AS removed
            FROM changes WHERE change = 'REMOVED' GROUP BY ALL
        ), questions AS (
            SELECT region_code, precinct_number, count(*) AS discrepancies
            FROM (
                SELECT region_code, precinct_number FROM discrepancies
                UNION ALL
                SELECT other_region_code, other_precinct_number FROM discrepancies
            ) WHERE precinct_number IS NOT NULL GROUP BY ALL
        ), nowhere AS (
            SELECT district_code, count(*) AS unplaced_nearby FROM unplaced GROUP BY ALL
        )
        SELECT precinct.region_code, precinct.precinct_number, precinct.district_code,
            precinct.kind, precinct.constituency, precinct.name, precinct.address,
            coalesce(voters, 0) AS voters, coalesce(women, 0) AS women,
            coalesce(men, 0) AS men, coalesce(permanent, 0) AS permanent,
            coalesce(temporary, 0) AS temporary, coalesce(roster, 0) AS roster,
            coalesce(decision, 0) AS decision, coalesce(added, 0) AS added,
            coalesce(removed, 0) AS removed, coalesce(moved, 0) AS moved,
            coalesce(discrepancies, 0) AS discrepancies,
            coalesce(unplaced_nearby, 0) AS unplaced_nearby
        FROM precincts AS precinct
        LEFT JOIN listed USING (region_code, precinct_number)
        LEFT JOIN arrivals USING (region_code, precinct_number)
        LEFT JOIN departures USING (region_code, precinct_number)
        LEFT JOIN questions USING (region_code, precinct_number)
        LEFT JOIN nowhere USING (district_code)
        """
    )
