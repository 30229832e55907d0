"""A whole run on a simulated delivery: what it must give, whatever the delivery."""

import csv
import dataclasses
import json
import random
import shutil
from pathlib import Path

import polars as pl
import pytest
from prefect.logging import disable_run_logger

from flows import stages
from pipeline import tables
from pipeline.evaluate import evaluate
from pipeline.reconcile_release import chain_faults, reconcile_release
from pipeline.run import Linkage, Resources
from pipeline.verify import verify_release
from tests.flows import figures
from tests.flows.conftest import REGISTRATIONS, build

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def evaluation(built):
    with tables.open_engine(dataclasses.replace(built.run, work="/tmp")) as engine:
        yield evaluate(engine, str(built.release), str(built.truth))


def test_release_verifies(built):
    report = verify_release(str(built.release))
    failed = [check for check in report.checks if not check.is_passed]
    assert failed == []


def test_nobody_is_merged_away(evaluation):
    assert evaluation.persons.persons_without_entry == 0
    assert evaluation.persons.linked_pairs == evaluation.persons.right_pairs


def test_duplicates_are_merged_or_flagged(evaluation):
    assert evaluation.persons.recall >= 0.95
    assert evaluation.persons.recall_with_flags >= 0.98


def test_voters_stand_in_the_right_precinct(evaluation):
    placement = evaluation.placement
    placed = placement.right + placement.wrong
    assert placement.wrong <= placed / 1000
    gaps = placement.unplaced_by_reason.get("COVERAGE_GAP", 0)
    assert placement.unplaced - gaps <= 0.015 * placed


def test_gaps_are_only_where_a_boundary_text_says_nothing(built):
    questions = pl.read_parquet(
        sorted(built.release.glob("discrepancies/*/*/discrepancies.parquet")),
        hive_partitioning=False,
    )
    gaps = questions.filter(pl.col("code") == "COVERAGE_GAP")["district_code"]
    unread = questions.filter(pl.col("code") == "BOUNDARY_UNREAD")["district_code"]
    assert set(gaps) <= set(unread)


def test_nobody_eligible_is_removed(evaluation):
    assert evaluation.eligibility.wrongly_removed == {}


def test_every_delivered_row_is_accounted_for(built):
    balance = pl.read_parquet(built.release / "reconciliation.parquet")
    persons = balance.filter(pl.col("source") == "mia/persons")
    delivered = sum(
        json.loads(path.read_text())["rows"]
        for path in (built.delivery / "mia").glob("persons.control.json")
    )
    assert persons["rows"].sum() == delivered >= REGISTRATIONS


def test_the_chain_from_register_to_list_is_every_published_figure(built):
    release = str(built.release)
    run = dataclasses.replace(built.run, work="/tmp")
    with tables.open_engine(run) as engine:
        reconciliation, unlisted, listed, precincts = (
            tables.read_release_table(engine, release, name)
            for name in ("reconciliation", "unlisted", "voters", "precincts")
        )
        chain = reconcile_release(reconciliation, unlisted, listed)
        areas = json.loads((built.release / "summary.json").read_text())["areas"]
        assert chain_faults(chain, areas, precincts) == []
    country = chain.filter((pl.col("area") == "UZ") & (pl.col("reason") == ""))
    assert (
        dict(country.select("step", "count").iter_rows())["voters"]
        == voters(built.release).height
    )
    grounds = chain.filter((pl.col("area") == "UZ") & (pl.col("step") == "excluded"))
    by_ground = areas["UZ"]["ineligible_by_ground"]
    by_ground.pop("UNDER_AGE")
    told = dict(grounds.select("reason", "count").iter_rows())
    assert told.pop("") == sum(by_ground.values())
    assert told == by_ground


def test_every_row_of_lineage_is_one_row_of_the_register(built):
    lineage = pl.read_parquet(built.release / "lineage.parquet")
    assert not lineage.select("source", "record_id").is_duplicated().any()


