"""The demo `read-digit`: what goes into its network, and how many held-out digits it reads."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pageside import engine
from pageside_export import convert, loader, tensors
from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.quantize import Given, int8_weights
from pageside_export.verify import QUANTIZED_TOLERANCE
from PIL import Image


@pytest.fixture(scope="module")
def demo(root: Path) -> loader.Demo:
    return loader.load(root / "models" / "read-digit")


@pytest.fixture(scope="module")
def held_out(root: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(root / "models" / "read-digit" / "training" / "held-out.npz") as file:
        return file["images"], file["digits"]


def paper_of(image: np.ndarray, side: int = 280) -> np.ndarray:
    """(28, 28) ink as a drawing in the corner of a paper, dark on white."""
    drawn = Image.fromarray(image).resize((side // 2, side // 2), Image.Resampling.BICUBIC)
    paper = np.full((side, side), 255, np.uint8)
    paper[10 : 10 + side // 2, 20 : 20 + side // 2] = 255 - np.asarray(drawn)
    return paper


def test_a_digit_is_centred_by_mass_wherever_it_was_drawn(demo: loader.Demo, held_out: Any) -> None:
    to_input = demo.interface.fn.__globals__["to_input"]
    likeness = []
    for image in held_out[0][:50]:
        made = to_input(paper_of(image))[0, 0]
        assert made.shape == (28, 28)
        rows, columns = np.flatnonzero(made.any(axis=1)), np.flatnonzero(made.any(axis=0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
        centre = np.array([np.arange(28) @ made.sum(axis=1), np.arange(28) @ made.sum(axis=0)]) / made.sum()
        assert np.abs(centre - 14).max() <= 0.51
        likeness.append(np.corrcoef(made.ravel(), image.ravel())[0, 1])
    # MNIST's own pictures were made the same way; where the middle falls between two pixels it may be one to the side.
    assert np.median(likeness) > 0.95


def test_a_blank_paper_has_no_digit(demo: loader.Demo) -> None:
    assert demo.interface.fn.__globals__["to_input"](np.full((280, 280), 255, np.uint8)) is None


def test_a_dot_and_a_line_are_no_error(demo: loader.Demo) -> None:
    for box in ((100, 101, 100, 101), (0, 280, 3, 4), (279, 280, 0, 280)):
        paper = np.full((280, 280), 255, np.uint8)
        paper[box[0] : box[1], box[2] : box[3]] = 0
        assert demo.interface.fn.__globals__["to_input"](paper).shape == (1, 1, 28, 28)


def test_at_least_985_of_1000_held_out_digits_are_read_after_quantization(
    root: Path, held_out: Any, tmp_path: Path
) -> None:
    demo = loader.load(root / "models" / "read-digit")
    with demo.scope.active():
        built = demo.torch_engine().built(demo.models["digit-net"])
    images, digits = held_out
    assert len(digits) == 2000
    feeds = {"image": images[:, None].astype(np.float32) / 255}
    model = convert.to_onnx(built, 20).model
    small = int8_weights.apply(model, Given([], QUANTIZED_TOLERANCE, tmp_path))
    tensors.write_model(small, tmp_path / "int8.onnx", tmp_path)
    assert (tmp_path / "int8.onnx").stat().st_size < 60_000
    logits = OnnxSession(OnnxModel(tmp_path / "int8.onnx", int8_weights.SESSION_CONFIG)).run(feeds)["logits"]
    assert (logits.argmax(axis=1) == digits).mean() >= 0.985
    assert (built.run(feeds)["logits"].argmax(axis=1) == digits).mean() >= 0.985


def test_the_examples_are_read(demo: loader.Demo, root: Path) -> None:
    folder = root / "models" / "read-digit"
    pad = demo.interface.inputs[0]
    for row in demo.interface.examples:
        value = pad.preprocess(pad.read_input(row[0], folder))
        with engine.use(demo.torch_engine()):
            shares = asyncio.run(demo.interface.fn(value))
        assert max(shares, key=shares.__getitem__) == Path(row[0]).stem
