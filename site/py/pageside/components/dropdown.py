"""One choice, or several, from a list that opens."""

from __future__ import annotations

from pageside._choices import Choices, plain, plain_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

_FIRST = object()


class Dropdown(Choices):
    """The function gets the chosen value (with `type="index"` its place), or None where nothing is chosen.

    With `multiselect=True` it gets a list, of at most `max_choices`. `value` is what is chosen at first: the first
    choice where it is not given, nothing where it is None. `allow_custom_value=True` lets the visitor write an own one.
    """

    def __init__(
        self,
        choices: Any = None,
        *,
        value: Any = _FIRST,
        type: str = "value",
        multiselect: bool | None = None,
        allow_custom_value: bool = False,
        max_choices: int | None = None,
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        super().__init__(choices, type, label=label, info=info, **gradio)
        self.multiselect = bool(multiselect)
        self.allow_custom_value = allow_custom_value
        self.max_choices = max_choices
        if max_choices is not None and (max_choices < 1 or not self.multiselect):
            raise self.bad_option(f"max_choices={max_choices}): it is at least 1 and needs multiselect=True")
        if value is _FIRST:
            value = self.choices[0][1] if self.choices and not self.multiselect else None
        self.value = self._values(value() if callable(value) else value)
        unknown = self._unknown(self.value)
        if unknown:
            raise self.bad_option(f"value={unknown[0]!r}): it is none of the choices; there are {self.among()}")

    def props(self) -> dict[str, Any]:
        """The parameters."""
        return super().props() | {
            "value": self.value,
            "multiselect": self.multiselect,
            "allow_custom_value": self.allow_custom_value,
            "max_choices": self.max_choices,
        }

    def preprocess(self, payload: Any) -> Any:
        """The value or its place; with `multiselect` a list of them."""
        chosen = self._values(payload)
        unknown = self._unknown(chosen)
        if unknown:
            raise self.bad_input(f"{unknown[0]!r} is none of the choices; there are {self.among()}")
        if self.max_choices is not None and len(chosen) > self.max_choices:
            raise self.bad_input(f"{len(chosen)} are chosen; at most {self.max_choices} are allowed")
        if self.multiselect:
            return [self.given(value) for value in chosen]
        return None if chosen is None else self.given(chosen)

    def postprocess(self, value: Any) -> Any:
        """The value of a choice or None; with `multiselect` a list, empty for None."""
        values = self._values(value)
        unknown = self._unknown(values)
        if unknown:
            raise self.bad_output(f"{unknown[0]!r} is none of the choices; return one of {self.among()}, or None")
        return values

    def read_input(self, value: Any, base: Path) -> Any:
        """One value, by value or by name; with `multiselect` a list, which the command line writes as JSON."""
        if not self.multiselect:
            return super().read_input(None if value == "" and not self.is_choice("") else value, base)
        return self.read_several(value)

    def _values(self, value: Any) -> Any:
        return plain_list(value) if self.multiselect else plain(value)

    def _unknown(self, value: Any) -> list[Any]:
        if self.allow_custom_value:
            return []
        values = value if self.multiselect else [] if value is None else [value]
        return [one for one in values if not self.is_choice(one)]
