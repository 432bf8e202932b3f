"""Python comes from this device's snapshot on the second visit, and from its files wherever that can't be."""

from pathlib import Path
from typing import Any

from conftest import Watch
from drivers import Driver
from nginx import Nginx
from pages import open_code, run_code
from playwright.sync_api import Page

GREET = """
for (let i = 0; i < 100 && !window.pageside; i++) await new Promise((r) => setTimeout(r, 50));
await window.pageside.ready;
const answer = await window.pageside.predict("Ada");
return { answer, python: window.pageside.status().python };
"""
CLASSIFY = """
for (let i = 0; i < 100 && !window.pageside; i++) await new Promise((r) => setTimeout(r, 50));
await window.pageside.ready;
const example = window.pageside.examples[1];
const answer = await window.pageside.predict(...example.inputs);
return { right: answer.label === example.outputs[0].label, python: window.pageside.status().python };
"""
# Notes of snapshots are the last thing that a visit keeps.
KEPT = """
const cache = await caches.open("pageside-1");
const notes = async () => (await cache.keys()).filter(({ url }) => url.includes("/.pageside/snapshot/"));
for (let i = 0; i < 600 && !(await notes()).length; i++) await new Promise((r) => setTimeout(r, 50));
return (await notes()).length;
"""
NAMES = """
const names = (await (await caches.open("pageside-1")).keys()).map(({ url }) => url);
return names.filter((name) => name.includes("/.pageside/snapshot/"));
"""
# Another memory under a hash that is right: only the test after the restore can notice.
SWAP = """
const cache = await caches.open("pageside-1");
const [note] = (await cache.keys()).filter(({ url }) => url.includes("/.pageside/snapshot/"));
const { sha256 } = await (await cache.match(note)).json();
const address = new URL("/.pageside/" + sha256, location.origin).href;
const bytes = new Uint8Array(await (await cache.match(address)).arrayBuffer());
bytes[16] ^= 1;  // in the mark of Pyodide's build
const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
await cache.put(new URL("/.pageside/" + hash, location.origin).href, new Response(bytes));
await cache.put(note, new Response(JSON.stringify({ sha256: hash })));
"""
FROM_FILES, FROM_SNAPSHOT = {"from": "files", "dropped": ""}, {"from": "snapshot", "dropped": ""}


def test_the_second_visit_of_any_demo_uses_it(browser: Driver, server: Nginx) -> None:
    browser.open(server.url("greet/"))
    assert browser.eval_async(GREET) == {"answer": "Hello Ada!!", "python": FROM_FILES}
    assert browser.eval_async(KEPT) == 1
    browser.open_again(server.url("greet/"))
    assert browser.eval_async(GREET) == {"answer": "Hello Ada!!", "python": FROM_SNAPSHOT}
    browser.open_again(server.url("classify-photo/?backend=wasm"))
    seen = browser.eval_async(CLASSIFY)
    assert seen == {"right": True, "python": FROM_SNAPSHOT}
    assert browser.console_errors() == []


def run(page: Page, body: str) -> Any:
    return page.evaluate(f"async () => {{ {body} }}")


def visited(page: Page, server: Nginx) -> dict[str, Any]:
    page.goto("about:blank")
    page.goto(server.url("greet/"))
    return dict(run(page, GREET))


def test_one_that_does_not_work_is_dropped_and_told(page: Page, server: Nginx) -> None:
    assert visited(page, server)["python"] == FROM_FILES
    run(page, KEPT)
    run(page, SWAP)
    seen = visited(page, server)
    assert (seen["answer"], seen["python"]["from"]) == ("Hello Ada!!", "files")
    assert seen["python"]["dropped"], "nothing says why"
    # That visit made a new one.
    run(page, KEPT)
    assert visited(page, server) == {"answer": "Hello Ada!!", "python": FROM_SNAPSHOT}


def test_a_new_version_forgets_it(page: Page, copied_site: Nginx, tmp_path: Path, watch: Watch) -> None:
    watch.allow(copied_site.origin)
    visited(page, copied_site)
    run(page, KEPT)
    assert visited(page, copied_site)["python"] == FROM_SNAPSHOT
    before = run(page, NAMES)
    path = tmp_path / "dist" / "greet" / "bundle.json"
    path.write_text(path.read_text().replace('"version": "0.1.0-', '"version": "0.1.1-'))
    # The browser's own cache may still hold the old bundle.json.
    watch.context.new_cdp_session(page).send("Network.clearBrowserCache")
    assert visited(page, copied_site)["python"] == FROM_FILES
    for _ in range(60):
        if run(page, NAMES) not in ([], before):
            break
        page.wait_for_timeout(500)
    assert len(run(page, NAMES)) == 1
    assert visited(page, copied_site)["python"] == FROM_SNAPSHOT


def test_random_numbers_differ_between_visits(page: Page, server: Nginx) -> None:
    visited(page, server)
    run(page, KEPT)
    seen = set()
    for _ in range(2):
        assert visited(page, server)["python"] == FROM_SNAPSHOT
        open_code(page)
        run_code(page, ('return "Hello " + name + "!!"', "import random\n    return str(random.random())"))
        seen.add(page.evaluate("() => window.pageside.predict('')"))
    assert len(seen) == 2
