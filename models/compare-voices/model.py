"""Resemblyzer's voice encoder in plain PyTorch, with its published weights (Apache-2.0).

Wan, Wang, Papir and Moreno, "Generalized end-to-end loss for speaker verification" (arXiv 1710.10467). Parameter names
are those of the published weights, which the PyPI package `Resemblyzer` carries.
"""

import wave
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from features import RATE, parts, spoken
from pageside import ops
from torch import Tensor, nn

FRAMES, BANDS, WIDTH = 160, 40, 256


def weights() -> Path:
    """The weights' file in their PyPI package, which `make install` puts there."""
    spec = find_spec("resemblyzer")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the weights are not installed; run "
            f"`pip install --no-deps --require-hashes -r {Path(__file__).with_name('requirements.txt')}`"
        )
    return Path(spec.origin).parent / "pretrained.pt"


class VoiceEncoder(nn.Module):
    """Mel spectrograms of 1.6 seconds to vectors of length 1 that are near for one voice."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(BANDS, WIDTH, num_layers=3, batch_first=True)
        self.linear = nn.Linear(WIDTH, WIDTH)

    def forward(self, mels: Tensor) -> dict[str, Tensor]:  # (n, 160, 40) -> (n, 256)
        heard, _ = self.lstm(mels)  # (n, 160, 256)
        raw = self.linear(heard[:, -1]).relu()
        return {"embeddings": raw / raw.norm(dim=1, keepdim=True)}


def build() -> tuple[nn.Module, dict[str, Tensor]]:
    net = VoiceEncoder()
    published = torch.load(weights(), map_location="cpu", weights_only=True)["model_state"]
    # Two numbers more are of the loss that it was trained with.
    net.load_state_dict({name: published[name] for name in net.state_dict()})
    noise = torch.rand(3, FRAMES, BANDS, generator=torch.Generator().manual_seed(0))
    return net.eval(), {"mels": noise * 1e-3}


def calibration() -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
    """The parts of all example recordings, with the voice and the recording that each is of."""
    heard, whose = [], []
    for recording, path in enumerate(sorted((Path(__file__).parent / "examples").glob("*.wav"))):
        with wave.open(str(path)) as file:
            sound = ops.resample(np.frombuffer(file.readframes(-1), np.int16), file.getframerate(), RATE)
        heard.append(parts(spoken(sound)))  # (n, 160, 40)
        voice = ("cards", "prompt", "reader").index(path.stem.partition("-")[0])
        whose += [(voice, recording)] * len(heard[-1])
    yield {"mels": np.concatenate(heard)}, np.array(whose)


def score(embeddings: np.ndarray, whose: np.ndarray) -> float:
    """How often two parts of one voice, of two recordings, are more alike than two parts of two voices."""
    alike, (voice, recording) = embeddings @ embeddings.T, whose.T
    one = voice[:, None] == voice
    same, others = alike[one & (recording[:, None] != recording)], alike[~one]
    return float((same[:, None] > others).mean())
