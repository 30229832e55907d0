"""report.html: one page that a regional officer opens by a double click and understands.

What belongs here: putting the page together from summary.json, the catalogue and the
parts in report_page/. The page holds the figures of summary.json and draws everything from
them in the browser, so that no number in it can differ from that file; it makes no request
to any network, and its policy lets no script run but its own.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.tables import read_text, reference_table

PAGE = Path(__file__).resolve().parent / "report_page"
SCRIPTS = ("base", "tables", "charts", "sections", "main")
LANGUAGES = ("uz", "ru", "en")


def render_report(summary: Mapping[str, Any]) -> str:
    """The discrepancy report as one HTML page, for people.

    Args:
        summary: what write_summary wrote; aggregates only.

    Returns:
        HTML without any reference to another host: styles, scripts and figures are in it.
        Links to the release's files are relative to the page.
    """
    style = read_text(str(PAGE / "page.css"))
    script = _script()
    texts = _texts()
    parts = {
        "title": texts["title"][0],
        "noscript": " ".join(texts["noscript"]),
        "style-hash": _integrity(style),
        "script-hash": _integrity(script),
        "style": style,
        "script": script,
        "data": _embedded(
            {
                "summary": summary,
                "texts": texts,
                "reasons": _reasons(),
                "catalogue": _catalogue(),
            }
        ),
    }
    page = read_text(str(PAGE / "page.html"))
    head, *rest = page.split("[[")
    filled = [head]
    for piece in rest:
        name, following = piece.split("]]", 1)
        filled += [parts[name], following]
    return "".join(filled)


def _script() -> str:
    sources = "\n".join(read_text(str(PAGE / f"{name}.js")) for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{sources}\n}})();\n'


def _integrity(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _embedded(value: object) -> str:
    """JSON that can't end the element it stands in."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028")


def _texts() -> dict[str, list[str]]:
    rows = pl.read_csv(PAGE / "texts.csv", infer_schema=False)
    return {row["key"]: _in_languages(row, "") for row in rows.to_dicts()}


def _reasons() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for row in reference_table("reasons").to_dicts():
        found.setdefault(row["kind"], {})[row["code"]] = _in_languages(row, "meaning_")
    return found


def _catalogue() -> dict[str, dict[str, list[str]]]:
    return {
        row["code"]: {
            "meaning": _in_languages(row, "meaning_"),
            "action": _in_languages(row, "action_"),
        }
        for row in reference_table("discrepancies").to_dicts()
    }


def _in_languages(row: Mapping[str, str | None], prefix: str) -> list[str]:
    return [row[f"{prefix}{language}"] or "" for language in LANGUAGES]
