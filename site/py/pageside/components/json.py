"""Any data that JSON can hold, as a tree; out only."""

from __future__ import annotations

import json
import math

import numpy as np

from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

# Whole numbers beyond this lose digits in JavaScript.
LARGEST = 2**53 - 1


class JSON(Component):
    """The function returns a dict, a list, a number, a bool or None, nested as deep as wanted, or a text of JSON.

    NumPy scalars and arrays, tuples, sets and dataclasses are taken too, and dict keys become text; what JSON does not
    hold is shown as `str(value)`. NaN and infinities, which JSON does not have, become the texts "NaN", "Infinity" and
    "-Infinity", and whole numbers above 2**53 their digits as text, since the page would round them. None clears the
    output.

    The tree is open down to its third level, with `open=True` below it too; `show_indices=True` numbers the items of
    lists. `height`, `min_height` and `max_height` are pixels or CSS. `buttons=[]` takes away the button that copies
    the text.
    """

    is_input: ClassVar[bool] = False
    offers: ClassVar[dict[str, bool]] = {"copy": True}

    def __init__(
        self,
        value: Any = None,
        *,
        open: bool = False,
        show_indices: bool = False,
        height: int | str | None = None,
        max_height: int | str | None = 500,
        min_height: int | str | None = None,
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        super().__init__(label=label, info=info, **gradio)
        self.open = open
        self.show_indices = show_indices
        self.height = height
        self.max_height = max_height
        self.min_height = min_height
        self.value = self._read(value() if callable(value) else value)

    def props(self) -> dict[str, Any]:
        """The parameters."""
        heights = {"height": self.height, "max_height": self.max_height, "min_height": self.min_height}
        return {"value": self.value, "open": self.open, "show_indices": self.show_indices, **heights, "info": self.info}

    def postprocess(self, value: Any) -> str | None:
        """The value as a text of JSON: one string crosses to the page sooner than thousands of values."""
        read = self._read(value)
        return None if read is None else json.dumps(read, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def to_stored(self, payload: Any, write: Any) -> Any:
        """The value itself."""
        del write
        return None if payload is None else json.loads(payload)

    def _read(self, value: Any) -> Any:
        """What the page shows: values of JSON alone."""
        try:
            return _plain(self._parsed(value) if isinstance(value, str) else value)
        except RecursionError:
            raise self.bad_output("it got data that holds itself, or is nested too deep to be shown") from None

    def _parsed(self, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            start = text if len(text) <= 40 else text[:39] + "…"
            raise self.bad_output(f"{start!r} is no text of JSON: {error}; return a dict or a list") from None


# Gradio's other spelling.
Json = JSON


def _plain(value: Any) -> Any:
    """Containers; `_leaf` has the rest."""
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        # In no order of their own; the page's answer must be the build's.
        return [_plain(item) for item in sorted(value, key=repr)]
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(_shortest(value).tolist())
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return _leaf(value)


def _leaf(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) <= LARGEST else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _word(value)
    return str(value)


def _shortest(value: Any) -> Any:
    """Float32 and float16 as the float with the fewest digits: 0.1 in place of 0.10000000149011612."""
    return value.astype(str).astype(np.float64) if value.dtype in (np.float32, np.float16) else value


def _word(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
