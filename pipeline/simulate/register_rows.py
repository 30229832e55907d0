"""Rows of mia/persons as text: who the row is about, faults and all.

What belongs here: identifiers, names and dates as one registration has them. Rows are
written in pieces, so that a country never stands in memory as text.
"""

import dataclasses

import numpy as np
import polars as pl

from pipeline.simulate.addresses import AddressWriter
from pipeline.simulate.arrays import Flags, Ints
from pipeline.simulate.country import Country
from pipeline.simulate.identifiers import Identities
from pipeline.simulate.name_book import NameBook
from pipeline.simulate.noise import look_alike, misspell, wrong_digit
from pipeline.simulate.people import FOREIGN, People
from pipeline.simulate.registrations import BirthFault, PinflFault, Registrations

Column = list[str | None]


@dataclasses.dataclass(frozen=True)
class Register:
    """Everything that a row is made of."""

    people: People
    country: Country
    registrations: Registrations
    identities: Identities
    home: Ints
    book: NameBook
    addresses: AddressWriter
    as_of_day: int


@dataclasses.dataclass
class Piece:
    """Some rows of the register under their record ids, and the faults noted in them."""

    rng: np.random.Generator
    chosen: Ints
    record_ids: list[str]
    notes: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def note(self, row: int, fault: str) -> None:
        """Note a fault of one row of the piece."""
        self.notes.append((self.record_ids[row], fault))

    def note_all(self, rows: Flags, fault: str) -> None:
        """Note a fault of all rows flagged."""
        for row in np.flatnonzero(rows).tolist():
            self.note(row, fault)


def identity_columns(register: Register, piece: Piece) -> dict[str, Column]:
    """PINFL, sex, birth date, citizenship and document of the rows of a piece."""
    rows, people = register.registrations, register.people
    person = rows.person[piece.chosen]
    sex = people.is_female[person] ^ rows.faults["SEX_WRONG"][piece.chosen]
    nations = people.citizenship[person].tolist()
    hidden = rows.faults["CITIZENSHIP_MISSING"][piece.chosen]
    citizenship: Column = [
        None if gone and nation < 0 else ("UZB" if nation < 0 else FOREIGN[nation])
        for nation, gone in zip(nations, hidden.tolist(), strict=True)
    ]
    for code in ("SEX_WRONG", "CITIZENSHIP_MISSING"):
        piece.note_all(rows.faults[code][piece.chosen], code)
    kinds, numbers = _documents(register, piece, nations)
    return {
        "pinfl": _pinfls(register, piece),
        "sex": ["F" if female else "M" for female in sex.tolist()],
        "birth_date": _birth_dates(register, piece),
        "citizenship": citizenship,
        "document_type": kinds,
        "document_number": numbers,
    }


def _pinfls(register: Register, piece: Piece) -> Column:
    rows = register.registrations
    numbers = register.identities.pinfl[rows.pinfl_person[piece.chosen]].tolist()
    pinfls: Column = [str(number) for number in numbers]
    faults = rows.pinfl_fault[piece.chosen]
    for n in np.flatnonzero(faults).tolist():
        fault = PinflFault(int(faults[n]))
        piece.note(n, f"PINFL_{fault.name}")
        pinfls[n] = _faulty_pinfl(piece.rng, str(numbers[n]), fault)
    return pinfls


def _faulty_pinfl(rng: np.random.Generator, number: str, fault: PinflFault) -> str | None:
    if fault is PinflFault.MISSING:
        return None
    if fault is PinflFault.TYPO:
        return wrong_digit(rng, number)
    if fault is PinflFault.SHORT:
        at = int(rng.integers(1, 13))
        return number[:at] + number[at + 1 :]
    return number


