"""From Silero's probabilities to a timeline: where speech begins and ends, and what the page shows of it."""

from typing import Any

import numpy as np

RATE, CHUNK, CONTEXT = 16_000, 512, 64  # Hz; samples that are judged, and those before them that help
BEGIN, END = 0.5, 0.35  # probabilities at which speech begins, and below which it ends
SHORTEST, PAUSE, PAD = 0.25, 0.1, 0.03  # seconds: of speech, of a silence that ends it, added around it


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
