"""A small convolutional network that paints a photo in two styles at once, trained by `training/train.py` here."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

HERE = Path(__file__).parent
THIN, WIDE, BLOCKS = 24, 40, 7


class Painter(nn.Module):
    """A U-Net of three sizes; the finest is half of the photo's, and pixels are made four at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, THIN, 6, stride=2, padding=2)
        self.down = nn.Conv2d(THIN, WIDE, 4, stride=2, padding=1)
        self.blocks = nn.ModuleList(nn.Conv2d(WIDE, WIDE, 3, padding=1) for _ in range(BLOCKS))
        self.up = nn.Conv2d(WIDE, THIN * 4, 1)
        self.mix1 = nn.Conv2d(THIN, THIN, 3, padding=1)
        self.mix2 = nn.Conv2d(THIN, THIN, 3, padding=1)
        self.last = nn.Conv2d(THIN, 6 * 4, 3, padding=1)

    def forward(self, photo: Tensor) -> dict[str, Tensor]:  # (n, 3, h, w), 0..1; h and w multiples of 4
        fine = functional.relu(self.first(photo - 0.5))  # (n, 24, h / 2, w / 2)
        x = functional.relu(self.down(fine))  # (n, 40, h / 4, w / 4)
        for block in self.blocks:
            x = x + functional.relu(block(x))
        x = fine + functional.pixel_shuffle(self.up(x), 2)  # (n, 24, h / 2, w / 2)
        x = x + functional.relu(self.mix1(x))
        x = x + functional.relu(self.mix2(x))
        both = functional.pixel_shuffle(self.last(x), 2).clamp(0, 1)  # (n, 6, h, w)
        return {"illustration": both[:, :3], "pencil": both[:, 3:]}


def build() -> tuple[nn.Module, dict[str, Tensor]]:
    net = Painter()
    net.load_state_dict(torch.load(HERE / "weights.pt", map_location="cpu", weights_only=True))
    with Image.open(HERE / "examples" / "astronaut.jpg") as photo:
        eyes = np.array(photo.convert("RGB").crop((160, 70, 256, 134)), np.float32) / 255  # (64, 96, 3)
    return net.eval(), {"photo": torch.tensor(eyes).permute(2, 0, 1)[None]}


def calibration() -> Iterator[tuple[dict[str, Tensor], tuple[np.ndarray, np.ndarray]]]:
    """Two photos that it was not trained on, with what the filters make of them."""
    from training.styles import illustration, pencil

    for name in ("astronaut.jpg", "photographer.jpg"):
        with Image.open(HERE / "examples" / name) as photo:
            values = torch.tensor(np.array(photo.convert("RGB"), np.float32) / 255).permute(2, 0, 1)  # (3, 512, 512)
        yield {"photo": values[None]}, (illustration(values).numpy(), pencil(values).numpy())


def score(outputs: dict[str, np.ndarray], wanted: tuple[np.ndarray, np.ndarray]) -> float:
    """Decibels (PSNR) against the filters, the mean of both styles."""
    pairs = zip((outputs["illustration"][0], outputs["pencil"][0]), wanted, strict=True)
    return float(np.mean([-10 * np.log10(((got - want) ** 2).mean()) for got, want in pairs]))
