"""Image as a module of the page: a picture with something transparent in it, shown, given on and as an input."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import page_site
import pageside as ps
import pytest
from page_site import component
from PIL import Image as Pillow
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


@pytest.mark.parametrize("max_side", [None, 16])
def test_an_input_with_alpha_is_as_natively(page: Page, max_side: int | None) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (24, 40, 4), np.uint8)
    pixels[:4, :, 3], pixels[4:8, :, 3] = 0, 255
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "PNG")
    config = f"{{ label: '', props: {{ image_mode: 'RGBA', max_side: {max_side or 'null'} }} }}"
    blob = f"new Blob([new Uint8Array({list(buffer.getvalue())})])"
    seen = in_module(page, f"return [...(await image.toPayload({blob}, {config})).data];")
    native = ps.Image(image_mode="RGBA", max_side=max_side).read_input(Pillow.fromarray(pixels), Path())
    assert native is not None
    assert seen == native["data"].tolist()


def test_what_is_transparent_goes_on_so_where_that_is_asked_for(page: Page) -> None:
    config = "{ label: '', props: { image_mode: 'RGBA' } }"
    pixels = in_module(page, f"return [...(await image.toPayload({PAYLOAD}, {config})).data];")
    assert pixels == [255, 0, 0, 255, 0, 0, 255, 51]
