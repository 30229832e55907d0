"""Discrepancies of persons: possible duplicates, contradictory registrations, age."""

from pipeline.find_discrepancies.places import ADDRESS
from pipeline.run import Policy

_PAIR = """
    least(a.record_id, b.record_id) || '/' || greatest(a.record_id, b.record_id)
"""
"""What makes a question about two rows the same one in the next release."""


def possible_duplicates() -> str:
    """POSSIBLE_DUPLICATE, PINFL_SHARED, DOCUMENT_SHARED: pairs that nobody decided yet.

    Asked only where both may vote: nobody stands twice otherwise.
    """
    return f"""
        SELECT
            CASE WHEN pair.cause IN ('PINFL_SHARED', 'DOCUMENT_SHARED') THEN pair.cause
                 ELSE 'POSSIBLE_DUPLICATE' END,
            {_PAIR},
            [pair.left_person_id, pair.right_person_id],
            list_sort([a.record_id, b.record_id]), NULL, NULL, NULL,
            pair.cause, pair.pattern, NULL, pair.match_weight,
            pair.expected_chance_matches
        FROM review_pairs AS pair
        JOIN records AS a ON a.row_id = pair.left_row_id
        JOIN records AS b ON b.row_id = pair.right_row_id
        JOIN discrepancy_person AS p ON p.person_id = pair.left_person_id
        JOIN discrepancy_person AS q ON q.person_id = pair.right_person_id
        WHERE p.is_eligible AND q.is_eligible
    """


def chance_nearby() -> str:
    """By subject of such a question: strangers who agree as well, in the area of the two.

    Beside the figure of the whole population: what a clerk of the district may expect.
    """
    return f"""
        SELECT {_PAIR} AS subject,
            max(pair.expected_chance_nearby) AS expected_chance_nearby
        FROM review_pairs AS pair
        JOIN records AS a ON a.row_id = pair.left_row_id
        JOIN records AS b ON b.row_id = pair.right_row_id
        GROUP BY subject
    """


def several_permanent(election_date: str) -> str:
    """SEVERAL_PERMANENT: permanent registrations in force at more than one address.

    Two spellings of one address are one: dwellings count, or the address in its parts.
    """
    return f"""
        SELECT 'SEVERAL_PERMANENT', any_value(person.stable_id), [link.person_id],
            list_sort(list(record.record_id)), NULL, NULL, NULL, 'registration_kind',
            NULL, NULL, NULL, NULL
        FROM records AS record
        JOIN person_links AS link USING (row_id)
        JOIN discrepancy_person AS person USING (person_id)
        JOIN address_links AS address USING (address_id)
        WHERE person.is_eligible AND person.row_count > 1
          AND record.registration_kind = 'PERMANENT'
          AND coalesce(record.registered_until >= DATE '{election_date}', true)
        GROUP BY link.person_id
        HAVING count(DISTINCT coalesce(
            address.dwelling_id::VARCHAR, {ADDRESS})) > 1
    """


def birth_dates_differ() -> str:
    """BIRTH_DATES_DIFFER: full birth dates of one person that are not the same."""
    return """
        WITH differing AS (
            SELECT person_id
            FROM records AS record
            JOIN person_links AS link USING (row_id)
            JOIN discrepancy_person AS person USING (person_id)
            WHERE person.is_eligible AND person.row_count > 1
              AND record.birth_date_precision = 'DAY'
            GROUP BY person_id HAVING min(record.birth_date) <> max(record.birth_date)
        )
        SELECT 'BIRTH_DATES_DIFFER', any_value(person.stable_id), [person_id],
            list_sort(list(record.record_id)), NULL, NULL, NULL, 'birth_date',
            min(record.birth_date)::VARCHAR, max(record.birth_date)::VARCHAR, NULL, NULL
        FROM differing
        JOIN discrepancy_person AS person USING (person_id)
        JOIN person_links AS link USING (person_id)
        JOIN records AS record USING (row_id)
        GROUP BY person_id
    """


def age_implausible(policy: Policy, election_date: str) -> str:
    """AGE_IMPLAUSIBLE: older than the election's parameter; perhaps a missing death."""
    return f"""
        SELECT 'AGE_IMPLAUSIBLE', stable_id, [person_id], [record_id],
            NULL, NULL, NULL, 'birth_date', birth_date::VARCHAR, NULL, NULL, NULL
        FROM discrepancy_person
        WHERE is_eligible
          AND datediff('year', birth_date, DATE '{election_date}')
              > {policy.implausible_age_years}
    """


def seen_in_verdicts() -> str:
    """Warnings of the eligibility verdict: age, citizenship, a death before a renewal."""
    return """
        SELECT code, person.stable_id, [verdict.person_id], [person.record_id],
            NULL, NULL, NULL,
            CASE WHEN code LIKE 'CITIZENSHIP%' THEN 'citizenship'
                 WHEN code LIKE 'AGE%' THEN 'birth_date' END,
            NULL, NULL, NULL, NULL
        FROM (SELECT person_id, unnest(warnings) AS code FROM eligibility) AS verdict
        JOIN discrepancy_person AS person USING (person_id)
        WHERE code <> 'DECISION_REFUSED'
    """
