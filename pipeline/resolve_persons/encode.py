"""Person records as whole numbers: what the linkage mechanics work on.

One row of `<prefix>_node` per record. Values are dictionary-encoded in their sort
order, so codes do not depend on the order of the rows. Names share one dictionary, so
that a surname can be compared with a given name.
"""

import duckdb

PREFIX = "resolve_persons"
NODES = f"{PREFIX}_node"
OPEN = f"{PREFIX}_open"

NAME_COLUMNS = (
    "surname_key",
    "given_name_key",
    "patronymic_key",
    "surname_loose",
    "given_name_loose",
    "patronymic_loose",
)
CODED_COLUMNS = ("pinfl", "document_key", "district_code", "region_code")


def encode_records(
    engine: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    prefix: str = PREFIX,
) -> int:
    """Make the table of coded records; returns how many there are."""
    _encode_names(engine, records, prefix)
    for column in CODED_COLUMNS:
        _encode_column(engine, records, column, prefix)
    _encode_birth_dates(engine, records, prefix)
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {prefix}_place AS SELECT row_id, "
        f"(row_number() OVER (ORDER BY row_id) - 1)::INTEGER AS node FROM records"
    )
    names = ", ".join(f"{column}_.code AS {column}" for column in NAME_COLUMNS)
    joins = "\n".join(
        f"LEFT JOIN {prefix}_name AS {column}_ ON {column}_.text = t.{column}"
        for column in NAME_COLUMNS
    )
    coded = ", ".join(f"{column}_.code AS {column}" for column in CODED_COLUMNS)
    coded_joins = "\n".join(
        f"LEFT JOIN {prefix}_value_{column} AS {column}_ ON {column}_.text = t.{column}"
        for column in CODED_COLUMNS
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_node AS
        SELECT place.node, t.row_id,
            {names}, {coded},
            CASE WHEN length(t.pinfl_digits) = 14 THEN t.pinfl_digits::BIGINT END
                AS digits,
            CASE WHEN t.document_key IS NOT NULL THEN
                (ascii(t.document_key[1]) * 256 + ascii(t.document_key[2]))::BIGINT
                * 10000000 + t.document_key[3:]::BIGINT END AS document_digits,
            birth_.code AS birth_date,
            CASE WHEN t.birth_date_precision <> 'DAY' THEN year(t.birth_date) END
                AS partial_year,
            year(t.birth_date) AS birth_year,
            CASE t.sex WHEN 'M' THEN 0 WHEN 'F' THEN 1 END::TINYINT AS sex,
            t.address_id,
            1::TINYINT AS name_order,
            false AS is_variant,
            t.pinfl IS NULL AS is_open
        FROM records AS t JOIN {prefix}_place AS place USING (row_id)
        {joins} {coded_joins}
        LEFT JOIN {prefix}_birth AS birth_
            ON t.birth_date_precision = 'DAY' AND birth_.text = t.birth_date
        """
    )
    return int(engine.execute(f"SELECT count(*) FROM {prefix}_node").fetchall()[0][0])


def _encode_names(
    engine: duckdb.DuckDBPyConnection, records: duckdb.DuckDBPyRelation, prefix: str
) -> None:
    union = " UNION ".join(
        f"SELECT DISTINCT {column} AS text FROM records" for column in NAME_COLUMNS
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {prefix}_name AS "
        f"SELECT (row_number() OVER (ORDER BY text) - 1)::INTEGER AS code, text "
        f"FROM ({union}) WHERE text IS NOT NULL"
    )


def _encode_column(
    engine: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    column: str,
    prefix: str,
) -> None:
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {prefix}_value_{column} AS "
        f"SELECT (row_number() OVER (ORDER BY text) - 1)::INTEGER AS code, text "
        f"FROM (SELECT DISTINCT {column} AS text FROM records) WHERE text IS NOT NULL"
    )


def _encode_birth_dates(
    engine: duckdb.DuckDBPyConnection, records: duckdb.DuckDBPyRelation, prefix: str
) -> None:
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {prefix}_birth AS "
        f"SELECT (row_number() OVER (ORDER BY text) - 1)::INTEGER AS code, text FROM "
        f"(SELECT DISTINCT birth_date AS text FROM records "
        f"WHERE birth_date_precision = 'DAY' AND birth_date IS NOT NULL)"
    )


def open_rows(engine: duckdb.DuckDBPyConnection, prefix: str = PREFIX) -> None:
    """Make the table of rows that seek a partner: those without a verified PINFL.

    A row whose surname is known as a given name and the other way round comes a second
    time, as a variant with the two swapped.
    """
    swapped = {
        "surname_key": "given_name_key",
        "given_name_key": "surname_key",
        "surname_loose": "given_name_loose",
        "given_name_loose": "surname_loose",
    }
    replaced = ", ".join(f"{old} AS {new}" for new, old in swapped.items())
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_open AS
        SELECT * FROM {prefix}_node WHERE is_open
        UNION ALL BY NAME
        SELECT * REPLACE ({replaced}, 2::TINYINT AS name_order, true AS is_variant)
        FROM {prefix}_node
        WHERE is_open AND surname_loose <> given_name_loose
            AND surname_loose IN (SELECT given_name_loose FROM {prefix}_node)
            AND given_name_loose IN (SELECT surname_loose FROM {prefix}_node)
        """
    )
