"""Stage 7d: a letter to every voter whom a change of the list concerns.

What belongs here: who gets one, and what it says in three languages; the words stand in
notice/texts.csv. Nobody is moved or removed without being told why, on which article, and
what to do about it: a voter who is wrongly removed finds out before election day.

By when to answer is a parameter, `files.notice_days_before_election`: no source confirms a
term, so a letter asks for a day and says that the right to apply does not end with it.
"""

import datetime
import re
from pathlib import Path

import duckdb
import polars as pl

from pipeline.three_languages import CODES, area_names, read_words, reasons

Relation = duckdb.DuckDBPyRelation

TEXTS = Path(__file__).resolve().parent / "notice" / "texts.csv"
SUFFIXES = {"uz": "uz_latin", "cy": "uz_cyrillic", "ru": "ru"}
UNTOLD_FIELDS = ("pinfl", "document_number", "sex")
"""Columns whose change is told without the values: a letter is read by others too."""
RANK = "list_position(['REMOVED', 'MOVED', 'ADDED', 'CORRECTED'], change)"
"""SQL of what a letter is about, where a voter has several changes: the least."""
LIST_ARTICLE = "ZRU-544, Art. 28"
"""Electoral Code, Article 28: the list follows the data of the authorised bodies."""


def compose_notices(
    engine: duckdb.DuckDBPyConnection,
    changes: Relation,
    voters: Relation,
    previous_voters: Relation,
    precincts: Relation,
    election_date: datetime.date,
    as_of: datetime.date,
    days_before_election: int,
) -> Relation:
    """A notice for every voter of the changes, as Notice.

    Args:
        engine: where the tables live.
        changes: ListChange.
        voters: VoterListEntry of this release.
        previous_voters: VoterListEntry of the previous release, for those who left.
        precincts: SourcePrecinct.
        election_date: election day.
        as_of: day of the release.
        days_before_election: days before election day until which an answer is asked for;
            never before the day after the release.

    Returns:
        One row per distinct voter_id of the changes. Of several changes removal counts
        before move before addition before correction; the reasons of all of them are
        told, that one's first.
    """
    _register_texts(engine)
    deadline = max(
        election_date - datetime.timedelta(days_before_election),
        min(as_of + datetime.timedelta(1), election_date),
    )
    _find_affected(engine, changes, voters, previous_voters, precincts)
    told = ",\n".join(_told(code, f"{deadline:%d.%m.%Y}") for code in CODES)
    return engine.sql(
        f"""
        SELECT voter_id, change, region_code, district_code, precinct_number,
            surname, given_name, patronymic, address, {told}
        FROM notice_affected
        LEFT JOIN notice_fields USING (voter_id)
        LEFT JOIN notice_reasons USING (voter_id)
        """
    )


def _register_texts(engine: duckdb.DuckDBPyConnection) -> None:
    """notice_reason, notice_ground, notice_field, notice_area: codes in three languages."""
    texts = read_words(TEXTS)
    fields = {
        key.removeprefix("field_"): words
        for key, words in texts.items()
        if key.startswith("field_")
    }
    tables = {
        "notice_reason": dict(reasons("change_reason")),
        "notice_field": fields,
        "notice_area": dict(area_names()),
    }
    for name, entries in tables.items():
        rows = [
            {"code": code, **{language: text for language, text in words}}
            for code, words in entries.items()
        ]
        engine.register("notice_texts", pl.DataFrame(rows).to_arrow())
        engine.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM notice_texts")
        engine.unregister("notice_texts")


def _find_affected(
    engine: duckdb.DuckDBPyConnection,
    changes: Relation,
    voters: Relation,
    previous_voters: Relation,
    precincts: Relation,
) -> None:
    """Find whom a change concerns, and tell their corrected columns and reasons in words.

    notice_affected holds the entry and the precinct's place, notice_fields and
    notice_reasons the words.
    """
    _tell_reasons(engine, changes)
    entry = "surname, given_name, patronymic, sex, mahalla, street, house, building, flat"
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE notice_affected AS
        WITH chosen AS (
            SELECT voter_id, change, reason, coalesce(article, '{LIST_ARTICLE}') AS article,
                coalesce(region_code_after, region_code_before) AS region_code,
                coalesce(district_code_after, district_code_before) AS district_code,
                coalesce(precinct_number_after, precinct_number_before)
                    AS precinct_number,
                precinct_number_before
            FROM changes
            QUALIFY row_number() OVER (PARTITION BY voter_id ORDER BY {RANK}, field) = 1
        ), entry AS (
            SELECT voter_id, {entry} FROM voters SEMI JOIN chosen USING (voter_id)
            UNION ALL
            SELECT voter_id, {entry} FROM previous_voters
            SEMI JOIN chosen USING (voter_id) ANTI JOIN voters USING (voter_id)
        )
        SELECT chosen.*, entry.* EXCLUDE (voter_id),
            concat_ws(', ', precinct.name, precinct.address) AS place, precinct.phone,
            concat_ws(', ', area.uz, mahalla, street, house || '-uy', building || '-bino',
                flat || '-xonadon') AS address,
            concat_ws(' ', surname, given_name, patronymic) AS full_name,
            coalesce(nullif(concat_ws(' ', given_name, patronymic), ''), surname, '')
                AS addressed
        FROM chosen
        LEFT JOIN entry USING (voter_id)
        LEFT JOIN notice_area AS area ON area.code = chosen.district_code
        LEFT JOIN precincts AS precinct
            ON precinct.region_code = chosen.region_code
            AND precinct.precinct_number = chosen.precinct_number
        """
    )
    untold = ", ".join(f"'{field}'" for field in UNTOLD_FIELDS)
    before, after = (
        f"coalesce(strftime(try_cast({value} AS DATE), '%d.%m.%Y'), {value}, '–')"
        for value in ("before", "after")
    )
    values = (
        f"CASE WHEN field IN ({untold}) THEN '' "
        f"ELSE ' ' || {before} || ' → ' || {after} END"
    )
    listed = ", ".join(
        f"string_agg(word.{code} || {values}, '; ' ORDER BY field) AS fields_{code}"
        for code in CODES
    )
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE notice_fields AS
        SELECT voter_id, {listed}
        FROM changes JOIN notice_field AS word ON word.code = changes.field
        WHERE change = 'CORRECTED' GROUP BY voter_id
        """
    )


