"""NumPy helpers around a model, written for the page, where NumPy has neither BLAS nor SIMD.

A picture is (h, w) or (h, w, channels), uint8 or float; sizes are (height, width) in pixels, or one number for both.
A sound is (n,) or (n, channels).
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["Resampler", "center_crop", "normalize", "reduce", "resample", "resize", "resize_crop", "softmax", "top_k"]

# Of the low-pass in `resample`: zero crossings on each side.
CROSSINGS = 24


def softmax(logits: Any, axis: int = -1) -> np.ndarray:
    """Probabilities along `axis`; same shape. float32 for float32, float16 and integers, else float64."""
    x = np.asarray(logits)
    x = x.astype(np.float64 if x.dtype == np.float64 else np.float32)
    x -= x.max(axis=axis, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axis=axis, keepdims=True)
    return x


def top_k(values: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices (int64) and values of the k largest along the last axis, largest first; equal ones by lower index.

    Shape (..., n) gives two arrays of (..., min(k, n)). nan counts as smallest.
    """
    x = np.asarray(values)
    if k < 1 or x.ndim == 0:
        raise ValueError(
            f"top_k needs k of at least 1 and an array of at least 1 dimension, not k={k}, {x.ndim} dimensions"
        )
    keys = -x.astype(np.float64) if x.dtype.kind in "bu" else -x
    order = np.argsort(keys, axis=-1, kind="stable")[..., :k].astype(np.int64)
    return order, np.take_along_axis(x, order, axis=-1)


def center_crop(image: np.ndarray, size: int | tuple[int, int]) -> np.ndarray:
    """The middle (height, width) of a picture, as a view. Raises ValueError where the picture is smaller."""
    height, width = _size(size)
    have_h, have_w = _picture(image).shape[:2]
    if height > have_h or width > have_w:
        raise ValueError(f"center_crop to {height} x {width} of a picture of {have_h} x {have_w}; resize it first")
    top, left = (have_h - height) // 2, (have_w - width) // 2
    return image[top : top + height, left : left + width]


def resize_crop(image: np.ndarray, size: int | tuple[int, int], crop: float = 1.0) -> np.ndarray:
    """The middle of a picture with the proportions of `size`, resized to it; dtype as `resize`.

    `crop` is the share of the largest such middle, by side: 0.875 with size 224 stands for "resize the shorter side to
    256, crop 224".
    """
    height, width = _size(size)
    have_h, have_w = _picture(image).shape[:2]
    if not 0 < crop <= 1:
        raise ValueError(f"resize_crop(crop={crop}): it is above 0 and at most 1")
    scale = min(have_h / height, have_w / width) * crop
    middle = (max(1, round(height * scale)), max(1, round(width * scale)))
    return resize(center_crop(image, middle), size)


