"""The gallery: cards, search, kinds of input. In Chromium, on a site made by hand (`page_site.py`)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import page_site
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A page whose console stays clean."""
    server = page_site.serve(page_site.make_site(tmp_path))
    page = browser.new_page(base_url=f"http://127.0.0.1:{server.server_port}/")
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    server.shutdown()
    assert errors == []


def test_the_gallery(page: Page) -> None:
    page.goto("")
    expect(page.locator(".demo-card")).to_have_count(2)
    first = page.locator(".demo-card").first
    expect(first).to_contain_text("picture → label")
    expect(first).to_contain_text("12.4 MB")
    first.get_by_role("link", name="Classify a photo").click()
    page.wait_for_url("**/photo/")


def test_a_demo_that_is_looked_at_is_asked_for_before_the_click(page: Page) -> None:
    """By the gallery's speculation rules; under automation Chromium only fetches what else it would draw ahead."""
    page.goto("")
    with page.expect_request(lambda request: request.url.endswith("/photo/")) as asked:
        page.locator(".demo-card").first.hover()
    assert asked.value.headers.get("sec-purpose", "").startswith("prefetch")


def test_a_page_that_is_drawn_ahead_downloads_no_model_before_the_visit(page: Page) -> None:
    page.add_init_script("Object.defineProperty(document, 'prerendering', { value: true, configurable: true })")
    workers: list[str] = []
    page.on("request", lambda request: workers.append(request.url) if "/worker/" in request.url else None)
    page.goto("photo/")
    expect(page.locator(".label-top")).to_be_visible()
    page.wait_for_timeout(500)
    assert workers == []
    page.evaluate("document.dispatchEvent(new Event('prerenderingchange'))")
    page.evaluate("pageside.ready")
    assert workers


def test_an_empty_gallery_says_how_to_fill_it(page: Page) -> None:
    page.route("**/gallery.json", lambda route: route.fulfill(json={"demos": []}))
    page.goto("")
    expect(page.locator("#opening")).to_contain_text("There is no demo here yet.")


def test_a_gallery_is_searched_and_filtered(page: Page) -> None:
    cards = [
        page_site.card("photo", "Classify a photo", "image", "label", 12_400_000) | {"milliseconds": 63.6},
        page_site.card("greet", "Greet", "textbox", "textbox", 5_600_000),
        page_site.card("digit", "Read a digit", "sketchpad", "label", 9_800_000),
    ]
    page.route("**/gallery.json", lambda route: route.fulfill(json={"demos": cards}))
    page.goto("")
    shown = page.locator(".demo-card:visible h2")
    expect(shown).to_have_text(["Classify a photo", "Greet", "Read a digit"])
    expect(page.locator(".demo-card").first).to_contain_text("64 ms a call, 12.4 MB")
    page.get_by_role("searchbox").fill("DIGIT")
    expect(shown).to_have_text(["Read a digit"])
    page.get_by_role("button", name="picture").click()
    expect(shown).to_have_count(0)
    expect(page.get_by_text("No demo fits.")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    expect(shown).to_have_text(["Classify a photo"])
    page.get_by_role("button", name="All").click()
    expect(shown).to_have_count(3)
