"""The axes of a plot: from values to a share of the axis' length, with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Of a logarithmic axis' ticks, from many to few.
_DIGITS_OF_TICKS = ((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8), (1, 1.5, 2, 3, 4, 6), (1, 2, 5), (1,))
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

#: More ticks than this stand too close on a phone.
MOST_TICKS = 6


@dataclass(frozen=True)
class Axis:
    """One axis: what it says, where its values lie, its ticks as (value, text)."""

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high end; a value outside stands at the end."""
        if self.log:
            value = max(value, self.low)
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, share))


def linear(label: str, values: Sequence[float]) -> Axis:
    """From zero to a round number at or above the largest value."""
    largest = max([*values, 0.0]) or 1.0
    step = _round_step(largest / (MOST_TICKS - 1))
    count = math.ceil(largest / step * 1.02 - 1e-9)
    ticks = tuple((number * step, _plain(number * step)) for number in range(count + 1))
    return Axis(label, 0.0, count * step, ticks)


def logarithmic(label: str, values: Sequence[float]) -> Axis:
    """Powers of ten around the positive values; a zero stands at the low end, where the tick says 0."""
    positive = [value for value in values if value > 0]
    first = math.floor(math.log10(min(positive, default=1.0)))
    last = math.ceil(math.log10(max(positive, default=1.0)))
    last = max(last, first + 1)
    has_zero = len(positive) < len(values)
    first -= has_zero
    step = math.ceil((last - first) / MOST_TICKS)
    powers = range(first, last + 1, step)
    ticks = [(10.0**power, _power(power)) for power in powers]
    if has_zero:
        ticks[0] = (10.0**first, "0")
    return Axis(label, 10.0**first, 10.0**last, tuple(ticks), log=True)


def spread(label: str, values: Sequence[float]) -> Axis:
    """Logarithmic, with as many round ticks as have room: for sizes, some close together and one far off."""
    positive = [value for value in values if value > 0] or [1.0]
    low, high = min(positive) / 1.25, max(positive) * 1.25
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in _DIGITS_OF_TICKS:
        marks = [digit * 10.0**power for power in powers for digit in digits]
        inside = [mark for mark in marks if low <= mark <= high]
        if len(inside) <= MOST_TICKS:
            break
    inside = inside[:: math.ceil(len(inside) / MOST_TICKS)]
    return Axis(label, low, high, tuple((mark, _plain(mark)) for mark in inside), log=True)


def ordinals(label: str, count: int) -> Axis:
    """The whole numbers from 1 to `count`."""
    step = max(1, int(_round_step(count / (MOST_TICKS - 1))))
    numbers = [1, *range(step, count + 1, step)] if step > 1 else list(range(1, count + 1))
    return Axis(label, 1.0, float(max(count, 2)), tuple((float(number), str(number)) for number in numbers))


def _round_step(rough: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough * (1 - 1e-9))


def _plain(value: float) -> str:
    return f"{value:.6g}" if 1e-4 <= value < 1e6 or value == 0 else f"{value:.0e}"


def _power(power: int) -> str:
    return {-3: "0.001", -2: "0.01", -1: "0.1", 0: "1", 1: "10", 2: "100"}.get(
        power, "10" + str(power).translate(_RAISED)
    )
