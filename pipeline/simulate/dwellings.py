"""The dwellings of the simulated country: houses and flats along its streets.

What belongs here: numbers, kinds and states of dwellings, where they stand and their
cadastral numbers.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from pipeline.simulate.arrays import Flags
from pipeline.simulate.country import (
    APARTMENT,
    DEMOLISHED,
    FLATS_PER_HOUSE,
    FRACTION,
    HOUSE,
    LAND,
    LETTER,
    MASSIF,
    NO_SUFFIX,
    NON_RESIDENTIAL,
    UNDER_CONSTRUCTION,
    Country,
    District,
    Dwellings,
    Mahalla,
    Street,
)
from pipeline.simulate.faults import Faults
from pipeline.simulate.ground import Ground, house_points


def make_dwellings(
    rng: np.random.Generator,
    streets: Sequence[Street],
    ground: Ground,
    faults: Faults,
) -> Dwellings:
    """Houses and flats of every street, numbered along it.

    Args:
        rng: source of chance.
        streets: with the number of their dwellings.
        ground: where the streets lie.
        faults: shares missing from the cadastre, demolished, commercial.
    """
    sizes = np.array([street.dwellings for street in streets], dtype=np.int64)
    street = np.repeat(np.arange(len(streets)), sizes)
    along = np.arange(len(street)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    is_massif = np.array([s.kind == MASSIF for s in streets], dtype=bool)[street]
    house = np.where(is_massif, along // FLATS_PER_HOUSE + 1, along + 1)
    flat = np.where(is_massif, along % FLATS_PER_HOUSE + 1, 0)
    chance = rng.random(len(street))
    suffixed = ~is_massif & (along > 0) & (chance < 0.08)
    suffix_kind = np.where(suffixed, np.where(chance < 0.05, LETTER, FRACTION), NO_SUFFIX)
    house = np.where(suffixed, along, house)
    building = np.where(is_massif & (house % 7 == 3), 1, 0)
    number = len(street)
    kind = np.where(is_massif, APARTMENT, HOUSE)
    kind[rng.random(number) < faults.dwelling_commercial] = NON_RESIDENTIAL
    status = np.zeros(number, dtype=np.int64)
    status[rng.random(number) < faults.dwelling_demolished] = DEMOLISHED
    known = rng.random(number) >= faults.dwelling_missing
    longitude, latitude = house_points(rng, ground, street, house)
    return Dwellings(
        street=street,
        house=house,
        suffix_kind=suffix_kind,
        suffix=np.where(suffixed, 1, 0),
        building=building,
        flat=flat,
        object_kind=kind,
        status=status,
        in_cadastre=known,
        longitude=longitude,
        latitude=latitude,
    )


def with_other_objects(
    rng: np.random.Generator, country: Country, is_empty: Flags
) -> Country:
    """The country with a third of its empty houses being land, shops, building sites."""
    dwellings = country.dwellings
    chance = rng.random(len(dwellings))
    other = is_empty & (dwellings.object_kind == HOUSE)
    kind = np.where(other & (chance < 0.15), LAND, dwellings.object_kind)
    kind = np.where(other & (chance >= 0.15) & (chance < 0.25), NON_RESIDENTIAL, kind)
    building_site = other & (chance >= 0.25) & (chance < 0.33)
    status = np.where(building_site, UNDER_CONSTRUCTION, dwellings.status)
    changed = dataclasses.replace(dwellings, object_kind=kind, status=status)
    return dataclasses.replace(country, dwellings=changed)


def cadastral_numbers(
    districts: Sequence[District],
    mahallas: Sequence[Mahalla],
    streets: Sequence[Street],
    dwellings: Dwellings,
) -> list[str]:
    """AA:BB:CC:DD:EE:FFFF:GGGG:HHH of every dwelling; flats of a house share GGGG."""
    serial: dict[int, int] = {}
    in_mahalla: dict[int, int] = {}
    prefixes = []
    order_of_mahalla = []
    for mahalla in mahallas:
        order_of_mahalla.append(serial.get(mahalla.district, 0))
        serial[mahalla.district] = serial.get(mahalla.district, 0) + 1
    for street in streets:
        mahalla = mahallas[street.mahalla]
        place = order_of_mahalla[street.mahalla]
        order = in_mahalla.get(street.mahalla, 0)
        in_mahalla[street.mahalla] = order + 1
        zone = f"{place // 90 + 1:02d}:{place % 90 + 1:02d}:{order % 99 + 1:02d}"
        prefixes.append(
            (f"{districts[mahalla.district].cadastre_code}:{zone}", order // 99)
        )
    return [
        f"{prefixes[s][0]}:{prefixes[s][1] * 1000 + h + 1:04d}:{5000 + 2 * x + k:04d}"
        + (f":{f:03d}" if f else "")
        for s, h, x, k, f in zip(
            dwellings.street.tolist(),
            dwellings.house.tolist(),
            dwellings.suffix.tolist(),
            (dwellings.suffix_kind == FRACTION).tolist(),
            dwellings.flat.tolist(),
            strict=True,
        )
    ]
