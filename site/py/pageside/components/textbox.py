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

    `lines` is the height at first, `max_lines` the height up to which it grows, `lines` where that is more; one line
    with `lines=1` and no `max_lines`, and where `type` is "password" or "email" in place of "text". `max_length` counts
    characters. `autofocus=True` puts the cursor there, in a page that is not embedded; `text_align` is "left" or
    "right"; `rtl=True` writes from the right. `buttons=["copy"]` copies an answer.
    """

    offers: ClassVar[dict[str, bool]] = {"copy": False}

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
        autofocus: bool = False,
        text_align: str | None = None,
        rtl: bool = False,
        **gradio: Any,
    ) -> None:
        super().__init__(label=label, info=info, **gradio)
        if type not in TYPES:
            raise self.bad_option(f"type={type!r}): it is one of {', '.join(TYPES)}")
        if text_align not in (None, "left", "right"):
            raise self.bad_option(f"text_align={text_align!r}): it is 'left' or 'right'")
        if lines < 1:
            raise self.bad_option(f"lines={lines}): it needs at least 1 line")
        if type != "text":
            lines, max_lines = 1, None
        self.value = self.postprocess(value() if callable(value) else value)
        self.input_type = type
        self.lines = lines
        self.max_lines = max_lines if max_lines is None else max(lines, max_lines)
        self.placeholder = placeholder
        self.max_length = max_length
        self.autofocus = autofocus
        self.text_align = text_align
        self.rtl = rtl

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
            "autofocus": self.autofocus,
            "text_align": self.text_align,
            "rtl": self.rtl,
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


class TextArea(Textbox):
    """A Textbox of seven lines."""

    def __init__(self, value: Any = None, *, lines: int = 7, max_lines: int | None = 20, **options: Any) -> None:
        super().__init__(value, lines=lines, max_lines=max_lines, **options)


# Gradio's second name.
Text = Textbox
