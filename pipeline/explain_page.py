"""An explanation as one HTML page: who is listed or not, from which rows, by which weights.

What belongs here: words and drawing. The page stands alone (no script, no network), reads
in light and dark and prints; every chart has its figures in a table below.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

from pipeline.explain import Explanation
from pipeline.tables import reference_table
from pipeline.waterfall_chart import Chart, draw

LANGUAGES = ("uz", "ru", "en")
STYLE = """
:root { color-scheme: light dark;
  --paper: light-dark(#f7f5f0, #12161b); --panel: light-dark(#ffffff, #1a2027);
  --ink: light-dark(#1b2430, #e9e6df); --muted: light-dark(#5a6573, #9ba7b3);
  --line: light-dark(#dcd8ce, #303a45); --for: light-dark(#1f7a5c, #57bd98);
  --against: light-dark(#b4533a, #e08a6f); --sum: light-dark(#0b5a82, #6cb6dc); }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem; max-width: 64rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums }
h1 { font-size: 1.5rem; line-height: 1.2 } h2 { font-size: 1.1rem; margin: 1.5rem 0 .4rem }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem }
.note { color: var(--muted); margin: .2rem 0 .6rem }
tr, svg { break-inside: avoid } h1, h2, h3, .note { break-after: avoid }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
  padding: .8rem 1rem; overflow-x: auto; margin-bottom: .8rem }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 600; color: var(--muted); font-size: .85rem }
th, td { padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top }
td.figure, th.figure { text-align: right }
svg { width: 100%; min-width: 38rem; height: auto; display: block }
svg text { fill: var(--ink); font-size: 12px } svg .muted { fill: var(--muted) }
svg .for { fill: var(--for) } svg .against { fill: var(--against) }
svg .sum { fill: var(--sum) } svg line { stroke: var(--line) }
svg .limit { stroke: var(--muted); stroke-dasharray: 4 3 }
@media print { :root { color-scheme: light }
  body { padding: 0; background: none; max-width: none; font-size: 10pt }
  td, th { padding-block: .1rem } svg { min-width: 0 }
  .panel { border-color: #999; overflow: visible; padding: .4rem .8rem }
  svg * { print-color-adjust: exact } }
"""


def render_explanations(
    explanations: Sequence[Explanation], release_id: str, linkage: Mapping[str, Any]
) -> str:
    """The page of one person or of several that an identifier may mean.

    Args:
        explanations: what explain_person gave.
        release_id: of the release that they are read from.
        linkage: thresholds of the release: merge_weight_bits and review_weight_bits.

    Returns:
        HTML that depends on its arguments alone.
    """
    body = "".join(_person(explanation, linkage) for explanation in explanations)
    return (
        '<!doctype html>\n<html lang="uz"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{escape(release_id)}</title><style>{STYLE}</style></head><body>"
        f"<h1>{_label('title')}</h1><p class='note'>{escape(release_id)}</p>"
        f"{body}</body></html>\n"
    )


def _person(explanation: Explanation, linkage: Mapping[str, Any]) -> str:
    state = "listed" if explanation.entry is not None else "not_listed"
    facts = explanation.entry or explanation.unlisted or {}
    parts = [
        f"<section><h2>{escape(explanation.person_id)}: {_label(state)}</h2>",
        _panel(
            _table(
                ("", ""),
                [(name, _shown(facts[name])) for name in facts if _shown(facts[name])],
            )
        ),
        f"<h2>{_label('rows')}</h2>",
        _panel(
            _table(
                ("source", "record_id", "outcome", "reason", "rule", "bits"),
                [
                    tuple(
                        _shown(row[name])
                        for name in (
                            *("source", "record_id", "outcome", "reason", "rule"),
                            "weight",
                        )
                    )
                    for row in explanation.rows
                ],
            )
        ),
        "</section>",
    ]
    if explanation.waterfalls or explanation.asked:
        parts.append(f"<h2>{_label('weights')}</h2><p class='note'>{_label('reading')}</p>")
    for record_id, steps in explanation.waterfalls.items():
        parts.append(_waterfall(record_id, steps, explanation.prior_bits, linkage))
    for number, steps in explanation.asked.items():
        title = f"{number}: {_plain('label', 'weighed_question')}"
        parts.append(_waterfall(title, steps, explanation.prior_bits, linkage))
    parts.append(f"<section><h2>{_label('questions')}</h2>")
    parts.append(
        _panel(
            _table(
                ("code", "owner", "first_seen", "message"),
                [
                    tuple(
                        _shown(row[name])
                        for name in ("code", "owner", "first_seen", "message")
                    )
                    for row in explanation.discrepancies
                ],
            )
        )
        + "</section>"
    )
    return "".join(parts)


def _waterfall(
    title: str,
    steps: Sequence[tuple[str, str, float]],
    prior: float | None,
    linkage: Mapping[str, Any],
) -> str:
    start = [] if prior is None else [("prior", "", prior)]
    all_steps = [*start, *steps]
    total = sum(bits for _, _, bits in all_steps)
    chart = Chart(
        bars=tuple(
            (
                _plain("comparison", column),
                "" if column == "value_frequencies" else _plain("level", level),
                bits,
            )
            for column, level, bits in all_steps
        ),
        total=_plain("comparison", "posterior" if start else "value_frequencies"),
        limits=tuple(
            (_plain("label", name), float(linkage[f"{name}_weight_bits"]))
            for name in ("review", "merge")
            if start and f"{name}_weight_bits" in linkage
        ),
        title=title,
    )
    rows = [
        (
            _words("comparison", column),
            _words("level", level) if level else "",
            f"{b:+z.2f}",
        )
        for column, level, b in all_steps
    ]
    rows.append((_label("total"), "", f"{total:+z.2f}"))
    if start:
        share = 1 / (1 + 2.0 ** -max(-60.0, min(60.0, total)))
        rows.append((_label("probability"), "", f"{100 * share:.4f} %"))
    return (
        f"<article><h3>{escape(title)}</h3>"
        + _panel(draw(chart))
        + _panel(_table(("", "", _plain("label", "bits")), rows, is_html=True))
        + "</article>"
    )


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, is_html: bool = False
) -> str:
    def cell(tag: str, text: str, place: int) -> str:
        is_figure = head[place] in ("bits", _plain("label", "bits"))
        kind = ' class="figure"' if is_figure else ""
        shown = text if is_html and tag == "td" else escape(text)
        return f"<{tag}{kind}>{shown}</{tag}>"

    top = "".join(cell("th", text, place) for place, text in enumerate(head))
    lines = "".join(
        "<tr>"
        + "".join(cell("td", text, place) for place, text in enumerate(row))
        + "</tr>"
        for row in rows
    )
    header = f"<thead><tr>{top}</tr></thead>" if any(head) else ""
    return f"<table>{header}<tbody>{lines}</tbody></table>"


def _panel(content: str) -> str:
    return f'<div class="panel">{content}</div>'


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " ".join(str(part) for part in value)
    if isinstance(value, float):
        return f"{value:.1f}"
    return "" if value is None else str(value)


@cache
def words() -> dict[tuple[str, str], tuple[str, str, str]]:
    """Kind and code to the words in Uzbek, Russian and English."""
    rows = reference_table("linkage_words").to_dicts()
    return {(r["kind"], r["code"]): (r["uz"], r["ru"], r["en"]) for r in rows}


def _plain(kind: str, code: str) -> str:
    """Uzbek and Russian on one line; a code without words stands for itself."""
    found = words().get((kind, code))
    return f"{found[0]} / {found[1]}" if found else code


def _words(kind: str, code: str) -> str:
    found = words().get((kind, code), (code,))
    return " / ".join(
        f'<span lang="{language}">{escape(text)}</span>'
        for language, text in zip(LANGUAGES, found, strict=False)
    )


def _label(code: str) -> str:
    return _words("label", code)
