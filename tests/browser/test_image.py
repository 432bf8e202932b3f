"""Image as a module of the page: an answer with something transparent in it, shown and given on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import page_site
import pytest
from page_site import component
from playwright.sync_api import Browser, Page

FACE = page_site.interface([component("textbox", "name", lines=1)], [component("image", "Cut out")])
# A red pixel, and a blue one of which a fifth is there.
PAYLOAD = "{ width: 2, height: 1, data: new Uint8Array([255, 0, 0, 255, 0, 0, 255, 51]) }"
CONFIG = '{ label: "", props: {} }'


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    root = page_site.make_site(tmp_path)
    page_site.bundle(root / "cut", FACE, [], fake={"status": page_site.PYTHON_STATUS, "outputs": [None]})
    server = page_site.serve(root)
    page = chromium.new_page(base_url=f"http://127.0.0.1:{server.server_port}/")
    page.goto("cut/")
    yield page
    page.close()
    server.shutdown()


def in_module(page: Page, body: str) -> list[int]:
    address = f"/{page_site.ASSETS}src/page/components/image.js"
    return page.evaluate(f"async () => {{ const image = await import({address!r}); {body} }}")


def test_what_is_transparent_is_shown_so(page: Page) -> None:
    shown = f"const canvas = image.picture({PAYLOAD}, 'Cut out');"
    pixels = in_module(page, f"{shown} return [...canvas.getContext('2d').getImageData(0, 0, 2, 1).data];")
    assert pixels == [255, 0, 0, 255, 0, 0, 255, 51]


def test_as_an_input_it_lies_on_white(page: Page) -> None:
    pixels = in_module(page, f"return [...(await image.toPayload({PAYLOAD}, {CONFIG})).data];")
    assert pixels == [255, 0, 0, 204, 204, 255]
    public = in_module(page, f"return [...image.toPublic({PAYLOAD}, {CONFIG}).data];")
    assert public == [255, 0, 0, 255, 0, 0, 255, 51]
