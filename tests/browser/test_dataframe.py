"""Tables that the visitor edits and tables that come back, with the demo's own Python, in Chromium."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Watch
from nginx import Nginx
from pages import ANSWERED, forget_answer, open_demo, wait_for_answer
from pageside_export import cli
from playwright.sync_api import Browser, Locator, Page, expect

SOURCE = """import numpy as np
import pageside as gr


def work(people, matrix):
    ages = sum(row[1] or 0 for row in people)
    sums = [["ages", ages], ["members", sum(row[2] for row in people)], ["trace", float(np.trace(matrix))]]
    many = {"headers": ["step", "text"], "data": [[i, None if i % 3 else f"a text, row {i}" * 4] for i in range(450)]}
    return {"headers": ["what", "value"], "data": sums}, many, repr(people)


gr.Interface(
    work,
    [
        gr.DataFrame(
            [["Ada", 36, True], ["Alan", 41, False], ["Grace", 85, True]],
            headers=["name", "age", "member"],
            datatype=["str", "number", "bool"],
            column_count=(3, "fixed"),
            row_limits=(2, 5),
            type="array",
            label="People",
        ),
        gr.Dataframe([[1, 2], [3, 4]], datatype="number", type="numpy", static_columns=[1], label="Matrix"),
    ],
    [gr.Dataframe(label="Sums"), gr.Dataframe(label="Many", max_height=300, max_chars=10), "text"],
    examples=[[[["Bob", 10, False], ["Eve", 11, False]], [[1, 0], [0, 1]]]],
).launch()
"""
PANDAS = """import pageside as gr

value = [["b", 1.5], ["a", None]]
frame = gr.Dataframe(value, headers=["who", "x"], datatype=["str", "number"], label="Frame")
gr.Interface(lambda frame: (frame.sort_values("who"), str(frame.dtypes["x"])), frame, ["dataframe", "text"]).launch()
"""
PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(event);
  return event.defaultPrevented;
}"""


@pytest.fixture(scope="module")
def opened(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Nginx]]:
    folder = tmp_path_factory.mktemp("tables")
    for name, source in (("tables", SOURCE), ("pandas-table", PANDAS)):
        (folder / name).mkdir()
        (folder / name / "demo.py").write_text(source)
    demos = [str(folder / "tables"), str(folder / "pandas-table")]
    assert cli.main(["build", *demos, "-o", str(folder / "dist"), "--no-browser"]) == 0
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    with Nginx(folder / "nginx", {"/": folder / "dist"}) as server:
        watch = Watch(context, {server.origin})
        page = context.new_page()
        open_demo(page, server.url("tables/"))
        yield page, server
        watch.verify()
    context.close()


@pytest.fixture
def page(opened: tuple[Page, Nginx]) -> Page:
    """With the first values of the inputs."""
    page, _ = opened
    page.get_by_role("button", name="Clear").click()
    return page


def cell(page: Page, row: int, column: int, label: str = "People") -> Locator:
    return page.get_by_role("grid", name=label).locator("tbody tr").nth(row).locator("td").nth(column)


def rows(page: Page, label: str = "People") -> list[Any]:
    fields = page.locator("ps-dataframe").filter(has=page.get_by_role("grid", name=label))
    found: list[Any] = fields.evaluate("(field) => field.value.data")
    return found


def column(page: Page, label: str, number: int) -> list[str]:
    return page.get_by_role("group", name=label).locator(f"tbody td:nth-child({number})").all_inner_texts()


def submit(page: Page) -> list[str]:
    """The second column of the sums."""
    forget_answer(page)
    page.get_by_role("button", name="Submit").click()
    wait_for_answer(page)
    return column(page, "Sums", 2)


def test_an_example_and_its_stored_answer(page: Page) -> None:
    example = page.get_by_role(
        "button", name=re.compile("Example 1: 2 . 3: Bob, 10, false; Eve, 11, false, 2 . 2: 1, 0; 0, 1")
    )
    forget_answer(page)
    example.click()
    expect(cell(page, 1, 0)).to_have_text("Eve")
    assert column(page, "Sums", 1) == ["ages", "members", "trace"]
    page.wait_for_function(ANSWERED)
    assert column(page, "Sums", 2) == ["21", "0", "2"]


