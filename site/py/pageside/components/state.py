"""What the function keeps from call to call."""

from __future__ import annotations

from copy import deepcopy

from pageside import _options
from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

IGNORED = _options.names("delete_callback time_to_live")


class State(Component):
    """A value that the visitor does not see: the function takes it as an argument and returns the next one.

    It stands among the inputs and, once for each of them, among the outputs, in the same order. `value` is what the
    first call gets, a copy of its own. The page begins with it anew when the visitor clears the demo, takes an example
    or begins a new recording; `predict()` of the page's handle always does. Any Python object will do: it stays there.
    """

    is_session: ClassVar[bool] = True

    def __init__(self, value: Any = None, **gradio: Any) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        _options.accept("State", ignored, IGNORED, ())
        super().__init__(**gradio)
        self.value = value

    def first(self) -> Any:
        """What a session begins with. Raises ComponentError where the value can't be copied."""
        try:
            return deepcopy(self.value)
        except Exception as error:
            raise self.bad_option(f"value): a {type(self.value).__name__} can't be copied: {error}") from error
