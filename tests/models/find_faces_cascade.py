"""What each variant of one net does to the whole of find-faces: `python tests/models/find_faces_cascade.py`.

One net answers from a variant, the two others from PyTorch; then all three as the page takes them. Faces are counted
against the original code's boxes on the four examples, `find_faces_reference.json`.
"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pageside import engine
from pageside.engine import ModelSpecs
from pageside.model import Model
from pageside_export import exporting, loader
from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.options import ExportOptions
from PIL import Image

FOLDER = Path(__file__).resolve().parents[2] / "models" / "find-faces"
PHOTOS = json.loads(Path(__file__).with_name("find_faces_reference.json").read_text(encoding="utf-8"))["photos"]
#: A box that shares less with a reference's box is another one.
SAME = 0.5


class Mixed:
    """The engine that runs some nets from ONNX files, and the others in PyTorch."""

    def __init__(self, demo: loader.Demo, files: Mapping[str, OnnxModel]) -> None:
        self._torch = demo.torch_engine()
        self._sessions = {name: OnnxSession(file) for name, file in files.items()}

    def specs(self, model: Model) -> ModelSpecs:
        return self._torch.specs(model)

    async def run(self, model: Model, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        session = self._sessions.get(model.name)
        return await self._torch.run(model, feeds) if session is None else session.run(dict(feeds))


def photo(name: str) -> np.ndarray:
    return np.asarray(Image.open(FOLDER / "examples" / name).convert("RGB"))


def iou(a: np.ndarray, b: np.ndarray) -> float:
    sides = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None)
    shared = float(sides.prod())
    return shared / (float((a[2:] - a[:2]).prod()) + float((b[2:] - b[:2]).prod()) - shared)


def figures(demo: loader.Demo, files: Mapping[str, OnnxModel]) -> tuple[int, int, float]:
    """How many of the reference's seven faces are found, how many others, and the lowest IoU of those found."""
    shares, others = [], 0
    for name, reference in PHOTOS.items():
        with engine.use(Mixed(demo, files)):
            boxes: Any = asyncio.run(demo.interface.fn.__globals__["detect"](photo(name)))[0]
        best = [max((iou(box, np.array(face)) for box in boxes), default=0.0) for face in reference["boxes"]]
        found = [share for share in best if share >= SAME]
        shares += found
        others += len(boxes) - len(found)
    return len(shares), others, min(shares, default=0.0)


def main() -> None:
    demo = loader.load(FOLDER)
    done = exporting.export_demo(demo, ExportOptions(browser=False))
    taken = {model.name: model.variant(str(model.wishes.variant)).model for model in done.models}
    rows = {f"{model.name} {one.id}": {model.name: one.model} for model in done.models for one in model.variants}
    for row, files in {"PyTorch": {}, **rows, "as the page takes them": taken}.items():
        found, others, lowest = figures(demo, files)
        print(f"{row:24} {found} of 7 faces, {others} others, lowest IoU {lowest:.4f}", flush=True)


if __name__ == "__main__":
    main()
