import pytest

from tests.place_worlds import (
    address_row,
    build_world,
    outcome,
    place_addresses,
    read_worlds,
)

WORLDS = read_worlds()


@pytest.mark.parametrize("world", WORLDS, ids=[world["world"] for world in WORLDS])
def test_golden_cases(engine, rows, world):
    """Every case of a world at once: one build, one comparison with the whole table."""
    cases = world["cases"]
    addresses = [address_row(index, case["address"]) for index, case in enumerate(cases)]
    _, placed = place_addresses(engine, rows, build_world(engine, rows, world), addresses)
    found = {case["id"]: outcome(placed[index]) for index, case in enumerate(cases)}
    expected = {}
    for case in cases:
        wanted = str(case["expected"])
        if wanted.isdigit():
            district = addresses[len(expected)]["district_code"]
            wanted = f"{district[:4]}/{wanted}"
        expected[case["id"]] = wanted
    assert found == expected
