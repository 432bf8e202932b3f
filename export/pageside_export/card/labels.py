"""Where the names of points stand, so that none covers another or a point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Of the plots' 13 px sans-serif: the mean width of a letter, rounded up, and a line's height.
LETTER, LINE = 7.2, 16.0

#: How far a name stands from its point, and the room that a point takes, in px.
GAP, POINT = 9.0, 5.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle in px, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def shared(self, other: Box) -> float:
        """The area that both cover."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return wide * high if wide > 0 and high > 0 else 0.0

    def inside(self, frame: Box) -> bool:
        """Whether nothing of it is outside `frame`."""
        return (
            self.left >= frame.left
            and self.right <= frame.right
            and self.top >= frame.top
            and self.bottom <= frame.bottom
        )


def width(text: str) -> float:
    """Of a text in the plots' type."""
    return LETTER * len(text)


def placed(points: Sequence[Point], texts: Sequence[str], frame: Box) -> list[Box]:
    """A box for each text, beside its point where that is free, else as near as it gets. Same inputs, same boxes."""
    numbers = range(len(points))
    # Each order leaves other names without a good place; the best of some is good.
    orders = [
        list(numbers),
        sorted(numbers, key=lambda index: points[index][1]),
        sorted(numbers, key=lambda index: -points[index][1]),
        sorted(numbers, key=lambda index: points[index][0]),
        sorted(numbers, key=lambda index: -points[index][0]),
    ]
    tries = [_placed(points, texts, frame, order) for order in orders]
    return min(tries, key=lambda found: found[0])[1]


def _placed(points: Sequence[Point], texts: Sequence[str], frame: Box, order: Sequence[int]) -> tuple[float, list[Box]]:
    """What the boxes cost together, and the boxes."""
    choices = [_around(point, text, frame) for point, text in zip(points, texts, strict=True)]
    boxes = [found[0] for found in choices]
    costs = [0.0] * len(points)
    done: set[int] = set()
    # In the second round a name that came early may move away for those that came late.
    for index in [*order, *order]:
        rest = _Rest(
            [boxes[number] for number in done if number != index],
            [(points[number], boxes[number]) for number in done if number != index],
            [point for number, point in enumerate(points) if number != index],
        )
        boxes[index], costs[index] = _best(choices[index], points[index], rest)
        done.add(index)
    return sum(costs), boxes


def is_beside(box: Box, point: Point) -> bool:
    """Whether a name stands right or left of its point, at the least distance: so near that no line is needed."""
    x, y = point
    aside = min(abs(box.left - x), abs(box.right - x)) <= GAP + 0.1
    return aside and abs((box.top + box.bottom) / 2 - y) < LINE / 2


def tie(box: Box, point: Point) -> tuple[float, float]:
    """Where the line from a point to its name ends."""
    x, y = point
    return min(max(x, box.left), box.right), min(max(y, box.top + 4), box.bottom - 4)


def spread(wanted: Sequence[float], low: float, high: float) -> list[float]:
    """Heights at least a line apart, as near to the wanted ones as their order allows."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    step = min(LINE, (high - low) / max(1, len(wanted) - 1))
    heights = list(wanted)
    floor = low
    for index in order:
        heights[index] = floor = max(wanted[index], floor)
        floor += step
    ceiling = high
    for index in reversed(order):
        heights[index] = ceiling = min(heights[index], ceiling)
        ceiling -= step
    return heights


@dataclass(frozen=True)
class _Rest:
    """What a name must keep clear of: the names that stand, their lines, the points of others."""

    boxes: Sequence[Box]
    ties: Sequence[tuple[Point, Box]]
    points: Sequence[Point]


def _best(choices: Sequence[Box], point: Point, rest: _Rest) -> tuple[Box, float]:
    best, least = choices[0], math.inf
    for box in choices:
        # Sorted by this, and faults only add: what comes after cannot be better.
        if (far := _far(box, point)) >= least:
            break
        if (cost := far + _faults(box, point, rest)) < least:
            best, least = box, cost
    return best, least


def _far(box: Box, point: Point) -> float:
    return _distance(box, point) + (0 if is_beside(box, point) else 4)


def _faults(box: Box, point: Point, rest: _Rest) -> float:
    """Covered text is worst, then a line across a name, then a name that seems to be of another point."""
    # However little it is of a name: else a far move costs more than a covered edge.
    covered = sum(1 + area for other in rest.boxes if (area := box.shared(other)))
    covered += sum(box.shared(_square(other)) for other in [*rest.points, point])
    crossed = sum(_crosses(start, tie(other, start), box) for start, other in rest.ties if not is_beside(other, start))
    if not is_beside(box, point):
        end = tie(box, point)
        crossed += sum(_crosses(point, end, other) for other in rest.boxes)
        crossed += sum(_cross((point, end), (start, tie(other, start))) for start, other in rest.ties)
        crossed += sum(_crosses(point, end, _square(other)) for other in rest.points if _apart(other, point))
    mistaken = sum(_distance(box, other) < GAP + POINT for other in rest.points)
    return 100 * covered + 80 * crossed + 25 * mistaken


def _crosses(start: Point, end: Point, box: Box) -> bool:
    (x0, y0), (x1, y1) = start, end
    if max(x0, x1) < box.left or min(x0, x1) > box.right or max(y0, y1) < box.top or min(y0, y1) > box.bottom:
        return False
    for number in range(13):
        x, y = x0 + (x1 - x0) * (number / 12), y0 + (y1 - y0) * (number / 12)
        if box.left <= x <= box.right and box.top <= y <= box.bottom:
            return True
    return False


def _cross(a: tuple[Point, Point], b: tuple[Point, Point]) -> bool:
    """Whether two lines have a point in common that is no end of either."""

    def side(line: tuple[Point, Point], point: Point) -> float:
        (x0, y0), (x1, y1) = line
        return (x1 - x0) * (point[1] - y0) - (y1 - y0) * (point[0] - x0)

    return side(a, b[0]) * side(a, b[1]) < 0 and side(b, a[0]) * side(b, a[1]) < 0


def _apart(a: Point, b: Point) -> bool:
    """Whether two points do not lie on each other: a line from one then need not cross the other."""
    return max(abs(a[0] - b[0]), abs(a[1] - b[1])) > POINT


def _distance(box: Box, point: Point) -> float:
    x, y = point
    return math.hypot(max(box.left - x, 0, x - box.right), max(box.top - y, 0, y - box.bottom))


def _square(point: Point) -> Box:
    x, y = point
    return Box(x - POINT, y - POINT, x + POINT, y + POINT)


def _around(point: Point, text: str, frame: Box) -> list[Box]:
    """Boxes inside the frame, from beside the point to far off; the nearest one if none fits."""
    x, y = point
    wide, lines = width(text), int((frame.bottom - frame.top) / LINE)
    found = [
        box
        for shift in [0, *(sign * number * LINE / 2 for number in range(1, 2 * lines) for sign in (-1, 1))]
        for away in (0, 2 * GAP, 5 * GAP)
        for left in (x + GAP + away, x - GAP - wide - away, x - wide / 2)
        if (box := _box(left, y + shift, text)).inside(frame)
    ]
    return sorted(found, key=lambda box: _far(box, point)) or [_box(x + GAP, y, text)]


def _box(left: float, middle: float, text: str) -> Box:
    return Box(left, middle - LINE / 2, left + width(text), middle + LINE / 2)
