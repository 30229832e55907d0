"""Delivered files of every format to one form: a raw table in Parquet, all columns text.

What belongs here: reading CSV, JSON Lines, XLSX and Parquet without judging their values.
With files.py it is the delivery-reading half of the disk layer: it reads the delivery and
writes to the staging folder, nowhere else.
"""

from pathlib import Path

import duckdb

from pipeline.files import DeliveredFile, assert_file_unchanged
from pipeline.profiles import Profile
from pipeline.reading.columnar import read_parquet
from pipeline.reading.delimited import read_csv
from pipeline.reading.json_lines import read_jsonl
from pipeline.reading.raw_table import RawTable, empty_table
from pipeline.reading.workbook import read_xlsx


def read_raw(
    engine: duckdb.DuckDBPyConnection, file: DeliveredFile, profile: Profile, staging: str
) -> RawTable:
    """A delivered file as a raw table, whatever its format.

    Args:
        engine: reads Parquet and JSON.
        file: the file.
        profile: encoding, delimiter, quoting and sheet, where they are not to be found.
        staging: folder for the raw table alone; made where it is missing.

    Raises:
        SourceError: the file is damaged, cut, a bomb, changed meanwhile, or has no header.
    """
    folder = Path(staging)
    folder.mkdir(parents=True, exist_ok=True)
    if file.bytes == 0:
        raw = empty_table(file, folder)
    elif file.format == "CSV":
        raw = read_csv(file, profile, folder)
    elif file.format == "JSONL":
        raw = read_jsonl(engine, file, profile, folder)
    elif file.format == "XLSX":
        raw = read_xlsx(file, profile, folder)
    else:
        raw = read_parquet(engine, file, folder)
    assert_file_unchanged(file)
    return raw
