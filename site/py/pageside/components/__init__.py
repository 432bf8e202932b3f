"""The components. One module each: `components/textbox.py` holds `Textbox`; a new file is found without any list.

The class is the one whose name in lower case is the module's. Its page side is `page/components/<module>.js`.
A module is imported when it is first asked for: a page needs few of them.
"""

from __future__ import annotations

import os
from importlib import import_module

from pageside._errors import ComponentError
from pageside.components.base import Component

__all__ = ["Component", "classes", "find", "modules", "resolve", "shortcuts"]


def modules() -> list[str]:
    """The names of the component modules, sorted."""
    files = (name for folder in __path__ for name in os.listdir(folder))  # noqa: PTH208
    # In the page they are compiled.
    names = {name.partition(".")[0] for name in files if name.endswith((".py", ".pyc")) and not name.startswith("_")}
    return sorted(names - {"base"})


def find(module: str) -> type[Component]:
    """The component of a module. Raises ComponentError where it holds none."""
    for name, value in vars(import_module(f"{__name__}.{module}")).items():
        if name.lower() == module and isinstance(value, type) and issubclass(value, Component):
            return value
    raise ComponentError(
        f"components/{module}.py holds no component; it needs a subclass of Component named {module.capitalize()!r}, "
        "in any mix of upper and lower case"
    )


def classes() -> dict[str, type[Component]]:
    """All component classes by class name, sorted."""
    found = [find(module) for module in modules()]
    return {cls.__name__: cls for cls in sorted(found, key=lambda cls: cls.__name__)}


def shortcuts() -> list[str]:
    """The strings that stand for a component with its defaults, sorted."""
    return sorted({text for module in modules() for text in (module, *find(module).shortcuts)})


def resolve(spec: object, where: str) -> Component:
    """A component from what the maker wrote: an instance, a class, or a shortcut as "text".

    Raises ComponentError, with `where` ("Interface(inputs=...)") and the shortcuts that exist.
    """
    if isinstance(spec, Component):
        return spec
    if isinstance(spec, type) and issubclass(spec, Component):
        return spec()
    if isinstance(spec, str):
        return _by_shortcut(spec, where).of_shortcut(spec.lower())
    raise ComponentError(
        f"{where} got {spec!r}, a {type(spec).__name__}; give a component, as Textbox(), or its name, as 'text'"
    )


def _by_shortcut(text: str, where: str) -> type[Component]:
    wanted = text.lower()
    # Those that begin with the shortcut first: mostly the others need no import then.
    for module in sorted(modules(), key=lambda name: not name.startswith(wanted)):
        if module == wanted or wanted in find(module).shortcuts:
            return find(module)
    raise ComponentError(f"{where} got {text!r}, which is no component; there are {', '.join(shortcuts())}")
