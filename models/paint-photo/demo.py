"""Paint a photo: a small network, trained here, makes an illustration or a pencil drawing of it in one pass."""

import numpy as np
import pageside as ps

LONGEST = 512  # pixels of the painting's longer side

net = ps.Model("painter", build="model:build", dynamic_shapes={"photo": {2: "height", 3: "width"}}, kind="image")


def fitted(photo: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 to the same, no side above 512, both a multiple of 4 as the network needs."""
    scale = min(1, LONGEST / max(photo.shape[:2]))
    height, width = (max(8, round(side * scale / 4) * 4) for side in photo.shape[:2])
    return ps.ops.resize(photo, (height, width))


async def paint(photo: np.ndarray, style: str) -> tuple[np.ndarray, np.ndarray]:
    """The photo at the painting's size, and the painting: (h, w, 3) each, uint8 and 0..1."""
    photo = fitted(photo)
    values = photo.transpose(2, 0, 1)[None].astype(np.float32) / 255  # (1, 3, h, w)
    illustration, pencil = await net(photo=values)
    painting = pencil if style == "Pencil" else illustration
    return photo, painting[0].transpose(1, 2, 0)


demo = ps.Interface(
    paint,
    inputs=[
        ps.Image(label="Photo", streaming=True),
        ps.Radio(["Illustration", "Pencil"], value="Illustration", label="Style"),
    ],
    outputs=ps.ImageSlider(label="Painting", slider_position=35),
    examples=[
        ["examples/astronaut.jpg", "Illustration"],
        ["examples/photographer.jpg", "Pencil"],
        ["examples/cat.jpg", "Illustration"],
        ["examples/palace.jpg", "Pencil"],
    ],
    title="Paint a photo",
    description="Makes an illustration or a pencil drawing of a photo, which never leaves your device.",
    live=True,
)

if __name__ == "__main__":
    demo.launch()
