"""Faults of host, line and storage in each engine: survived, or named, and then the page answers without a reload."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import require
from drivers import ENGINES, Driver
from engine_bundle import BundleFolder, close_to, make_bundle, replace
from engine_visit import START
from faulty import Fault, Faulty
from pages import is_packed
from playwright.sync_api import Playwright

#: No room is left on the device.
FULL = """Cache.prototype.put = () => Promise.reject(new DOMException("no room", "QuotaExceededError"));
"""
ANSWER = 'return (await window.engine.call(["TEXT"])).outputs[0];'
#: Another engine of the same page shares its cache and its locks, as another tab does.
TWO = f"""
const engines = [];
for (const start of [0, 1]) engines.push(({START})({{}}).then(() => window.engine));
await Promise.all(engines);
return (await window.engine.call(["both"])).outputs[0];
"""
#: What is downloaded is kept once it is whole; then the tab goes, and with it its workers.
LEFT = """
const kept = async () => (await (await caches.open("pageside-1")).match("/.pageside/SHA")) !== undefined;
for (let i = 0; i < 300 && !await kept(); i++) await new Promise((r) => setTimeout(r, 100));
const was = await kept();
window.engine.close();
return was;
"""
HANG = """
await window.engine.edit(SOURCE);
const stop = new AbortController();
const hang = window.engine.call(["hang"], { signal: stop.signal }).then(() => null, (e) => [e.stage, e.message]);
const next = window.engine.call(["next"]);
setTimeout(() => stop.abort(), 200);
return { hang: await hang, next: (await next).outputs[0] };
"""
PRINT = """
await window.engine.edit(SOURCE);
window.printed.length = 0;
const answer = (await window.engine.call(["done"])).outputs[0];
return { answer, texts: window.printed.map((one) => one.text) };
"""


#: So many tests share a browser: WebKit holds the memory of pages that are gone, and soon gives no more.
SHARED = 3


class Renewed:
    """A browser that is another one after SHARED tests."""

    def __init__(self, launch: Callable[[], Driver]) -> None:
        self.launch = launch
        self.driver = launch()
        self.uses = 0

    def take(self) -> Driver:
        if self.uses == SHARED:
            self.driver.close()
            self.driver, self.uses = self.launch(), 0
        self.uses += 1
        return self.driver


@pytest.fixture(scope="module", params=list(ENGINES))
def renewed(request: pytest.FixtureRequest, playwright: Playwright) -> Iterator[Renewed]:
    require(request.param)
    holder = Renewed(lambda: ENGINES[request.param](playwright))
    yield holder
    holder.driver.close()


@pytest.fixture
def browser(renewed: Renewed) -> Driver:
    return renewed.take()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> BundleFolder:
    return make_bundle(tmp_path_factory.mktemp("host") / "site")


@pytest.fixture
def folder(template: BundleFolder, tmp_path: Path) -> BundleFolder:
    return template.copy(tmp_path / "site")


@pytest.fixture
def host(folder: BundleFolder) -> Iterator[Faulty]:
    faulty = Faulty(folder.root)
    yield faulty
    faulty.close()


def start(driver: Driver, host: Faulty) -> dict[str, Any]:
    """The engine's status, or what it was rejected with."""
    driver.open(host.url("demo/"))
    plain = "({ message }) => JSON.parse(message.replace('FAULT ', ''))"
    return dict(driver.eval_async(f"return ({START})({{}}).catch({plain});"))


def ready(driver: Driver, host: Faulty) -> None:
    status = start(driver, host)
    assert status.get("state") == "ready", status


def answers(driver: Driver, script: str = ANSWER, text: str = "next") -> None:
    assert close_to(driver.eval_async(script.replace("TEXT", text)), text)


def python(folder: BundleFolder) -> dict[str, Any]:
    found: dict[str, Any] = folder.bundle["runtime"]["pyodide"]["binary"]
    return found


