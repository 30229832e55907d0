import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import tables
from pipeline.carry_ids import carry_ids
from pipeline.run import Run
from schemas.person import Person, PersonLink, StableId
from schemas.source import SourcePerson
from schemas.voter_list import Lineage, VoterListEntry
from tests.conftest import AS_OF, ELECTION_DATE, build_rows

A, B = "VAAAAAAAAAAAAA", "VBBBBBBBBBBBBB"


def carry(engine, rows, clusters, before=(), voters=(), pinfls=None):
    """Numbers by person for clusters of record_ids; `before` is record_id -> number."""
    records = sorted(record for cluster in clusters for record in cluster)
    person_of = {record: n for n, cluster in enumerate(clusters) for record in cluster}
    relation = carry_ids(
        engine,
        rows(
            Person,
            *(
                {
                    "person_id": n,
                    "main_row_id": records.index(min(cluster)),
                    "pinfl": (pinfls or {}).get(n),
                }
                for n, cluster in enumerate(clusters)
            ),
        ),
        rows(
            PersonLink,
            *(
                {"row_id": n, "person_id": person_of[record]}
                for n, record in enumerate(records)
            ),
        ),
        rows(
            SourcePerson,
            *(
                {
                    "row_id": n,
                    "record_id": record,
                    "surname": f"s{record}",
                    "given_name": "g",
                }
                for n, record in enumerate(records)
            ),
        ),
        rows(
            Lineage,
            *(
                {"source": "mia/persons", "record_id": record, "person_id": number}
                for record, number in dict(before).items()
            ),
        ),
        rows(VoterListEntry, *voters) if voters else tables.empty_table(engine, "voters"),
    )
    frame = relation.pl().sort("person_id")
    StableId.validate(frame, cast=True)
    return dict(frame.select("person_id", "stable_id").iter_rows())


def test_first_release_gives_everybody_a_number(engine, rows):
    numbers = carry(engine, rows, [["a"], ["b", "c"]])
    assert len(set(numbers.values())) == 2


def test_number_that_somebody_had_is_not_given_to_another(engine, rows):
    first = carry(engine, rows, [["a"]])[0]
    # Somebody who left had the number that the key of this row gives, and its next too.
    second = carry(engine, rows, [["a"]], {"gone": first})[0]
    third = carry(engine, rows, [["a"]], {"gone": first, "left": second})[0]
    assert len({first, second, third}) == 3


def test_number_stays_when_rows_come_and_go(engine, rows):
    assert carry(engine, rows, [["b", "new"]], {"a": A, "b": A})[0] == A


def test_number_follows_the_pinfl_when_every_row_is_new(engine, rows):
    pinfl = "31705800123456"
    voters = [{"voter_id": A, "pinfl": pinfl}]
    assert carry(engine, rows, [["z"]], {"a": A}, voters, {0: pinfl})[0] == A


def test_number_follows_name_and_birth_date_when_all_else_is_new(engine, rows):
    voters = [
        {"voter_id": A, "surname": "sz", "given_name": "g"},
        {"voter_id": B, "surname": "other", "given_name": "g"},
    ]
    assert carry(engine, rows, [["z"]], {"a": A, "b": B}, voters)[0] == A


def test_namesake_with_another_pinfl_inherits_nothing(engine, rows):
    voters = [
        {"voter_id": A, "surname": "sz", "given_name": "g", "pinfl": "31705800123456"}
    ]
    minted = carry(engine, rows, [["z"]], {"a": A}, voters, {0: "31705800123457"})[0]
    assert minted != A


def test_name_that_two_voters_had_carries_nothing(engine, rows):
    voters = [
        {"voter_id": A, "surname": "sz", "given_name": "g"},
        {"voter_id": B, "surname": "sz", "given_name": "g"},
    ]
    assert carry(engine, rows, [["z"]], {"a": A, "b": B}, voters)[0] not in {A, B}


def test_merge_keeps_the_number_with_most_rows(engine, rows):
    before = {"a": B, "b": A, "c": A}
    assert carry(engine, rows, [["a", "b", "c"]], before) == {0: A}


def test_split_gives_the_number_to_one_and_a_new_one_to_the_other(engine, rows):
    numbers = carry(engine, rows, [["a"], ["b", "c"]], {"a": A, "b": A, "c": A})
    assert numbers[1] == A
    assert numbers[0] != A


def test_number_of_the_previous_release_is_never_minted_for_another(engine, rows):
    first = carry(engine, rows, [["a"]])[0]
    again = carry(engine, rows, [["a"], ["b"]], {"b": first})
    assert again[1] == first
    assert again[0] != first


@settings(max_examples=15)
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=9),
    st.lists(st.integers(0, 3), min_size=9, max_size=9),
    st.randoms(use_true_random=False),
)
def test_one_number_a_person_whatever_merges_and_splits(now, before, random):
    names = "abcdefghi"
    clusters: dict[int, list[str]] = {}
    for name, cluster in zip(names, now, strict=False):
        clusters.setdefault(cluster, []).append(name)
    history = {name: f"V{number:013d}" for name, number in zip(names, before, strict=True)}
    shuffled = list(clusters.values())
    random.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as folder:
        run = Run("", "", ELECTION_DATE, AS_OF, folder)
        with tables.open_engine(run) as engine:
            numbers = carry(engine, build_rows(engine), shuffled, history)
    assert len(set(numbers.values())) == len(shuffled)
    known = {history[name] for name in names[: len(now)]}
    assert known & set(numbers.values())
