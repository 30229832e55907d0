"""Rows of mia/persons as text: where the row says its person lives.

What belongs here: kind and days of the registration, area codes and the address, in
columns or in one line.
"""

import numpy as np
import polars as pl

from pipeline.simulate.addresses import WORDINGS, AddressWriter
from pipeline.simulate.arrays import Ints
from pipeline.simulate.country import (
    ACTIVE,
    APARTMENT,
    HOUSE,
    Country,
    district_of_dwelling,
)
from pipeline.simulate.noise import misspell
from pipeline.simulate.register_rows import (
    Column,
    Piece,
    Register,
    as_frame,
    identity_columns,
    name_columns,
)
from pipeline.simulate.registrations import NO_DAY, RowKind

COLUMNS = (
    "record_id", "pinfl", "surname", "given_name", "patronymic", "sex", "birth_date",
    "citizenship", "document_type", "document_number", "registration_kind",
    "registered_on", "registered_until", "region_code", "district_code", "mahalla",
    "street", "house", "building", "flat", "address_text", "cadastral_number",
    "updated_at",
)  # fmt: skip
_ADDRESS_FAULTS = (
    "OLD_STREET_NAME", "ADDRESS_ONE_LINE", "MAHALLA_MISSING", "STREET_MISSING",
    "HOUSE_MISSING", "ADDRESS_TYPO", "CADASTRAL_GIVEN", "CADASTRAL_WRONG",
)  # fmt: skip
REGISTER_BEGAN_DAYS = 3650
"""No row of the electronic register was changed longer ago than this."""


def write_rows(register: Register, piece: Piece) -> pl.DataFrame:
    """The rows of a piece as mia/persons has them; faults are noted in the piece."""
    columns: dict[str, Column] = {"record_id": list(piece.record_ids)}
    columns |= identity_columns(register, piece)
    columns |= name_columns(register, piece)
    columns |= _residence_columns(register, piece)
    columns |= _address_columns(register, piece)
    return as_frame(columns, COLUMNS)


def _residence_columns(register: Register, piece: Piece) -> dict[str, Column]:
    rows, country = register.registrations, register.country
    dwelling = rows.dwelling[piece.chosen]
    place = np.where(dwelling >= 0, dwelling, register.home[rows.person[piece.chosen]])
    districts = [
        country.districts[number]
        for number in district_of_dwelling(country)[place].tolist()
    ]
    kinds = rows.kind[piece.chosen].tolist()
    registration: Column = []
    for n, (kind, is_homeless) in enumerate(
        zip(kinds, (dwelling < 0).tolist(), strict=True)
    ):
        if is_homeless:
            registration.append("NONE")
            piece.note(n, "NO_RESIDENCE")
            continue
        is_temporary = kind == RowKind.TEMPORARY
        registration.append("TEMPORARY" if is_temporary else "PERMANENT")
        if kind != RowKind.CURRENT:
            piece.note(n, RowKind(kind).name)
    first = rows.registered_on[piece.chosen]
    changed = np.maximum(first, register.as_of_day - REGISTER_BEGAN_DAYS)
    seconds = piece.rng.integers(8 * 3600, 18 * 3600, len(piece.chosen))
    moments = changed.astype("datetime64[D]").astype("datetime64[s]") + seconds
    return {
        "registration_kind": registration,
        "registered_on": _days(first),
        "registered_until": _days(rows.registered_until[piece.chosen]),
        "region_code": [district.region_code for district in districts],
        "district_code": [district.code for district in districts],
        "updated_at": [text.replace("T", " ") for text in moments.astype(str).tolist()],
    }


def _days(days: Ints) -> Column:
    text: Column = days.astype("datetime64[D]").astype(str).tolist()
    for n in np.flatnonzero(days == NO_DAY).tolist():
        text[n] = None
    return text


