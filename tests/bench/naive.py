"""What one writes without Pageside: Pyodide and onnxruntime-web on the page's own thread, whole and as npm has them.

It does what `search-text` does with one question and one passage, by that demo's own tokenizer and with the peer's
model. Nothing is pruned, compiled ahead, packed, checked or kept but by the browser's HTTP cache.
"""

import shutil
from pathlib import Path

from pageside_export import vendor

from tests.bench.servers import ROOT

PYODIDE = ["pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"]
ORT = ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"]
DEMO = ROOT / "models" / "search-text"

# The same handle as a demo's page has.
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>naive</title><link rel="icon" href="data:,">
<script type="module">
import * as ort from "./ort.wasm.min.mjs";
import { loadPyodide } from "./pyodide.mjs";
const here = new URL("./", location.href).href;
ort.env.wasm.wasmPaths = here;
ort.env.wasm.numThreads = self.crossOriginIsolated ? 2 : 1;
const text = async (name) => (await fetch(name)).text();
const loading = ort.InferenceSession.create("../models/minilm/onnx/model_quantized.onnx");

async function run(ids, mask, shape) {
  const session = await loading;
  const views = [ids, mask].map((array) => array.getBuffer("i64"));
  const [input_ids, attention_mask] = views.map((view) => new ort.Tensor("int64", view.data, shape.toJs()));
  const token_type_ids = new ort.Tensor("int64", new BigInt64Array(input_ids.data.length), input_ids.dims);
  const { last_hidden_state } = await session.run({ input_ids, attention_mask, token_type_ids });
  for (const view of views) view.release();
  return last_hidden_state.data;
}

async function start() {
  const python = await loadPyodide({ indexURL: here });
  await python.loadPackage("numpy");
  for (const name of ["tokenizer.py", "vocab.txt"]) python.FS.writeFile(name, await text(name));
  python.globals.set("run", run);
  const similarity = python.runPython(await text("similarity.py"));
  await loading;
  return similarity;
}
const ready = start();
window.pageside = {
  ready: ready.then(() => undefined),
  predict: async (question, passage) => (await ready)(question, passage),
};
</script></html>
"""
SIMILARITY = """import numpy as np
from tokenizer import WordPiece

with open("vocab.txt", encoding="utf-8") as file:
    tokenizer = WordPiece(file.read())


async def similarity(question, passage):
    feeds = tokenizer.batch([tokenizer.encode(text, 256) for text in (question, passage)])
    ids, mask = feeds["ids"], feeds["mask"]
    hidden = np.asarray((await run(ids.ravel(), mask.ravel(), list(ids.shape))).to_py()).reshape(*ids.shape, -1)
    vectors = (hidden * mask[:, :, None]).sum(axis=1)
    first, second = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return float(first @ second)


similarity
"""


def build(folder: Path) -> None:
    """Writes the page beside the peer's model."""
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    (folder / "similarity.py").write_text(SIMILARITY, encoding="utf-8")
    for name in PYODIDE:
        shutil.copy(vendor.npm_file("pyodide", name), folder / name)
    for name in ORT:
        shutil.copy(vendor.npm_file("onnxruntime-web", f"dist/{name}"), folder / name)
    wheel = vendor.pyodide_wheel("numpy")
    shutil.copy(wheel, folder / wheel.name)
    for name in ("tokenizer.py", "vocab.txt"):
        shutil.copy(DEMO / name, folder / name)
