"""Bars as SVG: for each row one for the page and one for the peer, on one scale a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, EDGE, LABEL, ROW, BAR, TOP = 680, 14, 310, 52, 16, 44
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1a1c1b; } .back { fill: #fff; }
  .ours { fill: #0f6b5c; } .theirs { fill: #a9b2ae; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e8ebe9; } .back { fill: #151817; } .ours { fill: #4fc3ac; } .theirs { fill: #66706b; }
  }
"""


@dataclass(frozen=True)
class Pair:
    """One row: two figures of one unit."""

    what: str
    ours: float
    theirs: float
    unit: str


def chart(title: str, names: tuple[str, str], pairs: Sequence[Pair]) -> str:
    """Its rows share one scale; the longest bar fills it."""
    longest = max(max(pair.ours, pair.theirs) for pair in pairs)
    body = [*key(names)]
    for index, pair in enumerate(pairs):
        top = TOP + index * ROW
        body.append(f'<text x="{EDGE}" y="{top + BAR + 5}">{escape(pair.what)}</text>')
        for place, (kind, value) in enumerate((("ours", pair.ours), ("theirs", pair.theirs))):
            width = (WIDTH - LABEL - 80) * value / longest
            y = top + place * (BAR + 3)
            body.append(f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>')
            body.append(f'<text x="{LABEL + width + 6:.1f}" y="{y + 13}">{value:.3g} {escape(pair.unit)}</text>')
    height = TOP + len(pairs) * ROW
    said = "; ".join(f"{pair.what}: {pair.ours:.3g} {pair.unit} and {pair.theirs:.3g} {pair.unit}" for pair in pairs)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    back = f'<rect class="back" width="{WIDTH}" height="{height}" rx="9"/>'
    words = f"<title>{escape(title)}</title><desc>{escape(said)}</desc>"
    return "\n".join([head, words, f"<style>{STYLE}</style>", back, *body, "</svg>", ""])


def key(names: tuple[str, str]) -> list[str]:
    left = LABEL
    found = []
    for kind, name in zip(("ours", "theirs"), names, strict=True):
        found.append(f'<rect class="{kind}" x="{left}" y="14" width="12" height="12" rx="2"/>')
        found.append(f'<text x="{left + 18}" y="25">{escape(name)}</text>')
        left += 40 + 8 * len(name)
    return found
