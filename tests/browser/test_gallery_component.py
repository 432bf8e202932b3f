"""Gallery and ColorPicker on a page, in Chromium, with the real runtime: stored answers, a stream, `pageside check`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Watch, pageside
from nginx import Nginx
from pages import ANSWERED, forget_answer, open_demo
from pageside_export import cli
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

SOURCE = """import asyncio

import numpy as np
import pageside as gr


async def swatches(count, color):
    rgb = [int((color or "#000000")[i : i + 2], 16) for i in (1, 3, 5)]
    found = [(np.full((30, 90, 3), rgb, np.uint8), "the colour")]
    for shade in range(int(count) - 1):
        yield found, color
        await asyncio.sleep(0.3)
        found.append(np.full((40 + shade, 40), shade / 10) if shade else (np.zeros((9, 9, 4), np.uint8), "glass"))
    yield found, color


gr.Interface(
    swatches,
    [gr.Number(3, label="Count"), gr.ColorPicker(label="Colour")],
    [gr.Gallery(label="Swatches", columns=3), gr.ColorPicker(label="Same")],
    examples=[[3, "#f80"], [1, None]],
).launch()
"""


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("swatches")
    (folder / "demo.py").write_text(SOURCE)
    assert cli.main(["build", str(folder), "-o", str(folder / "dist"), "--no-browser"]) == 0
    return folder / "dist"


@pytest.fixture(scope="module")
def opened(chromium: Browser, dist: Path) -> Iterator[Page]:
    context = chromium.new_context()
    with Nginx(dist.parent / "nginx", {"/": dist}) as server:
        watch = Watch(context, {server.origin})
        page = context.new_page()
        page.set_default_timeout(30_000)
        open_demo(page, server.url(f"{dist.parent.name}/"))
        yield page
        watch.verify()
    context.close()


@pytest.fixture
def page(opened: Page) -> Page:
    """With the first example's answer in view, all pictures small."""
    opened.get_by_role("button", name="Clear").click()
    expect(opened.get_by_text("No pictures")).to_be_visible()
    opened.locator(".example").first.click()
    expect(gallery(opened).get_by_role("listitem")).to_have_count(3)
    return opened


def gallery(page: Page) -> Locator:
    return page.get_by_role("group", name="Swatches")


def ask_again(page: Page) -> None:
    """And wait for the whole answer; the focus stays where it is."""
    forget_answer(page)
    page.evaluate("() => document.querySelector('#submit').click()")
    page.wait_for_function(ANSWERED)
    expect(page.locator("ps-gallery li")).to_have_count(3)


def test_a_small_picture_is_a_button_that_opens_it(page: Page) -> None:
    small = gallery(page).get_by_role("listitem").get_by_role("button")
    expect(small.nth(0)).to_have_accessible_name("the colour")
    expect(small.nth(2)).to_have_accessible_name("Picture 3 of 3")
    expect(gallery(page).get_by_role("button", name="Download")).to_be_hidden()
    small.nth(1).press("Enter")
    expect(gallery(page).get_by_role("img", name="glass")).to_be_visible()
    expect(gallery(page).get_by_text("2 of 3 · glass")).to_be_visible()
    expect(small.nth(1)).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(gallery(page).get_by_role("img", name="Picture 3 of 3")).to_be_visible()
    gallery(page).get_by_role("button", name="Next picture").click()
    page.keyboard.press("ArrowLeft")
    expect(gallery(page).get_by_text("3 of 3")).to_be_visible()
    # A click on the picture leaves the keys to it.
    gallery(page).get_by_role("img").click()
    page.keyboard.press("Escape")
    expect(small.nth(2)).to_be_focused()
    expect(gallery(page).get_by_role("button", name="All pictures")).to_be_hidden()


def test_the_open_picture_is_downloaded(page: Page) -> None:
    gallery(page).get_by_role("button", name="the colour").click()
    with page.expect_download() as download:
        gallery(page).get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "Swatches-1.png"
    with Image.open(download.value.path()) as picture:
        assert (picture.size, picture.convert("RGB").getpixel((5, 5))) == ((90, 30), (255, 136, 0))


