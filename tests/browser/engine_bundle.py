"""A small bundle made without `pageside build`, so that the engine in the page is tested against the contract alone."""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import zstandard
from onnx import TensorProto, helper, numpy_helper
from pageside_export.assets import collect

ASSETS = "../assets/test/"
MODEL = "scorer"
MEASURED = {"cosine": 1.0, "max_abs_error": 0.0, "mean_abs_error": 0.0, "top1": 1.0, "native_ms": 0.1}
DEMO = """
import numpy as np
import pageside as ps

net = ps.Model("scorer")


async def score(text):
    values = np.resize(np.frombuffer(text.encode() or b" ", np.uint8), 64).astype(np.float32) / 255
    scores = await net(x=values.reshape(1, 64))
    return " ".join(f"{value:.4f}" for value in scores[0])


demo = ps.Interface(score, inputs="text", outputs="text")
"""
PLAIN_DEMO = """
import pageside as gr


def greet(name):
    return "Hello " + name + "!!"


gr.Interface(fn=greet, inputs="text", outputs="text").launch()
"""


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "w1": (rng.standard_normal((64, 96)) / 8).astype(np.float32),
        "b1": rng.standard_normal(96).astype(np.float32),
        "w2": (rng.standard_normal((96, 8)) / 8).astype(np.float32),
    }


