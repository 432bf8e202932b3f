"""How far a call is, on the page while it runs: also of a function that blocks Python. In Chromium."""

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import own_demo
from pages import ANSWERED, forget_answer, open_code
from playwright.sync_api import Browser, Page, expect

SYNC = """import time

import pageside as gr


def work(how, progress=gr.Progress()):
    progress(0, desc="Reading")
    time.sleep(0.4)
    for _ in progress.tqdm(range(2), desc="Folders"):
        for _ in progress.tqdm("abc", desc="Files", unit="files"):
            time.sleep(0.2)
    if how == "fail":
        raise gr.Error("Not today")
    progress(None, desc="Waiting")
    time.sleep(0.4)
    return how


gr.Interface(work, gr.Textbox("word", label="How"), gr.Textbox(label="Answer")).launch()
"""
ASYNC = """import asyncio

import pageside as gr


async def work(how, progress=gr.Progress()):
    for step in range(300):
        progress((step, 300))
    await asyncio.sleep(0.5)
    return how + " later"


gr.Interface(work, gr.Textbox("word", label="How"), gr.Textbox(label="Answer")).launch()
"""
ENDLESS = """import asyncio

import pageside as gr


async def work(how, progress=gr.Progress()):
    for step in progress.tqdm(range(10_000), desc="On and on"):
        yield f"{how} {step}"
        await asyncio.sleep(0.05)


gr.Interface(work, gr.Textbox("word", label="How"), gr.Textbox(label="Answer")).launch()
"""
#: Notes what the bar shows, and when.
NOTE = """() => {
  const bar = document.querySelector(".call-progress"), said = (name) => bar.getAttribute(`aria-${name}`);
  window.seen = [];
  new MutationObserver(() => {
    if (!bar.hidden) window.seen.push([said("valuetext"), said("valuenow"), performance.now(), bar.textContent]);
  }).observe(bar, { attributes: true, attributeFilter: ["aria-valuetext"] });
}"""


@pytest.fixture(scope="module")
def work(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with own_demo(chromium, tmp_path_factory.mktemp("work"), SYNC) as page:
        open_code(page)
        yield page


def edit(page: Page, source: str) -> None:
    """Runs this code, and the input that is there; until it is answered or stopped."""
    forget_answer(page)
    page.locator("#code textarea").fill(source)
    page.get_by_role("button", name="Run this code").click()
    expect(page.locator(".work")).to_have_text("Running on your device")


def ask(page: Page, how: str) -> None:
    forget_answer(page)
    page.evaluate(NOTE)
    page.get_by_label("How").fill(how)
    page.get_by_role("button", name="Submit").click()


def seen(page: Page) -> list[list[Any]]:
    found: list[list[Any]] = page.evaluate("window.seen")
    return found


def bar(page: Page) -> Any:
    return page.get_by_role("progressbar", name="Progress")


def test_a_function_that_blocks_python_is_seen_at_work(work: Page) -> None:
    ask(work, "word")
    work.wait_for_function(ANSWERED)
    expect(work.locator(".call-progress")).to_be_hidden()
    states = seen(work)
    nested = [f"Folders {outer}/2 steps / Files {inner}/3 files" for outer in range(2) for inner in range(4)]
    nested = [*nested[:4], "Folders 1/2 steps", *nested[4:]]
    assert [words for words, *_ in states] == [
        "Reading 0%",
        "Folders 0/2 steps",
        *nested,
        "Folders 2/2 steps",
        "Waiting",
    ]
    assert [now for _, now, *_ in states[:4]] == ["0", "0", "0", "33"]
    assert states[-1][1] is None, "nobody knows how far that is"
    assert [words for words, *_ in states] == [text for *_, text in states]
    # Each as it comes, not all at the end.
    assert states[-1][2] - states[0][2] > 800


def test_it_stands_on_the_line_of_the_label_and_moves_nothing(work: Page) -> None:
    place = work.get_by_role("group", name="Answer")
    before = place.bounding_box()
    ask(work, "word")
    expect(bar(work)).to_be_visible()
    assert place.bounding_box() == before
    # A busy region tells a screen reader nothing, and a live one too much.
    assert bar(work).evaluate("(bar) => !bar.closest('[aria-busy], [aria-live], [role=status]')")
    work.wait_for_function(ANSWERED)


def test_an_error_in_the_middle_takes_it_away(work: Page) -> None:
    ask(work, "fail")
    expect(bar(work)).to_be_visible()
    expect(work.locator(".fault")).to_contain_text("Not today")
    expect(work.locator(".call-progress")).to_be_hidden()
    assert seen(work)[-1][0] == "Folders 2/2 steps"


def test_an_async_function_s_last_word_comes_when_it_waits(work: Page) -> None:
    edit(work, ASYNC)
    work.wait_for_function(ANSWERED)
    ask(work, "word")
    work.wait_for_function(ANSWERED)
    states = [words for words, *_ in seen(work)]
    assert states[0] == "0/300 steps"
    assert states[-1] == "299/300 steps"
    assert len(states) < 50, "twenty a second and a few"
    expect(work.locator(".call-progress")).to_be_hidden()


def test_stop_takes_it_away(work: Page) -> None:
    edit(work, ENDLESS)
    expect(bar(work)).to_contain_text("On and on")
    expect(work.locator(".origin")).to_have_text("Computing on your device")
    work.get_by_role("button", name="Stop").click()
    expect(work.locator(".origin")).to_have_text("Computed on your device, and stopped before its end")
    expect(work.locator(".work")).to_be_empty()
    expect(work.locator(".call-progress")).to_be_hidden()
