"""A phone's back button: the browser brings a page back as it was, its worker too, or opens it anew."""

from collections.abc import Iterator

import pytest
from conftest import TIMEOUT_MS
from drivers import launch
from nginx import Nginx
from pages import READY, forget_answer, open_demo, wait_for_answer
from playwright.sync_api import Browser, Page, Playwright, expect

WHY_NOT = "JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)"


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """It keeps pages for the way back, which Playwright switches off."""
    browser = launch(playwright, without=["--disable-back-forward-cache"])
    yield browser
    browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.add_init_script("addEventListener('pageshow', ({ persisted }) => { window.broughtBack = persisted; })")
    yield page
    page.close()


def greet(page: Page, name: str) -> str:
    forget_answer(page)
    page.get_by_role("textbox").first.fill(name)
    page.get_by_role("textbox").first.press("Enter")
    return wait_for_answer(page)


def go_and_come_back(server: Nginx, page: Page) -> None:
    page.goto(server.url())
    # A page that is brought back has no second load event.
    page.go_back(wait_until="commit")
    page.wait_for_function("() => window.broughtBack !== undefined")


def test_the_page_is_as_it_was(server: Nginx, page: Page) -> None:
    open_demo(page, server.url("greet/"))
    assert "Ada" in greet(page, "Ada")
    # The service worker of a first visit takes the page over some seconds after it was drawn, and
    # Chromium gives up a page that is taken over while it is kept ("serviceworker-claimed").
    page.wait_for_function("() => navigator.serviceWorker.controller")
    go_and_come_back(server, page)
    assert page.evaluate("window.broughtBack"), f"Chromium did not keep the page: {page.evaluate(WHY_NOT)}"
    assert page.get_by_role("textbox").first.input_value() == "Ada"
    assert "Ada" in page.locator(".output-side").inner_text()
    assert "Grace" in greet(page, "Grace")


def test_a_page_that_was_left_at_work_answers(server: Nginx, page: Page) -> None:
    open_demo(page, server.url("classify-photo/?backend=wasm"))
    page.evaluate("() => { window.left = window.pageside.predict(...window.pageside.examples[1].inputs); }")
    go_and_come_back(server, page)
    page.evaluate(READY)
    given = "window.pageside.examples[1].inputs"
    label = page.evaluate(f"async () => (await window.pageside.predict(...{given})).label")
    assert label == page.evaluate("window.pageside.examples[1].outputs[0].label")


def test_a_page_that_is_opened_anew_has_what_was_written(playwright: Playwright, server: Nginx) -> None:
    browser = launch(playwright)  # Playwright switches off that it keeps pages whole
    page = browser.new_page()
    page.goto(server.url("greet/"))
    box = page.get_by_role("textbox").first
    box.fill("Grace, at length")
    page.goto(server.url())
    page.go_back()
    expect(box).to_have_value("Grace, at length")
    expect(page.locator(".origin")).to_have_text("Computed at build time")
    assert page.locator("[data-stale]").count() == 1
    page.reload()
    expect(box).to_have_value("Ada")
    browser.close()
