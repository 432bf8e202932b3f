"""Our kernels inside onnxruntime-web, in three engines: every shape that they treat apart, against PyTorch."""

import platform
from collections.abc import Iterator

import pytest
from conftest import pageside
from drivers import Driver
from nginx import Nginx
from pageside_export.hosts import ISOLATION

MODEL = """
import torch
from torch import nn

# Side of the picture, kernel, stride, dilation, padding.
CONVOLUTIONS = [
    (7, 3, 1, 1, 1), (7, 5, 1, 1, 2), (14, 5, 2, 1, 2), (21, 3, 2, 2, 2), (33, 3, 1, 3, 0), (112, 3, 1, 1, 1),
    (113, 3, 2, 1, 1), (200, 7, 1, 1, 3), (201, 7, 2, 1, 3), (3, 3, 1, 1, 3), (40, 1, 1, 1, 0), (24, 3, 3, 1, 1),
]
# Rows, inner and columns of a product.
PRODUCTS = [
    (1, 5, 1), (2, 7, 3), (3, 64, 16), (5, 33, 31), (17, 128, 50), (64, 300, 64),
    (1, 256, 32), (33, 320, 144), (70, 512, 64),
]
# Channels in and out of a convolution of single points, and the side of its picture.
POINTS = [(16, 8, 30), (64, 48, 31), (320, 24, 14)]


class Shapes(nn.Module):
    def __init__(self):
        super().__init__()
        # The second of a pair has a bias and something for onnxruntime to fuse, the first neither.
        self.convolutions = nn.ModuleList(
            nn.Sequential(nn.Conv2d(6, 6, k, s, p, d, groups=6, bias=fused), nn.ReLU6() if fused else nn.Identity())
            for _, k, s, d, p in CONVOLUTIONS for fused in (False, True)
        )
        self.products = nn.ModuleList(nn.Linear(inner, columns) for _, inner, columns in PRODUCTS)
        self.points = nn.ModuleList(nn.Sequential(nn.Conv2d(i, o, 1), nn.ReLU()) for i, o, _ in POINTS)

    def forward(self, x):
        pictures = [x[..., :side, :side] for side, *_ in CONVOLUTIONS for _ in range(2)]
        rows = [x.flatten()[: m * inner].reshape(m, inner) for m, inner, _ in PRODUCTS]
        seen = [layer(part) for layer, part in zip(self.convolutions, pictures)]
        seen += [nn.functional.gelu(layer(part)) for layer, part in zip(self.products, rows)]
        squares = [x.flatten()[: i * side**2].reshape(1, i, side, side) for i, _, side in POINTS]
        seen += [layer(part) for layer, part in zip(self.points, squares)]
        seen.append(x[0, :, :40, :64] @ x[0, :, 100:164, :50])
        return torch.cat([one.flatten() for one in seen])


def build():
    torch.manual_seed(0)
    return Shapes().eval(), {"x": torch.randn(1, 6, 201, 201)}
"""
DEMO = """
import numpy as np
import pageside as ps

net = ps.Model("shapes", build="model:build", variant="VARIANT")


async def most(seed):
    x = np.random.default_rng(int(seed)).standard_normal((1, 6, 201, 201)).astype(np.float32)
    return float(np.abs(await net(x=x)).sum())


ps.Interface(most, "number", "number", examples=[1, 2]).launch()
"""
ASK = """
for (let i = 0; i < 600 && !window.pageside; i++) await new Promise((r) => setTimeout(r, 50));
await window.pageside.ready;
const demo = window.pageside;
const answers = [];
for (const { inputs } of demo.examples) answers.push(await demo.predict(...inputs));
const stored = demo.examples.map((one) => one.outputs[0]);
return { answers, stored, backends: demo.status().backends, isolated: crossOriginIsolated };
"""


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    root = tmp_path_factory.mktemp("kernels")
    for name, variant in (("floats", "fp32"), ("integers", "int12_weights")):
        folder = root / name
        folder.mkdir()
        (folder / "model.py").write_text(MODEL)
        (folder / "demo.py").write_text(DEMO.replace("VARIANT", variant))
    demos = [str(root / "floats"), str(root / "integers")]
    done = pageside("build", *demos, "-o", str(root / "dist"), "--recipes", "fp32,int12_weights", "--no-browser")
    assert done.returncode == 0, done.stderr
    # Isolated, so that convolutions are shared out among threads.
    with Nginx(root / "nginx", {"/": root / "dist"}, headers=dict(ISOLATION)) as server:
        yield server


def test_every_shape_has_pytorch_s_numbers(browser: Driver, shapes: Nginx) -> None:
    browser.open(shapes.url("floats/?backend=wasm"))
    seen = browser.eval_async(ASK)
    assert seen["isolated"]
    assert seen["answers"] == pytest.approx(seen["stored"], rel=1e-6)
    (wasm,) = [one for one in seen["backends"] if one["id"] == "wasm"]
    assert (wasm["state"], wasm["reason"], wasm["variant"]) == ("ok", "", "fp32")
    assert wasm["cosine"] > 0.9999999
    assert wasm["relative_error"] < 1e-6
    assert browser.console_errors() == []


def test_weights_of_few_bits_are_multiplied_in_integers(browser: Driver, shapes: Nginx) -> None:
    browser.open(shapes.url("integers/?backend=wasm"))
    seen = browser.eval_async(ASK)
    assert seen["answers"] == pytest.approx(seen["stored"], rel=1e-3)
    (wasm,) = [one for one in seen["backends"] if one["id"] == "wasm"]
    assert (wasm["state"], wasm["reason"], wasm["variant"]) == ("ok", "", "int12_weights")
    # Against native onnxruntime, which multiplies in floats. Other processors than x86 do so here too.
    assert wasm["relative_error"] < 3e-4
    assert (wasm["relative_error"] > 1e-5) == (platform.machine() in {"x86_64", "AMD64"})
    assert browser.console_errors() == []
