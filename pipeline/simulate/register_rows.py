"""Rows of mia/persons as text, faults and all.

What belongs here: how one registration is written down. Rows are written in pieces, so
that a country never stands in memory as text.
"""

import dataclasses
import datetime

import numpy as np
import polars as pl

from pipeline.simulate.addresses import WORDINGS, AddressWriter
from pipeline.simulate.country import Country
from pipeline.simulate.name_book import NameBook
from pipeline.simulate.noise import look_alike, misspell, wrong_digit
from pipeline.simulate.people import FOREIGN, People, day_number
from pipeline.simulate.registrations import (
    NO_DAY,
    BirthFault,
    PinflFault,
    Registrations,
    RowKind,
)

COLUMNS = (
    "record_id", "pinfl", "surname", "given_name", "patronymic", "sex", "birth_date",
    "citizenship", "document_type", "document_number", "registration_kind",
    "registered_on", "registered_until", "region_code", "district_code", "mahalla",
    "street", "house", "building", "flat", "address_text", "cadastral_number",
    "updated_at",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Identities:
    """What identifies people: PINFL of each, and documents by number."""

    pinfl: list[str]
    documents: list[str]


class RegisterWriter:
    """Writes rows of the population register and notes what it did wrong."""

    def __init__(
        self,
        people: People,
        country: Country,
        registrations: Registrations,
        identities: Identities,
        home: np.ndarray[tuple[int], np.dtype[np.int64]],
        book: NameBook,
        as_of: datetime.date,
    ) -> None:
        """Take everything that a row is made of."""
        self._people = people
        self._country = country
        self._rows = registrations
        self._identities = identities
        self._home = home
        self._book = book
        self._as_of_day = day_number(as_of)
        self._addresses = AddressWriter(country)
        mahalla = np.array([s.mahalla for s in country.streets], dtype=np.int64)
        district = np.array([m.district for m in country.mahallas], dtype=np.int64)
        self._district = district[mahalla[country.dwellings.street]]
        self.faults: list[tuple[str, str]] = []

    def write(
        self, rng: np.random.Generator, chosen: np.ndarray[tuple[int], np.dtype[np.int64]],
        record_ids: list[str],
    ) -> pl.DataFrame:
        """The chosen rows under these record ids, in this order."""
        columns: dict[str, list[str | None]] = {"record_id": list(record_ids)}
        columns |= self._identity_columns(rng, chosen, record_ids)
        columns |= self._name_columns(rng, chosen, record_ids)
        columns |= self._residence_columns(rng, chosen, record_ids)
        schema = dict.fromkeys(COLUMNS, pl.String)
        return pl.DataFrame({name: columns[name] for name in COLUMNS}, schema=schema)

    def _note(self, record_id: str, fault: str) -> None:
        self.faults.append((record_id, fault))

    def _identity_columns(self, rng, chosen, record_ids):  # type: ignore[no-untyped-def]
        rows, people = self._rows, self._people
        person = rows.person[chosen]
        pinfl: list[str | None] = []
        for record_id, fault, whose in zip(
            record_ids,
            rows.pinfl_fault[chosen].tolist(),
            rows.pinfl_person[chosen].tolist(),
            strict=True,
        ):
            number: str | None = self._identities.pinfl[whose]
            if fault:
                self._note(record_id, f"PINFL_{PinflFault(fault).name}")
                number = _faulty_pinfl(rng, str(number), fault)
            pinfl.append(number)
        sex = people.is_female[person] ^ rows.faults["SEX_WRONG"][chosen]
        foreign = people.citizenship[person].tolist()
        hidden = rows.faults["CITIZENSHIP_MISSING"][chosen].tolist()
        citizenship = [
            None if gone and nation < 0 else ("UZB" if nation < 0 else FOREIGN[nation])
            for nation, gone in zip(foreign, hidden, strict=True)
        ]
        for name in ("SEX_WRONG", "CITIZENSHIP_MISSING"):
            self._note_all(record_ids, chosen, name)
        kinds, numbers = self._document_columns(chosen, person, foreign)
        return {
            "pinfl": pinfl,
            "sex": ["F" if female else "M" for female in sex.tolist()],
            "birth_date": self._birth_dates(chosen, record_ids),
            "citizenship": citizenship,
            "document_type": kinds,
            "document_number": numbers,
        }

    def _note_all(self, record_ids, chosen, name):  # type: ignore[no-untyped-def]
        for n in np.flatnonzero(self._rows.faults[name][chosen]).tolist():
            self._note(record_ids[n], name)

    def _document_columns(self, chosen, person, foreign):  # type: ignore[no-untyped-def]
        age = (self._as_of_day - self._people.birth_day[person]) // 365
        kinds: list[str | None] = []
        numbers: list[str | None] = []
        for document, years, nation in zip(
            self._rows.document[chosen].tolist(), age.tolist(), foreign, strict=True
        ):
            if document < 0:
                kinds.append(None)
                numbers.append(None)
                continue
            number = self._identities.documents[document]
            if nation >= 0:
                kinds.append("OTHER")
                numbers.append(f"{FOREIGN[nation]}{number[2:]}")
            elif years < 16:
                kinds.append("BIRTH_CERTIFICATE")
                numbers.append(f"I-{number[:2]} {number[2:]}")
            else:
                kinds.append("ID_CARD" if document % 5 < 2 else "PASSPORT")
                numbers.append(number if document % 11 else f"{number[:2]} {number[2:]}")
        return kinds, numbers

    def _birth_dates(self, chosen, record_ids):  # type: ignore[no-untyped-def]
        birth = self._people.birth_day[self._rows.person[chosen]].astype("datetime64[D]")
        dates: list[str | None] = [str(day) for day in birth]
        fault = self._rows.birth_fault[chosen]
        for n in np.flatnonzero(fault).tolist():
            year, month, day = str(dates[n]).split("-")
            code = BirthFault(int(fault[n]))
            self._note(record_ids[n], f"BIRTH_{code.name}")
            if code is BirthFault.SWAPPED:
                dates[n] = f"{year}-{day}-{month}"
            elif code is BirthFault.JANUARY:
                dates[n] = f"{year}-01-01"
            else:
                dates[n] = year
        return dates

    def _name_columns(self, rng, chosen, record_ids):  # type: ignore[no-untyped-def]
        rows, people, book = self._rows, self._people, self._book
        person = rows.person[chosen]
        female = people.is_female[person].tolist()
        family = np.where(
            rows.is_maiden[chosen], people.maiden_surname[person], people.surname[person]
        ).tolist()
        style = rows.style[chosen]
        one, two, three = (style[:, n].tolist() for n in range(3))
        national = rows.is_national_patronymic[chosen].tolist()
        surname = [
            book.surname(n, sex, how) for n, sex, how in zip(family, female, one, strict=True)
        ]
        given = [
            book.given(n, how)
            for n, how in zip(people.given[person].tolist(), two, strict=True)
        ]
        father = people.father_given[person].tolist()
        patronymic: list[str | None] = [
            book.patronymic(n, sex, how, int(form))
            for n, sex, how, form in zip(father, female, three, national, strict=True)
        ]
        for n in np.flatnonzero(rows.is_maiden[chosen]).tolist():
            self._note(record_ids[n], "MAIDEN_SURNAME")
        mixed = (style[:, 0] != style[:, 1]) | (style[:, 0] != style[:, 2])
        for n in np.flatnonzero(mixed).tolist():
            self._note(record_ids[n], "NAME_MIXED_STYLES")
        names = [surname, given, patronymic]
        self._spoil_names(rng, names, chosen, record_ids)
        upper = rows.is_upper[chosen].tolist()
        surname, given, patronymic = (
            [t.upper() if up and t else t for t, up in zip(texts, upper, strict=True)]
            for texts in names
        )
        return {"surname": surname, "given_name": given, "patronymic": patronymic}

    def _spoil_names(self, rng, names, chosen, record_ids):  # type: ignore[no-untyped-def]
        faults = self._rows.faults
        for code, spoil in (("NAME_TYPO", misspell), ("NAME_HOMOGLYPH", look_alike)):
            for n in np.flatnonzero(faults[code][chosen]).tolist():
                part = names[int(rng.integers(3))]
                part[n] = spoil(rng, part[n])
            self._note_all(record_ids, chosen, code)
        for n in np.flatnonzero(faults["NAME_SWAPPED"][chosen]).tolist():
            names[0][n], names[1][n] = names[1][n], names[0][n]
        self._note_all(record_ids, chosen, "NAME_SWAPPED")
        for n in np.flatnonzero(faults["PATRONYMIC_MISSING"][chosen]).tolist():
            names[2][n] = None
        self._note_all(record_ids, chosen, "PATRONYMIC_MISSING")

    def _residence_columns(self, rng, chosen, record_ids):  # type: ignore[no-untyped-def]
        rows = self._rows
        person = rows.person[chosen]
        dwelling = rows.dwelling[chosen]
        place = np.where(dwelling >= 0, dwelling, self._home[person])
        districts = [self._country.districts[d] for d in self._district[place].tolist()]
        kind = rows.kind[chosen].tolist()
        homeless = (dwelling < 0).tolist()
        registration = [
            "NONE" if none else ("TEMPORARY" if k == RowKind.TEMPORARY else "PERMANENT")
            for k, none in zip(kind, homeless, strict=True)
        ]
        on = _days(rows.registered_on[chosen])
        changed = np.maximum(rows.registered_on[chosen], self._as_of_day - 3650)
        seconds = rng.integers(8 * 3600, 18 * 3600, len(chosen))
        stamp = changed.astype("datetime64[D]").astype("datetime64[s]") + seconds
        for k, record_id, none in zip(kind, record_ids, homeless, strict=True):
            if k:
                self._note(record_id, RowKind(k).name)
            elif none:
                self._note(record_id, "NO_RESIDENCE")
        columns: dict[str, list[str | None]] = {
            "registration_kind": list(registration),
            "registered_on": on,
            "registered_until": _days(rows.registered_until[chosen]),
            "region_code": [d.region_code for d in districts],
            "district_code": [d.code for d in districts],
            "updated_at": [str(moment).replace("T", " ") for moment in stamp],
        }
        return columns | self._address_columns(rng, chosen, record_ids)

    def _address_columns(self, rng, chosen, record_ids):  # type: ignore[no-untyped-def]
        rows = self._rows
        wording = rng.integers(0, WORDINGS * WORDINGS, len(chosen)).tolist()
        style = rows.style[chosen][:, 0].tolist()
        flag = {code: rows.faults[code][chosen].tolist() for code in _ADDRESS_FAULTS}
        names = ("mahalla", "street", "house", "building", "flat")
        lists: list[list[str | None]] = [[] for _ in range(7)]
        for n, dwelling in enumerate(rows.dwelling[chosen].tolist()):
            if dwelling < 0:
                for column in lists:
                    column.append(None)
                continue
            old = flag["OLD_STREET_NAME"][n] and self._was_renamed(dwelling)
            if old:
                self._note(record_ids[n], "OLD_STREET_NAME")
            parts: list[str | None] = [None] * 5
            line = None
            if flag["ADDRESS_ONE_LINE"][n]:
                line = self._addresses.line(dwelling, style[n], wording[n], old_name=old)
                self._note(record_ids[n], "ADDRESS_ONE_LINE")
            else:
                parts = list(
                    self._addresses.parts(dwelling, style[n], wording[n], old_name=old)
                )
                self._spoil_parts(rng, parts, flag, n, record_ids[n])
            for column, value in zip(lists, [*parts, line], strict=False):
                column.append(value)
            lists[6].append(self._cadastral(rng, dwelling, flag, n, record_ids[n]))
        return {
            **dict(zip(names, lists, strict=False)),
            "address_text": lists[5],
            "cadastral_number": lists[6],
        }

    def _was_renamed(self, dwelling: int) -> bool:
        street = int(self._country.dwellings.street[dwelling])
        return self._country.streets[street].old_name is not None

    def _spoil_parts(self, rng, parts, flag, n, record_id):  # type: ignore[no-untyped-def]
        for code, at in (("MAHALLA_MISSING", 0), ("STREET_MISSING", 1), ("HOUSE_MISSING", 2)):
            if flag[code][n]:
                parts[at] = None
                self._note(record_id, code)
        if flag["ADDRESS_TYPO"][n]:
            at = 1 if parts[1] and rng.random() < 0.7 else 0
            if parts[at]:
                parts[at] = misspell(rng, str(parts[at]))
                self._note(record_id, "ADDRESS_TYPO")

    def _cadastral(self, rng, dwelling, flag, n, record_id):  # type: ignore[no-untyped-def]
        if not flag["CADASTRAL_GIVEN"][n]:
            return None
        number = self._country.cadastral_numbers[dwelling]
        if flag["CADASTRAL_WRONG"][n]:
            self._note(record_id, "CADASTRAL_WRONG")
            head, tail = number[:-4], number[-4:]
            return head + "".join(c if c == ":" else str(rng.integers(10)) for c in tail)
        return number


_ADDRESS_FAULTS = (
    "OLD_STREET_NAME", "ADDRESS_ONE_LINE", "MAHALLA_MISSING", "STREET_MISSING",
    "HOUSE_MISSING", "ADDRESS_TYPO", "CADASTRAL_GIVEN", "CADASTRAL_WRONG",
)  # fmt: skip


def _faulty_pinfl(rng: np.random.Generator, number: str, fault: int) -> str | None:
    if fault == PinflFault.MISSING:
        return None
    if fault == PinflFault.TYPO:
        return wrong_digit(rng, number)
    if fault == PinflFault.SHORT:
        at = int(rng.integers(1, 13))
        return number[:at] + number[at + 1 :]
    return number


def _days(days: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str | None]:
    text = days.astype("datetime64[D]").astype(str).tolist()
    for n in np.flatnonzero(days == NO_DAY).tolist():
        text[n] = None
    return list(text)
