"""The same in three engines: the gallery opens, greet answers, an unseen photo is classified and verified."""

from collections.abc import Iterator

import pytest
from conftest import require
from drivers import ENGINES, Driver
from nginx import Nginx
from playwright.sync_api import Playwright

CARDS = """
for (let i = 0; i < 300 && !document.querySelector(".card-link"); i++) await new Promise((r) => setTimeout(r, 50));
return [...document.querySelectorAll(".card-link")].map((link) => link.textContent);
"""
GREET = "await window.pageside.ready; return window.pageside.predict('Ada');"
CLASSIFY = """
await window.pageside.ready;
const answer = await window.pageside.predict("/photos/bricks.png");
const example = window.pageside.examples[1];
const again = await window.pageside.predict(...example.inputs);
return { label: answer.label, again: again.label, stored: example.outputs[0].label, status: window.pageside.status(),
         badge: document.getElementById("badge").textContent };
"""


@pytest.fixture(scope="module", params=list(ENGINES))
def browser(request: pytest.FixtureRequest, playwright: Playwright) -> Iterator[Driver]:
    require(request.param)
    driver = ENGINES[request.param](playwright)
    yield driver
    driver.close()


def test_the_gallery_opens(browser: Driver, server: Nginx) -> None:
    browser.open(server.url())
    assert {"Classify a photo", "Greet"} <= set(browser.eval_async(CARDS))


def test_greet_answers(browser: Driver, server: Nginx) -> None:
    browser.open(server.url("greet/"))
    assert browser.eval_async(GREET) == "Hello Ada!!"


def test_an_unseen_photo_is_classified_and_verified(browser: Driver, server: Nginx) -> None:
    browser.open(server.url("classify-photo/"))
    seen = browser.eval_async(CLASSIFY)
    assert seen["label"] == "maze"
    assert seen["again"] == seen["stored"]
    assert seen["status"]["cosine"] > 0.99
    assert "verified, cos 0.99" in seen["badge"]


def test_nothing_was_complained_about(browser: Driver) -> None:
    """Last: after all of the above."""
    assert browser.console_errors() == []
