"""Options of Gradio that have no meaning on a static page: accepted, so that a demo runs unchanged, and named once."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pageside._errors import Error

_OURS = ("pageside", "pageside_export")
_warned: set[str] = set()


class Unused:
    """A value for an option that is ignored, as `gr.themes.Soft(primary_hue="red").set(radius="2px")`."""

    def __getattr__(self, name: str) -> Unused:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: object, **__: object) -> Unused:
        return self


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


# Of Gradio, what makes the values of such options.
UNUSED = names("LayerOptions WatermarkOptions WaveformOptions WebcamOptions themes")


def accept(where: str, given: Mapping[str, object], ignored: frozenset[str], known: Iterable[str]) -> None:
    """Check keyword arguments that `where` has no parameter for.

    Those in `ignored` are Gradio's and warn once per process; any other raises InterfaceError with the nearest name.
    """
    for name in given:
        if name not in ignored:
            raise _unknown(where, name, [*known, *ignored])
        _warn_once(where, name)


def _unknown(where: str, name: str, known: list[str]) -> Error:
    import difflib

    from pageside._errors import InterfaceError

    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; it takes {', '.join(sorted(set(known)))}"
    return InterfaceError(f"{where}() has no option {name!r}{hint}")


def _warn_once(where: str, name: str) -> None:
    key = f"{where}.{name}"
    if key in _warned:
        return
    _warned.add(key)
    import warnings

    text = f"{where}({name}=...) has no effect on a static page; it is ignored"
    warnings.warn(text, UserWarning, stacklevel=_levels_to_maker())


def _levels_to_maker() -> int:
    """For `warn` in the calling function: how far up the first line outside this package and its tools is."""
    import sys

    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals["__name__"].partition(".")[0] in _OURS:
        frame, level = frame.f_back, level + 1
    return level
