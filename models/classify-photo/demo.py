"""Which of ImageNet's 1,000 things is on a photo? EfficientNet-Lite0, quantized, on the visitor's own device."""

from pathlib import Path

import numpy as np
import pageside as ps

LABELS = Path(__file__).with_name("labels.txt").read_text(encoding="utf-8").splitlines()
SIDE = 224  # pixels; what the network was trained on
CROP = SIDE / (SIDE + 32)  # the share of the shorter side that its authors evaluate on

net = ps.Model("efficientnet-lite0", build="model:build")


def to_input(photo: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 to (1, 3, 224, 224) float32: the middle square, scaled to about -1..1."""
    return ps.ops.normalize(ps.ops.resize_crop(photo, SIDE, crop=CROP), mean=127, std=128)


async def classify(photo: np.ndarray) -> dict[str, float]:
    """(h, w, 3) uint8 to the probability of each label."""
    logits = await net(image=to_input(photo))  # (1, 1000)
    return dict(zip(LABELS, ps.ops.softmax(logits[0]).tolist(), strict=True))


demo = ps.Interface(
    classify,
    inputs=ps.Image(label="Photo", streaming=True),
    outputs=ps.Label(num_top_classes=5, label="What it is"),
    examples=[
        "examples/cat.jpg",
        "examples/espresso.jpg",
        "examples/photographer.jpg",
        "examples/flower.jpg",
        "examples/palace.jpg",
        "examples/rocket.jpg",
    ],
    title="Classify a photo",
    description="Names what is on a picture, out of 1,000 kinds of things. The picture stays on your device.",
    live=True,
)

if __name__ == "__main__":
    demo.launch()
