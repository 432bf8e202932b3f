"""The demo `paint-photo`: its network against the filters that it learnt, on photos that it was not trained on."""

import asyncio
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from pageside import engine
from pageside_export import convert, loader
from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.quantize import Given, int8_weights
from pageside_export.verify import QUANTIZED_TOLERANCE
from PIL import Image

HELD_OUT = ["astronaut.jpg", "photographer.jpg"]
#: Decibels; the photos themselves are at 12 to 19 from what the filters make of them.
LEAST = 20


@pytest.fixture(scope="module")
def demo(root: Path) -> loader.Demo:
    return loader.load(root / "models" / "paint-photo")


@pytest.fixture(scope="module")
def styles(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("styles", root / "models" / "paint-photo" / "training" / "styles.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def photo(root: Path, name: str) -> np.ndarray:
    return np.array(Image.open(root / "models" / "paint-photo" / "examples" / name).convert("RGB"))


def paint(demo: loader.Demo, picture: np.ndarray, style: str) -> tuple[np.ndarray, np.ndarray]:
    with engine.use(demo.torch_engine()):
        before, after = asyncio.run(demo.interface.fn(picture, style))
    return before, after


def decibels(one: np.ndarray, other: np.ndarray) -> float:
    return float(-10 * np.log10(((one - other) ** 2).mean()))


@pytest.mark.parametrize("name", HELD_OUT)
@pytest.mark.parametrize("style", ["Illustration", "Pencil"])
def test_it_paints_what_its_filters_would(demo, styles, root, name, style):
    before, after = paint(demo, photo(root, name), style)
    values = torch.tensor(before).permute(2, 0, 1) / 255
    wanted = getattr(styles, style.lower())(values).permute(1, 2, 0).numpy()
    near = decibels(after, wanted)
    assert near > LEAST
    assert near > decibels(before / 255, wanted) + 3


def test_the_published_variant_paints_the_same(demo, root, tmp_path):
    with demo.scope.active():
        built = demo.torch_engine().built(demo.models["painter"])
    small = int8_weights.apply(convert.to_onnx(built, 20).model, Given([], QUANTIZED_TOLERANCE, tmp_path))
    assert small is not None
    (tmp_path / "int8.onnx").write_bytes(small.SerializeToString())
    session = OnnxSession(OnnxModel(tmp_path / "int8.onnx", int8_weights.SESSION_CONFIG))
    values = photo(root, HELD_OUT[0])[:256, :320].transpose(2, 0, 1)[None].astype(np.float32) / 255
    for want, got in zip(built.run({"photo": values}).values(), session.run({"photo": values}).values(), strict=True):
        assert decibels(want, got) > 30


@pytest.mark.parametrize("size", [(3, 3), (101, 57), (1024, 768), (40, 1000)])
def test_any_size_is_painted(demo, size):
    picture = np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8)
    before, after = paint(demo, picture, "Pencil")
    assert before.shape == after.shape
    assert max(after.shape) <= 512
    assert all(side % 4 == 0 for side in after.shape[:2])
    assert 0 <= after.min() <= after.max() <= 1


def test_its_weights_are_small(root):
    weights = root / "models" / "paint-photo" / "weights.pt"
    assert weights.stat().st_size < 4_000_000
    assert "styles" not in sys.modules
