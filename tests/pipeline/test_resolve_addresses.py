import pytest

from pipeline.resolve_addresses import learn_cadastral_districts
from pipeline.resolve_addresses.place_names import (
    Gazetteer,
    NameMatching,
    match_place_names,
    place_fold,
    settle_names,
)
from schemas.place import AddressLink
from schemas.record import DwellingRecord
from schemas.source import SourceMahalla
from tests.place_worlds import (
    DISTRICT,
    World,
    address_row,
    build_tables,
    build_world,
    by_address,
    dwelling_rows,
    link_addresses,
)

LIMITS = NameMatching()
SCOPE = ("1718236", "")


def meant(spelling, *known, houses=1):
    gazetteer = Gazetteer([(SCOPE, name, 100) for name in known])
    (match,) = match_place_names([(SCOPE, spelling, houses)], gazetteer, LIMITS)
    return match.name, match.status


@pytest.mark.parametrize(
    ("spelling", "known", "expected"),
    [
        pytest.param("obod", ["obod", "ozod"], ("obod", "EXACT"), id="exact"),
        pytest.param("istiklol", ["istiqlol"], ("istiqlol", "FUZZY"), id="q and k"),
        pytest.param("shohrux", ["shohruh"], ("shohruh", "FUZZY"), id="h and x"),
        pytest.param("juraev", ["jo'rayev"], ("jo'rayev", "FUZZY"), id="Russian letters"),
        pytest.param("dzhizzax", ["jizzax"], ("jizzax", "FUZZY"), id="dzh"),
        pytest.param("navroz", ["navro'z"], ("navro'z", "FUZZY"), id="apostrophe lost"),
        pytest.param("mangitobot", ["mangitobod"], ("mangitobod", "FUZZY"), id="a slip"),
        pytest.param("bahoor", ["bahor"], ("bahor", "FUZZY"), id="a letter twice"),
        pytest.param("ozot", ["ozod"], (None, "UNKNOWN"), id="too short for a slip"),
        pytest.param(
            "istiqol", ["istiqlol", "istiqbol"], (None, "AMBIGUOUS"), id="between two"
        ),
        pytest.param(
            "yangiozod", ["yangiobod", "ozod"], (None, "UNKNOWN"), id="ends with a name"
        ),
        pytest.param("birlik3", ["birlik1", "birlik2"], (None, "UNKNOWN"), id="numbers"),
        pytest.param("birlik", ["birlik1"], (None, "UNKNOWN"), id="number missing"),
        pytest.param("obod", ["yangiobod"], (None, "UNKNOWN"), id="part of a name"),
        pytest.param("xxxxxxxx", [], (None, "UNKNOWN"), id="nothing known"),
    ],
)
def test_what_a_spelling_means(spelling, known, expected):
    assert meant(spelling, *known) == expected


def test_a_spelling_of_many_houses_is_no_slip():
    assert meant("mangitobot", "mangitobod", houses=50) == (None, "UNKNOWN")


def test_a_name_of_another_district_is_no_slip():
    elsewhere = ("1703203", "")
    gazetteer = Gazetteer([(SCOPE, "gulbahor", 100), (elsewhere, "gulbador", 100)])
    (match,) = match_place_names([(SCOPE, "gulbador", 1)], gazetteer, LIMITS)
    assert match.name is None


def test_another_scope_is_not_searched():
    gazetteer = Gazetteer([(("1703203", ""), "gulbahor", 100)])
    (match,) = match_place_names([(SCOPE, "gulbahor", 1)], gazetteer, LIMITS)
    assert match.name is None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("yusuf", "yusup"),
        ("istiqlol", "istiqbol"),
        ("obod", "ozod"),
        ("nodir", "nodira"),
        ("birlik1", "birlik2"),
        ("kumush", "qo'sh"),
    ],
)
def test_different_names_fold_differently(left, right):
    assert place_fold(left) != place_fold(right)


def test_one_spelling_is_settled_for_each_name():
    names = [
        (SCOPE, "gulbog'", 90),
        (SCOPE, "gulbag", 30),
        (SCOPE, "gulbogg'", 1),
        (SCOPE, "mangitobod", 50),
        (SCOPE, "mangitobot", 1),
        (SCOPE, "lola", 2),
    ]
    settled = settle_names(names, set(), LIMITS)
    assert {name: settled[SCOPE, name] for _, name, _ in names} == {
        "gulbog'": "gulbog'",
        "gulbag": "gulbog'",
        "gulbogg'": "gulbog'",
        "mangitobod": "mangitobod",
        "mangitobot": "mangitobod",
        "lola": "lola",
    }


def test_the_register_s_spelling_stands():
    names = [(SCOPE, "gulbag", 90), (SCOPE, "gulbog'", 1)]
    settled = settle_names(names, {(SCOPE, "gulbog'")}, LIMITS)
    assert settled[SCOPE, "gulbag"] == "gulbog'"


