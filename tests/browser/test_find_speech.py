"""The timeline of `find-speech`: of a file at once, and of the microphone while someone speaks, with its real model."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Watch
from drivers import launch
from nginx import Nginx
from pages import ANSWERED, REACH, forget_answer, open_demo
from playwright.sync_api import Browser, Page, Playwright, expect

pytestmark = pytest.mark.one_device

EXAMPLES = Path(__file__).resolve().parents[2] / "models" / "find-speech" / "examples"


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Its microphone hears a recording, again and again."""
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = launch(playwright, *fake, f"--use-file-for-fake-audio-capture={EXAMPLES / 'reading.wav'}")
    yield browser
    browser.close()


@pytest.fixture
def demo(watch: Watch, page: Page, server: Nginx) -> Page:
    open_demo(page, server.url("find-speech/?backend=wasm"))
    return page


def spans(page: Page) -> str:
    return page.locator(".output-side .text-output").inner_text()


def test_a_file_is_heard(demo: Page) -> None:
    forget_answer(demo)
    demo.locator("ps-audio input[type=file]").set_input_files(EXAMPLES / "cards.wav")
    demo.wait_for_function(ANSWERED)
    assert spans(demo) == "0.19 s to 3.33 s"
    chart = demo.get_by_role("img", name="someone speaks: probability from 0 to 1")
    expect(chart).to_be_visible()
    chart.focus()
    demo.keyboard.press("ArrowRight")
    expect(demo.locator(".lineplot-readout")).to_contain_text("someone speaks 0")


def test_the_timeline_grows_while_someone_speaks(demo: Page) -> None:
    demo.get_by_role("button", name="Record").click()
    demo.wait_for_function(f"() => {REACH} > 0 && {REACH} < 3")  # the example's reaches further
    early = demo.evaluate(REACH)
    demo.wait_for_function(f"() => {REACH} > {early + 2}")
    expect(demo.locator(".output-side .text-output")).to_contain_text(re.compile(r"\d s to \d"))
    demo.locator("ps-audio").get_by_role("button", name="Stop").click()
    expect(demo.get_by_role("button", name="Record", exact=True)).to_be_visible()
