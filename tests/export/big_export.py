"""Exports a language model of random weights in a process of its own and prints what memory it took, as JSON.

    python tests/export/big_export.py LAYERS WORDS RECIPES

`peak` and `base` are of the whole process in bytes; `base` is after a tiny export, which loads all libraries.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from demos import tiny, write
from pageside_export import loader
from pageside_export.exporting import export_demo
from pageside_export.options import ExportOptions

DEMO = """
import numpy as np
import pageside as ps

net = ps.Model("lm", build="model:build", dynamic_shapes={"ids": {1: "words"}})

async def best(count):
    return int((await net(ids=np.arange(1, int(count) + 1)[None])).argmax())

demo = ps.Interface(best, inputs="number", outputs="number", examples=[8, 16])
"""

MODEL = """
import decoder

def build():
    return decoder.build(decoder.Shape(layers=LAYERS, words=WORDS))
"""


def peak() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(layers: str, words: str, names: str) -> None:
    options = ExportOptions(timed_calls=2, recipes=tuple(names.split(",")), reuse=False, big_bytes=50_000_000)
    with tempfile.TemporaryDirectory() as folder:
        export_demo(loader.load(tiny(Path(folder) / "tiny")), options)
        base, started = peak(), time.perf_counter()
        text = MODEL.replace("LAYERS", layers).replace("WORDS", words)
        done = export_demo(loader.load(write(Path(folder) / "lm", demo_py=DEMO, model_py=text)), options)
        (model,) = done.models
        content = {
            "base": base,
            "peak": peak(),
            "weights": model.variants[0].size,
            "seconds": round(time.perf_counter() - started),
            "failed": model.failed,
            "variants": {one.id: [one.size, one.wire_bytes, one.measured, one.rejected] for one in model.variants},
        }
        print(json.dumps(content))


if __name__ == "__main__":
    main(*sys.argv[1:])
