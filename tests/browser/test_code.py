"""The code is on the page: to read, to edit, to run; and what a maker's mistake looks like there."""

from pathlib import Path

import pytest
from nginx import Nginx
from pages import answer, forget_answer, open_code, open_demo, run_code, wait_for_answer
from playwright.sync_api import Page

pytestmark = pytest.mark.one_device


@pytest.fixture
def greet(page: Page, server: Nginx) -> Page:
    open_demo(page, server.url("greet/"))
    open_code(page)
    return page


def ask(page: Page, name: str) -> None:
    forget_answer(page)
    page.locator("ps-textbox :is(input, textarea)").fill(name)
    page.get_by_role("button", name="Submit").click()


def test_the_code_is_the_maker_s_own(greet: Page, root: Path) -> None:
    source = (root / "models" / "greet" / "demo.py").read_text(encoding="utf-8")
    assert greet.locator("#code textarea").input_value() == source


def test_edited_code_runs(greet: Page) -> None:
    forget_answer(greet)
    run_code(greet, ('"Hello "', '"Servus "'))
    assert wait_for_answer(greet) == "Servus Ada!!"
    ask(greet, "Grace")
    assert wait_for_answer(greet) == "Servus Grace!!"
    assert greet.evaluate("() => window.pageside.predict('you')") == "Servus you!!"
    greet.get_by_role("button", name="Reset").click()
    greet.wait_for_function("() => /Hello Grace/.test(document.querySelector('.text-output').textContent)")


def test_an_exception_shows_its_traceback_folded(greet: Page) -> None:
    run_code(greet, ('return "Hello " + name', 'return {}[name] + "Hello " + name'))
    before = answer(greet)
    ask(greet, "Nobody")
    fault = greet.locator(".fault")
    # The edited code has met the name that was there before; its fault stands until this one's comes.
    fault.filter(has=greet.locator(".fault-message", has_text="Nobody")).wait_for()
    assert "KeyError" in fault.locator(".fault-message").inner_text()
    details = fault.locator("details")
    assert details.get_attribute("open") is None
    assert not details.locator("pre").is_visible()
    details.locator("summary").click()
    traceback = details.locator("pre").inner_text()
    assert "demo.py" in traceback
    assert "in greet" in traceback
    assert "pageside/" not in traceback, "frames of ours are of no use to the maker"
    # Nothing that the visitor entered is lost, nor the last answer.
    assert greet.locator("ps-textbox :is(input, textarea)").first.input_value() == "Nobody"
    assert answer(greet) == before


def test_code_that_does_not_compile_leaves_the_old_one_running(greet: Page) -> None:
    run_code(greet, ("def greet(name):", "def greet(name:"))
    panel = greet.locator("#code")
    panel.locator(".fault").wait_for()
    assert "SyntaxError" in panel.locator(".fault-message").inner_text()
    ask(greet, "Still")
    assert wait_for_answer(greet) == "Hello Still!!"


def test_what_python_prints_is_on_the_page(greet: Page) -> None:
    run_code(greet, ('    return "Hello "', '    print("greeting", name)\n    return "Hello "'))
    ask(greet, "Ada")
    wait_for_answer(greet)
    greet.locator("#code .printed").filter(has_text="greeting Ada").wait_for()


def test_an_edit_that_changes_the_interface_draws_it_anew(greet: Page) -> None:
    run_code(greet, ('inputs="text"', "inputs=gr.Textbox(label='Whom')"))
    greet.get_by_label("Whom").first.wait_for()
    ask(greet, "Ada")
    assert wait_for_answer(greet) == "Hello Ada!!"


def test_an_endless_loop_can_be_left(greet: Page) -> None:
    """A generator stops at its next step; the page's own Stop button does it."""
    endless = "    n = 0\n    while True:\n        n += 1\n        yield f'{name} {n}'"
    run_code(greet, ('    return "Hello " + name + "!!"', endless), wait=False)
    greet.get_by_role("button", name="Stop").wait_for()
    greet.locator(".text-output").filter(has_text="Ada").wait_for()
    greet.get_by_role("button", name="Stop").click()
    greet.get_by_role("button", name="Stop").wait_for(state="hidden")
    count = answer(greet)
    greet.wait_for_timeout(200)
    assert answer(greet) == count
