"""docs/tables.md and docs/discrepancies.md, written from the contracts themselves.

What belongs here: contracts and the discrepancy catalogue as Markdown. Nothing is said
that the classes of schemas/ and data/reference don't say; a test compares the pages with
what stands here. `python -m pipeline.document_tables` writes them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dataframely as dy
import polars as pl

from pipeline.profiles import source_columns
from pipeline.release_contents import AREA_TABLES, WHOLE_TABLES
from pipeline.tables import reference_table, write_text
from schemas.catalogue import REQUIRED_SOURCES, SOURCES, TABLES, source_table
from schemas.codes import Owner, Severity

DOCS = Path(__file__).resolve().parent.parent / "docs"
RELEASED = {table.name for table in AREA_TABLES} | {table.name for table in WHOLE_TABLES}
TYPES = {
    pl.String: "text",
    pl.Enum: "code",
    pl.Int32: "whole number",
    pl.Int64: "whole number",
    pl.Float64: "number",
    pl.Boolean: "true or false",
    pl.Date: "date",
    pl.Datetime: "timestamp",
}
LONGEST_LIST = 12
"""A vocabulary with more codes is told below its table, not in a cell."""

TABLES_HEAD = """\
# Tables

Written from [`schemas/`](../schemas) by `make tables`; a test compares this page with the
contracts. Every table of a run is here in the order in which data meets it. A release
holds the tables marked *released*; the others live in the run's own folder and go with it.

A *key* repeats in no two rows. A column that isn't *required* may be empty. The bounds are
part of the contract: a source row that breaks one goes to quarantine with the name of the
rule, a row of ours that breaks one stops the run. A supplier delivers the columns of a
source table except those marked *ingest*; columns that aren't required may be left out.
"""
DISCREPANCIES_HEAD = """\
# Discrepancies

