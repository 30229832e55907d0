"""Simulate a delivery: the country, its people, their rows, the acts, the truth.

What belongs here: the order of things. Same parameters and seed, same bytes.
"""

import dataclasses
import datetime

import numpy as np
import polars as pl

from pipeline.simulate.addresses import AddressWriter
from pipeline.simulate.arrays import Ints
from pipeline.simulate.boundaries import announce
from pipeline.simulate.cadastre import dwelling_pieces, mahalla_rows, street_rows
from pipeline.simulate.damage import DamagedFiles
from pipeline.simulate.decisions import write_decisions
from pipeline.simulate.deliver import Delivery, read_rows
from pipeline.simulate.faults import Faults
from pipeline.simulate.identifiers import Identities
from pipeline.simulate.office import Office, Written
from pipeline.simulate.people import day_number
from pipeline.simulate.precinct_map import draw_map
from pipeline.simulate.register_residences import write_rows
from pipeline.simulate.register_rows import Piece, Register
from pipeline.simulate.registrations import Registrations, make_registrations
from pipeline.simulate.restrictions import write_restrictions
from pipeline.simulate.rosters import write_rosters
from pipeline.simulate.truth import residence_truth, row_table, voter_table
from pipeline.simulate.world import World, make_world

ROWS_PER_FILE = 250_000
REGISTRATIONS_PER_REGION_MIN = 200
_AS_IN_LIFE = Faults()


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
class _Order:
    """The order of registrations in the files, and the record ids that follow from it."""

    by_position: Ints
    position: Ints

    def record_id(self, row: int) -> str:
        """The supplier's key of a registration by its index."""
        return f"R{int(self.position[row]) + 1:09d}"


