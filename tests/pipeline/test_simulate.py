"""What the simulated country must be like, whatever the seed."""

import ast
import csv
import dataclasses
import datetime
import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely

from pipeline.simulate import Faults, simulate
from pipeline.simulate.boundaries import announce
from pipeline.simulate.boundary_text import VAGUE, boundary_text
from pipeline.simulate.deliver import Delivery
from pipeline.simulate.identifiers import check_digit, national_ids
from pipeline.simulate.name_book import NameBook, patronymic
from pipeline.simulate.noise import look_alike, misspell, wrong_digit
from pipeline.simulate.people import CHILD, make_people
from pipeline.simulate.precinct_map import draw_map
from pipeline.simulate.spelling import Style, spell
from pipeline.simulate.world import make_world

ELECTION_DATE = datetime.date(2026, 12, 27)
AS_OF = datetime.date(2026, 11, 20)
ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = ROOT.parent / "shared" / "data"
ENCODINGS = {"persons-viloyat.csv": "cp1251", "restrictions.csv": "utf-16"}
SEPARATORS = {"persons-viloyat.csv": ";", "restrictions.csv": "\t", "dwellings-01.csv": ";",
              "requests.csv": ";"}  # fmt: skip


def make(folder, registrations=6000, seed=7, regions=("1718",), **settings):
    return simulate(
        str(folder), registrations, seed, regions, ELECTION_DATE, AS_OF, **settings
    )


def read(path):
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    text = content.decode(ENCODINGS.get(path.name, "utf-8-sig"))
    separator = SEPARATORS.get(path.name, ",")
    return list(csv.reader(text.splitlines(), delimiter=separator))


def table(folder, name):
    """Rows of a table over its files, damaged rows of another length left out."""
    supplier, stem = name.split("/")
    rows = []
    for path in sorted((folder / supplier).glob(f"{stem}*.csv*")):
        header, *lines = read(path)
        rows += [
            dict(zip(header, line, strict=True))
            for line in lines
            if len(line) == len(header)
        ]
    return rows


def truth(folder, name):
    return pl.read_parquet(folder / "truth" / f"{name}.parquet")


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    folder = tmp_path_factory.mktemp("delivery")
    make(folder / "one", 12_000)
    return folder / "one"


@pytest.fixture(scope="module")
def good_rows(delivery):
    """Rows of mia/persons that were not damaged on purpose, by record id."""
    persons = truth(delivery, "persons").filter(pl.col("source") == "mia/persons")
    known = dict(zip(persons["record_id"], persons["person"], strict=True))
    rows = {row["record_id"]: row for row in table(delivery, "mia/persons")}
    return {key: (known[key], row) for key, row in rows.items() if key in known}


def test_same_seed_same_bytes(tmp_path):
    for name in ("one", "two"):
        make(tmp_path / name, 3000)
    make(tmp_path / "other", 3000, seed=8)

    def digests(name):
        files = sorted((tmp_path / name).rglob("*.*"))
        return {
            str(path.relative_to(tmp_path / name)): hashlib.sha256(
                path.read_bytes()
            ).digest()
            for path in files
        }

    assert digests("one") == digests("two")
    assert digests("one").keys() == digests("other").keys()
    assert digests("one")["mia/persons-01.csv"] != digests("other")["mia/persons-01.csv"]


def test_every_contract_table_is_delivered_with_a_control_file(delivery):
    for name in (
        "mia/persons", "mia/restrictions", "cadastre/dwellings", "cec/precincts",
        "cec/territories", "cec/rosters", "cec/decisions", "cec/requests",
        "reference/mahallas", "reference/streets",
    ):  # fmt: skip
        control = json.loads((delivery / f"{name}.control.json").read_text())
        folder = (delivery / name).parent
        rows = sum(len(read(folder / file)) - 1 for file in control["sha256"])
        assert control["rows"] == rows, name
        assert control["as_of"] == AS_OF.isoformat()
        for file, digest in control["sha256"].items():
            assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest


def test_columns_are_those_of_the_contract(delivery):
    from pipeline.profiles import source_columns

    for source in ("mia/persons", "mia/restrictions", "cadastre/dwellings",
                   "cec/precincts", "cec/rosters", "cec/decisions",
                   "cec/requests"):  # fmt: skip
        supplier, stem = source.split("/")
        path = sorted((delivery / supplier).glob(f"{stem}*.csv"))[0]
        assert set(read(path)[0]) <= set(source_columns(source)), source


def test_rows_are_as_many_as_asked_for_and_each_is_somebody(delivery, good_rows):
    assert len(good_rows) == 12_000
    people = truth(delivery, "voters").height
    assert 1.15 < 12_000 / people < 1.35
    assert {person for person, _ in good_rows.values()} == set(range(people))


def test_true_pinfls_are_unique_and_say_sex_and_birth_date(delivery, good_rows):
    faulty = set(truth(delivery, "faults")["record_id"])
    seen = {}
    for key, (person, row) in good_rows.items():
        if key in faulty or not row["pinfl"]:
            continue
        pinfl = row["pinfl"]
        weights = [7, 3, 1] * 4 + [7]
        total = sum(int(d) * w for d, w in zip(pinfl, weights, strict=False))
        assert total % 10 == int(pinfl[13])
        year, month, day = row["birth_date"].split("-")
        assert pinfl[1:7] == day + month + year[2:]
        century = {"19": 3, "20": 5}[year[:2]]
        assert int(pinfl[0]) == century + (row["sex"] == "F")
        assert seen.setdefault(pinfl, person) == person
    assert len(seen) > 5000


def test_fathers_give_surname_and_patronymic_to_their_children():
    book = NameBook()
    folk = np.zeros(2000, dtype=np.int64)
    people = make_people(
        np.random.default_rng(3), folk, book, ELECTION_DATE, AS_OF, Faults()
    )
    child = np.flatnonzero(people.father >= 0)
    father = people.father[child]
    assert len(child) > 2000
    assert (people.father_given[child] == people.given[father]).all()
    assert (people.surname[child] == people.surname[father]).all()
    assert (people.household[child] == people.household[father]).all()
    assert not people.is_female[father].any()
    years = (people.birth_day[child] - people.birth_day[father]) / 365.25
    assert np.quantile(years, 0.01) > 14


def test_siblings_are_called_differently():
    folk = np.zeros(2000, dtype=np.int64)
    people = make_people(
        np.random.default_rng(3), folk, NameBook(), ELECTION_DATE, AS_OF, Faults(twin=0.1)
    )
    names = {}
    for household, role, given in zip(
        people.household.tolist(), people.role.tolist(), people.given.tolist(), strict=True
    ):
        if role == CHILD:
            names.setdefault(household, []).append(given)
    repeats = sum(len(given) - len(set(given)) for given in names.values())
    assert repeats <= 0.01 * sum(map(len, names.values()))


def test_twins_bite_and_are_called_as_twins_are(delivery):
    folder = delivery
    twins = truth(folder, "voters").filter("is_twin")
    assert twins.height > 100
    names = {row["given_name"].upper() for row in table(folder, "mia/persons")}
    assert {"HASAN", "HUSAN", "ZUHRA"} <= names


def test_every_fault_asked_for_is_there_and_noted(delivery):
    found = truth(delivery, "faults")
    codes = set(found.filter(pl.col("source") == "mia/persons")["fault"])
    assert codes >= {
        "MOVED", "TEMPORARY", "REISSUED", "DUPLICATE", "PINFL_MISSING", "PINFL_TYPO",
        "PINFL_SHORT", "PINFL_OF_OTHER", "NAME_TYPO", "NAME_MIXED_STYLES",
        "MAIDEN_SURNAME", "BIRTH_SWAPPED", "BIRTH_JANUARY", "BIRTH_YEAR_ONLY",
        "ADDRESS_ONE_LINE", "ADDRESS_TYPO", "DWELLING_MISSING", "NO_RESIDENCE",
        "OLD_STREET_NAME", "DOCUMENT_LOOK_ALIKE",
    }  # fmt: skip
    acts = set(found.filter(pl.col("source") == "mia/restrictions")["fault"])
    assert acts == {"PINFL_MISSING", "NAME_CHANGED", "STRANGER"}


