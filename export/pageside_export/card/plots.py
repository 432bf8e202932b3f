"""Plots as SVG: points with names and lines with names, on labelled axes.

A file has its own light and dark colours and follows the viewer's preference; in a page an `<img>` follows the page's.
It is 400 px wide, so that its type can be read on a phone, where it is drawn at about that size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from pageside_export.card import labels
from pageside_export.card.axes import Axis
from pageside_export.card.labels import Box

WIDTH, HEIGHT = 400, 330
FRAME = Box(54, 34, WIDTH - 12, HEIGHT - 80)

#: What a point may be, with the words of the legend.
KINDS = {"published": "published", "spare": "correct, not needed", "rejected": "rejected"}

#: Light and dark. At least 4.5 to 1 on the page's own surfaces, #ffffff and #181d1b, as WCAG 2 counts.
_COLORS = {
    "ink": ("#171b19", "#e8ecea"),
    "soft": ("#59625d", "#a3ada8"),
    "line": ("#dfe3de", "#2b3330"),
    "surface": ("#ffffff", "#181d1b"),
    "published": ("#0f6a5b", "#62cbb3"),
    "spare": ("#59625d", "#a3ada8"),
    "rejected": ("#a3271b", "#ff9c8f"),
    "s0": ("#0f6a5b", "#62cbb3"),
    "s1": ("#a3271b", "#ff9c8f"),
    "s2": ("#2b5fb3", "#8fb8ff"),
    "s3": ("#8a5a00", "#e3b95c"),
    "s4": ("#7b3fa0", "#d0a2ee"),
    "s5": ("#596270", "#b4bfcc"),
    "s6": ("#a02c6a", "#f59cc8"),
    "s7": ("#4d6b1f", "#b0cf7a"),
}
SERIES_COLORS = 8
#: Of lines that lie on each other, in px.
STRIPE = 7


@dataclass(frozen=True)
class Point:
    """A named point of one of KINDS."""

    name: str
    x: float
    y: float
    kind: str


@dataclass(frozen=True)
class Series:
    """A named line through (x, y)."""

    name: str
    points: Sequence[tuple[float, float]]


def scatter(title: str, points: Sequence[Point], x: Axis, y: Axis) -> str:
    """Points, each with its name beside it. `title` is what a screen reader says."""
    at = [_at(point.x, point.y, x, y, FRAME) for point in points]
    boxes = labels.placed(at, [point.name for point in points], FRAME)
    drawn = []
    for (left, top), box in zip(at, boxes, strict=True):
        # A name that found no room beside its point is tied to it.
        if not labels.is_beside(box, (left, top)):
            end, near = labels.tie(box, (left, top))
            drawn.append(f'<path class="tie" d="M{left:.1f} {top:.1f}L{end:.1f} {near:.1f}"/>')
    drawn += [_mark(left, top, point.kind) for (left, top), point in zip(at, points, strict=True)]
    for box, point in zip(boxes, points, strict=True):
        weight = ' font-weight="600"' if point.kind == "published" else ""
        drawn.append(_text(box.left, (box.top + box.bottom) / 2 + 4, point.name, "ink", more=weight))
    present = [kind for kind in KINDS if any(point.kind == kind for point in points)]
    return _svg(title, [*_grid(x, y, FRAME), *drawn, *_legend(present)])


def lines(title: str, series: Sequence[Series], x: Axis, y: Axis) -> str:
    """Lines, each with its name at its right end."""
    room = max([labels.width(one.name) for one in series], default=0.0)
    frame = Box(FRAME.left, FRAME.top, FRAME.right - room - 14, FRAME.bottom + 28)
    drawn, ends = [], []
    for number, (one, stripes) in enumerate(zip(series, _stripes(series), strict=True)):
        places = [_at(px, py, x, y, frame) for px, py in one.points]
        ends.append(places[-1])
        path = "L".join(f"{left:.1f} {top:.1f}" for left, top in places)
        drawn.append(f'<path class="series s{number % SERIES_COLORS}"{stripes} d="M{path}"/>')
    heights = labels.spread([top for _, top in ends], frame.top + 4, frame.bottom - 2)
    for number, (one, (left, top), height) in enumerate(zip(series, ends, heights, strict=True)):
        drawn.append(f'<path class="tie" d="M{left + 2:.1f} {top:.1f}L{frame.right + 9:.1f} {height:.1f}"/>')
        drawn.append(_text(frame.right + 12, height + 4, one.name, f"t s{number % SERIES_COLORS}"))
    return _svg(title, [*_grid(x, y, frame), *drawn])


def _stripes(series: Sequence[Series]) -> list[str]:
    """Lines that lie on each other take turns, so that each is seen; a line alone is whole."""
    groups: list[list[int]] = []
    for index, one in enumerate(series):
        group = next((group for group in groups if _coincide(one, series[group[0]])), None)
        if group is None:
            groups.append([index])
        else:
            group.append(index)
    found = [""] * len(series)
    for group in groups:
        for turn, index in enumerate(group):
            if len(group) > 1:
                dashes = f"{STRIPE} {STRIPE * (len(group) - 1)}"
                found[index] = f' stroke-dasharray="{dashes}" stroke-dashoffset="{-STRIPE * turn}"'
    return found


def _coincide(a: Series, b: Series) -> bool:
    """Whether at least half of what both have is the same but for two percent."""
    others = dict(b.points)
    pairs = [(value, others[place]) for place, value in a.points if place in others]
    return sum(abs(one - other) <= 0.02 * max(one, other) for one, other in pairs) * 2 >= max(1, len(pairs))


def _at(px: float, py: float, x: Axis, y: Axis, frame: Box) -> tuple[float, float]:
    left = frame.left + x.place(px) * (frame.right - frame.left)
    return left, frame.bottom - y.place(py) * (frame.bottom - frame.top)


def _grid(x: Axis, y: Axis, frame: Box) -> list[str]:
    """Both axes with ticks; the name of y stands above it, where it is read without turning the head."""
    made = []
    for value, text in y.ticks:
        top = frame.bottom - y.place(value) * (frame.bottom - frame.top)
        made.append(f'<path class="grid" d="M{frame.left:.1f} {top:.1f}H{frame.right:.1f}"/>')
        made.append(_text(frame.left - 7, top + 4, text, "soft", more=' text-anchor="end"'))
    for value, text in x.ticks:
        left = frame.left + x.place(value) * (frame.right - frame.left)
        made.append(f'<path class="axis" d="M{left:.1f} {frame.bottom:.1f}v5"/>')
        made.append(_text(left, frame.bottom + 19, text, "soft", more=' text-anchor="middle"'))
    made.append(f'<path class="axis" d="M{frame.left:.1f} {frame.top:.1f}V{frame.bottom:.1f}H{frame.right:.1f}"/>')
    made.append(_text(4, 17, y.label, "ink"))
    made.append(_text(frame.right, frame.bottom + 40, x.label, "ink", more=' text-anchor="end"'))
    return made


def _mark(left: float, top: float, kind: str) -> str:
    if kind == "rejected":
        arms = f"M{left - 4:.1f} {top - 4:.1f}l8 8m0 -8l-8 8"
        return f'<path class="mark rejected" d="{arms}"/>'
    return f'<circle class="mark {kind}" cx="{left:.1f}" cy="{top:.1f}" r="4.5"/>'


def _legend(kinds: Sequence[str]) -> list[str]:
    made, left = [], 12.0
    for kind in kinds:
        made += [_mark(left, HEIGHT - 14, kind), _text(left + 10, HEIGHT - 10, KINDS[kind], "soft")]
        left += 30 + labels.width(KINDS[kind])
    return made


def _text(left: float, baseline: float, text: str, classes: str, *, more: str = "") -> str:
    return f'<text class="{classes}" x="{left:.1f}" y="{baseline:.1f}"{more}>{escape(text)}</text>'


def _svg(title: str, body: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-labelledby="title">\n<title id="title">{escape(title)}</title>\n<style>{_style()}</style>\n'
        f'<rect class="back" width="{WIDTH}" height="{HEIGHT}" rx="9"/>\n'
    )
    return head + "\n".join(body) + "\n</svg>\n"


def _style() -> str:
    light, dark = ("".join(f"--{name}:{pair[side]};" for name, pair in _COLORS.items()) for side in (0, 1))
    rules = [
        f":root{{color-scheme:light dark;{light}}}",
        f"@media(prefers-color-scheme:dark){{:root{{{dark}}}}}",
        'text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif}',
        ".back{fill:var(--surface)}.ink{fill:var(--ink)}.soft{fill:var(--soft)}",
        ".grid,.axis,.tie,.series{fill:none;stroke:var(--line)}.axis{stroke:var(--soft)}.tie{stroke:var(--soft);stroke-width:.8}",
        ".series{stroke-width:2;stroke-linejoin:round}",
        ".mark{stroke-width:2;fill:none}",
        *(f".{kind}{{stroke:var(--{kind})}}" for kind in KINDS),
        ".mark.published{fill:var(--published)}.mark.spare{fill:var(--surface)}",
        *(f".series.s{n}{{stroke:var(--s{n})}}.t.s{n}{{fill:var(--s{n})}}" for n in range(SERIES_COLORS)),
    ]
    return "".join(rules)
