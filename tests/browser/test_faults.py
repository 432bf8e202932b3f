"""Faults brought about on purpose, in each engine: named before an answer is shown, and gone with the next try."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drivers import Driver
from engine_bundle import DEMO as ONE_MODEL
from engine_bundle import MODEL, BundleFolder, close_to, grower_entry, make_bundle, onnx_model, weights
from engine_visit import START, wrong
from nginx import Nginx

#: What the device keeps is blocked, as in private windows of some browsers.
BLOCKED = """for (const name of ["caches"]) {
  Object.defineProperty(self, name, { get() { throw new DOMException("not allowed", "SecurityError"); } });
}
"""
#: Ways to break the runtimes of both workers.
PRELUDE = f"""let demo = null;
{BLOCKED}
self.addEventListener("message", ({{ data }}) => {{
  if (data.inputs?.[0] === "worker dies") setTimeout(() => {{ throw new Error("broken on purpose"); }});
}});"""
MODELS_PRELUDE = f"""let models = null;
{BLOCKED}
const asked = new BroadcastChannel("asked");
asked.onmessage = ({{ data }}) => {{
  if (data === "model traps") models.backends.active.models.get("scorer").run = async () => {{
    throw new WebAssembly.RuntimeError("unreachable");
  }};
  asked.postMessage("heard");
}};"""
#: A GPU that answers each reading with zeros, as broken drivers do.
ZEROS = """let models = null;
if (self.GPUBuffer) {
  const read = GPUBuffer.prototype.getMappedRange;
  GPUBuffer.prototype.getMappedRange = function (...range) {
    const bytes = read.apply(this, range);
    if (this.usage & GPUBufferUsage.MAP_READ) new Uint8Array(bytes).fill(0);
    return bytes;
  };
}"""
DEMO = """
import asyncio
import numpy as np
import pageside as ps

net = ps.Model("scorer")
grower = ps.Model("grower")


