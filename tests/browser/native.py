"""The same demo in native onnxruntime, with the very model file that the built site holds."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pageside import engine
from pageside.engine import ModelSpecs, TensorSpec
from pageside.model import Model
from pageside_export import loader, planes
from pageside_export.pack import unpacked

DTYPES = {"tensor(float)": "float32"}


def bundle(site: Path, demo: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((site / demo / "bundle.json").read_text(encoding="utf-8"))
    return content


def model_bytes(folder: Path, variant: dict[str, Any]) -> bytes:
    """Parts, decoded and put together as the page does."""
    parts = [((folder / part["url"]).read_bytes(), part.get("planes")) for part in variant["parts"]]
    return b"".join(planes.join(unpacked(part), runs) if runs else unpacked(part) for part, runs in parts)


def session(folder: Path, variant: dict[str, Any], threads: int = 0) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    for key, value in variant["session_config"].items():
        options.add_session_config_entry(key, value)
    return onnxruntime.InferenceSession(model_bytes(folder, variant), options, providers=["CPUExecutionProvider"])


class PublishedEngine:
    """Answers with the published variant of the demo's only model."""

    def __init__(self, site: Path, demo: str, variant: str) -> None:
        entry = bundle(site, demo)["models"][0]
        self.session = session(site / demo, next(item for item in entry["variants"] if item["id"] == variant))

    def specs(self, model: Model) -> ModelSpecs:
        del model
        return ModelSpecs(
            *([self.spec(v) for v in side()] for side in (self.session.get_inputs, self.session.get_outputs))
        )

    @staticmethod
    def spec(value: Any) -> TensorSpec:
        return TensorSpec(value.name, DTYPES[value.type], tuple(value.shape))

    async def run(self, model: Model, feeds: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        del model
        names = [value.name for value in self.session.get_outputs()]
        return dict(zip(names, self.session.run(names, feeds), strict=True))


class NativeClassifier:
    """The maker's function, run in CPython on a picture file: all 1,000 labels with their probabilities."""

    def __init__(self, root: Path, site: Path, variant: str) -> None:
        self.demo = loader.load(root / "models" / "classify-photo")
        self.engine = PublishedEngine(site, "classify-photo", variant)

    def __call__(self, photo: Path) -> dict[str, float]:
        component = self.demo.interface.inputs[0]
        value = component.preprocess(component.read_input(str(photo), photo.parent))
        # In a thread: Playwright's event loop runs in this one.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(self.call, value).result()

    def call(self, value: object) -> dict[str, float]:
        with engine.use(self.engine):
            answer: dict[str, float] = asyncio.run(self.demo.interface.fn(value))
        return answer


def cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def compare(page: dict[str, float], native: dict[str, float]) -> tuple[float, float]:
    """Cosines of the two full vectors: of the probabilities, and of the logits.

    Logits come back from probabilities but for a constant, which the mean takes away. Of probabilities alone the cosine
    sees little but the first label.
    """
    names = sorted(native)
    assert sorted(page) == names
    pairs = [np.array([side[name] for name in names]) for side in (page, native)]
    logits = [np.log(np.maximum(side, 1e-30)) for side in pairs]
    return cosine(*pairs), cosine(*(side - side.mean() for side in logits))
