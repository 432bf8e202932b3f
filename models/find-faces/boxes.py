"""Boxes on a photo, as MTCNN needs them: x1, y1, x2, y2 in pixels, a row each."""

import numpy as np


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


def candidates(face: np.ndarray, shift: np.ndarray, least: float, scale: float) -> np.ndarray:
    """(n, 9): box, probability and shift of each place of the first net's maps, (rows, cols) and (4, rows, cols)."""
    y, x = np.nonzero(face >= least)
    corner = 2 * np.stack((x, y), axis=1)
    boxes = np.floor(np.hstack((corner + 1, corner + 12)) / scale)
    return np.hstack((boxes, face[y, x, None], shift[:, y, x].T))


def landmarks(points: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(n, 10), shares of their boxes, to (n, 5, 2) pixels."""
    size = (boxes[:, 2:] - boxes[:, :2] + 1)[:, None]
    return points.reshape(-1, 2, 5).transpose(0, 2, 1) * size + boxes[:, None, :2] - 1


def marks(boxes: np.ndarray, points: np.ndarray) -> list[tuple[tuple[float, ...], str]]:
    """What AnnotatedImage draws: a box around each face, and a dot on each eye, nose and corner of the mouth."""
    found: list[tuple[tuple[float, ...], str]] = [(tuple(box.tolist()), "face") for box in boxes]
    for box, five in zip(boxes, points, strict=True):
        radius = max(1.5, (box[2] - box[0]) / 32)
        found += [((x - radius, y - radius, x + radius, y + radius), "landmark") for x, y in five.tolist()]
    return found
