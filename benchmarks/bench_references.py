"""Time, memory and errors of finding whom acts and rosters name.

    python benchmarks/bench_references.py [--persons 5000000] [--runs 3] [--folder FOLDER]

One row of the register in 300 is named by each of three sources: as it stands, half of
them without a PINFL; by names and birth date alone; with a slip in the surname. The
register is matched first, in a process of its own as every run is. Medians. Prints
Markdown for docs/benchmarks.md.
"""

import json
import statistics
import time
from pathlib import Path

import duckdb
from bench_persons import figures_of, population, step_parser
from persons_run import NO_DECISIONS, peak_mib, store

from pipeline.engine import connect
from pipeline.tables import STORED

SOURCES = {
    "restriction": "if(lot % 2 = 0, pinfl, NULL) AS pinfl",
    "roster": "NULL::VARCHAR AS pinfl, NULL::VARCHAR AS document_key",
    "supplementary": "NULL::VARCHAR AS pinfl, NULL::VARCHAR AS document_key, "
    "surname_key[2:] AS surname_key, surname_loose[2:] AS surname_loose",
}
ONE_OF = 300


def write_sources(folder: Path) -> None:
    """The rows of each source, by the number of the register's row they were taken from."""
    with duckdb.connect(config={"memory_limit": "4GiB"}) as engine:
        for place, (name, replaced) in enumerate(SOURCES.items()):
            engine.execute(
                f"""
                COPY (
                    SELECT * EXCLUDE lot REPLACE ({replaced}, sex AS patronymic_sex,
                        row_number() OVER (ORDER BY row_id) - 1 AS row_id),
                        row_id AS taken_from
                    FROM (SELECT *, hash(record_id) // {ONE_OF} AS lot
                          FROM '{folder}/records.parquet'
                          WHERE hash(record_id) % {ONE_OF} = {place})
                ) TO '{folder}/{name}.parquet' ({STORED})
                """
            )


def match(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Match the register, and keep what finding its persons needs."""
    from pipeline.resolve_persons import resolve_persons
    from pipeline.run import Linkage

    records = engine.read_parquet(str(folder / "records.parquet"))
    found = resolve_persons(engine, records, engine.sql(NO_DECISIONS), Linkage())
    store(found.person_links, folder / "register_links.parquet")
    store(found.persons, folder / "register_persons.parquet")
    store(found.model, folder / "register_model.parquet")


def link(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Find the persons that the rows of all sources name."""
    from pipeline.link_references import link_references
    from pipeline.run import Linkage

    def read(name: str) -> duckdb.DuckDBPyRelation:
        return engine.read_parquet(str(folder / f"{name}.parquet"))

    found = link_references(
        engine,
        {name: read(name) for name in SOURCES},
        read("records"),
        read("register_links"),
        read("register_model"),
        Linkage(),
    )
    for name, links in found.by_source.items():
        store(links, folder / f"{name}_links.parquet")


STEPS = {"match": match, "link": link}


def run_step(step: str, folder: Path, memory_mib: int) -> dict[str, float]:
    """What one step took, in this process."""
    engine = connect(folder / "spill", f"{memory_mib}MiB", 2)
    began, spent = time.perf_counter(), time.process_time()
    STEPS[step](engine, folder)
    return {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - spent,
        "peak_mib": peak_mib(),
    }


def count_links(folder: Path, name: str) -> tuple[int, int, int]:
    """Rows of a source; how many are linked; how many to somebody else."""
    with duckdb.connect(config={"memory_limit": "4GiB", "threads": "2"}) as engine:
        rows, linked, right = engine.execute(
            f"""
            WITH link AS (
                SELECT r.taken_from, l.person_id
                FROM '{folder}/{name}.parquet' AS r
                LEFT JOIN '{folder}/{name}_links.parquet' AS l USING (row_id)
            ), meant AS (
                SELECT link.*, t.person FROM link
                JOIN '{folder}/truth.parquet' AS t ON t.row_id = link.taken_from
            ), held AS (
                SELECT DISTINCT t.person, o.person_id FROM '{folder}/truth.parquet' AS t
                JOIN '{folder}/register_links.parquet' AS o USING (row_id)
                SEMI JOIN meant USING (person)
            )
            SELECT count(*), count(meant.person_id), count(held.person_id)
            FROM meant LEFT JOIN held USING (person, person_id)
            """
        ).fetchall()[0]
    return int(rows), int(linked), int(linked) - int(right)


def main() -> None:
    """Print the tables, or run one step."""
    chosen = step_parser(__doc__, STEPS).parse_args()
    if chosen.step:
        print(json.dumps(run_step(chosen.step, chosen.folder, chosen.memory_mib)))
        return
    target = population(chosen.folder, chosen.persons)
    write_sources(target)
    print("| step | wall s | CPU s | peak MiB |\n| --- | --- | --- | --- |")
    for step in STEPS:
        runs = [
            figures_of(
                "bench_references.py",
                *("--step", step, "--folder", str(target)),
                *("--memory-mib", str(chosen.memory_mib)),
            )
            for _ in range(chosen.runs)
        ]
        median = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        print(
            f"| {step} | {median['seconds']:.1f} | {median['cpu_seconds']:.1f} "
            f"| {median['peak_mib']:,.0f} |"
        )
    print("\n| source | rows | linked | to others |\n| --- | --- | --- | --- |")
    for name in SOURCES:
        rows, linked, wrong = count_links(target, name)
        print(f"| {name} | {rows:,} | {linked / rows:.2%} | {wrong} |")


if __name__ == "__main__":
    main()
