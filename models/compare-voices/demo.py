"""Are these two recordings of one voice? Resemblyzer's network turns each into 256 numbers that can be compared."""

import numpy as np
import pageside as ps

RATE, WINDOW, HOP, BANDS = 16_000, 400, 160, 40
PART, STEP = 160, 77  # frames that the network hears at once, and from one part to the next: 1.3 a second
LOUDNESS = 10 ** (-30 / 20)  # a quieter recording is raised to it
SAME, OTHER = 0.76, 0.68  # above the one it is probably one voice, below the other probably two
COLOURS = np.array([[68, 1, 84], [33, 145, 140], [253, 231, 37]], float)  # of 0, of a half, of 1

net = ps.Model("voice-encoder", build="model:build", dynamic_shapes={"mels": {0: "parts"}}, kind="embedding")


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
    """256 numbers as 16 x 16 squares of 12 pixels."""
    shares = np.clip(numbers.reshape(16, 16) * 5, 0, 1)
    colours = np.stack([np.interp(shares, [0, 0.5, 1], channel) for channel in COLOURS.T], axis=-1)
    return colours.round().astype(np.uint8).repeat(12, axis=0).repeat(12, axis=1)


async def compare(one: tuple[int, np.ndarray], other: tuple[int, np.ndarray]) -> tuple[str, float, np.ndarray]:
    """What is probable, the cosine of the two voices' numbers, and a picture of both."""
    a, b = await voice(one, "The first recording"), await voice(other, "The second recording")
    alike = float(a @ b)
    verdict = "One voice" if alike > SAME else "Two voices" if alike < OTHER else "Hard to say"
    gap = np.full((192, 24, 3), 255, np.uint8)
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
