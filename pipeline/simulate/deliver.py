"""Writes deliveries: the files, their encodings, their control files.

What belongs here: bytes on disk, the same for the same rows. The simulator is the one
writer of deliveries; the pipeline only ever reads them.
"""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl


class Delivery:
    """Files of one delivery, table by table, and what their control files must say."""

    def __init__(self, folder: str, as_of: str) -> None:
        """Begin in a folder that is empty or not there.

        Raises:
            FileExistsError: there is something already; nothing is overwritten.
        """
        self._folder = Path(folder)
        if self._folder.exists() and any(self._folder.iterdir()):
            raise FileExistsError("the output folder is not empty")
        self._as_of = as_of
        self._rows: dict[str, int] = {}
        self._hashes: dict[str, dict[str, str]] = {}

    def write_table(
        self,
        table: str,
        frame: pl.DataFrame,
        file: str | None = None,
        separator: str = ",",
        encoding: str = "utf-8",
    ) -> None:
        """Write rows of a table as a CSV file; `.gz` in the name compresses.

        Args:
            table: such as `mia/persons`.
            frame: rows, every column text.
            file: name of the file; by default the table's with `.csv`.
            separator: between columns.
            encoding: any of Python's; `utf-8-sig` begins with a byte order mark.
        """
        text = frame.write_csv(separator=separator, line_terminator="\n")
        self.write_text(table, text, frame.height, file, encoding)

    def write_text(
        self,
        table: str,
        text: str,
        rows: int,
        file: str | None = None,
        encoding: str = "utf-8",
    ) -> None:
        """Write the text of a file of a table, which may be damaged on purpose."""
        supplier, name = table.split("/", 1)
        file = file or f"{name}.csv"
        content = text.encode(encoding)
        if file.endswith(".gz"):
            content = gzip.compress(content, compresslevel=6, mtime=0)
        path = self._folder / supplier / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self._rows[table] = self._rows.get(table, 0) + rows
        digest = hashlib.sha256(content).hexdigest()
        self._hashes.setdefault(table, {})[file] = digest

    def write_map(self, file: str, text: str) -> None:
        """Write a map; maps have no rows and no control file."""
        path = self._folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")

    def write_controls(self) -> None:
        """Write the control file of every table written."""
        for table, rows in sorted(self._rows.items()):
            control = {"rows": rows, "sha256": self._hashes[table], "as_of": self._as_of}
            text = json.dumps(control, indent=2, sort_keys=True) + "\n"
            path = self._folder / f"{table}.control.json"
            path.write_text(text, encoding="utf-8")

    def write_truth(self, name: str, frame: pl.DataFrame) -> None:
        """Write a table of the truth, beside what the pipeline may see."""
        path = self._folder / "truth" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path, compression="zstd", statistics=False)


def csv_line(values: Sequence[str | None], separator: str = ",") -> str:
    """One line of CSV without its end."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator, lineterminator="").writerow(
        ["" if value is None else value for value in values]
    )
    return buffer.getvalue()


def read_rows(path: str) -> list[Mapping[str, str]]:
    """Rows of a public CSV file such as the mahalla register."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
