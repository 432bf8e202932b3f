"""ImageSlider on a page, in Chromium, with a worker that plays a part (`fake_worker.js`)."""

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
FACE = page_site.interface(
    [component("textbox", "name", lines=1)], [component("imageslider", "Styled", slider_position=25)]
)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    root = page_site.make_site(tmp_path)
    examples = root / "slider" / "examples"
    examples.mkdir(parents=True)
    pictures = []
    for path in sorted(page_site.EXAMPLES.glob("*.jpg"))[:2]:
        shutil.copy(path, examples / path.name)
        stored = {"file": page_site.file_ref(root / "slider", f"examples/{path.name}"), "width": 512, "height": 384}
        pictures.append(stored)
    fake = {"status": page_site.PYTHON_STATUS, "outputs": [None]}
    both = [pictures, [pictures[0], None], [None, pictures[1]]]
    page_site.bundle(root / "slider", FACE, [{"inputs": ["Ada"], "outputs": [one]} for one in both], fake=fake)
    server = page_site.serve(root)
    page = browser.new_page(base_url=f"http://127.0.0.1:{server.server_port}/")
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("slider/")
    page.evaluate("pageside.ready")
    yield page
    page.close()
    server.shutdown()
    assert errors == []


def cut(page: Page) -> str:
    return str(page.locator(".slider-before").evaluate("(one) => getComputedStyle(one).clipPath"))


def test_the_line_moves_by_keyboard_and_by_mouse(page: Page) -> None:
    line = page.get_by_role("slider", name="Styled: how much of the first picture is shown")
    expect(line).to_have_attribute("aria-valuetext", "25 %")
    assert cut(page) == "inset(0px 75% 0px 0px)"
    line.press("End")
    assert cut(page) == "inset(0px 0% 0px 0px)"
    box = page.locator(".slider-stage").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(line).to_have_attribute("aria-valuetext", "50 %")
    handle = page.locator(".slider-handle").bounding_box()
    assert handle is not None
    assert handle["x"] == pytest.approx(box["x"] + box["width"] / 2, abs=3)


def test_both_pictures_have_names(page: Page) -> None:
    expect(page.get_by_role("img", name="Styled, before")).to_be_visible()
    expect(page.get_by_role("img", name="Styled, after")).to_be_attached()


def test_without_an_answer_it_says_so(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("No pictures yet")).to_be_visible()
    expect(page.get_by_role("slider")).to_have_count(0)


@pytest.mark.parametrize("number", [2, 3])
def test_one_picture_stands_alone(page: Page, number: int) -> None:
    shown = page.evaluate(
        """(index) => {
          const field = document.querySelector("ps-imageslider");
          field.value = pageside.examples[index].outputs[0];
          return [field.describe(), ...["img", ".slider-line"].map((one) => field.querySelectorAll(one).length)];
        }""",
        number - 1,
    )
    assert shown == ["a picture", 1, 0]
    name = sorted(path.name for path in page_site.EXAMPLES.glob("*.jpg"))[number - 2]
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.path().read_bytes() == (page_site.EXAMPLES / name).read_bytes()
