"""Stage 7a: the list itself, and where every source row went.

What belongs here: one entry per placed eligible person, lineage and reconciliation. No
decision is taken here; all were taken before.
"""

import duckdb

Relation = duckdb.DuckDBPyRelation


def compose_list(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    source_persons: Relation,
    placements: Relation,
    address_links: Relation,
    precincts: Relation,
    stable_ids: Relation,
    flags: Relation,
) -> Relation:
    """The voter list: one entry per placed eligible person.

    Args:
        engine: where the tables live.
        persons: Person.
        source_persons: SourcePerson with corrections applied: names as registered.
        placements: Placement.
        address_links: AddressLink: the address in its standard spelling.
        precincts: SourcePrecinct.
        stable_ids: StableId.
        flags: person_id, flags (codes of open discrepancies, sorted).

    Returns:
        VoterListEntry. list_number counts 1..n in each precinct in the printed order:
        mahalla, street, house, building and flat by number then text, surname, given
        name, patronymic, birth date, voter_id.
    """
    return engine.sql(
        f"""
        SELECT
            stable.stable_id AS voter_id,
            row_number() OVER (
                PARTITION BY precinct.region_code, precinct.precinct_number
                ORDER BY
                    address.mahalla NULLS LAST, address.street NULLS LAST,
                    address.house_number NULLS LAST, address.house NULLS LAST,
                    {_leading_number("address.building")} NULLS LAST,
                    address.building NULLS LAST,
                    {_leading_number("address.flat")} NULLS LAST,
                    address.flat NULLS LAST,
                    row.surname NULLS LAST, row.given_name NULLS LAST,
                    row.patronymic NULLS LAST, person.birth_date, stable.stable_id
            ) AS list_number,
            precinct.region_code, precinct.district_code, precinct.precinct_number,
            precinct.constituency, precinct.kind AS precinct_kind,
            person.pinfl, row.surname, row.given_name, row.patronymic,
            person.sex, person.birth_date,
            coalesce(row.document_number, person.document_key) AS document_number,
            address.mahalla, address.street, address.house, address.building,
            address.flat, address.cadastral_key AS cadastral_number,
            placement.basis, placement.temporary_elsewhere, placement.placement,
            coalesce(flags.flags, []::VARCHAR[]) AS flags
        FROM placements AS placement
        JOIN persons AS person USING (person_id)
        JOIN source_persons AS row ON row.row_id = person.main_row_id
        JOIN stable_ids AS stable USING (person_id)
        JOIN precincts AS precinct
            ON precinct.region_code = placement.region_code
            AND precinct.precinct_number = placement.precinct_number
        LEFT JOIN address_links AS address ON address.address_id = placement.address_id
        LEFT JOIN flags ON flags.person_id = placement.person_id
        WHERE placement.precinct_number IS NOT NULL
        """
    )


def list_unlisted(
    engine: duckdb.DuckDBPyConnection,
    persons: Relation,
    records: Relation,
    stable_ids: Relation,
    eligibility: Relation,
    placements: Relation,
    restrictions: Relation,
    decisions: Relation,
) -> Relation:
    """Every person without an entry and why, as UnlistedPerson."""
    return engine.sql(
        """
        SELECT stable.stable_id AS person_id, person.pinfl, record.region_code,
            record.district_code, verdict.ground, verdict.article,
            act.record_id AS restriction_record_id, decision.decision_id,
            placement.unplaced_reason
        FROM persons AS person
        JOIN records AS record ON record.row_id = person.main_row_id
        JOIN stable_ids AS stable USING (person_id)
        JOIN eligibility AS verdict USING (person_id)
        LEFT JOIN placements AS placement USING (person_id)
        LEFT JOIN restrictions AS act ON act.row_id = verdict.restriction_row_id
        LEFT JOIN decisions AS decision ON decision.row_id = verdict.decision_row_id
        WHERE placement.precinct_number IS NULL
        """
    )


def list_unplaced(
    engine: duckdb.DuckDBPyConnection,
    placements: Relation,
    persons: Relation,
    records: Relation,
) -> Relation:
    """Eligible persons without a precinct: person_id and where the main row is from."""
    return engine.sql(
        """
        SELECT placement.person_id, record.region_code, record.district_code
        FROM placements AS placement
        JOIN persons AS person USING (person_id)
        JOIN records AS record ON record.row_id = person.main_row_id
        WHERE placement.precinct_number IS NULL
        """
    )


def _leading_number(column: str) -> str:
    return f"try_cast(regexp_extract({column}, '\\d+') AS INTEGER)"


