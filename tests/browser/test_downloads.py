"""Downloads that survive a cut at any byte, a full device and a second tab; more in test_host_faults.py."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faulty import Fault, Faulty
from native import bundle
from offline_site import visitor
from pages import is_packed
from playwright.sync_api import Browser, BrowserContext, Page

READY = "() => window.pageside.ready.then(() => window.pageside.status())"
ANSWER = "() => window.pageside.predict(...window.pageside.examples[1].inputs)"
STORED = "() => window.pageside.examples[1].outputs[0].label"
STORAGE = "() => window.pageside.status().storage"
PATH = "classify-photo/?backend=wasm&sw=off"


@pytest.fixture
def host(site: Path) -> Iterator[Faulty]:
    faulty = Faulty(site)
    yield faulty
    faulty.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    with visitor(chromium) as device:
        yield device


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def part(site: Path) -> dict[str, Any]:
    model = bundle(site, "classify-photo")["models"][0]
    best = model["backends"]["wasm"][0]
    found: dict[str, Any] = next(one for one in model["variants"] if one["id"] == best)["parts"][0]
    return found


def answers(page: Page) -> None:
    page.evaluate(READY)
    assert page.evaluate(ANSWER)["label"] == page.evaluate(STORED)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.999999])
def test_a_cut_connection_goes_on_where_it_broke_off(
    host: Faulty, page: Page, part: dict[str, Any], share: float
) -> None:
    at = int(part["bytes"] * share)
    host.faults[part["url"]] = [Fault(cut_at=at)]
    page.goto(host.url(PATH))
    answers(page)
    asked = host.of(part["url"])
    assert len(asked) == 2
    # What was on its way when the connection broke may be lost; what had come is not asked for again.
    assert int(asked[1].removeprefix("bytes=").removesuffix("-") or 0) <= at
    assert share < 0.5 or asked[1]


def test_a_host_without_ranges_sends_it_again(host: Faulty, page: Page, part: dict[str, Any]) -> None:
    host.ranges = False
    host.faults[part["url"]] = [Fault(cut_at=1_000_000), Fault(cut_at=2_000_000)]
    page.goto(host.url(PATH))
    answers(page)
    assert len(host.of(part["url"])) == 3


def test_wrong_bytes_are_asked_for_once_more(host: Faulty, page: Page, part: dict[str, Any]) -> None:
    """A cache on the way may be broken; what is wrong twice is an integrity fault (test_integrity.py)."""
    host.faults[part["url"]] = [Fault(flip=part["bytes"] // 2)]
    page.goto(host.url(PATH))
    answers(page)
    assert host.of(part["url"]) == ["", ""]


def test_a_cut_file_that_changed_meanwhile_is_read_anew(host: Faulty, page: Page, part: dict[str, Any]) -> None:
    """The rest of another file does not fit; its hash says so."""
    host.faults[part["url"]] = [Fault(cut_at=1_000_000, flip=1000)]
    page.goto(host.url(PATH))
    answers(page)
    assert host.of(part["url"])[-1] == ""


def test_two_tabs_do_not_download_twice(host: Faulty, context: BrowserContext, page: Page) -> None:
    host.seconds = 1.5
    other = context.new_page()
    page.goto(host.url(PATH), wait_until="commit")
    other.goto(host.url(PATH), wait_until="commit")
    for tab in (page, other):
        tab.wait_for_function("() => window.pageside")
        answers(tab)
    files = [path for path, _ in host.asked if is_packed(path)]
    assert len(files) > 5
    assert sorted(files) == sorted(set(files))


def test_a_tab_that_stopped_with_a_file_in_hand_is_not_waited_for(
    host: Faulty, context: BrowserContext, page: Page, part: dict[str, Any]
) -> None:
    """In WebKit the page before this one is such a tab, for minutes."""
    stopped = context.new_page()
    stopped.goto(host.url("greet/?sw=off"))
    lock = """(name) => new Promise((begun) => {
      navigator.locks.request(name, () => { begun(); return new Promise(() => undefined); });
    })"""
    stopped.evaluate(lock, f"pageside/{part['sha256']}")
    page.goto(host.url(PATH))
    answers(page)
    assert len(host.of(part["url"])) == 1


def test_without_locks_both_tabs_work(host: Faulty, context: BrowserContext, page: Page) -> None:
    host.seconds = 0.3
    context.route(
        "**/src/worker/{main,models}.js",
        lambda route: route.fulfill(
            body="Object.defineProperty(WorkerNavigator.prototype, 'locks',"
            " { value: undefined });\n" + route.fetch().text(),
            content_type="text/javascript",
        ),
    )
    other = context.new_page()
    for tab in (page, other):
        tab.goto(host.url(PATH))
    for tab in (page, other):
        answers(tab)
    context.unroute_all()


def test_a_full_device_is_told_and_the_demo_works(host: Faulty, context: BrowserContext, page: Page) -> None:
    session = context.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": host.origin, "quotaSize": 8_000_000})
    page.goto(host.url(PATH))
    answers(page)
    page.wait_for_function(f"() => ({STORAGE})() === 'full'")
    page.locator(".badge summary").click()
    assert "no room to keep the files" in page.locator(".backends-storage").inner_text()
    page.reload()
    answers(page)


def test_a_device_with_room_says_so(host: Faulty, page: Page) -> None:
    page.goto(host.url("greet/?sw=off"))
    page.evaluate(READY)
    page.wait_for_function(f"() => ({STORAGE})() === 'kept'")
    page.locator(".badge summary").click()
    assert page.locator(".backends-storage").inner_text() == "Kept on this device for the next visit."


def test_progress_says_what_comes_and_how_fast(host: Faulty, page: Page) -> None:
    host.seconds = 3
    page.goto(host.url(PATH), wait_until="commit")
    page.wait_for_function("() => / · [0-9.]+ [kM]B\\/s$/.test(document.getElementById('badge')?.textContent)")
    words = page.locator("#badge").inner_text()
    assert words.startswith("Loading ")
    assert " of " in words
    answers(page)
