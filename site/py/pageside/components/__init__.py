"""The components. One module each: `components/textbox.py` holds `Textbox`; a new file is found without any list.

The class is the one whose name in lower case is the module's. Its page side is `page/components/<module>.js`.
A module may hold variants of it beside it (`TextArea`), and second names (`Text`), as Gradio has them.
A module is imported when it is first asked for: a page needs few of them.
"""

from __future__ import annotations

import os
from importlib import import_module

from pageside._errors import ComponentError
from pageside.components.base import Component

__all__ = ["Component", "classes", "find", "modules", "named", "resolve", "shortcuts"]


def __getattr__(name: str) -> type[Component]:
    """Gradio's `gr.components.Textbox`."""
    if not name.startswith("_") and (found := named(name)):
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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


def named(name: str) -> type[Component] | None:
    """The component, variant or second name that is spelled like this; None where no module has it."""
    return next((one for module in _nearest(name) if (one := _names(module).get(name))), None)


def shortcuts() -> list[str]:
    """The strings that stand for a component with its defaults, sorted."""
    return sorted({text for module in modules() for text in _spellings(module)})


def resolve(spec: object, where: str) -> Component:
    """A component from what the maker wrote: an instance, a class, or a shortcut as "text".

    Raises ComponentError, with `where` ("Interface(inputs=...)") and the shortcuts that exist.
    """
    if isinstance(spec, Component):
        return spec
    if isinstance(spec, type) and issubclass(spec, Component):
        return spec()
    if isinstance(spec, str):
        return _by_shortcut(spec, where)()
    raise ComponentError(
        f"{where} got {spec!r}, a {type(spec).__name__}; give a component, as Textbox(), or its name, as 'text'"
    )


def _by_shortcut(text: str, where: str) -> type[Component]:
    wanted = text.lower().replace("_", "")
    for module in _nearest(wanted):
        if found := _spellings(module).get(wanted):
            return found
    raise ComponentError(f"{where} got {text!r}, which is no component; there are {', '.join(shortcuts())}")


def _nearest(name: str) -> list[str]:
    """The modules, first those that begin as the name does: mostly the others need no import then."""

    def alike(module: str) -> int:
        pairs = zip(module, name.lower(), strict=False)
        return next((place for place, (one, other) in enumerate(pairs) if one != other), len(module))

    return sorted(modules(), key=alike, reverse=True)


def _names(module: str) -> dict[str, type[Component]]:
    """The component of a module, its variants and its second names; those that it imports are another's."""
    main = find(module)
    return {
        name: value
        for name, value in vars(import_module(main.__module__)).items()
        if not name.startswith("_") and isinstance(value, type) and issubclass(value, main)
    }


def _spellings(module: str) -> dict[str, type[Component]]:
    names = {name.lower(): kind for name, kind in _names(module).items()}
    return {**names, **dict.fromkeys(find(module).shortcuts, find(module))}
