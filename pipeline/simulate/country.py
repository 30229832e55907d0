"""The places of the simulated country: districts, mahallas, streets, dwellings.

What belongs here: what exists on the ground, as arrays of numbers; how a clerk writes an
address stands in addresses.py. Official mahallas are taken where a register is given.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.simulate.arrays import Flags, Floats, Ints
from pipeline.simulate.faults import Faults
from pipeline.tables import reference_table

STREET, LANE, MASSIF = range(3)
NO_SUFFIX, LETTER, FRACTION = range(3)
PEOPLE_PER_MAHALLA = 1500
DWELLINGS_PER_STREET = 45
FLATS_PER_HOUSE = 24
HOUSE, APARTMENT, DORMITORY, INSTITUTION, NON_RESIDENTIAL, LAND = range(6)
ACTIVE, DEMOLISHED, UNDER_CONSTRUCTION = range(3)
NAMANGAN_CITY = "1714401"


@dataclasses.dataclass(frozen=True)
class District:
    """A district or city of regional rank."""

    code: str
    region_code: str
    name_uz: str
    name_ru: str
    is_city: bool
    cadastre_code: str
    """AA:BB of its cadastral numbers; AA from areas.csv, BB our own numbering."""


@dataclasses.dataclass(frozen=True)
class Mahalla:
    """A neighbourhood as its register has it."""

    district: int
    code: str
    name: str
    """Official name without the word MFY, in the canonical alphabet."""
    published: str
    """Official name as its register has it, noise and all."""
    kind: str
    """MFY, QFY or OFY."""
    is_massif: bool


@dataclasses.dataclass(frozen=True)
class Street:
    """A street, a lane of a street, or a massif; `old_name` where it was renamed."""

    mahalla: int
    name: str
    lane: int
    kind: int
    dwellings: int
    old_name: str | None = None


@dataclasses.dataclass(frozen=True)
class Dwellings:
    """One entry per flat or house, by street; the index is the dwelling's number."""

    street: Ints
    house: Ints
    suffix_kind: Ints
    suffix: Ints
    building: Ints
    flat: Ints
    """0 where the house is one dwelling."""
    object_kind: Ints
    status: Ints
    in_cadastre: Flags
    longitude: Floats
    latitude: Floats

    def __len__(self) -> int:
        """Number of dwellings."""
        return len(self.street)


@dataclasses.dataclass(frozen=True)
class Country:
    """All places; lists are indexed by the numbers the arrays hold."""

    districts: list[District]
    mahallas: list[Mahalla]
    streets: list[Street]
    dwellings: Dwellings
    cadastral_numbers: list[str]


def district_of_dwelling(country: Country) -> Ints:
    """Number of the district of each dwelling."""
    mahalla = np.array([street.mahalla for street in country.streets], dtype=np.int64)
    district = np.array([m.district for m in country.mahallas], dtype=np.int64)
    return np.asarray(district[mahalla[country.dwellings.street]], dtype=np.int64)


def read_districts(regions: Sequence[str]) -> list[District]:
    """The districts of the regions named, in the order of their codes."""
    areas = reference_table("areas").rows(named=True)
    cadastre = {row["area_code"]: row["cadastre_region_code"] for row in areas}
    rows = sorted(
        (row for row in areas if row["level"] == "DISTRICT"),
        key=lambda row: str(row["area_code"]),
    )
    known = {row["region_code"] for row in rows}
    if unknown := sorted(set(regions) - known):
        raise ValueError(f"no such region: {', '.join(unknown)}")
    serial: dict[str, int] = {}
    districts = []
    for row in rows:
        region = row["region_code"]
        serial[region] = serial.get(region, 0) + 1
        if region in regions:
            code = row["area_code"]
            districts.append(
                District(
                    code=code,
                    region_code=region,
                    name_uz=row["name_uz"],
                    name_ru=row["name_ru"],
                    is_city=code[4] == "4" or region == "1726",
                    cadastre_code=f"{cadastre[region]}:{serial[region]:02d}",
                )
            )
    return districts


def official_mahallas(
    rows: Sequence[Mapping[str, str]], districts: Sequence[District]
) -> list[list[tuple[str, str]]]:
    """(code, name) of the official mahallas of each district.

    The register's `district_group` is a key of its own: within a region the groups are
    laid on the districts in the order of their codes, the same way every time. The two
    districts of Namangan city, which have no group, share the city's.
    """
    found: list[list[tuple[str, str]]] = [[] for _ in districts]
    for region in sorted({district.region_code for district in districts}):
        own = [n for n, d in enumerate(districts) if d.region_code == region]
        whole = [n for n in own if len(districts[n].code) == 7]
        inner = [n for n in own if len(districts[n].code) == 10]
        groups = sorted({r["district_group"] for r in rows if r["region_code"] == region})
        for row in rows:
            if row["region_code"] != region:
                continue
            group = groups.index(row["district_group"])
            number = whole[group % len(whole)]
            if inner and districts[number].code == NAMANGAN_CITY:
                number = (
                    [number, *inner][len(found[number]) % (len(inner) + 1)]
                    if (len(found[number]) > sum(len(found[n]) for n in inner) / len(inner))
                    else number
                )
            found[number].append((row["mahalla_code"], row["name"]))
    return found