def _tell_reasons(engine: duckdb.DuckDBPyConnection, changes: Relation) -> None:
    """notice_reasons: why a voter's changes came, each reason once, the main one first."""
    listed = ", ".join(
        f"string_agg(coalesce(word.{code}, told.reason), '; ' ORDER BY place, told.reason) "
        f"AS reasons_{code}"
        for code in CODES
    )
    changes.create_view("notice_changes", replace=True)
    engine.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE notice_reasons AS
        SELECT voter_id, {listed}
        FROM (
            SELECT voter_id, reason, min(({RANK}, field)) AS place
            FROM notice_changes GROUP BY voter_id, reason
        ) AS told
        LEFT JOIN notice_reason AS word ON word.code = told.reason
        GROUP BY voter_id
        """
    )


def _told(code: str, deadline: str) -> str:
    """SQL of a language's four texts."""
    texts = {key: _literal(words.text(code)) for key, words in read_words(TEXTS).items()}
    fields = f"coalesce(fields_{code}, '')"
    what = f"""
        CASE WHEN reason IN ('DECEASED', 'MERGED') AND change = 'REMOVED' THEN
            CASE reason WHEN 'DECEASED' THEN {texts["what_DECEASED"]}
                ELSE {texts["what_MERGED"]} END
        ELSE CASE change WHEN 'ADDED' THEN {texts["what_ADDED"]}
            WHEN 'MOVED' THEN {texts["what_MOVED"]}
            WHEN 'REMOVED' THEN {texts["what_REMOVED"]}
            ELSE {texts["what_CORRECTED"]} END END
        || CASE WHEN change = 'MOVED' AND fields_{code} IS NOT NULL
            THEN ' ' || {texts["what_fields"]} ELSE '' END"""
    action = f"""
        CASE WHEN change <> 'REMOVED' THEN {texts["action_stays"]}
            WHEN reason = 'DECEASED' THEN {texts["action_DECEASED"]}
            WHEN reason = 'MERGED' THEN {texts["action_MERGED"]}
            ELSE {texts["action_REMOVED"]} END"""
    salutation = f"""
        CASE WHEN reason = 'DECEASED' AND change = 'REMOVED'
            THEN {texts["salutation_family"]}
            WHEN sex = 'F' THEN {texts["salutation_F"]} ELSE {texts["salutation_M"]} END"""
    number = "precinct_number::VARCHAR"
    precinct = _filled(texts["contact"], number=number)
    contact = f"concat_ws(', ', {precinct}, nullif(place, ''), phone)"
    ground = _ground(code)
    suffix = SUFFIXES[code]
    parts = {
        "salutation": _filled(salutation, name="addressed"),
        "what": _filled(
            what,
            number=number,
            before="coalesce(precinct_number_before::VARCHAR, '')",
            place=f"coalesce(nullif(place, ''), {precinct})",
            fields=fields,
            name="full_name",
        ),
        "why": _filled(texts["why"], reason=f"reasons_{code}", ground=ground),
        "action": _filled(action, deadline=_literal(deadline), contact=contact),
    }
    return ", ".join(f"{sql} AS {part}_{suffix}" for part, sql in parts.items())


def _ground(code: str) -> str:
    """SQL of an article of the Electoral Code in a language; others as they are."""
    texts = read_words(TEXTS)
    law = texts["law"].filled(number="\\1").text(code)
    article = texts["ground"].filled(law=law, article="\\2").text(code)
    return f"regexp_replace(article, '^ZRU-(\\d+), Art\\. (\\S+)$', {_literal(article)})"


def _filled(template: str, **values: str) -> str:
    """SQL of a text with its placeholders replaced, each by SQL of a text."""
    for name, sql in values.items():
        template = f"replace({template}, '{{{name}}}', {sql})"
    return template


def _literal(text: str) -> str:
    return "'" + re.sub("'", "''", text) + "'"
