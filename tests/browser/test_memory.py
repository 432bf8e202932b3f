"""A page that goes on for long: after a thousand calls it holds no more memory than after fifty."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import TIMEOUT_MS
from drivers import launch
from nginx import Nginx
from pages import open_demo
from pageside_export.hosts import ISOLATION
from playwright.sync_api import Browser, Playwright

CALLS = """async (count) => {
  const { inputs: [given] } = window.pageside.examples[0];
  // A picture is decoded once: how the page reads files is not what is asked here.
  const decoded = given.file && (await createImageBitmap(await (await fetch(given.file.url)).blob()));
  for (let i = 0; i < count; i++) await window.pageside.predict(decoded ?? given);
  return (await performance.measureUserAgentSpecificMemory()).bytes;
}"""


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """It counts memory at once, after collecting what is garbage."""
    browser = launch(playwright, "--enable-blink-features=ForceEagerMeasureMemory")
    yield browser
    browser.close()


@pytest.mark.parametrize("demo", ["greet", "read-digit"])
def test_a_thousand_calls_leave_memory_as_fifty_do(chromium: Browser, site: Path, tmp_path: Path, demo: str) -> None:
    with Nginx(tmp_path / "nginx", {"/pageside/": site}, headers=dict(ISOLATION)) as server:
        page = chromium.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        # With one thread: Chromium waits a minute for the answer of threads that sleep, at each count.
        open_demo(page, server.url(f"{demo}/?backend=wasm&threads=1"))
        after_fifty = page.evaluate(CALLS, 50)
        after_a_thousand = page.evaluate(CALLS, 950)
        page.close()
    # Two kilobytes a call that are never given back would show; what garbage collection leaves moves by less.
    assert after_a_thousand < after_fifty + 2_000_000