async def score(text):
    if text == "much memory":
        return str(len([np.empty(2**31 - 8, np.uint8) for _ in range(3)]))  # asked for and not touched
    if text.startswith("megabytes "):
        return str(await grower(n=np.array([int(text.split()[1]) // 4])))
    if text == "no number":
        return str(1 / int(text))
    values = np.resize(np.frombuffer(text.encode() or b" ", np.uint8), 64).astype(np.float32) / 255
    for _ in range(10**6 if text == "long" else 1):
        scores = await net(x=values.reshape(1, 64))
    return " ".join(f"{value:.4f}" for value in scores[0])


demo = ps.Interface(score, inputs="text", outputs="text")
"""
#: One call, as the fault's plain object or its answer, and whether the same worker answers from then on.
CALL = """
const before = window.engine.worker, asked = new BroadcastChannel("asked");
const heard = new Promise((resolve) => { asked.onmessage = resolve; });
asked.postMessage(TEXT);
await heard;
asked.close();
const plain = ({ stage, name, message, hint }) => ({ stage, name, message, hint });
const fault = await window.engine.call([TEXT]).then(() => null, plain);
const next = await window.engine.call(["next"]);
return { fault, next: next.outputs[0], same: before === window.engine.worker };
"""
#: The browser ends a worker without a word, as a phone does that needs its memory.
ENDED = """
setTimeout(() => window.engine.WHICH.terminate(), 1000);
const plain = ({ stage, name, message, hint }) => ({ stage, name, message, hint });
const fault = await window.engine.call(["long"]).then(() => null, plain);
return { fault, next: (await window.engine.call(["next"])).outputs[0] };
"""
CANCEL = """
const before = window.engine.worker, stop = new AbortController();
const long = window.engine.call(["long"], { signal: stop.signal }).then(() => null, ({ stage }) => stage);
setTimeout(() => stop.abort(), 300);
return { stage: await long, same: before === window.engine.worker };
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> BundleFolder:
    return make_bundle(tmp_path_factory.mktemp("faults") / "site", DEMO, models=[grower_entry])


def start(driver: Driver, url: str, **options: Any) -> dict[str, Any]:
    """The engine's status, or what it was rejected with."""
    driver.open(url)
    plain = "({ message }) => JSON.parse(message.replace('FAULT ', ''))"
    return dict(driver.eval_async(f"return ({START})({json.dumps(options)}).catch({plain});"))


def times(folder: BundleFolder, factor: float) -> None:
    """Each recorded output by so much larger, with hashes that are right."""
    model = folder.bundle["models"][0]
    rng = np.random.default_rng(1)
    for call in model["golden"]:
        x = rng.random((1, 64), np.float32)
        for variant in call["variants"].values():
            hidden = np.maximum(x @ weights()["w1"] + weights()["b1"], 0)
            folder.replace(variant["y"]["file"], (hidden @ weights()["w2"] * np.float32(factor)).tobytes())
    folder.save()


def pytorch_s(folder: BundleFolder) -> None:
    """What PyTorch gave, larger; what native onnxruntime gave stays."""
    rng = np.random.default_rng(1)
    for call in folder.bundle["models"][0]["golden"]:
        hidden = np.maximum(rng.random((1, 64), np.float32) @ weights()["w1"] + weights()["b1"], 0)
        folder.replace(call["outputs"]["y"]["file"], (hidden @ weights()["w2"] * np.float32(1.05)).tobytes())
    folder.save()


def one_weight(folder: BundleFolder) -> None:
    values = weights()
    values["w2"][7, 3] += 4
    for variant in (0, 1):
        wrong(folder, variant, onnx_model(values))


WRONG: dict[str, tuple[Callable[[BundleFolder], None], str]] = {
    "a golden tensor changed by 5 %": (lambda folder: times(folder, 1.05), r"relative error 0.04"),
    "PyTorch's golden tensor changed by 5 %": (pytorch_s, "against PyTorch, above 0.0"),
    "one weight": (one_weight, "against native onnxruntime"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_numbers_are_found_before_an_answer(
    browser: Driver, template: BundleFolder, tmp_path: Path, what: str
) -> None:
    folder = template.copy(tmp_path / "site")
    spoil, words = WRONG[what]
    spoil(folder)
    with Nginx(tmp_path / "nginx", {"/": folder.root}) as server:
        fault = start(browser, server.url("demo/"))
    assert fault["stage"] == "model"
    assert fault["message"].startswith(
        "no backend gives right answers on this device: wasm small: scorer, golden call 1"
    )
    assert words in fault["message"]
    assert "try another browser" in fault["hint"]


def test_a_gpu_that_gives_zeros_is_found_before_an_answer(
    browser: Driver, template: BundleFolder, tmp_path: Path
) -> None:
    folder = template.copy(tmp_path / "site")
    # One model alone: of two that are wrong either may be found first.
    del folder.bundle["models"][1:]
    folder.replace(folder.bundle["files"][0], ONE_MODEL.encode())
    folder.save()
    folder.edit_source("worker/models.js", "let models = null;", ZEROS)
    with Nginx(tmp_path / "nginx", {"/": folder.root}) as server:
        fault = start(browser, server.url("demo/"), backend="webgpu")
        has_gpu = browser.eval_async("return Boolean(await navigator.gpu?.requestAdapter());")
        # What was asked for is no dead end: the panel's other backend still answers.
        assert browser.eval_async("return (await window.engine.useBackend('wasm')).backend;") == "wasm"
    assert fault["stage"] == "model"
    assert has_gpu or browser.name != "chromium", "Chromium has an adapter in software"
    # WebKit has no WebGPU here, and Firefox has it from one version to the next; then the page says so.
    reason = f"{MODEL}, golden call 1, output y: cosine" if has_gpu else "this browser gives no WebGPU"
    assert fault["message"].startswith(f"webgpu can't be used: {reason}")


@pytest.fixture(scope="module")
def opened(browser: Driver, template: BundleFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """One page for what is broken while it runs; it keeps nothing on the device."""
    base = tmp_path_factory.mktemp("running")
    folder = template.copy(base / "site")
    folder.edit_source("worker/main.js", "let demo = null;", PRELUDE)
    folder.edit_source("worker/models.js", "let models = null;", MODELS_PRELUDE)
    with Nginx(base / "nginx", {"/": folder.root}) as server:
        status = start(browser, server.url("demo/"))
        assert status.get("state") == "ready", status
        yield browser


def call(driver: Driver, text: str, script: str = CALL) -> dict[str, Any]:
    seen = dict(driver.eval_async(script.replace("TEXT", json.dumps(text))))
    assert close_to(seen["next"], "next")
    return seen


def test_a_browser_that_keeps_nothing(opened: Driver) -> None:
    wait = "while (!window.engine.status.storage) await new Promise((r) => setTimeout(r, 50));"
    assert opened.eval_async(f"{wait} return window.engine.status.storage;") == "blocked"


def test_python_that_raises(opened: Driver) -> None:
    seen = call(opened, "no number")
    assert (seen["fault"]["stage"], seen["fault"]["name"], seen["same"]) == ("python", "ValueError", True)


def test_a_cancel_is_heard_between_two_calls_of_a_model(opened: Driver) -> None:
    assert opened.eval_async(CANCEL) == {"stage": "cancelled", "same": True}


@pytest.mark.parametrize(
    ("which", "stage", "words"), [("worker", "python", "the worker"), ("models", "model", "the models' worker")]
)
def test_a_worker_that_the_browser_ends_is_noticed(opened: Driver, which: str, stage: str, words: str) -> None:
    fault = call(opened, "", ENDED.replace("WHICH", which))["fault"]
    assert (fault["stage"], fault["name"]) == (stage, "WorkerStopped")
    assert fault["message"] == f"{words} stopped: the browser ended it"
    assert fault["hint"] == "Try again; it is started anew."


STOPPED = {
    "much memory": ("memory", "MemoryError", "Unable to allocate 2.00 GiB", "use a smaller input"),
    "megabytes 4092": ("memory", "OutOfMemoryError", "lloc", "use a smaller input"),
    "megabytes 16000": ("memory", "OutOfMemoryError", "nteger overflow", "use a smaller input"),
    "model traps": ("model", "ModelStopped", "onnxruntime stopped: unreachable", "Try again"),
    "worker dies": ("python", "WorkerStopped", "the worker stopped: ", "Try again"),
}


@pytest.mark.parametrize("text", STOPPED)
def test_what_breaks_the_worker_is_named_and_the_next_call_has_a_new_one(opened: Driver, text: str) -> None:
    seen = call(opened, text)
    stage, name, message, hint = STOPPED[text]
    assert (seen["fault"]["stage"], seen["fault"]["name"], seen["same"]) == (stage, name, False)
    assert message in seen["fault"]["message"]
    assert hint in seen["fault"]["hint"]