@pytest.mark.parametrize("share", [0, 0.5, 0.999999])
def test_a_cut_connection_goes_on_where_it_broke_off(
    browser: Driver, folder: BundleFolder, host: Faulty, share: float
) -> None:
    ref = python(folder)
    name, at = Path(ref["url"]).name, int(ref["bytes"] * share)
    host.faults[name] = [Fault(cut_at=at)]
    ready(browser, host)
    answers(browser)
    asked = host.of(name)
    assert len(asked) == 2
    # What was on its way when the connection broke may be lost; what had come is not asked for again.
    assert int(asked[1].removeprefix("bytes=").removesuffix("-") or 0) <= at
    assert share < 0.5 or asked[1]


def test_a_host_that_falls_silent_is_asked_again(browser: Driver, folder: BundleFolder, host: Faulty) -> None:
    folder.edit_source("worker/main.js", "STALL_MS = 20_000", "STALL_MS = 3_000")
    name = Path(python(folder)["url"]).name
    host.ranges = False
    host.faults[name] = [Fault(cut_at=1_000_000, silent=True)]
    ready(browser, host)
    answers(browser)
    assert len(host.of(name)) == 2


def test_a_cut_bundle_is_the_line_s_fault_and_not_the_maker_s(browser: Driver, host: Faulty) -> None:
    browser.open(host.url("demo/"))
    host.faults["bundle.json"] = [Fault(cut_at=200)]
    load = """
    const { loadBundle } = await import("../assets/test/src/page/base.js");
    return loadBundle(location.href).then(() => null, ({ stage, message, hint }) => ({ stage, message, hint }));
    """
    fault = browser.eval_async(load)
    assert fault["stage"] == "download"
    assert fault["message"].startswith("/pageside/demo/bundle.json")
    assert "Check the connection" in fault["hint"]
    assert browser.eval_async(load) is None


