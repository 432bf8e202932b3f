"""The demo `classify-photo` against the original code's numbers; how they were made is in the JSON beside."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
from pageside import engine
from pageside_export import convert, loader
from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.pack import gzip_bytes
from pageside_export.quantize import Given, int8_weights
from pageside_export.verify import QUANTIZED_TOLERANCE
from PIL import Image

REFERENCE = json.loads(Path(__file__).with_name("classify_photo_reference.json").read_text(encoding="utf-8"))
PHOTOS = REFERENCE["photos"]
#: Between two logits; quantization moves one by up to 0.45, and the cats on `cat.jpg` are 0.007 apart.
NEAR_TIE = 0.5


@pytest.fixture(scope="module")
def demo(root: Path) -> loader.Demo:
    return loader.load(root / "models" / "classify-photo")


@pytest.fixture(scope="module")
def built(demo):
    with demo.scope.active():
        return demo.torch_engine().built(demo.models["efficientnet-lite0"])


def photo(root: Path, name: str) -> np.ndarray:
    example = root / "models" / "classify-photo" / "examples" / name
    file = example if example.exists() else root / "tests" / "data" / "photos" / name
    return np.array(Image.open(file).convert("RGB"))


def test_the_network_is_the_original_s(built):
    noise = (np.random.default_rng(0).random((1, 3, 224, 224)) * 2 - 1).astype(np.float32)
    logits = built.run({"image": noise})["logits"][0]
    assert np.abs(logits[:20] - REFERENCE["noise"]).max() < 1e-4


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_has_the_original_s_label(demo, root, name):
    """Our resizing is another than the original's, so the numbers behind the first label may move."""
    with engine.use(demo.torch_engine()):
        answer = asyncio.run(demo.interface.fn(photo(root, name)))
    labels = demo.interface.fn.__globals__["LABELS"]
    assert max(answer, key=answer.get) == labels[PHOTOS[name]["labels"][0]]


def test_the_published_variant_is_small_and_agrees_but_for_near_ties(demo, built, root, tmp_path):
    model = int8_weights.apply(convert.to_onnx(built, 20).model, Given([], QUANTIZED_TOLERANCE, tmp_path))
    assert model is not None
    content = model.SerializeToString()
    assert len(gzip_bytes(content)) < len(content) <= 5_200_000
    session = OnnxSession(OnnxModel(content, int8_weights.SESSION_CONFIG))
    to_input = demo.interface.fn.__globals__["to_input"]
    for name in PHOTOS:
        feeds = {"image": to_input(photo(root, name))}
        want, got = (run(feeds)["logits"][0] for run in (built.run, session.run))
        assert want.max() - want[got.argmax()] < NEAR_TIE, name
