"""A matplotlib figure, out only."""

from __future__ import annotations

import sys

import numpy as np

from pageside import _options
from pageside.components.base import Component
from pageside.components.image import Image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

IGNORED = _options.names("caption format value")
# Drawn this many times finer than the figure says, so that type is sharp on a phone.
FINER = 2


class Plot(Component):
    """The function returns a matplotlib `Figure`, or its `Axes`; a figure of pyplot is closed. None clears the output.

    It is drawn where the function runs, in the page too, which loads matplotlib there (about 10 MB). `LinePlot` needs
    none of that.
    """

    is_input: ClassVar[bool] = False

    def __init__(self, value: Any = None, *, label: str | None = None, info: str | None = None, **gradio: Any) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        if value is not None:
            ignored["value"] = value
        _options.accept("Plot", ignored, IGNORED, ())
        super().__init__(label=label, info=info, **gradio)
        self._picture = Image(label=label)

    def postprocess(self, value: Any) -> dict[str, Any] | None:
        """ImagePayload: the figure at twice its `dpi`."""
        if value is None:
            return None
        figure = value.get_figure() if hasattr(value, "get_figure") and not hasattr(value, "savefig") else value
        if not hasattr(figure, "savefig"):
            raise self.bad_output(f"it takes a matplotlib Figure, not {type(value).__name__}")
        # The maker's package, and there since he made the figure with it.
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        dpi = figure.get_dpi()
        figure.set_dpi(dpi * FINER)
        try:
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            pixels = np.array(canvas.buffer_rgba())
        finally:
            figure.set_dpi(dpi)
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close(figure)
        return self._picture.opaque(pixels)

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """As `Image` keeps it."""
        return None if payload is None else self._picture.to_stored(payload, write)
