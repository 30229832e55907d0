"""The rules of the house, read from the source: who imports whom, who touches what."""

import ast
import csv
import enum
import functools
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline
from flows import stages
from schemas import codes
from selv import show

ROOT = Path(__file__).resolve().parent.parent
OURS = ("schemas", "pipeline", "flows", "selv")

MAY_IMPORT = {
    "schemas": {"schemas"},
    "pipeline": {"schemas", "pipeline"},
    "flows": {"schemas", "pipeline", "flows"},
    "selv": {"schemas", "pipeline", "flows", "selv"},
}

TOUCHES_DISK = {
    "pipeline/tables.py": "the run's tables, releases read back, reference tables",
    "pipeline/engine.py": "what an engine spills, in a folder that goes with it",
    "pipeline/start.py": "the run's folder, the program's own files for its digest",
    "pipeline/files.py": "which files a delivery has, and whether they changed",
    "pipeline/ingest.py": "typed rows of a delivery, staged between two passes",
    "pipeline/refusals.py": "typed rows of a delivery, staged between two passes",
    "pipeline/reading/columnar.py": "delivered Parquet",
    "pipeline/reading/decoding.py": "delivered text, unpacked and re-encoded",
    "pipeline/reading/json_lines.py": "delivered JSON Lines",
    "pipeline/reading/raw_table.py": "raw tables, staged",
    "pipeline/reading/workbook.py": "delivered XLSX",
    "pipeline/publish.py": "the release's folder and the one switch",
    "pipeline/record_decision.py": "one more row of a decisions file",
    "pipeline/manifest.py": "hashes of delivered and released files",
    "pipeline/release_lock.py": "one publisher at a time",
    "pipeline/people_file.py": "a list of people that somebody hands in",
    "pipeline/find_station.py": "the station finder's secret and table",
    "pipeline/station_finder.py": "the station finder's table, a file of a release",
    "pipeline/night_state.py": "what the matching of one night leaves for the next",
    "pipeline/release_log.py": "the log of releases, one line an act",
    "pipeline/release_files.py": "files of a release",
    "pipeline/release_csv.py": "files of a release",
    "pipeline/release_parquet.py": "files of a release",
    "pipeline/release_xlsx.py": "files of a release",
    "pipeline/print_list.py": "lists of a release, printed",
    "pipeline/data_dictionary.py": "files of a release",
    "pipeline/hand_out.py": "files of a release, copied for an office",
    "pipeline/release_index.py": "files of a release",
    "pipeline/summary_queries.py": "files of a release, summed up",
    "pipeline/three_languages.py": "texts of pages, forms and notices",
    "pipeline/report.py": "report.html, and the page it is made from",
    "pipeline/verify.py": "a release, from the release alone",
    "pipeline/verify_part.py": "what an office received, from it alone",
    "pipeline/verify_content.py": "a release, from the release alone",
    "pipeline/evaluate.py": "the truth beside a simulated delivery",
    "pipeline/simulate/deliver.py": "a simulated delivery and its truth",
}
"""Modules that may touch the disk, and for what (docs/adr/0001, one-folder-one-switch)."""

LOOKS_LIKE_IT = {
    "pipeline/audit_form.py": "reads a workbook that is in memory",
    "pipeline/review/verdicts.py": "reads the bytes of sheets that it is given",
    "pipeline/simulate/damage.py": "asks deliver.py to write",
    "pipeline/simulate/simulation.py": "opens an office, not a file",
}
"""Modules whose calls have the names of file operations and are none."""

IMPURE_MODULES = {
    "calendar",
    "getpass",
    "http",
    "locale",
    "platform",
    "random",
    "requests",
    "secrets",
    "socket",
    "time",
    "urllib",
    "urllib3",
    "uuid",
}
IMPURE_CALLS = {
    "print",
    "input",
    "now",
    "today",
    "utcnow",
    "getenv",
    "getpid",
    "urandom",
    "gethostname",
    "hash",
}
IMPURE_NAMES = {"environ"}
SEEDED = {"Generator", "PCG64", "SeedSequence", "default_rng"}
"""What may be taken from numpy's randomness: everything else has a hidden state."""
EXCEPTIONS = {
    ("pipeline/release_lock.py", "socket"): "says which host holds the lock",
    ("pipeline/release_lock.py", "gethostname"): "says which host holds the lock",
    ("pipeline/release_lock.py", "getpid"): "says which process holds the lock",
}
"""Impure things in pipeline/ that no result depends on."""


