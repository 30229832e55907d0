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
from pipeline.uzbek_cyrillic import in_cyrillic

PAGE = Path(__file__).resolve().parent / "report_page"
SCRIPTS = (
    "base",
    "tables",
    "charts",
    "flow",
    "history",
    "sections",
    "questions",
    "areas",
    "quality",
    "main",
)
LANGUAGES = ("uz", "uz-Cyrl", "ru", "en")


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
                "names": _names(summary),
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


def texts_of_page() -> list[dict[str, str]]:
    """Every text of the page: key, uz, ru, en."""
    return pl.read_csv(PAGE / "texts.csv", infer_schema=False).to_dicts()


def _texts() -> dict[str, list[str]]:
    return {row["key"]: _in_languages(row, "") for row in texts_of_page()}


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
            "ground": _in_languages(row | {"ground_en": row["ground"]}, "ground_"),
        }
        for row in reference_table("discrepancies").to_dicts()
    }


def _names(summary: Mapping[str, Any]) -> dict[str, str]:
    """Names of areas in Uzbek Cyrillic; summary.json has them in Latin and Russian."""
    return {
        code: in_cyrillic(area["name_uz"])
        for code, area in summary["areas"].items()
        if area["name_uz"]
    }


def _in_languages(row: Mapping[str, str | None], prefix: str) -> list[str]:
    """A text in the order of LANGUAGES; Cyrillic Uzbek is written from Latin."""
    latin, russian, english = (row[f"{prefix}{name}"] or "" for name in ("uz", "ru", "en"))
    return [latin, in_cyrillic(latin), russian, english]
