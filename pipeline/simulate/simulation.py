"""Simulate a delivery: the country, its people, their rows, the acts, the truth.

What belongs here: the order of things and the truth's tables. Same parameters and seed,
same bytes.
"""

import dataclasses
import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.simulate import country as places
from pipeline.simulate.acts import Acts, ActWriter, Truth
from pipeline.simulate.addresses import AddressWriter
from pipeline.simulate.boundaries import announce
from pipeline.simulate.damage import damage_rows
from pipeline.simulate.deliver import Delivery, read_rows
from pipeline.simulate.faults import Faults
from pipeline.simulate.identifiers import documents, national_ids
from pipeline.simulate.name_book import PEOPLES, NameBook
from pipeline.simulate.people import (
    PEOPLE_PER_HOUSEHOLD,
    UZBEK_CITIZEN,
    People,
    day_number,
    make_people,
)
from pipeline.simulate.precincts import (
    REGION_CENTRE,
    Precinct,
    divide,
    number_precincts,
    official_stations,
    precinct_of_dwelling,
    special_precincts,
)
from pipeline.simulate.register_rows import Identities, RegisterWriter
from pipeline.simulate.registrations import (
    Registrations,
    RowKind,
    make_registrations,
)

Ints = npt.NDArray[np.int64]

REGISTRATIONS_PER_PERSON = 1.25
ROWS_PER_FILE = 250_000
VOTING_AGE_YEARS = 18


@dataclasses.dataclass(frozen=True)
class SimulationSummary:
    """What was simulated, in counts."""

    registrations: int
    people: int
    voters: int
    dwellings: int
    mahallas: int
    precincts: int
    restrictions: int
    rosters: int
    decisions: int
    damaged_rows: int


@dataclasses.dataclass(frozen=True)
class _World:
    country: places.Country
    precincts: list[Precinct]
    precinct_of_dwelling: Ints
    people: People
    home: Ints
    identities: Identities
    book: NameBook


def simulate(
    output: str,
    registrations: int,
    seed: int,
    regions: tuple[str, ...],
    election_date: datetime.date,
    as_of: datetime.date,
    mahallas: str | None = None,
    stations: str | None = None,
    faults: Faults = Faults(),
) -> SimulationSummary:
    """Write a delivery with its control files, and the truth beside it in `truth/`.

    Args:
        output: folder of the delivery; empty or not there.
        registrations: rows of mia/persons, damaged rows not counted.
        seed: of all chance.
        regions: SOATO codes of the regions simulated.
        election_date: the truth is as of this day.
        as_of: day of the delivery; no registration is later.
        mahallas: CSV of the official mahallas; by default names of our own.
        stations: CSV of real polling stations with coordinates; by default our own.
        faults: how dirty the registers are.

    Raises:
        ValueError: an unknown region, or too few registrations.
        FileExistsError: the folder is not empty.
    """
    if registrations < 200 * len(regions):
        raise ValueError("at least 200 registrations a region are needed")
    delivery = Delivery(output, as_of.isoformat())
    chance = [
        np.random.Generator(np.random.PCG64(s))
        for s in np.random.SeedSequence(seed).spawn(8)
    ]
    world = _make_world(
        chance, registrations, regions, election_date, mahallas, stations, faults
    )
    rows = make_registrations(
        chance[3],
        world.people,
        world.home,
        world.country,
        max(registrations, len(world.people)),
        day_number(as_of),
        day_number(election_date),
        faults,
    )
    identities = Identities(
        world.identities.pinfl, documents(chance[3], len(world.people) + len(rows))
    )
    world = dataclasses.replace(world, identities=identities)
    order = chance[4].permutation(len(rows))
    position = np.empty(len(rows), dtype=np.int64)
    position[order] = np.arange(len(rows))
    record_ids = [f"R{n + 1:09d}" for n in position.tolist()]
    truth, temporary = _residences(world, rows, election_date)
    permanent = truth.precinct.copy()
    region = _region_of_person(world)
    acts = ActWriter(
        chance[5], world.people, rows, identities, world.book, election_date, faults
    ).write(truth, world.precincts, region, temporary, record_ids)
    notes, damaged = _write_persons(
        delivery, chance[4], world, rows, order, record_ids, as_of, faults
    )
    _write_places(delivery, chance[6], world, as_of, faults)
    announce(
        delivery, chance[7], world.precincts, world.country, regions, faults
    )
    _write_acts(delivery, acts)
    delivery.write_controls()
    _write_truth(
        delivery, world, rows, record_ids, truth, permanent, temporary, acts, notes
    )
    delivery.write_truth("rows", damaged)
    return SimulationSummary(
        registrations=len(rows),
        people=len(world.people),
        voters=sum(ground is None for ground in truth.ground),
        dwellings=len(world.country.dwellings),
        mahallas=len(world.country.mahallas),
        precincts=len(world.precincts),
        restrictions=acts.restrictions.height,
        rosters=acts.rosters.height,
        decisions=acts.decisions.height,
        damaged_rows=damaged.height,
    )


