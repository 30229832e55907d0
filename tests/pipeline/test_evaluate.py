"""Tiny releases made by hand, right and wrong ones, with answers counted by hand."""

import duckdb
import polars as pl
import pytest

from pipeline.evaluate import evaluate
from pipeline.trace_rows import key_rows

LINEAGE = ("source", "record_id", "voter_id", "person_id", "outcome", "reason")
PERSONS, ACTS, ROSTERS = "mia/persons", "mia/restrictions", "cec/rosters"


def listed(record, cluster, outcome="LISTED", reason="PERMANENT"):
    return PERSONS, record, cluster, cluster, outcome, reason


def gone(record, cluster, outcome, reason):
    return PERSONS, record, None, cluster, outcome, reason


def voter(person, precinct=1, ground=None, basis="PERMANENT"):
    region = None if precinct is None else "1718"
    return person, ground is None, ground, region, precinct, basis


def frame(content, columns, **types):
    schema = {name: types.get(name, pl.String) for name in columns}
    return pl.DataFrame(content, schema=schema, orient="row")


@pytest.fixture
def measure(tmp_path):
    """Write a release and its truth, evaluate, give the Evaluation."""

    def run(rows, voters, lineage, entries, flags=(), faults=(), damaged=(), refused=()):
        release, truth = tmp_path / "release", tmp_path / "truth"
        place = release / "voters" / "region=1718" / "district=1718203"
        place.mkdir(parents=True)
        open_questions = release / "discrepancies" / "region=1718" / "district=1718203"
        truth.mkdir(exist_ok=True)
        frame(lineage, LINEAGE).write_parquet(release / "lineage.parquet")
        frame(
            [(v, "1718", p, b) for v, p, b in entries],
            ("voter_id", "region_code", "precinct_number", "basis"),
            precinct_number=pl.Int32,
        ).write_parquet(place / "voters.parquet")
        if flags:
            open_questions.mkdir(parents=True)
            frame(
                [(str(n), code, ids) for n, (code, ids) in enumerate(flags)],
                ("discrepancy_id", "code", "record_ids"),
                record_ids=pl.List(pl.String),
            ).write_parquet(open_questions / "discrepancies.parquet")
        frame(
            [(PERSONS, "QUARANTINED", rule, n) for rule, n in refused],
            ("source", "outcome", "reason", "rows"),
            rows=pl.Int64,
        ).write_parquet(release / "reconciliation.parquet")
        frame(
            [row if len(row) == 3 else (PERSONS, *row) for row in rows],
            ("source", "record_id", "person"),
            person=pl.Int64,
        ).write_parquet(truth / "persons.parquet")
        frame(
            voters,
            ("person", "eligible", "ground", "region_code", "precinct_number", "basis"),
            person=pl.Int64,
            eligible=pl.Boolean,
            precinct_number=pl.Int32,
        ).write_parquet(truth / "voters.parquet")
        frame(faults, ("source", "record_id", "fault")).write_parquet(
            truth / "faults.parquet"
        )
        frame(
            [(PERSONS, rule) for rule in damaged], ("source", "expected_rule")
        ).write_parquet(truth / "rows.parquet")
        with duckdb.connect() as engine:
            return evaluate(engine, str(release), str(truth))

    return run


def test_perfect_release_has_no_error(measure):
    found = measure(
        rows=[("a", 1), ("b", 1), ("c", 2)],
        voters=[voter(1), voter(2, 2)],
        lineage=[
            listed("a", "V1"),
            listed("b", "V1", "MERGED_INTO", "PINFL"),
            listed("c", "V2"),
        ],
        entries=[("V1", 1, "PERMANENT"), ("V2", 2, "PERMANENT")],
    )
    persons = found.persons
    assert (persons.true_pairs, persons.linked_pairs, persons.right_pairs) == (1, 1, 1)
    assert persons.precision == persons.recall == persons.f1 == 1.0
    assert persons.cluster_precision == persons.cluster_recall == 1.0
    assert (persons.persons_without_entry, persons.extra_entries) == (0, 0)
    assert (found.placement.right, found.placement.wrong, found.placement.unplaced) == (
        2,
        0,
        0,
    )
    assert found.eligibility.right == 2


