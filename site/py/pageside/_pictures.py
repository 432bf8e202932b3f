"""Reads picture files outside the page, as the page reads them: the same limits, the same pixels. Needs Pillow."""

from __future__ import annotations

import io
from contextlib import contextmanager

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from PIL.Image import Image as Picture

    from pageside._errors import ComponentError, InputError

    Error = InputError | ComponentError

MEGAPIXELS = 40
# What every browser decodes.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
# MPO is what Pillow calls the JPEG of phones that take two pictures at once.
SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp"}
# A picture's place in the strip of examples where a CSS pixel is two; and what a smaller file would save little of.
THUMBNAIL = (224, 168)
THUMBNAIL_BYTES = 16_000
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def read_file(path: Path, max_side: int | None, fail: Callable[[str], Error], *, alpha: bool = False) -> dict[str, Any]:
    """ImagePayload of a picture file, with the file's own bytes as `original` where the page can show them as they are.

    `fail` makes the error from a sentence that begins with the file's name.
    """
    data = _content(path, fail)
    with _no_pillow_limit():
        picture, fmt = _decode(data, path.name, fail)
        payload = from_picture(picture, max_side, alpha=alpha)
    if fmt in SUFFIXES and picture.mode in ("RGB", "RGBA", "L", "P"):
        payload["original"] = (SUFFIXES[fmt], data)
    return payload


def from_picture(picture: Picture, max_side: int | None, *, alpha: bool = False) -> dict[str, Any]:
    """ImagePayload of a Pillow image: upright, its longer side at most `max_side`; RGB over white, or RGBA."""
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(picture)
    # A browser holds colours times their alpha: what is lost by that is lost here too.
    pixels = _to_rgba(upright).convert("RGBa") if alpha else _to_rgb(upright)
    factor = -(-max(pixels.size) // max_side) if max_side else 1
    if factor > 1:
        pixels = pixels.reduce(factor)
    data = np.array(pixels, np.uint8)
    if alpha:
        _divide_by_alpha(data)
    data = data.reshape(-1)
    data.flags.writeable = False
    return {"width": pixels.width, "height": pixels.height, "data": data}


def open_file(path: Path, fail: Callable[[str], Error]) -> Picture:
    """The picture in a file, upright. `fail` makes the error from a sentence that begins with the file's name."""
    from PIL import ImageOps

    with _no_pillow_limit():
        return ImageOps.exif_transpose(_decode(_content(path, fail), path.name, fail)[0])


def to_png(payload: dict[str, Any]) -> bytes:
    """The payload as a PNG file, as small as Pillow makes it."""
    return png(_pixels(payload), optimize=True)


def thumbnail(payload: dict[str, Any]) -> bytes:
    """A WebP file that covers THUMBNAIL, as the strip of examples shows it."""
    from PIL import Image

    picture = Image.fromarray(_pixels(payload))
    scale = min(1, max(side / own for side, own in zip(THUMBNAIL, picture.size, strict=True)))
    picture = picture.resize([max(1, round(scale * own)) for own in picture.size], Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=80, method=6)
    return buffer.getvalue()


def png(pixels: np.ndarray, *, optimize: bool = False) -> bytes:
    """uint8 (h, w), (h, w, 3) or (h, w, 4) as a PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=optimize)
    return buffer.getvalue()


def _pixels(payload: dict[str, Any]) -> np.ndarray:
    return np.asarray(payload["data"], np.uint8).reshape(payload["height"], payload["width"], -1)


def _content(path: Path, fail: Callable[[str], Error]) -> bytes:
    if not path.is_file():
        raise fail(f"{path.name} is no file in {path.parent}")
    return path.read_bytes()


def _decode(data: bytes, name: str, fail: Callable[[str], Error]) -> tuple[Picture, str]:
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise fail(f"{name} is empty (0 bytes)")
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS:
        raise fail(f"{name} is a HEIC picture, which most browsers can't read; save it as JPEG")
    Image.init()
    try:
        picture = Image.open(io.BytesIO(data), formats=[name for name in FORMATS if name in Image.OPEN])
    except UnidentifiedImageError:
        raise fail(f"{name} is not a picture that browsers read; use JPEG, PNG, WebP, GIF, BMP or AVIF") from None
    except (OSError, SyntaxError, ValueError):
        raise fail(f"{name} is truncated or damaged; get the file again") from None
    pixels = picture.width * picture.height
    if pixels > MEGAPIXELS * 1_000_000:
        size = f"{picture.width} x {picture.height}, {pixels / 1e6:.1f} megapixels"
        raise fail(f"{name} is too large ({size}); at most {MEGAPIXELS} megapixels are read")
    try:
        picture.load()
    except (OSError, SyntaxError, ValueError, EOFError):
        raise fail(f"{name} is truncated or damaged; get the file again") from None
    return picture, str(picture.format)


def _to_rgb(picture: Picture) -> Picture:
    from PIL import Image

    if picture.mode.startswith("I"):
        wide = np.clip(np.asarray(picture, np.int64), 0, 65535)
        return Image.fromarray(((wide * 255 + 32895) >> 16).astype(np.uint8)).convert("RGB")
    if _is_transparent(picture):
        return Image.fromarray(over_white(np.asarray(picture.convert("RGBA"))))
    return picture.convert("RGB")


def _to_rgba(picture: Picture) -> Picture:
    return (picture if _is_transparent(picture) else _to_rgb(picture)).convert("RGBA")


def _divide_by_alpha(pixels: np.ndarray) -> None:
    """In place: (h, w, 4) uint8. Rounded to nearest, so that the next reader multiplies to the same."""
    alpha = np.maximum(pixels[:, :, 3:], 1).astype(np.uint16)
    pixels[:, :, :3] = np.minimum((pixels[:, :, :3] * np.uint16(255) + alpha // 2) // alpha, 255)


def _is_transparent(picture: Picture) -> bool:
    return picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info


def over_white(rgba: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 from (h, w, 4) uint8: each channel mixed with white by alpha, rounded to nearest."""
    return over(rgba, np.broadcast_to(np.uint8(255), (*rgba.shape[:2], 3)))


def over(rgba: np.ndarray, below: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8: (h, w, 4) uint8 upon (h, w, 3) uint8, mixed by alpha, rounded to nearest."""
    alpha = rgba[:, :, 3].astype(np.uint16)
    rest = 255 - alpha
    out = np.empty(below.shape, np.uint8)
    # Each channel by itself: numpy's loops are then as long as the picture, not three steps.
    for channel in range(3):
        sums = rgba[:, :, channel] * alpha
        sums += below[:, :, channel] * rest
        sums += 127
        # A division by 255 without dividing, exact for what 16 bits hold here.
        sums += (sums >> 8) + np.uint16(1)
        sums >>= 8
        out[:, :, channel] = sums
    return out


def grey(rgb: np.ndarray) -> np.ndarray:
    """(h, w) uint8 luma (ITU-R BT.601), in Pillow's integers."""
    out = rgb[:, :, 0] * np.uint32(19595)
    out += rgb[:, :, 1] * np.uint32(38470)
    out += rgb[:, :, 2] * np.uint32(7471)
    out += 0x8000
    return (out >> 16).astype(np.uint8)


@contextmanager
def _no_pillow_limit() -> Iterator[None]:
    """Pillow's own limit on pixels would speak before ours."""
    from PIL import Image

    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before
