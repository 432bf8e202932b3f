"""Which backend and variant answer: found while idle, remembered with reasons, forgotten when anything changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from engine_bundle import BundleFolder, make_bundle, scores, wide_entry
from engine_visit import TIMEOUT_MS, USE, Visit, wrong
from nginx import Nginx
from pageside_export.hosts import ISOLATION
from playwright.sync_api import Browser

CHOICE = """async () => {
  const cache = await caches.open("pageside-1");
  const request = (await cache.keys()).find((one) => new URL(one.url).pathname.startsWith("/.pageside/choice/"));
  return request ? (await cache.match(request)).json() : null;
}"""

LISTEN = """() => {
  window.timed = [];
  new BroadcastChannel("timed").onmessage = ({ data }) => window.timed.push(data);
}"""

# A promise is true at once for `wait_for_function`.
CHOSEN = f"""async (id) => {{
  while ((await ({CHOICE})())?.backend !== id) await new Promise((resolve) => setTimeout(resolve, 100));
}}"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> BundleFolder:
    """SwiftShader plays a fast GPU here."""
    folder = make_bundle(tmp_path_factory.mktemp("choice") / "site")
    folder.edit_source("worker/models.js", "return fallback === true ||", "return false && fallback &&")
    return folder


@pytest.fixture
def folder(template: BundleFolder, tmp_path: Path) -> BundleFolder:
    return template.copy(tmp_path / "site")


@pytest.fixture
def visit(chromium: Browser, folder: BundleFolder, tmp_path: Path) -> Iterator[Visit]:
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT_MS)
    with Nginx(tmp_path / "nginx", {"/": folder.root}) as server:
        yield Visit(server, context.new_page())
    context.close()


def assert_near(visit: Visit, text: str) -> None:
    """Within what the stored precision of the "small" variant leaves."""
    got, want = (np.array(one.split(), float) for one in (visit.call(text), scores(text)))
    np.testing.assert_allclose(got, want, atol=2e-3)


def test_the_winner_is_found_while_idle_remembered_and_forgotten(folder: BundleFolder, visit: Visit) -> None:
    folder.edit_source("worker/models.js", "return theirs < mine;", "return theirs > 0 && mine > 0;")
    visit.open()
    assert visit.status()["backend"] == "wasm"
    visit.page.wait_for_function("() => window.engine.status.backend === 'webgpu'")
    visit.page.evaluate(CHOSEN, "webgpu")
    assert_near(visit, "fast")
    visit.server.hits()
    assert visit.open()["backend"] == "webgpu"
    wasm, webgpu = visit.status()["backends"]
    assert (webgpu["state"], webgpu["reason"]) == ("ok", "")
    # Not tried on this visit; what the first one found is still known.
    assert re.fullmatch(r"slower on this device: .+ m?s against .+ m?s", wasm["reason"])
    folder.bundle["runtime"]["version"] = "another"
    folder.save()
    assert visit.open()["backend"] == "wasm"


def test_a_candidate_that_was_wrong_is_not_tried_again_and_the_next_visit_says_why(
    folder: BundleFolder, visit: Visit
) -> None:
    wrong(folder, 1)
    visit.open()
    visit.page.evaluate(CHOSEN, "wasm")
    visit.server.hits()
    note = visit.page.evaluate(CHOICE)
    status = visit.open()
    assert [one["state"] for one in note["others"]] == ["wrong"], note
    assert [(one["variant"], one["state"]) for one in status["backends"]] == [("small", "ok"), ("fp32", "wrong")]
    assert status["backends"][1]["reason"].startswith("scorer, golden call 1, output y: cosine ")
    # Longer than the quiet time.
    visit.page.wait_for_timeout(3000)
    assert not [hit.path for hit in visit.server.hits() if ".jspi." in hit.path]


def test_both_are_timed_at_the_size_of_the_demos_calls_and_compile_for_it_before(
    folder: BundleFolder, visit: Visit
) -> None:
    entry = folder.bundle["models"][0] = wide_entry(folder)
    folder.save()
    timed = "await Promise.race([run(inputs), ready.lost]);"
    tell = "new BroadcastChannel('timed').postMessage([ready.id, i, ...inputs.x.shape]);"
    folder.edit_source("worker/models.js", timed, timed + tell)
    visit.open()
    visit.page.evaluate(LISTEN)
    visit.page.evaluate(CHOSEN, "wasm")
    seen = visit.page.evaluate("window.timed")
    assert entry["golden"][0]["inputs"]["x"]["shape"] == [2, 4]
    assert seen[:6] == [["wasm", run, 3, 40] for run in (-1, 0, 1, 2, 3, 4)]
    # So many runs as it takes to see that the software GPU is slower.
    assert seen[6:8] == [["webgpu", -1, 3, 40], ["webgpu", 0, 3, 40]]
    assert {backend for backend, *_ in seen[8:]} <= {"webgpu"}


