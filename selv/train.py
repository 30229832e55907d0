"""`selv train`: linkage parameters fitted on a delivery, written as a file to review."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import tables
from pipeline.errors import SourceError
from pipeline.run import Run, join, read_settings
from selv import show

if TYPE_CHECKING:
    import duckdb

    from pipeline.linkage.parameters import Parameters

SOURCES = {"source_persons": "mia/persons", "source_decisions": "cec/decisions"}
"""What of a delivery is read for fitting: tables of a run and their sources."""


def train(
    source: Annotated[
        str, typer.Argument(help="Folder of a delivery, or of a run kept with --keep-work.")
    ],
    output: Annotated[str, typer.Option(help="File to write: JSON.")],
    fitted_on: Annotated[
        datetime.datetime,
        typer.Option(formats=["%Y-%m-%d"], help="Day of the register, for the file."),
    ],
    config: Annotated[str | None, typer.Option(help="TOML file of parameters.")] = None,
) -> None:
    """Fit the matching anew; review the file, then name it as linkage.parameters."""
    with show.working("fitting"):
        parameters = fit(source, output, fitted_on.date(), config)
    counts = parameters.fitted_from
    show.console.print(
        f"Fitted on {counts['rows']:,} rows, {counts['open_rows']:,} of them without a "
        f"verified PINFL, {counts['known_pairs']:,} pairs of one PINFL.",
        soft_wrap=True,
    )
    show.console.print(f"  file    {output}", soft_wrap=True)
    show.console.print(f"  sha256  {parameters.sha256}", soft_wrap=True)


def fit(
    source: str, output: str, fitted_on: datetime.date, config: str | None
) -> Parameters:
    """Read persons from a delivery or a run, fit, and write the file.

    Raises:
        SourceError: the folder holds neither, or its persons can't be used.
        ConfigurationError: the configuration is wrong.
    """
    from pipeline.linkage.parameters import write_parameters
    from pipeline.resolve_persons.train import fit_parameters

    settings = {} if config is None else read_settings(tables.read_text(config), config)
    with tempfile.TemporaryDirectory(prefix="selv-") as folder:
        run = Run(
            delivery=source,
            output="",
            election_date=fitted_on,
            as_of=fitted_on,
            work=folder,
            **{k: v for k, v in settings.items() if k in ("resources", "profiles")},
        )
        with tables.open_engine(run) as engine:
            records = read_records(engine, run)
            parameters = fit_parameters(engine, records, fitted_on.isoformat())
    tables.write_text(output, write_parameters(parameters))
    return parameters


def read_records(engine: duckdb.DuckDBPyConnection, run: Run) -> duckdb.DuckDBPyRelation:
    """PersonRecord of a run's folder, or of a delivery read for this.

    Of a delivery the corrections that stand are applied, as a night does; those
    that only earlier releases hold are not known here.
    """
    from pipeline.decision_ledger import carry_decisions, standing
    from pipeline.decisions import apply_corrections, list_corrections
    from pipeline.normalise.addresses import normalise_addresses
    from pipeline.normalise.persons import normalise_persons

    kept = join(run.delivery, "tables", "person_record.parquet")
    if tables.has_file(kept):
        return engine.read_parquet(kept)
    if not Path(run.delivery, "mia").is_dir():
        raise SourceError(f"train: {run.delivery} is neither a delivery nor a run's folder")
    as_delivered, delivered = (_read(engine, run, name) for name in SOURCES)
    ledger = carry_decisions(
        engine, delivered, tables.empty_table(engine, "decisions"), run.as_of
    )
    tables.write_table(engine, run, "decision_ledger", ledger)
    decided = standing(tables.read_table(engine, run, "decision_ledger"))
    earlier = tables.empty_table(engine, "correction")
    corrections = list_corrections(engine, as_delivered, decided, earlier)
    persons = apply_corrections(engine, as_delivered, corrections)
    addresses, crosswalk = normalise_addresses(engine, persons)
    tables.write_table(engine, run, "address_record", addresses)
    records = normalise_persons(engine, persons, crosswalk, run.as_of)
    tables.write_table(engine, run, "person_record", records)
    return tables.read_table(engine, run, "person_record")


def _read(
    engine: duckdb.DuckDBPyConnection, run: Run, name: str
) -> duckdb.DuckDBPyRelation:
    """A table of the delivery in the columns of its contract; empty where it is absent."""
    from pipeline.ingest import ingest

    areas = tables.reference_table("areas")
    staging = join(run.work, "staging")
    found = ingest(engine, run.delivery, SOURCES[name], run.profiles, areas, staging)
    tables.write_table(engine, run, name, found.rows)
    tables.remove_folder(staging)
    return tables.read_table(engine, run, name)
