"""Rows that no contract can let in, put among good rows on purpose.

What belongs here: damage to rows of mia/persons beyond what a clerk's slip does, the file
in another encoding, and the note of what stands where. A damaged row is an extra copy of
a good one, so that no person hangs on it.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from pipeline.simulate.deliver import Delivery, csv_line
from pipeline.simulate.faults import Faults

Row = list[str | None]


class DamagedFiles:
    """Writes the files of mia/persons and remembers where damaged rows stand."""

    def __init__(
        self, delivery: Delivery, rng: np.random.Generator, faults: Faults
    ) -> None:
        """Nothing is written yet."""
        self._delivery = delivery
        self._rng = rng
        self._share = faults.damaged
        self._truth: list[tuple[str, str, int, str, str, str]] = []

    def write(self, frame: pl.DataFrame, number: int, *, is_last: bool) -> None:
        """Write one file of rows; the last is compressed, some rows go to an old office."""
        if number == 1:
            frame = self._write_old_office(frame)
            self._write_with_damage(frame)
            return
        name = f"persons-{number:02d}.csv" + (".gz" if is_last else "")
        self._delivery.write_table("mia/persons", frame, name)

    def _write_old_office(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One office delivers in cp1251 with semicolons: rows that its letters can hold."""
        candidates = frame.head(frame.height // 8)
        fits = np.array([_fits_cp1251(row) for row in candidates.iter_rows()], dtype=bool)
        keep = np.zeros(frame.height, dtype=bool)
        keep[: len(fits)] = fits
        office = frame.filter(pl.Series(keep))
        self._delivery.write_table(
            "mia/persons", office, "persons-viloyat.csv", separator=";", encoding="cp1251"
        )
        return frame.filter(pl.Series(~keep))

    def _write_with_damage(self, frame: pl.DataFrame) -> None:
        rng = self._rng
        file = "persons-01.csv"
        lines = frame.write_csv(line_terminator="\n").splitlines()
        header, lines = lines[0], lines[1:]
        wanted = round(self._share * frame.height)
        count = max(wanted, len(_DAMAGES)) if self._share > 0 else 0
        places = np.sort(rng.integers(1, len(lines) + 1, count))[::-1].tolist()
        put: list[tuple[int, str, str, str, str]] = []
        for n, place in enumerate(places):
            code, rule, spoil = _DAMAGES[n % len(_DAMAGES)]
            row = list(frame.row(int(rng.integers(frame.height))))
            if code != "RECORD_ID_REPEATED":
                row[0] = f"X{n + 1:07d}"
            line = spoil(frame.columns, row)
            put.append((place, line, row[0] or "", code, rule))
        text = self._merge(file, lines, put)
        self._delivery.write_text(
            "mia/persons", "\n".join([header, *text]) + "\n", len(text), file
        )

    def _merge(
        self, file: str, lines: list[str], put: list[tuple[int, str, str, str, str]]
    ) -> list[str]:
        """Lines with the damaged ones in their places; notes where each came to stand."""
        merged: list[str] = []
        waiting = list(reversed(put))
        for n, line in enumerate(lines):
            while waiting and waiting[0][0] <= n:
                self._note(file, merged, waiting.pop(0))
            merged.append(line)
        for rest in waiting:
            self._note(file, merged, rest)
        return merged

    def _note(
        self, file: str, merged: list[str], damaged: tuple[int, str, str, str, str]
    ) -> None:
        _, line, record_id, code, rule = damaged
        merged.append(line)
        row = len(merged)
        self._truth.append(("mia/persons", f"mia/{file}", row, record_id, code, rule))

    def truth(self) -> pl.DataFrame:
        """One row per damaged row: file, data row, and what must be found."""
        schema = {
            "source": pl.String,
            "file": pl.String,
            "row": pl.Int64,
            "record_id": pl.String,
            "damage": pl.String,
            "expected_rule": pl.String,
        }
        return pl.DataFrame(self._truth, schema=schema, orient="row")


def _fits_cp1251(row: tuple[str | None, ...]) -> bool:
    try:
        "".join(value for value in row if value).encode("cp1251")
    except UnicodeEncodeError:
        return False
    return True


def _with(column: str, value: str | None) -> Callable[[list[str], Row], str]:
    def spoil(columns: list[str], row: Row) -> str:
        changed = row.copy()
        changed[columns.index(column)] = value
        row[0] = changed[0] if column == "record_id" else row[0]
        return csv_line(changed)

    return spoil


def _cut(columns: list[str], row: Row) -> str:
    return csv_line(row[: len(columns) // 2])


def _longer(columns: list[str], row: Row) -> str:
    return csv_line([*row, "", "1"])


def _unchanged(columns: list[str], row: Row) -> str:
    del columns
    return csv_line(row)


_DAMAGES: tuple[tuple[str, str, Callable[[list[str], Row], str]], ...] = (
    ("BIRTH_IMPOSSIBLE", "birth_date_possible", _with("birth_date", "31.02.1990")),
    ("SEX_UNKNOWN_CODE", "sex_known", _with("sex", "X")),
    (
        "KIND_UNKNOWN_CODE",
        "registration_kind_known",
        _with("registration_kind", "PROPISKA"),
    ),
    ("RECORD_ID_MISSING", "record_id_given", _with("record_id", None)),
    ("DISTRICT_UNKNOWN_CODE", "district_code_known", _with("district_code", "17-18")),
    ("ROW_CUT", "columns_counted", _cut),
    ("ROW_TOO_LONG", "columns_counted", _longer),
    ("RECORD_ID_REPEATED", "record_id_unique", _unchanged),
)
"""Code, the rule that must fire, and the damage."""
