"""A drawing by mouse, finger, pen or keyboard."""

from __future__ import annotations

import numpy as np

from pageside import _files, _options, _pictures
from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

MODES = ("RGBA", "RGB", "L")
IGNORED = _options.names("fixed_canvas layers sources transforms")
LARGEST = 4096
# Gradio's.
COLORS = ("rgb(204, 50, 50)", "rgb(173, 204, 50)", "rgb(50, 204, 112)", "rgb(50, 112, 204)", "rgb(173, 50, 204)")


class Eraser:
    """The eraser. `default_size` is its width in pixels of the canvas, or "auto": as wide as the pen."""

    def __init__(self, default_size: int | str = "auto") -> None:
        self.default_size = default_size

    def problem(self) -> str | None:
        """What is wrong with its arguments, for a message; None where nothing is."""
        size = self.default_size
        if size != "auto" and not (isinstance(size, (int, float)) and size > 0):
            return f"default_size={size!r}): it is in pixels of the canvas, above 0, or 'auto'"
        return None


class Brush(Eraser):
    """The pen.

    `default_size` is its width in pixels of the canvas, or "auto". `colors` are CSS colours, five without; the first,
    or `default_color`, is in hand; `color_mode="fixed"` offers only them, "defaults" a free choice as well.
    """

    def __init__(
        self,
        default_size: int | str = "auto",
        colors: list[str] | tuple[str, ...] | str | None = None,
        default_color: str | None = None,
        color_mode: str = "defaults",
    ) -> None:
        super().__init__(default_size)
        self.colors = [colors] if isinstance(colors, str) else list(colors or COLORS)
        self.default_color = default_color or self.colors[0]
        self.color_mode = color_mode

    def problem(self) -> str | None:
        """What is wrong with its arguments, for a message; None where nothing is."""
        if found := super().problem():
            return found
        if self.color_mode not in ("fixed", "defaults"):
            return f"color_mode={self.color_mode!r}): it is 'fixed' or 'defaults'"
        strange = [color for color in (*self.colors, self.default_color) if not isinstance(color, str)]
        return f"colors={strange[0]!r}): each is a text, as '#000000'" if strange else None


