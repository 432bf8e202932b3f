"""Which example a page opens with, in Chromium, with a worker that plays a part (`fake_worker.js`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import page_site
import pytest
from playwright.sync_api import Browser, expect


@pytest.mark.parametrize(("first", "name", "words"), [(1, "Grace", "Hello Grace!!"), (False, "", "No answer yet")])
def test_the_page_opens_with_the_one_that_the_maker_says(
    chromium: Browser, tmp_path: Path, first: Any, name: str, words: str
) -> None:
    root = page_site.make_site(tmp_path)
    path = root / "greet" / "bundle.json"
    content = json.loads(path.read_text())
    content["interface"]["preload_example"] = first
    path.write_text(json.dumps(content))
    server = page_site.serve(root)
    page = chromium.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/greet/")
    expect(page.get_by_text(words)).to_be_visible()
    assert page.get_by_label("name").input_value() == name
    assert page.locator(".example[aria-pressed=true]").count() == (1 if name else 0)
    page.get_by_role("button", name="Example 1: Ada").click()
    expect(page.get_by_label("name")).to_have_value("Ada")
    page.close()
    server.shutdown()
