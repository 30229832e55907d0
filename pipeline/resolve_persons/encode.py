"""Person records as whole numbers: what the linkage mechanics work on.

One row of `<prefix>_node` per record. Names and places are dictionary-encoded in their
sort order, numbers of people and of papers are their own digits, dates are days, so codes
do not depend on the order of the rows. Names share one dictionary, so that a surname can
be compared with a given name.
"""

from dataclasses import dataclass

import duckdb

PREFIX = "resolve_persons"
NODES = f"{PREFIX}_node"
OPEN = f"{PREFIX}_open"

NAMES = ("surname", "given_name", "patronymic")
KINDS = ("key", "loose", "letters")
"""Of a name: code of its exact key, code of its loose key, and the set of its letters."""
PLACES = ("district_code", "region_code")
DOCUMENT = """((ascii(t.document_key) * 256 + ascii(substr(t.document_key, 2)))::BIGINT
    * 10000000 + substr(t.document_key, 3)::BIGINT)"""

VALUES_DIGEST = f"""(hash(t.record_id, {", ".join(f"{name}_.digest" for name in NAMES)},
    t.pinfl, t.pinfl_digits, t.document_key, t.birth_date, t.birth_date_precision, t.sex,
    t.district_code, t.region_code) >> 1)::BIGINT"""


@dataclass(frozen=True)
class Encoded:
    """How the rows are numbered: nodes 0..count-1 in the order of row_id.

    `source` is SQL of the records, which whoever uses it holds as `records`; `node` is the
    number of its row t.
    """

    count: int
    source: str
    node: str
    row_id: str
    """SQL of the row_id of a coded row."""
    own_row_id: str
    """Column list that keeps it with the coded row, where it isn't the node."""


def encode_records(
    engine: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    prefix: str = PREFIX,
    *,
    is_open: str = "NOT is_verified",
    with_digests: bool = False,
) -> Encoded:
    """Make the coded records; with digests of all their values where these are asked.

    `<prefix>_node` is a view over the narrow table `<prefix>_coded`; nodes are numbered
    in the order of row_id. `is_open` is SQL, on row_id and is_verified, of the rows that
    seek partners.
    """
    encoded = _number(engine, records, prefix)
    digest = f", {VALUES_DIGEST} AS digest" if with_digests else ""
    _encode_names(engine, records, prefix)
    for column in PLACES:
        _encode_column(engine, records, column, prefix)
    names = ", ".join(
        f"{name}_.{kind} AS {name}_{kind}" for name in NAMES for kind in KINDS
    )
    joins = "\n".join(
        f"LEFT JOIN {prefix}_part_{name} AS {name}_ "
        f"ON {_part_condition(engine, name, prefix)}"
        for name in NAMES
    )
    places = ", ".join(f"{column}_.code AS {column}" for column in PLACES)
    place_joins = "\n".join(
        f"LEFT JOIN {prefix}_value_{column} AS {column}_ ON {column}_.text = t.{column}"
        for column in PLACES
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_coded AS
        SELECT {encoded.node} AS node, {encoded.own_row_id} {names}, {places},
            coalesce(t.pinfl::BIGINT,
                if(length(t.pinfl_digits) = 14, t.pinfl_digits, NULL)::BIGINT) AS digits,
            t.pinfl IS NOT NULL AS is_verified,
            {DOCUMENT} AS document_key,
            if(t.birth_date_precision = 'DAY', t.birth_date - DATE '1970-01-01', NULL)
                ::INTEGER AS birth_date,
            if(t.birth_date_precision <> 'DAY', year(t.birth_date), NULL)::SMALLINT
                AS partial_year,
            year(t.birth_date)::SMALLINT AS birth_year,
            CASE t.sex WHEN 'M' THEN 0 WHEN 'F' THEN 1 END::TINYINT AS sex,
            t.address_id::INTEGER AS address_id{digest}
        FROM {encoded.source} AS t {joins} {place_joins}
        """
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP VIEW {prefix}_node AS
        SELECT node, {encoded.row_id} AS row_id,
            {", ".join(f"{name}_{kind}" for name in NAMES for kind in KINDS)},
            {", ".join(PLACES)}, CASE WHEN is_verified THEN digits END AS pinfl, digits,
            document_key, document_key AS document_digits, birth_date, partial_year,
            birth_year, sex, address_id, 1::TINYINT AS name_order, false AS is_variant,
            {is_open} AS is_open
        FROM {prefix}_coded
        """
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {prefix}_birth AS SELECT birth_date AS code, "
        f"DATE '1970-01-01' + birth_date AS text, count(*) AS rows FROM {prefix}_coded "
        f"WHERE birth_date IS NOT NULL GROUP BY birth_date"
    )
    return encoded


