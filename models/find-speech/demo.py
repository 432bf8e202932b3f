"""When does someone speak? Silero's detector listens chunk by chunk and carries its state on to the next."""

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pageside as ps

RATE, CHUNK, CONTEXT = 16_000, 512, 64  # Hz; samples that are judged, and those before them that help
BEGIN, END = 0.5, 0.35  # probabilities at which speech begins, and below which it ends
SHORTEST, PAUSE, PAD = 0.25, 0.1, 0.03  # seconds: of speech, of a silence that ends it, added around it

net = ps.Model("silero-vad", build="model:build", dynamic_shapes={"audio": {0: "chunks"}}, kind="other")


async def probabilities(sound: np.ndarray) -> AsyncIterator[np.ndarray]:
    """(n,) at 16 kHz to the probability of speech for each 32 ms: what is known so far, about ten times."""
    padded = np.pad(sound, (CONTEXT, -len(sound) % CHUNK))
    chunks = np.lib.stride_tricks.sliding_window_view(padded, CONTEXT + CHUNK)[::CHUNK]  # (chunks, 576)
    h = c = np.zeros((1, 128), np.float32)
    found = np.zeros(0, np.float32)
    step = max(32, len(chunks) // 10)
    for start in range(0, len(chunks), step):
        speech, h, c = await net(audio=np.ascontiguousarray(chunks[start : start + step]), h=h, c=c)
        found = np.concatenate((found, speech))
        yield found


def spans(speech: np.ndarray, length: int) -> list[tuple[float, float]]:
    """From and to, in seconds, wherever someone speaks; `length` is in samples. As Silero's get_speech_timestamps."""
    found: list[tuple[int, int]] = []
    begun, quiet = None, None  # samples
    for at, probability in zip(range(0, length, CHUNK), speech.tolist(), strict=False):
        if probability >= BEGIN:
            begun, quiet = at if begun is None else begun, None
        elif begun is not None and probability < END:
            quiet = at if quiet is None else quiet
            if at - quiet >= PAUSE * RATE:
                found.append((begun, quiet))
                begun = quiet = None
    if begun is not None:
        found.append((begun, length))
    edges = np.array([span for span in found if span[1] - span[0] > SHORTEST * RATE], int).reshape(-1, 2)
    pad = int(PAD * RATE)
    share = np.minimum((edges[1:, 0] - edges[:-1, 1]) // 2, pad)  # of a short silence each neighbour gets half
    edges[1:, 0] -= share
    edges[:-1, 1] += share
    edges[:1, 0] = np.maximum(edges[:1, 0] - pad, 0)
    edges[-1:, 1] = np.minimum(edges[-1:, 1] + pad, length)
    return [(start / RATE, end / RATE) for start, end in edges.tolist()]


async def find(sound: tuple[int, np.ndarray]) -> AsyncIterator[tuple[dict[str, Any], str]]:
    """The probability over time, and in words when someone speaks; both grow while it listens."""
    samples = ps.ops.resample(sound[1], sound[0], RATE)
    async for speech in probabilities(samples):
        known = min(len(samples), len(speech) * CHUNK)
        times = np.arange(len(speech)) * CHUNK / RATE
        found = spans(speech, known)
        speaks = np.array([any(a <= t <= b for a, b in found) for t in times], float)
        plot = {
            "seconds": np.tile(times, 2),
            "probability": np.concatenate((speech, speaks)),
            "what": ["probability of speech"] * len(times) + ["someone speaks"] * len(times),
        }
        yield plot, "\n".join(f"{a:.2f} s to {b:.2f} s" for a, b in found) or "Nobody speaks."


demo = ps.Interface(
    find,
    inputs=ps.Audio(label="Sound"),
    outputs=[
        ps.LinePlot(x="seconds", y="probability", color="what", y_lim=[0, 1], label="Timeline"),
        ps.Textbox(label="Someone speaks", lines=3),
    ],
    examples=["examples/reading.wav", "examples/cards.wav", "examples/over-music.wav", "examples/tabla.wav"],
    example_labels=["Reading aloud", "A list of cards", "Over music", "Tabla"],
    title="Find speech",
    description="Marks when someone speaks in a recording. The sound stays on your device.",
)

if __name__ == "__main__":
    demo.launch()