def test_no_fault_asked_for_gives_a_clean_register(tmp_path):
    none = {
        name: 0.0
        for name, value in Faults.__dataclass_fields__.items()
        if isinstance(value.default, float)
        and name not in ("temporary", "temporary_valid", "twin", "dwelling_empty")
    }
    make(tmp_path / "clean", 4000, faults=Faults(**none))
    assert set(truth(tmp_path / "clean", "faults")["fault"]) == {"TEMPORARY"}
    assert truth(tmp_path / "clean", "rows").height == 0
    grounds = set(truth(tmp_path / "clean", "voters")["ground"]) - {None}
    assert grounds == {"UNDER_AGE"}
    assert not (tmp_path / "clean" / "mia" / "restrictions.csv").exists()


def test_noted_pinfl_faults_are_what_stands_in_the_row(delivery, good_rows):
    faults = truth(delivery, "faults").filter(pl.col("source") == "mia/persons")
    own = {}
    for key, (person, row) in good_rows.items():
        own.setdefault(person, {})[key] = row["pinfl"]
    for code, fits in (
        ("PINFL_MISSING", lambda text: text == ""),
        ("PINFL_SHORT", lambda text: len(text) == 13),
        ("PINFL_TYPO", lambda text: len(text) == 14),
    ):
        keys = faults.filter(pl.col("fault") == code)["record_id"]
        assert len(keys) > 0
        assert all(fits(good_rows[key][1]["pinfl"]) for key in keys), code


def test_pinfl_of_another_passes_the_check_digit(delivery, good_rows):
    faults = truth(delivery, "faults")
    for key in faults.filter(pl.col("fault") == "PINFL_OF_OTHER")["record_id"]:
        pinfl = good_rows[key][1]["pinfl"]
        first = np.array([int(pinfl[:13])])
        assert int(check_digit(first)[0]) == int(pinfl[13])


def test_eighteen_on_election_day_votes_and_a_day_younger_does_not(tmp_path):
    make(tmp_path / "edge", 6000, faults=Faults(eighteen_on_the_day=0.02, birth_swapped=0))
    persons = truth(tmp_path / "edge", "persons").filter(pl.col("source") == "mia/persons")
    person = dict(zip(persons["record_id"], persons["person"], strict=True))
    ground = truth(tmp_path / "edge", "voters")["ground"].to_list()
    by_day = {}
    for row in table(tmp_path / "edge", "mia/persons"):
        if row["record_id"] in person:
            verdict = ground[person[row["record_id"]]]
            by_day.setdefault(row["birth_date"], set()).add(verdict)
    assert "UNDER_AGE" not in by_day["2008-12-27"]
    assert None in by_day["2008-12-27"]
    assert by_day["2008-12-28"] <= {"UNDER_AGE", "NOT_CITIZEN"}


def test_only_grave_sentences_that_run_take_the_vote(delivery):
    rows = {row["record_id"]: row for row in table(delivery, "mia/restrictions")}
    about = truth(delivery, "persons").filter(pl.col("source") == "mia/restrictions")
    ground = truth(delivery, "voters")["ground"].to_list()
    seen = set()
    for key, person in about.select("record_id", "person").iter_rows():
        row = rows[key]
        assert row["valid_from"] <= AS_OF.isoformat()
        if row["kind"] != "IMPRISONMENT":
            assert person is None or ground[person] is not None
            continue
        runs = row["valid_until"] >= ELECTION_DATE.isoformat()
        takes = runs and row["gravity"] != "ORDINARY"
        assert (ground[person] == "IMPRISONED") == takes
        seen.add((row["gravity"] == "ORDINARY", runs))
    assert len(seen) >= 3


