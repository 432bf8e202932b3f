"""In a page of another origin: the tag `<pageside-demo>`, and `connect()` from client.js."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PHOTOS, Watch
from nginx import Nginx
from playwright.sync_api import Page

BLOG = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A post</title>
<link rel="icon" href="data:,"><h1>A post</h1>
<p style="height: 3000px">Long words.</p>
<script src="{site}embed.js" async></script>
<pageside-demo src="{site}greet/" title="Greet, live"></pageside-demo><p id="after">The end.</p></html>"""
APP = """<!doctype html><html lang="en"><meta charset="utf-8"><title>An app</title><link rel="icon" href="data:,">
<input type="file" id="file"><script type="module">
import {{ connect }} from "{site}client.js";
window.demo = await connect("{site}classify-photo/");
window.started = true;
</script></html>"""


@pytest.fixture
def public(site: Path, tmp_path: Path) -> Iterator[Nginx]:
    """The site where other origins may read it, as on GitHub Pages."""
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "max-age=600"}
    with Nginx(tmp_path / "public", {"/pageside/": site}, headers) as nginx:
        yield nginx


@pytest.fixture
def blog(tmp_path: Path, public: Nginx, server: Nginx, watch: Watch) -> Iterator[Nginx]:
    """Another origin, with a post that embeds the demo and an app that imports from the site."""
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "post.html").write_text(BLOG.format(site=public.url()), encoding="utf-8")
    (pages / "app.html").write_text(APP.format(site=public.url()), encoding="utf-8")
    with Nginx(tmp_path / "blog", {"/": pages}) as nginx:
        watch.allow(nginx.origin)
        watch.allow(public.origin)
        yield nginx


def test_the_tag_loads_in_view_and_its_height_follows(blog: Nginx, public: Nginx, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(blog.url("post.html"))
    page.wait_for_timeout(500)
    assert page.locator("pageside-demo").count() == 1
    assert [url for url in asked if url.startswith(public.origin)], "embed.js was not asked for"
    assert not [url for url in asked if "/greet/" in url], "the demo was loaded before it came into view"
    page.locator("#after").scroll_into_view_if_needed()
    frame = page.frame_locator("pageside-demo iframe")
    frame.get_by_role("button", name="Submit").wait_for()
    page.wait_for_function(HEIGHT_FITS)
    before = page.locator("pageside-demo iframe").bounding_box()
    frame.locator("#code > summary").click()
    page.wait_for_function(
        f"(h) => document.querySelector('pageside-demo iframe').clientHeight > h + 100 && ({HEIGHT_FITS})()",
        arg=before["height"],
    )  # type: ignore[index]
    frame.locator("#code > summary").click()
    page.wait_for_function(
        "(h) => Math.abs(document.querySelector('pageside-demo iframe').clientHeight - h) < 3", arg=before["height"]
    )  # type: ignore[index]


# The frame's page is of another origin, so the height that it should have comes by the tag's own message.
HEIGHT_FITS = """() => {
  const frame = document.querySelector("pageside-demo iframe");
  return frame !== null && frame.clientHeight !== 480 && frame.clientHeight > 100;
}"""


def test_the_embedded_demo_answers(blog: Nginx, page: Page) -> None:
    page.goto(blog.url("post.html"))
    page.locator("#after").scroll_into_view_if_needed()
    frame = page.frame_locator("pageside-demo iframe")
    frame.locator("ps-textbox :is(input, textarea)").fill("Blog")
    frame.get_by_role("button", name="Submit").click()
    frame.locator(".text-output").filter(has_text="Hello Blog!!").wait_for()
    title = page.locator("pageside-demo iframe").get_attribute("title")
    assert title == "Greet, live"


def test_the_frame_does_not_scroll_by_itself(blog: Nginx, page: Page) -> None:
    page.goto(blog.url("post.html"))
    page.locator("#after").scroll_into_view_if_needed()
    page.frame_locator("pageside-demo iframe").locator("#badge").filter(has_text="runs on your device").wait_for()
    page.wait_for_timeout(300)
    inner = next(frame for frame in page.frames if frame != page.main_frame)
    high, room = inner.evaluate("() => [document.documentElement.scrollHeight, document.documentElement.clientHeight]")
    assert high <= room + 1


def test_a_height_message_from_somewhere_else_is_ignored(blog: Nginx, page: Page) -> None:
    page.goto(blog.url("post.html"))
    page.locator("#after").scroll_into_view_if_needed()
    page.frame_locator("pageside-demo iframe").get_by_role("button", name="Submit").wait_for()
    page.wait_for_function(HEIGHT_FITS)
    page.evaluate("() => window.postMessage({ type: 'pageside:height', height: 9999 }, '*')")
    page.wait_for_timeout(200)
    assert page.locator("pageside-demo iframe").bounding_box()["height"] < 9000  # type: ignore[index]


def test_connect_from_another_origin(blog: Nginx, page: Page) -> None:
    page.goto(blog.url("app.html"))
    page.wait_for_function("() => window.started")
    page.evaluate("() => window.demo.ready")
    status: dict[str, Any] = page.evaluate("() => window.demo.status()")
    assert status["state"] == "ready"
    assert status["cosine"] > 0.99
    assert status["threads"] == 1
    page.locator("#file").set_input_files(PHOTOS / "bricks.png")
    answer = page.evaluate("() => window.demo.predict(document.getElementById('file').files[0])")
    assert answer["label"] == "maze"
    assert len(answer["confidences"]) == 5
    again = page.evaluate("() => window.demo.predict(...window.demo.examples[1].inputs)")
    assert again["label"] == page.evaluate("() => window.demo.examples[1].outputs[0].label")
    page.evaluate("() => window.demo.close()")


def test_connect_where_the_host_forbids_it_says_so(blog: Nginx, server: Nginx, watch: Watch, page: Page) -> None:
    watch.allow(server.origin)
    watch.expect("CORS policy|Failed to load resource")
    page.goto(blog.url("app.html"))
    page.wait_for_function("() => window.started")
    script = """async (url) => {
      const site = window.demo.examples[0].inputs[0].file.url.replace(/classify-photo.*/, "");
      const { connect } = await import(new URL("client.js", site));
      return connect(url).then(() => null, (error) => [error.name, error.stage, error.message]);
    }"""
    name, stage, message = page.evaluate(script, server.url("greet/"))
    assert (name, stage) == ("DownloadError", "download")
    assert "bundle.json" in message


def test_requests_of_a_worker_are_seen_by_the_watch(server: Nginx, watch: Watch, page: Page) -> None:
    """The guard of all these tests is worth nothing if it does not see what the worker asks for."""
    page.goto(server.url("greet/"))
    page.evaluate("() => window.pageside.ready")
    assert [url for url in watch.requests if "/pyodide/" in url and url.endswith(".zst")]
