"""cec/precincts and cec/territories: how precincts are announced.

What belongs here: which precincts have a text, which have structured territories, which
have a text that nobody can read; and the rows of both tables.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from pipeline.simulate.boundary_text import VAGUE, boundary_text
from pipeline.simulate.country import Country
from pipeline.simulate.deliver import Delivery
from pipeline.simulate.faults import Faults
from pipeline.simulate.precincts import Precinct

PRECINCT_COLUMNS = (
    "region_code", "precinct_number", "district_code", "kind", "constituency", "name",
    "address", "phone", "longitude", "latitude", "boundary_text",
)  # fmt: skip
TERRITORY_COLUMNS = (
    "region_code", "precinct_number", "district_code", "mahalla", "street", "house_from",
    "house_to", "parity", "cadastral_prefix",
)  # fmt: skip
_KIND_NAMES = {
    "MILITARY": "Harbiy qism", "HOSPITAL": "Viloyat shifoxonasi",
    "SANATORIUM": "Sanatoriy", "DETENTION": "Tergov hibsxonasi",
    "ABROAD": "O'zbekiston Respublikasi elchixonasi",
}  # fmt: skip


def announce(
    delivery: Delivery,
    rng: np.random.Generator,
    precincts: Sequence[Precinct],
    country: Country,
    faults: Faults,
) -> None:
    """Write cec/precincts and cec/territories."""
    unique = _unique_streets(country)
    general = {
        claim.mahalla: n
        for n, precinct in enumerate(precincts)
        for claim in precinct.claims
        if claim.street is None
    }
    rows: list[tuple[str | None, ...]] = []
    territories: list[tuple[str | None, ...]] = []
    order = sorted(range(len(precincts)), key=lambda n: _key(precincts[n]))
    for n in order:
        precinct = precincts[n]
        text = None
        if precinct.kind == "TERRITORIAL":
            if rng.random() < faults.territory_rows:
                territories += _territory_rows(precinct, country)
            elif rng.random() < faults.boundary_unreadable and _stands_alone(
                n, precinct, general
            ):
                text = VAGUE[int(rng.integers(len(VAGUE)))]
            else:
                own = {c.street for c in precinct.claims if c.street is not None}
                text = boundary_text(
                    rng, precinct, country, faults.boundary_misspelt, own <= unique
                )
        rows.append(_precinct_row(rng, precinct, country, text))
    schema = dict.fromkeys(PRECINCT_COLUMNS, pl.String)
    delivery.write_table("cec/precincts", pl.DataFrame(rows, schema=schema, orient="row"))
    schema = dict.fromkeys(TERRITORY_COLUMNS, pl.String)
    frame = pl.DataFrame(territories, schema=schema, orient="row")
    if frame.height:
        delivery.write_table("cec/territories", frame)


def _stands_alone(number: int, precinct: Precinct, general: Mapping[int, int]) -> bool:
    """Whether no other precinct is announced as the whole of one of its mahallas.

    Otherwise an unreadable text would truly give the voters to the other precinct.
    """
    return all(general.get(c.mahalla, number) == number for c in precinct.claims)


def _key(precinct: Precinct) -> tuple[str, int]:
    return precinct.region_code, precinct.number


def _unique_streets(country: Country) -> set[int]:
    """Streets whose name no other mahalla of the district has."""
    key = [(country.mahallas[s.mahalla].district, s.name, s.lane) for s in country.streets]
    count = Counter(key)
    return {n for n, k in enumerate(key) if count[k] == 1}


def _territory_rows(precinct: Precinct, country: Country) -> list[tuple[str | None, ...]]:
    made: list[tuple[str | None, ...]] = []
    for claim in precinct.claims:
        street = None
        if claim.street is not None:
            at = country.streets[claim.street]
            street = f"{at.name} {at.lane}-tor ko'chasi" if at.lane else at.name
        houses = claim.house_from is not None
        made.append(
            (
                precinct.region_code,
                str(precinct.number),
                precinct.district_code,
                country.mahallas[claim.mahalla].published,
                street,
                str(claim.house_from) if houses else None,
                str(claim.house_to) if houses else None,
                claim.parity if houses else None,
                None,
            )
        )
    return made


def _precinct_row(
    rng: np.random.Generator, precinct: Precinct, country: Country, text: str | None
) -> tuple[str | None, ...]:
    school = f"{int(rng.integers(1, 200))}-umumta'lim maktabi binosi"
    if precinct.claims:
        mahalla = country.mahallas[precinct.claims[0].mahalla].name
        address = f"{mahalla} mahallasi {school}"
    else:
        address = _KIND_NAMES[precinct.kind]
    phone = f"+9987{int(rng.integers(10_000_000, 99_999_999))}"
    group = precinct.number // 140 + 1
    return (
        precinct.region_code,
        str(precinct.number),
        precinct.district_code,
        precinct.kind,
        f"{group}-saylov okrugi",
        f"{precinct.number}-uchastka",
        address,
        phone,
        str(precinct.longitude),
        str(precinct.latitude),
        text,
    )
