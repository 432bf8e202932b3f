"""What a real browser says of a model's variants: how long a call takes in onnxruntime-web, and what stays off the GPU.

Chromium opens a page of our own on this machine and runs each variant on WASM, in turns, with one thread and with as
many as a page may take. WebGPU is asked which operators it takes, and runs each variant once on the adapter that this
machine has, often a software one: that shows whether the numbers are right, and chooses nothing.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pageside_export import browsers, kernels, vendor
from pageside_export.engines import OnnxModel, operator_shares
from pageside_export.errors import EnvironmentError_
from pageside_export.pack import sha256
from pageside_export.progress import task
from pageside_export.serve import Server
from pageside_export.verify import Arrays, Call, compare

#: As the page takes: site/src/worker/backend.js.
MOST_THREADS = 4
_BUILDS = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
_GPU_BUILDS = ("ort.jspi.min.mjs", "ort-wasm-simd-threaded.jspi.mjs", "ort-wasm-simd-threaded.jspi.wasm")
_PLACED = re.compile(r"(?:Node\(s\)|All nodes) placed on \[(\w+)\]\. Number of nodes: (\d+)")
_NODE = re.compile(r"\]\s+(\w+) \((.*)\)\s*$")

#: Seconds for one call on WebGPU, and for all of a model's: a software adapter takes 3 to 9 s for a photo classifier.
WEBGPU_SECONDS, WEBGPU_TOGETHER = 15, 20
#: Adapters that compute on the CPU; the page's own list is in site/src/worker/gpu.js.
_SOFTWARE = re.compile(r"swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b", re.IGNORECASE)
_NOT_OFFERED = "not offered: WebGPU has no kernels for its integer arithmetic"


@dataclass(frozen=True)
class Seen:
    """One variant in the browser."""

    #: Milliseconds of the fastest call on WASM with one thread and with `threads`; None where it does not run there.
    #: The fastest, because what else the machine does only ever adds: medians of a busy one swap the variants.
    wasm_1_ms: float | None
    wasm_n_ms: float | None
    threads: int
    #: Why it does not run on WASM; empty if it does.
    failed: str
    #: Operators that WebGPU leaves to WASM, each with the number of `nodes` and its `share` of a native call's time;
    #: None where that was not asked or not answered, and then why.
    fallback: dict[str, dict[str, float]] | None
    fallback_reason: str
    #: One call on WebGPU: `adapter`, whether that is `software`, `ms`, the lowest `cosine` of its outputs against
    #: PyTorch's, and why it `failed`, which is empty if it did not.
    webgpu: dict[str, Any]


def measure(
    models: Mapping[str, OnnxModel], call: Call, on_webgpu: Sequence[str] = (), *, bare: bool = False
) -> dict[str, Seen]:
    """Each model, by its variant's id, in Chromium; those in `on_webgpu` on WebGPU too, in this order.

    With `bare`, in onnxruntime-web as npm has it, without our kernels.
    Raises EnvironmentError_ where there is no Chromium, or it does not start.
    """
    executable = browsers.chromium()
    with tempfile.TemporaryDirectory() as name:
        laid = _laid_out(Path(name), models, call.inputs, bare)
        # In a thread of its own: Playwright refuses a thread that has a running event loop, as a notebook's.
        with Server(Path(name), "localhost", 0) as server, ThreadPoolExecutor(1) as pool:
            told = pool.submit(_measured, executable, server.url, laid, on_webgpu).result()
    return {id_: _seen(id_, model, call, told) for id_, model in models.items()}


@dataclass(frozen=True)
class _Told:
    """The page's answers, each by a variant's id; `adapter` is None where WebGPU has none."""

    threads: int
    one: dict[str, Any]
    all: dict[str, Any]
    places: dict[str, Any]
    ran: dict[str, Any]
    adapter: dict[str, Any] | None


def _seen(id_: str, model: OnnxModel, call: Call, told: _Told) -> Seen:
    fallback, reason = _fallback(told.places.get(id_))
    return Seen(
        wasm_1_ms=_fastest(told.one[id_]),
        wasm_n_ms=_fastest(told.all[id_]),
        threads=told.threads,
        failed=_first_line(told.one[id_]["failed"]),
        fallback=_shared(fallback, model, call.inputs),
        fallback_reason=reason,
        webgpu=_on_webgpu(id_, call, told),
    )


def code_version() -> str:
    """Of all that a measurement depends on beside the model: this package and onnxruntime-web."""
    here = Path(__file__).parent
    own = b"".join(path.read_bytes() for path in (here / "__init__.py", here / "page.js"))
    return sha256(own + kernels.code_version().encode())[:16]


def _laid_out(
    folder: Path, models: Mapping[str, OnnxModel], feeds: Mapping[str, NDArray[Any]], bare: bool
) -> dict[str, Any]:
    here = Path(__file__).parent
    (folder / "index.html").write_text("<!doctype html><title>pageside export</title>\n", encoding="utf-8")
    shutil.copyfile(here / "page.js", folder / "page.js")
    (folder / "ort").mkdir()
    for name in (*_BUILDS, *_GPU_BUILDS):
        ours = name.endswith(".wasm") and not bare
        theirs = vendor.npm_file("onnxruntime-web", f"dist/{name}")
        (folder / "ort" / name).write_bytes(kernels.onnxruntime_web(name).content if ours else theirs.read_bytes())
    for id_, model in models.items():
        target = folder / f"{id_}.onnx"
        if isinstance(model.source, bytes):
            target.write_bytes(model.source)
        else:
            shutil.copyfile(model.source, target)
    for index, value in enumerate(feeds.values()):
        (folder / f"feed-{index}.bin").write_bytes(value.tobytes())
    return {
        "variants": [
            {"id": id_, "url": f"{id_}.onnx", "config": _nested(model.session_config)} for id_, model in models.items()
        ],
        "feeds": [
            {"name": name, "dtype": str(value.dtype), "shape": list(value.shape), "url": f"feed-{index}.bin"}
            for index, (name, value) in enumerate(feeds.items())
        ],
    }


def _measured(executable: Path, url: str, laid: dict[str, Any], on_webgpu: Sequence[str]) -> _Told:
    from playwright.sync_api import Error, sync_playwright

    threads = max(1, min(MOST_THREADS, os.cpu_count() or 1))
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=executable, args=browsers.launch_arguments())
        except Error as error:
            reason = str(error).strip().splitlines()[0]
            raise EnvironmentError_(
                f"{executable} does not start ({reason})", "browser", "run `pageside doctor`"
            ) from None
        try:
            wasm = {}
            for count in sorted({1, threads}):
                with task(f"time the variants in Chromium, {count} thread{'s' if count > 1 else ''}"):
                    wasm[count] = _asked(browser, url, "timeWasm", {**laid, "threads": count})
            by_id = {variant["id"]: variant for variant in laid["variants"]}
            offered = [by_id[id_] for id_ in on_webgpu]
            with task("offer the variants to WebGPU"):
                places = _asked(browser, url, "placeWebgpu", {"variants": offered}) if offered else {}
            with task("run the variants on WebGPU"):
                ran = _run(browser, url, {"variants": offered, "feeds": laid["feeds"]}) if offered else {}
        except Error as error:
            reason = str(error).strip().splitlines()[0]
            raise EnvironmentError_(
                f"Chromium could not time the model: {reason}", "browser", "use --no-browser"
            ) from None
        finally:
            browser.close()
    return _Told(threads, wasm[1], wasm[threads], places, ran.get("variants", {}), ran.get("adapter"))


def _run(browser: Any, url: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What WebGPU gives for each variant; a page that it ends takes none of the other answers along."""
    from playwright.sync_api import Error

    try:
        return _asked(browser, url, "runWebgpu", {**asked, "seconds": WEBGPU_SECONDS, "together": WEBGPU_TOGETHER})
    except Error as error:
        failed = {"failed": f"Chromium ended the page: {_first_line(str(error))}"}
        return {
            "adapter": {"name": "", "fallback": False},
            "variants": {one["id"]: failed for one in asked["variants"]},
        }


