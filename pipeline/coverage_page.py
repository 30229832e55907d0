"""The coverage of a delivery as one page: figures, faults to mend, a map of each district.

What belongs here: HTML and SVG as text. The page is drawn here, holds no script and asks
nothing of any network.
"""

import dataclasses
import html
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
import shapely

from pipeline.assign_precincts import PrecinctPolygon
from pipeline.check_coverage import CoverageReport
from schemas.codes import CoverageProblem

MAP_WIDTH, MAP_HEIGHT = 900, 560
GOLDEN_ANGLE = 137.508
ROWS_SHOWN = 200
GUESSED = CoverageProblem.NAME_GUESSED.value
FAULTS = {
    "COVERAGE_GAP": ("#c81e1e", "no precinct covers it"),
    "COVERAGE_OVERLAP": ("#e08700", "several precincts cover it"),
    "COVERAGE_UNREAD": ("#7a1fa2", "words not understood may mean it"),
    "ADDRESS_AMBIGUOUS": ("#0b6e8a", "place left open"),
    "ADDRESS_UNREAD": ("#0b6e8a", "place not recognised"),
    "NO_ADDRESS": ("#555555", "no address in the cadastre"),
    "PRECINCT_UNKNOWN": ("#555555", "precinct not announced"),
}
STYLE = """
:root { color-scheme: light; font: 15px/1.45 system-ui, sans-serif; color: #1b1b1b }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem }
h1 { font-size: 1.6rem; margin: 0 0 .3rem } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem }
p { margin: .3rem 0 }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 1rem 0 }
dt { color: #555; font-size: .85rem } dd { margin: 0; font-size: 1.3rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd;
  vertical-align: top; overflow-wrap: anywhere }
th { background: #f3f3f0; position: sticky; top: 0 }
td:first-child, th { white-space: nowrap }
td.n, th.n { text-align: right; white-space: nowrap }
summary { cursor: pointer; padding: .5rem 0; font-weight: 600 }
summary .bad { color: #c81e1e } summary .good { color: #2f6b2f; font-weight: 400 }
svg { width: 100%; height: auto; background: #fbfaf6; border: 1px solid #ddd }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; font-size: .85rem }
.key i { display: inline-block; width: .8rem; height: .8rem; border-radius: 50%;
  margin-right: .35rem; vertical-align: -.1rem }
@media print { details { break-inside: avoid } }
"""


@dataclasses.dataclass(frozen=True)
class Frame:
    """From degrees to the picture: west and north edge, and pixels per degree."""

    west: float
    north: float
    across: float
    down: float

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Where a point stands in the picture."""
        return (
            round((longitude - self.west) * self.across, 1),
            round((self.north - latitude) * self.down, 1),
        )


def render_coverage(
    report: CoverageReport,
    polygons: Sequence[PrecinctPolygon],
    names: Mapping[str, str],
    title: str,
) -> str:
    """The page.

    Args:
        report: of check_coverage.
        polygons: outlines of precincts, where there is a map.
        names: name of each district by its code.
        title: what was checked, such as the delivery's name.
    """
    districts = report.precincts["district_code"].unique().sort().to_list()
    sections = [_district(report, polygons, code, names) for code in districts]
    return "\n".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            "style-src 'unsafe-inline'\">",
            f"<title>Coverage: {_text(title)}</title><style>{STYLE}</style></head><body>",
            f"<h1>What the precincts cover</h1><p>{_text(title)}</p>",
            _figures(report.figures()),
            "<h2>To mend, the most dwellings first</h2>",
            _problems(report.problems.filter(pl.col("problem") != GUESSED)),
            "<details><summary>Spellings taken for the only name near</summary>",
            _problems(report.problems.filter(pl.col("problem") == GUESSED)),
            "</details>",
            "<h2>District by district</h2>",
            _key(),
            *sections,
            "</body></html>\n",
        )
    )


def _text(value: object) -> str:
    return html.escape("" if value is None else str(value))


def _figures(figures: Mapping[str, int]) -> str:
    shown = [
        f"<div><dt>{_text(said(name))}</dt><dd>{count:,}</dd></div>"
        for name, count in figures.items()
    ]
    return f"<dl>{''.join(shown)}</dl>"


def said(name: str) -> str:
    """A figure's name in words."""
    if name == "PLACED":
        return "dwellings in one precinct"
    if name in FAULTS:
        return f"dwellings: {FAULTS[name][1]}"
    return name.replace("_", " ")


def _problems(problems: pl.DataFrame) -> str:
    rows = [
        (
            _text(row["problem"]),
            _text(_list(row["precincts"])),
            _text(row["place"]),
            f"{row['dwellings']:,}" if row["dwellings"] else "",
            _text(row["detail"]),
        )
        for row in problems.head(ROWS_SHOWN).to_dicts()
    ]
    if not rows:
        return "<p>Nothing.</p>"
    table = _table(("problem", "precinct", "place", "dwellings", "detail"), rows)
    left = problems.height - len(rows)
    more = f"<p>… and {left:,} more; --output writes all of them.</p>" if left > 0 else ""
    return table + more