def test_rosters_and_decisions_move_voters_in_truth(delivery):
    voters = truth(delivery, "voters")
    about = truth(delivery, "persons").filter(pl.col("source") == "cec/rosters")
    faults = truth(delivery, "faults")
    expired = set(faults.filter(pl.col("fault") == "EXPIRED")["record_id"])
    rows = table(delivery, "cec/rosters")
    for key, person in about.select("record_id", "person").iter_rows():
        row = rows[int(key.split(":")[1]) - 1]
        voter = voters.row(person, named=True)
        is_there = (voter["region_code"], str(voter["precinct_number"])) == (
            row["region_code"], row["precinct_number"]
        )  # fmt: skip
        assert is_there == (key not in expired)
    kinds = {row["kind"] for row in table(delivery, "cec/decisions")}
    assert kinds == {
        "SAME_PERSON", "DIFFERENT_PERSONS", "CORRECT", "INCLUDE", "EXCLUDE",
        "ASSIGN_PRECINCT", "CONFIRM_TEMPORARY", "CONFIRM_PERMANENT", "WITHDRAW",
        "REFUSE_REQUEST",
    }  # fmt: skip
    moved = voters.filter(pl.col("basis") == "TEMPORARY")
    assert moved.height > 0
    assert (
        moved["precinct_number"].to_list() == moved["temporary_precinct_number"].to_list()
    )


def test_precincts_hold_everybody_once_and_few_are_out_of_size(tmp_path):
    make(tmp_path / "large", 40_000)
    voters = truth(tmp_path / "large", "voters").filter("eligible")
    precincts = {
        (row["region_code"], int(row["precinct_number"])): row
        for row in table(tmp_path / "large", "cec/precincts")
    }
    sizes = voters.drop_nulls("precinct_number").group_by(
        "region_code", "precinct_number"
    ).len()  # fmt: skip
    territorial = [
        size
        for region, number, size in sizes.iter_rows()
        if precincts[region, number]["kind"] == "TERRITORIAL"
    ]
    assert max(territorial) < 3000
    assert 500 < sum(territorial) / len(territorial) < 2500
    homeless = voters.filter(pl.col("precinct_number").is_null()).height
    assert homeless < 0.01 * voters.height


def test_a_row_lives_in_the_district_of_its_true_precinct(delivery, good_rows):
    """The current registration of each person stands where the person votes."""
    precincts = {
        (row["region_code"], int(row["precinct_number"])): row["district_code"]
        for row in table(delivery, "cec/precincts")
    }
    voters = truth(delivery, "voters")
    notes = truth(delivery, "faults").filter(
        pl.col("fault").is_in(["MOVED", "TEMPORARY", "REISSUED", "DUPLICATE"])
    )
    further = set(notes["record_id"])
    checked = 0
    for key, (person, row) in good_rows.items():
        region, number = voters.row(person, named=True)["permanent_region_code"], None
        number = voters.row(person, named=True)["permanent_precinct_number"]
        if key in further or number is None:
            continue
        assert precincts[region, number] == row["district_code"]
        checked += 1
    assert checked > 5000


def test_current_registration_is_the_latest_permanent_one(good_rows):
    latest = {}
    for person, row in good_rows.values():
        if row["registration_kind"] == "PERMANENT":
            latest.setdefault(person, []).append(row["registered_on"])
    several = [days for days in latest.values() if len(days) > 1]
    assert len(several) > 300
    assert all(sorted(days)[-1] > sorted(days)[-2] for days in several)


