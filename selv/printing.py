"""`selv print` and `selv hand-out`: what leaves a published release for an office.

What belongs here: arguments, the files that are written and what is said about them.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.errors import ConfigurationError


def print_command(
    release: Annotated[str, typer.Argument(help="Folder of a published release.")],
    output: Annotated[str, typer.Option(help="Folder for the PDF files.")],
    precinct: Annotated[str | None, typer.Option(help="As 1718/1009.")] = None,
    district: Annotated[str | None, typer.Option(help="Code of a district.")] = None,
    letters: Annotated[
        str, typer.Option(help="Of headings: latin, cyrillic or russian.")
    ] = "latin",
    purpose: Annotated[
        str, typer.Option(help="signing, or inspection: year of birth only.")
    ] = "signing",
) -> None:
    """Print precinct lists as PDF, in the official order, without document numbers.

    Names stand as they are registered whatever the letters of the headings.
    """
    from pipeline.print_list import Form, print_lists

    form = Form(letters, purpose)
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"print: {folder.name} is a file, not a folder")
    lists = voters = 0
    for printed in print_lists(release, form, district, precinct):
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".{printed.file_name}.part"
        beside.write_bytes(printed.content)
        beside.replace(folder / printed.file_name)
        lists += 1
        voters += printed.voters
    Console(highlight=False).print(
        f"{lists:,} precinct lists with {voters:,} voters: {folder}", soft_wrap=True
    )


def hand_out_command(
    release: Annotated[str, typer.Argument(help="Folder of a published release.")],
    output: Annotated[str, typer.Option(help="Empty or new folder.")],
    area: Annotated[str | None, typer.Option(help="Code of a district or region.")] = None,
    owner: Annotated[
        str | None,
        typer.Option(help="MIA, CADASTRE, CEC or COMMISSION: only its discrepancies."),
    ] = None,
) -> None:
    """Copy what one office gets: its files, its page, the manifest; each file checked."""
    from pipeline.hand_out import hand_out

    copied = hand_out(release, area, output, owner)
    Console(highlight=False).print(
        f"{len(copied):,} files; open {Path(output) / copied[0]}", soft_wrap=True
    )
