"""On a phone, in the dark, by keyboard only."""

from typing import Any

import pytest
from conftest import Watch
from nginx import Nginx
from pages import answer, open_demo, wait_for_answer
from playwright.sync_api import Page

PAGES = ["", "greet/", "classify-photo/"]
PHONE = {"width": 390, "height": 844}
OVERFLOW = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
BACKGROUND = "() => getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number)"
# The ratio of WCAG 2 between the colours of the text and of what stands behind it.
CONTRASTS = """() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("h1, h2, p, a, button, label, .label-name, .label-percent, summary")];
  return texts.filter((e) => e.checkVisibility() && e.textContent.trim() && !e.disabled && e.getClientRects().length)
    .map((e) => {
      const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
      return [e.tagName + " " + e.textContent.trim().slice(0, 30), (a + 0.05) / (b + 0.05)];
    });
}"""


def settle(page: Page, server: Nginx, path: str) -> None:
    page.goto(server.url(path))
    page.locator(".card-link, .examples button").first.wait_for()


@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways_on_a_phone(page: Page, server: Nginx, path: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    settle(page, server, path)
    if path:
        page.locator("#code > summary").click()
        page.locator("#share > summary").click()
    wide, room = page.evaluate(OVERFLOW)
    assert wide <= room


def test_a_long_label_does_not_widen_the_phone_page(page: Page, server: Nginx) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    open_demo(page, server.url("greet/"))
    page.get_by_label("name", exact=False).first.fill("A" * 400)
    page.get_by_role("button", name="Submit").click()
    wait_for_answer(page)
    wide, room = page.evaluate(OVERFLOW)
    assert wide <= room


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_are_both_readable(page: Page, server: Nginx, path: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    settle(page, server, path)
    background = page.evaluate(BACKGROUND)
    assert (sum(background) / 3 > 127) == (scheme == "light"), background
    poor = {name: round(ratio, 2) for name, ratio in page.evaluate(CONTRASTS) if ratio < 4.5}
    assert not poor


def tab_to(page: Page, words: str) -> None:
    """Presses Tab until what has the focus is called so."""
    for _ in range(60):
        page.keyboard.press("Tab")
        script = "() => { const e = document.activeElement; return e.ariaLabel ?? e.textContent; }"
        # Before the first element that takes the focus it is the body's, whose text has all words in it.
        if page.evaluate("() => document.activeElement !== document.body") and words in page.evaluate(script):
            return
    raise AssertionError(f"Tab never reached {words!r}")


def focus_is_seen(page: Page) -> bool:
    script = """() => { const s = getComputedStyle(document.activeElement);
      return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none"; }"""
    return bool(page.evaluate(script))


def test_greet_by_keyboard_only(page: Page, server: Nginx) -> None:
    open_demo(page, server.url("greet/"))
    page.keyboard.press("Tab")
    assert "Skip" in page.evaluate("() => document.activeElement.textContent")
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("() => ['INPUT', 'TEXTAREA'].includes(document.activeElement.tagName)"):
            break
    assert focus_is_seen(page)
    page.keyboard.press("Control+A")
    page.keyboard.type("Marie")
    tab_to(page, "Submit")
    assert focus_is_seen(page)
    page.keyboard.press("Enter")
    assert wait_for_answer(page) == "Hello Marie!!"


def test_classify_an_example_by_keyboard_only(page: Page, server: Nginx) -> None:
    open_demo(page, server.url("classify-photo/?backend=wasm"))
    tab_to(page, "Example 3")
    page.keyboard.press("Enter")
    assert wait_for_answer(page) == answer(page)
    tab_to(page, "The code")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#code textarea').value.length > 0")
    page.locator("#code textarea").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.tagName") != "TEXTAREA", "the editor is a keyboard trap"


def test_a_file_is_chosen_by_keyboard(page: Page, server: Nginx) -> None:
    # Playwright hears of choosers only some time after it was asked to: asked before the page is open, it is in time.
    page.on("filechooser", lambda _: None)
    open_demo(page, server.url("classify-photo/?backend=wasm"))
    tab_to(page, "Choose a picture")
    with page.expect_file_chooser():
        page.keyboard.press("Enter")


def test_motion_is_left_out_where_it_is_not_wanted(watch: Watch, page: Page, server: Nginx) -> None:
    page.emulate_media(reduced_motion="reduce")
    settle(page, server, "classify-photo/")
    script = """() => [...document.querySelectorAll("*")].map((element) => getComputedStyle(element))
      .flatMap((style) => `${style.transitionDuration},${style.animationDuration}`.split(",").map(parseFloat))
      .filter((seconds) => seconds > 0.02).length"""
    assert page.evaluate(script) == 0
