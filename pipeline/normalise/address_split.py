"""An address row cut where what repeats over a country ends: place, and numbers.

What belongs here: SQL over rows, the only string work that every row pays for. Few
thousand mahallas and some ten thousand streets are read once each (address_dictionaries);
what a piece means stands in address_reading.py.
"""

_NUMBER = r"\d+(?:-?\p{L}|\s[ABVGАБВГ])?(?:[/\\]\d*\p{L}?)*"
_FLAT_WORD = r"(?:xonadoni?|хонадони?|xon|хон|kvartira|квартира|kv|кв)"
_UY = r"(?:uyi?|уйи?)"
_HOUSE = rf"(?:№?\s*{_NUMBER}\s*-?\s*{_UY}|(?:uy|уй|дом|dom|[dд])[.\s№]*{_NUMBER})"
_FLAT = rf"(?:№?\s*{_NUMBER}(?:\s*-?\s*{_FLAT_WORD})?|{_FLAT_WORD}[.\s№]*{_NUMBER})"
_STREET_END = r"(?:chasi|часи|чаcи)\.?"
_FIRST = (
    rf"(?:(?:^|[\s,;]+){_HOUSE}|[,;]\s*№?\s*{_NUMBER}"
    rf"|{_STREET_END}\s+№?\s*{_NUMBER}(?:\s*-?\s*{_UY})?)"
)
TAIL = rf"(?i){_FIRST}(?:[\s,;.]+{_FLAT})*[\s,;.]*$"
"""The end of a one-line address that holds nothing but house, building and flat.

Anchored at the end and without groups, so that the engine reads each text backwards once.
"""

_STREET_BEGINS = rf"(?i)^{_STREET_END}"

MAHALLA, STREET, NUMBERED_STREET, LINE = range(4)
"""Kinds of pieces: a column of mahallas; of streets, without or with a house beside it
in its own column; the beginning or the last part of a line."""

_BRACKETS = " OR ".join(f"contains(head, '{sign}')" for sign in "()[]{}")


def split_sql(source: str) -> str:
    """SQL: the rows of a relation with id and raw address columns, in pieces.

    Columns beside those of the source: head (the line without its end), tail, has_number,
    is_mixed (columns and line, or brackets: never read in pieces), first_kind, first_text,
    second_kind and second_text.
    """
    tail, street_end = (pattern.replace("'", "''") for pattern in (TAIL, _STREET_BEGINS))
    return f"""
    SELECT *,
        CASE WHEN address_text IS NULL THEN {MAHALLA} ELSE {LINE} END::UTINYINT
            AS first_kind,
        CASE WHEN address_text IS NULL THEN mahalla
             WHEN NOT is_mixed
             THEN nullif(left(head, length(head) - length(last_part)), '')
        END AS first_text,
        CASE WHEN address_text IS NOT NULL THEN {LINE}
             WHEN has_number THEN {NUMBERED_STREET} ELSE {STREET} END::UTINYINT
            AS second_kind,
        CASE WHEN address_text IS NULL THEN street
             WHEN NOT is_mixed THEN nullif(last_part, '') END AS second_text
    FROM (
        SELECT * EXCLUDE (line_end, line_street),
            nullif(left(address_text, length(address_text) - length(line_end))
                || line_street, '') AS head,
            nullif(rtrim(ltrim(substr(line_end, length(line_street) + 1), ' ,;.'), ' ,;'),
                '') AS tail,
            house IS NOT NULL OR tail IS NOT NULL AS has_number,
            address_text IS NOT NULL AND (mahalla IS NOT NULL OR street IS NOT NULL
                OR {_BRACKETS}) AS is_mixed,
            regexp_extract(head, '[^,;|]*$') AS last_part
        FROM (
            SELECT *, regexp_extract(line_end, '{street_end}') AS line_street
            FROM (
                SELECT *, regexp_extract(address_text, '{tail}') AS line_end FROM {source}
            )
        )
    )
    """