def _list(numbers: Iterable[int] | None) -> str:
    return ", ".join(str(number) for number in numbers or ())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    kinds = [' class="n"' if name in ("dwellings", "rules") else "" for name in head]
    top = "".join(f"<th{k}>{_text(n)}</th>" for n, k in zip(head, kinds, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{k}>{cell}</td>" for cell, k in zip(row, kinds, strict=True))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _key() -> str:
    entries = [("#3a7d44", "dwellings of a street, in the colour of their precinct")]
    seen: dict[str, str] = {}
    for colour, words in FAULTS.values():
        seen.setdefault(words, colour)
    entries += [(colour, words) for words, colour in seen.items()]
    shown = "".join(
        f'<span><i style="background:{colour}"></i>{words}</span>'
        for colour, words in entries
    )
    return f'<p class="key">{shown}<span>◆ polling station</span></p>'


def _district(
    report: CoverageReport,
    polygons: Sequence[PrecinctPolygon],
    code: str,
    names: Mapping[str, str],
) -> str:
    precincts = report.precincts.filter(pl.col("district_code") == code)
    streets = report.streets.filter(pl.col("district_code") == code)
    total = int(streets["dwellings"].sum())
    bad = int(streets.filter(pl.col("outcome") != "PLACED")["dwellings"].sum())
    state = (
        f'<span class="bad">{bad:,} of {total:,} dwellings in no one precinct</span>'
        if bad
        else f'<span class="good">all of {total:,} dwellings in one precinct</span>'
    )
    rows = [
        (
            f'<span style="color:{_colour(row["precinct_number"])}">●</span> '
            f"{row['precinct_number']}",
            _text(row["address"]),
            str(row["rules"]),
            f"{row['dwellings']:,}",
            _text(row["unread"]),
        )
        for row in precincts.to_dicts()
    ]
    table = _table(("precinct", "polling station", "rules", "dwellings", "unread"), rows)
    return (
        f"<details{' open' if bad else ''}><summary>{_text(names.get(code, code))} "
        f"({_text(code)}): {state}</summary>{_map(precincts, streets, polygons)}{table}"
        "</details>"
    )


def _map(
    precincts: pl.DataFrame, streets: pl.DataFrame, polygons: Sequence[PrecinctPolygon]
) -> str:
    spots = streets.filter(
        pl.col("longitude").is_not_null() & pl.col("latitude").is_not_null()
    )
    if spots.is_empty():
        return "<p>No coordinates: no map.</p>"
    frame = _frame(spots)
    own = {(row["region_code"], row["precinct_number"]) for row in precincts.to_dicts()}
    drawn = [
        _outline(polygon, frame)
        for polygon in polygons
        if (polygon.region_code, polygon.precinct_number) in own
    ]
    # Faults are drawn last, on top.
    ordered = spots.sort(pl.col("outcome") != "PLACED", maintain_order=True)
    drawn += [_spot(row, frame) for row in ordered.to_dicts()]
    drawn += [_station(row, frame) for row in precincts.to_dicts() if row["longitude"]]
    return (
        f'<svg viewBox="0 0 {MAP_WIDTH} {MAP_HEIGHT}" role="img" '
        f'aria-label="Map of the district">{"".join(drawn)}</svg>'
    )


def _frame(spots: pl.DataFrame) -> Frame:
    """A frame around nearly all spots: single wrong coordinates don't shrink the rest."""
    edges = []
    for name in ("longitude", "latitude"):
        low, middle, high = (
            float(spots[name].quantile(q, "nearest") or 0.0) for q in (0.05, 0.5, 0.95)
        )
        reach = 1.3 * max(high - middle, middle - low, 0.002)
        edges.append((middle - reach, middle + reach))
    (west, east), (south, north) = edges
    shrink = math.cos(math.radians((south + north) / 2))
    down = min(MAP_HEIGHT / (north - south), MAP_WIDTH / ((east - west) * shrink))
    across = down * shrink
    return Frame(
        west=(west + east) / 2 - MAP_WIDTH / across / 2,
        north=(south + north) / 2 + MAP_HEIGHT / down / 2,
        across=across,
        down=down,
    )


def _colour(precinct: int) -> str:
    return f"hsl({precinct * GOLDEN_ANGLE % 360:.0f} 45% 42%)"


def _outline(polygon: PrecinctPolygon, frame: Frame) -> str:
    text = polygon.geometry if isinstance(polygon.geometry, str) else ""
    shape = shapely.from_geojson(text) if text else shapely.from_wkb(polygon.geometry)
    geometry: dict[str, Any] = json.loads(shapely.to_geojson(shape))
    parts = geometry.get("coordinates", [])
    faces = [parts] if geometry["type"] == "Polygon" else parts
    path = "".join(
        "M" + "L".join(f"{x},{y}" for x, y in (frame.at(*p[:2]) for p in ring)) + "Z"
        for face in faces
        for ring in face
    )
    colour = _colour(polygon.precinct_number)
    return (
        f'<path d="{path}" fill="{colour}" fill-opacity=".12" fill-rule="evenodd" '
        f'stroke="{colour}"><title>outline of {polygon.precinct_number}</title></path>'
    )


def _spot(street: dict[str, Any], frame: Frame) -> str:
    x, y = frame.at(street["longitude"], street["latitude"])
    precincts = street["precincts"]
    is_placed = street["outcome"] == "PLACED"
    colour = _colour(precincts[0]) if is_placed else FAULTS[street["outcome"]][0]
    place = ", ".join(filter(None, (street["mahalla"], street["street"])))
    words = f"precinct {precincts[0]}" if is_placed else said(street["outcome"])
    radius = round(min(9.0, 1.2 + math.sqrt(street["dwellings"]) / 2), 1)
    return (
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}" fill-opacity=".8">'
        f"<title>{_text(place)}: {street['dwellings']:,}, {_text(words)}</title></circle>"
    )


def _station(precinct: dict[str, Any], frame: Frame) -> str:
    x, y = frame.at(precinct["longitude"], precinct["latitude"])
    if not (0 <= x <= MAP_WIDTH and 0 <= y <= MAP_HEIGHT):
        return ""
    number = precinct["precinct_number"]
    return (
        f'<text x="{x}" y="{y}" font-size="11" text-anchor="middle">◆'
        f"<title>station of {number}</title></text>"
        f'<text x="{x}" y="{y + 11}" font-size="10" text-anchor="middle">{number}</text>'
    )
