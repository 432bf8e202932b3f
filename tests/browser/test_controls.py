"""The number and choice components on a page, in Chromium, with a worker that plays a part (`fake_worker.js`)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import page_site
import pytest
from page_site import component
from playwright.sync_api import Browser, Page, Playwright, expect

pytestmark = pytest.mark.browser
PENS = [["Ink", "ink"], ["Two", 2], ["chalk", "chalk"]]
FACE = page_site.interface(
    [
        component("slider", "size", minimum=0, maximum=10, step=0.5, value=4, info="How large it gets."),
        component("checkbox", "loud", value=False, info="Adds a second mark."),
        component("radio", "pen", choices=PENS, value="ink"),
        component("dropdown", "paper", choices=PENS, value=None),
        component("dropdown", "inks", choices=PENS, value=[], multiselect=True, max_choices=2),
        component("dropdown", "word", choices=PENS, value="ink", allow_custom_value=True),
        component("checkboxgroup", "marks", choices=PENS, value=["chalk"]),
    ],
    [
        component("slider", "how large", minimum=0, maximum=10),
        component("checkbox", "was loud"),
        component("radio", "which pen", choices=PENS),
        component("dropdown", "which inks", choices=PENS, multiselect=True),
        component("checkboxgroup", "which marks", choices=PENS),
    ],
)
EXAMPLE = {
    "inputs": [7.5, True, 2, "chalk", ["ink"], "own word", [2]],
    "outputs": [7.5, True, 2, ["ink", 2], ["chalk", 2]],
}

FOLDED = page_site.interface(
    [component("textbox", "name", lines=1), component("number", "age", minimum=0, maximum=120, value=3, step=1)],
    [component("textbox", "greeting")],
    additional={"count": 1, "label": "More about you", "open": False},
)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A page with all of them and one example; its console stays clean."""
    root = page_site.make_site(tmp_path)
    fake = {
        "status": page_site.PYTHON_STATUS,
        "outputs": [2, False, "chalk", [], ["ink"]],
        "fault": page_site.PYTHON_FAULT,
    }
    page_site.bundle(root / "controls", FACE, [EXAMPLE], fake=fake)
    named = {"inputs": ["Ada", 36], "outputs": ["Hello"], "label": "A founder"}
    page_site.bundle(root / "folded", FOLDED, [named], fake=fake)
    server = page_site.serve(root)
    page = browser.new_page(base_url=f"http://127.0.0.1:{server.server_port}/")
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("controls/")
    page.evaluate("pageside.ready")
    yield page
    page.close()
    server.shutdown()
    assert errors == []


VALUES = "() => [...document.querySelectorAll('.input-side > .field')].map((field) => field.value)"


def test_an_example_fills_them_and_its_answer_is_shown(page: Page) -> None:
    assert page.evaluate(VALUES) == EXAMPLE["inputs"]
    shown = page.locator(".output-side output")
    assert shown.all_inner_texts() == ["7.5", "Yes", "Two", "Ink, Two", "chalk, Two"]


def test_a_person_uses_them_by_keyboard_and_mouse(page: Page) -> None:
    page.get_by_role("slider", name="size", exact=True).press("ArrowRight")
    page.get_by_label("loud", exact=True).press("Space")
    page.get_by_role("radiogroup", name="pen", exact=True).get_by_label("Two").press("ArrowDown")
    page.get_by_role("combobox", name="paper").select_option("Ink")
    page.get_by_role("group", name="inks", exact=True).get_by_text("Two").click()
    page.get_by_role("combobox", name="word").fill("chalk")
    marks = page.get_by_role("group", name="marks", exact=True)
    marks.get_by_label("chalk").press("Space")
    marks.get_by_text("Ink").click()
    marks.get_by_text("Two").click()  # the example's, taken away
    assert page.evaluate(VALUES) == [8, False, "chalk", "ink", ["ink", 2], "chalk", ["chalk", "ink"]]
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#announcer")).to_have_text(
        "how large: 2. was loud: No. which pen: chalk. which inks: nothing. which marks: Ink"
    )


def test_what_cannot_be_used_is_said_and_kept(page: Page) -> None:
    page.get_by_role("spinbutton", name="size, as a number").fill("12")
    group = page.get_by_role("group", name="inks", exact=True)
    group.get_by_text("Two").click()
    group.get_by_text("chalk").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("ps-slider .field-problem").first).to_have_text("12 is more than the maximum, 10.")
    expect(page.locator("ps-dropdown .field-problem").nth(1)).to_have_text("3 are chosen; choose at most 2.")
    assert page.evaluate(VALUES)[0] == 12


def test_clear_goes_back_to_the_makers_values(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    assert page.evaluate(VALUES) == [4, False, "ink", None, [], "ink", ["chalk"]]
    assert page.locator(".output-side output").all_inner_texts() == ["No answer yet"] * 5


@pytest.mark.parametrize("width", [390, 820, 1440])
def test_nothing_is_wider_than_the_page(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    folder = os.environ.get("PAGESIDE_SCREENSHOTS")
    for scheme in ("light", "dark") if folder else ():
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=f"{folder}/controls-{width}-{scheme}.png", full_page=True)


def test_additional_inputs_stand_in_a_part_that_opens_also_for_what_is_wrong(page: Page) -> None:
    page.goto("folded/")
    part, age = page.locator("details.additional"), page.get_by_label("age", exact=True)
    expect(age).to_be_hidden()
    part.get_by_text("More about you").click()
    expect(age).to_have_value("36")
    age.fill("300")
    part.get_by_text("More about you").click()
    expect(age).to_be_hidden()
    page.get_by_role("button", name="Submit").click()
    expect(age).to_be_visible()


def test_an_example_has_its_name(page: Page) -> None:
    page.goto("folded/")
    expect(page.get_by_role("button", name="Example 1: A founder, Ada, 36")).to_be_visible()
