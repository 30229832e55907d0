"""XLSX to a raw table: every cell of one sheet as text."""

import zipfile
from pathlib import Path

import fastexcel
import numpy as np
import polars as pl

from pipeline.errors import SourceError
from pipeline.files import DeliveredFile, file_digest
from pipeline.profiles import Profile
from pipeline.reading.decoding import BOMB_BYTES
from pipeline.reading.raw_table import RawTable, RawWriter, check_header


def read_xlsx(file: DeliveredFile, profile: Profile, folder: Path) -> RawTable:
    """A workbook's one filled sheet as a raw table; its first row is the header.

    Cells with a date come as ISO text. Blank rows are no data rows, but keep their number.

    Raises:
        SourceError: damaged, a bomb, or several filled sheets and no profile names one.
    """
    frame = _sheet(file, profile)
    header = check_header(file, [str(name or "") for name in frame.row(0)])
    rows = frame.slice(1)
    rows.columns = [f"c{place}" for place in range(rows.width)]
    filled = ~rows.select(pl.all_horizontal(pl.all().is_null())).to_series()
    numbers = np.arange(1, rows.height + 1, dtype=np.int64)[filled.to_numpy()]
    with RawWriter(folder, rows.width) as writer:
        writer.write_rows(rows.filter(filled), numbers)
    digest = file_digest(file.path)
    return RawTable(
        file=file,
        header=header,
        rows_path=str(writer.rows_path),
        rows=len(numbers),
        sha256=digest,
        content_sha256=digest,
    )


def _sheet(file: DeliveredFile, profile: Profile) -> pl.DataFrame:
    """The cells of a workbook's one filled sheet as text, its first row included."""
    try:
        with zipfile.ZipFile(file.path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > BOMB_BYTES:
            raise SourceError(f"{file.name} unpacks to more than {BOMB_BYTES} bytes")
        reader = fastexcel.read_excel(file.path)
        frames = [
            reader.load_sheet(name, header_row=None, dtypes="string").to_polars()
            for name in reader.sheet_names
            if profile.sheet in (None, name)
        ]
    except (zipfile.BadZipFile, fastexcel.FastExcelError):
        raise SourceError(f"{file.name} is no whole workbook") from None
    filled = [frame for frame in frames if frame.height]
    if not filled:
        raise SourceError(f"{file.name} has no filled sheet that may be read")
    if len(filled) > 1:
        raise SourceError(
            f"{file.name} has {len(filled)} filled sheets: a profile must name one"
        )
    return filled[0]