def _make_world(
    chance: list[np.random.Generator],
    registrations: int,
    regions: tuple[str, ...],
    election_date: datetime.date,
    mahallas: str | None,
    stations: str | None,
    faults: Faults,
) -> _World:
    rng = chance[0]
    districts = places.read_districts(regions)
    country, precincts = _make_country(
        rng, districts, registrations, regions, mahallas, stations, faults
    )
    occupied = np.flatnonzero(rng.random(len(country.dwellings)) < 0.94)
    mahalla = np.array([s.mahalla for s in country.streets], dtype=np.int64)
    district = np.array([m.district for m in country.mahallas], dtype=np.int64)
    where = district[mahalla[country.dwellings.street[occupied]]]
    book = NameBook()
    folk = _folk(chance[1], [d.region_code for d in districts], where)
    people = make_people(chance[2], folk, book, election_date, faults)
    home = occupied[people.household]
    area = 100 + where[people.household]
    pinfl = national_ids(people.birth_day, people.is_female, area)
    return _World(
        country=country,
        precincts=precincts,
        precinct_of_dwelling=precinct_of_dwelling(precincts, country),
        people=people,
        home=home,
        identities=Identities([str(n) for n in pinfl.tolist()], []),
        book=book,
    )


def _make_country(
    rng: np.random.Generator,
    districts: list[places.District],
    registrations: int,
    regions: tuple[str, ...],
    mahalla_file: str | None,
    station_file: str | None,
    faults: Faults,
) -> tuple[places.Country, list[Precinct]]:
    weight = rng.lognormal(0, 0.35, len(districts))
    weight *= [1.3 if district.is_city else 1.0 for district in districts]
    people = registrations / REGISTRATIONS_PER_PERSON * weight / weight.sum()
    official = None
    if mahalla_file is not None:
        official = places.official_mahallas(read_rows(mahalla_file), districts)
    mahallas = places.make_mahallas(rng, districts, people.astype(np.int64), official)
    share = rng.lognormal(0, 0.45, len(mahallas))
    district = np.array([m.district for m in mahallas], dtype=np.int64)
    share /= np.bincount(district, share, len(districts))[district]
    dwellings = people[district] * share / PEOPLE_PER_HOUSEHOLD / 0.94
    counts = np.maximum(np.rint(dwellings).astype(np.int64), 4)
    streets = places.make_streets(rng, mahallas, counts, faults)
    sizes = np.array(
        [
            -(-s.dwellings // places.FLATS_PER_HOUSE)
            if s.kind == places.MASSIF
            else s.dwellings
            for s in streets
        ],
        dtype=np.int64,
    )
    precincts = divide(rng, districts, mahallas, streets, sizes)
    precincts += special_precincts(regions, districts)
    stations = None
    if station_file is not None:
        stations = official_stations(read_rows(station_file), districts)
    number_precincts(rng, precincts, stations)
    centre = _centres(districts, mahallas, precincts)
    homes = places.make_dwellings(rng, streets, centre, faults)
    numbers = places.cadastral_numbers(districts, mahallas, streets, homes)
    return places.Country(districts, mahallas, streets, homes, numbers), precincts


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
_FOLK_ELSEWHERE = (0.91, 0.02, 0.04, 0.015, 0.01, 0.005, 0.0)


def _folk(rng: np.random.Generator, region_of_district: list[str], district: Ints) -> Ints:
    """Whose names each household bears, by region."""
    shares = np.array(
        [_FOLK_BY_REGION.get(region, _FOLK_ELSEWHERE) for region in region_of_district]
    )
    edges = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
    drawn = (rng.random(len(district))[:, None] > edges[district]).sum(axis=1)
    return np.minimum(drawn, len(PEOPLES) - 1).astype(np.int64)


def _residences(
    world: _World, rows: Registrations, election_date: datetime.date
) -> tuple[Truth, Ints]:
    """Truth before any act: age, citizenship, permanent and temporary precinct."""
    people = world.people
    last_birth = day_number(_years_before(election_date, VOTING_AGE_YEARS))
    ground: list[str | None] = [
        "NOT_CITIZEN" if nation != UZBEK_CITIZEN else ("UNDER_AGE" if young else None)
        for nation, young in zip(
            people.citizenship.tolist(),
            (people.birth_day > last_birth).tolist(),
            strict=True,
        )
    ]
    current = rows.dwelling[: len(people)]
    precinct = np.where(current >= 0, world.precinct_of_dwelling[current], -1)
    temporary = np.full(len(people), -1, dtype=np.int64)
    valid = (rows.kind == RowKind.TEMPORARY) & (
        rows.registered_until >= day_number(election_date)
    )
    temporary[rows.person[valid]] = world.precinct_of_dwelling[rows.dwelling[valid]]
    return Truth(ground, precinct, ["PERMANENT"] * len(people)), temporary


def _years_before(day: datetime.date, years: int) -> datetime.date:
    """The same day so many years before; 28 February for 29 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _region_of_person(world: _World) -> list[str]:
    country = world.country
    region = [
        country.districts[country.mahallas[s.mahalla].district].region_code
        for s in country.streets
    ]
    return [region[s] for s in country.dwellings.street[world.home].tolist()]


def _write_persons(
    delivery: Delivery,
    rng: np.random.Generator,
    world: _World,
    rows: Registrations,
    order: Ints,
    record_ids: list[str],
    as_of: datetime.date,
    faults: Faults,
) -> tuple[list[tuple[str, str]], pl.DataFrame]:
    """Files of mia/persons; the faults noted, and the damaged rows with their place."""
    writer = RegisterWriter(
        world.people, world.country, rows, world.identities, world.home, world.book, as_of
    )
    damaged = damage_rows(delivery, rng, faults)
    pieces = max(-(-len(order) // ROWS_PER_FILE), 1)
    for number, chosen in enumerate(np.array_split(order, pieces)):
        frame = writer.write(rng, chosen, [record_ids[n] for n in chosen.tolist()])
        last = number == pieces - 1
        damaged.write(frame, number + 1, is_last=last)
    return writer.faults, damaged.truth()


_OBJECT_KINDS = (
    "HOUSE", "APARTMENT", "DORMITORY", "INSTITUTION", "NON_RESIDENTIAL", "LAND"
)  # fmt: skip
_STATUS = ("ACTIVE", "DEMOLISHED", "UNDER_CONSTRUCTION")


def _write_places(
    delivery: Delivery,
    rng: np.random.Generator,
    world: _World,
    as_of: datetime.date,
    faults: Faults,
) -> None:
    """cadastre/dwellings, reference/mahallas, reference/streets."""
    country = world.country
    dwellings = country.dwellings
    owner = np.full(len(dwellings), -1, dtype=np.int64)
    heads = np.flatnonzero(world.people.role == 0)
    owner[world.home[heads]] = heads
    known = np.flatnonzero(dwellings.in_cadastre)
    for number, chosen in enumerate(
        np.array_split(known, max(-(-len(known) // ROWS_PER_FILE), 1))
    ):
        frame = _dwelling_rows(rng, world, chosen, owner, as_of)
        delivery.write_table(
            "cadastre/dwellings", frame, f"dwellings-{number + 1:02d}.csv",
            separator=";", encoding="utf-8-sig" if number == 0 else "utf-8",
        )  # fmt: skip
    mahallas = [
        (m.code, m.published, country.districts[m.district].code) for m in country.mahallas
    ]
    schema = ["mahalla_code", "name", "district_code"]
    frame = pl.DataFrame(mahallas, schema=schema, orient="row")
    delivery.write_table(
        "reference/mahallas", frame.with_columns(aliases=pl.lit(None, pl.String))
    )
    renamed = sorted(
        {
            (country.districts[country.mahallas[s.mahalla].district].code, s.old_name, s.name)
            for s in country.streets
            if s.old_name is not None
        }
    )
    day = [f"{2018 + n % 8}-0{n % 9 + 1}-01" for n in range(len(renamed))]
    schema = ["district_code", "old_name", "new_name"]
    frame = pl.DataFrame(renamed, schema=dict.fromkeys(schema, pl.String), orient="row")
    delivery.write_table(
        "reference/streets", frame.with_columns(pl.Series("valid_from", day, pl.String))
    )


def _dwelling_rows(
    rng: np.random.Generator,
    world: _World,
    chosen: Ints,
    owner: Ints,
    as_of: datetime.date,
) -> pl.DataFrame:
    country = world.country
    dwellings = country.dwellings
    writer = AddressWriter(country)
    spelling = rng.choice(7, len(chosen), p=[0.4, 0.3, 0.1, 0.05, 0.03, 0.07, 0.05])
    parts = [
        writer.standard_parts(n, style)
        for n, style in zip(chosen.tolist(), spelling.tolist(), strict=True)
    ]
    district = [
        country.districts[country.mahallas[country.streets[s].mahalla].district]
        for s in dwellings.street[chosen].tolist()
    ]
    people, book = world.people, world.book
    owners = owner[chosen].tolist()
    names = [
        None
        if n < 0
        else " ".join(
            (
                book.surname(int(people.surname[n]), bool(people.is_female[n]), style),
                book.given(int(people.given[n]), style),
            )
        )
        for n, style in zip(owners, spelling.tolist(), strict=True)
    ]
    area = np.round(rng.lognormal(4.4, 0.4, len(chosen)), 1)
    columns: dict[str, list[str | None]] = {
        "cadastral_number": [country.cadastral_numbers[n] for n in chosen.tolist()],
        "object_kind": [_OBJECT_KINDS[k] for k in dwellings.object_kind[chosen].tolist()],
        "status": [_STATUS[k] for k in dwellings.status[chosen].tolist()],
        "region_code": [d.region_code for d in district],
        "district_code": [d.code for d in district],
        "mahalla": [p[0] for p in parts],
        "street": [p[1] for p in parts],
        "house": [p[2] for p in parts],
        "building": [p[3] for p in parts],
        "flat": [p[4] for p in parts],
        "address_text": [None] * len(chosen),
        "owner_pinfl": [None if n < 0 else world.identities.pinfl[n] for n in owners],
        "owner_name": names,
        "floor_area_m2": [str(x) for x in area.tolist()],
        "rooms": [str(n) for n in rng.integers(1, 8, len(chosen)).tolist()],
        "longitude": [str(x) for x in dwellings.longitude[chosen].tolist()],
        "latitude": [str(x) for x in dwellings.latitude[chosen].tolist()],
        "updated_at": [f"{as_of.isoformat()} 00:00:00"] * len(chosen),
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def _write_acts(delivery: Delivery, acts: Acts) -> None:
    delivery.write_table(
        "mia/restrictions", acts.restrictions, separator="\t", encoding="utf-16"
    )
    delivery.write_table("cec/rosters", acts.rosters)
    delivery.write_table("cec/decisions", acts.decisions, encoding="utf-8-sig")


def _write_truth(
    delivery: Delivery,
    world: _World,
    rows: Registrations,
    record_ids: list[str],
    truth: Truth,
    permanent: Ints,
    temporary: Ints,
    acts: Acts,
    notes: list[tuple[str, str]],
) -> None:
    """truth/persons, truth/voters, truth/faults."""
    sources = [
        ("mia/persons", record_ids, rows.person.tolist()),
        (
            "mia/restrictions",
            acts.restrictions["record_id"].to_list(),
            acts.restriction_person,
        ),
        (
            "cec/rosters",
            [f"cec/rosters.csv:{n + 1}" for n in range(acts.rosters.height)],
            acts.roster_person,
        ),
    ]
    persons = pl.concat(
        pl.DataFrame({"record_id": records, "person": numbers}).select(
            pl.lit(source).alias("source"),
            pl.col("record_id").cast(pl.String),
            pl.col("person").cast(pl.Int64).replace(-1, None),
        )
        for source, records, numbers in sources
    )
    delivery.write_truth("persons", persons.sort("source", "record_id"))
    number = [p.number for p in world.precincts] + [None]
    region = [p.region_code for p in world.precincts] + [None]
    columns: dict[str, list[object]] = {"person": list(range(len(world.people)))}
    columns["eligible"] = [ground is None for ground in truth.ground]
    columns["ground"] = list(truth.ground)
    for name, index in (
        ("", truth.precinct), ("permanent_", permanent), ("temporary_", temporary)
    ):  # fmt: skip
        if name == "":
            listed = np.array([g is None for g in truth.ground], dtype=bool)
            index = np.where(listed, index, -1)
        columns[f"{name}region_code"] = [region[n] for n in index.tolist()]
        columns[f"{name}precinct_number"] = [number[n] for n in index.tolist()]
    columns["basis"] = list(truth.basis)
    columns["is_twin"] = world.people.is_twin.tolist()
    types = {
        "person": pl.Int64, "eligible": pl.Boolean, "is_twin": pl.Boolean,
        "precinct_number": pl.Int32, "permanent_precinct_number": pl.Int32,
        "temporary_precinct_number": pl.Int32,
    }  # fmt: skip
    schema = {name: types.get(name, pl.String) for name in columns}
    delivery.write_truth("voters", pl.DataFrame(columns, schema=schema))
    faults = [("mia/persons", record, fault) for record, fault in notes] + acts.faults
    frame = pl.DataFrame(
        faults,
        schema=dict.fromkeys(("source", "record_id", "fault"), pl.String),
        orient="row",
    )
    delivery.write_truth("faults", frame.sort("source", "record_id", "fault"))
