"""Commands that show what is read: names, addresses, identifiers, boundary texts.

CSV in, CSV out: the same rows, whatever other columns they have, with what was read.
"""

import datetime
import functools
from typing import Annotated

import typer

from selv.csv_tables import transform_csv

app = typer.Typer(help="See what is read: CSV in, CSV out.", no_args_is_help=True)

Csv = Annotated[str, typer.Argument(help="CSV file, UTF-8.")]
Output = Annotated[str | None, typer.Option(help="File to write; standard output else.")]


@app.command()
def names(file: Csv, output: Output = None) -> None:
    """Names to comparison keys: surname, given_name, patronymic, sex, region_code in."""
    from pipeline.normalise.name_keys import name_keys

    columns = ("surname", "given_name", "patronymic")
    transform_csv(file, output, columns, name_keys)


@app.command()
def identifiers(file: Csv, output: Output = None) -> None:
    """Identifiers: pinfl, document_number, cadastral_number, birth_date, sex in."""
    from pipeline.normalise.identifiers import identifier_forms

    columns = ("pinfl", "document_number", "cadastral_number", "birth_date")
    today = datetime.datetime.now(datetime.UTC).date()
    transform_csv(file, output, columns, functools.partial(identifier_forms, as_of=today))


@app.command()
def addresses(file: Csv, output: Output = None) -> None:
    """Addresses to parts: district_code and address columns or address_text in."""
    from pipeline.normalise.address_shown import shown_addresses

    columns = ("mahalla", "street", "house", "building", "flat", "address_text")
    transform_csv(file, output, (*columns, "cadastral_number"), shown_addresses)


def boundaries(file: Csv, output: Output = None) -> None:
    """Boundary texts to coverage rules, one a row, with what was not understood."""
    from pipeline.normalise.coverage import boundary_rules

    column = ("boundary_text",)
    transform_csv(file, output, column, boundary_rules, required=column)
