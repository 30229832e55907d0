"""A waterfall of weights as inline SVG: each bar begins where the one before it ended."""

from dataclasses import dataclass
from html import escape

WIDTH = 1000
LABELS = 340
FIGURES = 70
ROW = 34
BAR = 16
TOP = 40


@dataclass(frozen=True)
class Chart:
    """Bars in order, the word for their sum, limits on the same scale.

    A bar is what was compared, the level it reached (perhaps empty), and its bits.
    """

    bars: tuple[tuple[str, str, float], ...]
    total: str
    limits: tuple[tuple[str, float], ...]
    title: str


def draw(chart: Chart) -> str:
    """The chart as an <svg> element; colours come from the classes of the page."""
    ends = [0.0]
    for _, _, bits in chart.bars:
        ends.append(ends[-1] + bits)
    reach = [*ends, *(bits for _, bits in chart.limits)]
    low, high = min(reach), max(reach)
    span = max(high - low, 1.0)

    def at(bits: float) -> float:
        return LABELS + (bits - low) / span * (WIDTH - LABELS - FIGURES)

    height = TOP + ROW * (len(chart.bars) + 1) + 8
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(chart.title)}">',
        f'<line x1="{at(0):.1f}" x2="{at(0):.1f}" y1="{TOP - 6}" y2="{height}"/>',
    ]
    for place, (name, bits) in enumerate(chart.limits):
        x = at(bits)
        # The right half is read towards the left, so that words stay in the picture.
        anchor = "end" if x > (WIDTH + LABELS) / 2 else "start"
        parts.append(
            f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="{12 + 14 * place}" '
            f'y2="{height}"/><text class="muted" x="{x:.1f}" y="{10 + 14 * place}" '
            f'text-anchor="{anchor}">{escape(name)}: {bits:g}</text>'
        )
    for row, (name, level, bits) in enumerate(chart.bars):
        kind = "for" if bits >= 0 else "against"
        reach_of_bar = (at(ends[row]), at(ends[row + 1]))
        parts.append(_bar(row, (name, level), reach_of_bar, bits, kind))
    reach_of_sum = (at(0), at(ends[-1]))
    parts.append(_bar(len(chart.bars), (chart.total, ""), reach_of_sum, ends[-1], "sum"))
    return "".join(parts) + "</svg>"


def _bar(
    row: int, words: tuple[str, str], reach: tuple[float, float], bits: float, kind: str
) -> str:
    y = TOP + ROW * row
    left, right = min(reach), max(reach)
    name, level = words
    first = y + (BAR - 4 if not level else 6)
    second = (
        f'<text class="muted" x="{LABELS - 12}" y="{y + 20}" text-anchor="end">'
        f"{escape(level)}</text>"
    )
    return (
        f'<text x="{LABELS - 12}" y="{first}" text-anchor="end">{escape(name)}</text>'
        f"{second if level else ''}"
        f'<rect class="{kind}" x="{left:.1f}" y="{y}" width="{max(right - left, 1):.1f}" '
        f'height="{BAR}" rx="2"/>'
        f'<text x="{WIDTH}" y="{y + BAR - 4}" text-anchor="end">{bits:+z.1f}</text>'
    )
