"""What the matching of one night leaves for the next: private to the output, no release.

Two Parquet files of numbers and a key in `<output>/.state/<election>/linkage`. The key
names all that decides a weight beside the rows; another key, or a file that is missing,
means a full comparison, which gives the same bytes and only takes longer. So the folder may
be removed at any time. docs/adr/what-a-night-keeps.md
"""

import json
import shutil
from pathlib import Path

import duckdb

from pipeline.linkage.parameters import Parameters
from pipeline.resolve_persons import Night
from pipeline.run import Run, fingerprint, join
from pipeline.start import code_digest

STATE = ".state"
KEY = "key.json"


def read_night(
    engine: duckdb.DuckDBPyConnection, run: Run, frozen: Parameters | None
) -> Night | None:
    """What the last night kept; null where nothing fits this one."""
    folder = _folder(run)
    if frozen is None or _stored_key(folder) != _key(run, frozen):
        return None
    return Night(
        rows=engine.read_parquet(str(folder / "rows.parquet")),
        pairs=engine.read_parquet(str(folder / "pairs.parquet")),
    )


def write_night(run: Run, frozen: Parameters | None, night: Night | None) -> None:
    """Put tonight in place of the last night; without frozen parameters nothing is kept.

    Written aside and renamed: what a killed run leaves is never read.
    """
    if frozen is None or night is None:
        return
    folder = _folder(run)
    beside = folder.with_name(f".{folder.name}.{Path(run.work).name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True, mode=0o700)
    night.rows.write_parquet(str(beside / "rows.parquet"), compression="zstd")
    night.pairs.write_parquet(str(beside / "pairs.parquet"), compression="zstd")
    (beside / KEY).write_text(json.dumps(_key(run, frozen)), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def _folder(run: Run) -> Path:
    return Path(join(run.output, STATE, run.election_name, "linkage"))


def _stored_key(folder: Path) -> str | None:
    if not all((folder / f"{name}.parquet").is_file() for name in ("rows", "pairs")):
        return None
    try:
        key: str = json.loads((folder / KEY).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return key


def _key(run: Run, frozen: Parameters) -> str:
    """Parameters, settings, program and engine: the engine's hash makes the digests."""
    return fingerprint(
        [
            frozen.sha256,
            run.linkage.review_weight_bits,
            code_digest(),
            duckdb.__version__,
        ]
    )