class Sketchpad(Component):
    """A drawing. The function gets a dict, as from Gradio: `background`, `layers` and `composite`.

    Each is a uint8 array (height, width, 4), (height, width, 3) with `image_mode="RGB"`, (height, width) with "L"; a
    Pillow image with `type="pil"`; with "filepath" the path of a PNG file, which the next drawing replaces. `layers`
    holds one, the strokes. With "RGBA" what is not drawn on is transparent; with "RGB" and "L" it is white.
    `background` is the picture drawn upon, blank without one. None comes where nothing is drawn.

    `canvas_size` is (width, height) in pixels; `brush` a Brush, black without one; `eraser` an Eraser, False for none;
    `height` and `width` are the shown size, pixels or CSS.
    `value` is the path of a picture, relative to the demo, that is there first to be drawn upon.
    """

    shortcuts = ("sketch",)
    is_output = False

    def __init__(
        self,
        value: Any = None,
        *,
        height: int | str | None = None,
        width: int | str | None = None,
        canvas_size: tuple[int, int] = (800, 800),
        image_mode: str = "RGBA",
        type: str = "numpy",
        brush: Brush | None = None,
        eraser: Eraser | bool | None = None,
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        super().__init__(label=label, info=info, **gradio)
        _options.accept("Sketchpad", ignored, IGNORED, ())
        self.first_file = value
        self.height = height
        self.width = width
        self.canvas_size = canvas_size
        self.image_mode = image_mode
        self.value_type = type
        self.brush = Brush(colors=["#000000"], color_mode="fixed") if brush is None else brush
        self.eraser = Eraser() if eraser is None or eraser is True else eraser
        self._check()

    def _check(self) -> None:
        if self.image_mode not in MODES:
            raise self.bad_option(f"image_mode={self.image_mode!r}): it is one of {', '.join(MODES)}")
        if self.value_type not in _files.TYPES:
            raise self.bad_option(f"type={self.value_type!r}): it is one of {', '.join(_files.TYPES)}")
        size = self.canvas_size
        fits = isinstance(size, (tuple, list)) and len(size) == 2
        if not fits or not all(isinstance(side, int) and 1 <= side <= LARGEST for side in size):
            raise self.bad_option(f"canvas_size={size!r}): it is (width, height), each 1 to {LARGEST} pixels")
        if not isinstance(self.brush, Brush):
            raise self.bad_option(f"brush={self.brush!r}): give a Brush, as Brush(default_size=20)")
        if problem := self.brush.problem():
            raise self.bad_option(f"brush=Brush({problem}")
        if self.eraser is not False and not isinstance(self.eraser, Eraser):
            raise self.bad_option(f"eraser={self.eraser!r}): give an Eraser, as Eraser(default_size=20), or False")
        if self.eraser and (problem := self.eraser.problem()):
            raise self.bad_option(f"eraser=Eraser({problem}")

    def props(self) -> dict[str, Any]:
        """The parameters that the page needs; `brush` as a dict."""
        brush = self.brush
        return {
            "height": self.height,
            "width": self.width,
            "canvas_size": list(self.canvas_size),
            "brush": {
                "default_size": brush.default_size,
                "colors": brush.colors,
                "default_color": brush.default_color,
                "color_mode": brush.color_mode,
            },
            "eraser": {"default_size": self.eraser.default_size} if self.eraser else False,
            "info": self.info,
        }

    def packages(self) -> list[str]:
        """Pillow, for `type="pil"` and `type="filepath"`."""
        return [] if self.value_type == "numpy" else ["pillow"]

    def preprocess(self, payload: dict[str, Any] | None) -> dict[str, Any] | None:
        """SketchPayload to Gradio's dict; None where nothing is drawn."""
        if payload is None:
            return None
        height, width = payload["height"], payload["width"]
        strokes = _pixels(payload["data"]).reshape(height, width, 4)
        layer = strokes if self.image_mode == "RGBA" else self._as_asked(_pictures.over_white(strokes))
        if payload.get("background") is None:
            # Live drawings are many: nothing is converted twice.
            blank = np.full_like(layer, 0 if self.image_mode == "RGBA" else 255)
            return self._value(blank, layer, layer.copy())
        picture = _pixels(payload["background"]).reshape(height, width, 3)
        return self._value(self._as_asked(picture), layer, self._as_asked(_pictures.over(strokes, picture)))

    def read_input(self, value: Any, base: Path) -> dict[str, Any] | None:
        """SketchPayload of a picture to draw upon: a path relative to `base`."""
        if value is None or (isinstance(value, str) and not value):
            return None
        if not isinstance(value, str) and not hasattr(value, "__fspath__"):
            raise self.bad_input(f"it takes the path of a picture, not {type(value).__name__}")
        picture = _pictures.read_file(base / value, LARGEST, self.bad_input)
        blank = np.zeros(picture["width"] * picture["height"] * 4, np.uint8)
        return {**picture, "data": blank, "background": picture["data"]}

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """{file, width, height}: the picture that the example draws upon."""
        if payload is None:
            return None
        picture = {**payload, "data": payload["background"]}
        suffix, data = ".png", _pictures.to_png(picture)
        if "original" in payload and len(payload["original"][1]) <= len(data):
            suffix, data = payload["original"]
        return {"file": write(suffix, data), "width": payload["width"], "height": payload["height"]}

    def _as_asked(self, rgb: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8, which is opaque, in the maker's `image_mode`."""
        if self.image_mode == "L":
            return _pictures.grey(rgb)
        return rgb if self.image_mode == "RGB" else np.dstack((rgb, np.full(rgb.shape[:2], 255, np.uint8)))

    def _value(self, background: np.ndarray, layer: np.ndarray, composite: np.ndarray) -> dict[str, Any]:
        parts = {"background": background, "layer": layer, "composite": composite}
        given = {name: self._given(name, pixels) for name, pixels in parts.items()}
        return {"background": given["background"], "layers": [given["layer"]], "composite": given["composite"]}

    def _given(self, name: str, pixels: np.ndarray) -> Any:
        if self.value_type == "numpy":
            return pixels
        if self.value_type == "filepath":
            return _files.place(self, f"{name}.png", _pictures.png(pixels))
        from PIL.Image import fromarray

        return fromarray(pixels)


class Paint(Sketchpad):
    """A Sketchpad with colours."""

    def __init__(self, value: Any = None, *, brush: Brush | None = None, **options: Any) -> None:
        super().__init__(value, brush=Brush() if brush is None else brush, **options)


def _pixels(data: Any) -> np.ndarray:
    """uint8, writeable: what was read for several calls is not the maker's to write into."""
    flat = data if isinstance(data, np.ndarray) else np.frombuffer(data, np.uint8)
    return flat if flat.flags.writeable else flat.copy()
