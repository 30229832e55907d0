"""One run of one system on one population; prints its figures as JSON.

    python benchmarks/persons_run.py ours|splink|floor FOLDER --links FILE

FOLDER holds records.parquet; the links (row_id, person_id) go to FILE. A process of its
own, so that its peak memory is the run's.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from pipeline.engine import connect

NO_DECISIONS = (
    "SELECT NULL::VARCHAR AS decision_id, NULL::VARCHAR AS kind, "
    "NULL::TIMESTAMP AS decided_at, NULL::VARCHAR AS record_id_a, "
    "NULL::VARCHAR AS record_id_b WHERE false"
)
SPLINK_RULES = (
    ("pinfl",),
    ("birth_date", "given_name_key"),
    ("birth_date", "surname_key"),
    ("surname_key", "given_name_key", "patronymic_key"),
)
SPLINK_THRESHOLD = 0.99


def store(relation: duckdb.DuckDBPyRelation, path: Path) -> None:
    """Write a result as the night stores its tables, in the order it comes."""
    from pipeline.tables import STORED

    relation.query("stored", f"COPY stored TO '{path}' ({STORED})")


def run_ours(
    engine: duckdb.DuckDBPyConnection, records: Path, links: Path, folder: Path
) -> dict[str, Any]:
    """From normalised records to both result tables on disk.

    Splink makes no persons, so besides it is told after how many seconds the links stood.
    """
    began = time.perf_counter()
    from pipeline.resolve_persons import resolve_persons
    from pipeline.run import Linkage

    found = resolve_persons(
        engine, engine.read_parquet(str(records)), engine.sql(NO_DECISIONS), Linkage()
    )
    store(found.person_links, links)
    links_after = time.perf_counter() - began
    store(found.persons, folder / "persons.parquet")
    return {**found.notes, "links_after": links_after}


def run_splink(
    engine: duckdb.DuckDBPyConnection, records: Path, links: Path, folder: Path
) -> dict[str, Any]:
    """Training, prediction and clustering; whole-number ids, sampled EM, Parquet mode."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    columns = (
        "pinfl, surname_key, given_name_key, patronymic_key, birth_date, sex, "
        "document_key, district_code"
    )
    rows = engine.sql(f"SELECT row_id::INTEGER AS row_id, {columns} FROM '{records}'")
    names = ("surname_key", "given_name_key", "patronymic_key")
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="row_id",
        comparisons=[
            *(
                cl.JaroWinklerAtThresholds(name, [0.92, 0.8]).configure(
                    term_frequency_adjustments=True
                )
                for name in names
            ),
            cl.DateOfBirthComparison("birth_date", input_is_string=False),
            cl.ExactMatch("sex"),
            cl.ExactMatch("pinfl"),
            cl.ExactMatch("document_key"),
            cl.ExactMatch("district_code"),
        ],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in SPLINK_RULES],
    )
    # As everybody has it.
    engine.execute("RESET debug_enable_caching_operators")
    api = DuckDBAPI(
        engine, materialisation="parquet", materialisation_dir=str(folder / "splink")
    )
    linker = Linker(api.register(rows.to_arrow_table()), settings, log_level=40)
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [block_on("pinfl"), block_on(*names, "birth_date")], recall=0.8
    )
    training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    for rule in (("birth_date", "given_name_key"), names):
        training.estimate_parameters_using_expectation_maximisation(
            block_on(*rule), max_pairs=1e6
        )
    edges = linker.inference.predict(threshold_match_probability=SPLINK_THRESHOLD)
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(
        edges, threshold_match_probability=SPLINK_THRESHOLD
    )
    found.as_duckdbpyrelation().project("row_id, cluster_id AS person_id").write_parquet(
        str(links)
    )
    return {}


def run_floor(
    engine: duckdb.DuckDBPyConnection, records: Path, links: Path, folder: Path
) -> dict[str, Any]:
    """Both result tables with every row a person of its own: reading and writing alone."""
    began = time.perf_counter()
    rows = engine.read_parquet(str(records))
    store(
        rows.project(
            "row_id, row_id AS person_id, 'SINGLE' AS rule, "
            "NULL::DOUBLE AS match_weight, NULL::VARCHAR AS pattern"
        ),
        links,
    )
    links_after = time.perf_counter() - began
    kinds = ", ".join(
        f"CASE WHEN registration_kind = '{kind.upper()}' THEN row_id END AS {kind}_row_id"
        for kind in ("permanent", "temporary")
    )
    store(
        rows.project(
            "row_id AS person_id, row_id AS main_row_id, 1 AS row_count, pinfl, sex, "
            f"birth_date, birth_date_precision, citizenship, document_key, {kinds}"
        ),
        folder / "persons.parquet",
    )
    return {"links_after": links_after}


RUNS = {"ours": run_ours, "splink": run_splink, "floor": run_floor}


def peak_mib() -> int:
    """Peak memory of this program; ru_maxrss would also count what started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def main() -> None:
    """Run one system and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system", choices=sorted(RUNS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--links", type=Path, required=True)
    parser.add_argument("--memory-mib", type=int, default=4608)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.links.parent) as spill:
        engine = connect(spill, f"{chosen.memory_mib}MiB", chosen.threads)
        began, spent = time.perf_counter(), time.process_time()
        notes = RUNS[chosen.system](
            engine, chosen.folder / "records.parquet", chosen.links, Path(spill)
        )
        figures = {
            "seconds": time.perf_counter() - began,
            "cpu_seconds": time.process_time() - spent,
            "peak_mib": peak_mib(),
            "notes": notes,
        }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
