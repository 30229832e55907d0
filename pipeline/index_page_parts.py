"""Pieces of HTML of the download pages: texts in three languages, tables, figures.

What belongs here: markup. What a page says stands in release_index.py. Every value is
escaped on its way in.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from pipeline.tables import read_text
from pipeline.three_languages import TAGS, Words, number, read_words

PAGE = Path(__file__).resolve().parent / "index_page"
TEXTS = read_words(PAGE / "texts.csv")
UNITS = ((2**30, "gigabytes"), (2**20, "megabytes"), (2**10, "kilobytes"))


def say(text: Words | str, **marked: str) -> str:
    """A text in its three languages, of which the page shows one.

    Args:
        text: the words, or the key of the page's own texts.
        marked: literal values for placeholders, shown as code.
    """
    found = TEXTS[text] if isinstance(text, str) else text
    values = {name: f"<code>{escape(value)}</code>" for name, value in marked.items()}
    shown = {code: escape(said) for code, said in found}
    if values:
        shown = {code: said.format(**values) for code, said in shown.items()}
    if len(set(shown.values())) == 1:
        return shown["uz"]
    return "".join(
        f'<span class="{code}" lang="{TAGS[code]}">{said}</span>'
        for code, said in shown.items()
    )


def size(count: int) -> str:
    """Bytes in the largest unit of which there is one, with one decimal."""
    for step, unit in UNITS:
        if count >= step:
            shown = f"{count / step:.1f}".replace(".", ",")
            letters = unit[0].upper() + "B"
            return f"{shown} {say(TEXTS[unit].filled(**{letters: letters}))}"
    return f"{count} {say('bytes')}"


def link(target: str, text: str) -> str:
    """A link to a relative address."""
    return f'<a href="{escape(target, quote=True)}">{text}</a>'


def heading(key: str, level: int = 2) -> str:
    """A heading of the page's own texts."""
    return f'<h{level} id="{key}">{say(key)}</h{level}>'


def cards(figures: Iterable[tuple[Words | str, int]]) -> str:
    """Figures with what they count."""
    items = "".join(
        f'<li><b>{number(value)}</b><span class="what">{say(what)}</span></li>'
        for what, value in figures
    )
    return f'<ul class="cards">{items}</ul>'


def table(head: Sequence[str], rows: Iterable[str], kind: str = "") -> str:
    """A table that scrolls on a narrow screen."""
    cells = "".join(
        f'<th scope="col"{_number_class(key)}>{say(key, sha="SHA-256")}</th>'
        for key in head
    )
    return (
        f'<div class="scroll"><table class="{kind}"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


NUMBERS = {"rows", "size", "count", "voters", "added", "removed", "discrepancies"}


def _number_class(key: str) -> str:
    return ' class="number"' if key in NUMBERS else ""


def row(first: str, *cells: str | int) -> str:
    """A row whose first cell is its heading; whole numbers are right-aligned."""
    rest = "".join(
        f'<td class="number">{number(cell)}</td>'
        if isinstance(cell, int)
        else f"<td>{cell}</td>"
        for cell in cells
    )
    return f'<tr><th scope="row">{first}</th>{rest}</tr>'


def page(title: str, body: str) -> str:
    """The whole page: styles and script inside, and a policy that allows nothing else."""
    style = read_text(str(PAGE / "page.css"))
    script = f'"use strict";\n(() => {{\n{read_text(str(PAGE / "page.js"))}\n}})();\n'
    parts = {
        "title": escape(title),
        "style": style,
        "script": script,
        "style-hash": _integrity(style),
        "script-hash": _integrity(script),
        "body": body,
    }
    head, *rest = read_text(str(PAGE / "page.html")).split("[[")
    filled = [head]
    for piece in rest:
        name, following = piece.split("]]", 1)
        filled += [parts[name], following]
    return "".join(filled)


def _integrity(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