def test_merged_twins_cost_one_their_entry(measure):
    """Rows a, b of person 1 and c of person 2 in one cluster: 1 of 3 linked pairs true."""
    found = measure(
        rows=[("a", 1), ("b", 1), ("c", 2)],
        voters=[voter(1), voter(2)],
        lineage=[
            listed("a", "V1"),
            listed("b", "V1", "MERGED_INTO"),
            listed("c", "V1", "MERGED_INTO"),
        ],
        entries=[("V1", 1, "PERMANENT")],
    )
    persons = found.persons
    assert (persons.true_pairs, persons.linked_pairs, persons.right_pairs) == (1, 3, 1)
    assert persons.precision == pytest.approx(1 / 3)
    assert persons.recall == 1.0
    assert persons.exact_clusters == 0
    assert persons.persons_without_entry == 1
    assert found.eligibility.merged_away == 1
    assert found.placement.right == 1


def test_owner_of_a_tied_cluster_is_the_lowest_number(measure):
    found = measure(
        rows=[("a", 7), ("b", 3)],
        voters=[voter(3, 1), voter(7, 2)],
        lineage=[listed("a", "V1"), listed("b", "V1", "MERGED_INTO")],
        entries=[("V1", 1, "PERMANENT")],
    )
    assert found.placement.right == 1
    assert found.eligibility.merged_away == 1


def test_missed_pair_is_listed_twice_and_flag_counts_apart(measure):
    """Person 1 has rows a, b | c: two true pairs missed, both shown by one question."""
    found = measure(
        rows=[("a", 1), ("b", 1), ("c", 1), ("d", 2)],
        voters=[voter(1), voter(2)],
        lineage=[
            listed("a", "V1"), listed("b", "V1", "MERGED_INTO"),
            listed("c", "V2"), listed("d", "V3"),
        ],
        entries=[("V1", 1, "PERMANENT"), ("V2", 1, "PERMANENT"), ("V3", 1, "PERMANENT")],
        flags=[("POSSIBLE_DUPLICATE", ["b", "c"]), ("POSSIBLE_DUPLICATE", ["c", "d"]),
               ("DOCUMENT_SHARED", ["a", "d"])],
    )  # fmt: skip
    persons = found.persons
    assert (persons.true_pairs, persons.right_pairs, persons.flagged_pairs) == (3, 1, 2)
    assert persons.recall == pytest.approx(1 / 3)
    assert persons.recall_with_flags == 1.0
    assert (persons.flags, persons.right_flags) == (2, 1)
    assert persons.extra_entries == 1
    assert found.placement.listed_twice == 1


def test_quarantined_row_is_a_missed_pair(measure):
    found = measure(
        rows=[("a", 1), ("b", 1), ("c", 2)],
        voters=[voter(1), voter(2)],
        lineage=[listed("a", "V1")],
        entries=[("V1", 1, "PERMANENT")],
    )
    assert found.persons.recall == 0.0
    assert found.persons.exact_clusters == 0
    assert found.eligibility.not_delivered == 1


def test_placement_tells_wrong_unplaced_and_rightly_homeless(measure):
    found = measure(
        rows=[("a", 1), ("b", 2), ("c", 3), ("d", 4)],
        voters=[voter(1, 1), voter(2, 2, basis="ROSTER"), voter(3, 3), voter(4, None)],
        lineage=[
            listed("a", "V1"),
            listed("b", "V2"),
            gone("c", "V3", "UNPLACED", "COVERAGE_GAP"),
            gone("d", "V4", "UNPLACED", "NO_RESIDENCE"),
        ],
        entries=[("V1", 1, "PERMANENT"), ("V2", 9, "PERMANENT")],
    )
    placement = found.placement
    assert (placement.right, placement.wrong, placement.unplaced) == (2, 1, 1)
    assert placement.wrong_by_basis == {"ROSTER>PERMANENT": 1}
    assert placement.unplaced_by_reason == {"COVERAGE_GAP": 1}


def test_same_number_in_another_region_is_wrong(measure):
    found = measure(
        rows=[("a", 1)],
        voters=[(1, True, None, "1703", 1, "PERMANENT")],
        lineage=[listed("a", "V1")],
        entries=[("V1", 1, "PERMANENT")],
    )
    assert (found.placement.right, found.placement.wrong) == (0, 1)