def voters(release: Path) -> pl.DataFrame:
    return pl.read_parquet(
        sorted(release.glob("voters/*/*/voters.parquet")), hive_partitioning=False
    )


def test_every_figure_is_that_of_the_files(built):
    compared, differing = figures.differences(built.release)
    assert differing == []
    assert compared > 1000
    nation = figures.told(built.release)["UZ"]
    lineage = pl.read_parquet(built.release / "lineage.parquet")
    rows = lineage.filter(pl.col("source") == "mia/persons")
    assert nation["persons"] == rows["person_id"].n_unique()
    assert nation["repeated"] == rows.height - rows["person_id"].n_unique()
    assert nation["listed"] == voters(built.release).height
    by_basis = dict(voters(built.release)["basis"].value_counts().rows())
    assert by_basis == {
        name.split(".")[1]: count
        for name, count in nation.items()
        if name.startswith("listed_by_basis.")
    }


def test_the_report_holds_the_figures_of_summary_json(built):
    page = (built.release / "report.html").read_text(encoding="utf-8")
    held = page.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    summary = json.loads((built.release / "summary.json").read_text(encoding="utf-8"))
    assert json.loads(held)["summary"] == summary


def test_every_question_stands_in_the_file_of_its_owner(built):
    questions = pl.read_parquet(
        sorted(built.release.glob("discrepancies/*/*/discrepancies.parquet")),
        hive_partitioning=False,
    )
    for owner in ("mia", "cadastre", "cec", "commission"):
        files = sorted(built.release.rglob(f"discrepancies_{owner}.parquet"))
        theirs = pl.read_parquet(files, hive_partitioning=False)
        expected = questions.filter(pl.col("owner") == owner.upper())
        if owner != "commission":
            # Whole files; in those of districts a pair of two districts stands twice.
            expected = expected.unique("discrepancy_id")
        assert set(theirs["discrepancy_id"]) == set(expected["discrepancy_id"])
        assert theirs.height == expected.height > 0
    addressed = theirs.filter(pl.col("code") == "TEMPORARY_ELSEWHERE")
    assert addressed["address"].null_count() < addressed.height


def test_list_numbers_count_from_one_in_every_precinct(built):
    numbered = (
        voters(built.release)
        .group_by("region_code", "precinct_number")
        .agg(pl.col("list_number").sort(), pl.len().alias("voters"))
    )
    for numbers, count in numbered.select("list_number", "voters").iter_rows():
        assert numbers == list(range(1, count + 1))


def test_csv_has_the_rows_of_parquet_and_no_documents(built):
    for path in built.release.glob("voters/*/*/voters.csv"):
        text = path.read_bytes()
        assert text.startswith(b"\xef\xbb\xbf")
        header = text.decode("utf-8-sig").splitlines()[0]
        assert "document_number" not in header
        parquet = pl.read_parquet(path.with_suffix(".parquet"), hive_partitioning=False)
        lines = list(csv.reader(text.decode("utf-8-sig").splitlines(), delimiter=","))
        assert len(lines) - 1 == parquet.height


DATA = ("voters", "changes", "discrepancies", "precincts", "reconciliation", "lineage")


def data_files(release: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(release)): path.read_bytes()
        for path in sorted(release.rglob("*"))
        if path.is_file() and path.relative_to(release).parts[0].split(".")[0] in DATA
    }


def shuffle_rows(source: Path, target: Path) -> None:
    """The same delivery with the rows of every UTF-8 CSV in another order."""
    shutil.copytree(source, target)
    chance = random.Random(3)
    for path in sorted(target.rglob("*.csv")):
        raw = path.read_bytes()
        try:
            header, *lines = raw.decode("utf-8").splitlines(keepends=True)
        except UnicodeDecodeError:
            continue
        if any('"' in line for line in lines) or not lines[-1].endswith("\n"):
            continue
        chance.shuffle(lines)
        path.write_bytes((header + "".join(lines)).encode())
    for path in target.rglob("*.control.json"):
        content = json.loads(path.read_text())
        content.pop("sha256", None)
        path.write_text(json.dumps(content))


