"""cec/boundaries.geojson: precincts drawn on the map, as carelessly as maps are drawn.

What belongs here: the outline of each precinct's claims on the ground, and what goes wrong
with outlines: left out, shifted, axes swapped, corners cut.
"""

import json
from collections.abc import Sequence

import numpy as np
import shapely

from pipeline.simulate.arrays import Floats
from pipeline.simulate.country import Country
from pipeline.simulate.faults import Faults
from pipeline.simulate.ground import METRES_PER_DEGREE, Ground
from pipeline.simulate.precincts import Claim, Precinct

SHIFT_METRES = 250.0
CARELESS_METRES = 3.0


def draw_map(
    rng: np.random.Generator,
    precincts: Sequence[Precinct],
    country: Country,
    ground: Ground,
    faults: Faults,
) -> str | None:
    """The GeoJSON text, or null where no precinct is drawn.

    Args:
        rng: source of chance.
        precincts: those with claims are drawn.
        country: for the mahalla of each street.
        ground: where everything lies.
        faults: share drawn, and of those shifted and with swapped axes.
    """
    outlines = _outlines(precincts, country, ground)
    features = []
    for precinct, outline in zip(precincts, outlines, strict=True):
        chance = rng.random(3)
        if outline is None or chance[0] >= faults.precinct_on_map:
            continue
        drawn = shapely.simplify(outline, CARELESS_METRES / METRES_PER_DEGREE)
        if chance[1] < faults.outline_shifted:
            shift = rng.normal(0, SHIFT_METRES / METRES_PER_DEGREE, 2)
            drawn = shapely.transform(drawn, lambda points, by=shift: points + by)
        if chance[2] < faults.outline_swapped:
            drawn = shapely.transform(drawn, lambda points: points[:, ::-1])
        drawn = shapely.set_precision(drawn, 1e-6)
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "region_code": precinct.region_code,
                    "precinct_number": precinct.number,
                },
                "geometry": json.loads(shapely.to_geojson(drawn)),
            }
        )
    if not features:
        return None
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, separators=(",", ":")) + "\n"


def _outlines(
    precincts: Sequence[Precinct], country: Country, ground: Ground
) -> list[shapely.Geometry | None]:
    """The land of each precinct: its claims without the more specific ones of others."""
    inside_mahalla: dict[int, list[tuple[int, shapely.Geometry]]] = {}
    inside_street: dict[int, list[tuple[int, shapely.Geometry]]] = {}
    for number, precinct in enumerate(precincts):
        for claim in precinct.claims:
            if claim.street is None:
                continue
            entry = (number, _land(claim, ground))
            inside_mahalla.setdefault(claim.mahalla, []).append(entry)
            if claim.house_from is not None:
                inside_street.setdefault(claim.street, []).append(entry)
    found: list[shapely.Geometry | None] = []
    for number, precinct in enumerate(precincts):
        parts = []
        for claim in precinct.claims:
            land = _land(claim, ground)
            if claim.street is None:
                others = inside_mahalla.get(claim.mahalla, [])
            elif claim.house_from is None:
                others = inside_street.get(claim.street, [])
            else:
                others = []
            taken = [area for owner, area in others if owner != number]
            parts.append(shapely.difference(land, shapely.union_all(taken)))
        found.append(shapely.union_all(parts) if parts else None)
    return found


def _land(claim: Claim, ground: Ground) -> shapely.Geometry:
    if claim.street is None:
        return _box(ground.mahallas[claim.mahalla])
    west, south, width, height = ground.streets[claim.street].tolist()
    if claim.house_from is not None:
        last = int(ground.last_house[claim.street])
        first, end = claim.house_from - 1, min(claim.house_to or last, last)
        west, width = west + width * first / last, width * (end - first) / last
    if claim.parity != "ALL":
        height /= 2
        south += 0.0 if claim.parity == "ODD" else height
    return _box(np.array((west, south, width, height)))


def _box(rectangle: Floats) -> shapely.Geometry:
    west, south, width, height = rectangle.tolist()
    return shapely.box(west, south, west + width, south + height)
