"""What Resemblyzer's network hears: librosa's mel spectrogram of the sound without its pauses, in overlapping parts."""

import numpy as np

RATE, WINDOW, HOP, BANDS = 16_000, 400, 160, 40
PART, STEP = 160, 77  # frames that the network hears at once, and from one part to the next: 1.3 a second


def filters() -> np.ndarray:
    """(201, 40): how much of each frequency each band takes; Slaney's mel scale, triangles of one area."""
    mel = np.linspace(0, 15 + np.log(8) * 27 / np.log(6.4), BANDS + 2)  # up to 8 kHz
    edges = np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
    hertz = np.arange(WINDOW // 2 + 1)[:, None] * RATE / WINDOW
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (hertz - low) / (middle - low), (high - hertz) / (high - middle)
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)


def spoken(sound: np.ndarray) -> np.ndarray:
    """The sound without its pauses: tenths of a second that are 30 dB below its loudest."""
    tenths = sound[: len(sound) // 1600 * 1600].reshape(-1, 1600)
    loud = np.sqrt((tenths**2).mean(axis=1))
    return tenths[loud > loud.max(initial=0) / 32].ravel()


def mels(sound: np.ndarray) -> np.ndarray:
    """(n,) at 16 kHz to (frames, 40), one each 10 ms; power, not its logarithm."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(sound, WINDOW // 2), WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW + 1)[:-1])) ** 2
    return (power @ filters()).astype(np.float32)


def parts(sound: np.ndarray) -> np.ndarray:
    """(n, 160, 40): overlapping parts of 1.6 s; a last one that would be more than a quarter empty is left out."""
    frames = -(-(len(sound) + 1) // HOP)
    starts = range(0, max(1, frames - PART + STEP + 1), STEP)
    if len(starts) > 1 and len(sound) - starts[-1] * HOP < 0.75 * PART * HOP:
        starts = starts[:-1]
    heard = mels(np.pad(sound, (0, max(0, (starts[-1] + PART) * HOP - len(sound)))))
    return np.stack([heard[start : start + PART] for start in starts])