_KIND_WORD = re.compile(r"\s+(MFY|QFY|OFY|mahallasi)\.?\s*$", re.IGNORECASE)


def make_mahallas(
    rng: np.random.Generator,
    districts: Sequence[District],
    people: Ints,
    official: list[list[tuple[str, str]]] | None,
) -> list[Mahalla]:
    """As many mahallas as each district's people fill, official ones first."""
    own_names = _place_names("MAHALLA")
    mahallas = []
    for number, district in enumerate(districts):
        wanted = max(2, round(int(people[number]) / PEOPLE_PER_MAHALLA))
        rows = official[number] if official is not None else None
        if not rows:
            order = rng.permutation(len(own_names)).tolist()
            names = [own_names[n] for n in order]
            names += [f"{name}-{k}" for k in range(2, 9) for name in names[:109]]
            rows = [
                (f"{district.code[-5:]}-{k:04d}", f"{name} MFY")
                for k, name in enumerate(names)
            ]
            rows = rows[:wanted]
        picked = sorted(rng.permutation(len(rows))[:wanted].tolist())
        taken: set[str] = set()
        for code, published in (rows[n] for n in picked):
            kind = _KIND_WORD.search(published)
            name = canonical_place(_KIND_WORD.sub("", published))
            if name.lower() in taken:
                continue
            taken.add(name.lower())
            massif = district.is_city and rng.random() < 0.35
            word = kind[1].upper() if kind else "MFY"
            word = word if len(word) == 3 else "MFY"
            mahallas.append(Mahalla(number, code, name, published, word, massif))
    return mahallas


_MARKS = str.maketrans(dict.fromkeys("ʻʼ‘’`´ʹ", "'") | {"\u00a0": " "})
_CYRILLIC_INSIDE = str.maketrans("асеорхуіАВСЕНКМОРТХөңүғқ", "aceopxyiABCEHKMOPTXóńúǵq")


def canonical_place(published: str) -> str:
    """A published name in one alphabet: Latin with the plain apostrophe."""
    return " ".join(published.translate(_MARKS).translate(_CYRILLIC_INSIDE).split())


def _place_names(kind: str) -> list[str]:
    table = reference_table("simulation/place_names")
    return [row["name"] for row in table.rows(named=True) if row["kind"] == kind]


def make_streets(
    rng: np.random.Generator,
    mahallas: Sequence[Mahalla],
    dwellings_of_mahalla: Ints,
    faults: Faults,
) -> list[Street]:
    """Streets with their lanes, or massifs, for the dwellings of each mahalla."""
    names = _place_names("STREET")
    massifs = _place_names("MASSIF")
    old_names = _place_names("OLD_STREET")
    skew = np.cumsum(1.0 / np.arange(3, len(names) + 3) ** 0.6)
    skew /= skew[-1]
    streets: list[Street] = []
    renamed: dict[tuple[int, str], str | None] = {}
    free: dict[int, list[str]] = {}
    for number, mahalla in enumerate(mahallas):
        left = int(dwellings_of_mahalla[number])
        taken: set[str] = set()
        while left > 0:
            if mahalla.is_massif:
                size = min(left, int(rng.integers(180, 420)))
                name = f"{massifs[int(rng.integers(len(massifs)))]}-{rng.integers(1, 24)}"
                if name in taken:
                    continue
                taken.add(name)
                streets.append(Street(number, name, 0, MASSIF, size))
                left -= size
                continue
            name = names[int(np.searchsorted(skew, rng.random()))]
            if name in taken:
                continue
            taken.add(name)
            old = _renaming(rng, mahalla.district, name, renamed, free, old_names, faults)
            lanes = int(rng.integers(1, 6)) if rng.random() < 0.3 else 0
            for lane in range(lanes + 1):
                mean = DWELLINGS_PER_STREET if lane == 0 else 14
                size = min(left, max(4, round(mean * float(rng.lognormal(0, 0.5)))))
                if size > 0:
                    kind = LANE if lane else STREET
                    streets.append(Street(number, name, lane, kind, size, old))
                left -= size
    return streets


def last_house(street: Street) -> int:
    """The highest house number of a street."""
    if street.kind == MASSIF:
        return -(-street.dwellings // FLATS_PER_HOUSE)
    return street.dwellings


def _renaming(
    rng: np.random.Generator,
    district: int,
    name: str,
    renamed: dict[tuple[int, str], str | None],
    free: dict[int, list[str]],
    old_names: Sequence[str],
    faults: Faults,
) -> str | None:
    """The old name of a street, one per name and district; null where it had none."""
    key = (district, name)
    if key not in renamed:
        names = free.setdefault(
            district, [old_names[n] for n in rng.permutation(len(old_names))]
        )
        was_renamed = rng.random() < faults.street_renamed and len(names) > 0
        renamed[key] = names.pop() if was_renamed else None
    return renamed[key]
