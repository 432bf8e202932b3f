"""A number, in or out."""

from __future__ import annotations

import math

from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

# Above it a float holds no fraction, and the page's JSON no longer every integer.
EXACT = 2.0**53


class Number(Component):
    """A number field. The function gets `int` where there is no fraction, else `float`, or None where it is empty.

    `precision` is the number of decimals that values are rounded to; 0 gives `int` always; None leaves them.
    `minimum` and `maximum` are checked; `step` is what the arrows add.
    """

    def __init__(
        self,
        value: Any = None,
        *,
        label: str | None = None,
        placeholder: str | None = None,
        info: str | None = None,
        precision: int | None = None,
        minimum: float | None = None,
        maximum: float | None = None,
        step: float = 1,
        **gradio: Any,
    ) -> None:
        super().__init__(label=label, info=info, **gradio)
        if minimum is not None and maximum is not None and minimum > maximum:
            raise self.bad_option(f"minimum={minimum}, maximum={maximum}): minimum is above maximum")
        if step <= 0:
            raise self.bad_option(f"step={step}): it must be above 0")
        self.placeholder = placeholder
        self.precision = precision
        self.minimum = minimum
        self.maximum = maximum
        self.step = step
        self.value = self.postprocess(value() if callable(value) else value)

    def props(self) -> dict[str, Any]:
        """The parameters."""
        return {
            "value": self.value,
            "placeholder": self.placeholder,
            "info": self.info,
            "precision": self.precision,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "step": self.step,
        }

    def preprocess(self, payload: float | None) -> float | None:
        """None, or the number: rounded to `precision`, within `minimum` and `maximum`."""
        if payload is None:
            return None
        number = self._rounded(float(payload))
        if self.minimum is not None and number < self.minimum:
            raise self.bad_input(f"{number} is less than the minimum {self.minimum}")
        if self.maximum is not None and number > self.maximum:
            raise self.bad_input(f"{number} is more than the maximum {self.maximum}")
        return number

    def postprocess(self, value: Any) -> float | None:
        """A float or int from anything that has one number: NumPy scalars and arrays of one element too."""
        if value is None:
            return None
        try:
            return self._rounded(float(value.item() if hasattr(value, "item") else value))
        except (TypeError, ValueError, RuntimeError):
            raise self.bad_output(f"{_short(value)} is not a number; return an int, a float or None") from None

    def read_input(self, value: Any, base: Path) -> float | None:
        """A number, or a string that spells one; "" and None stand for an empty field."""
        del base
        if value is None or value == "":
            return None
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise self.bad_input(f"{_short(value)} is not a number; write it as 3 or -0.5") from None
        if not math.isfinite(number):
            raise self.bad_input(f"{_short(value)} is not a finite number")
        return number

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> float | None:
        """The number; None for infinity and nan, which JSON lacks."""
        del write
        return payload if payload is None or math.isfinite(payload) else None

    def _rounded(self, number: float) -> float:
        if not math.isfinite(number):
            return number
        if self.precision is not None:
            number = round(number, self.precision)
        whole = number.is_integer() and abs(number) < EXACT
        return int(number) if whole or self.precision == 0 else number


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