@functools.cache
def modules(package: str) -> dict[str, ast.Module]:
    """Every module of a package by its path in the repository."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def imported(tree: ast.Module) -> Iterator[str]:
    """Top-level packages that a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield str(node.module).split(".")[0]


def called(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def texts(tree: ast.Module) -> Iterator[str]:
    """String constants of a module, docstrings left out."""
    documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docstrings:
            yield node.value


@pytest.mark.parametrize("package", OURS)
def test_imports_run_in_one_direction(package):
    wrong = {
        (module, name)
        for module, tree in modules(package).items()
        for name in imported(tree)
        if name in OURS and name not in MAY_IMPORT[package]
    }
    assert wrong == set()


def test_only_flows_know_prefect():
    knowing = {
        module
        for package in OURS
        for module, tree in modules(package).items()
        if "prefect" in imported(tree)
    }
    assert knowing
    assert {module for module in knowing if not module.startswith("flows/")} == set()


def test_one_module_opens_engines():
    """Else one of them has not the settings that all work needs."""
    opening = {
        module
        for package in OURS
        for module, tree in modules(package).items()
        for call in called(tree)
        if name_of(call.func) == "connect" and "duckdb" in ast.unparse(call.func)
    }
    assert opening == {"pipeline/engine.py"}


def impurities(module: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    yield from ((module, name) for name in imported(tree) if name in IMPURE_MODULES)
    for call in called(tree):
        name = name_of(call.func)
        is_unseeded = name == "default_rng" and not call.args and not call.keywords
        if name in IMPURE_CALLS or is_unseeded:
            yield module, name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in IMPURE_NAMES:
            yield module, node.attr
        if is_hidden_state(node):
            yield module, ast.unparse(node)


def is_hidden_state(node: ast.AST) -> bool:
    """Randomness of numpy that nobody has seeded here."""
    return (
        isinstance(node, ast.Attribute)
        and ast.unparse(node.value) == "np.random"
        and node.attr not in SEEDED
    )


@pytest.mark.parametrize("package", ["schemas", "pipeline"])
def test_pipeline_knows_no_clock_environment_network_or_chance(package):
    found = {
        impurity
        for module, tree in modules(package).items()
        for impurity in impurities(module, tree)
    }
    assert found - set(EXCEPTIONS) == set()
    if package == "pipeline":
        assert set(EXCEPTIONS) - found == set(), "an exception that nothing needs"


def sql_chance(tree: ast.Module) -> set[str]:
    """Functions of the engine that know the clock or chance."""
    pattern = (
        r"\b(now|random|uuid|gen_random_uuid|current_date|current_timestamp|today)\s*\("
    )
    found = {match for text in texts(tree) for match in re.findall(pattern, text)}
    named = r"\b(CURRENT_DATE|CURRENT_TIMESTAMP|TABLESAMPLE|USING SAMPLE)\b"
    return found | {match for text in texts(tree) for match in re.findall(named, text)}


def test_sql_knows_no_clock_or_chance():
    found = {module: sql_chance(tree) for module, tree in modules("pipeline").items()}
    assert {module: names for module, names in found.items() if names} == {}


DISK_MODULES = {"fcntl", "glob", "os", "shutil", "tempfile"}
DISK_CALLS = {
    "open",
    "read_bytes",
    "read_csv",
    "read_excel",
    "read_parquet",
    "read_text",
    "scan_parquet",
    "write_bytes",
    "write_parquet",
    "write_text",
    "ParquetWriter",
    "input_stream",
}
DISK_SQL = re.compile(
    r"\bCOPY \(|\b(read_parquet|read_csv|read_json\w*|read_blob)\(|ATTACH "
)


def is_disk_call(function: ast.expr) -> bool:
    """The built-in `open`, or a method; our own functions are tables.py's to answer for."""
    if isinstance(function, ast.Name):
        return function.id == "open"
    owner = function.value if isinstance(function, ast.Attribute) else None
    is_ours = isinstance(owner, ast.Name) and owner.id == "tables"
    return name_of(function) in DISK_CALLS and not is_ours


def touches_disk(tree: ast.Module) -> bool:
    return (
        bool(DISK_MODULES & set(imported(tree)))
        or any(is_disk_call(call.func) for call in called(tree))
        or any(DISK_SQL.search(text) for text in texts(tree))
    )


def test_only_named_modules_touch_the_disk():
    found = {module for module, tree in modules("pipeline").items() if touches_disk(tree)}
    assert found == set(TOUCHES_DISK) | set(LOOKS_LIKE_IT)


# --- the data's way, told three times ------------------------------------------------


def flow_stages() -> list[str]:
    """Stages in the order in which the flow's body calls them."""
    tree = modules("flows")["flows/build_voter_list.py"]
    body = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "build_voter_list"
    )
    calls = [
        node.func
        for node in ast.walk(body)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    return [
        call.attr
        for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset))
        if isinstance(call.value, ast.Name) and call.value.id == "stages"
    ]


