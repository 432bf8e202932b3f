"""Yes or no, in or out."""

from __future__ import annotations

from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Checkbox(Component):
    """The function gets a `bool`. As an output it shows yes or no."""

    def __init__(self, value: Any = False, *, label: str | None = None, info: str | None = None, **gradio: Any):
        super().__init__(label=label, info=info, **gradio)
        self.value = self.postprocess(value() if callable(value) else value)

    def props(self) -> dict[str, Any]:
        """The parameters."""
        return {"value": self.value, "info": self.info}

    def preprocess(self, payload: bool | None) -> bool:
        """True or False; None, which a page never sends, is False."""
        return bool(payload)

    def postprocess(self, value: Any) -> bool:
        """The truth of a bool, a number or None; NumPy scalars and arrays of one element too. A text is none."""
        try:
            single = value.item() if hasattr(value, "item") else value
        except (TypeError, ValueError, RuntimeError):
            single = None if value is None else ...
        if not (single is None or isinstance(single, (bool, int, float))):
            raise self.bad_output(f"it takes True or False, not {type(value).__name__}")
        return bool(single)

    def read_input(self, value: Any, base: Path) -> bool:
        """A bool, or a word for one."""
        del base
        if isinstance(value, bool):
            return value
        word = "" if value is None else str(value).strip().lower()
        if word not in _WORDS:
            raise self.bad_input(f"{value!r} is neither yes nor no; write true or false")
        return _WORDS[word]
