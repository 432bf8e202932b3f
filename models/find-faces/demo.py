"""Where are the faces on a photo? MTCNN: three small nets, each looking at what the one before it left over."""

import numpy as np
import pageside as ps
from boxes import candidates, crop_resize, inside, integral, landmarks, marks, moved, nms, squares

SMALLEST = 40  # pixels; the side of the smallest face to look for
STEP = 0.709  # from one level of the pyramid to the next: half the area
SURE = (0.6, 0.7, 0.7)  # what each net's probability has to reach

SIDES, COUNT = {"image": {2: "height", 3: "width"}}, {"crops": {0: "count"}}
MEANS = {"face": "other", "shift": "other"}  # a probability, and how far each edge has to move
POINTS = {**MEANS, "points": "other"}  # and where eyes, nose and mouth are

pnet = ps.Model("pnet", build="model:build_pnet", dynamic_shapes=SIDES, kind=MEANS, variant="fp32")
rnet = ps.Model("rnet", build="model:build_rnet", dynamic_shapes=COUNT, kind=MEANS, variant="int16_weights")
onet = ps.Model("onet", build="model:build_onet", dynamic_shapes=COUNT, kind=POINTS, variant="int16_weights")


async def propose(photo: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Stage 1: squares (n, 4) that may hold a face, from a pyramid of ever smaller photos."""
    height, width = photo.shape[:2]
    scale, found = 12 / SMALLEST, [np.zeros((0, 9))]
    while min(height, width) * scale >= 12:
        whole = np.array([[0, 0, width, height]])
        level = crop_resize(sums, whole, int(height * scale + 1), int(width * scale + 1))
        face, shift = await pnet(image=level)  # (1, rows, cols), (1, 4, rows, cols)
        rows = candidates(face[0], shift[0], SURE[0], scale)
        found.append(rows[nms(rows[:, :4], rows[:, 4], 0.5)])
        scale *= STEP
    rows = np.vstack(found)
    rows = rows[nms(rows[:, :4], rows[:, 4], 0.7)]
    return squares(moved(rows[:, :4], rows[:, 5:], 0))


async def detect(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(h, w, 3) uint8 to boxes (n, 4), probabilities (n,) and landmarks (n, 5, 2), the surest face first."""
    sums = integral(photo)
    boxes = await propose(photo, sums)
    for net, side, sure in ((rnet, 24, SURE[1]), (onet, 48, SURE[2])):  # stages 2 and 3: ever closer looks
        crops, some = inside(boxes, photo)
        if not some.any():
            return np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2))
        face, shift, *points = await net(crops=crop_resize(sums, crops[some], side, side))
        good = face > sure
        boxes, face, shift = boxes[some][good], face[good], shift[good]
        if net is rnet:
            keep = nms(boxes, face, 0.7)
            boxes = squares(moved(boxes[keep], shift[keep], 1))
    marked = landmarks(points[0][good], boxes)
    boxes = moved(boxes, shift, 1)
    keep = nms(boxes, face, 0.7, of_smaller=True)
    return boxes[keep], face[keep], marked[keep]


async def find(photo: np.ndarray) -> tuple[np.ndarray, list[tuple[tuple[float, ...], str]]]:
    """The photo with a box around each face and a dot on each eye, nose and corner of the mouth."""
    boxes, _, points = await detect(photo)
    order = boxes[:, 0].argsort()  # from left to right: which of two like faces is the surer one differs by device
    return photo, marks(boxes[order], points[order])


demo = ps.Interface(
    find,
    inputs=ps.Image(label="Photo", streaming=True),
    outputs=ps.AnnotatedImage(label="Faces", color_map={"face": "#f5a623", "landmark": "#4de1ff"}),
    examples=["examples/astronaut.jpg", "examples/montage.jpg", "examples/photographer.jpg", "examples/cat.jpg"],
    title="Find faces",
    description="Marks every face on a photo, with its eyes, nose and mouth. The photo stays on your device.",
    live=True,
)

if __name__ == "__main__":
    demo.launch()