def order_in(text: str) -> list[str]:
    """Stage names in the order in which a text first names them."""
    found = re.findall(r"\b[a-z]+_[a-z]+\b", text)
    return [name for name in dict.fromkeys(found) if name in flow_stages()]


def test_flow_calls_each_stage_once():
    assert len(flow_stages()) >= 8
    assert len(set(flow_stages())) == len(flow_stages())


def test_readme_draws_the_data_way_in_the_flow_s_order():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split("## The data's way")[1].split("\n## ")[0]
    assert order_in(section) == flow_stages()


def test_pipeline_tells_the_data_way_in_the_flow_s_order():
    numbered = re.findall(r"^(\d+)\. `(\w+)`", pipeline.__doc__, flags=re.MULTILINE)
    assert [name for _, name in numbered] == flow_stages()
    assert [int(number) for number, _ in numbered] == list(range(1, len(numbered) + 1))


def test_terminal_has_words_for_every_stage():
    assert list(show.STAGES) == flow_stages()


def test_every_stage_is_called():
    declared = [
        node.name
        for node in modules("flows")["flows/stages.py"].body
        if isinstance(node, ast.FunctionDef)
        and any(name_of(decorator) == "stage" for decorator in node.decorator_list)
    ]
    assert declared == flow_stages()
    assert all(hasattr(stages, name) for name in declared)


# --- codes ---------------------------------------------------------------------------

NO_CODES = {
    "CADASTRAL_MALFORMED": "failure code of `selv normalise identifiers`",
    "BIRTH_DATE_MALFORMED": "failure code of `selv normalise identifiers`",
    "NO_NUMBER": "token of the address grammar",
    "EXCEPT_AFTER": "token of the boundary grammar",
    "EXCEPT_BEFORE": "token of the boundary grammar",
    "NO_ENTRY": "outcome of an evaluation",
    "SOURCE_SHRANK": "alarm of checks.py, docs/adr/0009",
    "QUARANTINE_LARGE": "alarm of checks.py, docs/adr/0009",
    "PINFL_MISSING_SHARE": "alarm of checks.py, docs/adr/0009",
    "DISTRICT_LOST_VOTERS": "alarm of checks.py, docs/adr/0009",
    "SENTINEL_WRONG": "alarm of checks.py, docs/adr/0009",
    "FALSE_LINKS": "alarm of checks.py, docs/adr/0009",
    "LINKAGE_DRIFT": "warning of quality/measure.py, docs/adr/quality-without-labels.md",
    "TOO_FEW_ROWS": "warning of quality/measure.py, docs/adr/quality-without-labels.md",
    "PAIRS_NOT_COMPARED": "warning of quality/measure.py",
    "FLAGS_UNEVEN": "warning of quality/measure.py, docs/adr/quality-without-labels.md",
    "TRY_CAST": "SQL",
    "ROW_GROUP_SIZE": "SQL",
    "DICTIONARY_SIZE_LIMIT": "SQL",
    "PARQUET_VERSION": "SQL",
    "COMPRESSION_LEVEL": "SQL",
}
"""Words in capitals that are no code of the catalogue or of schemas/codes.py."""


def reference(name: str) -> list[dict[str, str]]:
    path = ROOT / "data" / "reference" / f"{name}.csv"
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def words_in_capitals() -> dict[str, set[str]]:
    """Every word with an underscore that strings of the pipeline hold, by module."""
    return {
        module: {
            word
            for text in texts(tree)
            for word in re.findall(r"(?<![\w.])[A-Z]{2,}(?:_[A-Z0-9]+)+\b", text)
        }
        for module, tree in modules("pipeline").items()
        if not module.startswith("pipeline/simulate/")
    }


