"""A picture with marked places: boxes or masks, each with a label. Output only."""

from __future__ import annotations

import math
import re

import numpy as np

from pageside import _options
from pageside._errors import ComponentError
from pageside.components.base import Component
from pageside.components.image import Image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, ClassVar

# Told apart on photos, also by colour-blind eyes (after Okabe and Ito), the most striking first.
PALETTE = ("#f5a623", "#56b4e9", "#2ec796", "#f0e442", "#ff7a59", "#cc79a7", "#4b8bff", "#b8e986")
HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
# The share of its colour that a mask lays over the picture where it is 1.
MASK_ALPHA = 0.6
IGNORED = _options.names("value")
SHOWN = 120  # characters of a value in a message


class AnnotatedImage(Component):
    """The function returns `(image, [(place, label), ...])`.

    `image` is what `Image` takes. A place is a box (x1, y1, x2, y2) in pixels of the picture, or a mask (h, w) of its
    size, bool or float of 0 to 1. Each label has one colour: of `color_map` ({label: "#rrggbb"}), else of a palette.
    `height` and `width` are the shown size, pixels or CSS. None clears the output.
    """

    is_input: ClassVar[bool] = False

    def __init__(
        self,
        value: Any = None,
        *,
        show_legend: bool = True,
        height: int | str | None = None,
        width: int | str | None = None,
        color_map: Mapping[str, str] | None = None,
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        _options.accept("AnnotatedImage", {} if value is None else {"value": value}, IGNORED, ())
        super().__init__(label=label, info=info, **gradio)
        self.show_legend = show_legend
        self.height = height
        self.width = width
        self.color_map = dict(color_map or {})
        for name, color in self.color_map.items():
            if not isinstance(color, str) or not HEX.fullmatch(color):
                raise self.bad_option(f"color_map={{{name!r}: {color!r}}}): a colour is written '#rrggbb' or '#rgb'")
        self._picture = Image(label=label)

    def props(self) -> dict[str, Any]:
        """The parameters that the page needs; colours come with each answer."""
        return {"show_legend": self.show_legend, "height": self.height, "width": self.width, "info": self.info}

    def postprocess(self, value: Any) -> dict[str, Any] | None:
        """AnnotatedImagePayload: the picture, and each place with its label and colour."""
        if value is None:
            return None
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise self.bad_output(f"it takes (image, [(box or mask, label), ...]), not {_short(value)}")
        picture, places = value
        if picture is None:
            return None
        payload = self._pixels(picture)
        if not isinstance(places, (tuple, list)):
            raise self.bad_output(f"the annotations are a list of (box or mask, label), not {_short(places)}")
        size = (payload["height"], payload["width"])
        colors: dict[str, str] = {}
        return {"image": payload, "annotations": [self._place(i, one, size, colors) for i, one in enumerate(places)]}

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """The picture as `Image` keeps it; a mask as a PNG of its colour."""
        if payload is None:
            return None
        image = self._picture.to_stored(payload["image"], write)
        size = (payload["image"]["height"], payload["image"]["width"])
        stored = [
            {**one, "mask": {"file": write(".png", _mask_png(one, size))}} if "mask" in one else one
            for one in payload["annotations"]
        ]
        return {"image": image, "annotations": stored}

    def _pixels(self, picture: Any) -> dict[str, Any]:
        self._picture.label = self.label
        try:
            payload = self._picture.opaque(picture)
        except ComponentError as error:
            raise self.bad_output(str(error).partition(": ")[2]) from None
        assert payload is not None
        return payload

    def _place(self, index: int, one: Any, size: tuple[int, int], colors: dict[str, str]) -> dict[str, Any]:
        where = f"annotation {index}"
        if not isinstance(one, (tuple, list)) or len(one) != 2:
            raise self.bad_output(f"{where} is a pair (box or mask, label), not {_short(one)}")
        place, name = one
        if not isinstance(name, str):
            raise self.bad_output(f"{where} has the label {_short(name)}; a label is text")
        base = {"label": name, "color": self._color(name, colors)}
        if getattr(place, "ndim", 1) == 2:
            return {**base, "mask": self._mask(where, place, size)}
        return {**base, "box": self._box(where, place)}

    def _color(self, name: str, colors: dict[str, str]) -> str:
        if name not in colors:
            used = sum(known not in self.color_map for known in colors)
            colors[name] = self.color_map.get(name, PALETTE[used % len(PALETTE)])
        return colors[name]

    def _box(self, where: str, place: Any) -> list[float]:
        """Rounded to a hundredth of a pixel."""
        try:
            numbers = [float(number) for number in place]
        except (TypeError, ValueError):
            numbers = []
        if len(numbers) != 4:
            raise self.bad_output(f"{where} is at {_short(place)}; a place is (x1, y1, x2, y2) or a mask of (h, w)")
        x1, y1, x2, y2 = numbers
        if not all(map(math.isfinite, numbers)):
            raise self.bad_output(f"{where} has the box {tuple(numbers)}; each number has to be finite")
        if x2 < x1 or y2 < y1:
            raise self.bad_output(
                f"{where} has the box {tuple(numbers)}; it is (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2, "
                "not a width and height"
            )
        return [round(number, 2) for number in numbers]

    def _mask(self, where: str, mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """uint8 (h * w,), 255 where the mask is 1."""
        if mask.shape != size:
            raise self.bad_output(f"{where} has a mask of shape {mask.shape}; the picture has {size}")
        if mask.dtype == np.bool_:
            return np.ascontiguousarray(mask).reshape(-1).astype(np.uint8) * np.uint8(255)
        low, high = mask.min(), mask.max()
        if mask.dtype.kind not in "fiu" or not (low >= 0 and high <= 1):
            raise self.bad_output(
                f"{where} has a mask of {mask.dtype}, {low} to {high}; it is bool, or numbers of 0 to 1"
            )
        return (mask.astype(np.float32) * 255 + 0.5).astype(np.uint8).reshape(-1)


# Gradio's other spelling.
Annotatedimage = AnnotatedImage


def _short(value: Any) -> str:
    if hasattr(value, "shape"):
        return f"an array of shape {value.shape}"
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _mask_png(one: dict[str, Any], size: tuple[int, int]) -> bytes:
    """The mask's colour, as far opaque as the mask says."""
    import io

    from PIL import Image as PillowImage

    color = one["color"].lstrip("#")
    color = color if len(color) == 6 else "".join(digit * 2 for digit in color)
    pixels = np.empty((*size, 4), np.uint8)
    pixels[..., :3] = list(bytes.fromhex(color))
    pixels[..., 3] = (one["mask"].reshape(size) * MASK_ALPHA).astype(np.uint8)
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
