"""Which digit is this? A small network, trained in this folder, answers while you draw."""

import numpy as np
import pageside as ps

SIDE, INK = 28, 20  # pixels: MNIST's digits fit 20 x 20 and lie in 28 x 28, centred by mass

net = ps.Model("digit-net", build="model:build", dynamic_shapes={"image": {0: "digits"}})


def to_input(paper: np.ndarray) -> np.ndarray | None:
    """(h, w) uint8, dark on white, to (1, 1, 28, 28) float32 of 0 to 1, as MNIST has it; None for a blank paper."""
    ink = 255 - paper
    rows, columns = (np.flatnonzero((ink > 64).any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return None
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(n * INK / max(box.shape))) for n in box.shape)
    digit = ps.ops.resize(box, (height, width)).astype(np.float32) / 255
    mass = digit.sum()
    y = np.arange(height) @ digit.sum(axis=1) / mass  # where its middle is, by mass
    x = np.arange(width) @ digit.sum(axis=0) / mass
    top = int(np.clip(round(SIDE / 2 - y), 0, SIDE - height))
    left = int(np.clip(round(SIDE / 2 - x), 0, SIDE - width))
    image = np.zeros((1, 1, SIDE, SIDE), np.float32)
    image[0, 0, top : top + height, left : left + width] = digit
    return image


async def read(drawing: dict[str, np.ndarray] | None) -> dict[str, float] | None:
    """Gradio's sketch to the probability of each digit."""
    image = to_input(drawing["composite"]) if drawing else None
    if image is None:
        return None
    logits = await net(image=image)  # (1, 10)
    return {str(digit): float(share) for digit, share in enumerate(ps.ops.softmax(logits[0]))}


demo = ps.Interface(
    read,
    inputs=ps.Sketchpad(
        label="Drawing",
        image_mode="L",
        canvas_size=(280, 280),
        brush=ps.Brush(default_size=20, colors=["#000000"], color_mode="fixed"),
    ),
    outputs=ps.Label(num_top_classes=5, label="The digit"),
    examples=[f"examples/{digit}.png" for digit in (7, 3, 5, 8, 2, 4)],
    title="Read a digit",
    description="Draw a digit from 0 to 9. It is read on your device, with every stroke.",
    live=True,
)

if __name__ == "__main__":
    demo.launch()
