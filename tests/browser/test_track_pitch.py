"""The curve of `track-pitch` follows the microphone, piece by piece, with its real model."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from drivers import launch
from nginx import Nginx
from pages import REACH, open_demo
from playwright.sync_api import Browser, Page, Playwright

pytestmark = pytest.mark.one_device

SCALE = Path(__file__).resolve().parents[2] / "models" / "track-pitch" / "examples" / "scale.wav"
CURVE = "() => document.querySelector('ps-lineplot').value.series.map(({ x, y }) => [x, y.map((hz) => hz ?? 0)])[0]"


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Its microphone hears a scale, again and again."""
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = launch(playwright, *fake, f"--use-file-for-fake-audio-capture={SCALE}")
    yield browser
    browser.close()


def test_the_curve_follows_the_microphone_and_leaves_nothing_out(page: Page, server: Nginx) -> None:
    open_demo(page, server.url("track-pitch/?backend=wasm"))
    page.get_by_role("button", name="Record").click()
    page.wait_for_function(f"() => {REACH} > 0 && {REACH} < 2")  # the example's reaches further
    page.wait_for_function(f"() => {REACH} > 4")
    seconds, hertz = np.array(page.evaluate(CURVE))
    page.locator("ps-audio").get_by_role("button", name="Stop").click()
    assert np.allclose(np.diff(seconds), 0.04, atol=1e-6)
    heard = hertz[hertz > 0]
    assert len(heard) > 0.7 * len(hertz)
    # From C4 to C5, a vibrato of 0.6 % and all.
    assert 255 < heard.min() < 270
    assert 515 < heard.max() < 530
