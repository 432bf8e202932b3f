"""What every component is: a value's road from the page to the maker's function and back.

A component file adds a subclass of Component named as the file, with these, each where it differs from the default:
`shortcuts`, `is_input`, `is_output`, `props`, `preprocess`, `postprocess`, `read_input`, `to_stored`, `packages`.
"""

from __future__ import annotations

from pageside import _options
from pageside._errors import ComponentError, InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any, ClassVar

# What Gradio's components take for a page that Gradio's server draws.
GRADIO_ONLY = _options.names(
    """autofocus autoscroll buttons color container elem_classes elem_id every format html_attributes icon inputs
    filterable interactive key min_width mirror_webcam placeholder preserved_by_key render rtl scale show_copy_button
    show_download_button show_fullscreen_button show_heading show_label show_reset_button show_share_button
    stop_btn streaming submit_btn text_align time_limit visible watermark webcam_constraints webcam_options"""
)


class Component:
    """One input or output.

    `label=None` takes the parameter's name for an input, "output" for an output. `info` is a line of help below it.
    Gradio's options that a static page can't use are accepted and warn once; an unknown one raises InterfaceError.
    """

    shortcuts: ClassVar[tuple[str, ...]] = ()
    """Strings that stand for this component in `Interface(inputs="text")`, besides its name in lower case."""
    is_input: ClassVar[bool] = True
    is_output: ClassVar[bool] = True
    is_session: ClassVar[bool] = False
    """Whether its values stay in Python, from one call to the next."""

    def __init__(self, *, label: str | None = None, info: str | None = None, **gradio: object) -> None:
        _options.accept(type(self).__name__, gradio, GRADIO_ONLY, self._parameters())
        self.label = label
        self.info = info

    def __repr__(self) -> str:
        return f"{type(self).__name__}(label={self.label!r})"

    @property
    def type(self) -> str:
        """The name that the page knows it by: the class name in lower case."""
        return type(self).__name__.lower()

    def props(self) -> dict[str, Any]:
        """What the page's component needs to draw itself: JSON values, named as the parameters."""
        return {"info": self.info}

    def get_config(self) -> dict[str, Any]:
        """ComponentConfig of `protocol.d.ts`: type, label, props."""
        return {"type": self.type, "label": self.label or "", "props": self.props()}

    def packages(self) -> list[str]:
        """Packages that the page must load for this component, beside numpy; names as in Pyodide's distribution."""
        return []

    def preprocess(self, payload: Any) -> Any:
        """The maker's argument from a payload of the page. Raises InputError."""
        return payload

    def postprocess(self, value: Any) -> Any:
        """A payload for the page from what the maker returned. Raises ComponentError."""
        return value

    def read_input(self, value: Any, base: Path) -> Any:
        """The payload for a command-line argument or an example's value; paths are relative to `base`.

        Outside the page only. Raises InputError.
        """
        del base
        return value

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """The payload as a JSON value of bundle.json. `write(suffix, data)` keeps a file and returns its FileRef."""
        del write
        return payload

    def named(self) -> str:
        """For messages: `Number 'age'`."""
        return f"{type(self).__name__} {self.label!r}" if self.label else type(self).__name__

    def bad_input(self, problem: str) -> InputError:
        """An InputError that names this component."""
        return InputError(f"{self.named()}: {problem}")

    def bad_option(self, problem: str) -> ComponentError:
        """A ComponentError about an argument of the constructor."""
        return ComponentError(f"{type(self).__name__}({problem}")

    def bad_output(self, problem: str) -> ComponentError:
        """A ComponentError about what the maker returned."""
        return ComponentError(f"{self.named()}: {problem}")

    @classmethod
    def _parameters(cls) -> list[str]:
        code = cls.__init__.__code__
        return [*code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount], "label", "info"]
