"""Which note is that? CREPE hears the pitch of a voice or an instrument, 25 times a second."""

from typing import Any

import numpy as np
import pageside as ps

RATE, FRAME, HOP = 16_000, 1024, 640  # Hz; samples that are judged at once, and from one frame to the next
LOWEST, STEP = 1997.3794084376191, 20.0  # cents above 10 Hz of the first pitch; from one to the next
BATCH = 25  # frames a call: a second
SURE = 0.5  # below this there is no pitch: a pause, a hiss, a chord
SHOWN = 15.0  # seconds of the curve while it moves
NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")

net = ps.Model("crepe-tiny", build="model:build", dynamic_shapes={"frames": {0: "frames"}}, kind="other")


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


async def track(sound: tuple[int, np.ndarray], kept: dict[str, Any]) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """The pitch curve and the note. `kept` has what was heard and is not judged yet, and the curve so far."""
    rate, data = sound
    resampler = kept.get("resampler") or ps.ops.Resampler(rate, RATE)
    samples = np.concatenate((kept.get("samples", np.zeros(0, np.float32)), resampler(data)))
    begun, curve = kept.get("frames", 0), kept.get("curve", np.zeros((2, 0)))
    count = max(0, (len(samples) - FRAME) // HOP + 1)
    if count:
        frames = framed(samples[: (count - 1) * HOP + FRAME])
        parts = [await net(frames=frames[start : start + BATCH]) for start in range(0, count, BATCH)]
        hertz, sure = decode(np.concatenate(parts))
        times = (np.arange(begun, begun + count) * HOP + FRAME / 2) / RATE
        curve = np.concatenate((curve, [times, np.where(sure >= SURE, hertz, np.nan)]), axis=1)
        curve = curve[:, curve[0] > times[-1] - SHOWN] if begun else curve
    kept = {"resampler": resampler, "samples": samples[count * HOP :], "frames": begun + count, "curve": curve}
    return {"seconds": curve[0], "Hz": curve[1]}, note(curve[1]), kept


demo = ps.Interface(
    track,
    inputs=[ps.Audio(label="Sound", streaming=True, stream_every=0.2), ps.State({})],
    outputs=[ps.LinePlot(x="seconds", y="Hz", label="Pitch"), ps.Label(label="Note"), ps.State()],
    examples=["examples/scale.wav", "examples/slide.wav", "examples/reading.wav", "examples/chord.wav"],
    example_labels=["A scale", "A slide guitar", "Reading aloud", "A chord"],
    title="Track pitch",
    description="Sing, whistle or play into the microphone: the curve follows, with the name of the note.",
    live=True,
)

if __name__ == "__main__":
    demo.launch()
