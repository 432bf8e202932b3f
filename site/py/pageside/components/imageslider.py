"""Two pictures in one place, before and after, with a line between them that moves. Output only."""

from __future__ import annotations

from pageside import _files, _options
from pageside._errors import ComponentError, InputError
from pageside.components.base import Component
from pageside.components.image import Image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any, ClassVar

    Pictures = list[dict[str, Any] | None] | None

# Of an input, which it is not here.
IGNORED = _options.names("image_mode")


class ImageSlider(Component):
    """The function returns `(before, after)`, each what `Image` takes, of one shape; None clears the output.

    One picture, or None in a half, shows the other alone. `value` is what is there first: such a pair, its paths
    relative to the demo. Returned paths need `type="filepath"` in the page, which loads Pillow.
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
        max_height: int | str | None = 500,
        width: int | str | None = None,
        type: str = "numpy",
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        _options.accept("ImageSlider", ignored, IGNORED, ())
        super().__init__(label=label, info=info, **gradio)
        if not 0 <= slider_position <= 100:
            raise self.bad_option(f"slider_position={slider_position}): it is in percent of the width, 0 to 100")
        if type not in _files.TYPES:
            raise self.bad_option(f"type={type!r}): it is one of {', '.join(_files.TYPES)}")
        self.first_file = value
        self.slider_position = slider_position
        self.height = height
        self.max_height = max_height
        self.width = width
        self.value_type = type
        self._picture = Image(label=label, type=type, max_side=None)

    def props(self) -> dict[str, Any]:
        """The parameters."""
        return {
            "slider_position": self.slider_position,
            "height": self.height,
            "max_height": self.max_height,
            "width": self.width,
            "info": self.info,
        }

    def packages(self) -> list[str]:
        """Pillow, for `type="pil"` and `type="filepath"`."""
        return self._picture.packages()

    def postprocess(self, value: Any) -> Pictures:
        """Two ImagePayloads, one of them None where there is one picture; None where there is none."""
        return self._both(value, self._picture.opaque)

    def read_input(self, value: Any, base: Path) -> Pictures:
        """As `postprocess`, of the first value: paths are relative to `base`."""
        return self._both(value, lambda picture: self._picture.read_input(picture, base))

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """Both as `Image` keeps them."""
        return None if payload is None else [self._picture.to_stored(one, write) for one in payload]

    def _both(self, value: Any, read: Callable[[Any], dict[str, Any] | None]) -> Pictures:
        if value is None:
            return None
        pair = list(value) if isinstance(value, (tuple, list)) or getattr(value, "ndim", 0) == 4 else [value]
        if len(pair) > 2:
            raise self.bad_output(f"it takes (before, after), two pictures, not {len(pair)}")
        self._picture.label = self.label
        payloads = [self._read(picture, read) for picture in (*pair, None, None)[:2]]
        found = [one for one in payloads if one is not None]
        if len(found) < 2:
            return payloads if found else None
        shapes = [one["width"] * other["height"] for one, other in (found, found[::-1])]
        # A pixel of rounding, where one was made smaller than the other.
        if abs(shapes[0] - shapes[1]) > max(one["width"] + one["height"] for one in found):
            sizes = " and ".join(f"{one['width']} x {one['height']}" for one in found)
            raise self.bad_output(f"its pictures are {sizes} pixels; they have to be of one shape")
        return payloads

    def _read(self, picture: Any, read: Callable[[Any], dict[str, Any] | None]) -> dict[str, Any] | None:
        try:
            return read(picture)
        except (ComponentError, InputError) as error:
            raise type(error)(f"{self.named()}: {str(error).partition(': ')[2]}") from None
