"""Sketchpad on a live page, in Chromium, with a worker that counts the ink (`fake_worker.js`)."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import page_site
import pytest
from page_site import component
from playwright.sync_api import Browser, Page, Playwright, expect

pytestmark = pytest.mark.browser
BRUSH = {"default_size": 10, "colors": ["#000000", "#ff0000"], "default_color": "#000000", "color_mode": "fixed"}
PAD = component("sketchpad", "drawing", canvas_size=[200, 200], brush=BRUSH, eraser={"default_size": 40})
VALUE = "document.querySelector('ps-sketchpad').value"
INK = f"{VALUE} === null ? 0 : {VALUE}.data.filter((byte, i) => i % 4 === 3 && byte > 127).length"
#: Of the fake worker, for a slow model.
ANSWER_S = 0.15
COLORS = f"Array.from(new Set({VALUE}.data.filter((_, i) => i % 4 === 0)))"


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A live page with a Sketchpad; its console stays clean. `request.param` goes to the fake worker."""
    root = page_site.make_site(tmp_path)
    fake: dict[str, Any] = {"status": page_site.PYTHON_STATUS, "ink": True} | getattr(request, "param", {})
    face = page_site.interface([PAD], [component("number", "ink")], live=True)
    page_site.bundle(root / "pad", face, [], fake=fake)
    server = page_site.serve(root)
    page = browser.new_page(base_url=f"http://127.0.0.1:{server.server_port}/", viewport={"width": 800, "height": 900})
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("pad/")
    page.evaluate("pageside.ready")
    yield page
    page.close()
    server.shutdown()
    assert errors == []


def draw(page: Page, *points: tuple[float, float]) -> None:
    """A stroke with the mouse, in shares of the canvas."""
    box = page.locator(".sketch-sheet").bounding_box()
    assert box
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


def answer(page: Page) -> Any:
    return page.locator("ps-number .number-output")


def test_a_stroke_is_answered_without_a_button(page: Page) -> None:
    expect(page.locator(".sketch-hint")).to_be_visible()
    draw(page, (0.2, 0.5), (0.8, 0.5))
    ink = page.evaluate(INK)
    assert 1100 < ink < 1500  # 120 pixels long, 10 wide, with round ends
    expect(answer(page)).to_have_text(str(ink))
    expect(page.locator(".sketch-hint")).to_be_hidden()
    expect(page.locator("#announcer")).to_contain_text(f"ink: {ink}")


def test_undo_eraser_and_wipe(page: Page) -> None:
    draw(page, (0.2, 0.3), (0.8, 0.3))
    first = page.evaluate(INK)
    draw(page, (0.2, 0.7), (0.8, 0.7))
    assert page.evaluate(INK) > first
    page.get_by_role("button", name="Undo").click()
    assert page.evaluate(INK) == first
    page.get_by_role("button", name="Eraser").click()
    # It is wider than the pen.
    draw(page, (0.5, 0.38), (0.8, 0.38))
    assert page.evaluate(INK) < first
    expect(answer(page)).to_have_text(str(page.evaluate(INK)))
    page.get_by_role("button", name="Wipe the drawing away").click()
    assert page.evaluate(VALUE) is None
    expect(answer(page)).to_have_text("No answer yet")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_colours(page: Page) -> None:
    page.get_by_role("radio", name="#ff0000").check()
    draw(page, (0.2, 0.3), (0.8, 0.3))
    assert page.evaluate(COLORS) == [0, 255]


def test_by_keyboard(page: Page) -> None:
    page.locator(".sketch-sheet").focus()
    for key in ("Space", "ArrowRight", "Shift+ArrowRight", "Space", "Shift+ArrowDown"):
        page.keyboard.press(key)
    ink = page.evaluate(INK)
    assert 250 < ink < 450  # from the middle 25 pixels to the right; the pen was up for the way down
    expect(page.locator(".sketch-cursor")).to_be_visible()
    page.keyboard.press("Control+z")
    assert page.evaluate(VALUE) is None


def test_clear(page: Page) -> None:
    draw(page, (0.2, 0.3), (0.8, 0.3))
    expect(page.get_by_role("button", name="Submit")).to_be_hidden()
    page.get_by_role("button", name="Clear").click()
    assert page.evaluate(VALUE) is None
    expect(answer(page)).to_have_text("No answer yet")


def test_a_dropped_picture_is_drawn_upon(page: Page) -> None:
    picture = (page_site.EXAMPLES / "cat.jpg").read_bytes()
    page.evaluate(page_site.DROP, list(picture))
    page.wait_for_function(f"() => {VALUE}?.background")
    assert page.evaluate(f"{VALUE}.background.length / ({VALUE}.width * {VALUE}.height)") == 3
    assert page.evaluate(INK) == 0
    draw(page, (0.2, 0.3), (0.8, 0.3))
    assert page.evaluate(INK) > 0
    page.get_by_role("button", name="Wipe the drawing away").click()
    assert page.evaluate(VALUE) is None


@pytest.mark.parametrize("page", [{"answer_ms": 1000 * ANSWER_S}], indirect=True)
def test_a_slow_model_answers_while_the_hand_goes_on(page: Page) -> None:
    """In-between drawings are dropped, and answers are shown before the stroke ends."""
    page.evaluate(
        """() => {
          window.seen = [];
          const output = document.querySelector("ps-number .number-output");
          new MutationObserver(() => window.seen.push(output.textContent)).observe(output, { childList: true });
        }"""
    )
    box = page.locator(".sketch-sheet").bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 50)
    page.mouse.down()
    began = time.monotonic()
    for step in range(40):
        page.mouse.move(box["x"] + 20 + 4 * step, box["y"] + 50)
        page.wait_for_timeout(25)
    during = len(page.evaluate("window.seen"))
    most = (time.monotonic() - began) / ANSWER_S + 1
    page.mouse.up()
    ink = page.evaluate(INK)
    expect(answer(page)).to_have_text(str(ink))
    assert 3 <= during <= most
