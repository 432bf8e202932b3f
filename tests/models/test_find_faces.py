"""find-faces against the original code's boxes, natively; the numbers and how they were made are in the JSON beside."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from find_faces_cascade import FOLDER, PHOTOS, figures, iou, photo
from pageside import engine
from pageside_export import convert, loader, tensors
from pageside_export.engines import OnnxModel
from pageside_export.quantize import Given, int16_weights
from pageside_export.verify import QUANTIZED_TOLERANCE

# Measured: 0.0005 pixels, 5e-7 of probability, IoU 0.99998; float32 sums in another order, areas in whole numbers.
PIXELS, PROBABILITY, IOU = 0.01, 1e-5, 0.999

Detect = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def demo() -> loader.Demo:
    return loader.load(FOLDER)


@pytest.fixture(scope="module")
def run(demo: loader.Demo) -> Callable[[str, np.ndarray], Any]:
    native = demo.torch_engine()
    namespace = demo.interface.fn.__globals__

    def call(name: str, photo: np.ndarray) -> Any:
        with engine.use(native):
            return asyncio.run(namespace[name](photo))

    return call


@pytest.mark.parametrize("name", PHOTOS)
def test_the_original_s_boxes_and_landmarks(run: Callable[[str, np.ndarray], Any], name: str) -> None:
    expected = PHOTOS[name]
    boxes, faces, points = run("detect", photo(name))
    assert len(boxes) == len(faces) == len(points) == len(expected["boxes"])
    for box, other in zip(boxes, np.array(expected["boxes"]), strict=True):
        assert iou(box, other) >= IOU
    if len(boxes):
        assert np.abs(faces - expected["probabilities"]).max() < PROBABILITY
        assert np.abs(points - np.array(expected["landmarks"])).max() < PIXELS


def test_the_nets_as_the_page_takes_them_find_the_same_faces(demo: loader.Demo, tmp_path: Path) -> None:
    """R-Net and O-Net with weights of sixteen bits."""
    files = {}
    for name in ("rnet", "onet"):
        with demo.scope.active():
            built = demo.torch_engine().built(demo.models[name])
        small = int16_weights.apply(convert.to_onnx(built, 20).model, Given([], QUANTIZED_TOLERANCE, tmp_path))
        tensors.write_model(small, tmp_path / f"{name}.onnx", tmp_path)
        files[name] = OnnxModel(tmp_path / f"{name}.onnx", int16_weights.SESSION_CONFIG)
    found, others, lowest = figures(demo, files)
    assert (found, others) == (7, 0)
    assert lowest > 0.999


def test_what_the_page_gets(run: Callable[[str, np.ndarray], Any]) -> None:
    given = photo("astronaut.jpg")
    shown, marks = run("find", given)
    assert shown is given
    assert [label for _, label in marks] == ["face", *["landmark"] * 5]
    assert run("find", photo("cat.jpg"))[1] == []


@pytest.mark.parametrize("size", [(1, 1), (39, 300), (40, 40), (41, 700)])
def test_a_photo_of_any_size(run: Callable[[str, np.ndarray], Any], size: tuple[int, int]) -> None:
    boxes, faces, points = run("detect", np.zeros((*size, 3), np.uint8))
    assert (boxes.shape, faces.shape, points.shape) == ((0, 4), (0,), (0, 5, 2))


def test_areas_are_those_of_pytorch(demo: loader.Demo) -> None:
    import torch
    from torch.nn.functional import interpolate

    scope = demo.interface.fn.__globals__
    given = np.random.default_rng(5).integers(0, 256, (37, 53, 3)).astype(np.uint8)
    boxes = np.array([[0, 0, 53, 37], [3, 5, 20, 9], [50, 30, 51, 37]])
    found = scope["crop_resize"](scope["integral"](given), boxes, 24, 24)
    for (x1, y1, x2, y2), mine in zip(boxes, found, strict=True):
        pixels = torch.tensor(given[y1:y2, x1:x2]).permute(2, 0, 1)[None].double()
        theirs = (interpolate(pixels, (24, 24), mode="area") - 127.5) / 128
        assert np.abs(theirs.numpy()[0] - mine).max() < 1e-6


def test_nms_keeps_the_best_of_each_crowd(demo: loader.Demo) -> None:
    nms = demo.interface.fn.__globals__["nms"]
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [40, 40, 50, 50], [2, 2, 5, 5]], float)
    scores = np.array([0.8, 0.9, 0.7, 0.6])
    assert nms(boxes, scores, 0.5).tolist() == [1, 2, 3]
    assert nms(boxes, scores, 0.5, of_smaller=True).tolist() == [1, 2]
    assert nms(boxes[:0], scores[:0], 0.5).tolist() == []