def test_cells_are_edited_with_the_keyboard(page: Page) -> None:
    keys = page.keyboard
    cell(page, 0, 0).click()
    # What is typed replaces, Enter goes down; F2 goes on with what is there.
    keys.type("Ida")
    keys.press("Enter")
    expect(cell(page, 1, 0)).to_be_focused()
    keys.press("F2")
    keys.press("End")
    keys.type(" T.")
    # From an edited cell Tab goes to the next one, to edit it too.
    keys.press("Tab")
    editor = page.get_by_role("textbox", name="age, row 2")
    expect(editor).to_be_focused()
    keys.type("42")
    keys.press("Tab")
    box = page.get_by_role("checkbox", name="member, row 2")
    expect(box).to_be_focused()
    keys.press("Space")
    keys.press("ArrowDown")
    keys.press("ArrowLeft")
    keys.type("1")
    keys.press("Escape")
    expect(cell(page, 2, 1)).to_be_focused()
    assert rows(page) == [["Ida", 36, True], ["Alan T.", 42, True], ["Grace", 85, True]]
    keys.press("Delete")
    assert rows(page)[2] == ["Grace", None, True]
    # An arrow key leaves a cell whose content was typed anew.
    keys.type("7")
    keys.press("ArrowUp")
    expect(cell(page, 1, 1)).to_be_focused()
    assert submit(page) == ["85", "3", "5"]
    assert "['Alan T.', 42, True]" in page.locator(".text-output").inner_text()


def test_one_tab_stop_and_a_way_out(page: Page) -> None:
    grid = page.get_by_role("grid", name="People")
    assert grid.locator("tbody [tabindex='0']").count() == 1
    cell(page, 2, 2).locator("input").focus()
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("() => document.activeElement.className") == "dataframe-sort"
    cell(page, 2, 1).dblclick()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Add row").first).to_be_focused()


def test_columns_that_are_not_to_be_edited(page: Page) -> None:
    fixed = cell(page, 0, 1, "Matrix")
    expect(fixed).to_have_attribute("aria-readonly", "true")
    fixed.dblclick()
    page.keyboard.type("9")
    page.keyboard.press("Delete")
    expect(page.locator(".dataframe-editor")).to_have_count(0)
    assert rows(page, "Matrix") == [[1, 2], [3, 4]]
    expect(page.get_by_role("button", name="Add column")).to_have_count(0)


def test_a_cell_that_is_no_number_is_told_and_kept(page: Page) -> None:
    cell(page, 1, 1).click()
    page.keyboard.type("about 40")
    page.keyboard.press("Enter")
    words = "Row 2, age: “about 40” is not a number. Write it as 3 or -0.5."
    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    expect(cell(page, 1, 1)).to_have_attribute("aria-invalid", "true")
    forget_answer(page)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    assert rows(page)[1] == ["Alan", "about 40", False]
    cell(page, 1, 1).dblclick()
    page.get_by_role("textbox", name="age, row 2").fill("40.5")
    # Going elsewhere keeps what was written.
    assert submit(page) == ["161.5", "2", "5"]
    expect(cell(page, 1, 1)).to_have_attribute("aria-invalid", "false")


def test_a_block_is_pasted_from_a_spreadsheet(page: Page) -> None:
    cell(page, 1, 0).click()
    assert page.evaluate(PASTE, '"Two\nlines"\t1\tTRUE\r\nB\t2\tFALSE\r\nC\t3\tno\r\n')
    assert rows(page) == [["Ada", 36, True], ["Two\nlines", 1, True], ["B", 2, False], ["C", 3, False]]
    expect(cell(page, 1, 0)).to_be_focused()
    # The table may have five rows.
    assert page.evaluate(PASTE, "\n".join(["x\t1\t1\tmore"] * 6))
    assert rows(page)[1:] == [["x", 1, True]] * 4
    expect(page.get_by_text("Not all that was pasted fits: this table has 5 rows and 3 columns.")).to_be_visible()
    # A word alone goes into an open editor as it does everywhere.
    cell(page, 0, 0).dblclick()
    assert not page.evaluate(PASTE, "word")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+c")
    assert page.evaluate("() => navigator.clipboard.readText()") == "Ada"


def test_rows_are_added_and_removed_within_the_limits(page: Page) -> None:
    add, remove = (
        page.locator("ps-dataframe").first.get_by_role("button", name=re.compile(word)) for word in ("Add", "Remove")
    )
    add.click()
    add.click()
    expect(add).to_be_disabled()
    assert rows(page)[3:] == [["", None, False]] * 2
    cell(page, 1, 0).click()
    expect(remove).to_have_text("Remove row 2")
    for _ in range(3):
        remove.click()
    expect(remove).to_be_disabled()
    assert rows(page) == [["Ada", 36, True], ["", None, False]]


