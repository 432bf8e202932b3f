"""The panel with the report card: loaded when it is opened, readable by everyone."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import Watch
from nginx import Nginx
from pages import open_demo
from playwright.sync_api import Page
from test_looks import CONTRASTS, OVERFLOW, PHONE, focus_is_seen, tab_to

ADDRESS = "classify-photo/?backend=wasm"
PLOTS = ["error-bytes", "time-bytes", "error-layers"]
# What the panel is drawn from: the report, its module, its pictures.
PARTS = re.compile(r"/report\.json$|/report-view\.js$|/report/")
DRAWN = "() => [...document.querySelectorAll('#report img')].every((image) => image.complete && image.naturalWidth > 0)"


def open_report(page: Page) -> None:
    page.locator("#report > summary").click()
    page.locator("#report table").wait_for()


def test_nothing_of_it_is_loaded_before_it_is_opened(watch: Watch, page: Page, server: Nginx) -> None:
    open_demo(page, server.url(ADDRESS))
    assert [url for url in watch.requests if PARTS.search(url)] == []
    open_report(page)
    page.locator("#report img").last.scroll_into_view_if_needed()
    page.wait_for_function(DRAWN)
    # The service worker may fetch one of them once more, to keep it.
    loaded = {url.rpartition("/")[2] for url in watch.requests if PARTS.search(url)}
    assert loaded == {"report-view.js", "report.json", *(f"efficientnet-lite0.{kind}.svg" for kind in PLOTS)}


def test_it_says_what_the_report_says(page: Page, server: Nginx, site: Path) -> None:
    report = json.loads((site / "classify-photo" / "report.json").read_text(encoding="utf-8"))
    (model,) = report["models"]
    page.goto(server.url(ADDRESS))
    open_report(page)
    panel = page.locator("#report")
    shown = [row.split("\t") for row in panel.locator("tbody tr").all_inner_texts()]
    assert [row[0] for row in shown] == [one["id"] for one in model["variants"]]
    assert [row[1] for row in shown] == [
        "rejected" if one["rejected"] else "published" if one["published"] else "not needed"
        for one in model["variants"]
    ]
    text = panel.inner_text()
    assert model["sentence"] in text
    assert report["weights"]["licence"] in text
    assert report["weights"]["source"] in text
    assert f"torch {report['versions']['torch']}" in text
    for one in model["variants"]:
        assert (one["sha256"] in text) == one["published"]
    for plot in model["plots"]:
        assert plot["caption"] in text
    for link in panel.locator(".report-links a").all():
        assert page.request.get(str(link.get_attribute("href"))).status == 200


def test_by_keyboard_and_for_a_screen_reader(page: Page, server: Nginx) -> None:
    open_demo(page, server.url(ADDRESS))
    tab_to(page, "How this model was verified")
    assert focus_is_seen(page)
    page.keyboard.press("Enter")
    page.get_by_role("table", name="The variants of efficientnet-lite0").wait_for()
    assert page.get_by_role("columnheader", name="Verdict").is_visible()
    assert page.get_by_role("rowheader", name="fp32").is_visible()
    tab_to(page, "The variants of")
    assert focus_is_seen(page)
    names = [image.get_attribute("alt") or "" for image in page.get_by_role("img").all()]
    assert sum(name.startswith("Plot of ") for name in names) == 3


def test_the_badge_leads_to_it(page: Page, server: Nginx) -> None:
    open_demo(page, server.url(ADDRESS))
    page.locator(".badge > summary").click()
    page.locator(".badge").get_by_role("link", name="How this model was verified").click()
    page.locator("#report table").wait_for()
    assert page.locator("details.badge").get_attribute("open") is None
    assert page.locator("#report").evaluate("(panel) => panel.getBoundingClientRect().top < innerHeight")


def test_its_address_opens_it(page: Page, server: Nginx) -> None:
    page.goto(server.url(f"{ADDRESS}#report"))
    page.locator("#report table").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_in_light_and_dark(page: Page, server: Nginx, scheme: Any) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=scheme)
    page.goto(server.url(ADDRESS))
    open_report(page)
    wide, room = page.evaluate(OVERFLOW)
    assert wide <= room
    poor = {name: round(ratio, 2) for name, ratio in page.evaluate(CONTRASTS) if ratio < 4.5}
    assert not poor
    image = page.locator("#report img").first
    image.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('#report img').complete")
    assert (brightness(page, "#report img") > 127) == (scheme == "light")


def brightness(page: Page, selector: str) -> float:
    """Of a picture's ground as it is drawn on the page, where an SVG file takes the page's colour scheme."""
    import io

    from PIL import Image

    with Image.open(io.BytesIO(page.locator(selector).first.screenshot())) as shot:
        return float(shot.convert("L").getpixel((shot.width - 20, shot.height // 3)))  # type: ignore[arg-type]


def test_a_report_that_is_gone_says_so_and_can_be_tried_again(watch: Watch, page: Page, server: Nginx) -> None:
    watch.expect("404")
    page.route("**/report.json", lambda route: route.fulfill(status=404))
    page.goto(server.url(ADDRESS))
    page.locator("#report > summary").click()
    fault = page.locator("#report .fault")
    fault.wait_for()
    assert "report.json could not be read: the host answered 404" in fault.inner_text()
    page.unroute("**/report.json")
    fault.get_by_role("button").click()
    page.locator("#report table").wait_for()


def test_a_demo_without_a_model_has_no_such_panel(page: Page, server: Nginx) -> None:
    page.goto(server.url("greet/"))
    page.locator("#share").wait_for()
    assert page.locator("#report").count() == 0
