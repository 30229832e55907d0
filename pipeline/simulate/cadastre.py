"""cadastre/dwellings, reference/mahallas and reference/streets.

What belongs here: the places as their own registers have them: what is missing, what was
demolished, what is no home at all.
"""

import datetime
from collections.abc import Iterator

import numpy as np
import polars as pl

from pipeline.simulate.addresses import AddressWriter
from pipeline.simulate.arrays import Ints
from pipeline.simulate.country import HOUSE, Country
from pipeline.simulate.faults import Faults
from pipeline.simulate.people import HEAD
from pipeline.simulate.world import World

COLUMNS = (
    "cadastral_number", "object_kind", "status", "region_code", "district_code",
    "mahalla", "street", "house", "building", "flat", "address_text", "owner_pinfl",
    "owner_name", "floor_area_m2", "rooms", "longitude", "latitude", "updated_at",
)  # fmt: skip
_KINDS = ("HOUSE", "APARTMENT", "DORMITORY", "INSTITUTION", "NON_RESIDENTIAL", "LAND")
_STATUS = ("ACTIVE", "DEMOLISHED", "UNDER_CONSTRUCTION")
_STYLES = (0.4, 0.3, 0.1, 0.05, 0.03, 0.07, 0.05)
"""How the cadastre spells: Uzbek Latin in its variants, some Cyrillic."""


def dwelling_pieces(
    rng: np.random.Generator,
    world: World,
    as_of: datetime.date,
    faults: Faults,
    rows_per_piece: int,
) -> Iterator[pl.DataFrame]:
    """Rows of cadastre/dwellings, piece by piece, in the order of the ground."""
    owner = np.full(len(world.country.dwellings), -1, dtype=np.int64)
    heads = np.flatnonzero(world.people.role == HEAD)
    owner[world.home[heads]] = heads
    known = np.flatnonzero(world.country.dwellings.in_cadastre)
    writer = AddressWriter(world.country)
    for chosen in np.array_split(known, max(-(-len(known) // rows_per_piece), 1)):
        frame = _rows(rng, world, writer, chosen, owner, as_of, faults)
        rebuilt = rng.random(len(chosen)) < faults.dwelling_rebuilt
        rebuilt &= world.country.dwellings.object_kind[chosen] == HOUSE
        before = frame.filter(pl.Series(rebuilt)).with_columns(
            status=pl.lit("DEMOLISHED"),
            owner_pinfl=pl.lit(None, pl.String),
            owner_name=pl.lit(None, pl.String),
            updated_at=pl.lit("2015-06-01 00:00:00"),
        )
        yield pl.concat([frame, before])


def _rows(
    rng: np.random.Generator,
    world: World,
    writer: AddressWriter,
    chosen: Ints,
    owner: Ints,
    as_of: datetime.date,
    faults: Faults,
) -> pl.DataFrame:
    country, people, book = world.country, world.people, world.book
    dwellings = country.dwellings
    longitudes, latitudes = _coordinates(rng, world, chosen, faults)
    styles = rng.choice(len(_STYLES), len(chosen), p=_STYLES).tolist()
    parts = [
        writer.standard_parts(n, style)
        for n, style in zip(chosen.tolist(), styles, strict=True)
    ]
    district = [
        country.districts[country.mahallas[country.streets[s].mahalla].district]
        for s in dwellings.street[chosen].tolist()
    ]
    owners = owner[chosen].tolist()
    surname, given = people.surname.tolist(), people.given.tolist()
    female = people.is_female.tolist()
    names = [
        None
        if n < 0
        else f"{book.surname(surname[n], female[n], how)} {book.given(given[n], how)}"
        for n, how in zip(owners, styles, strict=True)
    ]
    area = np.round(rng.lognormal(4.4, 0.4, len(chosen)), 1)
    columns: dict[str, list[str | None]] = {
        "cadastral_number": [country.cadastral_numbers[n] for n in chosen.tolist()],
        "object_kind": [_KINDS[k] for k in dwellings.object_kind[chosen].tolist()],
        "status": [_STATUS[k] for k in dwellings.status[chosen].tolist()],
        "region_code": [d.region_code for d in district],
        "district_code": [d.code for d in district],
        **{
            name: [own[at] for own in parts]
            for at, name in enumerate(("mahalla", "street", "house", "building", "flat"))
        },
        "address_text": [None] * len(chosen),
        "owner_pinfl": [None if n < 0 else str(world.pinfl[n]) for n in owners],
        "owner_name": names,
        "floor_area_m2": [str(x) for x in area.tolist()],
        "rooms": [str(n) for n in rng.integers(1, 8, len(chosen)).tolist()],
        "longitude": longitudes,
        "latitude": latitudes,
        "updated_at": [f"{as_of.isoformat()} 00:00:00"] * len(chosen),
    }
    ordered = {name: columns[name] for name in COLUMNS}
    return pl.DataFrame(ordered, schema=dict.fromkeys(COLUMNS, pl.String))


def _coordinates(
    rng: np.random.Generator, world: World, chosen: Ints, faults: Faults
) -> tuple[list[str | None], list[str | None]]:
    """Longitudes and latitudes as surveyed: some missing, some of another dwelling."""
    dwellings = world.country.dwellings
    is_wrong = rng.random(len(chosen)) < faults.coordinate_wrong
    other = rng.integers(0, len(dwellings), len(chosen))
    surveyed = np.where(is_wrong, other, chosen)
    is_known = (rng.random(len(chosen)) >= faults.coordinate_missing).tolist()
    longitudes, latitudes = (
        [
            str(degrees) if known else None
            for degrees, known in zip(axis[surveyed].tolist(), is_known, strict=True)
        ]
        for axis in (dwellings.longitude, dwellings.latitude)
    )
    return longitudes, latitudes


def mahalla_rows(country: Country) -> pl.DataFrame:
    """reference/mahallas: the mahallas of the country as published."""
    rows = [
        (m.code, m.published, country.districts[m.district].code, None)
        for m in country.mahallas
    ]
    columns = ("mahalla_code", "name", "district_code", "aliases")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def street_rows(country: Country) -> pl.DataFrame:
    """reference/streets: renamed streets, each once per district."""
    renamed = sorted(
        {
            (
                country.districts[country.mahallas[s.mahalla].district].code,
                s.old_name,
                s.name,
            )
            for s in country.streets
            if s.old_name is not None
        }
    )
    rows = [(*names, f"{2018 + n % 8}-0{n % 9 + 1}-01") for n, names in enumerate(renamed)]
    columns = ("district_code", "old_name", "new_name", "valid_from")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
