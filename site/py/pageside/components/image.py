"""A picture, in or out."""

from __future__ import annotations

import io

import numpy as np

from pageside import _files
from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any, ClassVar

    from PIL.Image import Image as Picture

SOURCES = ("upload", "webcam", "clipboard")
# Of `image_mode`, those that need no Pillow, and those that a PNG file can have.
PLAIN_MODES = ("RGB", "RGBA", "L", "CMYK")
MODES = (*PLAIN_MODES, "1", "P", "YCbCr", "HSV", "I", "F")
FILE_MODES = ("RGB", "RGBA", "L", "1", "P")
# Where float pictures of 0 to 1 may end up by resampling.
OVERSHOOT = 0.05


class Image(Component):
    """A picture. The function gets uint8 (h, w, 3), or (h, w) with `image_mode="L"`, or what else Pillow converts to.

    With `type="pil"` it gets a Pillow image, with "filepath" the path of a PNG file that the next picture replaces.

    It arrives upright, alpha over white but for `image_mode="RGBA"`, its longer side at most `max_side` pixels: larger
    ones are averaged over k x k blocks, k = ceil(longer / max_side), as Pillow's `Image.reduce(k)`. `max_side=None`
    sets no limit.

    The function returns uint8, or float of 0 to 1, as (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), a Pillow image,
    or a picture file's path. What is transparent in it stays so. `value` is the picture that is there first: a path
    relative to the demo, or what the function may return.
    `height` and `width` are the shown size, pixels or CSS; `alt_text` is what a screen reader says, in place of the
    label. An answer can be downloaded and, where the device can, shared; `buttons=[]` leaves that out. `sources` are of
    "upload", "webcam", "clipboard". With `streaming=True` and `live=True` of the interface the camera is answered as it
    runs, its newest picture each time.
    """

    offers: ClassVar[dict[str, bool]] = {"download": True, "share": True}

    def __init__(
        self,
        value: Any = None,
        *,
        height: int | str | None = None,
        width: int | str | None = None,
        image_mode: str | None = "RGB",
        sources: list[str] | tuple[str, ...] | str | None = None,
        type: str = "numpy",
        label: str | None = None,
        info: str | None = None,
        max_side: int | None = 1024,
        streaming: bool = False,
        alt_text: str | None = None,
        **gradio: Any,
    ) -> None:
        super().__init__(label=label, info=info, **gradio)
        self.first_file = value
        self.height = height
        self.width = width
        self.image_mode = image_mode or "RGB"
        self.sources = [sources] if isinstance(sources, str) else list(sources or SOURCES)
        self.value_type = type
        self.max_side = max_side
        self.streaming = streaming
        self.alt_text = alt_text
        self._check()

    def _check(self) -> None:
        if self.image_mode not in MODES:
            raise self.bad_option(f"image_mode={self.image_mode!r}): it is one of {', '.join(MODES)}")
        if self.value_type == "filepath" and self.image_mode not in FILE_MODES:
            known = f"the file is a PNG, which may be {', '.join(FILE_MODES)}"
            raise self.bad_option(f"image_mode={self.image_mode!r}, type='filepath'): {known}")
        if self.value_type not in _files.TYPES:
            raise self.bad_option(f"type={self.value_type!r}): it is one of {', '.join(_files.TYPES)}")
        unknown = [source for source in self.sources if source not in SOURCES]
        if unknown:
            raise self.bad_option(f"sources={self.sources!r}): {unknown[0]!r} is none of {', '.join(SOURCES)}")
        if self.streaming and "webcam" not in self.sources:
            raise self.bad_option(f"streaming=True, sources={self.sources!r}): only the camera streams")
        if self.max_side is not None and self.max_side < 1:
            raise self.bad_option(f"max_side={self.max_side}): it is in pixels, at least 1, or None for no limit")

    def props(self) -> dict[str, Any]:
        """The parameters that the page needs."""
        return {
            "height": self.height,
            "width": self.width,
            "image_mode": self.image_mode,
            "sources": self.sources,
            "max_side": self.max_side,
            "streaming": self.streaming,
            "alt_text": self.alt_text,
            "info": self.info,
        }

    def packages(self) -> list[str]:
        """Pillow, for `type="pil"` and `type="filepath"`, and for some of `image_mode`."""
        return [] if self.value_type == "numpy" and self.image_mode in PLAIN_MODES else ["pillow"]

    def preprocess(self, payload: dict[str, Any] | None) -> np.ndarray | Picture | str | None:
        """None where there is no picture."""
        if payload is None:
            return None
        data = payload["data"]
        flat = data if isinstance(data, np.ndarray) else np.frombuffer(data, np.uint8)
        # What was read from a file serves several calls and is read-only; the maker may write into his own.
        flat = flat if flat.flags.writeable else flat.copy()
        pixels = flat.reshape(payload["height"], payload["width"], -1)
        pixels = _with_alpha(pixels) if self.image_mode == "RGBA" else _over_white(pixels)
        if self.value_type == "numpy" and self.image_mode in PLAIN_MODES:
            return self._plain(pixels)
        from PIL import Image as PillowImage

        picture = PillowImage.fromarray(pixels).convert(self.image_mode)
        if self.value_type == "pil":
            return picture
        if self.value_type == "numpy":
            return np.asarray(picture)
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        return _files.place(self, "image.png", buffer.getvalue())

    def _plain(self, pixels: np.ndarray) -> np.ndarray:
        """In one of PLAIN_MODES, as Pillow converts."""
        if self.image_mode == "L":
            from pageside._pictures import grey

            return grey(pixels)
        return np.dstack((255 - pixels, np.zeros_like(pixels[:, :, 0]))) if self.image_mode == "CMYK" else pixels

    def postprocess(self, value: Any) -> dict[str, Any] | None:
        """ImagePayload; `data` is uint8 (h * w * 3,), with transparency (h * w * 4,). None clears the output."""
        return None if value is None else _payload(self._pixels(value))

    def opaque(self, value: Any) -> dict[str, Any] | None:
        """As `postprocess`, with alpha laid over white."""
        return None if value is None else _payload(_over_white(self._pixels(value)))

    def _pixels(self, value: Any) -> np.ndarray:
        """uint8 (h, w, 3); (h, w, 4) where something is transparent."""
        if isinstance(value, str) or hasattr(value, "__fspath__"):
            value = self._opened(value)
        if not isinstance(value, np.ndarray):
            value = self._from_object(value)
        return _in_colour(self._to_uint8(self._checked(value)))

    def read_input(self, value: Any, base: Path) -> dict[str, Any] | None:
        """ImagePayload of a path relative to `base`, an array or a Pillow image, scaled as in the page."""
        from pageside import _pictures

        alpha = self.image_mode == "RGBA"
        if value is None or (isinstance(value, str) and not value):
            return None
        if isinstance(value, str) and "://" in value:
            raise self.bad_input(f"{value} is a URL; save the picture beside the demo and give its path")
        if isinstance(value, str) or hasattr(value, "__fspath__"):
            return _pictures.read_file(base / value, self.max_side, self.bad_input, alpha=alpha)
        from PIL import Image as PillowImage

        if not isinstance(value, PillowImage.Image):
            value = PillowImage.fromarray(self._pixels(value))
        return _pictures.from_picture(value, self.max_side, alpha=alpha)

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """{file, width, height}: the file it was read from, or a PNG, whichever is smaller; None for no picture."""
        from pageside import _pictures

        if payload is None:
            return None
        suffix, data = ".png", _pictures.to_png(payload)
        if "original" in payload and len(payload["original"][1]) <= len(data):
            suffix, data = payload["original"]
        return {"file": write(suffix, data), "width": payload["width"], "height": payload["height"]}

    def to_example(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """{file, width, height}, and a `thumbnail` of a picture that is larger than that."""
        from pageside import _pictures

        stored = self.to_stored(payload, write)
        if stored is None or stored["file"]["bytes"] <= _pictures.THUMBNAIL_BYTES:
            return stored
        return {**stored, "thumbnail": write(".webp", _pictures.thumbnail(payload))}

    def _opened(self, path: Any) -> Picture:
        from pathlib import Path

        if "://" in str(path):
            raise self.bad_output(
                f"it got {str(path)!r}; a page reads no other site's pictures: save it beside the demo"
            )
        try:
            from pageside import _pictures

            return _pictures.open_file(Path(path).absolute(), self.bad_output)
        except ImportError:
            fix = 'give `type="filepath"` or return the picture as an array'
            raise self.bad_output(f"it got the path {str(path)!r}, which takes Pillow to read: {fix}") from None

    def _from_object(self, value: Any) -> np.ndarray:
        if type(value).__module__.partition(".")[0] != "PIL":
            raise self.bad_output(f"it takes a NumPy array or a Pillow image, not {type(value).__name__}")
        alpha = "A" in value.getbands() or "transparency" in value.info
        return np.asarray(value.convert("RGBA" if alpha else "RGB"))

    def _checked(self, value: np.ndarray) -> np.ndarray:
        if value.ndim not in (2, 3) or value.size == 0 or (value.ndim == 3 and value.shape[2] not in (1, 3, 4)):
            hint = "; move the channels last: array.transpose(1, 2, 0)" if _channels_first(value) else ""
            raise self.bad_output(
                f"it got an array of shape {value.shape}; a picture is (h, w), (h, w, 1), (h, w, 3) or (h, w, 4){hint}"
            )
        return value

    def _to_uint8(self, value: np.ndarray) -> np.ndarray:
        if value.dtype == np.uint8:
            return value
        if value.dtype == np.bool_:
            return value.astype(np.uint8) * np.uint8(255)
        if value.dtype.kind not in "fiu":
            raise self.bad_output(f"it got an array of {value.dtype}; a picture is uint8, or float of 0 to 1")
        low, high = value.min(), value.max()
        top = 1 if value.dtype.kind == "f" else 255
        slack = OVERSHOOT if top == 1 else 0
        if not (low >= -slack and high <= top + slack):
            fix = "divide by 255 or clip first" if top == 1 else "convert to uint8 first"
            raise self.bad_output(f"it got {value.dtype} values of {low:g} to {high:g}; they are 0 to {top}: {fix}")
        if top == 255:
            return value.astype(np.uint8)
        return np.asarray(np.clip(value, 0, 1) * 255 + 0.5, np.uint8)


def _channels_first(value: np.ndarray) -> bool:
    return value.ndim == 3 and value.shape[0] in (1, 3, 4)


def _in_colour(pixels: np.ndarray) -> np.ndarray:
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, axis=2)
    return pixels[:, :, :3] if pixels.shape[2] == 4 and (pixels[:, :, 3] == 255).all() else pixels


def _with_alpha(pixels: np.ndarray) -> np.ndarray:
    return pixels if pixels.shape[2] == 4 else np.dstack((pixels, np.full(pixels.shape[:2], 255, np.uint8)))


def _over_white(pixels: np.ndarray) -> np.ndarray:
    if pixels.shape[2] == 3:
        return pixels
    from pageside._pictures import over_white

    return over_white(pixels)


def _payload(pixels: np.ndarray) -> dict[str, Any]:
    height, width = pixels.shape[:2]
    return {"width": width, "height": height, "data": np.ascontiguousarray(pixels).reshape(-1)}
