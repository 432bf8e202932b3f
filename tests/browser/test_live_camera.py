"""While the camera runs, a live interface answers its newest picture: real models, a camera that shows two photos."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import TIMEOUT_MS, Watch
from drivers import launch
from nginx import Nginx
from pages import open_demo, wait_for_answer
from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, Playwright, expect

pytestmark = pytest.mark.one_device

EXAMPLES = Path(__file__).resolve().parents[2] / "models" / "classify-photo" / "examples"
SECONDS, RATE, SIZE = 3, 20, (1280, 720)
ANSWERS = """() => {
  const seen = globalThis.seen = { answers: 0 };
  new MutationObserver(() => seen.answers++).observe(document.querySelector(".origin"), { childList: true });
}"""


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its camera shows the palace and the espresso, three seconds each, again and again."""
    film = tmp_path_factory.mktemp("camera") / "film.mjpeg"
    film.write_bytes(b"".join(frame(name) * SECONDS * RATE for name in ("palace", "espresso")))
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = launch(playwright, *fake, f"--use-file-for-fake-video-capture={film}")
    yield browser
    browser.close()


def frame(name: str) -> bytes:
    """A JPEG of the camera's size; motion JPEG is one after the other."""
    content = io.BytesIO()
    with Image.open(EXAMPLES / f"{name}.jpg") as photo:
        ImageOps.pad(photo.convert("RGB"), SIZE).save(content, "JPEG", quality=80)
    return content.getvalue()


def test_the_labels_follow_what_the_camera_sees(watch: Watch, page: Page, server: Nginx) -> None:
    open_demo(page, server.url("classify-photo/?backend=wasm"))
    page.evaluate(ANSWERS)
    page.get_by_role("button", name="Camera").click()
    top = page.locator(".label-top")
    for label in ("palace", "espresso", "palace"):
        expect(top).to_have_text(label, timeout=TIMEOUT_MS)
    assert page.evaluate("seen.answers") > 6
    # In view as it is, not dimmed while the next one is on its way.
    page.wait_for_timeout(2500)
    opacity = "(body) => getComputedStyle(body).opacity"
    assert page.locator(".output-side .field-body").first.evaluate(opacity) == "1"
    # Nothing was pressed but Camera; a press keeps one picture.
    page.get_by_role("button", name="Take the picture").click()
    expect(page.locator("ps-image canvas.image-view")).to_be_visible()
    assert wait_for_answer(page) in {"palace", "espresso"}


def test_the_picture_before_and_its_answer_come_back(watch: Watch, page: Page, server: Nginx) -> None:
    open_demo(page, server.url("classify-photo/?backend=wasm"))
    page.locator(".examples button").nth(1).click()
    page.locator(".examples button").nth(0).click()
    before = wait_for_answer(page)
    page.get_by_role("button", name="Camera").click()
    expect(page.locator(".label-top")).not_to_have_text(before, timeout=TIMEOUT_MS)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".label-top")).to_have_text(before, timeout=TIMEOUT_MS)
    expect(page.locator("ps-image img.image-view")).to_be_visible()
