"""Text, in or out."""

from __future__ import annotations

from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, ClassVar

TYPES = ("text", "password", "email")


class Textbox(Component):
    """A text field. The function gets and returns `str`; any other returned value is turned into text, None into "".

    `lines` is the height at first, `max_lines` the height up to which it grows; one line with `lines=1` and no
    `max_lines`. `type` is "text", "password" or "email". `max_length` counts characters.
    """

    shortcuts: ClassVar[tuple[str, ...]] = ("text",)

    def __init__(
        self,
        value: Any = None,
        *,
        type: str = "text",
        lines: int = 1,
        max_lines: int | None = None,
        placeholder: str | None = None,
        label: str | None = None,
        info: str | None = None,
        max_length: int | None = None,
        **gradio: object,
    ) -> None:
        super().__init__(label=label, info=info, **gradio)
        if type not in TYPES:
            raise self.bad_option(f"type={type!r}): it is one of {', '.join(TYPES)}")
        if lines < 1:
            raise self.bad_option(f"lines={lines}): it needs at least 1 line")
        if max_lines is not None and max_lines < lines:
            raise self.bad_option(f"lines={lines}, max_lines={max_lines}): max_lines is less than lines")
        self.value = self.postprocess(value() if callable(value) else value)
        self.input_type = type
        self.lines = lines
        self.max_lines = max_lines
        self.placeholder = placeholder
        self.max_length = max_length

    def props(self) -> dict[str, Any]:
        """The parameters; `type` is the kind of field."""
        return {
            "value": self.value,
            "type": self.input_type,
            "lines": self.lines,
            "max_lines": self.max_lines,
            "placeholder": self.placeholder,
            "info": self.info,
            "max_length": self.max_length,
        }

    def preprocess(self, payload: str | None) -> str:
        """The text as it was entered."""
        text = "" if payload is None else str(payload)
        if self.max_length is not None and len(text) > self.max_length:
            raise self.bad_input(f"the text has {len(text)} characters; at most {self.max_length} are allowed")
        return text

    def postprocess(self, value: Any) -> str:
        """`str(value)`; "" for None."""
        return "" if value is None else str(value)

    def read_input(self, value: Any, base: Path) -> str:
        """The text itself; never a path."""
        del base
        return "" if value is None else str(value)