def test_order_of_rows_and_threads_change_no_byte(built, delivery, tmp_path):
    shuffle_rows(delivery, tmp_path / "delivery")
    again = build(
        tmp_path / "delivery",
        tmp_path / "published",
        resources=Resources(memory_limit_mib=1024, threads=1),
    )
    before, now = data_files(built.release), data_files(again.release)
    assert before.keys() == now.keys()
    assert [name for name in before if before[name] != now[name]] == []


def test_second_night_without_news_changes_nothing(built, delivery, tmp_path):
    shutil.copytree(delivery, tmp_path / "delivery")
    output = tmp_path / "published"
    shutil.copytree(built.run.output, output, symlinks=True)
    first = output / built.release.relative_to(built.run.output)
    extra = tmp_path / "delivery" / "reference" / "streets.csv"
    extra.parent.mkdir(exist_ok=True)
    control = extra.with_name("streets.control.json")
    control.unlink(missing_ok=True)
    text = (
        extra.read_text(encoding="utf-8")
        if extra.exists()
        else ("district_code,old_name,new_name,valid_from\n")
    )
    extra.write_text(
        text + "1718203,Qadimgi yoʻl,Yangi yoʻl,2020-01-01\n", encoding="utf-8"
    )
    second = build(tmp_path / "delivery", output)
    assert second.run.previous == str(first)
    assert voters(second.release).equals(voters(first))
    changes = pl.read_parquet(
        sorted(second.release.glob("changes/*/*/changes.parquet")),
        hive_partitioning=False,
    )
    assert changes.height == 0
    questions = pl.read_parquet(
        sorted(second.release.glob("discrepancies/*/*/discrepancies.parquet")),
        hive_partitioning=False,
    )
    assert set(questions["release_count"]) == {2}
    resolved = sorted(second.release.glob("resolved_discrepancies/*/*/*.parquet"))
    assert pl.read_parquet(resolved, hive_partitioning=False).height == 0


def test_the_same_build_again_is_the_same_release(built, delivery):
    again = build(delivery, Path(built.run.output))
    assert again.release == built.release


def test_decoys_and_sentinels_are_counted_and_reach_no_table(built):
    """measure_quality writes figures: no table of the run moves, no file names a decoy."""
    quality = json.loads((built.release / "summary.json").read_text())["quality"]
    assert sum(row["decoys"] for row in quality["decoys"]) > 100
    assert len(quality["sentinels"]) >= 15
    work = Path(built.run.work)

    def tables_of_run() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (work / "tables").glob("*")}

    before = tables_of_run()
    (work / "stages" / "measure_quality.json").unlink()
    with disable_run_logger():
        stages.measure_quality.fn(built.run)
    assert tables_of_run() == before
    named = ("decoy", "sentinel-")
    for path in built.release.rglob("*.parquet"):
        frame = pl.read_parquet(path, hive_partitioning=False)
        for column in ("record_id", "record_ids"):
            if column in frame.columns:
                values = (
                    frame[column].explode() if column == "record_ids" else frame[column]
                )
                assert not any(str(v).startswith(named) for v in values.unique().to_list())


def test_alarm_keeps_a_release_with_a_wrong_sentinel_from_becoming_current(
    built, delivery, tmp_path
):
    severe = Linkage(merge_weight_bits=200.0, review_weight_bits=200.0)
    run = dataclasses.replace(built.run, linkage=severe)
    work = shutil.copytree(built.run.work, tmp_path / "work")
    for name in ("measure_quality", "check_release"):
        (work / "stages" / f"{name}.json").unlink()
    run = dataclasses.replace(run, work=str(work))
    with disable_run_logger():
        stages.measure_quality.fn(run)
        stages.check_release.fn(run)
    alarms = tables.read_json(str(work / "alarms.json"))
    assert {alarm["code"] for alarm in alarms} == {"SENTINEL_WRONG"}
    assert tables.read_json(str(Path(built.run.work) / "alarms.json")) == []