def test_a_gpu_that_fails_at_the_size_of_the_demos_calls_is_not_used(folder: BundleFolder, visit: Visit) -> None:
    folder.bundle["models"][0] = wide_entry(folder)
    folder.save()
    timed = "await Promise.race([run(inputs), ready.lost]);"
    fails = "if (ready.id === 'webgpu' && inputs.x.shape[1] > 4) throw new Error('Buffer size is too large');"
    folder.edit_source("worker/models.js", timed, fails + timed)
    visit.open()
    visit.page.evaluate(CHOSEN, "wasm")
    reason = "with inputs as large as the demo's: Buffer size is too large"
    for status in (visit.status(), visit.open()):
        wasm, webgpu = status["backends"]
        assert (wasm["state"], wasm["reason"]) == ("ok", "")
        assert (webgpu["state"], webgpu["reason"]) == ("failed", reason)
    # The visitor's own choice is another matter, until it is timed too.
    assert visit.page.evaluate(USE, "webgpu")["backend"] == "webgpu"
    visit.page.evaluate("() => window.engine.useBackend('wasm', { timed: true })")
    fault = visit.fault("() => window.engine.useBackend('webgpu', { timed: true }).catch(window.plain)")
    assert fault["message"] == f"webgpu can't be used: {reason}"
    assert visit.status()["backend"] == "wasm"


def test_a_gpu_without_shader_f16_takes_a_variant_that_it_can_run(folder: BundleFolder, visit: Visit) -> None:
    """As the software GPU of these tests is."""
    model = folder.bundle["models"][0]
    model["variants"][0]["needs"] = ["shader-f16"]
    model["backends"]["webgpu"] = ["small", "fp32"]
    folder.save()
    status = visit.open(backend="webgpu")
    assert (status["backend"], status["variant"]) == ("webgpu", "fp32")
    assert "small" not in [one["variant"] for one in status["backends"] if one["id"] == "webgpu"]
    parts = [part["url"] for part in model["variants"][0]["parts"]]
    assert not [hit.path for hit in visit.server.hits() if hit.path.removeprefix("/demo/") in parts]
    assert_near(visit, "halves")


def crash(folder: BundleFolder, times: int) -> None:
    """Lets onnxruntime stop in so many of the checks of a visit."""
    call = "const verdict = await check(calls,"
    count = "self.crashes = (self.crashes ?? 0) + 1;"
    stop = f"if (self.crashes <= {times}) throw new WebAssembly.RuntimeError('unreachable');"
    folder.edit_source("worker/models.js", call, f"{count} {stop}\n{call}")


@pytest.fixture
def isolated(folder: BundleFolder, visit: Visit, tmp_path: Path) -> Iterator[Visit]:
    with Nginx(tmp_path / "isolated", {"/": folder.root}, dict(ISOLATION)) as server:
        yield Visit(server, visit.page)


def test_a_crash_of_onnxruntime_is_blamed_on_its_threads_first(folder: BundleFolder, isolated: Visit) -> None:
    crash(folder, 1)
    status = isolated.open(threads=2)
    assert (status["backend"], status["variant"], status["threads"]) == ("wasm", "small", 1)
    right, crashed = (one for one in status["backends"] if one["id"] == "wasm")
    assert (right["variant"], right["state"], right["reason"]) == ("small", "ok", "")
    assert (crashed["variant"], crashed["state"]) == ("small", "failed")
    assert crashed["reason"] == "with 2 threads: onnxruntime stopped: unreachable"
    assert_near(isolated, "sound")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_variant_that_crashes_without_threads_is_left_out_and_another_answers(
    folder: BundleFolder, isolated: Visit, threads: int
) -> None:
    crash(folder, threads)
    status = isolated.open(threads=threads)
    assert (status["backend"], status["variant"], status["threads"]) == ("wasm", "fp32", 1)
    reasons = [one["reason"] for one in status["backends"] if one["variant"] == "small"]
    assert len(reasons) == threads
    assert reasons[-1] == "onnxruntime stopped: unreachable"
    assert_near(isolated, "sound")
