"""What an output is, and what it must reach for that."""

import numpy as np
import pytest
from pageside_export.tolerances import KINDS, TOLERANCES, bounds, kind_of
from pageside_export.verify import FLOAT_TOLERANCE, QUANTIZED_TOLERANCE, Measurement, compare, misses

RANDOM = np.random.default_rng(0)


def floats(*shape, scale=5.0):
    return (RANDOM.normal(size=shape) * scale).astype(np.float32)


def units(*shape):
    value = floats(*shape)
    return value / np.linalg.norm(value, axis=-1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("output", floats(1, 1000), "logits"),
        ("output", floats(10), "logits"),
        ("class_scores", floats(1, 50, 80), "logits"),
        ("output", floats(1, 30_522), "logits"),
        ("output", units(2, 384), "embedding"),
        ("embeddings", floats(1, 256), "embedding"),
        ("output", floats(1, 3, 64, 64), "image"),
        ("output", floats(3, 64, 64), "image"),
        ("image", floats(1, 5, 7), "image"),
        ("output", floats(1, 21, 64, 64), "other"),
        ("output", floats(1, 16, 384), "other"),
        ("output", np.clip(floats(1, 16_000, scale=0.2), -1, 1), "waveform"),
        ("audio_out", floats(1, 100), "waveform"),
        ("pred_boxes", floats(1, 100, 4), "boxes"),
        ("landmarks", floats(12, 10), "boxes"),
        ("output", floats(1, 1), "other"),
        ("output", floats(), "other"),
        ("logits", np.zeros((0, 4), np.float32), "other"),
        ("scores", np.arange(6), "other"),
    ],
)
def test_the_kind_of_an_output(name, value, kind):
    assert kind_of(name, [value]) == kind


def test_every_call_counts():
    assert kind_of("output", [units(1, 64), floats(1, 64)]) == "logits"


def noisy(value, share):
    noise = RANDOM.normal(size=value.shape)
    return (value + noise * share * np.linalg.norm(value) / np.linalg.norm(noise)).astype(np.float32)


def missed(kind, value, share):
    measured = Measurement([compare({"y": value}, {"y": noisy(value, share)})])
    return misses(measured, bounds(QUANTIZED_TOLERANCE, {"y": kind}, {}))


@pytest.mark.parametrize(
    ("kind", "within", "beyond"),
    [
        ("logits", 0.01, 0.2),
        ("embedding", 0.1, 0.2),
        ("image", 0.05, 0.08),
        ("waveform", 0.05, 0.08),
        ("other", 0.1, 0.2),
    ],
)
def test_an_error_within_and_beyond(kind, within, beyond):
    value = floats(4, 512)
    assert missed(kind, value, within) == []
    assert missed(kind, value, beyond)


def test_one_wrong_corner_is_a_wrong_box():
    boxes = np.abs(floats(100, 4, scale=100))
    got = boxes.copy()
    got[0, 0] += 0.05 * boxes.max()
    measured = Measurement([compare({"y": boxes}, {"y": got})])
    assert misses(measured, bounds(QUANTIZED_TOLERANCE, {"y": "other"}, {})) == []
    found = misses(measured, bounds(QUANTIZED_TOLERANCE, {"y": "boxes"}, {}))
    assert found == ["y of call 1: largest error 5.00e-02 of the largest value, above 0.03"]


def test_a_recipe_s_stricter_tolerance_stays():
    for kind in KINDS:
        assert bounds(FLOAT_TOLERANCE, {"y": kind}, {})["y"] == FLOAT_TOLERANCE


def test_what_a_maker_names_takes_the_place_of_the_default():
    bound = bounds(QUANTIZED_TOLERANCE, {"y": "logits"}, {"cosine": 0.9, "top1": False})["y"]
    assert (bound.cosine, bound.top1, bound.norm) == (0.9, False, 0.15)


def test_the_docs_say_the_same(root):
    lines = (root / "docs" / "tolerances.md").read_text(encoding="utf-8").splitlines()
    rows = {
        row[0].strip("`"): row
        for line in lines
        if len(row := [cell.strip() for cell in line.strip("|").split("|")]) == 7
    }
    for kind, tolerance in TOLERANCES.items():
        _, _, cosine, norm, largest, top1, why = rows[kind]
        assert (float(cosine), float(norm)) == (tolerance.cosine, tolerance.norm)
        assert largest == ("" if tolerance.largest is None else f"{tolerance.largest}")
        assert top1.startswith("yes") == tolerance.top1
        assert kind == "logits" or why == tolerance.reason
