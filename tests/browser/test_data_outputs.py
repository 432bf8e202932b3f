"""JSON, HTML and File on one page, built and run as a maker's is: a tree, text that is harmless, files both ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Watch
from nginx import Nginx
from pages import ANSWERED, forget_answer, open_demo
from pageside_export import cli
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.browser
SOURCE = """import tempfile
from pathlib import Path

import numpy as np
import pageside as gr

WORDS = '''<p class="card">Read by <span style="background-color: rgb(255, 221, 85); color: #222">NAME</span>,
<a href="https://example.org/more">more</a> <a href="javascript:window.broken = 1">less</a></p>
<svg width="40" viewBox="0 0 40 40"><circle r="20" cx="20" cy="20" fill="teal"/></svg>
<style>.card { border-left: 3px solid rgb(1, 2, 3) }</style><div style="position: fixed; inset: 0">over all</div>'''


def look(name, files):
    written = []
    for path in files:
        copy = Path(tempfile.gettempdir(), "upper " + Path(path).name)
        copy.write_bytes(Path(path).read_bytes().upper())
        written.append(copy)
    boxes = {"score": np.float32(0.25), "text": name, "none": None, "nan": np.nan, "deep": [[[[1, 2]]]]}
    return {'a"b': None, "boxes": [boxes], "many": np.arange(1000)}, WORDS.replace("NAME", name), written


