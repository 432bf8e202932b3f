"""After one visit the gallery and the demo open and answer without a network; a new version replaces the old."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import require
from drivers import ENGINES, Driver
from nginx import Nginx
from offline_site import KEPT, SETTLED, THERE, next_version, publish, settle, visitor
from pages import open_demo, wait_until
from playwright.sync_api import Browser, Page, Playwright

ANSWER = "() => window.pageside.predict(...window.pageside.examples[1].inputs)"
STORED = "() => window.pageside.examples[1].outputs[0].label"
GREET = f"{THERE} await window.pageside.ready; return window.pageside.predict('Ada');"
CARDS = ".card-link"


@pytest.fixture
def host(site: Path, tmp_path: Path) -> Iterator[Nginx]:
    """The site on a server of its own, that can be stopped."""
    with Nginx(tmp_path / "nginx", {"/pageside/": site}) as nginx:
        yield nginx


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with visitor(chromium) as context:
        yield context.new_page()


def test_gallery_and_demo_answer_without_a_network(host: Nginx, page: Page) -> None:
    open_demo(page, host.url("classify-photo/?backend=wasm"))
    settle(page)
    host.stop()
    again = page.context.new_page()
    assert open_demo(again, host.url("classify-photo/?backend=wasm"))["state"] == "ready"
    assert again.evaluate(ANSWER)["label"] == again.evaluate(STORED)
    # The picture of an example, and the code, which the page reads by itself.
    assert again.evaluate("() => document.querySelector('ps-image .image-view').naturalWidth ?? 1") > 0
    again.locator("#code > summary").click()
    again.wait_for_function("() => document.querySelector('#code textarea').value.includes('Interface')")
    again.goto(host.url())
    again.wait_for_selector(CARDS)
    again.goto(host.url("index.html"))
    again.wait_for_selector(CARDS)
    again.goto(host.url("classify-photo"))
    again.locator(".output-side .label-top").first.wait_for()


def test_a_demo_that_was_not_visited_opens_and_says_what_is_missing(host: Nginx, page: Page) -> None:
    page.goto(host.url())
    page.wait_for_selector(CARDS)
    settle(page)
    host.stop()
    page.goto(host.url("greet/"))
    page.locator(".fault").wait_for()
    # The stored answer of its first example is on the page all the same.
    assert page.locator(".output-side .text-output").first.inner_text().startswith("Hello")
    assert page.evaluate("() => window.pageside.ready.then(() => '', (error) => error.stage)") == "download"


def test_no_file_is_kept_twice(host: Nginx, page: Page) -> None:
    open_demo(page, host.url("classify-photo/?backend=wasm"))
    settle(page)
    page.reload()
    page.evaluate("() => window.pageside.ready")
    settle(page)
    kept = page.evaluate(KEPT)
    assert set(kept) == {"pageside-1", "pageside-site /pageside/"}
    pages = kept["pageside-site /pageside/"]
    assert host.url("classify-photo/bundle.json") in pages
    bundle = json.loads((host.mounts["/pageside/"] / "classify-photo" / "bundle.json").read_text(encoding="utf-8"))
    own = {host.url(f"classify-photo/{file['url']}") for file in bundle["files"]}
    assert not own & set(pages)
    assert not [url for url in pages if url.endswith((".gz", ".zst", ".whl", ".wasm"))]


def test_a_new_version_is_seen_at_the_next_load_and_replaces_the_old(host: Nginx, page: Page, tmp_path: Path) -> None:
    site = host.mounts["/pageside/"]
    old = next((site / "assets").iterdir()).name
    open_demo(page, host.url("greet/"))
    settle(page)
    new = next_version(site, tmp_path / "new")
    publish(host, new)
    open_demo(page, host.url("greet/"))
    assert "All our demos" in page.locator(".home").inner_text()
    settle(page)
    # The last page of the old version goes, the next one is the new service worker's.
    context = page.context
    page.close()
    page = context.new_page()
    open_demo(page, host.url("greet/"))
    wait_until(page, "() => navigator.serviceWorker.ready.then((r) => !r.waiting && r.active.state === 'activated')")
    settle(page)
    kept = [url for urls in page.evaluate(KEPT).values() for url in urls]
    assert not [url for url in kept if old in url]
    host.stop()
    again = context.new_page()
    open_demo(again, host.url("greet/"))
    assert again.evaluate("() => window.pageside.predict('Ada')") == "Hello Ada!!"
    assert "All our demos" in again.locator(".home").inner_text()


def test_a_new_page_does_not_stand_on_an_old_bundle(host: Nginx, page: Page, tmp_path: Path) -> None:
    """The host lets browsers take what is ten minutes old, and the page preloads its bundle.json."""
    assert host.headers == {"Cache-Control": "max-age=600"}
    open_demo(page, host.url("greet/"))
    settle(page)
    new = next_version(host.mounts["/pageside/"], tmp_path / "new")
    bundle = json.loads((new / "greet" / "bundle.json").read_text(encoding="utf-8"))
    bundle["examples"] = bundle["examples"][:1]
    (new / "greet" / "bundle.json").write_text(json.dumps(bundle), encoding="utf-8")
    publish(host, new)
    open_demo(page, host.url("greet/"))
    assert page.evaluate("() => window.pageside.examples.length") == 1


def test_half_a_new_version_leaves_the_old_one_whole(host: Nginx, page: Page, tmp_path: Path) -> None:
    """A site in the midst of its publishing: the new service worker is there, the pages are not."""
    site = host.mounts["/pageside/"]
    open_demo(page, host.url("greet/"))
    settle(page)
    new = next_version(site, tmp_path / "new")
    (new / "greet" / "bundle.json").write_bytes((site / "greet" / "bundle.json").read_bytes())
    (new / "greet" / "index.html").write_bytes((site / "greet" / "index.html").read_bytes())
    publish(host, new)
    page.goto(host.url())
    page.wait_for_selector(CARDS)
    page.evaluate("() => navigator.serviceWorker.ready.then((r) => r.update().catch(() => null))")
    page.wait_for_timeout(1000)
    host.stop()
    again = page.context.new_page()
    open_demo(again, host.url("greet/"))
    assert again.evaluate("() => window.pageside.predict('Ada')") == "Hello Ada!!"


def test_a_visitor_can_take_it_away(host: Nginx, page: Page) -> None:
    open_demo(page, host.url("greet/"))
    settle(page)
    page.goto(host.url("?sw=off"))
    wait_until(
        page,
        "async () => !(await navigator.serviceWorker.getRegistrations()).length && (await caches.keys()).length === 1",
    )
    assert list(page.evaluate(KEPT)) == ["pageside-1"]
    page.goto(host.url("greet/?sw=off"))
    assert page.evaluate("() => [navigator.serviceWorker.controller, self.crossOriginIsolated]") == [None, False]
    assert page.evaluate("() => window.pageside.ready.then(() => window.pageside.predict('Ada'))") == "Hello Ada!!"


@pytest.mark.parametrize(
    "break_it",
    [
        "delete Navigator.prototype.serviceWorker;",
        "Object.defineProperty(Navigator.prototype, 'serviceWorker', { get() { throw new Error('no'); } });",
        "ServiceWorkerContainer.prototype.register = () => Promise.reject(new DOMException('no', 'SecurityError'));",
        "Object.defineProperty(globalThis, 'caches', { get() { throw new DOMException('no', 'SecurityError'); } });",
    ],
    ids=["absent", "throws", "refused", "no storage"],
)
def test_the_page_works_without_service_workers(host: Nginx, page: Page, break_it: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.add_init_script(break_it)
    open_demo(page, host.url("greet/"))
    assert page.evaluate("() => window.pageside.predict('Ada')") == "Hello Ada!!"
    page.wait_for_timeout(500)
    assert errors == []


def test_a_host_that_answers_nothing_is_not_waited_for(host: Nginx, page: Page, site: Path) -> None:
    """The network is there and says nothing: after three seconds the page comes from the device."""
    open_demo(page, host.url("greet/"))
    settle(page)
    host.stop()
    host.held = r"/index\.html$"
    host.start()
    page.goto(host.url("greet/"), wait_until="commit", timeout=20_000)
    page.wait_for_function("() => window.pageside")
    assert page.evaluate("() => window.pageside.ready.then(() => window.pageside.predict('Ada'))") == "Hello Ada!!"


def test_an_address_that_now_is_somebody_else_s_is_left_alone(host: Nginx, page: Page, tmp_path: Path) -> None:
    open_demo(page, host.url("greet/"))
    settle(page)
    other = tmp_path / "other"
    (other / "greet").mkdir(parents=True)
    (other / "greet" / "index.html").write_text("<!doctype html><title>A blog</title>", encoding="utf-8")
    publish(host, other)
    response = page.goto(host.url("greet/"))
    assert response is not None
    assert page.title() == "A blog"
    assert page.evaluate("() => self.crossOriginIsolated") is False
    wait_until(page, "async () => !(await navigator.serviceWorker.getRegistrations()).length")


# ---------------------------------------------------------------------------------------------------- three engines


@pytest.fixture(params=list(ENGINES))
def browser(request: pytest.FixtureRequest, playwright: Playwright) -> Iterator[Driver]:
    require(request.param)
    driver = ENGINES[request.param](playwright)
    yield driver
    driver.close()


def test_it_answers_offline_in_every_engine(browser: Driver, host: Nginx) -> None:
    browser.open(host.url("greet/"))
    assert browser.eval_async(GREET) == "Hello Ada!!"
    problem = browser.eval_async(SETTLED)
    if problem:
        # The demo has answered already: a browser without service workers is served as before.
        pytest.skip(f"{browser.name}: {problem}")
    # Once more with the network, so that a browser that loads the runtimes only now has them too.
    browser.open_again(host.url("greet/"))
    assert browser.eval_async(GREET) == "Hello Ada!!"
    assert browser.eval_async("return self.crossOriginIsolated;") is True
    host.stop()
    browser.open_again(host.url("greet/"))
    assert browser.eval_async(GREET) == "Hello Ada!!"