def _address_columns(register: Register, piece: Piece) -> dict[str, Column]:
    rows, rng = register.registrations, piece.rng
    dwellings = rows.dwelling[piece.chosen]
    wording = rng.integers(0, WORDINGS * WORDINGS, len(dwellings)).tolist()
    style = rows.style[piece.chosen][:, 0].tolist()
    is_renamed = _is_renamed(register.country)[dwellings] & (dwellings >= 0)
    flag = {code: rows.faults[code][piece.chosen].tolist() for code in _ADDRESS_FAULTS}
    flag["OLD_STREET_NAME"] = [
        wanted and renamed
        for wanted, renamed in zip(
            flag["OLD_STREET_NAME"], is_renamed.tolist(), strict=True
        )
    ]
    parts: list[Column] = [[] for _ in range(5)]
    lines: Column = []
    numbers: Column = []
    for n, dwelling in enumerate(dwellings.tolist()):
        own: Column = [None] * 5
        line = number = None
        if dwelling >= 0:
            here = {code: flags[n] for code, flags in flag.items()}
            own, line = _written(
                register.addresses, piece, n, (dwelling, style[n], wording[n]), here
            )
            number = _cadastral_number(register.country, piece, n, dwelling, here)
        for column, value in zip(parts, own, strict=True):
            column.append(value)
        lines.append(line)
        numbers.append(number)
    _note_dwellings(register.country, piece, dwellings)
    names = ("mahalla", "street", "house", "building", "flat")
    return {
        **dict(zip(names, parts, strict=True)),
        "address_text": lines,
        "cadastral_number": numbers,
    }


def _is_renamed(country: Country) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    renamed = np.array([s.old_name is not None for s in country.streets], dtype=bool)
    return renamed[country.dwellings.street]


def _written(
    writer: AddressWriter,
    piece: Piece,
    row: int,
    how: tuple[int, int, int],
    flag: dict[str, bool],
) -> tuple[Column, str | None]:
    """An address in columns, or in one line and no columns.

    Args:
        writer: writes addresses of the country.
        piece: faults are noted here.
        row: of the piece.
        how: dwelling, style, wording.
        flag: which faults the row has.
    """
    old_name = flag["OLD_STREET_NAME"]
    if old_name:
        piece.note(row, "OLD_STREET_NAME")
    if flag["ADDRESS_ONE_LINE"]:
        piece.note(row, "ADDRESS_ONE_LINE")
        return [None] * 5, writer.line(*how, old_name=old_name)
    parts: Column = list(writer.parts(*how, old_name=old_name))
    for at, code in enumerate(("MAHALLA_MISSING", "STREET_MISSING", "HOUSE_MISSING")):
        if flag[code]:
            parts[at] = None
            piece.note(row, code)
    if flag["ADDRESS_TYPO"]:
        at = 1 if parts[1] is not None and piece.rng.random() < 0.7 else 0
        text = parts[at]
        if text is not None:
            parts[at] = misspell(piece.rng, text)
            piece.note(row, "ADDRESS_TYPO")
    return parts, None


def _cadastral_number(
    country: Country, piece: Piece, row: int, dwelling: int, flag: dict[str, bool]
) -> str | None:
    """The dwelling's number where the row has one; a wrong one ends in other digits."""
    if not flag["CADASTRAL_GIVEN"]:
        return None
    number = country.cadastral_numbers[dwelling]
    if not flag["CADASTRAL_WRONG"]:
        return number
    piece.note(row, "CADASTRAL_WRONG")
    digits = [
        letter if letter == ":" else str(piece.rng.integers(10)) for letter in number[-4:]
    ]
    return number[:-4] + "".join(digits)


def _note_dwellings(country: Country, piece: Piece, chosen: Ints) -> None:
    """Note rows that stand at a dwelling the cadastre doesn't have, or not as a home."""
    dwellings = country.dwellings
    at = np.maximum(chosen, 0)
    lived_in = chosen >= 0
    missing = lived_in & ~dwellings.in_cadastre[at]
    known = lived_in & ~missing
    piece.note_all(missing, "DWELLING_MISSING")
    piece.note_all(known & (dwellings.status[at] != ACTIVE), "DWELLING_NOT_ACTIVE")
    home = np.isin(dwellings.object_kind[at], (HOUSE, APARTMENT))
    piece.note_all(known & ~home, "DWELLING_NOT_A_HOME")