def _on_webgpu(id_: str, call: Call, told: _Told) -> dict[str, Any]:
    """`Seen.webgpu`."""
    adapter = told.adapter or {"name": "", "fallback": False}
    software = bool(adapter["fallback"] or _SOFTWARE.search(adapter["name"]))
    found = {"adapter": adapter["name"], "software": software, "ms": None, "cosine": None}
    if id_ not in told.places:
        return {**found, "failed": _NOT_OFFERED}
    if told.adapter is None:
        return {**found, "failed": "not run: Chromium gives no WebGPU adapter here"}
    ran = told.ran.get(id_)
    if ran is None:
        return {**found, "failed": "not run: the variants before it took too long"}
    if ran["failed"]:
        return {**found, "failed": _first_line(ran["failed"])}
    errors = compare(call.outputs, _arrays(ran["outputs"]))
    found["ms"] = round(ran["ms"], 1)
    if not all(error.finite for error in errors):
        return {**found, "failed": "it gave NaN, infinity or another shape"}
    return {**found, "cosine": round(min(error.cosine for error in errors), 6), "failed": ""}


def _arrays(outputs: list[dict[str, Any]]) -> Arrays:
    return {
        one["name"]: np.frombuffer(base64.b64decode(one["data"]), np.dtype(one["dtype"])).reshape(one["shape"])
        for one in outputs
    }


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _asked(browser: Any, url: str, function: str, argument: dict[str, Any]) -> dict[str, Any]:
    """The page's answer; each question has a page of its own, since one page starts onnxruntime-web only once."""
    page = browser.new_page()
    try:
        page.set_default_timeout(0)
        page.goto(url)
        script = f"async (asked) => JSON.stringify(await (await import('./page.js')).{function}(asked))"
        answer: dict[str, Any] = json.loads(page.evaluate(script, argument))
        return answer
    finally:
        page.close()


