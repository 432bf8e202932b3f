"""One of a few choices, all in view."""

from __future__ import annotations

from pageside._choices import Choices, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Radio(Choices):
    """The function gets the chosen value (with `type="index"` its place), or None where nothing is chosen.

    `value` is the one that is chosen at first. As an output it shows the choice by its name.
    """

    def __init__(
        self,
        choices: Any = None,
        *,
        value: Any = None,
        type: str = "value",
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        super().__init__(choices, type, label=label, info=info, **gradio)
        self.value = plain(value() if callable(value) else value)
        if self.value is not None and not self.is_choice(self.value):
            raise self.bad_option(f"value={self.value!r}): it is none of the choices; there are {self.among()}")

    def props(self) -> dict[str, Any]:
        """The parameters."""
        return super().props() | {"value": self.value}

    def preprocess(self, payload: Any) -> Any:
        """The value or its place."""
        if payload is None:
            return None
        if not self.is_choice(payload):
            raise self.bad_input(f"{payload!r} is none of the choices; there are {self.among()}")
        return self.given(payload)

    def postprocess(self, value: Any) -> Any:
        """The value of a choice, or None."""
        value = plain(value)
        if value is not None and not self.is_choice(value):
            raise self.bad_output(f"{value!r} is none of the choices; return one of {self.among()}, or None")
        return value
