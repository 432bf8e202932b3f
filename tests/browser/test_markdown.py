"""Markdown and Plot on a page, in Chromium, with a worker that plays a part (`fake_worker.js`)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import page_site
import pytest
from page_site import component
from playwright.sync_api import Browser, Page, Playwright, expect

pytestmark = pytest.mark.browser
TEXT = """## Found

| word | share |
|---|---|
| *maze* | 87 % |

Read [more](https://example.org/more) or [less](javascript:window.broken=1).
![a map](https://example.org/map.png) <img src=x onerror="window.broken=1"> ~~old~~
second line"""
FACE = page_site.interface(
    [component("textbox", "name", lines=1)],
    [
        component("markdown", "Words", value=None, line_breaks=True, height=None),
        component("plot", "Curve"),
        component("image", "Photo"),  # its style is on the page as well
    ],
)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    root = page_site.make_site(tmp_path)
    examples = root / "words" / "examples"
    examples.mkdir(parents=True)
    shutil.copy(page_site.EXAMPLES / "cat.jpg", examples / "cat.jpg")
    curve = {"file": page_site.file_ref(root / "words", "examples/cat.jpg"), "width": 900, "height": 600}
    fake = {"status": page_site.PYTHON_STATUS, "outputs": [None, None, None]}
    page_site.bundle(root / "words", FACE, [{"inputs": ["Ada"], "outputs": [TEXT, curve, None]}], fake=fake)
    server = page_site.serve(root)
    page = browser.new_page(base_url=f"http://127.0.0.1:{server.server_port}/")
    page.set_default_timeout(10_000)
    seen: list[str] = []
    page.on("console", lambda line: seen.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("request", lambda request: seen.append(request.url) if "example.org" in request.url else None)
    page.goto("words/")
    page.evaluate("pageside.ready")
    yield page
    page.close()
    server.shutdown()
    assert seen == []


def test_text_is_formatted_and_harmless(page: Page) -> None:
    text = page.get_by_role("group", name="Words")
    expect(text.get_by_role("heading", name="Found", level=2)).to_be_visible()
    expect(text.get_by_role("cell", name="maze")).to_be_visible()
    link = text.get_by_role("link", name="more")
    assert [link.get_attribute(name) for name in ("href", "rel", "target")] == [
        "https://example.org/more",
        "noopener nofollow",
        "_blank",
    ]
    expect(text.get_by_role("link", name="less")).to_have_count(0)
    expect(text.get_by_role("link", name="a map")).to_have_attribute("href", "https://example.org/map.png")
    expect(text.locator("img, script")).to_have_count(0)
    expect(text).to_contain_text('<img src=x onerror="window.broken=1">')
    expect(text.locator("s")).to_have_text("old")
    assert text.locator("br").count() == 2
    assert page.evaluate("() => window.broken") is None


def test_a_figure_is_shown_at_its_own_size_or_the_page_s(page: Page) -> None:
    picture = page.get_by_role("img", name="Curve")
    box = picture.bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(450, abs=1)
    around = page.get_by_role("group", name="Curve").bounding_box()
    assert around is not None
    assert around["y"] < box["y"]
    assert box["y"] + box["height"] <= around["y"] + around["height"]
    page.set_viewport_size({"width": 390, "height": 800})
    expect(picture).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_without_an_answer_they_say_so(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("group", name="Words")).to_contain_text("No answer yet")
    expect(page.get_by_role("group", name="Curve")).to_contain_text("No plot yet")
