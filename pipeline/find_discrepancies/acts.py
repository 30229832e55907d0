"""Discrepancies of acts: restrictions, rosters, decisions, names added by hand."""

from pipeline.run import Policy


def restrictions_without_person(election_date: str) -> str:
    """RESTRICTION_NOT_FOUND, RESTRICTION_AMBIGUOUS: acts that remove nobody for certain.

    Acts that could take nobody's vote on election day (ordinary imprisonment, expired)
    are no question.
    """
    return f"""
        SELECT
            CASE WHEN link.outcome = 'NOT_FOUND' THEN 'RESTRICTION_NOT_FOUND'
                 ELSE 'RESTRICTION_AMBIGUOUS' END,
            act.record_id, link.candidate_person_ids,
            [act.record_id], NULL, NULL, NULL, act.kind, act.reference, NULL,
            link.match_weight, NULL
        FROM restriction_links AS link JOIN restrictions AS act USING (row_id)
        WHERE link.outcome <> 'LINKED'
          AND coalesce(act.gravity, '') <> 'ORDINARY'
          AND coalesce(act.valid_from, DATE '1850-01-01') <= DATE '{election_date}'
          AND coalesce(act.valid_until, DATE '9999-12-31') >= DATE '{election_date}'
    """


def rosters_without_person() -> str:
    """ROSTER_NOT_FOUND, ROSTER_AMBIGUOUS: roster rows that move nobody for certain."""
    return """
        SELECT
            CASE WHEN link.outcome = 'NOT_FOUND' THEN 'ROSTER_NOT_FOUND'
                 ELSE 'ROSTER_AMBIGUOUS' END,
            named.record_id, link.candidate_person_ids, [named.record_id],
            roster.region_code,
            precinct.district_code, roster.precinct_number, NULL, NULL, NULL,
            link.match_weight, NULL
        FROM roster_links AS link JOIN rosters AS roster USING (row_id)
        JOIN roster_keys AS named USING (row_id)
        LEFT JOIN precincts AS precinct
            ON precinct.region_code = roster.region_code
            AND precinct.precinct_number = roster.precinct_number
        WHERE link.outcome <> 'LINKED'
    """


def decisions_without_effect() -> str:
    """DECISION_TARGET_UNKNOWN, DECISION_CONTRADICTED, DECISION_REFUSED."""
    return """
        SELECT
            CASE WHEN trace.reason = 'TARGET_UNKNOWN' THEN 'DECISION_TARGET_UNKNOWN'
                 WHEN trace.reason = 'SUPERSEDED' THEN 'DECISION_CONTRADICTED'
                 ELSE 'DECISION_REFUSED' END,
            trace.record_id,
            CASE WHEN person.person_id IS NULL THEN []::BIGINT[]
                 ELSE [person.person_id] END,
            [trace.record_id], NULL, NULL, NULL, trace.rule, trace.reason, NULL,
            NULL, NULL
        FROM decision_lineage AS trace
        LEFT JOIN discrepancy_person AS person ON person.stable_id = trace.person_id
        WHERE trace.outcome = 'NOT_APPLIED'
          AND trace.reason NOT IN ('WITHDRAWN', 'REPEATED')
    """


def corrections_overtaken() -> str:
    """DECISION_SOURCE_MOVED: the source says something new under a standing correction."""
    return """
        SELECT 'DECISION_SOURCE_MOVED', correction.decision_id, [link.person_id],
            [correction.record_id], NULL, NULL, NULL, correction.field,
            correction.source_value, correction.value, NULL, NULL
        FROM corrections AS correction JOIN person_links AS link USING (row_id)
        WHERE correction.is_source_moved
    """


def decisions_overtaken() -> str:
    """DECISION_SOURCE_MOVED of other kinds: what the decision was based on has changed.

    A new registration, address, restriction or identity under a decision that still holds.
    """
    return """
        SELECT 'DECISION_SOURCE_MOVED', decision.decision_id,
            CASE WHEN person.person_id IS NULL THEN []::BIGINT[]
                 ELSE [person.person_id] END,
            list_filter([decision.record_id_a, decision.record_id_b],
                lambda record: record IS NOT NULL),
            NULL, NULL, NULL, decision.kind, NULL, NULL, NULL, NULL
        FROM decisions AS decision
        JOIN decision_lineage AS trace ON trace.record_id = decision.decision_id
        LEFT JOIN discrepancy_person AS person ON person.stable_id = trace.person_id
        WHERE decision.is_source_moved AND decision.kind <> 'CORRECT'
    """


