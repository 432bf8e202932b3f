"""Pageside: a PyTorch model and a few lines of Python as a static web page. Gradio's names; `Model` is the new one.

Every class of `components/` is here too, and imported when it is first used.
"""

from importlib import import_module

from pageside import _options, components
from pageside._errors import Error as Error
from pageside.interface import Accordion as Accordion
from pageside.interface import Button as Button
from pageside.interface import Interface as Interface
from pageside.model import Model as Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pageside import ops as ops
    from pageside.progress import Progress as Progress

__version__ = "0.1.0"

# What is here beside the components, and where what is imported when it is first used.
LAZY = {"Progress": "progress", **dict.fromkeys(("Brush", "Eraser"), "components.sketchpad")}
LAZY |= dict.fromkeys(("Info", "Success", "Warning"), "_notices")
OTHERS = ("Accordion", "Button", "Error", "Interface", "Model", "ops", *LAZY)


def __getattr__(name: str) -> "Any":
    if name == "__all__":
        return sorted({*OTHERS, *components.classes()})
    if name == "ops":
        return import_module("pageside.ops")
    if name in LAZY:
        return getattr(import_module(f"pageside.{LAZY[name]}"), name)
    if name in _options.UNUSED:
        return _options.Unused()
    if name.startswith("_"):
        raise AttributeError(f"module 'pageside' has no attribute {name!r}")
    if found := components.named(name):
        globals()[name] = found
        return found
    raise AttributeError(f"pageside has no {name!r}; it has {', '.join(__getattr__('__all__'))}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})