def test_damaged_rows_stand_where_the_truth_says(delivery):
    for file, row, damage in truth(delivery, "rows")["file", "row", "damage"].iter_rows():
        lines = (delivery / file).read_text(encoding="utf-8").splitlines()
        line = lines[row]
        if damage == "BIRTH_IMPOSSIBLE":
            assert "31.02.1990" in line
        elif damage == "RECORD_ID_MISSING":
            assert line.startswith(",")
        elif damage == "ROW_CUT":
            assert line.count(",") < lines[0].count(",") - 3
        elif damage == "KIND_UNKNOWN_CODE":
            assert "PROPISKA" in line
    damages = truth(delivery, "rows")["damage"]
    assert set(damages) >= {"SEX_UNKNOWN_CODE", "RECORD_ID_REPEATED", "ROW_TOO_LONG"}


def test_text_and_territories_cover_the_precincts(delivery):
    precincts = table(delivery, "cec/precincts")
    given = {
        (r["region_code"], r["precinct_number"]) for r in table(delivery, "cec/territories")
    }
    for row in precincts:
        if row["kind"] == "TERRITORIAL":
            has_rows = (row["region_code"], row["precinct_number"]) in given
            assert has_rows != bool(row["boundary_text"])
        else:
            assert row["boundary_text"] == ""
    assert {"MILITARY", "HOSPITAL", "DETENTION", "ABROAD"} <= {r["kind"] for r in precincts}
    abroad = next(row for row in precincts if row["kind"] == "ABROAD")
    assert abroad["region_code"] == "1726"


@pytest.fixture(scope="module")
def world():
    """A region of few districts, so that mahallas are large enough to be cut."""
    chance = [np.random.default_rng(seed) for seed in (1, 2, 3)]
    return make_world(chance, 70_000, ("1724",), ELECTION_DATE, AS_OF, None, None, Faults())


def rank_of(claim, street, mahalla, house):
    """How specific a claim on a dwelling is; null where it is no claim on it."""
    if claim.street is None:
        return 1 if claim.mahalla == mahalla else None
    if claim.street != street:
        return None
    if claim.house_from is None:
        return 2
    inside = claim.house_from <= house <= claim.house_to
    side = {"ALL": (0, 1), "ODD": (1,), "EVEN": (0,)}[claim.parity]
    return 3 if inside and house % 2 in side else None


def test_the_most_specific_claim_on_a_dwelling_is_one_and_decides(world):
    country, dwellings = world.country, world.country.dwellings
    kinds = set()
    for n in range(0, len(dwellings), 7):
        street, house = int(dwellings.street[n]), int(dwellings.house[n])
        mahalla = country.streets[street].mahalla
        claims = [
            (rank, number)
            for number, precinct in enumerate(world.precincts)
            for claim in precinct.claims
            if (rank := rank_of(claim, street, mahalla, house)) is not None
        ]
        best = max(rank for rank, _ in claims)
        winners = {number for rank, number in claims if rank == best}
        assert winners == {int(world.precinct_of_dwelling[n])}
        kinds.add((best, len(claims) > 1))
    # Whole mahallas, streets and houses all occur, and specific ones beside general ones.
    assert {(1, False), (2, False), (2, True), (3, False)} <= kinds


def test_boundary_texts_name_what_they_claim(world):
    country = world.country
    rng = np.random.default_rng(5)
    languages = set()
    for precinct in world.precincts:
        if precinct.kind != "TERRITORIAL":
            continue
        text = boundary_text(rng, precinct, country, 0.0, can_drop_mahalla=False)
        languages.add("ru" if "махалл" in text else "cyr" if "маҳалл" in text else "uz")
        for claim in precinct.claims:
            names = [country.mahallas[claim.mahalla].name]
            if claim.street is not None:
                names.append(country.streets[claim.street].name)
            for name in names:
                assert any(spell(name, style) in text for style in Style), text
            if claim.house_from is not None:
                assert f"{claim.house_from}-{claim.house_to}" in text
                assert (
                    claim.parity == "ALL"
                    or "томон" in spell(text, Style.CYRILLIC)
                    or ("сторона" in text)
                )
        assert text.endswith(".")
    assert languages == {"uz", "cyr", "ru"}


