"""What every component is: a value's road from the page to the maker's function and back.

A component file adds a subclass of Component named as the file, with these, each where it differs from the default:
`shortcuts`, `is_input`, `is_output`, `props`, `preprocess`, `postprocess`, `read_input`, `to_stored`, `packages`,
`input_packages`. Beside it may stand subclasses with other defaults, as Gradio's templates (`TextArea`), whose names in
lower case are shortcuts too, and second names (`Text = Textbox`).
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
    """autofocus autoscroll buttons color container elem_classes elem_id every filterable format
    html_attributes icon inputs interactive key min_width mirror_webcam num_choices_shown placeholder
    preserved_by_key render rtl scale show_copy_button show_download_button show_fullscreen_button
    show_reset_button show_select_all show_share_button stop_btn streaming submit_btn text_align time_limit
    watermark webcam_constraints webcam_options"""
)


class Component:
    """One input or output.

    `label=None` takes the parameter's name for an input, "output" for an output; with `show_label=False` only screen
    readers tell it. `info` is a line of help below it. `visible=False` keeps it off the page; an input's value is then
    its first one. `buttons` names what stands below an answer, of those that the component offers.
    Gradio's options that a static page can't use are accepted and warn once; an unknown one raises InterfaceError.
    """

    shortcuts: ClassVar[tuple[str, ...]] = ()
    """Strings that stand for this component in `Interface(inputs="text")`, besides its name in lower case."""
    is_input: ClassVar[bool] = True
    is_output: ClassVar[bool] = True
    is_session: ClassVar[bool] = False
    """Whether its values stay in Python, from one call to the next."""
    offers: ClassVar[dict[str, bool]] = {}
    """Of Gradio's `buttons` those that the page has below an answer, and whether they stand there unasked."""
    optional: bool = False
    """Whether its parameter has None as its default: a picture, sound, drawing or file may then be missing."""
    first_file: Any = None
    """The first value of a component whose values are files: what `read_input` takes, or a function that returns it.
    The build reads it and stores it as an example's."""

    def __init__(
        self,
        *,
        label: str | None = None,
        info: str | None = None,
        show_label: bool | None = None,
        visible: bool | str = True,
        **gradio: Any,
    ) -> None:
        self.label = label
        self.info = info
        self.show_label = show_label is not False
        self.visible = visible is True
        self.buttons = self._asked_buttons(gradio)
        _options.accept(type(self).__name__, gradio, GRADIO_ONLY, self._parameters())

    def __repr__(self) -> str:
        return f"{type(self).__name__}(label={self.label!r})"

    @property
    def type(self) -> str:
        """The name that the page knows it by: its class's in lower case; of a subclass, that of the component."""
        kinds = [kind.__name__.lower() for kind in type(self).__mro__ if _is_main(kind)]
        return kinds[0] if kinds else type(self).__name__.lower()

    def props(self) -> dict[str, Any]:
        """What the page's component needs to draw itself: JSON values, named as the parameters."""
        return {"info": self.info}

    def get_config(self) -> dict[str, Any]:
        """ComponentConfig of `protocol.d.ts`: type, label, props."""
        return {"type": self.type, "label": self.label or "", "props": {**self.props(), **self._looks()}}

    def packages(self) -> list[str]:
        """Packages that the page must load for this component, beside numpy; names as in Pyodide's distribution."""
        return []

    def input_packages(self) -> list[str]:
        """Packages that the page must load besides where it is an input: for what `preprocess` makes."""
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

    def to_example(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """As `to_stored`, for an example's input, with what the strip of examples shows of it."""
        return self.to_stored(payload, write)

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

    def _asked_buttons(self, gradio: dict[str, Any]) -> list[str]:
        """Takes `buttons=` and older Gradio's `show_..._button=` out of `gradio`, where this component offers them."""
        named = gradio.pop("buttons", None) if self.offers else None
        shown = self.offers if named is None else {name: name in named for name in self.offers}
        asked = {name: gradio.pop(f"show_{name}_button", None) for name in self.offers}
        return [name for name, unasked in shown.items() if (unasked if asked[name] is None else asked[name])]

    def _looks(self) -> dict[str, Any]:
        """What every component may be told, where it differs from the default."""
        usual: dict[str, Any] = {"show_label": True, "visible": True, "optional": False}
        usual |= {"buttons": [name for name, shown in self.offers.items() if shown]}
        return {name: getattr(self, name) for name, value in usual.items() if getattr(self, name) != value}

    @classmethod
    def _parameters(cls) -> list[str]:
        codes = [vars(kind)["__init__"].__code__ for kind in cls.__mro__[:-1] if "__init__" in vars(kind)]
        own = [name for code in codes for name in code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]]
        return [*own, "label", "info", "show_label", "visible", *(["buttons"] if cls.offers else [])]


def _is_main(kind: type) -> bool:
    """Whether a class is what its module is named by."""
    return kind.__name__.lower() == kind.__module__.rpartition(".")[2]