def _fastest(seen: dict[str, Any]) -> float | None:
    return None if seen["failed"] or not seen["times"] else round(min(seen["times"]), 3)


def _shared(
    fallback: dict[str, dict[str, float]] | None, model: OnnxModel, feeds: Mapping[str, NDArray[Any]]
) -> dict[str, dict[str, float]] | None:
    if not fallback:
        return fallback
    shares = operator_shares(model, feeds)
    return {name: {**found, "share": round(shares.get(name, 0.0), 4)} for name, found in fallback.items()}


def _fallback(placed: dict[str, Any] | None) -> tuple[dict[str, dict[str, float]] | None, str]:
    """From onnxruntime's own account of where it put each node; None with the reason where there is no such account."""
    if placed is None:
        return None, _NOT_OFFERED
    if placed["failed"]:
        return None, f"WebGPU does not open it here: {_first_line(placed['failed'])}"
    if not any(_PLACED.search(line) for line in placed["lines"]):
        return None, "onnxruntime did not say where it put the operators"
    found: dict[str, dict[str, float]] = {}
    provider = ""
    for line in placed["lines"]:
        if head := _PLACED.search(line):
            provider = head.group(1)
        elif provider == "CPUExecutionProvider" and (node := _NODE.search(line)):
            found.setdefault(node.group(1), {"nodes": 0})["nodes"] += 1
    return dict(sorted(found.items())), ""


def _nested(config: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """`{"session.x": "1"}` as onnxruntime-web takes it: `{"session": {"x": "1"}}`."""
    groups: dict[str, dict[str, str]] = {}
    for key, value in config.items():
        group, _, name = key.partition(".")
        groups.setdefault(group, {})[name] = value
    return groups
