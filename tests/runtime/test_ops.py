"""The NumPy helpers, against Pillow, PyTorch and plain definitions."""

import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pageside import ops
from PIL import Image as Pillow

sides = st.integers(1, 40)
seeds = st.integers(0, 2**32 - 1)


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    shape = (height, width, channels) if channels else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def weights(length: int, size: int) -> np.ndarray:
    """(size, length): what `resize` says it does along one axis, written as a matrix."""
    k = max(1, length // size)
    blocks = [np.arange(start, min(start + k, length)) for start in range(0, length, k)]
    means = np.zeros((len(blocks), length))
    for row, block in enumerate(blocks):
        means[row, block] = 1 / len(block)
    taps = np.zeros((size, len(blocks)))
    for i in range(size):
        at = min(max((i + 0.5) * length / size / k - 0.5, 0), len(blocks) - 1)
        low = int(at)
        taps[i, low] += 1 - (at - low)
        taps[i, min(low + 1, len(blocks) - 1)] += at - low
    return taps @ means


@settings(max_examples=200, deadline=None)
@given(st.tuples(sides, sides), st.sampled_from([1, 3, 4]), st.integers(1, 45), st.integers(1, 45), seeds)
def test_reduce_is_pillows(size: tuple[int, int], channels: int, k_h: int, k_w: int, seed: int) -> None:
    height, width = size
    picture = noise(height, width, channels, seed)
    image = Pillow.fromarray(picture[:, :, 0] if channels == 1 else picture)
    expected = np.asarray(image.reduce((k_w, k_h))).reshape(-(-height // k_h), -(-width // k_w), channels)
    got = ops.reduce(picture, (k_h, k_w))
    assert got.dtype == np.uint8
    if channels == 4:  # Pillow weights RGBA by alpha.
        got, expected = got[:, :, 3], expected[:, :, 3]
    assert np.array_equal(got, expected)


@pytest.mark.parametrize("value", [0, 1, 127, 254, 255])
@pytest.mark.parametrize("k", [2, 3, 16, 17, 64])
def test_reduce_keeps_a_flat_picture(value: int, k: int) -> None:
    assert (ops.reduce(np.full((301, 300), value, np.uint8), k) == value).all()


def test_reduce_is_pillows_in_large_blocks_too() -> None:
    # Where a flat 255 becomes 254, by the reciprocal that is cut off.
    for picture in (np.full((301, 300), 255, np.uint8), noise(301, 300, 0)):
        assert np.array_equal(ops.reduce(picture, 300), np.asarray(Pillow.fromarray(picture).reduce(300)))


@settings(max_examples=200, deadline=None)
@given(st.tuples(sides, sides), st.tuples(sides, sides), st.sampled_from([0, 1, 3]), seeds)
def test_resize_is_its_definition(size: tuple[int, int], to: tuple[int, int], channels: int, seed: int) -> None:
    (height, width), (to_h, to_w) = size, to
    picture = noise(height, width, channels, seed)
    expected = np.einsum("ih,jw,hw...->ij...", weights(height, to_h), weights(width, to_w), picture.astype(np.float64))
    as_float = ops.resize(picture.astype(np.float32), (to_h, to_w))
    assert (as_float.dtype, as_float.shape) == (np.float32, expected.shape)
    assert np.abs(as_float - expected).max() < 1e-3
    as_uint8 = ops.resize(picture, (to_h, to_w))
    assert as_uint8.dtype == np.uint8
    assert np.abs(as_uint8 - expected).max() <= 0.501


@pytest.mark.parametrize("k", [2, 3, 4])
def test_resize_by_a_whole_factor_is_the_block_mean(k: int) -> None:
    picture = noise(k * 7, k * 9)
    assert np.abs(ops.resize(picture, (7, 9)).astype(int) - ops.reduce(picture, k)).max() <= 1


@pytest.mark.parametrize("size", [(20, 31), (17, 24), (33, 50)])
def test_resize_below_a_factor_of_two_is_bilinear_of_torch(size: tuple[int, int]) -> None:
    picture = noise(17, 24).astype(np.float32)
    tensor = torch.from_numpy(picture).permute(2, 0, 1)[None]
    expected = torch.nn.functional.interpolate(tensor, size=size, mode="bilinear", align_corners=False)
    assert np.abs(ops.resize(picture, size) - expected[0].permute(1, 2, 0).numpy()).max() < 1e-3


def test_resize_is_free_of_aliasing() -> None:
    stripes = np.zeros((600, 800), np.uint8)
    stripes[:, ::2] = 255
    for side in (224, 100, 37):
        inner = ops.resize(stripes, side)[1:-1, 1:-1].astype(int)
        assert np.abs(inner - 128).max() <= 128 / (800 // side) + 1
    # Plain bilinear sampling would show the stripes at nearly their full height.
    assert ops.resize(stripes, 100).std() < 3


def test_resize_is_near_pillow_on_a_smooth_picture() -> None:
    y, x = np.mgrid[0:768, 0:1024]
    picture = np.stack([127 + 100 * np.sin(x / 60), 127 + 100 * np.cos(y / 45), (x + y) / 8], 2).astype(np.uint8)
    expected = np.asarray(Pillow.fromarray(picture).resize((224, 224), Pillow.Resampling.BILINEAR))
    difference = np.abs(ops.resize(picture, 224).astype(int) - expected)
    assert difference.mean() < 0.6
    assert difference.max() <= 4


def test_resize_leaves_its_input() -> None:
    for picture in (noise(8, 8), noise(8, 8).astype(np.float32)):
        before = picture.copy()
        for size in (8, 5, 16, 4):
            result = ops.resize(picture, size)
            result[...] = 0
        assert np.array_equal(picture, before)


def test_crops() -> None:
    picture = noise(10, 21)
    assert np.array_equal(ops.center_crop(picture, (4, 7)), picture[3:7, 7:14])
    assert ops.center_crop(picture, 10).base is picture
    assert np.array_equal(ops.resize_crop(picture, 5), ops.resize(picture[:, 5:15], 5))
    assert ops.resize_crop(picture, (30, 6)).shape == (30, 6, 3)
    assert np.array_equal(ops.resize_crop(noise(256, 320), 224, 0.875), ops.center_crop(noise(256, 320), 224))


@settings(max_examples=100, deadline=None)
@given(sides, sides, sides, sides, st.floats(0.01, 1))
def test_resize_crop_always_fits(height: int, width: int, to_h: int, to_w: int, crop: float) -> None:
    assert ops.resize_crop(noise(height, width), (to_h, to_w), crop).shape == (to_h, to_w, 3)


def test_normalize() -> None:
    picture = noise(5, 7)
    mean, std = (120.0, 110.0, 100.0), (60.0, 61.0, 62.0)
    expected = ((picture - np.array(mean)) / np.array(std)).transpose(2, 0, 1)[None]
    for value in (picture, picture.astype(np.float32), ops.resize(picture, (5, 7))):
        got = ops.normalize(value, mean, std)
        assert (got.dtype, got.shape, got.flags.c_contiguous) == (np.float32, (1, 3, 5, 7), True)
        assert np.abs(got - expected).max() < 1e-5
    assert np.allclose(ops.normalize(picture, 127, 128), (picture.transpose(2, 0, 1)[None] - 127.0) / 128)
    assert np.array_equal(ops.normalize(picture[:, :, 0]), picture[None, None, :, :, 0].astype(np.float32))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64])
def test_softmax(dtype: type) -> None:
    logits = np.array([[1, 2, 3], [1000, 1000, 1000]], dtype)
    got = ops.softmax(logits)
    assert got.dtype == (np.float64 if dtype == np.float64 else np.float32)
    assert np.allclose(got, torch.softmax(torch.tensor(logits.astype(np.float64)), -1).numpy(), atol=1e-6)
    assert np.allclose(ops.softmax(logits, axis=0).sum(0), 1)
    assert np.array_equal(logits, np.array([[1, 2, 3], [1000, 1000, 1000]], dtype))


def test_top_k() -> None:
    indices, values = ops.top_k([0.1, 0.7, 0.2, 0.7], 3)
    assert (indices.tolist(), values.tolist()) == ([1, 3, 2], [0.7, 0.7, 0.2])
    indices, values = ops.top_k(np.array([[1, 255, 0], [7, 7, 9]], np.uint8), 2)
    assert indices.dtype == np.int64
    assert (indices.tolist(), values.tolist()) == ([[1, 0], [2, 0]], [[255, 1], [9, 7]])
    assert ops.top_k(np.array([np.nan, 1, 2]), 5)[0].tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: ops.resize(noise(4, 4), 0), "a size is at least 1 pixel a side, not 0 x 0"),
        (
            lambda: ops.resize(np.zeros((1, 3, 4, 4)), 2),
            "a picture has shape (h, w) or (h, w, channels), none of them 0, not (1, 3, 4, 4)",
        ),
        (lambda: ops.center_crop(noise(4, 9), 5), "center_crop to 5 x 5 of a picture of 4 x 9; resize it first"),
        (lambda: ops.resize_crop(noise(4, 4), 2, 1.5), "resize_crop(crop=1.5): it is above 0 and at most 1"),
        (
            lambda: ops.top_k([1], 0),
            "top_k needs k of at least 1 and an array of at least 1 dimension, not k=0, 1 dimensions",
        ),
    ],
)
def test_messages(work: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        work()


def tone(frequency: float, rate: int, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_resample_keeps_what_both_rates_hold(rate: int) -> None:
    got = ops.resample(tone(1000, rate), rate, 16000)
    assert got.shape == (16000,)
    assert np.abs(got - tone(1000, 16000))[200:-200].max() < 1e-3


@pytest.mark.parametrize("rate", [32000, 44100, 48000])
def test_resample_lets_nothing_fold_over(rate: int) -> None:
    for frequency in (8800, 12000, 15500):
        assert np.abs(ops.resample(tone(frequency, rate), rate, 16000))[200:-200].max() < 1e-4
    assert abs(np.abs(ops.resample(tone(6800, rate), rate, 16000))[200:-200].max() - 1) < 0.02


def test_resample_takes_int16_and_several_channels() -> None:
    both = np.stack((tone(500, 8000), tone(500, 8000) * 0), axis=1)
    got = ops.resample((both * 32767).astype(np.int16), 8000, 8000)
    assert np.abs(got - both.mean(axis=1)).max() < 1e-4
    assert ops.resample(np.zeros(0, np.int16), 8000, 16000).shape == (0,)
    assert [len(ops.resample(np.zeros(n, np.float32), 44100, 16000)) for n in (1, 2, 100, 441)] == [1, 1, 37, 160]


def test_resample_refuses_what_is_no_sound() -> None:
    with pytest.raises(ValueError, match=r"resample takes \(n,\) or \(n, channels\) and rates in Hz, not \(2, 2, 2\)"):
        ops.resample(np.zeros((2, 2, 2)), 8000, 16000)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(8000, 16000), (16000, 16000), (44100, 16000), (48000, 16000), (22050, 16000)]),
    st.lists(st.integers(0, 3000), min_size=1, max_size=12),
    seeds,
)
def test_a_sound_in_pieces_is_resampled_as_the_whole(rates: tuple[int, int], lengths: list[int], seed: int) -> None:
    pieces = [
        np.random.default_rng(seed + i).normal(0, 0.3, length).astype(np.float32) for i, length in enumerate(lengths)
    ]
    resampler = ops.Resampler(*rates)
    given = [resampler(piece) for piece in pieces]
    whole = ops.resample(np.concatenate(pieces), *rates)
    assert np.allclose(np.concatenate([*given, resampler.rest()]), whole, atol=1e-6)
    assert len(resampler.rest()) < 80
    assert np.array_equal(resampler.rest(), resampler.rest())


def test_pieces_are_int16_and_of_several_channels_too() -> None:
    resampler = ops.Resampler(48000, 16000)
    sound = (np.stack((tone(500, 48000), tone(500, 48000) * 0), axis=1) * 32767).astype(np.int16)
    got = np.concatenate([resampler(sound[:1000]), resampler(sound[1000:]), resampler.rest()])
    assert np.allclose(got, ops.resample(sound, 48000, 16000), atol=1e-6)
