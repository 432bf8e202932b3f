"""An answer before the runtime: what is on screen while nothing of onnxruntime, Python or the model is there."""

import re
from pathlib import Path

from conftest import Watch
from native import bundle
from nginx import Nginx
from pages import answer, is_packed, open_demo
from playwright.sync_api import Page

RUNTIME = re.compile(r"/(ort|pyodide|packages|models)/")
# When the first stored answer stood in the page, on the page's clock.
WHEN_PAINTED = """
new MutationObserver((_, observer) => {
  const shown = document.querySelector(".output-side :is(.label-top, .text-output)")?.textContent;
  if (!shown || shown === "No answer yet") return;
  observer.disconnect();
  window.answerShown = performance.now();
}).observe(document, { childList: true, subtree: true, characterData: true });
"""


def test_every_example_is_answered_while_the_runtime_is_held_back(
    site: Path, tmp_path: Path, watch: Watch, page: Page
) -> None:
    slow = Nginx(tmp_path / "nginx", {"/pageside/": site}, held=RUNTIME.pattern).start()
    watch.allow(slow.origin)
    page.goto(slow.url("classify-photo/"))
    examples = bundle(site, "classify-photo")["examples"]
    buttons = page.locator(".examples button")
    buttons.first.wait_for()
    assert buttons.count() == len(examples) >= 5
    for index, example in enumerate(examples):
        buttons.nth(index).click()
        assert answer(page) == example["outputs"][0]["label"]
        page.wait_for_function(
            "() => { const i = document.querySelector('ps-image img'); return i?.complete && i.naturalWidth > 0 }"
        )
        assert page.locator(".origin").inner_text() == "Computed by PyTorch at build time"
    assert page.evaluate("() => window.pageside.status().state") == "loading"
    assert page.evaluate("() => window.pageside.status().bytes") == 0
    assert any(RUNTIME.search(url) for url in watch.requests), "the runtime was never asked for"
    page.close()
    slow.stop()


def test_the_answer_is_painted_before_the_worker_begins(server: Nginx, page: Page) -> None:
    page.add_init_script(WHEN_PAINTED)
    server.hits()
    open_demo(page, server.url("classify-photo/"))
    times = page.evaluate(
        """() => ({ answer: window.answerShown, worker: Math.min(...performance.getEntriesByType("resource")
             .filter((entry) => entry.name.includes("/src/worker/")).map((entry) => entry.startTime)) })"""
    )
    assert 0 < times["answer"] < times["worker"], times
    paths = [hit.path for hit in server.hits()]
    component = next(i for i, path in enumerate(paths) if path.endswith("/components/label.js"))
    first = next(i for i, path in enumerate(paths) if RUNTIME.search(path) or is_packed(path))
    assert component < first, paths[: first + 1]


def test_the_gallery_names_every_demo(site: Path, server: Nginx, page: Page) -> None:
    page.goto(server.url())
    page.get_by_role("link", name="Classify a photo").wait_for()
    assert page.get_by_role("link", name="Greet").count() == 1
    page.get_by_role("link", name="Greet").click()
    page.wait_for_url(server.url("greet/"))
    assert (site / "greet" / "index.html").exists()


def test_progress_is_in_bytes_and_reaches_its_total(server: Nginx, page: Page) -> None:
    page.goto(server.url("classify-photo/"))
    last = page.evaluate(
        """async () => {
          const seen = {};
          window.pageside.on("progress", ({ what, loaded, total }) => { seen[what] = [loaded, total]; });
          await window.pageside.ready;
          return seen;
        }"""
    )
    assert len(last) >= 3, last
    assert all(loaded == total > 10_000 for loaded, total in last.values()), last
