"""The engine in a real browser against a small bundle: right answers, and a clear word where there can be none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from engine_bundle import DEMO, PLAIN_DEMO, BundleFolder, close_to, make_bundle, onnx_model, weights
from engine_visit import CALL, START, TIMEOUT_MS, USE, Visit, add_wrong_variant, changed, wrong
from nginx import Nginx
from pages import is_packed, wait_until
from pageside_export import browsers
from pageside_export.hosts import ISOLATION
from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> BundleFolder:
    return make_bundle(tmp_path_factory.mktemp("engine") / "site")


@pytest.fixture
def folder(template: BundleFolder, tmp_path: Path) -> BundleFolder:
    """A site of this test's own, to be broken before it is opened."""
    return template.copy(tmp_path / "site")


@pytest.fixture
def visit(chromium: Browser, folder: BundleFolder, tmp_path: Path) -> Iterator[Visit]:
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT_MS)
    with Nginx(tmp_path / "nginx", {"/": folder.root}) as server:
        yield Visit(server, context.new_page())
    context.close()


def reports(status: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["id"], one["variant"], one["state"]) for one in status["backends"]]


# ----------------------------------------------------------------------------------------------- right answers


def test_both_backends_are_right_and_say_how_right(visit: Visit) -> None:
    status = visit.open()
    assert (status["state"], status["backend"], status["variant"]) == ("ready", "wasm", "small")
    assert status["cosine"] > 0.999999
    assert status["milliseconds"] >= 0  # the clock of a page that is not isolated has steps of 0.1 ms
    assert status["bytes"] > 5_000_000
    assert reports(status) == [("wasm", "small", "ok"), ("webgpu", "fp32", "untried")]
    assert close_to(visit.call("a photo"), "a photo")
    status = visit.page.evaluate(USE, "webgpu")
    assert (status["backend"], status["variant"]) == ("webgpu", "fp32")
    assert status["milliseconds"] > 0
    assert reports(status) == [("wasm", "small", "ok"), ("webgpu", "fp32", "ok")]
    assert close_to(visit.call("another"), "another")
    assert visit.page.evaluate(USE, "wasm")["backend"] == "wasm"
    assert close_to(visit.call("ünïcode"), "ünïcode")


def test_the_asked_backend_is_the_only_one_loaded(visit: Visit) -> None:
    status = visit.open(backend="webgpu")
    assert status["backend"] == "webgpu"
    asked = [hit.path for hit in visit.server.hits()]
    assert not [path for path in asked if "/ort/ort-wasm-simd-threaded.wasm" in path]
    assert close_to(visit.call("x"), "x")


def test_a_demo_without_a_model_loads_no_onnxruntime(folder: BundleFolder, visit: Visit) -> None:
    folder.bundle["models"] = []
    folder.replace(folder.bundle["files"][0], PLAIN_DEMO.encode())
    folder.save()
    status = visit.open()
    assert (status["backend"], status["cosine"], status["backends"]) == ("python", None, [])
    assert visit.call("Ada") == "Hello Ada!!"
    assert not [hit.path for hit in visit.server.hits() if "/ort/" in hit.path]
    fault = visit.fault(USE, "wasm")
    assert fault["message"] == "this demo has no model, so it has no backend to choose"


def test_threads_where_the_page_is_isolated(chromium: Browser, folder: BundleFolder, tmp_path: Path) -> None:
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT_MS)
    with Nginx(tmp_path / "nginx", {"/": folder.root}, dict(ISOLATION)) as server:
        visit = Visit(server, context.new_page())
        assert visit.open(threads=2)["threads"] == 2
        assert close_to(visit.call("threads"), "threads")
    context.close()


def test_files_at_the_addresses_that_pyodide_itself_asks_for(folder: BundleFolder, visit: Visit) -> None:
    # Not packed, so that our download and Pyodide's own request have the same address.
    for name in ("binary", "stdlib"):
        ref = folder.bundle["runtime"]["pyodide"][name]
        content = zstandard.decompress((folder.demo / ref["url"]).read_bytes())
        ref["url"] = ref["url"].removesuffix(".zst")
        ref["bytes"] = len(content)
        del ref["encoding"]
        (folder.demo / ref["url"]).write_bytes(content)
    folder.save()
    visit.open()
    assert close_to(visit.call("plain"), "plain")


# ------------------------------------------------------------------------------------------------ wrong bytes

