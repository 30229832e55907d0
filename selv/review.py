"""`selv review`: possible duplicates out to clerks, their verdicts back as decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import tables
from pipeline.errors import ConfigurationError, SourceError
from selv import show
from selv.tools import scratch_engine

if TYPE_CHECKING:
    import polars as pl

    from pipeline.review.verdicts import Imported

review_app = typer.Typer(
    help="Possible duplicates to clerks and back.", no_args_is_help=True
)
FORMATS = ("xlsx", "csv")


@review_app.command("export")
def export_questions(
    release: Annotated[str, typer.Argument(help="Folder of a published release.")],
    output: Annotated[str, typer.Option(help="Folder for the files.")],
    district: Annotated[
        list[str] | None, typer.Option(help="Code of a district; may be repeated.")
    ] = None,
    formats: Annotated[str, typer.Option("--format", help="xlsx, csv or both.")] = "xlsx",
) -> None:
    """Write the pairs that a commission decides, most useful first, one file a district."""
    chosen = [name.strip() for name in formats.split(",")]
    unknown = sorted(set(chosen) - set(FORMATS))
    if unknown:
        raise ConfigurationError(f"review: unknown format {', '.join(unknown)}")
    with show.working("gathering questions"):
        written = export(release, output, district or [], chosen)
    for path, questions in written:
        show.console.print(f"{questions:>6,}  {path}", soft_wrap=True)
    if not written:
        show.console.print("No pair is open: nothing was written.")


@review_app.command("import")
def import_answers(
    files: Annotated[list[str], typer.Argument(help="Filled-in XLSX or CSV files.")],
    output: Annotated[str, typer.Option(help="CSV of cec/decisions to write.")],
    release: Annotated[
        str | None, typer.Option(help="Release they came from: compares every value.")
    ] = None,
) -> None:
    """Turn verdicts into decisions; what is wrong is listed, and nothing is written."""
    with show.working("reading verdicts"):
        found = import_files(files, output, release)
    show.console.print(
        f"{found.decisions:,} decisions: {found.same_person:,} one person, "
        f"{found.different_persons:,} different persons; {found.left_open:,} left open, "
        f"{found.repeated:,} repeated.",
        soft_wrap=True,
    )
    show.console.print(f"  file  {output}", soft_wrap=True)


def export(
    release: str, output: str, districts: list[str], formats: list[str]
) -> list[tuple[str, int]]:
    """Files written and the questions in each.

    Raises:
        ConfigurationError: no such district, or a file is there already: a clerk may have
            filled it in.
        SourceError: it is no release.
    """
    from pipeline.review.sheet import csv_bytes, file_name, sheet_bytes

    areas = tables.reference_table("areas")
    known = dict(areas.select("area_code", "name_uz").iter_rows())
    unknown = sorted(set(districts) - set(known))
    if unknown:
        raise ConfigurationError(f"review: no district {', '.join(unknown)}")
    questions = list_all(release)
    contents: dict[str, tuple[bytes, int]] = {}
    for code in sorted(set(questions["district_code"].drop_nulls())):
        if districts and code not in districts:
            continue
        rows = questions.filter(questions["district_code"] == code)
        title = f"{known.get(code, code)}, {Path(release).resolve().name}"
        for suffix in formats:
            content = sheet_bytes(rows, title) if suffix == "xlsx" else csv_bytes(rows)
            contents[file_name(code, suffix)] = (content, rows.height)
    there = sorted(name for name in contents if Path(output, name).exists())
    if there:
        raise ConfigurationError(f"review: {output} holds {there[0]} already")
    for name, (content, _) in contents.items():
        tables.write_bytes(str(Path(output, name)), content)
    return [
        (str(Path(output, name)), questions) for name, (_, questions) in contents.items()
    ]


def list_all(release: str) -> pl.DataFrame:
    """Every question of a release, numbered by usefulness within its district."""
    from pipeline.review.queue import list_questions

    with scratch_engine() as engine:
        return list_questions(
            engine,
            Path(release).resolve().name,
            *(
                tables.read_release_table(engine, release, name)
                for name in ("discrepancies", "review_entry", "linkage_model")
            ),
        )


def import_files(files: list[str], output: str, release: str | None) -> Imported:
    """Read, check and write.

    Raises:
        ConfigurationError: the output is there already with other words.
        SourceError: see pipeline.review.verdicts.
    """
    from pipeline.review.verdicts import import_verdicts

    contents = []
    for file in files:
        try:
            contents.append((Path(file).name, Path(file).read_bytes()))
        except FileNotFoundError:
            raise SourceError(f"review: no file {file}") from None
    found = import_verdicts(contents, None if release is None else list_all(release))
    there = Path(output)
    if there.exists() and there.read_bytes() != found.text.encode():
        raise ConfigurationError(f"review: {output} is there already; name another file")
    tables.write_bytes(output, found.text.encode())
    return found