def simulate(
    output: str,
    registrations: int,
    seed: int,
    regions: tuple[str, ...],
    election_date: datetime.date,
    as_of: datetime.date,
    mahallas: str | None = None,
    stations: str | None = None,
    faults: Faults = _AS_IN_LIFE,
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
    if registrations < REGISTRATIONS_PER_REGION_MIN * len(regions):
        raise ValueError(
            f"at least {REGISTRATIONS_PER_REGION_MIN} registrations a region are needed"
        )
    delivery = Delivery(output, as_of.isoformat())
    chance = [
        np.random.Generator(np.random.PCG64(child))
        for child in np.random.SeedSequence(seed).spawn(9)
    ]
    world = make_world(
        chance[:3],
        registrations,
        regions,
        election_date,
        as_of,
        None if mahallas is None else read_rows(mahallas),
        None if stations is None else read_rows(stations),
        faults,
    )
    days = (day_number(as_of), day_number(election_date))
    count = max(registrations, len(world.people))
    rows = make_registrations(
        chance[3], world.people, world.home, world.country, count, *days, faults
    )
    identities = Identities(world.pinfl, int(chance[3].integers(10**6)))
    by_position = chance[4].permutation(len(rows))
    order = _Order(by_position, np.argsort(by_position))
    truth = residence_truth(world.people, rows, world.precinct_of_dwelling, election_date)
    office = Office(
        chance[5], world.people, rows, identities, world.book, election_date, as_of, faults
    )
    office.open(truth)
    acts = {
        "mia/restrictions": write_restrictions(office, truth),
        "cec/rosters": write_rosters(office, truth, world.precincts),
    }
    acts["cec/decisions"], acts["cec/requests"] = write_decisions(
        office, truth, world.precincts, order.record_id
    )
    register = Register(
        world.people, world.country, rows, identities, world.home, world.book,
        AddressWriter(world.country), day_number(as_of),
    )  # fmt: skip
    notes, damaged = _write_persons(delivery, chance[4], register, order, faults)
    _write_places(delivery, chance[6], world, as_of, faults)
    announce(delivery, chance[7], world.precincts, world.country, faults)
    drawn = draw_map(chance[8], world.precincts, world.country, world.ground, faults)
    if drawn is not None:
        delivery.write_map("cec/boundaries.geojson", drawn)
    _write_acts(delivery, acts)
    delivery.write_controls()
    delivery.write_truth("voters", voter_table(truth, world.people, world.precincts))
    _write_row_truth(delivery, rows, order, acts, notes)
    delivery.write_truth("rows", damaged)
    return SimulationSummary(
        registrations=len(rows),
        people=len(world.people),
        voters=sum(ground is None for ground in truth.ground),
        dwellings=len(world.country.dwellings),
        mahallas=len(world.country.mahallas),
        precincts=len(world.precincts),
        restrictions=len(acts["mia/restrictions"].rows),
        rosters=len(acts["cec/rosters"].rows),
        decisions=len(acts["cec/decisions"].rows),
        damaged_rows=damaged.height,
    )


def _write_persons(
    delivery: Delivery,
    rng: np.random.Generator,
    register: Register,
    order: _Order,
    faults: Faults,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Files of mia/persons; the faults noted, and the damaged rows with their place."""
    files = DamagedFiles(delivery, rng, faults)
    notes = []
    start = 0
    pieces = max(-(-len(order.by_position) // ROWS_PER_FILE), 1)
    for number, chosen in enumerate(np.array_split(order.by_position, pieces), start=1):
        ids = [f"R{n + 1:09d}" for n in range(start, start + len(chosen))]
        start += len(chosen)
        piece = Piece(rng, chosen, ids)
        files.write(write_rows(register, piece), number, is_last=number == pieces)
        notes.append(_notes("mia/persons", piece.notes))
    return pl.concat(notes), files.truth()


def _write_places(
    delivery: Delivery,
    rng: np.random.Generator,
    world: World,
    as_of: datetime.date,
    faults: Faults,
) -> None:
    """The cadastre's files with semicolons, the first with a byte order mark, as Excel."""
    pieces = dwelling_pieces(rng, world, as_of, faults, ROWS_PER_FILE)
    for number, frame in enumerate(pieces, start=1):
        delivery.write_table(
            "cadastre/dwellings",
            frame,
            f"dwellings-{number:02d}.csv",
            separator=";",
            encoding="utf-8-sig" if number == 1 else "utf-8",
        )
    delivery.write_table("reference/mahallas", mahalla_rows(world.country))
    delivery.write_table("reference/streets", street_rows(world.country))


def _write_acts(delivery: Delivery, acts: dict[str, Written]) -> None:
    """Each office in its own encoding; a table nobody wrote in is not delivered."""
    forms = {
        "mia/restrictions": ("\t", "utf-16"),
        "cec/rosters": (",", "utf-8"),
        "cec/decisions": (",", "utf-8-sig"),
        "cec/requests": (";", "utf-8"),
    }
    for table, written in acts.items():
        if written.rows:
            separator, encoding = forms[table]
            delivery.write_table(
                table, written.frame(), separator=separator, encoding=encoding
            )


def _write_row_truth(
    delivery: Delivery,
    rows: Registrations,
    order: _Order,
    acts: dict[str, Written],
    notes: pl.DataFrame,
) -> None:
    """truth/persons and truth/faults; truth/rosters says what stands in which row."""
    by_source = {
        "mia/persons": (
            [f"R{n + 1:09d}" for n in range(len(rows))],
            rows.person[order.by_position].tolist(),
        )
    }
    found = [notes]
    for table in ("mia/restrictions", "cec/rosters"):
        written = acts[table]
        records = [
            row[0] or "" if table == "mia/restrictions" else f"{table}.csv:{n}"
            for n, row in enumerate(written.rows, start=1)
        ]
        by_source[table] = (records, written.persons)
        found.append(_notes(table, written.notes))
    rosters = acts["cec/rosters"].frame().with_row_index("row_id")
    named = pl.Series("record_id", by_source["cec/rosters"][0], pl.String)
    delivery.write_truth(
        "rosters",
        rosters.with_columns(
            named,
            pl.col("row_id").cast(pl.Int64),
            pl.col("precinct_number").cast(pl.Int32),
            pl.col("birth_date").str.to_date(),
        ),
    )
    delivery.write_truth("persons", row_table(by_source))
    faults = pl.concat(found).sort("source", "record_id", "fault")
    delivery.write_truth("faults", faults)


def _notes(source: str, notes: list[tuple[str, str]]) -> pl.DataFrame:
    schema = {"record_id": pl.String, "fault": pl.String}
    frame = pl.DataFrame(notes, schema=schema, orient="row")
    return frame.select(pl.lit(source).alias("source"), "record_id", "fault")
