"""HighlightedText on a page, in Chromium, with a worker that plays a part (`fake_worker.js`)."""

from __future__ import annotations

from pathlib import Path

import page_site
from page_site import component
from playwright.sync_api import Browser, expect


def test_the_colour_of_a_score_is_full_at_one_and_beyond(chromium: Browser, tmp_path: Path) -> None:
    root = page_site.make_site(tmp_path)
    shown = component("highlightedtext", "Words", color_map={}, show_legend=False, show_inline_category=True)
    face = page_site.interface([component("textbox", "name", lines=1)], [shown])
    spans = [["a", 0.5], ["b", 1], ["c", 7], ["d", -3.5]]
    fake = {"status": page_site.PYTHON_STATUS, "outputs": [None]}
    page_site.bundle(root / "words", face, [{"inputs": ["Ada"], "outputs": [spans]}], fake=fake)
    server = page_site.serve(root)
    page = chromium.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/words/")
    marks = page.locator("mark")
    expect(marks).to_have_text(["a 0.50", "b 1.00", "c 7.00", "d -3.50"])
    shares = marks.evaluate_all("(all) => all.map((one) => one.style.getPropertyValue('--share'))")
    assert shares == ["0.5", "1", "1", "1"]
    assert marks.evaluate_all("(all) => all.map((one) => 'negative' in one.dataset)") == [False, False, False, True]
    page.close()
    server.shutdown()
