"""What `pageside export` learns from a real browser: times on WASM, and operators that stay off the GPU."""

import json
import re
import shutil
import textwrap
from pathlib import Path

import pytest
from conftest import pageside, require

MODEL = """
import torch
from torch import nn

class Volume(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(16, 16)

    def forward(self, x):
        y = self.mix(x)
        return {"scores": torch.linalg.det(y.reshape(-1, 4, 4)).reshape(1, -1)}

def build():
    torch.manual_seed(0)
    return Volume(), {"x": torch.rand(8, 16)}
"""
DEMO = """
import numpy as np
import pageside as ps

net = ps.Model("volume")

async def volumes(number):
    return float((await net(x=np.full((8, 16), number))).sum())

ps.Interface(volumes, "number", "number", examples=[1, 2]).launch()
"""


@pytest.fixture(scope="module", autouse=True)
def _chromium():
    require("chromium")


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    folder = tmp_path / "volume"
    folder.mkdir()
    (folder / "model.py").write_text(textwrap.dedent(MODEL).lstrip())
    (folder / "demo.py").write_text(textwrap.dedent(DEMO).lstrip())
    return folder


def export(demo: Path, *words: str):
    out = demo.parent / "out"
    done = pageside("export", str(demo), "-o", str(out), "--recipes", "int8_weights,int8_dynamic", *words)
    assert done.returncode == 0, done.stderr
    return done, json.loads((out / "report.json").read_text())["models"][0]


def test_times_in_the_browser_and_what_webgpu_leaves_to_wasm(demo):
    done, model = export(demo)
    seen = next(one for one in model["variants"] if one["id"] == "fp32")["browser"]
    assert seen["wasm_1_ms"] > 0
    assert seen["wasm_n_ms"] > 0
    assert seen["failed"] == ""
    assert seen["fallback"]["Det"]["nodes"] == 1
    assert 0 < seen["fallback"]["Det"]["share"] <= 1
    assert seen["fallback_reason"] == ""
    # One call on the adapter of this machine, which chooses nothing.
    webgpu = seen["webgpu"]
    assert (webgpu["failed"], webgpu["ms"] > 0, webgpu["cosine"] > 0.9999) == ("", True, True)
    assert webgpu["adapter"]
    assert f"on {webgpu['adapter']}, " in " ".join(model["remarks"])
    for one in model["variants"]:
        if one["id"] == "int8_dynamic" and one["browser"]:
            why = "not offered: WebGPU has no kernels for its integer arithmetic"
            assert (one["browser"]["fallback"], one["browser"]["fallback_reason"]) == (None, why)
            assert (one["browser"]["webgpu"]["ms"], one["browser"]["webgpu"]["failed"]) == (None, why)
    assert re.search(r"fp32 on WebGPU leaves to WASM: (.+, )?1 Det \(\d+\.\d% of the native time\)", done.stdout)
    assert re.search(r"is chosen: \S+ \w+ and \d+\.\d ms a call on WASM", done.stdout)
    # What was measured once stays, so that an export is the same each time.
    _, again = export(demo)
    assert again["variants"] == model["variants"]


def test_without_a_browser_the_native_times_stand(demo, tmp_path, monkeypatch):
    monkeypatch.setenv("PAGESIDE_CACHE", str(tmp_path / "cache"))
    _, model = export(demo, "--no-browser")
    assert [one["browser"] for one in model["variants"]] == [None] * len(model["variants"])
    monkeypatch.setenv("PAGESIDE_CHROMIUM", shutil.which("true"))
    done, model = export(demo)
    assert re.search(r"volume: not timed in a browser: browser: \S+/true does not start ", done.stderr)
    assert "on WASM" not in model["sentence"]
