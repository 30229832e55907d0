"""Laws of placement, on generated districts: order, unrelated rows, doubt never guesses."""

import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import tables
from pipeline.resolve_addresses.place_names import (
    Gazetteer,
    NameMatching,
    match_place_names,
    place_fold,
    settle_names,
)
from pipeline.run import Run
from tests.conftest import ELECTION_DATE, build_rows
from tests.place_worlds import (
    address_row,
    build_tables,
    dwelling_rows,
    place_addresses,
    rule_rows,
)

LETTERS = st.text("abdghijklmnoqrstuxyz'", min_size=1, max_size=14)
NUMBERED = st.builds(
    lambda name, number: name + number, LETTERS, st.sampled_from(["", "1", "2"])
)
SCOPE = ("1718236", "")
LIMITS = NameMatching()


@given(NUMBERED)
def test_fold_is_total_and_deterministic(name):
    assert place_fold(name) == place_fold(name)
    assert place_fold(place_fold(name)).isascii()


@given(st.lists(NUMBERED, min_size=1, max_size=8, unique=True), NUMBERED)
def test_a_match_does_not_depend_on_the_order_of_names(names, asked):
    def match(order):
        gazetteer = Gazetteer([(SCOPE, name, 9) for name in order])
        return match_place_names([(SCOPE, asked, 1)], gazetteer, LIMITS)

    assert match(names) == match(names[::-1])


@given(st.lists(NUMBERED, min_size=1, max_size=8, unique=True), NUMBERED)
def test_numbers_are_never_matched_loosely(names, asked):
    gazetteer = Gazetteer([(SCOPE, name, 9) for name in names])
    (found,) = match_place_names([(SCOPE, asked, 1)], gazetteer, LIMITS)
    digits = [letter for letter in asked if letter.isdigit()]
    assert found.name is None or [c for c in found.name if c.isdigit()] == digits


@given(
    st.lists(st.tuples(NUMBERED, st.integers(1, 50)), max_size=8, unique_by=lambda e: e[0])
)
def test_settled_names_are_settled(entries):
    names = [(SCOPE, name, houses) for name, houses in entries]
    settled = settle_names(names, set(), LIMITS)
    assert settled == settle_names(names[::-1], set(), LIMITS)
    assert set(settled.values()) <= {name for name, _ in entries}


MAHALLAS = ["obod", "tinch", "istiqlol", "istiqbol"]
STREETS = ["navoiy", "bahor", "gulyor"]
PART = st.sampled_from(["", *STREETS])
RULE = st.builds(
    lambda precinct, mahalla, street, houses, parity: "; ".join(
        part
        for part in (
            f"{precinct} | mahalla={mahalla}",
            street and f"street={street}",
            street and houses and f"houses={houses}",
            street and houses and parity and f"parity={parity}",
        )
        if part
    ),
    st.integers(1, 4),
    st.sampled_from(MAHALLAS),
    PART,
    st.sampled_from(["", "1-4", "5-9", "2-7"]),
    st.sampled_from(["", "ODD", "EVEN"]),
)
ADDRESS = st.tuples(
    st.sampled_from(["", *MAHALLAS, "istiqol"]),
    PART,
    st.sampled_from(["", "1", "4", "5A", "8/1"]),
)
DWELLINGS = dwelling_rows(
    [f"{mahalla} / {street} / 1-8" for mahalla in MAHALLAS for street in STREETS]
)


def text_of(address):
    return "; ".join(
        f"{name}={value}"
        for name, value in zip(("mahalla", "street", "house"), address, strict=True)
        if value
    )


@pytest.fixture(scope="module")
def place():
    """Place addresses under rules: one engine for all examples."""
    with tempfile.TemporaryDirectory() as work:
        run = Run("", "", ELECTION_DATE, ELECTION_DATE, work)
        with tables.open_engine(run) as engine:
            rows = build_rows(engine)

            def placed(rules, addresses):
                world = build_tables(engine, rows, DWELLINGS, rule_rows(rules), [])
                given = [address_row(n, text_of(a)) for n, a in enumerate(addresses)]
                found = place_addresses(engine, rows, world, given)[1]
                return [
                    (found[n]["precinct_number"], found[n]["unplaced_reason"])
                    for n in range(len(addresses))
                ]

            yield placed


ALL = [
    (mahalla, street, house)
    for mahalla in ("", *MAHALLAS)
    for street in ("", *STREETS)
    for house in ("", "1", "4", "5", "8")
]
FEW = settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])


def fits(rule, mahalla, street, house):
    """Whether a rule covers a whole address: read from the law, not from the code."""
    number = int(house)
    first, last = rule["house_from"], rule["house_to"]
    return (
        rule["mahalla_key"] == mahalla
        and rule["street_key"] in (None, street)
        and (first is None or first <= number)
        and (last is None or number <= last)
        and {"ALL": True, "ODD": number % 2 == 1, "EVEN": number % 2 == 0}[rule["parity"]]
    )


def rank(rule):
    """Mahalla, street, houses of a street: the more specific the greater."""
    has_houses = rule["house_from"] is not None or rule["parity"] != "ALL"
    return (rule["street_key"] is not None) + has_houses


def expected(rules, mahalla, street, house):
    """The precinct of a whole address, or the reason, rule by rule."""
    fitting = [rule for rule in rules if fits(rule, mahalla, street, house)]
    if not fitting:
        return None, "COVERAGE_GAP"
    best = max(rank(rule) for rule in fitting)
    precincts = {rule["precinct_number"] for rule in fitting if rank(rule) == best}
    return (precincts.pop(), None) if len(precincts) == 1 else (None, "COVERAGE_OVERLAP")


@FEW
@given(st.lists(RULE, min_size=1, max_size=9))
def test_whole_addresses_equal_the_oracle(place, rules):
    whole = [address for address in ALL if all(address)]
    made = rule_rows(rules)
    assert place(rules, whole) == [expected(made, *address) for address in whole]


@FEW
@given(st.lists(RULE, min_size=1, max_size=9))
def test_open_addresses_stand_only_where_every_completion_stands(place, rules):
    made = rule_rows(rules)
    partly = [address for address in ALL if not all(address) and any(address[:2])]
    for address, (precinct, _) in zip(partly, place(rules, partly), strict=True):
        if precinct is None:
            continue
        mahalla, street, house = address
        completions = {
            expected(made, m, s, h)[0]
            for m in ([mahalla] if mahalla else MAHALLAS)
            for s in ([street] if street else STREETS)
            for h in ([house] if house else map(str, range(1, 9)))
        }
        assert completions == {precinct}


@FEW
@given(
    st.lists(RULE, min_size=1, max_size=9),
    st.lists(ADDRESS, min_size=1, max_size=8),
    st.data(),
)
def test_order_and_unrelated_rules_change_nothing(place, rules, addresses, data):
    shuffled = data.draw(st.permutations(rules))
    unrelated = "9 | district=1703203; mahalla=obod"
    assert place(rules, addresses) == place([*shuffled, unrelated], addresses)


def test_every_address_has_one_outcome(place):
    found = place(["1 | mahalla=obod"], ALL)
    assert all((precinct is None) != (reason is None) for precinct, reason in found)
