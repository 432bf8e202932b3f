"""Sounds as they come: chosen, broken, from the microphone; on the demo `compare-voices`, with its real model."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Watch
from drivers import launch
from nginx import Nginx
from pages import ANSWERED, answer, forget_answer, open_demo
from pageside import _sounds
from playwright.sync_api import Browser, Page, Playwright, expect

pytestmark = pytest.mark.one_device

EXAMPLES = Path(__file__).resolve().parents[2] / "models" / "compare-voices" / "examples"
SPOKEN = EXAMPLES / "cards.wav"
DENIED = """
navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
"""


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Its microphone hears a recording, again and again."""
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = launch(playwright, *fake, f"--use-file-for-fake-audio-capture={EXAMPLES / 'prompt-1.wav'}")
    yield browser
    browser.close()


@pytest.fixture
def demo(page: Page, server: Nginx) -> Page:
    open_demo(page, server.url("compare-voices/?backend=wasm"))
    return page


def give(page: Page, name: str, content: bytes) -> None:
    """In place of the first of two recordings."""
    file = {"name": name, "mimeType": "audio/wav", "buffer": content}
    page.locator("ps-audio input[type=file]").first.set_input_files(file)  # type: ignore[arg-type]


def compare(page: Page) -> tuple[str, float]:
    """What the page says of the two, and their similarity."""
    forget_answer(page)
    page.get_by_role("button", name="Submit").click()
    page.wait_for_function(ANSWERED)
    return answer(page), float(page.locator(".output-side .number-output").inner_text())


def length(page: Page) -> str:
    return page.locator("ps-audio .audio-time").first.inner_text()


def test_a_file_is_heard_at_any_rate_and_with_any_channels(demo: Page) -> None:
    assert length(demo) == "0:05"  # the first example
    give(demo, "mine.wav", SPOKEN.read_bytes())
    expect(demo.locator("ps-audio .audio-time").first).to_have_text("0:04")
    said, alike = compare(demo)
    assert said == "Two voices"
    payload, _ = _sounds.parse(SPOKEN.read_bytes(), "", ValueError)
    at = np.arange(0, len(payload["data"]), 16000 / 44100)
    faster = np.interp(at, np.arange(len(payload["data"])), payload["data"]).astype(np.int16)
    give(demo, "stereo.wav", _sounds.to_wav({"rate": 44100, "channels": 2, "data": np.repeat(faster, 2)}))
    assert compare(demo) == (said, pytest.approx(alike, abs=0.03))


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
    before = answer(demo)
    give(demo, name, content)
    expect(demo.locator("ps-audio [role=alert]").first).to_contain_text(words)
    assert length(demo) == "0:05"
    assert answer(demo) == before
    give(demo, "mine.wav", SPOKEN.read_bytes())
    expect(demo.locator("ps-audio [role=alert]").first).to_be_hidden()


def test_the_microphone_records(demo: Page) -> None:
    demo.get_by_role("button", name="Record", exact=True).first.click()
    expect(demo.get_by_role("timer", name="Recorded")).to_have_text("0:03")
    demo.locator("ps-audio").get_by_role("button", name="Stop").click()
    said, alike = compare(demo)
    # Allison Smith in the microphone, a reader in the other recording.
    assert said == "Two voices"
    assert 0.3 < alike < 0.68
    assert demo.locator("ps-audio .audio-play").first.is_visible()
    payload = demo.evaluate(
        "() => { const { rate, data } = document.querySelector('ps-audio').value; return [rate, data.length]; }"
    )
    assert 2.5 < payload[1] / payload[0] < 7


def test_a_recording_can_be_left(demo: Page) -> None:
    before = answer(demo)
    demo.get_by_role("button", name="Record", exact=True).first.click()
    demo.get_by_role("timer").wait_for()
    demo.get_by_role("button", name="Cancel").click()
    expect(demo.get_by_role("timer")).to_have_count(0)
    assert length(demo) == "0:05"
    assert answer(demo) == before


def test_a_microphone_that_is_not_allowed_is_explained(watch: Watch, page: Page, server: Nginx) -> None:
    page.add_init_script(DENIED)
    page.goto(server.url("compare-voices/?backend=wasm"))
    page.get_by_role("button", name="Record", exact=True).first.click()
    expect(page.locator("ps-audio [role=alert]").first).to_contain_text(
        "The microphone is not allowed for this page. Allow it in the browser's site settings, or choose a file."
    )


def test_it_plays_and_seeks_by_keyboard(page: Page, server: Nginx) -> None:
    page.goto(server.url("compare-voices/?backend=wasm"))
    wave = page.get_by_role("slider", name="Position in One recording")
    wave.focus()
    page.keyboard.press("End")
    expect(wave).to_have_attribute("aria-valuetext", "0:05 of 0:05")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("() => Number(document.querySelector('.audio-wave').getAttribute('aria-valuenow')) > 0.2")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play").first).to_be_visible()


def test_cleared_it_asks_for_a_sound(demo: Page) -> None:
    demo.get_by_role("button", name="Clear").click()
    expect(demo.locator("ps-audio").first).to_contain_text("Drop a sound anywhere on this page")
    demo.get_by_role("button", name="Submit").click()
    expect(demo.locator("ps-audio [role=alert]").first).to_have_text("Choose or record a sound first. ")
