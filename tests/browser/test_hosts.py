"""Where the site is served from: a plain host, one that isolates pages, one that decodes gzip itself; and no other."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Watch
from drivers import Driver, launch
from nginx import Nginx
from pages import open_demo
from playwright.sync_api import Page, Playwright

COSINE = """
for (let i = 0; i < 600 && !window.pageside; i++) await new Promise((r) => setTimeout(r, 50));
await window.pageside.ready;
return window.pageside.status().cosine;
"""


def test_a_plain_host_gives_one_thread(server: Nginx, page: Page) -> None:
    assert open_demo(page, server.url("classify-photo/?backend=wasm"))["threads"] == 1
    assert page.evaluate("() => self.crossOriginIsolated") is False


@pytest.fixture
def isolating(site: Path) -> Iterator[str]:
    """`pageside serve`, which sends the isolation headers."""
    command = [sys.executable, "-m", "pageside_export.cli", "serve", str(site), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "http://" in line:
                yield line[line.index("http://") :].split()[0].rstrip("/.,;") + "/"
                break
        else:
            pytest.fail(f"pageside serve said no address: {''.join(lines)}")
    finally:
        timer.cancel()
        process.terminate()
        process.wait(timeout=10)


def test_an_isolating_host_gives_two_threads(isolating: str, watch: Watch, page: Page) -> None:
    watch.allow(isolating.rstrip("/"))
    status = open_demo(page, f"{isolating}classify-photo/?backend=wasm")
    assert page.evaluate("() => self.crossOriginIsolated") is True
    assert status["threads"] == 2
    assert "2 threads" in page.locator("#badge").inner_text()


def test_headers_of_the_build_isolate_on_a_plain_server(site: Path, tmp_path: Path, watch: Watch, page: Page) -> None:
    """`_headers`, as Netlify and Cloudflare read it."""
    headers = dict(
        line.strip().split(": ", 1)
        for line in (site / "_headers").read_text(encoding="utf-8").splitlines()
        if line.startswith(" ") and line.strip().startswith("Cross-Origin-")
    )
    assert {"Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy"} <= set(headers)
    with Nginx(tmp_path / "nginx", {"/pageside/": site}, headers) as nginx:
        watch.allow(nginx.origin)
        assert open_demo(page, nginx.url("classify-photo/?backend=wasm"))["threads"] == 2


def test_the_root_of_a_host_works_as_well(site: Path, tmp_path: Path, watch: Watch, page: Page) -> None:
    with Nginx(tmp_path / "nginx", {"/": site}) as nginx:
        watch.allow(nginx.origin)
        assert open_demo(page, nginx.url("greet/"))["state"] == "ready"
        page.close()


def test_a_host_that_declares_how_files_are_packed_works_as_well(browser: Driver, site: Path, tmp_path: Path) -> None:
    """Some hosts send `.gz` files with Content-Encoding: gzip, so that the browser has decoded them already."""
    encoded = {"gz": "gzip", "zst": "zstd"}
    with Nginx(tmp_path / "nginx", {"/pageside/": site}, headers={}, encoded=encoded) as nginx:
        browser.open(nginx.url("classify-photo/?backend=wasm"))
        assert browser.eval_async(COSINE) > 0.99
        assert browser.console_errors() == []


def test_the_whole_browser_asks_nobody_else(server: Nginx, playwright: Playwright, tmp_path: Path) -> None:
    """Chromium's own log of every request, whatever part of the page made it."""
    log = tmp_path / "net.json"
    browser = launch(playwright, f"--log-net-log={log}")
    page = browser.new_page()
    page.goto(server.url())
    open_demo(page, server.url("classify-photo/"))
    page.evaluate("() => window.pageside.predict(...window.pageside.examples[0].inputs)")
    open_demo(page, server.url("greet/"))
    browser.close()
    urls = asked_for_by_pages(log)
    assert len(urls) > 30
    assert not [url for url in urls if not url.startswith((f"{server.origin}/", "data:", "blob:"))]


def asked_for_by_pages(log: Path) -> list[str]:
    """URLs of the log; those that the browser's own services ask for on their own (updates, safe browsing) left out."""
    content = json.loads(log.read_text(encoding="utf-8"))
    kind = content["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    found = [
        event["params"] for event in content["events"] if event["type"] == kind and "url" in event.get("params", {})
    ]
    return [str(params["url"]) for params in found if params.get("initiator") != "not an origin"]


def test_what_hosts_need_is_there(site: Path) -> None:
    for name in ("_headers", "README.md", ".nojekyll", "404.html", ".github/workflows/pages.yml", "gallery.json"):
        assert (site / name).is_file(), name
    assert "sdk: static" in (site / "README.md").read_text(encoding="utf-8")
    large = [path.name for path in site.rglob("*") if path.is_file() and path.stat().st_size > 25 * 2**20]
    assert not large, "over Cloudflare's limit for a file"


def test_a_wrong_address_gets_a_page_that_leads_back(server: Nginx, watch: Watch, page: Page) -> None:
    watch.expect("404")
    response = page.goto(server.url("no-such-demo/deeper/"))
    assert response is not None
    assert response.status == 404
    page.get_by_role("link").first.click()
    page.wait_for_url(server.url())
    page.get_by_role("link", name="Greet").wait_for()
