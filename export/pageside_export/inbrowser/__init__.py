"""What a real browser says of a model's variants: how long a call takes in onnxruntime-web, and what stays off the GPU.

Chromium opens a page of our own on this machine and runs each variant on WASM, in turns, with one thread and with as
many as a page may take. WebGPU is only asked which operators it takes: a software GPU says nothing about time, and
`pageside check` compares the numbers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pageside_export import browsers, vendor
from pageside_export.engines import OnnxModel, operator_shares
from pageside_export.errors import EnvironmentError_
from pageside_export.pack import sha256
from pageside_export.progress import task
from pageside_export.serve import Server

#: As the page takes: site/src/worker/backend.js.
MOST_THREADS = 4
_BUILDS = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
_GPU_BUILDS = ("ort.jspi.min.mjs", "ort-wasm-simd-threaded.jspi.mjs", "ort-wasm-simd-threaded.jspi.wasm")
_PLACED = re.compile(r"(?:Node\(s\)|All nodes) placed on \[(\w+)\]\. Number of nodes: (\d+)")
_NODE = re.compile(r"\]\s+(\w+) \((.*)\)\s*$")


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
    #: None where that was not asked or not answered.
    fallback: dict[str, dict[str, float]] | None


def measure(
    models: Mapping[str, OnnxModel], feeds: Mapping[str, NDArray[Any]], on_webgpu: Sequence[str] = ()
) -> dict[str, Seen]:
    """Each model, by its variant's id, in Chromium; those in `on_webgpu` are offered to WebGPU too.

    Raises EnvironmentError_ where there is no Chromium, or it does not start.
    """
    executable = browsers.chromium()
    with tempfile.TemporaryDirectory() as name:
        variants = _laid_out(Path(name), models, feeds)
        # In a thread of its own: Playwright refuses a thread that has a running event loop, as a notebook's.
        with Server(Path(name), "localhost", 0) as server, ThreadPoolExecutor(1) as pool:
            seen = pool.submit(_measured, executable, server.url, variants, set(on_webgpu)).result()
    return {id_: replace(one, fallback=_shared(one.fallback, models[id_], feeds)) for id_, one in seen.items()}


def code_version() -> str:
    """Of all that a measurement depends on beside the model: this package and onnxruntime-web."""
    here = Path(__file__).parent
    own = b"".join(path.read_bytes() for path in (here / "__init__.py", here / "page.js", vendor.LOCK_FILE))
    return sha256(own)[:16]


def _laid_out(folder: Path, models: Mapping[str, OnnxModel], feeds: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    here = Path(__file__).parent
    (folder / "index.html").write_text("<!doctype html><title>pageside export</title>\n", encoding="utf-8")
    shutil.copyfile(here / "page.js", folder / "page.js")
    (folder / "ort").mkdir()
    for name in (*_BUILDS, *_GPU_BUILDS):
        shutil.copyfile(vendor.npm_file("onnxruntime-web", f"dist/{name}"), folder / "ort" / name)
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


def _measured(executable: Path, url: str, laid: dict[str, Any], on_webgpu: set[str]) -> dict[str, Seen]:
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
            offered = [variant for variant in laid["variants"] if variant["id"] in on_webgpu]
            with task("offer the variants to WebGPU"):
                places = _asked(browser, url, "placeWebgpu", {"variants": offered}) if offered else {}
        except Error as error:
            reason = str(error).strip().splitlines()[0]
            raise EnvironmentError_(
                f"Chromium could not time the model: {reason}", "browser", "use --no-browser"
            ) from None
        finally:
            browser.close()
    return {
        variant["id"]: Seen(
            wasm_1_ms=_fastest(wasm[1][variant["id"]]),
            wasm_n_ms=_fastest(wasm[threads][variant["id"]]),
            threads=threads,
            failed=wasm[1][variant["id"]]["failed"].strip().partition("\n")[0],
            fallback=_fallback(places.get(variant["id"])),
        )
        for variant in laid["variants"]
    }


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


def _fallback(placed: dict[str, Any] | None) -> dict[str, dict[str, float]] | None:
    """From onnxruntime's own account of where it put each node."""
    if placed is None or placed["failed"] or not any(_PLACED.search(line) for line in placed["lines"]):
        return None
    found: dict[str, dict[str, float]] = {}
    provider = ""
    for line in placed["lines"]:
        if head := _PLACED.search(line):
            provider = head.group(1)
        elif provider == "CPUExecutionProvider" and (node := _NODE.search(line)):
            found.setdefault(node.group(1), {"nodes": 0})["nodes"] += 1
    return dict(sorted(found.items()))


def _nested(config: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """`{"session.x": "1"}` as onnxruntime-web takes it: `{"session": {"x": "1"}}`."""
    groups: dict[str, dict[str, str]] = {}
    for key, value in config.items():
        group, _, name = key.partition(".")
        groups.setdefault(group, {})[name] = value
    return groups