def test_no_unreadable_text_beside_one_that_claims_the_whole_mahalla(world, tmp_path):
    """Else the announcement would truly give those voters to the other precinct."""
    delivery = Delivery(str(tmp_path / "vague"), AS_OF.isoformat())
    faults = Faults(boundary_unreadable=1.0, territory_rows=0.0)
    announce(delivery, np.random.default_rng(1), world.precincts, world.country, faults)
    vague = {
        int(row["precinct_number"])
        for row in table(tmp_path / "vague", "cec/precincts")
        if row["boundary_text"] in VAGUE
    }
    own = [p for p in world.precincts if p.kind == "TERRITORIAL"]
    assert 0 < len(vague) < len(own)
    whole = {c.mahalla: p.number for p in own for c in p.claims if c.street is None}
    for precinct in own:
        for claim in precinct.claims:
            if precinct.number in vague:
                assert whole.get(claim.mahalla, precinct.number) == precinct.number


def test_all_regions_and_districts_are_simulated(tmp_path):
    areas = pl.read_csv(ROOT / "data" / "reference" / "areas.csv", infer_schema=False)
    regions = areas.filter(pl.col("level") == "REGION")["area_code"].to_list()
    make(tmp_path / "country", 15_000, regions=tuple(regions))
    found = {row["district_code"] for row in table(tmp_path / "country", "mia/persons")}
    districts = set(areas.filter(pl.col("level") == "DISTRICT")["area_code"])
    assert found >= districts


