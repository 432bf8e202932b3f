"""Run in Pyodide by bridge.mjs, which sets `photo`: median milliseconds of each step around a photo classifier."""

import time

import numpy as np
import pageside as ps

image = ps.Image()
label = ps.Label(num_top_classes=5)
names = [f"class {i}" for i in range(1000)]


def median(work, times=15):
    for _ in range(5):
        work()  # until the engine has compiled it well
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1e3)
    return sorted(taken)[times // 2]


pixels = image.preprocess({"width": 1024, "height": 768, "data": photo.to_py()})  # noqa: F821
small = ps.ops.resize_crop(pixels, 224, 0.875)
logits = np.linspace(-4, 4, 1000, dtype=np.float32)[None]
probabilities = ps.ops.softmax(logits)[0]
result = {
    "photo into Python": median(lambda: np.asarray(photo.to_py())),  # noqa: F821
    "resize_crop 1024x768 to 224": median(lambda: ps.ops.resize_crop(pixels, 224)),
    "resize_crop 1024x768 to 224, crop 0.875": median(lambda: ps.ops.resize_crop(pixels, 224, 0.875)),
    "resize 1024x768 to 224": median(lambda: ps.ops.resize(pixels, 224)),
    "normalize": median(lambda: ps.ops.normalize(small, 127, 128)),
    "softmax": median(lambda: ps.ops.softmax(logits)),
    "top_k": median(lambda: ps.ops.top_k(logits[0], 5)),
    "label of 1000": median(lambda: label.postprocess(dict(zip(names, probabilities, strict=True)))),
}
result  # noqa: B018
