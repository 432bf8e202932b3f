"""A colour, in or out."""

from __future__ import annotations

import re

from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})")
NUMBER = r"\s*(\d+(?:\.\d+)?)\s*"
# With an alpha of 1 too, which is what older Gradio's picker gives: "rgba(255, 0, 0, 1)".
RGB = re.compile(rf"rgba?\({NUMBER}[, ]{NUMBER}[, ]{NUMBER}(?:[,/]\s*1(?:\.0*)?\s*)?\)")


class ColorPicker(Component):
    """A colour. The function gets and returns `str`, as "#ff0000"; None until the visitor chooses one.

    `value`, examples and what the function returns may be "#f00" and "rgb(255, 0, 0)" too; the function always gets
    six digits in lower case. None clears the output.
    """

    def __init__(
        self,
        value: Any = None,
        *,
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        super().__init__(label=label, info=info, **gradio)
        self.value = self.postprocess(value() if callable(value) else value)

    def props(self) -> dict[str, Any]:
        """The parameters."""
        return {"value": self.value, "info": self.info}

    def preprocess(self, payload: str | None) -> str | None:
        """The colour as "#rrggbb"; None where no colour is chosen."""
        return self.read_input(payload)

    def postprocess(self, value: Any) -> str | None:
        """The colour as "#rrggbb"; None for None."""
        if value is None:
            return None
        color = _hex(value)
        if color is None:
            raise self.bad_output(_problem(value))
        return color

    def read_input(self, value: Any, base: Path | None = None) -> str | None:
        """As the page gives it: "#rrggbb"; None for None and "", as an empty cell of a table of examples."""
        del base
        if value is None or value == "":
            return None
        color = _hex(value)
        if color is None:
            raise self.bad_input(_problem(value))
        return color


def _problem(value: Any) -> str:
    return f"{value!r} is no colour; write '#rrggbb', '#rgb' or 'rgb(r, g, b)'"


def _hex(value: Any) -> str | None:
    """Six digits in lower case; None for what is no colour."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if digits := HEX.fullmatch(text):
        return "#" + (digits[1] if len(digits[1]) == 6 else "".join(digit * 2 for digit in digits[1]))
    if found := RGB.fullmatch(text):
        parts = [int(float(part) + 0.5) for part in found.groups()]
        return "#" + "".join(f"{part:02x}" for part in parts) if max(parts) < 256 else None
    return None