def trace_lineage(
    engine: duckdb.DuckDBPyConnection,
    source_persons: Relation,
    person_links: Relation,
    persons: Relation,
    stable_ids: Relation,
    eligibility: Relation,
    placements: Relation,
) -> Relation:
    """Where every row of mia/persons ended: one Lineage row each.

    The row that names a listed voter is LISTED, the voter's other rows are MERGED_INTO it;
    rows of an ineligible person are INELIGIBLE and rows of one without a precinct UNPLACED.
    """
    return engine.sql(
        """
        SELECT
            'mia/persons' AS source, row.record_id,
            CASE WHEN placement.precinct_number IS NOT NULL
                 THEN stable.stable_id END AS voter_id,
            stable.stable_id AS person_id,
            CASE
                WHEN NOT verdict.is_eligible THEN 'INELIGIBLE'
                WHEN placement.precinct_number IS NULL THEN 'UNPLACED'
                WHEN person.main_row_id = link.row_id THEN 'LISTED'
                ELSE 'MERGED_INTO'
            END AS outcome,
            CASE
                WHEN NOT verdict.is_eligible THEN verdict.ground
                WHEN placement.precinct_number IS NULL THEN placement.unplaced_reason
                WHEN person.main_row_id = link.row_id THEN placement.basis
                ELSE link.rule
            END AS reason,
            link.rule, link.match_weight AS weight, link.pattern
        FROM source_persons AS row
        JOIN person_links AS link USING (row_id)
        JOIN persons AS person USING (person_id)
        JOIN stable_ids AS stable USING (person_id)
        JOIN eligibility AS verdict USING (person_id)
        LEFT JOIN placements AS placement USING (person_id)
        """
    )


def trace_restrictions(
    engine: duckdb.DuckDBPyConnection,
    restrictions: Relation,
    restriction_links: Relation,
    stable_ids: Relation,
    eligibility: Relation,
) -> Relation:
    """What every row of mia/restrictions did: one Lineage row each.

    APPLIED where the person is off the list for the ground this row gives; NOT_APPLIED
    otherwise, with the reason (nobody found, several, not in force on election day …).
    """
    return engine.sql(
        """
        SELECT
            'mia/restrictions' AS source, act.record_id,
            NULL::VARCHAR AS voter_id, stable.stable_id AS person_id,
            CASE WHEN link.outcome = 'LINKED' AND NOT verdict.is_eligible
                      AND verdict.restriction_row_id = act.row_id
                 THEN 'APPLIED' ELSE 'NOT_APPLIED' END AS outcome,
            CASE
                WHEN link.outcome <> 'LINKED' THEN link.outcome
                WHEN NOT verdict.is_eligible AND verdict.restriction_row_id = act.row_id
                    THEN verdict.ground
                WHEN NOT verdict.is_eligible THEN 'OTHER_GROUND'
                ELSE 'NOT_IN_FORCE'
            END AS reason,
            link.rule, link.match_weight AS weight, NULL::VARCHAR AS pattern
        FROM restrictions AS act
        JOIN restriction_links AS link USING (row_id)
        LEFT JOIN stable_ids AS stable USING (person_id)
        LEFT JOIN eligibility AS verdict USING (person_id)
        """
    )


def trace_rosters(
    engine: duckdb.DuckDBPyConnection,
    rosters: Relation,
    roster_links: Relation,
    stable_ids: Relation,
    placements: Relation,
) -> Relation:
    """What every row of cec/rosters did: one Lineage row each.

    A roster row has no key of its own: its lineage key is file and row.
    """
    return engine.sql(
        """
        SELECT
            'cec/rosters' AS source,
            roster.source_file || ':' || roster.source_row AS record_id,
            CASE WHEN placement.roster_row_id = roster.row_id
                 THEN stable.stable_id END AS voter_id,
            stable.stable_id AS person_id,
            CASE WHEN placement.roster_row_id = roster.row_id THEN 'APPLIED'
                 ELSE 'NOT_APPLIED' END AS outcome,
            CASE
                WHEN link.outcome <> 'LINKED' THEN link.outcome
                WHEN placement.roster_row_id = roster.row_id THEN 'MOVED_BY_ROSTER'
                WHEN placement.person_id IS NULL THEN 'NOT_ELIGIBLE'
                ELSE 'OTHER_BASIS'
            END AS reason,
            link.rule, link.match_weight AS weight, NULL::VARCHAR AS pattern
        FROM rosters AS roster
        JOIN roster_links AS link USING (row_id)
        LEFT JOIN stable_ids AS stable USING (person_id)
        LEFT JOIN placements AS placement USING (person_id)
        """
    )


