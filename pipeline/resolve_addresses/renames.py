"""Renamed streets: every source is read under the name that a street has now.

What belongs here: which renames are certain, and the expressions that apply them. Registers
follow a renaming at their own pace (CoM Res. 475 of 30.07.2025), so it is applied to
addresses, dwellings and coverage rules alike.
"""

import duckdb

Relation = duckdb.DuckDBPyRelation


def tabulate_renames(
    engine: duckdb.DuckDBPyConnection, prefix: str, street_aliases: Relation
) -> None:
    """Make `<prefix>_rename` and `<prefix>_reused`.

    `_rename` (district_code, old_key, old_lane, new_key, new_lane, is_whole) holds the
    renames with one new name; lanes are '' for the street itself, and is_whole says that
    its lanes went with it. `_reused` (district_code, street_key) holds names that one
    street gave up and another took: an old register may mean either.

    Args:
        engine: where the tables live.
        prefix: of the tables to make.
        street_aliases: district_code, street_key_old, street_key_new and, where lanes were
            renamed, lane_old and lane_new.
    """
    lanes = "lane_old, lane_new" if "lane_old" in street_aliases.columns else "'', ''"
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_alias AS
        SELECT DISTINCT district_code, old_key, coalesce(old_lane, '') AS old_lane,
            new_key, coalesce(new_lane, '') AS new_lane
        FROM (
            SELECT district_code, street_key_old, street_key_new, {lanes}
            FROM street_aliases
        ) AS alias(district_code, old_key, new_key, old_lane, new_lane)
        WHERE old_key IS NOT NULL AND new_key IS NOT NULL
          AND (old_key, coalesce(old_lane, '')) <> (new_key, coalesce(new_lane, ''))
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_reused AS
        SELECT DISTINCT alias.district_code, alias.old_key AS street_key
        FROM {prefix}_alias AS alias
        SEMI JOIN {prefix}_alias AS earlier
            ON earlier.district_code = alias.district_code
            AND earlier.new_key = alias.old_key AND earlier.new_lane = alias.old_lane
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_rename AS
        SELECT district_code, old_key, old_lane, min(new_key) AS new_key,
            min(new_lane) AS new_lane,
            old_lane = '' AND min(new_lane) = '' AS is_whole
        FROM {prefix}_alias AS alias
        ANTI JOIN {prefix}_reused AS reused
            ON reused.district_code = alias.district_code
            AND reused.street_key = alias.old_key
        GROUP BY district_code, old_key, old_lane HAVING count(*) = 1
        """
    )


def rename_joins(prefix: str, row: str) -> str:
    """Joins that bring a row's renames; for `current_street` and `current_lane`."""
    return f"""
        LEFT JOIN {prefix}_rename AS renamed_lane
            ON renamed_lane.district_code = {row}.district_code
            AND renamed_lane.old_key = {row}.street_key
            AND renamed_lane.old_lane = coalesce({row}.lane, '')
            AND NOT renamed_lane.is_whole
        LEFT JOIN {prefix}_rename AS renamed
            ON renamed.district_code = {row}.district_code
            AND renamed.old_key = {row}.street_key AND renamed.is_whole
    """


def current_street(row: str) -> str:
    """The street's key under its name of today, as an expression."""
    return f"coalesce(renamed_lane.new_key, renamed.new_key, {row}.street_key)"


def current_lane(row: str) -> str:
    """The lane under its name of today, as an expression; null for the main street."""
    return f"""CASE WHEN renamed_lane.new_key IS NULL THEN {row}.lane
        ELSE nullif(renamed_lane.new_lane, '') END"""