def model_parts(folder: BundleFolder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = folder.bundle["models"][0]["variants"][0]["parts"]
    return found


def cut_short(folder: BundleFolder) -> None:
    path = folder.demo / model_parts(folder)[1]["url"]
    replace(path, path.read_bytes()[:-100])


def exchange(folder: BundleFolder) -> None:
    one, other = (folder.demo / ref["url"] for ref in model_parts(folder))
    contents = one.read_bytes(), other.read_bytes()
    replace(one, contents[1])
    replace(other, contents[0])


BROKEN: dict[str, Callable[[BundleFolder], None]] = {
    "tampered": lambda folder: folder.tamper(model_parts(folder)[1]),
    "truncated": cut_short,
    "swapped": exchange,
}


@pytest.mark.parametrize("how", BROKEN)
def test_wrong_bytes_are_named_and_right_ones_answer_without_a_reload(
    browser: Driver, template: BundleFolder, folder: BundleFolder, host: Faulty, how: str
) -> None:
    before = {path.relative_to(folder.root): path.stat().st_ino for path in folder.root.rglob("*") if path.is_file()}
    BROKEN[how](folder)
    broken = [name for name, number in before.items() if (folder.root / name).stat().st_ino != number]
    fault = start(browser, host)
    assert fault.get("stage") == "integrity", fault
    assert any(name.name in fault["message"] for name in broken), fault
    for name in broken:
        replace(folder.root / name, (template.root / name).read_bytes())
    assert browser.eval_async("return (await window.engine.open()).state;") == "ready"
    answers(browser)


def test_a_missing_file_is_named_and_its_return_is_enough(browser: Driver, folder: BundleFolder, host: Faulty) -> None:
    path = folder.demo / model_parts(folder)[0]["url"]
    away = path.rename(path.with_suffix(".away"))
    fault = start(browser, host)
    assert fault["stage"] == "download"
    assert fault["message"] == f"/pageside/demo/{model_parts(folder)[0]['url']}: the host answered 404"
    assert "publish the whole folder" in fault["hint"]
    away.rename(path)
    assert browser.eval_async("return (await window.engine.open()).state;") == "ready"
    answers(browser)


def test_a_full_device_is_told_and_the_demo_works(browser: Driver, folder: BundleFolder, host: Faulty) -> None:
    folder.edit_source("worker/main.js", "let demo = null;", f"let demo = null;\n{FULL}")
    folder.edit_source("worker/models.js", "let models = null;", f"let models = null;\n{FULL}")
    ready(browser, host)
    answers(browser)
    wait = "while (!window.engine.status.storage) await new Promise((r) => setTimeout(r, 50));"
    assert browser.eval_async(f"{wait} return window.engine.status.storage;") == "full"
    # Once nobody asks for anything the device is looked at again.
    looked = "await new Promise((resolve) => setTimeout(resolve, 4000));"
    assert browser.eval_async(f"{looked} return window.engine.status.storage;") == "full"


def test_two_at_once_do_not_download_twice(browser: Driver, folder: BundleFolder, host: Faulty) -> None:
    # On a starved machine a tab that computes is silent for longer than one that has stopped.
    for worker in ("main", "models"):
        folder.edit_source(f"worker/{worker}.js", "SILENT_BEATS = 5;", "SILENT_BEATS = 120;")
    host.seconds = 1
    browser.open(host.url("demo/"))
    answers(browser, TWO, "both")
    files = [path for path, _ in host.asked if is_packed(path)]
    assert len(files) > 5
    assert sorted(files) == sorted(set(files))


def test_what_was_whole_when_the_tab_went_is_not_asked_for_again(
    browser: Driver, folder: BundleFolder, host: Faulty
) -> None:
    part = max(folder.bundle["runtime"]["pyodide"]["wheels"], key=lambda one: one["bytes"])
    silent = Path(python(folder)["url"]).name
    host.faults[silent] = [Fault(cut_at=1000, silent=True)]
    host.seconds = 1.3  # what took over a second is kept at once
    browser.open(host.url("demo/"))
    browser.eval_async(f"void ({START})({{}}).catch(() => undefined);")
    for _ in range(300):
        if host.of(silent):
            break
        time.sleep(0.1)
    assert browser.eval_async(LEFT.replace("SHA", part["sha256"]))
    host.asked.clear()
    host.seconds = 0
    assert browser.eval_async(f"return ({START})({{}});")["state"] == "ready"
    answers(browser)
    assert host.of(Path(part["url"]).name) == []


@pytest.fixture
def opened(browser: Driver, host: Faulty) -> Driver:
    ready(browser, host)
    return browser


def edited(body: str) -> str:
    return json.dumps(f"import pageside as ps\n\n{body}\n\ndemo = ps.Interface(fn, inputs='text', outputs='text')\n")


def test_python_that_never_returns_is_ended_and_the_queue_goes_on(opened: Driver) -> None:
    source = edited("def fn(text):\n    while text == 'hang':\n        pass\n    return text")
    assert opened.eval_async(HANG.replace("SOURCE", source)) == {
        "hang": ["cancelled", "the call did not stop by itself; its worker was started anew"],
        "next": "next",
    }


def test_a_megabyte_of_prints_does_not_reach_the_page(opened: Driver) -> None:
    source = edited("def fn(text):\n    for i in range(100_000):\n        print('0123456789')\n    return text")
    seen = opened.eval_async(PRINT.replace("SOURCE", source))
    assert seen["answer"] == "done"
    assert sum(map(len, seen["texts"])) < 70_000
    assert seen["texts"][-1].endswith("more characters were printed and are not shown\n")


def test_the_way_back_finds_a_page_that_answers(opened: Driver, host: Faulty, folder: BundleFolder) -> None:
    (folder.root / "other").mkdir()
    (folder.root / "other" / "index.html").write_text("<!doctype html><title>other</title>", encoding="utf-8")
    opened.open(host.url("other/"))
    opened.eval_async("setTimeout(() => history.back(), 200);")
    # The page is kept as it was, or opened anew; either way the next answer comes.
    again = f"""
    if (!location.pathname.endsWith("/demo/")) return null;
    if (!window.engine) await ({START})({{}});
    return (await window.engine.call(["back"])).outputs[0];
    """
    for _ in range(30):
        time.sleep(1)  # no driver takes a script while the page changes
        got = opened.eval_async(again)
        if got is not None:
            break
    assert close_to(got, "back")
