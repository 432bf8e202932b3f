"""What Radio, CheckboxGroup and Dropdown share: choices, and values that must be among them."""

from __future__ import annotations

import json

from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

TYPES = ("value", "index")


class Choices(Component):
    """`choices` are values, or (name, value) tuples where the visitor reads another word than the function gets.

    `type="index"` gives the function the choice's place, from 0, instead of its value.
    """

    def __init__(self, choices: Any, gives: str, *, label: str | None, info: str | None, **gradio: Any) -> None:
        super().__init__(label=label, info=info, **gradio)
        if gives not in TYPES:
            raise self.bad_option(f"type={gives!r}): it is one of {', '.join(TYPES)}")
        self.choices = [self._pair(choice) for choice in self._listed(choices)]
        self.gives = gives
        values = [value for _, value in self.choices]
        for index, value in enumerate(values):
            if value in values[:index]:
                raise self.bad_option(f"choices=...): {value!r} is there twice; each value may be there once")

    def props(self) -> dict[str, Any]:
        """`choices` as [name, value], and the help."""
        return {"choices": [list(pair) for pair in self.choices], "info": self.info}

    def is_choice(self, value: Any) -> bool:
        """Whether it is the value of a choice."""
        return any(value == known for _, known in self.choices)

    def given(self, value: Any) -> Any:
        """What the function gets for one value: itself, or its place; None for a custom one's place."""
        if self.gives == "value":
            return value
        return next((index for index, (_, known) in enumerate(self.choices) if known == value), None)

    def spelled(self, text: Any) -> Any:
        """The value that a text of the command line, or an example's value, stands for: by value, then by name."""
        for _, value in self.choices:
            if value == text:
                return value
        for name, value in self.choices:
            if text in (name, str(value)):
                return value
        return text

    def among(self) -> str:
        """For messages: the choices, at most eight of them."""
        names = [repr(value) for _, value in self.choices]
        return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "") or "none"

    def read_input(self, value: Any, base: Path) -> Any:
        """One value, by value or by name."""
        del base
        return None if value is None else self.spelled(value)

    def read_several(self, value: Any) -> list[Any]:
        """A list of values, each by value or by name; as text it is JSON, or as Python writes a list, which is what
        Gradio logs. One alone need be no list.
        """
        if isinstance(value, str) and value.startswith("["):
            value = self._list_of(value)
        values = [] if value in (None, "") else value if isinstance(value, (list, tuple)) else [value]
        return [self.spelled(one) for one in values]

    def _list_of(self, text: str) -> list[Any]:
        import ast

        for read in (json.loads, ast.literal_eval):
            try:
                found: list[Any] = read(text)
            except (ValueError, SyntaxError):
                continue
            return found
        raise self.bad_input(f'{text!r} is no list; write it as ["a", "b"]')

    def _listed(self, choices: Any) -> list[Any]:
        if choices is None:
            return []
        if isinstance(choices, (str, bytes, dict)) or not hasattr(choices, "__iter__"):
            raise self.bad_option(f"choices={choices!r}): it is a list of values or of (name, value) tuples")
        return list(choices)

    def _pair(self, choice: Any) -> tuple[str, Any]:
        if isinstance(choice, (tuple, list)) and len(choice) == 2:
            name, value = choice
        else:
            name = value = choice
        value = plain(value)
        if not isinstance(value, (str, int, float)):
            raise self.bad_option(f"choices=...): {choice!r} is no text, number or (name, value) tuple")
        return str(name), value


def plain(value: Any) -> Any:
    """A NumPy scalar as Python's own, which JSON knows."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


def plain_list(value: Any) -> list[Any]:
    """Several values as a list of Python's own; None is none of them, and one alone is a list of one."""
    if value is None:
        return []
    return [plain(one) for one in (value if isinstance(value, (list, tuple)) else [value])]
