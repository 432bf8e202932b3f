"""A number between two ends, chosen with a slider or typed."""

from __future__ import annotations

import math

from pageside.components.number import Number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Slider(Number):
    """The function gets `int` where there is no fraction, else `float`, always within `minimum` and `maximum`.

    `value=None` starts at `minimum`, with `randomize=True` anywhere. `step=None` is a power of ten,
    from a thousandth to a hundredth of the range.
    """

    def __init__(
        self,
        minimum: float = 0,
        maximum: float = 100,
        value: Any = None,
        *,
        step: float | None = None,
        precision: int | None = None,
        label: str | None = None,
        info: str | None = None,
        randomize: bool = False,
        **gradio: Any,
    ) -> None:
        if not (math.isfinite(minimum) and math.isfinite(maximum) and minimum < maximum):
            raise self.bad_option(f"minimum={minimum}, maximum={maximum}): minimum must be below maximum, both finite")
        self.randomize = randomize
        super().__init__(
            value,
            label=label,
            info=info,
            precision=precision,
            minimum=minimum,
            maximum=maximum,
            step=10.0 ** math.floor(math.log10(maximum - minimum) - 2) if step is None else step,
            **gradio,
        )
        start = self.postprocess(self.value)
        if not minimum <= start <= maximum:
            raise self.bad_option(f"value={start}): it is not between {minimum} and {maximum}")

    def props(self) -> dict[str, Any]:
        """The parameters; no value where the page picks one."""
        props = super().props() | {"randomize": self.randomize}
        del props["placeholder"]
        return props | {"value": None} if self.randomize else props

    def preprocess(self, payload: float | None) -> float:
        """The number. None, which a page never sends, is `minimum`."""
        number = super().preprocess(self.minimum if payload is None else payload)
        assert number is not None
        return number

    def postprocess(self, value: Any) -> float:
        """A number; None is `minimum`."""
        number = super().postprocess(self.minimum if value is None else value)
        assert number is not None
        return number