gr.Interface(
    look,
    [gr.Textbox(label="Name"), gr.File(file_count="multiple", file_types=[".csv", ".txt"], label="Tables")],
    [gr.JSON(label="Data"), gr.HTML(label="Words"), gr.File(label="Copies", height=90)],
    examples=[["Ada", ["examples/first.csv"]]],
).launch()
"""
EVIL = """<img src=x onerror="window.broken=1"><script>window.broken=1</script><iframe src="https://example.org/f"></iframe>
<svg onload="window.broken=1"><image href="https://example.org/i.png"/><use href="https://example.org/u.svg#a"/></svg>
<p style="background: url(https://example.org/b.png) teal">styled</p><table background="https://example.org/t.png"></table>
<form action="https://example.org/post"><button>send</button></form><base href="https://example.org/">
<math><a href="javascript:window.broken=1">math</a></math><ps-image></ps-image><style>@font-face { font-family: a;
src: url(https://example.org/f.woff) } p { background: url(https://example.org/p.png) }</style>style = "kept" """
TREE = "() => document.querySelector('ps-json').value"


@pytest.fixture(scope="module")
def page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("look")
    (folder / "demo.py").write_text(SOURCE)
    (folder / "examples").mkdir()
    (folder / "examples" / "first.csv").write_text("a,b\n")
    assert cli.main(["build", str(folder), "-o", str(folder / "dist"), "--no-browser"]) == 0
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    with Nginx(folder / "nginx", {"/": folder / "dist"}) as server:
        watch = Watch(context, {server.origin})
        watch.expect(r'^HTML "Words": a page shows no ')
        page = context.new_page()
        open_demo(page, server.url(f"{folder.name}/"))
        yield page
        watch.verify()
        # What is left out is named, and named once.
        told = " ".join(line for line in watch.complaints if line.startswith("HTML"))
        for name in (
            "<script>",
            "onerror",
            "<iframe>",
            "<form>",
            "<base>",
            "<ps-image>",
            "no href",
            "background-image",
        ):
            assert told.count(name) == 1, (name, told)
    context.close()


def group(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=name)


def ask(page: Page, name: str) -> None:
    forget_answer(page)
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("button", name="Submit").click()
    page.wait_for_function(ANSWERED)


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    given: Any = [{"name": name, "mimeType": "text/plain", "buffer": content} for name, content in files]
    page.locator("ps-file input[type=file]").set_input_files(given)


def test_the_example_s_answer_is_there_and_is_the_page_s_too(page: Page) -> None:
    expected = page.evaluate(TREE)
    assert expected['a"b'] is None
    assert expected["boxes"] == [{"score": 0.25, "text": "Ada", "none": None, "nan": "NaN", "deep": [[[[1, 2]]]]}]
    answers = page.evaluate(
        """async () => {
          const [data, words, files] = await pageside.predict(...pageside.examples[0].inputs);
          return [data, words, files.map((file) => [file instanceof File, file.name, file.size])];
        }"""
    )
    assert answers[0] == expected
    assert "Read by" in answers[1]
    assert answers[2] == [[True, "upper first.csv", 4]]


def test_a_tree_opens_by_keyboard_and_in_steps(page: Page) -> None:
    tree = group(page, "Data")
    expect(tree.get_by_text('"Ada"')).to_be_visible()
    expect(tree.get_by_text("0.25")).to_be_visible()
    deep = tree.locator("summary", has_text="deep")
    expect(deep).to_have_text("deep: [ ] 1 item")
    inner = deep.locator("xpath=..")
    assert inner.evaluate("(one) => one.open") is False
    deep.focus()
    page.keyboard.press("Enter")
    expect(inner.locator("summary").nth(1)).to_be_visible()
    many = tree.locator("details", has=page.locator("> summary", has_text="many"))
    rows = many.last.locator("> ul > li:visible")
    expect(rows).to_have_count(101)
    more = many.last.get_by_role("button", name="… 900 more")
    more.focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(201)
    expect(many.last.get_by_role("button", name="… 800 more")).to_be_focused()
    ask(page, "Grace")
    # What the visitor opened is open in the next answer.
    expect(tree.get_by_text('"Grace"')).to_be_visible()
    assert inner.evaluate("(one) => one.open") is True


def test_the_tree_is_copied_as_json(page: Page) -> None:
    group(page, "Data").get_by_role("button", name="Copy").click()
    expect(group(page, "Data").get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("async () => JSON.parse(await navigator.clipboard.readText())") == page.evaluate(TREE)


def test_html_looks_as_the_maker_wrote_it(page: Page) -> None:
    words = group(page, "Words")
    colour = "(one) => [getComputedStyle(one).backgroundColor, getComputedStyle(one).color]"
    assert words.locator("span").last.evaluate(colour) == ["rgb(255, 221, 85)", "rgb(34, 34, 34)"]
    link = words.get_by_role("link", name="more")
    assert [link.get_attribute(name) for name in ("href", "rel", "target")] == [
        "https://example.org/more",
        "noopener nofollow",
        "_blank",
    ]
    expect(words.get_by_text("less")).not_to_have_attribute("href", "javascript:window.broken = 1")
    # Its own style holds, the page's .card does not, nor does the maker's outside.
    border = "(one) => [getComputedStyle(one).borderLeftColor, getComputedStyle(one).borderRightWidth]"
    assert words.locator(".card").evaluate(border) == ["rgb(1, 2, 3)", "0px"]
    assert page.locator(".input-side.card").evaluate(border) != ["rgb(1, 2, 3)", "0px"]
    assert words.locator("circle").evaluate("(one) => one instanceof SVGCircleElement && one.getBBox().width") == 40
    # What is fixed stays in its box.
    inside = "(one) => one.getBoundingClientRect().width <= one.getRootNode().host.offsetWidth"
    assert words.get_by_text("over all").evaluate(inside)


def test_what_a_visitor_writes_into_html_is_harmless(page: Page) -> None:
    ask(page, EVIL)
    words = group(page, "Words")
    expect(words.get_by_text("styled")).to_be_visible()
    assert words.get_by_text("styled").evaluate("(one) => one.style.backgroundColor") == "teal"
    page.wait_for_timeout(200)
    assert page.evaluate("() => window.broken") is None
    inner = page.locator("ps-html .html-view").evaluate("(one) => one.shadowRoot.innerHTML")
    for part in ("onerror", "onload", "<script", "<iframe", "<form", "<button", "javascript:", "example.org/i", "<ps-"):
        assert part not in inner
    assert 'style = "kept"' in inner
    assert "example.org" not in inner.replace('<a href="https://example.org/more"', "")


def test_files_go_to_the_function_and_come_back(page: Page) -> None:
    field = page.locator("ps-file").first
    choose(page, ("second one.txt", b"two"), ("third.csv", b""))
    expect(field.get_by_role("listitem")).to_have_count(3)  # the example's was there
    field.get_by_role("button", name="Remove first.csv").click()
    expect(field.get_by_role("listitem")).to_have_count(2)
    expect(field.get_by_role("button", name="Choose files")).to_be_focused()
    ask(page, "files")
    copies = group(page, "Copies")
    expect(copies.get_by_role("listitem")).to_have_text(
        ["upper second one.txt3 bytesDownload", "upper third.csv0 bytesDownload"]
    )
    with page.expect_download() as download:
        copies.get_by_role("button", name="Download upper second one.txt").click()
    assert download.value.suggested_filename == "upper second one.txt"
    assert Path(download.value.path()).read_bytes() == b"TWO"


def test_what_is_of_the_wrong_kind_is_told(page: Page) -> None:
    field = page.locator("ps-file").first
    choose(page, ("photo.png", b"x"))
    expect(field.get_by_role("alert")).to_have_text("photo.png can't be used here. Choose a file of .csv, .txt.")
    expect(field.get_by_role("listitem")).to_have_count(2)
    drop = """(name) => document.querySelector("ps-file").takeFiles([new File(["x"], name)])"""
    assert page.evaluate(drop, "other.zip") is True
    expect(field.get_by_role("alert")).to_contain_text("other.zip can't be used here.")
    assert page.evaluate(drop, "dropped.CSV") is True
    expect(field.get_by_role("alert")).to_be_hidden()
    expect(field.get_by_role("listitem").last).to_contain_text("dropped.CSV")
    big = """async () => {
      const big = new File([], "big.csv");
      Object.defineProperty(big, "size", { value: 6e8 });
      return pageside.predict("x", big).catch(({ stage, message }) => `${stage}: ${message}`);
    }"""
    assert page.evaluate(big) == "input: 600.0 MB are too much for a page; 512 MB is the most."


def test_in_a_narrow_page_nothing_is_wider_than_it(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1280, "height": 720})


def test_without_an_answer_they_say_so(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    expect(group(page, "Data")).to_contain_text("No answer yet")
    expect(group(page, "Words")).to_contain_text("No answer yet")
    expect(group(page, "Copies")).to_contain_text("No file yet")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("ps-file").first.get_by_role("alert")).to_have_text("Choose a file first.")