def resize(image: np.ndarray, size: int | tuple[int, int]) -> np.ndarray:
    """A picture at another size, free of aliasing: uint8 stays uint8 (rounded), anything else becomes float32.

    Each axis is first averaged over whole blocks (`reduce`), then sampled linearly between two neighbours, with
    half-pixel centres as PyTorch's `interpolate(align_corners=False)` and Pillow have them. In memory the channels of
    the answer lie one after the other, which is what `normalize` reads fastest.
    """
    height, width = _size(size)
    picture = _picture(image)
    have_h, have_w = picture.shape[:2]
    k_h, k_w = max(1, have_h // height), max(1, have_w // width)
    planes = _block_means(picture, k_h, k_w)
    planes = _sample(planes, _taps(have_h, k_h, height), axis=1)
    planes = _sample(planes, _taps(have_w, k_w, width), axis=2)
    if picture.dtype == np.uint8:
        planes += np.float32(0.5)
        planes = planes.astype(np.uint8)
    return _channels_last(planes, picture.ndim)


def reduce(image: np.ndarray, factor: int | tuple[int, int]) -> np.ndarray:
    """A picture averaged over blocks of factor x factor, the blocks at the right and lower edge over what they have.

    (h, w, ...) gives (ceil(h / factor), ceil(w / factor), ...). uint8 is rounded exactly as by Pillow's
    `Image.reduce`; anything else becomes float32.
    """
    k_h, k_w = _size(factor)
    picture = _picture(image)
    if picture.dtype != np.uint8:
        return _channels_last(_block_means(picture, k_h, k_w), picture.ndim)
    counts = (_counts(picture.shape[0], k_h)[:, None] * _counts(picture.shape[1], k_w)).astype(np.uint32)
    sums = _block_sums(picture, k_h, k_w).astype(np.uint32)
    sums += counts // 2
    # Pillow multiplies by a reciprocal of 24 bits, cut off.
    sums *= np.uint32(1 << 24) // counts
    sums >>= 24
    return _channels_last(sums.astype(np.uint8), picture.ndim)


def normalize(image: np.ndarray, mean: float | Sequence[float] = 0.0, std: float | Sequence[float] = 1.0) -> np.ndarray:
    """`(image - mean) / std` as float32 (1, channels, h, w), C-contiguous: what most vision models take.

    `mean` and `std` are one number, or one for each channel, in the picture's own units: of 0 to 255 for uint8.
    """
    picture = _picture(image)
    picture = picture[:, :, None] if picture.ndim == 2 else picture
    channels = picture.shape[2]
    scale = 1.0 / np.broadcast_to(np.asarray(std, np.float64), (channels,))
    shift = -np.asarray(mean, np.float64) * scale
    out = np.empty((1, channels, *picture.shape[:2]), np.float32)
    for c in range(channels):
        np.multiply(picture[:, :, c], np.float32(scale[c]), out=out[0, c])
        out[0, c] += np.float32(shift[c])
    return out


def resample(sound: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """A sound at another rate: (n,) or (n, channels), int16 or float, to float32 (n * wanted / rate,).

    int16 becomes -1 to 1; several channels are averaged. A sinc under a Kaiser window keeps what both rates can hold:
    up to 85 % of the lower one's half within 0.1 dB, while above 110 % of it nothing louder than -80 dB is left.
    """
    x = np.asarray(sound)
    if x.ndim not in (1, 2) or rate < 1 or wanted < 1:
        raise ValueError(f"resample takes (n,) or (n, channels) and rates in Hz, not {x.shape}, {rate} and {wanted}")
    x = _one_channel(x)
    if rate == wanted or len(x) == 0:
        return x
    up, down, taps = _low_pass(rate, wanted)
    half = taps.shape[1] // 2
    padded = np.pad(x, (half, half + down))
    out = np.empty(-(-len(x) * up // down), np.float32)
    for phase in range(min(up, len(out))):
        places = out[phase::up]
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)[phase * down // up :: down]
        places[:] = windows[: len(places)] @ taps[phase]
    return out


class Resampler:
    """`resample` for a sound that comes in pieces: together they give what the whole sound would."""

    def __init__(self, rate: int, wanted: int) -> None:
        self.rate, self.wanted = rate, wanted
        self._tail = np.zeros(0, np.float32)  # of the sound so far what later samples still need
        self._skipped = 0  # samples before it
        self._given = 0

    def __call__(self, sound: np.ndarray) -> np.ndarray:
        """The next piece to float32 (n,): all that no later piece can change."""
        self._tail = np.concatenate((self._tail, _one_channel(np.asarray(sound))))
        total = self._skipped + len(self._tail)
        if self.rate == self.wanted:
            self._skipped, self._tail, piece = total, self._tail[:0], self._tail
            return piece
        up, down, taps = _low_pass(self.rate, self.wanted)
        half = taps.shape[1] // 2
        known = max(self._given, -(-(total - half) * up // down))
        piece = self.rest()[: known - self._given]
        self._given = known
        # Begins where a sample of one rate is one of the other too.
        begin = max(0, known * down // up - half) // down * down
        self._skipped, self._tail = begin, self._tail[begin - self._skipped :]
        return piece

    def rest(self) -> np.ndarray:
        """float32 (n,): the last samples, as they are if no piece follows."""
        return resample(self._tail, self.rate, self.wanted)[self._given - self._skipped * self.wanted // self.rate :]


def _one_channel(sound: np.ndarray) -> np.ndarray:
    x = sound.astype(np.float32) / np.float32(32768) if sound.dtype == np.int16 else sound.astype(np.float32)
    return x.mean(axis=1) if x.ndim == 2 else x


@cache
def _low_pass(rate: int, wanted: int) -> tuple[int, int, np.ndarray]:
    """The rates without what both have, and (rate up, taps): a row for each place between two input samples."""
    divisor = math.gcd(rate, wanted)
    up, down = wanted // divisor, rate // divisor
    cut = min(1.0, up / down) * 0.95
    half = math.ceil(CROSSINGS / cut)
    distance = np.arange(-half, half + 1) - (np.arange(up) * down % up / up)[:, None]
    window = np.i0(8.0 * np.sqrt(np.maximum(0, 1 - (distance / (half + 1)) ** 2)))
    taps = np.sinc(cut * distance) * window
    return up, down, (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)


def _size(size: int | tuple[int, int]) -> tuple[int, int]:
    height, width = (size, size) if isinstance(size, int) else size
    if height < 1 or width < 1:
        raise ValueError(f"a size is at least 1 pixel a side, not {height} x {width}")
    return height, width


def _picture(image: np.ndarray) -> np.ndarray:
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(f"a picture has shape (h, w) or (h, w, channels), none of them 0, not {image.shape}")
    return image


def _counts(length: int, k: int) -> np.ndarray:
    """How many pixels each block of k has: k, and the rest in the last."""
    counts = np.full(-(-length // k), k, np.int64)
    counts[-1] = length - (len(counts) - 1) * k
    return counts


def _channels_last(planes: np.ndarray, ndim: int) -> np.ndarray:
    return planes[0] if ndim == 2 else planes.transpose(1, 2, 0)


def _block_means(image: np.ndarray, k_h: int, k_w: int) -> np.ndarray:
    """float32 (channels, rows, columns)."""
    planes = _block_sums(image, k_h, k_w).astype(np.float32)
    if (k_h, k_w) == (1, 1):
        return planes
    height, width = image.shape[:2]
    if height % k_h == 0 and width % k_w == 0:
        planes *= np.float32(1 / (k_h * k_w))
    else:
        planes *= (1.0 / (_counts(height, k_h)[:, None] * _counts(width, k_w))).astype(np.float32)
    return planes


def _block_sums(image: np.ndarray, k_h: int, k_w: int) -> np.ndarray:
    """Sums over k_h x k_w blocks as (channels, rows, columns), in the smallest type that holds them."""
    if image.dtype != np.uint8:
        dtype: type[np.generic] = np.float32
    else:
        dtype = np.uint16 if k_h * k_w <= 257 else np.uint32
    image = image[:, :, None] if image.ndim == 2 else image
    if k_h > 1:
        rows = np.empty((-(-len(image) // k_h), *image.shape[1:]), dtype)
        _add_strided(image, rows, k_h)
        image = rows
    # A channel at a time: along three channels NumPy's inner loop would be three steps long.
    planes = np.empty((image.shape[2], len(image), -(-image.shape[1] // k_w)), dtype)
    for c, plane in enumerate(planes):
        _add_strided(image[:, :, c].T, plane.T, k_w)
    return planes


def _add_strided(image: np.ndarray, out: np.ndarray, k: int) -> None:
    """out[i] = image[i * k] + ... + image[i * k + k - 1], along the first axis; the last sum may have fewer."""
    if k == 1:
        out[...] = image
        return
    whole = len(image) // k
    sums = out[:whole]
    np.add(image[: whole * k : k], image[1 : whole * k : k], out=sums, dtype=out.dtype)
    for i in range(2, k):
        np.add(sums, image[i : whole * k : k], out=sums, dtype=out.dtype)
    if len(image) % k:
        np.sum(image[whole * k :], axis=0, dtype=out.dtype, out=out[whole])


def _taps(length: int, k: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """For each of `size` samples the two neighbours among the blocks of k, and the weight of the second.

    None where the blocks are the samples.
    """
    blocks = -(-length // k)
    if size * k == length:
        return None
    at = (np.arange(size, dtype=np.float64) + 0.5) * (length / (size * k)) - 0.5
    np.clip(at, 0, blocks - 1, out=at)
    low = at.astype(np.intp)
    high = np.minimum(low + 1, blocks - 1)
    return low, high, (at - low).astype(np.float32)


def _sample(planes: np.ndarray, taps: tuple[np.ndarray, np.ndarray, np.ndarray] | None, axis: int) -> np.ndarray:
    if taps is None:
        return planes
    low, high, weight = taps
    # Along rows `take` copies whole rows; along columns it goes element by element, and indexing is 8 times as fast.
    out, step = (planes.take(at, axis=1) if axis == 1 else planes[:, :, at] for at in (low, high))
    step -= out
    step *= weight[:, None] if axis == 1 else weight
    out += step
    return out