def _number(
    engine: duckdb.DuckDBPyConnection, records: duckdb.DuckDBPyRelation, prefix: str
) -> Encoded:
    """Rows are numbered densely already (docs/adr/0005); others are numbered here."""
    count, least, most = engine.execute(
        "SELECT count(*), coalesce(min(row_id), 0), coalesce(max(row_id), -1) FROM records"
    ).fetchall()[0]
    if least == 0 and most == count - 1:
        return Encoded(int(count), "records", "t.row_id::INTEGER", "node::BIGINT", "")
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {prefix}_place AS SELECT row_id, "
        f"(row_number() OVER (ORDER BY row_id) - 1)::INTEGER AS node FROM records"
    )
    source = f"(SELECT * FROM records JOIN {prefix}_place USING (row_id))"
    return Encoded(int(count), source, "t.node", "row_id", "t.row_id,")


def _encode_names(
    engine: duckdb.DuckDBPyConnection, records: duckdb.DuckDBPyRelation, prefix: str
) -> None:
    """Make the dictionary of all names, and per name part the codes of both its keys.

    With them, how many rows there are: whoever counts names asks `<prefix>_part_<name>`,
    which has thousands of lines, and not the rows.
    """
    for name in NAMES:
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {prefix}_pair_{name} AS "
            f"SELECT {name}_key AS key_text, {name}_loose AS loose_text, "
            f"count(*) AS rows FROM records GROUP BY ALL"
        )
    union = " UNION ".join(
        f"SELECT {kind}_text AS text FROM {prefix}_pair_{name}"
        for name in NAMES
        for kind in ("key", "loose")
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {prefix}_name AS "
        f"SELECT (row_number() OVER (ORDER BY text) - 1)::INTEGER AS code, text "
        f"FROM ({union}) WHERE text IS NOT NULL"
    )
    for name in NAMES:
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {prefix}_part_{name} AS "
            f"SELECT key_text, loose_text, rows, k.code AS key, l.code AS loose, "
            f"{_letters('loose_text')} AS letters, "
            f"if(coalesce(key_text, loose_text) IS NOT NULL, hash(key_text, loose_text), "
            f"NULL) AS digest "
            f"FROM {prefix}_pair_{name} "
            f"LEFT JOIN {prefix}_name AS k ON k.text = key_text "
            f"LEFT JOIN {prefix}_name AS l ON l.text = loose_text"
        )


def _part_condition(engine: duckdb.DuckDBPyConnection, name: str, prefix: str) -> str:
    """SQL that finds a row's name part: by its exact key alone where that tells the loose.

    It does for names as the stage before reads them, and halves the work on text.
    """
    is_told = engine.execute(
        f"SELECT count(key_text) = count(DISTINCT key_text) "
        f"AND count(loose_text) FILTER (key_text IS NULL) = 0 FROM {prefix}_part_{name}"
    ).fetchall()[0][0]
    if is_told:
        return f"{name}_.key_text = t.{name}_key"
    return (
        f"{name}_.key_text IS NOT DISTINCT FROM t.{name}_key "
        f"AND {name}_.loose_text IS NOT DISTINCT FROM t.{name}_loose"
    )


def _letters(text: str) -> str:
    """SQL of a bit for each letter that occurs; letters may share a bit."""
    return (
        f"list_reduce(list_transform(string_split({text}, ''), "
        f"lambda c: (1::BIGINT << (unicode(c) % 32))), lambda a, b: a | b)::UINTEGER"
    )


def _encode_column(
    engine: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    column: str,
    prefix: str,
) -> None:
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {prefix}_value_{column} AS "
        f"SELECT (row_number() OVER (ORDER BY text) - 1)::SMALLINT AS code, text "
        f"FROM (SELECT DISTINCT {column} AS text FROM records) WHERE text IS NOT NULL"
    )


def open_rows(engine: duckdb.DuckDBPyConnection, prefix: str = PREFIX) -> None:
    """Make the table of rows that seek a partner: by default those without a PINFL.

    A row whose surname is known as a given name and the other way round comes a second
    time, as a variant with the two swapped.
    """
    swapped = {
        "surname_key": "given_name_key",
        "given_name_key": "surname_key",
        "surname_loose": "given_name_loose",
        "given_name_loose": "surname_loose",
        "surname_letters": "given_name_letters",
        "given_name_letters": "surname_letters",
    }
    replaced = ", ".join(f"{old} AS {new}" for new, old in swapped.items())
    known = {
        name: f"SELECT DISTINCT loose FROM {prefix}_part_{name} WHERE loose IS NOT NULL"
        for name in ("surname", "given_name")
    }
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {prefix}_open AS
        SELECT * FROM {prefix}_node WHERE is_open
        UNION ALL BY NAME
        SELECT * REPLACE ({replaced}, 2::TINYINT AS name_order, true AS is_variant)
        FROM {prefix}_node
        WHERE is_open AND surname_loose <> given_name_loose
            AND surname_loose IN ({known["given_name"]})
            AND given_name_loose IN ({known["surname"]})
        """
    )
