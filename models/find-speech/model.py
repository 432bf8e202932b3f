"""Silero's speech detector in plain PyTorch, with its published weights (MIT; github.com/snakers4/silero-vad).

The network for 16 kHz of version 6. Parameter names are those of the published weights, which the PyPI package
`silero-vad` carries; they are read from its ONNX file, which unlike its TorchScript archive holds no code.
"""

import wave
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from timeline import CHUNK, CONTEXT, RATE, chunked
from torch import Tensor, nn

WIDTH = 128
WINDOW, HOP = 256, 128
# 129, and three that are always zero: onnxruntime's WebGPU build miscomputes a convolution of more than three channels
# that are no multiple of four (github.com/microsoft/onnxruntime/issues/29651).
BINS = 132


def folder() -> Path:
    """Where the PyPI package, which `make install` puts there, holds the published files."""
    spec = find_spec("silero_vad")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the weights are not installed; run "
            f"`pip install --no-deps --require-hashes -r {Path(__file__).with_name('requirements.txt')}`"
        )
    return Path(spec.origin).parent / "data"


class SpeechDetector(nn.Module):
    """Chunks of 32 ms, each with the 4 ms before it, to the probability that someone speaks; one after the other."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [(BINS, 128, 1), (128, 64, 2), (64, 64, 2), (64, WIDTH, 1)]
        self.stft = nn.Linear(WINDOW, 2 * BINS, bias=False)  # cosines, then sines
        self.encoder = nn.ModuleList(nn.Conv1d(a, b, 3, stride, padding=1) for a, b, stride in sizes)
        self.rnn = nn.LSTM(WIDTH, WIDTH)
        self.decoder = nn.Linear(WIDTH, 1)

    def forward(self, audio: Tensor, h: Tensor, c: Tensor) -> dict[str, Tensor]:
        """(n, 576) of -1 to 1, and the state (1, 128) twice; (n,) and the state after the last chunk."""
        mirrored = audio[:, -HOP // 2 - 1 : -1].flip(1)
        frames = torch.cat([audio, mirrored], 1).unfold(1, WINDOW, HOP)  # (n, 4, 256)
        x = self.stft(frames).transpose(1, 2)  # (n, 264, 4)
        x = (x[:, :BINS] ** 2 + x[:, BINS:] ** 2).sqrt()  # (n, 132, 4)
        for conv in self.encoder:
            x = conv(x).relu()  # (n, 128, 1) in the end
        x, (h, c) = self.rnn(x[:, :, 0], (h, c))  # the chunks are the steps: (n, 128)
        return {"speech": self.decoder(x.relu()).sigmoid()[:, 0], "h_after": h, "c_after": c}


def build() -> tuple[nn.Module, dict[str, Tensor]]:
    net = SpeechDetector()
    net.load_state_dict(read_weights())
    noise = torch.randn(5, CONTEXT + CHUNK, generator=torch.Generator().manual_seed(0)) * 0.1
    return net.eval(), {"audio": noise, "h": torch.zeros(1, WIDTH), "c": torch.zeros(1, WIDTH)}


def read_weights() -> dict[str, Tensor]:
    import onnx

    graph = onnx.load(folder() / "silero_vad_16k_op15.onnx").graph
    theirs = {one.name: torch.tensor(onnx.numpy_helper.to_array(one)) for one in graph.initializer}
    names = {"model.stft.forward_basis_buffer": "stft.weight"}
    names |= {
        f"model.encoder.{i}.reparam_conv.{kind}": f"encoder.{i}.{kind}" for i in range(4) for kind in ("weight", "bias")
    }
    # A cell's parameters are those of the one layer.
    names |= {f"model.decoder.rnn.{k}": f"rnn.{k}_l0" for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    weights = {names[name]: value for name, value in theirs.items() if name in names}
    cosines_sines = weights["stft.weight"].view(2, -1, WINDOW)  # (2, 129, 256)
    empty = BINS - cosines_sines.shape[1]
    weights["stft.weight"] = nn.functional.pad(cosines_sines, (0, 0, 0, empty)).view(-1, WINDOW)
    weights["encoder.0.weight"] = nn.functional.pad(weights["encoder.0.weight"], (0, 0, 0, empty))
    last = theirs["model.decoder.decoder.2.weight"][:, :, 0]  # a convolution over one step
    return {**weights, "decoder.weight": last, "decoder.bias": theirs["model.decoder.decoder.2.bias"]}


def recording(name: str) -> np.ndarray:
    """(n,) at 16 kHz, -1 to 1; whole chunks of an example."""
    with wave.open(str(Path(__file__).parent / "examples" / f"{name}.wav")) as file:
        sound = np.frombuffer(file.readframes(-1), np.int16) / 32768
    return sound[: len(sound) // CHUNK * CHUNK]


def calibration() -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
    """A sound of nobody and then a recording, six times, four with a hiss; with what each chunk is.

    1 is speech: at most 20 dB below the loudest chunk; 0 is none: 40 dB below or more; what is between is NaN.
    """
    random, still = np.random.default_rng(0), np.zeros((1, WIDTH), np.float32)
    seconds = np.arange(4 * RATE) / RATE
    tone, noise = np.sin(2 * np.pi * 220 * seconds) * 0.1, random.standard_normal(len(seconds)) * 0.1
    for said in (recording("reading"), recording("cards")):
        loud = np.sqrt((said.reshape(-1, CHUNK) ** 2).mean(axis=1))
        below = 20 * np.log10(loud / loud.max() + 1e-9)
        known = np.select([below > -20, below < -40], [1, 0], np.nan)
        for nobody, share in ((recording("tabla"), 0), (tone, 0.1), (noise, 0.3)):
            hiss = random.standard_normal(len(said)) * said.std() * share
            sound = np.concatenate((np.zeros(CONTEXT), nobody, said + hiss))
            what = np.concatenate((np.zeros(len(nobody) // CHUNK), known))
            yield {"audio": chunked(sound), "h": still, "c": still}, what


def score(outputs: dict[str, np.ndarray], known: np.ndarray) -> float:
    """The share of the chunks of which it is known whether someone speaks that is judged right."""
    sure = ~np.isnan(known)
    return float(((outputs["speech"] >= 0.5) == known)[sure].mean())