def reference(values: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """What the model computes, in plain numpy: two layers with a ReLU between them."""
    return np.maximum(x @ values["w1"] + values["b1"], 0) @ values["w2"]


def scores(text: str) -> str:
    """What the demo answers, computed without the page."""
    raw = np.resize(np.frombuffer(text.encode() or b" ", np.uint8), 64).astype(np.float32) / 255
    return " ".join(f"{value:.4f}" for value in reference(weights(), raw.reshape(1, 64))[0])


def close_to(answer: str, text: str) -> bool:
    """Within what the stored precision of the "small" variant leaves."""
    pairs = zip(answer.split(), scores(text).split(), strict=True)
    return all(abs(float(got) - float(want)) < 2e-3 for got, want in pairs)


def onnx_model(values: dict[str, np.ndarray]) -> bytes:
    nodes = [
        helper.make_node("MatMul", ["x", "w1"], ["h1"]),
        helper.make_node("Add", ["h1", "b1"], ["h2"]),
        helper.make_node("Relu", ["h2"], ["h3"]),
        helper.make_node("MatMul", ["h3", "w2"], ["y"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 8])
    tensors = [numpy_helper.from_array(value, name) for name, value in values.items()]
    graph = helper.make_graph(nodes, "scorer", [x], [y], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return model.SerializeToString()


ModelMaker = Callable[["BundleFolder"], dict[str, Any]]


@dataclass
class BundleFolder:
    """A site with one demo, in `root/demo`; its parts can be broken on purpose before it is opened."""

    root: Path
    bundle: dict[str, Any] = field(default_factory=dict)

    @property
    def demo(self) -> Path:
        return self.root / "demo"

    def add(self, url: str, content: bytes) -> dict[str, Any]:
        """Writes a gzipped file and returns its FileRef."""
        stored = gzip.compress(content, 6, mtime=0)
        path = self.demo / url
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, stored)
        digest = hashlib.sha256(content).hexdigest()
        return {"url": url, "bytes": len(stored), "size": len(content), "sha256": digest, "encoding": "gzip"}

    def tensor(self, url: str, array: np.ndarray) -> dict[str, Any]:
        data = np.ascontiguousarray(array)
        return {"dtype": str(data.dtype), "shape": list(data.shape), "file": self.add(url, data.tobytes())}

    def replace(self, ref: dict[str, Any], content: bytes) -> None:
        """Another content under the same name, with a hash that is right."""
        ref.update(self.add(ref["url"], content))

    def tamper(self, ref: dict[str, Any]) -> None:
        """One changed byte in the middle of the decoded content; bundle.json does not know."""
        path = self.demo / ref["url"]
        packer: Any = gzip if ref["encoding"] == "gzip" else zstandard
        content = bytearray(packer.decompress(path.read_bytes()))
        content[len(content) // 2] ^= 1
        replace(path, packer.compress(bytes(content)))

    def save(self) -> None:
        replace(self.demo / "bundle.json", json.dumps(self.bundle).encode())

    def copy(self, root: Path) -> BundleFolder:
        """The same site elsewhere; its files are links until they are replaced."""
        shutil.copytree(self.root, root, copy_function=os.link)
        return BundleFolder(root, copy.deepcopy(self.bundle))

    def edit_source(self, path: str, old: str, new: str) -> None:
        """Changes the page's own JavaScript."""
        file = self.root / "assets" / "test" / "src" / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} has no {old!r}"
        replace(file, text.replace(old, new).encode())


def replace(path: Path, content: bytes) -> None:
    """Writes a new file, so that another name of the old one keeps its content."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def make_bundle(
    root: Path, source: str = DEMO, *, with_model: bool = True, models: Sequence[ModelMaker] = ()
) -> BundleFolder:
    folder = BundleFolder(root)
    folder.demo.mkdir(parents=True)
    assets = collect(["numpy"], ["asyncio"])
    for name, content in assets.files.items():
        path = folder.demo / ASSETS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder.demo / "index.html").write_text("<!doctype html><title>engine</title>", encoding="utf-8")
    file = folder.add("demo.py.gz", source.encode()) | {"path": "demo.py"}
    folder.bundle = {
        "format": "pageside-bundle",
        "version": 1,
        "name": "demo",
        "pageside": "0.1.0",
        "interface": interface(),
        "files": [file],
        "models": [make(folder) for make in ((model_entry, *models) if with_model else models)],
        "examples": [],
        "runtime": assets.runtime(ASSETS, ["numpy"]) | {"version": "test"},
    }
    folder.save()
    return folder


def interface() -> dict[str, Any]:
    text = {"type": "textbox", "label": "text", "props": {}}
    labels = {"submit_label": "Submit", "stop_label": "Stop", "clear_label": "Clear"}
    texts = {"title": "", "description_html": "", "article_html": ""}
    return {"inputs": [text], "outputs": [text], "live": False, "generator": False, **labels, **texts}


def model_entry(folder: BundleFolder) -> dict[str, Any]:
    variants = {"small": weights(), "fp32": weights()}
    variants["small"]["w1"] = variants["small"]["w1"].astype(np.float16).astype(np.float32)
    rng = np.random.default_rng(1)
    golden = [golden_call(folder, variants, rng.random((1, 64), np.float32), number) for number in range(2)]

    return {
        "name": MODEL,
        "inputs": [{"name": "x", "dtype": "float32", "shape": [1, 64]}],
        "outputs": [{"name": "y", "dtype": "float32", "shape": [1, 8]}],
        "variants": [
            {"id": name, "parts": parts(folder, name, values), "session_config": {}, "measured": MEASURED}
            | {"golden_error": 0.002}
            for name, values in variants.items()
        ],
        "golden": golden,
        "backends": {"wasm": ["small", "fp32"], "webgpu": ["fp32"]},
        "tolerance": {"cosine": 0.999, "relative_error": 0.001},
    }


def grower_entry(folder: BundleFolder) -> dict[str, Any]:
    """A model that needs four megabytes for each of `n`, which is all that it takes."""
    nodes = [
        helper.make_node("Concat", ["n", "columns"], ["shape"], axis=0),
        helper.make_node("Expand", ["one", "shape"], ["ones"]),
        helper.make_node("ReduceMax", ["ones"], ["y"]),
    ]
    constants = {"columns": np.array([1 << 20]), "one": np.float32([1])}
    call = {"n": np.array([1])}, {"y": np.float32([[1]])}
    return plain_entry(folder, "grower", helper.make_graph(nodes, "grower", *values(call), tensors(constants)), call)


def counter_entry(folder: BundleFolder) -> dict[str, Any]:
    """A model with a state: `after` is `state` and `x` together, and stays where it is; `y` is its largest value."""
    nodes = [helper.make_node("Add", ["state", "x"], ["after"]), helper.make_node("ReduceMax", ["after"], ["y"])]
    given = {"x": np.ones((1, 4), np.float32), "state": np.float32([[0, 1, 2, 3]])}
    call = given, {"y": np.float32([[4]]), "after": np.float32([[1, 2, 3, 4]])}
    return plain_entry(folder, "counter", helper.make_graph(nodes, "counter", *values(call)), call) | {
        "keep": ["after"]
    }


def wide_entry(folder: BundleFolder) -> dict[str, Any]:
    """A model that takes any rows and columns; the demo's calls are said to be larger than the golden one."""
    node = helper.make_node("ReduceMax", ["x"], ["y"], keepdims=1)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", "columns"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1])
    call = {"x": np.arange(8, dtype=np.float32).reshape(2, 4)}, {"y": np.float32([[7]])}
    entry = plain_entry(folder, MODEL, helper.make_graph([node], MODEL, [x], [y]), call)
    return entry | {"usual": {"calls": 2, "shapes": {"x": [3, 40]}}}


Arrays = dict[str, np.ndarray]


def values(call: tuple[Arrays, Arrays]) -> list[list[Any]]:
    """Inputs and outputs for a graph."""
    return [
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(one.dtype), one.shape)
            for name, one in side
        ]
        for side in (arrays.items() for arrays in call)
    ]


