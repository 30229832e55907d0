"""The simulated country as a whole: places, people in them, precincts over them.

What belongs here: how much of everything there is, from the number of registrations.
"""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.simulate import country as places
from pipeline.simulate.arrays import Ints
from pipeline.simulate.dwellings import (
    cadastral_numbers,
    make_dwellings,
    with_other_objects,
)
from pipeline.simulate.faults import Faults
from pipeline.simulate.ground import Ground, lay_out
from pipeline.simulate.identifiers import national_ids
from pipeline.simulate.name_book import PEOPLES, NameBook
from pipeline.simulate.people import PEOPLE_PER_HOUSEHOLD, People, make_people
from pipeline.simulate.precincts import (
    REGION_CENTRE,
    Precinct,
    Stations,
    divide,
    number_precincts,
    official_stations,
    precinct_of_dwelling,
    special_precincts,
)

REGISTRATIONS_PER_PERSON = 1.25
FIRST_AREA = 100

Rows = Sequence[Mapping[str, str]]


@dataclasses.dataclass(frozen=True)
class World:
    """Everything that exists; indexes run through the lists and arrays."""

    country: places.Country
    ground: Ground
    precincts: list[Precinct]
    precinct_of_dwelling: Ints
    people: People
    home: Ints
    """Dwelling of each person."""
    pinfl: Ints
    book: NameBook


def make_world(
    chance: Sequence[np.random.Generator],
    registrations: int,
    regions: tuple[str, ...],
    election_date: datetime.date,
    as_of: datetime.date,
    mahallas: Rows | None,
    stations: Rows | None,
    faults: Faults,
) -> World:
    """A country with as many people as so many registrations have.

    Args:
        chance: three sources of chance: places, peoples, people.
        registrations: rows of the population register.
        regions: SOATO codes.
        election_date: ages are as of this day.
        as_of: day of the delivery.
        mahallas: rows of the official register, or null for names of our own.
        stations: rows of real polling stations, or null.
        faults: shares of what goes wrong.
    """
    rng = chance[0]
    districts = places.read_districts(regions)
    official = None if mahallas is None else places.official_mahallas(mahallas, districts)
    points = None if stations is None else official_stations(stations, districts)
    country, ground, precincts = _make_country(
        rng, districts, registrations / REGISTRATIONS_PER_PERSON, official, points, faults
    )
    lived_in = rng.random(len(country.dwellings)) >= faults.dwelling_empty
    country = with_other_objects(rng, country, ~lived_in)
    occupied = np.flatnonzero(lived_in)
    district = places.district_of_dwelling(country)[occupied]
    book = NameBook()
    folk = _folk(chance[1], [d.region_code for d in districts], district)
    people = make_people(chance[2], folk, book, election_date, as_of, faults)
    area = FIRST_AREA + district[people.household]
    return World(
        country=country,
        ground=ground,
        precincts=precincts,
        precinct_of_dwelling=precinct_of_dwelling(precincts, country),
        people=people,
        home=occupied[people.household],
        pinfl=national_ids(people.birth_day, people.is_female, area),
        book=book,
    )


def _make_country(
    rng: np.random.Generator,
    districts: list[places.District],
    persons: float,
    official: list[list[tuple[str, str]]] | None,
    stations: Stations | None,
    faults: Faults,
) -> tuple[places.Country, Ground, list[Precinct]]:
    weight = rng.lognormal(0, 0.35, len(districts))
    weight *= [1.3 if district.is_city else 1.0 for district in districts]
    people = persons * weight / weight.sum()
    mahallas = places.make_mahallas(rng, districts, people.astype(np.int64), official)
    share = rng.lognormal(0, 0.45, len(mahallas))
    district = np.array([m.district for m in mahallas], dtype=np.int64)
    share /= np.bincount(district, share, len(districts))[district]
    homes = people[district] * share / PEOPLE_PER_HOUSEHOLD / (1 - faults.dwelling_empty)
    streets = places.make_streets(
        rng, mahallas, np.maximum(np.rint(homes).astype(np.int64), 4), faults
    )
    precincts = divide(rng, districts, mahallas, streets)
    regions = sorted({d.region_code for d in districts})
    precincts += special_precincts(regions, districts)
    number_precincts(rng, precincts, stations)
    ground = lay_out(mahallas, streets, _centres(districts, mahallas, precincts))
    dwellings = make_dwellings(rng, streets, ground, faults)
    numbers = cadastral_numbers(districts, mahallas, streets, dwellings)
    country = places.Country(districts, mahallas, streets, dwellings, numbers)
    return country, ground, precincts


def _centres(
    districts: list[places.District],
    mahallas: list[places.Mahalla],
    precincts: list[Precinct],
) -> dict[int, tuple[float, float]]:
    """Where each mahalla is: at the polling station of the first precinct that has it."""
    centre = {
        n: REGION_CENTRE[districts[m.district].region_code] for n, m in enumerate(mahallas)
    }
    for precinct in reversed(precincts):
        for claim in precinct.claims:
            centre[claim.mahalla] = (precinct.longitude, precinct.latitude)
    return centre


_FOLK_BY_REGION = {
    "1735": (0.36, 0.0, 0.02, 0.02, 0.01, 0.01, 0.58),
    "1726": (0.72, 0.03, 0.04, 0.13, 0.05, 0.03, 0.0),
    "1727": (0.84, 0.04, 0.04, 0.04, 0.02, 0.02, 0.0),
    "1718": (0.83, 0.10, 0.03, 0.02, 0.01, 0.01, 0.0),
    "1706": (0.84, 0.09, 0.03, 0.02, 0.01, 0.01, 0.0),
    "1712": (0.86, 0.03, 0.03, 0.05, 0.02, 0.01, 0.0),
}
"""Shares in the order of PEOPLES; orders of magnitude, not census figures."""
_FOLK_ELSEWHERE = (0.91, 0.02, 0.04, 0.015, 0.01, 0.005, 0.0)


def _folk(rng: np.random.Generator, region_of_district: list[str], district: Ints) -> Ints:
    """Whose names each household bears, by region."""
    shares = np.array(
        [_FOLK_BY_REGION.get(region, _FOLK_ELSEWHERE) for region in region_of_district]
    )
    edges = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
    drawn = (rng.random(len(district))[:, None] > edges[district]).sum(axis=1)
    return np.asarray(np.minimum(drawn, len(PEOPLES) - 1), dtype=np.int64)
