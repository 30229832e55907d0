"""Discrepancies of single registrations: what reading them brought to light.

Each function gives SQL of findings (the columns are in the stage's docstring) over the
tables that the stage names. Only registrations of people who may vote are questions for
anybody here; `subject` is what makes a question the same one in the next release.
"""

FIELDS = {
    "PINFL": "pinfl",
    "NAME": "surname",
    "SURNAME": "surname",
    "PATRONYMIC": "patronymic",
    "DOCUMENT": "document_number",
    "BIRTH": "birth_date",
    "ADDRESS": "address_text",
}
"""First word of a code to the column it is about."""


def seen_while_reading() -> str:
    """Every warning that normalisation put on a registration, code by code."""
    field = " ".join(
        f"WHEN code LIKE '{word}%' THEN '{column}'" for word, column in FIELDS.items()
    )
    return f"""
        SELECT code, record.record_id AS subject, [link.person_id] AS person_ids,
            [record.record_id] AS record_ids, NULL::VARCHAR AS region_code,
            NULL::VARCHAR AS district_code, NULL::INTEGER AS precinct_number,
            CASE {field} END AS field,
            CASE WHEN code LIKE 'PINFL%' THEN record.pinfl_digits END AS value_a,
            CASE WHEN code = 'PINFL_BIRTH_DATE' THEN record.birth_date::VARCHAR
                 WHEN code = 'PINFL_SEX' THEN record.sex END AS value_b,
            NULL::DOUBLE AS weight, NULL::DOUBLE AS expected_chance_matches
        FROM (SELECT *, unnest(warnings) AS code FROM records) AS record
        JOIN person_links AS link USING (row_id)
        JOIN discrepancy_person AS person USING (person_id)
        WHERE person.is_eligible
    """


def birth_date_partial() -> str:
    """BIRTH_DATE_PARTIAL: only month or year of a voter's birth is known."""
    return _birth_date(
        "BIRTH_DATE_PARTIAL", "record.birth_date_precision <> 'DAY'", "is_eligible"
    )


def birth_date_stand_in() -> str:
    """BIRTH_DATE_STAND_IN: 1 January, and no verified PINFL that says so too."""
    return _birth_date(
        "BIRTH_DATE_STAND_IN",
        "record.birth_date_precision = 'DAY' AND record.pinfl IS NULL "
        "AND month(record.birth_date) = 1 AND day(record.birth_date) = 1",
        "is_eligible",
    )


def _birth_date(code: str, condition: str, whose: str) -> str:
    return f"""
        SELECT '{code}', record.record_id, [link.person_id], [record.record_id],
            NULL, NULL, NULL, 'birth_date', record.birth_date::VARCHAR,
            record.birth_date_precision, NULL, NULL
        FROM records AS record
        JOIN person_links AS link USING (row_id)
        JOIN discrepancy_person AS person USING (person_id)
        WHERE person.{whose} AND {condition}
    """


def row_quarantined() -> str:
    """ROW_QUARANTINED: a delivered row that a contract refused.

    The same content is the same question, wherever it stands in whichever file. A row may
    be refused for its codes, so a district counts only with its region.
    """
    return """
        SELECT 'ROW_QUARANTINED',
            source || '/' || rule || '/' || sha256(coalesce(raw_row, '')),
            []::BIGINT[], CASE WHEN record_id IS NULL THEN []::VARCHAR[]
                               ELSE [record_id] END,
            CASE WHEN regexp_full_match(region_code, '\\d{4}') THEN region_code END,
            CASE WHEN regexp_full_match(district_code, '\\d{7}|\\d{10}')
                  AND starts_with(district_code, region_code) THEN district_code END,
            NULL, "column", rule, source, NULL, NULL
        FROM quarantined
    """
