"""A class, or classes with confidences, as bars. Output only."""

from __future__ import annotations

import math

import numpy as np

from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from pageside._errors import ComponentError


class Label(Component):
    """The function returns `dict[str, float]` (class to confidence, 0 to 1), or one class as text or number.

    `num_top_classes` keeps that many of the most confident. None or an empty dict clears the output.
    `show_heading=False` leaves out the first class above the bars.
    """

    is_input: ClassVar[bool] = False

    def __init__(
        self,
        value: Any = None,
        *,
        num_top_classes: int | None = None,
        show_heading: bool = True,
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        super().__init__(label=label, info=info, **gradio)
        if num_top_classes is not None and num_top_classes < 1:
            raise self.bad_option(f"num_top_classes={num_top_classes}): it must be at least 1, or None for all")
        self.num_top_classes = num_top_classes
        self.show_heading = show_heading
        self.value = self.postprocess(value() if callable(value) else value)

    def props(self) -> dict[str, Any]:
        """The parameters; `value` as a payload."""
        return {
            "value": self.value,
            "num_top_classes": self.num_top_classes,
            "show_heading": self.show_heading,
            "info": self.info,
        }

    def postprocess(self, value: Any) -> dict[str, Any] | None:
        """LabelPayload: the label, and its confidences from the highest down (equal ones in the maker's order)."""
        if value is None or (isinstance(value, dict) and not value):
            return None
        if isinstance(value, dict):
            return self._confidences(value)
        if not isinstance(value, (str, int, float)) and getattr(value, "ndim", None) != 0:
            raise self.bad_output(
                f"it takes a dict of class to confidence, a text or a number, not {type(value).__name__}"
            )
        return {"label": str(value), "confidences": None}

    def _confidences(self, value: dict[Any, Any]) -> dict[str, Any]:
        try:
            numbers = np.fromiter(map(float, value.values()), np.float64, len(value))
        except (TypeError, ValueError):
            raise self._bad_confidence(value) from None
        if not np.isfinite(numbers).all():
            raise self._bad_confidence(value)
        order = np.argsort(-numbers, kind="stable")[: self.num_top_classes].tolist()
        names = list(value)
        top = [{"label": str(names[i]), "confidence": float(numbers[i])} for i in order]
        return {"label": top[0]["label"], "confidences": top}

    def _bad_confidence(self, value: dict[Any, Any]) -> ComponentError:
        """Names the first that is no finite number."""
        for name, number in value.items():
            try:
                if math.isfinite(float(number)):
                    continue
            except (TypeError, ValueError):
                return self.bad_output(f"the confidence of {name!r} is {number!r}, which is not a number")
            return self.bad_output(f"the confidence of {name!r} is {float(number)}; the model's output is not usable")
        raise AssertionError("every confidence is finite")