def test_two_names_of_the_register_stay_two():
    names = [(SCOPE, "navro'z", 1), (SCOPE, "navruz", 90)]
    register = {(SCOPE, "navro'z"), (SCOPE, "navruz")}
    settled = settle_names(names, register, LIMITS)
    assert settled == {(SCOPE, "navro'z"): "navro'z", (SCOPE, "navruz"): "navruz"}


PARCEL = "14:05:01:02:03:0001"


def dwelling(text, **columns):
    (row,) = dwelling_rows([text])
    return row | columns


def number_rows(*given):
    return [row | {"dwelling_id": number} for number, row in enumerate(given)]


def link(engine, rows, dwellings, *addresses, mahallas=()):
    """AddressLink of addresses in a district with these dwellings, in their order."""
    world = build_tables(engine, rows, number_rows(*dwellings), [], [])
    world = World(
        world.dwellings,
        world.coverage,
        world.precincts,
        rows(SourceMahalla, *mahallas),
        world.renames,
    )
    given = [address_row(number, text) for number, text in enumerate(addresses)]
    links = link_addresses(engine, rows, world, given)
    AddressLink.validate(links.pl(), cast=True)
    found = by_address(links)
    return [found[number] for number in range(len(addresses))]


APARTMENTS = [
    dwelling("obod / navoiy / 1", flat_key="1", cadastral_key=f"{PARCEL}:0001:001"),
    dwelling("obod / navoiy / 1", flat_key="2", cadastral_key=f"{PARCEL}:0001:002"),
]
HOUSE = dwelling("obod / navoiy / 2", cadastral_key=f"{PARCEL}:0002")
AT = "mahalla=obod; street=navoiy; "


@pytest.mark.parametrize(
    ("address", "reason", "dwelling_id"),
    [
        (AT + "house=1; flat=2", "EXACT", 1),
        (AT + "house=1; flat=9", "EXACT_BUILDING", None),
        (AT + "house=1", "EXACT_BUILDING", None),
        (AT + "house=2", "EXACT", 2),
        (AT + "house=2; flat=1", "EXACT_BUILDING", 2),
        (AT + "house=3", "UNKNOWN_HOUSE", None),
        (AT, "NO_HOUSE", None),
        ("mahalla=obod; street=navoi; house=2", "FUZZY", 2),
        ("mahalla=obod; street=navoi; house=1", "FUZZY_BUILDING", None),
        ("street=navoiy; house=2", "EXACT", 2),
        ("mahalla=obod; street=bilinmas; house=2", "UNKNOWN_STREET", None),
        ("mahalla=bilinmas; street=navoiy; house=2", "UNKNOWN_MAHALLA", None),
        ("house=2", "NO_ADDRESS", None),
        ("house=2; unread=xyz", "UNREAD", None),
        (f"cadastral={PARCEL}:0001:002", "CADASTRAL_NUMBER", 1),
        (f"cadastral={PARCEL}:0002", "CADASTRAL_NUMBER", 2),
        (f"cadastral={PARCEL}:0001", "CADASTRAL_BUILDING", None),
        (f"cadastral={PARCEL}:0001:077", "CADASTRAL_BUILDING", None),
        (f"cadastral={PARCEL}", "NO_ADDRESS", None),
        (AT + f"house=1; cadastral={PARCEL}:0001:002", "CADASTRAL_NUMBER", 1),
    ],
)
def test_reason_and_dwelling(engine, rows, address, reason, dwelling_id):
    (found,) = link(engine, rows, [*APARTMENTS, HOUSE], address)
    assert (found["reason"], found["dwelling_id"]) == (reason, dwelling_id)


def test_a_building_gives_the_number_its_flats_share(engine, rows):
    (found,) = link(engine, rows, APARTMENTS, AT + "house=1")
    assert found["cadastral_key"] == f"{PARCEL}:0001"


@pytest.mark.parametrize(
    ("columns", "warning"),
    [
        ({"status": "DEMOLISHED"}, "DWELLING_DEMOLISHED"),
        ({"status": "UNDER_CONSTRUCTION"}, "DWELLING_UNDER_CONSTRUCTION"),
        ({"object_kind": "NON_RESIDENTIAL"}, "DWELLING_NON_RESIDENTIAL"),
        ({"object_kind": "LAND"}, "DWELLING_NON_RESIDENTIAL"),
    ],
)
def test_objects_nobody_should_live_in_are_linked_and_warned_of(
    engine, rows, columns, warning
):
    (found,) = link(engine, rows, [HOUSE | columns], AT + "house=2")
    assert (found["dwelling_id"], found["warnings"]) == (0, [warning])


def test_of_two_objects_the_one_to_live_in_is_meant(engine, rows):
    (found,) = link(engine, rows, [HOUSE | {"status": "DEMOLISHED"}, HOUSE], AT + "house=2")
    assert (found["dwelling_id"], found["warnings"]) == (1, [])


