"""Chromium's second compilation of the interpreter's loop, which takes 0.1 s of a core: once a visit."""

import os
import re
import subprocess
import time

import pytest
from conftest import require
from nginx import Nginx
from pageside_export import browsers, vendor
from pageside_export.wasm import Module
from playwright.sync_api import Playwright

COMPILED = re.compile(r"Compiled function 0x\w+#(\d+) using TurboFan.* bodysize (\d+) ")
THROWN_AWAY = re.compile(r"begin\. deoptimizing wasm-function\[\d+\], function index (\d+),")
TRACES = "--js-flags=--trace-wasm-compilation-times --trace-deopt"


@pytest.fixture
def optimizing(compiled_once: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The Chromium that visitors have, which compiles twice."""
    require("chromium")
    monkeypatch.delenv("PAGESIDE_CHROMIUM", raising=False)
    if "PAGESIDE_CHROMIUM" in compiled_once:
        monkeypatch.setenv("PAGESIDE_CHROMIUM", compiled_once["PAGESIDE_CHROMIUM"])
    return browsers.chromium()


def test_the_loop_is_optimized_once(server: Nginx, playwright: Playwright, optimizing: str, tmp_path) -> None:
    theirs = Module.parse(vendor.npm_file("pyodide", "pyodide.asm.wasm").read_bytes())
    at = theirs.find(vendor.lock()["interpreter"]["loop"], "", "", "")
    loop, said = str(theirs.imports + at), tmp_path / "said"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", TRACES]
    port = tmp_path / "profile" / "DevToolsActivePort"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [optimizing, *options, f"--user-data-dir={port.parent}", *browsers.SILENT],
            stdout=output,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"HOME": str(tmp_path)},
        )
    try:
        deadline = time.monotonic() + 60
        while not (port.exists() and port.read_text().count("\n")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        browser = playwright.chromium.connect_over_cdp(f"http://localhost:{port.read_text().split()[0]}")
        page = browser.contexts[0].new_page()
        page.goto(server.url("greet/"))
        page.wait_for_function("() => window.pageside", timeout=60_000)
        page.evaluate("async () => { await pageside.ready; await pageside.predict('Ada'); }")
        browser.close()
    finally:
        process.terminate()
        process.wait(30)
    text = said.read_text(errors="replace")
    # The loop is known by its length too: numpy and onnxruntime have functions of the same number.
    times = [size for number, size in COMPILED.findall(text) if number == loop and int(size) > 50_000]
    assert len(times) == 1, times
    assert loop not in THROWN_AWAY.findall(text)