def test_eligibility_by_direction_and_ground(measure):
    found = measure(
        rows=[("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)],
        voters=[
            voter(1),
            voter(2, None, "DECEASED"),
            voter(3, None, "DECEASED"),
            voter(4, None, "IMPRISONED"),
            voter(5, None, "UNDER_AGE"),
        ],
        lineage=[
            gone("a", "V1", "INELIGIBLE", "DECEASED"),
            listed("b", "V2"),
            gone("c", "V3", "INELIGIBLE", "DECEASED"),
            gone("d", "V4", "INELIGIBLE", "DECEASED"),
            gone("e", "V5", "UNPLACED", "NO_ADDRESS"),
        ],
        entries=[("V2", 1, "PERMANENT")],
    )
    verdict = found.eligibility
    assert verdict.right == 1
    assert verdict.wrongly_removed == {"DECEASED": 1}
    assert verdict.wrongly_listed == {"DECEASED": 1, "UNDER_AGE": 1}
    assert verdict.wrong_ground == {"IMPRISONED>DECEASED": 1}


def test_dead_person_with_a_second_entry_is_wrongly_listed(measure):
    found = measure(
        rows=[("a", 1), ("b", 1)],
        voters=[voter(1, None, "DECEASED")],
        lineage=[gone("a", "V1", "INELIGIBLE", "DECEASED"), listed("b", "V2")],
        entries=[("V2", 1, "PERMANENT")],
    )
    assert found.eligibility.wrongly_listed == {"DECEASED": 1}


def test_acts_are_right_wrong_for_review_missed_or_about_strangers(measure):
    found = measure(
        rows=[
            ("a", 1), ("b", 2),
            (ACTS, "d1", 1), (ACTS, "d2", 1), (ACTS, "d3", 1), (ACTS, "d4", 2),
            (ACTS, "d5", None), (ACTS, "d6", None), (ROSTERS, "cec/rosters.csv:1", 2),
        ],
        voters=[voter(1), voter(2)],
        lineage=[
            listed("a", "V1"), listed("b", "V2"),
            (ACTS, "d1", None, "V1", "APPLIED", "DECEASED"),
            (ACTS, "d2", None, "V2", "APPLIED", "DECEASED"),
            (ACTS, "d3", None, "V1", "NOT_APPLIED", "POSSIBLE"),
            (ACTS, "d4", None, None, "NOT_APPLIED", "NOT_FOUND"),
            (ACTS, "d5", None, None, "NOT_APPLIED", "NOT_FOUND"),
            (ACTS, "d6", None, "V1", "APPLIED", "DECEASED"),
            (ROSTERS, "cec/rosters.csv:1", "V2", "V2", "APPLIED", "MOVED_BY_ROSTER"),
        ],
        entries=[("V1", 1, "PERMANENT"), ("V2", 1, "PERMANENT")],
        faults=[(ACTS, "d1", "NAME_CHANGED"), (ACTS, "d4", "NAME_CHANGED")],
    )  # fmt: skip
    rosters, acts = found.references
    assert (rosters.right, rosters.wrong, rosters.missed) == (1, 0, 0)
    assert (acts.right, acts.wrong, acts.for_review) == (1, 2, 1)
    assert (acts.missed, acts.strangers_left_alone) == (1, 1)
    (fault,) = found.faults
    assert (fault.rows, fault.right) == (2, 1)


def test_roster_rows_are_known_by_their_content(measure, tmp_path):
    """The truth names file and row; lineage names precinct and content."""
    roster = pl.DataFrame(
        {
            "row_id": [0, 1], "record_id": ["cec/rosters.csv:1", "cec/rosters.csv:2"],
            "region_code": ["1718", "1718"], "precinct_number": [5, 5],
            "pinfl": ["1", "2"], "surname": ["A", "B"], "given_name": ["C", "D"],
            "patronymic": [None, None], "birth_date": [None, None],
            "document_number": [None, None],
        },
        schema_overrides={
            "patronymic": pl.String, "birth_date": pl.Date, "document_number": pl.String
        },
    )  # fmt: skip
    (tmp_path / "truth").mkdir()
    roster.write_parquet(tmp_path / "truth" / "rosters.parquet")
    with duckdb.connect() as engine:
        rows = key_rows(engine, engine.read_parquet(str(tmp_path / "truth" / "*.parquet")))
        key = dict(rows.fetchall())
    found = measure(
        rows=[
            ("a", 1), ("b", 2),
            (ROSTERS, "cec/rosters.csv:1", 1), (ROSTERS, "cec/rosters.csv:2", 2),
        ],
        voters=[voter(1), voter(2)],
        lineage=[
            listed("a", "V1"), listed("b", "V2"),
            (ROSTERS, key[0], "V1", "V1", "APPLIED", "MOVED_BY_ROSTER"),
            (ROSTERS, key[1], "V1", "V1", "APPLIED", "MOVED_BY_ROSTER"),
        ],
        entries=[("V1", 1, "PERMANENT"), ("V2", 1, "PERMANENT")],
        faults=[(ROSTERS, "cec/rosters.csv:1", "NAME_CHANGED")],
    )  # fmt: skip
    (rosters,) = found.references
    assert (rosters.right, rosters.wrong) == (1, 1)
    assert (found.faults[0].rows, found.faults[0].right) == (1, 1)


def test_recall_of_a_fault_counts_its_rows_only(measure):
    """Row b (typed wrong) of person 1 is merged; row d of person 2 is not."""
    found = measure(
        rows=[("a", 1), ("b", 1), ("c", 2), ("d", 2)],
        voters=[voter(1), voter(2, 5)],
        lineage=[
            listed("a", "V1"),
            listed("b", "V1", "MERGED_INTO"),
            listed("c", "V2"),
            listed("d", "V3"),
        ],
        entries=[("V1", 1, "PERMANENT"), ("V2", 4, "PERMANENT"), ("V3", 4, "PERMANENT")],
        faults=[(PERSONS, "b", "NAME_TYPO"), (PERSONS, "d", "NAME_TYPO")],
    )
    (fault,) = found.faults
    assert (fault.rows, fault.true_pairs, fault.right) == (2, 2, 1)
    assert (fault.voters, fault.placed_right) == (2, 1)
    assert fault.recall == fault.placed_right_share == 0.5


def test_damaged_rows_by_rule(measure):
    found = measure(
        rows=[("a", 1)],
        voters=[voter(1)],
        lineage=[listed("a", "V1")],
        entries=[("V1", 1, "PERMANENT")],
        damaged=["sex_known", "sex_known", "columns_counted"],
        refused=[("sex_known", 1), ("birth_date_possible", 3)],
    )
    by_rule = {row.rule: (row.damaged, row.found, row.beyond) for row in found.damage}
    assert by_rule == {
        "sex_known": (2, 1, 0),
        "columns_counted": (1, 0, 0),
        "birth_date_possible": (0, 0, 3),
    }


def test_release_without_any_voter_is_evaluated(measure):
    found = measure(
        rows=[("a", 1)],
        voters=[voter(1)],
        lineage=[gone("a", "V1", "UNPLACED", "NO_ADDRESS")],
        entries=[],
    )
    assert found.placement.unplaced_by_reason == {"NO_ADDRESS": 1}
    assert found.placement.precision is None


def test_rendering_shows_every_section_and_the_same_shares(measure):
    found = measure(
        rows=[("a", 1), ("b", 1), (ACTS, "d1", 1)],
        voters=[voter(1)],
        lineage=[listed("a", "V1"), listed("b", "V1", "MERGED_INTO")],
        entries=[("V1", 2, "PERMANENT")],
        faults=[(PERSONS, "a", "NAME_TYPO")],
        damaged=["sex_known"],
    )
    text = found.render()
    for title in ("Persons", "Placement", "Eligibility", "By fault", "Damaged rows"):
        assert title in text
    assert "PERMANENT>PERMANENT" in text
    assert found.to_dict()["persons"]["recall"] == 1.0
    assert found.to_dict()["placement"]["wrong_by_basis"] == {"PERMANENT>PERMANENT": 1}
