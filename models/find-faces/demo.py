"""Where are the faces on a photo? MTCNN: three small nets, each looking at what the one before it left over."""

import numpy as np
import pageside as ps

SMALLEST = 40  # pixels; the side of the smallest face to look for
STEP = 0.709  # from one level of the pyramid to the next: half the area
SURE = (0.6, 0.7, 0.7)  # what each net's probability has to reach

MEANS = {"face": "other", "shift": "other"}  # a probability, and how far each edge has to move

pnet = ps.Model(
    "pnet", build="model:build_pnet", dynamic_shapes={"image": {2: "height", 3: "width"}}, kind=MEANS, variant="fp32"
)
rnet = ps.Model("rnet", build="model:build_rnet", dynamic_shapes={"crops": {0: "count"}}, kind=MEANS, variant="fp16")
onet = ps.Model(
    "onet",
    build="model:build_onet",
    dynamic_shapes={"crops": {0: "count"}},
    kind={**MEANS, "points": "other"},
    variant="fp16",
)


def integral(photo: np.ndarray) -> np.ndarray:
    """(h + 1, w + 1, 3) int32: at (y, x) the sum of all pixels above and left of it."""
    sums = np.zeros((photo.shape[0] + 1, photo.shape[1] + 1, 3), np.int32)
    np.cumsum(photo, axis=0, out=sums[1:, 1:])
    return np.cumsum(sums, axis=1, out=sums)


def crop_resize(sums: np.ndarray, boxes: np.ndarray, height: int, width: int) -> np.ndarray:
    """(n, 3, height, width), normalized: boxes x1, y1, x2, y2 in whole pixels, each averaged by area."""
    x1, y1, x2, y2 = boxes.T[:, :, None]
    i, j = np.arange(height), np.arange(width)
    top, bottom = y1 + i * (y2 - y1) // height, y1 - -(i + 1) * (y2 - y1) // height
    left, right = x1 + j * (x2 - x1) // width, x1 - -(j + 1) * (x2 - x1) // width
    top, bottom, left, right = top[:, :, None], bottom[:, :, None], left[:, None], right[:, None]
    total = sums[bottom, right] - sums[bottom, left] - sums[top, right] + sums[top, left]
    mean = total / ((bottom - top) * (right - left))[..., None]
    return ((mean - 127.5) / 128).astype(np.float32).transpose(0, 3, 1, 2)


def nms(boxes: np.ndarray, scores: np.ndarray, limit: float, *, of_smaller: bool = False) -> np.ndarray:
    """Which boxes stay, best first, when each takes away those that share more than `limit` with it."""
    order = np.argsort(-scores, kind="stable")
    x1, y1, x2, y2 = boxes[order].T
    area = (x2 - x1) * (y2 - y1)
    wide = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)
    high = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    whole = np.minimum(area[:, None], area) if of_smaller else area[:, None] + area - shared
    near, stays = shared > limit * whole, np.ones(len(order), bool)
    for k in range(len(order)):
        if stays[k]:
            stays[k + 1 :] &= ~near[k, k + 1 :]
    return order[stays]


def moved(boxes: np.ndarray, shift: np.ndarray, extra: int) -> np.ndarray:
    """Each edge moved by its share of the box; `extra` is 1 where the sides count both edge pixels."""
    size = boxes[:, 2:] - boxes[:, :2] + extra
    return boxes + shift * np.tile(size, 2)


def squares(boxes: np.ndarray) -> np.ndarray:
    """Around the same centres, as wide as the longer side."""
    centre, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.hstack((centre - half, centre + half))


def inside(boxes: np.ndarray, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The boxes cut to the photo, in whole pixels from 0, and which of them have any."""
    height, width = photo.shape[:2]
    low = np.maximum(np.trunc(boxes[:, :2]), 1) - 1
    high = np.minimum(np.trunc(boxes[:, 2:]), (width, height))
    return np.hstack((low, high)).astype(int), (high > low).all(axis=1)


async def propose(photo: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Stage 1: squares (n, 4) that may hold a face, from a pyramid of ever smaller photos."""
    height, width = photo.shape[:2]
    scale, found = 12 / SMALLEST, [np.zeros((0, 9))]
    while min(height, width) * scale >= 12:
        whole = np.array([[0, 0, width, height]])
        level = crop_resize(sums, whole, int(height * scale + 1), int(width * scale + 1))
        face, shift = await pnet(image=level)  # (1, rows, cols), (1, 4, rows, cols)
        y, x = np.nonzero(face[0] >= SURE[0])
        corner = 2 * np.stack((x, y), axis=1)
        boxes = np.floor(np.hstack((corner + 1, corner + 12)) / scale)
        rows = np.hstack((boxes, face[0, y, x, None], shift[0, :, y, x]))
        found.append(rows[nms(boxes, rows[:, 4], 0.5)])
        scale *= STEP
    rows = np.vstack(found)
    rows = rows[nms(rows[:, :4], rows[:, 4], 0.7)]
    return squares(moved(rows[:, :4], rows[:, 5:], 0))


async def refine(photo: np.ndarray, sums: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Stage 2: the squares that still look like a face at 24 x 24."""
    crops, some = inside(boxes, photo)
    face, shift = await rnet(crops=crop_resize(sums, crops[some], 24, 24))
    good = face > SURE[1]
    boxes, face, shift = boxes[some][good], face[good], shift[good]
    keep = nms(boxes, face, 0.7)
    return squares(moved(boxes[keep], shift[keep], 1))


async def detect(photo: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(h, w, 3) uint8 to boxes (n, 4), probabilities (n,) and landmarks (n, 5, 2), the surest face first."""
    nothing = np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2))
    sums = integral(photo)
    boxes = await propose(photo, sums)
    boxes = await refine(photo, sums, boxes) if len(boxes) else boxes
    crops, some = inside(boxes, photo)
    if not some.any():
        return nothing
    face, shift, points = await onet(crops=crop_resize(sums, crops[some], 48, 48))
    good = face > SURE[2]
    boxes, face, shift, points = boxes[some][good], face[good], shift[good], points[good]
    size = (boxes[:, 2:] - boxes[:, :2] + 1)[:, None]
    points = points.reshape(-1, 2, 5).transpose(0, 2, 1) * size + boxes[:, None, :2] - 1
    boxes = moved(boxes, shift, 1)
    keep = nms(boxes, face, 0.7, of_smaller=True)
    return boxes[keep], face[keep], points[keep]


async def find(photo: np.ndarray) -> tuple[np.ndarray, list[tuple[tuple[float, ...], str]]]:
    """The photo with a box around each face and a dot on each eye, nose and corner of the mouth."""
    boxes, faces, points = await detect(photo)
    marks: list[tuple[tuple[float, ...], str]] = []
    for box, face in zip(boxes, faces, strict=True):
        marks.append((tuple(box.tolist()), f"face {face:.2f}"))
    for box, five in zip(boxes, points, strict=True):
        radius = max(1.5, (box[2] - box[0]) / 32)
        marks += [((x - radius, y - radius, x + radius, y + radius), "landmark") for x, y in five.tolist()]
    return photo, marks


demo = ps.Interface(
    find,
    inputs=ps.Image(label="Photo", streaming=True),
    outputs=ps.AnnotatedImage(label="Faces", color_map={"landmark": "#4de1ff"}),
    examples=["examples/astronaut.jpg", "examples/montage.jpg", "examples/photographer.jpg", "examples/cat.jpg"],
    title="Find faces",
    description="Marks every face on a photo, with its eyes, nose and mouth. The photo stays on your device.",
    live=True,
)

if __name__ == "__main__":
    demo.launch()
