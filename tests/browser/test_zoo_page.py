"""Twelve architectures of the zoo on one page: built as a maker would, proved by `pageside check` on every backend."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import pageside, require

ZOO = Path(__file__).resolve().parents[1] / "export"
NAMES = [
    *("conv2d", "attention", "lstm-state", "bert", "gpt2", "llama"),
    *("vit", "resnet", "u-net", "detector", "diffusion-u-net", "mixture-of-experts"),
]
MODEL = """
import sys

sys.path.insert(0, ZOO)
import torch
import zoo


def built(name):
    torch.manual_seed(0)
    module, inputs, axes = zoo.MAKERS[name]()
    return module, inputs


"""
DEMO = """
from pathlib import Path

import numpy as np
import pageside as ps

NAMES = NAMES_LIST
HERE = Path(__file__).parent
nets = [ps.Model(name, f"model:build_{number}") for number, name in enumerate(NAMES)]

async def size(number):
    number = int(number)
    with np.load(HERE / f"{NAMES[number]}.npz") as feeds:
        answer = await nets[number](**dict(feeds))
    first = answer[0] if isinstance(answer, tuple) else answer
    return float(np.abs(first).mean())

ps.Interface(size, "number", "number", examples=list(range(len(NAMES)))).launch()
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo of twelve models with their inputs in files beside it."""
    from pageside_export.modules import build_module

    folder = tmp_path_factory.mktemp("zoo") / "zoo"
    folder.mkdir()
    builds = [f'def build_{number}():\n    return built("{name}")\n' for number, name in enumerate(NAMES)]
    (folder / "model.py").write_text(MODEL.replace("ZOO)", f"{str(ZOO)!r})") + "\n\n".join(builds))
    (folder / "demo.py").write_text(DEMO.replace("NAMES_LIST", repr(NAMES)).lstrip())
    sys.path.insert(0, str(ZOO))
    try:
        import torch
        import zoo

        for name in NAMES:
            torch.manual_seed(0)
            module, inputs, _ = zoo.MAKERS[name]()
            built = build_module(name, lambda module=module, inputs=inputs: (module, inputs), None)
            np.savez(folder / f"{name}.npz", **{key: value.numpy() for key, value in built.inputs.items()})
    finally:
        sys.path.remove(str(ZOO))
    return folder


def test_twelve_architectures_in_the_browser(demo: Path) -> None:
    require("chromium")
    dist = demo.parent / "dist"
    done = pageside("build", str(demo), "-o", str(dist), "--recipes", "int8_weights", "--no-browser")
    assert done.returncode == 0, done.stderr
    bundle = json.loads((dist / "zoo" / "bundle.json").read_text())
    assert [model["name"] for model in bundle["models"]] == NAMES
    done = pageside("check", str(dist), "--json")
    rows = {row["backend"]: row for row in json.loads(done.stdout)["results"]}
    assert set(rows) == {"wasm", "webgpu"}
    for backend, row in rows.items():
        assert row["problems"] == [], backend
        assert row["examples"] == len(NAMES)
        assert row["cosine"] > 0.98, backend