def _documents(
    register: Register, piece: Piece, nations: list[int]
) -> tuple[Column, Column]:
    """Kinds and numbers; some with a blank inside, some with letters that look alike."""
    rows, people = register.registrations, register.people
    person = rows.person[piece.chosen]
    age = (register.as_of_day - people.birth_day[person]) // 365
    kinds: Column = []
    numbers: Column = []
    for document, years, nation in zip(
        rows.document[piece.chosen].tolist(), age.tolist(), nations, strict=True
    ):
        if document < 0:
            kinds.append(None)
            numbers.append(None)
            continue
        number = register.identities.document(document)
        if nation >= 0:
            kinds.append("OTHER")
            numbers.append(f"{FOREIGN[nation]}{number[2:]}")
        elif years < 16:
            kinds.append("BIRTH_CERTIFICATE")
            numbers.append(f"I-{number[:2]} {number[2:]}")
        else:
            kinds.append("ID_CARD" if document % 5 < 2 else "PASSPORT")
            numbers.append(number if document % 11 else f"{number[:2]} {number[2:]}")
    alike = rows.faults["DOCUMENT_LOOK_ALIKE"][piece.chosen]
    for n in np.flatnonzero(alike).tolist():
        number_text = numbers[n]
        if number_text is not None:
            numbers[n] = look_alike(piece.rng, number_text)
            piece.note(n, "DOCUMENT_LOOK_ALIKE")
    return kinds, numbers


def _birth_dates(register: Register, piece: Piece) -> Column:
    rows = register.registrations
    birth = register.people.birth_day[rows.person[piece.chosen]].astype("datetime64[D]")
    dates: list[str] = birth.astype(str).tolist()
    faults = rows.birth_fault[piece.chosen]
    for n in np.flatnonzero(faults).tolist():
        fault = BirthFault(int(faults[n]))
        piece.note(n, f"BIRTH_{fault.name}")
        year, month, day = dates[n].split("-")
        if fault is BirthFault.SWAPPED:
            dates[n] = f"{year}-{day}-{month}"
        elif fault is BirthFault.JANUARY:
            dates[n] = f"{year}-01-01"
        else:
            dates[n] = year
    return list(dates)


def name_columns(register: Register, piece: Piece) -> dict[str, Column]:
    """Surname, given name and patronymic of the rows of a piece, as registered."""
    rows, people, book = register.registrations, register.people, register.book
    person = rows.person[piece.chosen]
    female = people.is_female[person].tolist()
    is_maiden = rows.is_maiden[piece.chosen]
    family = np.where(is_maiden, people.maiden_surname[person], people.surname[person])
    style = rows.style[piece.chosen]
    styles = [style[:, part].tolist() for part in range(3)]
    national = rows.is_national_patronymic[piece.chosen].tolist()
    given = people.given[person].tolist()
    father = people.father_given[person].tolist()
    names: list[Column] = [
        [book.surname(*of) for of in zip(family.tolist(), female, styles[0], strict=True)],
        [book.given(*of) for of in zip(given, styles[1], strict=True)],
        [
            book.patronymic(name, sex, how, int(form))
            for name, sex, how, form in zip(
                father, female, styles[2], national, strict=True
            )
        ],
    ]
    piece.note_all(is_maiden, "MAIDEN_SURNAME")
    mixed = (style[:, 0] != style[:, 1]) | (style[:, 0] != style[:, 2])
    piece.note_all(mixed, "NAME_MIXED_STYLES")
    _spoil_names(register, piece, names)
    upper = rows.is_upper[piece.chosen].tolist()
    columns: list[Column] = [
        [
            text.upper() if is_upper and text is not None else text
            for text, is_upper in zip(texts, upper, strict=True)
        ]
        for texts in names
    ]
    return dict(zip(("surname", "given_name", "patronymic"), columns, strict=True))


def _spoil_names(register: Register, piece: Piece, names: list[Column]) -> None:
    flags = {
        code: register.registrations.faults[code][piece.chosen]
        for code in ("NAME_TYPO", "NAME_HOMOGLYPH", "NAME_SWAPPED", "PATRONYMIC_MISSING")
    }
    for code, spoil in (("NAME_TYPO", misspell), ("NAME_HOMOGLYPH", look_alike)):
        for n in np.flatnonzero(flags[code]).tolist():
            part = names[int(piece.rng.integers(3))]
            part[n] = spoil(piece.rng, part[n] or "")
    for n in np.flatnonzero(flags["NAME_SWAPPED"]).tolist():
        names[0][n], names[1][n] = names[1][n], names[0][n]
    for n in np.flatnonzero(flags["PATRONYMIC_MISSING"]).tolist():
        names[2][n] = None
    for code, rows in flags.items():
        piece.note_all(rows, code)


def as_frame(columns: dict[str, Column], order: tuple[str, ...]) -> pl.DataFrame:
    """Columns as a frame of text in the order of the contract."""
    chosen = {name: columns[name] for name in order}
    return pl.DataFrame(chosen, schema=dict.fromkeys(order, pl.String))