BROKEN: dict[str, Callable[[BundleFolder], dict[str, Any]]] = {
    "model part": lambda f: f.bundle["models"][0]["variants"][0]["parts"][1],
    "golden output": lambda f: f.bundle["models"][0]["golden"][0]["variants"]["small"]["y"]["file"],
    "wheel": lambda f: f.bundle["runtime"]["pyodide"]["wheels"][1],
    "Pyodide": lambda f: f.bundle["runtime"]["pyodide"]["binary"],
    "standard library": lambda f: f.bundle["runtime"]["pyodide"]["stdlib"],
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_tampered_file_is_named(folder: BundleFolder, visit: Visit, what: str) -> None:
    ref = BROKEN[what](folder)
    folder.tamper(ref)
    fault = visit.fault()
    assert (fault["name"], fault["stage"]) == ("IntegrityError", "integrity")
    assert fault["message"].startswith(f"{ref['url']}: its SHA-256 is ")
    assert fault["message"].endswith(f", bundle.json says {ref['sha256']}")
    assert visit.status()["state"] == "failed"


# ---------------------------------------------------------------------------------------------- wrong numbers


def test_variants_with_wrong_numbers_are_not_used_and_say_why(folder: BundleFolder, visit: Visit) -> None:
    not_a_number = np.zeros((96, 8), np.float32)
    not_a_number[0, 3] = np.nan
    add_wrong_variant(folder, "broken", b"not an ONNX file")
    add_wrong_variant(folder, "nan", changed("w2", not_a_number))
    add_wrong_variant(folder, "near", changed("b1", (0.01 * np.sin(np.arange(96))).astype(np.float32)))
    add_wrong_variant(folder, "other", onnx_model(weights(7)))
    status = visit.open()
    assert status["variant"] == "small"
    assert reports(status)[:5] == [
        ("wasm", "small", "ok"),
        ("wasm", "other", "wrong"),
        ("wasm", "near", "wrong"),
        ("wasm", "nan", "wrong"),
        ("wasm", "broken", "failed"),
    ]
    other, near, nan, broken = status["backends"][1:5]
    assert re.fullmatch(
        r"scorer, golden call 1, output y: cosine -?0\.\d{5} against native onnxruntime, below 0\.999", other["reason"]
    )
    assert other["cosine"] < 0.9
    assert re.fullmatch(
        r"scorer, golden call 1, output y: relative error 0\.0\d+ against native onnxruntime, above 0\.001",
        near["reason"],
    )
    assert nan["reason"] == "scorer, golden call 1, output y: element 3 is NaN"
    assert broken["reason"]
    assert close_to(visit.call("photo"), "photo")


def test_where_nothing_is_right_nothing_is_answered(folder: BundleFolder, visit: Visit) -> None:
    wrong(folder, 0)
    wrong(folder, 1)
    fault = visit.fault()
    assert (fault["name"], fault["stage"]) == ("ModelError", "model")
    assert fault["message"].startswith(
        "no backend gives right answers on this device: wasm small: scorer, golden call 1"
    )
    assert visit.fault(CALL, "photo")["stage"] == "model"


def test_a_backend_that_misses_is_refused_and_the_old_one_goes_on(folder: BundleFolder, visit: Visit) -> None:
    wrong(folder, 1)
    visit.open()
    fault = visit.fault(USE, "webgpu")
    assert fault["stage"] == "model"
    assert fault["message"].startswith("webgpu can't be used: scorer, golden call 1, output y: cosine ")
    status = visit.status()
    assert status["backend"] == "wasm"
    assert ("webgpu", "fp32", "wrong") in reports(status)
    assert close_to(visit.call("still"), "still")


# ------------------------------------------------------------------------------------------------------ Python


def with_demo(folder: BundleFolder, source: str) -> None:
    folder.replace(folder.bundle["files"][0], source.encode())
    folder.save()


@pytest.fixture(scope="module")
def python(chromium: Browser, template: BundleFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """One tab for all that is about Python alone: a demo without a model, which each test edits."""
    base = tmp_path_factory.mktemp("python")
    folder = template.copy(base / "site")
    folder.bundle["models"] = []
    with_demo(folder, PLAIN_DEMO)
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT_MS)
    with Nginx(base / "nginx", {"/": folder.root}) as server:
        visit = Visit(server, context.new_page())
        visit.open()
        yield visit
    context.close()


EDIT = "(source) => window.engine.edit(source).catch(window.plain)"


def edit(visit: Visit, body: str) -> dict[str, Any]:
    source = f"import pageside as ps\n\n{body}\n\ndemo = ps.Interface(fn, inputs='text', outputs='text')\n"
    visit.page.evaluate("() => { window.printed.length = 0; }")
    return dict(visit.page.evaluate(EDIT, source))


def test_a_makers_exception_has_its_traceback_and_the_next_call_works(python: Visit) -> None:
    edit(python, "def fn(text):\n    print('got', text)\n    return str(1 / int(text))")
    fault = python.fault(CALL, "0")
    assert (fault["name"], fault["stage"], fault["message"]) == ("ZeroDivisionError", "python", "division by zero")
    assert 'File "demo.py", line 5, in fn' in fault["traceback"]
    assert "pageside" not in fault["traceback"]
    assert python.call("4") == "0.25"
    assert python.page.evaluate("() => window.printed.map((one) => one.text).join('')") == "got 0\ngot 4\n"


def test_an_edit_answers_from_then_on_also_in_a_new_worker(python: Visit) -> None:
    config = edit(python, "def fn(text):\n    return text[::-1]")
    assert [one["type"] for one in config["inputs"]] == ["textbox"]
    assert python.call("abc") == "cba"
    assert python.fault(EDIT, "import pageside as ps\n1 +\n")["name"] == "SyntaxError"
    assert python.call("abc") == "cba"
    python.page.evaluate("() => window.engine.close()")
    assert python.call("abc") == "cba"


def test_a_broken_demo_is_named_at_the_start(folder: BundleFolder, visit: Visit) -> None:
    with_demo(folder, "import pageside as ps\nraise RuntimeError('no weights')\n")
    fault = visit.fault()
    assert (fault["name"], fault["stage"], fault["message"]) == ("RuntimeError", "python", "no weights")
    assert 'File "demo.py", line 2' in fault["traceback"]


# ------------------------------------------------------------------------------------------ queue, cancel, loss

COUNTER = """
import asyncio

async def fn(text):
    for i in range(int(text)):
        await asyncio.sleep(0.01)
        yield str(i)
"""


def test_partials_come_in_order_and_a_cancel_stops_at_the_next_step(python: Visit) -> None:
    edit(python, COUNTER)
    script = """async () => {
      const parts = [];
      await window.engine.call(["4"], { onPartial: (outputs) => parts.push(outputs[0]) });
      const stop = new AbortController();
      let steps = 0;
      const onPartial = () => { if (++steps === 3) stop.abort(); };
      const long = window.engine.call(["100000"], { onPartial, signal: stop.signal })
        .then(() => null, (e) => [e.name, e.stage]);
      const waiting = window.engine.call(["2"]);
      const worker = window.engine.worker;
      const after = (await waiting).outputs[0];
      return { parts, long: await long, steps, after, same: worker === window.engine.worker };
    }"""
    result = python.page.evaluate(script)
    assert result["parts"] == ["0", "1", "2", "3"]
    assert result["long"] == ["cancelled", "cancelled"]
    assert result["steps"] < 20
    assert result["after"] == "1"
    assert result["same"], "a call that hears its cancel needs no new worker"


def test_a_call_that_waits_is_cancelled_without_being_made(python: Visit) -> None:
    edit(python, "def fn(text):\n    print(text)\n    return text")
    script = """async () => {
      const stop = new AbortController();
      const first = window.engine.call(["one"]);
      const second = window.engine.call(["two"], { signal: stop.signal }).then(() => null, (e) => e.message);
      const third = window.engine.call(["three"]);
      stop.abort();
      await Promise.all([first, third]);
      return { second: await second, printed: window.printed.map((one) => one.text).join("") };
    }"""
    assert python.page.evaluate(script) == {
        "second": "the call was cancelled before it began",
        "printed": "one\nthree\n",
    }


def test_a_dead_worker_is_noticed_and_replaced(visit: Visit) -> None:
    visit.open()
    worker = visit.page.workers[0]
    worker.evaluate("() => { setTimeout(() => { throw new Error('worker is broken'); }); }")
    visit.page.wait_for_function("() => window.engine.status.state === 'failed'")
    assert close_to(visit.call("alive"), "alive")


def test_a_lost_gpu_falls_back_to_wasm_in_mid_call(visit: Visit) -> None:
    visit.keep_devices()
    visit.open(backend="webgpu")
    assert close_to(visit.call("before"), "before")
    answer = visit.page.evaluate_handle(
        "() => ({ promise: window.engine.call(['during']).then((r) => r.outputs[0], (e) => 'FAULT ' + e.message) })"
    )
    visit.lose_device()
    assert close_to(answer.evaluate("(held) => held.promise"), "during")
    visit.page.wait_for_function("() => window.engine.status.backend === 'wasm'")
    status = visit.status()
    lost = next(one for one in status["backends"] if one["id"] == "webgpu")
    assert lost["state"] == "failed"
    assert lost["reason"].startswith("the GPU device was lost: ")
    assert close_to(visit.call("after"), "after")


KEPT = """async () => {
  const cache = await caches.open("pageside-1");
  return (await cache.keys()).map((request) => new URL(request.url).pathname.replace("/.pageside/", ""));
}"""


WAIT_UNTIL_KEPT = f"""async (needed) => {{
  // The note about the demo's files is written when all of them are kept.
  const all = (names) => names.some((name) => name.startsWith("demos/")) && needed.every((one) => names.includes(one));
  while (!all(await ({KEPT})())) await new Promise((resolve) => setTimeout(resolve, 100));
}}"""


def wait_until_kept(visit: Visit, folder: BundleFolder) -> None:
    needed = [folder.bundle["runtime"]["ort"]["wasm"]["binary"], folder.bundle["runtime"]["pyodide"]["stdlib"]]
    visit.page.evaluate(WAIT_UNTIL_KEPT, [file["sha256"] for file in needed])


def test_a_second_visit_reads_from_the_device_and_repairs_what_was_changed(visit: Visit, folder: BundleFolder) -> None:
    first = visit.open()
    wait_until_kept(visit, folder)
    clear = visit.page.context.new_cdp_session(visit.page)
    clear.send("Network.clearBrowserCache")
    visit.server.hits()
    second = visit.open()
    assert not [hit.path for hit in visit.server.hits() if is_packed(hit.path)]
    assert second["bytes"] == first["bytes"]
    # Longer than the quiet time: a software GPU is not tried by itself.
    visit.page.wait_for_timeout(3000)
    assert reports(visit.status())[1] == ("webgpu", "fp32", "untried")
    part = folder.bundle["models"][0]["variants"][0]["parts"][0]
    change = """async ([name, size]) =>
      (await caches.open("pageside-1")).put(`/.pageside/${name}`, new Response(new Uint8Array(size)))"""
    visit.page.evaluate(change, [part["sha256"], part["size"]])
    visit.server.hits()
    visit.open()
    assert close_to(visit.call("repaired"), "repaired")
    assert [hit.path for hit in visit.server.hits() if is_packed(hit.path)] == [f"/demo/{part['url']}"]


def test_files_that_a_new_version_no_longer_needs_are_dropped(visit: Visit, folder: BundleFolder) -> None:
    visit.open()
    wait_until_kept(visit, folder)
    old = folder.bundle["files"][0]["sha256"]
    assert old in visit.page.evaluate(KEPT)
    with_demo(folder, DEMO + "\n# another version\n")
    visit.open()
    wait_until(visit.page, f"async (old) => !(await ({KEPT})()).includes(old)", old)
    assert folder.bundle["runtime"]["pyodide"]["stdlib"]["sha256"] in visit.page.evaluate(KEPT)


# ------------------------------------------------------------------------------------------------- other places


def test_an_insecure_origin_works_without_storage_and_subtle_crypto(
    chromium: Browser, folder: BundleFolder, tmp_path: Path
) -> None:
    # For this browser `phone.test` is this machine: an origin without crypto.subtle and without caches.
    rules = "--host-resolver-rules=MAP phone.test 127.0.0.1"
    browser = chromium.browser_type.launch(
        executable_path=browsers.chromium(), args=browsers.launch_arguments([rules]), chromium_sandbox=False
    )
    with Nginx(tmp_path / "nginx", {"/": folder.root}) as server:
        page = browser.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(f"http://phone.test:{server.port}/demo/")
        assert page.evaluate("() => [isSecureContext, 'caches' in self, crypto.subtle === undefined]") == [
            False,
            False,
            True,
        ]
        assert page.evaluate(START, {})["backend"] == "wasm"
        assert close_to(str(page.evaluate(CALL, "phone")), "phone")
        folder.tamper(folder.bundle["models"][0]["variants"][0]["parts"][0])
        # A browser without the first visit's HTTP cache, whose copy is right.
        page = browser.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(f"http://phone.test:{server.port}/demo/")
        wrapped = f"() => ({START})({{}}).then(() => null, (error) => error.message)"
        assert '"stage":"integrity"' in str(page.evaluate(wrapped))
    browser.close()


def test_a_page_of_another_origin_calls_the_model(chromium: Browser, folder: BundleFolder, tmp_path: Path) -> None:
    blog = tmp_path / "blog"
    blog.mkdir()
    (blog / "index.html").write_text("<!doctype html><title>blog</title>", encoding="utf-8")
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT_MS)
    cors = {"Access-Control-Allow-Origin": "*"}
    with Nginx(tmp_path / "a", {"/": folder.root}, cors) as host, Nginx(tmp_path / "b", {"/": blog}) as other:
        page = context.new_page()
        page.goto(other.url())
        script = """async (origin) => {
          const { connect } = await import(`${origin}/assets/test/src/client.js`);
          const demo = await connect(`${origin}/demo`);
          await demo.ready;
          return { answer: await demo.predict("blog"), backend: demo.status().backend };
        }"""
        result = page.evaluate(script, host.origin)
        assert result["backend"] == "wasm"
        assert close_to(result["answer"], "blog")
    context.close()
