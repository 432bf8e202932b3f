"""Which note is that? CREPE hears the pitch of a voice or an instrument, 25 times a second."""

from typing import Any

import numpy as np
import pageside as ps
from pitch import FRAME, HOP, RATE, decode, framed, note

BATCH = 25  # frames a call: a second
SURE = 0.5  # below this there is no pitch: a pause, a hiss, a chord
SHOWN = 15.0  # seconds of the curve while it moves

net = ps.Model("crepe-tiny", build="model:build", dynamic_shapes={"frames": {0: "frames"}}, kind="other")


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
