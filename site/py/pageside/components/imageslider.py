"""Two pictures in one place, before and after, with a line between them that moves. Output only."""

from __future__ import annotations

from pageside import _options
from pageside._errors import ComponentError
from pageside.components.base import Component
from pageside.components.image import Image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar


# Of an input, which it is not here.
IGNORED = _options.names("image_mode type value")


class ImageSlider(Component):
    """The function returns `(before, after)`, each what `Image` takes, of one shape; None clears the output.

    `slider_position` is where the line stands at first, in percent of the width; left of it is `before`. `height`,
    `max_height` and `width` are the shown size, pixels or CSS. `after` can be downloaded and, where the device can,
    shared; `buttons=[]` leaves that out.
    """

    is_input: ClassVar[bool] = False
    offers: ClassVar[dict[str, bool]] = {"download": True, "share": True}

    def __init__(
        self,
        value: Any = None,
        *,
        slider_position: float = 50,
        height: int | str | None = None,
        max_height: int | str | None = None,
        width: int | str | None = None,
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        if value is not None:
            ignored["value"] = value
        _options.accept("ImageSlider", ignored, IGNORED, ())
        super().__init__(label=label, info=info, **gradio)
        if not 0 <= slider_position <= 100:
            raise self.bad_option(f"slider_position={slider_position}): it is in percent of the width, 0 to 100")
        self.slider_position = slider_position
        self.height = height
        self.max_height = max_height
        self.width = width
        self._picture = Image(label=label)

    def props(self) -> dict[str, Any]:
        """The parameters."""
        return {
            "slider_position": self.slider_position,
            "height": self.height,
            "max_height": self.max_height,
            "width": self.width,
            "info": self.info,
        }

    def postprocess(self, value: Any) -> list[dict[str, Any]] | None:
        """Two ImagePayloads; None where both are."""
        if value is None:
            return None
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise self.bad_output(f"it takes (before, after), two pictures, not {type(value).__name__}")
        payloads = [self._pixels(picture) for picture in value]
        found = [one for one in payloads if one is not None]
        if not found:
            return None
        if len(found) == 1:
            raise self.bad_output("one of its two pictures is None; return both, or None")
        shapes = [one["width"] * other["height"] for one, other in (found, found[::-1])]
        # A pixel of rounding, where one was made smaller than the other.
        if abs(shapes[0] - shapes[1]) > max(one["width"] + one["height"] for one in found):
            sizes = " and ".join(f"{one['width']} x {one['height']}" for one in found)
            raise self.bad_output(f"its pictures are {sizes} pixels; they have to be of one shape")
        return found

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """Both as `Image` keeps them."""
        return None if payload is None else [self._picture.to_stored(one, write) for one in payload]

    def _pixels(self, picture: Any) -> dict[str, Any] | None:
        self._picture.label = self.label
        try:
            return self._picture.opaque(picture)
        except ComponentError as error:
            raise self.bad_output(str(error).partition(": ")[2]) from None
