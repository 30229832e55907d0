"""The ground of the simulated country: where mahallas, streets and houses lie.

What belongs here: a plan of rectangles. A mahalla is a square of streets in rows, a street
a rectangle with its houses along it, odd numbers on one side; so that territories given in
words have an outline.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.simulate.arrays import Floats, Ints
from pipeline.simulate.country import Mahalla, Street, last_house

DWELLING_SIDE_METRES = 30.0
METRES_PER_DEGREE = 111_320.0


@dataclasses.dataclass(frozen=True)
class Ground:
    """Rectangles in degrees: south-west corner, width and height."""

    mahallas: Floats
    """One row per mahalla: longitude, latitude, width, height."""
    streets: Floats
    """One row per street, the same."""
    last_house: Ints
    """Highest house number of each street."""


def lay_out(
    mahallas: Sequence[Mahalla],
    streets: Sequence[Street],
    centre: Mapping[int, tuple[float, float]],
) -> Ground:
    """Mahallas around their centres, those of one centre side by side; streets in rows.

    Args:
        mahallas: of the country.
        streets: by mahalla.
        centre: longitude and latitude of each mahalla; several may share one.
    """
    own: list[list[int]] = [[] for _ in mahallas]
    for number, street in enumerate(streets):
        own[street.mahalla].append(number)
    sizes = [max(1, sum(streets[s].dwellings for s in of)) for of in own]
    sides = [math.sqrt(size) * DWELLING_SIDE_METRES for size in sizes]
    squares = np.zeros((len(mahallas), 4))
    at_centre: dict[tuple[float, float], float] = {}
    for number, side in enumerate(sides):
        longitude, latitude = centre[number]
        east = at_centre.get(centre[number], 0.0)
        at_centre[centre[number]] = east + side
        wide = METRES_PER_DEGREE * math.cos(math.radians(latitude))
        squares[number] = (
            longitude + (east - side / 2) / wide,
            latitude - side / 2 / METRES_PER_DEGREE,
            side / wide,
            side / METRES_PER_DEGREE,
        )
    rectangles = np.zeros((len(streets), 4))
    for number, of in enumerate(own):
        if of:
            rectangles[of] = _rows_of(squares[number], [streets[s].dwellings for s in of])
    last = np.array([last_house(street) for street in streets], dtype=np.int64)
    return Ground(squares, rectangles, last)


def _rows_of(square: Floats, sizes: Sequence[int]) -> Floats:
    """Rectangles that fill the square, in rows, each as large as its size."""
    longitude, latitude, width, height = square.tolist()
    in_row = max(1, round(math.sqrt(len(sizes))))
    total = sum(sizes)
    found: list[tuple[float, float, float, float]] = []
    north = latitude
    for start in range(0, len(sizes), in_row):
        row = sizes[start : start + in_row]
        tall = height * sum(row) / total
        east = longitude
        for size in row:
            wide = width * size / sum(row)
            found.append((east, north, wide, tall))
            east += wide
        north += tall
    return np.array(found)


def house_points(
    rng: np.random.Generator, ground: Ground, street: Ints, house: Ints
) -> tuple[Floats, Floats]:
    """Longitude and latitude of each dwelling, a few metres off as surveys are."""
    box = ground.streets[street]
    along = (house - 0.5) / ground.last_house[street]
    side = np.where(house % 2 == 1, 0.25, 0.75)
    slip = rng.normal(0, 2.0 / METRES_PER_DEGREE, (len(street), 2))
    longitude = box[:, 0] + along * box[:, 2] + slip[:, 0]
    latitude = box[:, 1] + side * box[:, 3] + slip[:, 1]
    return np.round(longitude, 6), np.round(latitude, 6)
