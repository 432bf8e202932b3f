"""Any number of a few choices, all in view."""

from __future__ import annotations

from pageside._choices import Choices, plain_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


class CheckboxGroup(Choices):
    """The function gets a list of the chosen values (with `type="index"` of their places), as they were chosen.

    `value` holds those that are chosen at first. As an output it shows the choices by their names.
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
        self.value = plain_list(value() if callable(value) else value)
        for one in self._unknown(self.value):
            raise self.bad_option(f"value={one!r}): it is none of the choices; there are {self.among()}")

    def props(self) -> dict[str, Any]:
        """The parameters."""
        return super().props() | {"value": self.value}

    def preprocess(self, payload: list[Any] | None) -> list[Any]:
        """The values or their places; an empty list where nothing is chosen."""
        chosen = plain_list(payload)
        for one in self._unknown(chosen):
            raise self.bad_input(f"{one!r} is none of the choices; there are {self.among()}")
        return [self.given(one) for one in chosen]

    def postprocess(self, value: Any) -> list[Any]:
        """Values of choices, as a list; empty for None."""
        values = plain_list(value)
        for one in self._unknown(values):
            raise self.bad_output(f"{one!r} is none of the choices; return a list of {self.among()}")
        return values

    def read_input(self, value: Any, base: Path) -> list[Any]:
        """A list of values or names, which the command line writes as JSON."""
        del base
        return self.read_several(value)

    def _unknown(self, values: list[Any]) -> list[Any]:
        return [one for one in values if not self.is_choice(one)]


# Gradio's other spelling.
Checkboxgroup = CheckboxGroup