def closed_codes() -> set[str]:
    return {
        str(member)
        for vocabulary in vars(codes).values()
        if isinstance(vocabulary, type) and issubclass(vocabulary, enum.StrEnum)
        for member in vocabulary
    }


def test_every_code_in_the_source_is_in_a_catalogue():
    known = closed_codes() | set(NO_CODES)
    known |= {row["code"] for row in reference("discrepancies")}
    known |= {row["code"] for row in reference("reasons")}
    unknown = {module: words - known for module, words in words_in_capitals().items()}
    assert {module: words for module, words in unknown.items() if words} == {}


def test_every_code_of_the_catalogue_is_used():
    used = set().union(*words_in_capitals().values())
    used |= {f"PINFL_{problem}" for problem in codes.PinflProblem}
    assert {row["code"] for row in reference("discrepancies")} - used == set()


# --- what must not be in any file ----------------------------------------------------


@functools.cache
def project_files() -> tuple[Path, ...]:
    """Text files that are, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    if listed.returncode != 0:
        pytest.skip("not a git work tree: no list of the project's files")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return tuple(path for path in paths if path.is_file() and is_text(path))


def is_text(path: Path) -> bool:
    return b"\0" not in path.read_bytes()[:4096]


def lines_with(
    pattern: str, *, outside: tuple[str, ...] = ()
) -> list[tuple[str, int, str]]:
    """File, line number and match of every place where a pattern stands."""
    compiled = re.compile(pattern)
    return [
        (name, number, match.group())
        for path in project_files()
        if not (name := path.relative_to(ROOT).as_posix()).startswith(outside or ("\0",))
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        for match in compiled.finditer(line)
    ]


def has_pinfl_check_digit(digits: str) -> bool:
    weights = (7, 3, 1) * 5
    total = sum(int(d) * w for d, w in zip(digits[:13], weights, strict=False))
    return total % 10 == int(digits[13])


def test_check_digit_of_this_test_is_the_pipeline_s():
    assert has_pinfl_check_digit("00000000000000")
    assert has_pinfl_check_digit("70000000000009")
    assert not has_pinfl_check_digit("70000000000008")


CASES = ("tests/", "data/reference/")


def test_no_file_holds_a_national_identifier():
    numbers = lines_with(r"(?<![\d.])\d{14}(?!\d)", outside=CASES)
    assert [(n, line) for n, line, digits in numbers if has_pinfl_check_digit(digits)] == []


def test_no_file_holds_a_document_number():
    found = lines_with(r"(?<![A-Za-z0-9])[A-Z]{2}\d{7}(?!\d)", outside=CASES)
    assert [(name, line) for name, line, _ in found] == []


def test_no_file_names_a_package_index():
    # Written in two parts, so that this line is not found.
    names = ["pypi" + r"\.org", "python" + "hosted", "--(extra-)?index" + "-url"]
    assert lines_with("|".join([*names, "/sim" + "ple/"])) == []


def test_no_file_names_a_place_on_somebody_s_machine():
    folders = "home|root|work|tmp|Users|srv|mnt|opt|var"
    assert lines_with(rf"(?<![\w:/.}}$*<)\]-])/({folders})/\w|\b[A-Z]:\\\\?\w") == []


# --- papers --------------------------------------------------------------------------


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {
        re.match(r"[\w-]+", dependency).group()
        for dependency in project["project"]["dependencies"]
    }
    paper = (ROOT / "docs" / "adr" / "0002-dependencies.md").read_text(encoding="utf-8")
    reasons = dict(re.findall(r"^\| ([\w-]+) \| (\w.+) \|$", paper, flags=re.MULTILINE))
    reasons.pop("package")
    assert needed - set(reasons) == set()


def test_links_between_papers_lead_somewhere():
    papers = [path for path in project_files() if path.suffix == ".md"]
    assert papers
    dead = [
        (paper.relative_to(ROOT).as_posix(), target)
        for paper in papers
        for target in re.findall(r"\]\(([^)#\s]+)", paper.read_text(encoding="utf-8"))
        if "://" not in target and not (paper.parent / target).exists()
    ]
    assert dead == []
