"""Enlarges six of the held-out digits to drawings of 280 x 280 pixels: the demo's examples."""

from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
#: The digit, and which of its held-out pictures.
CHOSEN = {7: 9, 3: 5, 5: 9, 8: 5, 2: 8, 4: 8}


def main() -> None:
    with np.load(HERE / "held-out.npz") as file:
        images, digits = file["images"], file["digits"]
    for digit, index in CHOSEN.items():
        small = Image.fromarray(images[np.flatnonzero(digits == digit)[index]])
        large = np.asarray(small.resize((280, 280), Image.Resampling.BICUBIC), np.float32)
        ink = np.clip((large - 128) * 6 + 128, 0, 255)  # a pen's sharp edge again
        Image.fromarray((255 - ink).astype(np.uint8)).save(HERE.parent / "examples" / f"{digit}.png", optimize=True)


if __name__ == "__main__":
    main()