def test_sorting_is_of_what_is_seen_alone(page: Page) -> None:
    header = page.get_by_role("grid", name="People").get_by_role("columnheader", name="age")
    seen = []
    for _ in range(3):
        header.get_by_role("button").click()
        seen.append(
            (
                header.get_attribute("aria-sort"),
                page.locator("ps-dataframe").first.locator("tbody td:nth-child(1)").all_inner_texts(),
            )
        )
    assert seen == [
        ("ascending", ["Ada", "Alan", "Grace"]),
        ("descending", ["Grace", "Alan", "Ada"]),
        ("none", ["Ada", "Alan", "Grace"]),
    ]
    page.get_by_role("grid", name="People").get_by_role("button", name="name").click()
    page.get_by_role("grid", name="People").get_by_role("button", name="name").click()
    cell(page, 0, 1).click()
    page.keyboard.type("86")
    page.keyboard.press("Enter")
    assert rows(page) == [["Ada", 36, True], ["Alan", 41, False], ["Grace", 86, True]]


def test_a_long_answer_comes_in_parts_and_scrolls_in_its_box(page: Page) -> None:
    submit(page)
    many = page.get_by_role("group", name="Many")
    expect(many.locator("tbody tr")).to_have_count(200)
    expect(many.get_by_text("200 of 450 rows")).to_be_visible()
    many.get_by_role("button", name="Show 200 more").click()
    many.get_by_role("button", name="Show 50 more").click()
    expect(many.locator("tbody tr")).to_have_count(450)
    expect(many.get_by_text("of 450 rows")).to_be_hidden()
    box = many.get_by_role("region", name="Many")
    box.evaluate("(box) => box.scrollTo(0, 2000)")
    header, view = many.get_by_role("columnheader", name="step").bounding_box(), box.bounding_box()
    assert header is not None
    assert view is not None
    assert view["height"] == pytest.approx(300, abs=1)
    assert header["y"] == pytest.approx(view["y"], abs=2)
    # A cut text is shown whole.
    box.evaluate("(box) => box.scrollTo(0, 0)")
    expect(many.locator("tbody td").nth(1)).to_have_text("a text, ro…")
    many.get_by_role("button", name="Show the whole text").first.click()
    expect(many.locator("tbody td").nth(1)).to_have_text("a text, row 0" * 4)
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1280, "height": 720})
    many.get_by_role("button", name="text").first.click()
    many.get_by_role("button", name="Copy").click()
    expect(many.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()").split("\n")
    assert (copied[0], copied[1], copied[-1], len(copied)) == ("step\ttext", "0\t" + "a text, row 0" * 4, "449\t", 451)


def test_without_an_answer_it_says_so(page: Page) -> None:
    expect(page.get_by_role("group", name="Sums")).to_contain_text("No answer yet")
    expect(page.get_by_role("group", name="Sums").get_by_role("button", name="Copy")).to_be_hidden()


def test_predict_takes_rows_and_gives_a_table(page: Page) -> None:
    told = "(fault) => `${fault.message} ${fault.hint}`"
    call = f"(people) => pageside.predict(people, [[1, 0], [0, '2.5']]).then(([sums]) => sums, {told})"
    assert page.evaluate(call, [["a", "3", True], ["b", None, False]]) == {
        "headers": ["what", "value"],
        "data": [["ages", 3], ["members", 1], ["trace", 3.5]],
    }
    assert page.evaluate(call, {"headers": ["n", "a", "m"], "data": [["a", 1.5, True]]})["data"][0] == ["ages", 1.5]
    assert page.evaluate(call, [["a", "old", True]]) == (
        "People: Row 1, age: “old” is not a number. Write it as 3 or -0.5."
    )
    assert page.evaluate(call, 7) == "People: 7 is no table. Give { headers, data }, or an array of rows."


def test_the_page_loads_pandas_where_its_function_gets_a_data_frame(opened: tuple[Page, Nginx]) -> None:
    first, server = opened
    page = first.context.new_page()
    status = open_demo(page, server.url("pandas-table/"))
    assert status["state"] == "ready"
    assert page.evaluate("() => pageside.predict(pageside.bundle.interface.inputs[0].props.value)") == [
        {"headers": ["who", "x"], "data": [["a", None], ["b", 1.5]]},
        "float64",
    ]
    page.close()
    names = "() => pageside.bundle.runtime.pyodide.wheels.map(({ name }) => name)"
    assert "pandas" not in first.evaluate(names)