def test_two_equal_objects_are_a_building(engine, rows):
    twice = [HOUSE, HOUSE | {"cadastral_key": f"{PARCEL}:0003"}]
    (found,) = link(engine, rows, twice, AT + "house=2")
    assert (found["reason"], found["dwelling_id"]) == ("EXACT_BUILDING", None)


def test_a_contradicting_number_keeps_both_readings(engine, rows):
    other = dwelling("tinch / bahor / 5", cadastral_key=f"{PARCEL}:0009")
    (found,) = link(engine, rows, [HOUSE, other], AT + f"house=2; cadastral={PARCEL}:0009")
    assert (found["dwelling_id"], found["rival_dwelling_id"]) == (0, 1)
    assert found["warnings"] == ["ADDRESS_CONFLICT"]


def test_a_number_in_another_district_links_nothing(engine, rows):
    other = dwelling("@1703203 obod / navoiy / 2", cadastral_key=f"{PARCEL}:0009")
    (found,) = link(engine, rows, [HOUSE, other], AT + f"house=2; cadastral={PARCEL}:0009")
    assert (found["reason"], found["dwelling_id"]) == ("DISTRICT_CONFLICT", None)
    assert found["rival_dwelling_id"] == 1


def test_a_mahalla_may_have_other_names(engine, rows):
    register = {
        "row_id": 0,
        "mahalla_code": "1",
        "name": "Obod MFY",
        "district_code": DISTRICT,
        "aliases": "Kolxoz|Lenin yo'li MFY",
    }
    found = link(
        engine,
        rows,
        [HOUSE],
        "mahalla=kolxoz; street=navoiy; house=2",
        "mahalla=lenin yo'li; street=navoiy; house=2",
        mahallas=[register],
    )
    assert [(row["reason"], row["mahalla_key"]) for row in found] == [("EXACT", "obod")] * 2


def test_a_renamed_lane_is_found_by_both_names(engine, rows):
    world = build_world(engine, rows, {"dwellings": ["obod / nilufar / 1-3"], "rules": []})
    renames = engine.sql(
        f"""SELECT '{DISTRICT}' AS district_code, 'gulyor' AS street_key_old,
        '4' AS lane_old, 'nilufar' AS street_key_new, NULL::VARCHAR AS lane_new"""
    )
    world = World(world.dwellings, world.coverage, world.precincts, world.mahallas, renames)
    texts = ["gulyor; lane=4", "nilufar", "gulyor", "gulyor; lane=3"]
    given = [
        address_row(number, f"mahalla=obod; street={text}; house=2")
        for number, text in enumerate(texts)
    ]
    found = by_address(link_addresses(engine, rows, world, given))
    assert [found[number]["dwelling_id"] for number in range(4)] == [1, 1, None, None]


def test_the_cadastre_s_numbering_is_learnt(engine, rows):
    def made(district, prefix, count):
        return [
            dwelling(f"@{district} obod / navoiy / 1", cadastral_key=f"{prefix}:01:01")
            for _ in range(count)
        ]

    dwellings = [
        *made("1718236", "14:05", 99),
        *made("1718203", "14:05", 1),
        *made("1718203", "14:06", 60),
        *made("1718203", "14:07", 3),
    ]
    learnt = learn_cadastral_districts(
        engine, rows(DwellingRecord, *number_rows(*dwellings))
    ).pl()
    assert {
        row["cadastral_prefix"]: (row["district_code"], row["dwellings"], row["is_certain"])
        for row in learnt.to_dicts()
    } == {
        "14:05": ("1718236", 100, True),
        "14:06": ("1718203", 60, True),
        "14:07": ("1718203", 3, False),
    }


def test_a_number_of_another_district_s_numbering_is_a_conflict(engine, rows):
    ours = [
        dwelling("obod / navoiy / 1", cadastral_key=f"14:05:01:01:01:{n:04d}:0001")
        for n in range(1, 61)
    ]
    theirs = [
        dwelling("@1718203 tinch / lola / 1", cadastral_key=f"14:06:01:01:01:{n:04d}:0001")
        for n in range(1, 61)
    ]
    unknown_house, known_house = link(
        engine,
        rows,
        [*ours, *theirs, HOUSE],
        AT + "house=77; cadastral=14:06:09:09:09:0099:0001",
        AT + "house=2; cadastral=14:06:09:09:09:0099:0001",
    )
    assert unknown_house["reason"] == "DISTRICT_CONFLICT"
    assert known_house["reason"] == "EXACT"


def test_the_only_flat_known_is_not_every_flat(engine, rows):
    found = link(engine, rows, APARTMENTS[:1], AT + "house=1; flat=9", AT + "house=1")
    assert [row["dwelling_id"] for row in found] == [None, None]
    assert {row["reason"] for row in found} == {"EXACT_BUILDING"}
