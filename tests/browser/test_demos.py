"""Demos as a visitor uses them, on the built site: draws with the mouse, types a question."""

import pytest
from conftest import TIMEOUT_MS
from nginx import Nginx
from pages import open_demo
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.one_device

SEVEN = [(0.3, 0.3), (0.7, 0.3), (0.5, 0.8)]
ONE = [(0.5, 0.2), (0.5, 0.8)]
TEXT = (
    "The library opens at nine. Books may be kept for four weeks. Whoever brings one back late pays ten cents a day. "
    "There is a reading room on the second floor. Dogs must wait outside."
)


def draw(page: Page, points: list[tuple[float, float]]) -> None:
    box = page.locator(".sketch-sheet").bounding_box()
    assert box
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def test_a_drawn_digit_is_read_with_every_stroke(page: Page, server: Nginx) -> None:
    status = open_demo(page, server.url("read-digit/?backend=wasm"))
    assert status["cosine"] > 0.999
    answer = page.locator("ps-label .label-top")
    expect(answer).to_have_text("7")  # the first example's, computed at build
    draw(page, ONE)  # in place of the example, which the visitor did not ask for
    expect(answer).to_have_text("1", timeout=TIMEOUT_MS)
    page.get_by_role("button", name="Wipe the drawing away").click()
    expect(answer).to_have_text("No answer yet")
    draw(page, SEVEN)
    expect(answer).to_have_text("7", timeout=TIMEOUT_MS)
    page.get_by_role("button", name="Undo").click()
    expect(answer).to_have_text("No answer yet")
    draw(page, ONE)
    expect(answer).to_have_text("1", timeout=TIMEOUT_MS)


def test_a_question_marks_passages_of_a_pasted_text(page: Page, server: Nginx) -> None:
    open_demo(page, server.url("search-text/?backend=wasm"))
    page.get_by_role("textbox", name="Question").fill("What is the fine for returning a novel after the deadline?")
    page.get_by_role("textbox", name="Text").fill(TEXT)
    page.get_by_role("button", name="Submit").click()
    nearest, placed = page.locator("ps-highlightedtext").all()
    expect(nearest).to_contain_text("pays ten cents a day", timeout=TIMEOUT_MS)
    expect(nearest.locator("mark")).to_have_count(3)
    expect(placed).to_contain_text("Dogs must wait outside.")
    page.get_by_role("textbox", name="Question").fill("")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator(".fault")).to_contain_text("Write a question, and paste a text to search.")
    expect(nearest).to_contain_text("pays ten cents a day")
