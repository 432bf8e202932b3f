"""Are these two recordings of one voice? Resemblyzer's network turns each into 256 numbers that can be compared."""

import numpy as np
import pageside as ps
from features import RATE, parts, spoken

LOUDNESS = 10 ** (-30 / 20)  # a quieter recording is raised to it
SAME, OTHER = 0.76, 0.68  # above the one it is probably one voice, below the other probably two
COLOURS = np.array([[68, 1, 84], [33, 145, 140], [253, 231, 37]], float)  # of 0, of a half, of 1

net = ps.Model("voice-encoder", build="model:build", dynamic_shapes={"mels": {0: "parts"}}, kind="embedding")


async def voice(recording: tuple[int, np.ndarray], which: str) -> np.ndarray:
    """(256,), of length 1."""
    rate, data = recording
    sound = spoken(ps.ops.resample(data, rate, RATE))
    if len(sound) < RATE // 2:
        raise ps.Error(f"{which} has less than half a second of sound. Record a sentence.")
    sound = sound * max(1, LOUDNESS / np.sqrt((sound**2).mean()))
    mean = (await net(mels=parts(sound))).mean(axis=0)
    return mean / np.linalg.norm(mean)


def picture(numbers: np.ndarray) -> np.ndarray:
    """256 numbers as 16 x 16 squares of 12 pixels, (192, 192, 3)."""
    shares = np.clip(numbers.reshape(16, 16) * 5, 0, 1)
    colours = np.stack([np.interp(shares, [0, 0.5, 1], channel) for channel in COLOURS.T], axis=-1)
    return colours.round().astype(np.uint8).repeat(12, axis=0).repeat(12, axis=1)


async def compare(one: tuple[int, np.ndarray], other: tuple[int, np.ndarray]) -> tuple[str, float, np.ndarray]:
    """What is probable, the cosine of the two voices' numbers, and a picture of both."""
    a, b = await voice(one, "The first recording"), await voice(other, "The second recording")
    alike = float(a @ b)
    verdict = "One voice" if alike > SAME else "Two voices" if alike < OTHER else "Hard to say"
    gap = np.full((192, 12, 3), 128, np.uint8)  # grey stands back on a light page and on a dark one
    return verdict, alike, np.hstack([picture(a), gap, picture(b)])


demo = ps.Interface(
    compare,
    inputs=[ps.Audio(label="One recording"), ps.Audio(label="Another recording")],
    outputs=[ps.Label(label="Probably"), ps.Number(label="Similarity", precision=3), ps.Image(label="The two voices")],
    examples=[
        ["examples/reader-1.wav", "examples/reader-2.wav"],
        ["examples/reader-1.wav", "examples/prompt-1.wav"],
        ["examples/prompt-1.wav", "examples/prompt-2.wav"],
        ["examples/cards.wav", "examples/reader-2.wav"],
    ],
    example_labels=["One reader, twice", "A reader and a telephone", "A telephone, twice", "Two men"],
    title="Compare voices",
    description="Says whether two recordings are of one voice. They stay on your device.",
)

if __name__ == "__main__":
    demo.launch()
