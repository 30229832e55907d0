"""The precincts of the simulated election: who votes where, and how it was announced.

What belongs here: cutting districts into precincts of 500 to 2,500 voters by the rules
commissions use (whole mahallas, streets of a mahalla, houses of a street, the specific
before the general). The wording stands in boundary_text.py.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pipeline.simulate.arrays import Flags, Ints
from pipeline.simulate.country import (
    MASSIF,
    Country,
    District,
    Dwellings,
    Mahalla,
    Street,
    last_house,
)

VOTERS_PER_DWELLING = 2.45
VOTERS_LOW = 650
VOTERS_HIGH = 2000
VOTERS_WANTED = 1250
INSTITUTIONS = ("MILITARY", "HOSPITAL", "SANATORIUM", "DETENTION")
ABROAD_REGION = "1726"
ABROAD_DISTRICT = "1726262"


@dataclasses.dataclass(frozen=True)
class Claim:
    """A piece of territory: a mahalla, or a street of it, or houses of the street."""

    mahalla: int
    street: int | None = None
    house_from: int | None = None
    house_to: int | None = None
    parity: str = "ALL"


@dataclasses.dataclass
class Precinct:
    """A precinct; the most specific claim on a dwelling wins."""

    region_code: str
    district_code: str
    kind: str
    claims: list[Claim]
    number: int = 0
    longitude: float = 0.0
    latitude: float = 0.0
    district: int = -1


Stations = Mapping[str, Sequence[tuple[int, float, float]]]
"""District code to (number, longitude, latitude) of its real polling stations."""


def official_stations(
    rows: Sequence[Mapping[str, str]], districts: Sequence[District]
) -> dict[str, list[tuple[int, float, float]]]:
    """Real polling stations by district; rows without a number or a zone are left out.

    A number that repeats in a region counts once.

    `zone_id` is the commission's own: within a region the zones are laid on the districts
    in the order of their codes, the same way every time.
    """
    found: dict[str, list[tuple[int, float, float]]] = {d.code: [] for d in districts}
    for region in sorted({district.region_code for district in districts}):
        own = [d.code for d in districts if d.region_code == region]
        here = [
            row
            for row in rows
            if row["region_code"] == region and row["precinct_number"] and row["zone_id"]
        ]
        zones = sorted({row["zone_id"] for row in here}, key=lambda z: (len(z), z))
        seen: set[int] = set()
        for row in here:
            number = int(row["precinct_number"])
            if number in seen:
                continue
            seen.add(number)
            code = own[zones.index(row["zone_id"]) % len(own)]
            spot = (float(row["longitude"]), float(row["latitude"]))
            found[code].append((number, *spot))
    return found


def divide(
    rng: np.random.Generator,
    districts: Sequence[District],
    mahallas: Sequence[Mahalla],
    streets: Sequence[Street],
) -> list[Precinct]:
    """Territorial precincts with their claims; every street is claimed.

    Args:
        rng: source of chance.
        districts: of the regions simulated.
        mahallas: of those districts, by district.
        streets: of those mahallas, by mahalla.
    """
    of_mahalla: list[list[int]] = [[] for _ in mahallas]
    for number, street in enumerate(streets):
        of_mahalla[street.mahalla].append(number)
    voters = [
        VOTERS_PER_DWELLING * sum(streets[s].dwellings for s in own) for own in of_mahalla
    ]
    precincts: list[Precinct] = []
    for number, district in enumerate(districts):
        make = _Maker(district, number)
        pending: list[int] = []
        for m, mahalla in enumerate(mahallas):
            if mahalla.district != number or not of_mahalla[m]:
                continue
            large = voters[m] > VOTERS_HIGH
            if large or (voters[m] > VOTERS_WANTED and rng.random() < 0.4):
                parts = max(2, round(voters[m] / VOTERS_WANTED))
                make.split(rng, m, of_mahalla[m], parts, streets)
                continue
            pending.append(m)
            if sum(voters[p] for p in pending) >= VOTERS_LOW:
                make.whole(pending)
                pending = []
        if pending:
            make.rest(pending)
        precincts += make.precincts
    return precincts


class _Maker:
    """Precincts of one district, as they come."""

    def __init__(self, district: District, number: int) -> None:
        self._district = district
        self._number = number
        self.precincts: list[Precinct] = []
        self._last_whole: Precinct | None = None

    def _open(self, claims: list[Claim]) -> Precinct:
        made = Precinct(
            self._district.region_code,
            self._district.code,
            "TERRITORIAL",
            claims,
            district=self._number,
        )
        self.precincts.append(made)
        return made

    def whole(self, mahallas: Sequence[int]) -> None:
        """One precinct of whole mahallas."""
        self._last_whole = self._open([Claim(m) for m in mahallas])

    def rest(self, mahallas: Sequence[int]) -> None:
        """What is too small for itself joins the precinct before it, if there is one."""
        if self._last_whole is None:
            self.whole(mahallas)
        else:
            self._last_whole.claims += [Claim(m) for m in mahallas]

    def split(
        self,
        rng: np.random.Generator,
        mahalla: int,
        own: Sequence[int],
        parts: int,
        streets: Sequence[Street],
    ) -> None:
        """A large mahalla in parts: streets each, or the whole of it and some streets."""
        total = sum(streets[s].dwellings for s in own)
        groups: list[list[Claim]] = [[] for _ in range(parts)]
        filled, at = 0, 0
        for street in own:
            size = streets[street].dwellings
            room = (at + 1) * total / parts - filled
            if at + 1 < parts and size > room:
                cut = room > 12 and size - room > 12
                if cut and (streets[street].kind == MASSIF or rng.random() < 0.5):
                    share = room / size
                    first, second = _cut(
                        rng, mahalla, street, share, last_house(streets[street])
                    )
                    groups[at].append(first)
                    groups[at + 1].append(second)
                    filled += size
                    at += 1
                    continue
                if room < size / 2 and groups[at]:
                    at += 1
            groups[at].append(Claim(mahalla, street))
            filled += size
        groups = [group for group in groups if group]
        general = rng.random() < 0.4
        for number, group in enumerate(groups):
            if general and number == 0:
                # The rest of the mahalla, said as the whole of it: what the others
                # claim is more specific.
                group = [Claim(mahalla)]
            self._open(group)


def _cut(
    rng: np.random.Generator, mahalla: int, street: int, share: float, last: int
) -> tuple[Claim, Claim]:
    """A street in two: odd and even side, or up to a house and from the next."""
    if rng.random() < 0.45 and last > 6:
        return (
            Claim(mahalla, street, 1, last, "ODD"),
            Claim(mahalla, street, 2, last, "EVEN"),
        )
    border = min(max(2, round(last * share)), max(last - 1, 1))
    return Claim(mahalla, street, 1, border), Claim(mahalla, street, border + 1, last)


def precinct_of_dwelling(precincts: Sequence[Precinct], country: Country) -> Ints:
    """Index of the precinct of each dwelling: the most specific claim on it.

    Every dwelling has exactly one; a second claim of equal rank would be a fault of ours.
    """
    dwellings = country.dwellings
    by_mahalla = np.full(len(country.mahallas), -1, dtype=np.int64)
    by_street = np.full(len(country.streets), -1, dtype=np.int64)
    houses: list[tuple[int, Claim]] = []
    for number, precinct in enumerate(precincts):
        for claim in precinct.claims:
            if claim.street is None:
                by_mahalla[claim.mahalla] = number
            elif claim.house_from is None:
                by_street[claim.street] = number
            else:
                houses.append((number, claim))
    mahalla = np.array([street.mahalla for street in country.streets], dtype=np.int64)
    general = np.where(by_street >= 0, by_street, by_mahalla[mahalla])
    placed = general[dwellings.street]
    starts = np.searchsorted(dwellings.street, np.arange(len(country.streets) + 1))
    for number, claim in houses:
        street = claim.street
        if street is not None:
            rows = slice(int(starts[street]), int(starts[street + 1]))
            placed[rows][_claimed(dwellings, rows, claim)] = number
    if (placed < 0).any():
        raise ValueError("a dwelling belongs to no precinct")
    return placed


def _claimed(dwellings: Dwellings, rows: slice, claim: Claim) -> Flags:
    house = dwellings.house[rows]
    inside = (house >= (claim.house_from or 0)) & (house <= (claim.house_to or 10**6))
    if claim.parity == "ALL":
        return np.asarray(inside)
    return np.asarray(inside & (house % 2 == (1 if claim.parity == "ODD" else 0)))


def special_precincts(
    regions: Sequence[str], districts: Sequence[District]
) -> list[Precinct]:
    """Institutions of each region, and one mission abroad attached to Tashkent."""
    made = []
    for region in regions:
        own = [district.code for district in districts if district.region_code == region]
        for n, kind in enumerate(INSTITUTIONS):
            made.append(Precinct(region, own[n * len(own) // 4], kind, []))
    made.append(Precinct(ABROAD_REGION, ABROAD_DISTRICT, "ABROAD", []))
    return made


def number_precincts(
    rng: np.random.Generator, precincts: Sequence[Precinct], stations: Stations | None
) -> None:
    """Give numbers that run through the region, and a place; real ones where known."""
    used: dict[str, set[int]] = {}
    pools = {code: list(rows) for code, rows in (stations or {}).items()}
    spots: dict[int, tuple[float, float]] = {}
    waiting = []
    for precinct in precincts:
        pool = pools.get(precinct.district_code)
        if precinct.kind == "TERRITORIAL" and pool:
            near = spots.get(precinct.claims[0].mahalla)
            station = pool[0] if near is None else min(pool, key=_distance_to(near))
            pool.remove(station)
            number, precinct.longitude, precinct.latitude = station
            precinct.number = number
            used.setdefault(precinct.region_code, set()).add(number)
            _remember(spots, precinct)
        else:
            waiting.append(precinct)
    for precinct in waiting:
        taken = used.setdefault(precinct.region_code, set())
        precinct.number = max(taken, default=0) + 1
        taken.add(precinct.number)
        # Precincts that share a mahalla stand in it, the others anywhere in the region.
        near = spots.get(precinct.claims[0].mahalla) if precinct.claims else None
        spot = rng.normal(0, 0.15 if near is None else 0.003, 2)
        longitude, latitude = near or REGION_CENTRE[precinct.region_code]
        precinct.longitude = round(longitude + float(spot[0]), 6)
        precinct.latitude = round(latitude + float(spot[1]), 6)
        _remember(spots, precinct)


def _remember(spots: dict[int, tuple[float, float]], precinct: Precinct) -> None:
    for claim in precinct.claims:
        spots.setdefault(claim.mahalla, (precinct.longitude, precinct.latitude))


def _distance_to(
    near: tuple[float, float],
) -> Callable[[tuple[int, float, float]], tuple[float, int]]:
    """How far a station is from a point, in degrees squared; ties by number."""
    return lambda station: (
        (station[1] - near[0]) ** 2 + (station[2] - near[1]) ** 2,
        station[0],
    )


REGION_CENTRE = {
    "1703": (72.34, 40.78), "1706": (64.42, 39.77), "1708": (67.84, 40.12),
    "1710": (65.79, 38.86), "1712": (65.38, 40.09), "1714": (71.67, 41.00),
    "1718": (66.96, 39.65), "1722": (67.28, 37.22), "1724": (68.78, 40.49),
    "1726": (69.24, 41.31), "1727": (69.60, 41.00), "1730": (71.78, 40.38),
    "1733": (60.63, 41.55), "1735": (59.61, 42.46),
}  # fmt: skip
"""Longitude and latitude of the regions' centres, from any atlas."""
