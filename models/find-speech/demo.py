"""When does someone speak? Silero's detector listens chunk by chunk and carries its state on to the next."""

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pageside as ps

RATE, CHUNK, CONTEXT = 16_000, 512, 64  # Hz; samples that are judged, and those before them that help
BEGIN, END = 0.5, 0.35  # probabilities at which speech begins, and below which it ends
SHOWN = 1000  # chunks of the timeline while it moves: half a minute
SHORTEST, PAUSE, PAD = 0.25, 0.1, 0.03  # seconds: of speech, of a silence that ends it, added around it

net = ps.Model("silero-vad", build="model:build", dynamic_shapes={"audio": {0: "chunks"}}, kind="other")


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


def shown(speech: np.ndarray, length: int, chunks: int) -> tuple[dict[str, Any], str]:
    """The probability over time with what was decided, of the last chunks; and in words when someone speaks."""
    times = np.arange(len(speech))[-chunks:] * CHUNK / RATE
    found = spans(speech, length)
    speaks = np.array([any(a <= t <= b for a, b in found) for t in times], float)
    plot = {
        "seconds": np.tile(times, 2),
        "probability": np.concatenate((speech[-chunks:], speaks)),
        "what": np.repeat(["probability of speech", "someone speaks"], len(times)),
    }
    return plot, "\n".join(f"{a:.2f} s to {b:.2f} s" for a, b in found) or "Nobody speaks."


def chunked(samples: np.ndarray) -> np.ndarray:
    """(64 + n,) to (n // 512, 576): each chunk with the 64 samples before it."""
    starts = range(0, len(samples) - CONTEXT - CHUNK + 1, CHUNK)
    return np.array([samples[at : at + CONTEXT + CHUNK] for at in starts], np.float32).reshape(-1, CONTEXT + CHUNK)


async def find(sound: tuple[int, np.ndarray], kept: dict[str, Any]) -> AsyncIterator[tuple[dict[str, Any], str, Any]]:
    """The timeline and its words, about ten times in a long recording. `kept` is the detector's state and what is new.

    The end that fills no chunk is judged as if silence followed; the next call judges it again.
    """
    resampler = kept.get("resampler") or ps.ops.Resampler(sound[0], RATE)
    samples = np.concatenate((kept.get("samples", np.zeros(CONTEXT, np.float32)), resampler(sound[1])))
    h, c, speech = kept.get("state", (np.zeros((1, 128), np.float32),) * 2 + (np.zeros(0, np.float32),))
    chunks = chunked(samples)
    most = SHOWN if kept else len(speech) + len(chunks) + 1
    step = max(32, len(chunks) // 10)
    for start in range(0, len(chunks), step):
        found, h, c = await net(audio=chunks[start : start + step], h=h, c=c)
        speech = np.concatenate((speech, found))
        yield *shown(speech, len(speech) * CHUNK, most), kept
    samples = samples[len(chunks) * CHUNK :]
    kept = {"resampler": resampler, "samples": samples, "state": (h, c, speech)}
    rest = np.concatenate((samples, resampler.rest()))
    length = len(speech) * CHUNK + len(rest) - CONTEXT
    if len(rest) > CONTEXT:
        found, _, _ = await net(audio=chunked(np.pad(rest, (0, -length % CHUNK))), h=h, c=c)
        speech = np.concatenate((speech, found))
    yield *shown(speech, length, most), kept


demo = ps.Interface(
    find,
    inputs=[ps.Audio(label="Sound", streaming=True, stream_every=0.2), ps.State({})],
    outputs=[
        ps.LinePlot(x="seconds", y="probability", color="what", y_lim=[0, 1], label="Timeline"),
        ps.Textbox(label="Someone speaks", lines=3),
        ps.State(),
    ],
    examples=["examples/reading.wav", "examples/cards.wav", "examples/over-music.wav", "examples/tabla.wav"],
    example_labels=["Reading aloud", "A list of cards", "Over music", "Tabla"],
    title="Find speech",
    description="Marks when someone speaks, in a recording or while you talk. The sound stays on your device.",
    live=True,
)

if __name__ == "__main__":
    demo.launch()
