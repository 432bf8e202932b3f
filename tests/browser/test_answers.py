"""An answer is the visitor's: to download, to share, to copy; and looks as the maker wants them. In Chromium."""

import io
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import PHOTOS, Watch
from nginx import Nginx
from pages import ANSWERED, open_demo
from pageside_export import cli
from PIL import Image
from playwright.sync_api import Browser, Download, Page, expect

SOURCE = """import numpy as np
import pageside as gr

TONE = (np.sin(np.arange(8000) / 8) * 8000).astype(np.int16)


def turn(photo, sound, words, times):
    rate, samples = sound
    return photo[:, ::-1], (photo, photo[::-1]), (rate, samples[::-1]), f"{words} {times}", {"a": 0.7, "b": 0.3}


gr.Interface(
    turn,
    [
        gr.Image(lambda: "photo.png", label="Photo", alt_text="A photo of bricks"),
        gr.Audio((8000, TONE), label="Sound"),
        gr.Textbox("shalom", label="Words", show_label=False, rtl=True, text_align="left"),
        gr.Number(3, visible=False),
    ],
    [
        gr.Image(label="Mirrored / photo"),
        gr.ImageSlider(label="Upside down", max_height=200),
        gr.Audio(label="Backwards", autoplay=True, loop=True),
        gr.Textbox(label="Text", buttons=["copy"]),
        gr.Label(label="Kind", show_heading=False),
    ],
).launch()
"""
#: Of a phone, which this browser is not.
SHARING = """
navigator.canShare = () => true;
navigator.share = async ({ files: [file] }) => { window.shared = [file.name, file.type, file.size]; };
"""


@pytest.fixture(scope="module")
def turned(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, np.ndarray]]:
    """The page after an answer to the first values, and the photo's pixels."""
    folder = tmp_path_factory.mktemp("turn")
    (folder / "demo.py").write_text(SOURCE)
    with Image.open(PHOTOS / "bricks.png") as photo:
        small = photo.convert("RGB").resize((320, 240))
    small.save(folder / "photo.png")
    assert cli.main(["build", str(folder), "-o", str(folder / "dist"), "--no-browser"]) == 0
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    context.add_init_script(SHARING)
    with Nginx(folder / "nginx", {"/": folder / "dist"}) as server:
        watch = Watch(context, {server.origin})
        page = context.new_page()
        open_demo(page, server.url(f"{folder.name}/"))
        page.get_by_role("button", name="Submit").click()
        page.wait_for_function(ANSWERED)
        yield page, np.asarray(small)
        watch.verify()
    context.close()


def saved(page: Page, label: str) -> Download:
    with page.expect_download() as download:
        page.get_by_role("group", name=label).get_by_role("button", name="Download").click()
    return download.value


def pixels(download: Download) -> np.ndarray:
    with Image.open(download.path()) as picture:
        return np.asarray(picture.convert("RGB"))


def test_a_picture_is_downloaded_as_it_was_returned(turned: tuple[Page, np.ndarray]) -> None:
    page, photo = turned
    file = saved(page, "Mirrored / photo")
    assert file.suggested_filename == "Mirrored-photo.png"
    assert (pixels(file) == photo[:, ::-1]).all()


def test_of_two_pictures_the_second_is(turned: tuple[Page, np.ndarray]) -> None:
    page, photo = turned
    file = saved(page, "Upside down")
    assert file.suggested_filename == "Upside-down.png"
    assert (pixels(file) == photo[::-1]).all()


def test_a_sound_is_downloaded_and_plays_by_itself(turned: tuple[Page, np.ndarray]) -> None:
    page, _ = turned
    file = saved(page, "Backwards")
    assert file.suggested_filename == "Backwards.wav"
    with wave.open(io.BytesIO(Path(file.path()).read_bytes())) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (8000, 8000)
    # It goes on for ever.
    expect(page.get_by_role("group", name="Backwards").get_by_role("button", name="Pause")).to_be_visible()


def test_a_phone_shares_the_file(turned: tuple[Page, np.ndarray]) -> None:
    page, _ = turned
    page.get_by_role("group", name="Mirrored / photo").get_by_role("button", name="Share").click()
    page.wait_for_function("() => window.shared")
    name, kind, size = page.evaluate("window.shared")
    assert (name, kind) == ("Mirrored-photo.png", "image/png")
    assert size > 1000


def test_a_text_is_copied(turned: tuple[Page, np.ndarray]) -> None:
    page, _ = turned
    group = page.get_by_role("group", name="Text")
    group.get_by_role("button", name="Copy").click()
    expect(group.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "shalom 3"


def test_what_the_maker_says_of_looks(turned: tuple[Page, np.ndarray]) -> None:
    page, _ = turned
    expect(page.get_by_role("img", name="A photo of bricks")).to_be_visible()
    words = page.get_by_role("textbox", name="Words")  # its label is for screen readers
    assert words.evaluate("(one) => [one.dir, one.style.textAlign, one.labels[0].offsetWidth]") == ["rtl", "left", 1]
    expect(page.locator("ps-number")).to_be_hidden()
    expect(page.locator(".label-top")).to_be_hidden()
    expect(page.get_by_role("group", name="Kind").get_by_text("70%")).to_be_visible()
    assert page.locator(".slider-stage").evaluate("(one) => one.offsetHeight") == 200


def test_without_an_answer_there_is_nothing_to_take(turned: tuple[Page, np.ndarray]) -> None:
    page, _ = turned
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("button", name="Download")).to_have_count(0)
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    # The maker's first values are back.
    expect(page.get_by_role("img", name="A photo of bricks")).to_be_visible()
    expect(page.get_by_role("textbox", name="Words")).to_have_value("shalom")
