"""Sounds as they come: chosen, dropped, broken, from the microphone; on the demo `find-speech`, with its real model."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Watch
from drivers import launch
from nginx import Nginx
from pages import forget_answer, open_demo, wait_for_answer
from pageside import _sounds
from playwright.sync_api import Browser, Page, Playwright, expect

EXAMPLES = Path(__file__).resolve().parents[2] / "models" / "find-speech" / "examples"
SPOKEN = EXAMPLES / "cards.wav"
DENIED = """
navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
"""


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Its microphone hears a recording, again and again."""
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = launch(playwright, *fake, f"--use-file-for-fake-audio-capture={EXAMPLES / 'reading.wav'}")
    yield browser
    browser.close()


@pytest.fixture
def demo(page: Page, server: Nginx) -> Page:
    open_demo(page, server.url("find-speech/?backend=wasm"))
    return page


def give(page: Page, name: str, content: bytes) -> None:
    forget_answer(page)
    file = {"name": name, "mimeType": "audio/wav", "buffer": content}
    page.locator("ps-audio input[type=file]").set_input_files(file)  # type: ignore[arg-type]


def spans(page: Page) -> str:
    return page.locator(".output-side .text-output").inner_text()


def test_a_file_is_heard(demo: Page) -> None:
    assert demo.locator("ps-audio .audio-time").first.inner_text() == "0:07"  # the first example
    give(demo, "mine.wav", SPOKEN.read_bytes())
    wait_for_answer(demo)
    assert spans(demo) == "0.19 s to 3.33 s"
    assert demo.locator("ps-audio .audio-time").first.inner_text() == "0:04"
    chart = demo.get_by_role("img", name="someone speaks: probability from 0 to 1")
    expect(chart).to_be_visible()
    chart.focus()
    demo.keyboard.press("ArrowRight")
    expect(demo.locator(".lineplot-readout")).to_contain_text("someone speaks 0")


def test_other_rates_and_channels_are_the_same_sound(demo: Page) -> None:
    payload, _ = _sounds.parse(SPOKEN.read_bytes(), "", ValueError)
    at = np.arange(0, len(payload["data"]), 16000 / 44100)
    louder = np.interp(at, np.arange(len(payload["data"])), payload["data"]).astype(np.int16)
    stereo = {"rate": 44100, "channels": 2, "data": np.repeat(louder, 2)}
    give(demo, "stereo.wav", _sounds.to_wav(stereo))
    wait_for_answer(demo)
    first, last = (float(word) for word in spans(demo).replace(" s", "").split(" to "))
    assert abs(first - 0.19) < 0.1
    assert abs(last - 3.33) < 0.1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.wav", b"Dear Sir or Madam", "notes.wav is no sound."),
        ("empty.wav", b"", "empty.wav is empty."),
        ("cut.wav", SPOKEN.read_bytes()[:40], "cut.wav is truncated: it holds no sound."),
        ("odd.mp3", b"\xff\xfb\x90\x00" + bytes(50), "odd.mp3 cannot be decoded: its MP3 data is damaged"),
    ],
)
def test_what_is_no_sound_says_so_and_nothing_is_lost(demo: Page, name: str, content: bytes, words: str) -> None:
    before = spans(demo)
    give(demo, name, content)
    expect(demo.locator("ps-audio [role=alert]")).to_contain_text(words)
    assert demo.locator("ps-audio .audio-time").first.inner_text() == "0:07"
    assert spans(demo) == before
    give(demo, "mine.wav", SPOKEN.read_bytes())
    wait_for_answer(demo)
    expect(demo.locator("ps-audio [role=alert]")).to_be_hidden()


def test_the_microphone_records(demo: Page) -> None:
    forget_answer(demo)
    demo.get_by_role("button", name="Record").click()
    time = demo.get_by_role("timer", name="Recorded")
    expect(time).to_have_text("0:02")
    demo.get_by_role("button", name="Stop").last.click()
    wait_for_answer(demo)
    assert " s to " in spans(demo)
    assert demo.locator("ps-audio .audio-play").is_visible()
    payload = demo.evaluate(
        "() => { const { rate, data } = document.querySelector('ps-audio').value; return [rate, data.length]; }"
    )
    assert 1.5 < payload[1] / payload[0] < 6


def test_a_recording_can_be_left(demo: Page) -> None:
    before = spans(demo)
    demo.get_by_role("button", name="Record").click()
    demo.get_by_role("timer").wait_for()
    demo.get_by_role("button", name="Cancel").click()
    expect(demo.get_by_role("timer")).to_have_count(0)
    assert demo.locator("ps-audio .audio-time").first.inner_text() == "0:07"
    assert spans(demo) == before


def test_a_microphone_that_is_not_allowed_is_explained(watch: Watch, page: Page, server: Nginx) -> None:
    page.add_init_script(DENIED)
    page.goto(server.url("find-speech/?backend=wasm"))
    page.get_by_role("button", name="Record").click()
    expect(page.locator("ps-audio [role=alert]")).to_contain_text(
        "The microphone is not allowed for this page. Allow it in the browser's site settings, or choose a file."
    )


def test_it_plays_and_seeks_by_keyboard(page: Page, server: Nginx) -> None:
    page.goto(server.url("find-speech/?backend=wasm"))
    wave = page.get_by_role("slider", name="Position in Sound")
    wave.focus()
    page.keyboard.press("End")
    expect(wave).to_have_attribute("aria-valuetext", "0:07 of 0:07")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("() => Number(document.querySelector('.audio-wave').getAttribute('aria-valuenow')) > 0.2")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_cleared_it_asks_for_a_sound(demo: Page) -> None:
    demo.get_by_role("button", name="Clear").click()
    expect(demo.locator("ps-audio")).to_contain_text("Drop a sound anywhere on this page")
    expect(demo.locator(".output-side")).to_contain_text("No plot yet")
    demo.get_by_role("button", name="Submit").click()
    expect(demo.locator("ps-audio [role=alert]")).to_have_text("Choose or record a sound first. ")
