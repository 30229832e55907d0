"""Discrepancies of voters of the previous list whom the register no longer knows."""


def left_register() -> str:
    """LEFT_REGISTER: no row of a voter is delivered any more, and no act says why.

    A row in quarantine is a question of its own. An act counts where it names the PINFL
    and no other birth date: the matching has nobody in the register to tie it to. The
    question stands in later releases until the voter is back or an act is delivered, so
    it carries the number (value_a) and the PINFL (value_b).
    """
    return """
        WITH gone AS (
            SELECT before.voter_id, before.pinfl, before.birth_date, before.region_code,
                before.district_code, before.precinct_number,
                list(trace.record_id) AS record_ids
            FROM previous_voters AS before
            JOIN previous_lineage AS trace
                ON trace.voter_id = before.voter_id AND trace.source = 'mia/persons'
            WHERE before.voter_id NOT IN (SELECT stable_id FROM stable_ids)
            GROUP BY ALL
            UNION ALL
            SELECT value_a, value_b, NULL, region_code, district_code, precinct_number,
                record_ids
            FROM previous_questions
            WHERE code = 'LEFT_REGISTER'
              AND value_a NOT IN (SELECT stable_id FROM stable_ids)
        ), known AS (
            SELECT voter_id FROM (
                SELECT voter_id, unnest(record_ids) AS record_id FROM gone
            ) AS row
            WHERE record_id IN (SELECT record_id FROM records)
               OR record_id IN (
                   SELECT record_id FROM quarantined
                   WHERE source = 'mia/persons' AND record_id IS NOT NULL)
        )
        SELECT 'LEFT_REGISTER', gone.voter_id, []::BIGINT[], gone.record_ids,
            gone.region_code, gone.district_code, gone.precinct_number, 'voter_id',
            gone.voter_id, gone.pinfl, NULL, NULL
        FROM gone
        WHERE gone.voter_id NOT IN (SELECT voter_id FROM known)
          AND NOT EXISTS (
              SELECT 1 FROM restrictions AS act
              WHERE act.pinfl = gone.pinfl
                AND coalesce(act.birth_date = gone.birth_date, true))
    """