def tensors(constants: Arrays) -> list[Any]:
    return [numpy_helper.from_array(value, name) for name, value in constants.items()]


def plain_entry(folder: BundleFolder, name: str, graph: Any, call: tuple[Arrays, Arrays]) -> dict[str, Any]:
    """A model with one variant and one golden call, the same on both backends."""
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10).SerializeToString()
    inputs, outputs = (
        {key: folder.tensor(f"golden/{name}.0.{key}.bin.gz", array) for key, array in side.items()} for side in call
    )
    specs = [
        [{"name": key, "dtype": str(one.dtype), "shape": list(one.shape)} for key, one in side.items()] for side in call
    ]
    part = folder.add(f"models/{name}/fp32.0.bin.gz", content)
    return {
        "name": name,
        "inputs": specs[0],
        "outputs": specs[1],
        "variants": [{"id": "fp32", "parts": [part], "session_config": {}, "measured": MEASURED}],
        "golden": [{"inputs": inputs, "outputs": outputs, "variants": {"fp32": outputs}}],
        "backends": {"wasm": ["fp32"], "webgpu": ["fp32"]},
        "tolerance": {"cosine": 0.999, "relative_error": 0.001},
    }


def parts(folder: BundleFolder, name: str, values: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    content = onnx_model(values)
    middle = len(content) // 2
    halves = enumerate((content[:middle], content[middle:]))
    return [folder.add(f"models/{MODEL}/{name}.{number}.bin.gz", half) for number, half in halves]


def golden_call(folder: BundleFolder, variants: dict[str, Any], x: np.ndarray, number: int) -> dict[str, Any]:
    def native(values: dict[str, np.ndarray]) -> np.ndarray:
        session = onnxruntime.InferenceSession(onnx_model(values), providers=["CPUExecutionProvider"])
        return session.run(None, {"x": x})[0]

    stem = f"golden/{MODEL}.{number}"
    return {
        "inputs": {"x": folder.tensor(f"{stem}.x.bin.gz", x)},
        "outputs": {"y": folder.tensor(f"{stem}.y.bin.gz", reference(variants["fp32"], x))},
        "variants": {
            name: {"y": folder.tensor(f"{stem}.{name}.y.bin.gz", native(values))} for name, values in variants.items()
        },
    }
