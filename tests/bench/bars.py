"""Bars as SVG: for each row one for the page and one for each peer, on one scale a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, EDGE, LABEL, ROW, BAR, TOP = 680, 14, 375, 71, 16, 44
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1a1c1b; } .back { fill: #fff; }
  .ours { fill: #0f6b5c; } .same { fill: #7d8883; } .theirs { fill: #b9c1bd; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e8ebe9; } .back { fill: #151817; }
    .ours { fill: #4fc3ac; } .same { fill: #87928d; } .theirs { fill: #56605b; }
  }
"""


KINDS = ("ours", "same", "theirs")


@dataclass(frozen=True)
class Group:
    """One row: figures of one unit, a bar each."""

    what: str
    values: Sequence[float]
    unit: str


def chart(title: str, names: Sequence[str], groups: Sequence[Group]) -> str:
    """Its rows share one scale; the longest bar fills it."""
    longest = max(max(group.values) for group in groups)
    body = [*key(names)]
    for index, group in enumerate(groups):
        top = TOP + index * ROW
        body.append(f'<text x="{EDGE}" y="{top + BAR + 5}">{escape(group.what)}</text>')
        for place, (kind, value) in enumerate(zip(KINDS, group.values, strict=True)):
            width = (WIDTH - LABEL - 80) * value / longest
            y = top + place * (BAR + 3)
            body.append(f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>')
            body.append(f'<text x="{LABEL + width + 6:.1f}" y="{y + 13}">{value:.3g} {escape(group.unit)}</text>')
    height = TOP + len(groups) * ROW
    said = "; ".join(
        f"{group.what}: {', '.join(f'{value:.3g}' for value in group.values)} {group.unit}" for group in groups
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    back = f'<rect class="back" width="{WIDTH}" height="{height}" rx="9"/>'
    words = f"<title>{escape(title)}</title><desc>{escape(said)}</desc>"
    return "\n".join([head, words, f"<style>{STYLE}</style>", back, *body, "</svg>", ""])


def key(names: Sequence[str]) -> list[str]:
    left = EDGE
    found = []
    for kind, name in zip(KINDS, names, strict=True):
        found.append(f'<rect class="{kind}" x="{left}" y="14" width="12" height="12" rx="2"/>')
        found.append(f'<text x="{left + 18}" y="25">{escape(name)}</text>')
        left += 40 + 8 * len(name)
    return found
