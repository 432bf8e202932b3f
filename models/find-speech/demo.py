"""When does someone speak? Silero's detector listens chunk by chunk and carries its state on to the next."""

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pageside as ps
from timeline import CHUNK, CONTEXT, RATE, chunked, shown

SHOWN = 1000  # chunks of the timeline while it moves: half a minute

STATE = ("h_after", "c_after")  # of the detector: it stays where the network runs

CHUNKS = {"audio": {0: "chunks"}}
VARIANT = "int16_weights"
net = ps.Model("silero-vad", build="model:build", dynamic_shapes=CHUNKS, kind="other", keep=STATE, variant=VARIANT)


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