Written from [`data/reference/discrepancies.csv`](../data/reference/discrepancies.csv) by
`make tables`. A discrepancy is a question that somebody has to settle; nobody leaves the
list because of one. The *owner* settles it: MIA the population register, CADASTRE the
cadastre, CEC the precincts and their boundary texts, COMMISSION the precinct commission,
at the door if need be. The most urgent come first.
"""


def tables_page() -> str:
    """The text of docs/tables.md: every table, column, bound, vocabulary and rule."""
    names_of: dict[type[dy.Schema], list[str]] = {}
    for name, schema in TABLES.items():
        names_of.setdefault(schema, []).append(name)
    index = [
        f"| [{', '.join(f'`{name}`' for name in names)}](#{_anchor(schema)}) "
        f"| {_first_line(schema)} |"
        for schema, names in names_of.items()
    ]
    parts = [
        TABLES_HEAD,
        "\n".join(["| table | one row is |", "| --- | --- |", *index]) + "\n",
        *(_table_section(schema, names) for schema, names in names_of.items()),
    ]
    return "\n".join(parts)


def discrepancies_page() -> str:
    """The text of docs/discrepancies.md: every code in three languages."""
    catalogue = reference_table("discrepancies")
    parts = [DISCREPANCIES_HEAD]
    for severity in Severity:
        codes = catalogue.filter(pl.col("severity") == severity.value).sort("code")
        if codes.height:
            parts.append(f"## {severity.value}\n")
            parts.extend(_discrepancy(row) for row in codes.iter_rows(named=True))
    owned = catalogue.group_by("owner").len()
    counts = dict(owned.iter_rows())
    parts.insert(
        1,
        "\n".join(
            [
                "| owner | codes |",
                "| --- | --- |",
                *(f"| {owner.value} | {counts.get(owner.value, 0)} |" for owner in Owner),
            ]
        )
        + "\n",
    )
    return "\n".join(parts)


def _discrepancy(row: dict[str, str]) -> str:
    lines = [
        f"### {row['code']}",
        "",
        f"Owner {row['owner']}.",
        "",
    ]
    lines += ["| | what is wrong | what to do | ground |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {language} | {_cell(row[f'meaning_{language}'])} "
        f"| {_cell(row[f'action_{language}'])} | {_cell(row[ground])} |"
        for language, ground in (
            ("en", "ground"),
            ("uz", "ground_uz"),
            ("ru", "ground_ru"),
        )
    ]
    return "\n".join([*lines, ""])


def _table_section(schema: type[dy.Schema], names: Sequence[str]) -> str:
    lines = [f"## {schema.__name__}", ""]
    lines += [", ".join(f"`{name}`" for name in names) + _provenance(names) + ".", ""]
    lines += [_docstring(schema), ""]
    lines += ["| column | type | | bounds | meaning |", "| --- | --- | --- | --- | --- |"]
    made = _made_by_ingest(names)
    lines += [
        f"| `{name}` | {_type_name(column.dtype)} "
        f"| {_need(column)}{' *ingest*' if name in made else ''} "
        f"| {_bounds(column)} | {_cell(column.description or '')} |"
        for name, column in schema.columns().items()
    ]
    lines.append("")
    for name, column in schema.columns().items():
        if isinstance(column, dy.Enum) and len(column.categories) > LONGEST_LIST:
            codes = ", ".join(f"`{code}`" for code in column.categories)
            lines += [f"Codes of `{name}`: {codes}.", ""]
    rules = list(_rules(schema))
    if rules:
        lines += ["Rules:", "", *(f"- `{name}`: {text}" for name, text in rules), ""]
    return "\n".join(lines)


def _provenance(names: Sequence[str]) -> str:
    """Which file of a delivery it is read from, and whether a release holds it."""
    notes = [
        f"from `{source}` ({'required' if source in REQUIRED_SOURCES else 'optional'})"
        for source in SOURCES
        if source_table(source) in names
    ]
    notes += ["*released*"] if set(names) & set(RELEASED) else []
    return "".join(f"; {note}" for note in notes)


def _made_by_ingest(names: Sequence[str]) -> set[str]:
    """Columns of a source table that no supplier delivers."""
    return {
        column
        for source, schema in SOURCES.items()
        if source_table(source) in names
        for column in set(schema.column_names()) - set(source_columns(source))
    }


def _docstring(documented: object) -> str:
    lines = (documented.__doc__ or "").strip().splitlines()
    return "\n".join(line.strip() for line in lines)


def _first_line(schema: type[dy.Schema]) -> str:
    return _docstring(schema).splitlines()[0]


def _anchor(schema: type[dy.Schema]) -> str:
    return schema.__name__.lower()


def _type_name(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.List):
        return f"list of {_type_name(dtype.inner)}"  # type: ignore[arg-type]
    return TYPES[dtype.base_type()]


def _need(column: dy.Column) -> str:
    if column.primary_key:
        return "key"
    return "" if column.nullable else "required"


def _bounds(column: dy.Column) -> str:
    """Vocabulary, form, length and range of a column, as a cell."""
    if isinstance(column, dy.Enum):
        if len(column.categories) > LONGEST_LIST:
            return "see below"
        return ", ".join(f"`{code}`" for code in column.categories)
    notes = []
    if isinstance(column, dy.String) and column.regex is not None:
        notes.append(f"`{_cell(column.regex)}`")
    shortest = getattr(column, "min_length", None)
    longest = getattr(column, "max_length", None)
    if shortest is not None or longest is not None:
        notes.append(f"{_range(shortest, longest)} characters")
    lowest, highest = getattr(column, "min", None), getattr(column, "max", None)
    if lowest is not None or highest is not None:
        notes.append(_range(lowest, highest))
    if getattr(column, "unique", False):
        notes.append("unique")
    return ", ".join(notes)


def _range(lowest: object, highest: object) -> str:
    if highest is None:
        return f"from {lowest}"
    return f"up to {highest}" if lowest is None else f"{lowest} to {highest}"


def _rules(schema: type[dy.Schema]) -> Iterator[tuple[str, str]]:
    """Named rules over several columns with what they assert, in order of declaration."""
    for ancestor in reversed(schema.__mro__):
        for name, member in vars(ancestor).items():
            if hasattr(member, "validation_fn"):
                yield name, _docstring(member.validation_fn)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    write_text(str(DOCS / "tables.md"), tables_page())
    write_text(str(DOCS / "discrepancies.md"), discrepancies_page())
