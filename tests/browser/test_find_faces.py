"""A visitor drops a photo on find-faces and sees boxes around its faces, in Chromium on WASM."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Watch
from nginx import Nginx
from pages import give_file, open_demo
from playwright.sync_api import Browser, Page

PHOTOS = json.loads(
    (Path(__file__).resolve().parents[1] / "models" / "find_faces_reference.json").read_text(encoding="utf-8")
)["photos"]
EXAMPLES = Path(__file__).resolve().parents[2] / "models" / "find-faces" / "examples"
ANSWERED = "() => /^Computed on your device in/.test(document.querySelector('.origin').textContent)"
BOXES = """() => [...document.querySelectorAll(".output-side .annotated-box")].map((box) =>
  ["x", "y", "width", "height"].map((name) => Number(box.getAttribute(name))))"""
# Browsers decode a JPEG a little differently from Pillow. One grey level of noise moves this cascade's boxes as far as
# IoU 0.96; float16 weights alone keep 0.9997.
IOU = 0.95


def iou(a: list[float], b: list[float]) -> float:
    """Of two boxes x, y, width, height."""
    sides = [max(0.0, min(a[i] + a[i + 2], b[i] + b[i + 2]) - max(a[i], b[i])) for i in (0, 1)]
    shared = sides[0] * sides[1]
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


@pytest.fixture(scope="module")
def opened(chromium: Browser, server: Nginx) -> Iterator[Page]:
    context = chromium.new_context()
    watch = Watch(context, {server.origin})
    page = context.new_page()
    status = open_demo(page, server.url("find-faces/?backend=wasm"))
    assert status["backend"] == "wasm"
    yield page
    context.close()
    watch.verify()


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_gets_the_original_s_boxes(opened: Page, name: str) -> None:
    give_file(opened, EXAMPLES / name)
    opened.wait_for_function(ANSWERED)
    expected = [[x1, y1, x2 - x1, y2 - y1] for x1, y1, x2, y2 in PHOTOS[name]["boxes"]]
    found = opened.evaluate(BOXES)
    assert len(found) == len(expected)
    for box, other in zip(sorted(found), sorted(expected), strict=True):
        assert iou(box, other) >= IOU
    assert opened.locator(".output-side .annotated-dot").count() == 5 * len(expected)
    nothing = opened.get_by_text("Nothing found on this picture.")
    assert nothing.is_visible() == (not expected)


def test_the_legend_points_at_its_places(opened: Page) -> None:
    give_file(opened, EXAMPLES / "montage.jpg")
    opened.wait_for_function(ANSWERED)
    entry = opened.get_by_role("button", name=re.compile("^landmark.*25$"))
    entry.click()
    assert entry.get_attribute("aria-pressed") == "true"
    assert opened.locator(".output-side g[data-dim]").count() == len(PHOTOS["montage.jpg"]["boxes"])
    entry.click()
    assert opened.locator(".output-side g[data-dim]").count() == 0


def test_a_stored_answer_is_shown_before_any_runtime(chromium: Browser, server: Nginx) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.route("**/*.wasm*", lambda route: route.abort())
    page.goto(server.url("find-faces/"))
    page.locator(".examples button").first.click()
    page.locator(".output-side .annotated-box").first.wait_for(state="attached")
    assert page.locator(".output-side img.image-view").get_attribute("alt") == "Faces: face, 5 times landmark"
    context.close()
