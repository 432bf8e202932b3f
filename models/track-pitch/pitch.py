"""What CREPE is given and how it is read: sound to frames, what it finds in them to Hz, and those to a note."""

import numpy as np

RATE, FRAME, HOP = 16_000, 1024, 640  # Hz; samples that are judged at once, and from one frame to the next
LOWEST, STEP = 1997.3794084376191, 20.0  # cents above 10 Hz of the first pitch; from one to the next
NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def framed(sound: np.ndarray) -> np.ndarray:
    """(n,) at 16 kHz to (frames, 1024), each of mean 0 and deviation 1; a silent one is all 0."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    return frames / np.maximum(1e-10, frames.std(axis=1, keepdims=True, ddof=1))


def decode(pitches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 360) to Hz and how sure that is, both (n,): the mean of the nine pitches around the likeliest."""
    best = pitches.argmax(axis=1)
    near = best[:, None] + np.arange(-4, 5)
    shares = np.take_along_axis(pitches, near.clip(0, 359), axis=1) * ((near >= 0) & (near < 360))
    cents = (shares * (LOWEST + STEP * near)).sum(axis=1) / shares.sum(axis=1)
    return 10 * 2 ** (cents / 1200), pitches.max(axis=1)


def note(curve: np.ndarray) -> str:
    """The note that is heard now, A4 for 440 Hz: the middle one of the last five frames with a pitch."""
    heard = curve[~np.isnan(curve)][-5:]
    if not heard.size:
        return "no pitch yet"
    near = round(69 + 12 * np.log2(np.median(heard) / 440))
    return f"{NAMES[near % 12]}{near // 12 - 1}"