def test_a_stream_keeps_the_open_picture_and_the_focus(page: Page) -> None:
    gallery(page).get_by_role("button", name="glass").click()
    page.evaluate("""() => {
      const field = document.querySelector("ps-gallery");
      const { set, get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value");
      window.seen = [];
      Object.defineProperty(field, "value", { get, set(value) {
        set.call(this, value);
        const open = this.querySelector(".gallery-large");
        const words = open.hidden ? "grid" : open.querySelector("p").textContent;
        window.seen.push(`${words}; ${document.activeElement.textContent.slice(2)}`);
      } });
    }""")
    ask_again(page)
    seen = list(dict.fromkeys(page.evaluate("window.seen")))
    assert seen == [
        "1 of 1 · the colour; All pictures",
        "2 of 2 · glass; All pictures",
        "2 of 3 · glass; All pictures",
    ]
    page.evaluate("() => { delete document.querySelector('ps-gallery').value; }")


def test_in_the_grid_a_stream_keeps_the_focus(page: Page) -> None:
    first = gallery(page).get_by_role("listitem").get_by_role("button").first
    first.focus()
    ask_again(page)
    expect(first).to_be_focused()


def test_what_predict_resolves_to(page: Page) -> None:
    found = page.evaluate("""async () => {
      const [pictures, color] = await pageside.predict(2, "#0f0");
      const none = await pageside.predict(1, null);
      const plain = ({ image, caption }) => [image instanceof ImageData, image.width, image.height, caption];
      return [pictures.map(plain), color, none[1]];
    }""")
    assert found == [[[True, 90, 30, "the colour"], [True, 9, 9, "glass"]], "#00ff00", None]
    wrong = page.evaluate("() => pageside.predict(1, 'greenish').catch((error) => error.message)")
    assert "ColorPicker 'Colour': 'greenish' is no colour" in wrong


def test_a_colour_is_written_pasted_or_chosen(page: Page) -> None:
    line = page.get_by_role("textbox", name="Colour", exact=True)
    expect(line).to_have_value("#ff8800")
    expect(page.get_by_role("textbox", name="Same")).to_have_value("#ff8800")
    line.fill("#abc")
    line.blur()
    expect(line).to_have_value("#aabbcc")
    line.fill("rgb(1, 2, 255)")
    line.blur()
    expect(line).to_have_value("#0102ff")
    chooser = page.get_by_label("Colour: choose")
    expect(chooser).to_have_value("#0102ff")
    chooser.fill("#00ff7f")
    expect(line).to_have_value("#00ff7f")
    ask_again(page)
    expect(page.get_by_role("textbox", name="Same")).to_have_value("#00ff7f")


def test_what_is_no_colour_is_told_and_the_last_one_kept(page: Page) -> None:
    line = page.get_by_role("textbox", name="Colour", exact=True)
    line.fill("bluish")
    line.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(
        "“bluish” is no colour; #ff8800 is kept. Write #ff0000, #f00 or rgb(255, 0, 0)."
    )
    expect(line).to_have_value("#ff8800")
    line.fill("")
    line.blur()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert page.evaluate("() => document.querySelector('ps-colorpicker').value") is None


@pytest.mark.parametrize("width", [320, 1440])
def test_it_fits(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    box = gallery(page).get_by_role("listitem").first.bounding_box()
    assert box is not None
    assert box["width"] >= 64


def test_check_compares_the_pictures(dist: Path) -> None:
    done = pageside("check", str(dist))
    assert (done.returncode, done.stderr) == (0, "")
    assert " 1.000000 " in done.stdout
    path = next(dist.glob("*/bundle.json"))
    bundle = json.loads(path.read_bytes())
    del bundle["examples"][0]["outputs"][0][1:]
    path.write_text(json.dumps(bundle))
    done = pageside("check", str(dist))
    assert done.returncode == 1
    assert "example 1 gives 3 pictures where PyTorch's answer has 1" in done.stderr
