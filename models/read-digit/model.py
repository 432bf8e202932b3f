"""A small convolutional network for handwritten digits, trained by `training/train.py` in this folder."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

HERE = Path(__file__).parent
SIDE = 28
BATCH = 100


class Block(nn.Module):
    """Two convolutions of 3 x 3, each with batch normalization and ReLU; then the picture is halved."""

    def __init__(self, cin: int, cout: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(cin, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout)
        self.conv2, self.norm2 = nn.Conv2d(cout, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout)

    def forward(self, x: Tensor) -> Tensor:  # (n, cin, s, s) -> (n, cout, s / 2, s / 2)
        x = functional.relu(self.norm1(self.conv1(x)))  # (n, cout, s, s)
        x = functional.relu(self.norm2(self.conv2(x)))  # (n, cout, s, s)
        return functional.max_pool2d(x, 2)


class DigitNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block1 = Block(1, 16)
        self.block2 = Block(16, 32)
        self.last, self.norm = nn.Conv2d(32, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64)
        self.head = nn.Linear(64, 10)

    def forward(self, image: Tensor) -> dict[str, Tensor]:  # (n, 1, 28, 28), ink 0..1
        x = self.block2(self.block1(image))  # (n, 32, 7, 7)
        x = functional.relu(self.norm(self.last(x)))  # (n, 64, 7, 7)
        return {"logits": self.head(x.mean(dim=(2, 3)))}  # (n, 10)


def build() -> tuple[nn.Module, dict[str, Tensor]]:
    net = DigitNet()
    net.load_state_dict(torch.load(HERE / "weights.pt", map_location="cpu", weights_only=True))
    return net.eval(), {"image": torch.zeros(2, 1, SIDE, SIDE)}


def calibration() -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
    """The 2,000 held-out digits in batches, with what they are."""
    with np.load(HERE / "training" / "held-out.npz") as file:
        images, digits = file["images"], file["digits"]  # (2000, 28, 28) uint8, (2000,) uint8
    for start in range(0, len(digits), BATCH):
        part = slice(start, start + BATCH)
        yield {"image": images[part, None].astype(np.float32) / 255}, digits[part]


def score(logits: np.ndarray, digits: np.ndarray) -> float:
    """The share that is read right."""
    return float((logits.argmax(axis=1) == digits).mean())