def decisions_of_the_ledger(policy: Policy) -> str:
    """DECISION_ALTERED, DECISION_NOT_DELIVERED: the ledger and the delivery disagree.

    The ledger holds; whoever delivers is asked to withdraw in words, not by silence.
    Nothing is missed where deliveries hold new decisions only.
    """
    return f"""
        SELECT CASE WHEN is_altered THEN 'DECISION_ALTERED'
                    ELSE 'DECISION_NOT_DELIVERED' END,
            decision_id, []::BIGINT[], [decision_id], NULL, NULL, NULL, kind, NULL, NULL,
            NULL, NULL
        FROM decisions
        WHERE is_altered OR (NOT is_delivered AND outcome = 'APPLIED'
                             AND kind <> 'WITHDRAW' AND {policy.decisions_complete})
    """


def requests_unanswered() -> str:
    """Voters who wait for another precinct: in time, too long, or without it being clear.

    value_a is the precinct asked for, or the station's address; value_b the last day for
    the answer, or what is wrong with the request.
    """
    return """
        SELECT
            CASE WHEN request.problem IS NOT NULL THEN 'PRECINCT_REQUEST_UNCLEAR'
                 WHEN request.status = 'OVERDUE' THEN 'PRECINCT_REQUEST_OVERDUE'
                 ELSE 'PRECINCT_REQUEST_OPEN' END,
            request.request_id,
            CASE WHEN person.person_id IS NULL THEN []::BIGINT[]
                 ELSE [person.person_id] END,
            [request.request_id],
            CASE WHEN person.person_id IS NULL THEN asked.region_code END,
            CASE WHEN person.person_id IS NULL THEN asked.district_code END,
            CASE WHEN person.person_id IS NULL THEN asked.precinct_number END,
            'precinct_number',
            coalesce(request.region_code || '-' || request.precinct_number,
                request.station_address),
            coalesce(request.problem, request.due_on::VARCHAR), NULL, NULL
        FROM precinct_requests AS request
        LEFT JOIN discrepancy_person AS person ON person.stable_id = request.person_id
        LEFT JOIN precincts AS asked
            ON asked.region_code = request.region_code
            AND asked.precinct_number = request.precinct_number
        WHERE request.status IN ('OPEN', 'OVERDUE')
    """


def supplementary_names() -> str:
    """SUPPLEMENTARY_*: who was added by hand and stands elsewhere, twice, or nowhere.

    ODIHR 2024 asks for safeguards against misuse of supplementary lists.
    """
    return """
        WITH named AS (
            SELECT added.row_id, added.region_code, added.precinct_number,
                key.record_id,
                link.outcome, link.person_id, link.candidate_person_ids,
                placement.region_code AS home_region,
                placement.precinct_number AS home_precinct,
                count(DISTINCT (added.region_code, added.precinct_number)) OVER (
                    PARTITION BY link.person_id) AS precinct_count
            FROM supplementary_links AS link
            JOIN supplementary AS added USING (row_id)
            JOIN supplementary_keys AS key USING (row_id)
            LEFT JOIN placements AS placement USING (person_id)
        )
        SELECT
            CASE
                WHEN outcome <> 'LINKED' THEN 'SUPPLEMENTARY_NOT_FOUND'
                WHEN precinct_count > 1 THEN 'SUPPLEMENTARY_REPEATED'
                ELSE 'SUPPLEMENTARY_LISTED_ELSEWHERE'
            END,
            record_id,
            CASE WHEN person_id IS NULL THEN candidate_person_ids
                 ELSE [person_id] END,
            [record_id], named.region_code, precinct.district_code,
            named.precinct_number, 'precinct_number',
            home_region || '-' || home_precinct,
            named.region_code || '-' || named.precinct_number, NULL, NULL
        FROM named
        LEFT JOIN precincts AS precinct
            ON precinct.region_code = named.region_code
            AND precinct.precinct_number = named.precinct_number
        WHERE outcome <> 'LINKED' OR precinct_count > 1
           OR (home_region, home_precinct)
              IS DISTINCT FROM (named.region_code, named.precinct_number)
    """