def read_public(name):
    with (SHARED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(not SHARED.exists(), reason="no public mahalla and station tables here")
@pytest.mark.parametrize("region", ["1714", "1726", "1735"])
def test_official_mahallas_and_stations_are_used(tmp_path, region):
    folder = tmp_path / "real"
    files = {name: str(SHARED / f"{name}.csv") for name in ("mahallas", "stations")}
    make(folder, 8000, regions=(region,), **files)
    official = {row["name"] for row in read_public("mahallas.csv")}
    mahallas = table(folder, "reference/mahallas")
    assert {row["name"] for row in mahallas} <= official
    if region == "1714":
        inner = {"1714401365", "1714401367"}
        assert inner <= {row["district_code"] for row in mahallas}

    def station(row):
        return row["region_code"], int(row["precinct_number"]), float(row["longitude"])

    stations = {station(r) for r in read_public("stations.csv") if r["precinct_number"]}
    real = [r for r in table(folder, "cec/precincts") if r["kind"] == "TERRITORIAL"]
    assert sum(station(row) in stations for row in real) / len(real) > 0.9


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    with pytest.raises(FileExistsError):
        make(tmp_path / "full")


@pytest.mark.parametrize(
    ("regions", "registrations", "message"),
    [(("9999",), 1000, "9999"), (("1718", "1703"), 300, "200")],
    ids=["unknown-region", "too-few"],
)
def test_impossible_countries_are_refused(tmp_path, regions, registrations, message):
    with pytest.raises(ValueError, match=message):
        make(tmp_path / "none", registrations, regions=regions)


def test_the_simulator_knows_nothing_of_the_normaliser():
    """Noise and its undoing must not come from the same table."""
    for path in (ROOT / "pipeline" / "simulate").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                allowed = ("pipeline.simulate", "pipeline.tables")
                ours = node.module.startswith(("pipeline", "schemas"))
                assert not ours or node.module.startswith(allowed), path.name


@pytest.mark.parametrize(
    ("canonical", "style", "written"),
    [
        ("Yo'ldoshev", Style.LATIN_PROPER, "Yoʻldoshev"),
        ("Yo'ldoshev", Style.NEW_LATIN, "Yöldoşev"),
        ("Yo'ldoshev", Style.CYRILLIC, "Йўлдошев"),
        ("Yo'ldoshev", Style.RUSSIAN, "Юлдашев"),
        ("Jo'rayev", Style.RUSSIAN, "Джураев"),
        ("Xolmatov", Style.ROMAN, "Khalmatov"),
        ("Is'hoqov", Style.CYRILLIC, "Исҳоқов"),
        ("Is'hoqov", Style.CYRILLIC_FALLBACK, "Исхоков"),
        ("Sodiqova", Style.RUSSIAN, "Садыкова"),
        ("Ma'mura", Style.LATIN_BARE, "Mamura"),
        ("Ergashev", Style.CYRILLIC, "Эргашев"),
        ("Щукин", Style.LATIN, "Shchukin"),
        ("Елена", Style.LATIN, "Yelena"),
        ("Ájiniyaz", Style.CYRILLIC, "Әжинияз"),
        ("Dáwlet", Style.RUSSIAN, "Даулет"),
    ],
)
def test_spellings_known_from_documents(canonical, style, written):
    assert spell(canonical, style) == written


@pytest.mark.parametrize(
    ("father", "is_female", "national", "expected"),
    [
        ("Karim", False, False, "Karimovich"),
        ("Ali", True, False, "Aliyevna"),
        ("Karim", True, True, "Karim qizi"),
        ("Дмитрий", False, False, "Дмитриевич"),
        ("Юрий", True, False, "Юрьевна"),
        ("Илья", False, False, "Ильич"),
        ("Ájiniyaz", False, True, "Ájiniyaz ulı"),
    ],
)
def test_patronymics(father, is_female, national, expected):
    assert patronymic(father, is_female, national=national) == expected


def test_slips_change_little_and_never_the_length_of_a_number():
    rng = np.random.default_rng(1)
    for _ in range(200):
        wrong = misspell(rng, "Karimov")
        assert wrong[0] == "K"
        assert abs(len(wrong) - len("Karimov")) <= 1
        digits = wrong_digit(rng, "31111901031816")
        assert len(digits) == 14
        assert digits != "31111901031816"
    assert look_alike(rng, "Aa") in ("Аa", "Aа")
    assert misspell(rng, "A") == "A"


def test_born_on_one_day_in_one_place_and_still_different():
    ids = national_ids(np.zeros(900, dtype=np.int64), np.zeros(900, bool), np.full(900, 7))
    assert len(set(ids.tolist())) == 900
    with pytest.raises(ValueError, match="too many"):
        national_ids(np.zeros(1001, dtype=np.int64), np.zeros(1001, bool), np.full(1001, 7))


def test_the_map_bears_the_true_precincts_out(world):
    """Every dwelling lies in the outline of its own precinct, or metres from it."""
    faults = dataclasses.replace(
        Faults(), precinct_on_map=1.0, outline_shifted=0.0, outline_swapped=0.0
    )
    chance = np.random.default_rng(1)
    drawn = draw_map(chance, world.precincts, world.country, world.ground, faults)
    shapes = {
        feature["properties"]["precinct_number"]: shapely.from_geojson(
            json.dumps(feature["geometry"])
        )
        for feature in json.loads(drawn)["features"]
    }
    dwellings = world.country.dwellings
    own = np.array(
        [shapes.get(world.precincts[n].number) for n in range(len(world.precincts))]
    )[world.precinct_of_dwelling]
    points = shapely.points(dwellings.longitude, dwellings.latitude)
    assert shapely.dwithin(own, points, 1e-4).mean() > 0.999


def test_no_map_where_no_precinct_is_drawn(world):
    faults = dataclasses.replace(Faults(), precinct_on_map=0.0)
    chance = np.random.default_rng(1)
    args = world.precincts, world.country, world.ground, faults
    assert draw_map(chance, *args) is None
