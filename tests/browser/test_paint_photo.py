"""A visitor gives paint-photo a photo, sees it painted, moves the line, takes the other style; in Chromium on WASM."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Watch
from nginx import Nginx
from pages import ANSWERED, forget_answer, give_file, open_demo
from playwright.sync_api import Browser, Page, expect

PHOTO = Path(__file__).resolve().parents[1] / "data" / "photos" / "space-suit.png"
PIXELS = """async (selector) => {
  const image = document.querySelector(selector);
  await image.decode?.();
  const canvas = new OffscreenCanvas(image.naturalWidth ?? image.width, image.naturalHeight ?? image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return JSON.stringify([canvas.width, canvas.height, [...data]]);
}"""


@pytest.fixture(scope="module")
def opened(chromium: Browser, server: Nginx) -> Iterator[Page]:
    context = chromium.new_context()
    watch = Watch(context, {server.origin})
    page = context.new_page()
    assert open_demo(page, server.url("paint-photo/?backend=wasm"))["backend"] == "wasm"
    yield page
    context.close()
    watch.verify()


def shown(page: Page, which: str) -> np.ndarray:
    """(h, w, 3) uint8."""
    place = {"before": ".slider-before", "after": ".slider-stage > :first-child"}[which]
    width, height, values = json.loads(page.evaluate(PIXELS, place))
    return np.array(values, np.uint8).reshape(height, width, 4)[:, :, :3]


def test_a_photo_is_painted_in_both_styles(opened: Page) -> None:
    forget_answer(opened)
    give_file(opened, PHOTO)
    opened.wait_for_function(ANSWERED)
    before, illustration = (shown(opened, which) for which in ("before", "after"))
    assert before.shape == illustration.shape
    assert [side % 4 for side in before.shape[:2]] == [0, 0]
    # Fewer tones: plain patches, where neighbours are alike.
    plain = [(np.abs(np.diff(one.astype(int), axis=1)).max(axis=2) <= 2).mean() for one in (before, illustration)]
    assert plain[1] > plain[0]
    forget_answer(opened)
    opened.get_by_role("radio", name="Pencil").check()
    opened.wait_for_function(ANSWERED)
    pencil = shown(opened, "after")
    spread = [float((one.max(axis=2).astype(int) - one.min(axis=2)).mean()) for one in (illustration, pencil)]
    assert spread[1] < 0.5 * spread[0]  # grey on paper


def test_the_line_compares(opened: Page) -> None:
    line = opened.get_by_role("slider", name="Painting: how much of the first picture is shown")
    line.press("Home")
    expect(line).to_have_attribute("aria-valuetext", "0 %")