def trace_decisions(
    engine: duckdb.DuckDBPyConnection,
    decisions: Relation,
    corrections: Relation,
    decided: Relation,
    stable_ids: Relation,
    eligibility: Relation,
    placements: Relation,
    records: Relation,
    person_links: Relation,
) -> Relation:
    """What every row of cec/decisions did: one Lineage row each."""
    return engine.sql(
        """
        WITH pair AS (
            SELECT decision.row_id AS decision_row_id, decision.kind,
                left_link.person_id AS left_person, right_link.person_id AS right_person
            FROM decisions AS decision
            LEFT JOIN records AS left_row ON left_row.record_id = decision.record_id_a
            LEFT JOIN records AS right_row ON right_row.record_id = decision.record_id_b
            LEFT JOIN person_links AS left_link ON left_link.row_id = left_row.row_id
            LEFT JOIN person_links AS right_link ON right_link.row_id = right_row.row_id
            WHERE decision.kind IN ('SAME_PERSON', 'DIFFERENT_PERSONS')
        ), verdict AS (
            SELECT decision_row_id, NULL::BIGINT AS person_id,
                CASE
                    WHEN left_person IS NULL OR right_person IS NULL
                        THEN 'TARGET_UNKNOWN'
                    WHEN (kind = 'SAME_PERSON') = (left_person = right_person)
                        THEN kind
                    ELSE 'SUPERSEDED'
                END AS reason
            FROM pair
            UNION ALL
            SELECT decision_row_id, link.person_id, reason
            FROM corrections LEFT JOIN person_links AS link USING (row_id)
            UNION ALL
            SELECT decided.decision_row_id, decided.person_id,
                CASE
                    WHEN NOT decided.is_effective THEN decided.reason
                    WHEN decided.kind = 'EXCLUDE'
                        THEN CASE WHEN eligibility.is_eligible THEN 'REFUSED'
                                  ELSE 'EXCLUDE' END
                    WHEN NOT eligibility.is_eligible THEN 'NOT_ELIGIBLE'
                    WHEN decided.kind = 'INCLUDE' THEN 'INCLUDE'
                    WHEN placement.decision_row_id = decided.decision_row_id
                         OR decided.kind = 'CONFIRM_PERMANENT' THEN decided.kind
                    ELSE 'REFUSED'
                END
            FROM decided
            LEFT JOIN eligibility USING (person_id)
            LEFT JOIN placements AS placement USING (person_id)
        )
        SELECT
            'cec/decisions' AS source, decision.decision_id AS record_id,
            CASE WHEN placement.precinct_number IS NOT NULL THEN stable.stable_id
            END AS voter_id,
            stable.stable_id AS person_id,
            CASE WHEN verdict.reason IN (decision.kind, 'CORRECTED')
                 THEN 'APPLIED' ELSE 'NOT_APPLIED' END AS outcome,
            verdict.reason,
            decision.kind AS rule, NULL::DOUBLE AS weight, NULL::VARCHAR AS pattern
        FROM decisions AS decision
        JOIN verdict ON verdict.decision_row_id = decision.row_id
        LEFT JOIN stable_ids AS stable USING (person_id)
        LEFT JOIN placements AS placement USING (person_id)
        """
    )


def reconcile(
    engine: duckdb.DuckDBPyConnection,
    lineage: Relation,
    quarantined: Relation,
    sources: dict[str, Relation],
) -> Relation:
    """Where every input row went, summed: the chain that ties any two published figures.

    Args:
        engine: where the tables live.
        lineage: Lineage of persons, restrictions, rosters and decisions.
        quarantined: QuarantinedRow of every source.
        sources: accepted rows by source. Sources without lineage (dwellings, precincts …)
            count as APPLIED.

    Returns:
        Reconciliation. Region and district are those of the row as delivered; empty where
        a source has none or they could not be read.
    """
    parts = [
        "SELECT source, coalesce(region_code, '') AS region_code, "
        "coalesce(district_code, '') AS district_code, 'QUARANTINED' AS outcome, "
        "rule AS reason, count(*) AS rows FROM quarantined GROUP BY ALL"
    ]
    traced = {
        "mia/persons": "row.record_id",
        "mia/restrictions": "row.record_id",
        "cec/rosters": "row.source_file || ':' || row.source_row",
        "cec/decisions": "row.decision_id",
    }
    for source, relation in sources.items():
        view = "reconcile_" + source.replace("/", "_")
        relation.create_view(view, replace=True)
        places = [
            f"coalesce(row.{column}, '')" if column in relation.columns else "''"
            for column in ("region_code", "district_code")
        ]
        head = f"SELECT '{source}', {places[0]}, {places[1]}, "
        if source in traced:
            parts.append(
                f"{head} trace.outcome, trace.reason, count(*) FROM {view} AS row "
                f"JOIN (SELECT * FROM lineage WHERE source = '{source}') AS trace "
                f"ON trace.record_id = {traced[source]} GROUP BY ALL"
            )
        else:
            parts.append(
                f"{head} 'APPLIED', 'USED', count(*) FROM {view} AS row GROUP BY ALL"
            )
    return engine.sql(" UNION ALL ".join(parts))
