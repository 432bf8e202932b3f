"""Info, Success and Warning on the page, while the function runs and after it. In Chromium."""

from collections.abc import Iterator

import pytest
from conftest import own_demo
from pages import ANSWERED, forget_answer
from playwright.sync_api import Browser, Page, expect

SOURCE = """import asyncio

import pageside as gr


async def work(how):
    if how == "silent":
        return how
    gr.Info("<b>Reading</b>", duration=0)
    await asyncio.sleep(0.5)
    gr.Success("Read", 0.2)
    gr.Warning("It is long", duration=None, title="Careful")
    for number in range(how == "many" and 9):
        gr.Info(f"Number {number}", None)
    return how


gr.Interface(work, gr.Textbox("word", label="How"), gr.Textbox(label="Answer")).launch()
"""


@pytest.fixture(scope="module")
def work(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with own_demo(chromium, tmp_path_factory.mktemp("notices"), SOURCE) as page:
        yield page


def ask(page: Page, how: str) -> None:
    forget_answer(page)
    page.get_by_label("How").fill(how)
    page.get_by_role("button", name="Submit").click()


def test_they_come_while_the_function_runs_and_go_with_the_next_call(work: Page) -> None:
    lines = work.locator(".notice")
    ask(work, "word")
    expect(lines).to_have_text(["Info <b>Reading</b>"])
    assert not work.evaluate(ANSWERED)
    work.wait_for_function(ANSWERED)
    # The one of a fifth of a second is gone by itself.
    expect(lines).to_have_text(["Info <b>Reading</b>", "Careful It is long"])
    assert lines.evaluate_all("(all) => all.map((one) => one.dataset.kind)") == ["info", "warning"]
    ask(work, "silent")
    work.wait_for_function(ANSWERED)
    expect(lines).to_have_count(0)


def test_of_many_the_last_are_shown(work: Page) -> None:
    ask(work, "many")
    work.wait_for_function(ANSWERED)
    expect(work.locator(".notice")).to_have_text([f"Info Number {number}" for number in range(4, 9)])
